/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sim/eim_result.h"
#include "util/bytes.h"

/* The parts of eim_result.h that do not concern eUICC packages. */

static gboolean fail(GError **error, const char *why)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, why);
    return FALSE;
}

void sim_eim_notification_clear(SimEimNotification *notification)
{
    g_clear_pointer(&notification->event, g_free);
    g_clear_pointer(&notification->iccid, g_free);
    g_clear_pointer(&notification->address, g_free);
}

/* NotificationMetadata BF2F (SGP.22 5.7.10): 80 seqNumber, 81 event, 0C address, 5A iccid O. */
static gboolean decode_metadata(TlvSlice content, SimEimNotification *notification, GError **error)
{
    static const char *const events[] = { "install", "enable", "disable", "delete" };
    g_autoptr(GString) names = g_string_new(NULL);
    Tlv tlv;

    if (!tlv_find(content, 0x80, &tlv))
        return fail(error, "notification: seqNumber is missing");
    if (!tlv_get_integer(tlv.value, &notification->seq_number, error))
        return FALSE;
    if (!tlv_find(content, 0x81, &tlv))
        return fail(error, "notification: profileManagementOperation is missing");
    if (!tlv_check_bits(tlv.value, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(events); i++) {
        if (tlv_bit_is_set(tlv.value, i))
            g_string_append_printf(names, "%s%s", names->len ? "," : "", events[i]);
    }
    notification->event = g_string_free(g_steal_pointer(&names), FALSE);
    if (!tlv_find(content, 0x0C, &tlv))
        return fail(error, "notification: notificationAddress is missing");
    if (!g_utf8_validate_len((const char *)tlv.value.data, tlv.value.size, NULL))
        return fail(error, "notification: notificationAddress is no UTF-8");
    notification->address = g_strndup((const char *)tlv.value.data, tlv.value.size);
    if (tlv_find(content, 0x5A, &tlv)) {
        notification->iccid = iccid_to_string(tlv.value.data, tlv.value.size, error);
        return notification->iccid != NULL;
    }
    return TRUE;
}

/* BF37{BF27{80, BF2F, …}, 5F37}: BF27 is signed. */
static gboolean decode_installation(TlvSlice content, SimEimNotification *notification,
                                    GError **error)
{
    Tlv data, metadata, signature;

    if (!tlv_find(content, 0xBF27, &data) || !tlv_find(content, 0x5F37, &signature))
        return fail(error, "profileInstallationResult: data or signature is missing");
    if (!tlv_find(data.value, 0xBF2F, &metadata))
        return fail(error, "profileInstallationResult: metadata is missing");
    notification->kind = SIM_EIM_NOTIFICATION_INSTALL;
    notification->tbs = data.raw;
    notification->signature = signature.value;
    return decode_metadata(metadata.value, notification, error);
}

/* 30{BF2F, 5F37, 30 euicc, 30 eum}; compact A1{5A O, BF2F, 5F37, …}. BF2F is signed. */
static gboolean decode_other(TlvSlice content, SimEimNotification *notification, GError **error)
{
    g_autoptr(GError) local = NULL;
    guint certificates = 0;
    TlvReader reader;
    Tlv metadata, signature, tlv;

    if (!tlv_find(content, 0xBF2F, &metadata) || !tlv_find(content, 0x5F37, &signature))
        return fail(error, "otherSignedNotification: data or signature is missing");
    notification->tbs = metadata.raw;
    notification->signature = signature.value;
    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &local)) {
        if (tlv.tag != 0x30)
            continue;
        if (certificates == 0)
            notification->euicc = tlv.raw;
        else if (certificates == 1)
            notification->eum = tlv.raw;
        certificates++;
    }
    if (notification->kind == SIM_EIM_NOTIFICATION_OTHER && certificates != 2)
        return fail(error, "otherSignedNotification: not two certificates");
    return decode_metadata(metadata.value, notification, error);
}

/* A0{A0{80, 02 seqNumber, …}, 5F37} */
static gboolean decode_compact_installation(TlvSlice content, SimEimNotification *notification,
                                            GError **error)
{
    Tlv data, number, signature;

    if (!tlv_find(content, 0xA0, &data) || !tlv_find(content, 0x5F37, &signature) ||
        !tlv_find(data.value, 0x02, &number))
        return fail(error, "compactProfileInstallationResult: a field is missing");
    notification->kind = SIM_EIM_NOTIFICATION_COMPACT_INSTALL;
    notification->signature = signature.value;
    return tlv_get_integer(number.value, &notification->seq_number, error);
}

gboolean sim_eim_notification_decode(TlvSlice message, SimEimNotification *ret_notification,
                                     GError **error)
{
    g_auto(SimEimNotification) notification = { 0 };
    gboolean ok;
    Tlv tlv;

    if (!tlv_parse(message, 0, &tlv, error))
        return FALSE;
    switch (tlv.tag) {
    case 0xBF37:
        ok = decode_installation(tlv.value, &notification, error);
        break;
    case 0x30:
        notification.kind = SIM_EIM_NOTIFICATION_OTHER;
        ok = decode_other(tlv.value, &notification, error);
        break;
    case 0xA0:
        ok = decode_compact_installation(tlv.value, &notification, error);
        break;
    case 0xA1:
        notification.kind = SIM_EIM_NOTIFICATION_COMPACT_OTHER;
        ok = decode_other(tlv.value, &notification, error);
        break;
    default:
        ok = fail(error, "unknown kind of notification");
        break;
    }
    if (ok && notification.seq_number < 0)
        ok = fail(error, "notification: seqNumber is negative");
    if (!ok)
        return FALSE;
    *ret_notification = notification;
    notification = (SimEimNotification){ 0 };
    return TRUE;
}

/* ---- IpaEuiccDataResponse and profileDownloadTriggerResult ---- */

static void set_hex(JsonObject *object, const char *name, TlvSlice value)
{
    g_autofree char *hex = bytes_to_hex(value.data, value.size);

    json_object_set_string_member(object, name, hex);
}

/* A5 and A6 hold the three parts of a certificate, or the certificate (I-08). */
static void set_certificate(JsonObject *object, const char *name, TlvSlice content)
{
    g_autoptr(TlvWriter) writer = NULL;
    g_autoptr(GBytes) der = NULL;
    Tlv whole;

    if (tlv_parse(content, 0x30, &whole, NULL)) {
        set_hex(object, name, content);
        return;
    }
    writer = tlv_writer_new();
    tlv_put_slice(writer, 0x30, content);
    der = tlv_writer_finish(g_steal_pointer(&writer));
    set_hex(object, name, tlv_slice_from_bytes(der));
}

static gboolean add_data(JsonObject *object, TlvSlice content, GError **error)
{
    JsonObject *data = json_object_new();
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv tlv;

    json_object_set_object_member(object, "data", data);
    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &local)) {
        g_autofree char *tag = g_strdup_printf("%02X", tlv.tag);

        if (json_object_has_member(data, tag))
            return fail(error, "data object is there twice");
        if (tlv.tag == 0xA5 || tlv.tag == 0xA6)
            set_certificate(data, tag, tlv.value);
        else
            set_hex(data, tag, tlv.value);
        if (tlv.tag == 0x87)
            set_hex(object, "eimTransactionId", tlv.value);
    }
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    return TRUE;
}

static gboolean add_code(JsonObject *object, TlvSlice value, GError **error)
{
    gint64 code;

    if (!tlv_get_integer(value, &code, error))
        return FALSE;
    json_object_set_int_member(object, "error", code);
    return TRUE;
}

JsonObject *sim_eim_data_to_json(TlvSlice message, gboolean strict, GError **error)
{
    g_autoptr(JsonObject) object = json_object_new();
    gboolean ok;
    Tlv outer, choice, field;

    if (!tlv_parse(message, 0xBF52, &outer, error))
        return NULL;
    if (!tlv_parse(outer.value, 0, &choice, NULL))
        choice.tag = 0;
    if (choice.tag == 0xA0) {
        ok = add_data(object, choice.value, error);
    } else if (choice.tag == 0xA1 && tlv_find(choice.value, 0x02, &field)) {
        ok = add_code(object, field.value, error);
        if (tlv_find(choice.value, 0x80, &field))
            set_hex(object, "eimTransactionId", field.value);
    } else if (choice.tag == 0x81 && choice.value.size == 1) { /* v1.0 */
        ok = add_code(object, choice.value, error);
    } else if (!strict && choice.tag == 0x02) {
        ok = add_code(object, choice.value, error);
    } else if (!strict) { /* I-01 */
        ok = add_data(object, outer.value, error);
    } else {
        ok = fail(error, "IpaEuiccDataResponse: neither A0 nor A1");
    }
    return ok ? g_steal_pointer(&object) : NULL;
}

JsonObject *sim_eim_trigger_to_json(TlvSlice message, GError **error)
{
    g_autoptr(JsonObject) object = json_object_new();
    Tlv outer, field, reason;

    if (!tlv_parse(message, 0xBF54, &outer, error))
        return NULL;
    if (tlv_find(outer.value, 0x82, &field))
        set_hex(object, "eimTransactionId", field.value);
    if (tlv_find(outer.value, 0xBF37, &field)) {
        set_hex(object, "installation", field.raw);
    } else if (tlv_find(outer.value, 0x30, &field)) {
        /* v1.0 has errorResponse O, an OCTET STRING, in the place of the reason. */
        if (!tlv_find(field.value, 0x80, &reason) || reason.value.size > 2)
            json_object_set_null_member(object, "error");
        else if (!add_code(object, reason.value, error))
            return NULL;
    } else {
        fail(error, "profileDownloadTriggerResult: neither result nor error");
        return NULL;
    }
    return g_steal_pointer(&object);
}

/* finalResult A2{A0 success | A1{80 bppCommandId, 81 errorReason}} of BF27. */
JsonObject *sim_eim_installation_to_json(TlvSlice message)
{
    static const struct {
        const char *name;
        guint32 tag;
    } numbers[] = { { "bppCommandId", 0x80 }, { "errorReason", 0x81 } };
    JsonObject *result = json_object_new();
    Tlv outer, data, final, choice, field;
    gboolean known;
    gint64 number;

    known = tlv_parse(message, 0xBF37, &outer, NULL) && tlv_find(outer.value, 0xBF27, &data) &&
            tlv_find(data.value, 0xA2, &final);
    json_object_set_boolean_member(result, "success",
                                   known && tlv_find(final.value, 0xA0, &choice));
    if (!known || !tlv_find(final.value, 0xA1, &choice))
        return result;
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (tlv_find(choice.value, numbers[i].tag, &field) &&
            tlv_get_integer(field.value, &number, NULL))
            json_object_set_int_member(result, numbers[i].name, number);
    return result;
}
