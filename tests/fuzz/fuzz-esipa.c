/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers of an eIM, and the address of one: the first octet chooses the decoder. */
#include "net/esipa.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_package(GBytes *body)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(EsipaPackage) package = esipa_parse_package(body, &error);

    g_assert((package == NULL) == (error != NULL));
    if (!package)
        return;
    /* What is forwarded is part of what came; what is not usable is not forwarded. */
    switch (package->kind) {
    case ESIPA_PACKAGE_EUICC:
        g_assert(package->eim_id);
        G_GNUC_FALLTHROUGH;
    case ESIPA_PACKAGE_DATA_REQUEST:
    case ESIPA_PACKAGE_DOWNLOAD_TRIGGER:
        g_assert(memmem(g_bytes_get_data(body, NULL), g_bytes_get_size(body),
                        g_bytes_get_data(package->package, NULL),
                        g_bytes_get_size(package->package)));
        break;
    case ESIPA_PACKAGE_UNKNOWN:
    case ESIPA_PACKAGE_UNUSABLE:
        g_assert(package->why);
        G_GNUC_FALLTHROUGH;
    case ESIPA_PACKAGE_NONE:
        g_assert(!package->package);
        break;
    }
    g_assert(!package->eim_transaction_id || (g_bytes_get_size(package->eim_transaction_id) >= 1 &&
                                              g_bytes_get_size(package->eim_transaction_id) <= 16));
}

static void fuzz_result_answer(GBytes *body)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(EsipaResultAnswer) answer = esipa_parse_result_answer(body, &error);

    g_assert((answer == NULL) == (error != NULL));
    g_assert(!answer || answer->has_acknowledgements || answer->acknowledged->len == 0);
}

static void fuzz_fqdn(GBytes *body)
{
    g_autofree char *fqdn = g_strndup(g_bytes_get_data(body, NULL), g_bytes_get_size(body));
    g_autofree char *host = NULL;
    g_autoptr(GError) error = NULL;
    guint16 port = 0;

    if (!fqdn || !esipa_parse_fqdn(fqdn, &host, &port, &error))
        return;
    g_assert(port != 0 && *host);
    for (const char *c = host; *c; c++)
        g_assert(g_ascii_isalnum(*c) || strchr(".-_:", *c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) body = NULL;

    if (size < 1)
        return 0;
    body = g_bytes_new(data + 1, size - 1);
    switch (data[0] % 3) {
    case 0:
        fuzz_package(body);
        break;
    case 1:
        fuzz_result_answer(body);
        break;
    default:
        fuzz_fqdn(body);
        break;
    }
    return 0;
}
