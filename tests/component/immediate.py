#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Immediate enabling of a profile after its download (SGP.32 3.4.4, 5.9.15, 5.9.17): catalogue area IMM. There is no
result of it that a card signs: the eIM learns it from the cause of the next poll, the SM-DP+ from notifications."""

import json

from servers import SMDP, Smdp
from world import BOOTSTRAP, EIM_ID, EUICC, JOB, OPERATIONAL, case, equal, main

POLLS = "[poll]\ninterval=0\non-start=false\nretry-first=1h\nrollback-window=0\n[download]\ntries=1\n"
INDIRECT = f"{POLLS}[eim {EIM_ID}]\ndownload-path=indirect\n"
SMDP_OID, OTHER_OID = "2.999.101", "2.999.102"  # tests/sim/world_server.c
IMMEDIATE_ENABLE_PROFILE = 5  # stateChangeCause
OK = 0
# The block that it fits into: nothing of a package that is loaded before.
IMMEDIATE_ENABLE = "BF5A03800100"


def trigger(world, order):
    """An order of the eIM to download; what it has of it after a poll."""
    number = world.queue("json", json.dumps({"download": {"activationCode": order["activationCode"]}}))
    world.poll_ok()
    result = world.outcome(number)
    assert result["verified"] and result["succeeded"], result
    return result


def asked(world):
    """How often the card was asked for ImmediateEnable, and for ProfileRollback."""
    tags = [command[10:14] for command, _ in world.apdus() if command[2:4] == "E2"]
    return tags.count("BF5A"), tags.count("BF58")


def causes(world, since):
    return [e.get("stateChangeCause") for e in world.exchanges("GetEimPackage")[since:]]


def events(smdp):
    """What the SM-DP+ was notified of and verified, of which profiles."""
    notifications = smdp.show("notifications")
    assert all(n["verified"] and not n.get("again") for n in notifications), notifications
    return [(n["event"], n.get("iccid")) for n in notifications if n["event"] != "install"]


def check_enabled(world, smdp, order, others=3):
    """It is installed, reported, and the one that is enabled; the card was reset and the daemon sees it."""
    equal(smdp.installed(order)["state"], "installed", "the SM-DP+'s view")
    world.wait_until("no notification left", lambda: world.get(world.path, EUICC)["PendingNotifications"] == 0)
    equal(world.show("card")["enabledIccid"], order["iccid"], "enabled on the card")
    equal([i for i, state in world.profiles().items() if state == "enabled"], [order["iccid"]], "enabled on the bus")
    equal(len(world.profiles()), others + 1, "profiles")
    equal(events(smdp), [("disable", BOOTSTRAP), ("enable", order["iccid"])], "notifications")
    assert "rollback" not in world.show("card"), "grant left on the card"
    world.check_settled()


def check_disabled(world, smdp, order, resets, others=3):
    """It is installed and reported, and nothing else changed."""
    equal(smdp.installed(order)["state"], "installed", "the SM-DP+'s view")
    equal(world.get(world.path, EUICC)["PendingNotifications"], 0, "notifications that are left")
    equal(world.show("card")["enabledIccid"], BOOTSTRAP, "enabled on the card")
    equal(world.profiles().get(order["iccid"]), "disabled", "on the bus")
    equal(len(world.profiles()), others + 1, "profiles")
    equal(events(smdp), [], "notifications")
    equal(world.show("modem")["power-cycles"], resets, "resets of the card")
    world.check_settled()


@case("IPAD-IMM-01N", "3.4.4, 5.9.15; 2.11.1.1.3", smdp=[SMDP], settings=POLLS)
def configured_by_the_eim(world):
    """Not before its package says so, and no longer after another one; the next poll has the cause, once."""
    smdp = Smdp(world)
    world.wait_idle()
    first = smdp.order()
    trigger(world, first)
    check_disabled(world, smdp, first, 0)
    [[result]] = world.execute("psmo", [{"configureImmediateEnable": {"enable": True, "smdpOid": SMDP_OID,
                                                                      "smdpAddress": SMDP}}])
    equal(result, {"configureImmediateEnable": OK})
    since = len(world.exchanges("GetEimPackage"))
    second = smdp.order()
    trigger(world, second)
    check_enabled(world, smdp, second, 4)
    equal(world.show("modem")["power-cycles"], 1, "resets of the card")
    world.poll_ok()
    told = causes(world, since)
    equal(told.count(IMMEDIATE_ENABLE_PROFILE), 1, f"times the eIM was told, of {told}")
    [[result]] = world.execute("psmo", [{"configureImmediateEnable": {"enable": False}}])
    equal(result, {"configureImmediateEnable": OK})
    third = smdp.order()
    trigger(world, third)
    equal(world.show("card")["enabledIccid"], second["iccid"], "enabled on the card")
    equal(world.profiles().get(third["iccid"]), "disabled")
    equal(asked(world)[1], 0, "ProfileRollback")


@case("IPAD-IMM-02N", "5.9.15, 5.9.17", smdp=[SMDP], settings=POLLS, setup={"eims": []})
def configured_by_a_caller(world):
    """On a card without an eIM: for every SM-DP+, for one, and not at all any more."""
    smdp = Smdp(world)
    world.wait_idle()
    enabled = BOOTSTRAP
    for arguments, is_enabled in (((True, OTHER_OID, ""), False), ((True, "", ""), True), ((False, "", ""), False),
                                  ((True, SMDP_OID, SMDP), True), ((True, "", "other.example.test"), False)):
        job = world.call(world.path, EUICC, "ConfigureImmediateEnable", "bss",
                         "true" if arguments[0] else "false", *[a or "" for a in arguments[1:]])[0]
        equal(world.wait_job(job), ("done", "", ""), f"{arguments}")
        order = smdp.order()
        job = world.call(world.path, EUICC, "Download", "sa{sv}", order["activationCode"], 0)[0]
        equal(world.wait_job(job), ("done", "", ""), f"download with {arguments}")
        equal(world.get(job, JOB)["Result"], order["iccid"])
        smdp.installed(order)
        enabled = order["iccid"] if is_enabled else enabled
        equal(world.show("card")["enabledIccid"], enabled, f"enabled on the card with {arguments}")
        equal([i for i, state in world.profiles().items() if state == "enabled"], [enabled], "enabled on the bus")
    equal(world.show("modem")["power-cycles"], 2, "resets of the card")
    world.check_settled()


@case("IPAD-IMM-03E", "5.9.17", settings=POLLS)
def a_caller_is_refused(world):
    """The card has an eIM, which alone may configure it."""
    world.wait_idle()
    job = world.call(world.path, EUICC, "ConfigureImmediateEnable", "bss", "true", "", "")[0]
    state, name, text = world.wait_job(job)
    equal((state, name), ("failed", "org.euiccd1.Error.CardRefused"), text)
    assert "associatedEimAlreadyExists" in text, text
    assert not world.show("card").get("immediateEnable"), world.show("card")


@case("IPAD-IMM-04E", "5.9.15", smdp=[SMDP], settings=POLLS,
      setup={"immediateEnable": True, "immediateAddress": "other.example.test"})
def another_smdp(world):
    """immediateEnableNotAvailable for this SM-DP+: no error for anybody."""
    smdp = Smdp(world)
    world.wait_idle()
    order = smdp.order()
    trigger(world, order)
    check_disabled(world, smdp, order, 0)
    equal(asked(world), (1, 0), "ImmediateEnable, ProfileRollback")
    assert "enabling the profile after its download" not in world.log()


@case("IPAD-IMM-05N", "5.9.15; I-37", smdp=[SMDP], settings=POLLS, setup={"immediateEnable": True})
def busy_card(world):
    """catBusy: asked again, with success."""
    smdp = Smdp(world)
    world.wait_idle()
    world.knob("card", {"fail": [{"on": "BF5A", "response": "BF5A03800105", "count": 1}]})
    order = smdp.order()
    trigger(world, order)
    check_enabled(world, smdp, order)
    equal(asked(world), (2, 0), "ImmediateEnable, ProfileRollback")


@case("IPAD-IMM-06E", "5.9.15", smdp=[SMDP], settings=POLLS, setup={"immediateEnable": True})
def refused_by_the_card(world):
    """undefinedError, and a status word: the download is what it is, and the journal says why it is not enabled."""
    smdp = Smdp(world)
    world.wait_idle()
    for number, fault in enumerate(({"response": "BF5A0380017F"}, {"sw": "6A80"})):
        world.knob("card", {"fail": [{"on": "BF5A", "count": 1, **fault}]})
        order = smdp.order()
        log = len(world.log())
        trigger(world, order)
        check_disabled(world, smdp, order, 0, 3 + number)
        assert "enabling the profile after its download" in world.log()[log:], world.log()[log:]


@case("IPAD-IMM-07N", "5.9.15, 3.3.2", smdp=[SMDP], settings=POLLS, setup={"immediateEnable": True})
def nothing_to_roll_back_to(world):
    """The grant of a package before it is gone with it: where the eIM can't be reached afterwards, there is no way
    back, and the daemon doesn't ask for one. The result waits."""
    smdp = Smdp(world)
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL, "--rollback")
    world.poll_ok()
    world.delivered(number)
    assert "rollback" in world.show("card"), "the card has no grant"
    order = smdp.order()
    number = world.queue("json", json.dumps({"download": {"activationCode": order["activationCode"]}}))
    world.knob("eim", {"faults": [{"on": "ProvideEimPackageResult", "count": 0, "drop": "before"}]})
    state, name, text = world.poll()
    equal((state, name), ("failed", "org.euiccd1.Error.Network"), text)
    equal(world.show("card")["enabledIccid"], order["iccid"], "enabled on the card")
    assert "rollback" not in world.show("card"), "grant left on the card"
    world.knob("eim", {"faults": []})
    world.poll_ok()
    result = world.outcome(number)
    assert result["verified"] and result["succeeded"] and not result.get("again"), result
    equal(asked(world), (1, 0), "ImmediateEnable, ProfileRollback")
    equal(smdp.installed(order)["state"], "installed", "the SM-DP+'s view")
    equal([i for i, state in world.profiles().items() if state == "enabled"], [order["iccid"]], "enabled on the bus")
    world.check_settled()


@case("IPAD-IMM-08N", "5.9.15 of v1.0", smdp=[SMDP], settings=POLLS,
      setup={"version": "1.0", "immediateEnable": True})
def card_of_v1_0(world):
    """EnableUsingDD."""
    smdp = Smdp(world)
    world.wait_idle()
    order = smdp.order()
    trigger(world, order)
    check_enabled(world, smdp, order)
    assert any(command[10:] in ("BF5A00", "BF5A0000") for command, _ in world.apdus()), "no EnableUsingDD"


@case("IPAD-IMM-09N", "3.2.3.2, 5.9.15", smdp=[SMDP], settings=INDIRECT, setup={"immediateEnable": True})
def through_the_eim(world):
    """The installation result and what the change leaves go through the eIM, over the new profile."""
    smdp = Smdp(world)
    world.wait_idle()
    order = smdp.order()
    trigger(world, order)
    equal(smdp.installed(order)["state"], "installed", "the SM-DP+'s view")
    world.wait_until("no notification left", lambda: world.get(world.path, EUICC)["PendingNotifications"] == 0)
    equal(world.show("card")["enabledIccid"], order["iccid"], "enabled on the card")
    equal(world.profiles()[order["iccid"]], "enabled", "on the bus")
    world.poll_ok()
    equal(causes(world, 0).count(IMMEDIATE_ENABLE_PROFILE), 1, "times the eIM was told")
    world.check_settled()


@case("IPAD-IMM-10E", "5.9.15; invariant 3", smdp=[SMDP], settings=POLLS, setup={"immediateEnable": True})
def killed_while_the_card_enables(world):
    """The request reached nobody: the download is reported all the same, once, and the bus shows what the card is."""
    smdp = Smdp(world)
    world.wait_idle()
    order = smdp.order()
    number = world.queue("json", json.dumps({"download": {"activationCode": order["activationCode"]}}))
    met = world.modem_count("rule")
    world.knob("modem", {"rules": [{"message": "send-apdu", "contains": IMMEDIATE_ENABLE, "action": "ignore"}]})
    world.call(world.path, EUICC, "Poll")
    world.wait_modem("rule", met + 1)
    world.daemon("kill")
    world.knob("modem", {"rules": []})
    world.daemon("start")
    world.wait_idle()
    world.poll_ok()
    result = world.outcome(number)
    assert result["verified"] and result["succeeded"] and not result.get("again"), result
    equal(smdp.installed(order)["state"], "installed", "the SM-DP+'s view")
    equal(world.profiles().get(order["iccid"]), "disabled", "on the bus")
    equal(len(world.profiles()), 4, "profiles")
    equal(world.get(world.path, EUICC)["PendingNotifications"], 0, "notifications that are left")
    world.check_settled()


main(__name__)
