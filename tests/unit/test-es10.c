/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/es10-rig.h"

#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

#define TAGS "5A4F9F7090919295B7999F7B9F269F67"

static gboolean call_eid(Channel *channel, GError **error)
{
    guint8 eid[EID_SIZE];

    return es10c_get_eid(channel, NULL, eid, error);
}

static gboolean call_info1(Channel *channel, GError **error)
{
    g_autoptr(RspEuiccInfo1) info = es10b_get_euicc_info1(channel, NULL, error);

    return info != NULL;
}

static gboolean call_info2(Channel *channel, GError **error)
{
    g_autoptr(RspEuiccInfo2) info = es10b_get_euicc_info2(channel, NULL, error);

    return info != NULL;
}

static gboolean call_eims(Channel *channel, GError **error)
{
    g_autoptr(RspGetEimConfigurationDataResponse) response =
        es10b_get_eim_configuration_data(channel, NULL, error);

    return response != NULL;
}

static gboolean call_profiles(Channel *channel, GError **error)
{
    g_autoptr(RspProfileInfoListResponse) response = es10b_get_profiles_info(channel, NULL, error);

    return response != NULL;
}

static gboolean call_load(Channel *channel, GError **error)
{
    g_autoptr(GBytes) request = octets("BF5100");
    g_autoptr(GBytes) result = es10b_load_euicc_package(channel, request, NULL, error);

    return result != NULL;
}

static gboolean call_list(Channel *channel, GError **error)
{
    g_autoptr(RspRetrieveNotificationsListResponse) response =
        es10b_retrieve_notifications_list(channel, ES10B_LIST_NOTIFICATIONS, 0, NULL, error);

    return response != NULL;
}

static gboolean call_results(Channel *channel, GError **error)
{
    g_autoptr(GPtrArray) results = es10b_retrieve_package_results(channel, NULL, error);

    return results != NULL;
}

static gboolean call_remove(Channel *channel, GError **error)
{
    return es10b_remove_notification_from_list(channel, 7, NULL, error);
}

static gboolean call_add(Channel *channel, GError **error)
{
    g_autoptr(GBytes) data = octets("BF5702A000");

    return es10b_add_initial_eim(channel, data, NULL, error);
}

static gboolean call_addresses(Channel *channel, GError **error)
{
    g_autoptr(RspEuiccConfiguredAddressesResponse) response =
        es10a_get_euicc_configured_addresses(channel, NULL, error);

    return response != NULL;
}

static gboolean call_search(Channel *channel, GError **error)
{
    g_autoptr(RspGetEimConfigurationDataResponse) response =
        es10b_search_eim_configuration_data(channel, "eim.example.com", NULL, error);

    return response != NULL;
}

static gboolean call_certs(Channel *channel, GError **error)
{
    g_autoptr(RspGetCertsResponse) response =
        es10b_get_certs(channel, (TlvSlice){ NULL, 0 }, NULL, NULL, error);

    return response != NULL;
}

static gboolean call_rat(Channel *channel, GError **error)
{
    g_autoptr(RspGetRatResponse) response = es10b_get_rat(channel, NULL, error);

    return response != NULL;
}

static gboolean call_connectivity(Channel *channel, GError **error)
{
    g_autoptr(GBytes) parameters = es10b_get_connectivity_parameters(channel, NULL, error);

    return parameters != NULL;
}

static const Es10Call calls[] = {
    { "ES10c.GetEID", call_eid },
    { "ES10b.GetEUICCInfo1", call_info1 },
    { "ES10b.GetEUICCInfo2", call_info2 },
    { "ES10b.GetEimConfigurationData", call_eims },
    { "ES10b.GetProfilesInfo", call_profiles },
    { "ES10b.LoadEuiccPackage", call_load },
    { "ES10b.RetrieveNotificationsList", call_list },
    { "ES10b.RetrieveNotificationsList", call_results },
    { "ES10b.RemoveNotificationFromList", call_remove },
    { "ES10b.AddInitialEim", call_add },
    { "ES10a.GetEuiccConfiguredAddresses", call_addresses },
    { "ES10b.GetEimConfigurationData", call_search },
    { "ES10b.GetCerts", call_certs },
    { "ES10b.GetRAT", call_rat },
    { "ES10b.GetConnectivityParameters", call_connectivity },
};

static void test_bad_answers(void)
{
    check_bad_answers(calls, G_N_ELEMENTS(calls));
}

static void test_status_words(void)
{
    check_status_words(calls, G_N_ELEMENTS(calls));
}

/* ---- information ---- */

static void test_eid(void)
{
    guint8 eid[EID_SIZE] = { 0 };
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    expect(&rig, der("es10c-get-eid-req"), der("es10c-get-eid-rsp"));
    g_assert_true(es10c_get_eid(rig.channel, NULL, eid, &error));
    g_assert_no_error(error);
    text = eid_to_string(eid, sizeof eid, NULL);
    g_assert_cmpstr(text, ==, "89049032123451234512345678901235");
    expect(&rig, der("es10c-get-eid-req"), "BF3E035A0189");
    g_assert_false(es10c_get_eid(rig.channel, NULL, eid, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    rig_stop(&rig);
}

static void test_info1(void)
{
    g_autoptr(GPtrArray) names = family("es10b-get-info1-rsp");

    for (guint i = 0; i < names->len; i++) {
        const char *answer = der(names->pdata[i]);
        g_autoptr(RspEuiccInfo1) info = NULL;
        g_autofree char *raw = NULL;
        Rig rig;

        rig_start(&rig);
        expect(&rig, der("es10b-get-info1-req"), answer);
        info = es10b_get_euicc_info1(rig.channel, NULL, NULL);
        g_assert_nonnull(info);
        g_assert_cmpuint(info->svn.size, ==, 3);
        raw = bytes_to_hex(info->head.raw.data, info->head.raw.size);
        g_assert_cmpstr(raw, ==, answer);
        rig_stop(&rig);
    }
}

static void test_info2(void)
{
    g_autoptr(GPtrArray) names = family("es10b-get-info2-rsp");

    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autoptr(RspEuiccInfo2) info = NULL;
        g_autoptr(GError) error = NULL;
        g_autofree char *raw = NULL;
        Rig rig;

        rig_start(&rig);
        expect(&rig, der("es10b-get-info2-req"), der(name));
        info = es10b_get_euicc_info2(rig.channel, NULL, &error);
        g_assert_no_error(error);
        raw = bytes_to_hex(info->head.raw.data, info->head.raw.size);
        g_assert_cmpstr(raw, ==, der(name));
        g_assert_cmpint(info->iot_specific_info != NULL, ==, strstr(name, "-iot") != NULL);
        if (strstr(name, "iot"))
            g_assert_true(info->ipa_mode.present);
        g_assert_cmpint(info->ipa_mode.value == RSP_IPA_MODE_IPAE, ==,
                        strstr(name, "ipae") != NULL);
        rig_stop(&rig);
    }
}

static void test_addresses(void)
{
    g_autoptr(RspEuiccConfiguredAddressesResponse) both = NULL;
    g_autoptr(RspEuiccConfiguredAddressesResponse) root = NULL;
    Rig rig;

    rig_start(&rig);
    expect(&rig, der("es10a-get-addresses-req"), der("es10a-get-addresses-rsp-both"));
    both = es10a_get_euicc_configured_addresses(rig.channel, NULL, NULL);
    assert_text(both->default_dp_address, "smdp.example.com");
    assert_text(both->root_ds_address, "smds.example.com");
    expect(&rig, der("es10a-get-addresses-req"), der("es10a-get-addresses-rsp-root-only"));
    root = es10a_get_euicc_configured_addresses(rig.channel, NULL, NULL);
    g_assert_null(root->default_dp_address.data);
    assert_text(root->root_ds_address, "smds.example.com");
    rig_stop(&rig);
}

static void test_certs(void)
{
    static const char id[] = "82F2D4C9E9641E247FF3B7B6862D6DA3359F32DD";
    g_autoptr(GPtrArray) errors = family("es10b-get-certs-rsp-error-");
    const char *answer = der("es10b-get-certs-rsp");
    g_autoptr(GBytes) ci = octets(id);
    Rig rig;

    rig_start(&rig);
    for (guint i = 0; i < 2; i++) {
        g_autoptr(RspGetCertsResponse) response = NULL;
        g_autofree char *raw = NULL;
        g_autoptr(GError) error = NULL;
        gint64 code = 4711;

        /* The identifier under its context tag, whole (I-05). */
        expect(&rig, i ? der("es10b-get-certs-req-ci") : "BF5600", answer);
        response = es10b_get_certs(
            rig.channel, i ? tlv_slice_from_bytes(ci) : (TlvSlice){ NULL, 0 }, NULL, &code, &error);
        g_assert_no_error(error);
        g_assert_cmpint(code, ==, 0);
        raw = bytes_to_hex(response->head.raw.data, response->head.raw.size);
        g_assert_cmpstr(raw, ==, answer);
        g_assert_cmpuint(response->certs->eum_certificate.size, ==, 0x221);
        g_assert_cmpuint(response->certs->euicc_certificate.size, >, 0x100);
    }
    for (guint i = 0; i < errors->len; i++) {
        const char *name = errors->pdata[i];
        g_autoptr(GError) error = NULL;
        gint64 code = 4711;

        expect(&rig, "BF5600", der(name));
        g_assert_null(es10b_get_certs(rig.channel, (TlvSlice){ NULL, 0 }, NULL, &code, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED);
        g_assert_nonnull(strstr(error->message, code_name(name)));
        g_assert_cmpint(code, ==, strstr(name, "invalidCiPKId") ? 1 : 127);
    }
    rig_stop(&rig);
}

/* I-08: the three siblings of a certificate, or a complete one inside the tag. */
static void test_certs_forms(void)
{
    static const char *const answers[] = {
        "BF561AA018A50A300530010230000301"
        "00A60A3005300102300003"
        "0100",
        "BF561EA01CA50C300A3005300102300003"
        "0100A60C300A3005300102300003"
        "0100",
    };
    Rig rig;

    rig_start(&rig);
    for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(RspGetCertsResponse) response = NULL;
        g_autoptr(GBytes) eum = NULL;
        g_autoptr(GError) error = NULL;
        g_autofree char *hex = NULL;

        expect(&rig, "BF5600", answers[i]);
        response = es10b_get_certs(rig.channel, (TlvSlice){ NULL, 0 }, NULL, NULL, &error);
        g_assert_no_error(error);
        eum = rsp_certificate_from_implicit(response->certs->eum_certificate);
        hex = bytes_gbytes_to_hex(eum);
        g_assert_cmpstr(hex, ==,
                        "300A3005300102300003"
                        "0100");
    }
    rig_stop(&rig);
}

static void test_rat(void)
{
    g_autoptr(RspGetRatResponse) empty = NULL;
    g_autoptr(RspGetRatResponse) two = NULL;
    const RspProfilePolicyAuthorisationRule *rule;
    const RspOperatorId *owner;
    Rig rig;

    rig_start(&rig);
    expect(&rig, "BF4300", der("es10b-get-rat-rsp-empty"));
    empty = es10b_get_rat(rig.channel, NULL, NULL);
    g_assert_cmpuint(empty->rat->len, ==, 0);
    expect(&rig, "BF4300", der("es10b-get-rat-rsp"));
    two = es10b_get_rat(rig.channel, NULL, NULL);
    g_assert_cmpuint(two->rat->len, ==, 2);
    rule = two->rat->pdata[0];
    g_assert_true(tlv_bit_is_set(rule->ppr_ids, RSP_PPR_IDS_PPR1));
    g_assert_true(tlv_bit_is_set(rule->ppr_flags, 0));
    rule = two->rat->pdata[1];
    g_assert_true(tlv_bit_is_set(rule->ppr_ids, RSP_PPR_IDS_PPR2));
    g_assert_false(tlv_bit_is_set(rule->ppr_flags, 0));
    g_assert_cmpuint(rule->allowed_operators->len, ==, 2);
    owner = rule->allowed_operators->pdata[0];
    g_assert_true(tlv_slice_equal(owner->mcc_mnc, tlv_slice("\x00\xF1\x10", 3)));
    rig_stop(&rig);
}

static void test_connectivity(void)
{
    static const struct {
        const char *answer;
        const char *words; /* of a NOT_FOUND */
    } none[] = {
        { "BF5F03810101", "parametersNotAvailable" },
        { "BF5F02A000", "no httpParams" },
    };
    g_autoptr(GBytes) parameters = NULL;
    g_autoptr(GBytes) empty = NULL;
    g_autoptr(GBytes) long_ones = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *hex = NULL;
    Rig rig;

    rig_start(&rig);
    expect(&rig, "BF5F00", der("es10b-connectivity-rsp"));
    parameters = es10b_get_connectivity_parameters(rig.channel, NULL, &error);
    g_assert_no_error(error);
    hex = bytes_gbytes_to_hex(parameters);
    g_assert_cmpstr(hex, ==, "350103470908696E7465726E65740D0504757365720D050470617373");
    expect(&rig, "BF5F00", der("es10b-connectivity-rsp-300"));
    long_ones = es10b_get_connectivity_parameters(rig.channel, NULL, &error);
    g_assert_cmpuint(g_bytes_get_size(long_ones), ==, 300);
    expect(&rig, "BF5F00", "BF5F04A0028100"); /* present and empty */
    empty = es10b_get_connectivity_parameters(rig.channel, NULL, &error);
    g_assert_cmpuint(g_bytes_get_size(empty), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(none); i++) {
        expect(&rig, "BF5F00", none[i].answer);
        g_assert_null(es10b_get_connectivity_parameters(rig.channel, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND);
        g_assert_nonnull(strstr(error->message, none[i].words));
        g_clear_error(&error);
    }
    expect(&rig, "BF5F00", "BF5F0381017F");
    g_assert_null(es10b_get_connectivity_parameters(rig.channel, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED);
    g_assert_nonnull(strstr(error->message, "undefinedError (127)"));
    rig_stop(&rig);
}

/* ---- eIMs ---- */

static void test_eims(void)
{
    static const struct {
        const char *vector;
        guint n;
    } cases[] = {
        { "es10b-get-eim-config-rsp-empty", 0 },
        { "es10b-get-eim-config-rsp-one", 1 },
        { "es10b-get-eim-config-rsp-two", 2 },
        { "es10b-get-eim-config-rsp-cert-leaf", 1 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(RspGetEimConfigurationDataResponse) response = NULL;
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        expect(&rig, der("es10b-get-eim-config-req-all"), der(cases[i].vector));
        response = es10b_get_eim_configuration_data(rig.channel, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(response->eim_configuration_data_list->len, ==, cases[i].n);
        for (guint j = 0; j < cases[i].n; j++) {
            RspEimConfigurationData *eim = response->eim_configuration_data_list->pdata[j];

            g_assert_cmpuint(eim->eim_id.size, >, 0);
        }
        rig_stop(&rig);
    }
}

static void test_eim_search(void)
{
    static const char *const refusals[] = { "6A80", "6A88" };
    g_autoptr(RspGetEimConfigurationDataResponse) one = NULL;
    g_autoptr(RspGetEimConfigurationDataResponse) none = NULL;
    g_autoptr(GError) error = NULL;
    const char *request = "BF5513A011800F65696D2E6578616D706C652E636F6D";
    Rig rig;

    g_assert_cmpstr(request, ==, der("es10b-get-eim-config-req-eimid"));
    rig_start(&rig);
    expect(&rig, request, der("es10b-get-eim-config-rsp-one"));
    one = es10b_search_eim_configuration_data(rig.channel, "eim.example.com", NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(one->eim_configuration_data_list->len, ==, 1);
    expect(&rig, request, "BF5502A000");
    none = es10b_search_eim_configuration_data(rig.channel, "eim.example.com", NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(none->eim_configuration_data_list->len, ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
        fake_backend_expect(rig.fake, NULL, refusals[i]);
        g_assert_false(call_search(rig.channel, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
        g_clear_error(&error);
    }
    rig_stop(&rig);
}

static void test_consumer_card(void)
{
    static const char *const statuses[] = { "6A88", "6A80", "6A86" };

    for (guint i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        fake_backend_expect(rig.fake, NULL, statuses[i]);
        g_assert_false(call_eims(rig.channel, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
        g_assert_nonnull(strstr(error->message, statuses[i]));
        rig_stop(&rig);
    }
}

static void test_add_initial_eim(void)
{
    g_autoptr(GPtrArray) requests = family("es10b-add-initial-eim-req");
    g_autoptr(GPtrArray) answers = family("es10b-add-initial-eim-rsp");

    /* Complete requests are passed on as they are. */
    for (guint i = 0; i < requests->len; i++) {
        const char *request = der(requests->pdata[i]);
        g_autoptr(GBytes) data = octets(request);
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        expect(&rig, request, der("es10b-add-initial-eim-rsp-addok"));
        g_assert_true(es10b_add_initial_eim(rig.channel, data, NULL, &error));
        g_assert_no_error(error);
        rig_stop(&rig);
    }
    for (guint i = 0; i < answers->len; i++) {
        const char *name = answers->pdata[i];
        g_autoptr(GBytes) answer = octets(der(name));
        g_autoptr(GError) error = NULL;
        gboolean ok;
        Rig rig;

        rig_start(&rig);
        fake_backend_expect_bytes(rig.fake, NULL, answer, 0x9000);
        ok = call_add(rig.channel, &error);
        if (strstr(name, "-error-")) {
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED);
            g_assert_nonnull(strstr(error->message, code_name(name)));
        } else {
            g_assert_true(ok);
        }
        rig_stop(&rig);
    }
}

static void test_add_initial_eim_forms(void)
{
    static const char *const wrong[] = { "",           "BF58028000",       "8000",
                                         "3003800200", "30058003000000FF", "BF5702A0003000" };
    const char *complete = der("es10b-add-initial-eim-req-doc");
    g_autofree char *list = g_strconcat("BF55", complete + 4, NULL);
    g_autoptr(GBytes) from_list = octets(list);
    g_autoptr(GBytes) from_entry = octets(complete + 10); /* behind BF57 35 A0 33 */
    Rig rig;

    g_assert_true(g_str_has_prefix(complete, "BF5735A03330"));
    rig_start(&rig);
    expect(&rig, complete, "BF5704A0020500");
    g_assert_true(es10b_add_initial_eim(rig.channel, from_list, NULL, NULL));
    expect(&rig, complete, "BF5704A0020500");
    g_assert_true(es10b_add_initial_eim(rig.channel, from_entry, NULL, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GBytes) data = octets(wrong[i]);
        g_autoptr(GError) error = NULL;

        /* Never reaches the card. */
        g_assert_false(es10b_add_initial_eim(rig.channel, data, NULL, &error));
        g_assert_true(g_str_has_prefix(error->message, "ES10b.AddInitialEim: "));
    }
    rig_stop(&rig);
}

/* ---- profiles ---- */

static void test_profiles(void)
{
    static const struct {
        const char *vector;
        guint n;
    } cases[] = {
        { "es10b-profiles-info-rsp-empty", 0 },      { "es10b-profiles-info-rsp-empty-entry", 1 },
        { "es10b-profiles-info-rsp-one", 1 },        { "es10b-profiles-info-rsp-two", 2 },
        { "es10b-profiles-info-rsp-all", 1 },        { "es10b-profiles-info-rsp-emergency", 2 },
        { "es10b-profiles-info-rsp-icon-1024", 1 },  { "es10b-profiles-info-rsp-100", 100 },
        { "es10b-profiles-info-rsp-long-names", 1 }, { "es10b-profiles-info-rsp-v13", 1 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(RspProfileInfoListResponse) response = NULL;
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        expect(&rig, "BF2D125C10" TAGS, der(cases[i].vector));
        response = es10b_get_profiles_info(rig.channel, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(response->profile_info_list_ok->len, ==, cases[i].n);
        rig_stop(&rig);
    }
}

static void test_profile_fields(void)
{
    g_autoptr(RspProfileInfoListResponse) response = NULL;
    g_autofree char *iccid = NULL;
    RspProfileInfo *profile;
    Rig rig;

    rig_start(&rig);
    expect(&rig, "BF2D125C10" TAGS, der("es10b-profiles-info-rsp-one"));
    response = es10b_get_profiles_info(rig.channel, NULL, NULL);
    profile = response->profile_info_list_ok->pdata[0];
    iccid = iccid_to_string(profile->iccid.data, profile->iccid.size, NULL);
    g_assert_cmpstr(iccid, ==, "8900010123456789012");
    g_assert_true(profile->profile_state.present);
    rig_stop(&rig);
}

static void test_profiles_fallback(void)
{
    g_autoptr(GPtrArray) names = family("es10b-profiles-info-rsp-error-");
    static const char *const statuses[] = { "6A80", "6A88" };

    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        gboolean ongoing = strstr(name, "profileChangeOngoing") != NULL;
        g_autoptr(GError) error = NULL;
        g_autoptr(GError) twice = NULL;
        Rig rig;

        rig_start(&rig);
        expect(&rig, "BF2D125C10" TAGS, der(name));
        if (ongoing) {
            g_assert_false(call_profiles(rig.channel, &error));
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED);
            g_assert_nonnull(strstr(error->message, code_name(name)));
            rig_stop(&rig);
            continue;
        }
        expect(&rig, der("es10b-profiles-info-req-all"), der("es10b-profiles-info-rsp-one"));
        g_assert_true(call_profiles(rig.channel, &error));
        g_assert_no_error(error);
        expect(&rig, "BF2D125C10" TAGS, der(name));
        expect(&rig, der("es10b-profiles-info-req-all"), der(name));
        g_assert_false(call_profiles(rig.channel, &twice));
        g_assert_error(twice, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED);
        g_assert_nonnull(strstr(twice->message, code_name(name)));
        rig_stop(&rig);
    }
    for (guint i = 0; i < G_N_ELEMENTS(statuses); i++) {
        Rig rig;

        rig_start(&rig);
        fake_backend_expect(rig.fake, NULL, statuses[i]);
        expect(&rig, der("es10b-profiles-info-req-all"), der("es10b-profiles-info-rsp-two"));
        g_assert_true(call_profiles(rig.channel, NULL));
        rig_stop(&rig);
    }
}

/* ---- packages ---- */

static void test_load_package(void)
{
    g_autoptr(GPtrArray) results = family("result-");
    g_autoptr(GPtrArray) packages = vectors_of_type("EuiccPackageRequest");

    g_assert_cmpuint(packages->len, >, 10);
    /* Whatever is in it goes through, both ways, to the octet; signed errors are results too. */
    for (guint i = 0; i < results->len; i++) {
        const char *result = der(results->pdata[i]);
        const char *package = der(packages->pdata[i % packages->len]);
        g_autoptr(GBytes) request = NULL;
        g_autoptr(GBytes) answer = NULL;
        g_autofree char *hex = NULL;
        Rig rig;

        if (!g_str_has_prefix(result, "BF51") || !g_str_has_prefix(package, "BF51"))
            continue;
        request = octets(package);
        rig_start(&rig);
        expect_status(&rig, package, result, i % 2 ? 0x910B : 0x9000);
        answer = es10b_load_euicc_package(rig.channel, request, NULL, NULL);
        hex = bytes_gbytes_to_hex(answer);
        g_assert_cmpstr(hex, ==, result);
        g_assert_cmpint(channel_take_refresh_pending(rig.channel), ==, i % 2);
        rig_stop(&rig);
    }
}

/* Also where eIM and card write lengths in a form that is not ours. */
static void test_load_package_long_lengths(void)
{
    g_autoptr(GBytes) request = octets("BF51810430020500");
    g_autoptr(GBytes) answer = NULL;
    g_autofree char *hex = NULL;
    Rig rig;

    rig_start(&rig);
    expect(&rig, "BF51810430020500", "BF518200033F0181");
    answer = es10b_load_euicc_package(rig.channel, request, NULL, NULL);
    hex = bytes_gbytes_to_hex(answer);
    g_assert_cmpstr(hex, ==, "BF518200033F0181");
    rig_stop(&rig);
}

/* ---- notifications ---- */

static void test_list_requests(void)
{
    static const gint64 numbers[] = { 0,   1,     127,   128,        200,        255,
                                      256, 32767, 32768, 2147483647, 2147483648, 4294967296 };
    Rig rig;

    rig_start(&rig);
    expect(&rig, der("es10b-retrieve-req-epr"), der("es10b-retrieve-rsp-epr-empty"));
    {
        g_autoptr(RspRetrieveNotificationsListResponse) response =
            es10b_retrieve_notifications_list(rig.channel, ES10B_LIST_PACKAGE_RESULTS, 0, NULL,
                                              NULL);

        g_assert_cmpuint(response->euicc_package_result_list->len, ==, 0);
    }
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autofree char *name =
            g_strdup_printf("es10b-retrieve-req-seq-%" G_GINT64_FORMAT, numbers[i]);
        g_autoptr(RspRetrieveNotificationsListResponse) response = NULL;

        expect(&rig, der(name), der("es10b-retrieve-rsp-empty"));
        response = es10b_retrieve_notifications_list(rig.channel, ES10B_LIST_BY_NUMBER, numbers[i],
                                                     NULL, NULL);
        g_assert_cmpuint(response->notification_list->len, ==, 0);
    }
    rig_stop(&rig);
}

static void test_list_events(void)
{
    static const struct {
        gint64 events;
        const char *vector;
    } cases[] = {
        { 1 << RSP_PROFILE_MANAGEMENT_OPERATION_INSTALL, "es10b-retrieve-req-event-install" },
        { 1 << RSP_PROFILE_MANAGEMENT_OPERATION_ENABLE, "es10b-retrieve-req-event-enable" },
        { 1 << RSP_PROFILE_MANAGEMENT_OPERATION_DISABLE, "es10b-retrieve-req-event-disable" },
        { 1 << RSP_PROFILE_MANAGEMENT_OPERATION_DELETE, "es10b-retrieve-req-event-delete" },
        { 15, "es10b-retrieve-req-event-all" },
    };
    Rig rig;

    rig_start(&rig);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(RspRetrieveNotificationsListResponse) response = NULL;

        expect(&rig, der(cases[i].vector), der("es10b-retrieve-rsp-empty"));
        response = es10b_retrieve_notifications_list(rig.channel, ES10B_LIST_BY_EVENT,
                                                     cases[i].events, NULL, NULL);
        g_assert_cmpuint(response->notification_list->len, ==, 0);
    }
    rig_stop(&rig);
}

static void test_list_answers(void)
{
    static const struct {
        const char *vector;
        guint n_notifications, n_results;
    } cases[] = {
        { "es10b-retrieve-rsp-empty", 0, 0 },     { "es10b-retrieve-rsp-pir-ok", 1, 0 },
        { "es10b-retrieve-rsp-pir-error", 1, 0 }, { "es10b-retrieve-rsp-enable", 1, 0 },
        { "es10b-retrieve-rsp-epr", 0, 1 },       { "es10b-retrieve-rsp-epr-empty", 0, 0 },
        { "es10b-retrieve-rsp-epr-three", 0, 3 }, { "es10b-retrieve-rsp-v10-both", 1, 1 },
    };
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(RspRetrieveNotificationsListResponse) response = NULL;
        GPtrArray *notifications, *results;

        expect(&rig, der("es10b-retrieve-req-all"), der(cases[i].vector));
        response = es10b_retrieve_notifications_list(rig.channel, ES10B_LIST_NOTIFICATIONS, 0, NULL,
                                                     &error);
        g_assert_no_error(error);
        notifications = response->notification_list;
        results = response->euicc_package_result_list;
        if (response->notification_and_epr_list) {
            notifications = response->notification_and_epr_list->notification_list;
            results = response->notification_and_epr_list->euicc_package_result_list;
        }
        g_assert_cmpuint(notifications ? notifications->len : 0, ==, cases[i].n_notifications);
        g_assert_cmpuint(results ? results->len : 0, ==, cases[i].n_results);
    }
    expect(&rig, der("es10b-retrieve-req-all"), der("es10b-retrieve-rsp-error"));
    g_assert_false(call_list(rig.channel, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED);
    g_assert_nonnull(strstr(error->message, "undefinedError (127)"));
    rig_stop(&rig);
}

/* Whole results as they came, whatever is in them. */
static void test_package_results(void)
{
    static const struct {
        const char *answer;
        const char *results; /* blank between */
    } cases[] = {
        { "BF2B02A200", "" },
        { "BF2B00", "" },
        { "BF2B08A206BF510330013F", "BF510330013F" },
        { "BF2B10A20EBF51028100BF5100BF51033F0181", "BF51028100 BF5100 BF51033F0181" },
        { "BF2B0AA208BF518200033F0181", "BF518200033F0181" }, /* length in the long form */
        { "BF2B0BA309A000A105BF5102A200", "BF5102A200" },     /* v1.0 */
        { "BF2B06A304A000A100", "" },
        { "BF2B05BF5102A200", "BF5102A200" },             /* no tag of the list */
        { "BF2B0AA2083000BF5103A2013F", "BF5103A2013F" }, /* something else among them */
    };
    static const char *const bad[] = {
        "BF2B07A205BF5105A200",
        "BF2C02A200",
        "BF2B03A20530",
        "BF2B028100",
    };
    g_autoptr(GPtrArray) one = NULL;
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) results = NULL;
        g_autoptr(GString) joined = g_string_new(NULL);

        expect(&rig, der("es10b-retrieve-req-epr"), cases[i].answer);
        results = es10b_retrieve_package_results(rig.channel, NULL, &error);
        g_assert_no_error(error);
        for (guint k = 0; k < results->len; k++) {
            g_autofree char *hex = bytes_gbytes_to_hex(results->pdata[k]);

            g_string_append_printf(joined, "%s%s", k > 0 ? " " : "", hex);
        }
        g_assert_cmpstr(joined->str, ==, cases[i].results);
    }
    expect(&rig, der("es10b-retrieve-req-epr"), der("es10b-retrieve-rsp-epr-three"));
    one = es10b_retrieve_package_results(rig.channel, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(one->len, ==, 3);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        expect(&rig, der("es10b-retrieve-req-epr"), bad[i]);
        g_assert_false(call_results(rig.channel, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
        g_clear_error(&error);
    }
    expect(&rig, der("es10b-retrieve-req-epr"), der("es10b-retrieve-rsp-error"));
    g_assert_false(call_results(rig.channel, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED);
    g_assert_nonnull(strstr(error->message, "undefinedError (127)"));
    rig_stop(&rig);
}

static void test_remove(void)
{
    static const gint64 numbers[] = { 0, 7, 127, 128, 255, 2147483648 };
    g_autoptr(GPtrArray) answers = family("es10b-remove-notification-rsp-");
    Rig rig;

    rig_start(&rig);
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autofree char *name =
            g_strdup_printf("es10b-remove-notification-req-%" G_GINT64_FORMAT, numbers[i]);

        expect(&rig, der(name), der("es10b-remove-notification-rsp-0-ok"));
        g_assert_true(es10b_remove_notification_from_list(rig.channel, numbers[i], NULL, NULL));
    }
    for (guint i = 0; i < answers->len; i++) {
        const char *name = answers->pdata[i];
        g_autoptr(GError) error = NULL;

        expect(&rig, der("es10b-remove-notification-req-7"), der(name));
        if (strstr(name, "undefinedError")) {
            g_assert_false(call_remove(rig.channel, &error));
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED);
            g_assert_nonnull(strstr(error->message, "undefinedError"));
        } else {
            g_assert_true(call_remove(rig.channel, &error)); /* nothingToDelete included */
        }
    }
    rig_stop(&rig);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    vectors_load();
    g_test_add_func("/es10/bad-answers", test_bad_answers);
    g_test_add_func("/es10/status-words", test_status_words);
    g_test_add_func("/es10/get-eid", test_eid);
    g_test_add_func("/es10/get-euicc-info1", test_info1);
    g_test_add_func("/es10/get-euicc-info2", test_info2);
    g_test_add_func("/es10/get-euicc-configured-addresses", test_addresses);
    g_test_add_func("/es10/IPAD-DATA-61N/get-certs", test_certs);
    g_test_add_func("/es10/IPAD-DATA-62N/get-certs-forms", test_certs_forms);
    g_test_add_func("/es10/get-rat", test_rat);
    g_test_add_func("/es10/get-connectivity-parameters", test_connectivity);
    g_test_add_func("/es10/get-eim-configuration-data", test_eims);
    g_test_add_func("/es10/IPAD-CFG-11N/search", test_eim_search);
    g_test_add_func("/es10/get-eim-configuration-data/consumer", test_consumer_card);
    g_test_add_func("/es10/add-initial-eim", test_add_initial_eim);
    g_test_add_func("/es10/add-initial-eim/forms", test_add_initial_eim_forms);
    g_test_add_func("/es10/get-profiles-info", test_profiles);
    g_test_add_func("/es10/get-profiles-info/fields", test_profile_fields);
    g_test_add_func("/es10/get-profiles-info/fallback", test_profiles_fallback);
    g_test_add_func("/es10/load-euicc-package", test_load_package);
    g_test_add_func("/es10/IPAD-NTF-60N/retrieve-notifications-list", test_list_requests);
    g_test_add_func("/es10/load-euicc-package/long-lengths", test_load_package_long_lengths);
    g_test_add_func("/es10/retrieve-notifications-list/events", test_list_events);
    g_test_add_func("/es10/retrieve-notifications-list/answers", test_list_answers);
    g_test_add_func("/es10/package-results", test_package_results);
    g_test_add_func("/es10/remove-notification-from-list", test_remove);
    result = g_test_run();
    vectors_unload();
    return result;
}
