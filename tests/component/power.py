#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A card that was left without power: catalogue area TRN."""

from world import OPERATIONAL, EUICC, case, equal, main

# The modem that does not act on a REFRESH: the daemon resets the card itself.
RESET = {"refresh": "ignore"}


def lose_power_on(world, action, count=1):
    """Makes a profile change whose Power On the modem loses (ignore) or refuses (error): the order."""
    world.wait_idle()
    world.knob("modem", {"rules": [{"message": "power-on", "action": action, "error": 3,
                                    "count": count}]})
    number = world.queue("enable", OPERATIONAL)
    world.call(world.path, EUICC, "Poll")
    return number


def came_back(world, number):
    order = world.result(number, timeout=120)
    equal(order["results"], [{"enable": 0}])
    equal(world.show("card")["enabledIccid"], OPERATIONAL)
    world.poll_ok()
    world.check_settled()


@case("IPAD-TRN-20N", "design 2", knobs=RESET)
def killed_while_the_card_is_off(world):
    number = lose_power_on(world, "ignore")
    world.wait_modem("power-on")
    world.daemon("kill")
    world.knob("modem", {"rules": []})
    world.daemon("start")
    world.wait_modem("power-on", 2)
    came_back(world, number)


@case("IPAD-TRN-21N", "design 2", knobs={**RESET, "indications": False})
def killed_while_the_card_is_off_without_indications(world):
    number = lose_power_on(world, "ignore")
    world.wait_modem("power-on")
    world.daemon("kill")
    world.knob("modem", {"rules": []})
    world.daemon("start")
    world.wait_modem("power-on", 2)
    came_back(world, number)


@case("IPAD-TRN-22N", "design 2", knobs=RESET)
def power_on_without_answer(world):
    number = lose_power_on(world, "ignore")
    world.wait_modem("power-on", 2)
    came_back(world, number)


@case("IPAD-TRN-23N", "design 2", knobs=RESET)
def power_on_refused_for_a_while(world):
    number = lose_power_on(world, "error", 2)
    world.wait_modem("power-on", 3)
    came_back(world, number)


@case("IPAD-TRN-24N", "design 2", knobs=RESET)
def power_on_refused_by_the_whole_reset(world):
    """The reset fails; whoever uses the card next switches it on."""
    number = lose_power_on(world, "error", 4)
    world.wait_modem("power-on", 5)
    came_back(world, number)


main(__name__)
