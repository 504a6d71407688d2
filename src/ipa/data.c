/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ipa/card.h"
#include "ipa/download.h"
#include "ipa/procedures.h"
#include "rsp/device.h"
#include "util/error.h"

/*
 * eUICC data for an eIM: IpaEuiccDataRequest and its response, SGP.32 2.11.1.2, 2.11.2.2, 3.1.2.3
 * (v1.0: other tags for two objects, another error form).
 */

#define MAX_RESPONSE                                                                               \
    (2u << 20) /* octets: several lists of the card, each of which has its own limit */

/* ipaEuiccDataErrorCode (SGP.32 6.3.2.7). */
enum {
    DATA_ERROR_INCORRECT_TAG_LIST = 1,
    DATA_ERROR_CI_PK_ID_NOT_FOUND = 5,
    DATA_ERROR_ECALL_ACTIVE = 104,
    DATA_ERROR_UNDEFINED = 127,
};

/* The objects that may be asked for. */
typedef enum {
    WANT_NOTIFICATIONS = 1 << 0,
    WANT_DEFAULT_SMDP = 1 << 1,
    WANT_PACKAGE_RESULTS = 1 << 2,
    WANT_INFO1 = 1 << 3,
    WANT_INFO2 = 1 << 4,
    WANT_ROOT_SMDS = 1 << 5,
    WANT_TOKEN = 1 << 6,
    WANT_EUM_CERTIFICATE = 1 << 7,
    WANT_EUICC_CERTIFICATE = 1 << 8,
    WANT_CAPABILITIES = 1 << 9,
    WANT_DEVICE_INFO = 1 << 10,
} Want;

/* Their tags, 0: the dialect has none (esipa.md 5.4). */
static const struct {
    guint32 v1_2, v1_0;
    guint want;
} objects[] = {
    { 0xA0, 0xBF2B, WANT_NOTIFICATIONS },
    { 0x81, 0x80, WANT_DEFAULT_SMDP },
    { 0xA2, 0, WANT_PACKAGE_RESULTS },
    { 0xBF20, 0xBF20, WANT_INFO1 },
    { 0xBF22, 0xBF22, WANT_INFO2 },
    { 0x83, 0x83, WANT_ROOT_SMDS },
    { 0x84, 0x84, WANT_TOKEN },
    { 0xA5, 0xA5, WANT_EUM_CERTIFICATE },
    { 0xA6, 0xA6, WANT_EUICC_CERTIFICATE },
    { 0x87, 0, 0 }, /* eimTransactionId: there whenever it was in the request */
    { 0xA8, 0xA8, WANT_CAPABILITIES },
    { 0, 0x88, WANT_CAPABILITIES }, /* as early IPAs had it (I-24) */
    { 0xA9, 0xA9, WANT_DEVICE_INFO },
};

typedef struct {
    const IpaEim *eim;
    EsipaDialect dialect;
    RspIpaEuiccDataRequest *request;
    guint wanted;

    /* What was read for it. */
    RspEuiccInfo1 *info1;
    RspEuiccInfo2 *info2;
    RspEuiccConfiguredAddressesResponse *addresses;
    RspGetCertsResponse *certificates;
    RspRetrieveNotificationsListResponse *notifications;
    GPtrArray *results; /* of GBytes */
    TlvSlice ci_pk_id;  /* complete; data NULL: none was asked for */
    GArray *offered;    /* of gint64: numbers that the eIM may acknowledge */
    gint code;          /* ipaEuiccDataErrorCode to answer instead, 0: none */
} Collection;

static void collection_clear(Collection *c)
{
    tlv_struct_free(c->request);
    tlv_struct_free(c->info1);
    tlv_struct_free(c->info2);
    tlv_struct_free(c->addresses);
    tlv_struct_free(c->certificates);
    tlv_struct_free(c->notifications);
    g_clear_pointer(&c->results, g_ptr_array_unref);
    g_clear_pointer(&c->offered, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Collection, collection_clear)

/* ---- the request ---- */

static gboolean find_object(EsipaDialect dialect, guint32 tag, guint *ret_want)
{
    for (guint i = 0; i < G_N_ELEMENTS(objects); i++) {
        guint32 known = dialect == ESIPA_DIALECT_V1_0 ? objects[i].v1_0 : objects[i].v1_2;

        if (known != tag)
            continue;
        *ret_want = objects[i].want;
        return TRUE;
    }
    return FALSE;
}

/* One tag that is none of ours makes the whole request incorrect (I-24). */
static gboolean read_tag_list(Collection *c)
{
    g_autoptr(GError) bad = NULL;
    TlvSlice rest = c->request->tag_list;
    guint want = 0;
    guint32 tag;

    while (tlv_take_tag(&rest, &tag, &bad)) {
        if (!find_object(c->dialect, tag, &want))
            return FALSE;
        c->wanted |= want;
    }
    return !bad;
}

/* euiccCiPKIdentifierToBeUsed may be the beginning of one: the first of the card's signing keys, in its
 * order of preference, that begins so. */
static gboolean complete_ci_pk_id(Collection *c)
{
    TlvSlice prefix = c->request->euicc_ci_pk_identifier_to_be_used;

    if (!prefix.data)
        return TRUE;
    for (guint i = 0; i < c->info1->euicc_ci_pk_id_list_for_signing->len; i++) {
        TlvSlice id =
            ((const RspOctetString *)c->info1->euicc_ci_pk_id_list_for_signing->pdata[i])->value;

        if (id.size >= prefix.size && memcmp(id.data, prefix.data, prefix.size) == 0) {
            c->ci_pk_id = id;
            return TRUE;
        }
    }
    return FALSE;
}

/* ---- what the card is asked ---- */

static gboolean read_info1(IpaSession *session, gpointer data, GError **error)
{
    Collection *c = data;

    c->info1 = es10b_get_euicc_info1(session->channel, session->cancellable, error);
    return c->info1 != NULL;
}

static gboolean read_info2(IpaSession *session, gpointer data, GError **error)
{
    Collection *c = data;

    c->info2 = es10b_get_euicc_info2(session->channel, session->cancellable, error);
    return c->info2 != NULL;
}

static gboolean read_addresses(IpaSession *session, gpointer data, GError **error)
{
    Collection *c = data;

    c->addresses =
        es10a_get_euicc_configured_addresses(session->channel, session->cancellable, error);
    return c->addresses != NULL;
}

/* Where the request names no key: that of the eIM's own association, under which the card signs for it. */
static gboolean read_certificates(IpaSession *session, gpointer data, GError **error)
{
    Collection *c = data;
    TlvSlice id = c->ci_pk_id;

    if (!id.data && c->eim->ci_pk_id)
        id = tlv_slice_from_bytes(c->eim->ci_pk_id);
    c->certificates = es10b_get_certs(session->channel, id, session->cancellable, NULL, error);
    return c->certificates != NULL;
}

/* The set of events as a number: bit n is named bit n. */
static gint64 events_of(TlvSlice bits)
{
    gint64 events = 0;

    for (guint i = 0; i < 32; i++)
        if (tlv_bit_is_set(bits, i))
            events |= G_GINT64_CONSTANT(1) << i;
    return events;
}

static gboolean read_notifications(IpaSession *session, gpointer data, GError **error)
{
    Collection *c = data;
    const RspNotificationSearchCriteria *criteria = c->request->search_criteria_notification;
    Es10bListKind kind = ES10B_LIST_NOTIFICATIONS;
    gint64 argument = 0;

    if (criteria && criteria->seq_number.present) {
        kind = ES10B_LIST_BY_NUMBER;
        argument = criteria->seq_number.value;
    } else if (criteria && criteria->profile_management_operation.data) {
        kind = ES10B_LIST_BY_EVENT;
        argument = events_of(criteria->profile_management_operation);
    } else if (criteria && criteria->euicc_package_results) { /* v1.0 */
        kind = ES10B_LIST_PACKAGE_RESULTS;
    }
    c->notifications = es10b_retrieve_notifications_list(session->channel, kind, argument,
                                                         session->cancellable, error);
    return c->notifications != NULL;
}

static gboolean read_all(IpaSession *session, Collection *c, GError **error)
{
    static const struct {
        guint want;
        IpaCardFunc func;
        const char *what;
    } reads[] = {
        { WANT_INFO1, read_info1, "EUICCInfo1" },
        { WANT_INFO2, read_info2, "EUICCInfo2" },
        { WANT_DEFAULT_SMDP | WANT_ROOT_SMDS, read_addresses, "the configured addresses" },
        { WANT_EUM_CERTIFICATE | WANT_EUICC_CERTIFICATE, read_certificates, "the certificates" },
        { WANT_NOTIFICATIONS, read_notifications, "the notifications" },
    };
    guint wanted = c->wanted;

    if (c->request->euicc_ci_pk_identifier_to_be_used.data)
        wanted |= WANT_INFO1;
    for (guint i = 0; i < G_N_ELEMENTS(reads); i++) {
        if (!(wanted & reads[i].want))
            continue;
        if (!ipa_card_call(session, reads[i].func, c, error)) {
            g_prefix_error(error, "reading %s for an eIM: ", reads[i].what);
            return FALSE;
        }
        if (reads[i].func == read_info1 && !complete_ci_pk_id(c)) {
            c->code = DATA_ERROR_CI_PK_ID_NOT_FOUND;
            return TRUE;
        }
    }
    if (!(c->wanted & WANT_PACKAGE_RESULTS))
        return TRUE;
    c->results = ipa_card_read_results(session, error);
    if (!c->results)
        g_prefix_error(error, "reading the package results for an eIM: ");
    return c->results != NULL;
}

/* ---- the answer ---- */

/* Only the eIM's own result may go with its acknowledgement; another eIM's is shown as the card shows it,
 * but waits for that eIM's word (invariant 3). */
static void offer_result(Collection *c, const IpaResultView *view)
{
    if (view->sequence >= 0 && g_str_equal(view->eim_id, c->eim->eim_id))
        g_array_append_val(c->offered, view->sequence);
}

static void put_notifications(Collection *c, TlvWriter *writer)
{
    GPtrArray *list = ipa_notification_list(c->notifications);

    tlv_open(writer, 0xA0);
    for (guint i = 0; list && i < list->len; i++)
        tlv_put_raw_slice(writer, ((const RspPendingNotification *)list->pdata[i])->head.raw);
    tlv_close(writer);
    ipa_notification_numbers(list, c->offered);
}

static void put_results(Collection *c, TlvWriter *writer)
{
    const RspEuiccPackageResultSearchCriteria *criteria =
        c->request->search_criteria_euicc_package_result;

    tlv_open(writer, 0xA2);
    for (guint i = 0; i < c->results->len; i++) {
        g_auto(IpaResultView) view = IPA_RESULT_VIEW_INIT;
        gboolean known = ipa_result_view(c->results->pdata[i], &view, NULL);

        /* What can't be read has no number to be found by. */
        if (criteria && criteria->seq_number.present &&
            (!known || view.sequence != criteria->seq_number.value))
            continue;
        tlv_put_raw_bytes(writer, c->results->pdata[i]);
        if (known)
            offer_result(c, &view);
    }
    tlv_close(writer);
}

/* v1.0: the card's whole answer, behind everything else. */
static void put_notifications_v1_0(Collection *c, TlvWriter *writer)
{
    GPtrArray *results = c->notifications->euicc_package_result_list;

    tlv_put_raw_slice(writer, c->notifications->head.raw);
    ipa_notification_numbers(ipa_notification_list(c->notifications), c->offered);
    if (!results && c->notifications->notification_and_epr_list)
        results = c->notifications->notification_and_epr_list->euicc_package_result_list;
    for (guint i = 0; results && i < results->len; i++) {
        g_autoptr(GBytes) result =
            tlv_slice_to_bytes(((const RspEuiccPackageResult *)results->pdata[i])->head.raw);
        g_auto(IpaResultView) view = IPA_RESULT_VIEW_INIT;

        if (ipa_result_view(result, &view, NULL))
            offer_result(c, &view);
    }
}

static void put_text(TlvWriter *writer, guint32 tag, TlvSlice text)
{
    if (text.data) /* what the eUICC does not have is left out */
        tlv_put_slice(writer, tag, text);
}

/* As the card wrote it, nested or not (I-08): the tags are the same here. */
static void put_certificate(Collection *c, TlvWriter *writer, guint32 tag)
{
    Tlv object;

    if (tlv_find(c->certificates->certs->head.content, tag, &object))
        tlv_put_raw_slice(writer, object.raw);
}

/* IpaCapabilities (SGP.32 4.1), as they are with the eIM that asks. Packages are fetched over HTTPS. */
static void put_capabilities(IpaSession *session, const IpaEim *eim, TlvWriter *writer)
{
    tlv_open(writer, 0xA8);
    tlv_put_bits(writer, 0x80, ipa_download_get_features(session, eim));
    tlv_put_bits(writer, 0x81, 1 << RSP_IPA_SUPPORTED_PROTOCOLS_IPA_RETRIEVE_HTTPS);
    tlv_close(writer);
}

/* Not there when the modem does not tell its IMEI, as the TAC is mandatory. */
static void put_device_info(IpaSession *session, TlvWriter *writer)
{
    RspDevice device;
    char imei[16];

    if (session->host->get_imei(session->host_data, imei) && rsp_device_init(&device, imei) &&
        !tlv_encode_into(writer, &rsp_device_info, 0xA9, &device.info, NULL))
        g_return_if_reached();
}

/* In the order of IpaEuiccData. */
static void put_data(IpaSession *session, Collection *c, TlvWriter *writer)
{
    gboolean v1_0 = c->dialect == ESIPA_DIALECT_V1_0;

    if (c->wanted & WANT_NOTIFICATIONS && !v1_0)
        put_notifications(c, writer);
    if (c->wanted & WANT_DEFAULT_SMDP)
        put_text(writer, v1_0 ? 0x80 : 0x81, c->addresses->default_dp_address);
    if (c->wanted & WANT_PACKAGE_RESULTS)
        put_results(c, writer);
    if (c->wanted & WANT_INFO1)
        tlv_put_raw_slice(writer, c->info1->head.raw);
    if (c->wanted & WANT_INFO2)
        tlv_put_raw_slice(writer, c->info2->head.raw);
    if (c->wanted & WANT_ROOT_SMDS)
        put_text(writer, 0x83, c->addresses->root_ds_address);
    if (c->wanted & WANT_TOKEN && c->eim->token.present)
        tlv_put_integer(writer, 0x84, c->eim->token.value);
    if (c->wanted & WANT_EUM_CERTIFICATE)
        put_certificate(c, writer, 0xA5);
    if (c->wanted & WANT_EUICC_CERTIFICATE)
        put_certificate(c, writer, 0xA6);
    if (c->request->eim_transaction_id.data && !v1_0)
        tlv_put_slice(writer, 0x87, c->request->eim_transaction_id);
    if (c->wanted & WANT_CAPABILITIES)
        put_capabilities(session, c->eim, writer);
    if (c->wanted & WANT_DEVICE_INFO)
        put_device_info(session, writer);
    if (c->wanted & WANT_NOTIFICATIONS && v1_0)
        put_notifications_v1_0(c, writer);
}

static void put_error(Collection *c, TlvWriter *writer)
{
    if (c->dialect == ESIPA_DIALECT_V1_0) {
        tlv_put_integer(writer, 0x81, c->code);
        return;
    }
    tlv_open(writer, 0xA1);
    if (c->request->eim_transaction_id.data)
        tlv_put_slice(writer, 0x80, c->request->eim_transaction_id);
    tlv_put_integer(writer, 0x02, c->code);
    tlv_close(writer);
}

static GBytes *make_response(IpaSession *session, Collection *c)
{
    TlvWriter *writer = tlv_writer_new();

    tlv_open(writer, 0xBF52);
    if (c->code) {
        put_error(c, writer);
    } else {
        tlv_open(writer, 0xA0);
        put_data(session, c, writer);
        tlv_close(writer);
    }
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

/* ---- the procedure ---- */

/* Fills C. FALSE: the card could not be asked, so that C->code says undefinedError. */
static gboolean collect(IpaSession *session, Collection *c, GError **error)
{
    if (ipa_session_is_ecall_active(session)) {
        c->code = DATA_ERROR_ECALL_ACTIVE;
    } else if (!read_tag_list(c)) {
        c->code = DATA_ERROR_INCORRECT_TAG_LIST;
    } else if (!read_all(session, c, error)) {
        c->code = DATA_ERROR_UNDEFINED;
        return FALSE;
    }
    return TRUE;
}

/* What became of it, for people. */
static void report(IpaSession *session, const Collection *c, const GError *failure)
{
    const char *eim_id = c->eim->eim_id;
    const char *name = tlv_name(rsp_names_ipa_euicc_data_error_code, c->code);

    if (!c->code)
        ipa_session_event(session, LOG_LEVEL_INFO, LOG_EVENT_NONE, eim_id,
                          "answering an eUICC data request");
    else
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, eim_id,
                          "eUICC data request answered %s%s%s", name, failure ? ": " : "",
                          failure ? failure->message : "");
}

gboolean ipa_data_answer(IpaSession *session, const IpaEim *eim, const EsipaPackage *package,
                         GError **error)
{
    g_auto(Collection) c = { .eim = eim };
    g_autoptr(GError) failure = NULL;
    g_autoptr(GBytes) response = NULL;
    EsipaClient *client = session->host->client(session->host_data, eim, error);
    IpaRecord *record;

    if (!client)
        return FALSE;
    c.dialect = esipa_client_get_dialect(client);
    c.offered = g_array_new(FALSE, FALSE, sizeof(gint64));
    c.request = tlv_decode(&rsp_ipa_euicc_data_request, package->package, error);
    if (!c.request)
        return FALSE;
    ipa_session_stage(session, 0.3, "collecting eUICC data for %s", eim->eim_id);
    /* From here on the eIM gets an answer, whatever happens to this process. */
    record = ipa_results_expect(session, eim, package, error);
    if (!record)
        return FALSE;
    (void)collect(session, &c, &failure);
    response = make_response(session, &c);
    if (g_bytes_get_size(response) > MAX_RESPONSE) {
        g_set_error(&failure, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE,
                    "what the eIM asked for has %" G_GSIZE_FORMAT " octets",
                    g_bytes_get_size(response));
        c.code = DATA_ERROR_UNDEFINED;
        g_array_set_size(c.offered, 0);
        g_bytes_unref(response);
        response = make_response(session, &c);
    }
    report(session, &c, failure);
    if (!ipa_results_answer(session, record, response, c.offered, error) ||
        !ipa_results_deliver(session, eim, error))
        return FALSE;
    /* The eIM has its answer; the job fails where the card did not even say no. */
    if (failure && !ipa_card_is_bad_answer(failure)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    return TRUE;
}
