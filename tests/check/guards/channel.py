# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guards of src/channel: what does not depend on the modem."""

from . import guard

guard("renew: who restarts modems in the back-end's place comes first", "modems 5.2",
      "src/channel/renew.c", "!(channel->restart && channel->restart(cancellable, channel->restart_data)) &&",
      "",
      "test-channel-renew /channel-renew/ladder/restart-by-another")
guard("renew: a modem that is about to restart is asked nothing", "interop I-35",
      "src/channel/renew.c", "if (!channel->away)",
      "if (TRUE)",
      "test-channel-renew /channel-renew/remembered/restart")
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
guard("quirks: a given default counts", "euiccd-quirks.conf(5)",
      "src/channel/quirks.c", "if (other->reset != RESET_AUTO || other->given & QUIRK_GIVEN_RESET)",
      "if (other->reset != RESET_AUTO)",
      "test-quirk-table /quirk-table/merge", "test-config /config/quirks")
