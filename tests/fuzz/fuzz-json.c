/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <string.h>

#include "fuzz-input.h"
#include "net/json_answer.h"
#include "util/error.h"

/*
 * The JSON answer of a server. The first octet says in what pieces it comes: whatever they are, the outcome is
 * the same as in one piece, and so is the package that reaches the sink.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const members[] = { "transactionId", "eventEntries", "serverSigned1", NULL };

typedef struct {
    GByteArray *package;
    JsonAnswer *answer; /* NULL: refused */
    char *why;
} Outcome;

static void outcome_clear(Outcome *outcome)
{
    g_clear_pointer(&outcome->package, g_byte_array_unref);
    g_clear_pointer(&outcome->answer, json_answer_free);
    g_free(outcome->why);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, outcome_clear)

static gboolean take(TlvSlice octets, gpointer data, GError **error)
{
    GByteArray *package = data;

    (void)error;
    g_assert(octets.size > 0);
    g_byte_array_append(package, octets.data, (guint)octets.size);
    return TRUE;
}

static void read_in_pieces(TlvSlice text, gsize step, Outcome *ret_outcome)
{
    GByteArray *package = g_byte_array_new();
    g_autoptr(JsonAnswer) answer = json_answer_new(members, "boundProfilePackage", take, package);
    RspServerRefusal refusal = { 0 };
    g_autoptr(GError) error = NULL;
    gboolean ok = TRUE;

    for (gsize i = 0; ok && i < text.size; i += step)
        ok = json_answer_feed(answer, text.data + i, MIN(step, text.size - i), &error);
    if (ok)
        ok = json_answer_finish(answer, &refusal, &error);
    g_assert(ok == (error == NULL));
    *ret_outcome = (Outcome){ .package = package };
    if (ok) {
        ret_outcome->answer = g_steal_pointer(&answer);
    } else {
        fuzz_check_text(error->message);
        g_assert(euiccd_error_is(error, EUICCD_ERROR_MALFORMED) ||
                 euiccd_error_is(error, EUICCD_ERROR_TOO_LARGE) ||
                 euiccd_error_is(error, EUICCD_ERROR_SERVER_REFUSED));
        ret_outcome->why = g_strdup(error->message);
    }
    if (refusal.message)
        fuzz_check_text(refusal.message);
    rsp_server_refusal_clear(&refusal);
}

static void look_at_values(const JsonAnswer *answer)
{
    g_autoptr(GBytes) id = NULL, object = NULL;
    g_autoptr(GError) error = NULL;
    const char *event = json_answer_get_text(answer, "/eventEntries/0/eventId", NULL);

    g_assert(!event || g_utf8_validate(event, -1, NULL));
    if (json_answer_get_hex(answer, "/transactionId", TRUE, &id, NULL))
        g_assert(g_bytes_get_size(id) >= 1 && g_bytes_get_size(id) <= 16);
    if (json_answer_get_object(answer, "/serverSigned1", 0x30, TRUE, &object, &error))
        g_assert(((const guint8 *)g_bytes_get_data(object, NULL))[0] == 0x30);
    else
        g_assert(euiccd_error_is(error, EUICCD_ERROR_MALFORMED));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size };
    gsize step = (gsize)fuzz_take_octet(&input) + 1;
    TlvSlice text = fuzz_take(&input, input.left);
    g_auto(Outcome) whole, pieces;

    read_in_pieces(text, MAX(text.size, 1), &whole);
    read_in_pieces(text, step, &pieces);
    g_assert((whole.answer == NULL) == (pieces.answer == NULL));
    g_assert((whole.why == NULL) == (pieces.why == NULL));
    /* What was refused may have been refused in the middle of a piece. */
    if (!whole.answer)
        return 0;
    g_assert(whole.package->len == pieces.package->len);
    g_assert(whole.package->len == 0 ||
             memcmp(whole.package->data, pieces.package->data, whole.package->len) == 0);
    g_assert(json_answer_has_streamed(whole.answer) || whole.package->len == 0);
    look_at_values(whole.answer);
    return 0;
}
