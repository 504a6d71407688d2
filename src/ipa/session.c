/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/session.h"

#include "ipa/download.h"

const IpaDownloadPolicy ipa_download_policy_default = {
    .allowed = TRUE,
    .path = IPA_PATH_AUTO,
    .eim_data_handling = TRUE,
    .tries = 3,
};

IpaEim *ipa_eim_copy(const IpaEim *eim)
{
    IpaEim *copy = g_new0(IpaEim, 1);

    copy->eim_id = g_strdup(eim->eim_id);
    copy->fqdn = g_strdup(eim->fqdn);
    copy->trust_data = eim->trust_data ? g_bytes_ref(eim->trust_data) : NULL;
    copy->protocols = eim->protocols ? g_bytes_ref(eim->protocols) : NULL;
    copy->indirect = eim->indirect;
    copy->token = eim->token;
    copy->ci_pk_id = eim->ci_pk_id ? g_bytes_ref(eim->ci_pk_id) : NULL;
    copy->is_later = eim->is_later;
    return copy;
}

void ipa_eim_free(IpaEim *eim)
{
    g_free(eim->eim_id);
    g_free(eim->fqdn);
    g_clear_pointer(&eim->trust_data, g_bytes_unref);
    g_clear_pointer(&eim->protocols, g_bytes_unref);
    g_clear_pointer(&eim->ci_pk_id, g_bytes_unref);
    g_free(eim);
}

gboolean ipa_eim_is_polled(const IpaEim *eim)
{
    if (eim->fqdn[0] == '\0')
        return FALSE;
    return !eim->protocols || tlv_bit_is_set(tlv_slice_from_bytes(eim->protocols), 0);
}

IpaRecord *ipa_record_new(const IpaEim *receiver)
{
    IpaRecord *record = g_new0(IpaRecord, 1);

    record->state = IPA_RECORD_EXECUTING;
    record->eim = ipa_eim_copy(receiver);
    record->eim_id = g_strdup("");
    record->counter = -1;
    record->sequence = -1;
    record->replaced = -1;
    record->offered = g_array_new(FALSE, FALSE, sizeof(gint64));
    record->remove = g_array_new(FALSE, FALSE, sizeof(gint64));
    record->finished = g_ptr_array_new_with_free_func(g_free);
    return record;
}

void ipa_record_free(IpaRecord *record)
{
    ipa_eim_free(record->eim);
    g_free(record->eim_id);
    g_clear_pointer(&record->transaction_id, g_bytes_unref);
    g_clear_pointer(&record->result, g_bytes_unref);
    g_clear_pointer(&record->order, ipa_download_order_free);
    g_clear_pointer(&record->session_id, g_bytes_unref);
    g_free(record->server);
    g_free(record->event);
    g_ptr_array_unref(record->finished);
    g_clear_pointer(&record->installation, g_bytes_unref);
    g_array_unref(record->offered);
    g_array_unref(record->remove);
    g_free(record);
}

static const char *const record_states[] = {
    [IPA_RECORD_EXECUTING] = "executing",
    [IPA_RECORD_EXECUTED] = "executed",
    [IPA_RECORD_DELIVERED] = "delivered",
    [IPA_RECORD_KEPT] = "kept",
};

static const char *const rollbacks[] = {
    [IPA_ROLLBACK_NONE] = "none",
    [IPA_ROLLBACK_ALLOWED] = "allowed",
    [IPA_ROLLBACK_TRIED] = "tried",
    [IPA_ROLLBACK_DONE] = "done",
};

static const char *const record_kinds[] = {
    [IPA_RECORD_PACKAGE] = "package",
    [IPA_RECORD_DOWNLOAD] = "download",
    [IPA_RECORD_NOTIFICATION] = "notification",
};

static const char *const download_stages[] = {
    [IPA_DOWNLOAD_ORDERED] = "ordered",
    [IPA_DOWNLOAD_TRIED] = "tried",
    [IPA_DOWNLOAD_INSTALLED] = "installed",
};

static gboolean find_word(const char *text, const char *const *words, guint n, guint *ret_index)
{
    for (guint i = 0; i < n; i++) {
        if (g_str_equal(text, words[i])) {
            *ret_index = i;
            return TRUE;
        }
    }
    return FALSE;
}

const char *ipa_record_state_to_string(IpaRecordState state)
{
    return record_states[state];
}

gboolean ipa_record_state_from_string(const char *text, IpaRecordState *ret_state)
{
    guint index;

    if (!find_word(text, record_states, G_N_ELEMENTS(record_states), &index))
        return FALSE;
    *ret_state = (IpaRecordState)index;
    return TRUE;
}

const char *ipa_rollback_to_string(IpaRollback rollback)
{
    return rollbacks[rollback];
}

gboolean ipa_rollback_from_string(const char *text, IpaRollback *ret_rollback)
{
    guint index;

    if (!find_word(text, rollbacks, G_N_ELEMENTS(rollbacks), &index))
        return FALSE;
    *ret_rollback = (IpaRollback)index;
    return TRUE;
}

const char *ipa_record_kind_to_string(IpaRecordKind kind)
{
    return record_kinds[kind];
}

gboolean ipa_record_kind_from_string(const char *text, IpaRecordKind *ret_kind)
{
    guint index;

    if (!find_word(text, record_kinds, G_N_ELEMENTS(record_kinds), &index))
        return FALSE;
    *ret_kind = (IpaRecordKind)index;
    return TRUE;
}

const char *ipa_download_stage_to_string(IpaDownloadStage stage)
{
    return download_stages[stage];
}

gboolean ipa_download_stage_from_string(const char *text, IpaDownloadStage *ret_stage)
{
    guint index;

    if (!find_word(text, download_stages, G_N_ELEMENTS(download_stages), &index))
        return FALSE;
    *ret_stage = (IpaDownloadStage)index;
    return TRUE;
}

IpaSession *ipa_session_new(Channel *channel, const IpaHost *host, gpointer host_data,
                            guint refresh_grace)
{
    IpaSession *session = g_new0(IpaSession, 1);

    session->channel = channel;
    session->host = host;
    session->host_data = host_data;
    session->refresh_grace = refresh_grace;
    session->eims = g_ptr_array_new_with_free_func((GDestroyNotify)ipa_eim_free);
    session->records = g_ptr_array_new_with_free_func((GDestroyNotify)ipa_record_free);
    return session;
}

void ipa_session_free(IpaSession *session)
{
    tlv_struct_free(session->info2);
    tlv_struct_free(session->profiles);
    g_ptr_array_unref(session->eims);
    g_ptr_array_unref(session->records);
    g_free(session);
}

void ipa_session_stage(IpaSession *session, double progress, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    session->host->stage(session->host_data, progress, text);
}

void ipa_session_event(IpaSession *session, LogLevel level, LogEvent event, const char *eim_id,
                       const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    session->host->event(session->host_data, level, event, eim_id, text);
}

void ipa_session_tell_cause(IpaSession *session, gint cause)
{
    for (guint i = 0; i < session->eims->len; i++) {
        const IpaEim *eim = session->eims->pdata[i];
        g_autoptr(GError) error = NULL;

        if (!session->host->set_cause(session->host_data, eim->eim_id, cause, &error))
            ipa_session_event(session, LOG_LEVEL_WARNING, LOG_EVENT_NONE, eim->eim_id, "%s",
                              error->message);
    }
}

gboolean ipa_session_begin_switch(IpaSession *session)
{
    return session->host->switch_begin &&
           session->host->switch_begin(session->host_data, session->cancellable);
}

void ipa_session_end_switch(IpaSession *session)
{
    if (session->host->switch_end)
        session->host->switch_end(session->host_data);
}

gboolean ipa_session_is_stopping(IpaSession *session)
{
    return g_cancellable_is_cancelled(session->cancellable) && session->host->is_stopping &&
           session->host->is_stopping(session->host_data);
}

const IpaEim *ipa_session_find_eim(IpaSession *session, const char *eim_id)
{
    for (guint i = 0; i < session->eims->len; i++) {
        const IpaEim *eim = session->eims->pdata[i];

        if (g_str_equal(eim->eim_id, eim_id))
            return eim;
    }
    return NULL;
}

gboolean ipa_session_is_ecall_active(IpaSession *session)
{
    GPtrArray *list = session->profiles ? session->profiles->profile_info_list_ok : NULL;

    for (guint i = 0; list && i < list->len; i++) {
        const RspProfileInfo *profile = list->pdata[i];

        if (profile->profile_state.present &&
            profile->profile_state.value == RSP_PROFILE_STATE_ENABLED &&
            profile->ecall_indication.present && profile->ecall_indication.value)
            return TRUE;
    }
    return FALSE;
}
