/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * QMUX frames as a modem reads and writes them: octet 01, length (little endian, without the 01),
 * flags (00 from the host, 80 from the modem), service, client id, then the service's header
 * (flags, transaction of one octet for CTL and two for the others, message, length of TLVs) and
 * TLVs of u8 type, u16 length.
 */

enum {
    SIM_QMI_CTL = 0x00,
    SIM_QMI_WDS = 0x01,
    SIM_QMI_DMS = 0x02,
    SIM_QMI_NAS = 0x03,
    SIM_QMI_UIM = 0x0B,
};

/* QMI protocol errors that the modem uses, numbers as in the result TLV. */
enum {
    SIM_QMI_OK = 0,
    SIM_QMI_MALFORMED = 1,
    SIM_QMI_INTERNAL = 3,
    SIM_QMI_CLIENT_IDS_EXHAUSTED = 5,
    SIM_QMI_INVALID_CLIENT_ID = 7,
    SIM_QMI_MISSING_ARGUMENT = 17,
    SIM_QMI_NO_EFFECT = 26,
    SIM_QMI_INVALID_SERVICE_TYPE = 31,
    SIM_QMI_INVALID_ARGUMENT = 48,
    SIM_QMI_DEVICE_NOT_READY = 52,
    SIM_QMI_INSUFFICIENT_RESOURCES = 68,
    SIM_QMI_SIM_FILE_NOT_FOUND = 80,
    SIM_QMI_ACCESS_DENIED = 82,
    SIM_QMI_NOT_SUPPORTED = 94,
    SIM_QMI_NO_SIM = 102,
};

/* 0: header incomplete; -1: no QMUX frame. */
gssize sim_qmi_measure(const guint8 *data, gsize size);

typedef struct {
    guint8 service;
    guint8 client;
    guint16 transaction;
    guint16 message;
    const guint8 *tlvs; /* into the frame */
    gsize tlvs_size;
} SimQmiRequest;

/* FALSE: not a request (short, a response, TLVs beyond the end). */
gboolean sim_qmi_request_parse(const guint8 *frame, gsize size, SimQmiRequest *ret_request);
/* Content of the first TLV of TYPE. */
gboolean sim_qmi_request_tlv(const SimQmiRequest *request, guint8 type, const guint8 **ret_data,
                             gsize *ret_size);
/* A TLV of exactly one octet. */
gboolean sim_qmi_request_u8(const SimQmiRequest *request, guint8 type, guint8 *ret_value);

/* TLVs of an answer. */
typedef GByteArray SimQmiTlvs;
SimQmiTlvs *sim_qmi_tlvs_new(void);
void sim_qmi_put_u8(GByteArray *array, guint8 value);
void sim_qmi_put_u16(GByteArray *array, guint16 value);
void sim_qmi_put_u32(GByteArray *array, guint32 value);
/* One octet of size, then the octets. */
void sim_qmi_put_counted(GByteArray *array, const void *data, gsize size);
void sim_qmi_tlv(SimQmiTlvs *tlvs, guint8 type, const void *data, gsize size);
/* VALUE is taken. */
void sim_qmi_tlv_take(SimQmiTlvs *tlvs, guint8 type, GByteArray *value);

/* Frames: TLVS (may be NULL) follow the result TLV. */
GByteArray *sim_qmi_response(const SimQmiRequest *request, guint16 error, const SimQmiTlvs *tlvs);
GByteArray *sim_qmi_indication(guint8 service, guint8 client, guint16 message,
                               const SimQmiTlvs *tlvs);

G_END_DECLS
