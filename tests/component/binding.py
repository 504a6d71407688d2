#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The JSON binding of ESipa (SGP.32 6.1.1, 6.4), against the test eIM's own reading of it: tests/sim/eim_json.c."""

import json
from dataclasses import dataclass, field

from servers import SMDP, SMDS, Smdp, Smds
from world import EIM, EIM_ID, EUICC, OPERATIONAL, SPARE, case, equal, main, table

POLLS = "[poll]\ninterval=0\non-start=false\nretry-first=1h\n"
AUTO = f"{POLLS}[download]\ntries=1\n"
JSON = f"{AUTO}[eim {EIM_ID}]\nbinding=json\n"
INDIRECT = f"{JSON}download-path=indirect\n"
GET, PROVIDE, NOTIFY = "GetEimPackage", "ProvideEimPackageResult", "HandleNotification"
INITIATE, AUTHENTICATE, FETCH, CANCEL = ("InitiateAuthentication", "AuthenticateClient", "GetBoundProfilePackage",
                                         "CancelSession")


def binding(world):
    return world.get(world.eim_path(), EIM)["Binding"]


def functions(world, since=0):
    """What the eIM was asked, all of it in JSON and understood."""
    exchanges = world.exchanges()[since:]
    for exchange in exchanges:
        assert exchange.get("binding") == "json" and "refused" not in exchange, exchange
    return [e["function"] for e in exchanges]


def download(world, code, relay=None):
    """An order of the eIM to download; what it has of it after a poll."""
    package = {"package": {"download": {"activationCode": code}}}
    number = world.queue("json", json.dumps({**package, "relay": relay} if relay else package["package"]))
    world.poll_ok()
    return world.outcome(number)


def is_there(world, order, number_of_profiles=4):
    profiles = world.profiles()
    equal(profiles.get(order["iccid"]), "disabled", "profile on the bus")
    equal(len(profiles), number_of_profiles, "profiles")
    equal(world.get(world.path, EUICC)["PendingNotifications"], 0, "notifications that are left")
    world.check_settled()


@case("IPAD-JSON-10N", "6.4.1.5, 6.4.1.6", settings=JSON)
def configured(world):
    """Nothing to do; a package with its result, after a profile change too; a data request; a list of
    notifications beside a result. The card's signatures have survived."""
    world.wait_idle()
    world.poll_ok()
    equal(binding(world), "json")
    equal(functions(world), [GET], "functions")
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    equal(world.delivered(number)["results"], [{"enable": 0}])
    equal(functions(world)[:3], [GET, GET, PROVIDE], "functions")
    equal(world.profiles()[OPERATIONAL], "enabled")
    number = world.queue("json", json.dumps({"package": {"data": {"tags": "BF2083"}}}))
    world.poll_ok()
    result = world.outcome(number)
    assert result["data"], result
    (listed,), = world.execute("psmo", [{"listProfileInfo": {}}])
    equal({p["iccid"]: p["state"] for p in listed["listProfileInfo"]}[OPERATIONAL], 1, "profile in the result")
    functions(world)
    world.check_settled()


@case("IPAD-JSON-11N", "6.1.1, 6.4; I-29", settings=AUTO)
def found_out(world):
    """An eIM that has only JSON is asked in ASN.1 first. What it answers there leads to JSON, which is then spoken
    without asking again, also after a restart; and back, when it has only ASN.1."""
    world.wait_idle()
    for status in (404, 405, 415, 501, 200):
        world.knob("eim", {"binding": "json", "elsewhere": status})
        before = len(world.exchanges())
        world.poll_ok()
        equal([(e.get("binding"), e.get("refused")) for e in world.exchanges()[before:]],
              [(None, "binding"), ("json", None)], f"exchanges with {status}")
        equal(binding(world), "json")
        before += 2
        number = world.queue("list")
        world.poll_ok()
        world.delivered(number)
        assert PROVIDE in functions(world, before)
        if status in (404, 200):
            world.daemon("restart")
            world.wait_idle()
            before = len(world.exchanges())
            world.poll_ok()
            equal(functions(world, before), [GET], "functions after a restart")
        world.knob("eim", {"binding": "asn1", "elsewhere": 501 if status == 405 else 404})
        number = world.queue("list")
        world.poll_ok()
        world.delivered(number)
        equal(binding(world), "asn1")
    world.check_settled()


@case("IPAD-JSON-12N", "3.2.3.1, 6.4", smdp=[SMDP], settings=JSON)
def direct_download(world):
    """Its trigger and the result of that are in JSON; ES9+ is not concerned."""
    smdp = Smdp(world)
    world.wait_idle()
    order = smdp.order()
    result = download(world, order["activationCode"])
    assert result["verified"] and result["succeeded"], result
    smdp.installed(order)
    assert PROVIDE in functions(world) and INITIATE not in functions(world), functions(world)
    is_there(world, order)


@case("IPAD-JSON-13N", "3.2.3.2, 6.4.1.1 to 6.4.1.3, 6.4.1.7", smdp=[SMDP],
      settings=f"{INDIRECT}metadata-verification=true\nctx-params=true\n")
def indirect_download(world):
    """Each function of a download through the eIM, the result as a notification, in JSON; also a larger package
    with what the eIM adds by itself."""
    smdp = Smdp(world)
    world.wait_idle()
    order = smdp.order()
    result = download(world, order["activationCode"])
    assert result["verified"] and result["succeeded"], result
    equal(functions(world)[:5], [GET, INITIATE, AUTHENTICATE, FETCH, NOTIFY], "functions")
    smdp.installed(order)
    is_there(world, order)
    before = len(world.exchanges())
    other = smdp.order(upp={"size": 60000}, confirmationCode="4711")
    number = world.queue("json", json.dumps({
        "package": {"download": {}},
        "relay": {"activationCode": other["activationCode"], "ctxParams1": True, "matchingId": True,
                  "confirmationCode": "4711", "verifyMetadata": True, "truncateCiPKId": 6,
                  "omitTransactionId": True}}))
    world.poll_ok()
    result = world.outcome(number)
    assert result["verified"] and result["succeeded"], result
    equal(functions(world, before)[:5], [GET, INITIATE, AUTHENTICATE, FETCH, NOTIFY], "functions")
    smdp.installed(other)
    is_there(world, other, 5)
    equal({e["function"] for e in smdp.show("exchanges") if "connection" in e}, {"handleNotification"},
          "functions over HTTPS")


@case("IPAD-JSON-14N", "3.2.3.2, 6.4.1.2", smdp=[SMDP], smds=[SMDS], settings=INDIRECT, setup={"rootDs": SMDS})
def events_of_an_smds(world):
    """The eIM answers AuthenticateClient with another trigger; and with none."""
    smdp, smds = Smdp(world), Smds(world)
    world.wait_idle()
    event = smds.event()
    order = smdp.order(matchingId=event)
    for expected in (True, False):
        number = world.queue("json", json.dumps({"download": {"smds": SMDS}}))
        world.poll_ok()
        result = world.outcome(number)
        equal(result.get("succeeded", False), expected, f"{result}")
        for left in smds.show("events"):
            smds.ask("delete", eventId=left["eventId"])
    equal(functions(world)[:7],
          [GET, INITIATE, AUTHENTICATE, INITIATE, AUTHENTICATE, FETCH, NOTIFY], "functions")
    assert "the SM-DS has no event for this card" in world.log()
    is_there(world, order)


@case("IPAD-JSON-15N", "3.7, 5.14.7, 6.4.1.7", settings=INDIRECT, smdp=[SMDP])
def notifications(world):
    """Those that a profile change leaves, delivered in JSON and removed from the card."""
    Smdp(world)
    world.wait_idle()
    number = world.queue("enable", SPARE)
    world.poll_ok()
    world.delivered(number)
    world.wait_until("no notification left", lambda: world.get(world.path, EUICC)["PendingNotifications"] == 0)
    functions(world)
    equal(world.show("card").get("notifications", []), [], "notifications on the card")
    world.check_settled()


# ---- what functions of a download say no to ----


@dataclass
class Refusal:
    ident: str
    section: str
    title: str
    words: list  # in the daemon's log
    functions: list
    eim: list = field(default_factory=list)   # faults
    smdp: list = field(default_factory=list)


def failure(on, subject, reason):
    return [{"on": on, "failure": {"subject": subject, "reason": reason, "message": "scripted"}}]


def fault(on, **members):
    return [{"on": on, **members}]


def row(*arguments, **members):
    return Refusal(*arguments, **members)


REFUSALS = [
    row("IPAD-JSON-20E", "6.4", "InitiateAuthentication: address", ["invalidDpAddress (1)"], [INITIATE],
            smdp=failure("initiateAuthentication", "8.8.1", "3.8")),
    row("IPAD-JSON-21E", "6.4", "InitiateAuthentication: transaction", ["(52)"], [INITIATE],
            fault(INITIATE, error=52)),
    row("IPAD-JSON-22E", "6.4", "AuthenticateClient: matchingId", ["matchingIdRefused (6)"],
            [INITIATE, AUTHENTICATE, CANCEL], smdp=failure("authenticateClient", "8.2.6", "3.8")),
    row("IPAD-JSON-23E", "6.4", "AuthenticateClient: policy rules", ["(50)"], [INITIATE, AUTHENTICATE, CANCEL],
            fault(AUTHENTICATE, error=50)),
    row("IPAD-JSON-24E", "6.4", "GetBoundProfilePackage: confirmation code", ["confirmationCodeRefused (3)"],
            [INITIATE, AUTHENTICATE, FETCH, CANCEL], smdp=failure("getBoundProfilePackage", "8.2.7", "3.8")),
    row("IPAD-JSON-25E", "6.4", "GetBoundProfilePackage: a code of nobody", ["(127)"],
            [INITIATE, AUTHENTICATE, FETCH, CANCEL], smdp=failure("getBoundProfilePackage", "1.1", "1.1")),
    row("IPAD-JSON-26E", "6.4", "CancelSession too", ["eidMismatch (7)", "CancelSession", "euiccSignatureInvalid (2)"],
            [INITIATE, AUTHENTICATE, CANCEL],
            fault(AUTHENTICATE, error=7) + fault(CANCEL, error=2)),
    row("IPAD-JSON-27E", "6.4", "a signed object is missing", ["smdpSigned2"], [INITIATE, AUTHENTICATE, CANCEL],
            fault(AUTHENTICATE, json={"smdpSigned2": None})),
    row("IPAD-JSON-28E", "6.4", "a certificate that is no base64", ["serverCertificate"], [INITIATE],
            fault(INITIATE, json={"serverCertificate": "MII*"})),
    row("IPAD-JSON-29E", "6.4", "a transaction that is no hex", ["transactionId"], [INITIATE],
            fault(INITIATE, json={"transactionId": "A1A"})),
    row("IPAD-JSON-30E", "6.4", "another transaction", ["transaction"], [INITIATE, AUTHENTICATE, CANCEL],
            fault(AUTHENTICATE, json={"transactionId": "00112233"})),
    row("IPAD-JSON-31E", "6.4", "no package", ["boundProfilePackage"], [INITIATE, AUTHENTICATE, FETCH, CANCEL],
            fault(FETCH, json={"boundProfilePackage": None})),
    row("IPAD-JSON-32E", "6.4", "a package that is no base64", ["boundProfilePackage"],
            [INITIATE, AUTHENTICATE, FETCH, CANCEL], fault(FETCH, json={"boundProfilePackage": "vzY*AAAA"})),
    row("IPAD-JSON-33E", "6.4", "a package that is none", ["BoundProfilePackage, octet 2"],
            [INITIATE, AUTHENTICATE, FETCH, CANCEL], fault(FETCH, json={"boundProfilePackage": "aGVsbG8="})),
    row("IPAD-JSON-34E", "6.4", "8 MB of a package", ["GetBoundProfilePackage"],
            [INITIATE, AUTHENTICATE, FETCH, CANCEL], fault(FETCH, body="oversized", size=8 << 20)),
]


def refused(world, row):
    """The eIM learns that there was no download, what it said stands in the journal, and the card is free."""
    smdp = Smdp(world)
    order = smdp.order()
    before, log = len(world.exchanges()), len(world.log())
    world.knob("eim", {"faults": row.eim})
    smdp.faults(*row.smdp)
    result = download(world, order["activationCode"])
    equal((result["error"]["name"], result["error"]["signed"]), ("download", False), "what the eIM was told")
    asked = functions(world, before)
    equal([f for f in asked if f not in (GET, PROVIDE)], row.functions, "functions")
    text = world.log()[log:]
    for word in row.words:
        assert word in text, f"'{word}' is not in: {text}"
    world.knob("eim", {"faults": []})
    smdp.faults()
    equal(len(world.profiles()), 3, "profiles")
    world.check_settled()


table("what_a_download_refuses", REFUSALS, refused, settings=INDIRECT, smdp=[SMDP], defer=True)


# ---- malformed answers ----


@dataclass
class Row:
    ident: str
    section: str
    title: str
    fault: dict
    error: tuple = ()  # of the poll: name, words of its text; () where it goes well
    told: bool = False  # the eIM gets an error in place of the result: invalidPackageFormat
    on: str = GET


def header(status, subject="", reason=""):
    codes = {"statusCodeData": {"subjectCode": subject, "reasonCode": reason}} if subject else {}
    return {"header": {"functionExecutionStatus": {"status": status, **codes}}}


def row(*arguments, **members):
    return Row(*arguments, **members)


ROWS = [
    row("IPAD-JSON-40N", "6.4", "eimPackageError 0 beside a package", {"json": {"eimPackageError": 0}}),
    row("IPAD-JSON-41N", "6.4", "members of others; a warning",
        {"json": {"vendor": {"a": [1, None]}, **header("Executed-WithWarning")}}),
    row("IPAD-JSON-42N", "6.4", "another content type", {"contentType": "text/plain"}),
    row("IPAD-JSON-43N", "6.4", "in chunks", {"chunked": True}),
    row("IPAD-JSON-44E", "6.4", "no base64", {"json": {"euiccPackageRequest": "v1GB*A=="}},
        ("Malformed", "euiccPackageRequest", "not a character of the alphabet"), told=True),
    row("IPAD-JSON-45E", "6.4", "base64 of something else", {"json": {"euiccPackageRequest": "aGVsbG8="}},
        ("Malformed", "euiccPackageRequest", "object 68"), told=True),
    row("IPAD-JSON-46E", "6.4", "a number for a package", {"json": {"euiccPackageRequest": 12}},
        ("Malformed", "euiccPackageRequest", "no string"), told=True),
    row("IPAD-JSON-47E", "6.4", "no header", {"json": {"header": None}}, ("Malformed", "header")),
    row("IPAD-JSON-48E", "6.4", "no such status", {"json": header("Maybe")},
        ("Malformed", "functionExecutionStatus/status")),
    row("IPAD-JSON-49E", "6.4", "the EID is unknown", {"json": header("Failed", "8.1.1", "3.9")},
        ("EimRejected", "eidNotFound")),
    row("IPAD-JSON-50E", "6.4", "a status of nobody", {"json": header("Expired", "8.8.5", "4.10")},
        ("EimRefused", "8.8.5", "4.10")),
    row("IPAD-JSON-51E", "6.4", "a page", {"body": "html"}, ("Malformed", "not ESipa")),
    row("IPAD-JSON-52E", "6.4", "octets", {"body": "garbage"}, ("Malformed", "not ESipa")),
    row("IPAD-JSON-53E", "6.4", "half of it", {"body": "cut"}, ("Malformed", "not ESipa")),
    row("IPAD-JSON-54E", "6.4", "1 MB", {"body": "oversized", "size": 1 << 20}, ("TooLarge", "GetEimPackage")),
    row("IPAD-JSON-55E", "6.4", "status 500", {"status": 500}, ("Http", "500")),
    row("IPAD-JSON-56E", "6.4", "acknowledgements that are no base64", {"json": {"eimAcknowledgements": "*"}},
        ("Malformed", "eimAcknowledgements"), on=PROVIDE),
    row("IPAD-JSON-57E", "6.4", "a result that is refused", {"json": header("Failed", "8.1.1", "3.9")},
        ("EimRefused", "eidNotFound"), on=PROVIDE),
    row("IPAD-JSON-58E", "6.4", "an acknowledgement without header", {"json": {"header": None}},
        ("Malformed", "header"), on=PROVIDE),
]


def malformed(world, row):
    """What is wrong with an answer is told and nothing else comes of it: the order is done in the end, once."""
    world.knob("eim", {"resend": True, "faults": [{"on": row.on, "count": 1, **row.fault}]})
    number = world.queue("list")
    state, name, text = world.poll()
    if row.error:
        equal((state, name), ("failed", f"org.euiccd1.Error.{row.error[0]}"), text)
        for word in row.error[1:]:
            assert word in text, text
        world.knob("eim", {"faults": []})
        world.poll_ok()
    else:
        equal((state, name), ("done", ""), text)
    if row.told:
        error = world.outcome(number)["error"]
        equal((error["name"], error["code"], error["signed"]),
              ("invalidPackageFormat", 1, False), "what the eIM was told")
    else:
        equal(len(world.result(number)["results"][0]["listProfileInfo"]), 3, "profiles in the result")
    world.knob("eim", {"resend": False, "faults": []})
    equal(binding(world), "json")
    world.check_settled()


table("malformed_answers", ROWS, malformed, settings=JSON, defer=True)

main(__name__)
