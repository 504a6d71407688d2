/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ipa/session.h"

G_BEGIN_DECLS

/*
 * The procedures of an IPAd, each in its own file, straight from the step tables of SGP.32 chapter 3. All run in
 * the eUICC's worker and block it; all end early with CANCELLED when the session's cancellable says
 * so, and leave what is owed on disk.
 */

/* Start-up of the IPAd: EID, eIM configurations, EUICCInfo2, profiles. Opens the card, resetting it once
 * when it answers 6985 (I-35); NOT_EUICC when that does not help: it is not manageable until another one
 * is in the slot (I-40). A card that supports an IPAe is asked first which IPA is active: with its own one
 * it is neither declared to nor reset, nothing else is read (not even the EID), and the session is
 * left_alone. Profiles or notifications that the card can't list are only reported: an eIM may be able to
 * repair it. (card.c) */
gboolean ipa_card_read(IpaSession *session, GError **error);

/* Nobody saw what happened to the card since the last job: declares what has to be declared again, and asks for the
 * EID. CARD_NOT_READY with session->replaced when it is another one. What else was read holds on, as for a
 * card that is seen all the time. (card.c) */
gboolean ipa_card_verify(IpaSession *session, GError **error);

/* Reads the parts again that a package may have changed. Notifications that the card can't list are
 * reported, and count as none. (card.c) */
gboolean ipa_card_read_profiles(IpaSession *session, GError **error);
gboolean ipa_card_read_eims(IpaSession *session, GError **error);
gboolean ipa_card_read_notifications(IpaSession *session, GError **error);

/* Reads all of that again when the session is stale, and announces a profile change that was missed.
 * Failure leaves the session stale and is only reported: what is owed goes first. (card.c) */
void ipa_card_refresh_if_stale(IpaSession *session);

/* Compares the results stored on the card with what is owed according to the disk: results of a former
 * run are found and owed, lost answers are recovered (I-43), finished removals forgotten. (result.c) */
gboolean ipa_results_reconcile(IpaSession *session, GError **error);

/* Delivers everything owed to EIM and carries out its acknowledgements (3.3.1 steps 10 to 17). The first
 * failure ends it, but for EIM_REFUSED: what the eIM answers with an error waits for the next
 * ipa_poll() and does not hold up the rest (I-16, I-21). (result.c) */
gboolean ipa_results_deliver(IpaSession *session, const IpaEim *eim, GError **error);

/* TRUE for an error of ipa_results_deliver() by which the eIM answered, whatever it answered: it is
 * reachable, and only this result is held up (I-16). (result.c) */
gboolean ipa_results_is_refusal(const GError *error);

/* How many results wait for EIM_ID. (result.c) */
guint ipa_results_count(IpaSession *session, const char *eim_id);

/* Generic eUICC Package Download and Execution (3.3.1) for a package that came from EIM: execution, card
 * reset after a profile change, delivery. (package.c) */
gboolean ipa_package_execute(IpaSession *session, const IpaEim *eim, const EsipaPackage *package,
                             GError **error);

/* For package.c and result.c: what a result means for the session (state change causes, profile
 * change, eIM list). Sets the record's fields that follow from RECORD->result. */
void ipa_package_note_result(IpaSession *session, IpaRecord *record);

/* The result of RECORD's package among those stored on the card: *RET_RESULT is NULL when there is none. For
 * package.c. (result.c) */
gboolean ipa_results_find(IpaSession *session, const IpaRecord *record, GBytes **ret_result,
                          GError **error);

/* Before a package is worked on: the record that says that EIM is owed an answer, durable. When it can't be
 * kept, EIM is told undefinedError at once. The record belongs to the session. (result.c) */
IpaRecord *ipa_results_expect(IpaSession *session, const IpaEim *eim, const EsipaPackage *package,
                              GError **error);

/* The same for a download that ORDER asks for. (result.c) */
IpaRecord *ipa_results_expect_download(IpaSession *session, const IpaDownloadOrder *order,
                                       const EsipaPackage *package, GError **error);

/* The answer to what ipa_results_expect() noted, when it is no card result. OFFERED (of gint64): the
 * sequence numbers in it that the eIM may acknowledge. (result.c) */
gboolean ipa_results_answer(IpaSession *session, IpaRecord *record, GBytes *result, GArray *offered,
                            GError **error);

/* Answers an IpaEuiccDataRequest (SGP.32 2.11.1.2, 3.1.2.3). A card that can't be asked makes the answer
 * undefinedError; the failure is returned as well, unless the card itself said no. (data.c) */
gboolean ipa_data_answer(IpaSession *session, const IpaEim *eim, const EsipaPackage *package,
                         GError **error);

/* ipa_results_deliver() when a profile change may be among what is owed to EIM. A result whose package
 * allowed a rollback is tried for the session's rollback_window; when the eIM stays out of reach, the
 * former profile is enabled again (ProfileRollback, once) and the result of that delivered (3.3.2). The
 * window counts anew after a restart and with every poll until then. LET_GO (ipa_session_begin_switch()): the
 * network comes back only now, so that any result is tried for as long; without leave for a rollback it then stays
 * owed. (rollback.c) */
gboolean ipa_rollback_deliver(IpaSession *session, const IpaEim *eim, gboolean let_go,
                              GError **error);

/* The card has accepted the package of BY: what an earlier one granted is void (es10.md 5.8). Failure to
 * note it is only reported. (rollback.c) */
void ipa_rollback_expire(IpaSession *session, const IpaRecord *by);

/* For rollback.c: RESULT is of RECORD's package, or can't be read. (result.c) */
gboolean ipa_results_match(const IpaRecord *record, GBytes *result);

/* For result.c: RESULT of the card is that of RECORD's rollback and takes the place of its former one.
 * MALFORMED when it is of another package. (rollback.c) */
gboolean ipa_rollback_adopt(IpaSession *session, IpaRecord *record, GBytes *result, GError **error);

/* For result.c: the card went back and has no result to show for it: RECORD's would claim that the new
 * profile is enabled, so undefinedError is reported in its place. (rollback.c) */
gboolean ipa_rollback_adopt_nothing(IpaSession *session, IpaRecord *record, GError **error);

/* For rollback.c: ipa_results_find() for the result of RECORD's rollback. (result.c) */
gboolean ipa_results_find_rollback(IpaSession *session, const IpaRecord *record,
                                   GBytes **ret_result, GError **error);

/* For rollback.c: brings the card back to life after a profile change and reads it (I-35). (package.c) */
void ipa_package_switch_profile(IpaSession *session, const IpaRecord *record);

/* Owes EIM an answer that is no card result: BF54 (RESULT), or an error code. (result.c) */
gboolean ipa_results_owe(IpaSession *session, const IpaEim *eim, GBytes *result, gint error_code,
                         GBytes *transaction_id, GError **error);

typedef struct {
    guint packages; /* executed or answered in this round */
} IpaPollReport;

/* eIM Package Retrieval (3.1.1.1): delivers what is owed, then asks until the eIM has nothing left, at most
 * 16 times. (poll.c) */
gboolean ipa_poll(IpaSession *session, const IpaEim *eim, IpaPollReport *ret_report,
                  GError **error);

/* Initial eIM configuration by the IPA (3.5.2.1). DATA as for es10b_add_initial_eim(). (provision.c) */
gboolean ipa_add_initial_eim(IpaSession *session, GBytes *data, GError **error);

G_END_DECLS
