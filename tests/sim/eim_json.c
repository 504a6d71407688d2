/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/eim_json.h"

#include <string.h>

#include "sim/eim_status.h"
#include "sim/json_value.h"

typedef enum {
    REQUEST_OBJECT,   /* base64 of a complete object with TAG (0: of any) */
    REQUEST_EXPLICIT, /* the same, inside an object with TAG */
    REQUEST_CHANGED,  /* of BF41, whose place TAG has in the ASN.1 binding */
    REQUEST_OCTETS,   /* base64 of SIZE octets */
    REQUEST_HEX,
    REQUEST_TEXT,
    REQUEST_EID,
    REQUEST_FLAG,
    REQUEST_NUMBER,
} RequestForm;

typedef struct {
    const char *name;
    RequestForm form;
    guint32 tag;
    gboolean is_optional;
    gsize size;
} RequestMember;

typedef struct {
    const char *name;
    guint32 tag;
    RequestMember members[5];
} RequestFunction;

static const RequestFunction requests[] = {
    { "initiateAuthentication",
      0xBF39,
      { { "euiccChallenge", REQUEST_OCTETS, 0x81, FALSE, 16 },
        { "smdpAddress", REQUEST_TEXT, 0x83, TRUE, 0 },
        { "euiccInfo1", REQUEST_OBJECT, 0xBF20, TRUE, 0 },
        { "eimTransactionId", REQUEST_HEX, 0x82, TRUE, 0 } } },
    { "authenticateClient",
      0xBF3B,
      { { "transactionId", REQUEST_HEX, 0x80, FALSE, 0 },
        { "authenticateServerResponse", REQUEST_OBJECT, 0xBF38, FALSE, 0 } } },
    { "getBoundProfilePackage",
      0xBF3A,
      { { "transactionId", REQUEST_HEX, 0x80, FALSE, 0 },
        { "prepareDownloadResponse", REQUEST_OBJECT, 0xBF21, FALSE, 0 } } },
    { "cancelSession",
      0xBF41,
      { { "transactionId", REQUEST_HEX, 0x80, FALSE, 0 },
        { "cancelSessionResponse", REQUEST_CHANGED, 0xA1, FALSE, 0 } } },
    /* Exactly one of these, which the ASN.1 binding has as a CHOICE. */
    { "handleNotification",
      0xBF3D,
      { { "pendingNotification", REQUEST_EXPLICIT, 0xA0, TRUE, 0 },
        { "provideEimPackageResult", REQUEST_OBJECT, 0xBF50, TRUE, 0 } } },
    { "getEimPackage",
      0xBF4F,
      { { "eidValue", REQUEST_EID, 0x5A, FALSE, 0 },
        { "notifyStateChange", REQUEST_FLAG, 0x80, TRUE, 0 },
        { "stateChangeCause", REQUEST_NUMBER, 0x81, TRUE, 0 },
        { "rPlmn", REQUEST_OCTETS, 0x82, TRUE, 3 } } },
    { "provideEimPackageResult",
      0xBF50,
      { { "eidValue", REQUEST_EID, 0x5A, TRUE, 0 },
        { "eimPackageResult", REQUEST_OBJECT, 0, FALSE, 0 } } },
};

static const RequestFunction *find_function(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(requests); i++)
        if (g_str_equal(requests[i].name, name))
            return &requests[i];
    return NULL;
}

gboolean sim_eim_json_has_function(const char *name)
{
    return find_function(name) != NULL;
}

/* ---- requests ---- */

static const char *get_text(JsonNode *node, GError **error)
{
    if (json_node_get_value_type(node) == G_TYPE_STRING)
        return json_node_get_string(node);
    sim_value_fail(error, "no string");
    return NULL;
}

static GBytes *read_base64(JsonNode *node, gboolean strict, GError **error)
{
    const char *text = get_text(node, error);
    g_autofree guchar *data = NULL;
    g_autofree char *again = NULL;
    gsize size = 0;

    if (!text)
        return NULL;
    data = g_base64_decode(text, &size);
    again = g_base64_encode(data, size);
    if (size > 0 && (!strict || g_str_equal(again, text)))
        return g_bytes_new(data, size);
    sim_value_fail(error, "no base64 with padding and without line breaks");
    return NULL;
}

static gboolean read_object(TlvWriter *writer, const RequestMember *member, JsonNode *node,
                            gboolean strict, GError **error)
{
    guint32 tag = member->form == REQUEST_OBJECT    ? member->tag
                  : member->form == REQUEST_CHANGED ? 0xBF41
                                                    : 0;
    g_autoptr(GBytes) bytes = read_base64(node, strict, error);
    Tlv tlv;

    if (!bytes || !tlv_parse(tlv_slice_from_bytes(bytes), tag, &tlv, error))
        return FALSE;
    if (member->form == REQUEST_OBJECT) {
        tlv_put_raw_bytes(writer, bytes);
    } else {
        tlv_put_slice(writer, member->tag, member->form == REQUEST_CHANGED ? tlv.value : tlv.raw);
    }
    return TRUE;
}

static gboolean read_octets(TlvWriter *writer, const RequestMember *member, JsonNode *node,
                            gboolean strict, GError **error)
{
    g_autoptr(GBytes) bytes = read_base64(node, strict, error);

    if (!bytes)
        return FALSE;
    if (g_bytes_get_size(bytes) != member->size)
        return sim_value_fail(error, "not of %" G_GSIZE_FORMAT " octets", member->size);
    tlv_put_slice(writer, member->tag, tlv_slice_from_bytes(bytes));
    return TRUE;
}

static gboolean read_hex(TlvWriter *writer, const RequestMember *member, JsonNode *node,
                         gboolean strict, GError **error)
{
    const char *text = get_text(node, error);
    g_autoptr(GBytes) bytes = text ? bytes_from_hex(text, error) : NULL;
    g_autofree char *again = bytes ? bytes_gbytes_to_hex(bytes) : NULL;

    if (!bytes)
        return FALSE;
    if (g_bytes_get_size(bytes) < 1 || g_bytes_get_size(bytes) > 16 ||
        (strict && !g_str_equal(again, text)))
        return sim_value_fail(error, "not 2 to 32 upper-case hex digits");
    tlv_put_slice(writer, member->tag, tlv_slice_from_bytes(bytes));
    return TRUE;
}

static gboolean read_eid(TlvWriter *writer, const RequestMember *member, JsonNode *node,
                         GError **error)
{
    const char *text = get_text(node, error);
    guint8 eid[EID_SIZE];

    if (!text || !eid_from_string(text, eid, error))
        return FALSE;
    tlv_put(writer, member->tag, eid, sizeof(eid));
    return TRUE;
}

static gboolean read_member(TlvWriter *writer, const RequestMember *member, JsonNode *node,
                            gboolean strict, GError **error)
{
    gboolean flag = FALSE;
    gint64 number = 0;
    const char *text;

    switch (member->form) {
    case REQUEST_OBJECT:
    case REQUEST_EXPLICIT:
    case REQUEST_CHANGED:
        return read_object(writer, member, node, strict, error);
    case REQUEST_OCTETS:
        return read_octets(writer, member, node, strict, error);
    case REQUEST_HEX:
        return read_hex(writer, member, node, strict, error);
    case REQUEST_TEXT:
        if ((text = get_text(node, error)))
            tlv_put_string(writer, member->tag, text);
        return text != NULL;
    case REQUEST_EID:
        return read_eid(writer, member, node, error);
    case REQUEST_FLAG:
        if (!sim_value_flag(node, &flag, error))
            return FALSE;
        if (flag)
            tlv_put(writer, member->tag, NULL, 0);
        return TRUE;
    case REQUEST_NUMBER:
        if (!sim_value_number(node, &number, error))
            return FALSE;
        tlv_put_integer(writer, member->tag, number);
        return TRUE;
    }
    g_return_val_if_reached(FALSE);
}

static gboolean read_members(TlvWriter *writer, const RequestFunction *function, JsonObject *body,
                             gboolean strict, GError **error)
{
    guint known = 0;

    for (const RequestMember *member = function->members; member->name; member++) {
        JsonNode *node = json_object_get_member(body, member->name);

        if (!node && !member->is_optional)
            return sim_value_fail(error, "%s is missing", member->name);
        if (node && !read_member(writer, member, node, strict, error)) {
            g_prefix_error(error, "%s: ", member->name);
            return FALSE;
        }
        known += node != NULL;
    }
    if (known == 0)
        return sim_value_fail(error, "nothing in it");
    if (strict && known != json_object_get_size(body))
        return sim_value_fail(error, "a member that the function does not have");
    return TRUE;
}

GBytes *sim_eim_json_read_request(const char *name, TlvSlice body, gboolean strict, GError **error)
{
    const RequestFunction *function = find_function(name);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    JsonNode *root;

    g_return_val_if_fail(function, NULL);
    if (!json_parser_load_from_data(parser, (const char *)body.data, (gssize)body.size, error))
        return NULL;
    root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        sim_value_fail(error, "%s: no JSON object", name);
        return NULL;
    }
    tlv_open(writer, function->tag);
    if (!read_members(writer, function, json_node_get_object(root), strict, error)) {
        g_prefix_error(error, "%s: ", name);
        return NULL;
    }
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* ---- answers ---- */

typedef enum {
    ANSWER_OBJECT,  /* base64 of the complete object */
    ANSWER_CONTENT, /* of what is in it */
    ANSWER_HEX,
    ANSWER_TEXT,
} AnswerForm;

typedef struct {
    guint32 tag;
    const char *name;
    AnswerForm form;
} AnswerMember;

#define END                                                                                        \
    {                                                                                              \
        0, NULL, ANSWER_OBJECT                                                                     \
    }

/* In the order of their fields in the ASN.1 binding. */
static const AnswerMember initiated[] = {
    { 0x80, "transactionId", ANSWER_HEX },
    { 0x30, "serverSigned1", ANSWER_OBJECT },
    { 0x5F37, "serverSignature1", ANSWER_OBJECT },
    { 0x04, "euiccCiPKIdentifierToBeUsed", ANSWER_OBJECT },
    { 0x30, "serverCertificate", ANSWER_OBJECT },
    { 0x0C, "matchingId", ANSWER_TEXT },
    { 0xA2, "ctxParams1", ANSWER_CONTENT },
    END,
};

static const AnswerMember authenticated[] = {
    { 0x80, "transactionId", ANSWER_HEX },
    { 0xBF25, "profileMetadata", ANSWER_OBJECT },
    { 0x30, "smdpSigned2", ANSWER_OBJECT },
    { 0x5F37, "smdpSignature2", ANSWER_OBJECT },
    { 0x30, "smdpCertificate", ANSWER_OBJECT },
    { 0x04, "hashCc", ANSWER_OBJECT },
    END,
};

static const AnswerMember event[] = {
    { 0x80, "transactionId", ANSWER_HEX },
    { 0xBF54, "profileDownloadTrigger", ANSWER_OBJECT },
    END,
};

static const AnswerMember bound[] = {
    { 0x80, "transactionId", ANSWER_HEX },
    { 0xBF36, "boundProfilePackage", ANSWER_OBJECT },
    END,
};

static const AnswerMember package[] = {
    { 0xBF52, "ipaEuiccDataRequest", ANSWER_OBJECT },
    { 0xBF54, "profileDownloadTriggerRequest", ANSWER_OBJECT },
    { 0, "euiccPackageRequest", ANSWER_OBJECT },
    END,
};

static const AnswerMember acknowledged[] = {
    { 0xBF53, "eimAcknowledgements", ANSWER_OBJECT },
    { 0x30, NULL, ANSWER_OBJECT }, /* emptyResponse */
    END,
};

static const AnswerMember nothing[] = { END };

/* What is in an answer: members by themselves, or in one of two objects; where an error is, its tag. */
static const struct {
    SimEimFunction function;
    guint32 ok, other, error;
    const AnswerMember *members, *other_members;
} answers[] = {
    { SIM_EIM_GET_EIM_PACKAGE, 0, 0, 0x02, package, NULL },
    { SIM_EIM_PROVIDE_EIM_PACKAGE_RESULT, 0, 0, 0x02, acknowledged, NULL },
    { SIM_EIM_HANDLE_NOTIFICATION, 0, 0, 0x02, nothing, NULL },
    { SIM_EIM_INITIATE_AUTHENTICATION, 0xA0, 0, 0x81, initiated, NULL },
    { SIM_EIM_AUTHENTICATE_CLIENT, 0xA0, 0xA1, 0x82, authenticated, event },
    { SIM_EIM_GET_BOUND_PROFILE_PACKAGE, 0xA0, 0, 0x81, bound, NULL },
    { SIM_EIM_CANCEL_SESSION, 0xA0, 0, 0x81, nothing, NULL },
};

static void put_base64(JsonObject *json, const char *name, TlvSlice value)
{
    g_autofree char *text = g_base64_encode(value.data, value.size);

    json_object_set_string_member(json, name, text);
}

static void put_answer(JsonObject *json, const AnswerMember *member, const Tlv *tlv)
{
    g_autofree char *text = NULL;

    switch (member->form) {
    case ANSWER_OBJECT:
        put_base64(json, member->name, tlv->raw);
        break;
    case ANSWER_CONTENT:
        put_base64(json, member->name, tlv->value);
        break;
    case ANSWER_HEX:
        text = bytes_to_hex(tlv->value.data, tlv->value.size);
        json_object_set_string_member(json, member->name, text);
        break;
    case ANSWER_TEXT:
        text = g_strndup((const char *)tlv->value.data, tlv->value.size);
        json_object_set_string_member(json, member->name, text);
        break;
    }
}

/* Two objects of the same tag are told apart by their place. */
static gboolean write_members(JsonObject *json, const AnswerMember *members, TlvSlice content,
                              GError **error)
{
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv tlv;

    tlv_reader_init(&reader, content);
    while (tlv_next(&reader, &tlv, &local)) {
        while (members->tag != 0 && members->tag != tlv.tag)
            members++;
        if (members->tag == 0 && !members->name)
            return sim_value_fail(error, "JSON has no word for object %X", tlv.tag);
        if (members->name)
            put_answer(json, members, &tlv);
        if (members->tag != 0)
            members++;
    }
    if (!local)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static JsonObject *put_header(JsonObject *json, const char *status)
{
    JsonObject *header = json_object_new(), *execution = json_object_new();

    json_object_set_string_member(execution, "status", status);
    json_object_set_object_member(header, "functionExecutionStatus", execution);
    json_object_set_object_member(json, "header", header);
    return execution;
}

static gboolean write_failure(JsonObject *json, SimEimFunction function, TlvSlice value,
                              GError **error)
{
    JsonObject *codes = json_object_new();
    const char *subject, *reason;
    gint64 code = 0;

    json_object_set_object_member(put_header(json, "Failed"), "statusCodeData", codes);
    if (!tlv_get_integer(value, &code, error))
        return FALSE;
    sim_eim_status_from_code(function, code, &subject, &reason);
    json_object_set_string_member(codes, "subjectCode", subject);
    json_object_set_string_member(codes, "reasonCode", reason);
    return TRUE;
}

static gboolean write_content(JsonObject *json, SimEimFunction function, TlvSlice content,
                              GError **error)
{
    guint i = 0;
    Tlv first;

    while (answers[i].function != function)
        i++;
    if (content.size == 0) {
        put_header(json, "Executed-Success");
        return TRUE;
    }
    if (!tlv_parse(content, 0, &first, error))
        return FALSE;
    if (first.tag == answers[i].error)
        return write_failure(json, function, first.value, error);
    put_header(json, "Executed-Success");
    if (answers[i].ok == 0)
        return write_members(json, answers[i].members, content, error);
    if (first.tag == answers[i].ok)
        return write_members(json, answers[i].members, first.value, error);
    if (first.tag == answers[i].other)
        return write_members(json, answers[i].other_members, first.value, error);
    return sim_value_fail(error, "JSON has no word for object %X", first.tag);
}

static void replace_members(JsonObject *json, JsonObject *other)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    json_object_iter_init(&iter, other);
    while (json_object_iter_next(&iter, &name, &node)) {
        if (JSON_NODE_HOLDS_NULL(node))
            json_object_remove_member(json, name);
        else
            json_object_set_member(json, name, json_node_copy(node));
    }
}

static GBytes *to_bytes(JsonObject *json)
{
    g_autoptr(JsonNode) node = json_node_alloc();
    char *text;

    json_node_init_object(node, json);
    text = json_to_string(node, FALSE);
    return g_bytes_new_take(text, strlen(text));
}

GBytes *sim_eim_json_write_answer(SimEimFunction function, GBytes *answer, JsonObject *other,
                                  GError **error)
{
    g_autoptr(JsonObject) json = json_object_new();
    Tlv outer;

    if (!tlv_parse(tlv_slice_from_bytes(answer), 0, &outer, error) ||
        !write_content(json, function, outer.value, error))
        return NULL;
    if (other)
        replace_members(json, other);
    return to_bytes(json);
}

GBytes *sim_eim_json_make_start(SimEimFunction function)
{
    const char *name = function == SIM_EIM_GET_BOUND_PROFILE_PACKAGE ? "boundProfilePackage"
                                                                     : "euiccPackageRequest";
    char *text = g_strdup_printf(
        "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}},\"%s\":\"",
        name);

    return g_bytes_new_take(text, strlen(text));
}
