/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "tlv/tlv.h"
#include "util/bytes.h"

G_BEGIN_DECLS

/* ESipa messages in the ASN.1 binding as an eIM reads and writes them (SGP.32 6.3). */

typedef enum {
    SIM_EIM_GET_EIM_PACKAGE,
    SIM_EIM_PROVIDE_EIM_PACKAGE_RESULT,
    SIM_EIM_HANDLE_NOTIFICATION,
    SIM_EIM_INITIATE_AUTHENTICATION,
    SIM_EIM_AUTHENTICATE_CLIENT,
    SIM_EIM_GET_BOUND_PROFILE_PACKAGE,
    SIM_EIM_CANCEL_SESSION,
} SimEimFunction;

const char *sim_eim_function_name(SimEimFunction function);

/* Which version's form a message has, where the forms differ (SGP.32 v1.0 against v1.1 and later).
 */
typedef enum {
    SIM_EIM_DIALECT_ANY,
    SIM_EIM_DIALECT_1_2,
    SIM_EIM_DIALECT_1_0,
} SimEimDialect;

typedef enum {
    SIM_EIM_RESULT_NONE,
    SIM_EIM_RESULT_PACKAGE, /* BF51 euiccPackageResult */
    SIM_EIM_RESULT_DATA,    /* BF52 ipaEuiccDataResponse */
    SIM_EIM_RESULT_TRIGGER, /* BF54 profileDownloadTriggerResult */
    SIM_EIM_RESULT_ERROR,   /* eimPackageResultResponseError, v1.0: eimPackageError */
} SimEimResultKind;

/* A decoded request. Slices point into the message. */
typedef struct {
    SimEimFunction function;
    SimEimDialect dialect;
    gboolean has_eid;
    guint8 eid[EID_SIZE];

    /* GetEimPackage */
    gboolean notify_state_change;
    gboolean has_cause;
    gint64 cause;
    TlvSlice rplmn;

    /* ProvideEimPackageResult, also inside HandleNotification */
    SimEimResultKind result_kind;
    TlvSlice result;        /* the complete object BF51, BF52 or BF54 */
    TlvSlice notifications; /* content of the list next to the result; data NULL: none */
    gint64 error_code;
    TlvSlice error_transaction_id;

    /* HandleNotification: the complete PendingNotification */
    TlvSlice notification;

    /* functions of the indirect download: what is in the object */
    TlvSlice content;
} SimEimRequest;

/*
 * STRICT takes only what the specification allows a sender of the present version or of v1.0 to
 * write. Otherwise unknown fields at the end are skipped, and a tag that an ASN.1 compiler wrote twice is
 * tolerated. INVALID_DATA for what is no request. The fields of the indirect
 * download are left to sim_eim_relay().
 */
gboolean sim_eim_request_decode(TlvSlice message, gboolean strict, SimEimRequest *ret_request,
                                GError **error);

/* ---- answers ---- */

/* BF4F around a complete object (BF51, BF52, BF54, or whatever a test wants to serve). */
GBytes *sim_eim_answer_package(GBytes *object);
GBytes *sim_eim_answer_package_error(gint64 code);
/* BF50{BF53{80 …}} */
GBytes *sim_eim_answer_acknowledgements(const gint64 *numbers, gsize count);
/* emptyResponse; in v1.0 nothing inside BF50. */
GBytes *sim_eim_answer_empty(SimEimDialect dialect);
GBytes *sim_eim_answer_result_error(gint64 code);

G_END_DECLS
