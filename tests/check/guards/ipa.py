# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guards of src/ipa."""

from . import guard

guard("ipa: a package is on disk before the card gets it", "invariant 3",
      "src/ipa/result.c", "if (!session->host->record_save(session->host_data, record, error)) {",
      "if (FALSE) {",
      "test-ipa /ipa/package/order")
guard("ipa: a result is on disk before it is delivered", "invariant 3",
      "src/ipa/package.c", "    if (!session->host->record_save(session->host_data, record, error)) {\n"
      "        g_prefix_error(error, \"keeping the package result: \");",
      "    if (FALSE) {\n        g_prefix_error(error, \"keeping the package result: \");",
      "test-ipa /ipa/package/order")
guard("ipa: a package is not given again before its result was looked for", "invariant 3; interop note I-43",
      "src/ipa/package.c", "        if (!ipa_results_find(session, record, &result, error)) {\n"
      "            *ret_lost = TRUE;\n            return NULL;\n        }\n",
      "",
      "test-ipa-crash /ipa/IPAD-PKG-73E")
guard("ipa: a lost answer is no refusal", "invariant 3; interop note I-43",
      "src/ipa/package.c", "if (!result && lost) {",
      "if (FALSE) {",
      "test-ipa-crash /ipa/IPAD-PKG-73E")
guard("ipa: a package at the card is not cancelled", "invariant 3",
      "src/ipa/package.c", "es10b_load_euicc_package(session->channel, package->package, NULL, error);",
      "es10b_load_euicc_package(session->channel, package->package, session->cancellable,\n"
      "                                    error);",
      "test-ipa-crash /ipa/package/cancelled")
guard("ipa: no package that can't be noted", "invariant 8",
      "src/ipa/result.c", "        report_unnoted(session, eim, package);\n",
      "        (void)report_unnoted;\n",
      "test-ipa /ipa/package/disk-full")
guard("ipa: EID after a reset", "invariant 3",
      "src/ipa/card.c", "session->replaced = memcmp(eid, session->eid, sizeof(eid)) != 0;",
      "session->replaced = FALSE;",
      "test-ipa /ipa/IPAD-TRN-69N/card-swapped")
guard("ipa: a card that an IPAe may hold is asked first", "invariant 9; SGP.32 3.8.4",
      "src/ipa/card.c", "    if (!channel_is_undeclared(session->channel))\n        return TRUE;",
      "    return channel_declare(session->channel, session->cancellable, error);",
      "test-ipa-start /ipa/start/ipae")
guard("ipa: a card with its own active IPA is left alone", "invariant 9; SGP.32 3.8.4",
      "src/ipa/card.c", "info2->ipa_mode.value == RSP_IPA_MODE_IPAE)",
      "FALSE)",
      "test-ipa-start /ipa/start/ipae")
guard("ipa: a card that refuses everything is reset once", "invariant 9; interop note I-40",
      "src/ipa/card.c", "local->code = EUICCD_ERROR_NOT_EUICC;",
      ";",
      "test-ipa-start /ipa/IPAD-TRN-66E/6985-at-start")
guard("ipa: a foreign number acknowledges nothing", "invariant 3; interop note I-22",
      "src/ipa/result.c", "if (number == record->sequence && record->sequence >= 0)",
      "if (record->sequence >= 0)",
      "test-ipa /ipa/IPAD-PKG-70E/foreign-numbers")
guard("ipa: only what was delivered is removed", "invariant 3; interop note I-22",
      "src/ipa/result.c", "else if (holds_number(record->offered, number))",
      "else if (number >= 0 || holds_number(record->offered, number))",
      "test-ipa /ipa/IPAD-PKG-70E/own-and-foreign")
guard("ipa: what was not acknowledged is not removed", "invariant 3; interop note I-21",
      "src/ipa/result.c", "    if (mine)\n",
      "    if (mine || record->sequence >= 0)\n",
      "test-ipa /ipa/IPAD-PKG-68E/empty-list")
guard("ipa: keep-unacknowledged", "euiccd.conf(5); interop note I-21",
      "src/ipa/result.c", "mine = record->sequence >= 0 && !keep;",
      "mine = record->sequence >= 0 && (keep || !keep);",
      "test-ipa /ipa/IPAD-PKG-67N/keep-unacknowledged")
guard("ipa: the acknowledgement is on disk before the removal", "invariant 3",
      "src/ipa/result.c", "    if (!record_save(session, record, error))\n        return FALSE;\n"
      "    return record->state == IPA_RECORD_KEPT",
      "    return record->state == IPA_RECORD_KEPT",
      "test-ipa /ipa/package/order")
guard("ipa: the record outlives the result on the card", "invariant 3",
      "src/ipa/result.c", "{\n    for (guint i = 0; i < record->remove->len; i++) {\n        gint64 number = g_array_index(record->remove, gint64, i);\n\n        g_autoptr",
      "{\n    (void)session->host->record_remove(session->host_data, record, NULL);\n"
      "    for (guint i = 0; i < record->remove->len; i++) {\n        gint64 number = g_array_index(record->remove, gint64, i);\n\n        g_autoptr",
      "test-ipa /ipa/package/order")
guard("ipa: a refused result stays owed", "invariant 3",
      "src/ipa/result.c", "if (!answer && record->sequence < 0 && euiccd_error_is(local, EUICCD_ERROR_EIM_REFUSED)) {",
      "if (!answer && euiccd_error_is(local, EUICCD_ERROR_EIM_REFUSED)) {",
      "test-ipa /ipa/IPAD-PKG-69E/refused")
guard("ipa: a refused answer that nobody stores is not offered again", "invariant 7",
      "src/ipa/result.c", "if (!answer && record->sequence < 0 && euiccd_error_is(local, EUICCD_ERROR_EIM_REFUSED)) {",
      "if (FALSE) {",
      "refusal.py unsigned_error_of_the_card_refused")
guard("ipa: a refusal holds up only its own result", "invariant 3",
      "src/ipa/result.c", "if (!ipa_results_is_refusal(local)) {",
      "if (TRUE) {",
      "test-ipa /ipa/package/one-refused")
guard("ipa: an unreadable result is no reason to hold up the others", "invariant 3",
      "src/ipa/result.c", "                          local->message);\n        return TRUE;\n    }\n"
      "    g_hash_table_add(seen,",
      "                          local->message);\n        g_propagate_error(error, g_steal_pointer(&local));\n"
      "        return FALSE;\n    }\n    g_hash_table_add(seen,",
      "test-ipa-start /ipa/start/unreadable-result")
guard("ipa: results that an eIM never takes", "invariant 6",
      "src/ipa/poll.c", "if (refusal && ipa_results_count(session, eim->eim_id) >= MAX_OWED) {",
      "if (FALSE) {",
      "test-ipa /ipa/poll/too-many-owed")
guard("ipa: packages in a round", "invariant 7",
      "src/ipa/poll.c", "if (packages >= MAX_PACKAGES) {",
      "if (FALSE) {",
      "test-ipa /ipa/IPAD-POLL-65E/limit")
guard("ipa: no work for a card that went", "invariant 3",
      "src/ipa/poll.c", "if (session->card_gone) {",
      "if (FALSE) {",
      "test-ipa /ipa/poll/card-gone")
guard("ipa: a state change is told until the eIM answers", "SGP.32 5.14.5; interop note I-26",
      "src/ipa/poll.c", "    if (!package) {\n        g_prefix_error(error, \"asking eIM",
      "    if (!package) {\n        (void)session->host->set_cause(session->host_data, eim->eim_id, -1, NULL);\n"
      "        g_prefix_error(error, \"asking eIM",
      "test-ipa /ipa/IPAD-POLL-66N/state-change")
guard("ipa: one initial eIM", "SGP.32 3.5.2.1",
      "src/ipa/provision.c", "if (session->eims->len > 0) {",
      "if (FALSE) {",
      "test-ipa /ipa/eim/add-initial")
guard("ipa: a rollback is on disk before it is done", "invariant 3; SGP.32 3.3.1",
      "src/ipa/rollback.c", "if (!session->host->record_save(session->host_data, record, error)) {",
      "if (FALSE) {",
      "test-ipa-rollback /rollback/IPAD-RBK-02N/rolls-back")
guard("ipa: a rollback is done once", "SGP.32 3.3.2; I-37",
      "src/ipa/rollback.c", "record->rollback = busy ? IPA_ROLLBACK_ALLOWED : IPA_ROLLBACK_NONE;",
      "record->rollback = IPA_ROLLBACK_ALLOWED;",
      "test-ipa-rollback /rollback/IPAD-RBK-63E/refused-by-card")
guard("ipa: a rollback that was interrupted is not done again", "SGP.32 3.3.2; invariant 3",
      "src/ipa/result.c",
      "if (!g_hash_table_contains(seen, &record->sequence))\n        return ipa_rollback_adopt_nothing(",
      "if (FALSE)\n        return ipa_rollback_adopt_nothing(",
      "test-ipa-crash /ipa/death/rollback-without-result")
guard("ipa: no rollback once the eIM has answered", "I-37",
      "src/ipa/rollback.c", "if (record && record->refused && !forbid(session, record, error))",
      "if (FALSE)",
      "test-ipa-rollback /rollback/IPAD-RBK-62N/refusal")
guard("ipa: a later package ends what an earlier one granted", "es10.md 5.8",
      "src/ipa/package.c", "if (view.sequence >= 0 && !view.rolled_back)",
      "if (FALSE)",
      "test-ipa-rollback /rollback/IPAD-RBK-62N/two-packages")
guard("ipa: data requests offer only the eIM's own results", "invariant 3",
      "src/ipa/data.c", "view->sequence >= 0 && g_str_equal(view->eim_id, c->eim->eim_id)",
      "view->sequence >= 0",
      "test-ipa-data /data/IPAD-DATA-08N/foreign")
guard("ipa: a rollback that the eIM allowed", "SGP.32 3.3.1",
      "src/ipa/result.c", "package->rollback_flag ? IPA_ROLLBACK_ALLOWED : IPA_ROLLBACK_NONE;",
      "IPA_ROLLBACK_ALLOWED;",
      "test-ipa-rollback /rollback/IPAD-RBK-03E/not-allowed")
guard("ipa: no rollback for another reason than no connectivity", "SGP.32 3.3.2",
      "src/ipa/rollback.c", "if (!record || record->refused || !is_unreachable(failure)) {",
      "if (!record || record->refused) {",
      "test-ipa-rollback /rollback/IPAD-RBK-66E/cancelled")
guard("AT: the card is asked who it is after a rest", "invariant 3; the records are of one card",
      "src/ipa/card.c", "    return check_eid(session, error);\n}\n\nvoid ipa_card_refresh",
      "    return TRUE;\n}\n\nvoid ipa_card_refresh",
      "test-ipa-start /ipa/start/verify")
guard("ipa: a network that was let go of is waited for", "modems 5.3; I-36",
      "src/ipa/rollback.c", "!(let_go || find_change(session, eim->eim_id, stage))",
      "!find_change(session, eim->eim_id, stage)",
      "test-ipa-rollback /rollback/let-go/enabled", "test-ipa-rollback /rollback/let-go/refused",
      "switch.py network_comes_back_after_the_inhibition")
guard("ipa: a modem that goes while the card is reset is looked for again", "design 6; invariant 8",
      "src/ipa/card.c", "        if (euiccd_error_is(local, EUICCD_ERROR_MODEM_GONE))\n",
      "        if (FALSE)\n",
      "test-ipa /ipa/IPAD-TRN-62E/reset-loses-modem")
guard("control: a refusal is no change", "SGP.32 5.9.20 to 5.9.23",
      "src/ipa/control.c", "!ipa_card_is_bad_answer(failure)) {",
      "TRUE) {",
      "test-ipa-control /ipa-control/fallback")
guard("notifications: no server is to blame for the configuration", "interop note I-16",
      "src/ipa/notification_delivery.c", "if (euiccd_error_is(failure, EUICCD_ERROR_CONFIG))",
      "if (FALSE)",
      "test-ipa-notifications /ipa/notifications/without-ci")
guard("ipa: an event of an SM-DS is over on disk before the next one begins", "invariant 3; SGP.22 3.6",
      "src/ipa/download.c", "    if (!finish_event(run, target, d->result, error))\n        return FALSE;\n",
      "",
      "test-ipa-interrupted /ipa/interrupted/events/crash")
guard("ipa: an event of an SM-DS that is over is not carried out again", "invariant 3; SGP.22 3.6",
      "src/ipa/download.c", "if (is_finished(run, name) || follow(run, &target, depth + 1, &local))",
      "if (follow(run, &target, depth + 1, &local))",
      "test-ipa-interrupted /ipa/interrupted/events/crash")
guard("ipa: the result of an order under way stays on the card", "invariant 3",
      "src/ipa/notification_delivery.c", "(record->indirect || record->state == IPA_RECORD_EXECUTING) &&",
      "record->indirect &&",
      "test-ipa-interrupted /ipa/interrupted/held-back")
guard("ipa: what the card installed is looked for after a cancellation", "invariant 3",
      "src/ipa/download.c", "        session->cancellable = NULL;\n",
      "        (void)session;\n",
      "test-ipa-interrupted /ipa/interrupted/cancelled/job")
guard("ipa: a card that may have a result is read again", "SGP.22 3.1.3.3",
      "src/ipa/download.c", "        d->session->stale = TRUE;\n        d->session->pending_notifications++;\n",
      "",
      "test-ipa-interrupted /ipa/interrupted/local")
guard("ipa: a notification that the card does not remove is not delivered again", "interop note I-16",
      "src/ipa/notification_delivery.c", "    if (is_stuck(session, &notification))\n"
      "        return take_off(session, &notification, 0, ret_delivery, error);\n",
      "    (void)is_stuck;\n",
      "test-ipa-interrupted /ipa/interrupted/stuck/refused")
guard("ipa: a lost answer of ImmediateEnable is looked into", "invariant 3; SGP.32 5.9.15",
      "src/ipa/immediate_enable.c", "is_lost = failure && !is_answer(failure, code);",
      "is_lost = FALSE;\n    (void)is_answer;",
      "test-ipa-interrupted /ipa/interrupted/immediate-enable-lost")
guard("ipa: eIMs are told of what a local caller downloaded", "SGP.32 6.3.2.6",
      "src/ipa/download.c", "    if (!run->order->eim)\n        ipa_session_tell_cause(run->session, IPA_CAUSE_UNDEFINED);\n",
      "",
      "test-ipa-interrupted /ipa/interrupted/immediate-enable-lost")
