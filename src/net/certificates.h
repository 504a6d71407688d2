/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <openssl/x509.h>

#include "tlv/tlv.h"

G_BEGIN_DECLS

/* Certificates in files, and what stands in them about eSIM. */

/* Adds the PEM certificates of TEXT, at least one. *N counts them. CONFIG where one can't be read or there is
 * none. */
gboolean certificates_add_pem(X509_STORE *store, GBytes *text, guint *n, GError **error);

/* Adds the CA certificates in the files of FOLDER, PEM or DER, in the order of their names; names that begin
 * with a dot are left out. ACCEPTED gets the contents of the files. A folder that does not exist has none. CONFIG
 * for a file that has no certificate or one that is no CA's, STORAGE, TOO_LARGE. */
gboolean certificates_add_folder(X509_STORE *store, const char *folder, GByteArray *accepted,
                                 guint *n, GError **error);

/* There is a file that certificates_add_folder() would read. */
gboolean certificates_are_in(const char *folder);

/* One of the certificates in STORE has the subjectKeyIdentifier KEY_ID. */
gboolean certificates_have_key_id(X509_STORE *store, TlvSlice key_id);

/* A certificate of CHAIN (the server's first, the CI's last) that the CI made for something else than to be a TLS
 * server or a CA above one (SGP.22 4.5.2.1): the text of a message, or NULL. */
char *certificates_find_wrong_role(const STACK_OF(X509) * chain);

G_END_DECLS
