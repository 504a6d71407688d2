/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <string.h>

#include "fuzz-input.h"
#include "net/es11.h"
#include "rsp/bpp.h"
#include "util/error.h"

/*
 * The answer of an SM-DP+ or SM-DS to a function of ES9+ or ES11, read by the client of that function; a package goes
 * through the decoders to the splitter, as in a download. Instead of src/net/https.c there is a connection that hands
 * over what the input says. The first octet selects the function, the second one the HTTP status and how patient the
 * receiver of the package is; then come sizes of pieces with their number, and a transactionId with its length. However
 * the answer is cut, the outcome is the same as in one piece.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the connection ---- */

struct HttpsClient {
    TlvSlice body;
    TlvSlice sizes; /* of pieces, again and again; empty: all at once */
    guint status;
    guint retry_after;
};

void https_response_free(HttpsResponse *response)
{
    g_clear_pointer(&response->body, g_bytes_unref);
    g_free(response->content_type);
    g_free(response);
}

static gboolean hand_over(const HttpsClient *client, const HttpsStream *stream, GError **error)
{
    TlvSlice left = client->body;

    for (gsize i = 0; left.size > 0; i++) {
        gsize n = left.size;

        if (client->sizes.size > 0)
            n = MIN(n, client->sizes.data[i % client->sizes.size] + 1u);
        if (!stream->sink(left.data, n, stream->data, error))
            return FALSE;
        left = tlv_slice(left.data + n, left.size - n);
    }
    return TRUE;
}

HttpsResponse *https_post_stream(HttpsClient *client, const char *path, const char *const *headers,
                                 GBytes *body, const HttpsStream *stream, GCancellable *cancellable,
                                 GError **error)
{
    g_autoptr(HttpsResponse) response = g_new0(HttpsResponse, 1);

    (void)cancellable;
    g_assert(g_str_has_prefix(path, "/gsma/rsp2/es9plus/") && headers[0] &&
             g_bytes_get_size(body) > 0);
    response->status = client->status;
    response->retry_after = client->retry_after;
    /* The body of a failure is for nobody's sink. */
    if (!stream || client->status < 200 || client->status > 299) {
        response->body = tlv_slice_to_bytes(client->body);
        return g_steal_pointer(&response);
    }
    response->body = g_bytes_new(NULL, 0);
    return hand_over(client, stream, error) ? g_steal_pointer(&response) : NULL;
}

HttpsResponse *https_post(HttpsClient *client, const char *path, const char *const *headers,
                          GBytes *body, GCancellable *cancellable, GError **error)
{
    return https_post_stream(client, path, headers, body, NULL, cancellable, error);
}

/* ---- what came of it ---- */

static void check_failure(const Es9pClient *server, const GError *error)
{
    const RspServerRefusal *refusal = es9p_client_get_refusal(server);

    fuzz_check_text(error->message);
    g_assert(euiccd_error_is(error, EUICCD_ERROR_MALFORMED) ||
             euiccd_error_is(error, EUICCD_ERROR_TOO_LARGE) ||
             euiccd_error_is(error, EUICCD_ERROR_HTTP) ||
             euiccd_error_is(error, EUICCD_ERROR_SERVER_REFUSED));
    if (refusal->message)
        fuzz_check_text(refusal->message);
    if (refusal->subject)
        fuzz_check_text(refusal->subject);
    if (refusal->reason)
        fuzz_check_text(refusal->reason);
}

/* An object as it came: one, of TAG, with nothing behind it. */
static void check_object(GBytes *object, guint32 tag)
{
    Tlv tlv;

    g_assert(object && tlv_parse(tlv_slice_from_bytes(object), tag, &tlv, NULL));
}

static void check_id(GBytes *id)
{
    g_assert(id && g_bytes_get_size(id) >= 1 && g_bytes_get_size(id) <= 16);
}

static gboolean initiate(Es9pClient *server, GError **error)
{
    static const guint8 challenge[16] = { 0 };
    g_autoptr(GBytes) info = g_bytes_new_static("\xBF\x20\x00", 3);
    g_autoptr(RspServerAuthentication) result =
        es9p_initiate_authentication(server, challenge, info, NULL, error);

    if (!result)
        return FALSE;
    check_id(result->transaction_id);
    check_object(result->server_signed1, 0x30);
    check_object(result->server_certificate, 0x30);
    g_assert(result->server_signature1 && result->ci_pk_id);
    g_assert(!result->matching_id && !result->ctx_params1);
    return TRUE;
}

static gboolean authenticate_dp(Es9pClient *server, GBytes *id, GBytes *response, GError **error)
{
    g_autoptr(RspServerOffer) offer = es9p_authenticate_client(server, id, response, NULL, error);

    if (!offer)
        return FALSE;
    g_assert(g_bytes_equal(offer->transaction_id, id));
    check_object(offer->profile_metadata, 0xBF25);
    check_object(offer->smdp_signed2, 0x30);
    check_object(offer->smdp_certificate, 0x30);
    g_assert(offer->smdp_signature2 && !offer->events);
    return TRUE;
}

static gboolean authenticate_ds(Es9pClient *server, GBytes *id, GBytes *response, GError **error)
{
    g_autoptr(RspServerOffer) offer = es11_authenticate_client(server, id, response, NULL, error);

    if (!offer)
        return FALSE;
    g_assert(g_bytes_equal(offer->transaction_id, id));
    g_assert(offer->events && offer->events->len <= ES11_MAX_EVENTS && !offer->smdp_signed2);
    for (guint i = 0; i < offer->events->len; i++) {
        const RspServerEvent *event = offer->events->pdata[i];

        fuzz_check_text(event->event_id);
        fuzz_check_text(event->address);
    }
    return TRUE;
}

/* ---- a package ---- */

typedef struct {
    RspBpp *bpp;
    GByteArray *segments;
    guint patience; /* segments, then the card refuses; 0: never */
    guint n_segments;
} Package;

static gboolean on_segment(gpointer data, RspBppSegment kind, TlvSlice segment, GError **error)
{
    Package *package = data;

    (void)kind;
    g_byte_array_append(package->segments, segment.data, (guint)segment.size);
    if (++package->n_segments != package->patience)
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED, "enough");
    return FALSE;
}

static gboolean on_octets(TlvSlice octets, gpointer data, GError **error)
{
    Package *package = data;

    g_assert(octets.size > 0);
    return rsp_bpp_feed(package->bpp, octets, error);
}

static gboolean get_package(Es9pClient *server, GBytes *id, GBytes *response, guint patience,
                            GByteArray *segments, GError **error)
{
    static const RspBppSink sink = { NULL, on_segment };
    Package package = { .segments = segments, .patience = patience };
    g_autoptr(RspBpp) bpp = rsp_bpp_new(&sink, &package);

    package.bpp = bpp;
    return es9p_get_bound_profile_package(server, id, response, on_octets, &package, NULL, error) &&
           rsp_bpp_finish(bpp, error);
}

/* ---- one run ---- */

typedef struct {
    gboolean ok;
    GByteArray *segments;
} Outcome;

static gboolean call(Es9pClient *server, guint8 function, guint patience, GBytes *id,
                     GByteArray *segments, GError **error)
{
    g_autoptr(GBytes) object = g_bytes_new_static("\xBF\x38\x00", 3);

    switch (function % 6) {
    case 0:
        return initiate(server, error);
    case 1:
        return authenticate_dp(server, id, object, error);
    case 2:
        return authenticate_ds(server, id, object, error);
    case 3:
        return get_package(server, id, object, patience, segments, error);
    case 4:
        return es9p_cancel_session(server, id, object, NULL, error);
    default:
        return es9p_handle_notification(server, object, NULL, error);
    }
}

static void run(HttpsClient *https, guint8 function, guint patience, GBytes *id,
                Outcome *ret_outcome)
{
    g_autoptr(Es9pClient) server = es9p_client_new(https, "smdp.example.com");
    g_autoptr(GError) error = NULL;
    GByteArray *segments = g_byte_array_new();
    gboolean ok = call(server, function, patience, id, segments, &error);

    g_assert(ok == (error == NULL));
    g_assert(es9p_client_get_retry_after(server) == https->retry_after);
    g_assert(!ok || (https->status >= 200 && https->status <= 299));
    /* What the card says comes back as it is. */
    if (error && euiccd_error_is(error, EUICCD_ERROR_CARD_REFUSED))
        g_assert(function % 6 == 3 && g_str_equal(error->message, "enough"));
    else if (error)
        check_failure(server, error);
    *ret_outcome = (Outcome){ .ok = ok, .segments = segments };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const guint statuses[] = { 200, 200, 204, 500, 503, 302, 299, 200 };
    FuzzInput input = { data, size };
    guint8 function = fuzz_take_octet(&input), manner = fuzz_take_octet(&input);
    TlvSlice sizes = fuzz_take(&input, fuzz_take_octet(&input) % 16);
    TlvSlice id_octets = fuzz_take(&input, fuzz_take_octet(&input) % 16 + 1u);
    g_autoptr(GBytes) id = tlv_slice_to_bytes(id_octets);
    HttpsClient https = {
        .body = fuzz_take(&input, input.left),
        .status = statuses[manner % 8],
        .retry_after = manner % 8 == 4 ? 60 : 0,
    };
    Outcome whole, pieces;

    run(&https, function, manner / 8, id, &whole);
    https.sizes = sizes;
    run(&https, function, manner / 8, id, &pieces);
    g_assert(whole.ok == pieces.ok);
    /* Of what is refused, more may have gone to the card in small pieces than in large ones. */
    if (whole.ok)
        g_assert(whole.segments->len == pieces.segments->len &&
                 (whole.segments->len == 0 ||
                  memcmp(whole.segments->data, pieces.segments->data, whole.segments->len) == 0));
    g_byte_array_unref(whole.segments);
    g_byte_array_unref(pieces.segments);
    return 0;
}
