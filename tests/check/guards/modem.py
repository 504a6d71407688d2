# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guards of src/modem."""

from . import guard

guard("orders: an object that is about to be probed anew is not asked", "modems 5.2",
      "src/modem/modemmanager_request.c", "modem && g_strcmp0(modem->path, request->former) == 0 ? NULL : modem",
      "modem",
      "test-orders /orders/probed-anew")
guard("quirks: a group is for some modems", "euiccd-quirks.conf(5)",
      "src/modem/quirk_table.c", "        if (group->patterns[i])\n            return TRUE;\n    g_set_error",
      "        return TRUE;\n    g_set_error",
      "test-quirk-table /quirk-table/refused")
guard("quirks: what is not known matches nothing", "euiccd-quirks.conf(5)",
      "src/modem/quirk_table.c", "    if (!text || !text[0])\n        return FALSE;\n",
      "    if (!text)\n        text = \"\";\n",
      "test-quirk-table /quirk-table/matching")
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
