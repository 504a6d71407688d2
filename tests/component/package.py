#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Execution of eUICC packages (SGP.32 3.3.1, 5.9.1): catalogue area PKG."""

from world import BOOTSTRAP, EID, EIM_ID, OPERATIONAL, SPARE, case, equal, main


def run_package(world, number):
    """Polls until the eIM has the verified result of order NUMBER, acknowledged and removed."""
    world.poll_ok()
    return world.delivered(number)


@case("IPAD-PKG-01N", "3.3.1, 5.9.1")
def enable(world):
    world.wait_idle()
    equal(world.profiles(), {BOOTSTRAP: "enabled", OPERATIONAL: "disabled", SPARE: "disabled"})
    order = run_package(world, world.queue("enable", OPERATIONAL, "--rollback"))
    equal(order["results"], [{"enable": 0}])
    equal(order["eid"], EID)
    equal(world.show("card")["enabledIccid"], OPERATIONAL)
    world.wait_idle()
    equal(world.profiles(), {BOOTSTRAP: "disabled", OPERATIONAL: "enabled", SPARE: "disabled"})
    world.check_settled()
    assert world.show("modem")["refreshes"] == 1, "the modem did not see the REFRESH"


@case("IPAD-PKG-02N", "3.3.1, 5.9.1")
def disable(world):
    order = run_package(world, world.queue("disable", BOOTSTRAP))
    equal(order["results"], [{"disable": 0}])
    equal(world.show("card")["enabledIccid"], "")
    world.check_settled()
    equal(world.profiles()[BOOTSTRAP], "disabled")


@case("IPAD-PKG-03N", "3.3.1, 5.9.1")
def delete(world):
    world.wait_idle()
    assert SPARE in world.profiles()
    order = run_package(world, world.queue("delete", SPARE))
    equal(order["results"], [{"delete": 0}])
    world.check_settled()
    equal(sorted(world.profiles()), [BOOTSTRAP, OPERATIONAL])


@case("IPAD-PKG-04N", "3.3.1, 5.9.1")
def list_profiles(world):
    order = run_package(world, world.queue("list"))
    listed = order["results"][0]["listProfileInfo"]
    equal(sorted(p["iccid"] for p in listed), [BOOTSTRAP, OPERATIONAL, SPARE])
    world.check_settled()


@case("IPAD-PKG-05N", "3.3.1, 5.9.1")
def several_commands(world):
    order = run_package(world, world.queue_package({"psmo": [
        {"enable": {"iccid": SPARE}}, {"delete": {"iccid": OPERATIONAL}}, {"listProfileInfo": {}}]}))
    equal(order["results"][:2], [{"enable": 0}, {"delete": 0}])
    listed = order["results"][2]["listProfileInfo"]
    equal({p["iccid"] for p in listed}, {BOOTSTRAP, SPARE})
    world.check_settled()
    equal(world.profiles(), {BOOTSTRAP: "disabled", SPARE: "enabled"})


@case("IPAD-PKG-06N", "3.1.1.1")
def several_packages_in_one_poll(world):
    orders = [world.queue("enable", OPERATIONAL), world.queue("list"), world.queue("delete", SPARE)]
    world.poll_ok()
    done = [world.result(number) for number in orders]
    equal([list(order["results"][0]) for order in done],
          [["enable"], ["listProfileInfo"], ["delete"]])
    counters = [order["counter"] for order in done]
    equal(counters, sorted(counters), "counters in order")
    world.check_settled()


@case("IPAD-PKG-07N", "3.3.1; IPAD-TRN 6985", setup={"behaviour": {"switch": "silent"}})
def enable_without_refresh(world):
    """The card says nothing and refuses everything until somebody resets it."""
    order = run_package(world, world.queue("enable", OPERATIONAL))
    equal(order["results"], [{"enable": 0}])
    world.check_settled()
    modem = world.show("modem")
    equal(modem["refreshes"], 0)
    assert modem["power-cycles"] >= 1, "nobody reset the card"


@case("IPAD-PKG-08N", "3.3.1", setup={"behaviour": {"switch": "none"}})
def enable_goes_on_at_once(world):
    order = run_package(world, world.queue("enable", OPERATIONAL))
    equal(order["results"], [{"enable": 0}])
    world.check_settled()


@case("IPAD-PKG-09N", "3.3.1", knobs={"refresh": "ignore"})
def modem_ignores_refresh(world):
    order = run_package(world, world.queue("enable", OPERATIONAL))
    equal(order["results"], [{"enable": 0}])
    world.check_settled()
    assert world.show("modem")["power-cycles"] >= 1, "nobody reset the card"


@case("IPAD-TRN-62E", "3.3.1", setup={"behaviour": {"switch": "silent"}},
      knobs={"rules": [{"message": "power-off", "action": "error", "error": 3, "count": 0}]})
def card_can_not_be_reset(world):
    """The result is delivered all the same; the modem is restarted, and the card looked for when it is back."""
    number = world.queue("enable", OPERATIONAL)
    world.poll()
    equal(world.result(number)["results"], [{"enable": 0}])
    world.knob("modem", {"rules": []})
    world.wait_modem("restart")
    # A job may meet the modem's last moment, or the daemon may be idle then.
    world.wait_until("modem opened anew", lambda: world.log().count("opening device with flags") == 2)
    world.wait_idle()
    world.poll_ok()
    world.check_settled()


@case("IPAD-PKG-10E", "5.9.1")
def command_fails(world):
    """The package ends at the first command that fails; the result is signed all the same."""
    order = run_package(world, world.queue_package({"psmo": [
        {"enable": {"iccid": "8988247000100000999"}}, {"delete": {"iccid": SPARE}}]}))
    assert order["results"][0]["enable"] != 0, order["results"]
    assert {"delete": 0} not in order["results"], order["results"]
    world.check_settled()
    assert SPARE in world.profiles()


@case("IPAD-PKG-11E", "5.9.1")
def broken_signature(world):
    """Unsigned error of the card, delivered as it is; nothing changed and the next package runs."""
    bad = world.queue("enable", OPERATIONAL, "--fault", "signature")
    world.poll_ok()
    order = world.outcome(bad)
    assert order["error"] and not order["error"]["signed"], order
    equal(world.show("card")["enabledIccid"], BOOTSTRAP)
    equal(order["offered"], 1)
    good = run_package(world, world.queue("enable", OPERATIONAL))
    equal(good["results"], [{"enable": 0}])
    world.check_settled()


@case("IPAD-PKG-12E", "5.9.1")
def replayed_counter(world):
    """Signed error of the card."""
    run_package(world, world.queue("list"))
    replayed = world.queue("delete", SPARE, "--fault", "replay")
    world.poll_ok()
    order = world.result(replayed)
    assert order["error"] and order["error"]["signed"], order
    world.check_settled()
    assert SPARE in world.profiles()


@case("IPAD-PKG-13E", "5.9.1")
def package_for_another_eid(world):
    other = world.queue("delete", SPARE, "--fault", "eid")
    world.poll_ok()
    assert world.outcome(other)["error"], "no error"
    assert SPARE in world.profiles()
    world.check_settled()


@case("IPAD-PKG-14E", "5.9.1")
def package_of_another_eim(world):
    other = world.queue("delete", SPARE, "--fault", "eimId")
    world.poll_ok()
    assert world.outcome(other)["error"], "no error"
    assert SPARE in world.profiles()
    world.check_settled()


@case("IPAD-PKG-15N", "5.14.6")
def eim_acknowledges_without_list(world):
    """emptyResponse: the result was delivered and leaves the card."""
    world.knob("eim", {"ack": "empty"})
    number = world.queue("list")
    world.poll_ok()
    world.result(number)
    world.check_settled()


@case("IPAD-PKG-16N", "5.14.6")
def eim_acknowledges_nothing(world):
    """An empty list of acknowledgements: the result stays on the card and is not lost."""
    world.knob("eim", {"ack": "none"})
    number = world.queue("list")
    world.poll_ok()
    order = world.result(number)
    world.wait_idle()
    equal([r["seqNumber"] for r in world.show("card")["results"]], [order["seqNumber"]])


@case("IPAD-PKG-17N", "3.3.1", knobs={"procedure-bytes": 1, "long-response": 300},
      setup={"behaviour": {"responseBlock": 100}})
def small_blocks(world):
    order = run_package(world, world.queue("list"))
    equal(len(order["results"][0]["listProfileInfo"]), 3)
    world.check_settled()


@case("IPAD-PKG-18N", "3.3.1", setup={"behaviour": {"response": "wrong-length"}})
def wrong_length_answers(world):
    """6Cxx on the way."""
    order = run_package(world, world.queue("list"))
    equal(len(order["results"][0]["listProfileInfo"]), 3)
    world.check_settled()


@case("IPAD-POLL-01N", "3.1.1.1, 5.14.5")
def nothing_to_do(world):
    world.poll_ok()
    polls = world.exchanges("GetEimPackage")
    assert polls and polls[-1]["status"] == 200, polls
    eim = world.objects()[world.eim_path()]["org.euiccd1.Eim"]
    equal(eim["EimId"], EIM_ID)
    equal(eim["Failures"], 0)
    assert eim["BytesSent"] > 0 and eim["BytesReceived"] > 0 and eim["LastPoll"] > 0, eim
    world.check_settled()


main(__name__)
