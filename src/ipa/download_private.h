/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ipa/download_server.h"
#include "rsp/download.h"
#include "util/error.h"

G_BEGIN_DECLS

/* Between the parts of a profile download: one RSP session (SGP.22 3.1.2, 3.1.3), from the first function to the
 * installation result or the cancellation. */

#define NO_REASON (-1)

typedef struct {
    IpaSession *session;
    const IpaDownloadOrder *order;
    const IpaDownloadPolicy *policy;
    IpaRecord *record; /* of an eIM's order, on disk; NULL: a local one's */
    IpaServer *server;

    /* What is known before. */
    const char *expected_address; /* NULL: only the eIM knows it */
    const char *matching_id;      /* NULL: none. Secret */
    const char *oid;              /* that the server has to have, dotted; NULL: any */
    const char *event; /* of an SM-DS, as it stands in the record; NULL: it is for none */

    /* What comes up on the way; each of the objects is as it was received. */
    guint8 challenge[RSP_CHALLENGE_SIZE];
    GBytes *info1; /* BF20, as it goes to the server */
    RspServerAuthentication *authentication;
    RspServerOffer *offer;
    RspStoreMetadataRequest *metadata; /* of the offer; NULL: the eIM has judged it */
    GBytes *transaction_id;

    gboolean
        in_session;     /* the card has authenticated the server: CancelSession is due on failure */
    gboolean announced; /* the server was sent something after InitiateAuthentication */
    gboolean arriving;  /* a part of the package came */
    gboolean loading;   /* the card was given a part of the package */
    guint receivers;    /* of a notification of the installation, beside its result */
    gint reason;        /* for CancelSession; NO_REASON: follows from the error */
    gboolean closed;    /* the card signed that the session is cancelled */
    GBytes *
        server_error; /* for the eIM: what the card answered to the server in place of a signature */

    /* How the server answered what failed; CancelSession has an answer of its own. */
    guint status;      /* of HTTP, 0: not at all */
    guint retry_after; /* seconds that it wants to be left alone, 0: it does not say */

    GBytes *result; /* ProfileInstallationResult (BF37) as the card gave it */
} IpaDownload;

void ipa_download_clear(IpaDownload *download);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(IpaDownload, ipa_download_clear)

/* Fails with CODE and TEXT, and says by which REASON the session is to be cancelled. */
gboolean ipa_download_fail(IpaDownload *download, gint reason, EuiccdError code, GError **error,
                           const char *format, ...) G_GNUC_PRINTF(5, 6);

/* Common mutual authentication (procedures 5.1). On success there is an offer. (download_authentication.c) */
gboolean ipa_download_authenticate(IpaDownload *download, GError **error);

/* AUTHORITY, the CI of a certificate of the server (NULL: it names none), is one of the configuration, where that has
 * any. TLS, CONFIG. (download_authentication.c) */
gboolean ipa_download_check_ci(IpaDownload *download, GBytes *authority, GError **error);

/* Metadata, policy rules, consent (procedures 5.2). (download_rules.c) */
gboolean ipa_download_check_rules(IpaDownload *download, GError **error);

/* PrepareDownload, with the confirmation code where one is wanted; GetBoundProfilePackage into the card. On success
 * there is a result, good or bad. (download_package.c) */
gboolean ipa_download_install(IpaDownload *download, GError **error);

/* After a failure: ends the session on the card and at the server, with the reason that fits FAILURE. What goes
 * wrong is only reported. (download_cancel.c) */
void ipa_download_cancel(IpaDownload *download, const GError *failure);

/* After a restart: ends the session of RECORD on the card, if it still has it, and tells the server, which keeps the order
 * (reason postponed). *RET_CLOSED: the card signed that, so nothing was installed. FALSE: the card could not be asked.
 * (download_cancel.c) */
gboolean ipa_download_end_session(IpaSession *session, const IpaRecord *record,
                                  gboolean *ret_closed, GError **error);

/* A server may repeat in its message what it was sent: matching id and confirmation code are hidden in that of FAILURE
 * before anybody reads it (invariant 10). (download_cancel.c) */
void ipa_download_hide_secrets(const IpaDownload *download, GError *failure);

/* The way to a peer was the trouble, not what it said: another try may help. (download_cancel.c) */
gboolean ipa_download_is_passing(const IpaDownload *download, const GError *failure);

/* What a ProfileInstallationResult says. */
typedef struct {
    gboolean ok;
    gint64 sequence; /* -1: can't be read */
    char *address;   /* whom it goes to; NULL: can't be read */
    char *iccid;     /* digits, or NULL */
    char *text;      /* for people: "installed", "storeMetadata: iccidAlreadyExists…" */
    GBytes *transaction_id;
} IpaInstallation;

void ipa_installation_clear(IpaInstallation *installation);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(IpaInstallation, ipa_installation_clear)

/* FALSE: it can't be read; what is left says that. RESULT: BF37. (download_result.c) */
gboolean ipa_installation_read(GBytes *result, IpaInstallation *ret_installation);

/* ProfileDownloadTriggerResult (SGP.32 2.11.2.3) with RESULT (BF37), or where that is NULL with an error.
 * (download_result.c) */
GBytes *ipa_download_make_result(GBytes *transaction_id, GBytes *result);
GBytes *ipa_download_make_error(GBytes *transaction_id, EsipaDialect dialect, gint reason,
                                GBytes *response);

/* What came of one order, with all its servers and tries. */
typedef struct {
    GPtrArray *results;  /* of GBytes: installation results (BF37), good or bad, in order */
    GBytes *response;    /* what the eIM is told with an error, or NULL */
    gboolean indirect;   /* the results are the eIM's to get */
    gboolean unknown;    /* the card could not be asked whether there is another one */
    gboolean is_partial; /* events of an SM-DS are left that were not tried to their end */
} IpaDownloadOutcome;

void ipa_download_outcome_clear(IpaDownloadOutcome *outcome);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(IpaDownloadOutcome, ipa_download_outcome_clear)

/* RECORD: of ORDER, on disk, or NULL. REPORT and OUTCOME: zeroed before, filled in on failure as well. */
gboolean ipa_download_run(IpaSession *session, const IpaDownloadOrder *order, IpaRecord *record,
                          IpaDownloadReport *report, IpaDownloadOutcome *outcome, GError **error);

/* What is said about downloads for EIM (NULL: local callers), with what its dialect forbids. (download_policy.c) */
IpaDownloadPolicy ipa_download_get_policy(IpaSession *session, const IpaEim *eim);
gboolean ipa_download_is_indirect(IpaSession *session, const IpaEim *eim);

/* The event of RECORD that was under way is over, with RESULT (BF37) or, where that is NULL, without: on disk before the
 * next one begins, so that it is neither lost nor carried out again. (download_trigger.c) */
gboolean ipa_download_finish_event(IpaSession *session, IpaRecord *record, const char *event,
                                   GBytes *result, GError **error);

/* The order in a ProfileDownloadTrigger of EIM. INVALID_ARGUMENT where it can't be used. (download_trigger.c) */
IpaDownloadOrder *ipa_download_order_from_trigger(const IpaEim *eim,
                                                  const RspProfileDownloadTriggerRequest *request,
                                                  gboolean indirect, GError **error);

/* The installation result of the session TRANSACTION_ID among the card's notifications; NULL: there is none.
 * (download.c) */
GBytes *ipa_download_find_result(const RspRetrieveNotificationsListResponse *response,
                                 GBytes *transaction_id);

/* For a result that was just made: delivers it without reading the card's list. Failure waits for the next round.
 * (notification_delivery.c) */
void ipa_notification_deliver_one(IpaSession *session, GBytes *notification);

G_END_DECLS
