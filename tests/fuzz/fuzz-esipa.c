/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers of an eIM, and the address of one: the first octet chooses the decoder. */
#include "net/esipa_download.h"

#include <stdint.h>
#include <string.h>

#include "fuzz-input.h"
#include "net/esipa_json.h"
#include "net/esipa_package.h"
#include "util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_package(const EsipaPackage *package)
{
    /* What is not usable is not forwarded. */
    switch (package->kind) {
    case ESIPA_PACKAGE_EUICC:
        g_assert(package->eim_id);
        G_GNUC_FALLTHROUGH;
    case ESIPA_PACKAGE_DATA_REQUEST:
    case ESIPA_PACKAGE_DOWNLOAD_TRIGGER:
        g_assert(package->package);
        break;
    case ESIPA_PACKAGE_UNKNOWN:
    case ESIPA_PACKAGE_UNUSABLE:
        g_assert(package->why);
        G_GNUC_FALLTHROUGH;
    case ESIPA_PACKAGE_NONE:
        g_assert(!package->package);
        break;
    }
    g_assert(!package->eim_transaction_id || (g_bytes_get_size(package->eim_transaction_id) >= 1 &&
                                              g_bytes_get_size(package->eim_transaction_id) <= 16));
}

static void fuzz_package(GBytes *body)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(EsipaPackage) package = esipa_parse_package(body, &error);

    g_assert((package == NULL) == (error != NULL));
    if (!package)
        return;
    check_package(package);
    /* What is forwarded is part of what came. */
    g_assert(!package->package ||
             memmem(g_bytes_get_data(body, NULL), g_bytes_get_size(body),
                    g_bytes_get_data(package->package, NULL), g_bytes_get_size(package->package)));
}

static void fuzz_result_answer(GBytes *body)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(EsipaResultAnswer) answer = esipa_parse_result_answer(body, &error);

    g_assert((answer == NULL) == (error != NULL));
    g_assert(!answer || answer->has_acknowledgements || answer->acknowledged->len == 0);
}

static void fuzz_fqdn(GBytes *body)
{
    g_autofree char *fqdn = g_strndup(g_bytes_get_data(body, NULL), g_bytes_get_size(body));
    g_autofree char *host = NULL;
    g_autoptr(GError) error = NULL;
    guint16 port = 0;

    if (!fqdn || !esipa_parse_fqdn(fqdn, &host, &port, &error))
        return;
    g_assert(port != 0 && *host);
    for (const char *c = host; *c; c++)
        g_assert(g_ascii_isalnum(*c) || strchr(".-_:", *c));
}

static gboolean take(TlvSlice octets, gpointer data, GError **error)
{
    (void)error;
    g_byte_array_append(data, octets.data, (guint)octets.size);
    return TRUE;
}

/* The package of an answer that comes in pieces of STEP octets; NULL: refused. */
static GByteArray *read_bound_package(TlvSlice body, gsize step)
{
    g_autoptr(GBytes) id = g_bytes_new_static("\xA1", 1);
    g_autoptr(GByteArray) package = g_byte_array_new();
    g_autoptr(EsipaPackageReader) reader = esipa_package_reader_new(id, take, package);
    RspServerRefusal refusal = { 0 };
    g_autoptr(GError) error = NULL;
    gboolean ok = TRUE;

    for (gsize i = 0; ok && i < body.size; i += step)
        ok = esipa_package_reader_feed(reader, tlv_slice(body.data + i, MIN(step, body.size - i)),
                                       &error);
    ok = ok && esipa_package_reader_finish(reader, &refusal, &error);
    g_assert(ok == (error == NULL));
    g_assert(ok || euiccd_error_is(error, EUICCD_ERROR_MALFORMED) ||
             euiccd_error_is(error, EUICCD_ERROR_SERVER_REFUSED));
    return ok ? g_steal_pointer(&package) : NULL;
}

/* However it comes, the same package, which is one complete object. */
static void fuzz_bound_package(GBytes *body)
{
    TlvSlice octets = tlv_slice_from_bytes(body);
    g_autoptr(GByteArray) whole = read_bound_package(octets, MAX(octets.size, 1));
    g_autoptr(GByteArray) single = read_bound_package(octets, 1);
    Tlv object;

    g_assert((whole == NULL) == (single == NULL));
    if (!whole)
        return;
    g_assert(whole->len == single->len && memcmp(whole->data, single->data, whole->len) == 0);
    g_assert(tlv_parse(tlv_slice(whole->data, whole->len), 0xBF36, &object, NULL));
}

static void fuzz_download_answers(GBytes *body)
{
    g_autoptr(GBytes) id = g_bytes_new_static("\xA1", 1);
    RspServerRefusal refusal = { .code = -1 };
    g_autoptr(GError) error = NULL, offer_error = NULL;
    g_autoptr(RspServerAuthentication) result = esipa_parse_authentication(body, &refusal, &error);
    g_autoptr(RspServerOffer) offer = esipa_parse_offer(body, id, &refusal, &offer_error);

    g_assert((result == NULL) == (error != NULL));
    g_assert((offer == NULL) == (offer_error != NULL));
    g_assert(!result || (result->transaction_id && result->server_certificate));
    g_assert(!offer || offer->of_sm_ds || (offer->smdp_signed2 && offer->smdp_certificate));
}

static void check_why(const GError *error)
{
    fuzz_check_text(error->message);
    g_assert(euiccd_error_is(error, EUICCD_ERROR_MALFORMED) ||
             euiccd_error_is(error, EUICCD_ERROR_TOO_LARGE) ||
             euiccd_error_is(error, EUICCD_ERROR_EIM_REFUSED) ||
             euiccd_error_is(error, EUICCD_ERROR_EIM_REJECTED) ||
             euiccd_error_is(error, EUICCD_ERROR_SERVER_REFUSED));
}

/* Answers of the JSON binding: to GetEimPackage, ProvideEimPackageResult, HandleNotification. */
static void fuzz_json(GBytes *body)
{
    g_autoptr(GError) package_error = NULL, answer_error = NULL, notified_error = NULL;
    g_autoptr(EsipaPackage) package = esipa_json_parse_package(body, &package_error);
    g_autoptr(EsipaResultAnswer) answer = esipa_json_parse_result_answer(body, &answer_error);

    g_assert((package == NULL) == (package_error != NULL));
    g_assert((answer == NULL) == (answer_error != NULL));
    if (package)
        check_package(package);
    else
        check_why(package_error);
    if (answer)
        g_assert(answer->has_acknowledgements || answer->acknowledged->len == 0);
    else
        check_why(answer_error);
    if (!esipa_json_parse_notified(body, &notified_error))
        check_why(notified_error);
    /* What is one answer is no refusal of another function. */
    g_assert(!answer || !notified_error);
}

/* The same for the functions of a download. */
static void fuzz_json_download(GBytes *body)
{
    g_autoptr(GBytes) id = g_bytes_new_static("\xA1", 1);
    RspServerRefusal refusal = { .code = -1 };
    g_autoptr(GError) error = NULL, offer_error = NULL, cancel_error = NULL;
    g_autoptr(RspServerAuthentication) result =
        esipa_json_parse_authentication(body, &refusal, &error);
    g_autoptr(RspServerOffer) offer = esipa_json_parse_offer(body, id, &refusal, &offer_error);

    if (result)
        g_assert(result->transaction_id && result->server_signed1 && result->server_certificate);
    else
        check_why(error);
    if (offer)
        g_assert(offer->of_sm_ds || (offer->smdp_signed2 && offer->smdp_certificate));
    else
        check_why(offer_error);
    if (!esipa_json_parse_cancelled(body, &refusal, &cancel_error))
        check_why(cancel_error);
    rsp_server_refusal_clear(&refusal);
}

/* A request of ours is spelled, or refused with a reason, whatever is in it. */
static void fuzz_spell(GBytes *body)
{
    static const guint32 tags[] = { 0xBF39, 0xBF3A, 0xBF3B, 0xBF3D, 0xBF41, 0xBF4F, 0xBF50 };

    for (guint i = 0; i < G_N_ELEMENTS(tags); i++) {
        g_autoptr(GError) error = NULL;
        GString *json = esipa_json_spell(esipa_json_function(tags[i]), body, &error);

        g_assert((json == NULL) == (error != NULL));
        if (json)
            g_string_free(json, TRUE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) body = NULL;

    if (size < 1)
        return 0;
    body = g_bytes_new(data + 1, size - 1);
    switch (data[0] % 8) {
    case 0:
        fuzz_package(body);
        break;
    case 1:
        fuzz_result_answer(body);
        break;
    case 2:
        fuzz_fqdn(body);
        break;
    case 3:
        fuzz_bound_package(body);
        break;
    case 4:
        fuzz_download_answers(body);
        break;
    case 5:
        fuzz_json(body);
        break;
    case 6:
        fuzz_json_download(body);
        break;
    default:
        fuzz_spell(body);
        break;
    }
    return 0;
}
