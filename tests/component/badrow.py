# SPDX-License-Identifier: LGPL-2.1-or-later
"""One row of the table of bad input: arranges the fault, acts, compares what is told to whom, takes the
fault away, and sees that nothing was lost and that the daemon goes on."""

import collections
import itertools
import os
import re
import subprocess
import threading

import wire
from world import BUS_NAME, EIM, EIM_ID, EUICC, JOB, MANAGER, ROOT, equal, main, table

Row = collections.namedtuple("Row", "ident section title fault act error text log order fate result world")

# Without polls but those of the rows; a failure does not bring a retry. What is sent to the card does not
# depend on the rows before.
STEADY = "[poll]\ninterval=0\non-start=false\nretry-first=1h\n[channel]\nblock-size=255\n"

WORLDS = {
    "usual": {"settings": STEADY},
    "card": {"settings": STEADY},
    "leaf": {"settings": STEADY, "trust": "leaf"},
    "ca": {"settings": STEADY, "trust": "ca"},
    # Each is hasty about one side only, so that a busy machine does not make the other one late.
    "hasty": {"settings": STEADY + "[network]\nstall-timeout=3s\n"},
    "hasty-card": {"settings": STEADY + "timeout=5s\nlong-timeout=5s\n"},
}

# What becomes of the row's order, which the eIM has in its queue: it waits for a poll without the fault; the
# eIM is told that it came to nothing; it was on its way when the fault struck, and nobody has it; it is
# executed, once, and its result arrives.
WAITS, REPORTED, LOST, DONE = "waits", "reported", "lost", "done"

MEMORY = 8192  # kB that the daemon may need more than before, whatever comes

NOTHING, OFF = {}, {"part": "eim"}
JOB_LOG = ["<warning> [cdc-wdm0] {text}"]
POLL_LOG = ["<warning> [cdc-wdm0, eim1.example.test] poll failed: {text}"]


def row(ident, section, title, fault, act, error="", text="", log=None, order=None, fate=WAITS, world="usual"):
    """A row; ERROR without a dot is one of org.euiccd1.Error. LOG: every line of warnings and errors."""
    if log is None:
        log = act.log if error or text else []
    outcome = "package" if fate in (DONE, REPORTED) else "none"
    return Row(ident, section, title, fault, act, error, text, log, order, fate, outcome, world)


# ---- faults: knobs of the parts ----


def eim(**fault):
    return {"eim": {"faults": [{"on": "GetEimPackage", "count": 0, **fault}]}}


def result(**fault):
    return {"eim": {"faults": [{"on": "ProvideEimPackageResult", "count": 0, **fault}]}}


def tls(name, own_key=False):
    certificate = f"negative/eimtls-{name}"
    return {"eim": {"tls": {"certificate": certificate + ".pem",
                            "key": (certificate if own_key else "eimtls") + ".key.pem"}}}


def card(**fault):
    return {"card": {"fail": [{"count": -1, **fault}]}}


def modem(**rule):
    return {"modem": {"rules": [{"count": 0, **rule}]}}


def polkit(signature, *values):
    return {"polkit": (signature, *values)}


MENDED = {"eim": {"faults": [], "tls": {}, "ack": "all", "getEimPackageError": 0},
          "card": {"fail": [], "removeAtApdu": 0, "silentAtApdu": 0, "authenticateError": 0, "downloadError": 0,
                   "cancelError": 0, "failInstallation": None},
          "modem": {"rules": []}, "smdp": {"faults": [], "tls": {}, "accept": True}, "smds": {"faults": [], "tls": {}}}


class Fault:
    def __init__(self, world, knobs):
        self.world, self.knobs, self.authority = world, knobs, None
        for part, value in knobs.items():
            if part == "part":
                world.part(value, "stop")
            elif part == "polkit":
                self.authority = wire.Connection()
                self.authority.own("org.freedesktop.PolicyKit1")
                self.thread = threading.Thread(target=self.authority.answer_calls, args=value)
                self.thread.start()
            else:
                world.knob(part, value)

    def remove(self):
        for part, value in self.knobs.items():
            if part == "part":
                self.world.part(value, "start")
            elif part == "polkit":
                self.authority.hang_up()
                self.thread.join()
                self.authority.close()
            else:
                self.world.knob(part, MENDED[part])


# ---- what is done: each gives the name and the text of the error ----


def newest_job(world, kind, after):
    """The job of KIND that ends after job number AFTER."""
    def ended():
        jobs = {int(path.rsplit("/", 1)[1]): p[JOB] for path, p in world.objects().items() if JOB in p}
        found = [job for number, job in jobs.items() if number > after and job["Kind"] == kind
                 and job["State"] in ("done", "failed", "cancelled")]
        return found[0] if found else None

    return world.wait_until(f"end of a job '{kind}'", ended)


def last_job(world):
    return max((int(path.rsplit("/", 1)[1]) for path, p in world.objects().items() if JOB in p), default=0)


class Poll:
    log, words = POLL_LOG, {}

    def __call__(self, world):
        return world.poll()[1:]


class Start:
    """The card is put into its slot and read."""
    log, words = JOB_LOG, {}

    def __call__(self, world):
        after = last_job(world)
        world.knob("modem", "insert")
        job = newest_job(world, "start", after)
        return job["Error"], job["ErrorMessage"]


class CALL:
    log = ["<notice> [bus] {member} of {interface} by {caller}: {text}"]

    def __init__(self, path, interface, member, signature="", *values):
        self.path, self.interface = path, interface
        self.arguments = (member, signature, *values)
        self.words = {"member": member, "interface": interface}

    def __call__(self, world):
        path = self.path.replace("{euicc}", world.path).replace("{job}", f"{ROOT}/job/{last_job(world)}")
        connection = wire.Connection()
        try:
            values = connection.call(BUS_NAME, path, self.interface, *self.arguments)
        except wire.WireError as error:
            return error.name, error.text
        finally:
            connection.close()
        return world.wait_job(values[0])[1:]


class DAEMON:
    """Another daemon, with this configuration: None, a folder in the place of the file; False, nothing."""
    log, words = [], {}

    def __init__(self, text):
        self.text = text

    def __call__(self, world):
        path = os.path.join(world.folder, "case.conf")
        if self.text:
            with open(path, "w", encoding="utf-8") as file:
                file.write(self.text)
        elif self.text is None:
            os.mkdir(path)
        command = os.environ.get("EUICC_DAEMON") or os.path.join(os.path.dirname(os.environ["EUICC_SIM"]),
                                                                 "euiccd")
        done = subprocess.run([*command.split(), "--config", path, "--state-dir", path + ".state"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if self.text:
            os.unlink(path)
        elif self.text is None:
            os.rmdir(path)
        return done.returncode, done.stdout.rstrip("\n")


POLL, START = Poll(), Start()


# ---- a row ----


class Log:
    """What the daemon says from now on."""

    def __init__(self, world):
        self.path = os.path.join(world.folder, "daemon.log")
        self.size = os.path.getsize(self.path)

    def complaints(self):
        """Lines of warnings and errors, without those of libraries; and what the bus refused."""
        with open(self.path, encoding="utf-8") as file:
            file.seek(self.size)
            lines = file.read().splitlines()
        return [line for line in lines
                if re.match(r"<(warning|error)> (?!\[Qmi\]|\[GLib)|<notice> \[bus\]", line)]


def fill(text, words):
    for name, value in words.items():
        text = text.replace("{" + name + "}", value)
    return text


def matches(actual, expected):
    """Placeholders: {digest} of a key, {caller} of this run."""
    if not isinstance(actual, str) or not isinstance(expected, str):
        return actual == expected
    pattern = re.escape(expected)
    for name, form in (("digest", "[0-9a-f]{16}"), ("caller", r":1\.[0-9]+ \(uid [0-9]+\)")):
        pattern = pattern.replace(re.escape("{" + name + "}"), form)
    return re.fullmatch(pattern, actual) is not None


def on_card(world):
    """All that must not get lost."""
    state = world.show("card")
    for name in ("behaviour", "openChannels", "ipadDeclared", "resetNeeded", "refreshPending"):
        state.pop(name, None)
    return state


def same(actual, expected, what):
    """Compares two objects; what is told are the members that differ."""
    different = {name: (actual.get(name), expected.get(name)) for name in {**actual, **expected}
                 if actual.get(name) != expected.get(name)}
    assert not different, f"{what}: {different}"


def without_counts(state):
    state = {name: value for name, value in state.items()
             if name not in ("nextSeqNumber", "results", "apdus")}
    state["eims"] = [{**eim, "counter": None} for eim in state["eims"]]
    return state


def peak(world):
    """The most memory that the daemon had, in kB; 0 where something keeps what it freed (sanitizers, valgrind)."""
    folder = f"/proc/{world.show('world')['parts']['daemon']['process']}"
    with open(f"{folder}/maps", encoding="utf-8") as file:
        if "vgpreload" in file.read():
            return 0
    with open(f"{folder}/exe", "rb") as file:
        if b"__asan_" in file.read():
            return 0
    with open(f"{folder}/status", encoding="utf-8") as file:
        return int(re.search(r"VmHWM:\s*(\d+) kB", file.read()).group(1))


def told(world, row, log):
    """What differs from the row: in the error and its text, at the eIM's object, in the log."""
    text = fill(row.text, {"folder": world.folder, "euicc": world.path, "number": str(last_job(world))})
    name = row.error
    if isinstance(name, str) and name and "." not in name:
        name = "org.euiccd1.Error." + name
    seen = list(zip(("error", "text"), row.act(world), (name, text)))
    if isinstance(row.act, Poll):
        # A card that is gone takes its eIMs off the bus.
        shown = next((p[EIM] for p in world.objects().values() if EIM in p), None)
        if not shown:
            assert name in ("org.euiccd1.Error.CardAbsent", "org.euiccd1.Error.ModemGone"), "no eIM"
            shown = {"LastResult": row.error, "LastError": text}
        seen += [("LastResult", shown["LastResult"], row.error or row.result),
                 ("LastError", shown["LastError"], text)]
    lines = [fill(line, {"text": text, **row.act.words}) for line in row.log]
    complaints = log.complaints()
    if isinstance(row.act, Start):  # a busy machine gives the daemon time to try again, with the same words
        complaints = list(dict.fromkeys(complaints))
    seen += [("log", line, expected)
             for line, expected in itertools.zip_longest(complaints, lines)]
    return [f"{what}:\n  {actual!r}\nexpected\n  {expected!r}\n"
            for what, actual, expected in seen if not matches(actual, expected)]


def bring_back(world):
    """The card or the modem may be away: everything is in its place, and the daemon knows."""
    modem = world.show("modem")
    if not modem["plugged"]:
        world.knob("modem", "plug")
    if modem["state"] == "empty":
        world.knob("modem", "insert")
    if world.get(world.path, EUICC) is None or world.get(world.path, EUICC)["State"] == "unavailable":
        world.call(ROOT, MANAGER, "Rescan")
    world.wait_idle()


def queue(world, **members):
    """Has the eIM order a list of the profiles: number of the order."""
    return world.control("eim", {"do": "queue", "package": {"psmo": [{"listProfileInfo": {}}]}, **members})["order"]


def settle(world, row, number):
    """The row's order comes to its end, and then another one goes its way; how many were executed."""
    orders = [number] if row.fate in (WAITS, DONE) else []
    if row.fate != WAITS:
        orders.append(queue(world))
    world.poll_ok()
    if row.fate in (REPORTED, LOST):
        order = world.order(number)
        equal(order["offered"], 1, "times the order was offered")
        equal((bool(order.get("error")), order.get("results")), (row.fate == REPORTED, None), f"order {number}")
    for one in orders:
        order = world.result(one)
        equal(len(order["results"][0]["listProfileInfo"]), 3, f"results of order {one}")
        equal(order["offered"], 1, f"times order {one} was offered")
        assert not order.get("again"), f"result delivered twice: {order}"
        assert order["seqNumber"] in order["acknowledged"], order
    world.check_settled()
    equal(os.listdir(os.path.join(world.folder, "state", world.path.rsplit("/", 1)[1], "owed")), [], "owed")
    return len(orders)


def run(world, row):
    before, log, exchanges = on_card(world), Log(world), world.exchanges()
    if isinstance(row.act, Start):
        world.knob("modem", "eject")
        world.wait_until("the card is gone", lambda: (world.get(world.path, EUICC) or {"State": "unavailable"})[
            "State"] == "unavailable")
    number = queue(world, **({"fault": row.order} if row.order else {}))
    memory = peak(world)
    fault = Fault(world, row.fault)
    try:
        problems = told(world, row, log)
        memory = peak(world) - memory
        if memory > MEMORY:
            problems.append(f"{memory} kB more memory\n")
        assert not problems, "\n" + "".join(problems)
        if row.error == "Tls":
            equal(world.exchanges(), exchanges, "requests that the wrong server saw")
        if row.fate == WAITS and row.fault is not OFF:
            equal(world.order(number)["state"], "queued")
            # A poll that brought nothing did not even ask it something.
            same(on_card(world) if isinstance(row.act, Poll) else without_counts(on_card(world)),
                 before if isinstance(row.act, Poll) else without_counts(before), "the card meanwhile")
        elif row.fate == REPORTED:
            same(without_counts(on_card(world)), without_counts(before), "the card meanwhile")
    finally:
        fault.remove()
        bring_back(world)
    executed = settle(world, row, number)
    after = on_card(world)
    same(without_counts(after), without_counts(before), "the card in the end")
    equal(after["nextSeqNumber"] - before["nextSeqNumber"], executed, "packages that the card executed")


def run_rows(name, rows, worlds):
    """Call it at the end of the file with the table: the rows of a world share it."""
    for world, options in worlds.items():
        table(world, [r for r in rows if r.world == world], run, defer=True, **options)
    main(name)
