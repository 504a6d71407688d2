/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ipa/session.h"

G_BEGIN_DECLS

/* What several procedures ask of the card. Each of these resets the card once and tries again when it
 * answers 6985 (I-35). */

/* A card function that may be called twice; ipa_card_call() does what was said above with it. */
typedef gboolean (*IpaCardFunc)(IpaSession *session, gpointer data, GError **error);
gboolean ipa_card_call(IpaSession *session, IpaCardFunc func, gpointer data, GError **error);

gboolean ipa_card_remove_notification(IpaSession *session, gint64 number, GError **error);

/* ES10b.RetrieveNotificationsList, all of them. */
RspRetrieveNotificationsListResponse *ipa_card_list_notifications(IpaSession *session,
                                                                  GError **error);

/* The PendingNotifications in it, wherever the card put them (v1.0: A3); NULL: it has no such list. */
GPtrArray *ipa_notification_list(const RspRetrieveNotificationsListResponse *response);

/* Appends the sequence numbers (gint64) of LIST, which may be NULL. */
void ipa_notification_numbers(GPtrArray *list, GArray *numbers);

/* Stored eUICC Package Results, complete BF51 objects as received; array of GBytes. A card that has no
 * such list (a consumer eUICC) gives an empty array. They are not decoded: what one of them holds may be
 * unreadable. */
GPtrArray *ipa_card_read_results(IpaSession *session, GError **error);

/* channel_renew_card(), then the check that it still is the same card (I-35 step 6). CARD_NOT_READY when
 * it is another one; from then on every function here fails. */
gboolean ipa_card_renew(IpaSession *session, gboolean force, GError **error);

/* After MODEM_GONE: opens the modem and a channel anew, with the same check. Fails with MODEM_GONE where it is away
 * for longer than its proxy takes to come back. */
gboolean ipa_card_reopen(IpaSession *session, GError **error);

/* If ERROR is 6985: resets the card, frees ERROR and returns TRUE: try once more. Otherwise (or when the
 * reset fails, whose words are then added) leaves ERROR and returns FALSE. */
gboolean ipa_card_recover(IpaSession *session, GError **error);

/* TRUE for an error by which the card answered, whatever it answered, or could not be understood: the way
 * to it works, and asking again is no remedy. */
gboolean ipa_card_is_bad_answer(const GError *error);

/* What an EuiccPackageResult (SGP.32 2.11.2.1) says, for the IPA's own decisions. */
typedef struct {
    RspEuiccPackageResult *result; /* the decoded object; the members below point into it */
    char *eim_id;
    gint64 counter;          /* -1: none (unsigned error) */
    TlvSlice transaction_id; /* absent: data NULL */
    gint64 sequence;         /* -1: an error result, which the card does not store */
    gboolean profile_changed;
    gboolean rolled_back;      /* it is the result of a ProfileRollback */
    gboolean profiles_touched; /* a profile was enabled, disabled, deleted or marked */
    gboolean eims_touched;
    char *summary; /* "enable ok", "delete: disallowedByPolicy", for people */
} IpaResultView;

#define IPA_RESULT_VIEW_INIT                                                                       \
    {                                                                                              \
        0                                                                                          \
    }

gboolean ipa_result_view(GBytes *result, IpaResultView *ret_view, GError **error);
void ipa_result_view_clear(IpaResultView *view);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(IpaResultView, ipa_result_view_clear)

G_END_DECLS
