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
} Es10bListKind;

/* ES10b.RetrieveNotificationsList (SGP.22 5.7.10, SGP.32 5.9.11). NUMBER only for LIST_BY_NUMBER. */
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

G_END_DECLS
