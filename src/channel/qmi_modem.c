/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/qmi_private.h"

#include <string.h>

#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"

/* The modem as a thing (DMS): its maker, model and firmware, and its restart. The requests are built by hand like
 * those of uim.h. Silence does not make the modem count as hanging: the card is not concerned. */

enum {
    DMS_GET_MANUFACTURER = 0x0021,
    DMS_GET_MODEL = 0x0022,
    DMS_GET_REVISION = 0x0023,
    DMS_SET_OPERATING_MODE = 0x002E,
};

#define MAX_TEXT 128 /* octets of one name that are kept */

/* *RET_ERROR: QMI error, 0 for success. */
static QmiMessage *send(QmiBackend *self, QmiClient *client, guint16 id, const guint8 *value,
                        const char *step, gint64 deadline, GCancellable *cancellable,
                        guint16 *ret_error, GError **error)
{
    g_autoptr(WaitCall) call = wait_call_new();
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(QmiMessage) request = NULL, answer = NULL;
    g_autoptr(GError) failure = NULL;
    g_autofree char *words = NULL, *hex = NULL;
    const guint8 *raw;
    gsize size = 0;

    request = qmi_message_new(QMI_SERVICE_DMS, qmi_client_get_cid(client),
                              qmi_client_get_next_transaction_id(client), id);
    if (value)
        uim_put_u8(request, 0x01, *value);
    qmi_device_command_full(self->device, request, NULL, wait_get_seconds(deadline),
                            wait_call_get_cancellable(call), wait_call_ready, wait_call_ref(call));
    result = wait_call_finish(call, deadline, cancellable, error);
    if (!result)
        return NULL;
    answer = qmi_device_command_full_finish(self->device, result, &failure);
    if (!answer) {
        qmi_backend_take_failure(self, failure, error);
        return NULL;
    }
    if (!uim_get_result(answer, ret_error, error))
        return NULL;
    words = *ret_error ? qmi_backend_describe(*ret_error) : g_strdup("success");
    raw = qmi_message_get_raw(answer, &size, NULL);
    hex = raw ? bytes_to_hex(raw, size) : g_strdup("");
    probe_note(self->backend.probe, *ret_error == 0, step, "%s: %s", words, hex);
    return g_steal_pointer(&answer);
}

static gboolean is_unknown(guint16 qmi_error)
{
    return qmi_error == QMI_PROTOCOL_ERROR_NOT_SUPPORTED ||
           qmi_error == QMI_PROTOCOL_ERROR_INVALID_QMI_COMMAND;
}

/* ---- identity ---- */

/* In whatever encoding; ends at the first NUL. */
static char *take_text(TlvSlice text)
{
    g_autofree char *copy = g_strndup((const char *)text.data, MIN(text.size, MAX_TEXT));
    char *valid = g_utf8_make_valid(copy, -1);

    for (char *c = valid; *c; c++)
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    return g_strstrip(valid);
}

static gboolean ask_identity(QmiBackend *self, QmiClient *client, gint64 deadline,
                             GCancellable *cancellable, gpointer ret_value, GError **error)
{
    BackendIdentity *identity = ret_value;
    const struct {
        guint16 id;
        const char *step;
        char **text;
    } requests[] = {
        { DMS_GET_MANUFACTURER, "DMS Get Manufacturer (0021)", &identity->manufacturer },
        { DMS_GET_MODEL, "DMS Get Model (0022)", &identity->model },
        { DMS_GET_REVISION, "DMS Get Revision (0023)", &identity->revision },
    };
    guint unknown = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(requests); i++) {
        g_autoptr(QmiMessage) answer = NULL;
        guint16 qmi_error = 0;

        answer = send(self, client, requests[i].id, NULL, requests[i].step, deadline, cancellable,
                      &qmi_error, error);
        if (!answer)
            return FALSE;
        unknown += is_unknown(qmi_error);
        *requests[i].text = qmi_error ? g_strdup("") : take_text(uim_get(answer, 0x01));
    }
    if (unknown < G_N_ELEMENTS(requests))
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                        "the modem tells neither manufacturer nor model nor revision");
    return FALSE;
}

gboolean qmi_backend_get_identity(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                  BackendIdentity *ret_identity, GError **error)
{
    QmiBackend *self = (QmiBackend *)backend;
    g_auto(BackendIdentity) identity = { 0 };

    if (!qmi_backend_visit(self, &self->modem, QMI_SERVICE_DMS, ask_identity, deadline, cancellable,
                           &identity, error)) {
        g_prefix_error(error, "%s: get identity: ", backend->name);
        return FALSE;
    }
    *ret_identity = identity;
    identity = (BackendIdentity){ 0 };
    return TRUE;
}

/* ---- restart ---- */

/* The mode "reset" and no other: the rest of them belongs to who runs the modem's connection. A modem that has
 * to be offline first refuses (invalid transition), and stays as it is. */
static gboolean ask_restart(QmiBackend *self, QmiClient *client, gint64 deadline,
                            GCancellable *cancellable, gpointer ret_value, GError **error)
{
    const guint8 mode = QMI_DMS_OPERATING_MODE_RESET;
    g_autoptr(QmiMessage) answer = NULL;
    g_autoptr(GError) failure = NULL;
    g_autofree char *words = NULL;
    guint16 qmi_error = 0;

    (void)ret_value;
    answer =
        send(self, client, DMS_SET_OPERATING_MODE, &mode, "DMS Set Operating Mode (002E) reset",
             deadline, cancellable, &qmi_error, &failure);
    if (!answer) {
        /* It went before it answered. */
        if (euiccd_error_is(failure, EUICCD_ERROR_MODEM_GONE))
            return TRUE;
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (qmi_error == 0)
        return TRUE;
    words = qmi_backend_describe(qmi_error);
    g_set_error(error, EUICCD_ERROR,
                is_unknown(qmi_error) ? EUICCD_ERROR_NOT_SUPPORTED : EUICCD_ERROR_MODEM,
                "the modem answered %s", words);
    return FALSE;
}

gboolean qmi_backend_reset_modem(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                 GError **error)
{
    QmiBackend *self = (QmiBackend *)backend;

    if (qmi_backend_visit(self, &self->modem, QMI_SERVICE_DMS, ask_restart, deadline, cancellable,
                          NULL, error))
        return TRUE;
    g_prefix_error(error, "%s: DMS Set Operating Mode reset: ", backend->name);
    return FALSE;
}
