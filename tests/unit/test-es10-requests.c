/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every request to a card that the vectors know: made by the daemon's functions, octet by octet, or named
 * with the reason why the daemon does not send it. */
#include "unit/es10-rig.h"

#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

/* Has the daemon make the request of the vector from what stands in it. The card knows no function, so that
 * only the request counts. */
typedef void (*Sender)(Rig *rig, GBytes *vector);

static void send_addresses(Rig *rig, GBytes *vector G_GNUC_UNUSED)
{
    g_assert_null(es10a_get_euicc_configured_addresses(rig->channel, NULL, NULL));
}

static void send_default_dp(Rig *rig, GBytes *vector)
{
    g_autofree char *address = NULL;
    Tlv outer, field;

    g_assert_true(tlv_parse(tlv_slice_from_bytes(vector), 0, &outer, NULL));
    g_assert_true(tlv_parse(outer.value, 0x80, &field, NULL));
    address = tlv_slice_to_text(field.value);
    if (outer.tag == 0xBF3F)
        g_assert_false(es10a_set_default_dp_address(rig->channel, address, NULL, NULL, NULL));
    else
        g_assert_false(es10b_set_default_dp_address(rig->channel, address, NULL, NULL, NULL));
}

static void send_info1(Rig *rig, GBytes *vector G_GNUC_UNUSED)
{
    g_assert_null(es10b_get_euicc_info1(rig->channel, NULL, NULL));
}

static void send_info2(Rig *rig, GBytes *vector G_GNUC_UNUSED)
{
    g_assert_null(es10b_get_euicc_info2(rig->channel, NULL, NULL));
}

static void send_retrieve(Rig *rig, GBytes *vector)
{
    g_autoptr(RspRetrieveNotificationsListRequest) request =
        tlv_decode(&rsp_retrieve_notifications_list_request, vector, NULL);
    const RspNotificationSearchCriteria *criteria = request->search_criteria;
    Es10bListKind kind = ES10B_LIST_NOTIFICATIONS;
    gint64 number = 0;

    if (criteria && criteria->seq_number.present) {
        kind = ES10B_LIST_BY_NUMBER;
        number = criteria->seq_number.value;
    } else if (criteria && criteria->profile_management_operation.data) {
        kind = ES10B_LIST_BY_EVENT;
        for (guint bit = 0; bit < 4; bit++)
            number |= (gint64)tlv_bit_is_set(criteria->profile_management_operation, bit) << bit;
    } else if (criteria) {
        kind = ES10B_LIST_PACKAGE_RESULTS;
    }
    g_assert_null(es10b_retrieve_notifications_list(rig->channel, kind, number, NULL, NULL));
}

static void send_remove(Rig *rig, GBytes *vector)
{
    g_autoptr(RspNotificationSentRequest) request =
        tlv_decode(&rsp_notification_sent_request, vector, NULL);

    g_assert_false(
        es10b_remove_notification_from_list(rig->channel, request->seq_number.value, NULL, NULL));
}

static void send_rat(Rig *rig, GBytes *vector G_GNUC_UNUSED)
{
    g_assert_null(es10b_get_rat(rig->channel, NULL, NULL));
}

/* The default list is what a card is asked for that does not like the daemon's tag list. */
static void send_profiles(Rig *rig, GBytes *vector)
{
    g_autofree char *hex = bytes_gbytes_to_hex(vector);

    g_assert_cmpstr(hex, ==, "BF2D00");
    fake_backend_clear(rig->fake);
    fake_backend_expect(rig->fake, "81E2910015BF2D125C105A4F9F7090919295B7999F7B9F269F67", "6A80");
    fake_backend_expect(rig->fake, "81E2910003BF2D00", "6F00");
    g_assert_null(es10b_get_profiles_info(rig->channel, NULL, NULL));
}

static void send_reset(Rig *rig, GBytes *vector)
{
    static const guint newer[] = { 0, 1, 2, 5, 6 };
    g_autofree char *hex = bytes_gbytes_to_hex(vector);
    guint options = 0;
    Tlv outer, field;

    g_assert_true(tlv_parse(tlv_slice_from_bytes(vector), 0, &outer, NULL));
    g_assert_true(tlv_parse(outer.value, 0x82, &field, NULL));
    for (guint bit = 0; bit < 7; bit++)
        if (tlv_bit_is_set(field.value, bit))
            options |= 1u << (outer.tag == 0xBF34 ? newer[bit] : bit);
    if (outer.tag == 0xBF34) {
        g_autofree char *apdu = g_strdup_printf("81E29100%02X%s", (guint)strlen(hex) / 2, hex);

        fake_backend_clear(rig->fake);
        fake_backend_expect(rig->fake, NULL, "6A88");
        fake_backend_expect(rig->fake, apdu, "6F00");
    }
    g_assert_false(es10b_euicc_memory_reset(rig->channel, options, NULL, NULL, NULL));
}

static void send_eid(Rig *rig, GBytes *vector G_GNUC_UNUSED)
{
    guint8 eid[EID_SIZE];

    g_assert_false(es10c_get_eid(rig->channel, NULL, eid, NULL));
}

static void send_add_eim(Rig *rig, GBytes *vector)
{
    g_assert_false(es10b_add_initial_eim(rig->channel, vector, NULL, NULL));
}

static void send_get_eims(Rig *rig, GBytes *vector)
{
    g_autoptr(RspGetEimConfigurationDataRequest) request =
        tlv_decode(&rsp_get_eim_configuration_data_request, vector, NULL);
    g_autofree char *id = NULL;

    if (request->search_criteria) {
        id = tlv_slice_to_text(request->search_criteria->eim_id);
        g_assert_null(es10b_search_eim_configuration_data(rig->channel, id, NULL, NULL));
    } else {
        g_assert_null(es10b_get_eim_configuration_data(rig->channel, NULL, NULL));
    }
}

static void send_certs(Rig *rig, GBytes *vector)
{
    g_autoptr(RspGetCertsRequest) request = tlv_decode(&rsp_get_certs_request, vector, NULL);

    g_assert_null(es10b_get_certs(rig->channel, request->euicc_ci_pk_id, NULL, NULL, NULL));
}

static gboolean refresh_of(GBytes *vector)
{
    Tlv outer, field;

    g_assert_true(tlv_parse(tlv_slice_from_bytes(vector), 0, &outer, NULL));
    g_assert_true(tlv_parse(outer.value, 0x80, &field, NULL));
    return field.value.data[0] != 0;
}

static void send_immediate(Rig *rig, GBytes *vector)
{
    g_assert_false(es10b_immediate_enable(rig->channel, refresh_of(vector), NULL, NULL, NULL));
}

static void send_using_dd(Rig *rig, GBytes *vector G_GNUC_UNUSED)
{
    g_assert_false(es10b_enable_using_dd(rig->channel, NULL, NULL, NULL));
}

static void send_rollback(Rig *rig, GBytes *vector)
{
    GBytes *result = NULL;

    g_assert_false(
        es10b_profile_rollback(rig->channel, refresh_of(vector), NULL, &result, NULL, NULL));
}

static void send_fallback(Rig *rig, GBytes *vector)
{
    g_assert_false(
        es10b_execute_fallback_mechanism(rig->channel, refresh_of(vector), NULL, NULL, NULL));
}

static void send_return(Rig *rig, GBytes *vector)
{
    g_assert_false(es10b_return_from_fallback(rig->channel, refresh_of(vector), NULL, NULL, NULL));
}

static void send_emergency(Rig *rig, GBytes *vector)
{
    g_assert_false(
        es10b_enable_emergency_profile(rig->channel, refresh_of(vector), NULL, NULL, NULL));
}

static void send_emergency_end(Rig *rig, GBytes *vector)
{
    g_assert_false(
        es10b_disable_emergency_profile(rig->channel, refresh_of(vector), NULL, NULL, NULL));
}

static void send_configure(Rig *rig, GBytes *vector)
{
    g_autoptr(RspConfigureImmediateProfileEnablingRequest) request =
        tlv_decode(&rsp_configure_immediate_profile_enabling_request, vector, NULL);
    g_autofree char *address = tlv_slice_to_text(request->default_smdp_address);
    g_autofree char *oid =
        request->default_smdp_oid.data ? tlv_oid_to_string(request->default_smdp_oid, NULL) : NULL;

    g_assert_false(es10b_configure_immediate_profile_enabling(
        rig->channel, request->immediate_enable_flag, oid, address, NULL, NULL, NULL));
}

static void send_connectivity(Rig *rig, GBytes *vector G_GNUC_UNUSED)
{
    g_assert_null(es10b_get_connectivity_parameters(rig->channel, NULL, NULL));
}

static void send_challenge(Rig *rig, GBytes *vector G_GNUC_UNUSED)
{
    guint8 challenge[RSP_CHALLENGE_SIZE];

    g_assert_false(es10b_get_euicc_challenge(rig->channel, NULL, challenge, NULL));
}

/* The parts as a server sent them, in a request of the daemon's own. */
static void send_authenticate(Rig *rig, GBytes *vector)
{
    g_autoptr(RspAuthenticateServerRequest) parts =
        tlv_decode(&rsp_authenticate_server_request, vector, NULL);
    RspAuthenticateServerRequest request = *parts;
    gint64 code;

    request.head = (TlvHead){ 0 };
    g_assert_null(es10b_authenticate_server(rig->channel, &request, NULL, &code, NULL));
}

static void send_prepare(Rig *rig, GBytes *vector)
{
    g_autoptr(RspPrepareDownloadRequest) parts =
        tlv_decode(&rsp_prepare_download_request, vector, NULL);
    RspPrepareDownloadRequest request = *parts;
    gint64 code;

    request.head = (TlvHead){ 0 };
    g_assert_null(es10b_prepare_download(rig->channel, &request, NULL, &code, NULL));
}

static void send_cancel(Rig *rig, GBytes *vector)
{
    g_autoptr(RspCancelSessionRequest) request =
        tlv_decode(&rsp_cancel_session_request, vector, NULL);
    gint64 code;

    g_assert_null(es10b_cancel_session(rig->channel, request->transaction_id, request->reason.value,
                                       NULL, &code, NULL));
}

static const struct {
    const char *type;
    Sender send; /* NULL: the daemon does not send it */
    guint n;     /* vectors of the type */
    const char *why;
} senders[] = {
    { "EuiccConfiguredAddressesRequest", send_addresses, 1, NULL },
    { "SetDefaultDpAddressRequest", send_default_dp, 4, NULL },
    { "GetEuiccInfo1Request", send_info1, 1, NULL },
    { "GetEuiccInfo2Request", send_info2, 1, NULL },
    { "RetrieveNotificationsListRequest", send_retrieve, 19, NULL },
    { "NotificationSentRequest", send_remove, 6, NULL },
    { "ProfileInfoListRequest", send_profiles, 1, NULL },
    { "GetRatRequest", send_rat, 1, NULL },
    { "EuiccMemoryResetRequest", send_reset, 17, NULL },
    { "GetEuiccDataRequest", send_eid, 1, NULL },
    { "AddInitialEimRequest", send_add_eim, 8, NULL },
    { "GetEimConfigurationDataRequest", send_get_eims, 2, NULL },
    { "GetCertsRequest", send_certs, 2, NULL },
    { "ImmediateEnableRequest", send_immediate, 2, NULL },
    { "ProfileRollbackRequest", send_rollback, 2, NULL },
    { "ExecuteFallbackMechanismRequest", send_fallback, 2, NULL },
    { "ReturnFromFallbackRequest", send_return, 2, NULL },
    { "EnableEmergencyProfileRequest", send_emergency, 2, NULL },
    { "DisableEmergencyProfileRequest", send_emergency_end, 2, NULL },
    { "EnableUsingDDRequest", send_using_dd, 1, NULL },
    { "ConfigureImmediateProfileEnablingRequest", send_configure, 5, NULL },
    { "GetConnectivityParametersRequest", send_connectivity, 1, NULL },
    { "GetEuiccChallengeRequest", send_challenge, 1, NULL },
    { "AuthenticateServerRequest", send_authenticate, 5, NULL },
    { "PrepareDownloadRequest", send_prepare, 3, NULL },
    { "CancelSessionRequest", send_cancel, 8, NULL },
    { "ProfileInfoListRequest", NULL, 10, "the daemon asks for all profiles with its own tags" },
    { "EnableProfileRequest", NULL, 3, "consumer cards are read-only" },
    { "DisableProfileRequest", NULL, 3, "consumer cards are read-only" },
    { "DeleteProfileRequest", NULL, 2, "consumer cards are read-only" },
    { "SetNicknameRequest", NULL, 2, "consumer cards are read-only" },
    { "ListNotificationRequest", NULL, 2, "SGP.32 has RetrieveNotificationsList" },
    { "IpaeActivationRequest", NULL, 1, "an IPAd does not wake another IPA" },
};

static void check_sender(Sender send, const char *name)
{
    g_autoptr(GBytes) vector = octets(der(name));
    Rig rig;

    g_test_message("%s", name);
    rig_start(&rig);
    expect_status(&rig, der(name), "", 0x6F00);
    send(&rig, vector);
    rig_stop(&rig);
}

/* The one ProfileInfoListRequest among the vectors that the daemon writes. */
static gboolean is_sent(const char *name)
{
    return !g_str_equal(vector_text(name, "type"), "ProfileInfoListRequest") ||
           g_str_equal(name, "es10b-profiles-info-req-all");
}

/* No request to a card is left out. */
static void test_requests(void)
{
    g_autoptr(GPtrArray) all = family("");
    guint counts[G_N_ELEMENTS(senders)] = { 0 };

    for (guint i = 0; i < all->len; i++) {
        const char *name = all->pdata[i];
        gboolean found = FALSE;

        if (!g_str_equal(vector_text(name, "direction"), "ipa->euicc"))
            continue;
        for (guint k = 0; k < G_N_ELEMENTS(senders) && !found; k++) {
            if (!g_str_equal(senders[k].type, vector_text(name, "type")) ||
                (senders[k].send && !is_sent(name)))
                continue;
            found = TRUE;
            counts[k]++;
            if (senders[k].send)
                check_sender(senders[k].send, name);
        }
        if (!found)
            g_error("%s: neither sent nor named", name);
    }
    for (guint k = 0; k < G_N_ELEMENTS(senders); k++)
        if (counts[k] != senders[k].n)
            g_error("%u vectors of %s%s%s", counts[k], senders[k].type,
                    senders[k].why ? ", not sent: " : "", senders[k].why ? senders[k].why : "");
}

/* One that can't be read keeps none of the others on the card: its octets are there, and nothing else of it. */
static void test_list_unreadable(void)
{
    g_autoptr(GBytes) answer = octets(der("es10b-retrieve-rsp-enable"));
    g_autofree char *joined = NULL, *raw = NULL;
    g_autoptr(RspRetrieveNotificationsListResponse) response = NULL;
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GError) error = NULL;
    const RspPendingNotification *notification;
    Tlv object, list;
    Rig rig;

    g_assert_true(tlv_parse(tlv_slice_from_bytes(answer), 0xBF2B, &object, NULL));
    g_assert_true(tlv_find(object.value, 0xA0, &list));
    tlv_open(writer, 0xBF2B);
    tlv_open(writer, 0xA0);
    tlv_put(writer, 0x30, "", 0); /* neither metadata nor signature */
    tlv_put_raw_slice(writer, list.value);
    tlv_put(writer, 0xBF37, "\xBF\x27\x04\x80\x02\xD0\x01", 7);
    tlv_close(writer);
    tlv_close(writer);
    bytes = tlv_writer_finish(g_steal_pointer(&writer));
    joined = bytes_gbytes_to_hex(bytes);
    rig_start(&rig);
    expect(&rig, der("es10b-retrieve-req-all"), joined);
    response =
        es10b_retrieve_notifications_list(rig.channel, ES10B_LIST_NOTIFICATIONS, 0, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(response->notification_list->len, ==, 3);
    notification = response->notification_list->pdata[0];
    g_assert_null(notification->other_signed_notification);
    notification = response->notification_list->pdata[1];
    g_assert_nonnull(notification->other_signed_notification);
    notification = response->notification_list->pdata[2];
    g_assert_null(notification->profile_installation_result);
    raw = bytes_to_hex(notification->head.raw.data, notification->head.raw.size);
    g_assert_cmpstr(raw, ==, "BF3707BF27048002D001");
    /* What is no list is none. */
    expect(&rig, der("es10b-retrieve-req-all"), "BF2B04A0023005");
    g_clear_pointer(&response, tlv_struct_free);
    response =
        es10b_retrieve_notifications_list(rig.channel, ES10B_LIST_NOTIFICATIONS, 0, NULL, &error);
    g_assert_null(response);
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    rig_stop(&rig);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    vectors_load();
    g_test_add_func("/es10/retrieve-notifications-list/unreadable", test_list_unreadable);
    g_test_add_func("/es10-requests/all", test_requests);
    result = g_test_run();
    vectors_unload();
    return result;
}
