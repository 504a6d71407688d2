/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <string.h>

#include "fuzz-input.h"
#include "net/http_answer.h"
#include "util/error.h"

/*
 * The answer of an HTTP server: lines up to an empty one, and the body behind it in pieces of various sizes.
 * Whatever a server sends, it stays within the limits, and what is accepted can't be framed in two ways.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_BODY 300
#define DAY      86400
#define NOW      G_GINT64_CONSTANT(1700000000)

static TlvSlice take_line(FuzzInput *input)
{
    const guint8 *end = input->left > 0 ? memchr(input->next, '\n', input->left) : NULL;

    return fuzz_take(input, end ? (gsize)(end - input->next) + 1 : input->left);
}

/* A length that is taken is a number for every reader: digits between blanks (RFC 9112 6.2). */
static void check_length(TlvSlice line)
{
    static const char name[] = "Content-Length:";
    g_autofree char *text = g_strndup((const char *)line.data, line.size);
    const char *value;
    gsize digits;

    if (g_ascii_strncasecmp(text, name, strlen(name)) != 0)
        return;
    value = text + strlen(name);
    value += strspn(value, " \t");
    digits = strspn(value, "0123456789");
    value += digits;
    g_assert(digits > 0 && strspn(value, " \t\r\n") == strlen(value));
}

static void check_refused(const HttpAnswer *answer)
{
    g_assert(answer->refused);
    fuzz_check_text(answer->refused->message);
    g_assert(euiccd_error_is(answer->refused, EUICCD_ERROR_NETWORK) ||
             euiccd_error_is(answer->refused, EUICCD_ERROR_TOO_LARGE));
}

static void check_accepted(const HttpAnswer *answer, guint8 choice)
{
    static const long statuses[] = { 100, 200, 204, 304, 404, 503 };
    long status = statuses[choice % G_N_ELEMENTS(statuses)];
    g_autoptr(GError) error = NULL;

    g_assert(!answer->refused);
    g_assert(!(answer->chunked && answer->content_length >= 0));
    g_assert(answer->content_length >= -1);
    g_assert(answer->body->len <= MAX_BODY);
    g_assert(http_answer_get_retry_after(answer, NOW) <= DAY);
    /* Nothing that ends with the connection is taken from a connection that was cut. */
    if (http_answer_check_end(answer, status, FALSE, &error))
        g_assert(
            answer->header_done && status >= 200 &&
            (answer->chunked || answer->content_length >= 0 || status == 204 || status == 304));
    else
        g_assert(euiccd_error_is(error, EUICCD_ERROR_NETWORK));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size };
    guint8 choice = fuzz_take_octet(&input);
    g_auto(HttpAnswer) answer = { 0 };
    gboolean ok = TRUE;

    http_answer_init(&answer, MAX_BODY);
    while (ok && input.left > 0 && !answer.header_done) {
        TlvSlice line = take_line(&input);

        ok = http_answer_take_line(&answer, (const char *)line.data, line.size);
        if (ok)
            check_length(line);
    }
    while (ok && input.left > 0) {
        TlvSlice piece = fuzz_take(&input, fuzz_take_octet(&input));

        ok = http_answer_take_body(&answer, piece.data, piece.size);
    }
    if (ok)
        check_accepted(&answer, choice);
    else
        check_refused(&answer);
    return 0;
}
