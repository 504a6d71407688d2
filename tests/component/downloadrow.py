# SPDX-License-Identifier: LGPL-2.1-or-later
"""One row of the table of downloads that go wrong: orders a profile in each of the row's ways, compares what is told
to whom, how the session ended on the card and at the servers, and what is left; and takes the fault away."""

import collections
import itertools
import json
import os
import re
import shutil

import wire
from badrow import Fault, Log, fill, on_card, same, without_counts
from servers import SMDP, SMDS, Smdp, Smds
from world import BUS_NAME, EUICC, JOB, equal, main, table

Row = collections.namedtuple("Row", "ident section title fault error text calls session cancel state told order code options "
                             "log ds events left open ways world")

# Without polls but those of the rows, and without the pauses between two tries.
STEADY = "[poll]\ninterval=0\non-start=false\nretry-first=1h\n[channel]\nblock-size=255\n[download]\ntries=1\n"

# What becomes of a session at the SM-DP+, beside ("cancelled", reason): it waits for what does not come any more; the
# SM-DP+ ended it itself, or by a result that says no; the profile is there.
INITIATED, FAILED, INSTALLED = "initiated", "failed", "installed"

# What the eIM is told of its order: undefinedError, or where there is one the installation result.
UNDEFINED = 127

RELAYED = ("indirect", "relay")  # worlds in which the eIM passes everything on

# Functions of ES9+ and ES11, as the column "calls" has them.
LETTERS = {"initiateAuthentication": "I", "authenticateClient": "A", "getBoundProfilePackage": "G", "cancelSession": "C",
           "handleNotification": "N"}


def row(ident, section, title, fault, error="", text="", calls="", session=None, cancel=None, state="released",
        told=UNDEFINED, order=None, code="{code}", options=(), log=(), ds="", events=None, left=0, open=False, ways=None,
        world="direct"):
    """A row. ERROR (of org.euiccd1.Error) and TEXT: of the job, "" where the profile is installed. CALLS: the functions
    that the SM-DP+ saw; DS: those that the SM-DS did. SESSION: how the last session ended at the SM-DP+. CANCEL: the
    reason that the card was told. STATE: of the order at the SM-DP+. TOLD: the eIM; a pair (bppCommandId, errorReason)
    is an installation result, verified. ORDER: members of the SM-DP+'s order, CODE: what is downloaded. LOG: further lines of warnings,
    before that of the failure. EVENTS: pairs (address, EventID) at the SM-DS; by default that of the order. LEFT:
    notifications that stay on the card. OPEN: so does the session."""
    if ways is None:
        ways = (TRIGGER,) if world in RELAYED else (CALL,)
    if not error:
        told = INSTALLED
    if isinstance(session, tuple):
        cancel = session[1]
    if events is None:
        events = [(SMDP, "{matchingId}")] if code.startswith("smds") else []
    return Row(ident, section, title, fault, error, text, calls, session, cancel, state, told, order or {}, code, options, log,
               ds, events, left, open, ways, world)


# ---- faults ----


def smdp(function, **fault):
    return {"smdp": {"faults": [{"on": function, "count": 0, **fault}]}}


def smds(function, **fault):
    return {"smds": {"faults": [{"on": function, "count": 0, **fault}]}}


def refused(function, subject, reason, message="no"):
    """The SM-DP+ fails the function."""
    return smdp(function, failure={"subject": subject, "reason": reason, "message": message})


def tls(part, name, own_key=False):
    server = "dptls" if part == "smdp" else "dstls"
    certificate = f"negative/{server}-{name}"
    return {part: {"tls": {"certificate": certificate + ".pem", "key": (certificate if own_key else server) + ".key.pem"}}}


def eim(function, **fault):
    return {"eim": {"faults": [{"on": function, "count": 0, **fault}]}}


def card(**behaviour):
    return {"card": behaviour}


def anchors(world, files):
    """The CI certificates that the daemon trusts: FILES of the PKI, in a folder that only one world is told of; None: it
    stays as it is."""
    if files is None:
        return
    folder = os.path.join(world.folder, "anchors")
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    for name in files:
        shutil.copy(os.path.join(world.folder, "pki", name), folder)


# ---- ways ----


def call(world, row, code, mark):
    """A caller on the bus has it downloaded: name and text of the job's error."""
    connection = wire.Connection()
    try:
        job = connection.call(BUS_NAME, world.path, EUICC, "Download", "sa{sv}", code, list(row.options))[0]
    finally:
        connection.close()
    state, name, text = world.wait_job(job)
    equal(state, "failed" if name else "done", "state of the job")
    return name.rpartition(".")[2], text, None


def trigger(world, row, code, mark):
    """The eIM orders it: its order, once it has an answer. The text is in the log only."""
    what = {"smds": code.partition(":")[2]} if code.startswith("smds") else {"activationCode": code}
    number = world.queue("json", json.dumps({"download": what}))
    world.poll_ok()
    order = world.outcome(number)
    assert not order.get("again"), f"answered twice: {order}"
    return None, None, order


FAILURES = {call: "job 'download' failed: ", trigger: "profile download failed: "}


CALL, TRIGGER = call, trigger
BOTH = (CALL, TRIGGER)
ORDINARY = row("", "", "an ordinary download", {}, calls="IAGNN", session=INSTALLED, state="installed")


# What an eIM acknowledges of an installation result is not its to take off the card: the SM-DP+ gets that too (I-15).
ACKNOWLEDGED = "eIM acknowledged number {number}, which was not delivered with this result: ignored"


# ---- what is seen ----


class Mark:
    """Everything that is there before, for what is new afterwards."""

    def __init__(self, world):
        self.world = world
        self.servers = {"smdp": Smdp(world), "smds": Smds(world)}
        self.log = Log(world)
        self.trace = os.path.join(world.folder, "modem.log")
        self.size = os.path.getsize(self.trace)
        self.card = on_card(world)
        shown = {part: server.ask("show") for part, server in self.servers.items()}
        self.served = {part: one.get("exchangesServed", 0) for part, one in shown.items()}
        self.sessions = len(shown["smdp"]["sessions"])

    def calls(self, part):
        """The functions that a server saw; "?" for a request to none of them."""
        return "".join(LETTERS.get(e.get("function"), "?") for e in self.servers[part].show("exchanges")
                       if e["exchange"] > self.served[part])

    def session(self):
        """How the last session ended at the SM-DP+."""
        sessions = self.servers["smdp"].show("sessions")[self.sessions:]
        if not sessions:
            return None
        last = sessions[-1]
        return ("cancelled", last["reason"]) if last["state"] == "cancelled" else last["state"]

    def cancelled(self):
        """The reason of the CancelSession that the card got; None for none, a list for several."""
        with open(self.trace, encoding="utf-8") as file:
            file.seek(self.size)
            text = file.read()
        reasons = [int(reason, 16) for reason in
                   re.findall(r"^apdu > [0-9A-F]{10}BF41[0-9A-F]{2}8010[0-9A-F]{32}8101([0-9A-F]{2})", text, re.M)]
        return reasons[0] if len(reasons) == 1 else reasons or None

    def complaints(self):
        """Texts of the warnings and errors."""
        return [re.sub(r"(notification|number) \d+", r"\1 {number}", re.sub(r"^<\w+> \[[^]]*\] ", "", line))
                for line in self.log.complaints()]


def without_sizes(text):
    """Messages are of several lengths, as numbers in signatures and certificates are."""
    if not isinstance(text, str):
        return text
    text = re.sub(r"\d+ of \d+ octets came|announces \d+ octets, \d+ are left", "…", text)
    return re.sub(r"octets \d+ to \d+ of \d+", "…", text)


def told_to_eim(order):
    """What the eIM has of its order, as the column "told" has it."""
    if order.get("error"):
        equal((order["error"]["name"], order["error"]["signed"]), ("download", False), "kind of the eIM's error")
        return order["error"]["code"]
    assert order["verified"], f"not verified: {order.get('why')}"
    result = order["installation"]
    return INSTALLED if result["success"] else (result["bppCommandId"], result["errorReason"])


def check_card(world, row, mark, iccid):
    """A new profile or none, no session, nothing that is half there."""
    now = on_card(world)
    before, after = dict(mark.card), dict(now)
    for state in (before, after):
        state.pop("rspSession", None)
    equal(now["rspSession"] in ("none", "challenge", "installed"), not row.open, f"no session on the card ({now['rspSession']})")
    assert not now.get("installing"), "an installation that is still under way"
    equal(len(now["notifications"]), row.left, "notifications on the card")
    if row.told == INSTALLED:
        added = [p for p in now["profiles"] if p not in mark.card["profiles"]]
        equal([(p["iccid"], p["state"]) for p in added], [(iccid, "disabled")], "new profiles")
        return
    same(without_counts(after), without_counts(before), "the card")


def attempt(world, row, way):
    mark = Mark(world)
    smdp_server = mark.servers["smdp"]
    order = smdp_server.order(**{"upp": {"size": 2000}, **row.order})
    words = {"code": order["activationCode"], "iccid": order["iccid"], "matchingId": order["matchingId"],
             "folder": world.folder}
    events = [mark.servers["smds"].event(address, eventId=fill(event, words)) for address, event in row.events]
    anchors(world, row.fault.get("anchors"))
    fault = Fault(world, {part: value for part, value in row.fault.items() if part != "anchors"})
    try:
        name, text, answer = way(world, row, fill(row.code, words), mark)
        wanted = fill(row.text, words)
        log = [fill(line, words) for line in row.log]
        lines = [line for line in log if not line.startswith(("deliver", "removing"))] + ([FAILURES[way] + wanted] if row.error else [])
        if way is trigger and row.world not in RELAYED and row.told != UNDEFINED:
            lines.append(ACKNOWLEDGED)
        lines += [line for line in log if line.startswith(("deliver", "removing"))]
        seen = [("calls", mark.calls("smdp"), row.calls), ("calls of the SM-DS", mark.calls("smds"), row.ds),
                ("session", mark.session(), row.session), ("reason told to the card", mark.cancelled(), row.cancel),
                ("order", smdp_server.shown(order)["state"], row.state)]
        if answer:
            seen.append(("told to the eIM", told_to_eim(answer), row.told))
        else:
            seen += [("error", name, row.error), ("text", text, wanted)]
        seen += [("log", line, expected) for line, expected in itertools.zip_longest(mark.complaints(), lines)]
        problems = [f"{what}:\n  {actual!r}\nexpected\n  {expected!r}\n"
                    for what, actual, expected in seen if without_sizes(actual) != without_sizes(expected)]
        assert not problems, f"\n{way.__name__}:\n" + "".join(problems)
        equal(world.get(world.path, EUICC)["PendingNotifications"], row.left, "PendingNotifications")
        check_card(world, row, mark, order["iccid"])
    finally:
        fault.remove()
        for event in events:
            mark.servers["smds"].ask("delete", eventId=event)
    if row.left:
        job = world.call(world.path, EUICC, "DeliverNotifications")[0]
        equal(world.wait_job(job), ("done", "", ""), "delivery of what was left")
        equal(smdp_server.installed(order)["state"], "installed", "the SM-DP+'s view")
        equal(on_card(world)["notifications"], [], "notifications on the card in the end")


def run_rows(name, rows, worlds):
    """Call it at the end of the file with the table: the rows of a world share it, and when they are through, an ordinary
    download goes its way."""

    def run(world, row):
        for way in row.ways:
            attempt(world, row, way)
        if row is [r for r in rows if r.world == row.world][-1]:
            attempt(world, ORDINARY._replace(world=row.world, fault={"anchors": ["ci.pem"]} if row.world == "anchors" else {}), row.ways[0])
        world.check_settled()

    for world, options in worlds.items():
        table(world, [r for r in rows if r.world == world], run, defer=True, **options)
    main(name)
