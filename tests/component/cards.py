#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cards that are somebody else's, or that answer badly (SGP.32 3.8; interop note I-40)."""

from world import BOOTSTRAP, EUICC, JOB, MANAGER, OPERATIONAL, ROOT, BusError, case, equal, main


def wait_left_alone(world):
    """The object of a card that is left alone; its EID was not asked for."""

    def find():
        try:
            objects = world.objects()
        except BusError:
            return None
        for path, interfaces in objects.items():
            if interfaces.get(EUICC, {}).get("State") == "left-alone":
                return path, interfaces[EUICC]
        return None

    return world.wait_until("a card that is left alone", find)


def check_untouched(world):
    assert not world.show("card")["ipadDeclared"], "an IPAd was declared to the card"
    equal(world.show("modem")["power-cycles"], 0, "resets of the card")
    equal(world.exchanges(), [], "requests to the eIM")


def check_left_alone(world, reason):
    number = world.queue("enable", OPERATIONAL)
    path, euicc = wait_left_alone(world)
    assert reason in euicc["StateReason"], euicc
    equal(euicc["Kind"], "iot")
    check_untouched(world)
    # Nor when somebody wants it.
    world.call(ROOT, MANAGER, "Rescan")
    try:
        job = world.call(path, EUICC, "Poll")[0]
    except BusError:
        pass
    else:
        state, name, text = world.wait_job(job)
        equal((state, name), ("failed", "org.euiccd1.Error.NotSupported"), text)
        equal(world.show("modem")["channels"], [], "channels left open")
    check_untouched(world)
    assert world.order(number)["state"] == "queued", world.order(number)
    equal(world.show("card")["enabledIccid"], BOOTSTRAP)


def check_works(world):
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    equal(world.result(number)["results"], [{"enable": 0}])
    world.check_settled()
    assert world.show("card")["ipadDeclared"], "no TERMINAL CAPABILITY of an IPAd"


@case("IPAD-TRN-64N", "3.8.2, 3.8.4", setup={"ipaeSupported": True, "ipaeActive": True})
def ipae_is_left_alone(world):
    check_left_alone(world, "ipaMode ipae")


@case("IPAD-TRN-65N", "3.8.2, 3.8.4", setup={"ipaeSupported": True, "ipaeActive": True, "behaviour": {
    "fail": [{"on": "BF22", "sw": "6985", "count": -1}]}})
def ipae_that_says_nothing_is_left_alone(world):
    check_left_alone(world, "answers to no other")


@case("IPAD-TRN-66N", "3.8.2, 3.8.4", setup={"ipaeSupported": True, "behaviour": {
    "needTerminalCapability": False}})
def ipae_not_active(world):
    check_works(world)


@case("IPAD-TRN-64E", "3.8.2", setup={"behaviour": {"lateTerminalCapability": False}})
def declaration_before_select_only(world):
    """The card wants the declaration before SELECT: one reset, after which it comes first."""
    check_works(world)
    world.daemon("restart")
    world.wait_idle()


@case("IPAD-TRN-67E", "3.8", setup={"behaviour": {"fail": [
    {"on": on, "sw": "6985", "count": -1}
    for on in ("BF3E", "BF22", "BF55", "BF2D", "BF2B", "BF51")]}})
def m2m_card(world):
    """6985 to everything, also after a reset: no more resets until the card changes."""

    def failed():
        return [p[JOB] for p in world.objects().values() if JOB in p and p[JOB]["State"] == "failed"]

    jobs = world.wait_until("the start has failed", failed)
    equal([job["Error"] for job in jobs], ["org.euiccd1.Error.NotEuicc"])
    assert "not manageable" in jobs[0]["ErrorMessage"], jobs
    equal(world.show("modem")["power-cycles"], 1, "resets of the card")
    equal(world.exchanges(), [], "requests to the eIM")
    world.knob("card", {"fail": []})
    world.knob("modem", "eject")
    world.knob("modem", "insert")
    check_works(world)


def break_list(world, tag, response):
    world.wait_idle()
    world.daemon("stop")
    world.knob("card", {"fail": [{"on": tag, "response": response, "count": -1}]})
    world.daemon("start")


@case("IPAD-TRN-70E", "5.9.14")
def profiles_can_not_be_listed(world):
    """The eIM can still do something about it (modems.md: profile list not readable)."""
    break_list(world, "BF2D", "BF2D0381017F")
    world.wait_idle()
    equal(world.profiles(), {})
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    equal(world.result(number)["results"], [{"enable": 0}])
    world.knob("card", {"fail": []})
    world.poll_ok()
    world.check_settled()


@case("IPAD-TRN-71E", "5.9.11")
def notifications_can_not_be_listed(world):
    break_list(world, "BF2B", "BF2B0381017F")
    equal(world.wait_idle()["PendingNotifications"], 0)
    number = world.queue("enable", OPERATIONAL)
    world.poll()
    equal(world.outcome(number)["results"], [{"enable": 0}])


@case("IPAD-TRN-72E", "5.9.11")
def one_stored_result_is_unreadable(world):
    break_list(world, "BF2B", "BF2B08A206BF510330013F")
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    equal(world.result(number)["results"], [{"enable": 0}])


main(__name__)
