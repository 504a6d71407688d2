#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The card side of trouble (SGP.22 5.7.2; interop notes I-35 to I-44): catalogue area TRN."""

import os
import re

from world import BOOTSTRAP, EUICC, JOB, MANAGER, OPERATIONAL, ROOT, SPARE, case, equal, main

NO_RULES = {"rules": []}


def configure(world, settings):
    world.configure("[poll]\nretry-first=1h\n" + settings)


def start(world, settings):
    configure(world, settings)
    world.daemon("start")
    world.wait_idle()


def executed(world):
    """How often the card got the last block of a package."""
    count, tag = 0, ""
    for command, _ in world.apdus():
        if command[2:4] == "E2":
            tag = command[10:14] if command[6:8] == "00" else tag
            count += tag == "BF51" and command[4:6] == "91"
    return count


def block_sizes(world, since):
    """Sizes of the STORE DATA blocks of packages, a list for each chain."""
    chains, tag = [], ""
    for command, _ in world.apdus()[since:]:
        if command[2:4] != "E2":
            continue
        if command[6:8] == "00":
            tag = command[10:14]
            if tag == "BF51":
                chains.append([])
        if tag == "BF51":
            chains[-1].append(int(command[8:10], 16))
    return chains


def names(world):
    """What the card was asked for, in words."""
    words = {"70": "channel", "A4": "select", "AA": "capability", "C0": "fetch"}
    return ["close" if c[2:6] == "7080" else words.get(c[2:4], c[10:14]) for c, _ in world.apdus()]


def finish(world, number, offered=1):
    """The order's result is verified and was needed once; nothing is left anywhere."""
    order = world.result(number)
    equal(order["offered"], offered, "times the package was offered")
    assert not order.get("again"), f"result delivered twice: {order}"
    world.check_settled()
    equal(world.show("modem")["channels"], [], "channels left open")
    return order["results"]


def poll_fails(world, name, *words):
    """A poll that fails with NAME; its text holds all WORDS."""
    state, error, text = world.poll()
    equal((state, error), ("failed", f"org.euiccd1.Error.{name}"), text)
    for word in words:
        assert word in text, text
    return text


# ---- channels ----


@case("IPAD-TRN-30N", "SGP.22 5.7.2", setup={"behaviour": {"channels": 19}}, knobs={"channels": 19})
def numbers_of_channels(world):
    """The card chooses; the class octets of the daemon say so (ETSI TS 102 221 10.1.1)."""
    world.wait_idle()
    trace = os.path.join(world.folder, "apdu.trace")
    for channel, store, fetch in ((1, "81", "01"), (3, "83", "03"), (4, "C0", "40"),
                                  (5, "C1", "41"), (19, "CF", "4F")):
        world.knob("card", {"firstChannel": channel})
        number = world.queue("list")
        size = os.path.getsize(trace)
        world.poll_ok()
        equal(len(finish(world, number)[0]["listProfileInfo"]), 3)
        with open(trace, encoding="utf-8") as file:
            file.seek(size)
            sent = re.findall(r" (\d+) > ([0-9A-F]{4})", file.read())
        equal({c for c, _ in sent}, {str(channel)}, "channels used")
        equal({c for _, c in sent}, {store + "E2", fetch + "C0"}, "class and instruction")


@case("IPAD-TRN-31N", "design 4", knobs={"reset-closes": False, "release-closes": False, "channels": 1})
def channels_that_the_modem_does_not_close(world):
    """Left open by a killed daemon, and nothing but a reset of the card closes them: one."""
    world.wait_idle()
    world.knob("modem", {"rules": [{"message": "send-apdu", "action": "ignore", "contains": "BF51"}]})
    number = world.queue("enable", OPERATIONAL)
    world.call(world.path, EUICC, "Poll")
    world.wait_modem("rule")
    world.daemon("kill")
    equal(len(world.show("modem")["channels"]), 1, "channels left open by the dead daemon")
    world.knob("modem", NO_RULES)
    world.daemon("start")
    world.wait_idle()
    equal(world.show("modem")["power-cycles"], 1, "resets of the card")
    # It died before the card had the package; the eIM learns that, and nothing was run.
    world.outcome(number)
    number = world.queue("list")
    world.poll_ok()
    equal(len(finish(world, number)[0]["listProfileInfo"]), 3)
    equal(world.show("modem")["power-cycles"], 1, "resets of the card")


# ---- who follows 61xx; long responses ----


def many_profiles():
    profiles = [{"iccid": BOOTSTRAP, "state": "enabled", "name": "first"}]
    return profiles + [{"iccid": f"89882470002{n:08d}", "name": f"profile number {n}",
                        "provider": "A provider with a long name"} for n in range(59)]


@case("IPAD-TRN-32N", "SGP.22 5.7.2; I-44", defer=True, setup={"profiles": many_profiles()})
def responses_of_several_kilobytes(world):
    """Fetched by the daemon or by the modem, which may not let itself be told."""
    refused = {"rules": [{"message": "send-apdu", "action": "error", "error": 48, "count": 0,
                          "contains": f"110100{octet}"} for octet in ("00", "01")]}
    for fetcher, knobs, is_long in (
            ("daemon", NO_RULES, False), ("modem", NO_RULES, True),
            ("daemon", {**refused, "procedure-bytes": 1}, True),
            ("modem", {**refused, "procedure-bytes": 0}, False)):
        world.knob("modem", knobs)
        before = len(world.apdus())
        start(world, f"[channel]\nget-response={fetcher}\n")
        number = world.queue("list")
        world.poll_ok()
        equal(len(finish(world, number)[0]["listProfileInfo"]), 60)
        sent = world.apdus()[before:]
        assert sum(len(answer) // 2 for command, answer in sent if command[2:4] == "C0") > 4096
        trace = os.path.join(world.folder, "apdu.trace")
        with open(trace, encoding="utf-8") as file:
            fetched = re.search(r" > 01C00000", file.read())
        equal(bool(fetched), not is_long, "GET RESPONSE of the daemon")
        world.daemon("stop")
        os.remove(trace)


# ---- block sizes ----


def long_package(world):
    return world.queue_package({"psmo": [{"delete": {"iccid": f"8988247000900000{n:03d}"}}
                                         for n in range(100, 112)]})


def run_long(world):
    number, since = long_package(world), len(world.apdus())
    world.poll_ok()
    finish(world, number)
    return block_sizes(world, since)


@case("IPAD-TRN-33N", "SGP.22 5.7.2")
def blocks_grow(world):
    world.wait_idle()
    (first,), (second,), (third,) = run_long(world), run_long(world), run_long(world)
    equal({*first[:-1]}, {120}, "sizes of the first package")
    assert len(first) > 2 and first[-1] <= 120, first
    equal(second[:1], [255], "sizes of the second package")
    equal(sum(second), sum(first))
    equal(third, second)


@case("IPAD-TRN-34N", "SGP.22 5.7.2", setup={"behaviour": {"maxBlock": 200}})
def blocks_too_large_for_the_card(world):
    """6700: the package is sent again in small blocks, and runs once."""
    world.wait_idle()
    (first,) = run_long(world)
    before = executed(world)
    equal(run_long(world), [[255], first])
    equal(executed(world), before + 1, "packages executed")
    equal(run_long(world), [first])


@case("IPAD-TRN-35N", "SGP.22 5.7.2",
      knobs={"rules": [{"message": "send-apdu", "contains": "E21100FF", "action": "error", "error": 48,
                        "count": 0}]})
def blocks_too_large_for_the_modem(world):
    world.wait_idle()
    (first,) = run_long(world)
    equal(run_long(world), [first])
    equal(world.modem_count("rule"), 1, "blocks that the modem refused")
    equal(run_long(world), [first])
    equal(world.modem_count("rule"), 1, "blocks that the modem refused")


# ---- answers that come late, or not at all ----

HASTY = "[channel]\ntimeout=5s\nlong-timeout=5s\n"


@case("IPAD-TRN-36E", "I-43", defer=True)
def slow_answers(world):
    configure(world, HASTY)
    world.knob("card", {"fail": [{"on": "BF3E", "delay": 7000}]})
    world.daemon("start")

    def failed():
        return [p[JOB] for p in world.objects().values() if JOB in p and p[JOB]["State"] == "failed"]

    job = world.wait_until("the start has failed", failed)[0]
    equal(job["Error"], "org.euiccd1.Error.Timeout")
    for word in ("reading the EID", "STORE DATA block 1", "no answer in time (5 s)"):
        assert word in job["ErrorMessage"], job["ErrorMessage"]
    # The late answer is nobody's.
    world.call(ROOT, MANAGER, "Rescan")
    world.wait_idle()
    equal(len(world.profiles()), 3)
    # Executed, but the answer is late: it is found on the card.
    world.knob("card", {"fail": [{"on": "BF51", "delay": 7000}]})
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    equal(finish(world, number), [{"enable": 0}])
    equal(executed(world), 1, "packages executed")


@case("IPAD-TRN-37E", "I-43", defer=True)
def removal_in_the_middle(world):
    start(world, HASTY)
    number = world.queue("enable", OPERATIONAL)
    # The card has done it when it is pulled; no answer comes any more.
    world.knob("modem", {"rules": [{"message": "send-apdu", "action": "drop", "contains": "E291",
                                    "after": "BF51"}]})
    job = world.call(world.path, EUICC, "Poll")[0]
    world.wait_modem("rule")
    world.knob("modem", "eject")
    state, error, text = world.wait_job(job)
    equal((state, error), ("failed", "org.euiccd1.Error.CardAbsent"), text)
    assert "the card was removed" in text, text
    world.knob("modem", "insert")
    world.wait_idle()
    world.poll_ok()
    equal(finish(world, number), [{"enable": 0}])
    # The same with the modem.
    number = world.queue("enable", SPARE)
    world.knob("modem", {"rules": [{"message": "send-apdu", "action": "unplug-after",
                                    "contains": "E291", "after": "BF51"}]})
    poll_fails(world, "ModemGone", "executing a package", "modem is gone")
    world.knob("modem", "plug")
    world.wait_idle()
    world.poll_ok()
    equal(finish(world, number), [{"enable": 0}])
    equal(executed(world), 2, "packages executed")


# ---- status words ----


@case("IPAD-TRN-38E", "SGP.22 5.7.2; I-43")
def channel_lost_at_a_package(world):
    """Before the card has it, it is sent again; when it has run, its result is looked for."""
    world.wait_idle()
    for word in ("6881", "6882", "6E00", "6D00"):
        for execute in (False, True):
            before = executed(world)
            world.knob("card", {"fail": [{"on": "BF51", "sw": word, "execute": execute}]})
            number = world.queue("list")
            world.poll_ok()
            equal(len(finish(world, number)[0]["listProfileInfo"]), 3)
            # What the card refused did not run.
            equal(executed(world) - before, 1 if execute else 2, "last blocks of packages")


@case("IPAD-TRN-39E", "SGP.22 5.7.2", defer=True)
def responses_that_never_come(world):
    """61xx and 6Cxx without end: the job ends, and the result is there when the card is well again."""
    # It is the daemon that follows them, after a package too.
    start(world, "[modem sim]\nget-response=daemon\n")
    for word in ("6110", "6C10"):
        before = executed(world)
        world.knob("card", {"fail": [{"on": "INSC0", "sw": word, "skip": 1, "count": -1}]})
        number = world.queue("list")
        poll_fails(world, "Malformed", "the card announces a response", word)
        world.knob("card", {"fail": []})
        world.poll_ok()
        equal(len(finish(world, number)[0]["listProfileInfo"]), 3)
        equal(executed(world) - before, 1, "packages executed")


@case("IPAD-TRN-40N", "SGP.22 5.7.2", knobs={"hide-91xx": False})
def proactive_command_anywhere(world):
    """91xx in the place of 9000: after blocks, and after responses."""
    world.wait_idle()
    long_package(world)
    for on in ("INSE2", "BF2D", "BF2B"):
        world.knob("card", {"fail": [{"on": on, "sw": "910B", "execute": True}]})
        number = world.queue("list")
        world.poll_ok()
        equal(len(finish(world, number)[0]["listProfileInfo"]), 3)


# ---- power ----


# Without notifications, which would make each story longer than the one before.
QUIET_PROFILES = [{"iccid": BOOTSTRAP, "state": "enabled"}, {"iccid": OPERATIONAL}]


@case("IPAD-TRN-41E", "3.3.1; I-43", defer=True, setup={"profiles": QUIET_PROFILES})
def power_cut_at_every_apdu(world):
    """Of a whole enable, at first before and after the card acts on it: whatever happens, the package runs
    once at most and its result arrives once."""
    # A deadline that strikes where it is not due only makes the story longer.
    start(world, "[channel]\ntimeout=1s\nlong-timeout=1s\nrefresh-grace=1s\n")
    wanted = OPERATIONAL
    for at in range(1, 100):
        for processed in (False, True) if at <= 8 else (True,):
            world.knob("card", {"powerCutAtApdu": at, "powerCutProcessed": processed})
            number = world.queue("enable", wanted)
            world.poll()
            world.wait_idle()
            left = world.show("card")["behaviour"]["powerCutAtApdu"]
            world.knob("card", {"powerCutAtApdu": 0})
            # What the cut left to be done.
            world.poll()
            order = world.outcome(number)
            if order.get("results"):
                equal(finish(world, number), [{"enable": 0}], f"power cut at {at}, {processed}")
                equal(world.show("card")["enabledIccid"], wanted)
                wanted = BOOTSTRAP if wanted == OPERATIONAL else OPERATIONAL
            else: # the card did not get it: the eIM was told, and is free to send it again
                equal(world.show("card")["results"], [], "results")
                assert world.show("card")["enabledIccid"] != wanted, "enabled without a result"
        if left:
            assert at > 10, f"a story of {at} APDUs"
            return
    raise AssertionError("the story does not end")


# ---- cards that are left alone: exactly what they see ----


def wait_object(world, state):
    def find():
        return [i[EUICC] for i in world.objects().values()
                if i.get(EUICC, {}).get("State") == state]

    return world.wait_until(f"an eUICC that is {state}", find)[0]


def without_fetching(words):
    return [word for word in words if word != "fetch"]


@case("IPAD-TRN-42N", "3.8.4; I-40", setup={"ipaeSupported": True, "ipaeActive": True})
def all_that_a_card_with_an_active_ipae_sees(world):
    wait_object(world, "left-alone")
    equal(without_fetching(names(world)), ["channel", "select", "BF22", "close"])


@case("IPAD-TRN-43N", "I-40", setup={"behaviour": {"fail": [
    {"on": "INSE2", "sw": "6985", "count": -1}]}})
def all_that_an_m2m_card_sees(world):
    world.wait_modem("power-on")
    world.wait_until("the start has failed", lambda: [
        p for p in world.objects().values() if JOB in p and p[JOB]["State"] == "failed"])
    equal(without_fetching(names(world)),
          ["channel", "select", "capability", "select", "BF3E", "close",
           "capability", "channel", "select", "BF3E", "close"])


@case("IPAD-TRN-44N", "I-39", setup={"iotVersions": [], "behaviour": {"fail": [
    {"on": on, "sw": "6A88", "count": -1} for on in ("BF55", "BF51", "BF2B")]}})
def all_that_a_consumer_card_sees(world):
    equal(world.wait_idle()["Kind"], "consumer")
    equal(without_fetching(names(world)),
          ["channel", "select", "capability", "select", "BF3E", "BF22", "BF55", "BF2D", "BF2B",
           "close"])


main(__name__)
