/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/mbim_private.h"

#include "util/bytes.h"
#include "util/clock.h"

/*
 * The MBIM back-end: libmbim through mbim-proxy, so that ModemManager and others keep working beside us.
 * The proxy answers OPEN and CLOSE itself: closing our device closes no channel at the modem.
 *
 * Nothing is agreed on with the modem that others would have to know of: no version of the extensions is
 * asked for. ModemManager may have agreed on one, which the proxy tells every client.
 */

#define CLOSE_TIME G_USEC_PER_SEC

#define DEFAULT_OFF_TIME 1000 /* ms */

/* So many requests without any answer: the modem hangs. */
#define MAX_SILENT 5

/* Octets of an answer that are kept for reports. */
#define MAX_NOTED 96

G_STATIC_ASSERT(G_STRUCT_OFFSET(MbimBackend, backend) == 0);

static void report_lost(MbimBackend *self)
{
    if (self->lost)
        return;
    self->lost = TRUE;
    self->card_changed = TRUE;
    g_cancellable_cancel(self->loss);
    mbim_backend_emit(self, BACKEND_EVENT_LOST);
}

static TlvSlice get_raw(MbimMessage *message)
{
    guint32 size = 0;
    const guint8 *data = mbim_message_get_raw(message, &size, NULL);

    return data ? tlv_slice(data, size) : (TlvSlice){ NULL, 0 };
}

static void on_indication(MbimDevice *device, MbimMessage *message, gpointer data)
{
    MbimBackend *self = data;
    MbimInfoMessage indication;

    if (device != self->device)
        return;
    if (mbim_info_read(get_raw(message), &indication) && indication.kind == MBIM_INFO_INDICATION)
        mbim_backend_take_indication(self, &indication);
    else
        log_debug(&self->log, "malformed indication");
}

static void on_removed(MbimDevice *device, gpointer data)
{
    MbimBackend *self = data;

    if (device == self->device)
        report_lost(self);
}

/* ---- requests ---- */

gboolean mbim_backend_check(MbimBackend *self, GError **error)
{
    if (self->device && !self->lost)
        return TRUE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE, "%s: the modem is %s",
                self->backend.name, self->lost ? "gone" : "not open");
    return FALSE;
}

void mbim_answer_clear(MbimAnswer *answer)
{
    g_clear_pointer(&answer->message, mbim_message_unref);
    answer->info = (TlvSlice){ NULL, 0 };
}

/* ERROR from a failure of the library: MODEM_GONE or MODEM. */
static void take_failure(MbimBackend *self, const GError *failure, GError **error)
{
    /* The write may fail before the hang-up was seen. */
    wait_settle();
    g_set_error(error, EUICCD_ERROR, self->lost ? EUICCD_ERROR_MODEM_GONE : EUICCD_ERROR_MODEM,
                "%s%s", self->lost ? "the modem is gone: " : "", failure->message);
}

/* The modem did not take the message at all. */
static void take_refusal(MbimBackend *self, guint32 reason, GError **error)
{
    const char *name = mbim_protocol_error_get_string((MbimProtocolError)reason);

    /* Our session is over: the modem has restarted without a hang-up, or somebody closed it. */
    if (reason == MBIM_PROTOCOL_ERROR_NOT_OPENED)
        report_lost(self);
    g_set_error(error, EUICCD_ERROR, self->lost ? EUICCD_ERROR_MODEM_GONE : EUICCD_ERROR_MODEM,
                "the modem refused the message: %s (%u)", name ? name : "unknown", reason);
}

static void pass_on(GCancellable *cancellable, gpointer data)
{
    (void)cancellable;
    g_cancellable_cancel(data);
}

static gulong join(GCancellable *cancellable, GCancellable *either)
{
    return cancellable ? g_cancellable_connect(cancellable, G_CALLBACK(pass_on), either, NULL) : 0;
}

/*
 * The library lets requests wait for their time-out when the modem vanishes, and some modems never answer an
 * APDU whose card was pulled: both end the wait. MODEM_GONE for the one, TIMEOUT for the other (END, which
 * may be NULL).
 */
static GAsyncResult *wait_answer(MbimBackend *self, WaitCall *call, gint64 deadline,
                                 GCancellable *cancellable, GCancellable *end, GError **error)
{
    g_autoptr(GCancellable) either = g_cancellable_new();
    g_autoptr(GCancellable) loss = g_object_ref(self->loss);
    g_autoptr(GCancellable) card_end = end ? g_object_ref(end) : NULL;
    g_autoptr(GError) failure = NULL;
    gulong by_caller = join(cancellable, either), by_loss = join(loss, either);
    gulong by_end = join(card_end, either);
    GAsyncResult *result = wait_call_finish(call, deadline, either, &failure);

    g_cancellable_disconnect(card_end, by_end);
    g_cancellable_disconnect(loss, by_loss);
    g_cancellable_disconnect(cancellable, by_caller);
    if (result)
        return result;
    if (euiccd_error_is(failure, EUICCD_ERROR_CANCELLED) &&
        !g_cancellable_is_cancelled(cancellable))
        g_set_error_literal(error, EUICCD_ERROR,
                            self->lost ? EUICCD_ERROR_MODEM_GONE : EUICCD_ERROR_TIMEOUT,
                            self->lost ? "the modem is gone" : "no answer");
    else
        g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

gboolean mbim_backend_command(MbimBackend *self, MbimService service, guint32 cid,
                              MbimMessageCommandType type, GByteArray *info, gint64 deadline,
                              GCancellable *cancellable, MbimAnswer *ret_answer, GError **error)
{
    g_autoptr(MbimMessage) request = NULL, answer = NULL;
    g_autoptr(WaitCall) call = wait_call_new();
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(MbimDevice) device = NULL;
    g_autoptr(GError) failure = NULL;
    gboolean is_apdu = service == MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS &&
                       cid == MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_APDU;
    MbimInfoMessage message;

    if (!mbim_backend_check(self, error) || !wait_check(deadline, cancellable, error))
        return FALSE;
    device = g_object_ref(self->device);
    request = mbim_message_command_new(0, service, cid, type);
    if (info)
        mbim_message_command_append(request, info->data, info->len);
    mbim_device_command(device, request, wait_get_seconds(deadline),
                        wait_call_get_cancellable(call), wait_call_ready, wait_call_ref(call));
    result =
        wait_answer(self, call, deadline, cancellable, is_apdu ? self->removal : NULL, &failure);
    if (!result) {
        if (euiccd_error_is(failure, EUICCD_ERROR_TIMEOUT) && ++self->silent >= MAX_SILENT) {
            log_warning(&self->log, "%u requests without an answer: the modem hangs", self->silent);
            report_lost(self);
        }
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    answer = mbim_device_command_finish(device, result, &failure);
    if (!answer) {
        take_failure(self, failure, error);
        return FALSE;
    }
    self->silent = 0;
    /* The library delivers an indication one round of the loop later than an answer. */
    wait_round();
    if (!mbim_info_read(get_raw(answer), &message) || message.kind == MBIM_INFO_INDICATION) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MODEM,
                            "the modem's answer is malformed");
        return FALSE;
    }
    if (message.kind == MBIM_INFO_REFUSAL) {
        take_refusal(self, message.status, error);
        return FALSE;
    }
    if (message.service != service || message.cid != cid) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MODEM,
                            "the modem's answer is to something else");
        return FALSE;
    }
    ret_answer->message = g_steal_pointer(&answer);
    ret_answer->status = message.status;
    ret_answer->info = message.info;
    return TRUE;
}

void mbim_backend_note(MbimBackend *self, const char *step, const MbimAnswer *answer)
{
    g_autofree char *words = mbim_info_describe_status(answer->status);
    g_autofree char *hex = bytes_to_hex(answer->info.data, MIN(answer->info.size, MAX_NOTED));

    probe_note(self->backend.probe, answer->status == 0, step, "%s%s%s%s", words, hex[0] ? " " : "",
               hex, answer->info.size > MAX_NOTED ? "…" : "");
}

void mbim_backend_note_failure(MbimBackend *self, const char *step, const GError *error)
{
    probe_note(self->backend.probe, FALSE, step, "%s", error->message);
}

gboolean mbim_backend_is_unsupported(guint32 status)
{
    return status == MBIM_STATUS_ERROR_NO_DEVICE_SUPPORT ||
           status == MBIM_STATUS_ERROR_INVALID_DEVICE_SERVICE_OPERATION;
}

void mbim_backend_set_error(MbimBackend *self, EuiccdError code, const char *what, guint32 status,
                            GError **error)
{
    g_autofree char *words = mbim_info_describe_status(status);

    g_set_error(error, EUICCD_ERROR, (gint)code, "%s: %s: the modem answered %s",
                self->backend.name, what, words);
}

/* ---- open and close ---- */

static void mbim_close(Backend *backend)
{
    MbimBackend *self = (MbimBackend *)backend;
    gint64 deadline = clock_boottime() + CLOSE_TIME;

    if (self->device) {
        /* No more events: the owner said that it is done. */
        g_signal_handlers_disconnect_by_data(self->device, self);
        if (!self->lost) {
            g_autoptr(WaitCall) call = wait_call_new();
            g_autoptr(GAsyncResult) result = NULL;

            mbim_device_close(self->device, 1, wait_call_get_cancellable(call), wait_call_ready,
                              wait_call_ref(call));
            result = wait_call_finish(call, deadline, NULL, NULL);
            if (result)
                mbim_device_close_finish(self->device, result, NULL);
        }
        mbim_device_close_force(self->device, NULL);
        g_clear_object(&self->device);
    }
    if (g_cancellable_is_cancelled(self->loss)) {
        g_object_unref(self->loss);
        self->loss = g_cancellable_new();
    }
    self->lost = self->attached = FALSE;
    self->silent = 0;
    self->backend.leaked = FALSE;
    self->imei[0] = '\0';
    mbim_backend_forget_card(self);
}

static gboolean create_device(MbimBackend *self, gint64 deadline, GCancellable *cancellable,
                              GError **error)
{
    g_autoptr(WaitCall) call = wait_call_new();
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GFile) file = g_file_new_for_path(self->path);
    g_autoptr(GError) failure = NULL;

    mbim_device_new(file, wait_call_get_cancellable(call), wait_call_ready, wait_call_ref(call));
    result = wait_call_finish(call, deadline, cancellable, error);
    if (!result)
        return FALSE;
    self->device = mbim_device_new_finish(result, &failure);
    if (!self->device) {
        /* The node went between discovery and this call. */
        gboolean gone = !g_file_test(self->path, G_FILE_TEST_EXISTS);

        g_set_error_literal(error, EUICCD_ERROR,
                            gone ? EUICCD_ERROR_MODEM_GONE : EUICCD_ERROR_MODEM, failure->message);
        return FALSE;
    }
    return TRUE;
}

static gboolean open_device(MbimBackend *self, gint64 deadline, GCancellable *cancellable,
                            GError **error)
{
    MbimDeviceOpenFlags flags =
        self->no_proxy ? MBIM_DEVICE_OPEN_FLAGS_NONE : MBIM_DEVICE_OPEN_FLAGS_PROXY;
    g_autoptr(WaitCall) call = wait_call_new();
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GError) failure = NULL;

    g_signal_connect(self->device, MBIM_DEVICE_SIGNAL_INDICATE_STATUS, G_CALLBACK(on_indication),
                     self);
    g_signal_connect(self->device, MBIM_DEVICE_SIGNAL_REMOVED, G_CALLBACK(on_removed), self);
    mbim_device_open_full(self->device, flags, wait_get_seconds(deadline),
                          wait_call_get_cancellable(call), wait_call_ready, wait_call_ref(call));
    result = wait_answer(self, call, deadline, cancellable, NULL, error);
    if (!result)
        return FALSE;
    if (!mbim_device_open_full_finish(self->device, result, &failure)) {
        take_failure(self, failure, error);
        return FALSE;
    }
    return TRUE;
}

/* Without it a modem tells what it thinks fit. Through the proxy the lists of all clients are merged. */
static gboolean subscribe(MbimBackend *self, gint64 deadline, GCancellable *cancellable,
                          GError **error)
{
    static const MbimInfoEvent events[] = {
        { MBIM_SERVICE_BASIC_CONNECT, MBIM_CID_BASIC_CONNECT_SUBSCRIBER_READY_STATUS },
        { MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS,
          MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_SLOT_INFO_STATUS },
    };
    static const char step[] = "Device Service Subscribe List";

    /* The second needs a newer modem than the first. */
    for (guint n = G_N_ELEMENTS(events); n > 0; n--) {
        g_autoptr(GByteArray) info = mbim_info_build_events(events, n);
        g_auto(MbimAnswer) answer = { 0 };
        g_autofree char *words = NULL;

        if (!mbim_backend_command(self, MBIM_SERVICE_BASIC_CONNECT,
                                  MBIM_CID_BASIC_CONNECT_DEVICE_SERVICE_SUBSCRIBE_LIST,
                                  MBIM_MESSAGE_COMMAND_TYPE_SET, info, deadline, cancellable,
                                  &answer, error)) {
            g_prefix_error(error, "%s: ", step);
            return FALSE;
        }
        mbim_backend_note(self, step, &answer);
        if (answer.status == 0)
            return TRUE;
        words = mbim_info_describe_status(answer.status);
        log_debug(&self->log, "%s with %u events gave %s", step, n, words);
    }
    return TRUE;
}

static gboolean mbim_open(Backend *backend, gint64 deadline, GCancellable *cancellable,
                          GError **error)
{
    MbimBackend *self = (MbimBackend *)backend;
    g_autoptr(GError) failure = NULL;
    const char *step;

    if (self->device && !self->lost)
        return TRUE;
    mbim_close(backend);
    if (step = "open port", !create_device(self, deadline, cancellable, &failure))
        goto fail;
    step = self->no_proxy ? "open port directly" : "open port through mbim-proxy";
    if (!open_device(self, deadline, cancellable, &failure))
        goto fail;
    probe_note(backend->probe, TRUE, step, "open");
    step = "attach";
    if (!subscribe(self, deadline, cancellable, &failure))
        goto fail;
    /* What a dead predecessor left open may be all the channels there are. */
    if (!mbim_backend_clean(self, deadline, cancellable, &failure))
        goto fail;
    if (!mbim_backend_query(self, deadline, cancellable, &failure))
        goto fail;
    if (!mbim_backend_declare(self, deadline, cancellable, &failure))
        goto fail;
    self->attached = TRUE;
    return TRUE;

fail:
    mbim_backend_note_failure(self, step, failure);
    g_propagate_prefixed_error(error, g_steal_pointer(&failure), "%s: %s: ", backend->name, step);
    mbim_close(backend);
    return FALSE;
}

static void mbim_free(Backend *backend)
{
    MbimBackend *self = (MbimBackend *)backend;

    g_object_unref(self->loss);
    g_object_unref(self->removal);
    g_free(self->path);
    g_free((char *)self->backend.name);
    g_free(self);
}

static const BackendClass mbim_class = {
    .name = "mbim",
    .open = mbim_open,
    .list_slots = mbim_backend_list_slots,
    .open_channel = mbim_backend_open_channel,
    .transmit = mbim_backend_transmit,
    .close_channel = mbim_backend_close_channel,
    .reset_card = mbim_backend_reset_card,
    .get_imei = mbim_backend_get_imei,
    .get_rplmn = mbim_backend_get_rplmn,
    .get_identity = mbim_backend_get_identity,
    .switch_slot = mbim_backend_switch_slot,
    .reset_modem = mbim_backend_reset_modem,
    .close = mbim_close,
    .free = mbim_free,
};

Backend *backend_mbim_new_full(const char *path, guint slot, const BackendOptions *options)
{
    MbimBackend *self = g_new0(MbimBackend, 1);

    self->backend.class = &mbim_class;
    self->backend.quirks = options->quirks ? options->quirks : &quirks_none;
    self->backend.probe = options->probe;
    self->backend.name = g_path_get_basename(path);
    /* The Channel of a request is what counts: the modem writes it into the class octet. */
    self->backend.plain_class = self->backend.quirks->channel_in_class != QUIRK_YES;
    /* Modems with an Intel chip refuse STORE DATA without. */
    self->backend.with_le = self->backend.quirks->with_le != QUIRK_NO;
    self->path = g_strdup(path);
    self->wanted_slot = slot;
    self->group = MBIM_FIRST_GROUP + slot;
    self->no_proxy = options->no_proxy;
    self->off_time = options->off_time ? options->off_time : DEFAULT_OFF_TIME;
    self->log = (LogContext){ .object = self->backend.name, .modem = self->path };
    self->loss = g_cancellable_new();
    self->removal = g_cancellable_new();
    self->slot_mapped = TRUE;
    self->select_p2 = -1;
    return &self->backend;
}
