/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/connectivity.h"

#include "util/error.h"

/*
 * httpParams are COMPREHENSION-TLVs of ETSI TS 102 223 (8.52, 8.70, 8.15): bearer description, network access name,
 * login, password. The specification does not say whether the bit for "comprehension required" is set, nor whether
 * something stands around them; cards with an A1 around them were seen. Both are taken.
 */

#define TAG_WRAPPER              0xA1
#define TAG_ACCESS_NAME          0x47
#define TAG_ACCESS_NAME_REQUIRED 0xC7

/* Labels with their lengths (3GPP TS 23.003 9.1), 100 octets at most. */
#define MAX_NAME 100

static gboolean find_name(TlvSlice content, Tlv *ret_name)
{
    return tlv_find(content, TAG_ACCESS_NAME, ret_name) ||
           tlv_find(content, TAG_ACCESS_NAME_REQUIRED, ret_name);
}

static gboolean is_label(const guint8 *label, gsize size)
{
    for (gsize i = 0; i < size; i++)
        if (!g_ascii_isalnum(label[i]) && label[i] != '-' && label[i] != '_')
            return FALSE;
    return size > 0;
}

char *rsp_connectivity_get_access_point(TlvSlice http_params, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    Tlv wrapper, name;
    TlvSlice left;

    if (tlv_parse(http_params, TAG_WRAPPER, &wrapper, NULL))
        http_params = wrapper.value;
    if (!find_name(http_params, &name)) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND,
                            "the parameters name no access point");
        return NULL;
    }
    left = name.value;
    while (left.size > 0) {
        gsize size = left.data[0];

        if (name.value.size > MAX_NAME || size >= left.size || !is_label(left.data + 1, size)) {
            g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                                "the name of the access point is no list of labels");
            return NULL;
        }
        if (text->len > 0)
            g_string_append_c(text, '.');
        g_string_append_len(text, (const char *)left.data + 1, (gssize)size);
        left = tlv_slice(left.data + 1 + size, left.size - 1 - size);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}
