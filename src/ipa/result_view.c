/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/card.h"

/* What an EuiccPackageResult says (SGP.32 2.11.2.1). */

static char *slice_to_string(TlvSlice slice)
{
    return slice.data ? g_strndup((const char *)slice.data, slice.size) : g_strdup("");
}

static void append_code(GString *summary, const char *what, const TlvInteger *code,
                        const TlvName *names)
{
    if (!code->present)
        return;
    g_string_append_printf(summary, "%s%s%s%s", summary->len > 0 ? ", " : "", what,
                           code->value == 0 ? " " : ": ", tlv_name(names, code->value));
}

static void append_word(GString *summary, gboolean present, const char *what)
{
    if (present)
        g_string_append_printf(summary, "%s%s", summary->len > 0 ? ", " : "", what);
}

static gboolean is_ok(const TlvInteger *code)
{
    return code->present && code->value == 0;
}

/* One entry of euiccResult (SGP.32 2.11.2.1). */
static void view_entry(IpaResultView *view, GString *summary, const RspEuiccResultData *entry)
{
    if (is_ok(&entry->enable_result) || is_ok(&entry->disable_result) ||
        is_ok(&entry->rollback_result))
        view->profile_changed = TRUE;
    view->rolled_back = view->rolled_back || is_ok(&entry->rollback_result);
    if (view->profile_changed || is_ok(&entry->delete_result) ||
        is_ok(&entry->set_fallback_attribute_result) ||
        is_ok(&entry->unset_fallback_attribute_result))
        view->profiles_touched = TRUE;
    /* deleteEim 2 is lastEimDeleted: done as well. addEim may answer a token instead of ok. */
    if ((entry->add_eim_result && (entry->add_eim_result->association_token.present ||
                                   is_ok(&entry->add_eim_result->add_eim_result_code))) ||
        is_ok(&entry->delete_eim_result) ||
        (entry->delete_eim_result.present && entry->delete_eim_result.value == 2) ||
        is_ok(&entry->update_eim_result))
        view->eims_touched = TRUE;

    append_code(summary, "enable", &entry->enable_result, rsp_names_enable_result);
    append_code(summary, "disable", &entry->disable_result, rsp_names_disable_result);
    append_code(summary, "delete", &entry->delete_result, rsp_names_delete_result);
    append_code(summary, "rollback", &entry->rollback_result, rsp_names_rollback_result);
    append_code(summary, "configureImmediateEnable", &entry->configure_immediate_enable_result,
                rsp_names_configure_immediate_enable_result);
    append_code(summary, "setFallbackAttribute", &entry->set_fallback_attribute_result,
                rsp_names_set_fallback_attribute_result);
    append_code(summary, "unsetFallbackAttribute", &entry->unset_fallback_attribute_result,
                rsp_names_unset_fallback_attribute_result);
    append_code(summary, "deleteEim", &entry->delete_eim_result, rsp_names_delete_eim_result);
    append_code(summary, "updateEim", &entry->update_eim_result, rsp_names_update_eim_result);
    append_code(summary, "processingTerminated", &entry->processing_terminated,
                rsp_names_processing_terminated);
    append_word(summary, entry->list_profile_info_result != NULL, "listProfileInfo");
    append_word(summary, entry->get_rat_result != NULL, "getRAT");
    append_word(summary, entry->add_eim_result != NULL, "addEim");
    append_word(summary, entry->list_eim_result != NULL, "listEim");
    append_word(summary, entry->set_default_dp_address_result != NULL, "setDefaultDpAddress");
}

static void view_signed(IpaResultView *view, GString *summary,
                        const RspEuiccPackageResultDataSigned *data)
{
    view->eim_id = slice_to_string(data->eim_id);
    view->counter = data->counter_value.value;
    view->transaction_id = data->eim_transaction_id;
    view->sequence = data->seq_number.value;
    for (guint i = 0; i < data->euicc_result->len; i++)
        view_entry(view, summary, data->euicc_result->pdata[i]);
    if (summary->len == 0)
        g_string_append(summary, "nothing to do");
}

gboolean ipa_result_view(GBytes *result, IpaResultView *ret_view, GError **error)
{
    g_autoptr(GString) summary = g_string_new(NULL);
    IpaResultView view = { .counter = -1, .sequence = -1 };

    view.result = tlv_decode(&rsp_euicc_package_result, result, error);
    if (!view.result)
        return FALSE;
    if (view.result->euicc_package_result_signed) {
        view_signed(&view, summary,
                    view.result->euicc_package_result_signed->euicc_package_result_data_signed);
    } else if (view.result->euicc_package_error_signed) {
        const RspEuiccPackageErrorDataSigned *data =
            view.result->euicc_package_error_signed->euicc_package_error_data_signed;

        view.eim_id = slice_to_string(data->eim_id);
        view.counter = data->counter_value.value;
        view.transaction_id = data->eim_transaction_id;
        g_string_printf(
            summary, "refused by the card: %s",
            tlv_name(rsp_names_euicc_package_error_code, data->euicc_package_error_code.value));
    } else {
        const RspEuiccPackageErrorUnsigned *data = view.result->euicc_package_error_unsigned;

        view.eim_id = slice_to_string(data->eim_id);
        view.transaction_id = data->eim_transaction_id;
        g_string_append(summary, "refused by the card: the eIM is unknown to it, or the signature "
                                 "or the association token does not match");
        if (data->euicc_package_unsigned_error_code.present)
            g_string_append_printf(summary, " (%s)",
                                   tlv_name(rsp_names_euicc_package_unsigned_error_code,
                                            data->euicc_package_unsigned_error_code.value));
    }
    view.summary = g_string_free(g_steal_pointer(&summary), FALSE);
    *ret_view = view;
    return TRUE;
}

void ipa_result_view_clear(IpaResultView *view)
{
    tlv_struct_free(view->result);
    g_free(view->eim_id);
    g_free(view->summary);
    *view = (IpaResultView)IPA_RESULT_VIEW_INIT;
}
