/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "channel/qmi_private.h"

#include <string.h>

#ifdef HAVE_QRTR
#include <libqrtr-glib.h>
#endif

#include "util/clock.h"
#include "util/error.h"

/*
 * How the modem is reached: a device node through qmi-proxy, so that others keep working beside us, or a node
 * of the QRTR bus, which has room for many clients by itself. There the proxy is what ModemManager uses and some
 * systems allow only that, so it comes second.
 */

#define QRTR "qrtr://"

gboolean qmi_backend_parse_qrtr(const char *path, guint32 *ret_node)
{
    guint64 node;

    if (!g_str_has_prefix(path, QRTR) ||
        !g_ascii_string_to_unsigned(path + strlen(QRTR), 10, 0, G_MAXUINT32, &node, NULL))
        return FALSE;
    *ret_node = (guint32)node;
    return TRUE;
}

static gboolean take_device(QmiBackend *self, GObject *object, const GError *failure,
                            gboolean is_gone, GError **error)
{
    if (object) {
        self->device = QMI_DEVICE(object);
        return TRUE;
    }
    g_set_error_literal(error, EUICCD_ERROR, is_gone ? EUICCD_ERROR_MODEM_GONE : EUICCD_ERROR_MODEM,
                        failure->message);
    return FALSE;
}

static gboolean create_from_path(QmiBackend *self, gint64 deadline, GCancellable *cancellable,
                                 GError **error)
{
    g_autoptr(WaitCall) call = wait_call_new();
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GFile) file = g_file_new_for_path(self->path);
    g_autoptr(GObject) source = NULL;
    g_autoptr(GError) failure = NULL;
    GObject *object;

    g_async_initable_new_async(QMI_TYPE_DEVICE, G_PRIORITY_DEFAULT, wait_call_get_cancellable(call),
                               wait_call_ready, wait_call_ref(call), QMI_DEVICE_FILE, file,
                               QMI_DEVICE_NO_FILE_CHECK, self->no_file_check,
                               self->proxy ? QMI_DEVICE_PROXY_PATH : NULL, self->proxy, NULL);
    result = wait_call_finish(call, deadline, cancellable, error);
    if (!result)
        return FALSE;
    source = g_async_result_get_source_object(result);
    object = g_async_initable_new_finish(G_ASYNC_INITABLE(source), result, &failure);
    /* The node may go between discovery and this call. */
    return take_device(self, object, failure, !g_file_test(self->path, G_FILE_TEST_EXISTS), error);
}

#ifdef HAVE_QRTR
/* How long the bus is asked for its nodes, ms. */
#define LOOKUP_TIME 1000

static QrtrNode *find_node(QmiBackend *self, guint32 number, gint64 deadline,
                           GCancellable *cancellable, GError **error)
{
    g_autoptr(WaitCall) call = wait_call_new();
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(QrtrBus) bus = NULL;
    g_autoptr(GError) failure = NULL;
    QrtrNode *node;

    qrtr_bus_new(LOOKUP_TIME, wait_call_get_cancellable(call), wait_call_ready,
                 wait_call_ref(call));
    result = wait_call_finish(call, deadline, cancellable, error);
    if (!result)
        return NULL;
    bus = qrtr_bus_new_finish(result, &failure);
    if (!bus) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                    "the kernel offers no QRTR: %s", failure->message);
        return NULL;
    }
    node = qrtr_bus_get_node(bus, number);
    if (!node)
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE, "%s is not on the QRTR bus",
                    self->backend.name);
    return node;
}

static gboolean create_from_node(QmiBackend *self, guint32 number, gint64 deadline,
                                 GCancellable *cancellable, GError **error)
{
    g_autoptr(WaitCall) call = wait_call_new();
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(QrtrNode) node = find_node(self, number, deadline, cancellable, error);
    g_autoptr(GError) failure = NULL;

    if (!node)
        return FALSE;
    qmi_device_new_from_node(node, wait_call_get_cancellable(call), wait_call_ready,
                             wait_call_ref(call));
    result = wait_call_finish(call, deadline, cancellable, error);
    return result && take_device(self, (GObject *)qmi_device_new_from_node_finish(result, &failure),
                                 failure, FALSE, error);
}
#else
static gboolean create_from_node(QmiBackend *self, guint32 number, gint64 deadline,
                                 GCancellable *cancellable, GError **error)
{
    (void)number;
    (void)deadline;
    (void)cancellable;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED, "%s: this build has no QRTR",
                self->path);
    return FALSE;
}
#endif

static gboolean open_created(QmiBackend *self, gboolean with_proxy, gint64 deadline,
                             GCancellable *cancellable, GError **error)
{
    g_autoptr(WaitCall) call = wait_call_new();
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GError) failure = NULL;
    QmiDeviceOpenFlags flags = QMI_DEVICE_OPEN_FLAGS_EXPECT_INDICATIONS;

    /* The mode is named (QMI) rather than detected, which only works where udev knows the port. */
    if (with_proxy)
        flags |= QMI_DEVICE_OPEN_FLAGS_PROXY;
    qmi_device_open(self->device, flags, wait_get_seconds(deadline),
                    wait_call_get_cancellable(call), wait_call_ready, wait_call_ref(call));
    result = wait_call_finish(call, deadline, cancellable, error);
    if (!result)
        return FALSE;
    if (!qmi_device_open_finish(self->device, result, &failure)) {
        g_set_error_literal(error, EUICCD_ERROR,
                            self->lost ? EUICCD_ERROR_MODEM_GONE : EUICCD_ERROR_MODEM,
                            failure->message);
        return FALSE;
    }
    return TRUE;
}

static gboolean try_device(QmiBackend *self, gboolean with_proxy, void (*on_open)(QmiBackend *self),
                           gint64 deadline, GCancellable *cancellable, GError **error)
{
    const char *step = with_proxy ? "open port through qmi-proxy" : "open port without a proxy";
    g_autoptr(GError) failure = NULL;
    guint32 node;

    if (qmi_backend_parse_qrtr(self->path, &node)
            ? !create_from_node(self, node, deadline, cancellable, error)
            : !create_from_path(self, deadline, cancellable, error))
        return FALSE;
    on_open(self);
    if (open_created(self, with_proxy, deadline, cancellable, &failure)) {
        probe_note(self->backend.probe, TRUE, step, "%s", self->path);
        return TRUE;
    }
    probe_note(self->backend.probe, FALSE, step, "%s", failure->message);
    g_propagate_prefixed_error(error, g_steal_pointer(&failure),
                               "%s: ", with_proxy ? "through qmi-proxy" : "without a proxy");
    return FALSE;
}

gboolean qmi_backend_open_device(QmiBackend *self, void (*on_open)(QmiBackend *self),
                                 gint64 deadline, GCancellable *cancellable, GError **error)
{
    gboolean on_bus = g_str_has_prefix(self->path, QRTR);
    g_autoptr(GError) failure = NULL;

    if (on_bus && !qmi_backend_parse_qrtr(self->path, &(guint32){ 0 })) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT, "'%s' names no QRTR node",
                    self->path);
        return FALSE;
    }
    if (!on_bus)
        return try_device(self, !self->no_proxy, on_open, deadline, cancellable, error);
    if (try_device(self, FALSE, on_open, deadline, cancellable, &failure))
        return TRUE;
    if (self->no_proxy || !self->device || !euiccd_error_is(failure, EUICCD_ERROR_MODEM)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    log_info(&self->log, "%s, trying qmi-proxy", failure->message);
    /* Opened once is not opened anew. */
    g_signal_handlers_disconnect_by_data(self->device, self);
    g_clear_object(&self->device);
    return try_device(self, TRUE, on_open, deadline, cancellable, error);
}
