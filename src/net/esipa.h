/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/https.h"
#include "rsp/rsp.h"

G_BEGIN_DECLS

/*
 * ESipa client over HTTPS, ASN.1 and JSON binding (SGP.32 5.14, 6.1.1, 6.3, 6.4; interop.md B and C): one object
 * an eIM and worker. Result objects of the card are sent as the octets that were received.
 */
typedef struct EsipaClient EsipaClient;

typedef enum {
    ESIPA_DIALECT_V1_2, /* v1.1 to v1.3 */
    ESIPA_DIALECT_V1_0, /* v1.0, v1.0.1 */
} EsipaDialect;

typedef enum {
    ESIPA_BINDING_ASN1,
    ESIPA_BINDING_JSON, /* only with v1.1 and later */
} EsipaBinding;

/* Where the knowledge of an eIM's dialect, or of its binding, comes from. */
typedef enum {
    ESIPA_DIALECT_ASSUMED,    /* nothing is known: v1.2, in ASN.1, until the eIM shows otherwise */
    ESIPA_DIALECT_LEARNED,    /* the eIM's own messages told */
    ESIPA_DIALECT_CONFIGURED, /* final */
} EsipaDialectSource;

typedef struct {
    const char *path; /* "/gsma/rsp2/asn1"; those of the JSON binding are fixed */
    EsipaDialect dialect;
    EsipaDialectSource source;
    EsipaBinding binding; /* JSON: the dialect is v1.2 */
    EsipaDialectSource binding_source;
} EsipaConfig;

extern const EsipaConfig esipa_config_default;

/* Splits and checks an eimFqdn of the card (interop.md I-31): "host", "host:port", an IPv4 address
 * in place of the host, an IPv6 address bare or (before a port) in brackets; default port 443.
 * Letters, digits,
 * '-', '_' and single dots only; a trailing dot is dropped. RET_HOST has no brackets. MALFORMED
 * otherwise. */
gboolean esipa_parse_fqdn(const char *fqdn, char **ret_host, guint16 *ret_port, GError **error);

/* HTTPS is borrowed. EID: 16 octets. CONFIG is copied. */
EsipaClient *esipa_client_new(HttpsClient *https, const guint8 *eid, const EsipaConfig *config);
void esipa_client_free(EsipaClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EsipaClient, esipa_client_free)

/* What is spoken with this eIM now, and how that is known. There is no version on the wire: unless
 * configured, it is learned from what only one of the dialects has (v1.3.md 4.2). */
EsipaDialect esipa_client_get_dialect(EsipaClient *client);
EsipaDialectSource esipa_client_get_dialect_source(EsipaClient *client);

/* The same for the binding: every eIM is to have both, and all that are known have ASN.1, so that is spoken
 * unless configured otherwise, or until the eIM shows that it has only the other one. */
EsipaBinding esipa_client_get_binding(EsipaClient *client);
EsipaDialectSource esipa_client_get_binding_source(EsipaClient *client);

/* What a message tells of its sender's dialect. */
typedef enum {
    ESIPA_EVIDENCE_NONE,
    ESIPA_EVIDENCE_V1_0,
    ESIPA_EVIDENCE_V1_2, /* v1.1 or later */
} EsipaEvidence;

typedef enum {
    ESIPA_PACKAGE_NONE,             /* noEimPackageAvailable, or an empty answer (I-20) */
    ESIPA_PACKAGE_EUICC,            /* BF51 EuiccPackageRequest */
    ESIPA_PACKAGE_DATA_REQUEST,     /* BF52 IpaEuiccDataRequest */
    ESIPA_PACKAGE_DOWNLOAD_TRIGGER, /* BF54 ProfileDownloadTriggerRequest */
    ESIPA_PACKAGE_UNKNOWN,          /* another alternative: to be answered unknownPackage */
    ESIPA_PACKAGE_UNUSABLE,         /* can't be decoded: to be answered invalidPackageFormat */
} EsipaPackageKind;

typedef struct {
    EsipaPackageKind kind;
    GBytes *package; /* the package object as received (BF51…, BF52…, BF54…), or NULL */
    GBytes *eim_transaction_id; /* as far as it could be found, or NULL */
    GBytes *eim_id;             /* ESIPA_PACKAGE_EUICC: eimId inside the package */
    gint64 counter;             /* ESIPA_PACKAGE_EUICC: counterValue */
    gboolean has_psmos;     /* ESIPA_PACKAGE_EUICC: profile state management, not eIM operations */
    gboolean rollback_flag; /* ESIPA_PACKAGE_EUICC: an enable command carries rollbackFlag */
    /* ESIPA_PACKAGE_EUICC: a command enables, disables or deletes a profile */
    gboolean changes_profiles;
    EsipaEvidence evidence;
    char *why; /* UNUSABLE, UNKNOWN: what is wrong; NONE: NULL, or what is odd */
} EsipaPackage;

void esipa_package_free(EsipaPackage *package);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EsipaPackage, esipa_package_free)

typedef struct {
    gboolean notify_state_change;
    gint state_change_cause; /* -1: none */
    const guint8 *rplmn;     /* 3 octets or NULL */
} EsipaGetPackageOptions;

/* ESipa.GetEimPackage (5.14.5). An eimPackageError other than 1 is EIM_REFUSED with its name; HTTP
 * for a status other than 2xx; MALFORMED for an answer that is no GetEimPackageResponse at all
 * (what is one, but can't be decoded further, is ESIPA_PACKAGE_UNUSABLE); and the errors of
 * https_post(). */
EsipaPackage *esipa_get_eim_package(EsipaClient *client, const EsipaGetPackageOptions *options,
                                    GCancellable *cancellable, GError **error);

typedef struct {
    EsipaEvidence evidence;
    gboolean has_acknowledgements; /* FALSE: accepted without a BF53 (I-21) */
    GArray *acknowledged;          /* of gint64, sequence numbers */
} EsipaResultAnswer;

void esipa_result_answer_free(EsipaResultAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EsipaResultAnswer, esipa_result_answer_free)

/* ESipa.ProvideEimPackageResult (5.14.6) with a complete result object (BF51… of the card, BF52…,
 * BF54…) and, optionally, the notifications (complete PendingNotification objects) that go with it.
 * EIM_REFUSED when the eIM answers an error: the result was not processed. An eIM whose dialect is only
 * assumed and that answers HTTP 400 gets the same once more in the other dialect (I-29), one whose dialect
 * was learned after the third time: what it takes is learned. */
EsipaResultAnswer *esipa_provide_result(EsipaClient *client, GBytes *result,
                                        GPtrArray *notifications, GCancellable *cancellable,
                                        GError **error);

typedef enum {
    ESIPA_RESULT_INVALID_PACKAGE_FORMAT = 1,
    ESIPA_RESULT_UNKNOWN_PACKAGE = 2,
    ESIPA_RESULT_UNDEFINED_ERROR = 127,
} EsipaResultError;

/* ESipa.ProvideEimPackageResult with eimPackageResultResponseError. TRANSACTION_ID may be NULL. */
EsipaResultAnswer *esipa_provide_error(EsipaClient *client, EsipaResultError code,
                                       GBytes *transaction_id, GCancellable *cancellable,
                                       GError **error);

/* ESipa.HandleNotification (5.14.7) with a complete PendingNotification object. TRUE: the eIM took
 * it. Errors as above. */
gboolean esipa_handle_notification(EsipaClient *client, GBytes *pending_notification,
                                   GCancellable *cancellable, GError **error);

/* The same function with a ProvideEimPackageResult of RESULT (BF54) in it: some eIMs look for the result of a download
 * trigger there (I-14). It has no answer, so that what the eIM took is all there is to know. */
gboolean esipa_notify_result(EsipaClient *client, GBytes *result, GCancellable *cancellable,
                             GError **error);

/* Seconds that the last answer asked to wait (Retry-After of 429 and 503, at most a day); 0: none.
 */
guint esipa_client_get_retry_after(EsipaClient *client);

/* HTTP status of the last answer, 0: there was none. */
guint esipa_client_get_status(const EsipaClient *client);

/* The decoders behind the functions above: BODY is what came with a status of 2xx. */
EsipaPackage *esipa_parse_package(GBytes *body, GError **error);
EsipaResultAnswer *esipa_parse_result_answer(GBytes *body, GError **error);

G_END_DECLS
