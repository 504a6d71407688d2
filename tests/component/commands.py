#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every command of an eUICC package and every way in which it ends (SGP.32 2.11.1.1, 2.11.2.1, 5.9.1):
catalogue area PKG. The eIM compares the results with the commands and verifies the card's signature."""

from world import (BOOTSTRAP, EIM, EIM_ID, EIM_IDS, OPERATIONAL, PROFILE, SPARE, case, equal, main)

A, B = EIM_IDS[:2]
NOBODY = "8988247000100000992"
RAT = "301080020640A1073005800300F110820100"  # PPR1 and PPR2 of 001-01, without consent
OID, SMDP = "2.999.10", "smdp.example.test"

OK, NOT_FOUND, STATE, POLICY, CAT_BUSY, COMMAND = 0, 1, 2, 3, 5, 7
ROLLBACK_NOT_AVAILABLE, RETURN_FALLBACK_PROFILE = 20, 21
FALLBACK_NOT_ALLOWED, NO_FALLBACK_ATTRIBUTE, FALLBACK_PROFILE_ENABLED = 2, 2, 3
TERMINATED_SIZE, TERMINATED_UNKNOWN = 1, 2


def profile(iccid, state="disabled", **members):
    return {"iccid": iccid, "state": state, "notifications": [
        {"events": ["enable", "disable", "delete"], "address": SMDP}], **members}


def of(command, iccid, **members):
    return {command: {"iccid": iccid, **members}}


def check(world, kind, *expected):
    """Executes packages, EXPECTED being pairs of a list of commands and the list of their results."""
    results = world.execute(kind, *(commands for commands, _ in expected))
    for (commands, wanted), given in zip(expected, results):
        equal(given, wanted, f"results of {commands}")
    world.check_settled()


def on_bus(world, iccid):
    return world.objects()[f"{world.path}/profile/{iccid}"][PROFILE]


# ---- profile state management: what works ----


@case("IPAD-PKG-45N", "2.11.1.1.3, 5.9.1")
def enable_disable_and_delete(world):
    """With the rollback flag, without, and what each does to the grant."""
    check(world, "psmo", ([of("enable", OPERATIONAL, rollback=True)], [{"enable": OK}]))
    equal(world.show("card")["rollback"]["iccid"], BOOTSTRAP)
    equal(world.profiles(), {BOOTSTRAP: "disabled", OPERATIONAL: "enabled", SPARE: "disabled"})
    check(world, "psmo", ([of("enable", SPARE)], [{"enable": OK}]))
    assert "rollback" not in world.show("card"), "grant of a former package"
    equal(world.profiles(), {BOOTSTRAP: "disabled", OPERATIONAL: "disabled", SPARE: "enabled"})
    check(world, "psmo", ([of("disable", SPARE)], [{"disable": OK}]),
          ([of("delete", SPARE)], [{"delete": OK}]))
    equal(world.profiles(), {BOOTSTRAP: "disabled", OPERATIONAL: "disabled"})


@case("IPAD-PKG-46N", "2.11.1.1.3, 5.9.14",
      setup={"profiles": [profile(BOOTSTRAP, "enabled", **{"class": "provisioning"}),
                          profile(OPERATIONAL, nickname="mine", extra="BF6403810101"),
                          profile(SPARE, **{"class": "test"})]})
def list_profiles_by_criteria(world):
    aid = world.show("card")["profiles"][1]["aid"]

    def ask(**members):
        return [{"listProfileInfo": members}]

    everything, by_iccid, by_aid, by_class, nobody, tags, iot, wrong = world.execute(
        "psmo", ask(), ask(iccid=SPARE), ask(aid=aid), ask(**{"class": 1}), ask(iccid=NOBODY),
        ask(tags="5A9F7090"), ask(iccid=OPERATIONAL, tags="5A", iotTags="81"), ask(**{"class": 9}))

    def found(results):
        return [p["iccid"] for p in results[0]["listProfileInfo"]]

    equal(found(everything), [BOOTSTRAP, OPERATIONAL, SPARE])
    equal(found(by_iccid), [SPARE])
    equal(found(by_aid), [OPERATIONAL])
    equal(found(by_class), [BOOTSTRAP])
    equal(found(nobody), [])
    equal(tags[0]["listProfileInfo"], [
        {"iccid": BOOTSTRAP, "state": 1},
        {"iccid": OPERATIONAL, "state": 0, "nickname": "mine", "iotSpecific": "810101"},
        {"iccid": SPARE, "state": 0}])
    equal(iot[0]["listProfileInfo"], [{"iccid": OPERATIONAL, "iotSpecific": "810101"}])
    equal(wrong, [{"listProfileInfo": {"error": 1}}])
    world.check_settled()


@case("IPAD-PKG-47N", "2.11.1.1.3, 5.9.17, 5.9.25", setup={"rat": RAT})
def rules_immediate_enabling_and_default_address(world):
    def immediate():
        card = world.show("card")
        return (card["immediateEnable"], bool(card.get("immediateOid")),
                card.get("immediateAddress"))

    check(world, "psmo",
          ([{"getRAT": {}}, {"setDefaultDpAddress": {"address": SMDP}},
            {"configureImmediateEnable": {"enable": True, "smdpOid": OID, "smdpAddress": SMDP}}],
           [{"getRAT": RAT}, {"setDefaultDpAddress": OK}, {"configureImmediateEnable": OK}]))
    equal(immediate(), (True, True, SMDP))
    equal(world.show("card")["defaultDp"], SMDP)
    check(world, "psmo", ([{"configureImmediateEnable": {"enable": True}}],
                          [{"configureImmediateEnable": OK}]))
    equal(immediate(), (True, False, None))
    check(world, "psmo", ([{"configureImmediateEnable": {"enable": False}},
                           {"setDefaultDpAddress": {"address": ""}}],
                          [{"configureImmediateEnable": OK}, {"setDefaultDpAddress": OK}]))
    equal(immediate(), (False, False, None))
    assert not world.show("card").get("defaultDp"), world.show("card")


@case("IPAD-PKG-48N", "2.11.1.1.3, 3.4.5",
      setup={"profiles": [profile(BOOTSTRAP, "enabled"), profile(OPERATIONAL, fallbackAllowed=True),
                          profile(SPARE, fallbackAllowed=True)]})
def fallback_attribute(world):
    def marked():
        return [i for i in (BOOTSTRAP, OPERATIONAL, SPARE) if on_bus(world, i)["Fallback"]]

    ok = [{"setFallbackAttribute": OK}]
    check(world, "psmo", ([of("setFallbackAttribute", OPERATIONAL)], ok))
    equal(marked(), [OPERATIONAL])
    # Once more is no failure; then it moves.
    check(world, "psmo", ([of("setFallbackAttribute", OPERATIONAL),
                           of("setFallbackAttribute", SPARE)], ok + ok))
    equal(marked(), [SPARE])
    check(world, "psmo", ([{"unsetFallbackAttribute": {}}], [{"unsetFallbackAttribute": OK}]))
    equal(marked(), [])


# ---- profile state management: what the card refuses ----


@case("IPAD-PKG-49E", "2.11.2.1",
      setup={"profiles": [profile(BOOTSTRAP, "enabled"), profile(OPERATIONAL), profile(SPARE)]})
def wrong_profile_or_state(world):
    """Unknown, already enabled, not enabled, enabled; and the list ends there."""
    unchanged = world.wait_idle() and world.profiles()
    check(world, "psmo",
          *(([of(command, NOBODY)], [{command: NOT_FOUND}])
            for command in ("enable", "disable", "delete", "setFallbackAttribute")),
          ([of("enable", BOOTSTRAP)], [{"enable": STATE}]),
          ([of("disable", SPARE)], [{"disable": STATE}]),
          ([of("delete", BOOTSTRAP)], [{"delete": STATE}]),
          ([{"getRAT": {}}, of("delete", NOBODY), of("delete", SPARE)],
           [{"getRAT": ""}, {"delete": NOT_FOUND}]),
          ([of("setFallbackAttribute", SPARE)], [{"setFallbackAttribute": FALLBACK_NOT_ALLOWED}]),
          ([{"unsetFallbackAttribute": {}}], [{"unsetFallbackAttribute": NO_FALLBACK_ATTRIBUTE}]))
    equal(world.profiles(), unchanged)


@case("IPAD-PKG-50E", "2.11.2.1; SGP.22 2.9",
      setup={"profiles": [profile(BOOTSTRAP, "enabled", ppr=2), profile(OPERATIONAL),
                          profile(SPARE, ppr=4)]})
def policy_rules(world):
    """PPR1: may not be disabled, in whichever way; PPR2: may not be deleted."""
    check(world, "psmo", ([of("disable", BOOTSTRAP)], [{"disable": POLICY}]),
          ([of("enable", OPERATIONAL)], [{"enable": POLICY}]),
          ([of("delete", SPARE)], [{"delete": POLICY}]))
    equal(on_bus(world, BOOTSTRAP)["State"], "enabled")
    assert SPARE in world.profiles()


@case("IPAD-PKG-51E", "2.11.2.1; 3.3.2")
def busy_card_and_impossible_rollback(world):
    world.wait_idle()
    world.knob("card", {"catBusy": True})
    check(world, "psmo", ([of("enable", OPERATIONAL)], [{"enable": CAT_BUSY}]),
          ([of("disable", BOOTSTRAP)], [{"disable": CAT_BUSY}]))
    equal(world.profiles()[BOOTSTRAP], "enabled")
    world.knob("card", {"catBusy": False})
    check(world, "psmo",
          ([of("enable", OPERATIONAL, rollback=True), of("delete", BOOTSTRAP)],
           [{"enable": OK}, {"delete": ROLLBACK_NOT_AVAILABLE}]),
          ([of("disable", OPERATIONAL)], [{"disable": OK}]),
          ([of("enable", SPARE, rollback=True)], [{"enable": ROLLBACK_NOT_AVAILABLE}]))
    equal(world.profiles(), {BOOTSTRAP: "disabled", OPERATIONAL: "disabled", SPARE: "disabled"})


@case("IPAD-PKG-52E", "2.11.2.1, 3.4.5",
      setup={"inFallback": True, "fallbackReturn": OPERATIONAL,
             "profiles": [profile(BOOTSTRAP, "enabled", fallback=True, fallbackAllowed=True),
                          profile(OPERATIONAL), profile(SPARE, fallbackAllowed=True)]})
def while_the_fallback_profile_is_enabled(world):
    check(world, "psmo", ([of("delete", OPERATIONAL)], [{"delete": RETURN_FALLBACK_PROFILE}]),
          ([of("setFallbackAttribute", SPARE)],
           [{"setFallbackAttribute": FALLBACK_PROFILE_ENABLED}]),
          ([{"unsetFallbackAttribute": {}}],
           [{"unsetFallbackAttribute": FALLBACK_PROFILE_ENABLED}]))
    equal(on_bus(world, BOOTSTRAP)["Fallback"], True)
    assert OPERATIONAL in world.profiles()


@case("IPAD-PKG-53E", "2.11.2.1", setup={"behaviour": {"maxResult": 40}})
def packages_that_end_early(world):
    """What the card does not know, can't read, or has no room to answer ends the list."""
    unknown = {"processingTerminated": TERMINATED_UNKNOWN}
    check(world, "psmo", ([{"raw": "AF00"}], [unknown]),
          ([{"raw": "A300"}, of("delete", SPARE)], [unknown]),
          ([of("disable", BOOTSTRAP), {"raw": "BF6F00"}, of("delete", OPERATIONAL)],
           [{"disable": OK}, unknown]),
          ([of("delete", SPARE), {"listProfileInfo": {}}, of("delete", OPERATIONAL)],
           [{"delete": OK}, {"processingTerminated": TERMINATED_SIZE}]))
    check(world, "eco", ([{"raw": "AF00"}], [unknown]))
    equal(world.profiles(), {BOOTSTRAP: "disabled", OPERATIONAL: "disabled"})


# ---- eIM configuration ----


@case("IPAD-PKG-54N", "2.11.1.1.2, 3.5.1", eims=[A, f"{B},unknown,trust=ca"])
def add_update_list_and_delete_an_eim(world):
    """Until the other eIM is deleted it is on the bus and can give orders."""
    listing = world.queue("list", eim=B)
    check(world, "eco",
          ([{"addEim": {"der": world.configuration(B)}}, {"listEim": {}}],
           [{"addEim": OK}, {"listEim": [{"eimId": A, "eimIdType": 2},
                                         {"eimId": B, "eimIdType": 2}]}]))
    assert world.result(listing, eim=B)["results"], "nothing listed"
    equal(world.objects()[world.eim_path(B)][EIM]["Indirect"], False)
    check(world, "eco", ([{"updateEim": {"eimId": B, "indirect": True, "counter": 70}}],
                         [{"updateEim": OK}]))
    equal(world.objects()[world.eim_path(B)][EIM]["Indirect"], True)
    equal(world.show("card")["eims"][1]["counter"], 70)
    check(world, "eco", ([{"deleteEim": {"eimId": B}}, {"listEim": {}}],
                         [{"deleteEim": OK}, {"listEim": [{"eimId": A, "eimIdType": 2}]}]))
    equal(list(world.eims()), [A])


@case("IPAD-PKG-55N", "2.11.1.1.2, 3.5.1.1", eims=[A, f"{B},unknown"])
def association_token_on_request(world):
    """The card gives the token out in its signed result, and takes nothing without it from then on."""
    check(world, "eco", ([{"addEim": {"der": world.configuration(B, "--token=-1")}}],
                         [{"addEim": {"token": 1}}]))
    world.knob("eim", {"token": 1}, eim=B)
    equal(world.execute("psmo", [{"getRAT": {}}], eim=B), [[{"getRAT": ""}]])
    number = world.queue("list", "--fault", "token", eim=B)
    world.poll_ok()
    equal(world.outcome(number, eim=B)["error"], {"signed": False})
    world.check_settled()


@case("IPAD-PKG-56E", "2.11.2.1, 3.5.1", setup={"behaviour": {"maxEims": 2}}, eims=[A, B])
def eim_configuration_refused(world):
    """Every code of every eCO; nothing has changed after that."""
    key = world.show("card")["eims"][0]["publicKey"][8:]
    key = f"30{len(key) // 2:02X}{key}"
    before = world.show("card")["eims"]

    def add(**members):
        return [{"addEim": {"eimId": "new.example.test", "counter": 0, "publicKey": key, **members}}]

    def update(**members):
        return [{"updateEim": {"eimId": B, **members}}]

    check(world, "eco",
          (add(), [{"addEim": 1}]),
          (add(eimId=B), [{"addEim": 2}]),
          (add(ciPKId="00" * 20), [{"addEim": 3}]),
          (add(token=5), [{"addEim": 5}]),
          (add(counter=0x800000), [{"addEim": 6}]),
          ([{"addEim": {"eimId": "new.example.test", "counter": 0}}], [{"addEim": COMMAND}]),
          (update(eimId="new.example.test"), [{"updateEim": 1}]),
          (update(ciPKId="00" * 20), [{"updateEim": 3}]),
          (update(counter=0x800000), [{"updateEim": 6}]),
          (update(), [{"updateEim": COMMAND}]),
          (update(fqdn="other.example.test", token=-1), [{"updateEim": COMMAND}]),
          ([{"deleteEim": {"eimId": "new.example.test"}}, {"deleteEim": {"eimId": B}}],
           [{"deleteEim": 1}]))
    after = world.show("card")["eims"]
    equal([{**e, "counter": 0} for e in after], [{**e, "counter": 0} for e in before])


# ---- errors in the place of results ----


def errors(world, *orders):
    """Polls once; whether the error of each order was signed, and its code."""
    world.poll_ok()
    given = []
    for number in orders:
        order = world.outcome(number)
        equal(order["offered"], 1, "times the package was offered")
        assert not order.get("again") and "results" not in order, order
        equal(order["verified"], order["error"]["signed"], order.get("why"))
        given.append((order["error"]["signed"], order["error"].get("code")))
    return given


@case("IPAD-PKG-57E", "2.11.2.1, 5.9.1", setup={"behaviour": {"maxPackage": 400}})
def signed_errors(world):
    delete = {"psmo": [of("delete", SPARE)]}
    equal(errors(world, world.queue("delete", SPARE, "--fault", "eid")), [(True, 3)])
    world.execute("psmo", [{"getRAT": {}}])
    equal(errors(world,
                 world.queue("delete", SPARE, "--fault", "replay"),
                 world.queue_package(delete, counter=0x800000),
                 world.queue_package({"psmo": [{"setDefaultDpAddress": {"address": "x" * 400}},
                                               of("delete", SPARE)]}, counter=50)),
          [(True, 4), (True, 6), (True, 15)])
    assert SPARE in world.profiles()
    world.check_settled()


@case("IPAD-PKG-58E", "2.11.2.1, 3.4.8",
      setup={"inEmergency": True, "emergencyReturn": BOOTSTRAP,
             "profiles": [profile(BOOTSTRAP), profile(OPERATIONAL, "enabled", emergency=True),
                          profile(SPARE)]})
def signed_error_during_an_emergency_call(world):
    equal(errors(world, world.queue("delete", SPARE)), [(True, 104)])
    assert SPARE in world.profiles()
    world.check_settled()


@case("IPAD-PKG-59E", "2.11.2.1, 5.9.1; v1.3", eims=[f"{A},token=3"])
def unsigned_errors(world):
    """Unknown eIM, broken signature, foreign key, wrong token; with a code from cards of v1.3."""
    world.wait_idle()
    faults = [world.queue("delete", SPARE, "--fault", fault)
              for fault in ("eimId", "signature", "key", "token")]
    equal(errors(world, *faults), [(False, None)] * 4)
    token = "840103"
    equal([token in world.order(number)["result"] for number in faults], [False, True, True, True])

    number = world.queue("delete", SPARE)
    transaction = world.order(number)["eimTransactionId"]
    content = (f"80{len(EIM_ID):02X}{EIM_ID.encode().hex()}8210{transaction}{token}8F010F").upper()
    answer = f"BF51{len(content) // 2 + 2:02X}A2{len(content) // 2:02X}{content}"
    world.knob("card", {"fail": [{"on": "BF51", "response": answer}]})
    equal(errors(world, number), [(False, 15)])
    equal(world.order(number)["result"], answer, "passed on as it is")
    assert SPARE in world.profiles()
    world.check_settled()


main(__name__)
