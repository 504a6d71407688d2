/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <string.h>

#include "rsp/activation_code.h"
#include "util/error.h"

/* What is accepted is made of the input's own characters, and reads the same when it is put together again; what
 * is refused is not repeated in the message. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_code(const RspActivationCode *code, const uint8_t *data, size_t size)
{
    g_autofree char *again =
        g_strdup_printf("LPA:1$%s$%s$%s$%s", code->address, code->token, code->oid ? code->oid : "",
                        code->confirmation_code ? "1" : "");
    g_autoptr(RspActivationCode) second =
        rsp_activation_code_parse(tlv_slice(again, strlen(again)), NULL);

    g_assert(*code->address && *code->host && code->port);
    g_assert(memmem(data, size, code->address, strlen(code->address)));
    g_assert(memmem(data, size, code->token, strlen(code->token)));
    g_assert(!code->oid || memmem(data, size, code->oid, strlen(code->oid)));
    for (const char *c = again; *c; c++)
        g_assert(g_ascii_isgraph(*c));
    /* Only longer where fields were left out. */
    if (!second) {
        g_assert(strlen(again) - 4 > RSP_ACTIVATION_CODE_MAX);
        return;
    }
    g_assert(strcmp(second->address, code->address) == 0 && second->port == code->port);
    g_assert(strcmp(second->host, code->host) == 0 && strcmp(second->token, code->token) == 0);
    g_assert(g_strcmp0(second->oid, code->oid) == 0);
    g_assert(second->confirmation_code == code->confirmation_code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RspActivationCode) code = rsp_activation_code_parse(tlv_slice(data, size), &error);

    g_assert((code != NULL) == (error == NULL));
    if (code) {
        check_code(code, data, size);
        return 0;
    }
    g_assert(error->domain == EUICCD_ERROR && error->code == EUICCD_ERROR_INVALID_ARGUMENT);
    g_assert(g_str_has_prefix(error->message, "activation code: "));
    g_assert(strlen(error->message) < 120);
    return 0;
}
