#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What goes with polls and results (SGP.32 5.14.5, 5.14.6; interop notes I-23, I-26): state changes, the
network, notifications. Catalogue areas POLL and PKG."""

from world import EIM_ID, EIM_IDS, OPERATIONAL, SPARE, case, equal, main

A, B = EIM_IDS[:2]
OTHER_EIM, UNDEFINED = 0, 127
LOST = {"faults": [{"on": "GetEimPackage", "count": 1, "drop": "after"}]}
NOTIFICATIONS = f"[eim {EIM_ID}]\nsend-notifications=true\n"


def told(world, eim=None):
    """notifyStateChange and stateChangeCause of each GetEimPackage with one of them, and how it ended."""
    return [(e.get("notifyStateChange", False), e.get("stateChangeCause"), e["status"])
            for e in world.exchanges("GetEimPackage", eim)
            if "stateChangeCause" in e or e.get("notifyStateChange")]


@case("IPAD-POLL-20N", "5.14.5, 6.3.2.6; I-26", eims=[A, B])
def change_is_told_until_it_is_acknowledged(world):
    """Kept for each eIM, over polls that fail, a refusal and a kill; forgotten with the first answer."""
    world.wait_idle()
    world.poll_ok()
    known = {eim: len(told(world, eim)) for eim in (A, B)}
    world.knob("eim", {"faults": [{"on": "GetEimPackage", "status": 503}]}, eim=B)
    number = world.queue("delete", SPARE, eim=A)
    world.poll()
    world.delivered(number, eim=A)
    world.daemon("kill")
    world.knob("eim", LOST, eim=B)
    world.daemon("start")
    world.wait_idle()
    world.poll_ok()
    world.poll_ok()
    equal(told(world, A)[known[A]:], [], "told to the eIM that did it")
    # The eIM says nothing of what it refused; answered in vain, answered, and then no more.
    equal(told(world, B)[known[B]:], [(True, OTHER_EIM, 0), (True, OTHER_EIM, 200)])
    world.check_settled()


@case("IPAD-POLL-21N", "5.14.5; I-26")
def change_by_somebody_else(world):
    """While the daemon was away another program enabled a profile: nobody knows why."""
    world.wait_idle()
    world.poll_ok()
    known = len(told(world))
    world.daemon("stop")
    world.part("modem", "stop")
    path = world.show("world")["card"]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert text.count('"enabled"') == 1, "not one enabled profile"
    at = text.index('"disabled"')
    text = (text[:at] + '"ENABLED"' + text[at + len('"disabled"'):]).replace('"enabled"', '"disabled"')
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace('"ENABLED"', '"enabled"'))
    world.part("modem", "start")
    world.daemon("start")
    world.wait_idle()
    world.poll_ok()
    equal(told(world)[known:], [(True, UNDEFINED, 200)])
    equal(world.profiles()[OPERATIONAL], "enabled")
    world.check_settled()


@case("IPAD-POLL-22N", "5.14.5; TS 24.008 10.5.1.3", knobs={"plmn": "310260"})
def registered_network(world):
    """MNC of three digits, of two, and no network."""
    def last():
        world.poll_ok()
        return world.exchanges("GetEimPackage")[-1].get("rPLMN")

    world.wait_idle()
    equal(last(), "130062")
    world.knob("modem", {"plmn": "26201"})
    equal(last(), "62F210")
    world.knob("modem", {"plmn": ""})
    equal(last(), None)


@case("IPAD-PKG-71N", "5.14.6; I-23", settings=NOTIFICATIONS)
def notifications_with_the_result(world):
    """Only with the result of a package with PSMOs, and only where there are some; what the
    eIM acknowledges leaves the card."""
    def exchange():
        return [e for e in world.exchanges("ProvideEimPackageResult")][-1]

    def known():
        return [(n["event"], n["verified"], n["via"])
                for n in world.show("eim").get("notifications", [])]

    via = "ProvideEimPackageResult"
    world.execute("psmo", [{"getRAT": {}}])
    equal(known(), [])
    order = world.delivered(queue_and_poll(world, "enable", OPERATIONAL))
    equal(known(), [("enable", True, via), ("disable", True, via)][::-1])
    equal(len(exchange()["acknowledged"]), 3)
    assert order["seqNumber"] in exchange()["acknowledged"], exchange()
    equal(world.show("card")["notifications"], [])
    equal(world.wait_idle()["PendingNotifications"], 0)

    # Not taken: they stay, and go with the next result, but not with that of eCOs.
    world.knob("eim", {"ack": "result"})
    world.delivered(queue_and_poll(world, "delete", SPARE))
    equal(len(world.show("card")["notifications"]), 1)
    equal(world.wait_idle()["PendingNotifications"], 1)
    world.execute("eco", [{"listEim": {}}])
    equal(len(known()), 3)
    world.knob("eim", {"ack": "all"})
    world.execute("psmo", [{"getRAT": {}}])
    equal(known()[2:], [("delete", True, via)] * 2)
    equal(world.show("card")["notifications"], [])
    equal(world.wait_idle()["PendingNotifications"], 0)
    world.check_settled()


def queue_and_poll(world, *order):
    number = world.queue(*order)
    world.poll_ok()
    return number


main(__name__)
