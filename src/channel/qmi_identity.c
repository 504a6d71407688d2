/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/qmi_private.h"

#include <string.h>

#include "util/error.h"

/*
 * Who the modem is (DMS) and where it is registered (NAS). Neither reaches the card, and neither is worth
 * the card: a service that stays silent does not make the modem count as hanging.
 */

gboolean qmi_backend_visit(QmiBackend *self, QmiVisit *visit, QmiService service, QmiVisitFunc func,
                           gint64 deadline, GCancellable *cancellable, gpointer ret_value,
                           GError **error)
{
    const char *name = qmi_service_get_string(service);
    g_autoptr(QmiClient) client = NULL;
    g_autoptr(GError) failure = NULL;
    gboolean done;

    if (!qmi_backend_check(self, error))
        return FALSE;
    if (visit->missing) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                    "the modem said that its %s service does not have it", name);
        return FALSE;
    }
    if (!qmi_backend_allocate(self, service, &visit->allocation, deadline, cancellable, &client,
                              &failure)) {
        visit->missing = euiccd_error_is(failure, EUICCD_ERROR_NOT_SUPPORTED);
        g_propagate_prefixed_error(error, g_steal_pointer(&failure), "allocate %s client: ", name);
        return FALSE;
    }
    done = func(self, client, deadline, cancellable, ret_value, error);
    /* A caller that is out of time does not wait for this. */
    qmi_backend_release(self, client, 0);
    return done;
}

static void take_refusal(QmiBackend *self, QmiVisit *visit, const GError *refusal, GError **error)
{
    g_autoptr(GError) failure = NULL;

    qmi_backend_take_failure(self, refusal, &failure);
    visit->missing = euiccd_error_is(failure, EUICCD_ERROR_NOT_SUPPORTED);
    g_propagate_error(error, g_steal_pointer(&failure));
}

/* ---- DMS ---- */

static gboolean ask_imei(QmiBackend *self, QmiClient *client, gint64 deadline,
                         GCancellable *cancellable, gpointer ret_value, GError **error)
{
    g_autoptr(WaitCall) call = wait_call_new();
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(QmiMessageDmsGetIdsOutput) ids = NULL;
    g_autoptr(GError) refusal = NULL;
    const char *imei = NULL;

    qmi_client_dms_get_ids(QMI_CLIENT_DMS(client), NULL, wait_get_seconds(deadline),
                           wait_call_get_cancellable(call), wait_call_ready, wait_call_ref(call));
    result = wait_call_finish(call, deadline, cancellable, error);
    if (!result)
        return FALSE;
    ids = qmi_client_dms_get_ids_finish(QMI_CLIENT_DMS(client), result, &refusal);
    if (!ids || !qmi_message_dms_get_ids_output_get_result(ids, &refusal)) {
        take_refusal(self, &self->dms, refusal, error);
        return FALSE;
    }
    /* Not remembered: a modem that just started may tell later. */
    if (!qmi_message_dms_get_ids_output_get_imei(ids, &imei, NULL) || !imei[0]) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                            "the modem tells no IMEI");
        return FALSE;
    }
    /* TS 23.003 section 6.2.1. The check digit is taken as it comes: some modems give the 0 that they
     * send over the air in its place. Zeros alone are what a modem has before it was given a number. */
    if (strlen(imei) != 15 || strspn(imei, "0123456789") != 15 || strspn(imei, "0") == 15) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "what the modem gave as IMEI, %" G_GSIZE_FORMAT " characters, is none",
                    strlen(imei));
        return FALSE;
    }
    memcpy(ret_value, imei, sizeof self->imei);
    return TRUE;
}

gboolean qmi_backend_get_imei(Backend *backend, gint64 deadline, GCancellable *cancellable,
                              char ret_imei[16], GError **error)
{
    QmiBackend *self = (QmiBackend *)backend;

    if (!self->imei[0] && !qmi_backend_visit(self, &self->dms, QMI_SERVICE_DMS, ask_imei, deadline,
                                             cancellable, self->imei, error)) {
        g_prefix_error(error, "%s: DMS Get IDs: ", backend->name);
        return FALSE;
    }
    memcpy(ret_imei, self->imei, sizeof self->imei);
    return TRUE;
}

/* ---- NAS ---- */

/* TS 24.008 section 10.5.1.3. FALSE when that is no PLMN. */
static gboolean encode_plmn(guint16 mcc, guint16 mnc, gboolean three_digits, guint8 ret_plmn[3])
{
    guint low = mnc;
    guint8 third = 0xF;

    if (mcc == 0 || mcc > 999 || mnc > 999)
        return FALSE;
    if (three_digits || mnc > 99) {
        third = (guint8)(mnc % 10);
        low = mnc / 10u;
    }
    ret_plmn[0] = (guint8)(mcc / 10 % 10 << 4 | mcc / 100);
    ret_plmn[1] = (guint8)(third << 4 | mcc % 10);
    ret_plmn[2] = (guint8)(low % 10 << 4 | low / 10);
    return TRUE;
}

static gboolean read_plmn(QmiMessageNasGetServingSystemOutput *system, guint8 *ret_plmn,
                          GError **error)
{
    QmiNasRegistrationState state = QMI_NAS_REGISTRATION_STATE_UNKNOWN;
    QmiNasNetworkType network = QMI_NAS_NETWORK_TYPE_UNKNOWN;
    guint16 mcc, mnc, full_mcc, full_mnc;
    gboolean three_digits = FALSE;

    /* There is no answer without it. */
    (void)qmi_message_nas_get_serving_system_output_get_serving_system(system, &state, NULL, NULL,
                                                                       &network, NULL, NULL);
    /* What a modem says while it searches is the network of before. One of 3GPP2 has no PLMN. */
    if (state != QMI_NAS_REGISTRATION_STATE_REGISTERED || network == QMI_NAS_NETWORK_TYPE_3GPP2) {
        const char *words = qmi_nas_registration_state_get_string(state);

        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND, "the modem is %s%s",
                    words ? words : "in an unknown state",
                    network == QMI_NAS_NETWORK_TYPE_3GPP2 ? " in a 3GPP2 network" : "");
        return FALSE;
    }
    if (!qmi_message_nas_get_serving_system_output_get_current_plmn(system, &mcc, &mnc, NULL,
                                                                    NULL)) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                            "the modem is registered but names no network");
        return FALSE;
    }
    /* The number alone does not say whether 10 is 10 or 010. */
    if (qmi_message_nas_get_serving_system_output_get_mnc_pcs_digit_include_status(
            system, &full_mcc, &full_mnc, &three_digits, NULL) &&
        (full_mcc != mcc || full_mnc != mnc))
        three_digits = FALSE; /* of some other network */
    if (!encode_plmn(mcc, mnc, three_digits, ret_plmn)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "MCC %u with MNC %u is no network",
                    mcc, mnc);
        return FALSE;
    }
    return TRUE;
}

static gboolean ask_rplmn(QmiBackend *self, QmiClient *client, gint64 deadline,
                          GCancellable *cancellable, gpointer ret_value, GError **error)
{
    g_autoptr(WaitCall) call = wait_call_new();
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(QmiMessageNasGetServingSystemOutput) system = NULL;
    g_autoptr(GError) refusal = NULL;

    qmi_client_nas_get_serving_system(QMI_CLIENT_NAS(client), NULL, wait_get_seconds(deadline),
                                      wait_call_get_cancellable(call), wait_call_ready,
                                      wait_call_ref(call));
    result = wait_call_finish(call, deadline, cancellable, error);
    if (!result)
        return FALSE;
    system = qmi_client_nas_get_serving_system_finish(QMI_CLIENT_NAS(client), result, &refusal);
    if (!system || !qmi_message_nas_get_serving_system_output_get_result(system, &refusal)) {
        take_refusal(self, &self->nas, refusal, error);
        return FALSE;
    }
    return read_plmn(system, ret_value, error);
}

gboolean qmi_backend_get_rplmn(Backend *backend, gint64 deadline, GCancellable *cancellable,
                               guint8 ret_rplmn[3], GError **error)
{
    QmiBackend *self = (QmiBackend *)backend;

    if (qmi_backend_visit(self, &self->nas, QMI_SERVICE_NAS, ask_rplmn, deadline, cancellable,
                          ret_rplmn, error))
        return TRUE;
    g_prefix_error(error, "%s: NAS Get Serving System: ", backend->name);
    return FALSE;
}

/* ---- the end ---- */

void qmi_backend_forget_identity(QmiBackend *self, gint64 deadline)
{
    qmi_backend_release_late(self, &self->dms.allocation, deadline);
    qmi_backend_release_late(self, &self->nas.allocation, deadline);
    qmi_backend_release_late(self, &self->modem.allocation, deadline);
    self->dms.missing = self->nas.missing = self->modem.missing = FALSE;
    self->imei[0] = '\0';
}
