# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guards of src/bus."""

from . import guard

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
guard("diagnose: no names of eIMs", "a report is sent to others",
      "src/bus/bus_diagnose.c", "? mask_names(hostless, (const char *const *)hidden->names->pdata)",
      "? g_strdup(hostless)",
      "test-bus-modem /modem/masked-names", "test-bus-modem /modem/masked-word")
guard("diagnose: no names of servers that no card names", "a report is sent to others",
      "src/bus/bus_diagnose.c", "is_failure(context->member) ? mask_hosts(text) : g_strdup(text);",
      "is_failure(context->member) ? g_strdup(text) : g_strdup(text);",
      "test-bus-modem /modem/masked-names")
guard("diagnose: an eimId that is a word hides no property", "org.euiccd1(5)",
      "src/bus/bus_diagnose.c", "            is_sentence(context->member)\n",
      "            (is_sentence(context->member) || TRUE)\n",
      "test-bus-modem /modem/masked-word")
guard("diagnose: one of a modem for a caller", "org.euiccd1(5)",
      "src/bus/bus_diagnose.c", "if (is_under_way(bus, sd_bus_message_get_sender(m), number)) {",
      "(void)is_under_way;\n    if (FALSE) {",
      "test-bus-modem /modem/one-at-a-time")
