# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guards of src/channel: AT commands."""

from . import guard

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
      "src/channel/at_apdu.c", "set_parked(self, channel, FALSE);\n        if (response && refusal_is_selected(get_status(response))) {",
      "set_parked(self, channel, FALSE);\n        if (response) {",
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
