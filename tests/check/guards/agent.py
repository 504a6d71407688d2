# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guards of src/agent."""

from . import guard

guard("orders: only what was granted is waited for", "modems 5.2",
      "src/agent/orders.c", "        if (given->order.kind == ORDER_SWITCH_SLOT) {",
      "    }\n    {\n        if (given->order.kind == ORDER_SWITCH_SLOT) {",
      "test-orders /orders/refused")
guard("route: slots that are to be kept are not ModemManager's to switch either", "euiccd-quirks.conf(5)",
      "src/agent/route.c", "route->quirks.keep_slots == QUIRK_YES ||",
      "FALSE ||",
      "test-route /route/slots")
guard("store: what can't be read is put aside", "invariant 3",
      "src/agent/store.c", "if (g_rename(path, aside) == 0)",
      "if (g_unlink(path) == 0)",
      "test-store /store/bad-files", "test-store /store/bad-state")
guard("store: format of records", "invariant 3",
      "src/agent/store_record.c", "if (get_number(file, \"format\", 0, &bad) != 1)",
      "if (FALSE)",
      "test-store /store/bad-files")
guard("store: what is not on disk does not count", "invariant 3",
      "src/agent/store.c", "    put_eim_key(store, group, key, before);\n",
      "",
      "test-store /store/unwritable")
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
      "matrix_slots.py IPAD-ROB-44N")
guard("route: a slot is owed beyond the loss of the modem", "design 6",
      "src/agent/route.c", "    if (!slot || !route->is_open)\n        return FALSE;\n",
      "    route->former_slot = 0;\n    if (!slot || !route->is_open)\n        return FALSE;\n",
      "test-route /route/slot-after-loss")
guard("route: a slot is owed beyond the end of the daemon", "design 6",
      "src/agent/route.c", "        route->former_slot = slot_note_read(route->config->state_directory, route->modem);\n",
      "        route->former_slot = 0;\n",
      "test-route /route/slot-after-kill")
guard("route: what can't be noted is not switched", "design 6",
      "src/agent/route.c", "    if (!slot_note_write(route->config->state_directory, route->modem, slot, error))\n        return FALSE;\n",
      "    (void)slot_note_write(route->config->state_directory, route->modem, slot, NULL);\n",
      "test-route /route/slot-without-note")
guard("worker: the card is still in the active slot", "design 6",
      "src/agent/worker.c", "return route_is_in_slot(worker->route, worker->job->cancellable);",
      "return TRUE;",
      "matrix_slots.py IPAD-ROB-42E")
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
      "src/agent/pause.h", "return (guint)MIN((guint64)first << MIN(MAX(failures, 1) - 1, 24), limit);",
      "(void)limit;\n    return (guint)((guint64)first << MIN(MAX(failures, 1) - 1, 12));",
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
guard("agent: pauses between tries of a modem have a limit", "invariant 7",
      "src/agent/agent.c", "MIN(RETRY_FIRST << MIN(agent->start_failures, 10), RETRY_LIMIT)",
      "(guint)RETRY_FIRST << MIN(agent->start_failures, 10)",
      "test-agents /agents/retry")
guard("agent: one user of a card", "invariant 4",
      "src/agent/agent_news.c", "if (is_new && agent->owner->is_taken(agent, facts->eid, agent->owner_data)) {",
      "if (FALSE) {",
      "test-agents /agents/card-taken")
guard("agent: a card that is left alone gets no jobs", "invariant 9",
      "src/agent/agents_requests.c", "if (snapshot && snapshot->state == EUICC_LEFT_ALONE) {",
      "if (FALSE) {",
      "test-agents /agents/left-alone")
guard("store: one user of a card at a time", "invariant 4",
      "src/util/file.c", "if (flock(fd, LOCK_EX | LOCK_NB) == 0)",
      "if (flock(fd, LOCK_EX | LOCK_NB) != 77)",
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
      "src/agent/worker.c", "        channel_close(route_get_channel(worker->route));\n    if (worker_is_lost(",
      "        (void)worker;\n    if (worker_is_lost(",
      "package.py list_profiles")
guard("worker: the channel is closed after a job that failed", "invariant 4",
      "src/agent/worker.c", "    if (route_get_channel(worker->route))\n        channel_close(",
      "    if (route_get_channel(worker->route) && !error)\n        channel_close(",
      "modem.py no_channel_after_a_failure")
guard("links: unusable trust of the card is no trust", "invariant 5; SGP.32 2.6",
      "src/agent/links.c", "    if (eim->trust_data)\n        return trust_new_from_eim_data(",
      "    g_autoptr(Trust) usable =\n"
      "        eim->trust_data\n"
      "            ? trust_new_from_eim_data(tlv_slice_from_bytes(eim->trust_data), NULL)\n"
      "            : NULL;\n"
      "    if (usable)\n        return trust_new_from_eim_data(",
      "trust.py unusable_key_of_the_card")
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
guard("job: progress never falls", "org.euiccd1.Job",
      "src/agent/agent_news.c", "changed->progress = MAX(changed->progress, progress);",
      "changed->progress = progress;",
      "test-agents /agents/progress")
guard("AT: the terminal is closed between jobs", "design 2; others use it",
      "src/agent/worker.c", "    if (!awaits_card(worker, gone, error))\n        route_rest(worker->route);",
      "    (void)awaits_card;",
      "at.py closed_between_jobs")
guard("AT: a session that can't be closed keeps the terminal open", "invariant 4",
      "src/agent/route.c", "!route->backend->exclusive || route->backend->held)",
      "!route->backend->exclusive)",
      "test-route /route/rest", "at.py firmware_with_the_least")
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
guard("switching: all slots of a modem share one inhibition", "modems 5.3",
      "src/agent/switching.c", "if (tie_means(self->tie, switching->mm, modem))",
      "if (g_str_equal(self->tie->modem->device, modem->device))",
      "test-switching /switching/two-users/two-groups", "test-switching /switching/two-users/another-port",
      "test-switching /switching/sibling-while-it-returns")
guard("orders: all slots of a modem wait for its new object", "modems 5.3",
      "src/agent/orders.c", "if (tie_means(orders->switched->pdata[i], orders->mm, modem))",
      "if (g_str_equal(((const Tie *)orders->switched->pdata[i])->modem->device, modem->device))",
      "test-orders /orders/probed-anew-for-sibling")
guard("agents: an object that comes back because of us is no news", "invariant 7; modems 5.3",
      "src/agent/agents.c", "    if (!owner_expects_comeback(agent, agents) || !agent_can_miss_object(agent))\n",
      "",
      "test-agents-manager /agents-manager/object-of-switched-slot",
      "test-agents-manager /agents-manager/profile-changed")
guard("agents: a modem whose object comes back because of us is not looked at", "invariant 7; modems 5.3",
      "src/agent/agents.c", "        if (!ours)\n",
      "        if (!ours || TRUE)\n",
      "test-agents-manager /agents-manager/slot-switched")
guard("agents: an object that comes is a reason to try again", "modems 5.3",
      "src/agent/agents.c", 'agent_retry(agent, "ModemManager object");',
      "(void)agent;",
      "test-agents-manager /agents-manager/retry", "test-agents-manager /agents-manager/retry-at-once")
guard("agent: a card that was away because of us is polled when it would have been", "invariant 7",
      "src/agent/agent_news.c", "while (!keep && g_hash_table_iter_next(",
      "while ((!keep || TRUE) && g_hash_table_iter_next(",
      "test-agents-manager /agents-manager/poll-of-other-slot")
guard("switching: a ModemManager that restarts is asked again", "modems 5.3",
      "src/agent/switching.c", "    if (!self->lost || self->state != STATE_ACTIVE)\n        return;",
      "    if (self->lost || !self->lost)\n        return;",
      "test-switching /switching/restarts-while-inhibited", "test-switching /switching/goes-while-settling",
      "switch.py modemmanager_restarted_while_inhibited")
guard("worker: it is told that the network was let go of", "modems 5.3",
      "src/agent/worker_host.c", "return rendezvous_is_granted(rendezvous);\n}\n\nstatic void host_switch_end",
      "return FALSE;\n}\n\nstatic void host_switch_end",
      "switch.py network_comes_back_after_the_inhibition")
guard("switching: a profile change knows that the modem was let go of", "modems 5.3",
      "src/agent/switching.c", "            rendezvous_grant(user->waits);",
      "            rendezvous_answer(user->waits);",
      "test-switching /switching/sequence")
guard("worker: a refusal of one port does not hide what may pass at another", "design 6",
      "src/agent/worker_card.c", "    } else if (euiccd_error_is(*first, EUICCD_ERROR_NOT_SUPPORTED) &&",
      "    } else if (FALSE &&",
      "test-worker-card /worker-card/refusal-then-silence", "test-worker-card /worker-card/refusals-then-gone")
guard("route: a daemon that ends does not wait for a slot", "TimeoutStopSec",
      "src/agent/route.c", "    if (is_last) {\n",
      "    if (FALSE) {\n",
      "test-route /route/slot-stuck-at-end")
guard("config: no JSON in dialect 1.0", "SGP.32 6.4",
      "src/agent/config.c", "if (eim->binding == CONFIG_BINDING_JSON && eim->dialect == CONFIG_DIALECT_V1_0) {",
      "if (FALSE) {",
      "test-config /config/bad-values")
guard("deliveries: what waits for another configuration wakes nobody", "interop note I-16",
      "src/agent/deliveries.c", "if (!entry->asked || entry->blocked)",
      "if (!entry->asked)",
      "test-deliveries /deliveries/blocked")
guard("deliveries: the log has a lasting reason once", "interop note I-16",
      "src/agent/deliveries.c", "if (g_strcmp0(g_hash_table_lookup(deliveries->told, address), why) == 0)",
      "if (FALSE)",
      "test-deliveries /deliveries/blocked")
