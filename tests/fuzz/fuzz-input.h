/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tlv/tlv.h"

G_BEGIN_DECLS

/* The input of a fuzz target, read from its start: at the end everything is 0 and empty. */
typedef struct {
    const guint8 *next;
    gsize left;
} FuzzInput;

static inline guint8 fuzz_take_octet(FuzzInput *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->next++;
}

static inline guint16 fuzz_take_u16(FuzzInput *input)
{
    guint16 high = fuzz_take_octet(input);

    return (guint16)(high << 8 | fuzz_take_octet(input));
}

/* At most SIZE octets. */
static inline TlvSlice fuzz_take(FuzzInput *input, gsize size)
{
    TlvSlice slice = tlv_slice(input->next, MIN(size, input->left));

    input->next += slice.size;
    input->left -= slice.size;
    return slice;
}

/* Octets with their number in two octets before them. */
static inline TlvSlice fuzz_take_sized(FuzzInput *input)
{
    return fuzz_take(input, fuzz_take_u16(input));
}

/* What leaves the program as text (D-Bus, journal, terminal) is UTF-8. */
static inline void fuzz_check_text(const char *text)
{
    g_assert(text && g_utf8_validate(text, -1, NULL));
}

G_END_DECLS
