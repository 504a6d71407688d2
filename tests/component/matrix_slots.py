#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The fault matrix: indications that are late, double and out of order, and slots that somebody else switches, or the
daemon for its jobs, for QMI and MBIM. See matrixrow.py for what holds at the end of each row."""

from matrixrow import (HASTY, REAL_PROXY, at_modem, delivered, fails, gone, poll_stuck, proxy, row, switches, toggle,
                       works, world_of)
from world import EUICC, MANAGER, ROOT, equal, main

# ---- indications that are not as they should be ----


@row("IPAD-TRN-99N", "SGP.22 5.7.2", "indications")
def indications_late(world):
    world.knob("modem", {"indication-delay": 400})
    switches(world)


@row("IPAD-TRN-79N", "SGP.22 5.7.2", "indications")
def indications_three_times(world):
    world.knob("modem", {"indication-copies": 3})
    switches(world)


@row("IPAD-TRN-78N", "SGP.22 5.7.2", "indications")
def indications_out_of_order(world):
    world.knob("modem", {"indication-swap": True})
    switches(world)


@row("IPAD-TRN-77N", "SGP.22 5.7.2", "indications")
def indications_late_double_and_out_of_order(world):
    world.knob("modem", {"indication-delay": 300, "indication-copies": 2, "indication-swap": True})
    switches(world)


@row("IPAD-TRN-76N", "SGP.22 5.7.2", "indications")
def indications_that_never_come(world):
    world.knob("modem", {"indications": False})
    switches(world)


# ---- slots that are switched by somebody else ----


def switch_slot(world, number):
    world.control("modem", {"do": "switch-slot", "slot": number})


@row("IPAD-TRN-75N", "design 6", "slots")
def slot_switched_while_idle(world):
    """The second slot is empty: the card is gone, and there again when it is switched back."""
    switch_slot(world, 2)
    gone(world)
    switch_slot(world, 1)
    works(world)


@row("IPAD-TRN-74E", "design 6", "slots")
def slot_switched_in_the_middle_of_a_package(world):
    number, job = poll_stuck(world, {"message": "send-apdu", "after": "BF51", "contains": "E291", "action": "drop"},
                             order=toggle(world))
    switch_slot(world, 2)
    fails(world, job, "CardAbsent", "executing a package")
    world.knob("modem", {"rules": []})
    gone(world)
    switch_slot(world, 1)
    world.wait_idle()
    world.poll_ok()
    delivered(world, number, [{"enable": 0}])


OWN_SLOT = HASTY + "[modem sim]\nslot=1\nswitch-slot=true\n"


def away(world):
    """Somebody made the other slot the active one. A QMI modem tells, and the daemon looks for its card at once."""
    world.wait_idle()
    world.slot = {"slot": 1}
    before = world.log().count("found iot eUICC")
    switch_slot(world, 2)
    if world.kind == "qmi":
        world.wait_until("card found again", lambda: world.log().count("found iot eUICC") > before)
        world.wait_idle()


def rests_in(world, number):
    equal(world.show("modem")["active-slot"], number, "active slot")


@row("IPAD-ROB-40N", "design 6", "own_slot")
def slot_switched_for_a_job_and_given_back(world):
    away(world)
    number = world.queue(*toggle(world))
    world.poll_ok()
    delivered(world, number, [{"enable": 0}])
    world.wait_idle()
    rests_in(world, 2)
    switch_slot(world, 1)


@row("IPAD-ROB-41E", "design 6", "own_slot")
def slot_given_back_after_a_failure(world):
    away(world)
    number = world.queue(*toggle(world))
    world.knob("eim", {"faults": [{"on": "ProvideEimPackageResult", "status": 500}]})
    fails(world, world.call(world.path, EUICC, "Poll")[0], "Http", "the eIM answered HTTP status 500")
    world.wait_idle()
    rests_in(world, 2)
    world.poll_ok()
    delivered(world, number, [{"enable": 0}])
    rests_in(world, 2)
    switch_slot(world, 1)


@row("IPAD-ROB-44N", "design 6", "own_slot")
def empty_slot_is_not_given_back(world):
    """There is nothing that could be used in it."""
    world.control("modem", {"do": "eject", "slot": 2})
    away(world)
    number = world.queue(*toggle(world))
    world.call(ROOT, MANAGER, "Rescan")
    world.poll_ok()
    delivered(world, number, [{"enable": 0}])
    rests_in(world, 1)
    world.control("modem", {"do": "insert", "slot": 2})


@row("IPAD-ROB-42E", "design 6", "own_slot")
def daemon_killed_while_its_slot_is_the_active_one(world):
    """The next one knows that the other slot was active, and gives it back."""
    away(world)
    number, _ = poll_stuck(world, {"message": "send-apdu", "after": "BF51", "contains": "E291", "action": "drop"},
                           order=toggle(world))
    world.dead |= at_modem(world)
    world.daemon("kill")
    world.knob("modem", {"rules": []})
    rests_in(world, 1)
    world.daemon("start")
    world.wait_idle()
    rests_in(world, 2)
    world.poll_ok()
    delivered(world, number, [{"enable": 0}])
    world.wait_idle()
    rests_in(world, 2)
    switch_slot(world, 1)


@row("IPAD-ROB-45E", "design 6", "own_slot_proxy")
def proxy_killed_while_our_slot_is_the_active_one(world):
    """The slot is given back after the job that finds the modem again."""
    away(world)
    number, job = poll_stuck(world, {"message": "send-apdu", "after": "BF51", "contains": "E291", "action": "drop"},
                             order=toggle(world))
    rests_in(world, 1)
    world.dead |= at_modem(world)
    world.part(proxy(world), "kill")
    fails(world, job, "ModemGone", "executing a package", "modem is gone")
    world.knob("modem", {"rules": []})
    world.wait_idle()
    rests_in(world, 2)
    world.poll_ok()
    delivered(world, number, [{"enable": 0}])
    world.wait_idle()
    rests_in(world, 2)
    switch_slot(world, 1)


for kind in ("qmi", "mbim"):
    world_of(kind, "indications")
    world_of(kind, "slots", knobs={"slots": 2})
    world_of(kind, "own_slot", OWN_SLOT, arguments=["--second-slot"])
    world_of(kind, "own_slot_proxy", OWN_SLOT, arguments=["--second-slot"] + REAL_PROXY)

main(__name__)
