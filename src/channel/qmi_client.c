/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/qmi_private.h"

#include "util/error.h"

/* Clients of the modem's services. The modem has a few dozen ids for each service, for everybody, and
 * keeps one that nobody released until it restarts. */

void qmi_backend_take_failure(QmiBackend *self, const GError *failure, GError **error)
{
    EuiccdError code = EUICCD_ERROR_MODEM;

    /* The write may fail before the hang-up was seen. */
    wait_settle();
    if (self->lost)
        code = EUICCD_ERROR_MODEM_GONE;
    else if (g_error_matches(failure, QMI_PROTOCOL_ERROR,
                             QMI_PROTOCOL_ERROR_INVALID_SERVICE_TYPE) ||
             g_error_matches(failure, QMI_PROTOCOL_ERROR, QMI_PROTOCOL_ERROR_INVALID_QMI_COMMAND) ||
             g_error_matches(failure, QMI_PROTOCOL_ERROR, QMI_PROTOCOL_ERROR_NOT_SUPPORTED) ||
             g_error_matches(failure, QMI_CORE_ERROR, QMI_CORE_ERROR_UNSUPPORTED))
        code = EUICCD_ERROR_NOT_SUPPORTED;
    g_set_error(error, EUICCD_ERROR, (gint)code, "%s%s", self->lost ? "the modem is gone: " : "",
                failure->message);
}

gboolean qmi_backend_allocate(QmiBackend *self, QmiService service, WaitCall **allocation,
                              gint64 deadline, GCancellable *cancellable, QmiClient **ret_client,
                              GError **error)
{
    gboolean old = *allocation != NULL;

    for (;;) {
        g_autoptr(GAsyncResult) result = NULL;
        g_autoptr(GError) failure = NULL;
        QmiClient *client;

        if (!*allocation) {
            /* Not cancelled when the caller gives up, and with the library's patience at its longest:
             * of an answer that nobody waits for any more, the id would be lost. */
            *allocation = wait_call_new();
            qmi_device_allocate_client(self->device, service, QMI_CID_NONE,
                                       wait_get_seconds(G_MAXINT64),
                                       wait_call_get_cancellable(*allocation), wait_call_ready,
                                       wait_call_ref(*allocation));
        }
        result = wait_call_try(*allocation, deadline, cancellable, error);
        if (!result)
            return FALSE;
        g_clear_pointer(allocation, wait_call_unref);
        client = qmi_device_allocate_client_finish(self->device, result, &failure);
        if (client) {
            *ret_client = client;
            return TRUE;
        }
        /* How an earlier attempt ended says nothing about now. */
        if (!old || self->lost) {
            qmi_backend_take_failure(self, failure, error);
            return FALSE;
        }
        old = FALSE;
    }
}

void qmi_backend_release(QmiBackend *self, QmiClient *client, gint64 deadline)
{
    g_autoptr(WaitCall) call = wait_call_new();
    g_autoptr(GAsyncResult) result = NULL;

    /* After a hang-up there is nobody to tell, but the library wants its own books closed. */
    qmi_device_release_client(self->device, client,
                              self->lost ? QMI_DEVICE_RELEASE_CLIENT_FLAGS_NONE
                                         : QMI_DEVICE_RELEASE_CLIENT_FLAGS_RELEASE_CID,
                              wait_get_seconds(deadline), wait_call_get_cancellable(call),
                              wait_call_ready, wait_call_ref(call));
    if (deadline == 0)
        return;
    result = wait_call_finish(call, deadline, NULL, NULL);
    if (result)
        qmi_device_release_client_finish(self->device, result, NULL);
}

void qmi_backend_release_late(QmiBackend *self, WaitCall **allocation, gint64 deadline)
{
    g_autoptr(QmiClient) client = NULL;

    if (*allocation && !self->lost) {
        g_autoptr(GAsyncResult) late = wait_call_finish(*allocation, deadline, NULL, NULL);

        if (late)
            client = qmi_device_allocate_client_finish(self->device, late, NULL);
        if (client)
            qmi_backend_release(self, client, deadline);
    }
    g_clear_pointer(allocation, wait_call_unref);
}
