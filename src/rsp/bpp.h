/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tlv/tlv.h"

G_BEGIN_DECLS

/*
 * A BoundProfilePackage (BF36) cut into the commands of ES10b.LoadBoundProfilePackage while it arrives
 * (SGP.22 2.5.5, 3.1.3.3). Headers are copied as they came. What is kept is one segment, and before the first
 * one leaves, the metadata (at most RSP_BPP_MAX_HELD); the size of the package does not matter.
 *
 * The card judges what stands in the parts. What is checked here is what it takes to cut the package: the
 * parts in their order, lengths that fit into each other and within the limits, nothing behind the end.
 */
typedef struct RspBpp RspBpp;

#define RSP_BPP_MAX_SIZE (2 * 1024 * 1024) /* octets of a package */
/* Octets of one segment. SGP.22 2.5.5 allows blocks of 1020, SM-DP+ that write 1036 were seen: there is room
 * beyond that, but no need to keep more than a card could take. */
#define RSP_BPP_MAX_SEGMENT 4096
/* Octets up to the end of the metadata, whose only long parts are an icon (1024) and vendor data. */
#define RSP_BPP_MAX_HELD (16 * 1024)

typedef enum {
    RSP_BPP_INITIALISE_SECURE_CHANNEL, /* header of BF36, and BF23 */
    RSP_BPP_CONFIGURE_ISDP,            /* A0 with its 87 */
    RSP_BPP_METADATA_HEADER,           /* header of A1 */
    RSP_BPP_METADATA,                  /* one 88 */
    RSP_BPP_REPLACE_SESSION_KEYS,      /* A2 with its 87 */
    RSP_BPP_ELEMENTS_HEADER,           /* header of A3 */
    RSP_BPP_ELEMENTS,                  /* one 86 */
} RspBppSegment;

typedef struct {
    /* The metadata in the package: the content of all 88 without their MACs, joined, which should be a
     * StoreMetadataRequest (BF25). Comes once, before the first segment, so that a package that is not the
     * announced one never reaches the card (SGP.22 3.1.3.2 step 12). NULL: not wanted, segments leave as they
     * are complete. */
    gboolean (*metadata)(gpointer data, TlvSlice metadata, GError **error);
    /* One segment, in order. */
    gboolean (*segment)(gpointer data, RspBppSegment kind, TlvSlice segment, GError **error);
} RspBppSink;

/* SINK is borrowed. Its slices are valid during the call. What it fails with ends the package, and is
 * what feed or finish fail with. */
RspBpp *rsp_bpp_new(const RspBppSink *sink, gpointer data);
void rsp_bpp_free(RspBpp *bpp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspBpp, rsp_bpp_free)

/* The next octets of the package. MALFORMED, TOO_LARGE, and what the sink fails with; nothing can be fed
 * after a failure (INTERNAL). */
gboolean rsp_bpp_feed(RspBpp *bpp, TlvSlice octets, GError **error);

/* No more octets come: MALFORMED when some are missing. */
gboolean rsp_bpp_finish(RspBpp *bpp, GError **error);

/* Octets of the whole package, 0 while its header did not come; and of those that were fed. */
gsize rsp_bpp_get_size(const RspBpp *bpp);
gsize rsp_bpp_get_fed(const RspBpp *bpp);

G_END_DECLS
