/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/download_private.h"
#include "rsp/names.h"
#include "util/bytes.h"

/* What became of a download, for people and for the eIM: SGP.22 2.5.6, SGP.32 2.11.2.3. */

void ipa_installation_clear(IpaInstallation *installation)
{
    g_free(installation->address);
    g_free(installation->iccid);
    g_free(installation->text);
    g_clear_pointer(&installation->transaction_id, g_bytes_unref);
}

static char *make_text(const RspFinalResult *result)
{
    const RspErrorResult *error = result->error_result;

    if (!error)
        return g_strdup("installed");
    return g_strdup_printf("%s: %s (%" G_GINT64_FORMAT ")",
                           tlv_name(rsp_names_bpp_command_id, error->bpp_command_id.value),
                           tlv_name(rsp_names_error_reason, error->error_reason.value),
                           error->error_reason.value);
}

gboolean ipa_installation_read(GBytes *result, IpaInstallation *ret_installation)
{
    g_autoptr(RspProfileInstallationResult) decoded =
        tlv_decode(&rsp_profile_installation_result, result, NULL);
    const RspProfileInstallationResultData *data;
    const RspNotificationMetadata *metadata;

    *ret_installation = (IpaInstallation){ .sequence = -1 };
    if (!decoded) {
        ret_installation->text = g_strdup("a result that can't be read");
        return FALSE;
    }
    data = decoded->profile_installation_result_data;
    metadata = data->notification_metadata;
    ret_installation->ok = data->final_result->success_result != NULL;
    ret_installation->sequence = metadata->seq_number.value;
    ret_installation->address = tlv_slice_to_text(metadata->notification_address);
    if (metadata->iccid.data)
        ret_installation->iccid = iccid_to_string(metadata->iccid.data, metadata->iccid.size, NULL);
    ret_installation->text = make_text(data->final_result);
    ret_installation->transaction_id = tlv_slice_to_bytes(data->transaction_id);
    return TRUE;
}

static TlvWriter *open_result(GBytes *transaction_id)
{
    TlvWriter *writer = tlv_writer_new();

    tlv_open(writer, 0xBF54);
    if (transaction_id)
        tlv_put_slice(writer, 0x82, tlv_slice_from_bytes(transaction_id));
    return writer;
}

GBytes *ipa_download_make_result(GBytes *transaction_id, GBytes *result)
{
    TlvWriter *writer = open_result(transaction_id);

    tlv_put_raw_bytes(writer, result);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}

/* v1.0 has no reason in it, and another tag for the response. */
GBytes *ipa_download_make_error(GBytes *transaction_id, EsipaDialect dialect, gint reason,
                                GBytes *response)
{
    TlvWriter *writer = open_result(transaction_id);
    gboolean v1_0 = dialect == ESIPA_DIALECT_V1_0;

    tlv_open(writer, 0x30);
    if (!v1_0)
        tlv_put_integer(writer, 0x80, reason);
    if (response)
        tlv_put_slice(writer, v1_0 ? 0x80 : 0x04, tlv_slice_from_bytes(response));
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(writer);
}
