/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ipa/download.h"
#include "util/error.h"
#include "util/host.h"
#include "util/text.h"

/* What is to be downloaded. */

IpaDownloadOrder *ipa_download_order_new(IpaOrderKind kind)
{
    IpaDownloadOrder *order = g_new0(IpaDownloadOrder, 1);

    order->kind = kind;
    return order;
}

void ipa_download_order_free(IpaDownloadOrder *order)
{
    g_clear_pointer(&order->code, rsp_activation_code_free);
    g_clear_pointer(&order->eim, ipa_eim_free);
    g_clear_pointer(&order->eim_transaction_id, g_bytes_unref);
    g_free(order->smds);
    text_free_secret(order->confirmation_code);
    g_free(order);
}

static RspActivationCode *parse_code(const char *text, GError **error)
{
    return rsp_activation_code_parse(tlv_slice(text, strlen(text)), error);
}

/* As an activation code is written. */
static char *code_to_text(const RspActivationCode *code)
{
    return g_strdup_printf("1$%s$%s%s%s%s", code->address, code->token,
                           code->oid || code->confirmation_code ? "$" : "",
                           code->oid ? code->oid : "", code->confirmation_code ? "$1" : "");
}

IpaDownloadOrder *ipa_download_order_copy(const IpaDownloadOrder *order)
{
    IpaDownloadOrder *copy = ipa_download_order_new(order->kind);
    char *text = order->code ? code_to_text(order->code) : NULL;

    copy->code = text ? parse_code(text, NULL) : NULL;
    text_free_secret(text);
    copy->smds = g_strdup(order->smds);
    copy->confirmation_code = g_strdup(order->confirmation_code);
    copy->consent = order->consent;
    copy->eim = order->eim ? ipa_eim_copy(order->eim) : NULL;
    copy->eim_transaction_id =
        order->eim_transaction_id ? g_bytes_ref(order->eim_transaction_id) : NULL;
    return copy;
}

static gboolean check_smds(const char *address, GError **error)
{
    g_autofree char *host = NULL;
    guint16 port;

    if (host_parse(address, &host, &port))
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                        "the address of the SM-DS is no host name with an optional port");
    return FALSE;
}

IpaDownloadOrder *ipa_download_order_parse(const char *code, GError **error)
{
    g_autoptr(IpaDownloadOrder) order = ipa_download_order_new(IPA_ORDER_DEFAULT_SMDP);

    if (code[0] == '\0')
        return g_steal_pointer(&order);
    if (g_str_equal(code, "smds") || g_str_has_prefix(code, "smds:")) {
        order->kind = IPA_ORDER_SMDS;
        if (code[4] != ':')
            return g_steal_pointer(&order);
        order->smds = g_strdup(code + 5);
        return check_smds(order->smds, error) ? g_steal_pointer(&order) : NULL;
    }
    order->kind = IPA_ORDER_ACTIVATION_CODE;
    order->code = parse_code(code, error);
    return order->code ? g_steal_pointer(&order) : NULL;
}

/* ---- on the disk ---- */

static const char *const kinds[] = {
    [IPA_ORDER_ACTIVATION_CODE] = "code",
    [IPA_ORDER_DEFAULT_SMDP] = "default",
    [IPA_ORDER_SMDS] = "smds",
    [IPA_ORDER_OF_EIM] = "eim",
};

/* Fields in percent encoding, as a confirmation code may be any text: kind, consent, address or code,
 * confirmation code. An absent field is "-", which the encoding keeps apart from a "-" of the field. */
static void put_field(GString *line, const char *value)
{
    g_string_append_c(line, ' ');
    if (value)
        g_string_append_c(line, '=');
    else
        g_string_append_c(line, '-');
    if (value)
        g_string_append_uri_escaped(line, value, "$.:", FALSE);
}

static gboolean get_field(const char *word, char **ret_value)
{
    if (g_str_equal(word, "-")) {
        *ret_value = NULL;
        return TRUE;
    }
    *ret_value = word[0] == '=' ? g_uri_unescape_string(word + 1, NULL) : NULL;
    return *ret_value != NULL;
}

char *ipa_download_order_to_text(const IpaDownloadOrder *order)
{
    GString *line = g_string_new(kinds[order->kind]);
    char *code = order->code ? code_to_text(order->code) : NULL;

    put_field(line, order->consent ? "yes" : "no");
    put_field(line, order->kind == IPA_ORDER_SMDS ? order->smds : code);
    put_field(line, order->confirmation_code);
    text_free_secret(code);
    return g_string_free(line, FALSE);
}

IpaDownloadOrder *ipa_download_order_from_text(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    g_autofree char *consent = NULL, *what = NULL;
    g_autoptr(IpaDownloadOrder) order = NULL;
    guint kind = 0;

    if (g_strv_length(words) != 4)
        return NULL;
    while (kind < G_N_ELEMENTS(kinds) && !g_str_equal(words[0], kinds[kind]))
        kind++;
    if (kind == G_N_ELEMENTS(kinds))
        return NULL;
    order = ipa_download_order_new((IpaOrderKind)kind);
    if (!get_field(words[1], &consent) || !get_field(words[2], &what) ||
        !get_field(words[3], &order->confirmation_code))
        return NULL;
    order->consent = g_strcmp0(consent, "yes") == 0;
    switch (order->kind) {
    case IPA_ORDER_ACTIVATION_CODE:
        order->code = what ? parse_code(what, NULL) : NULL;
        return order->code ? g_steal_pointer(&order) : NULL;
    case IPA_ORDER_SMDS:
        if (what && !check_smds(what, NULL))
            return NULL;
        order->smds = g_steal_pointer(&what);
        return g_steal_pointer(&order);
    case IPA_ORDER_DEFAULT_SMDP:
    case IPA_ORDER_OF_EIM:
        return g_steal_pointer(&order);
    }
    g_return_val_if_reached(NULL);
}
