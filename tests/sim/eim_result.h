/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <openssl/evp.h>

#include "tlv/tlv.h"

G_BEGIN_DECLS

/* What the eUICC answered, read and verified as the eIM does it (SGP.32 2.11.2.1, 5.9.1). */

typedef enum {
    SIM_EIM_PACKAGE_RESULT,         /* A0 euiccPackageResultSigned */
    SIM_EIM_PACKAGE_ERROR_SIGNED,   /* A1 euiccPackageErrorSigned */
    SIM_EIM_PACKAGE_ERROR_UNSIGNED, /* A2 euiccPackageErrorUnsigned */
} SimEimPackageAnswer;

/* Slices point into the message. */
typedef struct {
    SimEimPackageAnswer answer;
    char *eim_id;
    TlvSlice transaction_id; /* data NULL: absent */
    gboolean has_counter;
    gint64 counter;
    gboolean has_seq_number;
    gint64 seq_number;
    gboolean has_error_code;
    gint64 error_code;
    gboolean has_token; /* of an unsigned error */
    gint64 token;
    TlvSlice data;      /* the signed object 30…, as received */
    TlvSlice results;   /* content of euiccResult */
    TlvSlice signature; /* content of 5F37 */
} SimEimPackageResult;

void sim_eim_package_result_clear(SimEimPackageResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SimEimPackageResult, sim_eim_package_result_clear)

/* MESSAGE is the complete BF51. STRICT refuses the forms without the tag of the alternative (I-01).
 */
gboolean sim_eim_package_result_decode(TlvSlice message, gboolean strict,
                                       SimEimPackageResult *ret_result, GError **error);

/*
 * Verifies euiccSignEPR or euiccSignEPE with the eUICC's key. The second object is the
 * associationToken object; with EIM_SIGNATURE (the complete 5F37 of the request; data NULL: not
 * known) also the one of v1.0. RET_RULE is "1.2" or "1.0". STRICT refuses signatures in DER (I-09).
 */
gboolean sim_eim_package_result_verify(const SimEimPackageResult *result, EVP_PKEY *key,
                                       gint64 token, TlvSlice eim_signature, gboolean strict,
                                       const char **ret_rule, GError **error);

/* One object a result entry, e.g. {"enable": 0}. */
JsonArray *sim_eim_package_result_to_json(TlvSlice results, GError **error);

/* Whether VALUE, the member NAME of such an entry, says that the command succeeded. */
gboolean sim_eim_result_is_success(const char *name, JsonNode *value);
/* TRUE when all commands did, and nothing was rolled back. */
gboolean sim_eim_package_result_succeeded(JsonArray *results);

/* "replayError" for euiccPackageErrorCode 4; "?" for a number without name. */
const char *sim_eim_package_error_name(gint64 code);

/* ---- notifications ---- */

typedef enum {
    SIM_EIM_NOTIFICATION_INSTALL, /* BF37 profileInstallationResult */
    SIM_EIM_NOTIFICATION_OTHER,   /* 30 otherSignedNotification */
    SIM_EIM_NOTIFICATION_COMPACT_INSTALL,
    SIM_EIM_NOTIFICATION_COMPACT_OTHER,
} SimEimNotificationKind;

typedef struct {
    SimEimNotificationKind kind;
    gint64 seq_number;
    char *event;         /* "enable" …; NULL in the compact installation result */
    char *iccid;         /* digits; NULL when absent */
    char *address;       /* NULL in the compact installation result */
    TlvSlice tbs;        /* what is signed; data NULL where a compact form left parts out */
    TlvSlice signature;  /* content of 5F37 */
    TlvSlice euicc, eum; /* certificates (30…) of otherSignedNotification */
} SimEimNotification;

void sim_eim_notification_clear(SimEimNotification *notification);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SimEimNotification, sim_eim_notification_clear)

/* MESSAGE is one complete PendingNotification. */
gboolean sim_eim_notification_decode(TlvSlice message, SimEimNotification *ret_notification,
                                     GError **error);

/* ---- data ---- */

/* IpaEuiccDataResponse BF52 as JSON: {"data": {TAG: HEX, …}} or {"error": CODE}, with
 * "eimTransactionId" where there is one. Certificates A5, A6 are complete (30…). STRICT as above.
 */
JsonObject *sim_eim_data_to_json(TlvSlice message, gboolean strict, GError **error);

/* finalResult of a ProfileInstallationResult BF37: {"success": BOOLEAN, "bppCommandId", "errorReason"}. */
JsonObject *sim_eim_installation_to_json(TlvSlice message);

/* profileDownloadTriggerResult BF54: {"installation": HEX} or {"error": REASON} likewise. */
JsonObject *sim_eim_trigger_to_json(TlvSlice message, GError **error);

G_END_DECLS
