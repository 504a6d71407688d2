/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ipa/session.h"

G_BEGIN_DECLS

/*
 * Profile download (SGP.32 3.2.3, SGP.22 3.1.2, 3.1.3) and what follows it. All run in the eUICC's worker and block
 * it; all end early with CANCELLED when the session's cancellable says so.
 */

/* ---- what is to be downloaded (download_order.c) ---- */

typedef enum {
    IPA_ORDER_ACTIVATION_CODE, /* CODE */
    IPA_ORDER_DEFAULT_SMDP,    /* from the default SM-DP+ of the card */
    IPA_ORDER_SMDS,            /* what the SM-DS has events for */
    IPA_ORDER_OF_EIM,          /* the eIM keeps it (eimDownloadDataHandling): indirect only */
} IpaOrderKind;

struct IpaDownloadOrder {
    IpaOrderKind kind;
    RspActivationCode *code; /* ACTIVATION_CODE; secret */
    char *smds;              /* SMDS: its address; NULL: the root SM-DS of the card */
    char *confirmation_code; /* NULL: none known; secret */
    gboolean consent; /* somebody agreed to what needs the end user's consent (SGP.22 2.9.2) */
    IpaEim *eim;      /* whose order it is; NULL: a local caller's */
    GBytes *eim_transaction_id; /* of the trigger, or NULL */
};

IpaDownloadOrder *ipa_download_order_new(IpaOrderKind kind);
IpaDownloadOrder *ipa_download_order_copy(const IpaDownloadOrder *order);
void ipa_download_order_free(IpaDownloadOrder *order);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IpaDownloadOrder, ipa_download_order_free)

/* The order of a local caller: CODE is an activation code as people have it, "" the default SM-DP+,
 * "smds" the root SM-DS, "smds:ADDRESS" that one. INVALID_ARGUMENT; no message holds a part of the code. */
IpaDownloadOrder *ipa_download_order_parse(const char *code, GError **error);

/* One line for the disk, and back (a secret; without the eIM and its transaction). NULL where TEXT is none. */
char *ipa_download_order_to_text(const IpaDownloadOrder *order);
IpaDownloadOrder *ipa_download_order_from_text(const char *text);

/* ---- download (download.c) ---- */

typedef struct {
    guint installed;  /* profiles; more than one only by an SM-DS */
    char *iccid;      /* digits, of the last one; NULL: none */
    gboolean enabled; /* the last one is the enabled profile (5.9.15) */
} IpaDownloadReport;

void ipa_download_report_clear(IpaDownloadReport *report);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(IpaDownloadReport, ipa_download_report_clear)

/*
 * Carries out ORDER, including tries that the policy allows, ImmediateEnable, and one round of notifications.
 * A session that fails is cancelled on the card and at the server, with the reason of the specification.
 * Errors: those of the card and the servers, SERVER_REFUSED with what the server says; NOT_AUTHORIZED where policy or
 * policy rules forbid the profile; INVALID_ARGUMENT where a confirmation code is missing; CARD_REFUSED for
 * an installation that the card ended with an error (it reaches the SM-DP+ all the same). RET_REPORT
 * is filled in on failure as well: some profiles of an SM-DS may be there.
 * For a local caller's order: an eIM's goes through ipa_download_answer().
 */
gboolean ipa_download(IpaSession *session, const IpaDownloadOrder *order,
                      IpaDownloadReport *ret_report, GError **error);

/* A ProfileDownloadTrigger of EIM: the order is on disk before anything is done, the eIM gets its
 * ProfileDownloadTriggerResult (or, of an indirect download, the installation result) whatever comes. For poll.c.
 * (download_trigger.c) */
gboolean ipa_download_answer(IpaSession *session, const IpaEim *eim, const EsipaPackage *package,
                             GError **error);

/* After a restart: orders of EIM that were interrupted before the installation are taken up again, within the tries
 * that the policy allows; the others were settled by ipa_results_reconcile(). ipa_poll() does this.
 * (download_trigger.c) */
gboolean ipa_download_resume(IpaSession *session, const IpaEim *eim, GError **error);

/* For result.c: an order under way when the former process ended. What its installation came to stands among the
 * card's notifications: NOTIFICATIONS is what ipa_card_list_notifications() gave, or NULL where nothing can be
 * installed yet. (download_trigger.c) */
gboolean ipa_download_reconcile(IpaSession *session, IpaRecord *record,
                                const RspRetrieveNotificationsListResponse *notifications,
                                GError **error);

/* What an eIM is told of the ways to download (ipaFeatures, SGP.32 4.1): set of 1 << RSP_IPA_FEATURES_…. For data.c.
 * (download_policy.c) */
guint ipa_download_get_features(IpaSession *session, const IpaEim *eim);

/* ES10b.ImmediateEnable (SGP.32 5.9.15), or EnableUsingDD on a card of v1.0, and what a profile change takes.
 * *RET_ENABLED FALSE: the card is not configured for it, or not for this download. (immediate_enable.c) */
gboolean ipa_immediate_enable(IpaSession *session, gboolean *ret_enabled, GError **error);

/* ---- notifications (notification_delivery.c) ---- */

typedef struct {
    guint pending;    /* left on the card */
    guint delivered;  /* in this round */
    guint refused;    /* answered, but not taken */
    guint postponed;  /* not due yet */
    guint impossible; /* not without another configuration */
    guint of_eim;     /* an eIM's to pass on, or held back until an order is over */
    guint stuck;      /* delivered, now or before, but the card does not remove them */
} IpaNotificationReport;

/*
 * Delivers the notifications on the card in the order of their numbers (SGP.32 3.7, interop.md I-15, I-16): to the
 * server each of them names. What one receiver refuses waits for its own time (host->notification_is_due()) and
 * holds up no other; the first one that can't be reached ends the round for that receiver. Each leaves the card only
 * after its receiver took it; one that the card does not let go of is not delivered again. The list is read once, and not at all while session->pending_notifications is
 * 0. TRUE also when some could not be delivered: ERROR is for the card. RET_REPORT may be NULL.
 */
gboolean ipa_notifications_deliver(IpaSession *session, IpaNotificationReport *ret_report,
                                   GError **error);

G_END_DECLS
