/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/esipa_json.h"

#include "net/esipa_private.h"
#include "net/json_answer.h"
#include "net/json_request.h"
#include "util/error.h"

#define MAX_MEMBERS     16
#define UNDEFINED_ERROR 127

/* ---- requests ---- */

static void put_slice(GString *json, const char *name, TlvSlice slice)
{
    json_request_put_base64(json, name, slice.data, slice.size);
}

static void put_retagged(GString *json, const EsipaJsonMember *member, TlvSlice value)
{
    TlvWriter *writer = tlv_writer_new();
    g_autoptr(GBytes) object = NULL;

    tlv_put_slice(writer, member->inner, value);
    object = tlv_writer_finish(writer);
    json_request_put_bytes(json, member->name, object);
}

static gboolean put_text(GString *json, const char *name, char *text)
{
    if (text)
        json_request_put_text(json, name, text);
    g_free(text);
    return text != NULL;
}

static gboolean spell_member(GString *json, const EsipaJsonMember *member, const Tlv *object,
                             GError **error)
{
    gint64 number;

    switch (member->form) {
    case ESIPA_JSON_OBJECT:
        put_slice(json, member->name, object->raw);
        return TRUE;
    case ESIPA_JSON_OCTETS:
    case ESIPA_JSON_CONTAINED:
        put_slice(json, member->name, object->value);
        return TRUE;
    case ESIPA_JSON_RETAGGED:
        put_retagged(json, member, object->value);
        return TRUE;
    case ESIPA_JSON_HEX:
        json_request_put_hex(json, member->name, object->value.data, object->value.size);
        return TRUE;
    case ESIPA_JSON_TEXT:
        return put_text(json, member->name, tlv_slice_to_text(object->value));
    case ESIPA_JSON_EID:
        return put_text(json, member->name,
                        eid_to_string(object->value.data, object->value.size, error));
    case ESIPA_JSON_INTEGER:
        if (!tlv_get_integer(object->value, &number, error))
            return FALSE;
        json_request_put_integer(json, member->name, number);
        return TRUE;
    case ESIPA_JSON_TRUE:
        json_request_put_true(json, member->name);
        return TRUE;
    case ESIPA_JSON_VALUE:
    case ESIPA_JSON_CODE:
        break; /* only in answers */
    }
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INTERNAL, "%s is no member of a request",
                member->name);
    return FALSE;
}

static const EsipaJsonMember *find_member(const EsipaJsonMember *members, guint32 tag)
{
    while (members->name && members->tag != tag && members->tag != 0)
        members++;
    return members->name ? members : NULL;
}

GString *esipa_json_spell(const EsipaJsonFunction *function, GBytes *request, GError **error)
{
    GString *json = json_request_new();
    g_autoptr(GError) local = NULL;
    TlvReader reader;
    Tlv outer, object;

    if (tlv_parse(tlv_slice_from_bytes(request), function->tag, &outer, &local)) {
        tlv_reader_init(&reader, outer.value);
        while (!local && tlv_next(&reader, &object, &local)) {
            const EsipaJsonMember *member = find_member(function->request, object.tag);

            if (member)
                spell_member(json, member, &object, &local);
            else
                g_set_error(&local, EUICCD_ERROR, EUICCD_ERROR_INTERNAL,
                            "JSON has no word for object %X", object.tag);
        }
    }
    if (!local)
        return json;
    g_string_free(json, TRUE);
    g_propagate_prefixed_error(error, g_steal_pointer(&local), "the request can't be written: ");
    return NULL;
}

/* ---- answers ---- */

typedef struct {
    const EsipaJsonFunction *function;
    const char *names[MAX_MEMBERS + 1];
    JsonAnswer *answer;
    GError *refused; /* the function failed */
} Answer;

static void answer_clear(Answer *answer)
{
    g_clear_pointer(&answer->answer, json_answer_free);
    g_clear_error(&answer->refused);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answer, answer_clear)

static guint add_names(Answer *answer, guint n, const EsipaJsonMember *members)
{
    for (; members && members->name && n < MAX_MEMBERS; members++)
        answer->names[n++] = members->name;
    return n;
}

static gboolean answer_init(Answer *answer, guint32 tag, GBytes *body, RspServerRefusal *refusal,
                            GError **error)
{
    g_autoptr(GError) local = NULL;
    gsize size;
    const void *octets = g_bytes_get_data(body, &size);
    guint n;

    *answer = (Answer){ .function = esipa_json_function(tag) };
    n = add_names(answer, 0, answer->function->answer);
    add_names(answer, n, answer->function->answer_other);
    answer->answer = json_answer_new(answer->names, NULL, NULL, NULL);
    if (json_answer_feed(answer->answer, octets, size, &local) &&
        json_answer_finish(answer->answer, refusal, &local))
        return TRUE;
    if (euiccd_error_is(local, EUICCD_ERROR_SERVER_REFUSED)) {
        answer->refused = g_steal_pointer(&local);
        return TRUE;
    }
    g_propagate_prefixed_error(error, g_steal_pointer(&local), "the answer is not ESipa: ");
    return FALSE;
}

guint esipa_json_code(const EsipaJsonFunction *function, const RspServerRefusal *refusal)
{
    for (const EsipaJsonStatus *status = function->statuses; status->subject; status++)
        if (rsp_server_refusal_is(refusal, status->subject, status->reason))
            return status->code;
    return UNDEFINED_ERROR;
}

static gboolean put_integer(TlvWriter *writer, const Answer *answer, const EsipaJsonMember *member,
                            const char *pointer, GError **error)
{
    gint64 number;

    if (!json_answer_get_integer(answer->answer, pointer, &number, error))
        return FALSE;
    if (number != 0 || member->form == ESIPA_JSON_INTEGER)
        tlv_put_integer(writer, member->tag, number);
    return TRUE;
}

static gboolean put_member(TlvWriter *writer, const Answer *answer, const EsipaJsonMember *member,
                           GError **error)
{
    g_autofree char *pointer = g_strconcat("/", member->name, NULL);
    g_autoptr(GBytes) bytes = NULL, value = NULL;
    const char *text;

    /* What has to be there is the field tables' to say. */
    if (!json_answer_has(answer->answer, pointer))
        return TRUE;
    switch (member->form) {
    case ESIPA_JSON_OBJECT:
        if (!json_answer_get_object(answer->answer, pointer, member->tag, TRUE, &bytes, error))
            return FALSE;
        tlv_put_raw_bytes(writer, bytes);
        return TRUE;
    case ESIPA_JSON_CONTAINED:
        if (!json_answer_get_object(answer->answer, pointer, member->inner, TRUE, &bytes, error))
            return FALSE;
        tlv_put_slice(writer, member->tag, tlv_slice_from_bytes(bytes));
        return TRUE;
    case ESIPA_JSON_VALUE:
        if (!json_answer_get_base64(answer->answer, pointer, TRUE, &bytes, error))
            return FALSE;
        value = rsp_server_unwrap(bytes, member->tag, member->size);
        tlv_put_slice(writer, member->tag, tlv_slice_from_bytes(value));
        return TRUE;
    case ESIPA_JSON_HEX:
        if (!json_answer_get_hex(answer->answer, pointer, TRUE, &bytes, error))
            return FALSE;
        tlv_put_slice(writer, member->tag, tlv_slice_from_bytes(bytes));
        return TRUE;
    case ESIPA_JSON_TEXT:
        text = json_answer_get_text(answer->answer, pointer, error);
        if (text)
            tlv_put_string(writer, member->tag, text);
        return text != NULL;
    case ESIPA_JSON_INTEGER:
    case ESIPA_JSON_CODE:
        return put_integer(writer, answer, member, pointer, error);
    case ESIPA_JSON_OCTETS:
    case ESIPA_JSON_RETAGGED:
    case ESIPA_JSON_EID:
    case ESIPA_JSON_TRUE:
        break; /* only in requests */
    }
    g_return_val_if_reached(FALSE);
}

static gboolean put_members(TlvWriter *writer, const Answer *answer, const EsipaJsonMember *members,
                            GError **error)
{
    for (; members->name; members++)
        if (!put_member(writer, answer, members, error))
            return FALSE;
    return TRUE;
}

/* A member that only this kind of success has. */
static gboolean has_own_member(const Answer *answer, const EsipaJsonMember *members)
{
    for (; members->name; members++) {
        g_autofree char *pointer = g_strconcat("/", members->name, NULL);

        if (!g_str_equal(members->name, "transactionId") &&
            json_answer_has(answer->answer, pointer))
            return TRUE;
    }
    return FALSE;
}

static gboolean put_alternative(TlvWriter *writer, const Answer *answer, guint32 tag,
                                const EsipaJsonMember *members, GError **error)
{
    gboolean ok;

    tlv_open(writer, tag);
    ok = put_members(writer, answer, members, error);
    tlv_close(writer);
    return ok;
}

static gboolean put_success(TlvWriter *writer, const Answer *answer, GError **error)
{
    const EsipaJsonFunction *function = answer->function;
    gboolean is_other;

    if (function->ok == 0)
        return put_members(writer, answer, function->answer, error);
    /* Both kinds at once are two alternatives, which their field table refuses. */
    is_other = function->ok_other != 0 && has_own_member(answer, function->answer_other);
    if (is_other &&
        !put_alternative(writer, answer, function->ok_other, function->answer_other, error))
        return FALSE;
    if (function->ok_other == 0 || has_own_member(answer, function->answer))
        return put_alternative(writer, answer, function->ok, function->answer, error);
    /* Nothing but a transactionId: an SM-DS that has no event. */
    return is_other ||
           put_alternative(writer, answer, function->ok_other, function->answer_other, error);
}

/* Some eIMs tell the code itself, beside a header that does not (I-34). */
static guint refusal_code(const Answer *answer, const RspServerRefusal *refusal)
{
    guint code = esipa_json_code(answer->function, refusal);
    gint64 number;

    if (code != UNDEFINED_ERROR)
        return code;
    for (const EsipaJsonMember *member = answer->function->answer; member->name; member++) {
        g_autofree char *pointer = g_strconcat("/", member->name, NULL);

        if (member->form == ESIPA_JSON_CODE &&
            json_answer_get_integer(answer->answer, pointer, &number, NULL) && number > 0)
            return (guint)number;
    }
    return code;
}

/* The ASN.1 object that the answer stands for. */
static GBytes *assemble(const Answer *answer, const RspServerRefusal *refusal, GError **error)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    gboolean ok = TRUE;

    tlv_open(writer, answer->function->tag);
    if (answer->refused)
        tlv_put_integer(writer, answer->function->error, refusal_code(answer, refusal));
    else
        ok = put_success(writer, answer, error);
    tlv_close(writer);
    return ok ? tlv_writer_finish(g_steal_pointer(&writer)) : NULL;
}

/* What the field tables made of a refusal, after what the eIM said itself. */
static void add_refusal(const Answer *answer, GError **error)
{
    if (answer->refused)
        g_prefix_error(error, "%s: ", answer->refused->message);
}

/* Of a package that can't be decoded: its octets as far as they came, where its transaction may stand. */
static EsipaPackage *make_unusable(const Answer *answer, GError **why)
{
    TlvWriter *writer = tlv_writer_new();
    g_autoptr(GBytes) octets = NULL;

    tlv_open(writer, answer->function->tag);
    for (const EsipaJsonMember *member = answer->function->answer; member->name; member++) {
        g_autofree char *pointer = g_strconcat("/", member->name, NULL);
        g_autoptr(GBytes) bytes = NULL;

        if (member->form == ESIPA_JSON_OBJECT &&
            json_answer_get_base64(answer->answer, pointer, FALSE, &bytes, NULL) && bytes)
            tlv_put_raw_bytes(writer, bytes);
    }
    tlv_close(writer);
    octets = tlv_writer_finish(writer);
    return esipa_package_new_unusable(tlv_slice_from_bytes(octets), why);
}

/*
 * An answer that says success and has none of the packages that we know is taken for "nothing", as one of the
 * ASN.1 binding without content is (I-20): members with other names have to be ignored (v1.3.md 3.3), so a
 * package of a kind that does not exist yet can't be told from an extension.
 */
EsipaPackage *esipa_json_parse_package(GBytes *body, GError **error)
{
    RspServerRefusal refusal = { .code = -1 };
    g_autoptr(GError) local = NULL;
    g_autoptr(GBytes) object = NULL;
    EsipaPackage *package;
    g_auto(Answer) answer = { 0 };

    if (g_bytes_get_size(body) == 0)
        return esipa_parse_package(body, error);
    if (!answer_init(&answer, TAG_GET_PACKAGE, body, &refusal, error))
        return NULL;
    object = assemble(&answer, &refusal, &local);
    rsp_server_refusal_clear(&refusal);
    if (!object)
        return make_unusable(&answer, &local);
    package = esipa_parse_package(object, error);
    if (!package)
        add_refusal(&answer, error);
    return package;
}

/* The ASN.1 object that BODY stands for; ANSWER is initialised in any case. */
static GBytes *read_answer(Answer *answer, guint32 tag, GBytes *body, RspServerRefusal *refusal,
                           GError **error)
{
    return answer_init(answer, tag, body, refusal, error) ? assemble(answer, refusal, error) : NULL;
}

EsipaResultAnswer *esipa_json_parse_result_answer(GBytes *body, GError **error)
{
    RspServerRefusal refusal = { .code = -1 };
    EsipaResultAnswer *result = NULL;
    g_autoptr(GBytes) object = NULL;
    g_auto(Answer) answer = { 0 };

    if (g_bytes_get_size(body) == 0)
        return esipa_parse_result_answer(body, error);
    object = read_answer(&answer, TAG_PROVIDE_RESULT, body, &refusal, error);
    rsp_server_refusal_clear(&refusal);
    if (object)
        result = esipa_parse_result_answer(object, error);
    if (!result)
        add_refusal(&answer, error);
    return result;
}

RspServerAuthentication *
esipa_json_parse_authentication(GBytes *body, RspServerRefusal *ret_refusal, GError **error)
{
    g_auto(Answer) answer = { 0 };
    g_autoptr(GBytes) object =
        read_answer(&answer, TAG_INITIATE_AUTHENTICATION, body, ret_refusal, error);
    RspServerAuthentication *result =
        object ? esipa_parse_authentication(object, ret_refusal, error) : NULL;

    if (!result)
        add_refusal(&answer, error);
    return result;
}

RspServerOffer *esipa_json_parse_offer(GBytes *body, GBytes *transaction_id,
                                       RspServerRefusal *ret_refusal, GError **error)
{
    g_auto(Answer) answer = { 0 };
    g_autoptr(GBytes) object =
        read_answer(&answer, TAG_AUTHENTICATE_CLIENT, body, ret_refusal, error);
    RspServerOffer *result =
        object ? esipa_parse_offer(object, transaction_id, ret_refusal, error) : NULL;

    if (!result)
        add_refusal(&answer, error);
    return result;
}

/* CancelSession has a header and nothing else to answer: a success without even that is one. */
gboolean esipa_json_parse_cancelled(GBytes *body, RspServerRefusal *ret_refusal, GError **error)
{
    g_autoptr(GBytes) object = NULL;
    g_auto(Answer) answer = { 0 };

    if (g_bytes_get_size(body) == 0)
        return TRUE;
    object = read_answer(&answer, TAG_CANCEL_SESSION, body, ret_refusal, error);
    if (object && esipa_parse_cancelled(object, ret_refusal, error))
        return TRUE;
    add_refusal(&answer, error);
    return FALSE;
}

/* HandleNotification has no answer; one that comes nevertheless has to say that it went well, as what the eIM
 * has not taken must not be removed from the card (invariant 3). */
gboolean esipa_json_parse_notified(GBytes *body, GError **error)
{
    RspServerRefusal refusal = { .code = -1 };
    g_auto(Answer) answer = { 0 };

    if (g_bytes_get_size(body) == 0)
        return TRUE;
    if (!answer_init(&answer, TAG_HANDLE_NOTIFICATION, body, &refusal, error))
        return FALSE;
    rsp_server_refusal_clear(&refusal);
    if (!answer.refused)
        return TRUE;
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_EIM_REFUSED, answer.refused->message);
    return FALSE;
}
