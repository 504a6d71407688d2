/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc/es10.h"

#include "unit/card-backend.h"
#include "util/bytes.h"
#include "util/error.h"

/* The daemon's card functions against the virtual eUICC, which was written from the specification by
 * itself and refuses what is not in it. */

#define FIRST  "8900010123456789012"
#define SECOND "8900010123456789026"
#define TWO(first, second)                                                                         \
    "\"profiles\": [{\"iccid\": \"" FIRST "\"" first "}, {\"iccid\": \"" SECOND "\"" second "}]"
#define ENABLED ", \"state\": \"enabled\""

/* After a profile change, as the procedures do it (I-35). */
static void renew(CardRig *rig)
{
    g_autoptr(GError) error = NULL;

    channel_renew_card(rig->channel, 0, FALSE, NULL, &error);
    g_assert_no_error(error);
}

#define REFUSED(expected, call)                                                                    \
    do {                                                                                           \
        g_autoptr(GError) error = NULL;                                                            \
        gint64 code = -1;                                                                          \
        g_assert_false(call);                                                                      \
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED);                            \
        g_assert_cmpint(code, ==, expected);                                                       \
    } while (0)

#define OK(call)                                                                                   \
    do {                                                                                           \
        g_autoptr(GError) error = NULL;                                                            \
        gint64 code = -1;                                                                          \
        gboolean ok = call;                                                                        \
        g_assert_no_error(error);                                                                  \
        g_assert_true(ok);                                                                         \
        g_assert_cmpint(code, ==, 0);                                                              \
    } while (0)

static void test_rollback(void)
{
    g_autoptr(GBytes) package = NULL;
    g_autoptr(GBytes) loaded = NULL;
    g_autoptr(GBytes) result = NULL;
    g_autoptr(GBytes) data = NULL;
    g_autofree char *hex = NULL;
    CardRig rig;

    card_rig_start(&rig, "");
    REFUSED(1, es10b_profile_rollback(rig.channel, TRUE, NULL, &result, &code, &error));
    package = world_package(rig.world, 5, WORLD_ENABLE_2_BACK);
    loaded = es10b_load_euicc_package(rig.channel, package, NULL, NULL);
    g_assert_nonnull(loaded);
    renew(&rig);
    world_behave(rig.world, "{\"catBusy\": true}");
    REFUSED(5, es10b_profile_rollback(rig.channel, TRUE, NULL, &result, &code, &error));
    world_behave(rig.world, "{\"catBusy\": false}");
    OK(es10b_profile_rollback(rig.channel, TRUE, NULL, &result, &code, &error));
    g_assert_true(channel_take_refresh_pending(rig.channel));
    /* As the card signed it. */
    data = world_check_result(rig.world, result, 0xA0);
    hex = bytes_gbytes_to_hex(data);
    g_assert_true(g_str_has_suffix(hex, "8C0100"));
    world_assert_enabled(rig.world, FIRST);
    renew(&rig);
    REFUSED(1, es10b_profile_rollback(rig.channel, FALSE, NULL, &result, &code, &error));
    card_rig_stop(&rig);
}

static void test_fallback(void)
{
    CardRig rig;

    card_rig_start(&rig, TWO(ENABLED, ", \"fallbackAllowed\": true, \"fallback\": true"));
    REFUSED(6, es10b_return_from_fallback(rig.channel, TRUE, NULL, &code, &error));
    OK(es10b_execute_fallback_mechanism(rig.channel, TRUE, NULL, &code, &error));
    g_assert_true(channel_take_refresh_pending(rig.channel));
    world_assert_enabled(rig.world, SECOND);
    renew(&rig);
    REFUSED(2, es10b_execute_fallback_mechanism(rig.channel, TRUE, NULL, &code, &error));
    OK(es10b_return_from_fallback(rig.channel, FALSE, NULL, &code, &error));
    g_assert_false(channel_take_refresh_pending(rig.channel));
    world_assert_enabled(rig.world, FIRST);
    card_rig_stop(&rig);
}

static void test_emergency(void)
{
    CardRig rig;

    card_rig_start(&rig, TWO(ENABLED, ", \"emergency\": true"));
    REFUSED(2, es10b_disable_emergency_profile(rig.channel, TRUE, NULL, &code, &error));
    OK(es10b_enable_emergency_profile(rig.channel, TRUE, NULL, &code, &error));
    world_assert_enabled(rig.world, SECOND);
    renew(&rig);
    REFUSED(2, es10b_enable_emergency_profile(rig.channel, TRUE, NULL, &code, &error));
    OK(es10b_disable_emergency_profile(rig.channel, FALSE, NULL, &code, &error));
    world_assert_enabled(rig.world, FIRST);
    card_rig_stop(&rig);
    card_rig_start(&rig, "");
    REFUSED(8, es10b_enable_emergency_profile(rig.channel, TRUE, NULL, &code, &error));
    REFUSED(6, es10b_execute_fallback_mechanism(rig.channel, TRUE, NULL, &code, &error));
    card_rig_stop(&rig);
}

static void test_immediate(void)
{
    CardRig rig;

    card_rig_start(&rig, "\"eims\": []");
    REFUSED(1, es10b_immediate_enable(rig.channel, TRUE, NULL, &code, &error));
    OK(es10b_configure_immediate_profile_enabling(rig.channel, TRUE, "2.999.10", "smdp.example.com",
                                                  NULL, &code, &error));
    REFUSED(4, es10b_immediate_enable(rig.channel, FALSE, NULL, &code, &error));
    OK(es10b_configure_immediate_profile_enabling(rig.channel, FALSE, NULL, NULL, NULL, &code,
                                                  &error));
    REFUSED(1, es10b_immediate_enable(rig.channel, FALSE, NULL, &code, &error));
    card_rig_stop(&rig);
    card_rig_start(&rig, "\"version\": \"1.0\"");
    REFUSED(1, es10b_enable_using_dd(rig.channel, NULL, &code, &error));
    REFUSED(2, es10b_configure_immediate_profile_enabling(rig.channel, TRUE, NULL, NULL, NULL,
                                                          &code, &error));
    card_rig_stop(&rig);
}

static void test_default_dp(void)
{
    g_autoptr(RspEuiccConfiguredAddressesResponse) addresses = NULL;
    g_autofree char *text = NULL;
    CardRig rig;

    card_rig_start(&rig, "");
    OK(es10b_set_default_dp_address(rig.channel, "dp.example.com", NULL, &code, &error));
    addresses = es10a_get_euicc_configured_addresses(rig.channel, NULL, NULL);
    text = tlv_slice_to_text(addresses->default_dp_address);
    g_assert_cmpstr(text, ==, "dp.example.com");
    card_rig_stop(&rig);
    /* v1.0 has the function of SGP.22 only. */
    card_rig_start(&rig, "\"version\": \"1.0\"");
    g_assert_false(es10b_set_default_dp_address(rig.channel, "dp.example.com", NULL, NULL, NULL));
    OK(es10a_set_default_dp_address(rig.channel, "dp.example.com", NULL, &code, &error));
    OK(es10a_set_default_dp_address(rig.channel, "", NULL, &code, &error));
    card_rig_stop(&rig);
}

static void test_reset(void)
{
    Es10bResetResults results;
    g_autoptr(RspGetEimConfigurationDataResponse) eims = NULL;
    g_autoptr(GError) error = NULL;
    CardRig rig;

    card_rig_start(&rig, "");
    g_assert_true(
        es10b_euicc_memory_reset(rig.channel,
                                 1u << RSP_RESET_OPTIONS_DELETE_OPERATIONAL_PROFILES |
                                     1u << RSP_RESET_OPTIONS_RESET_EIM_CONFIG_DATA |
                                     1u << RSP_RESET_OPTIONS_RESET_IMMEDIATE_ENABLE_CONFIG,
                                 NULL, &results, &error));
    g_assert_cmpint(results.reset, ==, 0);
    g_assert_cmpint(results.reset_eim, ==, 0);
    g_assert_cmpint(results.reset_immediate_enable_config, ==, 0);
    world_assert_enabled(rig.world, "");
    renew(&rig);
    eims = es10b_get_eim_configuration_data(rig.channel, NULL, NULL);
    g_assert_cmpuint(eims->eim_configuration_data_list->len, ==, 0);
    card_rig_stop(&rig);

    card_rig_start(&rig, "\"version\": \"1.0\"");
    g_assert_true(es10b_euicc_memory_reset(
        rig.channel, 1u << RSP_RESET_OPTIONS_RESET_EIM_CONFIG_DATA, NULL, &results, &error));
    g_assert_cmpint(results.reset, ==, 0);
    g_assert_cmpint(results.reset_eim, ==, 0);
    g_assert_cmpint(results.reset_immediate_enable_config, ==, -1);
    g_assert_false(es10b_euicc_memory_reset(
        rig.channel, 1u << RSP_RESET_OPTIONS_DELETE_PROVISIONING_PROFILES, NULL, &results, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    card_rig_stop(&rig);
}

static void test_information(void)
{
    g_autoptr(RspGetCertsResponse) any = NULL;
    g_autoptr(RspGetCertsResponse) named = NULL;
    g_autoptr(RspEuiccInfo1) info = NULL;
    g_autoptr(RspGetRatResponse) rat = NULL;
    g_autoptr(RspGetEimConfigurationDataResponse) found = NULL;
    g_autoptr(RspGetEimConfigurationDataResponse) not_found = NULL;
    g_autoptr(RspRetrieveNotificationsListResponse) enables = NULL;
    g_autoptr(GBytes) parameters = NULL;
    g_autoptr(GError) none = NULL;
    const RspOctetString *id;
    CardRig rig;

    card_rig_start(&rig, TWO(ENABLED ", \"connectivity\": \"350103\"", ""));
    any = es10b_get_certs(rig.channel, (TlvSlice){ NULL, 0 }, NULL, NULL, NULL);
    info = es10b_get_euicc_info1(rig.channel, NULL, NULL);
    id = info->euicc_ci_pk_id_list_for_signing->pdata[0];
    named = es10b_get_certs(rig.channel, id->value, NULL, NULL, NULL);
    g_assert_true(tlv_slice_equal(any->head.raw, named->head.raw));
    /* A part of it is none (5.9.10). */
    REFUSED(1, es10b_get_certs(rig.channel, tlv_slice(id->value.data, 4), NULL, &code, &error));
    rat = es10b_get_rat(rig.channel, NULL, NULL);
    g_assert_nonnull(rat);
    found = es10b_search_eim_configuration_data(rig.channel, WORLD_EIM_ID, NULL, NULL);
    g_assert_cmpuint(found->eim_configuration_data_list->len, ==, 1);
    not_found = es10b_search_eim_configuration_data(rig.channel, "other.example", NULL, NULL);
    g_assert_cmpuint(not_found->eim_configuration_data_list->len, ==, 0);
    enables = es10b_retrieve_notifications_list(
        rig.channel, ES10B_LIST_BY_EVENT, 1 << RSP_PROFILE_MANAGEMENT_OPERATION_ENABLE, NULL, NULL);
    g_assert_cmpuint(enables->notification_list->len, ==, 0);
    parameters = es10b_get_connectivity_parameters(rig.channel, NULL, NULL);
    g_assert_cmpuint(g_bytes_get_size(parameters), ==, 3);
    card_rig_stop(&rig);
    card_rig_start(&rig, "");
    g_assert_null(es10b_get_connectivity_parameters(rig.channel, NULL, &none));
    g_assert_error(none, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND);
    card_rig_stop(&rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/es10-card/IPAD-RBK-50N/profile-rollback", test_rollback);
    g_test_add_func("/es10-card/IPAD-FBK-50N/fallback", test_fallback);
    g_test_add_func("/es10-card/IPAD-ECL-50N/emergency", test_emergency);
    g_test_add_func("/es10-card/IPAD-IMM-50N/immediate-enable", test_immediate);
    g_test_add_func("/es10-card/set-default-dp-address", test_default_dp);
    g_test_add_func("/es10-card/IPAD-RST-53N/memory-reset", test_reset);
    g_test_add_func("/es10-card/information", test_information);
    return g_test_run();
}
