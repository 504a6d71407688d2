# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guards of src/channel: QMI."""

from . import guard

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
guard("channel: QMI tells when the wanted slot becomes the active one", "invariant 7",
      "src/channel/qmi.c", "    else if (self->backend.inactive)\n        card = QMI_CARD_OFF;",
      "    else if (FALSE)\n        card = QMI_CARD_OFF;",
      "test-qmi-modem /qmi-modem/slot-news")
