#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon is killed at each APDU and at each HTTP exchange of a profile download: after a restart the card, the
servers and the daemon agree (invariant 3). Each case is a row of downloads in one world, one kill each."""

import os

from servers import SMDP, Smdp
from world import EIM_ID, EUICC, case, equal, main

DIRECT = "[channel]\nblock-size=255\n[poll]\ninterval=0\non-start=false\nretry-first=1h\n"
INDIRECT = f"{DIRECT}[eim {EIM_ID}]\ndownload-path=indirect\n"


def rules_for(commands):
    """A rule of the modem for each of COMMANDS (hex): the first block of an ES10 function tells where it begins."""
    rules, head = [{"message": "open-channel"}], None
    for command in commands:
        if command[2:4] == "E2" and command[6:8] == "00":
            head, skip = command[2:16], 0
        if command[2:4] in ("E2", "C0") and head:
            rules.append({"message": "send-apdu", "after": head, "skip": skip})
            skip += 1
    return rules + [{"message": "close-channel"}]


class Downloads:
    """One download after the other, each interrupted once."""

    def __init__(self, world):
        self.world = world
        self.smdp = Smdp(world)
        world.wait_idle()
        world.knob("eim", {"resend": True})  # what an eIM does that got no result

    def order(self):
        """What the SM-DP+ has, and the eIM's order to fetch it."""
        order = self.smdp.order(upp={"size": 400}, metadata={
            "notifications": [{"events": ["install"], "address": SMDP}]})
        number = self.world.control("eim", {"do": "queue", "package": {"download": {
            "activationCode": order["activationCode"]}}})["order"]
        return order, number

    def poll(self):
        self.world.call(self.world.path, EUICC, "Poll")

    def revive(self):
        self.world.daemon("start")
        self.world.wait_idle()
        self.world.poll_ok()
        self.world.wait_idle()

    def undisturbed(self):
        """The commands of a whole download."""
        before = len(self.world.apdus())
        order, number = self.order()
        self.world.poll_ok()
        self.world.wait_idle()
        self.agree(order, number)
        return [command for command, _ in self.world.apdus()[before:]]

    # ---- kills ----

    def kill_at_apdu(self, rule, action):
        """ACTION "ignore": before the card gets it; "drop": the card has done it, and nobody learns that."""
        met = self.world.modem_count("rule")
        order, number = self.order()
        self.world.knob("modem", {"rules": [{**rule, "action": action}]})
        self.poll()
        self.world.wait_modem("rule", met + 1)
        self.world.daemon("kill")
        self.world.knob("modem", {"rules": []})
        self.revive()
        # Only the card knows what was delivered: what it could not be told goes out again.
        self.agree(order, number, delivered_again="BF30" in rule.get("after", "") and action == "ignore")

    # ---- what has to be true then ----

    def agree(self, order, number, delivered_again=False, told_again=False, failed=False):
        card = self.world.show("card")
        there = [p["iccid"] for p in card["profiles"]].count(order["iccid"])
        assert there in (0, 1), f"{there} times on the card"
        assert "installing" not in card, card["installing"]
        assert card["rspSession"] in ("none", "installed"), f"session: {card['rspSession']}"
        # The eIM was told what is true, once.
        outcome = self.world.outcome(number)
        if failed and "error" in outcome:  # before there was a result of the card: the order is as it was
            equal(there, 0, "profile on the card")
            equal(self.smdp.shown(order)["state"], "released", "the SM-DP+'s view")
            equal(card["notifications"], [], "notifications on the card")
            assert not outcome.get("again"), f"told twice: {outcome}"
            self.world.check_settled()
            return
        assert outcome["verified"], outcome
        assert told_again or not outcome.get("again"), f"told twice: {outcome}"
        equal(outcome["succeeded"], there == 1, f"what the eIM was told ({outcome})")
        # So was the SM-DP+, and it counts no more tries than it saw begin.
        shown = self.smdp.shown(order)
        equal(shown["state"], "installed" if there else "error", "the SM-DP+'s view")
        got = [n for n in self.smdp.show("notifications") if order["iccid"] == n.get("iccid") or order["order"] == n.get("order")]
        assert all(n["verified"] and n["address"] == SMDP for n in got), got
        assert delivered_again or not any(n.get("again") for n in got), f"delivered twice: {got}"
        kinds = [n["kind"] for n in got if not n.get("again")]
        equal(sorted(kinds), ["install", "other"] if there else ["install"], "notifications")
        # And nothing is left anywhere.
        equal(card["notifications"], [], "notifications on the card")
        equal(self.world.get(self.world.path, EUICC)["PendingNotifications"], 0, "notifications on the bus")
        equal(os.listdir(os.path.join(self.world.folder, "state", self.world.path.rsplit("/", 1)[1], "owed")), [],
              "owed")
        self.world.check_settled()


    # ---- HTTP ----

    def kill_at_exchange(self, server, function, skip, position, fault):
        """At the request with POSITION among those that SERVER gets. FAULT: of sim/fault.h, with which the request,
        or its answer, gets no further."""
        fault = {"on": function, "skip": skip, **fault}
        order, number = self.order()
        if server == "eim":
            before = len(self.world.exchanges())
            self.world.knob("eim", {"faults": [fault]})
            self.poll()
            self.world.wait_eim("exchange", before + position)
        else:
            before = len(self.smdp.show("exchanges"))
            self.smdp.faults(fault)
            self.poll()
            self.smdp.wait("exchange", before + position)
        self.world.daemon("kill")
        self.world.knob("eim", {"faults": []})
        self.smdp.faults()
        self.revive()
        # Who got something and could not say so gets it again.
        answered = "status" not in fault
        self.agree(order, number, delivered_again=answered, told_again=answered)


CHANNELS = {"setup": {"behaviour": {"channels": 19}}, "knobs": {"channels": 19}}  # a killed daemon leaves its own open
UNSEEN = {"status": 503, "stall": "head"}  # the server does nothing, and its answer does not arrive
ANSWERED = {"stall": "head"}  # the server has done it
EXCHANGES = [("smdp", "initiateAuthentication", 0, 1), ("smdp", "authenticateClient", 0, 2),
             ("smdp", "getBoundProfilePackage", 0, 3), ("eim", "ProvideEimPackageResult", 0, 2),
             ("smdp", "handleNotification", 0, 4), ("eim", "GetEimPackage", 1, 3),
             ("smdp", "handleNotification", 1, 5)]

RELAYED = [("eim", "InitiateAuthentication", 0, 2), ("eim", "AuthenticateClient", 0, 3),
           ("eim", "GetBoundProfilePackage", 0, 4), ("eim", "HandleNotification", 0, 5), ("eim", "GetEimPackage", 1, 6),
           ("smdp", "handleNotification", 1, 5)]


def kill_at_apdus(world, first, last, action):
    """At the commands from FIRST to before LAST, counted from the opening of the channel."""
    downloads = Downloads(world)
    for rule in rules_for(downloads.undisturbed())[first:last]:
        print(rule, action, flush=True)
        downloads.kill_at_apdu(rule, action)


@case("IPAD-END-60E", "3.2.3.1; invariant 3", smdp=[SMDP], settings=DIRECT, **CHANNELS)
def killed_before_a_command_of_the_session(world):
    kill_at_apdus(world, 0, 15, "ignore")


@case("IPAD-END-61E", "3.2.3.1; invariant 3", smdp=[SMDP], settings=DIRECT, **CHANNELS)
def killed_after_a_command_of_the_session(world):
    kill_at_apdus(world, 0, 15, "drop")


@case("IPAD-END-62E", "3.2.3.1; invariant 3", smdp=[SMDP], settings=DIRECT, **CHANNELS)
def killed_before_a_command_of_the_installation(world):
    kill_at_apdus(world, 15, None, "ignore")


@case("IPAD-END-63E", "3.2.3.1; invariant 3", smdp=[SMDP], settings=DIRECT, **CHANNELS)
def killed_after_a_command_of_the_installation(world):
    kill_at_apdus(world, 15, None, "drop")


@case("IPAD-END-64E", "3.2.3.1; invariant 3", smdp=[SMDP], settings=DIRECT, **CHANNELS)
def killed_at_an_exchange(world):
    """Before the server sees the request, and after it answered."""
    downloads = Downloads(world)
    for exchange in EXCHANGES:
        for fault in (UNSEEN, ANSWERED):
            print(exchange, fault, flush=True)
            downloads.kill_at_exchange(*exchange, fault)


@case("IPAD-END-66E", "3.2.3.2; invariant 3", smdp=[SMDP], settings=INDIRECT, **CHANNELS)
def killed_at_an_exchange_through_the_eim(world):
    downloads = Downloads(world)
    for exchange in RELAYED:
        for fault in (UNSEEN, ANSWERED):
            print(exchange, fault, flush=True)
            downloads.kill_at_exchange(*exchange, fault)


@case("IPAD-END-67E", "3.2.3.2; invariant 3", smdp=[SMDP], settings=INDIRECT, **CHANNELS)
def killed_at_a_command_through_the_eim(world):
    """At the first block of each command, before the card gets it and after it has done it."""
    downloads = Downloads(world)
    for rule in [r for r in rules_for(downloads.undisturbed()) if r.get("skip") == 0]:
        action = "drop" if rule["after"][8:10] in ("BF", "A3") else "ignore"
        print(rule, action, flush=True)
        downloads.kill_at_apdu(rule, action)


@case("IPAD-END-65E", "3.2.3.1; SGP.22 3.1.3.3", smdp=[SMDP], settings=DIRECT)
def the_card_loses_power(world):
    """At a command of the session, and while it loads the package: the daemon lives."""
    downloads = Downloads(world)
    for at in (5, 12, 20, 24, 28):
        print(at, flush=True)
        order, number = downloads.order()
        world.knob("card", {"powerCutAtApdu": at})
        world.poll()  # which fails where the power goes too early
        world.poll_ok()
        world.wait_idle()
        downloads.agree(order, number, failed=True)


main(__name__)
