/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/esipa.h"
#include "net/rsp_server.h"
#include "util/bytes.h"

/* Between esipa.c (what is sent) and esipa_answer.c (what comes back). Tags of the functions and the
 * alternatives (SGP.32 6.3.2.6, 6.3.2.7); their meaning by position is in the code. */
#define TAG_EID                     0x5A
#define TAG_INTEGER                 0x02
#define TAG_SEQUENCE                0x30
#define TAG_RETRIEVE_LIST           0xBF2B
#define TAG_INITIATE_AUTHENTICATION 0xBF39
#define TAG_GET_BOUND_PACKAGE       0xBF3A
#define TAG_AUTHENTICATE_CLIENT     0xBF3B
#define TAG_HANDLE_NOTIFICATION     0xBF3D
#define TAG_CANCEL_SESSION          0xBF41
#define TAG_GET_PACKAGE             0xBF4F
#define TAG_PROVIDE_RESULT          0xBF50
#define TAG_EUICC_PACKAGE           0xBF51
#define TAG_DATA_REQUEST            0xBF52
#define TAG_ACKNOWLEDGEMENTS        0xBF53
#define TAG_DOWNLOAD_TRIGGER        0xBF54

struct EsipaClient {
    HttpsClient *https;
    guint8 eid[EID_SIZE];
    char *path;
    EsipaDialect dialect;
    EsipaDialectSource source;
    EsipaBinding binding;
    EsipaDialectSource binding_source;
    guint status;   /* HTTP status of the last exchange, 0: none */
    guint refusals; /* requests in a row that were answered 400 in this dialect */
    guint retry_after;
    RspServerRefusal refusal; /* of the last download function */
};

/* Sends REQUEST, an ASN.1 object in the forms of the client's dialect, in the client's binding, which may be
 * another one afterwards; the body of a 2xx answer in that binding. */
GBytes *esipa_exchange(EsipaClient *client, GBytes *request, GCancellable *cancellable,
                       GError **error);

/* The same in the ASN.1 binding alone, for an answer that STREAM takes. */
gboolean esipa_exchange_stream(EsipaClient *client, GBytes *request, const HttpsStream *stream,
                               GCancellable *cancellable, GError **error);

/* Begins an exchange: what is known of the last one is forgotten. */
void esipa_begin(EsipaClient *client);

/* The request headers of the JSON binding. */
extern const char *const esipa_json_headers[];

/* ESIPA_PACKAGE_UNUSABLE, with what can be found in BODY, the answer of the ASN.1 binding. Steals WHY. */
EsipaPackage *esipa_package_new_unusable(TlvSlice body, GError **why);
