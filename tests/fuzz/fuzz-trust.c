/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content of trustedPublicKeyDataTls as it comes from a card. */
#include <stdint.h>

#include "net/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(Trust) trust = trust_new_from_eim_data(tlv_slice_from_bytes(bytes), &error);

    g_assert((trust == NULL) == (error != NULL));
    /* Whatever a card says, it never leads to trust in somebody else. */
    g_assert(!trust || trust_get_source(trust) == TRUST_PUBLIC_KEY ||
             trust_get_source(trust) == TRUST_CERTIFICATE || trust_get_source(trust) == TRUST_CA);
    return 0;
}
