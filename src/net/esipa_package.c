/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/esipa_package.h"

#include <string.h>

#include "rsp/names.h"
#include "util/error.h"

#define TAG_ANSWER         0xBF3A
#define TAG_OK             0xA0
#define TAG_ERROR          0x81
#define TAG_TRANSACTION_ID 0x80
#define TAG_PACKAGE        0xBF36

#define MAX_HEADER 8 /* octets: tag of three, length of five */
#define MAX_VALUE  16
#define MAX_LEVELS 3 /* the answer, the answer once more (esipa.md 8), its alternative */

typedef enum {
    AT_HEADER,
    IN_VALUE,   /* short, kept */
    IN_PACKAGE, /* for the sink */
    IN_UNKNOWN,
    AT_END,
    FAILED,
} State;

struct EsipaPackageReader {
    GBytes *transaction_id;
    RspServerSink sink;
    gpointer data;
    State state;
    guint8 header[MAX_HEADER], value[MAX_VALUE];
    gsize n_header, n_value;
    guint32 tag;              /* of the object at hand */
    guint32 tags[MAX_LEVELS]; /* of the objects around it */
    gsize left[MAX_LEVELS];   /* octets of them that are not read or spoken for */
    guint depth;
    gsize rest; /* octets of the object at hand */
    gboolean has_package, has_code, sink_failed;
    gint64 code;
};

EsipaPackageReader *esipa_package_reader_new(GBytes *transaction_id, RspServerSink sink,
                                             gpointer data)
{
    EsipaPackageReader *reader = g_new0(EsipaPackageReader, 1);

    reader->transaction_id = g_bytes_ref(transaction_id);
    reader->sink = sink;
    reader->data = data;
    return reader;
}

void esipa_package_reader_free(EsipaPackageReader *reader)
{
    g_bytes_unref(reader->transaction_id);
    g_free(reader);
}

static gboolean refuse(const char *why, GError **error)
{
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "the answer is refused: %s", why);
    return FALSE;
}

static gboolean pass(EsipaPackageReader *reader, TlvSlice octets, GError **error)
{
    reader->sink_failed = octets.size > 0 && !reader->sink(octets, reader->data, error);
    return !reader->sink_failed;
}

static gboolean end_value(EsipaPackageReader *reader, GError **error)
{
    TlvSlice value = tlv_slice(reader->value, reader->n_value);

    if (reader->tag == TAG_ERROR) {
        if (reader->has_code || reader->has_package)
            return refuse("it has two alternatives at once", error);
        reader->has_code = TRUE;
        return tlv_get_integer(value, &reader->code, error);
    }
    return tlv_slice_equal(value, tlv_slice_from_bytes(reader->transaction_id)) ||
           refuse("it belongs to another transaction", error);
}

/* The object at hand is complete; so may be those around it. */
static void end_object(EsipaPackageReader *reader)
{
    while (reader->depth > 0 && reader->left[reader->depth - 1] == 0)
        reader->depth--;
    reader->n_header = 0;
    reader->state = reader->depth > 0 ? AT_HEADER : AT_END;
}

static void enter(EsipaPackageReader *reader)
{
    reader->tags[reader->depth] = reader->tag;
    reader->left[reader->depth++] = reader->rest;
    end_object(reader);
}

static gboolean begin_package(EsipaPackageReader *reader, GError **error)
{
    if (reader->has_package || reader->has_code)
        return refuse("it has two alternatives at once", error);
    reader->has_package = TRUE;
    reader->state = IN_PACKAGE;
    return pass(reader, tlv_slice(reader->header, reader->n_header), error);
}

static gboolean begin_value(EsipaPackageReader *reader, GError **error)
{
    if (reader->rest < 1 || reader->rest > MAX_VALUE)
        return refuse("a field in it is too long or empty", error);
    reader->n_value = 0;
    reader->state = IN_VALUE;
    return TRUE;
}

/* The header of the object at hand is complete. */
static gboolean begin_object(EsipaPackageReader *reader, GError **error)
{
    guint32 around = reader->depth > 0 ? reader->tags[reader->depth - 1] : 0;

    if (around == 0 && reader->tag != TAG_ANSWER)
        return refuse("it is not ESipa", error);
    if (reader->depth < 2 && reader->tag == TAG_ANSWER)
        enter(reader);
    else if (around == TAG_ANSWER && reader->tag == TAG_OK)
        enter(reader);
    else if (around == TAG_OK && reader->tag == TAG_PACKAGE)
        return begin_package(reader, error);
    else if ((around == TAG_ANSWER && reader->tag == TAG_ERROR) ||
             (around == TAG_OK && reader->tag == TAG_TRANSACTION_ID))
        return begin_value(reader, error);
    else if (reader->rest == 0)
        end_object(reader);
    else
        reader->state = IN_UNKNOWN;
    return TRUE;
}

static gboolean take_header(EsipaPackageReader *reader, guint8 octet, GError **error)
{
    g_autoptr(GError) local = NULL;
    gsize header_size;

    if (reader->n_header == MAX_HEADER)
        return refuse("a header in it is too long", error);
    reader->header[reader->n_header++] = octet;
    if (!tlv_peek_header(tlv_slice(reader->header, reader->n_header), &reader->tag, &header_size,
                         &reader->rest, &local)) {
        if (!local)
            return TRUE;
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (reader->depth > 0) {
        gsize *left = &reader->left[reader->depth - 1];

        if (header_size > *left || reader->rest > *left - header_size)
            return refuse("an object in it is longer than the one around it", error);
        *left -= header_size + reader->rest;
    }
    return begin_object(reader, error);
}

/* At most SIZE octets of the object at hand. */
static gboolean take_content(EsipaPackageReader *reader, const guint8 *octets, gsize size,
                             GError **error)
{
    if (reader->state == IN_PACKAGE && !pass(reader, tlv_slice(octets, size), error))
        return FALSE;
    if (reader->state == IN_VALUE) {
        memcpy(reader->value + reader->n_value, octets, size);
        reader->n_value += size;
    }
    reader->rest -= size;
    if (reader->rest > 0)
        return TRUE;
    if (reader->state == IN_VALUE && !end_value(reader, error))
        return FALSE;
    end_object(reader);
    return TRUE;
}

static gboolean take_some(EsipaPackageReader *reader, TlvSlice octets, gsize *ret_taken,
                          GError **error)
{
    *ret_taken = 1;
    switch (reader->state) {
    case AT_HEADER:
        return take_header(reader, octets.data[0], error);
    case IN_VALUE:
    case IN_PACKAGE:
    case IN_UNKNOWN:
        *ret_taken = MIN(octets.size, reader->rest);
        return take_content(reader, octets.data, *ret_taken, error);
    case AT_END:
        return refuse("it goes on after its end", error);
    case FAILED:
        break;
    }
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL, "fed after a failure");
    return FALSE;
}

gboolean esipa_package_reader_feed(EsipaPackageReader *reader, TlvSlice octets, GError **error)
{
    while (octets.size > 0) {
        gsize taken;

        if (!take_some(reader, octets, &taken, error)) {
            reader->state = FAILED;
            return FALSE;
        }
        octets = tlv_slice(octets.data + taken, octets.size - taken);
        /* An empty package is complete with its header. */
        if (reader->state == IN_PACKAGE && reader->rest == 0)
            end_object(reader);
    }
    return TRUE;
}

gboolean esipa_package_reader_sink_failed(const EsipaPackageReader *reader)
{
    return reader->sink_failed;
}

gboolean esipa_package_reader_finish(EsipaPackageReader *reader, RspServerRefusal *ret_refusal,
                                     GError **error)
{
    rsp_server_refusal_clear(ret_refusal);
    if (reader->state != AT_END)
        return refuse("it is cut off", error);
    if (reader->has_code) {
        ret_refusal->code = reader->code;
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_SERVER_REFUSED,
                    "the eIM answered %s (%" G_GINT64_FORMAT ")",
                    tlv_name(rsp_names_get_bound_profile_package_error_esipa, reader->code),
                    reader->code);
        return FALSE;
    }
    return reader->has_package || refuse("there is no package in it", error);
}
