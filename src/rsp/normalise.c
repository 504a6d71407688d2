/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rsp/normalise.h"

#define MAX_CHILDREN 4

/* The first objects of CONTENT; FALSE when it is no sequence of objects. *RET_N counts all of them.
 */
static gboolean look(TlvSlice content, Tlv children[MAX_CHILDREN], gsize *ret_n)
{
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    gsize n = 0;
    Tlv tlv;

    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &error)) {
        if (n < MAX_CHILDREN)
            children[n] = tlv;
        n++;
    }
    *ret_n = n;
    return error == NULL;
}

static void wrap(TlvSlice *content, guint32 tag, TlvSlice inner, GBytes **ret_owned)
{
    TlvWriter *writer = tlv_writer_new();

    tlv_put_slice(writer, tag, inner);
    *ret_owned = tlv_writer_finish(writer);
    *content = tlv_slice_from_bytes(*ret_owned);
}

void rsp_normalise_euicc_package_result(TlvSlice *content, GBytes **ret_owned)
{
    Tlv children[MAX_CHILDREN], inner[MAX_CHILDREN], code;
    TlvSlice arm = *content;
    gsize n, n_inner;

    if (!look(arm, children, &n) || n == 0)
        return;
    /* One SEQUENCE around the signed part and the signature. */
    if (n == 1 && children[0].tag == 0x30 && look(children[0].value, inner, &n_inner) &&
        n_inner == 2 && inner[0].tag == 0x30) {
        arm = children[0].value;
        children[0] = inner[0];
        children[1] = inner[1];
        n = 2;
    }
    if (n == 2 && children[0].tag == 0x30 && children[1].tag == 0x5F37) {
        /* Only the signed error has a code of its own beside the identifiers. */
        wrap(content, tlv_find(children[0].value, 0x02, &code) ? 0xA1 : 0xA0, arm, ret_owned);
        return;
    }
    if (children[0].tag == 0x80)
        wrap(content, 0xA2, arm, ret_owned);
}

void rsp_normalise_profile_info_list_response(TlvSlice *content, GBytes **ret_owned)
{
    Tlv children[MAX_CHILDREN], inner[MAX_CHILDREN];
    gsize n, n_inner;

    if (!look(*content, children, &n) || n == 0)
        return;
    if (children[0].tag == 0xE3) {
        wrap(content, 0xA0, *content, ret_owned);
    } else if (n == 1 && children[0].tag == 0x30) {
        wrap(content, 0xA0, children[0].value, ret_owned);
    } else if (n == 1 && children[0].tag == 0x02) {
        wrap(content, 0x81, children[0].value, ret_owned);
    } else if (n == 1 && children[0].tag == 0xA1 && look(children[0].value, inner, &n_inner) &&
               n_inner == 1 && inner[0].tag == 0x02) {
        wrap(content, 0x81, inner[0].value, ret_owned);
    }
}

void rsp_normalise_ipa_euicc_data_response(TlvSlice *content, GBytes **ret_owned)
{
    Tlv children[MAX_CHILDREN];
    gsize n;

    if (!look(*content, children, &n) || n == 0)
        return;
    if (n == 1 && children[0].tag == 0x02) {
        wrap(content, 0x81, children[0].value, ret_owned);
        return;
    }
    if (n == 1 && (children[0].tag == 0xA0 || children[0].tag == 0xA1 || children[0].tag == 0x81))
        return;
    wrap(content, 0xA0, *content, ret_owned);
}

void rsp_normalise_provide_eim_package_result_response(TlvSlice *content, GBytes **ret_owned)
{
    static const guint8 empty_response[] = { 0x30, 0x00 };

    (void)ret_owned;
    if (content->size == 0)
        *content = tlv_slice(empty_response, sizeof(empty_response));
}

void rsp_normalise_key_data(TlvSlice *content, GBytes **ret_owned)
{
    Tlv children[MAX_CHILDREN];
    gsize n;
    Tlv tlv;

    if (!tlv_parse(*content, 0x30, &tlv, NULL) || !look(tlv.value, children, &n))
        return;
    /* SubjectPublicKeyInfo is algorithm and key, Certificate has the signed part before them. */
    if (n == 2 && children[0].tag == 0x30 && children[1].tag == 0x03)
        wrap(content, 0xA0, tlv.value, ret_owned);
    else if (n == 3 && children[0].tag == 0x30 && children[1].tag == 0x30 &&
             children[2].tag == 0x03)
        wrap(content, 0xA1, tlv.value, ret_owned);
}
