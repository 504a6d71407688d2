#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A modem that is spoken to with AT commands, on a terminal: catalogue area TRN."""

from world import EUICC, OPERATIONAL, case, equal, main

AT = ["at"]


def works(world, sessions_stay=False):
    """A package goes through from end to end."""
    world.wait_idle()
    number = world.queue("list")
    world.poll_ok()
    equal(len(world.result(number)["results"][0]["listProfileInfo"]), 3)
    world.check_settled(sessions_stay)


def switches(world):
    """The modem acts on the REFRESH, and says that the card went and came back."""
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    equal(world.result(number)["results"], [{"enable": 0}])
    equal(world.show("card")["enabledIccid"], OPERATIONAL)
    world.check_settled()


@case("AT-01", "3.3.1", modems=AT)
def package_and_profile_change(world):
    works(world)
    switches(world)
    works(world)
    world.daemon("stop")
    equal(world.show("modem")["channels"], [])


@case("AT-02", "3.3.1", modems=AT, knobs={"ccho": False, "chatter": True})
def by_hand(world):
    """+CSIM with MANAGE CHANNEL and SELECT, between lines that nobody asked for."""
    works(world)
    switches(world)
    world.daemon("stop")
    equal(world.show("modem")["channels"], [])


@case("AT-03", "3.3.1", modems=AT, knobs={"cchc": False, "csim": False, "bare-session": True})
def firmware_with_the_least(world):
    """Sessions that can't be closed, answers without a prefix, and no +CSIM: one session is used again."""
    works(world, sessions_stay=True)
    works(world, sessions_stay=True)
    equal(len(world.show("modem")["channels"]), 1, "sessions")


@case("AT-04", "design 2", modems=AT)
def modem_removed_during_a_package(world):
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL)
    world.knob("modem", {"rules": [{"message": "send-apdu", "after": "BF51", "contains": "E291",
                                    "action": "unplug-after"}]})
    world.call(world.path, EUICC, "Poll")
    world.wait_modem("unplug")
    equal(world.show("card")["enabledIccid"], OPERATIONAL)
    world.knob("modem", "plug")
    world.wait_idle()
    world.poll_ok()
    order = world.result(number)
    equal(order["results"], [{"enable": 0}])
    equal(order["offered"], 1)
    world.check_settled()


@case("AT-05", "design 4", modems=AT)
def sessions_of_dead_predecessors(world):
    """More daemons die with an open session than the modem has channels, and with the port to themselves."""
    world.wait_idle()
    for _ in range(5):
        before = world.modem_count("rule")
        world.knob("modem", {"rules": [{"message": "send-apdu", "contains": "BF51",
                                        "action": "ignore"}]})
        world.queue("list")
        world.call(world.path, EUICC, "Poll")
        world.wait_modem("rule", before + 1)
        world.daemon("kill")
        world.knob("modem", {"rules": []})
        world.daemon("start")
        world.wait_idle()
        world.poll_ok()
    works(world, sessions_stay=True)


main(__name__)
