/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <string.h>

#include "rsp/bpp.h"
#include "util/error.h"

/*
 * A package that arrives whole, in one octet at a time, and in pieces whose sizes the input's own octets give:
 * the same segments, metadata and end each time, and segments that joined are a beginning of the input.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    GByteArray *segments, *sizes, *metadata;
    guint n_metadata;
    gboolean ok;
    char *message;
} Run;

static gboolean on_metadata(gpointer data, TlvSlice metadata, GError **error G_GNUC_UNUSED)
{
    Run *run = data;

    g_assert(run->segments->len == 0 && metadata.size > 0 && metadata.size <= RSP_BPP_MAX_HELD);
    g_byte_array_append(run->metadata, metadata.data, (guint)metadata.size);
    run->n_metadata++;
    return TRUE;
}

static gboolean on_segment(gpointer data, RspBppSegment kind, TlvSlice segment,
                           GError **error G_GNUC_UNUSED)
{
    Run *run = data;
    guint8 mark[] = { (guint8)kind, (guint8)(segment.size >> 8), (guint8)segment.size };

    g_assert(segment.size > 0 && segment.size <= RSP_BPP_MAX_SEGMENT + 8);
    g_byte_array_append(run->segments, segment.data, (guint)segment.size);
    g_byte_array_append(run->sizes, mark, sizeof mark);
    return TRUE;
}

static const RspBppSink holding = { on_metadata, on_segment };
static const RspBppSink passing = { NULL, on_segment };

/* STEP 0: as the octets say. */
static Run *run(const RspBppSink *sink, const uint8_t *data, size_t size, size_t step)
{
    Run *result = g_new0(Run, 1);
    RspBpp *bpp = rsp_bpp_new(sink, result);
    g_autoptr(GError) error = NULL;
    size_t n;

    result->segments = g_byte_array_new();
    result->sizes = g_byte_array_new();
    result->metadata = g_byte_array_new();
    result->ok = TRUE;
    for (size_t at = 0; at < size && result->ok; at += n) {
        n = MIN(step ? step : data[at] + 1u, size - at);
        result->ok = rsp_bpp_feed(bpp, tlv_slice(data + at, n), &error);
    }
    result->ok = result->ok && rsp_bpp_finish(bpp, &error);
    g_assert(result->ok == (error == NULL));
    g_assert(rsp_bpp_get_fed(bpp) <= size);
    g_assert(!result->ok || rsp_bpp_get_size(bpp) == size);
    g_assert(result->segments->len <= size &&
             (result->segments->len == 0 ||
              memcmp(result->segments->data, data, result->segments->len) == 0));
    g_assert(!result->ok || result->segments->len == size);
    if (error) {
        g_assert(error->domain == EUICCD_ERROR);
        g_assert(error->code == EUICCD_ERROR_MALFORMED || error->code == EUICCD_ERROR_TOO_LARGE);
        result->message = g_strdup(error->message);
    }
    rsp_bpp_free(bpp);
    return result;
}

static gboolean is_same(const GByteArray *a, const GByteArray *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static void free_run(Run *run)
{
    g_byte_array_unref(run->segments);
    g_byte_array_unref(run->sizes);
    g_byte_array_unref(run->metadata);
    g_free(run->message);
    g_free(run);
}

static void check(const RspBppSink *sink, const uint8_t *data, size_t size)
{
    Run *whole = run(sink, data, size, SIZE_MAX / 2);

    g_assert(!whole->ok || sink == &passing || whole->n_metadata == 1);
    for (size_t step = 0; step < 2; step++) {
        Run *pieces = run(sink, data, size, step);

        g_assert(pieces->ok == whole->ok && g_strcmp0(pieces->message, whole->message) == 0);
        g_assert(pieces->n_metadata == whole->n_metadata);
        g_assert(is_same(pieces->segments, whole->segments));
        g_assert(is_same(pieces->sizes, whole->sizes));
        g_assert(is_same(pieces->metadata, whole->metadata));
        free_run(pieces);
    }
    free_run(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(&holding, data, size);
    check(&passing, data, size);
    return 0;
}
