#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every result reaches its eIM and no package runs twice, whatever dies in between (SGP.32 3.3.1)."""

from world import BOOTSTRAP, OPERATIONAL, SPARE, case, equal, main

HOLD_RESULTS = {"faults": [{"on": "ProvideEimPackageResult", "count": 0, "drop": "before"}]}
NO_FAULTS = {"faults": []}
# The last block of a package: the card executes it, the modem's answer gets lost.
LOSE_EXECUTION = {"rules": [{"message": "send-apdu", "after": "BF51", "contains": "E291",
                             "action": "drop"}]}
BEFORE_EXECUTION = {"rules": [{"message": "send-apdu", "after": "BF51", "contains": "E291",
                               "action": "ignore"}]}


def check_once(world, number, results):
    """Order NUMBER was executed once and its result arrived once, verified and acknowledged."""
    order = world.result(number)
    equal(order["results"], results)
    equal(order["offered"], 1, "times the package was offered")
    assert order["seqNumber"] in order["acknowledged"], f"not acknowledged: {order}"
    world.check_settled()
    return order


def deliver_later(world, number, action):
    """Takes the package, can't deliver, and the daemon ends by ACTION and starts again."""
    world.knob("eim", HOLD_RESULTS)
    world.call(world.path, "org.euiccd1.Euicc", "Poll")
    world.wait_eim("exchange", function="ProvideEimPackageResult")
    equal(len(world.show("card")["results"]), 1, "results on the card")
    world.daemon(action)
    equal(world.order(number)["state"], "sent")
    world.knob("eim", NO_FAULTS)
    world.daemon("start")


@case("IPAD-PKG-20N", "3.3.1, 3.1.1.1")
def killed_before_delivery(world):
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL)
    deliver_later(world, number, "kill")
    check_once(world, number, [{"enable": 0}])
    equal(world.profiles()[OPERATIONAL], "enabled")


@case("IPAD-PKG-21N", "3.3.1, 3.1.1.1")
def stopped_before_delivery(world):
    world.wait_idle()
    number = world.queue("delete", SPARE)
    deliver_later(world, number, "stop")
    check_once(world, number, [{"delete": 0}])


@case("IPAD-PKG-22N", "3.3.1, 3.1.1.1")
def left_by_a_run_without_memory(world):
    """The card alone knows: another installation of the daemon finds the result."""
    import os
    import shutil
    world.wait_idle()
    number = world.queue("delete", SPARE)
    world.knob("eim", HOLD_RESULTS)
    world.call(world.path, "org.euiccd1.Euicc", "Poll")
    world.wait_eim("exchange", function="ProvideEimPackageResult")
    world.daemon("kill")
    shutil.rmtree(os.path.join(world.folder, "state"))
    world.knob("eim", NO_FAULTS)
    world.daemon("start")
    check_once(world, number, [{"delete": 0}])


@case("IPAD-PKG-23N", "3.3.1")
def killed_while_the_card_executes(world):
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL)
    world.knob("modem", LOSE_EXECUTION)
    world.call(world.path, "org.euiccd1.Euicc", "Poll")
    world.wait_modem("rule")
    world.daemon("kill")
    equal(world.show("card")["enabledIccid"], OPERATIONAL)
    world.daemon("start")
    check_once(world, number, [{"enable": 0}])


@case("IPAD-PKG-24E", "3.3.1")
def killed_before_the_card_executes(world):
    """The package did not run: the eIM is told that it came to nothing, and decides."""
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL)
    world.knob("modem", BEFORE_EXECUTION)
    world.call(world.path, "org.euiccd1.Euicc", "Poll")
    world.wait_modem("rule")
    world.daemon("kill")
    equal(world.show("card")["enabledIccid"], BOOTSTRAP)
    world.knob("modem", {"rules": []})
    world.daemon("start")
    order = world.outcome(number)
    equal(order["offered"], 1)
    assert not order.get("results"), order
    world.sim("ctl", "eim", '{"do": "requeue", "order": %d}' % number)
    world.poll_ok()
    equal(world.result(number)["results"], [{"enable": 0}])
    world.check_settled()


@case("IPAD-PKG-25N", "3.3.1")
def killed_after_acknowledgement(world):
    """The eIM has it, the answer got lost: delivered once more, known as a duplicate, removed."""
    world.wait_idle()
    number = world.queue("delete", SPARE)
    world.knob("eim", {"faults": [{"on": "ProvideEimPackageResult", "count": 0, "drop": "after"}]})
    world.call(world.path, "org.euiccd1.Euicc", "Poll")
    world.wait_eim("exchange", function="ProvideEimPackageResult")
    world.daemon("kill")
    world.knob("eim", NO_FAULTS)
    world.daemon("start")
    world.wait_eim("duplicate")
    check_once(world, number, [{"delete": 0}])


@case("IPAD-PKG-26N", "3.3.1")
def eim_dies_with_the_package_out(world):
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL)
    world.knob("eim", HOLD_RESULTS)
    equal(world.poll()[0], "failed")
    world.part("eim", "kill")
    equal(world.poll()[0], "failed")
    world.part("eim", "start")
    world.knob("eim", NO_FAULTS)
    world.poll_ok()
    check_once(world, number, [{"enable": 0}])


main(__name__)
