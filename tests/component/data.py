#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""eUICC data for an eIM and the answers to download triggers (SGP.32 2.11.1.2, 2.11.2.2, 2.11.1.3, 5.14.6):
catalogue area DATA. What the eIM gets is compared with what the card said and what the simulator holds."""

import os

from world import BOOTSTRAP, OPERATIONAL, SPARE, case, equal, main

DP, DS, TOKEN, IMEI = "smdp.example.test", "smds.example.test", 3, "490154203237518"
ALL = ("A0", "81", "A2", "BF20", "BF22", "83", "84", "A5", "A6", "87", "A8", "A9")
# IpaCapabilities: no way to download yet; ipaRetrieveHttps.
CAPABILITIES = "800206C081020780"
# DeviceInfo: TAC, no capability, IMEI (digits swapped, the check digit before F).
DEVICE = "800494104502" "A100" "8208941045022373158F"
INCORRECT_TAG_LIST, CI_PK_ID_NOT_FOUND, ECALL_ACTIVE, UNDEFINED = 1, 5, 104, 127
EMERGENCY = {"inEmergency": True, "emergencyReturn": BOOTSTRAP,
             "profiles": [{"iccid": BOOTSTRAP}, {"iccid": OPERATIONAL, "state": "enabled",
                                                 "emergency": True}]}


def ask(world, *requests, **members):
    """Queues data requests (their members, or their tags alone), polls once: the orders with the answers,
    each with the transaction of its request."""
    numbers = [world.queue_package({"data": r if isinstance(r, dict) else {"tags": r}}, **members)
               for r in requests]
    world.poll_ok()
    orders = [world.outcome(number) for number in numbers]
    for order in orders:
        equal(order["offered"], 1, "times the request was offered")
        assert not order.get("again"), order
    return orders


def data(world, *requests):
    """What each request got, without the transaction, which has to be that of the request."""
    answers = []
    for order in ask(world, *requests):
        assert "data" in order, order
        equal(order["data"].pop("87"), order["eimTransactionId"], "eimTransactionId")
        answers.append(order["data"])
    return answers


def refused(world, code, *requests):
    for order in ask(world, *requests):
        equal((order.get("data"), order["error"]["code"]), (None, code), order["package"])
        assert order["eimTransactionId"] in order["result"], "no eimTransactionId in the error"


def certificate(world, name):
    with open(os.path.join(world.folder, "pki", name + ".der"), "rb") as file:
        return file.read().hex().upper()


def said_by_the_card(world):
    """All that the card ever answered, without status words."""
    return "".join(answer[:-4] for _, answer in world.apdus())


def signing_key(info1):
    """Identifier of the one key that the card signs with: the end of EUICCInfo1 (AA{04})."""
    equal(info1[-48:-40], "AA160414", "head of the last list")
    return info1[-40:]


@case("IPAD-DATA-64N", "2.11.1.2; I-24", setup={"defaultDp": DP, "rootDs": DS},
      eims=[f"eim1.example.test,token={TOKEN}"], knobs={"imei": IMEI})
def each_object_and_all(world):
    world.knob("eim", {"ack": "none"})
    world.queue("enable", OPERATIONAL)
    world.poll_ok()
    card = world.show("card")
    said = said_by_the_card(world)
    whole = data(world, "".join(ALL))[0]
    alone = data(world, *(tag for tag in ALL if tag != "87"))

    equal(sorted(whole), sorted(tag for tag in ALL if tag != "87"))
    equal(alone, [{tag: whole[tag]} for tag in ALL if tag != "87"])
    equal(whole["A0"], "".join(n["bytes"] for n in card["notifications"]))
    equal(whole["A2"], "".join(r["bytes"] for r in card["results"]))
    equal((bytes.fromhex(whole["81"]).decode(), bytes.fromhex(whole["83"]).decode()), (DP, DS))
    equal(int(whole["84"], 16), TOKEN)
    equal((whole["A5"], whole["A6"]), (certificate(world, "eum"), certificate(world, "euicc")))
    equal(whole["A8"], CAPABILITIES)
    equal(whole["A9"], DEVICE)
    said = said_by_the_card(world)
    assert "BF20" in said and whole["BF20"] in said and whole["BF22"] in said, "not the card's words"
    equal([n["verified"] for n in world.show("eim")["notifications"]],
          [True] * 2 * len(card["notifications"]))


@case("IPAD-DATA-11N", "2.11.1.2", knobs={"imei": ""})
def absent_objects(world):
    """No default SM-DP+, no token, no IMEI, nothing stored: left out, or an empty list."""
    equal(data(world, "81", "84", "A9", "A0A2"), [{}, {}, {}, {"A0": "", "A2": ""}])
    # With no transaction in the request there is none in the answer.
    equal(ask(world, "84", eimTransactionId="")[0]["data"], {})
    # A list without tags asks for nothing.
    equal(data(world, ""), [{}])


@case("IPAD-DATA-12N", "2.11.1.2; SGP.22 5.7.10")
def search_criteria(world):
    world.knob("eim", {"ack": "none"})
    first, second = world.queue("enable", OPERATIONAL), world.queue("delete", SPARE)
    world.poll_ok()
    card = world.show("card")
    stored = {n["seqNumber"]: n for n in card["notifications"]}
    results = {r["seqNumber"]: r["bytes"] for r in card["results"]}
    equal(sorted(results), [world.order(first)["seqNumber"], world.order(second)["seqNumber"]])
    enabled = [n for n in stored.values() if n["event"] == "enable"]
    gone = [n for n in stored.values() if n["event"] in ("disable", "delete")]
    assert len(enabled) == 1 and len(gone) == 2, stored

    def notifications(**criteria):
        return {"tags": "A0", "notification": criteria}

    def package_result(number):
        return {"tags": "A2", "result": {"seqNumber": number}}

    number = world.order(second)["seqNumber"]
    by_number, by_event, by_events, unknown, one, none = data(
        world, notifications(seqNumber=enabled[0]["seqNumber"]), notifications(events=[1]),
        notifications(events=[2, 3]), notifications(seqNumber=99), package_result(number),
        package_result(99))
    equal(by_number, {"A0": enabled[0]["bytes"]})
    equal(by_event, by_number)
    equal(by_events, {"A0": "".join(n["bytes"] for n in gone)})
    equal(unknown, {"A0": ""})
    equal(one, {"A2": results[number]})
    equal(none, {"A2": ""})


@case("IPAD-DATA-13N", "2.11.1.2, 5.9.10")
def key_of_the_certificates(world):
    """euiccCiPKIdentifierToBeUsed complete, cut short, and of a key that the card does not have."""
    key = signing_key(data(world, "BF20")[0]["BF20"])
    expected = {"A5": certificate(world, "eum"), "A6": certificate(world, "euicc")}
    equal(data(world, {"tags": "A5A6", "ciPKId": key}, {"tags": "A5A6", "ciPKId": key[:6]}),
          [expected] * 2)
    wrong, other = key[:-2] + f"{int(key[-2:], 16) ^ 1:02X}", f"{int(key[:2], 16) ^ 1:02X}"
    refused(world, CI_PK_ID_NOT_FOUND, {"tags": "A5", "ciPKId": wrong},
            {"tags": "81", "ciPKId": other}, {"tags": "A6", "ciPKId": key + "00"})


@case("IPAD-DATA-65E", "2.11.1.2; I-24")
def unknown_tags(world):
    """One that is none of IpaEuiccData is enough; so are those of v1.0 here."""
    refused(world, INCORRECT_TAG_LIST, "5A", "BF2D", "8485", "80", "88", "BF2B")
    world.check_settled()


@case("IPAD-DATA-66E", "2.11.1.2; I-24")
def broken_tags_and_a_card_that_refuses(world):
    """Tags of three octets, half a tag; then a card without an answer, which is undefinedError."""
    refused(world, INCORRECT_TAG_LIST, "A0BF8120", "BF812084", "BF", "84BF81")
    world.knob("card", {"fail": [{"on": "BF22", "sw": "6A88", "count": -1},
                                 {"on": "BF3C", "garbage": True, "count": -1}]})
    refused(world, UNDEFINED, "BF22", "BF2081", "A883")
    # What needs no broken part is answered all the same.
    equal(data(world, "A8"), [{"A8": CAPABILITIES}])
    world.check_settled()


@case("IPAD-DATA-02E", "2.11.1.2, 2.11.1.3, 3.4.8", setup=EMERGENCY)
def while_the_emergency_profile_is_enabled(world):
    refused(world, ECALL_ACTIVE, "84", "".join(ALL), "5A")
    equal(trigger(world, {"activationCode": "1$smdp.example.test$CODE"}), [ECALL_ACTIVE])


@case("IPAD-DATA-16N", "5.14.6; I-22")
def acknowledged_in_the_answer(world):
    """What the eIM has from the data it may take off the card; and nothing else."""
    world.knob("eim", {"ack": "none"})
    order = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    card = world.show("card")
    equal(len(card["notifications"]), 2)
    equal([r["seqNumber"] for r in card["results"]], [world.order(order)["seqNumber"]])

    kept, wanted = card["notifications"]
    world.knob("eim", {"ack": {"numbers": [kept["seqNumber"], wanted["seqNumber"],
                                           card["results"][0]["seqNumber"]]}})
    data(world, {"tags": "A0", "notification": {"seqNumber": wanted["seqNumber"]}})
    card = world.show("card")
    equal(card["notifications"], [kept], "notifications that were not in the answer")
    equal(len(card["results"]), 1, "results that were not in the answer")
    world.knob("eim", {"ack": "all"})
    data(world, "A0A2")
    equal(world.show("card")["notifications"], [])
    world.check_settled()
    equal(world.wait_idle()["PendingNotifications"], 0)


# ---- download triggers ----


def trigger(world, *requests):
    """Queues download triggers and polls once: the codes of the answers."""
    numbers = [world.queue_package({"download": request}) for request in requests]
    world.poll_ok()
    orders = [world.outcome(number) for number in numbers]
    for order in orders:
        assert order["offered"] == 1 and not order.get("again"), order
    return [order["error"]["code"] for order in orders]


@case("IPAD-DATA-17E", "2.11.1.3, 2.11.2.3; I-17, I-19")
def download_triggers(world):
    """This version downloads nothing, and says so for each way of saying where from; without that
    it is invalidPackageFormat."""
    equal(trigger(world, {"activationCode": "1$smdp.example.test$CODE"}, {"defaultSmdp": True},
                  {"smds": "smds.example.test"}, {"smds": ""}), [UNDEFINED] * 4)
    number = world.queue_package({"download": {}})
    world.poll_ok()
    equal(world.outcome(number)["error"],
          {"signed": False, "code": 1, "name": "invalidPackageFormat"})
    equal(world.show("eim").get("strayResults", 0), 0, "answers without a transaction")
    world.check_settled()


main(__name__)
