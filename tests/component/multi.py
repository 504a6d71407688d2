#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several eIMs on one card (SGP.32 2.11.1.1.1, 3.5.1): catalogue area MUL."""

from world import EIM, EIM_IDS, OPERATIONAL, SPARE, case, equal, main

A, B, C = EIM_IDS
TWO = [A, B]
OTHER_EIM = 0


def last_request(world, eim):
    """notifyStateChange and stateChangeCause of the last GetEimPackage that EIM got."""
    exchange = world.exchanges("GetEimPackage", eim)[-1]
    return exchange.get("notifyStateChange", False), exchange.get("stateChangeCause")


def count_polls(world, eim):
    return len(world.exchanges("GetEimPackage", eim))


def settle(world):
    """The polls that follow the start are over, and with them what they had to tell."""
    world.wait_idle()
    world.poll_ok()


def deliver(world, number, results, eim):
    equal(world.delivered(number, eim)["results"], results)


@case("IPAD-MUL-01N", "2.11.1.1.1, 2.6", eims=[f"{A},trust=key", f"{B},trust=ca", f"{C},trust=leaf"])
def each_with_its_own_trust(world):
    orders = {eim: world.queue("list", eim=eim) for eim in EIM_IDS}
    settle(world)
    for eim, number in orders.items():
        world.result(number, eim=eim)
    trust = {eim: world.objects()[path][EIM]["Trust"] for eim, path in world.eims().items()}
    equal(sorted(trust), EIM_IDS)
    assert "trustedEimPkTls" in trust[A], trust
    assert "CA certificate named by the card" in trust[B], trust
    assert "certificate pinned by the card" in trust[C], trust
    world.check_settled()


@case("IPAD-MUL-02E", "2.6", eims=[f"{A},trust=key", f"{B},trust=key"], defer=True)
def trust_is_not_shared(world):
    """A server with the key that the card pins for another eIM is refused."""
    pki = {e["eimId"]: e["pki"] for e in world.show("world")["eims"]}
    world.knob("eim", {"tls": {"certificate": f"{pki[A]}/eimtls.pem",
                               "key": f"{pki[A]}/eimtls.key.pem"}}, eim=B)
    number = world.queue("enable", OPERATIONAL, eim=B)
    world.daemon("start")
    world.wait_idle()
    world.poll(world.eim_path(B))
    equal(world.objects()[world.eim_path(B)][EIM]["LastResult"], "Tls")
    equal(world.order(number, eim=B)["state"], "queued")
    equal(world.exchanges(eim=B), [])
    world.knob("eim", {"tls": {}}, eim=B)
    world.poll_ok()
    deliver(world, number, [{"enable": 0}], B)
    world.check_settled()


@case("IPAD-MUL-03N", "5.14.5, 6.3.2.6", eims=TWO)
def the_others_learn_of_a_change(world):
    settle(world)
    equal(last_request(world, A), (False, None))
    equal(last_request(world, B), (False, None))
    number = world.queue("enable", OPERATIONAL, eim=A)
    world.poll_ok()
    deliver(world, number, [{"enable": 0}], A)
    equal(last_request(world, A), (False, None), "what the requester is told")
    equal(last_request(world, B), (True, OTHER_EIM), "what the other is told")
    world.poll_ok()
    equal(last_request(world, A), (False, None))
    equal(last_request(world, B), (False, None), "after it was told")
    world.check_settled()


@case("IPAD-MUL-04N", "5.14.5, 6.3.2.6", eims=TWO)
def the_change_is_told_until_it_is_heard(world):
    """An answer that gets lost, a restart: the other eIM is told again."""
    settle(world)
    number = world.queue("delete", SPARE, eim=A)
    world.knob("eim", {"faults": [{"on": "GetEimPackage", "count": 0, "drop": "before"}]}, eim=B)
    world.poll()
    deliver(world, number, [{"delete": 0}], A)
    equal(last_request(world, B)[0], False, "the faults hide what was asked")
    world.daemon("stop")
    world.knob("eim", {"faults": [{"on": "GetEimPackage", "count": 2, "drop": "after"}]}, eim=B)
    world.daemon("start")
    world.wait_idle()
    equal(last_request(world, B), (True, OTHER_EIM), "told, but the answer was lost")
    world.knob("eim", {"faults": []}, eim=B)
    world.poll_ok()
    equal(last_request(world, B), (True, OTHER_EIM), "told again")
    world.poll_ok()
    equal(last_request(world, B), (False, None))
    equal(last_request(world, A), (False, None))


@case("IPAD-MUL-05N", "3.5.1.2", eims=TWO)
def an_eim_deletes_itself(world):
    """Its result reaches it, and then it is polled no more."""
    settle(world)
    number = world.queue_package({"eco": [{"deleteEim": {"eimId": A}}]}, eim=A)
    world.poll(world.eim_path(A))
    deliver(world, number, [{"deleteEim": 0}], A)
    world.wait_idle()
    equal(list(world.eims()), [B])
    polls = count_polls(world, A)
    world.poll_ok()
    equal(count_polls(world, A), polls, "polls of an eIM that is gone")
    equal(last_request(world, B), (True, OTHER_EIM))
    world.check_settled()


@case("IPAD-MUL-06N", "3.5.1.2", eims=TWO)
def the_last_eim_deletes_itself(world):
    settle(world)
    number = world.queue_package({"eco": [{"deleteEim": {"eimId": A}},
                                          {"deleteEim": {"eimId": B}}]}, eim=B)
    world.poll(world.eim_path(B))
    deliver(world, number, [{"deleteEim": 0}, {"deleteEim": 2}], B)
    world.wait_idle()
    equal(world.eims(), {})
    equal(world.show("card")["eims"], [])


@case("IPAD-MUL-07N", "3.5.1.2", eims=TWO)
def result_of_the_deleted_requester_after_a_kill(world):
    """The card does not know the eIM any more when the daemon comes back: it has kept where to deliver."""
    settle(world)
    number = world.queue_package({"eco": [{"deleteEim": {"eimId": A}}]}, eim=A)
    world.knob("eim", {"faults": [{"on": "ProvideEimPackageResult", "count": 0, "drop": "before"}]},
               eim=A)
    world.call(world.eim_path(A), EIM, "Poll")
    world.wait_eim("exchange", function="ProvideEimPackageResult", eim=A)
    world.daemon("kill")
    equal([e["eimId"] for e in world.show("card")["eims"]], [B])
    world.knob("eim", {"faults": []}, eim=A)
    world.daemon("start")
    deliver(world, number, [{"deleteEim": 0}], A)
    world.check_settled()


@case("IPAD-MUL-08N", "3.5.1.1", eims=[A, f"{B},unknown,trust=ca"])
def an_eim_adds_another(world):
    settle(world)
    equal(list(world.eims()), [A])
    equal(world.exchanges(eim=B), [], "requests to an eIM that the card does not know")
    number = world.queue_package({"eco": [{"addEim": {"der": world.configuration(B)}}]}, eim=A)
    listing = world.queue("list", eim=B)
    world.poll_ok()
    deliver(world, number, [{"addEim": 0}], A)
    world.wait_until("the new eIM on the bus", lambda: B in world.eims())
    world.wait_idle()
    world.poll_ok()
    assert world.result(listing, eim=B)["results"], "nothing listed"
    equal(sorted(world.eims()), [A, B])
    world.check_settled()


@case("IPAD-MUL-09N", "3.5.1.2", eims=TWO)
def an_eim_deletes_the_other(world):
    """What the other still had in its queue stays there."""
    settle(world)
    waiting = world.queue("list", eim=B)
    number = world.queue_package({"eco": [{"deleteEim": {"eimId": B}}]}, eim=A)
    world.poll(world.eim_path(A))
    deliver(world, number, [{"deleteEim": 0}], A)
    world.wait_idle()
    polls = count_polls(world, B)
    world.poll_ok()
    equal(count_polls(world, B), polls)
    equal(world.order(waiting, eim=B)["state"], "queued")
    equal(list(world.eims()), [A])
    world.check_settled()


@case("IPAD-MUL-10E", "3.1.1", eims=TWO)
def one_that_is_down_does_not_hold_up_the_other(world):
    settle(world)
    for down, up in ((A, B), (B, A)):
        number = world.queue("list", eim=up)
        world.knob("eim", {"accept": False}, eim=down)
        world.poll()
        assert world.result(number, eim=up)["results"]
        objects, paths = world.objects(), world.eims()
        equal(objects[paths[up]][EIM]["LastResult"], "package")
        assert objects[paths[down]][EIM]["Failures"] >= 1, objects[paths[down]]
        world.knob("eim", {"accept": True}, eim=down)
    world.poll_ok()
    world.check_settled()


@case("IPAD-MUL-11N", "2.11.1.1.1", eims=[f"{A},token=3", f"{B},token=4"])
def association_tokens_and_counters_are_separate(world):
    """The token of another association is no signature for the card; the counters do not mix."""
    settle(world)
    first = world.queue("list", eim=A)
    second = world.queue("list", eim=B)
    foreign = world.queue("list", "--fault", "token", eim=B)
    third = world.queue("list", eim=B)
    world.poll()
    assert world.result(first, eim=A)["results"]
    assert world.result(second, eim=B)["results"]
    world.poll()
    assert world.outcome(foreign, eim=B)["error"], "a signature over a foreign token was taken"
    assert world.result(third, eim=B)["results"]
    counters = {e["eimId"]: e["counter"] for e in world.show("card")["eims"]}
    equal(counters[A], world.order(first, eim=A)["counter"])
    equal(counters[B], world.order(third, eim=B)["counter"])
    world.check_settled()


@case("IPAD-MUL-60E", "3.3.1", eims=TWO)
def package_of_a_foreign_eim(world):
    """An eIM sends a package in the name of another: the card judges the signature, and says no."""
    settle(world)
    number = world.queue("enable", OPERATIONAL, "--fault", "eimId", eim=A)
    world.poll()
    order = world.outcome(number, eim=A)
    assert order.get("error"), order
    equal(world.show("card")["enabledIccid"] != OPERATIONAL, True)
    world.check_settled()


main(__name__)
