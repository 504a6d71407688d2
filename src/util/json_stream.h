/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * JSON (RFC 8259) read as it arrives: one object, strictly, in memory that does not depend on its size. Strings
 * are given on in pieces, without escapes, so that one of them may be longer than what fits into memory. NUL in
 * a string is refused, as it would end it early for whoever reads it as C text.
 */
typedef struct JsonStream JsonStream;

#define JSON_STREAM_MAX_DEPTH  16
#define JSON_STREAM_MAX_NAME   128 /* octets */
#define JSON_STREAM_MAX_NUMBER 32

typedef enum {
    JSON_STREAM_OBJECT, /* begins */
    JSON_STREAM_ARRAY,
    JSON_STREAM_END,    /* of the innermost object or array */
    JSON_STREAM_NAME,   /* TEXT: of the member whose value follows */
    JSON_STREAM_PART,   /* TEXT: the next octets of a string; complete characters */
    JSON_STREAM_STRING, /* a string ends */
    JSON_STREAM_NUMBER, /* TEXT: as it stands */
    JSON_STREAM_TRUE,
    JSON_STREAM_FALSE,
    JSON_STREAM_NULL,
} JsonStreamEvent;

/* TEXT is not NUL-terminated and valid during the call. FALSE with ERROR ends the text. */
typedef gboolean (*JsonStreamHandler)(JsonStreamEvent event, const char *text, gsize size,
                                      gpointer data, GError **error);

JsonStream *json_stream_new(JsonStreamHandler handler, gpointer data);
void json_stream_free(JsonStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JsonStream, json_stream_free)

/* The next octets. MALFORMED with the position, and what the handler fails with. Nothing can be fed after a
 * failure. */
gboolean json_stream_feed(JsonStream *stream, const char *octets, gsize size, GError **error);

/* No more octets come: MALFORMED when the object is not complete. */
gboolean json_stream_finish(JsonStream *stream, GError **error);

G_END_DECLS
