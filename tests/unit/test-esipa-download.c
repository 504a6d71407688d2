/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Download functions of ESipa against the known-answer vectors: what is sent, what is understood, and the package
 * that is passed on while it arrives. */
#include "net/esipa_download.h"

#include <signal.h>
#include <string.h>

#include "net/esipa_package.h"
#include "unit/esipa-rig.h"
#include "util/error.h"

static JsonArray *vectors;

static JsonObject *vector(const char *name)
{
    for (guint i = 0; i < json_array_get_length(vectors); i++) {
        JsonObject *found = json_array_get_object_element(vectors, i);

        if (g_str_equal(text(found, "name"), name))
            return found;
    }
    g_error("no vector %s", name);
}

/* The object with TAG anywhere in DER of the vector, NULL: none. */
static gboolean find_in(TlvSlice content, guint32 tag, Tlv *ret_found)
{
    g_autoptr(GError) ignored = NULL;
    TlvReader reader;
    Tlv tlv;

    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &ignored)) {
        if (tlv.tag == tag) {
            *ret_found = tlv;
            return TRUE;
        }
        if (tlv_tag_is_constructed(tlv.tag) && find_in(tlv.value, tag, ret_found))
            return TRUE;
    }
    return FALSE;
}

static GBytes *part(const char *name, guint32 tag, gboolean whole)
{
    g_autoptr(GBytes) der = der_of(vector(name));
    Tlv found;

    if (!find_in(tlv_slice_from_bytes(der), tag, &found))
        return NULL;
    return tlv_slice_to_bytes(whole ? found.raw : found.value);
}

static void assert_part(GBytes *got, const char *name, guint32 tag, gboolean whole)
{
    g_autoptr(GBytes) wanted = part(name, tag, whole);

    g_assert_nonnull(got);
    g_assert_nonnull(wanted);
    g_assert_true(g_bytes_equal(got, wanted));
}

/* ---- InitiateAuthentication ---- */

static RspServerAuthentication *initiate(World *world, const char *name, GError **error)
{
    g_autoptr(GBytes) challenge = part(name, 0x81, FALSE);
    g_autoptr(GBytes) address = part(name, 0x83, FALSE);
    g_autoptr(GBytes) info1 = part(name, 0xBF20, TRUE);
    g_autoptr(GBytes) der = der_of(vector(name));
    g_autoptr(GBytes) id = NULL;
    g_autofree char *address_text = NULL;
    EsipaAuthentication request = { .euicc_info1 = info1 };
    Tlv outer, field;

    /* Only directly in the request: EUICCInfo1 has an 82 of its own. */
    g_assert_true(tlv_parse(tlv_slice_from_bytes(der), 0xBF39, &outer, NULL));
    if (tlv_find(outer.value, 0x82, &field))
        id = tlv_slice_to_bytes(field.value);
    request.challenge = g_bytes_get_data(challenge, NULL);
    if (address)
        address_text = g_strndup(g_bytes_get_data(address, NULL), g_bytes_get_size(address));
    request.address = address_text;
    request.eim_transaction_id = id;
    return esipa_initiate_authentication(world->client, &request, NULL, error);
}

static void test_initiate_requests(void)
{
    static const char *const names[] = { "esipa-initiate-authentication-req",
                                         "esipa-initiate-authentication-req-all",
                                         "esipa-initiate-authentication-req-no-address",
                                         "esipa-initiate-authentication-req-min" };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(RspServerAuthentication) result = NULL;
        g_autoptr(GError) error = NULL;
        g_auto(World) world;

        world_init(&world, ESIPA_DIALECT_V1_2, vector_eid);
        will_answer(&world, 200, text(vector("esipa-initiate-authentication-rsp"), "der"));
        result = initiate(&world, names[i], &error);
        g_assert_no_error(error);
        assert_sent(&world, text(vector(names[i]), "der"));
    }
}

/* An eIM of v1.0 does not know the transaction of the trigger. */
static void test_initiate_v1_0(void)
{
    g_autoptr(RspServerAuthentication) result = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(World) world;

    world_init(&world, ESIPA_DIALECT_V1_0, vector_eid);
    will_answer(&world, 200, text(vector("esipa-initiate-authentication-rsp"), "der"));
    result = initiate(&world, "esipa-initiate-authentication-req-all", &error);
    g_assert_no_error(error);
    assert_sent(&world, text(vector("esipa-initiate-authentication-req"), "der"));
}

static void test_initiate_answers(void)
{
    static const char *const names[] = { "esipa-initiate-authentication-rsp",
                                         "esipa-initiate-authentication-rsp-all",
                                         "esipa-initiate-authentication-rsp-min" };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GBytes) body = der_of(vector(names[i]));
        RspServerRefusal refusal = { .code = -1 };
        g_autoptr(GError) error = NULL;
        g_autoptr(RspServerAuthentication) result =
            esipa_parse_authentication(body, &refusal, &error);
        gboolean is_all = g_str_has_suffix(names[i], "-all");

        g_assert_no_error(error);
        /* The first 80 is the transaction's, in the answer or in its signed part. */
        assert_part(result->transaction_id, names[i], 0x80, FALSE);
        assert_part(result->server_signed1, names[i], 0x30, TRUE);
        assert_part(result->server_signature1, names[i], 0x5F37, FALSE);
        g_assert_cmpuint(g_bytes_get_size(result->server_signature1), ==, 64);
        assert_part(result->ci_pk_id, names[i], 0x04, FALSE);
        g_assert_cmpint(*(const guint8 *)g_bytes_get_data(result->server_certificate, NULL), ==,
                        0x30);
        g_assert_true((result->matching_id != NULL) == is_all);
        g_assert_true((result->ctx_params1 != NULL) == is_all);
        if (is_all)
            assert_part(result->ctx_params1, names[i], 0xA2, FALSE);
    }
}

/* ---- AuthenticateClient ---- */

static RspServerOffer *authenticate(World *world, const char *name, GError **error)
{
    g_autoptr(GBytes) id = part(name, 0x80, FALSE);
    g_autoptr(GBytes) response = part(name, 0xBF38, TRUE);

    return esipa_authenticate_client(world->client, id, response, NULL, error);
}

static void test_authenticate(void)
{
    static const char *const requests[] = {
        "esipa-authenticate-client-req",
        "esipa-authenticate-client-req-error",
        "esipa-authenticate-client-req-compact",
        "esipa-authenticate-client-req-compact-min",
        "esipa-authenticate-client-req-compact-certs",
    };
    static const char *const answers[] = {
        "esipa-authenticate-client-rsp-dp",      "esipa-authenticate-client-rsp-dp-all",
        "esipa-authenticate-client-rsp-dp-min",  "esipa-authenticate-client-rsp-ds-trigger",
        "esipa-authenticate-client-rsp-ds-none",
    };

    for (guint i = 0; i < G_N_ELEMENTS(requests); i++) {
        g_autoptr(RspServerOffer) offer = NULL;
        g_autoptr(GError) error = NULL;
        g_auto(World) world;

        world_init(&world, ESIPA_DIALECT_V1_2, vector_eid);
        will_answer(&world, 200, text(vector(answers[i]), "der"));
        offer = authenticate(&world, requests[i], &error);
        g_assert_no_error(error);
        assert_sent(&world, text(vector(requests[i]), "der"));
        g_assert_null(offer->events);
        g_assert_true(offer->of_sm_ds == (strstr(answers[i], "-ds-") != NULL));
        if (offer->of_sm_ds) {
            g_assert_null(offer->smdp_signed2);
            g_assert_true((offer->download_trigger != NULL) ==
                          g_str_has_suffix(answers[i], "trigger"));
            if (offer->download_trigger)
                assert_part(offer->download_trigger, answers[i], 0xBF54, TRUE);
            continue;
        }
        g_assert_cmpuint(g_bytes_get_size(offer->smdp_signature2), ==, 64);
        assert_part(offer->smdp_signature2, answers[i], 0x5F37, FALSE);
        g_assert_nonnull(offer->smdp_signed2);
        g_assert_nonnull(offer->smdp_certificate);
        g_assert_true((offer->hash_cc != NULL) == g_str_has_suffix(answers[i], "-all"));
        if (offer->profile_metadata)
            assert_part(offer->profile_metadata, answers[i], 0xBF25, TRUE);
        else
            g_assert_cmpstr(answers[i], ==, "esipa-authenticate-client-rsp-dp-min");
    }
}

/* ---- GetBoundProfilePackage ---- */

typedef struct {
    GByteArray *got;
    gboolean fail;
} Taker;

static gboolean take(TlvSlice octets, gpointer data, GError **error)
{
    Taker *taker = data;

    if (taker->fail) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS, "the card said no");
        return FALSE;
    }
    g_assert_cmpuint(octets.size, >, 0);
    g_byte_array_append(taker->got, octets.data, (guint)octets.size);
    return TRUE;
}

static gboolean get_package(World *world, const char *name, Taker *taker, GError **error)
{
    g_autoptr(GBytes) id = part(name, 0x80, FALSE);
    g_autoptr(GBytes) response = part(name, 0xBF21, TRUE);

    return esipa_get_bound_profile_package(world->client, id, response, take, taker, NULL, error);
}

static void test_package(void)
{
    static const char *const requests[] = { "esipa-get-bpp-req", "esipa-get-bpp-req-error",
                                            "esipa-get-bpp-req-compact",
                                            "esipa-get-bpp-req-compact-empty" };

    for (guint i = 0; i < G_N_ELEMENTS(requests); i++) {
        const char *answer = i % 2 ? "esipa-get-bpp-rsp-no-tid" : "esipa-get-bpp-rsp";
        g_autoptr(GByteArray) got = g_byte_array_new();
        g_autoptr(GBytes) wanted = part(answer, 0xBF36, TRUE);
        Taker taker = { got, FALSE };
        g_autoptr(GError) error = NULL;
        g_auto(World) world;

        world_init(&world, ESIPA_DIALECT_V1_2, vector_eid);
        will_answer(&world, 200, text(vector(answer), "der"));
        g_assert_true(get_package(&world, requests[i], &taker, &error));
        g_assert_no_error(error);
        assert_sent(&world, text(vector(requests[i]), "der"));
        g_assert_cmpmem(got->data, got->len, g_bytes_get_data(wanted, NULL),
                        (int)g_bytes_get_size(wanted));
    }
}

static void test_package_sink_fails(void)
{
    Taker taker = { NULL, TRUE };
    g_autoptr(GError) error = NULL;
    g_auto(World) world;

    world_init(&world, ESIPA_DIALECT_V1_2, vector_eid);
    will_answer(&world, 200, text(vector("esipa-get-bpp-rsp"), "der"));
    g_assert_false(get_package(&world, "esipa-get-bpp-req", &taker, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS);
    g_assert_cmpstr(error->message, ==, "the card said no");
}

/* DIGITS in pieces of STEP octets, with transaction A1A2; the octets of the package, NULL with ERROR. */
static char *read_package(const char *digits, gsize step, RspServerRefusal *refusal, GError **error)
{
    g_autoptr(GBytes) octets = hex(digits), id = hex("A1A2");
    g_autoptr(GByteArray) got = g_byte_array_new();
    Taker taker = { got, FALSE };
    g_autoptr(EsipaPackageReader) reader = esipa_package_reader_new(id, take, &taker);
    TlvSlice all = tlv_slice_from_bytes(octets);

    for (gsize i = 0; i < all.size; i += step)
        if (!esipa_package_reader_feed(reader, tlv_slice(all.data + i, MIN(step, all.size - i)),
                                       error))
            return NULL;
    return esipa_package_reader_finish(reader, refusal, error) ? bytes_to_hex(got->data, got->len)
                                                               : NULL;
}

static void test_reader(void)
{
    static const struct {
        const char *answer, *package;
    } rows[] = {
        { "BF3A0AA008BF36050102030405", "BF36050102030405" },
        { "BF3A0EA00C8002A1A2BF36050102030405", "BF36050102030405" },
        { "BF3A0EA00CBF360501020304058002A1A2", "BF36050102030405" },
        /* Unknown fields before, between and behind; long lengths. */
        { "BF3A820016C10155A082000C8A00BF368400000003010203890105", "BF368400000003010203" },
        { "BF3A0DA0088A00BF3603010203C20177", "BF3603010203" },
        /* The outer tag twice. */
        { "BF3A0ABF3A07A005BF36020102", "BF36020102" },
        { "BF3A05A003BF3600", "BF3600" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (gsize step = 1; step <= strlen(rows[i].answer) / 2; step++) {
            RspServerRefusal refusal = { 0 };
            g_autoptr(GError) error = NULL;
            g_autofree char *package = read_package(rows[i].answer, step, &refusal, &error);

            g_assert_no_error(error);
            g_assert_cmpstr(package, ==, rows[i].package);
        }
    }
}

static void test_reader_refused(void)
{
    static const char *const answers[] = {
        "",
        "3C68746D6C3E",                         /* <html> */
        "7B7D",                                 /* {} */
        "BF3B05A003BF3600",                     /* another function */
        "BF3A00",                               /* nothing */
        "BF3A02A000",                           /* no package */
        "BF3A07A0058003A1A2A3",                 /* another transaction */
        "BF3A0EA00C8002A1A3BF36050102030405",   /* another transaction */
        "BF3A0AA008BF3605010203040500",         /* more behind it */
        "BF3A0AA008BF360501020304",             /* cut off */
        "BF3A0AA007BF36050102030405",           /* longer than what is around it */
        "BF3A09A008BF36050102030405",           /* the same */
        "BF3A10A008BF36050102030405A003BF3600", /* two of them */
        "BF3A0DA008BF3605010203040581010A",     /* two alternatives */
        "BF3A0D81010AA008BF36050102030405",     /* two alternatives */
        "BF3A028100",                           /* no code */
        "BF3A80A080BF36000000",                 /* indefinite length */
        "BF3A15A0138011A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1",
        "BF3A0DBF3A0ABF3A07A005BF36020102", /* three times */
    };

    for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
        for (gsize step = 1; step <= strlen(answers[i]) / 2 + 1; step++) {
            RspServerRefusal refusal = { 0 };
            g_autoptr(GError) error = NULL;
            char *package = read_package(answers[i], step, &refusal, &error);

            if (package)
                g_error("%s was taken", answers[i]);
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
        }
    }
}

/* ---- CancelSession ---- */

static gboolean cancel(World *world, const char *name, GError **error)
{
    g_autoptr(GBytes) der = der_of(vector(name));
    g_autoptr(GBytes) id = NULL, response = NULL;
    TlvWriter *writer = tlv_writer_new();
    Tlv outer, field, inner;

    g_assert_true(tlv_parse(tlv_slice_from_bytes(der), 0xBF41, &outer, NULL));
    g_assert_true(tlv_find(outer.value, 0x80, &field));
    g_assert_true(tlv_find(outer.value, 0xA1, &inner));
    id = tlv_slice_to_bytes(field.value);
    tlv_put_slice(writer, 0xBF41, inner.value);
    response = tlv_writer_finish(writer);
    return esipa_cancel_session(world->client, id, response, NULL, error);
}

static void test_cancel_session(void)
{
    static const char *const requests[] = { "esipa-cancel-session-req",
                                            "esipa-cancel-session-req-error-5",
                                            "esipa-cancel-session-req-compact" };

    for (guint i = 0; i < G_N_ELEMENTS(requests); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(World) world;

        world_init(&world, ESIPA_DIALECT_V1_2, vector_eid);
        will_answer(&world, 200, text(vector("esipa-cancel-session-rsp-ok"), "der"));
        g_assert_true(cancel(&world, requests[i], &error));
        g_assert_no_error(error);
        assert_sent(&world, text(vector(requests[i]), "der"));
    }
}

/* ---- refusals ---- */

static gboolean call(World *world, const char *type, GError **error)
{
    g_autoptr(GByteArray) got = g_byte_array_new();
    Taker taker = { got, FALSE };
    g_autoptr(RspServerAuthentication) authentication = NULL;
    g_autoptr(RspServerOffer) offer = NULL;

    if (g_str_equal(type, "InitiateAuthenticationResponseEsipa")) {
        authentication = initiate(world, "esipa-initiate-authentication-req", error);
        return authentication != NULL;
    }
    if (g_str_equal(type, "AuthenticateClientResponseEsipa")) {
        offer = authenticate(world, "esipa-authenticate-client-req", error);
        return offer != NULL;
    }
    if (g_str_equal(type, "GetBoundProfilePackageResponseEsipa"))
        return get_package(world, "esipa-get-bpp-req", &taker, error);
    g_assert_cmpstr(type, ==, "CancelSessionResponseEsipa");
    return cancel(world, "esipa-cancel-session-req", error);
}

/* Every error code of the vectors, by name and number; the next success clears it. */
static void test_failures(void)
{
    guint n = 0;
    g_auto(World) world;

    world_init(&world, ESIPA_DIALECT_V1_2, vector_eid);
    for (guint i = 0; i < json_array_get_length(vectors); i++) {
        JsonObject *found = json_array_get_object_element(vectors, i);
        const char *type = text(found, "type"), *name = text(found, "name");
        const char *code = strstr(name, "-rsp-error-");
        g_autoptr(GError) error = NULL;

        if (!code || !g_str_has_suffix(type, "ResponseEsipa") ||
            !g_str_has_prefix(name, "esipa-") || strstr(name, "package-rsp"))
            continue;
        n++;
        code += strlen("-rsp-error-");
        will_answer(&world, 200, text(found, "der"));
        g_assert_false(call(&world, type, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_SERVER_REFUSED);
        g_assert_cmpint(esipa_client_get_refusal(world.client)->code, ==,
                        g_ascii_strtoll(code, NULL, 10));
        if (!strstr(error->message, strchr(code, '-') + 1))
            g_error("'%s' does not say '%s'", error->message, code);
    }
    g_assert_cmpuint(n, ==, 34);
    will_answer(&world, 200, text(vector("esipa-cancel-session-rsp-ok"), "der"));
    g_assert_true(call(&world, "CancelSessionResponseEsipa", NULL));
    g_assert_cmpint(esipa_client_get_refusal(world.client)->code, ==, -1);
}

static void test_other_answers(void)
{
    static const char *const types[] = { "InitiateAuthenticationResponseEsipa",
                                         "AuthenticateClientResponseEsipa",
                                         "GetBoundProfilePackageResponseEsipa",
                                         "CancelSessionResponseEsipa" };
    g_auto(World) world;

    world_init(&world, ESIPA_DIALECT_V1_2, vector_eid);
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(GError) status = NULL, empty = NULL, html = NULL;

        will_answer(&world, 500, "");
        g_assert_false(call(&world, types[i], &status));
        g_assert_error(status, EUICCD_ERROR, EUICCD_ERROR_HTTP);
        will_answer(&world, 200, "");
        g_assert_false(call(&world, types[i], &empty));
        g_assert_error(empty, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
        will_answer(&world, 200, "3C68746D6C3E");
        g_assert_false(call(&world, types[i], &html));
        g_assert_error(html, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    }
}

int main(int argc, char *argv[])
{
    JsonParser *parser;
    int result;

    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    vectors = load("asn1.json", &parser);
    g_test_add_func("/esipa-download/initiate-requests", test_initiate_requests);
    g_test_add_func("/esipa-download/initiate-v1.0", test_initiate_v1_0);
    g_test_add_func("/esipa-download/initiate-answers", test_initiate_answers);
    g_test_add_func("/esipa-download/authenticate", test_authenticate);
    g_test_add_func("/esipa-download/package", test_package);
    g_test_add_func("/esipa-download/package-sink-fails", test_package_sink_fails);
    g_test_add_func("/esipa-download/reader", test_reader);
    g_test_add_func("/esipa-download/reader-refused", test_reader_refused);
    g_test_add_func("/esipa-download/cancel-session", test_cancel_session);
    g_test_add_func("/esipa-download/failures", test_failures);
    g_test_add_func("/esipa-download/other-answers", test_other_answers);
    result = g_test_run();
    g_object_unref(parser);
    return result;
}
