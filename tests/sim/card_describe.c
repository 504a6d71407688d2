/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/card_functions.h"

/* What the virtual eUICC's non-volatile memory holds, for people and tests. */

/* NotificationMetadata of a notification or a ProfileInstallationResult. */
static gboolean find_metadata(const CardRecord *record, Tlv *ret_metadata, gboolean *ret_pir)
{
    TlvSlice bytes = tlv_slice_from_bytes(record->bytes);
    Tlv outer, data;

    *ret_pir = tlv_parse(bytes, 0xBF37, &outer, NULL);
    if (*ret_pir)
        return tlv_find(outer.value, 0xBF27, &data) && tlv_find(data.value, 0xBF2F, ret_metadata);
    return tlv_parse(bytes, 0x30, &outer, NULL) && tlv_find(outer.value, 0xBF2F, ret_metadata);
}

static void describe_record(JsonBuilder *builder, const CardRecord *record)
{
    static const char *const names[] = { "install", "enable", "disable", "delete" };
    gboolean pir = FALSE;
    Tlv metadata, field;

    json_builder_begin_object(builder);
    card_json_put_integer(builder, "seqNumber", record->seq);
    for (guint bit = 0; bit < G_N_ELEMENTS(names); bit++)
        if (record->event >> bit & 1)
            card_json_put_string(builder, "event", names[bit]);
    if (record->event && find_metadata(record, &metadata, &pir)) {
        if (tlv_find(metadata.value, 0x0C, &field)) {
            g_autofree char *address = g_strndup((const char *)field.value.data, field.value.size);

            card_json_put_string(builder, "address", address);
        }
        if (tlv_find(metadata.value, 0x5A, &field)) {
            g_autofree char *iccid = iccid_to_string(field.value.data, field.value.size, NULL);

            card_json_put_string(builder, "iccid", iccid);
        }
        card_json_put_boolean(builder, "installationResult", pir);
    }
    card_json_put_hex(builder, "bytes", record->bytes);
    json_builder_end_object(builder);
}

static void describe_records(JsonBuilder *builder, const CardState *state, const char *member,
                             gboolean results)
{
    json_builder_set_member_name(builder, member);
    json_builder_begin_array(builder);
    for (guint i = 0; i < state->records->len; i++) {
        const CardRecord *record = g_ptr_array_index(state->records, i);

        if ((record->event == 0) == results)
            describe_record(builder, record);
    }
    json_builder_end_array(builder);
}

/* The members of the state file that people want to see, as they stand there. */
static void copy_members(const CardState *state, JsonBuilder *builder)
{
    static const char *const members[] = {
        "eid",           "version",         "profiles",     "eims",
        "nextSeqNumber", "rollback",        "inFallback",   "fallbackReturn",
        "inEmergency",   "freeMemory",      "installing",   "defaultDp",
        "rootDs",        "immediateEnable", "immediateOid", "immediateAddress",
        "behaviour",
    };
    g_autofree char *text = card_state_to_text(state);
    g_autoptr(JsonNode) node = json_from_string(text, NULL);
    JsonObject *object = json_node_get_object(node);

    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        if (!json_object_has_member(object, members[i]))
            continue;
        json_builder_set_member_name(builder, members[i]);
        json_builder_add_value(builder, json_object_dup_member(object, members[i]));
    }
}

void card_describe(const CardState *state, JsonBuilder *builder)
{
    copy_members(state, builder);
    describe_records(builder, state, "results", TRUE);
    describe_records(builder, state, "notifications", FALSE);
}
