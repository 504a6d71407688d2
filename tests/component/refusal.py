#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Answers that are not taken, cards that go in the middle, disks that are full: nothing is lost,
nothing runs twice, and nothing keeps other packages waiting (SGP.32 3.3.1)."""

import os

from world import BOOTSTRAP, EID, EIM, EUICC, OPERATIONAL, SPARE, BusError, case, equal, main

# No poll but those of the case itself.
STEADY = "[poll]\nretry-first=1h\n"
NO_FAULTS = {"faults": []}
REMOVAL = "BF3003"  # ES10b.RemoveNotificationFromList with a number of one octet
EVERY_RESULT = {"on": "ProvideEimPackageResult", "count": 0}


def start(world, settings):
    """Starts a daemon that was held back, with SETTINGS over the usual ones."""
    world.configure(settings)
    world.daemon("start")
    world.wait_idle()


def owed_folder(world):
    return os.path.join(world.folder, "state", EID, "owed")


def owed(world):
    """What the daemon keeps for eIMs on disk."""
    return sorted(os.listdir(owed_folder(world)))


def count(world, function):
    """How often the eIM was asked for FUNCTION."""
    return world.show("eim").get("exchanges" + function, 0)


def deliveries(world):
    return count(world, "ProvideEimPackageResult")


def poll_and_count(world):
    """Polls, whatever comes of it; how many results were offered to the eIM meanwhile."""
    before = deliveries(world)
    world.poll()
    world.wait_idle()
    return deliveries(world) - before


def check_once(world, number, results):
    """Order NUMBER was offered and executed once, and its result arrived once."""
    order = world.result(number)
    equal(order["results"], results)
    equal(order["offered"], 1, "times the package was offered")
    assert order["seqNumber"] in order["acknowledged"], f"not acknowledged: {order}"
    assert not order.get("again"), f"result delivered twice: {order}"


# ---- a result that the eIM's server can't take ----


def results_refused(world, defect):
    """The eIM, unable to take results, can still give orders; it gets all results when it can."""
    start(world, STEADY)
    first = world.queue("list")
    world.knob("eim", {"faults": [{**EVERY_RESULT, **defect}]})
    assert poll_and_count(world) <= 1, "result offered more than once in one poll"
    second = world.queue("enable", OPERATIONAL)
    assert poll_and_count(world) <= 2, "result offered more than once in one poll"
    equal(world.order(second)["offered"], 1, "times the second package was offered")
    equal(world.show("card")["enabledIccid"], OPERATIONAL)
    assert poll_and_count(world) <= 2, "result offered more than once in one poll"
    equal(len(world.show("card")["results"]), 2, "results on the card")
    equal(len(owed(world)), 2, "results on disk")
    eim = world.objects()[world.eim_path()][EIM]
    assert eim["Failures"] >= 1 and eim["LastResult"] not in ("none", "package"), eim

    world.knob("eim", NO_FAULTS)
    before = deliveries(world)
    world.poll_ok()
    listed = world.result(first)["results"]
    equal(len(listed[0]["listProfileInfo"]), 3)
    check_once(world, first, listed)
    check_once(world, second, [{"enable": 0}])
    equal(deliveries(world) - before, 2, "deliveries")
    world.check_settled()
    equal(owed(world), [], "owed to eIMs")


@case("IPAD-PKG-30E", "3.3.1, 6.1.1", defer=True)
def results_answered_with_status_500(world):
    results_refused(world, {"status": 500})


@case("IPAD-PKG-31E", "3.3.1, 6.1.1", defer=True)
def results_answered_with_a_web_page(world):
    results_refused(world, {"body": "html"})


@case("IPAD-PKG-32E", "3.3.1, 6.1.1", defer=True)
def results_answered_with_garbage(world):
    results_refused(world, {"body": "garbage"})


# ---- an answer that the eIM refuses and that the card does not store ----


def answers_refused(world, queue):
    """Nothing can be made better by repeating it: given once, it counts as given."""
    start(world, STEADY)
    world.knob("eim", {"ack": {"error": 127}})
    posts, files = [], []
    for _ in range(5):
        number = queue()
        posts.append(poll_and_count(world))
        files.append(len(owed(world)))
        equal(world.order(number)["offered"], 1, "times the package was offered")
    equal(posts, [1] * 5, "answers offered in each poll")
    equal(files, [0] * 5, "answers on disk after each poll")
    equal(poll_and_count(world), 0, "answers offered without a package")
    equal(world.show("card")["results"], [])

    world.knob("eim", {"ack": "all"})
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    check_once(world, number, [{"enable": 0}])
    world.check_settled()


@case("IPAD-PKG-33E", "5.14.6, 2.11.2.3", defer=True)
def answer_to_a_download_trigger_refused(world):
    answers_refused(world, lambda: world.queue_package(
        {"download": {"activationCode": "1$smdp.example.test$REFUSED-ANSWER"}}))


@case("IPAD-PKG-34E", "5.14.6, 2.11.2.2", defer=True)
def answer_to_a_data_request_refused(world):
    answers_refused(world, lambda: world.queue_package({"data": {"tags": "BF20"}}))


@case("IPAD-PKG-35E", "5.14.6; I-19", defer=True)
def answer_to_an_unknown_package_refused(world):
    answers_refused(world, lambda: world.queue_package({"raw": "BF6F03800101"}))


@case("IPAD-PKG-36E", "5.14.6; I-19", defer=True)
def answer_to_a_broken_package_refused(world):
    answers_refused(world, lambda: world.queue_package({"raw": "BF5104300230FF"}))


@case("IPAD-PKG-37E", "5.14.6, 5.9.1", defer=True)
def unsigned_error_of_the_card_refused(world):
    answers_refused(world, lambda: world.queue("delete", SPARE, "--fault", "signature"))
    assert SPARE in world.profiles()


# ---- a card that goes while a job runs ----


def check_gone(world):
    """The bus shows no usable card."""

    def condition():
        euicc = world.get(world.path, EUICC)
        return euicc is None or euicc["State"] == "unavailable"

    world.wait_until("eUICC gone or unavailable", condition)


def try_to_poll(world):
    """Asks for a poll of a card that is not there: refused at once, or a job that fails."""
    try:
        job = world.call(world.path, EUICC, "Poll")[0]
    except BusError:
        return
    state, name, text = world.wait_job(job)
    equal(state, "failed", "poll without a card")
    assert name.startswith("org.euiccd1.Error.") and text, (name, text)


@case("IPAD-TRN-30N", "design 2, 3.1.1.1")
def card_removed_while_the_eim_answers(world):
    """No package is taken for a card that can't execute it."""
    world.wait_idle()
    polls = count(world, "GetEimPackage")
    world.knob("eim", {"faults": [{"on": "GetEimPackage", "delay": 3000}]})
    job = world.call(world.path, EUICC, "Poll")[0]
    world.wait_eim("exchange", polls + 1, function="GetEimPackage")
    world.knob("modem", "eject")
    world.wait_job(job)
    check_gone(world)
    world.knob("eim", NO_FAULTS)

    number = world.queue("enable", OPERATIONAL)
    try_to_poll(world)
    equal(world.order(number)["state"], "queued", "order without a card")
    equal(count(world, "GetEimPackage"), polls + 1, "packages asked for")
    check_gone(world)

    world.knob("modem", "insert")
    world.wait_idle()
    world.poll_ok()
    check_once(world, number, [{"enable": 0}])
    world.check_settled()


@case("IPAD-TRN-31N", "design 2, 3.3.1; I-43")
def card_removed_before_it_executes(world):
    """The eIM is told that its package came to nothing; the next one waits for the card."""
    world.wait_idle()
    polls = count(world, "GetEimPackage")
    lost, waiting = world.queue("delete", SPARE), world.queue("enable", OPERATIONAL)
    world.knob("modem", {"rules": [{"message": "send-apdu", "contains": "BF51",
                                    "action": "ignore"}]})
    job = world.call(world.path, EUICC, "Poll")[0]
    world.wait_modem("rule")
    world.knob("modem", "eject")
    state, _, text = world.wait_job(job)
    equal(state, "failed", "poll whose card went")
    assert text, "no reason"
    check_gone(world)
    try_to_poll(world)
    equal(world.order(waiting)["state"], "queued", "order without a card")
    equal(count(world, "GetEimPackage"), polls + 1, "packages asked for")

    world.knob("modem", "insert")
    world.wait_idle()
    world.poll_ok()
    order = world.outcome(lost)
    equal(order["offered"], 1, "times the package was offered")
    assert order.get("error") and not order.get("results"), order
    check_once(world, waiting, [{"enable": 0}])
    world.check_settled()
    assert SPARE in world.profiles(), "a package that was reported as failed was executed"


@case("IPAD-TRN-32N", "design 2, 3.3.1; I-43")
def card_removed_while_its_package_comes(world):
    """The package is on its way when the card goes: reported, and no other one is taken."""
    world.wait_idle()
    polls = count(world, "GetEimPackage")
    lost = world.queue("delete", SPARE)
    world.knob("eim", {"faults": [{"on": "GetEimPackage", "delay": 3000}]})
    job = world.call(world.path, EUICC, "Poll")[0]
    world.wait_eim("exchange", polls + 1, function="GetEimPackage")
    world.knob("modem", "eject")
    waiting = world.queue("enable", OPERATIONAL)
    state, name, text = world.wait_job(job)
    equal((state, name), ("failed", "org.euiccd1.Error.CardAbsent"), text)
    check_gone(world)
    try_to_poll(world)
    equal(world.order(waiting)["state"], "queued", "order without a card")
    equal(count(world, "GetEimPackage"), polls + 1, "packages asked for")

    world.knob("modem", "insert")
    world.wait_idle()
    world.poll_ok()
    order = world.outcome(lost)
    equal(order["offered"], 1, "times the package was offered")
    assert order.get("error") and not order.get("results"), order
    check_once(world, waiting, [{"enable": 0}])
    world.check_settled()
    assert SPARE in world.profiles(), "a package that was reported as failed was executed"


# ---- a card that does not let go of a result ----


@case("IPAD-PKG-38E", "5.9.11", defer=True)
def card_refuses_removal(world):
    """The result was delivered all the same; its removal is tried again with the next poll."""
    start(world, STEADY)
    world.knob("card", {"fail": [{"on": "BF30", "response": "BF300380017F", "count": -1}]})
    # Changes nothing, but counts.
    world.knob("modem", {"rules": [{"message": "send-apdu", "contains": REMOVAL, "count": 0,
                                    "action": "delay", "ms": 0}]})
    orders = [world.queue("delete", SPARE), world.queue("enable", OPERATIONAL)]
    equal(poll_and_count(world), 2, "deliveries")
    check_once(world, orders[0], [{"delete": 0}])
    check_once(world, orders[1], [{"enable": 0}])
    equal(len(world.show("card")["results"]), 2, "results on the card")

    tries = world.modem_count("rule")
    equal(poll_and_count(world), 0, "deliveries")
    assert tries < world.modem_count("rule") <= tries + 2, "tries to remove two results"
    third = world.queue("list")
    equal(poll_and_count(world), 1, "deliveries")
    world.result(third)

    world.knob("card", {"fail": []})
    before = deliveries(world)
    world.poll_ok()
    equal(deliveries(world), before, "deliveries")
    world.check_settled()
    equal(owed(world), [], "owed to eIMs")
    check_once(world, orders[0], [{"delete": 0}])
    check_once(world, orders[1], [{"enable": 0}])


# ---- delivery without a schedule ----


@case("IPAD-PKG-39N", "3.3.1", defer=True)
def delivered_without_regular_polls(world):
    """What is owed does not wait for a poll that nobody asks for."""
    start(world, "[poll]\ninterval=0\non-start=false\nretry-first=1\n")
    equal(count(world, "GetEimPackage"), 0, "packages asked for")
    number = world.queue("enable", OPERATIONAL)
    world.knob("eim", {"faults": [{**EVERY_RESULT, "count": 3, "status": 503}]})
    equal(world.poll()[0], "failed")
    check_once(world, number, [{"enable": 0}])
    equal(deliveries(world), 4, "deliveries")
    world.check_settled()
    equal(owed(world), [], "owed to eIMs")
    equal(world.objects()[world.eim_path()][EIM]["NextPoll"], 0, "next poll")


@case("IPAD-PKG-40N", "3.3.1", defer=True)
def delivered_after_a_restart_without_regular_polls(world):
    """The eIM is down when the daemon comes back with a result."""
    start(world, "[poll]\ninterval=0\non-start=false\nretry-first=1\n")
    number = world.queue("enable", OPERATIONAL)
    world.knob("eim", {"faults": [{**EVERY_RESULT, "status": 503}]})
    world.call(world.path, EUICC, "Poll")
    world.wait_eim("exchange", function="ProvideEimPackageResult")
    world.daemon("kill")
    offered = deliveries(world)
    world.knob("eim", {"faults": [{**EVERY_RESULT, "count": 2, "status": 503}]})
    world.daemon("start")
    check_once(world, number, [{"enable": 0}])
    equal(deliveries(world) - offered, 3, "deliveries")
    world.check_settled()
    equal(owed(world), [], "owed to eIMs")


# ---- killed when the eIM has the result ----


def check_after_delivery(world, number, seen):
    """Nothing is delivered again after exchange SEEN, and no foreign change is reported to the eIM
    whose own order it was."""
    world.wait_idle()
    world.poll_ok()
    check_once(world, number, [{"enable": 0}])
    world.check_settled()
    equal(owed(world), [], "owed to eIMs")
    later = [e for e in world.exchanges() if e["exchange"] > seen]
    functions = [e.get("function") for e in later]
    assert "ProvideEimPackageResult" not in functions, functions
    assert "GetEimPackage" in functions, functions
    told = [e for e in later if "stateChangeCause" in e or e.get("notifyStateChange")]
    equal(told, [], "change reported to the eIM that ordered it")


def last_exchange(world):
    return max((e["exchange"] for e in world.exchanges()), default=0)


def killed_at_removal(world, action):
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL)
    world.knob("modem", {"rules": [{"message": "send-apdu", "contains": REMOVAL,
                                    "action": action}]})
    world.call(world.path, EUICC, "Poll")
    world.wait_modem("rule")
    world.daemon("kill")
    seen = last_exchange(world)
    world.knob("modem", {"rules": []})
    left = len(world.show("card")["results"])
    world.daemon("start")
    check_after_delivery(world, number, seen)
    return left


@case("IPAD-PKG-41N", "3.3.1, 5.14.5; I-26")
def killed_before_removal(world):
    equal(killed_at_removal(world, "ignore"), 1, "results on the card after the kill")


@case("IPAD-PKG-42N", "3.3.1, 5.14.5; I-26")
def killed_after_removal(world):
    """The card has nothing to remove any more (nothingToDelete), which is what was wanted."""
    equal(killed_at_removal(world, "drop"), 0, "results on the card after the kill")


@case("IPAD-PKG-43N", "3.3.1, 5.14.5; I-26")
def killed_before_the_end_of_the_poll(world):
    """Result and removal are through, the poll asks for another package."""
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL)
    polls = count(world, "GetEimPackage")
    world.knob("eim", {"faults": [{"on": "GetEimPackage", "skip": 1, "delay": 20000}]})
    world.call(world.path, EUICC, "Poll")
    world.wait_eim("exchange", polls + 2, function="GetEimPackage")
    world.daemon("kill")
    seen = last_exchange(world)
    world.knob("eim", NO_FAULTS)
    equal(world.show("card")["results"], [], "results on the card after the kill")
    world.daemon("start")
    check_after_delivery(world, number, seen)


# ---- a disk that takes nothing ----


@case("IPAD-PKG-44E", "3.3.1; invariant 3", defer=True)
def package_can_not_be_noted(world):
    """What can't be noted is not executed."""
    start(world, STEADY)
    folder = owed_folder(world)
    os.rename(folder, folder + ".away")
    with open(folder, "wb"):
        pass
    orders = [world.queue("delete", SPARE), world.queue("enable", OPERATIONAL)]
    state, name, text = world.poll()
    equal((state, name), ("failed", "org.euiccd1.Error.Storage"), text)
    assert "owed" in text, text
    world.poll()
    world.wait_idle()
    eim = world.objects()[world.eim_path()][EIM]
    assert eim["Failures"] >= 1 and eim["LastResult"] == "Storage" and eim["LastError"], eim
    card = world.show("card")
    equal(card["enabledIccid"], BOOTSTRAP)
    equal(card["results"], [])
    assert SPARE in [p["iccid"] for p in card["profiles"]], "executed without a note"
    for number in orders:
        assert not world.order(number).get("results"), world.order(number)
    assert world.order(orders[0]).get("error"), "the eIM was not told"

    os.unlink(folder)
    os.rename(folder + ".away", folder)
    # The eIM orders anew what it was not told to be done.
    fresh = [world.queue("delete", SPARE), world.queue("enable", OPERATIONAL)]
    world.poll_ok()
    equal(world.result(fresh[0])["offered"], 1)
    check_once(world, fresh[1], [{"enable": 0}])
    world.check_settled()
    equal(owed(world), [], "owed to eIMs")


main(__name__)
