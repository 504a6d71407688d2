/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/esipa_json.h"

/* The functions of the JSON binding (SGP.32 6.4): names, forms, status codes. */

#define KEY_ID_SIZE    20
#define SIGNATURE_SIZE 64
#define HASH_SIZE      32

#define TRANSACTION_ID                                                                             \
    {                                                                                              \
        "transactionId", 0x80, ESIPA_JSON_HEX, 0, 0                                                \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, 0, ESIPA_JSON_OBJECT, 0, 0                                                           \
    }

static const EsipaJsonMember no_members[] = { END };

/* ---- InitiateAuthentication ---- */

static const EsipaJsonMember initiate_request[] = {
    { "euiccChallenge", 0x81, ESIPA_JSON_OCTETS, 0, 0 },
    { "smdpAddress", 0x83, ESIPA_JSON_TEXT, 0, 0 },
    { "euiccInfo1", 0xBF20, ESIPA_JSON_OBJECT, 0, 0 },
    { "eimTransactionId", 0x82, ESIPA_JSON_HEX, 0, 0 },
    END,
};

static const EsipaJsonMember initiate_answer[] = {
    TRANSACTION_ID,
    { "serverSigned1", 0x30, ESIPA_JSON_OBJECT, 0, 0 },
    { "serverSignature1", 0x5F37, ESIPA_JSON_VALUE, 0, SIGNATURE_SIZE },
    { "euiccCiPKIdentifierToBeUsed", 0x04, ESIPA_JSON_VALUE, 0, KEY_ID_SIZE },
    { "serverCertificate", 0x30, ESIPA_JSON_OBJECT, 0, 0 },
    { "matchingId", 0x0C, ESIPA_JSON_TEXT, 0, 0 },
    { "ctxParams1", 0xA2, ESIPA_JSON_CONTAINED, 0xA0, 0 },
    END,
};

static const EsipaJsonStatus initiate_statuses[] = {
    { "8.8.1", "3.8", 1 },   { "8.9.1", "3.8", 1 }, { "8.8.3", "3.1", 2 },    { "8.9.3", "3.1", 2 },
    { "8.8.2", "3.1", 3 },   { "8.9.2", "3.1", 3 }, { "8.8.4", "3.7", 3 },    { "8.9.4", "3.7", 3 },
    { "8.8.1", "3.10", 50 }, { "8.8", "3.10", 51 }, { "8.31.2", "3.10", 52 }, { NULL, NULL, 0 },
};

/* ---- AuthenticateClient ---- */

static const EsipaJsonMember authenticate_request[] = {
    TRANSACTION_ID,
    { "authenticateServerResponse", 0xBF38, ESIPA_JSON_OBJECT, 0, 0 },
    END,
};

static const EsipaJsonMember profile_answer[] = {
    TRANSACTION_ID,
    { "profileMetadata", 0xBF25, ESIPA_JSON_OBJECT, 0, 0 },
    { "smdpSigned2", 0x30, ESIPA_JSON_OBJECT, 0, 0 },
    { "smdpSignature2", 0x5F37, ESIPA_JSON_VALUE, 0, SIGNATURE_SIZE },
    { "smdpCertificate", 0x30, ESIPA_JSON_OBJECT, 0, 0 },
    { "hashCc", 0x04, ESIPA_JSON_VALUE, 0, HASH_SIZE },
    END,
};

static const EsipaJsonMember event_answer[] = {
    TRANSACTION_ID,
    { "profileDownloadTrigger", 0xBF54, ESIPA_JSON_OBJECT, 0, 0 },
    END,
};

static const EsipaJsonStatus authenticate_statuses[] = {
    { "8.1.2", "6.1", 1 },  { "8.1.2", "6.3", 2 },  { "8.1.3", "6.1", 3 },   { "8.1.3", "6.3", 4 },
    { "8.1", "6.1", 5 },    { "8.2.6", "3.8", 6 },  { "8.1.1", "3.8", 7 },   { "8.2.5", "4.3", 8 },
    { "8.2", "1.2", 8 },    { "8.11.1", "3.9", 9 }, { "8.10.1", "3.9", 10 }, { "8.1", "4.8", 11 },
    { "8.2.8", "1.2", 50 }, { NULL, NULL, 0 },
};

/* ---- GetBoundProfilePackage: the package itself goes to whoever takes it ---- */

static const EsipaJsonMember package_request[] = {
    TRANSACTION_ID,
    { "prepareDownloadResponse", 0xBF21, ESIPA_JSON_OBJECT, 0, 0 },
    END,
};

static const EsipaJsonMember package_answer[] = { TRANSACTION_ID, END };

static const EsipaJsonStatus package_statuses[] = {
    { "8.1", "6.1", 1 },     { "8.2.7", "2.2", 2 },   { "8.2.7", "3.8", 3 },
    { "8.2.7", "6.4", 4 },   { "8.2", "3.7", 5 },     { "8.8.5", "4.10", 6 },
    { "8.2.9", "3.11", 50 }, { "8.10.1", "3.9", 95 }, { NULL, NULL, 0 },
};

/* ---- CancelSession ---- */

static const EsipaJsonMember cancel_request[] = {
    TRANSACTION_ID,
    { "cancelSessionResponse", 0xA1, ESIPA_JSON_RETAGGED, 0xBF41, 0 },
    END,
};

static const EsipaJsonStatus cancel_statuses[] = {
    { "8.10.1", "3.9", 1 },
    { "8.1", "6.1", 2 },
    { NULL, NULL, 0 },
};

/* ---- HandleNotification ---- */

static const EsipaJsonMember notification_request[] = {
    { "pendingNotification", 0xA0, ESIPA_JSON_CONTAINED, 0, 0 },
    { "provideEimPackageResult", 0xBF50, ESIPA_JSON_OBJECT, 0, 0 },
    END,
};

static const EsipaJsonStatus no_statuses[] = { { NULL, NULL, 0 } };

/* ---- GetEimPackage, ProvideEimPackageResult ---- */

static const EsipaJsonMember get_request[] = {
    { "eidValue", 0x5A, ESIPA_JSON_EID, 0, 0 },
    { "notifyStateChange", 0x80, ESIPA_JSON_TRUE, 0, 0 },
    { "stateChangeCause", 0x81, ESIPA_JSON_INTEGER, 0, 0 },
    { "rPlmn", 0x82, ESIPA_JSON_OCTETS, 0, 0 },
    END,
};

static const EsipaJsonMember get_answer[] = {
    { "euiccPackageRequest", 0xBF51, ESIPA_JSON_OBJECT, 0, 0 },
    { "ipaEuiccDataRequest", 0xBF52, ESIPA_JSON_OBJECT, 0, 0 },
    { "profileDownloadTriggerRequest", 0xBF54, ESIPA_JSON_OBJECT, 0, 0 },
    { "eimPackageError", 0x02, ESIPA_JSON_CODE, 0, 0 },
    END,
};

static const EsipaJsonStatus get_statuses[] = {
    { "8.1.1", "3.7", 1 }, { "8.1.1", "3.9", 2 }, { "8.1.1", "2.1", 3 },
    { "8.1.1", "2.2", 4 }, { NULL, NULL, 0 },
};

/* The result is the CHOICE itself, whatever its tag. */
static const EsipaJsonMember provide_request[] = {
    { "eidValue", 0x5A, ESIPA_JSON_EID, 0, 0 },
    { "eimPackageResult", 0, ESIPA_JSON_OBJECT, 0, 0 },
    END,
};

static const EsipaJsonMember provide_answer[] = {
    { "eimAcknowledgements", 0xBF53, ESIPA_JSON_OBJECT, 0, 0 },
    { "eimPackageError", 0x02, ESIPA_JSON_CODE, 0, 0 },
    END,
};

static const EsipaJsonStatus provide_statuses[] = {
    { "8.1.1", "3.9", 2 },
    { "8.1.1", "2.1", 3 },
    { "8.1.1", "2.2", 4 },
    { NULL, NULL, 0 },
};

#define PATH "/gsma/rsp2/esipa/"

static const EsipaJsonFunction functions[] = {
    { 0xBF39, PATH "initiateAuthentication", initiate_request, 0xA0, initiate_answer, 0, NULL, 0x81,
      initiate_statuses },
    { 0xBF3A, PATH "getBoundProfilePackage", package_request, 0xA0, package_answer, 0, NULL, 0x81,
      package_statuses },
    { 0xBF3B, PATH "authenticateClient", authenticate_request, 0xA0, profile_answer, 0xA1,
      event_answer, 0x82, authenticate_statuses },
    { 0xBF3D, PATH "handleNotification", notification_request, 0, no_members, 0, NULL, 0,
      no_statuses },
    { 0xBF41, PATH "cancelSession", cancel_request, 0xA0, no_members, 0, NULL, 0x81,
      cancel_statuses },
    { 0xBF4F, PATH "getEimPackage", get_request, 0, get_answer, 0, NULL, 0x02, get_statuses },
    { 0xBF50, PATH "provideEimPackageResult", provide_request, 0, provide_answer, 0, NULL, 0x02,
      provide_statuses },
};

const EsipaJsonFunction *esipa_json_function(guint32 tag)
{
    for (guint i = 0; i < G_N_ELEMENTS(functions); i++)
        if (functions[i].tag == tag)
            return &functions[i];
    return NULL;
}
