/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/confirmation_code.h"

#include <openssl/evp.h>
#include <string.h>

#include "util/error.h"

gboolean rsp_confirmation_code_hash(const char *code, TlvSlice transaction_id,
                                    guint8 ret_hash[RSP_HASH_CC_SIZE], GError **error)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    guint8 inner[RSP_HASH_CC_SIZE];
    gboolean ok = context && EVP_Digest(code, strlen(code), inner, NULL, EVP_sha256(), NULL) == 1 &&
                  EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
                  EVP_DigestUpdate(context, inner, sizeof inner) == 1 &&
                  EVP_DigestUpdate(context, transaction_id.data, transaction_id.size) == 1 &&
                  EVP_DigestFinal_ex(context, ret_hash, NULL) == 1;

    OPENSSL_cleanse(inner, sizeof inner);
    EVP_MD_CTX_free(context);
    if (!ok)
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL,
                            "confirmation code: SHA-256 failed");
    return ok;
}
