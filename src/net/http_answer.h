/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * What stands in the answer of an HTTP/1.1 server, as far as it is not libcurl's: limits, the headers that
 * mean something to us, and framing that two readers could understand differently, which is refused
 * (interop.md I-30).
 */
typedef struct {
    GByteArray *body;
    gsize max_body;
    gsize received;  /* octets of the body so far, also of one that is not kept here */
    GError *refused; /* why the answer can't be used: the first reason; NETWORK, TOO_LARGE */
    char *content_type, *retry_after, *date;
    gsize header_size; /* octets of all header lines, those of 1xx answers and trailers included */
    gint64 content_length; /* -1: none */
    gboolean chunked;
    gboolean header_done;
} HttpAnswer;

void http_answer_init(HttpAnswer *answer, gsize max_body);
void http_answer_clear(HttpAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HttpAnswer, http_answer_clear)

gboolean http_answer_is_status_line(const char *line, gsize size);

/* Each header line with its line end, status lines, the empty line and trailers (which are ignored) too.
 * FALSE: REFUSED is set. */
gboolean http_answer_take_line(HttpAnswer *answer, const char *line, gsize size);

/* The body as it comes, without its framing. FALSE: REFUSED is set. */
gboolean http_answer_take_body(HttpAnswer *answer, const void *octets, gsize size);

/* The same for a body that somebody else takes: only its size is looked at. */
gboolean http_answer_pass_body(HttpAnswer *answer, gsize size);

/* NETWORK where the connection ended before the answer did. CLOSED_PROPERLY: it was closed as TLS wants it,
 * not cut. */
gboolean http_answer_check_end(const HttpAnswer *answer, long status, gboolean closed_properly,
                               GError **error);

/* Seconds from Retry-After, at most a day; 0: none. NOW: seconds since 1970, for a date where the server does
 * not tell its own time. */
guint http_answer_get_retry_after(const HttpAnswer *answer, gint64 now);

G_END_DECLS
