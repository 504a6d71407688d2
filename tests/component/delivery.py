#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every result reaches its eIM and no package runs twice, whatever dies in between (SGP.32 3.3.1)."""

from world import BOOTSTRAP, EIM, OPERATIONAL, SPARE, BusError, case, equal, main

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


@case("IPAD-POLL-10E", "3.1.1.1")
def eim_down(world):
    world.wait_idle()
    world.part("eim", "stop")
    state, name, text = world.poll()
    equal((state, name), ("failed", "org.euiccd1.Error.Network"), text)
    eim = world.objects()[world.eim_path()][EIM]
    assert eim["Failures"] >= 1 and eim["LastResult"] == "Network", eim
    assert "eim1.example.test" in text, text
    world.part("eim", "start")
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    check_once(world, number, [{"enable": 0}])
    equal(world.objects()[world.eim_path()][EIM]["Failures"], 0)


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


@case("IPAD-HTTP-10E", "6.1.1")
def answers_that_are_none(world):
    """Each defect fails the poll with a reason; nothing is lost."""
    world.wait_idle()
    defects = [{"status": 500}, {"body": "garbage"}, {"body": "html"},
               {"body": "truncated"}, {"drop": "after"}]
    for defect in defects:
        world.knob("eim", {"faults": [{"on": "GetEimPackage", "count": 0, **defect}]})
        state, name, text = world.poll()
        equal(state, "failed", f"poll with {defect}")
        assert name.startswith("org.euiccd1.Error.") and text, (name, text)
    world.knob("eim", NO_FAULTS)
    number = world.queue("list")
    world.poll_ok()
    equal(world.result(number)["verified"], True)
    world.check_settled()


@case("IPAD-HTTP-11N", "6.1.1")
def answer_without_a_body(world):
    """Taken as "nothing there"."""
    for defect in ({"body": "empty"}, {"status": 204, "body": "empty"}):
        world.knob("eim", {"faults": [{"on": "GetEimPackage", "count": 0, **defect}]})
        world.poll_ok()


@case("IPAD-HTTP-12N", "6.1.1")
def answer_of_another_content_type(world):
    """The octets decide, not their label."""
    number = world.queue("list")
    world.knob("eim", {"faults": [{"on": "any", "count": 0, "contentType": "text/html"}]})
    world.poll_ok()
    world.result(number)
    world.check_settled()


@case("IPAD-PKG-27E", "5.14.6")
def eim_refuses_a_result(world):
    """An error instead of an acknowledgement keeps the result on the card until it is taken."""
    world.wait_idle()
    number = world.queue("list")
    world.knob("eim", {"ack": {"error": 127}})
    state, name, text = world.poll()
    equal((state, name), ("failed", "org.euiccd1.Error.EimRefused"), text)
    equal(len(world.show("card")["results"]), 1, "results on the card")
    world.knob("eim", {"ack": "all"})
    world.poll_ok()
    world.result(number)
    world.check_settled()


@case("IPAD-POLL-11E", "5.14.5")
def eim_refuses_the_poll(world):
    world.wait_idle()
    world.knob("eim", {"getEimPackageError": 2})
    state, name, text = world.poll()
    equal((state, name), ("failed", "org.euiccd1.Error.EimRejected"), text)
    world.knob("eim", {"getEimPackageError": 0})
    world.poll_ok()


@case("IPAD-POLL-12N", "design 5")
def bad_calls(world):
    """Errors of the bus itself."""
    world.wait_idle()
    for path in (world.path + "/eim/999", "/org/euiccd1/euicc/00000000000000000000000000000000"):
        try:
            world.call(path, EIM if "eim/" in path else "org.euiccd1.Euicc", "Poll")
            raise AssertionError(f"{path} answered")
        except BusError as error:
            assert "nknown" in str(error), error


main(__name__)
