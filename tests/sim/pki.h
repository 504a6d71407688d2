/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The folder in a PKI in which there are only the roots to trust, as PEM files: the CI. */
#define SIM_PKI_TRUSTED "ci.d"

/*
 * The test PKI (SGP.14, SGP.22 4.5.2, SGP.26 variant O): a CI and below it EUM and eUICC, SM-DP+
 * and SM-DS (authentication, profile binding, TLS), eIM (signing, TLS). Keys are made anew at each
 * call and exist nowhere else.
 *
 * Written into DIR (created with mode 0700 where needed) for each NAME of ci, eum, euicc, eim,
 * eimtls, dpauth, dppb, dptls, dsauth, dstls: NAME.der and NAME.pem (certificate), NAME.key.pem
 * (private key, PKCS #8, mode 0600).
 *
 * Into DIR/negative: server certificates that the IPA has to refuse, NAME.der and NAME.pem for
 * eimtls-expired, eimtls-not-yet-valid, eimtls-wrong-name, eimtls-client-only (all with the key of
 * eimtls), eimtls-other-key (good but for its key, with key file), and eimtls-foreign-ci (issued by
 * foreign-ci, which is there too; both with key file); dptls-* and dstls-* likewise for
 * expired, not-yet-valid, wrong-name, client-only, foreign-ci, self-signed (with key file) and wrong-role. And certificates that the eUICC, or
 * who checks in its place, has to refuse: dpauth-expired, dpauth-other-oid, dpauth-wrong-role (that of
 * dppb), dppb-* likewise, dsauth-expired, dsauth-other-oid (with the keys of the good ones),
 * dpauth-foreign-ci and dsauth-foreign-ci (with key files).
 *
 * CURVE is "P-256" or "brainpoolP256r1", EID the 32 digits in the eUICC's certificate, EIM_HOST the
 * name or IP address (without port) in those of the eIM. Fails with G_IO_ERROR.
 */
gboolean sim_pki_create(const char *dir, const char *curve, const char *eid, const char *eim_host,
                        GError **error);

/*
 * One more eIM under the CI of the PKI in DIR: EIM_DIR gets its own eim, eimtls and what the eIM needs in
 * negative/, and copies of the certificates of ci, eum and euicc. It serves as the PKI of an eIM.
 */
gboolean sim_pki_add_eim(const char *dir, const char *eim_dir, const char *eim_host,
                         GError **error);

/* One more card under the EUM of the PKI in DIR: CARD_DIR gets its own euicc for EID, and copies of the
 * certificates of ci and eum. */
gboolean sim_pki_add_card(const char *dir, const char *card_dir, const char *eid, GError **error);

typedef enum {
    SIM_PKI_SMDP,
    SIM_PKI_SMDS,
} SimPkiServer;

/* One more SM-DP+ or SM-DS with the name HOST and the OID ("2.999.11") under the CI of the PKI in DIR:
 * SERVER_DIR gets its own dpauth, dppb and dptls, or dsauth and dstls, what belongs to them in negative/, and
 * a copy of the CI's certificate. */
gboolean sim_pki_add_server(const char *dir, const char *server_dir, SimPkiServer kind,
                            const char *host, const char *oid, GError **error);

G_END_DECLS
