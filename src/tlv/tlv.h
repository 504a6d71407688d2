/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * BER-TLV (ITU-T X.690) as the eSIM specifications use it: tags of one to three octets, definite
 * lengths of up to four octets after the first. The reader never copies and never allocates; what it
 * returns points into the caller's buffer. Lengths need not be minimal (they are kept as they stand),
 * indefinite lengths are refused. What a tag means depends on where it stands: this file knows no names.
 */

#define TLV_MAX_DEPTH 16 /* nested constructed objects that a reader follows */

typedef struct {
    const guint8 *data; /* NULL: absent; non-NULL with size 0: present and empty */
    gsize size;
} TlvSlice;

typedef struct {
    guint32 tag;    /* as written: 0x5A, 0x9F70, 0xBF2D, 0x9F8101 */
    TlvSlice value; /* content octets */
    TlvSlice raw;   /* header and content */
} Tlv;

typedef struct {
    const guint8 *next;
    const guint8 *end;
    guint depth;
} TlvReader;

static inline TlvSlice tlv_slice(const void *data, gsize size)
{
    return (TlvSlice){ data, size };
}

TlvSlice tlv_slice_from_bytes(GBytes *bytes);
GBytes *tlv_slice_to_bytes(TlvSlice slice); /* a copy */
gboolean tlv_slice_equal(TlvSlice a, TlvSlice b);

/* TRUE when the tag's first octet has the constructed bit. */
gboolean tlv_tag_is_constructed(guint32 tag);

/* ---- reading ---- */

void tlv_reader_init(TlvReader *reader, TlvSlice content);

/* Reads the next object. TRUE: RET_TLV is filled. FALSE without ERROR: the end was reached. FALSE with
 * ERROR (MALFORMED, with the position): what stands there is no object, or it is longer than what is
 * left. ERROR must not be NULL. */
gboolean tlv_next(TlvReader *reader, Tlv *ret_tlv, GError **error);

/* Prepares RET_READER for the objects inside TLV; MALFORMED beyond TLV_MAX_DEPTH or for a primitive tag. */
gboolean tlv_enter(const TlvReader *reader, const Tlv *tlv, TlvReader *ret_reader, GError **error);

/* Reads exactly one object that fills CONTENT. TAG 0 takes any. MALFORMED otherwise. */
gboolean tlv_parse(TlvSlice content, guint32 tag, Tlv *ret_tlv, GError **error);

/* Finds the first object with TAG directly in CONTENT. FALSE when there is none before the first
 * defect: for a look into objects that were decoded before, not for validation. */
gboolean tlv_find(TlvSlice content, guint32 tag, Tlv *ret_tlv);

/* Header of the object at the start of CONTENT, of which only part may be there yet: TRUE and the sizes
 * once the header is complete, FALSE without ERROR while octets are missing. */
gboolean tlv_peek_header(TlvSlice content, guint32 *ret_tag, gsize *ret_header_size,
                         gsize *ret_value_size, GError **error);

/* Takes the first tag off LIST, tags without values one after the other (a tagList, SGP.22 5.7.15). FALSE
 * without ERROR: the list is empty. FALSE with ERROR (MALFORMED): what is left is no tag. */
gboolean tlv_take_tag(TlvSlice *list, guint32 *ret_tag, GError **error);

/* Checks that CONTENT is a sequence of well-formed objects down to the last level (constructed tags
 * are entered). MALFORMED with the position otherwise. */
gboolean tlv_validate(TlvSlice content, GError **error);

/* Content octets to values; MALFORMED where they are no such value. INTEGER: 1 to 8 octets, two's
 * complement. BOOLEAN: one octet, any non-zero is TRUE. */
gboolean tlv_get_integer(TlvSlice value, gint64 *ret_integer, GError **error);
gboolean tlv_get_boolean(TlvSlice value, gboolean *ret_boolean, GError **error);

/* BIT STRING content (unused-bits octet first): is named bit BIT set? Bit 0 is the most significant
 * one. FALSE beyond the end. */
gboolean tlv_bit_is_set(TlvSlice value, guint bit);
gboolean tlv_check_bits(TlvSlice value, GError **error);

/* OBJECT IDENTIFIER content octets <-> "2.999.10". Free with g_free(). */
char *tlv_oid_to_string(TlvSlice value, GError **error);
GBytes *tlv_oid_from_string(const char *dotted, GError **error);

/* ---- writing (DER: minimal lengths, minimal integers) ---- */

typedef struct TlvWriter TlvWriter;

TlvWriter *tlv_writer_new(void);
void tlv_writer_free(TlvWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlvWriter, tlv_writer_free)

/* Takes what was written and frees the writer. Every tlv_open() must have been closed. */
GBytes *tlv_writer_finish(TlvWriter *writer);

void tlv_open(TlvWriter *writer, guint32 tag);
void tlv_close(TlvWriter *writer);
void tlv_put(TlvWriter *writer, guint32 tag, const void *data, gsize size);
void tlv_put_slice(TlvWriter *writer, guint32 tag, TlvSlice value);
void tlv_put_string(TlvWriter *writer, guint32 tag, const char *text);
void tlv_put_integer(TlvWriter *writer, guint32 tag, gint64 value);
void tlv_put_boolean(TlvWriter *writer, guint32 tag, gboolean value);
void tlv_put_null(TlvWriter *writer, guint32 tag);
/* Named bits: bit i of BITS (1 << i) is named bit i; trailing zero bits are dropped (DER). */
void tlv_put_bits(TlvWriter *writer, guint32 tag, guint64 bits);
/* Octets as they are: a complete object that was received, or several. */
void tlv_put_raw(TlvWriter *writer, const void *data, gsize size);
void tlv_put_raw_slice(TlvWriter *writer, TlvSlice raw);
void tlv_put_raw_bytes(TlvWriter *writer, GBytes *raw);

/* Octets of a header (tag and length) for VALUE_SIZE octets of content, in OUT of at least 8 octets;
 * returns how many were written. */
gsize tlv_make_header(guint32 tag, gsize value_size, guint8 *out);

G_END_DECLS
