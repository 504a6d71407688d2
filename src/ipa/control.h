/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ipa/session.h"

G_BEGIN_DECLS

/* What a local caller asks of the card alone (SGP.32 5.9.5, 5.9.17, 5.9.20 to 5.9.25). */
typedef enum {
    IPA_CONTROL_RESET_MEMORY, /* PARTS */
    IPA_CONTROL_EXECUTE_FALLBACK,
    IPA_CONTROL_RETURN_FROM_FALLBACK,
    IPA_CONTROL_ENABLE_EMERGENCY_PROFILE,
    IPA_CONTROL_DISABLE_EMERGENCY_PROFILE,
    IPA_CONTROL_SET_DEFAULT_SMDP,           /* ADDRESS */
    IPA_CONTROL_CONFIGURE_IMMEDIATE_ENABLE, /* ENABLE, OID, ADDRESS */
    IPA_CONTROL_GET_CONNECTIVITY,
} IpaControlKind;

typedef struct {
    IpaControlKind kind;
    guint parts; /* set of 1 << RSP_RESET_OPTIONS_… */
    gboolean enable;
    const char *address; /* of the SM-DP+, may be NULL; "" as a default SM-DP+: none */
    const char *oid;     /* dotted, may be NULL */
} IpaControl;

/* Whether it may enable another profile, or delete one: the card then has notifications, and is reset. */
gboolean ipa_control_is_change(IpaControlKind kind);

/* Asks the card and carries out what a profile change takes: the reset (I-35), the reads that follow, and that the eIMs
 * learn why the state is another one (stateChangeCause, SGP.32 6.3.2.6). *RET_RESULT: of GET_CONNECTIVITY the name of the
 * access point, otherwise NULL; g_free() it. Fails with what the card functions fail with. Not cancelled once the card
 * was asked: its answer tells what happened. */
gboolean ipa_control(IpaSession *session, const IpaControl *control, char **ret_result,
                     GError **error);

G_END_DECLS
