#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The fault matrix: proxies that die, hang or come late, modems that are pulled at each step of a profile switch,
for QMI and MBIM. See matrixrow.py for what holds at the end of each row."""

from matrixrow import (HASTY, REAL_PROXY, STEADY, at_modem, delivered, fails, gone, is_offered, poll_stuck, proxy, row,
                       toggle, works, world_of)
from world import EIM, EUICC, JOB, equal, main

LAST_BLOCK = {"message": "send-apdu", "after": "BF51", "contains": "E291"}


# The result reached the eIM, and is still on the card.
REMOVING = ["removing acknowledged result", "ES10b.RemoveNotificationFromList"]


def not_executed(world, number):
    """The order ended with undefinedError (SGP.32 2.11.2.1), which is the IPA's word, and without a result."""
    ended = world.outcome(number)
    equal((ended["offered"], ended.get("results"), ended["error"]),
          (1, None, {"signed": False, "code": 127, "name": "undefinedError"}), f"order: {ended}")


# ---- proxies, real ones ----


def end_proxy(world):
    """Nobody tells the modem that its clients are gone."""
    world.dead |= at_modem(world)
    world.part(proxy(world), "kill")


@row("IPAD-TRN-80E", "design 6", "proxies")
def proxy_killed_while_idle(world):
    for _ in range(5):
        end_proxy(world)
        gone(world)
        works(world)


@row("IPAD-TRN-81N", "I-43", "relapses")
def proxy_killed_before_the_card_has_the_package(world):
    """The card's list shows that it did not run: it is given to the card again, in the same job."""
    number, job = poll_stuck(world, {"message": "send-apdu", "contains": "BF51", "action": "ignore"},
                             order=toggle(world))
    end_proxy(world)
    equal(world.wait_job(job), ("done", "", ""))
    delivered(world, number, [{"enable": 0}])


@row("IPAD-ROB-46E", "I-43", "relapses")
def proxy_killed_each_time_before_the_card_has_the_package(world):
    """It is tried a second time and no third. The eIM learns that nothing was executed."""
    number, job = poll_stuck(world, {"message": "send-apdu", "contains": "BF51", "action": "ignore", "count": 0},
                             order=toggle(world))
    met = world.modem_count("rule")
    end_proxy(world)
    world.wait_modem("rule", met + 1)
    end_proxy(world)
    fails(world, job, "ModemGone", "executing a package", "modem is gone")
    equal(world.modem_count("rule"), met + 1, "times the card should have got the package")
    world.knob("modem", {"rules": []})
    world.wait_idle()
    world.poll_ok()
    not_executed(world, number)


@row("IPAD-TRN-82E", "3.3.1", "proxies")
def proxy_killed_while_the_card_executes(world):
    number, job = poll_stuck(world, {**LAST_BLOCK, "action": "drop"}, order=toggle(world))
    end_proxy(world)
    fails(world, job, "ModemGone", "executing a package", "modem is gone")
    world.knob("modem", {"rules": []})
    world.wait_idle()
    world.poll_ok()
    delivered(world, number, [{"enable": 0}])


@row("IPAD-TRN-83E", "design 6", "proxies")
def proxy_silent_in_the_middle(world):
    """Nothing is answered: the job ends in time; then everything is as before."""
    number = world.queue("list")
    world.part(proxy(world), "pause")
    try:
        fails(world, world.call(world.path, EUICC, "Poll")[0], "Timeout", "no answer in time")
    finally:
        world.part(proxy(world), "continue")
    world.wait_idle()
    world.poll_ok()
    # What was not tried on the card is tried now; of what may have got there the result is looked for.
    equal(world.outcome(number)["offered"], 1, "times the package was offered")


@row("IPAD-TRN-84N", "design 6", "proxies")
def proxy_answers_late_when_the_daemon_starts(world):
    world.daemon("stop")
    world.part(proxy(world), "pause")
    try:
        world.daemon("start")
        assert not is_offered(world), "a card without an answer of the proxy"
    finally:
        world.part(proxy(world), "continue")
    world.wait_idle()


@row("IPAD-TRN-85N", "design 6", "proxies")
def proxy_gone_before_the_daemon_starts(world):
    world.daemon("stop")
    world.part(proxy(world), "kill")
    world.daemon("start")
    world.wait_idle()


@row("IPAD-TRN-86E", "design 6", "proxies")
def proxy_ends_by_itself(world):
    """SIGTERM, as at the end of its idle time."""
    world.dead |= at_modem(world)
    world.part(proxy(world), "stop")
    gone(world)
    works(world)


# ---- the modem is pulled at each step of a switch ----


def is_discovered(world):
    """The modem is withdrawn with its job as soon as the machine says that it went."""
    return "device" in world.show("world")["modems"][0]


def pull(world, step, *words, executed=True, result=True):
    """The modem goes when STEP says, and comes back; what the package did arrives once."""
    eim = world.get(world.eim_path(), EIM)
    order = toggle(world)
    if callable(step):
        number = world.queue(*order)
        job = world.call(world.path, EUICC, "Poll")[0]
        step(job)
        world.knob("modem", "unplug")
    else:
        number, job = poll_stuck(world, step, order=order)
    fails(world, job, "ModemGone", *([] if is_discovered(world) else words))
    comes_back(world, eim)
    world.poll_ok()
    if not result:
        not_executed(world, number)
        assert world.show("card")["enabledIccid"] != order[1], "enabled without a result"
        return
    delivered(world, number, [{"enable": 0}])
    equal(world.show("card")["enabledIccid"], order[1], "profile")


def comes_back(world, eim):
    """As the same node or another one; the eUICC is the same, and so is the history of its eIM."""
    gone(world)
    world.knob("modem", {"rules": []})
    if is_discovered(world):
        world.plug("cdc-wdm7")
    else:
        world.plug()
    world.wait_idle()
    after = world.get(world.eim_path(), EIM)
    for name in ("BytesSent", "BytesReceived"):
        assert after[name] >= eim[name], f"{name}: {after[name]}, {eim[name]} before"


@row("IPAD-TRN-87E", "3.3.1", "pulls")
def pulled_before_the_package(world):
    pull(world, {"message": "send-apdu", "contains": "BF51", "action": "unplug"}, "executing a package",
         result=False)


@row("IPAD-TRN-88E", "3.3.1", "pulls")
def pulled_at_the_last_block(world):
    pull(world, {**LAST_BLOCK, "action": "unplug"}, "executing a package", result=False)


@row("IPAD-TRN-89E", "3.3.1", "pulls")
def pulled_after_execution_before_the_answer(world):
    pull(world, {**LAST_BLOCK, "action": "unplug-after"}, "executing a package")


@row("IPAD-TRN-90E", "3.3.1", "pulls")
def pulled_while_the_refresh_is_waited_for(world):
    def step(job):
        world.wait_until("waiting for the REFRESH", lambda: world.get(job, JOB)["Stage"].startswith(
            "waiting for the card"))

    world.knob("modem", {"refresh-delay": 3600000})
    pull(world, step, *REMOVING)


@row("IPAD-TRN-91E", "3.3.1", "pulls")
def pulled_while_the_profiles_are_read(world):
    pull(world, {"message": "send-apdu", "contains": "BF2D", "after": "BF51", "action": "unplug"}, *REMOVING)


@row("IPAD-TRN-92E", "3.3.1", "pulls")
def pulled_while_the_result_is_delivered(world):
    def step(job):
        world.wait_until("delivering", lambda: world.get(job, JOB)["Stage"].startswith("delivering"))

    world.knob("eim", {"faults": [{"on": "ProvideEimPackageResult", "delay": 1000}]})
    pull(world, step, *REMOVING)


@row("IPAD-TRN-93E", "3.3.1", "pulls")
def pulled_before_the_result_is_removed(world):
    pull(world, {"message": "send-apdu", "contains": "BF30", "after": "BF51", "action": "unplug"},
         *REMOVING)


@row("IPAD-TRN-94E", "3.3.1", "pulls")
def pulled_after_the_result_was_removed(world):
    pull(world, {"message": "send-apdu", "contains": "BF30", "after": "BF51", "action": "unplug-after"},
         *REMOVING)


PATIENT = HASTY.replace("refresh-grace=3s", "refresh-grace=20s")

for name in ("qmi", "mbim"):
    world_of(name, "proxies", arguments=REAL_PROXY)
    world_of(name, "relapses", STEADY, arguments=REAL_PROXY)  # a proxy needs its time to start
    world_of(name, "pulls", PATIENT)
    world_of(name, "pulls", PATIENT, name="elsewhere", udev=True)

main(__name__)
