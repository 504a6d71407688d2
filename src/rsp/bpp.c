/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/bpp.h"

#include "util/error.h"

#define MAC_SIZE 8 /* octets behind the content of each block (SGP.22 2.5.3) */

/* Which object comes next. */
typedef enum {
    STAGE_PACKAGE,
    STAGE_SECURE_CHANNEL,
    STAGE_ISDP,
    STAGE_METADATA_HEADER,
    STAGE_METADATA,
    STAGE_KEYS, /* or the header of A3 */
    STAGE_ELEMENTS_HEADER,
    STAGE_ELEMENTS,
    STAGE_END,
} Stage;

static const struct {
    guint32 tag;
    const char *name; /* for messages */
    RspBppSegment kind;
    gboolean whole; /* the segment is the object, not only its header */
} stages[] = {
    [STAGE_PACKAGE] = { 0xBF36, "BoundProfilePackage", RSP_BPP_INITIALISE_SECURE_CHANNEL, FALSE },
    [STAGE_SECURE_CHANNEL] = { 0xBF23, "initialiseSecureChannelRequest",
                               RSP_BPP_INITIALISE_SECURE_CHANNEL, TRUE },
    [STAGE_ISDP] = { 0xA0, "firstSequenceOf87", RSP_BPP_CONFIGURE_ISDP, TRUE },
    [STAGE_METADATA_HEADER] = { 0xA1, "sequenceOf88", RSP_BPP_METADATA_HEADER, FALSE },
    [STAGE_METADATA] = { 0x88, "block of sequenceOf88", RSP_BPP_METADATA, TRUE },
    [STAGE_KEYS] = { 0xA2, "secondSequenceOf87", RSP_BPP_REPLACE_SESSION_KEYS, TRUE },
    [STAGE_ELEMENTS_HEADER] = { 0xA3, "sequenceOf86", RSP_BPP_ELEMENTS_HEADER, FALSE },
    [STAGE_ELEMENTS] = { 0x86, "block of sequenceOf86", RSP_BPP_ELEMENTS, TRUE },
    [STAGE_END] = { 0, "end of the package", RSP_BPP_ELEMENTS, FALSE },
};

/* A segment that waits for the metadata to be looked at. */
typedef struct {
    RspBppSegment kind;
    gsize size;
} Held;

struct RspBpp {
    const RspBppSink *sink;
    gpointer data;
    Stage stage;
    gboolean failed;
    gsize size, fed;
    GByteArray *segment; /* as far as it came */
    gsize object;        /* where in it the object of STAGE begins */
    gsize missing;       /* octets of that object, once its header is complete */
    gsize left;          /* octets of BF36 from the object of STAGE on */
    gsize left_inside;   /* the same of A1 or A3, while in it */
    gboolean holding;
    GByteArray *held;
    GArray *held_sizes; /* of Held */
    GByteArray *metadata;
};

RspBpp *rsp_bpp_new(const RspBppSink *sink, gpointer data)
{
    RspBpp *bpp = g_new0(RspBpp, 1);

    bpp->sink = sink;
    bpp->data = data;
    bpp->segment = g_byte_array_new();
    bpp->holding = sink->metadata != NULL;
    bpp->held = g_byte_array_new();
    bpp->held_sizes = g_array_new(FALSE, FALSE, sizeof(Held));
    bpp->metadata = g_byte_array_new();
    return bpp;
}

void rsp_bpp_free(RspBpp *bpp)
{
    if (!bpp)
        return;
    g_byte_array_unref(bpp->segment);
    g_byte_array_unref(bpp->held);
    g_array_unref(bpp->held_sizes);
    g_byte_array_unref(bpp->metadata);
    g_free(bpp);
}

gsize rsp_bpp_get_size(const RspBpp *bpp)
{
    return bpp->size;
}

gsize rsp_bpp_get_fed(const RspBpp *bpp)
{
    return bpp->fed;
}

static gboolean refuse(const RspBpp *bpp, const char *why, GError **error)
{
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                "BoundProfilePackage, octet %" G_GSIZE_FORMAT ", %s: %s", bpp->fed,
                stages[bpp->stage].name, why);
    return FALSE;
}

static gboolean refuse_size(const RspBpp *bpp, const char *what, gsize size, gsize limit,
                            GError **error)
{
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE,
                "BoundProfilePackage, octet %" G_GSIZE_FORMAT ", %s: %s has %" G_GSIZE_FORMAT
                " octets, more than %" G_GSIZE_FORMAT,
                bpp->fed, stages[bpp->stage].name, what, size, limit);
    return FALSE;
}

/* ---- segments leave ---- */

static gboolean release(RspBpp *bpp, GError **error)
{
    const guint8 *at = bpp->held->data;

    if (!bpp->sink->metadata(bpp->data, tlv_slice(bpp->metadata->data, bpp->metadata->len), error))
        return FALSE;
    for (guint i = 0; i < bpp->held_sizes->len; i++) {
        Held held = g_array_index(bpp->held_sizes, Held, i);

        if (!bpp->sink->segment(bpp->data, held.kind, tlv_slice(at, held.size), error))
            return FALSE;
        at += held.size;
    }
    bpp->holding = FALSE;
    g_byte_array_set_size(bpp->held, 0);
    g_byte_array_set_size(bpp->metadata, 0);
    return TRUE;
}

static gboolean hold(RspBpp *bpp, RspBppSegment kind, TlvSlice content, GError **error)
{
    Held held = { kind, bpp->segment->len };

    if (bpp->held->len + held.size > RSP_BPP_MAX_HELD)
        return refuse_size(bpp, "all up to here", bpp->held->len + held.size, RSP_BPP_MAX_HELD,
                           error);
    g_byte_array_append(bpp->held, bpp->segment->data, bpp->segment->len);
    g_array_append_val(bpp->held_sizes, held);
    if (kind == RSP_BPP_METADATA)
        g_byte_array_append(bpp->metadata, content.data, (guint)(content.size - MAC_SIZE));
    return TRUE;
}

/* CONTENT of the object in the segment. */
static gboolean end_segment(RspBpp *bpp, TlvSlice content, GError **error)
{
    RspBppSegment kind = stages[bpp->stage].kind;
    TlvSlice segment = tlv_slice(bpp->segment->data, bpp->segment->len);
    gboolean ok = bpp->holding ? hold(bpp, kind, content, error)
                               : bpp->sink->segment(bpp->data, kind, segment, error);

    g_byte_array_set_size(bpp->segment, 0);
    bpp->object = 0;
    return ok;
}

/* ---- objects come ---- */

static gboolean check_content(const RspBpp *bpp, TlvSlice content, GError **error)
{
    Tlv block;

    switch (bpp->stage) {
    case STAGE_ISDP:
    case STAGE_KEYS:
        if (!tlv_parse(content, 0x87, &block, NULL))
            return refuse(bpp, "it holds something else than one block 87", error);
        return TRUE;
    case STAGE_METADATA:
    case STAGE_ELEMENTS:
        if (content.size <= MAC_SIZE)
            return refuse(bpp, "there is nothing but a MAC in it", error);
        return TRUE;
    case STAGE_PACKAGE:
    case STAGE_SECURE_CHANNEL:
    case STAGE_METADATA_HEADER:
    case STAGE_ELEMENTS_HEADER:
    case STAGE_END:
        return TRUE;
    }
    g_return_val_if_reached(FALSE);
}

/* What comes after the segment of STAGE. */
static gboolean go_on(RspBpp *bpp, GError **error)
{
    switch (bpp->stage) {
    case STAGE_METADATA:
        if (bpp->left_inside > 0)
            return TRUE;
        bpp->stage = STAGE_KEYS;
        return !bpp->holding || release(bpp, error);
    case STAGE_ELEMENTS:
        if (bpp->left_inside == 0)
            bpp->stage = STAGE_END;
        return TRUE;
    case STAGE_PACKAGE:
    case STAGE_SECURE_CHANNEL:
    case STAGE_ISDP:
    case STAGE_METADATA_HEADER:
    case STAGE_KEYS:
    case STAGE_ELEMENTS_HEADER:
        bpp->stage++;
        return TRUE;
    case STAGE_END:
        break;
    }
    g_return_val_if_reached(FALSE);
}

static gboolean end_object(RspBpp *bpp, gsize header, GError **error)
{
    TlvSlice content = tlv_slice(bpp->segment->data + bpp->object + header,
                                 bpp->segment->len - bpp->object - header);

    return check_content(bpp, content, error) && end_segment(bpp, content, error) &&
           go_on(bpp, error);
}

/* Where the package began: BF36 is no segment, its header goes with BF23. */
static gboolean begin_package(RspBpp *bpp, gsize header, gsize value, GError **error)
{
    if (value > RSP_BPP_MAX_SIZE - header)
        return refuse_size(bpp, "the package", value, RSP_BPP_MAX_SIZE - header, error);
    bpp->size = header + value;
    bpp->left = value;
    bpp->object = header;
    return go_on(bpp, error);
}

/* A sequence whose blocks are segments of their own. */
static gboolean begin_sequence(RspBpp *bpp, gsize value, GError **error)
{
    if (value == 0)
        return refuse(bpp, "it is empty", error);
    if (bpp->stage == STAGE_ELEMENTS_HEADER && bpp->left > 0)
        return refuse(bpp, "more stands behind it in the package", error);
    bpp->left_inside = value;
    return end_segment(bpp, (TlvSlice){ NULL, 0 }, error) && go_on(bpp, error);
}

/* The header of the next object is complete. */
static gboolean begin_object(RspBpp *bpp, guint32 tag, gsize header, gsize value, GError **error)
{
    gboolean inside = bpp->stage == STAGE_METADATA || bpp->stage == STAGE_ELEMENTS;
    gsize *left = inside ? &bpp->left_inside : &bpp->left;

    if (bpp->stage == STAGE_KEYS && tag == stages[STAGE_ELEMENTS_HEADER].tag)
        bpp->stage = STAGE_ELEMENTS_HEADER;
    if (tag != stages[bpp->stage].tag) {
        g_autofree char *why = g_strdup_printf("object %X stands in its place", tag);

        return refuse(bpp, why, error);
    }
    if (bpp->stage == STAGE_PACKAGE)
        return begin_package(bpp, header, value, error);
    if (header > *left || value > *left - header)
        return refuse(bpp, "it is longer than what it stands in", error);
    *left -= header + value;
    if (!stages[bpp->stage].whole)
        return begin_sequence(bpp, value, error);
    if (value > RSP_BPP_MAX_SEGMENT - header)
        return refuse_size(bpp, "the segment", value + header, RSP_BPP_MAX_SEGMENT, error);
    if (value == 0)
        return refuse(bpp, "it is empty", error);
    bpp->missing = value;
    return TRUE;
}

/* One more octet of a header. */
static gboolean take_header(RspBpp *bpp, guint8 octet, GError **error)
{
    g_autoptr(GError) local = NULL;
    gsize header, value;
    guint32 tag;

    bpp->fed++;
    g_byte_array_append(bpp->segment, &octet, 1);
    if (tlv_peek_header(
            tlv_slice(bpp->segment->data + bpp->object, bpp->segment->len - bpp->object), &tag,
            &header, &value, &local))
        return begin_object(bpp, tag, header, value, error);
    return !local || refuse(bpp, local->message, error);
}

/* Content of an object; its header is complete. */
static gboolean take_content(RspBpp *bpp, const guint8 *octets, gsize size, GError **error)
{
    gsize header, value;
    guint32 tag;

    g_byte_array_append(bpp->segment, octets, (guint)size);
    bpp->fed += size;
    bpp->missing -= size;
    if (bpp->missing > 0)
        return TRUE;
    if (!tlv_peek_header(
            tlv_slice(bpp->segment->data + bpp->object, bpp->segment->len - bpp->object), &tag,
            &header, &value, error))
        g_return_val_if_reached(FALSE);
    return end_object(bpp, header, error);
}

gboolean rsp_bpp_feed(RspBpp *bpp, TlvSlice octets, GError **error)
{
    gsize at = 0;

    if (bpp->failed) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL,
                            "BoundProfilePackage: it goes on after a failure");
        return FALSE;
    }
    while (at < octets.size) {
        gsize n = bpp->missing > 0 ? MIN(bpp->missing, octets.size - at) : 1;

        if (bpp->stage == STAGE_END ? !refuse(bpp, "octets stand behind it", error)
            : bpp->missing > 0      ? !take_content(bpp, octets.data + at, n, error)
                                    : !take_header(bpp, octets.data[at], error)) {
            bpp->failed = TRUE;
            return FALSE;
        }
        at += n;
    }
    return TRUE;
}

gboolean rsp_bpp_finish(RspBpp *bpp, GError **error)
{
    if (bpp->stage == STAGE_END && !bpp->failed)
        return TRUE;
    return refuse(bpp, "the package ends before it is complete", error);
}
