/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/eim_result.h"

#include <string.h>

#include "sim/crypto.h"
#include "sim/eim_package.h"
#include "util/bytes.h"

static gboolean fail(GError **error, const char *why)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, why);
    return FALSE;
}

static char *to_text(TlvSlice value, GError **error)
{
    if (!g_utf8_validate_len((const char *)value.data, value.size, NULL)) {
        fail(error, "text is no UTF-8");
        return NULL;
    }
    return g_strndup((const char *)value.data, value.size);
}

static char *to_hex(TlvSlice value)
{
    return bytes_to_hex(value.data, value.size);
}

/* ---- EuiccPackageResult ---- */

void sim_eim_package_result_clear(SimEimPackageResult *result)
{
    g_clear_pointer(&result->eim_id, g_free);
}

static gboolean take_integer(const Tlv *tlv, gboolean *ret_present, gint64 *ret_number,
                             GError **error)
{
    if (*ret_present)
        return fail(error, "field is there twice");
    *ret_present = TRUE;
    if (!tlv_get_integer(tlv->value, ret_number, error)) {
        g_prefix_error(error, "field %X: ", tlv->tag);
        return FALSE;
    }
    return TRUE;
}

/* The fields of the three data objects; their tags do not collide. Unknown fields are left alone:
 * they are signed and belong to the card. */
static gboolean decode_fields(TlvSlice content, SimEimPackageResult *result, GError **error)
{
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv tlv;

    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &local)) {
        gboolean ok = TRUE;

        switch (tlv.tag) {
        case 0x80:
            g_free(result->eim_id);
            ok = (result->eim_id = to_text(tlv.value, error)) != NULL;
            break;
        case 0x81:
            ok = take_integer(&tlv, &result->has_counter, &result->counter, error);
            break;
        case 0x82:
            result->transaction_id = tlv.value;
            break;
        case 0x83:
            ok = take_integer(&tlv, &result->has_seq_number, &result->seq_number, error);
            break;
        case 0x84:
            ok = take_integer(&tlv, &result->has_token, &result->token, error);
            break;
        case 0x02:
        case 0x8F:
            ok = take_integer(&tlv, &result->has_error_code, &result->error_code, error);
            break;
        case 0x30:
            result->results = tlv.value;
            break;
        default:
            break;
        }
        if (!ok)
            return FALSE;
    }
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    return TRUE;
}

/* 30 data, 5F37 signature */
static gboolean decode_signed(TlvSlice content, SimEimPackageResult *result, GError **error)
{
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv data, signature;

    tlv_reader_init(&reader, content);
    if (!tlv_next(&reader, &data, &local) || data.tag != 0x30)
        return fail(error, "the signed object is missing");
    if (!tlv_next(&reader, &signature, &local) || signature.tag != 0x5F37)
        return fail(error, "the signature is missing");
    result->data = data.raw;
    result->signature = signature.value;
    return decode_fields(data.value, result, error);
}

/* Without the tag of the alternative: what the fields say (I-01). */
static gboolean decode_bare(TlvSlice content, SimEimPackageResult *result, GError **error)
{
    Tlv first;

    if (tlv_parse(content, 0x30, &first, NULL))
        content = first.value;
    if (tlv_find(content, 0x30, &first)) {
        if (!decode_signed(content, result, error))
            return FALSE;
        result->answer =
            result->results.data ? SIM_EIM_PACKAGE_RESULT : SIM_EIM_PACKAGE_ERROR_SIGNED;
        return TRUE;
    }
    result->answer = SIM_EIM_PACKAGE_ERROR_UNSIGNED;
    return decode_fields(content, result, error);
}

static gboolean check_mandatory(const SimEimPackageResult *result, GError **error)
{
    if (!result->eim_id)
        return fail(error, "eimId is missing");
    switch (result->answer) {
    case SIM_EIM_PACKAGE_RESULT:
        if (!result->has_counter)
            return fail(error, "counterValue is missing");
        if (!result->has_seq_number)
            return fail(error, "seqNumber is missing");
        if (result->seq_number < 0)
            return fail(error, "seqNumber is negative");
        if (!result->results.data)
            return fail(error, "euiccResult is missing");
        return TRUE;
    case SIM_EIM_PACKAGE_ERROR_SIGNED:
        if (!result->has_counter)
            return fail(error, "counterValue is missing");
        if (!result->has_error_code)
            return fail(error, "euiccPackageErrorCode is missing");
        return TRUE;
    case SIM_EIM_PACKAGE_ERROR_UNSIGNED:
        return TRUE;
    }
    return FALSE;
}

gboolean sim_eim_package_result_decode(TlvSlice message, gboolean strict,
                                       SimEimPackageResult *ret_result, GError **error)
{
    g_auto(SimEimPackageResult) result = { 0 };
    gboolean ok;
    Tlv outer, choice;

    if (!tlv_parse(message, 0xBF51, &outer, error)) {
        g_prefix_error(error, "EuiccPackageResult: ");
        return FALSE;
    }
    if (tlv_parse(outer.value, 0, &choice, NULL) && choice.tag == 0xA0) {
        result.answer = SIM_EIM_PACKAGE_RESULT;
        ok = decode_signed(choice.value, &result, error);
    } else if (tlv_parse(outer.value, 0, &choice, NULL) && choice.tag == 0xA1) {
        result.answer = SIM_EIM_PACKAGE_ERROR_SIGNED;
        ok = decode_signed(choice.value, &result, error);
    } else if (tlv_parse(outer.value, 0, &choice, NULL) && choice.tag == 0xA2) {
        result.answer = SIM_EIM_PACKAGE_ERROR_UNSIGNED;
        ok = decode_fields(choice.value, &result, error);
    } else if (strict) {
        ok = fail(error, "none of the alternatives A0, A1, A2");
    } else {
        ok = decode_bare(outer.value, &result, error);
    }
    if (!ok || !check_mandatory(&result, error)) {
        g_prefix_error(error, "EuiccPackageResult: ");
        return FALSE;
    }
    *ret_result = result;
    result = (SimEimPackageResult){ 0 };
    return TRUE;
}

/* Number of a DER INTEGER as 32 octets, big-endian. */
static gboolean copy_number(TlvSlice integer, guint8 out[32])
{
    while (integer.size > 0 && integer.data[0] == 0) {
        integer.data++;
        integer.size--;
    }
    if (integer.size > 32)
        return FALSE;
    memset(out, 0, 32);
    memcpy(out + 32 - integer.size, integer.data, integer.size);
    return TRUE;
}

/* r‖s from ECDSA-Sig-Value 30{02 r, 02 s}. */
static gboolean raw_from_der(TlvSlice der, guint8 out[SIM_SIGNATURE_SIZE])
{
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    Tlv sequence, r, s;

    if (!tlv_parse(der, 0x30, &sequence, NULL))
        return FALSE;
    tlv_reader_init(&reader, sequence.value);
    return tlv_next(&reader, &r, &error) && r.tag == 0x02 && tlv_next(&reader, &s, &error) &&
           s.tag == 0x02 && copy_number(r.value, out) && copy_number(s.value, out + 32);
}

static gboolean verify_with(EVP_PKEY *key, TlvSlice data, TlvSlice second, TlvSlice signature)
{
    g_autoptr(GByteArray) input = g_byte_array_new();

    g_byte_array_append(input, data.data, (guint)data.size);
    g_byte_array_append(input, second.data, (guint)second.size);
    return sim_verify(key, input->data, input->len, signature);
}

gboolean sim_eim_package_result_verify(const SimEimPackageResult *result, EVP_PKEY *key,
                                       gint64 token, TlvSlice eim_signature, gboolean strict,
                                       const char **ret_rule, GError **error)
{
    g_autoptr(GBytes) token_object = sim_eim_token_object(token);
    TlvSlice signature = result->signature;
    guint8 raw[SIM_SIGNATURE_SIZE];

    if (result->answer == SIM_EIM_PACKAGE_ERROR_UNSIGNED)
        return fail(error, "unsigned error: the eUICC does not know the eIM, or its signature and "
                           "association token do not fit");
    if (!strict && signature.size != SIM_SIGNATURE_SIZE && raw_from_der(signature, raw))
        signature = tlv_slice(raw, sizeof(raw));
    if (signature.size != SIM_SIGNATURE_SIZE)
        return fail(error, "signature is not of 64 octets");
    if (verify_with(key, result->data, tlv_slice_from_bytes(token_object), signature)) {
        *ret_rule = "1.2";
        return TRUE;
    }
    if (eim_signature.data && verify_with(key, result->data, eim_signature, signature)) {
        *ret_rule = "1.0";
        return TRUE;
    }
    return fail(error, "signature does not verify");
}

const char *sim_eim_package_error_name(gint64 code)
{
    switch (code) {
    case 3:
        return "invalidEid";
    case 4:
        return "replayError";
    case 6:
        return "counterValueOutOfRange";
    case 15:
        return "sizeOverflow";
    case 104:
        return "ecallActive";
    case 127:
        return "undefinedError";
    default:
        return "?";
    }
}

/* ---- result entries as JSON ---- */

/* The members of an E3 that tests look at; a card may send more. */
static JsonObject *profile_to_json(TlvSlice content, GError **error)
{
    static const struct {
        guint32 tag;
        const char *name;
        enum {
            ICCID,
            NUMBER,
            TEXT,
            HEX,
        } type;
    } fields[] = {
        { 0x5A, "iccid", ICCID },       { 0x4F, "aid", HEX },
        { 0x9F70, "state", NUMBER },    { 0x90, "nickname", TEXT },
        { 0x91, "provider", TEXT },     { 0x92, "name", TEXT },
        { 0x95, "class", NUMBER },      { 0x9F7B, "ecall", HEX },
        { 0x9F26, "fallback", HEX },    { 0x9F67, "fallbackAllowed", HEX },
        { 0xBF64, "iotSpecific", HEX },
    };
    g_autoptr(JsonObject) object = json_object_new();
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv tlv;

    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &local)) {
        for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
            g_autofree char *text = NULL;
            gint64 number;

            if (fields[i].tag != tlv.tag)
                continue;
            switch (fields[i].type) {
            case ICCID:
                text = iccid_to_string(tlv.value.data, tlv.value.size, error);
                break;
            case NUMBER:
                if (!tlv_get_integer(tlv.value, &number, error))
                    return NULL;
                json_object_set_int_member(object, fields[i].name, number);
                continue;
            case TEXT:
                text = to_text(tlv.value, error);
                break;
            case HEX:
                text = to_hex(tlv.value);
                break;
            }
            if (!text)
                return NULL;
            json_object_set_string_member(object, fields[i].name, text);
        }
    }
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    return g_steal_pointer(&object);
}

static gboolean add_profiles(JsonObject *entry, TlvSlice content, GError **error)
{
    g_autoptr(JsonArray) profiles = json_array_new();
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv choice, tlv;
    gint64 code;

    if (!tlv_parse(content, 0, &choice, error))
        return FALSE;
    if (choice.tag == 0x81) {
        JsonObject *failure = json_object_new();

        json_object_set_object_member(entry, "listProfileInfo", failure);
        if (!tlv_get_integer(choice.value, &code, error))
            return FALSE;
        json_object_set_int_member(failure, "error", code);
        return TRUE;
    }
    if (choice.tag != 0xA0)
        return fail(error, "listProfileInfo: neither list nor error");
    tlv_reader_init(&reader, choice.value);
    while (tlv_next(&reader, &tlv, &local)) {
        JsonObject *profile;

        if (tlv.tag != 0xE3)
            continue;
        profile = profile_to_json(tlv.value, error);
        if (!profile)
            return FALSE;
        json_array_add_object_element(profiles, profile);
    }
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    json_object_set_array_member(entry, "listProfileInfo", g_steal_pointer(&profiles));
    return TRUE;
}

/* addEim A8{84 token or 02 code} */
static gboolean add_added_eim(JsonObject *entry, TlvSlice content, GError **error)
{
    JsonObject *token;
    gint64 number;
    Tlv tlv;

    if (content.size == 0) {
        json_object_set_int_member(entry, "addEim", 0);
        return TRUE;
    }
    if (!tlv_parse(content, 0, &tlv, error) || !tlv_get_integer(tlv.value, &number, error))
        return FALSE;
    if (tlv.tag != 0x84) {
        json_object_set_int_member(entry, "addEim", number);
        return TRUE;
    }
    token = json_object_new();
    json_object_set_int_member(token, "token", number);
    json_object_set_object_member(entry, "addEim", token);
    return TRUE;
}

/* listEim AB{A0{30{80 eimId, 82 eimIdType}…} or 81 code}; the type has tag 84 in v1.0. */
static gboolean add_eims(JsonObject *entry, TlvSlice content, GError **error)
{
    g_autoptr(JsonArray) eims = json_array_new();
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv choice, tlv, field;
    gint64 number;

    if (!tlv_parse(content, 0, &choice, error))
        return FALSE;
    if (choice.tag == 0x81) {
        JsonObject *failure = json_object_new();

        json_object_set_object_member(entry, "listEim", failure);
        if (!tlv_get_integer(choice.value, &number, error))
            return FALSE;
        json_object_set_int_member(failure, "error", number);
        return TRUE;
    }
    if (choice.tag != 0xA0)
        return fail(error, "listEim: neither list nor error");
    tlv_reader_init(&reader, choice.value);
    while (tlv_next(&reader, &tlv, &local)) {
        g_autofree char *id = NULL;
        JsonObject *eim = json_object_new();

        json_array_add_object_element(eims, eim);
        if (!tlv_find(tlv.value, 0x80, &field))
            return fail(error, "listEim: eimId is missing");
        id = to_text(field.value, error);
        if (!id)
            return FALSE;
        json_object_set_string_member(eim, "eimId", id);
        if (tlv_find(tlv.value, 0x82, &field) || tlv_find(tlv.value, 0x84, &field)) {
            if (!tlv_get_integer(field.value, &number, error))
                return FALSE;
            json_object_set_int_member(eim, "eimIdType", number);
        }
    }
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    json_object_set_array_member(entry, "listEim", g_steal_pointer(&eims));
    return TRUE;
}

/* setDefaultDpAddress BF65{80 code} (I-06: also 02). */
static gboolean add_inner_code(JsonObject *entry, const char *name, TlvSlice content,
                               GError **error)
{
    gint64 number;
    Tlv tlv;

    if (!tlv_parse(content, 0, &tlv, error) || !tlv_get_integer(tlv.value, &number, error))
        return FALSE;
    json_object_set_int_member(entry, name, number);
    return TRUE;
}

static gboolean add_entry(JsonObject *entry, const Tlv *tlv, GError **error)
{
    static const struct {
        guint32 tag;
        const char *name;
    } codes[] = {
        { 0x83, "enable" },
        { 0x84, "disable" },
        { 0x85, "delete" },
        { 0x87, "configureImmediateEnable" },
        { 0x89, "deleteEim" },
        { 0x8A, "updateEim" },
        { 0x8C, "rollback" },
        { 0x8D, "setFallbackAttribute" },
        { 0x8E, "unsetFallbackAttribute" },
        { 0x02, "processingTerminated" },
    };
    g_autofree char *hex = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
        gint64 code;

        if (codes[i].tag != tlv->tag)
            continue;
        if (!tlv_get_integer(tlv->value, &code, error))
            return FALSE;
        json_object_set_int_member(entry, codes[i].name, code);
        return TRUE;
    }
    switch (tlv->tag) {
    case 0xBF2D:
        return add_profiles(entry, tlv->value, error);
    case 0xA6:
        hex = to_hex(tlv->value);
        json_object_set_string_member(entry, "getRAT", hex);
        return TRUE;
    case 0xA8:
        return add_added_eim(entry, tlv->value, error);
    case 0xAB:
        return add_eims(entry, tlv->value, error);
    case 0xBF65:
        return add_inner_code(entry, "setDefaultDpAddress", tlv->value, error);
    default:
        hex = to_hex(tlv->raw);
        json_object_set_string_member(entry, "unknown", hex);
        return TRUE;
    }
}

JsonArray *sim_eim_package_result_to_json(TlvSlice results, GError **error)
{
    g_autoptr(JsonArray) array = json_array_new();
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv tlv;

    tlv_reader_init(&reader, results);
    while (tlv_next(&reader, &tlv, &local)) {
        JsonObject *entry = json_object_new();

        json_array_add_object_element(array, entry);
        if (!add_entry(entry, &tlv, error)) {
            g_prefix_error(error, "result entry %X: ", tlv.tag);
            return NULL;
        }
    }
    if (local) {
        g_propagate_prefixed_error(error, g_steal_pointer(&local), "euiccResult: ");
        return NULL;
    }
    return g_steal_pointer(&array);
}

gboolean sim_eim_result_is_success(const char *name, JsonNode *value)
{
    if (JSON_NODE_HOLDS_OBJECT(value))
        return !json_object_has_member(json_node_get_object(value), "error");
    if (!JSON_NODE_HOLDS_VALUE(value) || json_node_get_value_type(value) != G_TYPE_INT64)
        return TRUE;
    /* lastEimDeleted(2) of deleteEim is a success. */
    return json_node_get_int(value) == 0 ||
           (g_str_equal(name, "deleteEim") && json_node_get_int(value) == 2);
}

gboolean sim_eim_package_result_succeeded(JsonArray *results)
{
    for (guint i = 0; i < json_array_get_length(results); i++) {
        JsonObject *entry = json_array_get_object_element(results, i);
        g_autoptr(GList) names = json_object_get_members(entry);

        /* A rollback, even one that worked, undid what the package was for. */
        if (g_str_equal(names->data, "rollback") || g_str_equal(names->data, "unknown") ||
            g_str_equal(names->data, "processingTerminated") ||
            !sim_eim_result_is_success(names->data, json_object_get_member(entry, names->data)))
            return FALSE;
    }
    return TRUE;
}
