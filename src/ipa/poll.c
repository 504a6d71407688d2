/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/download.h"
#include "ipa/procedures.h"
#include "rsp/names.h"
#include "util/error.h"

/* eIM Package Retrieval, SGP.32 3.1.1.1; interop notes I-19, I-20, I-26. */

#define MAX_PACKAGES 16 /* in one round */
#define MAX_OWED     32 /* results that an eIM refuses to take before it gets no more work done */

static EsipaPackage *get_package(IpaSession *session, const IpaEim *eim, EsipaClient *client,
                                 GError **error)
{
    gint cause = session->host->get_cause(session->host_data, eim->eim_id);
    guint8 rplmn[3];
    EsipaGetPackageOptions options = {
        .notify_state_change = cause >= 0,
        .state_change_cause = cause,
        .rplmn = session->host->get_rplmn(session->host_data, rplmn) ? rplmn : NULL,
    };
    g_autoptr(GError) local = NULL;
    g_autoptr(EsipaPackage) package =
        esipa_get_eim_package(client, &options, session->cancellable, error);

    if (!package) {
        g_prefix_error(error, "asking eIM '%s' for a package: ", eim->eim_id);
        return NULL;
    }
    /* The eIM knows now. Its package matters more than that it may be told once more. */
    if (cause >= 0 && !session->host->set_cause(session->host_data, eim->eim_id, -1, &local))
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, eim->eim_id,
                          "noting that the eIM knows of the change: %s", local->message);
    return g_steal_pointer(&package);
}

/* The eIM is owed an error; after that the round ends, so that it is not asked again at once. */
static gboolean refuse_package(IpaSession *session, const IpaEim *eim, const EsipaPackage *package,
                               EsipaResultError code, GError **error)
{
    if (!ipa_results_owe(session, eim, NULL, code, package->eim_transaction_id, error) ||
        !ipa_results_deliver(session, eim, error))
        return FALSE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                "eIM '%s' sent a package %s%s, and was answered %s (%d)", eim->eim_id,
                package->kind == ESIPA_PACKAGE_UNKNOWN ? "" : "that can't be read: ",
                package->why ? package->why : "of an unknown kind",
                tlv_name(rsp_names_eim_package_result_error_code, code), code);
    return FALSE;
}

static gboolean handle_package(IpaSession *session, const IpaEim *eim, const EsipaPackage *package,
                               GError **error)
{
    switch (package->kind) {
    case ESIPA_PACKAGE_EUICC:
        return ipa_package_execute(session, eim, package, error);
    case ESIPA_PACKAGE_DATA_REQUEST:
        return ipa_data_answer(session, eim, package, error);
    case ESIPA_PACKAGE_DOWNLOAD_TRIGGER:
        return ipa_download_answer(session, eim, package, error);
    case ESIPA_PACKAGE_UNKNOWN:
        return refuse_package(session, eim, package, ESIPA_RESULT_UNKNOWN_PACKAGE, error);
    case ESIPA_PACKAGE_UNUSABLE:
        return refuse_package(session, eim, package, ESIPA_RESULT_INVALID_PACKAGE_FORMAT, error);
    case ESIPA_PACKAGE_NONE:
        return TRUE;
    }
    g_return_val_if_reached(FALSE);
}

/* What the eIM refused in an earlier round is offered once more. */
static void forget_refusals(IpaSession *session, const IpaEim *eim)
{
    for (guint i = 0; i < session->records->len; i++) {
        IpaRecord *record = session->records->pdata[i];

        if (g_str_equal(record->eim->eim_id, eim->eim_id))
            record->refused = FALSE;
    }
}

/* After an interrupted package: what became of it, and what it may have changed (which is read before the
 * eIM is asked). */
static gboolean reconcile(IpaSession *session, GError **error)
{
    if (!ipa_results_reconcile(session, error))
        return FALSE;
    session->stale = TRUE;
    return TRUE;
}

gboolean ipa_poll(IpaSession *session, const IpaEim *configured, IpaPollReport *ret_report,
                  GError **error)
{
    /* A package may change the list that CONFIGURED stands in. */
    IpaEim *eim = ipa_eim_copy(configured);
    g_autoptr(GError) refusal = NULL;
    gboolean ok = FALSE;
    guint packages = 0;

    if (!session->reconciled && !reconcile(session, error))
        goto out;
    forget_refusals(session, eim);
    /* An eIM that can't use an old result still has to be able to send packages. */
    if (!ipa_rollback_deliver(session, eim, FALSE, &refusal) && !ipa_results_is_refusal(refusal)) {
        g_propagate_error(error, g_steal_pointer(&refusal));
        goto out;
    }
    if (refusal && ipa_results_count(session, eim->eim_id) >= MAX_OWED) {
        g_propagate_prefixed_error(error, g_steal_pointer(&refusal),
                                   "the eIM takes none of %u results, so it is asked for no more "
                                   "work: ",
                                   ipa_results_count(session, eim->eim_id));
        goto out;
    }
    ipa_card_refresh_if_stale(session);
    if (!ipa_download_resume(session, eim, error))
        goto out;
    for (;;) {
        g_autoptr(EsipaPackage) package = NULL;
        EsipaClient *client;

        if (g_cancellable_set_error_if_cancelled(session->cancellable, error))
            goto out;
        client = session->host->client(session->host_data, eim, error);
        if (!client)
            goto out;
        /* Work is fetched only for a card that is there to do it. */
        if (session->card_gone) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_ABSENT, "the card went away");
            goto out;
        }
        ipa_session_stage(session, 0.1, "asking %s for a package", eim->eim_id);
        package = get_package(session, eim, client, error);
        if (!package)
            goto out;
        if (package->kind == ESIPA_PACKAGE_NONE) {
            if (package->why)
                ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, eim->eim_id,
                                  "taken as \"no package\": %s", package->why);
            break;
        }
        packages++;
        if (!handle_package(session, eim, package, error))
            goto out;
        /* Its own package may have taken the eIM off the card. */
        if (!ipa_session_find_eim(session, eim->eim_id))
            break;
        if (packages >= MAX_PACKAGES) {
            ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, eim->eim_id,
                              "eIM sent %u packages in a row: the rest waits for the next poll",
                              packages);
            break;
        }
    }
    if (refusal) {
        g_propagate_error(error, g_steal_pointer(&refusal));
        goto out;
    }
    ret_report->packages = packages;
    ok = TRUE;
out:
    ipa_eim_free(eim);
    return ok;
}
