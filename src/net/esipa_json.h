/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/esipa_download.h"

G_BEGIN_DECLS

/*
 * The JSON binding of ESipa (SGP.32 6.4, v1.1 and later) as another spelling of the ASN.1 binding: a request is
 * made as its ASN.1 object and spelled in JSON, an answer in JSON is put together to the ASN.1 object that it
 * stands for and decoded by the same field tables. Objects that travel as base64 keep their octets.
 */

/* A member of a JSON body. */
typedef enum {
    ESIPA_JSON_OBJECT,    /* base64 of the complete object */
    ESIPA_JSON_OCTETS,    /* base64 of the content alone */
    ESIPA_JSON_VALUE,     /* base64 of the complete object or of its content, SIZE octets (I-34) */
    ESIPA_JSON_CONTAINED, /* base64 of the one complete object that the object of TAG contains */
    ESIPA_JSON_RETAGGED, /* base64 of the object, whose own tag is INNER; TAG stands for it in ASN.1 */
    ESIPA_JSON_HEX,
    ESIPA_JSON_TEXT,
    ESIPA_JSON_EID, /* 32 decimal digits */
    ESIPA_JSON_INTEGER,
    ESIPA_JSON_CODE, /* the same, where 0 is like none (I-34) */
    ESIPA_JSON_TRUE, /* NULL: there, or not */
} EsipaJsonForm;

typedef struct {
    const char *name;
    guint32 tag; /* 0 in a request: any other object */
    EsipaJsonForm form;
    guint32 inner;
    gsize size;
} EsipaJsonMember;

/* subjectCode and reasonCode (SGP.22 5.2.6) of an error code of the ASN.1 binding. */
typedef struct {
    const char *subject, *reason;
    guint code;
} EsipaJsonStatus;

typedef struct {
    guint32 tag; /* of the request, and of its answer */
    const char *path;
    const EsipaJsonMember *request; /* ended by one without a name, as all of these */
    guint32 ok;                     /* around the members of a success; 0: nothing is */
    const EsipaJsonMember *answer;
    guint32 ok_other; /* the other kind of success, where there is one */
    const EsipaJsonMember *answer_other;
    guint32 error; /* around the error code; 0: the function has no answer */
    const EsipaJsonStatus *statuses;
} EsipaJsonFunction;

/* NULL: TAG is no function. */
const EsipaJsonFunction *esipa_json_function(guint32 tag);

/* The body of REQUEST, an ASN.1 object in the forms of v1.1 and later. INTERNAL where it has something that
 * JSON has no word for. */
GString *esipa_json_spell(const EsipaJsonFunction *function, GBytes *request, GError **error);

/* The error code that REFUSAL stands for: 127 for what has none. */
guint esipa_json_code(const EsipaJsonFunction *function, const RspServerRefusal *refusal);

/* As their namesakes without "json", for what came with a status of 2xx. */
EsipaPackage *esipa_json_parse_package(GBytes *body, GError **error);
EsipaResultAnswer *esipa_json_parse_result_answer(GBytes *body, GError **error);
RspServerAuthentication *
esipa_json_parse_authentication(GBytes *body, RspServerRefusal *ret_refusal, GError **error);
RspServerOffer *esipa_json_parse_offer(GBytes *body, GBytes *transaction_id,
                                       RspServerRefusal *ret_refusal, GError **error);
/* HandleNotification and CancelSession: TRUE where the eIM has done it. An empty body is one that says so. */
gboolean esipa_json_parse_notified(GBytes *body, GError **error);
gboolean esipa_json_parse_cancelled(GBytes *body, RspServerRefusal *ret_refusal, GError **error);

G_END_DECLS
