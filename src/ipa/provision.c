/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipa/card.h"
#include "ipa/procedures.h"
#include "util/error.h"

/* Initial eIM configuration by the IPA, SGP.32 3.5.2.1. */

gboolean ipa_add_initial_eim(IpaSession *session, GBytes *data, GError **error)
{
    ipa_session_stage(session, 0.2, "reading the eIM list of the card");
    if (!ipa_card_read_eims(session, error))
        return FALSE;
    /* The card refuses it as well; its list says more than its error code. */
    if (session->eims->len > 0) {
        g_set_error(
            error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED,
            "adding an initial eIM: the card is associated with %u eIM(s) already (first: '%s')",
            session->eims->len, ((const IpaEim *)session->eims->pdata[0])->eim_id);
        return FALSE;
    }
    ipa_session_stage(session, 0.5, "adding the eIM");
    if (!es10b_add_initial_eim(session->channel, data, session->cancellable, error))
        return FALSE;
    return ipa_card_read_eims(session, error);
}
