#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""eIMs of SGP.32 v1.0 and of later versions without a setting that tells which (interop notes; SGP.32 v1.0
6.3.2): catalogue area V10; and one without JSON."""

from world import EIM, EIM_ID, OPERATIONAL, SPARE, case, equal, main

V1_0, V1_2 = {"dialect": "1.0"}, {"dialect": "1.2"}
EIM_SECTION = f"[eim {EIM_ID}]\n"


def dialect(world):
    """What the bus says of the eIM: dialect, and how it is known."""
    world.wait_idle()
    eim = world.objects()[world.eim_path()][EIM]
    return eim["Dialect"], eim["DialectSource"]


def answers(world, *packages):
    """Queues packages, polls once: the orders with their answers, each offered and answered once."""
    # What v1.0 knows of transactions is the one that the card echoes.
    numbers = [world.queue_package(package) if "psmo" in package or "eco" in package
               else world.queue_package(package, eimTransactionId="") for package in packages]
    world.poll()
    orders = [world.outcome(number) for number in numbers]
    for order in orders:
        assert order["offered"] == 1 and not order.get("again"), order
    return orders


def refusals(world):
    """Requests whose form the eIM did not know."""
    return [e["refused"] for e in world.exchanges() if "refused" in e]


@case("IPAD-V10-20N", "6.3.2 of v1.0", defer=True, setup={"version": "1.0"})
def learned_from_a_refusal(world):
    """The later form is answered 400, once; then nothing but v1.0 is sent, over restarts too."""
    world.knob("eim", V1_0)
    world.daemon("start")
    world.wait_idle()
    order, = answers(world, {"psmo": [{"enable": {"iccid": OPERATIONAL}}]})
    equal((order["verified"], order["results"]), (True, [{"enable": 0}]))
    equal(dialect(world), ("1.0", "learned"))
    equal(len(refusals(world)), 1, "refusals while it was learned")
    world.daemon("restart")
    world.wait_idle()
    equal(dialect(world), ("1.0", "learned"))
    order, = answers(world, {"psmo": [{"delete": {"iccid": SPARE}}]})
    equal((order["verified"], order["results"]), (True, [{"delete": 0}]))
    equal(len(refusals(world)), 1, "refusals after it was learned")
    world.check_settled()


@case("IPAD-V10-21N", "6.3.2.6, 6.3.2.7, 2.11.2 of v1.0", defer=True,
      setup={"version": "1.0", "defaultDp": "smdp.example.test", "behaviour": {"v10Signature": True}})
def packages_data_and_errors(world):
    """Every form in which v1.0 differs; signatures over the request's own, as v1.0 has it."""
    world.knob("eim", V1_0)
    world.daemon("start")
    world.wait_idle()
    enable, data, unsigned, other, trigger, broken = answers(
        world, {"psmo": [{"enable": {"iccid": OPERATIONAL}}, {"listProfileInfo": {}}]},
        {"data": {"tags": "80BF20BF2B"}}, {"data": {"tags": "5A"}}, {"data": {"tags": "8884"}},
        {"download": {"activationCode": "1$smdp.example.test$CODE"}}, {"raw": "BF6F03800101"})
    equal((enable["verified"], enable["rule"], enable["results"][0]), (True, "1.0", {"enable": 0}))

    assert list(data["data"]) == ["80", "BF20", "BF2B"], "order of the objects of v1.0"
    equal(bytes.fromhex(data["data"]["80"]).decode(), "smdp.example.test")
    known = world.show("eim")["notifications"]
    equal([(n["event"], n["verified"]) for n in known], [("disable", True), ("enable", True)])
    whole = "".join(n["notification"] for n in known)
    assert data["data"]["BF2B"].startswith("A0") and data["data"]["BF2B"].endswith(whole), data
    equal(world.show("card")["notifications"], [], "acknowledged and still on the card")
    # 88 is how early IPAs wrote A8 (I-24).
    equal((unsigned.get("data"), unsigned["error"]["code"]), (None, 1))
    equal(unsigned["result"], "BF5203810101")
    equal(list(other["data"]), ["A8"])
    equal((trigger["error"]["code"], trigger["result"][-4:]), (127, "3000"))
    equal(broken["error"]["code"], 2)
    equal(dialect(world), ("1.0", "learned"))
    equal(len(refusals(world)), 1, "refusals while it was learned")
    world.check_settled()


@case("IPAD-V10-22N", "6.3.2 of v1.0", defer=True)
def configured_otherwise(world):
    """A setting goes before what was learned, which is forgotten; and so does a new configuration of the
    eIM on the card."""
    world.knob("eim", V1_0)
    world.daemon("start")
    world.wait_idle()
    answers(world, {"psmo": [{"getRAT": {}}]})
    equal(dialect(world), ("1.0", "learned"))

    world.knob("eim", {"dialect": "any"})
    answers(world, {"eco": [{"updateEim": {"eimId": EIM_ID, "indirect": True}}]})
    assert dialect(world) != ("1.0", "learned"), "learned of the eIM as it was before"
    world.check_settled()

    world.knob("eim", V1_2)
    world.configure(EIM_SECTION + "dialect=1.2\n")
    world.daemon("restart")
    world.wait_idle()
    equal(dialect(world), ("1.2", "configured"))
    world.knob("eim", V1_0)
    number = world.queue("list")
    equal(world.poll()[0], "failed")
    equal(dialect(world), ("1.2", "configured"))
    world.configure(EIM_SECTION + "dialect=1.0\n")
    world.daemon("restart")
    world.delivered(number)
    equal(dialect(world), ("1.0", "configured"))
    world.check_settled()


@case("IPAD-V10-23N", "6.3.2", defer=True)
def later_version_learned(world):
    """What only later versions have is proof, and nothing older is tried after it."""
    world.knob("eim", V1_2)
    world.daemon("start")
    world.wait_idle()
    equal(dialect(world), ("1.2", "assumed"))
    answers(world, {"psmo": [{"unsetFallbackAttribute": {}}]})
    equal(dialect(world), ("1.2", "learned"))
    world.daemon("restart")
    world.wait_idle()
    equal(dialect(world), ("1.2", "learned"))
    world.knob("eim", {"faults": [{"status": 400, "count": 0}]})
    before = len(world.exchanges())
    equal(world.poll()[0], "failed")
    equal(len(world.exchanges()) - before, 1, "requests after a refusal")
    equal(dialect(world), ("1.2", "learned"))
    equal(refusals(world), [])


def binding(world):
    world.wait_idle()
    return world.objects()[world.eim_path()][EIM]["Binding"]


@case("IPAD-JSON-03E", "6.4; I-29", defer=True)
def no_json(world):
    """An eIM without the JSON binding: ASN.1 is spoken by itself, and a setting for JSON says what came of it."""
    world.knob("eim", {"binding": "asn1"})
    world.daemon("start")
    equal(binding(world), "asn1")

    world.configure(EIM_SECTION + "binding=json\n")
    world.daemon("restart")
    world.wait_idle()
    state, error, text = world.poll()
    equal((state, error), ("failed", "org.euiccd1.Error.Http"))
    assert "HTTP status 404" in text, text
    equal(binding(world), "json")
    number = world.queue("list")

    world.configure(EIM_SECTION + "binding=auto\n")
    world.daemon("restart")
    world.delivered(number)
    equal(binding(world), "asn1")
    world.check_settled()


main(__name__)
