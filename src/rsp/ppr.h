/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rsp/info.h"
#include "rsp/profile.h"

G_BEGIN_DECLS

/* Profile Policy Rules of a profile that is to be installed, against what card and device owner allow
 * (SGP.22 2.4a.1, 2.8.1, 2.9.2, 3.1.3 step 7). */

typedef enum {
    RSP_PPR_ALLOWED,
    RSP_PPR_NEEDS_CONSENT, /* allowed once the end user has agreed (pprFlags consentRequired) */
    RSP_PPR_FORBIDDEN,     /* to be cancelled with pprNotAllowed */
} RspPprVerdict;

/* TRUE when METADATA has rules, so that rsp_ppr_check() needs the RAT (GetRAT). pprUpdateControl is none. */
gboolean rsp_ppr_has_rules(const RspStoreMetadataRequest *metadata);

/* TRUE when both have the same rules, however their BIT STRINGs are written. */
gboolean rsp_ppr_equal(TlvSlice a, TlvSlice b);

typedef struct {
    const GPtrArray *rat;     /* of RspProfilePolicyAuthorisationRule; NULL: an empty one */
    TlvSlice forbidden;       /* forbiddenProfilePolicyRules of EUICCInfo2 */
    gboolean has_operational; /* a profile of class operational is installed */
} RspPprPolicy;

/* What is to become of METADATA. *RET_WHY (static string) says which rule decides, and why, unless all is
 * allowed. */
RspPprVerdict rsp_ppr_check(const RspStoreMetadataRequest *metadata, const RspPprPolicy *policy,
                            const char **ret_why);

G_END_DECLS
