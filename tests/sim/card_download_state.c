/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/card_state.h"

#include <string.h>

/* The installation that is going on, in the state file ("installing"). */

void card_install_clear(CardInstall *install)
{
    g_clear_pointer(&install->transaction_id, g_bytes_unref);
    g_clear_pointer(&install->oid, g_bytes_unref);
    g_clear_pointer(&install->address, g_free);
    g_clear_pointer(&install->ci_id, g_bytes_unref);
    *install = (CardInstall){ 0 };
}

gboolean card_install_from_json(JsonObject *object, CardInstall *install, GError **error)
{
    static const char *const known[] = { "transactionId", "smdpOid", "address", "ciPKId",
                                         "command",       "iccid",   NULL };
    g_autofree char *iccid = card_json_string(object, "iccid", NULL);
    g_autoptr(GError) local = NULL;

    if (!card_json_check_members(object, "installing", known, error))
        return FALSE;
    install->address = card_json_string(object, "address", "");
    install->command = card_json_integer(object, "command", 0);
    install->transaction_id = card_json_hex(object, "transactionId", &local);
    if (!local)
        install->oid = card_json_hex(object, "smdpOid", &local);
    if (!local)
        install->ci_id = card_json_hex(object, "ciPKId", &local);
    if (!local && iccid)
        install->has_iccid = iccid_from_string(iccid, install->iccid, &local);
    if (local || !install->transaction_id || !install->oid || !install->ci_id) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "installing: %s",
                    local ? local->message : "a member is missing");
        card_install_clear(install);
        return FALSE;
    }
    install->active = TRUE;
    return TRUE;
}

void card_install_to_json(const CardInstall *install, JsonBuilder *builder)
{
    g_autofree char *iccid =
        install->has_iccid ? iccid_to_string(install->iccid, ICCID_SIZE, NULL) : NULL;

    json_builder_set_member_name(builder, "installing");
    json_builder_begin_object(builder);
    card_json_put_hex(builder, "transactionId", install->transaction_id);
    card_json_put_hex(builder, "smdpOid", install->oid);
    card_json_put_string(builder, "address", install->address);
    card_json_put_hex(builder, "ciPKId", install->ci_id);
    card_json_put_integer(builder, "command", install->command);
    card_json_put_string(builder, "iccid", iccid);
    json_builder_end_object(builder);
}
