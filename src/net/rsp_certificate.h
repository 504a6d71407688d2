/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What an IPA looks at in CERT.DPauth.ECDSA or CERT.DSauth.ECDSA (SGP.22 3.0.1 step 10, 4.5.2.1). Chain and
 * signature are the card's to verify. */
typedef struct {
    char *oid;           /* registeredID of the subjectAltName, dotted; NULL: none */
    GBytes *authority;   /* keyIdentifier of the authorityKeyIdentifier: the CI's; NULL: none */
    gboolean is_of_smds; /* its policy says SM-DS (2.23.146.1.2.1.7) */
    gint64 not_before;   /* seconds since 1970 */
    gint64 not_after;
} RspServerCertificate;

/* DER: the complete certificate. MALFORMED. */
RspServerCertificate *rsp_server_certificate_read(GBytes *der, GError **error);
void rsp_server_certificate_free(RspServerCertificate *certificate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspServerCertificate, rsp_server_certificate_free)

/* It is valid now: TLS when it is not, or when the clock was never set: the card has none, and nobody else looks
 * (I-46). */
gboolean rsp_server_certificate_check_dates(const RspServerCertificate *certificate,
                                            GError **error);

G_END_DECLS
