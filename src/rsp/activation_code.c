/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/activation_code.h"

#include <openssl/crypto.h>
#include <string.h>

#include "util/error.h"
#include "util/host.h"

#define MAX_LABEL 63 /* characters between the dots of a DNS name */

/* Always NULL. */
static RspActivationCode *refuse(const char *why, GError **error)
{
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT, "activation code: %s", why);
    return NULL;
}

void rsp_activation_code_free(RspActivationCode *code)
{
    if (!code)
        return;
    if (code->token)
        OPENSSL_cleanse(code->token, strlen(code->token));
    g_free(code->address);
    g_free(code->host);
    g_free(code->token);
    g_free(code->oid);
    g_free(code);
}

/* What copying and scanning leave around a code. */
static TlvSlice strip(TlvSlice code)
{
    static const char prefix[] = { 'L', 'P', 'A', ':' };

    while (code.size > 0 && g_ascii_isspace(code.data[code.size - 1]))
        code.size--;
    while (code.size > 0 && g_ascii_isspace(*code.data)) {
        code.data++;
        code.size--;
    }
    if (code.size >= sizeof prefix &&
        g_ascii_strncasecmp((const char *)code.data, prefix, sizeof prefix) == 0) {
        code.data += sizeof prefix;
        code.size -= sizeof prefix;
    }
    return code;
}

static gboolean is_printable(TlvSlice code)
{
    for (gsize i = 0; i < code.size; i++)
        if (!g_ascii_isgraph(code.data[i]))
            return FALSE;
    return TRUE;
}

/* Takes the next field off *CODE, FALSE when there is none: no '$' stood behind the former one. An empty
 * field has data. */
static gboolean take_field(TlvSlice *code, TlvSlice *ret_field)
{
    const guint8 *end;

    *ret_field = *code;
    if (!code->data)
        return FALSE;
    end = code->size > 0 ? memchr(code->data, '$', code->size) : NULL;
    if (!end) {
        *code = (TlvSlice){ NULL, 0 };
        return TRUE;
    }
    ret_field->size = (gsize)(end - code->data);
    code->data += ret_field->size + 1;
    code->size -= ret_field->size + 1;
    return TRUE;
}

static char *to_text(TlvSlice field)
{
    return g_strndup((const char *)field.data, field.size);
}

/*
 * Beyond the rules for every host: what a certificate of an SM-DP+ can't name as dNSName is a slip of
 * whoever wrote the code, better told here than as a failed connection. Addresses and ports are left alone,
 * test servers have them.
 */
static gboolean has_labels(const char *host)
{
    const char *label = host;

    for (const char *c = host;; c++) {
        if (*c != '.' && *c != '\0')
            continue;
        if (c - label > MAX_LABEL || *label == '-' || (c > label && c[-1] == '-'))
            return FALSE;
        if (*c == '\0')
            return TRUE;
        label = c + 1;
    }
}

/* Digits, upper-case letters and '-' (SGP.22 4.1.1); lower case was seen and goes on as it is. */
static gboolean is_token(TlvSlice field)
{
    for (gsize i = 0; i < field.size; i++)
        if (!g_ascii_isalnum(field.data[i]) && field.data[i] != '-')
            return FALSE;
    return TRUE;
}

static gboolean is_oid(const char *text)
{
    g_autoptr(GBytes) oid = tlv_oid_from_string(text, NULL);

    return oid != NULL;
}

RspActivationCode *rsp_activation_code_parse(TlvSlice code, GError **error)
{
    g_autoptr(RspActivationCode) result = g_new0(RspActivationCode, 1);
    TlvSlice rest = strip(code), format, address, token, oid, flag;

    if (rest.size == 0)
        return refuse("it is empty", error);
    if (rest.size > RSP_ACTIVATION_CODE_MAX)
        return refuse("it is longer than 255 characters", error);
    if (!is_printable(rest))
        return refuse("it has blanks or control characters in it, or is not ASCII", error);
    if (!take_field(&rest, &format) || format.size != 1 || *format.data != '1')
        return refuse("it does not begin with the format 1", error);
    if (!take_field(&rest, &address) || address.size == 0)
        return refuse("it has no address of an SM-DP+", error);
    result->address = to_text(address);
    if (!host_parse(result->address, &result->host, &result->port) ||
        (!strchr(result->host, ':') && !has_labels(result->host)))
        return refuse("the address of the SM-DP+ is no host name with an optional port", error);
    if (!take_field(&rest, &token))
        return refuse("it has no token: not even an empty one after a '$'", error);
    if (!is_token(token))
        return refuse("the token has other characters than letters, digits and '-'", error);
    result->token = to_text(token);
    if (take_field(&rest, &oid) && oid.size > 0) {
        result->oid = to_text(oid);
        if (!is_oid(result->oid))
            return refuse("the OID of the SM-DP+ is no object identifier", error);
    }
    /* Nothing but "1" has a meaning, and the SM-DP+ itself says when it wants a code (smdpSigned2): what else
     * stands here is no reason to give up. */
    result->confirmation_code = take_field(&rest, &flag) && flag.size == 1 && *flag.data == '1';
    return g_steal_pointer(&result);
}
