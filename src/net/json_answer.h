/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/rsp_server.h"

G_BEGIN_DECLS

/*
 * The JSON answer of an RSP server or eIM (SGP.22 6.5.1.4, SGP.32 6.4), read as it arrives and in any order of
 * its members. Kept are "header" and the members that are asked for; of all others only the syntax is looked at.
 * A value that stands there twice is refused, as two readers could take different ones.
 *
 * Values are named by JSON Pointers (RFC 6901): "/transactionId", "/eventEntries/0/eventId".
 */
typedef struct JsonAnswer JsonAnswer;

/* MEMBERS: names of top-level members that are kept, ended by NULL; borrowed. STREAMED: name of the one whose
 * base64 goes to the sink, or NULL. */
JsonAnswer *json_answer_new(const char *const *members, const char *streamed, RspServerSink sink,
                            gpointer data);
void json_answer_free(JsonAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JsonAnswer, json_answer_free)

/* The next octets. MALFORMED, TOO_LARGE (what would have to be kept), what the sink fails with. A streamed value
 * in an answer whose header has come and says that the function failed never reaches the sink: it ends the text
 * with SERVER_REFUSED. */
gboolean json_answer_feed(JsonAnswer *answer, const void *octets, gsize size, GError **error);

/* No more octets come. MALFORMED where something is missing; SERVER_REFUSED where the header says that the
 * function failed, with *RET_REFUSAL (which was cleared before) telling why. An answer that has no header is
 * MALFORMED. */
gboolean json_answer_finish(JsonAnswer *answer, RspServerRefusal *ret_refusal, GError **error);

/* TRUE: octets of a streamed value came. */
gboolean json_answer_has_streamed(const JsonAnswer *answer);

/* The values after json_answer_finish(). Absent and null are the same: NULL, which is an error (MALFORMED) of
 * the required ones only. A value of another type is always one. */

gboolean json_answer_has(const JsonAnswer *answer, const char *pointer);
/* TRUE for null too. */
gboolean json_answer_is_there(const JsonAnswer *answer, const char *pointer);
const char *json_answer_get_text(const JsonAnswer *answer, const char *pointer, GError **error);
gboolean json_answer_get_integer(const JsonAnswer *answer, const char *pointer, gint64 *ret_integer,
                                 GError **error);
gboolean json_answer_is_array(const JsonAnswer *answer, const char *pointer);

/* RET_BYTES gets NULL where it is absent and not REQUIRED. */
gboolean json_answer_get_base64(const JsonAnswer *answer, const char *pointer, gboolean required,
                                GBytes **ret_bytes, GError **error);

/* The same, and it is one complete object of TAG. */
gboolean json_answer_get_object(const JsonAnswer *answer, const char *pointer, guint32 tag,
                                gboolean required, GBytes **ret_object, GError **error);

/* transactionId: hex in upper or lower case, 1 to 16 octets. */
gboolean json_answer_get_hex(const JsonAnswer *answer, const char *pointer, gboolean required,
                             GBytes **ret_octets, GError **error);

/* The answer belongs to the transaction that was asked for; one that names none is taken to. */
gboolean json_answer_check_transaction(const JsonAnswer *answer, GBytes *transaction_id,
                                       GError **error);

G_END_DECLS
