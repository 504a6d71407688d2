/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/control.h"

#include "ipa/procedures.h"
#include "unit/card-backend.h"
#include "util/error.h"

/* What a caller asks of the card alone, against the virtual eUICC: what it does, what is told to the eIMs, and what
 * happens where it refuses. */

#define FIRST  "8900010123456789012"
#define SECOND "8900010123456789026"
#define TWO(first, second)                                                                         \
    "\"profiles\": [{\"iccid\": \"" FIRST "\"" first "}, {\"iccid\": \"" SECOND "\"" second "}]"
#define ENABLED ", \"state\": \"enabled\""

typedef struct {
    CardRig rig;
    IpaSession *session;
    GString *seen;     /* what the host was told, in order */
    GPtrArray *events; /* of char * */
} Fixture;

static void host_stage(gpointer data, double progress, const char *text)
{
    (void)data;
    g_assert_cmpfloat(progress, <=, 1);
    g_assert_nonnull(text);
}

static void host_event(gpointer data, LogLevel level, LogEvent event, const char *eim_id,
                       const char *text)
{
    Fixture *f = data;

    (void)level;
    (void)eim_id;
    g_ptr_array_add(f->events, g_strdup(text));
    if (event == LOG_EVENT_PROFILE_SWITCHED)
        g_string_append(f->seen, " switched");
}

static gboolean host_switch_begin(gpointer data, GCancellable *cancellable)
{
    (void)cancellable;
    g_string_append(((Fixture *)data)->seen, " begin");
    return FALSE;
}

static void host_switch_end(gpointer data)
{
    g_string_append(((Fixture *)data)->seen, " end");
}

static void host_network_changed(gpointer data, gboolean reconnect)
{
    g_assert_false(reconnect);
    g_string_append(((Fixture *)data)->seen, " network");
}

static gboolean host_set_cause(gpointer data, const char *eim_id, gint cause, GError **error)
{
    Fixture *f = data;

    (void)error;
    g_assert_cmpstr(eim_id, ==, WORLD_EIM_ID);
    g_string_append_printf(f->seen, " cause=%d", cause);
    return TRUE;
}

static const IpaHost host = {
    .stage = host_stage,
    .event = host_event,
    .switch_begin = host_switch_begin,
    .switch_end = host_switch_end,
    .network_changed = host_network_changed,
    .set_cause = host_set_cause,
};

static void start(Fixture *f, const char *members)
{
    g_autoptr(GError) error = NULL;

    card_rig_start(&f->rig, members);
    f->seen = g_string_new(NULL);
    f->events = g_ptr_array_new_with_free_func(g_free);
    f->session = ipa_session_new(f->rig.channel, &host, f, 0);
    ipa_card_read(f->session, &error);
    g_assert_no_error(error);
}

static void stop(Fixture *f)
{
    ipa_session_free(f->session);
    g_ptr_array_unref(f->events);
    g_string_free(f->seen, TRUE);
    card_rig_stop(&f->rig);
}

static void assert_seen(Fixture *f, const char *expected)
{
    g_assert_cmpstr(f->seen->str, ==, expected);
    g_string_truncate(f->seen, 0);
}

/* Runs CONTROL, which succeeds without a text. */
static void run(Fixture *f, const IpaControl *control, const char *seen)
{
    g_autofree char *result = NULL;
    g_autoptr(GError) error = NULL;
    gboolean ok = ipa_control(f->session, control, &result, &error);

    g_assert_no_error(error);
    g_assert_true(ok);
    g_assert_null(result);
    assert_seen(f, seen);
}

static void run_kind(Fixture *f, IpaControlKind kind, const char *seen)
{
    run(f, &(IpaControl){ .kind = kind }, seen);
}

static void refuse(Fixture *f, const IpaControl *control, EuiccdError code, const char *text,
                   const char *seen)
{
    g_autofree char *result = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_false(ipa_control(f->session, control, &result, &error));
    g_assert_error(error, EUICCD_ERROR, (gint)code);
    g_assert_nonnull(strstr(error->message, text));
    g_assert_null(result);
    assert_seen(f, seen);
}

static void refuse_kind(Fixture *f, IpaControlKind kind, const char *text, const char *seen)
{
    refuse(f, &(IpaControl){ .kind = kind }, EUICCD_ERROR_CARD_REFUSED, text, seen);
}

static void assert_enabled(Fixture *f, const char *iccid)
{
    g_autofree char *known = ipa_session_get_enabled_iccid(f->session);

    world_assert_enabled(f->rig.world, iccid);
    g_assert_cmpstr(known, ==, iccid);
    g_assert_false(f->session->stale);
}

/* ---- profiles ---- */

/* SGP.32 5.9.20, 5.9.21: stateChangeCause fallback(1). A refusal changes nothing, resets nothing, tells nobody. */
static void test_fallback(void)
{
    Fixture f;

    start(&f, TWO(ENABLED, ", \"fallbackAllowed\": true, \"fallback\": true"));
    refuse_kind(&f, IPA_CONTROL_RETURN_FROM_FALLBACK, "(6)", " begin end");
    run_kind(&f, IPA_CONTROL_EXECUTE_FALLBACK, " begin network switched cause=1 end");
    assert_enabled(&f, SECOND);
    refuse_kind(&f, IPA_CONTROL_EXECUTE_FALLBACK, "(2)", " begin end");
    run_kind(&f, IPA_CONTROL_RETURN_FROM_FALLBACK, " begin network switched cause=1 end");
    assert_enabled(&f, FIRST);
    world_behave(f.rig.world, "{\"catBusy\": true}");
    refuse_kind(&f, IPA_CONTROL_EXECUTE_FALLBACK, "catBusy", " begin end");
    assert_enabled(&f, FIRST);
    stop(&f);
}

/* SGP.32 5.9.22, 5.9.23: stateChangeCause emergencyProfile(2). */
static void test_emergency(void)
{
    Fixture f;

    start(&f, TWO(ENABLED, ", \"emergency\": true"));
    refuse_kind(&f, IPA_CONTROL_DISABLE_EMERGENCY_PROFILE, "(2)", " begin end");
    run_kind(&f, IPA_CONTROL_ENABLE_EMERGENCY_PROFILE, " begin network switched cause=2 end");
    assert_enabled(&f, SECOND);
    run_kind(&f, IPA_CONTROL_DISABLE_EMERGENCY_PROFILE, " begin network switched cause=2 end");
    assert_enabled(&f, FIRST);
    stop(&f);
    start(&f, "");
    refuse_kind(&f, IPA_CONTROL_ENABLE_EMERGENCY_PROFILE, "ecallNotAvailable", " begin end");
    stop(&f);
}

/* SGP.32 5.9.5: stateChangeCause reset(4), told to the eIMs that are left. */
static void test_reset(void)
{
    IpaControl control = {
        .kind = IPA_CONTROL_RESET_MEMORY,
        .parts = 1u << RSP_RESET_OPTIONS_DELETE_OPERATIONAL_PROFILES,
    };
    Fixture f;

    start(&f, "");
    run(&f, &control, " begin network switched cause=4 end");
    assert_enabled(&f, "");
    g_assert_cmpuint(f.session->profiles->profile_info_list_ok->len, ==, 0);
    /* There is nothing left, which is what was wanted. */
    run(&f, &control, " begin network cause=4 end");
    /* Of what is refused a part may have been done all the same: the card is met anew, and the eIM told. */
    world_behave(f.rig.world, "{\"catBusy\": true}");
    refuse(&f, &control, EUICCD_ERROR_CARD_REFUSED, "catBusy", " begin network cause=4 end");
    world_behave(f.rig.world, "{\"catBusy\": false}");
    control.parts = 1u << RSP_RESET_OPTIONS_RESET_EIM_CONFIG_DATA;
    run(&f, &control, " begin network end");
    g_assert_cmpuint(f.session->eims->len, ==, 0);
    stop(&f);
}

/* A card that does not come back is said to be so; what was done is told all the same. */
static void test_lost_card(void)
{
    Fixture f;

    start(&f, TWO(ENABLED, ", \"fallbackAllowed\": true, \"fallback\": true"));
    /* Another card would be met after the reset. */
    f.session->eid[0] ^= 1;
    run_kind(&f, IPA_CONTROL_EXECUTE_FALLBACK, " begin cause=1 end");
    g_assert_true(f.session->replaced);
    g_assert_true(g_str_has_prefix(f.events->pdata[f.events->len - 1],
                                   "the card did not come back after the change: "));
    refuse(&f, &(IpaControl){ .kind = IPA_CONTROL_EXECUTE_FALLBACK }, EUICCD_ERROR_CARD_NOT_READY,
           "another card", "");
    stop(&f);
}

/* ---- settings ---- */

static void assert_default_dp(Fixture *f, const char *expected)
{
    g_autoptr(RspEuiccConfiguredAddressesResponse) addresses =
        es10a_get_euicc_configured_addresses(f->rig.channel, NULL, NULL);
    g_autofree char *text = NULL;

    g_assert_nonnull(addresses);
    if (addresses->default_dp_address.data)
        text = tlv_slice_to_text(addresses->default_dp_address);
    g_assert_cmpstr(text ? text : "", ==, expected);
}

/* SGP.32 5.9.25 on an IoT eUICC, SGP.22 5.7.4 on another one. No profile changes: nobody lets go of the modem. */
static void test_default_dp(void)
{
    IpaControl control = { .kind = IPA_CONTROL_SET_DEFAULT_SMDP, .address = "dp.example.com" };
    Fixture f;

    start(&f, "");
    run(&f, &control, "");
    assert_default_dp(&f, "dp.example.com");
    control.address = "";
    run(&f, &control, "");
    assert_default_dp(&f, "");
    stop(&f);
    start(&f, "\"kind\": \"consumer\", \"eims\": []");
    g_assert_false(f.session->is_iot);
    control.address = "dp.example.com";
    run(&f, &control, "");
    assert_default_dp(&f, "dp.example.com");
    stop(&f);
}

/* SGP.32 5.9.17: a card that has an eIM refuses. */
static void test_immediate(void)
{
    IpaControl control = {
        .kind = IPA_CONTROL_CONFIGURE_IMMEDIATE_ENABLE,
        .enable = TRUE,
        .oid = "2.999.10",
        .address = "smdp.example.com",
    };
    Fixture f;

    start(&f, "\"eims\": []");
    run(&f, &control, "");
    stop(&f);
    start(&f, "");
    refuse(&f, &control, EUICCD_ERROR_CARD_REFUSED, "associatedEimAlreadyExists", "");
    stop(&f);
}

/* ---- connectivity ---- */

/* SGP.32 5.9.24: the name of the access point, and nothing of what stands beside it. */
static void test_connectivity(void)
{
    static const IpaControl control = { .kind = IPA_CONTROL_GET_CONNECTIVITY };
    g_autofree char *result = NULL;
    g_autoptr(GError) error = NULL;
    Fixture f;

    start(&f, TWO(ENABLED ", \"connectivity\": "
                          "\"350103470C03696F74076578616D706C650D0504757365720D050470617373\"",
                  ""));
    g_assert_true(ipa_control(f.session, &control, &result, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(result, ==, "iot.example");
    assert_seen(&f, "");
    g_assert_cmpuint(f.events->len, ==, 0);
    stop(&f);
    start(&f, TWO(ENABLED ", \"connectivity\": \"350103\"", ""));
    refuse(&f, &control, EUICCD_ERROR_NOT_FOUND, "no access point", "");
    stop(&f);
    /* parametersNotAvailable, and no enabled profile. */
    start(&f, "");
    refuse(&f, &control, EUICCD_ERROR_NOT_FOUND, "parametersNotAvailable", "");
    stop(&f);
    /* The function came with v1.1. */
    start(&f, "\"version\": \"1.0\"");
    refuse(&f, &control, EUICCD_ERROR_CARD_STATUS, "GetConnectivityParameters", "");
    stop(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ipa-control/fallback", test_fallback);
    g_test_add_func("/ipa-control/emergency", test_emergency);
    g_test_add_func("/ipa-control/reset", test_reset);
    g_test_add_func("/ipa-control/lost-card", test_lost_card);
    g_test_add_func("/ipa-control/default-dp", test_default_dp);
    g_test_add_func("/ipa-control/immediate-enable", test_immediate);
    g_test_add_func("/ipa-control/connectivity", test_connectivity);
    return g_test_run();
}
