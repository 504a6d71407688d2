/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers of an eIM, and the address of one: the first octet chooses the decoder. */
#include "net/esipa_download.h"

#include <stdint.h>
#include <string.h>

#include "net/esipa_package.h"
#include "util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_package(GBytes *body)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(EsipaPackage) package = esipa_parse_package(body, &error);

    g_assert((package == NULL) == (error != NULL));
    if (!package)
        return;
    /* What is forwarded is part of what came; what is not usable is not forwarded. */
    switch (package->kind) {
    case ESIPA_PACKAGE_EUICC:
        g_assert(package->eim_id);
        G_GNUC_FALLTHROUGH;
    case ESIPA_PACKAGE_DATA_REQUEST:
    case ESIPA_PACKAGE_DOWNLOAD_TRIGGER:
        g_assert(memmem(g_bytes_get_data(body, NULL), g_bytes_get_size(body),
                        g_bytes_get_data(package->package, NULL),
                        g_bytes_get_size(package->package)));
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) body = NULL;

    if (size < 1)
        return 0;
    body = g_bytes_new(data + 1, size - 1);
    switch (data[0] % 5) {
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
    default:
        fuzz_download_answers(body);
        break;
    }
    return 0;
}
