/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The card functions of an RSP session (SGP.22 5.7.5 to 5.7.7, 5.7.13, 5.7.14). */
#include "unit/es10-rig.h"

#include <string.h>

#include "rsp/bpp.h"
#include "rsp/names.h"
#include "util/bytes.h"
#include "util/error.h"

#define NO_CODE 4711 /* RET_CODE that nobody set */

/* ---- the calls, with requests from the vectors ---- */

static GBytes *authenticate(Channel *channel, GCancellable *cancellable, gint64 *ret_code,
                            GError **error)
{
    g_autoptr(GBytes) vector = octets(der("es10b-authenticate-server-req"));
    g_autoptr(RspAuthenticateServerRequest) request =
        tlv_decode(&rsp_authenticate_server_request, vector, NULL);

    return es10b_authenticate_server(channel, request, cancellable, ret_code, error);
}

static GBytes *prepare(Channel *channel, GCancellable *cancellable, gint64 *ret_code,
                       GError **error)
{
    g_autoptr(GBytes) vector = octets(der("es10b-prepare-download-req"));
    g_autoptr(RspPrepareDownloadRequest) request =
        tlv_decode(&rsp_prepare_download_request, vector, NULL);

    return es10b_prepare_download(channel, request, cancellable, ret_code, error);
}

static GBytes *cancel(Channel *channel, GCancellable *cancellable, gint64 *ret_code, GError **error)
{
    g_autoptr(GBytes) vector = octets(der("es10b-cancel-session-req-3-pprNotAllowed"));
    g_autoptr(RspCancelSessionRequest) request =
        tlv_decode(&rsp_cancel_session_request, vector, NULL);

    return es10b_cancel_session(channel, request->transaction_id,
                                RSP_CANCEL_SESSION_REASON_PPR_NOT_ALLOWED, cancellable, ret_code,
                                error);
}

static const struct {
    const char *name, *request, *answers; /* prefix of the vectors */
    GBytes *(*call)(Channel *channel, GCancellable *cancellable, gint64 *ret_code, GError **error);
    const TlvName *names;
    guint n_ok, n_errors;
} functions[] = {
    { "ES10b.AuthenticateServer", "es10b-authenticate-server-req", "es10b-authenticate-server-rsp-",
      authenticate, rsp_names_authenticate_error_code, 2, 8 },
    { "ES10b.PrepareDownload", "es10b-prepare-download-req", "es10b-prepare-download-rsp-", prepare,
      rsp_names_download_error_code, 2, 6 },
    { "ES10b.CancelSession", "es10b-cancel-session-req-3-pprNotAllowed",
      "es10b-cancel-session-rsp-", cancel, rsp_names_cancel_session_response_error, 7, 2 },
};

/* Whatever the card answers goes on as it came; the code tells what it was. */
static void test_answers(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++) {
        g_autoptr(GPtrArray) answers = family(functions[i].answers);
        guint n[2] = { 0, 0 };

        for (guint k = 0; k < answers->len; k++) {
            const char *vector = answers->pdata[k];
            gboolean refused = strstr(vector, "-error-") != NULL;
            g_autofree char *hex = NULL;
            g_autoptr(GBytes) answer = NULL;
            g_autoptr(GError) error = NULL;
            gint64 code = NO_CODE;
            Rig rig;

            n[refused]++;
            rig_start(&rig);
            expect(&rig, der(functions[i].request), der(vector));
            answer = functions[i].call(rig.channel, NULL, &code, &error);
            g_assert_no_error(error);
            hex = bytes_gbytes_to_hex(answer);
            g_assert_cmpstr(hex, ==, der(vector));
            if (refused)
                g_assert_cmpstr(tlv_name(functions[i].names, code), ==, code_name(vector));
            else
                g_assert_cmpint(code, ==, 0);
            rig_stop(&rig);
        }
        g_assert_cmpuint(n[FALSE], ==, functions[i].n_ok);
        g_assert_cmpuint(n[TRUE], ==, functions[i].n_errors);
    }
}

/* What stands in a signed answer is not ours to judge, unlike which alternative it is. */
static void test_odd_answers(void)
{
    static const struct {
        guint function;
        const char *answer;
        gint64 code; /* NO_CODE: MALFORMED */
    } cases[] = {
        { 0, "BF3804A0020500", 0 },
        { 0, "BF3805A1040201FF", NO_CODE }, /* longer than it says */
        { 0, "BF3805A103020163", 99 },      /* a code of a later version */
        { 0, "BF3809A10780010AA0020500", NO_CODE },
        { 0, "BF3807A10580010A8001", NO_CODE },
        { 0, "BF3806A10480020A0B", NO_CODE }, /* no code */
        { 0, "BF3804A2020500", NO_CODE },     /* compact: never from a card */
        { 0, "BF3803810105", NO_CODE },
        { 0, "BF3800", NO_CODE },
        { 0, "BF210480020A0B", NO_CODE },
        { 1, "BF2104A0020500", 0 },
        { 1, "BF2105A103020163", 99 },
        { 1, "BF2104A2020500", NO_CODE },
        { 2, "BF4104A0020500", 0 },
        { 2, "BF4103810163", 99 },
        { 2, "BF41028100", NO_CODE },
        { 2, "BF4105A103020105", NO_CODE },
        { 2, "BF4104A2020500", NO_CODE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) answer = NULL;
        g_autoptr(GError) error = NULL;
        gint64 code = NO_CODE;
        Rig rig;

        g_test_message("%s", cases[i].answer);
        rig_start(&rig);
        expect(&rig, der(functions[cases[i].function].request), cases[i].answer);
        answer = functions[cases[i].function].call(rig.channel, NULL, &code, &error);
        g_assert_cmpint(code, ==, cases[i].code);
        if (code == NO_CODE)
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
        else
            g_assert_no_error(error);
        rig_stop(&rig);
    }
}

static void test_challenge(void)
{
    guint8 challenge[RSP_CHALLENGE_SIZE] = { 0 };
    g_autofree char *hex = NULL;
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    expect(&rig, "BF2E00", "BF2E12801000112233445566778899AABBCCDDEEFF");
    g_assert_true(es10b_get_euicc_challenge(rig.channel, NULL, challenge, &error));
    g_assert_no_error(error);
    hex = bytes_to_hex(challenge, sizeof challenge);
    g_assert_cmpstr(hex, ==, "00112233445566778899AABBCCDDEEFF");
    expect(&rig, "BF2E00", "BF2E11800F00112233445566778899AABBCCDDEE");
    g_assert_false(es10b_get_euicc_challenge(rig.channel, NULL, challenge, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    rig_stop(&rig);
}

/* ---- a package ---- */

typedef struct {
    Channel *channel;
    GBytes *result;
    guint sent;
} Load;

static gboolean load_segment(gpointer data, RspBppSegment kind G_GNUC_UNUSED, TlvSlice segment,
                             GError **error)
{
    Load *load = data;

    g_assert_null(load->result);
    load->sent++;
    return es10b_load_bound_profile_package(load->channel, segment, NULL, &load->result, error);
}

static const RspBppSink sink = { .segment = load_segment };

/* The segments of bpp-minimal as apdu.json has them: offset of each. */
static void test_load(void)
{
    static const gsize ends[] = { 183, 211, 213, 258, 260, 318 };
    g_autoptr(GBytes) package = octets(der("bpp-minimal"));
    g_autoptr(RspBpp) bpp = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *hex = NULL;
    Load load = { 0 };
    gsize at = 0;
    Rig rig;

    rig_start(&rig);
    for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *segment = g_strndup(der("bpp-minimal") + 2 * at, 2 * (ends[i] - at));

        expect(&rig, segment, i + 1 == G_N_ELEMENTS(ends) ? der("pir-ok") : "");
        at = ends[i];
    }
    load.channel = rig.channel;
    bpp = rsp_bpp_new(&sink, &load);
    g_assert_true(rsp_bpp_feed(bpp, tlv_slice_from_bytes(package), &error));
    g_assert_no_error(error);
    g_assert_true(rsp_bpp_finish(bpp, &error));
    g_assert_cmpuint(load.sent, ==, G_N_ELEMENTS(ends));
    hex = bytes_gbytes_to_hex(load.result);
    g_assert_cmpstr(hex, ==, der("pir-ok"));
    g_bytes_unref(load.result);
    rig_stop(&rig);
}

/* A block of 1020 octets is four full APDUs. */
static void test_full_apdus(void)
{
    g_autofree guint8 *content = g_malloc0(1020);
    g_autofree char *hex = NULL;
    g_autoptr(GError) error = NULL;
    GBytes *result = NULL;
    Rig rig;

    content[0] = 0x86;
    content[1] = 0x82;
    content[2] = 0x03;
    content[3] = 0xF8;
    hex = bytes_to_hex(content, 1020);
    rig_start(&rig);
    expect(&rig, hex, "");
    g_assert_true(es10b_load_bound_profile_package(rig.channel, tlv_slice(content, 1020), NULL,
                                                   &result, &error));
    g_assert_no_error(error);
    g_assert_null(result);
    g_assert_cmpuint(channel_get_counters(rig.channel)->apdus, ==, 4);
    rig_stop(&rig);
}

/* SGP.22 3.1.3.3: an error result may come with any segment, and whatever else fails has a word for it. */
static void test_load_ends(void)
{
    g_autoptr(GPtrArray) results = family("pir-");
    static const guint8 header[] = { 0xA1, 0x2D };
    TlvSlice segment = tlv_slice(header, sizeof header);

    g_assert_cmpuint(results->len, >=, 20);
    for (guint i = 0; i < results->len; i++) {
        g_autoptr(GBytes) result = NULL;
        g_autoptr(GError) error = NULL;
        g_autofree char *hex = NULL;
        Rig rig;

        if (!g_str_equal(vector_text(results->pdata[i], "type"), "ProfileInstallationResult"))
            continue;
        rig_start(&rig);
        expect_status(&rig, "A12D", der(results->pdata[i]), i % 2 ? 0x910B : 0x9000);
        g_assert_true(
            es10b_load_bound_profile_package(rig.channel, segment, NULL, &result, &error));
        g_assert_no_error(error);
        hex = bytes_gbytes_to_hex(result);
        g_assert_cmpstr(hex, ==, der(results->pdata[i]));
        rig_stop(&rig);
    }
}

static void test_load_failures(void)
{
    static const struct {
        const char *data;
        guint16 status_word;
        EuiccdError code;
    } cases[] = {
        { "", 0x6A88, EUICCD_ERROR_CARD_STATUS },     { "", 0x6985, EUICCD_ERROR_CARD_RESET },
        { "BF3600", 0x9000, EUICCD_ERROR_MALFORMED }, { "BF3701", 0x9000, EUICCD_ERROR_MALFORMED },
        { "00", 0x9000, EUICCD_ERROR_MALFORMED },
    };
    static const guint8 header[] = { 0xA1, 0x2D };
    TlvSlice segment = tlv_slice(header, sizeof header);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        GBytes *result = (GBytes *)"untouched";
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        expect_status(&rig, "A12D", cases[i].data, cases[i].status_word);
        g_assert_false(
            es10b_load_bound_profile_package(rig.channel, segment, NULL, &result, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
        g_assert_true(g_str_has_prefix(error->message, "ES10b.LoadBoundProfilePackage: "));
        g_assert_cmpstr((const char *)result, ==, "untouched");
        rig_stop(&rig);
    }
}

/* ---- cancelling ---- */

static gboolean load_header(Channel *channel, GCancellable *cancellable, GError **error)
{
    static const guint8 header[] = { 0xA1, 0x2D };
    g_autoptr(GBytes) result = NULL;

    return es10b_load_bound_profile_package(channel, tlv_slice(header, sizeof header), cancellable,
                                            &result, error);
}

/* Before a command it is heard, in the middle the answer is waited for: the session lives on. */
static void test_cancelled(void)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GBytes) answer = NULL;
    g_autoptr(GError) error = NULL;
    gint64 code = NO_CODE;
    Rig rig;

    rig_start(&rig);
    fake_backend_cancel(rig.fake, cancellable);
    expect(&rig, "A12D", "");
    g_assert_true(load_header(rig.channel, cancellable, &error));
    g_assert_no_error(error);
    g_assert_false(load_header(rig.channel, cancellable, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
    g_clear_error(&error);
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++) {
        g_assert_null(functions[i].call(rig.channel, cancellable, &code, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
        g_assert_true(g_str_has_prefix(error->message, functions[i].name));
        g_assert_cmpint(code, ==, NO_CODE);
        g_clear_error(&error);
    }
    g_assert_true(channel_is_open(rig.channel));
    expect(&rig, der(functions[2].request), der("es10b-cancel-session-rsp-ok-3"));
    answer = functions[2].call(rig.channel, NULL, &code, &error);
    g_assert_no_error(error);
    rig_stop(&rig);
}

/* ---- every function in the same way ---- */

static gboolean call_challenge(Channel *channel, GError **error)
{
    guint8 challenge[RSP_CHALLENGE_SIZE];

    return es10b_get_euicc_challenge(channel, NULL, challenge, error);
}

#define CALL(name, function)                                                                       \
    static gboolean name(Channel *channel, GError **error)                                         \
    {                                                                                              \
        gint64 code = NO_CODE;                                                                     \
        g_autoptr(GBytes) answer = function(channel, NULL, &code, error);                          \
                                                                                                   \
        g_assert_cmpint(code, ==, NO_CODE);                                                        \
        return answer != NULL;                                                                     \
    }

CALL(call_authenticate, authenticate)
CALL(call_prepare, prepare)
CALL(call_cancel, cancel)

static const Es10Call calls[] = {
    { "ES10b.GetEUICCChallenge", call_challenge },
    { "ES10b.CancelSession", call_cancel },
};

/* With requests of several APDUs, the first of which tells all. */
static const Es10Call long_calls[] = {
    { "ES10b.AuthenticateServer", call_authenticate },
    { "ES10b.PrepareDownload", call_prepare },
};

static void test_bad_answers(void)
{
    check_bad_answers(calls, G_N_ELEMENTS(calls));
}

static void test_status_words(void)
{
    check_status_words(calls, G_N_ELEMENTS(calls));
    check_status_words(long_calls, G_N_ELEMENTS(long_calls));
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    vectors_load();
    g_test_add_func("/es10/download/answers", test_answers);
    g_test_add_func("/es10/download/odd-answers", test_odd_answers);
    g_test_add_func("/es10/download/challenge", test_challenge);
    g_test_add_func("/es10/download/IPAD-BPP-01N/load", test_load);
    g_test_add_func("/es10/download/full-apdus", test_full_apdus);
    g_test_add_func("/es10/download/load-ends", test_load_ends);
    g_test_add_func("/es10/download/load-failures", test_load_failures);
    g_test_add_func("/es10/download/cancelled", test_cancelled);
    g_test_add_func("/es10/download/bad-answers", test_bad_answers);
    g_test_add_func("/es10/download/status-words", test_status_words);
    result = g_test_run();
    vectors_unload();
    return result;
}
