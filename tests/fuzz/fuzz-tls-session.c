/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kept TLS session as it comes from the disk, behind its check sum. */
#include <stdint.h>

#include "net/tls_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Trust) trust = trust_new_system();
    g_autoptr(TlsSession) session = tls_session_new("eim.example.com:443", trust, NULL);
    g_autoptr(GError) error = NULL;
    gboolean ok = tls_session_decode(session, tlv_slice(data, size), &error);

    g_assert(ok == (error == NULL));
    return 0;
}
