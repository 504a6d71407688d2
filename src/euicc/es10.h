/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/channel.h"
#include "rsp/rsp.h"
#include "util/bytes.h"

G_BEGIN_DECLS

/*
 * ES10a, ES10b, ES10c: one thin typed function a card function (SGP.22 5.7, SGP.32 5.8 to 5.10). Each
 * opens the channel if need be, sends one command object and decodes the answer. Besides the errors of
 * channel_command(): MALFORMED when the answer can't be decoded, CARD_REFUSED when the card answered an
 * error code, which the message names in the words of the specification.
 *
 * A caller that acts upon the code itself gives RET_CODE (may be NULL): it is set wherever the card answered
 * a code, 0 with success and the others with CARD_REFUSED, and stays untouched otherwise.
 *
 * What changes the card can't be cancelled once it was sent, as the answer tells what happened. An error other
 * than CARD_REFUSED does not mean then that nothing happened: look at the card (I-35).
 *
 * What the card signed is returned as the octets that came (GBytes), beside which a decoded view may stand
 * whose slices point into them. Decoded structures are freed with tlv_struct_free().
 */

/* ES10c.GetEID (SGP.22 5.7.20). */
gboolean es10c_get_eid(Channel *channel, GCancellable *cancellable, guint8 ret_eid[EID_SIZE],
                       GError **error);

/* ES10b.GetEUICCInfo1 (SGP.22 5.7.8). The raw object is in head.raw. */
RspEuiccInfo1 *es10b_get_euicc_info1(Channel *channel, GCancellable *cancellable, GError **error);

/* ES10b.GetEUICCInfo2 (SGP.22 5.7.8, SGP.32 5.9.2). */
RspEuiccInfo2 *es10b_get_euicc_info2(Channel *channel, GCancellable *cancellable, GError **error);

/* ES10b.GetEimConfigurationData (SGP.32 5.9.18). NOT_SUPPORTED when the card does not know the function
 * (a consumer eUICC). */
RspGetEimConfigurationDataResponse *
es10b_get_eim_configuration_data(Channel *channel, GCancellable *cancellable, GError **error);

/* The same for one eIM (search criteria, SGP.32 v1.1): an empty list when the card does not know it. A card of
 * v1.0 refuses the search (NOT_SUPPORTED), or ignores it and lists every eIM. */
RspGetEimConfigurationDataResponse *es10b_search_eim_configuration_data(Channel *channel,
                                                                        const char *eim_id,
                                                                        GCancellable *cancellable,
                                                                        GError **error);

/* ES10b.GetCerts (SGP.32 5.9.10). CI_PK_ID: complete identifier of the CI key (SubjectKeyIdentifier) as the
 * card lists it, or absent for the card's choice. The certificates are in certs, the object as received in
 * head.raw. RET_CODE 1: invalidCiPKId. */
RspGetCertsResponse *es10b_get_certs(Channel *channel, TlvSlice ci_pk_id, GCancellable *cancellable,
                                     gint64 *ret_code, GError **error);

/* ES10b.GetRAT (SGP.22 5.7.22): the Rules Authorisation Table. */
RspGetRatResponse *es10b_get_rat(Channel *channel, GCancellable *cancellable, GError **error);

/* ES10b.GetConnectivityParameters (SGP.32 5.9.24): httpParams of the enabled profile (2.4.4); may hold a
 * password. NOT_FOUND when there are none: parametersNotAvailable, or an answer without httpParams. */
GBytes *es10b_get_connectivity_parameters(Channel *channel, GCancellable *cancellable,
                                          GError **error);

/* ES10b.GetProfilesInfo (SGP.32 5.9.14), all profiles, with nickname, owner, policy rules and the SGP.32
 * attributes asked for by tag list; falls back to the card's default list when the card refuses those. */
RspProfileInfoListResponse *es10b_get_profiles_info(Channel *channel, GCancellable *cancellable,
                                                    GError **error);

/* ES10b.LoadEuiccPackage (SGP.32 5.9.1): REQUEST is the EuiccPackageRequest as received (BF51). Returns the
 * EuiccPackageResult as the card gave it, signed error results included. */
GBytes *es10b_load_euicc_package(Channel *channel, GBytes *request, GCancellable *cancellable,
                                 GError **error);

typedef enum {
    ES10B_LIST_NOTIFICATIONS,   /* BF2B 00 */
    ES10B_LIST_PACKAGE_RESULTS, /* BF2B 04 A0 02 82 00 */
    ES10B_LIST_BY_NUMBER,       /* BF2B{A0{80 n}} */
    ES10B_LIST_BY_EVENT,        /* BF2B{A0{81 events}} */
} Es10bListKind;

/* ES10b.RetrieveNotificationsList (SGP.22 5.7.10, SGP.32 5.9.11). NUMBER: the seqNumber
 * for LIST_BY_NUMBER, the set of events (1 << RSP_PROFILE_MANAGEMENT_OPERATION_…) for LIST_BY_EVENT. */
RspRetrieveNotificationsListResponse *
es10b_retrieve_notifications_list(Channel *channel, Es10bListKind kind, gint64 number,
                                  GCancellable *cancellable, GError **error);

/* The same with LIST_PACKAGE_RESULTS: complete EuiccPackageResults (BF51) as they stand in the card's
 * answer, array of GBytes. They are not looked into: one that can't be decoded does not hide the others.
 * MALFORMED when the list itself can't be read. */
GPtrArray *es10b_retrieve_package_results(Channel *channel, GCancellable *cancellable,
                                          GError **error);

/* ES10b.RemoveNotificationFromList (SGP.22 5.7.11, SGP.32 5.9.12). nothingToDelete is success. */
gboolean es10b_remove_notification_from_list(Channel *channel, gint64 number,
                                             GCancellable *cancellable, GError **error);

/* ES10b.AddInitialEim (SGP.32 5.9.4). DATA: a complete AddInitialEimRequest (BF57), or a list as
 * GetEimConfigurationData answers it (BF55{A0…}), or one EimConfigurationData (30). Entries are passed on
 * unchanged. */
gboolean es10b_add_initial_eim(Channel *channel, GBytes *data, GCancellable *cancellable,
                               GError **error);

/* ES10a.GetEuiccConfiguredAddresses (SGP.22 5.7.3). */
RspEuiccConfiguredAddressesResponse *
es10a_get_euicc_configured_addresses(Channel *channel, GCancellable *cancellable, GError **error);

/* ES10b.SetDefaultDpAddress (SGP.32 5.9.25); "" removes the address. */
gboolean es10b_set_default_dp_address(Channel *channel, const char *address,
                                      GCancellable *cancellable, gint64 *ret_code, GError **error);

/* The same on a consumer eUICC, and on a card of SGP.32 v1.0: ES10a.SetDefaultDpAddress (SGP.22 5.7.4). */
gboolean es10a_set_default_dp_address(Channel *channel, const char *address,
                                      GCancellable *cancellable, gint64 *ret_code, GError **error);

/*
 * An RSP session (SGP.22 3.1.2, 3.1.3). The three functions in the middle return the card's response as it came,
 * as it goes on to the server whether the card signed or refused: *RET_CODE (never NULL) is 0 where it signed,
 * otherwise the code it refused with, which is no failure here. What a server signed stands in the requests as
 * it was received (head.raw of the decoded structures).
 */

/* ES10b.GetEUICCChallenge (SGP.22 5.7.7): begins a session and ends the former one. */
gboolean es10b_get_euicc_challenge(Channel *channel, GCancellable *cancellable,
                                   guint8 ret_challenge[RSP_CHALLENGE_SIZE], GError **error);

/* ES10b.AuthenticateServer (SGP.22 5.7.13). Code: rsp_names_authenticate_error_code. */
GBytes *es10b_authenticate_server(Channel *channel, const RspAuthenticateServerRequest *request,
                                  GCancellable *cancellable, gint64 *ret_code, GError **error);

/* ES10b.PrepareDownload (SGP.22 5.7.5). Code: rsp_names_download_error_code. */
GBytes *es10b_prepare_download(Channel *channel, const RspPrepareDownloadRequest *request,
                               GCancellable *cancellable, gint64 *ret_code, GError **error);

/* ES10b.CancelSession (SGP.22 5.7.14). REASON: RSP_CANCEL_SESSION_REASON_…. Code:
 * rsp_names_cancel_session_response_error. */
GBytes *es10b_cancel_session(Channel *channel, TlvSlice transaction_id, gint64 reason,
                             GCancellable *cancellable, gint64 *ret_code, GError **error);

/* ES10b.LoadBoundProfilePackage (SGP.22 2.5.5, 5.7.6), one segment of rsp/bpp.h. *RET_RESULT is the
 * ProfileInstallationResult (BF37) as the card gave it, which ends the load whatever is left of the package,
 * or NULL: the next segment may come. Any failure ends the load as well; what became of the profile
 * stands among the card's notifications then, if anywhere. */
gboolean es10b_load_bound_profile_package(Channel *channel, TlvSlice segment,
                                          GCancellable *cancellable, GBytes **ret_result,
                                          GError **error);

/*
 * Functions by which the IPA itself changes the enabled profile. REFRESH: the card asks for the REFRESH
 * itself (channel_take_refresh_pending()); without it the caller resets the card.
 */

/* ES10b.ProfileRollback (SGP.32 5.9.16). *RET_RESULT is the eUICCPackageResult (BF51) as the card gave it,
 * never looked into, or NULL where it gave none: then it is among the stored ones. RET_CODE 1:
 * rollbackNotAllowed, 5: catBusy. */
gboolean es10b_profile_rollback(Channel *channel, gboolean refresh, GCancellable *cancellable,
                                GBytes **ret_result, gint64 *ret_code, GError **error);

/* ES10b.ImmediateEnable (SGP.32 5.9.15). */
gboolean es10b_immediate_enable(Channel *channel, gboolean refresh, GCancellable *cancellable,
                                gint64 *ret_code, GError **error);

/* The same on a card of SGP.32 v1.0: EnableUsingDD, without refreshFlag. */
gboolean es10b_enable_using_dd(Channel *channel, GCancellable *cancellable, gint64 *ret_code,
                               GError **error);

/* ES10b.ConfigureImmediateProfileEnabling (SGP.32 5.9.17), while the card has no eIM. SMDP_OID (dotted) and
 * SMDP_ADDRESS may be NULL: no restriction to that SM-DP+. */
gboolean es10b_configure_immediate_profile_enabling(Channel *channel, gboolean enable,
                                                    const char *smdp_oid, const char *smdp_address,
                                                    GCancellable *cancellable, gint64 *ret_code,
                                                    GError **error);

/* ES10b.ExecuteFallbackMechanism (SGP.32 5.9.20). */
gboolean es10b_execute_fallback_mechanism(Channel *channel, gboolean refresh,
                                          GCancellable *cancellable, gint64 *ret_code,
                                          GError **error);

/* ES10b.ReturnFromFallback (SGP.32 5.9.21). */
gboolean es10b_return_from_fallback(Channel *channel, gboolean refresh, GCancellable *cancellable,
                                    gint64 *ret_code, GError **error);

/* ES10b.EnableEmergencyProfile (SGP.32 5.9.22). */
gboolean es10b_enable_emergency_profile(Channel *channel, gboolean refresh,
                                        GCancellable *cancellable, gint64 *ret_code,
                                        GError **error);

/* ES10b.DisableEmergencyProfile (SGP.32 5.9.23). */
gboolean es10b_disable_emergency_profile(Channel *channel, gboolean refresh,
                                         GCancellable *cancellable, gint64 *ret_code,
                                         GError **error);

/* The three results of eUICCMemoryReset; -1 where the card gave none. */
typedef struct {
    gint64 reset;                         /* rsp_names_reset_result */
    gint64 reset_eim;                     /* rsp_names_reset_eim_result */
    gint64 reset_immediate_enable_config; /* rsp_names_reset_immediate_enable_config_result */
} Es10bResetResults;

/*
 * ES10b.eUICCMemoryReset (SGP.32 5.9.5). OPTIONS: set of 1 << RSP_RESET_OPTIONS_…. A card that does not know
 * the function is asked in the form of SGP.32 v1.0 and SGP.22 (BF34), unless that lacks one of the options:
 * NOT_SUPPORTED.
 *
 * Each result stands for itself. CARD_REFUSED when one is neither ok nor nothingToDelete, or is missing
 * although its option was chosen; the message names each of these. *RET_RESULTS (may be NULL) is set whenever
 * the card answered, with CARD_REFUSED too: the other parts were carried out.
 */
gboolean es10b_euicc_memory_reset(Channel *channel, guint options, GCancellable *cancellable,
                                  Es10bResetResults *ret_results, GError **error);

G_END_DECLS
