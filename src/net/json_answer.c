/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/json_answer.h"

#include <string.h>

#include "util/base64_stream.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/json_stream.h"

#define MAX_VALUES 1024
#define MAX_KEPT   (1u << 20) /* octets of all values */
#define PIECE      512        /* characters decoded at once */

#define STATUS "/header/functionExecutionStatus/status"
#define CODES  "/header/functionExecutionStatus/statusCodeData"

typedef struct {
    JsonStreamEvent kind; /* OBJECT, ARRAY, STRING, NUMBER, TRUE, FALSE, NULL */
    GString *text;        /* of STRING and NUMBER */
} Value;

typedef enum {
    STREAMED_NOTHING,
    STREAMED_SOME,
    STREAMED_ALL,
} Streamed;

struct JsonAnswer {
    const char *const *members;
    const char *streamed_member;
    RspServerSink sink;
    gpointer data;
    JsonStream *stream;
    Base64Stream base64;
    GHashTable *values;      /* JSON Pointer -> Value */
    GString *pointer;        /* of the value at hand */
    GArray *levels;          /* of Level: the objects and arrays around it */
    guint depth;             /* levels, also of what is not kept */
    gboolean kept, streamed; /* the top-level member at hand is */
    Streamed progress;
    Value *string; /* the one that is coming in */
    gsize n_kept;  /* octets */
    char *refused; /* status of a header that came before the streamed value, and forbids it */
};

typedef struct {
    gsize length; /* of the pointer to the object or array */
    gint64 next;  /* index of the next item of an array, -1: object */
} Level;

static void value_free(gpointer data)
{
    Value *value = data;

    g_string_free(value->text, TRUE);
    g_free(value);
}

static gboolean on_event(JsonStreamEvent event, const char *text, gsize size, gpointer data,
                         GError **error);

JsonAnswer *json_answer_new(const char *const *members, const char *streamed, RspServerSink sink,
                            gpointer data)
{
    JsonAnswer *answer = g_new0(JsonAnswer, 1);

    answer->members = members;
    answer->streamed_member = streamed;
    answer->sink = sink;
    answer->data = data;
    answer->stream = json_stream_new(on_event, answer);
    answer->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, value_free);
    answer->pointer = g_string_new(NULL);
    answer->levels = g_array_new(FALSE, FALSE, sizeof(Level));
    return answer;
}

void json_answer_free(JsonAnswer *answer)
{
    json_stream_free(answer->stream);
    g_hash_table_unref(answer->values);
    g_string_free(answer->pointer, TRUE);
    g_array_unref(answer->levels);
    g_free(answer);
}

/* ---- what is kept ---- */

static void set_malformed(const char *pointer, const char *what, GError **error)
{
    g_autofree char *shown = rsp_server_printable(pointer);

    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "the answer's %s %s", shown, what);
}

static const Value *look_up(const JsonAnswer *answer, const char *pointer)
{
    const Value *value = g_hash_table_lookup(answer->values, pointer);

    return value && value->kind != JSON_STREAM_NULL ? value : NULL;
}

static gboolean count_kept(JsonAnswer *answer, gsize size, GError **error)
{
    answer->n_kept += size;
    if (answer->n_kept <= MAX_KEPT)
        return TRUE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE,
                "the values of the answer are longer than %u octets", MAX_KEPT);
    return FALSE;
}

/* The value that begins at the pointer. */
static Value *add_value(JsonAnswer *answer, JsonStreamEvent kind, const char *text, gsize size,
                        GError **error)
{
    Value *value;

    if (g_hash_table_contains(answer->values, answer->pointer->str)) {
        set_malformed(answer->pointer->str, "is there twice", error);
        return NULL;
    }
    if (g_hash_table_size(answer->values) == MAX_VALUES) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE,
                    "the answer has more than %u values", MAX_VALUES);
        return NULL;
    }
    if (!count_kept(answer, answer->pointer->len + size, error))
        return NULL;
    value = g_new0(Value, 1);
    value->kind = kind;
    value->text = g_string_new_len(text ? text : "", (gssize)size);
    g_hash_table_insert(answer->values, g_strdup(answer->pointer->str), value);
    return value;
}

static gboolean is_wanted(const JsonAnswer *answer, const char *name, gsize size)
{
    if (size == 6 && memcmp(name, "header", 6) == 0)
        return TRUE;
    for (guint i = 0; answer->members[i]; i++)
        if (strlen(answer->members[i]) == size && memcmp(answer->members[i], name, size) == 0)
            return TRUE;
    return FALSE;
}

/* One step of a JSON Pointer (RFC 6901 3). */
static void append_name(GString *pointer, const char *name, gsize size)
{
    g_string_append_c(pointer, '/');
    for (gsize i = 0; i < size; i++) {
        if (name[i] == '~' || name[i] == '/')
            g_string_append(pointer, name[i] == '~' ? "~0" : "~1");
        else
            g_string_append_c(pointer, name[i]);
    }
}

static Level *innermost(JsonAnswer *answer)
{
    return &g_array_index(answer->levels, Level, answer->levels->len - 1);
}

/* In an array the pointer to an item is made when the item begins. */
static void step_in_array(JsonAnswer *answer)
{
    Level *level = innermost(answer);

    if (level->next < 0)
        return;
    g_string_truncate(answer->pointer, level->length);
    g_string_append_printf(answer->pointer, "/%" G_GINT64_FORMAT, level->next++);
}

static gboolean take_name(JsonAnswer *answer, const char *name, gsize size)
{
    if (answer->depth == 1) {
        answer->streamed = answer->streamed_member && strlen(answer->streamed_member) == size &&
                           memcmp(answer->streamed_member, name, size) == 0;
        answer->kept = !answer->streamed && is_wanted(answer, name, size);
    }
    if (answer->kept) {
        g_string_truncate(answer->pointer, innermost(answer)->length);
        append_name(answer->pointer, name, size);
    }
    return TRUE;
}

static gboolean enter(JsonAnswer *answer, JsonStreamEvent event, GError **error)
{
    Level level = { .next = event == JSON_STREAM_ARRAY ? 0 : -1 };

    answer->depth++;
    if (answer->depth > 1) {
        if (!answer->kept)
            return TRUE;
        step_in_array(answer);
        if (!add_value(answer, event, NULL, 0, error))
            return FALSE;
    }
    level.length = answer->pointer->len;
    g_array_append_val(answer->levels, level);
    return TRUE;
}

static void leave(JsonAnswer *answer)
{
    answer->depth--;
    if (answer->depth > 0 && answer->kept)
        g_array_set_size(answer->levels, answer->levels->len - 1);
}

/* ---- what is streamed ---- */

static gboolean is_success(const char *status)
{
    return g_str_equal(status, "Executed-Success") || g_str_equal(status, "Executed-WithWarning");
}

/* The first octets of the streamed value: is there something that speaks against it? */
static gboolean begin_streamed(JsonAnswer *answer, GError **error)
{
    const Value *status = look_up(answer, STATUS);

    if (answer->progress == STREAMED_ALL) {
        set_malformed(answer->streamed_member, "is there twice", error);
        return FALSE;
    }
    answer->progress = STREAMED_SOME;
    if (!status || (status->kind == JSON_STREAM_STRING && is_success(status->text->str)))
        return TRUE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_SERVER_REFUSED,
                "the answer has a %s although the function failed", answer->streamed_member);
    return FALSE;
}

static gboolean pass(JsonAnswer *answer, const guint8 *octets, gsize size, GError **error)
{
    return size == 0 || answer->sink(tlv_slice(octets, size), answer->data, error);
}

static gboolean stream_part(JsonAnswer *answer, const char *text, gsize size, GError **error)
{
    guint8 octets[BASE64_STREAM_SPACE(PIECE)];

    if (answer->progress != STREAMED_SOME && !begin_streamed(answer, error))
        return FALSE;
    while (size > 0) {
        gsize piece = MIN(size, PIECE), n;

        if (!base64_stream_feed(&answer->base64, text, piece, octets, &n, error)) {
            g_prefix_error(error, "%s: ", answer->streamed_member);
            return FALSE;
        }
        if (!pass(answer, octets, n, error))
            return FALSE;
        text += piece;
        size -= piece;
    }
    return TRUE;
}

static gboolean end_streamed(JsonAnswer *answer, GError **error)
{
    guint8 octets[2];
    gsize n;

    if (answer->progress != STREAMED_SOME && !begin_streamed(answer, error))
        return FALSE;
    answer->progress = STREAMED_ALL;
    if (!base64_stream_finish(&answer->base64, octets, &n, error)) {
        g_prefix_error(error, "%s: ", answer->streamed_member);
        return FALSE;
    }
    return pass(answer, octets, n, error);
}

static gboolean take_streamed(JsonAnswer *answer, JsonStreamEvent event, const char *text,
                              gsize size, GError **error)
{
    if (event == JSON_STREAM_PART)
        return stream_part(answer, text, size, error);
    if (event == JSON_STREAM_STRING)
        return end_streamed(answer, error);
    if (event == JSON_STREAM_NULL)
        return TRUE;
    set_malformed(answer->streamed_member, "is no string", error);
    return FALSE;
}

/* ---- events ---- */

static gboolean take_string(JsonAnswer *answer, const char *text, gsize size, GError **error)
{
    if (!answer->string) {
        step_in_array(answer);
        answer->string = add_value(answer, JSON_STREAM_STRING, text, size, error);
        return answer->string != NULL;
    }
    g_string_append_len(answer->string->text, text ? text : "", (gssize)size);
    return count_kept(answer, size, error);
}

static gboolean take_scalar(JsonAnswer *answer, JsonStreamEvent event, const char *text, gsize size,
                            GError **error)
{
    if (event == JSON_STREAM_PART)
        return take_string(answer, text, size, error);
    if (event == JSON_STREAM_STRING) {
        gboolean ok = take_string(answer, NULL, 0, error);

        answer->string = NULL;
        return ok;
    }
    step_in_array(answer);
    return add_value(answer, event, text, size, error) != NULL;
}

static gboolean on_event(JsonStreamEvent event, const char *text, gsize size, gpointer data,
                         GError **error)
{
    JsonAnswer *answer = data;

    if (event == JSON_STREAM_NAME)
        return take_name(answer, text, size);
    if (event == JSON_STREAM_END) {
        leave(answer);
        return TRUE;
    }
    if (answer->depth == 1 && answer->streamed)
        return take_streamed(answer, event, text, size, error);
    if (event == JSON_STREAM_OBJECT || event == JSON_STREAM_ARRAY)
        return enter(answer, event, error);
    return !answer->kept || take_scalar(answer, event, text, size, error);
}

gboolean json_answer_feed(JsonAnswer *answer, const void *octets, gsize size, GError **error)
{
    return json_stream_feed(answer->stream, octets, size, error);
}

/* ---- the header ---- */

static char *take_printable(const JsonAnswer *answer, const char *pointer)
{
    const Value *value = look_up(answer, pointer);

    return value && value->kind == JSON_STREAM_STRING ? rsp_server_printable(value->text->str)
                                                      : NULL;
}

static void set_refused(const JsonAnswer *answer, const char *status, RspServerRefusal *refusal,
                        GError **error)
{
    refusal->subject = take_printable(answer, CODES "/subjectCode");
    refusal->reason = take_printable(answer, CODES "/reasonCode");
    refusal->message = take_printable(answer, CODES "/message");
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_SERVER_REFUSED,
                "the server answered %s%s%s%s%s%s%s%s", status,
                refusal->subject ? ": subject " : "", refusal->subject ? refusal->subject : "",
                refusal->reason ? ", reason " : "", refusal->reason ? refusal->reason : "",
                refusal->message ? " (" : "", refusal->message ? refusal->message : "",
                refusal->message ? ")" : "");
}

gboolean json_answer_finish(JsonAnswer *answer, RspServerRefusal *ret_refusal, GError **error)
{
    const char *status;

    rsp_server_refusal_clear(ret_refusal);
    if (!json_stream_finish(answer->stream, error))
        return FALSE;
    status = json_answer_get_text(answer, STATUS, error);
    if (!status)
        return FALSE;
    if (is_success(status))
        return TRUE;
    if (g_str_equal(status, "Failed") || g_str_equal(status, "Expired"))
        set_refused(answer, status, ret_refusal, error);
    else
        set_malformed(STATUS, "is unknown", error);
    return FALSE;
}

/* ---- values ---- */

gboolean json_answer_has_streamed(const JsonAnswer *answer)
{
    return answer->progress == STREAMED_ALL;
}

gboolean json_answer_has(const JsonAnswer *answer, const char *pointer)
{
    return look_up(answer, pointer) != NULL;
}

gboolean json_answer_is_there(const JsonAnswer *answer, const char *pointer)
{
    return g_hash_table_contains(answer->values, pointer);
}

gboolean json_answer_is_array(const JsonAnswer *answer, const char *pointer)
{
    const Value *value = look_up(answer, pointer);

    return value && value->kind == JSON_STREAM_ARRAY;
}

const char *json_answer_get_text(const JsonAnswer *answer, const char *pointer, GError **error)
{
    const Value *value = look_up(answer, pointer);

    if (!value)
        set_malformed(pointer, "is missing", error);
    else if (value->kind != JSON_STREAM_STRING)
        set_malformed(pointer, "is no string", error);
    else
        return value->text->str;
    return NULL;
}

gboolean json_answer_get_integer(const JsonAnswer *answer, const char *pointer, gint64 *ret_integer,
                                 GError **error)
{
    const Value *value = look_up(answer, pointer);

    if (!value)
        set_malformed(pointer, "is missing", error);
    else if (value->kind != JSON_STREAM_NUMBER ||
             !g_ascii_string_to_signed(value->text->str, 10, G_MININT32, G_MAXINT32, ret_integer,
                                       NULL))
        set_malformed(pointer, "is no integer", error);
    else
        return TRUE;
    return FALSE;
}

gboolean json_answer_get_base64(const JsonAnswer *answer, const char *pointer, gboolean required,
                                GBytes **ret_bytes, GError **error)
{
    Base64Stream base64 = BASE64_STREAM_INIT;
    g_autofree guint8 *octets = NULL;
    gsize length, size, rest;
    const char *text;

    if (!required && !json_answer_has(answer, pointer)) {
        *ret_bytes = NULL;
        return TRUE;
    }
    text = json_answer_get_text(answer, pointer, error);
    if (!text)
        return FALSE;
    length = strlen(text);
    octets = g_malloc(BASE64_STREAM_SPACE(length) + 2);
    if (!base64_stream_feed(&base64, text, length, octets, &size, error) ||
        !base64_stream_finish(&base64, octets + size, &rest, error)) {
        g_prefix_error(error, "the answer's %s: ", pointer);
        return FALSE;
    }
    *ret_bytes = g_bytes_new(octets, size + rest);
    return TRUE;
}

gboolean json_answer_get_object(const JsonAnswer *answer, const char *pointer, guint32 tag,
                                gboolean required, GBytes **ret_object, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    Tlv object;

    if (!json_answer_get_base64(answer, pointer, required, &bytes, error))
        return FALSE;
    if (bytes && !tlv_parse(tlv_slice_from_bytes(bytes), tag, &object, error)) {
        g_prefix_error(error, "the answer's %s: ", pointer);
        return FALSE;
    }
    *ret_object = g_steal_pointer(&bytes);
    return TRUE;
}

gboolean json_answer_get_hex(const JsonAnswer *answer, const char *pointer, gboolean required,
                             GBytes **ret_octets, GError **error)
{
    g_autoptr(GBytes) octets = NULL;
    const char *text;

    if (!required && !json_answer_has(answer, pointer)) {
        *ret_octets = NULL;
        return TRUE;
    }
    text = json_answer_get_text(answer, pointer, error);
    if (!text)
        return FALSE;
    octets = bytes_from_hex(text, NULL);
    if (!octets || g_bytes_get_size(octets) < 1 || g_bytes_get_size(octets) > 16) {
        set_malformed(pointer, "is not 1 to 16 octets in hex", error);
        return FALSE;
    }
    *ret_octets = g_steal_pointer(&octets);
    return TRUE;
}

gboolean json_answer_check_transaction(const JsonAnswer *answer, GBytes *transaction_id,
                                       GError **error)
{
    g_autoptr(GBytes) id = NULL;

    if (!json_answer_get_hex(answer, "/transactionId", FALSE, &id, error))
        return FALSE;
    if (!id || g_bytes_equal(id, transaction_id))
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                        "the answer belongs to another transaction");
    return FALSE;
}
