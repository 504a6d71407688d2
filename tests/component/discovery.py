#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Downloads by way of an SM-DS (ES11), judged by what the SM-DS and the SM-DP+ have recorded. An SM-DP+ deletes the
event that led to an order of its own when that is over (SGP.22 3.1.3.3, 5.9.2): what is left at the SM-DS is what
the eUICC still has to fetch. Catalogue area DSC."""

import json
import os
from dataclasses import dataclass, field

from servers import SMDP, SMDS, Smdp, Smds
from world import EID, EIM_ID, EUICC, JOB, case, equal, main, make_iccid, table

OTHER_SMDP = "smdp2.example.test"
OTHER_SMDS = "lookup.example.test"
DIRECT = "[poll]\ninterval=0\non-start=false\nretry-first=1h\n[download]\ntries=1\n"
INDIRECT = f"{DIRECT}[eim {EIM_ID}]\ndownload-path=indirect\n"
ES11 = ["initiateAuthentication", "authenticateClient"]
ES9 = ["initiateAuthentication", "authenticateClient", "getBoundProfilePackage", "handleNotification",
       "handleNotification"]


def socket_of(world, part):
    return os.path.join(world.folder, f"{part}.sock")


def announce(world, smdp, smds, address=SMDP, at=None, **members):
    """An order of the SM-DP+ with an event for it at the SM-DS; AT: what that event in turn is registered at."""
    registration = {"registeredAt": at} if at else {}
    event = smds.event(address, **registration)
    return smdp.order(matchingId=event, registeredAt={"socket": socket_of(world, smds.part), "eventId": event},
                      **members)


def trigger(world, address=""):
    """An order of the eIM to look at an SM-DS, by default the card's; what it has of it after a poll."""
    number = world.queue("json", json.dumps({"download": {"smds": address}}))
    world.poll_ok()
    return world.outcome(number)


def check_found(world, smds, sessions=1):
    """The SM-DS got authentic questions without an EventID, and nothing else."""
    shown = smds.show("sessions")
    equal([(s["state"], s["eid"], s.get("matchingId")) for s in shown], [("done", EID, None)] * sessions,
          "sessions of the SM-DS")
    equal(smds.functions(), ES11 * sessions, "functions of ES11")


def check_installed(world, orders, others=3):
    profiles = world.profiles()
    equal([profiles.get(o["iccid"]) for o in orders], ["disabled"] * len(orders), "profiles on the bus")
    equal(len(profiles), others + len(orders), "profiles")
    equal(world.get(world.path, EUICC)["PendingNotifications"], 0, "notifications that are left")
    world.check_settled()


@case("IPAD-DSC-01N", "3.2.3.1; SGP.22 3.6.2", smdp=[SMDP], smds=[SMDS], settings=DIRECT, setup={"rootDs": SMDS})
def root_of_the_card(world):
    """The trigger names no SM-DS: the card does. The SM-DP+ gets the EventID as matchingId, and the event goes."""
    smdp, smds = Smdp(world), Smds(world)
    world.wait_idle()
    order = announce(world, smdp, smds)
    result = trigger(world)
    assert result["verified"] and result["succeeded"], result
    check_found(world, smds)
    equal(smdp.installed(order)["registeredAt"].get("deleted"), True, "event deleted")
    equal(smds.show("events"), [], "events that are left")
    equal([s["matchingId"] for s in smdp.show("sessions")], [order["matchingId"]], "matchingId")
    equal(smdp.functions(), ES9, "functions of ES9+")
    check_installed(world, [order])


@case("IPAD-DSC-02N", "3.2.3.1; SGP.22 3.6.2", smdp=[SMDP], smds=[SMDS, OTHER_SMDS], settings=DIRECT,
      setup={"rootDs": SMDS})
def named_by_the_trigger(world):
    """The SM-DS that the trigger names is asked, not that of the card."""
    smdp, smds, other = Smdp(world), Smds(world), Smds(world, "smds2")
    world.wait_idle()
    kept = smds.event()
    order = announce(world, smdp, other)
    result = trigger(world, OTHER_SMDS)
    assert result["verified"] and result["succeeded"], result
    check_found(world, other)
    equal(smds.show("exchanges"), [], "exchanges with the card's SM-DS")
    equal([e["eventId"] for e in smds.show("events")], [kept], "its events")
    equal(other.show("events"), [], "events that are left")
    check_installed(world, [order])


@case("IPAD-DSC-03N", "SGP.22 3.6.1, 3.6.2", smdp=[SMDP], smds=[SMDS, OTHER_SMDS], settings=DIRECT,
      setup={"rootDs": SMDS})
def alternative_smds(world):
    """The root knows an event at another SM-DS, which is asked for that one event; both are deleted."""
    smdp, root, other = Smdp(world), Smds(world), Smds(world, "smds2")
    world.wait_idle()
    event = root.event(OTHER_SMDS)
    other.event(OTHER_SMDP, eventId="NOT-FOUND-HERE")
    registered = {"socket": socket_of(world, "smds"), "eventId": event}
    # The alternative SM-DS keeps its event under the identifier that it gave the root (SGP.22 5.9.1).
    other.event(SMDP, eventId=event, registeredAt=registered)
    order = smdp.order(matchingId=event, registeredAt={"socket": socket_of(world, "smds2"), "eventId": event})
    result = trigger(world)
    assert result["verified"] and result["succeeded"], result
    check_found(world, root)
    equal([(s["state"], s.get("matchingId")) for s in other.show("sessions")], [("done", event)],
          "sessions of the alternative SM-DS")
    equal(other.functions(), ES11, "functions of ES11")
    smdp.installed(order)
    equal(root.show("events"), [], "events that are left at the root")
    equal([e["eventId"] for e in other.show("events")], ["NOT-FOUND-HERE"], "events at the alternative SM-DS")
    check_installed(world, [order])


@case("IPAD-DSC-04N", "SGP.22 3.6.2", smdp=[SMDP, OTHER_SMDP], smds=[SMDS], settings=DIRECT, setup={"rootDs": SMDS})
def several_events(world):
    """One installation after the other, at two SM-DP+, after one look at the SM-DS. The eIM has room for one result,
    the last; each SM-DP+ gets its own."""
    first, second, smds = Smdp(world), Smdp(world, "smdp2"), Smds(world)
    world.wait_idle()
    orders = [announce(world, first, smds), announce(world, second, smds, OTHER_SMDP, iccid=make_iccid(90, 1)),
              announce(world, first, smds)]
    result = trigger(world)
    assert result["verified"] and result["succeeded"], result
    equal(result["installation"].get("iccid", orders[2]["iccid"]), orders[2]["iccid"], "the eIM's result")
    check_found(world, smds)
    for smdp, order in ((first, orders[0]), (second, orders[1]), (first, orders[2])):
        assert smdp.installed(order)["registeredAt"]["deleted"], order
    equal([s["matchingId"] for s in first.show("sessions")], [orders[0]["matchingId"], orders[2]["matchingId"]],
          "order of the downloads")
    equal(smds.show("events"), [], "events that are left")
    check_installed(world, orders)
    # Nothing is left to be had there.
    result = trigger(world)
    equal(result["error"]["name"], "download", "what the eIM was told")
    check_found(world, smds, 2)


@case("IPAD-DSC-05E", "3.2.3.1; SGP.22 3.6.2", smdp=[SMDP], smds=[SMDS], settings=DIRECT, setup={"rootDs": SMDS})
def no_event(world):
    """The eIM learns it, and that there was none in the journal; no SM-DP+ is asked."""
    smdp, smds = Smdp(world), Smds(world)
    world.wait_idle()
    smds.event(eid="89044045000000000000000000000255")  # of another eUICC
    result = trigger(world)
    equal((result["error"]["name"], result["error"]["signed"]), ("download", False), "what the eIM was told")
    check_found(world, smds)
    equal(len(smds.show("events")), 1, "events of others")
    equal(smdp.show("exchanges"), [], "exchanges with the SM-DP+")
    assert "the SM-DS has no event for this card" in world.log()
    check_installed(world, [])


@case("IPAD-DSC-06E", "SGP.22 3.6.2", smdp=[SMDP], smds=[SMDS], settings=DIRECT, setup={"rootDs": SMDS})
def event_that_is_refused(world):
    """What one SM-DP+ refuses holds up no other event, and stays at the SM-DS for the next time."""
    smdp, smds = Smdp(world), Smds(world)
    world.wait_idle()
    early = announce(world, smdp, smds, state="linked")
    order = announce(world, smdp, smds)
    nowhere = smds.event("nowhere.example.test")
    result = trigger(world)
    assert result["verified"] and result["succeeded"], result
    check_found(world, smds)
    smdp.installed(order)
    equal(smdp.shown(early)["state"], "linked", "the order that was refused")
    equal([e["eventId"] for e in smds.show("events")], [early["matchingId"], nowhere], "events that are left")
    equal([(e["function"], *e["failed"]) for e in smdp.show("exchanges") if "failed" in e],
          [("authenticateClient", "8.2", "1.2"), ("cancelSession", "8.10.1", "3.9")], "refusals")
    equal(smdp.functions(), ES11 + ["cancelSession"] + ES9, "functions of ES9+")
    check_installed(world, [order])
    # Released meanwhile; the other event still leads nowhere, and there is a result to report.
    smdp.ask("change", order=early["order"], state="released")
    result = trigger(world)
    assert result["verified"] and result["succeeded"], result
    smdp.installed(early)
    equal([e["eventId"] for e in smds.show("events")], [nowhere], "events that are left")
    check_installed(world, [order, early])


@case("IPAD-DSC-07E", "SGP.22 3.6.1", smdp=[SMDP], smds=[SMDS, OTHER_SMDS], settings=DIRECT, setup={"rootDs": SMDS})
def circle_of_smds(world):
    """Two SM-DS that name each other, and one that names itself, are given up; an event beside them is found."""
    smdp, root, other = Smdp(world), Smds(world), Smds(world, "smds2")
    world.wait_idle()
    root.event(OTHER_SMDS, eventId="CIRCLE")
    other.event(SMDS, eventId="CIRCLE")
    root.event(SMDS, eventId="MIRROR")
    order = announce(world, smdp, root)
    result = trigger(world)
    assert result["verified"] and result["succeeded"], result
    smdp.installed(order)
    asked = [s.get("matchingId") for s in root.show("sessions")]
    assert asked[0] is None and len(asked) + len(other.show("sessions")) <= 8, asked
    equal(sorted(e["eventId"] for e in root.show("events")), ["CIRCLE", "MIRROR"], "events that are left")
    check_installed(world, [order])


@case("IPAD-DSC-08E", "3.2.3.1; SGP.22 5.7.3", smdp=[SMDP], smds=[SMDS], settings=DIRECT, setup={"rootDs": ""})
def no_address(world):
    """Neither the trigger nor the card names an SM-DS."""
    smds = Smds(world)
    world.wait_idle()
    smds.event()
    result = trigger(world)
    equal((result["error"]["name"], result["error"]["signed"]), ("download", False), "what the eIM was told")
    equal(smds.show("exchanges"), [], "exchanges with the SM-DS")
    assert "the card has no address of a root SM-DS" in world.log()
    check_installed(world, [])


@case("IPAD-DSC-09N", "design 5; SGP.22 3.6.2", smdp=[SMDP], smds=[SMDS], settings=DIRECT, setup={"rootDs": SMDS})
def ordered_by_a_caller(world):
    """Download() by the card's SM-DS and by one that is named."""
    smdp, smds = Smdp(world), Smds(world)
    world.wait_idle()
    orders = []
    for code in ("smds", f"smds:{SMDS}"):
        orders.append(announce(world, smdp, smds))
        job = world.call(world.path, EUICC, "Download", "sa{sv}", code, 0)[0]
        equal(world.wait_job(job), ("done", "", ""))
        equal(world.get(job, JOB)["Result"], orders[-1]["iccid"])
        smdp.installed(orders[-1])
        equal(smds.show("events"), [], "events that are left")
    check_found(world, smds, 2)
    check_installed(world, orders)
    job = world.call(world.path, EUICC, "Download", "sa{sv}", "smds", 0)[0]
    state, name, text = world.wait_job(job)
    equal((state, name), ("failed", "org.euiccd1.Error.NotFound"), text)


@case("IPAD-DSC-10N", "3.2.3.2, 5.14.2", smdp=[SMDP], smds=[SMDS], settings=INDIRECT, setup={"rootDs": SMDS})
def through_the_eim(world):
    """The eIM makes another trigger of the event."""
    smdp, smds = Smdp(world), Smds(world)
    world.wait_idle()
    order = announce(world, smdp, smds)
    result = trigger(world, SMDS)
    assert result["verified"] and result["succeeded"], result
    equal(smdp.installed(order)["registeredAt"]["deleted"], True, "event deleted")
    equal({e["function"] for s in (smdp, smds) for e in s.show("exchanges") if "connection" in e},
          {"handleNotification"}, "functions over HTTPS")
    equal([s["state"] for s in smds.show("sessions")], ["done"], "sessions of the SM-DS")
    equal(smds.show("events"), [], "events that are left")
    check_installed(world, [order])


@case("IPAD-DSC-11N", "3.2.3.2, 5.14.1; I-17", smdp=[SMDP], smds=[SMDS],
      settings=f"{INDIRECT}data-handling=false\n", setup={"rootDs": SMDS})
def root_through_the_eim(world):
    """The address that only the card knows goes to an eIM that does not keep the data itself."""
    smdp, smds = Smdp(world), Smds(world)
    world.wait_idle()
    order = announce(world, smdp, smds)
    result = trigger(world)
    assert result["verified"] and result["succeeded"], result
    smdp.installed(order)
    equal(smds.show("events"), [], "events that are left")
    check_installed(world, [order])


@case("IPAD-DSC-12E", "3.2.3.2, 5.14.2", smdp=[SMDP], smds=[SMDS], settings=INDIRECT, setup={"rootDs": SMDS})
def no_event_through_the_eim(world):
    smdp, smds = Smdp(world), Smds(world)
    world.wait_idle()
    result = trigger(world, SMDS)
    equal((result["error"]["name"], result["error"]["signed"]), ("download", False), "what the eIM was told")
    equal([s["state"] for s in smds.show("sessions")], ["done"], "sessions of the SM-DS")
    equal(smdp.show("exchanges"), [], "exchanges with the SM-DP+")
    check_installed(world, [])


# ---- what an SM-DS says no to, and what is wrong with it ----


@dataclass
class Row:
    ident: str
    section: str
    title: str
    words: list  # in the daemon's log
    faults: list = field(default_factory=list)
    knobs: dict = field(default_factory=dict)
    sessions: tuple = ()  # their states, if there are some


def row(*arguments, **members):
    return Row(*arguments, **members)


def failure(on, subject, reason):
    return [{"on": on, "failure": {"subject": subject, "reason": reason, "message": "scripted"}}]


def wrong(on, **members):
    return [{"on": on, **members}]


def tls(name):
    return {"tls": {"certificate": f"negative/dstls-{name}.pem", "key": "dstls.key.pem"}}


INITIATE, AUTHENTICATE = ES11
ROWS = [
    row("IPAD-DSC-20E", "SGP.22 5.8", "the SM-DS does not know its address", ["8.9.1", "3.8"],
        failure(INITIATE, "8.9.1", "3.8")),
    row("IPAD-DSC-21E", "SGP.22 5.8", "no CI in common", ["8.9.2", "3.1"], failure(INITIATE, "8.9.2", "3.1")),
    row("IPAD-DSC-22E", "SGP.22 5.8", "version not supported", ["8.9.3", "3.1"], failure(INITIATE, "8.9.3", "3.1")),
    row("IPAD-DSC-23E", "SGP.22 5.8", "no certificate for the CI", ["8.9.4", "3.7"], failure(INITIATE, "8.9.4", "3.7")),
    row("IPAD-DSC-24E", "SGP.22 5.8", "no event record", ["8.9.5", "3.9"], failure(AUTHENTICATE, "8.9.5", "3.9")),
    row("IPAD-DSC-25E", "SGP.22 5.8", "eUICC not authentic", ["8.1", "6.1"], failure(AUTHENTICATE, "8.1", "6.1")),
    row("IPAD-DSC-26E", "SGP.22 5.8", "eUICC certificate expired", ["8.1.3", "6.3"],
        failure(AUTHENTICATE, "8.1.3", "6.3")),
    row("IPAD-DSC-27E", "SGP.22 5.8", "another transaction is signed", ["signed another transaction"],
        wrong(INITIATE, wrong="transactionId"), sessions=("initiated",)),
    row("IPAD-DSC-28E", "SGP.22 5.8", "another challenge is signed", ["signed another challenge"],
        wrong(INITIATE, wrong="challenge"), sessions=("initiated",)),
    row("IPAD-DSC-29E", "SGP.22 5.8", "another server is signed", ["signed another server address"],
        wrong(INITIATE, wrong="serverAddress"), sessions=("initiated",)),
    row("IPAD-DSC-30E", "SGP.22 5.8", "the signature is wrong", ["the card does not accept"],
        wrong(INITIATE, wrong="signature"), sessions=("failed",)),
    row("IPAD-DSC-31E", "SGP.22 5.8", "a CI that the card has not", ["a CI that it has no key of"],
        wrong(INITIATE, wrong="ciPKId"), sessions=("initiated",)),
    row("IPAD-DSC-32E", "SGP.22 5.8", "another transaction in the answer", ["transaction"],
        wrong(AUTHENTICATE, wrong="outerTransactionId"), sessions=("done",)),
    row("IPAD-DSC-33E", "SGP.22 5.8", "no eventEntries", ["eventEntries"], wrong(AUTHENTICATE, missing="eventEntries"),
        sessions=("done",)),
    row("IPAD-DSC-34E", "SGP.22 5.8", "no JSON", ["AuthenticateClient"], wrong(AUTHENTICATE, body="garbage")),
    row("IPAD-DSC-35E", "SGP.22 5.8", "an expired TLS certificate", ["expired"], knobs=tls("expired")),
    row("IPAD-DSC-36E", "SGP.22 5.8", "a TLS certificate for another name", [], knobs=tls("wrong-name")),
    row("IPAD-DSC-37E", "SGP.22 5.8", "a TLS certificate that is not yet valid", ["not yet valid"],
        knobs=tls("not-yet-valid")),
    row("IPAD-DSC-38E", "SGP.22 5.8", "an expired certificate", ["expired"],
        wrong(INITIATE, certificate="negative/dsauth-expired.der"), sessions=("initiated",)),
    row("IPAD-DSC-39E", "SGP.22 5.8", "a certificate of another CI", ["a CI that the card does not trust"],
        wrong(INITIATE, certificate="negative/dsauth-foreign-ci.der"), sessions=("initiated",)),
    row("IPAD-DSC-40E", "SGP.22 5.8", "a certificate of an SM-DP+", ["the card does not accept"],
        wrong(INITIATE, certificate=f"../{SMDP}/dpauth.der"), sessions=("failed",)),
]


def refused(world, row):
    """The eIM is told, the SM-DS is not asked for what ES11 does not have, the card is free, the event stays."""
    smdp, smds = Smdp(world), Smds(world)
    if not smds.show("events"):
        smds.event()
    before, sessions = len(smds.show("exchanges")), len(smds.show("sessions"))
    log = len(world.log())
    smds.knobs(faults=row.faults, **row.knobs)
    result = trigger(world)
    smds.knobs(faults=[], tls={})
    equal((result["error"]["name"], result["error"]["signed"]), ("download", False), "what the eIM was told")
    exchanges = smds.show("exchanges")[before:]
    assert not [e for e in exchanges if e.get("function") not in ES11], exchanges
    equal(len(exchanges), 0 if row.knobs else 1 if row.faults[0]["on"] == INITIATE and
          row.sessions != ("failed",) else 2, f"exchanges {exchanges}")
    if row.sessions:
        equal(tuple(s["state"] for s in smds.show("sessions")[sessions:]), row.sessions, "sessions")
    text = world.log()[log:]
    for word in row.words:
        assert word in text, f"'{word}' is not in: {text}"
    equal(len(smds.show("events")), 1, "events that are left")
    equal(smdp.show("exchanges"), [], "exchanges with the SM-DP+")
    check_installed(world, [])


table("what_an_smds_refuses", ROWS, refused, settings=DIRECT, smdp=[SMDP], smds=[SMDS], setup={"rootDs": SMDS},
      defer=True)

main(__name__)
