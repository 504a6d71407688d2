/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/eim_message.h"

#include <string.h>

const char *sim_eim_function_name(SimEimFunction function)
{
    switch (function) {
    case SIM_EIM_GET_EIM_PACKAGE:
        return "GetEimPackage";
    case SIM_EIM_PROVIDE_EIM_PACKAGE_RESULT:
        return "ProvideEimPackageResult";
    case SIM_EIM_HANDLE_NOTIFICATION:
        return "HandleNotification";
    case SIM_EIM_INITIATE_AUTHENTICATION:
        return "InitiateAuthentication";
    case SIM_EIM_AUTHENTICATE_CLIENT:
        return "AuthenticateClient";
    case SIM_EIM_GET_BOUND_PROFILE_PACKAGE:
        return "GetBoundProfilePackage";
    case SIM_EIM_CANCEL_SESSION:
        return "CancelSession";
    }
    return "?";
}

static gboolean fail(GError **error, const char *why)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "ESipa request: %s", why);
    return FALSE;
}

/* The objects of a SEQUENCE one after the other, with one to look at. */
typedef struct {
    TlvReader reader;
    gboolean strict;
    gboolean have;
    Tlv tlv;
} Cursor;

static gboolean cursor_next(Cursor *cursor, GError **error)
{
    g_autoptr(GError) local = NULL;

    cursor->have = tlv_next(&cursor->reader, &cursor->tlv, &local);
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    return TRUE;
}

static gboolean cursor_init(Cursor *cursor, TlvSlice content, gboolean strict, GError **error)
{
    tlv_reader_init(&cursor->reader, content);
    cursor->strict = strict;
    return cursor_next(cursor, error);
}

/* Takes the field with TAG if it comes next. What is absent leaves RET_VALUE with data NULL. */
static gboolean cursor_take(Cursor *cursor, guint32 tag, TlvSlice *ret_value, GError **error)
{
    *ret_value = (TlvSlice){ NULL, 0 };
    if (!cursor->have || cursor->tlv.tag != tag)
        return TRUE;
    *ret_value = cursor->tlv.value;
    return cursor_next(cursor, error);
}

static gboolean cursor_end(Cursor *cursor, GError **error)
{
    while (cursor->have) {
        if (cursor->strict)
            return fail(error, "unknown field, or a field in the wrong place");
        if (!cursor_next(cursor, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean take_eid(Cursor *cursor, SimEimRequest *request, GError **error)
{
    TlvSlice eid;

    if (!cursor_take(cursor, 0x5A, &eid, error))
        return FALSE;
    if (!eid.data)
        return TRUE;
    if (eid.size != EID_SIZE)
        return fail(error, "EID is not of 16 octets");
    memcpy(request->eid, eid.data, EID_SIZE);
    request->has_eid = TRUE;
    return TRUE;
}

static gboolean set_dialect(SimEimRequest *request, SimEimDialect dialect, GError **error)
{
    if (request->dialect != SIM_EIM_DIALECT_ANY && request->dialect != dialect)
        return fail(error, "forms of v1.0 and v1.2 mixed");
    request->dialect = dialect;
    return TRUE;
}

/* SGP.32 5.14.5: 5A, 80 notifyStateChange, 81 stateChangeCause, 82 rPLMN; v1.0 has rPLMN in 81. */
static gboolean decode_get_package(TlvSlice content, SimEimRequest *request, gboolean strict,
                                   GError **error)
{
    TlvSlice notify, cause, rplmn;
    Cursor cursor;

    if (!cursor_init(&cursor, content, strict, error) || !take_eid(&cursor, request, error))
        return FALSE;
    if (!request->has_eid)
        return fail(error, "GetEimPackage without EID");
    if (!cursor_take(&cursor, 0x80, &notify, error) || !cursor_take(&cursor, 0x81, &cause, error) ||
        !cursor_take(&cursor, 0x82, &rplmn, error) || !cursor_end(&cursor, error))
        return FALSE;
    if (notify.data && notify.size != 0)
        return fail(error, "notifyStateChange has content");
    request->notify_state_change = notify.data != NULL;
    if (cause.data && cause.size == 3 && !rplmn.data) {
        if (!set_dialect(request, SIM_EIM_DIALECT_1_0, error))
            return FALSE;
        rplmn = cause;
    } else if (cause.data) {
        if (!set_dialect(request, SIM_EIM_DIALECT_1_2, error) ||
            !tlv_get_integer(cause, &request->cause, error))
            return FALSE;
        request->has_cause = TRUE;
        if (strict && !notify.data)
            return fail(error, "stateChangeCause without notifyStateChange");
    } else if (rplmn.data && !set_dialect(request, SIM_EIM_DIALECT_1_2, error)) {
        return FALSE;
    }
    if (rplmn.data && rplmn.size != 3)
        return fail(error, "rPLMN is not of three octets");
    request->rplmn = rplmn;
    return TRUE;
}

/* v1.2: A0{80 eimTransactionId O, 02 code} */
static gboolean decode_result_error(TlvSlice content, SimEimRequest *request, gboolean strict,
                                    GError **error)
{
    TlvSlice code;
    Cursor cursor;

    if (!cursor_init(&cursor, content, strict, error) ||
        !cursor_take(&cursor, 0x80, &request->error_transaction_id, error) ||
        !cursor_take(&cursor, 0x02, &code, error) || !cursor_end(&cursor, error))
        return FALSE;
    if (!code.data)
        return fail(error, "result error without code");
    return tlv_get_integer(code, &request->error_code, error);
}

/* Drops the outer one of two equal tags: what some ASN.1 compilers make of a tagged CHOICE. */
static gboolean strip_double_tag(Tlv *tlv, gboolean strict, GError **error)
{
    Tlv inner;

    if (!tlv_parse(tlv->value, tlv->tag, &inner, NULL))
        return TRUE;
    if (strict)
        return fail(error, "tag written twice");
    *tlv = inner;
    return TRUE;
}

/* 30{BF51, A0 notificationList}, in v1.0 30{BF51, BF2B{A0 list}}. */
static gboolean decode_result_and_notifications(TlvSlice content, SimEimRequest *request,
                                                gboolean strict, GError **error)
{
    Cursor cursor;
    Tlv list, inner;

    if (!cursor_init(&cursor, content, strict, error))
        return FALSE;
    if (!cursor.have || cursor.tlv.tag != 0xBF51)
        return fail(error, "ePRAndNotifications without euiccPackageResult");
    if (!strip_double_tag(&cursor.tlv, strict, error))
        return FALSE;
    request->result_kind = SIM_EIM_RESULT_PACKAGE;
    request->result = cursor.tlv.raw;
    if (!cursor_next(&cursor, error))
        return FALSE;
    if (!cursor.have)
        return fail(error, "ePRAndNotifications without list");
    list = cursor.tlv;
    if (!cursor_next(&cursor, error) || !cursor_end(&cursor, error))
        return FALSE;
    if (list.tag == 0xBF2B) {
        if (!set_dialect(request, SIM_EIM_DIALECT_1_0, error))
            return FALSE;
        if (!tlv_parse(list.value, 0xA0, &inner, error)) {
            g_prefix_error(error, "ESipa request: list of notifications: ");
            return FALSE;
        }
        list = inner;
    } else if (list.tag == 0xA0) {
        if (!set_dialect(request, SIM_EIM_DIALECT_1_2, error))
            return FALSE;
    } else {
        return fail(error, "ePRAndNotifications with an unknown list");
    }
    if (strict && list.value.size == 0)
        return fail(error, "empty list of notifications: the result should go alone");
    request->notifications = list.value;
    return TRUE;
}

/* EimPackageResult (SGP.32 6.3.2.7); the CHOICE has no tag of its own. */
static gboolean decode_package_result(Tlv *tlv, SimEimRequest *request, gboolean strict,
                                      GError **error)
{
    switch (tlv->tag) {
    case 0xBF51:
    case 0xBF52:
    case 0xBF54:
        if (!strip_double_tag(tlv, strict, error))
            return FALSE;
        request->result_kind = tlv->tag == 0xBF51   ? SIM_EIM_RESULT_PACKAGE
                               : tlv->tag == 0xBF52 ? SIM_EIM_RESULT_DATA
                                                    : SIM_EIM_RESULT_TRIGGER;
        request->result = tlv->raw;
        return TRUE;
    case 0x30:
        return decode_result_and_notifications(tlv->value, request, strict, error);
    case 0xA0:
        request->result_kind = SIM_EIM_RESULT_ERROR;
        return set_dialect(request, SIM_EIM_DIALECT_1_2, error) &&
               decode_result_error(tlv->value, request, strict, error);
    case 0x02:
        request->result_kind = SIM_EIM_RESULT_ERROR;
        return set_dialect(request, SIM_EIM_DIALECT_1_0, error) &&
               tlv_get_integer(tlv->value, &request->error_code, error);
    default:
        return fail(error, "unknown kind of result");
    }
}

/* SGP.32 5.14.6: {5A O, EimPackageResult}; in v1.0 the CHOICE alone. */
static gboolean decode_provide_result(TlvSlice content, SimEimRequest *request, gboolean strict,
                                      GError **error)
{
    Cursor cursor;
    Tlv result;

    if (!cursor_init(&cursor, content, strict, error) || !take_eid(&cursor, request, error))
        return FALSE;
    if (request->has_eid && !set_dialect(request, SIM_EIM_DIALECT_1_2, error))
        return FALSE;
    if (!cursor.have)
        return fail(error, "ProvideEimPackageResult without result");
    result = cursor.tlv;
    return decode_package_result(&result, request, strict, error) && cursor_next(&cursor, error) &&
           cursor_end(&cursor, error);
}

/* SGP.32 5.14.7: A0{PendingNotification} or BF50{…}; v1.0 A1{…} in place of BF50. */
static gboolean decode_handle_notification(TlvSlice content, SimEimRequest *request,
                                           gboolean strict, GError **error)
{
    Tlv choice, notification;

    if (!tlv_parse(content, 0, &choice, error)) {
        g_prefix_error(error, "ESipa request: HandleNotification: ");
        return FALSE;
    }
    switch (choice.tag) {
    case 0xA0:
        if (!tlv_parse(choice.value, 0, &notification, error)) {
            g_prefix_error(error, "ESipa request: pendingNotification: ");
            return FALSE;
        }
        if (notification.tag != 0xBF37 && notification.tag != 0x30 && notification.tag != 0xA0 &&
            notification.tag != 0xA1)
            return fail(error, "unknown kind of notification");
        request->notification = notification.raw;
        return TRUE;
    case 0xBF50:
        return set_dialect(request, SIM_EIM_DIALECT_1_2, error) &&
               decode_provide_result(choice.value, request, strict, error);
    case 0xA1:
        return set_dialect(request, SIM_EIM_DIALECT_1_0, error) &&
               decode_provide_result(choice.value, request, strict, error);
    default:
        return fail(error, "unknown kind of HandleNotification");
    }
}

gboolean sim_eim_request_decode(TlvSlice message, gboolean strict, SimEimRequest *ret_request,
                                GError **error)
{
    static const struct {
        guint32 tag;
        SimEimFunction function;
    } functions[] = {
        { 0xBF4F, SIM_EIM_GET_EIM_PACKAGE },     { 0xBF50, SIM_EIM_PROVIDE_EIM_PACKAGE_RESULT },
        { 0xBF3D, SIM_EIM_HANDLE_NOTIFICATION }, { 0xBF39, SIM_EIM_INITIATE_AUTHENTICATION },
        { 0xBF3B, SIM_EIM_AUTHENTICATE_CLIENT }, { 0xBF3A, SIM_EIM_GET_BOUND_PROFILE_PACKAGE },
        { 0xBF41, SIM_EIM_CANCEL_SESSION },
    };
    SimEimRequest request = { 0 };
    gboolean known = FALSE, ok = FALSE;
    Tlv tlv;

    if (!tlv_parse(message, 0, &tlv, error) || !tlv_validate(message, error)) {
        g_prefix_error(error, "ESipa request: ");
        return FALSE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++) {
        if (functions[i].tag == tlv.tag) {
            request.function = functions[i].function;
            known = TRUE;
        }
    }
    if (!known)
        return fail(error, "unknown function");

    switch (request.function) {
    case SIM_EIM_GET_EIM_PACKAGE:
        ok = strip_double_tag(&tlv, strict, error) &&
             decode_get_package(tlv.value, &request, strict, error);
        break;
    case SIM_EIM_PROVIDE_EIM_PACKAGE_RESULT:
        ok = strip_double_tag(&tlv, strict, error) &&
             decode_provide_result(tlv.value, &request, strict, error);
        break;
    case SIM_EIM_HANDLE_NOTIFICATION:
        ok = decode_handle_notification(tlv.value, &request, strict, error);
        break;
    case SIM_EIM_INITIATE_AUTHENTICATION:
    case SIM_EIM_AUTHENTICATE_CLIENT:
    case SIM_EIM_GET_BOUND_PROFILE_PACKAGE:
    case SIM_EIM_CANCEL_SESSION:
        request.content = tlv.value;
        ok = TRUE;
        break;
    }
    if (ok)
        *ret_request = request;
    return ok;
}

/* ---- answers ---- */

GBytes *sim_eim_answer_package(GBytes *object)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, 0xBF4F);
    tlv_put_raw_bytes(writer, object);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static GBytes *make_error(guint32 tag, gint64 code)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, tag);
    tlv_put_integer(writer, 0x02, code);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

GBytes *sim_eim_answer_package_error(gint64 code)
{
    return make_error(0xBF4F, code);
}

GBytes *sim_eim_answer_result_error(gint64 code)
{
    return make_error(0xBF50, code);
}

GBytes *sim_eim_answer_acknowledgements(const gint64 *numbers, gsize count)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, 0xBF50);
    tlv_open(writer, 0xBF53);
    for (gsize i = 0; i < count; i++)
        tlv_put_integer(writer, 0x80, numbers[i]);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

GBytes *sim_eim_answer_empty(SimEimDialect dialect)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, 0xBF50);
    if (dialect != SIM_EIM_DIALECT_1_0)
        tlv_put(writer, 0x30, NULL, 0);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}
