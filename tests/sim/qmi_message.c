/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/qmi_message.h"

#define QMUX_HEADER 6

static guint16 get_u16(const guint8 *data)
{
    return (guint16)(data[0] | data[1] << 8);
}

gssize sim_qmi_measure(const guint8 *data, gsize size)
{
    if (size > 0 && data[0] != 0x01)
        return -1;
    if (size < 3)
        return 0;
    gsize frame = 1u + get_u16(data + 1);
    return frame < QMUX_HEADER ? -1 : (gssize)frame;
}

gboolean sim_qmi_request_parse(const guint8 *frame, gsize size, SimQmiRequest *ret_request)
{
    if (size < QMUX_HEADER + 6 || frame[3] != 0x00)
        return FALSE;
    SimQmiRequest request = { .service = frame[4], .client = frame[5] };
    const guint8 *sdu = frame + QMUX_HEADER;
    gsize header = request.service == SIM_QMI_CTL ? 6 : 7;
    if (size < QMUX_HEADER + header || sdu[0] != 0x00)
        return FALSE;
    request.transaction = request.service == SIM_QMI_CTL ? sdu[1] : get_u16(sdu + 1);
    request.message = get_u16(sdu + header - 4);
    request.tlvs_size = get_u16(sdu + header - 2);
    request.tlvs = sdu + header;
    if (request.tlvs_size != size - QMUX_HEADER - header)
        return FALSE;
    for (gsize at = 0; at < request.tlvs_size;) {
        if (request.tlvs_size - at < 3 ||
            request.tlvs_size - at - 3 < get_u16(request.tlvs + at + 1))
            return FALSE;
        at += 3u + get_u16(request.tlvs + at + 1);
    }
    *ret_request = request;
    return TRUE;
}

gboolean sim_qmi_request_tlv(const SimQmiRequest *request, guint8 type, const guint8 **ret_data,
                             gsize *ret_size)
{
    for (gsize at = 0; at < request->tlvs_size;) {
        gsize size = get_u16(request->tlvs + at + 1);
        if (request->tlvs[at] == type) {
            *ret_data = request->tlvs + at + 3;
            *ret_size = size;
            return TRUE;
        }
        at += 3 + size;
    }
    return FALSE;
}

gboolean sim_qmi_request_u8(const SimQmiRequest *request, guint8 type, guint8 *ret_value)
{
    const guint8 *data;
    gsize size;
    if (!sim_qmi_request_tlv(request, type, &data, &size) || size != 1)
        return FALSE;
    *ret_value = data[0];
    return TRUE;
}

SimQmiTlvs *sim_qmi_tlvs_new(void)
{
    return g_byte_array_new();
}

void sim_qmi_put_u8(GByteArray *array, guint8 value)
{
    g_byte_array_append(array, &value, 1);
}

void sim_qmi_put_u16(GByteArray *array, guint16 value)
{
    value = GUINT16_TO_LE(value);
    g_byte_array_append(array, (const guint8 *)&value, sizeof value);
}

void sim_qmi_put_u32(GByteArray *array, guint32 value)
{
    value = GUINT32_TO_LE(value);
    g_byte_array_append(array, (const guint8 *)&value, sizeof value);
}

void sim_qmi_put_counted(GByteArray *array, const void *data, gsize size)
{
    sim_qmi_put_u8(array, (guint8)size);
    g_byte_array_append(array, data, (guint)size);
}

void sim_qmi_tlv(SimQmiTlvs *tlvs, guint8 type, const void *data, gsize size)
{
    sim_qmi_put_u8(tlvs, type);
    sim_qmi_put_u16(tlvs, (guint16)size);
    g_byte_array_append(tlvs, data, (guint)size);
}

void sim_qmi_tlv_take(SimQmiTlvs *tlvs, guint8 type, GByteArray *value)
{
    sim_qmi_tlv(tlvs, type, value->data, value->len);
    g_byte_array_unref(value);
}

static GByteArray *make_frame(guint8 service, guint8 client, guint8 flags, guint16 transaction,
                              guint16 message, const GByteArray *first, const GByteArray *second)
{
    gsize header = service == SIM_QMI_CTL ? 6 : 7;
    gsize tlvs = (first ? first->len : 0) + (second ? second->len : 0);
    GByteArray *frame = g_byte_array_new();
    sim_qmi_put_u8(frame, 0x01);
    sim_qmi_put_u16(frame, (guint16)(QMUX_HEADER - 1 + header + tlvs));
    sim_qmi_put_u8(frame, 0x80);
    sim_qmi_put_u8(frame, service);
    sim_qmi_put_u8(frame, client);
    sim_qmi_put_u8(frame, flags);
    if (service == SIM_QMI_CTL)
        sim_qmi_put_u8(frame, (guint8)transaction);
    else
        sim_qmi_put_u16(frame, transaction);
    sim_qmi_put_u16(frame, message);
    sim_qmi_put_u16(frame, (guint16)tlvs);
    if (first)
        g_byte_array_append(frame, first->data, first->len);
    if (second)
        g_byte_array_append(frame, second->data, second->len);
    return frame;
}

GByteArray *sim_qmi_response(const SimQmiRequest *request, guint16 error, const SimQmiTlvs *tlvs)
{
    g_autoptr(GByteArray) result = sim_qmi_tlvs_new();
    g_autoptr(GByteArray) value = g_byte_array_new();
    sim_qmi_put_u16(value, error == SIM_QMI_OK ? 0 : 1);
    sim_qmi_put_u16(value, error);
    sim_qmi_tlv(result, 0x02, value->data, value->len);
    return make_frame(request->service, request->client,
                      request->service == SIM_QMI_CTL ? 0x01 : 0x02, request->transaction,
                      request->message, result, tlvs);
}

GByteArray *sim_qmi_indication(guint8 service, guint8 client, guint16 message,
                               const SimQmiTlvs *tlvs)
{
    return make_frame(service, client, service == SIM_QMI_CTL ? 0x02 : 0x04, 0, message, tlvs,
                      NULL);
}
