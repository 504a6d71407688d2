/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/esipa.h"
#include "net/rsp_server.h"
#include "util/bytes.h"

/* Between esipa.c (what is sent) and esipa_answer.c (what comes back). Tags of the functions and the
 * alternatives (SGP.32 6.3.2.6, 6.3.2.7); their meaning by position is in the code. */
#define TAG_EID                 0x5A
#define TAG_INTEGER             0x02
#define TAG_SEQUENCE            0x30
#define TAG_RETRIEVE_LIST       0xBF2B
#define TAG_HANDLE_NOTIFICATION 0xBF3D
#define TAG_GET_PACKAGE         0xBF4F
#define TAG_PROVIDE_RESULT      0xBF50
#define TAG_EUICC_PACKAGE       0xBF51
#define TAG_DATA_REQUEST        0xBF52
#define TAG_ACKNOWLEDGEMENTS    0xBF53
#define TAG_DOWNLOAD_TRIGGER    0xBF54

struct EsipaClient {
    HttpsClient *https;
    guint8 eid[EID_SIZE];
    char *path;
    EsipaDialect dialect;
    EsipaDialectSource source;
    guint status;   /* HTTP status of the last exchange, 0: none */
    guint refusals; /* requests in a row that were answered 400 in this dialect */
    guint retry_after;
    RspServerRefusal refusal; /* of the last download function */
};

/* Sends REQUEST; the body of a 2xx answer, empty where STREAM (may be NULL) has taken it. */
GBytes *esipa_exchange(EsipaClient *client, GBytes *request, const HttpsStream *stream,
                       GCancellable *cancellable, GError **error);
