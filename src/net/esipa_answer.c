/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/esipa_private.h"

#include "util/error.h"

/* The decoders of the eIM's answers: liberal in every form of interop.md and esipa.md 8. */

/* Values of eimPackageError (SGP.32 6.3.2.6). */
enum {
    ERROR_NO_PACKAGE = 1,
    ERROR_EID_NOT_FOUND = 2,
    ERROR_MISSING_EID = 4,
};

void esipa_package_free(EsipaPackage *package)
{
    g_clear_pointer(&package->package, g_bytes_unref);
    g_clear_pointer(&package->eim_transaction_id, g_bytes_unref);
    g_clear_pointer(&package->eim_id, g_bytes_unref);
    g_free(package->why);
    g_free(package);
}

void esipa_result_answer_free(EsipaResultAnswer *answer)
{
    g_clear_pointer(&answer->acknowledged, g_array_unref);
    g_free(answer);
}

static EsipaPackage *package_new(EsipaPackageKind kind, const char *why)
{
    EsipaPackage *package = g_new0(EsipaPackage, 1);

    package->kind = kind;
    package->why = g_strdup(why);
    return package;
}

/* MALFORMED where BODY does not even begin as an object with TAG: another function's answer, a web
 * page, the JSON binding (I-30). */
static gboolean check_start(TlvSlice body, guint32 tag, GError **error)
{
    gsize header, size;
    guint32 found = 0;

    if (body.data[0] == '<' || body.data[0] == '{') {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "the answer is not ESipa (it looks like %s)",
                    body.data[0] == '<' ? "HTML" : "JSON");
        return FALSE;
    }
    if (body.size >= 2 && (guint32)(body.data[0] << 8 | body.data[1]) == tag)
        return TRUE;
    if (tlv_peek_header(body, &found, &header, &size, NULL))
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "the answer is not ESipa (object %X instead of %X)", found, tag);
    else
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "the answer is not ESipa (no data object)");
    return FALSE;
}

/* The only object with TAG in BODY. Some eIMs write the outer tag twice (esipa.md 8): the inner one
 * counts. */
static gboolean parse_outer(TlvSlice body, guint32 tag, Tlv *ret_outer, GError **error)
{
    Tlv inner;

    if (!tlv_parse(body, tag, ret_outer, error))
        return FALSE;
    if (tlv_parse(ret_outer->value, tag, &inner, NULL))
        *ret_outer = inner;
    return TRUE;
}

/* The content of the first object with TAG in CONTENT, which may be cut off or broken behind it. */
static gboolean find_in_broken(TlvSlice content, guint32 tag, TlvSlice *ret_value)
{
    guint32 found;
    gsize header, size;

    while (tlv_peek_header(content, &found, &header, &size, NULL)) {
        gsize left = content.size - header;

        if (found == tag) {
            *ret_value = tlv_slice(content.data + header, MIN(size, left));
            /* Of a primitive object a part is of no use. */
            return size <= left || tlv_tag_is_constructed(tag);
        }
        if (size > left)
            return FALSE;
        content = tlv_slice(content.data + header + size, left - size);
    }
    return FALSE;
}

/* eimTransactionId of a package that can't be decoded: where it would stand in each alternative
 * (SGP.32 2.11.1.1, 2.11.1.2, 2.11.1.3). NULL where it can't be found. */
static GBytes *salvage_transaction_id(TlvSlice body)
{
    static const guint32 euicc[] = { TAG_EUICC_PACKAGE, TAG_SEQUENCE, 0x82, 0 };
    static const guint32 data[] = { TAG_DATA_REQUEST, 0x83, 0 };
    static const guint32 trigger[] = { TAG_DOWNLOAD_TRIGGER, 0x82, 0 };
    static const guint32 *const paths[] = { euicc, data, trigger };
    TlvSlice outer, inner;

    if (!find_in_broken(body, TAG_GET_PACKAGE, &outer))
        return NULL;
    if (find_in_broken(outer, TAG_GET_PACKAGE, &inner))
        outer = inner;
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        const guint32 *tag = paths[i];
        TlvSlice value = outer;

        while (*tag != 0 && find_in_broken(value, *tag, &value))
            tag++;
        if (*tag == 0 && value.size >= 1 && value.size <= 16)
            return tlv_slice_to_bytes(value);
    }
    return NULL;
}

EsipaPackage *esipa_package_new_unusable(TlvSlice body, GError **why)
{
    EsipaPackage *package = package_new(ESIPA_PACKAGE_UNUSABLE, (*why)->message);

    package->eim_transaction_id = salvage_transaction_id(body);
    g_clear_error(why);
    return package;
}

static GBytes *optional_bytes(TlvSlice slice)
{
    return slice.data ? tlv_slice_to_bytes(slice) : NULL;
}

/* Commands that v1.0 does not have (esipa.md 5.2, 5.3). listEim is none of them: v1.3.md 4.2 counts it as one,
 * but v1.0 has a form of its result. */
static EsipaEvidence weigh_package(const RspEuiccPackage *package)
{
    for (guint i = 0; package->psmo_list && i < package->psmo_list->len; i++) {
        const RspPsmo *psmo = package->psmo_list->pdata[i];

        if (psmo->set_fallback_attribute || psmo->unset_fallback_attribute ||
            psmo->set_default_dp_address)
            return ESIPA_EVIDENCE_V1_2;
    }
    for (guint i = 0; package->eco_list && i < package->eco_list->len; i++) {
        const RspEco *eco = package->eco_list->pdata[i];

        if ((eco->add_eim && eco->add_eim->indirect_profile_download) ||
            (eco->update_eim && eco->update_eim->indirect_profile_download))
            return ESIPA_EVIDENCE_V1_2;
    }
    return ESIPA_EVIDENCE_NONE;
}

/* What the IPA needs of an EuiccPackageRequest (SGP.32 2.11.1.1). */
typedef struct {
    TlvHead head;
    TlvSlice psmo_list, eco_list;
} CommandLists;

typedef struct {
    TlvHead head;
    TlvSlice eim_id, eid_value, eim_transaction_id;
    TlvInteger counter_value;
    CommandLists *lists;
} PackageHead;

typedef struct {
    TlvHead head;
    PackageHead *signed_part;
    TlvSlice eim_signature;
} PackageFrame;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PackageFrame, tlv_struct_free)

static const TlvField command_lists_fields[] = {
    TLV_FIELD(OCTETS, "psmoList", 0xA0, TLV_OPTIONAL, CommandLists, psmo_list),
    TLV_FIELD(OCTETS, "ecoList", 0xA1, TLV_OPTIONAL, CommandLists, eco_list),
};
static const TlvType command_lists =
    TLV_TYPE("EuiccPackage", 0, TLV_CHOICE, CommandLists, command_lists_fields);

static const TlvField package_head_fields[] = {
    TLV_FIELD(UTF8, "eimId", 0x80, TLV_REQUIRED, PackageHead, eim_id, .min = 1),
    TLV_FIELD(OCTETS, "eidValue", 0x5A, TLV_REQUIRED, PackageHead, eid_value, .min = 16, .max = 16),
    TLV_FIELD(INTEGER, "counterValue", 0x81, TLV_REQUIRED, PackageHead, counter_value),
    TLV_FIELD(OCTETS, "eimTransactionId", 0x82, TLV_OPTIONAL, PackageHead, eim_transaction_id,
              .min = 1, .max = 16),
    TLV_FIELD(STRUCT, "euiccPackage", 0, TLV_REQUIRED, PackageHead, lists, .type = &command_lists),
};
static const TlvType package_head =
    TLV_TYPE("EuiccPackageSigned", 0x30, TLV_SEQUENCE, PackageHead, package_head_fields);

static const TlvField package_frame_fields[] = {
    TLV_FIELD(STRUCT, "euiccPackageSigned", 0x30, TLV_REQUIRED, PackageFrame, signed_part,
              .type = &package_head),
    TLV_FIELD(OCTETS, "eimSignature", 0x5F37, TLV_REQUIRED, PackageFrame, eim_signature),
};
static const TlvType package_frame =
    TLV_TYPE("EuiccPackageRequest", 0xBF51, TLV_SEQUENCE, PackageFrame, package_frame_fields);

/* TRUE where an enable command has rollbackFlag, up to the first octets that are no command. */
static gboolean has_rollback_flag(TlvSlice psmo_list)
{
    g_autoptr(GError) ignored = NULL;
    TlvReader reader;
    Tlv command, flag;

    tlv_reader_init(&reader, psmo_list);
    while (tlv_next(&reader, &command, &ignored))
        if (command.tag == 0xA3 && tlv_find(command.value, 0x05, &flag))
            return TRUE;
    return FALSE;
}

/* TRUE where a command enables, disables or deletes a profile, read as above. */
static gboolean has_profile_change(TlvSlice psmo_list)
{
    g_autoptr(GError) ignored = NULL;
    TlvReader reader;
    Tlv command;

    tlv_reader_init(&reader, psmo_list);
    while (tlv_next(&reader, &command, &ignored))
        if (command.tag == 0xA3 || command.tag == 0xA4 || command.tag == 0xA5)
            return TRUE;
    return FALSE;
}

/*
 * The commands are the card's to judge: one that can't be read here may be of a later version, and to one
 * that is damaged the card answers in its signed result (unknownOrDamagedCommand, SGP.32 2.11.2.1), after
 * it has executed those before it. So only what stands around the list has to be readable.
 */
static EsipaPackage *parse_euicc_package(GBytes *body, const Tlv *object, GError **error)
{
    g_autoptr(PackageFrame) frame = tlv_decode_slice(&package_frame, body, object->raw, error);
    g_autoptr(RspEuiccPackageRequest) request = NULL;
    const PackageHead *head;
    EsipaPackage *package;

    if (!frame)
        return NULL;
    head = frame->signed_part;
    package = package_new(ESIPA_PACKAGE_EUICC, NULL);
    package->eim_id = tlv_slice_to_bytes(head->eim_id);
    package->counter = head->counter_value.value;
    package->eim_transaction_id = optional_bytes(head->eim_transaction_id);
    package->has_psmos = head->lists->psmo_list.data != NULL;
    package->rollback_flag = package->has_psmos && has_rollback_flag(head->lists->psmo_list);
    package->changes_profiles = package->has_psmos && has_profile_change(head->lists->psmo_list);
    request = tlv_decode_slice(&rsp_euicc_package_request, body, object->raw, NULL);
    if (request)
        package->evidence = weigh_package(request->euicc_package_signed->euicc_package);
    return package;
}

/* Tags and fields that only one of the dialects has (esipa.md 5.4). */
static EsipaEvidence weigh_data_request(const RspIpaEuiccDataRequest *request)
{
    const RspNotificationSearchCriteria *criteria = request->search_criteria_notification;
    TlvSlice rest = request->tag_list;
    guint32 tag;

    if (request->eim_transaction_id.data || request->search_criteria_euicc_package_result)
        return ESIPA_EVIDENCE_V1_2;
    if (criteria && criteria->euicc_package_results)
        return ESIPA_EVIDENCE_V1_0;
    while (tlv_take_tag(&rest, &tag, NULL)) {
        if (tag == 0x81 || tag == 0xA0 || tag == 0xA2 || tag == 0x87)
            return ESIPA_EVIDENCE_V1_2;
        if (tag == 0x80 || tag == 0x88 || tag == TAG_RETRIEVE_LIST)
            return ESIPA_EVIDENCE_V1_0;
    }
    return ESIPA_EVIDENCE_NONE;
}

static EsipaPackage *parse_data_request(GBytes *body, const Tlv *object, GError **error)
{
    g_autoptr(RspIpaEuiccDataRequest) request =
        tlv_decode_slice(&rsp_ipa_euicc_data_request, body, object->raw, error);
    EsipaPackage *package;

    if (!request)
        return NULL;
    package = package_new(ESIPA_PACKAGE_DATA_REQUEST, NULL);
    package->eim_transaction_id = optional_bytes(request->eim_transaction_id);
    package->evidence = weigh_data_request(request);
    return package;
}

static EsipaPackage *parse_download_trigger(GBytes *body, const Tlv *object, GError **error)
{
    g_autoptr(RspProfileDownloadTriggerRequest) request =
        tlv_decode_slice(&rsp_profile_download_trigger_request, body, object->raw, error);
    EsipaPackage *package;

    if (!request)
        return NULL;
    package = package_new(ESIPA_PACKAGE_DOWNLOAD_TRIGGER, NULL);
    package->eim_transaction_id = optional_bytes(request->eim_transaction_id);
    if (!request->profile_download_data)
        package->evidence = ESIPA_EVIDENCE_V1_2;
    return package;
}

/* The alternative of a CHOICE in CONTENT: the one object whose tag is in KNOWN (ended by 0).
 * RET_FOUND->tag is 0 where there is none; RET_UNKNOWN gets the tag of another object, 0: none. */
static gboolean find_alternative(TlvSlice content, const guint32 *known, Tlv *ret_found,
                                 guint32 *ret_unknown, GError **error)
{
    g_autoptr(GError) local = NULL;
    Tlv tlv, found = { 0 };
    guint32 unknown = 0;
    TlvReader reader;

    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &local)) {
        guint i = 0;

        while (known[i] != 0 && known[i] != tlv.tag)
            i++;
        if (known[i] == 0) {
            unknown = tlv.tag;
        } else if (found.tag != 0) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                        "two alternatives at once (%X and %X)", found.tag, tlv.tag);
            return FALSE;
        } else {
            found = tlv;
        }
    }
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    *ret_found = found;
    *ret_unknown = unknown;
    return TRUE;
}

/* The code of an error answer. 1 of GetEimPackage is no error. */
static EsipaPackage *parse_package_error(const Tlv *object, GError **error)
{
    gint64 code;

    if (!tlv_get_integer(object->value, &code, error)) {
        g_prefix_error(error, "eimPackageError: ");
        return NULL;
    }
    if (code == ERROR_NO_PACKAGE)
        return package_new(ESIPA_PACKAGE_NONE, NULL);
    /* 2 to 4 are the fleet's to mend (I-20). */
    g_set_error(error, EUICCD_ERROR,
                code >= ERROR_EID_NOT_FOUND && code <= ERROR_MISSING_EID ? EUICCD_ERROR_EIM_REJECTED
                                                                         : EUICCD_ERROR_EIM_REFUSED,
                "the eIM answered eimPackageError %s (%" G_GINT64_FORMAT ")",
                tlv_name(rsp_names_eim_package_error, code), code);
    return NULL;
}

EsipaPackage *esipa_parse_package(GBytes *body, GError **error)
{
    static const guint32 known[] = { TAG_EUICC_PACKAGE, TAG_DATA_REQUEST, TAG_DOWNLOAD_TRIGGER,
                                     TAG_INTEGER, 0 };
    TlvSlice octets = tlv_slice_from_bytes(body);
    g_autoptr(GError) local = NULL;
    EsipaPackage *package = NULL;
    guint32 unknown;
    Tlv outer, found;

    /* Not in the specification, but with an obvious meaning (I-20). */
    if (octets.size == 0)
        return package_new(ESIPA_PACKAGE_NONE, "empty HTTP body taken as noEimPackageAvailable");
    if (!check_start(octets, TAG_GET_PACKAGE, error))
        return NULL;
    if (!parse_outer(octets, TAG_GET_PACKAGE, &outer, &local))
        return esipa_package_new_unusable(octets, &local);
    if (outer.value.size == 0)
        return package_new(ESIPA_PACKAGE_NONE, "empty answer taken as noEimPackageAvailable");
    if (!find_alternative(outer.value, known, &found, &unknown, &local))
        return esipa_package_new_unusable(octets, &local);
    switch (found.tag) {
    case TAG_INTEGER:
        return parse_package_error(&found, error);
    case TAG_EUICC_PACKAGE:
        package = parse_euicc_package(body, &found, &local);
        break;
    case TAG_DATA_REQUEST:
        package = parse_data_request(body, &found, &local);
        break;
    case TAG_DOWNLOAD_TRIGGER:
        package = parse_download_trigger(body, &found, &local);
        break;
    default:
        package = package_new(ESIPA_PACKAGE_UNKNOWN, NULL);
        package->why = g_strdup_printf("of an unknown kind (%X)", unknown);
        return package;
    }
    if (!package)
        return esipa_package_new_unusable(octets, &local);
    package->package = tlv_slice_to_bytes(found.raw);
    return package;
}

static gboolean parse_acknowledgements(const Tlv *object, GArray *numbers, GError **error)
{
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv tlv;

    tlv_reader_init(&reader, object->value);
    while (tlv_next(&reader, &tlv, &local)) {
        gint64 number;

        /* sequenceNumber; anything else is an extension. */
        if (tlv.tag != 0x80)
            continue;
        if (!tlv_get_integer(tlv.value, &number, error)) {
            g_prefix_error(error, "eimAcknowledgements: ");
            return FALSE;
        }
        g_array_append_val(numbers, number);
    }
    if (local) {
        g_propagate_prefixed_error(error, g_steal_pointer(&local), "eimAcknowledgements: ");
        return FALSE;
    }
    return TRUE;
}

static void set_result_error(const Tlv *object, GError **error)
{
    gint64 code;

    if (tlv_get_integer(object->value, &code, error))
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_EIM_REFUSED,
                    "the eIM did not process the result: %s (%" G_GINT64_FORMAT ")",
                    tlv_name(rsp_names_provide_eim_package_result_error, code), code);
    else
        g_prefix_error(error, "provideEimPackageResultError: ");
}

EsipaResultAnswer *esipa_parse_result_answer(GBytes *body, GError **error)
{
    static const guint32 known[] = { TAG_ACKNOWLEDGEMENTS, TAG_SEQUENCE, TAG_INTEGER, 0 };
    TlvSlice octets = tlv_slice_from_bytes(body);
    g_autoptr(EsipaResultAnswer) answer = g_new0(EsipaResultAnswer, 1);
    guint32 unknown;
    Tlv outer, found;

    answer->acknowledged = g_array_new(FALSE, FALSE, sizeof(gint64));
    /* 204, an empty body, BF50 00 of v1.0 and the emptyResponse all mean the same (I-21). */
    if (octets.size == 0)
        return g_steal_pointer(&answer);
    if (!check_start(octets, TAG_PROVIDE_RESULT, error))
        return NULL;
    if (!parse_outer(octets, TAG_PROVIDE_RESULT, &outer, error) ||
        !find_alternative(outer.value, known, &found, &unknown, error)) {
        g_prefix_error(error, "ProvideEimPackageResultResponse: ");
        return NULL;
    }
    switch (found.tag) {
    case TAG_INTEGER:
        set_result_error(&found, error);
        return NULL;
    case TAG_ACKNOWLEDGEMENTS:
        if (!parse_acknowledgements(&found, answer->acknowledged, error))
            return NULL;
        answer->has_acknowledgements = TRUE;
        break;
    case TAG_SEQUENCE:
        answer->evidence = ESIPA_EVIDENCE_V1_2;
        break;
    default:
        /* Nothing at all is the v1.0 form; something else says nothing about acceptance. */
        if (unknown == 0) {
            answer->evidence = ESIPA_EVIDENCE_V1_0;
            break;
        }
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                    "ProvideEimPackageResultResponse: unknown alternative %X", unknown);
        return NULL;
    }
    return g_steal_pointer(&answer);
}
