/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/mbim_private.h"

#include <string.h>

/* Who the modem is, where it is registered, and its restart. None of this reaches the card. */

/* A query of Basic Connect that must succeed. */
static gboolean ask(MbimBackend *self, guint32 cid, const char *what, gint64 deadline,
                    GCancellable *cancellable, MbimAnswer *ret_answer, GError **error)
{
    if (!mbim_backend_command(self, MBIM_SERVICE_BASIC_CONNECT, cid,
                              MBIM_MESSAGE_COMMAND_TYPE_QUERY, NULL, deadline, cancellable,
                              ret_answer, error)) {
        g_prefix_error(error, "%s: %s: ", self->backend.name, what);
        return FALSE;
    }
    if (ret_answer->status == 0)
        return TRUE;
    mbim_backend_set_error(self,
                           mbim_backend_is_unsupported(ret_answer->status)
                               ? EUICCD_ERROR_NOT_SUPPORTED
                               : EUICCD_ERROR_MODEM,
                           what, ret_answer->status, error);
    return FALSE;
}

static gboolean ask_device(MbimBackend *self, gint64 deadline, GCancellable *cancellable,
                           MbimInfoDevice *ret_device, GError **error)
{
    g_auto(MbimAnswer) answer = { 0 };

    if (!ask(self, MBIM_CID_BASIC_CONNECT_DEVICE_CAPS, "Device Caps", deadline, cancellable,
             &answer, error))
        return FALSE;
    if (mbim_info_parse_device(answer.info, ret_device))
        return TRUE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                "%s: Device Caps: the modem's answer is malformed", self->backend.name);
    return FALSE;
}

gboolean mbim_backend_get_imei(Backend *backend, gint64 deadline, GCancellable *cancellable,
                               char ret_imei[16], GError **error)
{
    MbimBackend *self = (MbimBackend *)backend;
    g_auto(MbimInfoDevice) device = { 0 };
    gsize n;

    if (!self->imei[0]) {
        if (!ask_device(self, deadline, cancellable, &device, error))
            return FALSE;
        /* Not remembered: a modem that just started may tell later. */
        if (!device.device_id[0]) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                        "%s: Device Caps: the modem tells no IMEI", backend->name);
            return FALSE;
        }
        /* TS 23.003 section 6.2.1. The check digit is taken as it comes, and what follows it (a software
         * version) is left. Zeros alone are what a modem has before it was given a number. */
        n = strlen(device.device_id);
        if ((n != 15 && n != 16) || strspn(device.device_id, "0123456789") != n ||
            strspn(device.device_id, "0") == n) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                        "%s: Device Caps: what the modem gave as IMEI, %" G_GSIZE_FORMAT
                        " characters, is none",
                        backend->name, n);
            return FALSE;
        }
        g_strlcpy(self->imei, device.device_id, sizeof self->imei);
    }
    memcpy(ret_imei, self->imei, sizeof self->imei);
    return TRUE;
}

gboolean mbim_backend_get_identity(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                   BackendIdentity *ret_identity, GError **error)
{
    MbimBackend *self = (MbimBackend *)backend;
    g_auto(MbimInfoDevice) device = { 0 };

    if (!ask_device(self, deadline, cancellable, &device, error))
        return FALSE;
    probe_note(backend->probe, TRUE, "Device Caps", "firmware \"%s\", hardware \"%s\"",
               device.firmware, device.hardware);
    /* There is no word for the manufacturer; the hardware's is commonly the model. */
    ret_identity->manufacturer = g_strdup("");
    ret_identity->model = g_steal_pointer(&device.hardware);
    ret_identity->revision = g_steal_pointer(&device.firmware);
    return TRUE;
}

static gboolean is_registered(guint32 state)
{
    return state == MBIM_REGISTER_STATE_HOME || state == MBIM_REGISTER_STATE_ROAMING ||
           state == MBIM_REGISTER_STATE_PARTNER;
}

gboolean mbim_backend_get_rplmn(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                guint8 ret_rplmn[3], GError **error)
{
    MbimBackend *self = (MbimBackend *)backend;
    static const char what[] = "Register State";
    g_auto(MbimAnswer) answer = { 0 };
    g_autofree char *provider = NULL;
    guint32 state;

    if (!ask(self, MBIM_CID_BASIC_CONNECT_REGISTER_STATE, what, deadline, cancellable, &answer,
             error))
        return FALSE;
    if (!mbim_info_parse_registration(answer.info, &state, &provider)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "%s: %s: the modem's answer is malformed", backend->name, what);
        return FALSE;
    }
    /* What a modem says while it searches is the network of before. */
    if (!is_registered(state)) {
        const char *words = mbim_register_state_get_string((MbimRegisterState)state);

        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND, "%s: %s: the modem is %s (%u)",
                    backend->name, what, words ? words : "in an unknown state", state);
        return FALSE;
    }
    if (!provider[0]) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                    "%s: %s: the modem is registered but names no network", backend->name, what);
        return FALSE;
    }
    if (!mbim_info_encode_plmn(provider, ret_rplmn)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "%s: %s: what the modem names, %" G_GSIZE_FORMAT " characters, is no network",
                    backend->name, what, strlen(provider));
        return FALSE;
    }
    return TRUE;
}

/*
 * There is a standard request and an older one of Intel's. The one of Quectel's firmware update service
 * leads into its emergency download mode and is left alone.
 */
gboolean mbim_backend_reset_modem(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                  GError **error)
{
    static const struct {
        MbimService service;
        guint32 cid;
        const char *step;
    } ways[] = {
        { MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS,
          MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_DEVICE_RESET, "Device Reset" },
        { MBIM_SERVICE_INTEL_FIRMWARE_UPDATE, MBIM_CID_INTEL_FIRMWARE_UPDATE_MODEM_REBOOT,
          "Intel Modem Reboot" },
    };
    MbimBackend *self = (MbimBackend *)backend;
    guint32 status = 0;

    if (!mbim_backend_check(self, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_auto(MbimAnswer) answer = { 0 };
        g_autoptr(GError) failure = NULL;

        if (!mbim_backend_command(self, ways[i].service, ways[i].cid, MBIM_MESSAGE_COMMAND_TYPE_SET,
                                  NULL, deadline, cancellable, &answer, &failure)) {
            mbim_backend_note_failure(self, ways[i].step, failure);
            /* It may be too busy with that to answer. */
            if (self->lost)
                return TRUE;
            g_propagate_prefixed_error(error, g_steal_pointer(&failure), "%s: %s: ", backend->name,
                                       ways[i].step);
            return FALSE;
        }
        mbim_backend_note(self, ways[i].step, &answer);
        if (answer.status == 0)
            return TRUE;
        status = answer.status;
        if (!mbim_backend_is_unsupported(status)) {
            mbim_backend_set_error(self, EUICCD_ERROR_MODEM, ways[i].step, status, error);
            return FALSE;
        }
    }
    mbim_backend_set_error(self, EUICCD_ERROR_NOT_SUPPORTED, "restart the modem", status, error);
    return FALSE;
}
