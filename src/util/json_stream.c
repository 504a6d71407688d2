/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/json_stream.h"

#include <string.h>

#include "util/error.h"

typedef enum {
    AT_START,
    AT_VALUE,
    AT_VALUE_OR_END, /* after '[' */
    AT_NAME,
    AT_NAME_OR_END, /* after '{' */
    AT_COLON,
    AT_COMMA_OR_END,
    IN_STRING,
    IN_ESCAPE,
    IN_UNICODE,   /* the four digits after \u */
    AFTER_HIGH,   /* the first half of a surrogate pair stands there: '\' must follow */
    AFTER_HIGH2,  /* … and 'u' */
    IN_CHARACTER, /* of several octets */
    IN_WORD,      /* true, false, null */
    IN_NUMBER,
    AT_END,
    FAILED,
} State;

struct JsonStream {
    JsonStreamHandler handler;
    gpointer data;
    State state;
    guint64 position;
    guint32 objects; /* bit i: level i is an object, otherwise an array */
    guint depth;
    gboolean in_name;
    char text[JSON_STREAM_MAX_NAME]; /* name, number or word so far */
    gsize size;
    char character[4]; /* octets of one character */
    guint n_character, n_wanted;
    guint32 code, high;
    guint n_digits;
};

G_STATIC_ASSERT(JSON_STREAM_MAX_DEPTH <= 32 && JSON_STREAM_MAX_NUMBER <= JSON_STREAM_MAX_NAME);

JsonStream *json_stream_new(JsonStreamHandler handler, gpointer data)
{
    JsonStream *stream = g_new0(JsonStream, 1);

    stream->handler = handler;
    stream->data = data;
    return stream;
}

void json_stream_free(JsonStream *stream)
{
    g_free(stream);
}

static gboolean refuse(const JsonStream *stream, const char *why, GError **error)
{
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                "JSON text, octet %" G_GUINT64_FORMAT ": %s", stream->position, why);
    return FALSE;
}

static gboolean tell(JsonStream *stream, JsonStreamEvent event, const char *text, gsize size,
                     GError **error)
{
    return stream->handler(event, text, size, stream->data, error);
}

static gboolean in_object(const JsonStream *stream)
{
    return (stream->objects >> (stream->depth - 1) & 1) != 0;
}

static gboolean enter(JsonStream *stream, gboolean object, GError **error)
{
    if (stream->depth == JSON_STREAM_MAX_DEPTH)
        return refuse(stream, "too deep", error);
    stream->objects &= ~(1u << stream->depth);
    if (object)
        stream->objects |= 1u << stream->depth;
    stream->depth++;
    stream->state = object ? AT_NAME_OR_END : AT_VALUE_OR_END;
    return tell(stream, object ? JSON_STREAM_OBJECT : JSON_STREAM_ARRAY, NULL, 0, error);
}

static gboolean leave(JsonStream *stream, gboolean object, GError **error)
{
    if (in_object(stream) != object)
        return refuse(stream, "the other bracket was expected", error);
    stream->depth--;
    stream->state = stream->depth > 0 ? AT_COMMA_OR_END : AT_END;
    return tell(stream, JSON_STREAM_END, NULL, 0, error);
}

/* ---- words and numbers, which end at what follows them ---- */

static gboolean keep(JsonStream *stream, char c, gsize limit, GError **error)
{
    if (stream->size == limit)
        return refuse(stream, "too long", error);
    stream->text[stream->size++] = c;
    return TRUE;
}

static gsize count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* -? (0 | [1-9][0-9]*) (.[0-9]+)? ([eE][+-]?[0-9]+)? (RFC 8259 6). */
static gboolean is_number(const char *text)
{
    gsize n;

    if (*text == '-')
        text++;
    n = count_digits(text);
    if (n == 0 || (n > 1 && *text == '0'))
        return FALSE;
    text += n;
    if (*text == '.') {
        n = count_digits(++text);
        if (n == 0)
            return FALSE;
        text += n;
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        if (*text == '+' || *text == '-')
            text++;
        n = count_digits(text);
        if (n == 0)
            return FALSE;
        text += n;
    }
    return *text == '\0';
}

static gboolean end_number(JsonStream *stream, GError **error)
{
    char text[JSON_STREAM_MAX_NUMBER + 1] = "";

    memcpy(text, stream->text, stream->size);
    if (!is_number(text))
        return refuse(stream, "not a number", error);
    stream->state = AT_COMMA_OR_END;
    return tell(stream, JSON_STREAM_NUMBER, stream->text, stream->size, error);
}

static gboolean is_word(const JsonStream *stream, const char *word)
{
    return stream->size == strlen(word) && memcmp(stream->text, word, stream->size) == 0;
}

static gboolean end_word(JsonStream *stream, GError **error)
{
    stream->state = AT_COMMA_OR_END;
    if (is_word(stream, "true"))
        return tell(stream, JSON_STREAM_TRUE, NULL, 0, error);
    if (is_word(stream, "false"))
        return tell(stream, JSON_STREAM_FALSE, NULL, 0, error);
    if (is_word(stream, "null"))
        return tell(stream, JSON_STREAM_NULL, NULL, 0, error);
    return refuse(stream, "not a value", error);
}

/* ---- strings ---- */

static gboolean give(JsonStream *stream, const char *text, gsize size, GError **error)
{
    if (!stream->in_name)
        return tell(stream, JSON_STREAM_PART, text, size, error);
    if (size > JSON_STREAM_MAX_NAME - stream->size)
        return refuse(stream, "the name of a member is too long", error);
    memcpy(stream->text + stream->size, text, size);
    stream->size += size;
    return TRUE;
}

static gboolean end_string(JsonStream *stream, GError **error)
{
    if (stream->in_name) {
        stream->state = AT_COLON;
        return tell(stream, JSON_STREAM_NAME, stream->text, stream->size, error);
    }
    stream->state = AT_COMMA_OR_END;
    return tell(stream, JSON_STREAM_STRING, NULL, 0, error);
}

static gboolean give_code(JsonStream *stream, GError **error)
{
    char utf8[6];
    gint size;

    if (stream->code == 0)
        return refuse(stream, "NUL in a string", error);
    size = g_unichar_to_utf8(stream->code, utf8);
    stream->state = IN_STRING;
    return give(stream, utf8, (gsize)size, error);
}

/* The four digits of \uXXXX are there. */
static gboolean end_unicode(JsonStream *stream, GError **error)
{
    guint32 code = stream->code;
    gboolean is_low = code >= 0xDC00 && code <= 0xDFFF;

    if (is_low != (stream->high != 0))
        return refuse(stream, "half a surrogate pair", error);
    if (code >= 0xD800 && code <= 0xDBFF) {
        stream->high = code;
        stream->state = AFTER_HIGH;
        return TRUE;
    }
    if (is_low)
        stream->code = 0x10000 + ((stream->high - 0xD800) << 10) + (code - 0xDC00);
    stream->high = 0;
    return give_code(stream, error);
}

static gboolean take_escape(JsonStream *stream, char c, GError **error)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *at = c != '\0' ? strchr(letters, c) : NULL;

    if (c == 'u') {
        stream->code = 0;
        stream->n_digits = 0;
        stream->state = IN_UNICODE;
        return TRUE;
    }
    if (!at)
        return refuse(stream, "unknown escape", error);
    stream->state = IN_STRING;
    return give(stream, &meant[at - letters], 1, error);
}

static gboolean take_digit(JsonStream *stream, char c, GError **error)
{
    gint digit = g_ascii_xdigit_value(c);

    if (digit < 0)
        return refuse(stream, "not four hex digits after \\u", error);
    stream->code = stream->code << 4 | (guint32)digit;
    return ++stream->n_digits < 4 || end_unicode(stream, error);
}

static gboolean begin_character(JsonStream *stream, guint8 c, GError **error)
{
    stream->n_wanted = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    if (c < 0xC2 || c > 0xF4)
        return refuse(stream, "not UTF-8", error);
    stream->character[0] = (char)c;
    stream->n_character = 1;
    stream->state = IN_CHARACTER;
    return TRUE;
}

static gboolean take_character(JsonStream *stream, char c, GError **error)
{
    stream->character[stream->n_character++] = c;
    if (stream->n_character < stream->n_wanted)
        return TRUE;
    if (!g_utf8_validate_len(stream->character, stream->n_wanted, NULL))
        return refuse(stream, "not UTF-8", error);
    stream->state = IN_STRING;
    return give(stream, stream->character, stream->n_wanted, error);
}

/* Plain ASCII up to what means something, given on in one piece. Returns how much that was. */
static gsize count_plain(const char *octets, gsize size)
{
    gsize n = 0;

    for (; n < size; n++) {
        guint8 c = (guint8)octets[n];

        if (c < ' ' || c >= 0x80 || c == '"' || c == '\\')
            break;
    }
    return n;
}

static gboolean take_in_string(JsonStream *stream, char c, GError **error)
{
    guint8 octet = (guint8)c;

    if (c == '"')
        return end_string(stream, error);
    if (c == '\\') {
        stream->state = IN_ESCAPE;
        return TRUE;
    }
    if (octet < ' ')
        return refuse(stream, "control character in a string", error);
    return begin_character(stream, octet, error);
}

/* ---- structure ---- */

static gboolean begin_string(JsonStream *stream, gboolean is_name)
{
    stream->in_name = is_name;
    stream->size = 0;
    stream->high = 0;
    stream->state = IN_STRING;
    return TRUE;
}

static gboolean begin_value(JsonStream *stream, char c, GError **error)
{
    stream->size = 0;
    if (c == '{' || c == '[')
        return enter(stream, c == '{', error);
    if (c == '"')
        return begin_string(stream, FALSE);
    if (c == '-' || g_ascii_isdigit(c)) {
        stream->state = IN_NUMBER;
        return keep(stream, c, JSON_STREAM_MAX_NUMBER, error);
    }
    if (g_ascii_islower(c)) {
        stream->state = IN_WORD;
        return keep(stream, c, JSON_STREAM_MAX_NUMBER, error);
    }
    return refuse(stream, "a value was expected", error);
}

static gboolean is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One octet outside of strings, numbers and words. */
static gboolean take_structure(JsonStream *stream, char c, GError **error)
{
    if (is_blank(c))
        return TRUE;
    switch (stream->state) {
    case AT_START:
        return c == '{' ? enter(stream, TRUE, error) : refuse(stream, "not an object", error);
    case AT_VALUE_OR_END:
        if (c == ']')
            return leave(stream, FALSE, error);
        return begin_value(stream, c, error);
    case AT_VALUE:
        return begin_value(stream, c, error);
    case AT_NAME_OR_END:
        if (c == '}')
            return leave(stream, TRUE, error);
        return c == '"' ? begin_string(stream, TRUE) : refuse(stream, "no name", error);
    case AT_NAME:
        return c == '"' ? begin_string(stream, TRUE) : refuse(stream, "no name", error);
    case AT_COLON:
        stream->state = AT_VALUE;
        return c == ':' || refuse(stream, "no colon", error);
    case AT_COMMA_OR_END:
        if (c == '}' || c == ']')
            return leave(stream, c == '}', error);
        stream->state = in_object(stream) ? AT_NAME : AT_VALUE;
        return c == ',' || refuse(stream, "no comma", error);
    case AT_END:
        return refuse(stream, "it goes on after its end", error);
    case IN_STRING:
    case IN_ESCAPE:
    case IN_UNICODE:
    case AFTER_HIGH:
    case AFTER_HIGH2:
    case IN_CHARACTER:
    case IN_WORD:
    case IN_NUMBER:
    case FAILED:
        break;
    }
    g_return_val_if_reached(FALSE);
}

static gboolean take_octet(JsonStream *stream, char c, GError **error)
{
    switch (stream->state) {
    case IN_STRING:
        return take_in_string(stream, c, error);
    case IN_ESCAPE:
        return take_escape(stream, c, error);
    case IN_UNICODE:
        return take_digit(stream, c, error);
    case AFTER_HIGH:
        stream->state = AFTER_HIGH2;
        return c == '\\' || refuse(stream, "half a surrogate pair", error);
    case AFTER_HIGH2:
        return c == 'u' ? take_escape(stream, c, error)
                        : refuse(stream, "half a surrogate pair", error);
    case IN_CHARACTER:
        return take_character(stream, c, error);
    case IN_WORD:
        if (g_ascii_isalnum(c))
            return keep(stream, c, JSON_STREAM_MAX_NUMBER, error);
        return end_word(stream, error) && take_structure(stream, c, error);
    case IN_NUMBER:
        if (g_ascii_isalnum(c) || c == '+' || c == '-' || c == '.')
            return keep(stream, c, JSON_STREAM_MAX_NUMBER, error);
        return end_number(stream, error) && take_structure(stream, c, error);
    case AT_START:
    case AT_VALUE:
    case AT_VALUE_OR_END:
    case AT_NAME:
    case AT_NAME_OR_END:
    case AT_COLON:
    case AT_COMMA_OR_END:
    case AT_END:
        return take_structure(stream, c, error);
    case FAILED:
        break;
    }
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL,
                        "JSON text: fed after its failure");
    return FALSE;
}

gboolean json_stream_feed(JsonStream *stream, const char *octets, gsize size, GError **error)
{
    for (gsize i = 0; i < size;) {
        gsize plain = stream->state == IN_STRING ? count_plain(octets + i, size - i) : 0;
        gboolean ok = plain > 0 ? give(stream, octets + i, plain, error)
                                : take_octet(stream, octets[i], error);

        if (!ok) {
            stream->state = FAILED;
            return FALSE;
        }
        i += MAX(plain, 1);
        stream->position += MAX(plain, 1);
    }
    return TRUE;
}

gboolean json_stream_finish(JsonStream *stream, GError **error)
{
    return stream->state == AT_END || refuse(stream, "it is cut off", error);
}
