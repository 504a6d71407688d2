/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "tlv/tlv.h"

G_BEGIN_DECLS

/*
 * Declarative field tables: a data object of the specification is a C structure and a table of its
 * fields, in the order of the specification. One engine decodes, encodes and prints it by name.
 * Tags are looked up in the table of the object they stand in, nowhere else.
 *
 * Every structure starts with a TlvHead. Decoded structures live on the heap, their slices point
 * into the decoded octets, which the outermost structure keeps alive; free it with
 * tlv_struct_free(). Structures made for encoding may live on the stack and borrow everything.
 *
 * Decoding is liberal: unknown fields are skipped and kept (TlvHead.unknown), lengths need not be
 * minimal, fields may stand in another order (those with the same tag are told apart by their
 * order). A missing required field, a field twice, a wrong size, two alternatives of a CHOICE and a
 * malformed value are errors (MALFORMED) that name the object and the field. Memory is bounded by
 * the size of the input, whatever lengths it announces.
 *
 * Encoding writes a structure whose head.raw is set as it was received (under the tag of its
 * place): what somebody signed is never encoded anew. So decoded structures can be put into others,
 * and { .head.raw = slice } passes on octets that were never decoded. Clear head.raw to change
 * something.
 */

typedef struct TlvType TlvType;

/* Kind of a field, and what the structure member is. */
typedef enum {
    TLV_OCTETS,  /* OCTET STRING and everything opaque: TlvSlice, content octets */
    TLV_UTF8,    /* UTF8String: TlvSlice, checked (UTF-8, no NUL); not NUL-terminated */
    TLV_OID,     /* OBJECT IDENTIFIER: TlvSlice, content octets, checked */
    TLV_INTEGER, /* INTEGER: TlvInteger */
    TLV_BOOLEAN, /* BOOLEAN: TlvInteger with value 0 or 1 */
    TLV_BITS,   /* BIT STRING: TlvSlice, content with the unused-bits octet; see tlv_bit_is_set() */
    TLV_NULL,   /* NULL: gboolean, TRUE when present */
    TLV_RAW,    /* the whole object, header included: TlvSlice; for what must not be re-encoded */
    TLV_STRUCT, /* pointer to a structure of FIELD.type; NULL when absent */
    TLV_LIST,   /* SEQUENCE OF: GPtrArray of structures of FIELD.type; NULL when absent */
} TlvKind;

typedef struct {
    gboolean present;
    gint64 value; /* the default where the specification has one and the field is absent */
} TlvInteger;

/* First member of every structure. */
typedef struct {
    const TlvType *type; /* set by the decoder; NULL in structures made for encoding */
    GBytes *owner;       /* octets that the slices point into; only in the outermost structure */
    GBytes *normalised;  /* octets that TlvType.normalise put in place of those, or NULL */
    TlvSlice raw;     /* the object as received, header included; for an untagged CHOICE this is its
                         alternative, even where a tag stands around it */
    TlvSlice content; /* the content octets that were looked at */
    GArray *unknown;  /* of Tlv: fields that the table does not know, in order; NULL: none */
} TlvHead;

/* Names of an enumeration, for traces and messages; ended by { 0, NULL }. */
typedef struct {
    gint64 value;
    const char *name;
} TlvName;

typedef enum {
    TLV_OPTIONAL = 0,
    TLV_REQUIRED = 1 << 0,
    TLV_SECRET = 1 << 1,   /* printed as "(hidden)" in traces (invariant 10) */
    TLV_TOLERATE = 1 << 2, /* only accepted when reading, never written (interop notes) */
    TLV_V1_0 = 1 << 3,     /* form of SGP.32 v1.0 beside the one of v1.2, in a member of its own */
    TLV_IMPLICIT = 1 << 4, /* OCTETS: the tag replaces that of a SEQUENCE (certificate, public key).
                              A complete SEQUENCE inside the tag is read as well (I-07, I-08) */
    TLV_ADDRESS = 1 << 5,  /* UTF8: control characters and blanks are refused (I-31) */
    TLV_DEFAULT_FALSE = 1 << 6, /* BOOLEAN: absent means FALSE, and FALSE is not written */
    TLV_DEFAULT_TRUE = 1 << 7,  /* the same with TRUE */
} TlvFieldFlags;

typedef struct {
    const char *name; /* as in the specification: "eimTransactionId" */
    guint32 tag; /* 0: STRUCT of an untagged CHOICE, whose alternatives stand here themselves */
    TlvKind kind;
    TlvFieldFlags flags;
    gsize offset;     /* of the structure's member */
    guint32 min, max; /* size of octets, text (in characters), bits; max 0: no limit of its own */
    guint32 unwrap;   /* OCTETS: when the content is an object of this size with the field's own tag
                         once more, its content counts (seen from eIMs); 0: never */
    guint8 group;     /* several spellings of one field (one member): at most one may be there */
    const TlvType *type;  /* STRUCT, LIST: the structure or the item */
    const TlvName *names; /* INTEGER: names of its values; BITS: names of its bits */
} TlvField;

/* One row of a table; the compiler checks that kind and member fit. Further members of TlvField may
 * follow, e.g. .min = 1, .max = 16. */
#define TLV_C_OCTETS(type, member)  TlvSlice
#define TLV_C_UTF8(type, member)    TlvSlice
#define TLV_C_OID(type, member)     TlvSlice
#define TLV_C_INTEGER(type, member) TlvInteger
#define TLV_C_BOOLEAN(type, member) TlvInteger
#define TLV_C_BITS(type, member)    TlvSlice
#define TLV_C_NULL(type, member)    gboolean
#define TLV_C_RAW(type, member)     TlvSlice
#define TLV_C_STRUCT(type, member)  __typeof__(&*((type *)NULL)->member)
#define TLV_C_LIST(type, member)    GPtrArray *
#define TLV_FIELD(kind_, name_, tag_, flags_, type_, member_, ...)                                 \
    {                                                                                              \
        .name = name_, .tag = tag_, .kind = TLV_##kind_, .flags = flags_,                          \
        .offset =                                                                                  \
            offsetof(type_, member_) +                                                             \
            0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((type_ *)NULL)->member_),     \
                                                         TLV_C_##kind_(type_, member_))            \
                                ? 1                                                                \
                                : -1]),                                                            \
        __VA_ARGS__                                                                                \
    }

typedef enum {
    TLV_SEQUENCE,    /* the fields in order */
    TLV_CHOICE,      /* exactly one field */
    TLV_SEQUENCE_OF, /* one field of kind LIST, whose items stand directly in the object */
    TLV_VALUE, /* no structure at all: one field whose value is the content (items of lists) */
} TlvForm;

struct TlvType {
    const char *name; /* as in the specification: "EuiccPackageResult" */
    guint32 tag;      /* tag of the object when it stands alone or in a list. 0: none of its own (an
                         untagged CHOICE): the object itself is looked up among the fields */
    TlvForm form;
    gsize size; /* of the structure */
    const TlvField *fields;
    gsize n_fields;
    gboolean strict; /* unknown fields and another order are errors */
    /* NULL, or called before the fields are looked at: may replace *CONTENT for a tolerated
     * deviation of the sender, e.g. a missing CHOICE tag. What it allocates goes to *RET_OWNED. */
    void (*normalise)(TlvSlice *content, GBytes **ret_owned);
};

/* A table as a whole; further members of TlvType may follow. */
#define TLV_TYPE(name_, tag_, form_, type_, fields_, ...)                                          \
    {                                                                                              \
        .name = name_, .tag = tag_, .form = form_, .size = sizeof(type_), .fields = fields_,       \
        .n_fields = G_N_ELEMENTS(fields_), __VA_ARGS__                                             \
    }
/* The same for an object without fields. */
#define TLV_TYPE_EMPTY(name_, tag_, type_)                                                         \
    {                                                                                              \
        .name = name_, .tag = tag_, .form = TLV_SEQUENCE, .size = sizeof(type_)                    \
    }

/* Decodes BYTES, which must be exactly one object of TYPE. NULL with MALFORMED. */
gpointer tlv_decode(const TlvType *type, GBytes *bytes, GError **error);

/* The same for part of OWNER, on which the result keeps a reference. */
gpointer tlv_decode_slice(const TlvType *type, GBytes *owner, TlvSlice slice, GError **error);

/* Encodes STRUCTURE canonically, kept unknown fields last. NULL with INTERNAL when a required field
 * is missing or a value is out of its limits: the caller's fault. */
GBytes *tlv_encode(const TlvType *type, gconstpointer structure, GError **error);

/* Writes STRUCTURE under TAG (0: the type's own) into an open writer, of which nothing can be used
 * any more after a failure. */
gboolean tlv_encode_into(TlvWriter *writer, const TlvType *type, guint32 tag,
                         gconstpointer structure, GError **error);

/* Frees a decoded structure and everything in it. NULL is allowed. */
void tlv_struct_free(gpointer structure);

/* The text of a UTF8 field; NULL when it is absent. Free with g_free(). */
char *tlv_slice_to_text(TlvSlice slice);

/* TRUE when an object with TAG can be one of TYPE (an untagged CHOICE has many). */
gboolean tlv_type_has_tag(const TlvType *type, guint32 tag);

/* The name of VALUE in NAMES; "unknown (N)" where it has none. Static or interned string (interned
 * only for values of one octet, so that a peer can't fill the memory). */
const char *tlv_name(const TlvName *names, gint64 value);

/* One line a field, indented, "eimTransactionId [82] A1B2"; bare tags where TYPE (which may be
 * NULL) does not know them. OBJECT may be any octets: what can't be read is only counted, as it may
 * hold a part of a secret. Never fails. Free with g_free(). */
char *tlv_print(const TlvType *type, TlvSlice object);

G_END_DECLS
