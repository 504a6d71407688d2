/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ipa/card.h"
#include "ipa/download_private.h"
#include "rsp/names.h"
#include "util/error.h"

/* The end of a session that failed: SGP.22 3.0.2, SGP.32 3.2.3.3. */

/* Error codes of an eIM: of AuthenticateClient (pprNotAllowed) and GetBoundProfilePackage (metadataMismatch); of
 * GetBoundProfilePackage (confirmationCodeMissing, confirmationCodeRefused). */
#define EIM_SAYS_NO      50
#define EIM_MISSES_CODE  2
#define EIM_REFUSES_CODE 3
/* invalidTransactionId of AuthenticateClient, GetBoundProfilePackage, CancelSession. */
#define EIM_CLIENT_NO_SESSION  10
#define EIM_PACKAGE_NO_SESSION 95
#define EIM_CANCEL_NO_SESSION  1

gboolean ipa_download_fail(IpaDownload *d, gint reason, EuiccdError code, GError **error,
                           const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    d->reason = reason;
    g_set_error_literal(error, EUICCD_ERROR, (gint)code, text);
    return FALSE;
}

static gboolean is_part(char c)
{
    return g_ascii_isalnum(c) || c == '.';
}

/* A short secret is one only where it stands alone: "2" is no part of "8.2.7". */
static gboolean is_secret_at(const char *text, const char *at, const char *secret, gsize length)
{
    if (g_ascii_strncasecmp(at, secret, length) != 0)
        return FALSE;
    return length >= 4 || !((at > text && is_part(at[-1])) || is_part(at[length]));
}

static void hide(GError *failure, const char *secret)
{
    gsize length = secret ? strlen(secret) : 0;
    GString *hidden;

    if (length == 0)
        return;
    hidden = g_string_new(NULL);
    for (const char *at = failure->message; *at;) {
        gboolean found = is_secret_at(failure->message, at, secret, length);

        if (found)
            g_string_append(hidden, "[secret]");
        else
            g_string_append_c(hidden, *at);
        at += found ? length : 1;
    }
    g_free(failure->message);
    failure->message = g_string_free(hidden, FALSE);
}

static void hide_order(GError *failure, const IpaDownloadOrder *order)
{
    hide(failure, order->code ? order->code->token : NULL);
    hide(failure, order->confirmation_code);
}

void ipa_download_hide_secrets(const IpaDownload *d, GError *failure)
{
    hide(failure, d->matching_id);
    hide(failure, d->authentication ? d->authentication->matching_id : NULL);
    hide_order(failure, d->order);
    hide(failure, d->policy->confirmation_code);
}

/* A server, or what stands before it, that can't answer just now (RFC 9110 15.5.9, 15.6.3 to 15.6.5, RFC 6585 4). With
 * any other status it has answered, and says the same to the same request. */
static gboolean is_busy(guint status)
{
    return status == 408 || status == 429 || (status >= 502 && status <= 504);
}

gboolean ipa_download_is_passing(const IpaDownload *d, const GError *failure)
{
    return euiccd_error_is(failure, EUICCD_ERROR_NETWORK) ||
           euiccd_error_is(failure, EUICCD_ERROR_TIMEOUT) ||
           (euiccd_error_is(failure, EUICCD_ERROR_HTTP) && is_busy(d->status)) ||
           euiccd_error_is(failure, EUICCD_ERROR_CARD_RESET);
}

/* What a peer said about this order or its profile, or what was decided about it here. */
static gboolean is_of_order(const GError *failure)
{
    return euiccd_error_is(failure, EUICCD_ERROR_SERVER_REFUSED) ||
           euiccd_error_is(failure, EUICCD_ERROR_MALFORMED) ||
           euiccd_error_is(failure, EUICCD_ERROR_TOO_LARGE) ||
           euiccd_error_is(failure, EUICCD_ERROR_CARD_REFUSED) ||
           euiccd_error_is(failure, EUICCD_ERROR_CARD_STATUS) ||
           euiccd_error_is(failure, EUICCD_ERROR_NOT_AUTHORIZED);
}

/* The session is unknown to the server, which says nothing about the order: it may have been asked twice, as the first
 * answer got lost (I-28). */
static gboolean knows_no_session(const IpaDownload *d, const RspServerRefusal *refusal)
{
    if (d->server->class->indirect)
        return refusal->code == (d->offer ? EIM_PACKAGE_NO_SESSION : EIM_CLIENT_NO_SESSION);
    return rsp_server_refusal_is(refusal, "8.10.1", "3.9");
}

/* The confirmation code was missing or wrong: the next one may put that right, as long as the server lets it. */
static gboolean wants_another_code(const IpaDownload *d, const RspServerRefusal *refusal)
{
    if (d->server->class->indirect)
        return d->offer && (refusal->code == EIM_MISSES_CODE || refusal->code == EIM_REFUSES_CODE);
    return rsp_server_refusal_is(refusal, "8.2.7", "2.2") ||
           rsp_server_refusal_is(refusal, "8.2.7", "3.8");
}

/*
 * "postponed" is the one reason but "timeout" by which the order stays as it is at the SM-DP+ (SGP.22 3.0.2, 5.7.14);
 * any other spends it. So what has nothing to do with the profile (the network, the disk, somebody who stops
 * the job, a confirmation code that nobody has at hand) must not be told as an error of it. What the card said no to
 * while it was loading is loadBppExecutionError (SGP.22 3.1.3.3), and so is a package that can't be cut.
 */
static gint choose_reason(const IpaDownload *d, const GError *failure)
{
    const RspServerRefusal *refusal = d->server->class->get_refusal(d->server);

    if (d->reason != NO_REASON)
        return d->reason;
    if (!is_of_order(failure))
        return RSP_CANCEL_SESSION_REASON_POSTPONED;
    /* The eIM has checked in our place, and its word for that has the same number in both functions (SGP.32
     * 3.2.3.2 steps 7 and 12). */
    if (euiccd_error_is(failure, EUICCD_ERROR_SERVER_REFUSED) && d->server->class->indirect &&
        refusal->code == EIM_SAYS_NO)
        return d->offer ? RSP_CANCEL_SESSION_REASON_METADATA_MISMATCH
                        : RSP_CANCEL_SESSION_REASON_PPR_NOT_ALLOWED;
    if (euiccd_error_is(failure, EUICCD_ERROR_SERVER_REFUSED) &&
        (wants_another_code(d, refusal) || knows_no_session(d, refusal)))
        return RSP_CANCEL_SESSION_REASON_POSTPONED;
    if (d->arriving)
        return RSP_CANCEL_SESSION_REASON_LOAD_BPP_EXECUTION_ERROR;
    return RSP_CANCEL_SESSION_REASON_UNDEFINED_REASON;
}

/* A server that refused has ended the session itself (SGP.22 3.1.3): then there is nothing to be cancelled. */
static gboolean had_ended(const IpaDownload *d, const GError *error)
{
    const RspServerRefusal *refusal = d->server->class->get_refusal(d->server);

    return euiccd_error_is(error, EUICCD_ERROR_SERVER_REFUSED) &&
           (d->server->class->indirect ? refusal->code == EIM_CANCEL_NO_SESSION
                                       : rsp_server_refusal_is(refusal, "8.10.1", "3.9"));
}

/* Where the job was cancelled the server is told all the same; nothing else keeps a daemon that stops from waiting. */
static GCancellable *get_cancellable(const IpaSession *session)
{
    return g_cancellable_is_cancelled(session->cancellable) ? NULL : session->cancellable;
}

void ipa_download_cancel(IpaDownload *d, const GError *failure)
{
    gint reason = choose_reason(d, failure);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) response = NULL;
    gint64 code = 0;

    if (!d->in_session || euiccd_error_is(failure, EUICCD_ERROR_MODEM_GONE))
        return;
    d->in_session = FALSE;
    /* Whoever cancelled the job still gets an orderly end of it; the server is not waited for when the daemon
     * stops. */
    response = es10b_cancel_session(d->session->channel, tlv_slice_from_bytes(d->transaction_id),
                                    reason, NULL, &code, &error);
    if (response && code != 0)
        g_set_error(&error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED, "%s (%" G_GINT64_FORMAT ")",
                    tlv_name(rsp_names_cancel_session_response_error, code), code);
    d->closed = response && code == 0;
    /* ES11 knows no CancelSession (SGP.22 5.8). */
    if (d->closed && !d->server->is_smds && !ipa_session_is_stopping(d->session) &&
        !d->server->class->cancel_session(d->server, d->transaction_id, response,
                                          get_cancellable(d->session), &error) &&
        had_ended(d, error))
        g_clear_error(&error);
    if (error)
        ipa_download_hide_secrets(d, error);
    ipa_session_event(d->session, error ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, LOG_EVENT_NONE,
                      d->order->eim ? d->order->eim->eim_id : NULL,
                      "download cancelled with %s%s%s",
                      tlv_name(rsp_names_cancel_session_reason, reason), error ? ", but " : "",
                      error ? error->message : "");
}

/* ---- after a restart ---- */

typedef struct {
    GBytes *transaction_id;
    GBytes *response; /* BF41 */
    gint64 code;
} Cancellation;

static gboolean cancel_on_card(IpaSession *session, gpointer data, GError **error)
{
    Cancellation *cancellation = data;

    cancellation->response =
        es10b_cancel_session(session->channel, tlv_slice_from_bytes(cancellation->transaction_id),
                             RSP_CANCEL_SESSION_REASON_POSTPONED, NULL, &cancellation->code, error);
    return cancellation->response != NULL;
}

/* What is not told here ends at the server when its time is over. */
static gboolean cancel_at_server(IpaSession *session, const IpaRecord *record, GBytes *response,
                                 GError **error)
{
    g_autoptr(IpaServer) server = NULL;

    if (record->indirect)
        server = ipa_server_new_indirect(session, record->eim, record->server,
                                         record->transaction_id, error);
    else if (record->server)
        server = ipa_server_new_direct(session, record->server, IPA_SERVER_DP, error);
    else
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND, "its server is not known");
    return server && server->class->cancel_session(server, record->session_id, response,
                                                   session->cancellable, error);
}

gboolean ipa_download_end_session(IpaSession *session, const IpaRecord *record,
                                  gboolean *ret_closed, GError **error)
{
    Cancellation cancellation = { .transaction_id = record->session_id };
    g_autoptr(GBytes) response = NULL;
    g_autoptr(GError) local = NULL;

    *ret_closed = FALSE;
    if (!ipa_card_call(session, cancel_on_card, &cancellation, &local)) {
        if (ipa_card_is_bad_answer(local))
            return TRUE;
        g_propagate_prefixed_error(error, g_steal_pointer(&local),
                                   "ending the session of an interrupted download: ");
        return FALSE;
    }
    response = cancellation.response;
    /* Somebody else's session has taken its place, or the card's power went. */
    if (cancellation.code != 0)
        return TRUE;
    *ret_closed = TRUE;
    if (!cancel_at_server(session, record, response, &local) && record->order)
        hide_order(local, record->order);
    ipa_session_event(session, local ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, LOG_EVENT_NONE,
                      record->eim->eim_id, "session of an interrupted download cancelled%s%s",
                      local ? ", but " : "", local ? local->message : "");
    return TRUE;
}
