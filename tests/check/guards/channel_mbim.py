# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guards of src/channel: MBIM."""

from . import guard

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
guard("MBIM: ModemManager's channels are left alone", "design 1; it has group 1",
      "src/channel/mbim_private.h", "#define MBIM_FIRST_GROUP 2",
      "#define MBIM_FIRST_GROUP 1",
      "test-mbim /mbim/session/leaked-channels")
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
guard("MBIM: channels of another slot's agent are left alone", "invariant 4",
      "src/channel/mbim.c", "    self->group = MBIM_FIRST_GROUP + slot;",
      "    self->group = MBIM_FIRST_GROUP;",
      "test-mbim-card /mbim-card/other-slots-channels")
