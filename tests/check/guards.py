# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guards that tests/check/counterproof removes, room by room.

To add one, write here

    guard("name of the guard", "why: the invariant of the design, or the section of the specification",
          "file", "its text, which stands there exactly once",
          "what stands there instead when the guard is gone",
          "test-program /path/of/the/case", "component.py case_of_it", "check beginning-of-its-line")

and run "make counterproof GUARDS='name of the guard'" in a build folder. Every test that is named must fail
without the guard. A unit test is better than a component test, which takes seconds. HOW other than "fails"
is for a guard without which a test can only hang ("hangs") or die ("crashes").
"""

from typing import NamedTuple


class Guard(NamedTuple):
    name: str
    why: str
    path: str
    old: str
    new: str
    tests: tuple
    how: str = "fails"


GUARDS = []


def guard(name, why, path, old, new, *tests, how="fails"):
    GUARDS.append(Guard(name, why, path, old, new, tests, how))


# ---- tlv: foreign octets ----

guard("TLV: no indefinite length", "invariant 6; X.690 10.1",
      "src/tlv/tlv.c", "if (length == 0x80) {",
      "if (FALSE) {",
      "test-tlv /tlv/indefinite")
guard("TLV: length of four octets at most", "invariant 6",
      "src/tlv/tlv.c", "if (octets > 4) {",
      "if (FALSE) {",
      "test-tlv /tlv/refuse")
guard("TLV: object ends within its container", "invariant 6",
      "src/tlv/tlv.c", "if (value > left - header) {",
      "if (FALSE) {",
      "test-tlv /tlv/truncation")
guard("TLV: nothing behind a complete object", "invariant 6",
      "src/tlv/tlv.c", "if (reader.next != reader.end) {",
      "if (FALSE) {",
      "test-tlv /tlv/refuse")
guard("TLV: depth of the reader", "invariant 6",
      "src/tlv/tlv.c", "if (reader->depth + 1 >= TLV_MAX_DEPTH) {",
      "if (FALSE) {",
      "test-tlv /tlv/depth")
guard("table: depth of objects", "invariant 6",
      "src/tlv/table.c", "    TlvHead *head;\n\n    if (depth >= TLV_MAX_DEPTH) {",
      "    TlvHead *head;\n\n    if (FALSE) {",
      "test-table /table/depth")
guard("table: what decoding may allocate", "invariant 6",
      "src/tlv/table.c", "if (size > decoder->budget) {",
      "if (FALSE) {",
      "test-table /table/budget")
guard("table: required fields", "invariant 2",
      "src/tlv/table.c", "if (!(field->flags & TLV_REQUIRED) || is_filled(type, i, filled))",
      "if (TRUE)",
      "test-table /table/missing")
guard("table: nothing stands twice", "invariant 6",
      "src/tlv/table.c", "if (index == -2) {",
      "if (index == -2)\n        return TRUE;\n    if (FALSE) {",
      "test-table /table/order")
guard("table: received structures are passed on as they came", "invariant 1",
      "src/tlv/table.c", "if (head->raw.data)",
      "if (FALSE)",
      "test-table /table/encode-received")

# ---- orders to ModemManager ----

guard("orders: an object that is about to be probed anew is not asked", "modems 5.2",
      "src/modem/modemmanager_request.c", "modem && g_strcmp0(modem->path, request->former) == 0 ? NULL : modem",
      "modem",
      "test-orders /orders/probed-anew")
guard("orders: only what was granted is waited for", "modems 5.2",
      "src/agent/orders.c", "        if (given->order.kind == ORDER_SWITCH_SLOT) {",
      "    }\n    {\n        if (given->order.kind == ORDER_SWITCH_SLOT) {",
      "test-orders /orders/refused")
guard("route: slots that are to be kept are not ModemManager's to switch either", "euiccd-quirks.conf(5)",
      "src/agent/route.c", "route->quirks.keep_slots == QUIRK_YES ||",
      "FALSE ||",
      "test-route /route/slots")
guard("renew: who restarts modems in the back-end's place comes first", "modems 5.2",
      "src/channel/renew.c", "!(channel->restart && channel->restart(cancellable, channel->restart_data)) &&",
      "",
      "test-channel-renew /channel-renew/ladder/restart-by-another")

# ---- util ----

guard("file: content is on disk before the rename", "invariant 3",
      "src/util/file.c", "if (!write_all(fd, data, size) || fsync(fd) < 0) {",
      "if (!write_all(fd, data, size)) {",
      "test-util /util/file/durable")
guard("file: rename is on disk", "invariant 3",
      "src/util/file.c", "    return sync_folder(path, error);\n}\n\nGBytes *file_read(",
      "    return TRUE;\n}\n\nGBytes *file_read(",
      "test-util /util/file/durable")
guard("file: removal is on disk", "invariant 3",
      "src/util/file.c", "    return sync_folder(path, error);\n}\n\ngboolean file_make_folder(",
      "    return TRUE;\n}\n\ngboolean file_make_folder(",
      "test-util /util/file/durable")
guard("file: replaced as a whole", "invariant 3",
      "src/util/file.c", "int fd = g_mkstemp_full(temporary, O_RDWR | O_CLOEXEC, 0600);",
      "int fd = open(strcpy(temporary, path), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);",
      "test-util /util/file/kill")
guard("file: limit of size", "invariant 6",
      "src/util/file.c", "if ((guint64)st.st_size > limit) {",
      "if (FALSE) {",
      "test-util /util/file/read")
guard("file: state folders are the daemon's alone", "invariant 10",
      "src/util/file.c", "    if (mkdir(path, 0700) == 0)",
      "    if (mkdir(path, 0755) == 0)",
      "test-util /util/file/folder")
guard("log: no control characters of a peer", "invariant 6",
      "src/util/log.c", "if (g_ascii_iscntrl(*p))",
      "if (FALSE)",
      "test-util /util/log/plain")

# ---- channel ----

guard("channel: size of a response", "invariant 6",
      "src/channel/command.c", "if (response->len + n > channel->config->max_response) {",
      "if (FALSE) {",
      "test-channel /channel/response-limit")
guard("channel: response that is announced and never given", "invariant 7",
      "src/channel/command.c", "if (idle >= MAX_IDLE) {",
      "if (FALSE) {",
      "test-channel /channel/wrong-le-forever")
guard("channel: number of blocks", "SGP.22 5.7.2",
      "src/channel/command.c", "if (size == 0 || size > get_capacity(channel)) {",
      "if (FALSE) {",
      "test-channel /channel/too-many-blocks")
guard("channel: a dead one is closed before the next is opened", "invariant 4",
      "src/channel/channel.c", "    release(channel);\n    if (channel->known && !declare_capability(",
      "    if (channel->known && !declare_capability(",
      "test-channel /channel/lost/modem-errors")
guard("channel: closed before the card is reset", "invariant 4",
      "src/channel/renew.c", "    channel_close(channel);\n    if (!force) {",
      "    if (!force) {",
      "test-channel /channel/renew/reset")
guard("channel: card that went during a command", "invariant 4",
      "src/channel/command.c", "    if (channel->session != session) {\n        g_set_error_literal(error, EUICCD_ERROR,"
      " EUICCD_ERROR_CARD_NOT_READY,\n                            \"the card was reset during the command\");",
      "    if (FALSE) {\n        g_set_error_literal(error, EUICCD_ERROR,"
      " EUICCD_ERROR_CARD_NOT_READY,\n                            \"the card was reset during the command\");",
      "test-channel /channel/lost/card-gone")
guard("channel: an IPAe's card gets no TERMINAL CAPABILITY", "invariant 9; SGP.32 3.8.4",
      "src/channel/channel.c", "if (channel->known || is_ipae_supported(channel->fci))",
      "if (channel->known)",
      "test-channel /channel/open/ipae-supported")
guard("channel: an answer holds a status word", "invariant 6",
      "src/channel/backend.c", "if (g_bytes_get_size(response) < 2) {",
      "if (FALSE) {",
      "test-channel /channel/wrong-le-forever")
guard("channel: numbers of channels", "invariant 6; ISO 7816-4",
      "src/channel/backend.c", "if (channel == 0 || channel > 19) {",
      "if (FALSE) {",
      "test-channel /channel/open/failures")
guard("trace: secrets are hidden", "invariant 10",
      "src/channel/trace.c", "if (type->fields[i].flags & TLV_SECRET || has_secret(type->fields[i].type, seen))",
      "if (FALSE)",
      "test-channel /channel/trace")
guard("qmi: leaked channels of a dead predecessor", "invariant 4",
      "src/channel/qmi.c", "if (step = \"attach\", !qmi_backend_clean(self, deadline, cancellable, &failure))",
      "if (step = \"attach\", !register_events(self, deadline, cancellable, &failure))",
      "test-qmi /qmi/session")
guard("qmi: no channel left", "invariant 4",
      "src/channel/qmi_apdu.c", "if (euiccd_error_is(failure, EUICCD_ERROR_NO_CHANNEL) && !cleaned) {",
      "if (FALSE) {",
      "test-qmi /qmi/open/no-channel-left")
guard("qmi: channel of an application that was not selected", "invariant 4",
      "src/channel/qmi_apdu.c",
      "        qmi_backend_close_channel(&self->backend, channel.data[0], deadline, cancellable, NULL);\n",
      "",
      "test-qmi /qmi/open/errors")
guard("qmi: modem that hangs", "invariant 8",
      "src/channel/qmi.c", "++self->silent >= MAX_SILENT",
      "FALSE",
      "test-qmi /qmi/removed/silent")
guard("qmi: a card that we switched off is switched on", "invariant 4",
      "src/channel/qmi.c", "gboolean must = insist && tries <= 2,",
      "gboolean must = FALSE,",
      "test-qmi-card /qmi/power/on-again")
guard("qmi: pieces of a long response stay within it", "invariant 6",
      "src/channel/uim.c", "if (c.failed || p.offset + p.data.size > p.total)",
      "if (c.failed)",
      "test-qmi /qmi/transmit/pieces")
guard("qmi: arrays of a modem end within its message", "invariant 6",
      "src/channel/uim.c", "if (c->failed || size > c->left) {",
      "if (c->failed) {",
      "test-qmi /qmi/transmit/pieces")

# ---- channel: AT ----

guard("AT: a late answer is not the next one's", "invariant 4; V.250 5.6.1",
      "src/channel/at_command.c", "if (!self->owed)\n        return TRUE;",
      "if (TRUE)\n        return TRUE;",
      "test-at /at/late-answer", "test-at /at/late-marker", "test-at /at/no-marker", "test-at /at/cancel")
guard("AT: surplus answers to a marker", "invariant 4",
      "src/channel/at_command.c", "self->skip_end = TRUE;",
      "self->skip_end = FALSE;",
      "test-at /at/late-marker")
guard("AT: one marker after the other", "invariant 4",
      "src/channel/at_command.c", "if (self->markers[other].known)",
      "if (FALSE)",
      "test-at /at/late-marker")
guard("AT: a modem that hangs", "invariant 7",
      "src/channel/at_command.c", "++self->silent >= MAX_SILENT",
      "FALSE",
      "test-at /at/hanging-modem")
guard("AT: length of a line", "invariant 6",
      "src/channel/at_line.c", " || reader->line->len >= AT_MAX_LINE)",
      ")",
      "test-at-line /at-line/overlong")
guard("AT: octets that are in no line", "invariant 6",
      "src/channel/at_line.c", "!g_ascii_isprint(c) ||",
      "",
      "test-at-line /at-line/lines")
guard("AT: a response is as long as announced", "3GPP TS 27.007 8.43",
      "src/channel/at_line.c", "if (digits != strlen(hex)) {",
      "if (FALSE) {",
      "test-at-line /at-line/apdu", "test-at /at/wrong-answers")
guard("AT: one response to an APDU", "invariant 6",
      "src/channel/at_apdu.c", "if (answer->lines->len != 1) {",
      "if (answer->lines->len < 1) {",
      "test-at /at/wrong-answers")
guard("AT: a port that somebody has locked", "invariant 4",
      "src/channel/at_tty.c", "if (flock(tty->fd, LOCK_EX | LOCK_NB) < 0) {",
      "if (FALSE) {",
      "test-at /at/in-use")
guard("AT: a port that somebody has for himself", "invariant 4",
      "src/channel/at_tty.c", "if (ioctl(tty->fd, TIOCGEXCL, &exclusive) == 0 && exclusive) {",
      "if (FALSE) {",
      "test-at /at/in-use")
guard("AT: others stay out of the port", "invariant 4",
      "src/channel/at_tty.c", "if (ioctl(tty->fd, TIOCEXCL) < 0) {",
      "if (FALSE) {",
      "test-at /at/in-use")
guard("AT: no channel in the class octet of a session", "3GPP TS 27.007 8.43",
      "src/channel/at_apdu.c", "apdu[0] = set_channel(apdu[0], 0);",
      "",
      "test-at-card /at-card/class-octet")
guard("AT: a broken session is not used again", "invariant 4",
      "src/channel/at_apdu.c", "channel->use == AT_USE_SESSION && !channel->broken && answer.result",
      "channel->use == AT_USE_SESSION && answer.result",
      "test-at-card /at-card/no-close")
guard("AT: a session that is left is tried first", "invariant 4",
      "src/channel/at_apdu.c", "if (response && is_selected(get_status(response))) {\n            channel->parked",
      "if (response) {\n            channel->parked",
      "test-at-card /at-card/no-close")
guard("AT: a session that opened too late is closed", "invariant 4",
      "src/channel/at_command.c", "g_array_append_val(self->orphans, session);",
      "{\n        }",
      "test-at-card /at-card/late-session")
guard("AT: what leaked is closed before another opens", "invariant 4",
      "src/channel/at_apdu.c", "if (self->backend.leaked || self->orphans->len > 0) {",
      "if (FALSE) {",
      "test-at-card /at-card/leaked", "test-at-card /at-card/late-session")
guard("AT: sessions of a dead predecessor", "invariant 4",
      "src/channel/at_apdu.c", "if (sweep(self, deadline, cancellable))",
      "(void)sweep;\n            if (FALSE)",
      "test-at-card /at-card/sweep")
guard("AT: a channel without the application is closed", "invariant 4",
      "src/channel/at_apdu.c", "    if (!close_at_card(self, number, deadline, cancellable, &closed, NULL)) {",
      "    if (FALSE) {\n        (void)close_at_card(self, number, deadline, cancellable, &closed, NULL);",
      "test-at-card /at-card/open-errors")
guard("AT: channels go with the card", "invariant 4",
      "src/channel/at.c", "    if (!is_there(card))\n        at_backend_forget_channels(self);",
      "",
      "test-at-card /at-card/news")
guard("AT: size of blocks", "a longer AT line gets no answer",
      "src/channel/command.c", "limit ? MIN(limit, LAST_BLOCK) : LAST_BLOCK;",
      "LAST_BLOCK;\n    (void)limit;",
      "test-at-card /at-card/channel")
guard("AT: patience", "quirk: answers after minutes",
      "src/channel/command.c", "timeout = MAX(timeout, channel_get_patience(channel));",
      "",
      "test-at-card /at-card/channel")
guard("AT: the network of before", "SGP.32 2.11.1.1.2: rPLMN",
      "src/channel/at_identity.c", "if (registered == REGISTERED_NO) {",
      "if (FALSE) {",
      "test-at /at/network")

# ---- channel: MBIM ----

guard("MBIM: what is taken out of an answer lies in it", "invariant 6",
      "src/channel/mbim_info.c", "if (offset > info.size || size > info.size - offset)",
      "if (FALSE)",
      "test-mbim-info /mbim-info/truncation")
guard("MBIM: information buffer ends within its message", "invariant 6",
      "src/channel/mbim_info.c", "if (size > raw.size - at)",
      "if (FALSE)",
      "test-mbim-info /mbim-info/message")
guard("MBIM: number of slots that an answer names", "invariant 6",
      "src/channel/mbim_info.c", "if (!read_u32(info, 4, &n_slots) || n_slots == 0 || n_slots > MBIM_INFO_MAX_SLOTS)",
      "if (!read_u32(info, 4, &n_slots))",
      "test-mbim-info /mbim-info/slots")
guard("AT: the terminal is closed between jobs", "design 2; others use it",
      "src/agent/worker.c", "    if (!awaits_card(worker, gone, error))\n        route_rest(worker->route);",
      "    (void)awaits_card;",
      "at.py closed_between_jobs")
guard("AT: a session that can't be closed keeps the terminal open", "invariant 4",
      "src/agent/route.c", "!route->backend->exclusive || route->backend->held)",
      "!route->backend->exclusive)",
      "test-route /route/rest", "at.py firmware_with_the_least")
guard("AT: the card is asked who it is after a rest", "invariant 3; the records are of one card",
      "src/ipa/card.c", "    return check_eid(session, error);\n}\n\nvoid ipa_card_refresh",
      "    return TRUE;\n}\n\nvoid ipa_card_refresh",
      "test-ipa-start /ipa/start/verify")
guard("AT: ModemManager gets a terminal that it takes", "design 1",
      "src/agent/route.c", "(is_at(same) && same->taken) || ",
      "",
      "test-route /route/taken")
guard("settings that come late open the port anew", "the configuration holds from the next job on",
      "src/agent/route.c", "has_other_settings(route, next, same) ||",
      "",
      "test-route /route/late-group", "test-route /route/late-model")
guard("a better port that comes late is used", "the configuration holds from the next job on",
      "src/agent/route.c", " ||\n           has_better_port(route, next, same);",
      ";",
      "test-route /route/late-ports")
guard("the IMEI of a modem that went is forgotten", "another modem may have the port",
      "src/agent/selection.c", "        if (is_outdated(found, modem))\n            g_clear_pointer(&found->imei, g_free);\n",
      "",
      "test-selection /selection/pinned-replaced")
guard("MBIM: ModemManager's channels are left alone", "design 1; it has group 1",
      "src/channel/mbim_private.h", "#define MBIM_FIRST_GROUP 2",
      "#define MBIM_FIRST_GROUP 1",
      "test-mbim /mbim/session/leaked-channels")
guard("MBIM: channels of another slot's agent are left alone", "invariant 4",
      "src/channel/mbim.c", "    self->group = MBIM_FIRST_GROUP + slot;",
      "    self->group = MBIM_FIRST_GROUP;",
      "test-mbim-card /mbim-card/other-slots-channels")
guard("MBIM: channels of a dead predecessor are closed", "invariant 4",
      "src/channel/mbim.c", "if (!mbim_backend_clean(self, deadline, cancellable, &failure))",
      "if (FALSE)",
      "test-mbim /mbim/session/leaked-channels")
guard("MBIM: a channel whose opening was given up is closed", "invariant 4",
      "src/channel/mbim_apdu.c",
      "/* The channel may open yet, and nobody will know its number. */\n        self->backend.leaked = TRUE;",
      "",
      "test-mbim /mbim/open/given-up")
guard("MBIM: no request outlives the modem", "invariant 8",
      "src/channel/mbim.c", "by_loss = join(loss, either);",
      "by_loss = 0;",
      "test-mbim /mbim/removed", how="hangs")
guard("MBIM: a session that is over at the modem is opened anew", "invariant 8",
      "src/channel/mbim.c", "if (reason == MBIM_PROTOCOL_ERROR_NOT_OPENED)",
      "if (FALSE)",
      "test-mbim /mbim/removed/session-closed")
guard("MBIM: an answer belongs to its request", "invariant 6",
      "src/channel/mbim.c", "if (message.service != service || message.cid != cid) {",
      "if (FALSE) {",
      "test-mbim /mbim/transmit/malformed-messages")
guard("MBIM: no APDU is repeated once the class type is known", "invariant 3",
      "src/channel/mbim_apdu.c", "    if (self->class_set)\n        return TRUE;",
      "    if (FALSE)\n        return TRUE;",
      "test-mbim /mbim/transmit/class-type")
guard("MBIM: slots are not written needlessly", "modems that lose their card by it",
      "src/channel/mbim_card.c",
      "if (self->has_mappings ? self->mappings[0] == physical - 1 : physical == 1)",
      "if (FALSE)",
      "test-mbim-card /mbim-card/switch", how="hangs")
guard("MBIM: slots are left alone where the table of quirks says so", "quirk keep-slots",
      "src/channel/mbim_card.c", "if (backend->quirks->keep_slots == QUIRK_YES) {",
      "if (FALSE) {",
      "test-mbim-card /mbim-card/switch/refused")
guard("MBIM: the card in another slot is none of ours", "invariant 4",
      "src/channel/mbim_card.c", "if (!self->slot_mapped)\n        card = MBIM_CARD_OFF;",
      "",
      "test-mbim-card /mbim-card/switch/back")

# ---- euicc ----

guard("es10: package result as the card gave it", "invariant 1",
      "src/euicc/es10b_package.c", "    return g_steal_pointer(&result);\n}\n\nstatic const Es10Function retrieve",
      "    TlvWriter *writer = tlv_writer_new();\n"
      "    tlv_put_slice(writer, object.tag, object.value);\n"
      "    return tlv_writer_finish(writer);\n}\n\nstatic const Es10Function retrieve",
      "test-es10 /es10/load-euicc-package/long-lengths")
guard("es10: stored results as the card gave them", "invariant 1",
      "src/euicc/es10b_package.c", "g_ptr_array_add(results, tlv_slice_to_bytes(tlv.raw));",
      "{\n            TlvWriter *writer = tlv_writer_new();\n"
      "            tlv_put_slice(writer, tlv.tag, tlv.value);\n"
      "            g_ptr_array_add(results, tlv_writer_finish(writer));\n        }",
      "test-es10 /es10/package-results")

# ---- net: trust ----

guard("trust: pinned key", "invariant 5; SGP.32 2.6",
      "src/net/trust.c", "if (key && g_bytes_equal(key, verifier->trust->key))",
      "if (key)",
      "test-trust /trust/negative", "test-https /https/wrong-key")
guard("trust: pinned certificate", "invariant 5; SGP.32 2.6",
      "src/net/trust.c", "if (X509_cmp(leaf, verifier->trust->certificate) == 0)",
      "if (TRUE)",
      "test-trust /trust/negative")
guard("trust: path to the CA", "invariant 5; SGP.32 2.6",
      "src/net/trust.c", "if (X509_verify_cert(ctx) == 1 && X509_STORE_CTX_get_error(ctx) == X509_V_OK) {",
      "if (X509_verify_cert(ctx) >= 0) {",
      "test-trust /trust/negative")
guard("trust: name of the server", "invariant 5; SGP.32 2.6",
      "src/net/trust.c", "!X509_VERIFY_PARAM_set1_host(param, verifier->host, 0))",
      "FALSE)",
      "test-trust /trust/names", "test-https /https/wrong-name")
guard("trust: names stand in subjectAltName", "SGP.32 2.6; RFC 6125",
      "src/net/trust.c", "X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |",
      "0 |",
      "test-trust /trust/names")
guard("trust: pinned certificate has expired", "invariant 5",
      "src/net/trust.c", "if (X509_cmp_time(X509_get0_notAfter(leaf), when) <= 0) {",
      "if (FALSE) {",
      "test-trust /trust/clock")
guard("trust: pinned certificate is not yet valid", "invariant 5",
      "src/net/trust.c", "if (X509_cmp_time(X509_get0_notBefore(leaf), when) >= 0) {",
      "if (FALSE) {",
      "test-trust /trust/clock")
guard("trust: no path without a clock", "invariant 5",
      "src/net/trust.c", "    if (!clock_usable(verifier->trust)) {\n        set_detail(verifier,\n"
      "                   \": the clock was never set,",
      "    if (FALSE) {\n        set_detail(verifier,\n                   \": the clock was never set,",
      "test-trust /trust/clock")
guard("trust: pinned certificate is for TLS servers", "invariant 5",
      "src/net/trust.c", "if (flags & EXFLAG_XKUSAGE &&",
      "if (FALSE &&",
      "test-trust /trust/negative")
guard("trust: pinned key of the chain must be a CA's", "invariant 5",
      "src/net/trust.c", " || X509_check_ca(ca) != 1)",
      ")",
      "test-trust /trust/chain")
guard("trust: the verdict ends the handshake", "invariant 5",
      "src/net/trust.c", "return code == X509_V_OK;",
      "return 1;",
      "test-trust /trust/negative")
guard("trust: TLS 1.2 at least", "SGP.32 2.6",
      "src/net/trust.c", "!SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION)",
      "!SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION)",
      "test-trust /trust/versions")
guard("trust: an empty name is not any name", "invariant 5",
      "src/net/trust.c", "if (!*host) {",
      "if (FALSE) {",
      "test-trust /trust/versions")
guard("TLS session: judged again before each use", "invariant 5",
      "src/net/tls_session.c",
      "        !trust_check_again(ssl, sk_X509_value(session->chain, 0), session->chain) ||\n",
      "",
      "test-tls-session /tls-session/expired")
guard("TLS session: belongs to one trust", "invariant 5",
      "src/net/tls_session.c", "!equals(digest.value, trust, trust_size)",
      "FALSE",
      "test-tls-session /tls-session/other-trust")
guard("TLS session: not older than a ticket may be", "RFC 8446 4.6.1",
      "src/net/tls_session.c", "age < 0 || age > MAX_AGE ||",
      "",
      "test-tls-session /tls-session/age")
guard("TLS session: a damaged file is not used", "invariant 6",
      "src/net/tls_session.c", "memcmp(data, sum, CHECK_SUM) != 0",
      "FALSE",
      "test-tls-session /tls-session/damaged")
guard("trust: what the card names is what it announces", "invariant 5",
      "src/net/trust.c", "if (der && wanted != CONTENT_OTHER && kind != wanted)",
      "if (FALSE)",
      "test-trust /trust/data/refused")
guard("trust: a pinned key can be used", "invariant 5",
      "src/net/trust.c", "!X509_PUBKEY_get0(key) ||",
      "",
      "test-trust /trust/data/refused")
guard("trust: broken bundle", "invariant 5",
      "src/net/trust.c", "if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {",
      "if (FALSE) {",
      "test-trust /trust/bundle-refused")

# ---- net: HTTPS ----

guard("https: no redirect is followed", "invariant 5; interop note I-30",
      "src/net/https.c", "SET(easy, CURLOPT_FOLLOWLOCATION, 0L);",
      "SET(easy, CURLOPT_FOLLOWLOCATION, 1L);",
      "test-https /https/redirect")
guard("https: no proxy of the environment", "invariant 5",
      "src/net/https.c", "    SET(easy, CURLOPT_PROXY, \"\");\n    SET(easy, CURLOPT_NOPROXY, \"*\");\n",
      "",
      "test-https /https/no-proxy")
guard("https: size of a body", "invariant 6",
      "src/net/http_answer.c", "if (size > answer->max_body - answer->body->len) {",
      "if (FALSE) {",
      "test-https /https/limits")
guard("https: size of a header", "invariant 6",
      "src/net/http_answer.c", "if (answer->header_size > MAX_HEADERS) {",
      "if (FALSE) {",
      "test-https /https/limits")
guard("https: header that is cut off", "interop note I-21",
      "src/net/http_answer.c", "if (!answer->header_done || status < 200)",
      "if (FALSE)",
      "test-https /https/framing-refused")
guard("https: body that is cut off", "interop note I-21",
      "src/net/http_answer.c", "else if (answer->content_length < 0 && !answer->chunked && status != 204",
      "else if (FALSE && status != 204",
      "test-https /https/framing-refused")
guard("https: one length", "interop note I-30",
      "src/net/http_answer.c", "else if (answer->content_length >= 0 && answer->content_length != (gint64)number)",
      "else if (FALSE)",
      "test-https /https/framing-refused")
guard("https: one framing", "interop note I-30",
      "src/net/http_answer.c", "if (answer->chunked && answer->content_length >= 0)",
      "if (FALSE)",
      "test-https /https/framing-refused")
guard("https: no CR inside a line", "interop note I-30",
      "src/net/http_answer.c", "} else if (has_bare_cr(line, size)) {",
      "} else if (FALSE && has_bare_cr(line, size)) {",
      "test-https /https/framing-refused")
guard("https: a request is repeated only where nobody can have seen it", "invariant 3",
      "src/net/https.c", "connections == 0 && !transfer->answered &&",
      "",
      "test-https /https/repeat-once")
guard("https: server that falls silent", "invariant 8",
      "src/net/https.c", "next = transfer->sent ? MIN(stall, deadline) : deadline;",
      "next = deadline;",
      "test-https /https/timeouts")
guard("https: Retry-After is read", "RFC 9110 10.2.3; interop note I-29",
      "src/net/http_answer.c", "    if (!answer->retry_after)\n        return 0;",
      "    if (answer)\n        return 0;",
      "test-https /https/retry-after")
guard("https: Retry-After has a limit", "invariant 6",
      "src/net/http_answer.c", "return (guint)MIN(number, MAX_RETRY_AFTER);",
      "return (guint)number;",
      "test-https /https/retry-after")

# ---- net: ESipa ----

guard("esipa: package octets as received", "invariant 1",
      "src/net/esipa_answer.c", "    package->package = tlv_slice_to_bytes(found.raw);",
      "    TlvWriter *writer = tlv_writer_new();\n    tlv_put_slice(writer, found.tag, found.value);\n"
      "    package->package = tlv_writer_finish(writer);",
      "test-esipa /esipa/answers/octets")
guard("esipa: result octets as the card gave them", "invariant 1",
      "src/net/esipa.c", "        tlv_put_raw_bytes(writer, provided->result);",
      "        {\n            Tlv object;\n\n"
      "            if (tlv_parse(tlv_slice_from_bytes(provided->result), 0, &object, NULL))\n"
      "                tlv_put_slice(writer, object.tag, object.value);\n        }",
      "test-esipa /esipa/requests/result-octets")
guard("esipa: HTTP status of an answer", "SGP.32 6.1.1",
      "src/net/esipa.c", "if (response->status >= 200 && response->status <= 299)",
      "if (TRUE)",
      "test-esipa /esipa/IPAD-HTTP-62N/status")
guard("esipa: another function's answer acknowledges nothing", "invariant 3; interop note I-21",
      "src/net/esipa_answer.c", "        if (unknown == 0) {\n            answer->evidence",
      "        if (TRUE) {\n            answer->evidence",
      "test-esipa /esipa/answers/unknown-result-answer")
guard("esipa: two alternatives at once", "invariant 6",
      "src/net/esipa_answer.c", "} else if (found.tag != 0) {",
      "} else if (FALSE) {",
      "test-esipa /esipa/IPAD-POLL-60N/salvage")
guard("esipa: eimTransactionId of what can't be decoded", "invariant 8",
      "src/net/esipa_answer.c", "    package->eim_transaction_id = salvage_transaction_id(body);\n",
      "    (void)salvage_transaction_id, (void)body;\n",
      "test-esipa /esipa/IPAD-POLL-60N/salvage")
guard("esipa: characters of eimFqdn", "invariant 6; SGP.32 2.11.1.1.1",
      "src/util/host.c", ": !g_ascii_isalnum(text[i]) && text[i] != '-' && text[i] != '_')",
      ": FALSE)",
      "test-fqdn /esipa/fqdn")
guard("esipa: JSON after ASN.1 only where no function was executed", "SGP.32 6.4; interop note I-29",
      "src/net/esipa.c", "        return tag_of(request) == TAG_GET_PACKAGE &&",
      "        return",
      "test-esipa-binding /esipa-binding/no-sign")
guard("esipa: a configured binding is final", "invariant 2",
      "src/net/esipa.c", "    return client->binding_source != ESIPA_DIALECT_CONFIGURED &&",
      "    return",
      "test-esipa-binding /esipa-binding/no-sign")
guard("esipa: no JSON for an eIM of v1.0", "SGP.32 6.4",
      "src/net/esipa.c", "           client->dialect != ESIPA_DIALECT_V1_0;",
      "           TRUE;",
      "test-esipa-binding /esipa-binding/no-sign")
guard("esipa: a web page is no sign of JSON", "interop note I-30",
      "src/net/esipa.c", "looks_like_json(body) != (other == ESIPA_BINDING_JSON)",
      "FALSE",
      "test-esipa-binding /esipa-binding/neither")
guard("esipa: ASN.1 where JSON is not found", "interop note I-29",
      "src/net/esipa.c", "        return is_no_function;",
      "        return FALSE;",
      "test-esipa-binding /esipa-binding/back-to-asn1")
guard("esipa: JSON is v1.1 or later", "SGP.32 6.4",
      "src/net/esipa.c", "        client->dialect = ESIPA_DIALECT_V1_2;\n        if (client->source == ESIPA_DIALECT_ASSUMED)",
      "        if (client->source == ESIPA_DIALECT_ASSUMED)",
      "test-esipa-binding /esipa-binding/dialect")
guard("esipa JSON: a package under another kind's name is unusable", "invariant 6",
      "src/net/esipa_json.c", "if (!json_answer_get_object(answer->answer, pointer, member->tag, TRUE, &bytes, error))",
      "if (!json_answer_get_base64(answer->answer, pointer, TRUE, &bytes, error))",
      "test-esipa-json /esipa-json/IPAD-JSON-62N/package-answers")
guard("esipa JSON: a package that can't be used is reported", "interop note I-19",
      "src/net/esipa_json.c", "        return make_unusable(&answer, &local);",
      "    {\n        (void)make_unusable;\n        g_propagate_error(error, g_steal_pointer(&local));\n"
      "        return NULL;\n    }",
      "test-esipa-json /esipa-json/IPAD-JSON-62N/package-answers")
guard("esipa JSON: eimPackageError 0 is none", "interop note I-34",
      "src/net/esipa_json.c", "if (number != 0 || member->form == ESIPA_JSON_INTEGER)",
      "if (TRUE)",
      "test-esipa-json /esipa-json/IPAD-JSON-61N/get-package")
guard("esipa JSON: what the eIM has not taken stays", "invariant 3",
      "src/net/esipa_json.c", "    if (!answer.refused)\n        return TRUE;",
      "    if (TRUE)\n        return TRUE;",
      "test-esipa-json /esipa-json/notification")
guard("JSON: a package belongs to the transaction", "SGP.32 5.14.2",
      "src/net/esipa_download.c", "if (!json_answer_check_transaction(answer, transaction_id, error))",
      "if (FALSE)",
      "test-esipa-json /esipa-json/IPAD-JSON-01N/bound-package")
guard("ES11: a null ends no list of events", "SGP.22 5.8.2",
      "src/net/es11.c", "if (!json_answer_is_there(answer, entry))",
      "if (!json_answer_has(answer, entry))",
      "test-es9p /es9p/events-refused")
guard("config: no JSON in dialect 1.0", "SGP.32 6.4",
      "src/agent/config.c", "if (eim->binding == CONFIG_BINDING_JSON && eim->dialect == CONFIG_DIALECT_V1_0) {",
      "if (FALSE) {",
      "test-config /config/bad-values")

# ---- ipa ----

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
guard("esipa: what is configured is spoken", "v1.3.md 4.2",
      "src/net/esipa.c", "    case ESIPA_DIALECT_CONFIGURED:\n        return FALSE;",
      "    case ESIPA_DIALECT_CONFIGURED:\n        return TRUE;",
      "test-dialect /dialect/IPAD-V10-05E/older-form-refused")
guard("esipa: one refusal is no proof against what was learned", "v1.3.md 4.2",
      "src/net/esipa.c", "return client->refusals >= MAX_REFUSALS;",
      "return TRUE;",
      "test-dialect /dialect/IPAD-V10-06E/learned-again")
guard("ipa: a rollback that the eIM allowed", "SGP.32 3.3.1",
      "src/ipa/result.c", "package->rollback_flag ? IPA_ROLLBACK_ALLOWED : IPA_ROLLBACK_NONE;",
      "IPA_ROLLBACK_ALLOWED;",
      "test-ipa-rollback /rollback/IPAD-RBK-03E/not-allowed")
guard("ipa: no rollback for another reason than no connectivity", "SGP.32 3.3.2",
      "src/ipa/rollback.c", "if (!record || record->refused || !is_unreachable(failure)) {",
      "if (!record || record->refused) {",
      "test-ipa-rollback /rollback/IPAD-RBK-66E/cancelled")

# ---- agent ----

guard("store: what can't be read is put aside", "invariant 3",
      "src/agent/store.c", "if (g_rename(path, aside) == 0)",
      "if (g_unlink(path) == 0)",
      "test-store /store/bad-files", "test-store /store/bad-state")
guard("store: format of records", "invariant 3",
      "src/agent/store.c", "if (get_number(file, \"format\", 0, &bad) != 1)",
      "if (FALSE)",
      "test-store /store/bad-files")
guard("store: what is not on disk does not count", "invariant 3",
      "src/agent/store.c", "    put_eim_key(store, group, key, before);\n",
      "",
      "test-store /store/unwritable")
guard("renew: no restart without a profile change", "interop.md I-35, I-40",
      "src/channel/renew.c", "return channel->series && channel->backend->class->reset_modem &&\n",
      "return channel->backend->class->reset_modem &&\n",
      "test-channel-renew /channel-renew/no-restart/without-change")
guard("renew: a series ends with the command that succeeds", "interop.md I-35",
      "src/channel/renew.c", "    channel->trying = CHANNEL_RUNG_UNKNOWN;\n    channel->series = FALSE;\n}\n\nstatic ChannelRung choose_rung",
      "    channel->trying = CHANNEL_RUNG_UNKNOWN;\n}\n\nstatic ChannelRung choose_rung",
      "test-channel-renew /channel-renew/no-restart/without-change")
guard("renew: a pulled card does not restart the modem", "interop.md I-35",
      "src/channel/renew.c", "           !euiccd_error_is(failure, EUICCD_ERROR_CARD_ABSENT);\n",
      "           TRUE;\n",
      "test-channel-renew /channel-renew/ladder/reset-fails")
guard("renew: policy without a reset", "euiccd-quirks.conf(5)",
      "src/channel/renew.c", "if (policy == RESET_MODEM || policy == RESET_NONE) {\n        g_set_error",
      "if (FALSE) {\n        g_set_error",
      "test-channel-renew /channel-renew/policies")
guard("channel: one reset for want of a channel", "the note in channel/channel.c",
      "src/channel/channel.c", "channel->freed = channel->freed && channel->freeing;",
      "channel->freed = FALSE;",
      "test-channel-trouble /channel-trouble/no-channel/ever")
guard("channel: a slot that is not active is not waited for", "invariant 7",
      "src/channel/channel.c", "EUICCD_ERROR_CARD_NOT_READY) && !channel->backend->inactive &&",
      "EUICCD_ERROR_CARD_NOT_READY) &&",
      "test-channel-renew /channel-renew/refused-for-good")
guard("channel: a declaration dies with its card session", "SGP.32 3.8.2",
      "src/channel/channel.c", "channel->capability_done = channel->session == session;",
      "channel->capability_done = TRUE;",
      "test-channel-renew /channel-renew/gone-with-declaration")
guard("qmi: slots are left alone where the quirk says so", "euiccd-quirks.conf(5)",
      "src/channel/qmi_slot.c", "if (needed && self->backend.quirks->keep_slots == QUIRK_YES) {",
      "if (FALSE) {",
      "test-qmi-modem /qmi-modem/switch/not-needed")
guard("qmi: no switch to the slot that is active", "euiccd-quirks.conf(5)",
      "src/channel/qmi_slot.c", "    *ret_switch = !slot->active;\n",
      "    *ret_switch = TRUE;\n",
      "test-qmi-modem /qmi-modem/switch/not-needed")
guard("qmi: no switch to an empty slot", "backend.h",
      "src/channel/qmi_slot.c", "if (slot->active || slot->card_present)",
      "if (TRUE)",
      "test-qmi-modem /qmi-modem/switch/refused")
guard("qmi: the modem is restarted, never shut down", "backend.h",
      "src/channel/qmi_modem.c", "const guint8 mode = QMI_DMS_OPERATING_MODE_RESET;",
      "const guint8 mode = QMI_DMS_OPERATING_MODE_SHUTTING_DOWN;",
      "test-qmi-modem /qmi-modem/reset")
guard("config: unknown keys", "euiccd.conf(5)",
      "src/agent/config.c", "    return settings_fail_key(error, place, (const char *const *)known->pdata);\n",
      "    return TRUE;\n",
      "test-config /config/unknown-names")
guard("config: unknown groups", "euiccd.conf(5)",
      "src/agent/config.c", "    if (!known)\n",
      "    if (!known)\n        return TRUE;\n    if (FALSE)\n",
      "test-config /config/unknown-names")
guard("config: a group means a modem", "euiccd.conf(5)",
      "src/agent/config.c", "if (!modem->path && !modem->device && !modem->usb_id && !modem->imei) {",
      "if (FALSE) {",
      "test-config /config/checks")
guard("config: ignore is above allow", "euiccd.conf(5)",
      "src/agent/config_match.c", "return !is_among(config->ignore, subject) &&\n",
      "return (config->allow || !is_among(config->ignore, subject)) &&\n",
      "test-config /config/allows-modem")
guard("settings: nothing stands twice", "euiccd.conf(5)",
      "src/util/settings.c", "} else if (!g_hash_table_add(seen, g_strdup_printf(\"%s\\n%s\", group, g_strchomp(line)))) {",
      "} else if (FALSE) {",
      "test-config /config/bad-values", "test-quirk-table /quirk-table/refused")
guard("settings: size of a file", "invariant 6",
      "src/util/settings.c", "file_read(path, SETTINGS_FILE_LIMIT, error)",
      "file_read(path, G_MAXSIZE, error)",
      "test-config /config/file-size", "test-quirk-table /quirk-table/file-size")
guard("settings: ranges of numbers", "euiccd.conf(5)",
      "src/util/settings.c", "!g_ascii_string_to_unsigned(value, 10, min, max, &number, NULL))",
      "!g_ascii_string_to_unsigned(value, 10, 0, G_MAXUINT, &number, NULL))",
      "test-config /config/limits", "test-quirk-table /quirk-table/refused")
guard("quirks: a group is for some modems", "euiccd-quirks.conf(5)",
      "src/modem/quirk_table.c", "        if (group->patterns[i])\n            return TRUE;\n    g_set_error",
      "        return TRUE;\n    g_set_error",
      "test-quirk-table /quirk-table/refused")
guard("quirks: what is not known matches nothing", "euiccd-quirks.conf(5)",
      "src/modem/quirk_table.c", "    if (!text || !text[0])\n        return FALSE;\n",
      "    if (!text)\n        text = \"\";\n",
      "test-quirk-table /quirk-table/matching")
guard("quirks: a given default counts", "euiccd-quirks.conf(5)",
      "src/channel/quirks.c", "if (other->reset != RESET_AUTO || other->given & QUIRK_GIVEN_RESET)",
      "if (other->reset != RESET_AUTO)",
      "test-quirk-table /quirk-table/merge", "test-config /config/quirks")
guard("agent: a job has a deadline", "invariant 7; design 3",
      "src/agent/agent_jobs.c", "clock_timer_new(clock_deadline(JOB_TIMEOUT), NULL, on_job_deadline, entry)",
      "((void)on_job_deadline, NULL)",
      "test-agents /agents/deadline")
guard("agent: a delivery is not called back by a modem that goes", "invariant 3",
      "src/agent/agent.c", "    stop(agent);\n    g_hash_table_iter_init",
      "    agent_stop(agent);\n    g_hash_table_iter_init",
      "test-agents-modems /agents-modems/goes")
guard("agents: a worker that is not done has the port", "design 3",
      "src/agent/agents.c", "        if (is_same_modem(agents->leaving->pdata[i], modem))\n            return TRUE;\n",
      "        (void)modem;\n",
      "test-agents-modems /agents-modems/port-still-used")
guard("agent: a slot that somebody else took", "design 6",
      "src/agent/agent_news.c", "if (agent->modem->switch_slot && agent->modem->slot > 0 && !agent_has_waiting_start(agent))",
      "if (FALSE)",
      "test-agents-modems /agents-modems/slot-taken")
guard("route: an empty slot is not given back", "design 6",
      "src/agent/route.c", "if (!owe_slot(route, used ? active : 0, error))",
      "if (!owe_slot(route, active, error))",
      "matrix_modem.py IPAD-ROB-44N")
guard("route: a slot is owed beyond the loss of the modem", "design 6",
      "src/agent/route.c", "    if (!slot || !route->is_open)\n        return FALSE;\n",
      "    route->former_slot = 0;\n    if (!slot || !route->is_open)\n        return FALSE;\n",
      "test-route /route/slot-after-loss")
guard("route: a slot is owed beyond the end of the daemon", "design 6",
      "src/agent/route.c", "        route->former_slot = slot_note_read(config->state_directory, modem);\n",
      "        route->former_slot = 0;\n",
      "test-route /route/slot-after-kill")
guard("route: what can't be noted is not switched", "design 6",
      "src/agent/route.c", "    if (!slot_note_write(route->config->state_directory, route->modem, slot, error))\n        return FALSE;\n",
      "    (void)slot_note_write(route->config->state_directory, route->modem, slot, NULL);\n",
      "test-route /route/slot-without-note")
guard("worker: the card is still in the active slot", "design 6",
      "src/agent/worker.c", "if (worker->session && !route_is_in_slot(worker->route, worker->job->cancellable))",
      "if (FALSE)",
      "matrix_modem.py IPAD-ROB-42E")
guard("agent: jobs that wait", "invariant 6",
      "src/agent/agent_jobs.c", "if (agent->queue.length >= QUEUE_LIMIT)",
      "if (FALSE)",
      "test-agents /agents/queue")
guard("agent: ended jobs that stay visible", "invariant 6",
      "src/agent/agents.c", "if (agents->ended.length > FINISHED_LIMIT)",
      "if (FALSE)",
      "test-agents /agents/finished-list")
guard("agent: a poll that failed first is not the last one", "invariant 3",
      "src/agent/agent_news.c", "    agent->running = NULL;\n    agent_reschedule(agent, (const char *const *)entry->job->eim_ids);\n",
      "    agent->running = NULL;\n",
      "test-agents /agents/lost-poll")
guard("agent: pauses between polls have a limit", "invariant 7; interop note I-29",
      "src/agent/eim_state.c", "    wait = MIN(wait, config->poll_retry_limit);\n",
      "",
      "test-agents /agents/back-off")
guard("agent: a server that wants more time gets it", "interop note I-29",
      "src/agent/eim_state.c", "return MAX(wait, eim->retry_after);",
      "return wait;",
      "test-agents /agents/retry-after")
guard("agent: a card that is not manageable is not reset again", "invariant 9; interop note I-40",
      "src/agent/agent.c", "           !euiccd_error_is(error, EUICCD_ERROR_NOT_EUICC) &&\n",
      "",
      "test-agents /agents/no-retry")
guard("agent: a modem that refuses is not asked again and again", "invariant 7",
      "src/agent/agent.c", "           !euiccd_error_is(error, EUICCD_ERROR_NOT_SUPPORTED) &&\n",
      "",
      "test-agents /agents/no-retry")
guard("agent: a slot that is not to be switched to is not waited for", "invariant 7",
      "src/agent/route.c", "if (may_switch(route) || !route->backend->inactive ||",
      "if (TRUE ||",
      "test-route /route/explain")
guard("channel: QMI tells when the wanted slot becomes the active one", "invariant 7",
      "src/channel/qmi.c", "    else if (self->backend.inactive)\n        card = QMI_CARD_OFF;",
      "    else if (FALSE)\n        card = QMI_CARD_OFF;",
      "test-qmi-modem /qmi-modem/slot-news")
guard("agent: pauses between tries of a modem have a limit", "invariant 7",
      "src/agent/agent.c", "MIN(RETRY_FIRST << MIN(agent->start_failures, 10), RETRY_LIMIT)",
      "(guint)RETRY_FIRST << MIN(agent->start_failures, 10)",
      "test-agents /agents/retry")
guard("agent: one user of a card", "invariant 4",
      "src/agent/agent_news.c", "if (is_new && agent->owner->is_taken(agent, facts->eid, agent->owner_data)) {",
      "if (FALSE) {",
      "test-agents /agents/card-taken")
guard("agent: a card that is left alone gets no jobs", "invariant 9",
      "src/agent/agents.c", "if (snapshot && snapshot->state == EUICC_LEFT_ALONE) {",
      "if (FALSE) {",
      "test-agents /agents/left-alone")
guard("store: one user of a card at a time", "invariant 4",
      "src/agent/store.c", "flock(store->lock, LOCK_EX | LOCK_NB) == 0",
      "flock(store->lock, LOCK_EX | LOCK_NB) != 77",
      "test-store /store/lock")
guard("agents: a modem that is back early waits for its former worker", "invariant 4",
      "src/agent/agents.c", "    if (find_agent(agents->leaving, modem)) {",
      "    if (find_agent(agents->leaving, modem) && modem->slot == 99) {",
      "test-agents-modems /agents-modems/returns-early")
guard("agents: two cards of which one needs its slot switched are never used at a time", "invariant 4",
      "src/agent/agents.c", "(modem->switch_slot || agent_get_modem(other)->switch_slot))",
      "(modem->switch_slot && agent_get_modem(other)->switch_slot))",
      "test-agents-modems /agents-modems/switched-slots")
guard("agent: no job while somebody inhibits", "org.euiccd1.Manager",
      "src/agent/agents.c", "if (agents->stopping || agents->inhibitions->len > 0)",
      "if (agents->stopping)",
      "test-agents /agents/inhibit")
guard("worker: the channel is closed after each job", "invariant 4",
      "src/agent/worker.c", "        channel_close(route_get_channel(worker->route));\n    if (worker->lost ||",
      "        (void)worker;\n    if (worker->lost ||",
      "package.py list_profiles")
guard("worker: the channel is closed after a job that failed", "invariant 4",
      "src/agent/worker.c", "    if (route_get_channel(worker->route))\n        channel_close(",
      "    if (route_get_channel(worker->route) && !error)\n        channel_close(",
      "modem.py no_channel_after_a_failure")
guard("heap: none for each thread", "design 4",
      "src/util/heap.c", "    mallopt(M_ARENA_MAX, 1);\n",
      "",
      "idle.py no_wake_ups_with_three_modems")
guard("links: unusable trust of the card is no trust", "invariant 5; SGP.32 2.6",
      "src/agent/links.c", "    if (eim->trust_data)\n        return trust_new_from_eim_data(",
      "    g_autoptr(Trust) usable =\n"
      "        eim->trust_data\n"
      "            ? trust_new_from_eim_data(tlv_slice_from_bytes(eim->trust_data), NULL)\n"
      "            : NULL;\n"
      "    if (usable)\n        return trust_new_from_eim_data(",
      "trust.py unusable_key_of_the_card")

# ---- modem ----

guard("modems: AT ports alone are no modem", "a serial port may be anything",
      "src/modem/modems.c", "    return modem_has_control_port(modem) ||",
      "    return modem->ports->len > 0 ||",
      "test-modems /modems/at-alone", "test-modems /modems/at-order")
guard("modems: only known drivers of cdc-wdm", "facts 6: huawei_cdc_ncm and others speak something else",
      "src/modem/devices.c", "    if (g_strcmp0(driver, \"cdc_mbim\") == 0)",
      "    if (driver)",
      "test-modems /modems/usb")
guard("modems: new ports are for ModemManager first", "facts 6",
      "src/modem/modems.c", "                    get_hold(modems, port) <= clock_boottime();",
      "                    TRUE;",
      "test-modems-manager /modems-manager/probing", "test-modems-manager /modems-manager/fixed")
guard("modems: a port that ModemManager does not want is not waited for", "facts 6",
      "src/modem/modems.c", " || !port->facts->candidate)",
      ")",
      "test-modems-manager /modems-manager/not-candidate")
guard("modems: AT ports of ModemManager are taken", "an AT port is not shared",
      "src/modem/modems.c", "    port->taken = g_str_equal(transport, \"at\") && find_mm_port(mm, path) != NULL;",
      "    port->taken = FALSE;",
      "test-modems-manager /modems-manager/probing")
guard("modems: what ModemManager still lists of an unplugged modem does not count", "facts 5.1",
      "src/modem/modems.c", "    if (entry->had_ports)\n",
      "    if (entry->ports->len > 0)\n",
      "test-modems-manager /modems-manager/unplugged")
guard("modems: what was found stays when ModemManager goes", "facts 5.3",
      "src/modem/modems.c", "    const MmModem *list = mm ? mm : entry->last;",
      "    const MmModem *list = mm;",
      "test-modems-manager /modems-manager/only-exported")
guard("modems: a port that is named is not told twice", "invariant 4",
      "src/modem/modems.c", "is_modem(modems, next) && !has_fixed(modems, entry, mm)",
      "is_modem(modems, next)",
      "test-modems /modems/fixed", "test-modems /modems/fixed-link")
guard("QRTR: only the UIM service makes a modem", "facts 6",
      "src/modem/qrtr.c", "    if (service != QRTR_SERVICE_UIM)\n        return;\n",
      "",
      "test-modems /modems/qrtr")
guard("selection: ignored modems are not told", "euiccd.conf(5)",
      "src/agent/selection.c", "        if (config_ignores_modem(selection->config, &subject))",
      "        if (FALSE)",
      "test-selection /selection/pinned")
guard("selection: only what is allowed", "euiccd.conf(5)",
      "src/agent/selection.c", "    return allowed ? NULL : \"[modems] allow\";",
      "    return NULL;",
      "test-selection /selection/allow")
guard("selection: discover=false", "euiccd.conf(5)",
      "src/agent/selection.c", "    if (modems->len == 0 && selection->config->discover)",
      "    if (modems->len == 0)",
      "test-selection /selection/no-discovery")
guard("selection: a pinned modem has the IMEI that its group says", "euiccd.conf(5)",
      "src/agent/selection.c", "    if (!why && group && group->imei",
      "    if (FALSE && group && group->imei",
      "test-selection /selection/pinned")

# ---- bus ----

guard("Diagnose: numbers are hidden", "invariant 10; org.euiccd1.Modem",
      "src/bus/bus_diagnose.c", "    if (!diagnosis->unmasked) {",
      "    if (FALSE) {",
      "test-bus-modem /modem/masked", "test-cli /cli/diagnose", "diagnose.py a_working_modem")
guard("Diagnose: a probe and whole numbers are asked of polkit", "design 5",
      "src/bus/bus_modem.c", "if (options.probe || options.unmasked)",
      "if (FALSE)",
      "test-bus-modem /modem/refused")
guard("Diagnose: whole numbers alone are asked of polkit as well", "design 5",
      "src/bus/bus_modem.c", "options.probe || options.unmasked",
      "options.probe",
      "test-bus-modem /modem/refused", "test-cli /cli/not-authorized")
guard("Diagnose: the answer waits for the probe", "org.euiccd1.Modem",
      "src/bus/bus_diagnose.c", "    if (!job)\n        ask_version(diagnosis);",
      "    ask_version(diagnosis);",
      "test-bus-modem /modem/probe")
guard("mask: swapped nibbles", "invariant 10; ETSI TS 102 221 13.2",
      "src/util/mask.c", "    hide_form(run, swapped, 1, whole);\n",
      "",
      "test-mask /mask/known")
guard("mask: parts of a number", "invariant 10",
      "src/util/mask.c", "        hide_parts(run, form, width);",
      "        (void)hide_parts;",
      "test-mask /mask/known")
guard("mask: numbers that nobody knows", "invariant 10",
      "src/util/mask.c", "        hide_card_numbers(&run, size >= CUT_TEXT",
      "        if (numbers)\n            hide_card_numbers(&run, size >= CUT_TEXT",
      "test-mask /mask/unknown", "test-cli /cli/no-euicc")
guard("job: progress never falls", "org.euiccd1.Job",
      "src/agent/agent_news.c", "changed->progress = MAX(changed->progress, progress);",
      "changed->progress = progress;",
      "test-agents /agents/progress")

guard("bus: polkit's no", "design 5",
      "src/bus/polkit.c", "} else if (authorized) {",
      "} else if (authorized || challenge || TRUE) {",
      "test-polkit /polkit/answers")
guard("bus: polkit is asked", "design 5",
      "src/bus/polkit.c", "if (ask(request) < 0)",
      "(void)ask;\n    allow(request, \"unasked\");\n    if (FALSE)",
      "test-polkit /polkit/answers", "test-polkit /polkit/actions")
guard("bus: an answer of polkit that can't be read", "design 5",
      "src/bus/polkit.c", "        refuse(request, \"the answer of polkit can't be read\");",
      "        allow(request, \"why not\");",
      "test-polkit /polkit/answers")
guard("bus: an error of polkit is no yes", "design 5",
      "src/bus/polkit.c", "        refuse(request, why);\n    } else if (sd_bus_message_enter_container",
      "        allow(request, why);\n    } else if (sd_bus_message_enter_container",
      "test-polkit /polkit/answers")
for method, action, other in (("Rescan", "rescan", "poll"), ("Inhibit", "inhibit", "poll"),
                              ("AddInitialEim", "add-initial-eim", "poll"), ("Cancel", "cancel-job", "poll")):
    guard(f"bus: {method} has its own action", "design 5",
          "src/bus/polkit.c", f"\"{method}\", \"org.euiccd1.{action}\"",
          f"\"{method}\", \"org.euiccd1.{other}\"",
          "test-polkit /polkit/actions")
guard("bus: requests that wait for polkit", "invariant 6",
      "src/bus/polkit.c", "if (!sender || is_full(polkit, sender))",
      "(void)is_full;\n    if (!sender)",
      "test-polkit /polkit/request-limit")
guard("bus: size of an eIM configuration", "invariant 6",
      "src/bus/bus_euicc.c", "if (size > INITIAL_EIM_LIMIT) {",
      "if (FALSE) {",
      "test-polkit /methods/add-initial-eim")
guard("bus: number of inhibitions", "invariant 6",
      "src/bus/bus_inhibit.c", "if (bus->inhibitions->len >= INHIBITIONS_LIMIT) {",
      "if (FALSE) {",
      "test-polkit /methods/inhibit-limit")
guard("bus: an idle daemon sleeps", "invariant 7",
      "src/bus/bus_source.c", "else if (events != self->events)",
      "else",
      "idle.py no_wake_ups")

# ---- service unit ----

for line in ("NoNewPrivileges=yes", "UMask=0077", "ProtectSystem=strict", "CapabilityBoundingSet=",
             "MemoryDenyWriteExecute=yes", "RestartPreventExitStatus=78", "WatchdogSec=10min"):
    guard(f"unit: {line}", "euiccd(8)",
          "data/euiccd.service.in", f"\n{line}\n",
          "\n",
          "unit-hardening " + line)


# ---- rsp: what is decided before a profile reaches the card ----

guard("bpp: the metadata are looked at before the card gets anything", "SGP.22 3.1.3.2 step 12",
      "src/rsp/bpp.c", "    bpp->holding = sink->metadata != NULL;",
      "    bpp->holding = FALSE;",
      "test-bpp /bpp/moments", "test-bpp /bpp/IPAD-BPP-01N/packages")
guard("bpp: parts end within what they stand in", "invariant 6",
      "src/rsp/bpp.c", "if (header > *left || value > *left - header)",
      "if (FALSE)",
      "test-bpp /bpp/structure")
guard("bpp: nothing behind the last part", "SGP.22 2.5.4",
      "src/rsp/bpp.c", "if (bpp->stage == STAGE_ELEMENTS_HEADER && bpp->left > 0)",
      "if (FALSE)",
      "test-bpp /bpp/structure")
guard("bpp: a package that is cut off is no package", "SGP.22 3.1.3.3",
      "src/rsp/bpp.c", "if (bpp->stage == STAGE_END && !bpp->failed)",
      "if (!bpp->failed)",
      "test-bpp /bpp/ends")
guard("bpp: size of a package", "invariant 6",
      "src/rsp/bpp.c", "if (value > RSP_BPP_MAX_SIZE - header)",
      "if (FALSE)",
      "test-bpp /bpp/limits")
guard("bpp: size of a segment", "invariant 6",
      "src/rsp/bpp.c", "if (value > RSP_BPP_MAX_SEGMENT - header)",
      "if (FALSE)",
      "test-bpp /bpp/limits")
guard("bpp: size of what is held", "invariant 6",
      "src/rsp/bpp.c", "if (bpp->held->len + held.size > RSP_BPP_MAX_HELD)",
      "if (FALSE)",
      "test-bpp /bpp/limits")
guard("bpp: one block in A0 and A2", "SGP.22 2.5.5",
      "src/rsp/bpp.c", "if (!tlv_parse(content, 0x87, &block, NULL))",
      "if ((void)block, FALSE)",
      "test-bpp /bpp/structure")
guard("base64: no bits left over", "RFC 4648 3.5",
      "src/util/base64_stream.c", "if (stream->bits & ((1u << unused) - 1))",
      "if (FALSE)",
      "test-base64 /base64/refusals")
guard("base64: nothing behind the padding", "RFC 4648 3.3",
      "src/util/base64_stream.c", "if (stream->padding > 0)",
      "if (FALSE)",
      "test-base64 /base64/refusals")
guard("activation code: printable characters", "invariant 6; SGP.22 4.1",
      "src/rsp/activation_code.c", "if (!is_printable(rest))",
      "if (FALSE && is_printable(rest))",
      "test-activation-code /activation-code/refusals")
guard("activation code: its length", "SGP.22 4.1",
      "src/rsp/activation_code.c", "if (rest.size > RSP_ACTIVATION_CODE_MAX)",
      "if (FALSE)",
      "test-activation-code /activation-code/refusals", "test-activation-code /activation-code/vectors")
guard("PPR: what the card forbids", "SGP.22 2.8.1.1",
      "src/rsp/ppr.c", "if (tlv_bit_is_set(policy->forbidden, rules[i].bit)) {",
      "if (FALSE) {",
      "test-download-rules /download/IPAD-PPR-01N/rows")
guard("PPR: PPR1 beside an operational profile", "SGP.22 3.1.3",
      "src/rsp/ppr.c", "if (rules[i].bit == RSP_PPR_IDS_PPR1 && policy->has_operational) {",
      "if (FALSE) {",
      "test-download-rules /download/IPAD-PPR-01N/rows")
guard("PPR: no rule for the owner", "SGP.22 2.9.2",
      "src/rsp/ppr.c", "if (!rule) {",
      "if (!rule)\n        return RSP_PPR_ALLOWED;\n    if (FALSE) {",
      "test-download-rules /download/IPAD-PPR-01N/rows")
guard("PPR: rules of a later version", "SGP.22 2.9.2",
      "src/rsp/ppr.c", "if (has_unknown_rules(ids)) {",
      "if (FALSE) {",
      "test-download-rules /download/IPAD-PPR-01N/rows")
guard("PPR: the worst of several rules counts", "SGP.22 2.9.2",
      "src/rsp/ppr.c", "if (verdict > worst) {",
      "if (worst == RSP_PPR_ALLOWED) {",
      "test-download-rules /download/IPAD-PPR-01N/rows")
guard("es10: a result of the card ends the load", "SGP.22 3.1.3.3; I-38",
      "src/euicc/es10b_download.c", "    if (g_bytes_get_size(answer) == 0) {",
      "    if (g_bytes_get_size(answer) != 2) {",
      "test-es10-download /es10/download/load-ends")
guard("es10: a refusal of the card is no signature", "SGP.22 5.7.13",
      "src/euicc/es10b_download.c", "    if (choice.tag == TAG_OK) {",
      "    if (choice.tag == TAG_OK || choice.tag == error_tag) {",
      "test-es10-download /es10/download/answers")
