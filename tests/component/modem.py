#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Modems that come, go and misbehave: catalogue areas TRN and ROB."""

from world import BOOTSTRAP, EUICC, OPERATIONAL, case, equal, main


def gone(world):
    """The eUICC is not offered any more."""

    def condition():
        euicc = world.get(world.path, EUICC)
        return euicc is None or euicc["State"] == "unavailable"

    world.wait_until("eUICC gone or unavailable", condition)


def works(world):
    """A package goes through from end to end."""
    world.wait_idle()
    number = world.queue("list")
    world.poll_ok()
    equal(len(world.result(number)["results"][0]["listProfileInfo"]), 3)
    world.check_settled()


@case("IPAD-TRN-01N", "SGP.22 5.7.2; 3.8.4")
def no_channel_stays_open(world):
    works(world)
    world.daemon("stop")
    equal(world.show("modem")["channels"], [])
    equal(world.show("modem")["clients"], [], "client ids left at the modem")
    assert world.show("card")["ipadDeclared"], "no TERMINAL CAPABILITY of an IPAd"


@case("IPAD-TRN-01E", "SGP.22 5.7.2; 3.8.4")
def no_channel_after_a_failure(world):
    world.wait_idle()
    world.queue("list")
    world.knob("eim", {"faults": [{"on": "ProvideEimPackageResult", "count": 0, "status": 500}]})
    equal(world.poll()[0], "failed")
    world.wait_idle()
    equal(len(world.show("card")["results"]), 1, "results on the card")
    equal(world.show("modem")["channels"], [], "channels left open")


@case("IPAD-TRN-02N", "design 2")
def modem_removed_and_back(world):
    world.wait_idle()
    world.knob("modem", "unplug")
    gone(world)
    world.knob("modem", "plug")
    works(world)


@case("IPAD-TRN-03N", "design 2")
def modem_removed_during_a_package(world):
    """After execution, before the answer: found on the card when the modem is back."""
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL)
    world.knob("modem", {"rules": [{"message": "send-apdu", "after": "BF51", "contains": "E291",
                                    "action": "unplug-after"}]})
    world.call(world.path, EUICC, "Poll")
    world.wait_modem("unplug")
    equal(world.show("card")["enabledIccid"], OPERATIONAL)
    gone(world)
    world.knob("modem", "plug")
    world.wait_idle()
    world.poll_ok()
    order = world.result(number)
    equal(order["results"], [{"enable": 0}])
    equal(order["offered"], 1)
    world.check_settled()


@case("IPAD-TRN-04N", "design 2")
def card_removed_and_back(world):
    world.wait_idle()
    world.knob("modem", "eject")
    gone(world)
    world.knob("modem", "insert")
    works(world)


@case("IPAD-TRN-05N", "design 4", knobs={"reset-closes": True, "release-closes": True})
def channels_of_dead_predecessors(world):
    """More daemons die with an open channel than the modem has channels."""
    world.wait_idle()
    for round_number in range(1, 5):
        world.knob("modem", {"rules": [{"message": "send-apdu", "action": "ignore",
                                        "contains": "BF2D"}]})
        before = world.modem_count("rule")
        world.call(world.path, EUICC, "Poll")
        number = world.queue("enable", OPERATIONAL if round_number % 2 else BOOTSTRAP)
        world.call(world.path, EUICC, "Poll")
        world.wait_modem("rule", before + 1)
        world.daemon("kill")
        world.knob("modem", {"rules": []})
        world.daemon("start")
        world.result(number)
        world.wait_idle()
    works(world)


@case("IPAD-TRN-06N", "design 6", defer=True)
def modem_absent_at_start(world):
    world.knob("modem", "unplug")
    world.daemon("start")
    equal(world.get(world.path, EUICC), None)
    world.knob("modem", "plug")
    works(world)


@case("IPAD-TRN-07N", "SGP.22 5.7.2", defer=True)
def channel_refused_once(world):
    world.knob("modem", {"rules": [{"message": "open-channel", "action": "error", "error": 68}]})
    world.daemon("start")
    works(world)


@case("IPAD-TRN-08N", "SGP.22 5.7.2", knobs={"slot-status": False})
def modem_without_slot_status(world):
    works(world)


@case("IPAD-TRN-09N", "SGP.22 5.7.2", knobs={"indications": False})
def modem_without_indications(world):
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok(timeout=180)
    equal(world.result(number)["results"], [{"enable": 0}])
    world.check_settled()


@case("IPAD-TRN-10N", "SGP.22 5.7.2", setup={"behaviour": {"channels": 19}},
      knobs={"channels": 19})
def one_of_many_channels(world):
    works(world)


@case("IPAD-TRN-11N", "SGP.22 5.7.2", knobs={"hide-91xx": False})
def modem_shows_91xx(world):
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    equal(world.result(number)["results"], [{"enable": 0}])
    world.check_settled()


main(__name__)
