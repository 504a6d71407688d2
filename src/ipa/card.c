/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/card.h"

#include <string.h>

#include "ipa/procedures.h"
#include "util/error.h"

/* Start-up of the IPAd (SGP.32 3.8) and the reads that follow changes. */

static char *slice_to_string(TlvSlice slice)
{
    return slice.data ? g_strndup((const char *)slice.data, slice.size) : g_strdup("");
}

static gboolean check_replaced(IpaSession *session, GError **error)
{
    if (!session->replaced)
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CARD_NOT_READY,
                        "another card is in the slot");
    return FALSE;
}

/* What is owed and what may be removed belongs to one card: never go on with another. */
static gboolean check_eid(IpaSession *session, GError **error)
{
    guint8 eid[EID_SIZE];

    if (session->eid_text[0] == '\0')
        return TRUE;
    if (!es10c_get_eid(session->channel, session->cancellable, eid, error)) {
        g_prefix_error(error, "reading the EID: ");
        return FALSE;
    }
    session->replaced = memcmp(eid, session->eid, sizeof(eid)) != 0;
    return check_replaced(session, error);
}

gboolean ipa_card_renew(IpaSession *session, gboolean force, GError **error)
{
    for (;;) {
        g_autoptr(GError) local = NULL;

        if (!channel_renew_card(session->channel, session->refresh_grace, force,
                                session->cancellable, error))
            return FALSE;
        if (check_eid(session, &local))
            return TRUE;
        /* What was done was not enough for this card, the modem's own REFRESH for instance. */
        if (!euiccd_error_is(local, EUICCD_ERROR_CARD_RESET) ||
            !channel_can_climb(session->channel)) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        force = TRUE;
    }
}

gboolean ipa_card_reopen(IpaSession *session, GError **error)
{
    return channel_reopen(session->channel, session->cancellable, error) &&
           check_eid(session, error);
}

gboolean ipa_card_recover(IpaSession *session, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (!euiccd_error_is(*error, EUICCD_ERROR_CARD_RESET))
        return FALSE;
    ipa_session_event(session, LOG_LEVEL_INFO, LOG_EVENT_NONE, NULL, "the card wants a reset (%s)",
                      (*error)->message);
    if (!ipa_card_renew(session, TRUE, &local)) {
        /* A modem that went meanwhile comes back, and is looked at then: that it wants a reset now says a card that
         * nobody can be sure of. */
        if (euiccd_error_is(local, EUICCD_ERROR_MODEM_GONE))
            (*error)->code = EUICCD_ERROR_MODEM_GONE;
        g_prefix_error(error, "(resetting the card failed: %s) ", local->message);
        return FALSE;
    }
    g_clear_error(error);
    return TRUE;
}

gboolean ipa_card_call(IpaSession *session, IpaCardFunc func, gpointer data, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (!check_replaced(session, error))
        return FALSE;
    if (func(session, data, &local) ||
        (ipa_card_recover(session, &local) && func(session, data, &local)))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static gboolean read_eid(IpaSession *session, gpointer data, GError **error)
{
    guint8 eid[EID_SIZE];
    g_autofree char *text = NULL;

    (void)data;
    if (!es10c_get_eid(session->channel, session->cancellable, eid, error))
        return FALSE;
    text = eid_to_string(eid, sizeof(eid), error);
    if (!text)
        return FALSE;
    memcpy(session->eid, eid, sizeof(eid));
    g_strlcpy(session->eid_text, text, sizeof(session->eid_text));
    return TRUE;
}

static void leave_alone(IpaSession *session, const char *reason)
{
    session->left_alone = TRUE;
    session->left_alone_reason = reason;
    session->is_iot = TRUE; /* no other has an IPAe */
}

static gboolean read_info2(IpaSession *session, gpointer data, GError **error)
{
    RspEuiccInfo2 *info2 = es10b_get_euicc_info2(session->channel, session->cancellable, error);

    (void)data;
    if (!info2)
        return FALSE;
    tlv_struct_free(session->info2);
    session->info2 = info2;
    if (info2->ipa_mode.present && info2->ipa_mode.value == RSP_IPA_MODE_IPAE)
        leave_alone(session, "the card's own IPA is active (ipaMode ipae): it is left alone");
    return TRUE;
}

/* SGP.32 2.11.1.1.1; an eimId of type FQDN is the address when no eimFqdn is given. */
static IpaEim *make_eim(const RspEimConfigurationData *data)
{
    IpaEim *eim = g_new0(IpaEim, 1);

    eim->eim_id = slice_to_string(data->eim_id);
    if (data->eim_fqdn.data)
        eim->fqdn = slice_to_string(data->eim_fqdn);
    else if (data->eim_id_type.present &&
             data->eim_id_type.value == RSP_EIM_ID_TYPE_EIM_ID_TYPE_FQDN)
        eim->fqdn = g_strdup(eim->eim_id);
    else
        eim->fqdn = g_strdup("");
    if (data->trusted_public_key_data_tls)
        eim->trust_data = tlv_slice_to_bytes(data->trusted_public_key_data_tls->head.content);
    if (data->eim_supported_protocol.data)
        eim->protocols = tlv_slice_to_bytes(data->eim_supported_protocol);
    eim->indirect = data->indirect_profile_download;
    eim->token = data->association_token;
    if (data->euicc_ci_pk_id.data)
        eim->ci_pk_id = tlv_slice_to_bytes(data->euicc_ci_pk_id);
    /* Tags 89 and AA (v1.3.md 4.2). */
    eim->is_later = data->indirect_profile_download || data->esipa_proprietary_protocol_information;
    return eim;
}

static gboolean read_eims(IpaSession *session, gpointer data, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(RspGetEimConfigurationDataResponse) response =
        es10b_get_eim_configuration_data(session->channel, session->cancellable, &local);

    (void)data;
    if (!response) {
        /* A consumer eUICC does not know the function. */
        if (euiccd_error_is(local, EUICCD_ERROR_NOT_SUPPORTED)) {
            session->is_iot = FALSE;
            g_ptr_array_set_size(session->eims, 0);
            return TRUE;
        }
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    session->is_iot = TRUE;
    g_ptr_array_set_size(session->eims, 0);
    for (guint i = 0; i < response->eim_configuration_data_list->len; i++)
        g_ptr_array_add(session->eims, make_eim(response->eim_configuration_data_list->pdata[i]));
    return TRUE;
}

static gboolean read_profiles(IpaSession *session, gpointer data, GError **error)
{
    RspProfileInfoListResponse *profiles =
        es10b_get_profiles_info(session->channel, session->cancellable, error);

    (void)data;
    if (!profiles)
        return FALSE;
    tlv_struct_free(session->profiles);
    session->profiles = profiles;
    return TRUE;
}

static guint count_profiles(const IpaSession *session)
{
    GPtrArray *list = session->profiles ? session->profiles->profile_info_list_ok : NULL;

    return list ? list->len : 0;
}

gboolean ipa_card_read_profiles(IpaSession *session, GError **error)
{
    gboolean is_first = session->profiles == NULL;
    guint before = count_profiles(session);
    g_autoptr(GError) local = NULL;

    if (!ipa_card_call(session, read_profiles, NULL, error))
        return FALSE;
    /* A profile that came or went has changed the free memory. */
    if (!is_first && session->info2 && count_profiles(session) != before &&
        !ipa_card_call(session, read_info2, NULL, &local))
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, NULL,
                          "reading the free memory again: %s", local->message);
    return TRUE;
}

gboolean ipa_card_read_eims(IpaSession *session, GError **error)
{
    return ipa_card_call(session, read_eims, NULL, error);
}

gboolean ipa_card_is_bad_answer(const GError *error)
{
    return euiccd_error_is(error, EUICCD_ERROR_CARD_STATUS) ||
           euiccd_error_is(error, EUICCD_ERROR_CARD_RESET) ||
           euiccd_error_is(error, EUICCD_ERROR_CARD_REFUSED) ||
           euiccd_error_is(error, EUICCD_ERROR_NOT_SUPPORTED) ||
           euiccd_error_is(error, EUICCD_ERROR_MALFORMED) ||
           euiccd_error_is(error, EUICCD_ERROR_TOO_LARGE);
}

static gboolean read_results(IpaSession *session, gpointer data, GError **error)
{
    GPtrArray **ret_results = data;

    *ret_results = es10b_retrieve_package_results(session->channel, session->cancellable, error);
    return *ret_results != NULL;
}

GPtrArray *ipa_card_read_results(IpaSession *session, GError **error)
{
    GPtrArray *results = NULL;

    if (!session->is_iot)
        return g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    return ipa_card_call(session, read_results, &results, error) ? results : NULL;
}

/* A card that supports an IPAe may be in its hands: it is asked before it is declared to, and never reset
 * for that (SGP.32 3.8.4, I-40). */
static gboolean meet_card(IpaSession *session, GError **error)
{
    g_autoptr(GError) local = NULL;

    channel_forget_card(session->channel);
    if (!channel_open(session->channel, session->cancellable, error))
        return FALSE;
    if (!channel_is_undeclared(session->channel))
        return TRUE;
    if (!read_info2(session, NULL, &local)) {
        if (!euiccd_error_is(local, EUICCD_ERROR_CARD_RESET)) {
            g_propagate_prefixed_error(error, g_steal_pointer(&local), "reading EUICCInfo2: ");
            return FALSE;
        }
        leave_alone(session, "the card supports an IPA of its own and answers to no other: "
                             "it is left alone");
        return TRUE;
    }
    return session->left_alone || channel_declare(session->channel, session->cancellable, error);
}

static gboolean identify(IpaSession *session, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (read_eid(session, NULL, &local))
        return TRUE;
    if (ipa_card_recover(session, &local)) {
        if (read_eid(session, NULL, &local))
            return TRUE;
        /* Driven by M2M, or by an IPAe that it does not name (I-40). One more reset is no more use, and
         * cuts the modem's connection. */
        if (euiccd_error_is(local, EUICCD_ERROR_CARD_RESET)) {
            local->code = EUICCD_ERROR_NOT_EUICC;
            g_prefix_error(&local, "the card refuses every command, even after a reset, and is not "
                                   "manageable: ");
        }
    }
    g_propagate_prefixed_error(error, g_steal_pointer(&local), "reading the EID: ");
    return FALSE;
}

/* What only shows the card may be missing. */
static gboolean read_contents(IpaSession *session, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (!ipa_card_read_profiles(session, &local)) {
        if (!ipa_card_is_bad_answer(local)) {
            g_propagate_prefixed_error(error, g_steal_pointer(&local), "reading the profiles: ");
            return FALSE;
        }
        session->stale = TRUE;
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, NULL,
                          "the card can't list its profiles: %s", local->message);
    }
    if (!ipa_card_read_notifications(session, error)) {
        g_prefix_error(error, "reading the notifications: ");
        return FALSE;
    }
    return TRUE;
}

gboolean ipa_card_read(IpaSession *session, GError **error)
{
    g_autoptr(GError) info2 = NULL;

    if (!meet_card(session, error))
        return FALSE;
    if (session->left_alone)
        return TRUE;
    if (!identify(session, error))
        return FALSE;
    if (!session->info2 && !ipa_card_call(session, read_info2, NULL, &info2) &&
        !ipa_card_is_bad_answer(info2)) {
        g_propagate_prefixed_error(error, g_steal_pointer(&info2), "reading EUICCInfo2: ");
        return FALSE;
    }
    if (session->left_alone)
        return TRUE;
    if (!ipa_card_read_eims(session, error)) {
        g_prefix_error(error, "reading the eIM configurations: ");
        return FALSE;
    }
    if (info2 && session->is_iot) {
        g_propagate_prefixed_error(error, g_steal_pointer(&info2), "reading EUICCInfo2: ");
        return FALSE;
    }
    if (info2)
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, NULL,
                          "the card gives no EUICCInfo2: %s", info2->message);
    return read_contents(session, error);
}

gboolean ipa_card_verify(IpaSession *session, GError **error)
{
    if (!meet_card(session, error))
        return FALSE;
    if (session->left_alone) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED, "%s",
                    session->left_alone_reason);
        return FALSE;
    }
    return check_eid(session, error);
}

void ipa_card_refresh_if_stale(IpaSession *session)
{
    g_autofree char *before = ipa_session_get_enabled_iccid(session);
    gboolean was_known = session->profiles != NULL;
    g_autofree char *after = NULL;
    g_autoptr(GError) error = NULL;

    if (!session->stale)
        return;
    /* The eIM list first: it works where profiles can't be listed. */
    if (!ipa_card_read_eims(session, &error) || !ipa_card_read_profiles(session, &error) ||
        !ipa_card_read_notifications(session, &error)) {
        ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, NULL,
                          "reading the card again: %s", error->message);
        return;
    }
    session->stale = FALSE;
    after = ipa_session_get_enabled_iccid(session);
    if (was_known && !g_str_equal(before, after))
        ipa_session_event(session, LOG_LEVEL_NOTICE, LOG_EVENT_PROFILE_SWITCHED, NULL,
                          "profile switched: %s%s is enabled", after[0] ? "ICCID " : "no profile",
                          after);
}

char *ipa_session_get_enabled_iccid(IpaSession *session)
{
    GPtrArray *list = session->profiles ? session->profiles->profile_info_list_ok : NULL;

    for (guint i = 0; list && i < list->len; i++) {
        const RspProfileInfo *profile = list->pdata[i];
        char *iccid;

        if (!profile->profile_state.present ||
            profile->profile_state.value != RSP_PROFILE_STATE_ENABLED || !profile->iccid.data)
            continue;
        iccid = iccid_to_string(profile->iccid.data, profile->iccid.size, NULL);
        if (iccid)
            return iccid;
    }
    return g_strdup("");
}
