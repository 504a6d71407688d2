# SPDX-License-Identifier: LGPL-2.1-or-later
"""Component tests: the real daemon in a simulated world.

A test file defines cases with @case and ends with main(__name__). Run as a program it prints TAP: each
case gets a world of its own (euicc-sim run), inside which the file is run again for that one case. The
test eIM's verification of the card's signatures is the judge, not the daemon's word.

Environment:
  EUICC_SIM        the simulator (default: euicc-sim in the current folder, then in PATH)
  EUICC_SIM_RUN    further arguments of "euicc-sim run", e.g. "--proxy real"
  EUICC_DAEMON     the daemon with leading words, e.g. "valgrind -q --error-exitcode=9 ./euiccd"
  EUICC_TRANSPORTS what the daemon is built for: "at qmi mbim" (the default)
  EUICC_TEST_SLOW  factor for all deadlines, e.g. 10 under valgrind
"""

import contextlib
import copy
import json
import os
import queue
import re
import shlex
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import wire

BUS_NAME = "org.euiccd1"
ROOT = "/org/euiccd1"
MANAGER = "org.euiccd1.Manager"
EUICC = "org.euiccd1.Euicc"
MODEM = "org.euiccd1.Modem"
PROFILE = "org.euiccd1.Profile"
EIM = "org.euiccd1.Eim"
JOB = "org.euiccd1.Job"
MM = "org.freedesktop.ModemManager1"
MM_ROOT = "/org/freedesktop/ModemManager1"
MODEM_MANAGER = "/usr/sbin/ModemManager"
MBIM_GROUP = 3  # of the channels of a daemon that is told slot 1; ModemManager's is 1
UIM = 0x0B  # the QMI service for the card

# The usual card: see tests/sim/world_setup.c.
EID = "89044045000000000000000000000156"
BOOTSTRAP = "8988247000100000018"
OPERATIONAL = "8988247000100000026"
SPARE = "8988247000100000034"
EIM_ID = "eim1.example.test"
EIM_IDS = [EIM_ID, "eim2.example.test", "eim3.example.test"]


def make_eid(number):
    """EID of the card with NUMBER, from 1, in a world with several (SGP.29: check digits)."""
    digits = f"8904404500000000000000000000{number:02}"
    return digits + f"{98 - int(digits) * 100 % 97:02}"


def make_iccid(card, profile):
    """ICCID of its first, second or third profile (ITU-T E.118: check digit)."""
    digits = f"8988247000100{card - 1:02}{profile:03}"
    twice = [int(d) << (i % 2) for i, d in enumerate(digits)]
    return digits + str(-sum(n // 10 + n % 10 for n in twice) % 10)


SLOW = float(os.environ.get("EUICC_TEST_SLOW", "1"))
LOOK = 0.5  # seconds until a condition is looked at again that nothing was signalled of
CASES = []


class Timeout(AssertionError):
    """Something did not happen in time."""


class SimError(AssertionError):
    """A euicc-sim command failed; status is its exit status."""

    def __init__(self, text, status):
        super().__init__(text)
        self.status = status


class BusError(Exception):
    """A D-Bus call was answered with an error."""


def equal(actual, expected, what=""):
    assert actual == expected, f"{what or 'value'}: {actual!r}, expected {expected!r}"


def case(ident, section, **options):
    """Marks a case. IDENT: catalogue number, SECTION: of SGP.32. OPTIONS: setup (JSON members of the
    card's set-up), knobs (of the modem), trust (of the card in the eIM), eims (list of what --eim
    says, for other eIMs than the usual one), smdp and smds (lists of host names), upp (list of files that the
    first SM-DP+ offers), modems (list of kinds, for other modems than one of
    kind "qmi"), udev (True, or "wwan": the daemon discovers them), modem_manager (True: the real
    one is there too), settings (text that goes over the daemon's usual ones),
    defer (daemon not started), arguments (further ones of "euicc-sim run")."""

    def decorate(function):
        CASES.append((ident, section, function, options))
        return function

    return decorate


def table(name, rows, run, settings="", **options):
    """Cases that share a world and its daemon, which is started with SETTINGS ({folder}: of the world):
    RUN(world, row) for each of ROWS, which have ident, section and title."""

    def group(world, chosen):
        world.configure(settings.replace("{folder}", world.folder))
        world.daemon("start")
        world.wait_idle()
        for row in rows:
            if chosen and row.ident not in chosen:
                continue
            try:
                run(world, row)
                print(f"row {row.ident} ok", flush=True)
            except Exception:
                print(traceback.format_exc() + f"row {row.ident} not ok", flush=True)

    group.__name__ = name
    CASES.append((name, "", group, {**options, "rows": rows}))


class Signals:
    """Everything that is signalled on the bus, as a reason to look again. (busctl prints no signal that has a
    dictionary with numbers for keys as JSON, as ModemManager's have.)"""

    def __init__(self):
        self.queue = queue.Queue()
        self.connection = wire.Connection()
        self.connection.call(*wire.BUS, "AddMatch", "s", "type='signal'")
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        try:
            while True:
                self.queue.put(self.connection.receive())
        except (OSError, struct.error):  # the bus has ended, or close()
            self.queue.put(None)

    def next(self, deadline):
        """The next signal, or None when DEADLINE passed."""
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        try:
            return self.queue.get(timeout=left)
        except queue.Empty:
            return None

    def close(self):
        with contextlib.suppress(OSError):  # where the bus has ended
            self.connection.hang_up()
        self.thread.join()
        self.connection.close()


class World:
    """The simulated world that this process runs in."""

    def __init__(self):
        self.folder = os.environ["EUICC_SIM_DIR"]
        self.signals = Signals()
        self.wire = wire.Connection()
        self.path = f"{ROOT}/euicc/{EID}"
        self.number = 1
        self.slot = {}  # "slot": of the card that is meant, where it need not be the active one

    def modem(self, number):
        """The same world as seen by the modem with NUMBER and its card: "modem", "card", orders for it and
        its eUICC on the bus are meant by all that the view does."""
        view = copy.copy(self)
        view.number = number
        view.path = f"{ROOT}/euicc/{make_eid(number)}"
        return view

    def close(self):
        self.signals.close()
        self.wire.close()

    def configure(self, settings):
        """Settings of the daemon over the usual ones, read when it starts."""
        folder = os.path.join(self.folder, "euiccd.conf.d")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "60-case.conf"), "w", encoding="utf-8") as file:
            file.write(settings)

    # ---- the simulator ----

    def sim(self, *arguments):
        """Runs euicc-sim with ARGUMENTS and returns what it prints."""
        done = subprocess.run([os.environ["EUICC_SIM"], *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SimError(f"euicc-sim {' '.join(arguments)}: {done.stderr.strip()} "
                           f"{done.stdout.strip()}", done.returncode)
        return done.stdout

    @staticmethod
    def _of(eim):
        """Arguments that address an eIM, by default the first."""
        return ["--eim", eim] if eim else []

    def queue(self, *arguments, eim=None):
        """Queues an order at the eIM: its number."""
        card = ["--eid", make_eid(self.number)] if self.number > 1 else []
        return int(self.sim("queue", *arguments, *self._of(eim), *card))

    def queue_package(self, package, eim=None, **members):
        return self.queue("json", json.dumps({"package": package, **members}), eim=eim)

    def control(self, part, request, eim=None):
        """The answer of a part to a request over its socket. SimError where it is refused."""
        if part == "eim":
            part = self._part(eim)
        elif part == "modem" and self.number > 1:
            part = f"modem{self.number}"
        path = os.path.join(self.folder, f"{part}.sock")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile() as lines:
                answer = json.loads(lines.readline())
        if not answer["ok"]:
            raise SimError(f"{part}: {request}: {answer['error']}", 3 if answer.get("timed-out") else 1)
        return answer

    def _part(self, eim):
        """Name of the part that is the eIM EIM."""
        if eim in (None, EIM_ID, "eim"):
            return "eim"
        return next(e["part"] for e in self.show("world")["eims"] if eim in (e["eimId"], e["part"]))

    def order(self, number, eim=None):
        """What the eIM knows of an order now."""
        return self.control("eim", {"do": "show", "order": number}, eim)["order"]

    def result(self, number, timeout=60, eim=None):
        """The order once the eIM has its result, which must be verified by the eIM."""
        order = self.outcome(number, timeout, eim)
        assert order.get("verified") is True, \
            f"order {number} not verified: {order.get('why')} {order.get('error')}"
        return order

    def outcome(self, number, timeout=60, eim=None):
        """The order once the eIM has an answer to it, whatever it is."""
        return self.control("eim", {"do": "wait", "for": "done", "order": number,
                                    "timeout": int(timeout * SLOW)}, eim)["order"]

    def delivered(self, number, eim=None):
        """The order once its result is there, verified, after one execution and one delivery."""
        order = self.result(number, eim=eim)
        equal(order["offered"], 1, "times the package was offered")
        assert order["seqNumber"] in order["acknowledged"], f"not acknowledged: {order}"
        assert not order.get("again"), f"result delivered twice: {order}"
        return order

    def execute(self, kind, *packages, eim=None):
        """Queues packages of KIND ("psmo", "eco"), each a list of commands, and polls once: a list of
        results for each."""
        numbers = [self.queue_package({kind: commands}, eim=eim) for commands in packages]
        self.poll_ok()
        return [self.delivered(number, eim)["results"] for number in numbers]

    def wait_eim(self, what, count=1, timeout=60, eim=None, **members):
        """Waits for COUNT exchanges ("exchange"), notifications, …, at the eIM."""
        return self.control("eim", {"do": "wait", "for": what, "count": count,
                                    "timeout": int(timeout * SLOW), **members}, eim)["count"]

    def exchanges(self, function=None, eim=None):
        return [e for e in self.show("eim", eim)["exchanges"]
                if function is None or e.get("function") == function]

    def configuration(self, eim, *arguments):
        """EimConfigurationData (hex) of an eIM of this world, as --eim describes it, with ARGUMENTS of
        "euicc-sim eim" over that."""
        part = next(e for e in self.show("world")["eims"] if e["eimId"] == eim)
        return self.sim("eim", "--pki", part["pki"], "--print-configuration", "--eim-id", eim,
                        "--fqdn", eim if part["port"] == 443 else f"{eim}:{part['port']}",
                        "--tls-trust", part["trust"], *arguments).strip()

    def show(self, part, eim=None):
        if part == "card":
            return self.control("modem", {"do": "card", **self.slot})["card"]
        answer = self.control(part, {"do": "show"}, eim)
        return answer["modem"] if part == "modem" else answer

    def knob(self, part, value, eim=None):
        if isinstance(value, str):
            self.control(part, {"do": value}, eim)
        elif part == "card":
            self.control("modem", {"do": "card", **self.slot, "behaviour": value})
        else:
            self.control(part, {"do": "knobs", **value}, eim)

    def wait_modem(self, counter, at_least=1, timeout=60):
        return self.control("modem", {"do": "wait", "counter": counter, "at-least": at_least,
                                      "timeout": int(timeout * SLOW)})["count"]

    def modem_count(self, counter):
        return self.show("modem")["messages"].get(counter, 0)

    def configure(self, settings):
        """Puts SETTINGS over those of the daemon, for its next start."""
        folder = os.path.join(self.folder, "euiccd.conf.d")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "60-case.conf"), "w", encoding="utf-8") as file:
            file.write(settings)

    def daemon(self, action):
        self.sim("daemon", action)

    def part(self, name, action):
        self.sim("daemon", "--part", name, action)

    def log(self):
        return self.sim("daemon", "log")

    def apdus(self):
        """The commands that the card saw, in hex, with its answers."""
        log = self.sim("daemon", "--part", "modem", "log")
        return list(zip(re.findall(r"^apdu > ([0-9A-F]*)$", log, re.M),
                        re.findall(r"^apdu < ([0-9A-F]*)$", log, re.M)))

    # ---- the bus ----

    def call(self, path, interface, method, signature="", *arguments):
        """Calls a method; the list of what it returns. BusError with its words (and its name, or those of
        busctl, which gets the arguments of methods that have some)."""
        if not signature:
            try:
                return self.wire.call(BUS_NAME, path, interface, method)
            except wire.WireError as error:
                raise BusError(str(error)) from None
        done = subprocess.run(["busctl", "--json=short", "call", BUS_NAME, path, interface, method,
                               *([signature] if signature else []), *map(str, arguments)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise BusError(done.stderr.strip())
        return json.loads(done.stdout)["data"] if done.stdout.strip() else []

    def objects(self):
        """GetManagedObjects: path -> interface -> property -> value."""
        data = self.call(ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")[0]
        return {path: {interface: dict(properties) for interface, properties in interfaces}
                for path, interfaces in data}

    def get(self, path, interface):
        """All properties; None when there is no such object (or no daemon)."""
        try:
            return self.objects().get(path, {}).get(interface)
        except BusError:
            return None

    def wait_until(self, what, condition, timeout=60):
        """Waits until CONDITION() is true, looking again after each signal on the bus, and now and then: what a log
        says, or another part, need not be signalled."""
        deadline = time.monotonic() + timeout * SLOW
        while True:
            value = condition()
            if value:
                return value
            now = time.monotonic()
            if now >= deadline:
                break
            self.signals.next(min(deadline, now + LOOK))
        raise Timeout(f"not within {timeout * SLOW:g} s: {what}")

    def wait_idle(self, timeout=60):
        """Waits until the eUICC is there and nothing is being done or due, such as the poll that follows
        the start at once; its properties."""

        def idle():
            try:
                objects = self.objects()
            except BusError:
                return None
            now = time.time() * 1e6
            due = [path for path, interfaces in objects.items()
                   if path.startswith(self.path + "/")
                   and 0 < interfaces.get(EIM, {}).get("NextPoll", 0) <= now]
            euicc = objects.get(self.path, {}).get(EUICC)
            return euicc if euicc and euicc["State"] == "idle" and not due else None

        return self.wait_until("eUICC idle", idle, timeout)

    def poll(self, path=None, timeout=120):
        """Polls the eIMs, waits for the job; (state, error name, error text)."""
        interface = EIM if path else EUICC
        self.wait_until("eUICC on the bus", lambda: self.get(self.path, EUICC))
        job = self.call(path or self.path, interface, "Poll")[0]
        return self.wait_job(job, timeout)

    def wait_job(self, job, timeout=120):
        def ended():
            properties = self.get(job, JOB)
            if properties and properties["State"] in ("done", "failed", "cancelled"):
                return properties
            return None

        properties = self.wait_until(f"end of {job}", ended, timeout)
        return properties["State"], properties["Error"], properties["ErrorMessage"]

    def poll_ok(self, timeout=120):
        state, name, text = self.poll(timeout=timeout)
        equal((state, name), ("done", ""), f"poll ({text})")

    def profiles(self):
        """ICCID -> state on D-Bus."""
        return {p[PROFILE]["Iccid"]: p[PROFILE]["State"]
                for path, p in self.objects().items()
                if PROFILE in p and path.startswith(self.path + "/")}

    def eims(self):
        """eimId -> path on D-Bus."""
        return {interfaces[EIM]["EimId"]: path for path, interfaces in self.objects().items()
                if EIM in interfaces and path.startswith(self.path + "/")}

    def eim_path(self, eim=EIM_ID):
        path = self.eims().get(eim)
        assert path, f"no object of {eim} on the bus"
        return path

    # ---- ModemManager ----

    def mm_modems(self):
        """Path -> properties of the modems that ModemManager shows, "path" among them."""
        try:
            objects = self.wire.call(MM, MM_ROOT, "org.freedesktop.DBus.ObjectManager",
                                     "GetManagedObjects")[0]
        except wire.WireError:
            return {}  # it is not there
        return {path: {**dict(dict(interfaces)[f"{MM}.Modem"]), "path": path}
                for path, interfaces in objects if f"{MM}.Modem" in dict(interfaces)}

    def device(self, number):
        """The physical device of a modem in /sys."""
        return self.show("world")["modems"][number - 1]["device"]

    def mm_modem(self, number):
        """ModemManager's modem with NUMBER; None when it shows none."""
        device = self.device(number)
        return next((m for m in self.mm_modems().values() if m["Device"] == device), None)

    def mm_registration(self, modem):
        """The properties of its 3GPP interface."""
        return dict(self.wire.call(MM, modem["path"], "org.freedesktop.DBus.Properties", "GetAll", "s",
                                   f"{MM}.Modem.Modem3gpp")[0])

    def mm_sim(self, modem):
        """The properties of its SIM; None when there is none (any more)."""
        if modem["Sim"] == "/":
            return None
        try:
            return dict(self.wire.call(MM, modem["Sim"], "org.freedesktop.DBus.Properties", "GetAll",
                                       "s", f"{MM}.Sim")[0])
        except wire.WireError:
            return None

    def mm_shows(self, iccid, but=None):
        """Waits until ModemManager's object of this view's modem has a SIM with ICCID, and is not BUT (a path);
        until the daemon knows that object; its properties."""

        def condition():
            modem = self.mm_modem(self.number)
            sim = self.mm_sim(modem) if modem and modem["path"] != but else None
            return modem if sim and sim["SimIdentifier"] == iccid else None

        modem = self.wait_until(f"ModemManager shows modem {self.number} with {iccid}", condition)
        self.wait_until(f"the daemon knows {modem['path']}",
                        lambda: self.manager_paths() == {modem["path"]})
        return modem

    def manager_paths(self):
        """What the objects of this view's eUICC and modem say that ModemManager's is."""
        objects = self.objects()
        return {objects.get(self.path, {}).get(EUICC, {}).get("ModemManagerPath"),
                next((i[MODEM]["ModemManagerPath"] for i in objects.values()
                      if i.get(MODEM, {}).get("Euicc") == self.path), None)}

    def mm_inhibit(self, number, inhibit):
        """For as long as this process is on the bus."""
        self.wire.call(MM, MM_ROOT, MM, "InhibitDevice", "sb", self.device(number), inhibit)

    def plug(self, node=None):
        """The modem of this view comes back, as NODE or as it was."""
        modem = f"modem{self.number}" if self.number > 1 else "modem"
        self.sim("knob", modem, "plug", *([node] if node else []))

    # ---- what is true whenever nothing is under way ----

    def check_settled(self, sessions_stay=False, dead=()):
        """The card has no result left, the bus shows what the card is, no channel is open but those of
        daemons that were killed: the modem does not learn of that. SESSIONS_STAY: nor does it of an AT
        port's end. DEAD: more client ids of QMI, or groups of MBIM, that nobody has."""
        self.wait_idle()
        card = self.show("card")
        equal(card["results"], [], "results left on the card")
        modem = self.show("modem")
        channels = [c for c in modem["channels"] if c["owner"] not in dead]
        if modem["kind"] == "qmi":  # an MBIM host closes its group before it opens another channel
            alive = {c["id"] for c in modem["clients"] if c["service"] == UIM and c["alive"]}
            channels = [c for c in channels if c["owner"] in alive]
        if not sessions_stay:
            equal(channels, [], "channels left open")
        equal(self.profiles(), {p["iccid"]: p["state"] for p in card["profiles"]},
              "profiles on the bus")
        equal(sorted(self.eims()), sorted(e["eimId"] for e in card["eims"]), "eIMs on the bus")


# ---- running ----


def find_simulator():
    simulator = os.environ.get("EUICC_SIM") or os.path.abspath("euicc-sim")
    if not os.access(simulator, os.X_OK):
        simulator = shutil.which("euicc-sim")
    if not simulator:
        sys.exit("Bail out! no euicc-sim: set EUICC_SIM")
    return simulator


def run_inside(name, *rows):
    function, options = next((f, o) for _, _, f, o in CASES if f.__name__ == name)
    world = World()
    try:
        if "rows" in options:
            function(world, rows)
        else:
            function(world)
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
        for part, count in (("modemmanager", 150), ("daemon", 80)):
            log = os.path.join(world.folder, f"{part}.log")
            if os.path.exists(log):
                with open(log, encoding="utf-8", errors="replace") as file:
                    sys.stderr.write(f"--- end of {part}.log\n" + "".join(file.readlines()[-count:]))
        sys.exit(1)
    finally:
        world.close()


def run_case(simulator, script, function, options, rows=()):
    """TRUE and what was printed. ROWS: those of a table, all by default."""
    command = [simulator, "run", "--no-wait"]
    if os.environ.get("EUICC_DAEMON"):
        command += ["--daemon", os.environ["EUICC_DAEMON"]]
    if "setup" in options:
        command += ["--setup", json.dumps(options["setup"])]
    if "knobs" in options:
        command += ["--knobs", json.dumps(options["knobs"])]
    if "trust" in options:
        command += ["--eim-trust", options["trust"]]
    for kind in options.get("modems", []):
        command += ["--modem", kind]
    environment = dict(os.environ)
    if options.get("udev"):
        # The testbed is preloaded, before the runtime of a sanitizer.
        environment["ASAN_OPTIONS"] = ":".join(
            filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))
        command += ["--wwan" if options["udev"] == "wwan" else "--udev"]
    if options.get("modem_manager"):
        command += ["--with-modemmanager"]
    for eim in options.get("eims", []):
        command += ["--eim", eim]
    for server in ("smdp", "smds", "upp"):
        for value in options.get(server, []):
            command += [f"--{server}", value]
    if options.get("defer"):
        command += ["--defer-daemon"]
    settings = None  # the file is there for as long as this names it
    if "settings" in options:
        settings = tempfile.NamedTemporaryFile("w", prefix="euicc-settings-", suffix=".conf")
        settings.write(options["settings"])
        settings.flush()
        command += ["--config", settings.name]
    command += options.get("arguments", [])
    command += shlex.split(os.environ.get("EUICC_SIM_RUN", ""))
    command += ["--", sys.executable, "-B", script, "--inside", function.__name__, *rows]
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=300 * SLOW)
    except subprocess.TimeoutExpired as late:
        output = late.stdout or b""
        return False, (output if isinstance(output, str) else output.decode(errors="replace")) \
            + "the world did not end in time\n"
    return done.returncode == 0, done.stdout + \
        ("" if done.returncode == 0 else f"exit status {done.returncode}\n")


def choose(arguments):
    """What is to be run: (function, options, idents of rows, [(ident, title)])."""
    chosen = []
    for ident, section, function, options in CASES:
        named = not arguments or function.__name__ in arguments or ident in arguments
        if "rows" not in options:
            title = f"{ident} {function.__name__.replace('_', ' ')} (SGP.32 {section})"
            if named:
                chosen.append((function, options, (), [(ident, title)]))
            continue
        rows = [row for row in options["rows"] if named or row.ident in arguments]
        if rows:
            chosen.append((function, options, [row.ident for row in rows],
                           [(row.ident, f"{row.ident} {row.title} ({row.section})") for row in rows]))
    return chosen


def split_rows(rows, ok, output):
    """Ident -> (TRUE, its output) of the rows of a table, whose last line says what became of it."""
    results, start = {}, 0
    for match in re.finditer(r"^row (\S+) (ok|not ok)\n", output, re.M):
        results[match.group(1)] = (match.group(2) == "ok", output[start:match.start()])
        start = match.end()
    rest = output[start:]
    last = rows[-1]
    # A world that fails when it ends, or before, is a failure of the row that was the last.
    for ident in rows:
        if ident not in results:
            results[ident] = (False, "not reached\n")
    if not ok and all(good for good, _ in results.values()):
        results[last] = (False, results[last][1] + rest)
    elif rest and not results[last][0]:
        results[last] = (False, results[last][1] + rest)
    return results


def find_lack(options):
    """Why a case can't run here; "" where it can."""
    if options.get("modem_manager") and not os.access(MODEM_MANAGER, os.X_OK):
        return f"no {MODEM_MANAGER}"
    return missing_transport(options.get("modems") or ["qmi"])


def missing_transport(kinds):
    """Why there can be no modems of KINDS: the daemon was built without; "" where there can."""
    known = os.environ.get("EUICC_TRANSPORTS")
    missing = [kind for kind in kinds if known and kind not in known.split()]
    return f"euiccd is built without {missing[0].upper()}" if missing else ""


def main(name):
    """Call as main(__name__) at the end of a test file. Arguments: names of cases to run (all)."""
    if name != "__main__":
        return
    arguments = sys.argv[1:]
    if arguments[:1] == ["--inside"]:
        run_inside(*arguments[1:])
        return
    chosen = choose(arguments)
    simulator = find_simulator()
    print(f"1..{sum(len(titles) for _, _, _, titles in chosen)}", flush=True)
    failed = number = 0
    for function, options, rows, titles in chosen:
        lack = find_lack(options)
        if lack:
            for _, title in titles:
                number += 1
                print(f"ok {number} - {title} # SKIP {lack}", flush=True)
            continue
        ok, output = run_case(simulator, os.path.abspath(sys.argv[0]), function, options, rows)
        results = split_rows(rows, ok, output) if rows else {titles[0][0]: (ok, output)}
        for ident, title in titles:
            number += 1
            good, text = results[ident]
            failed += not good
            print(f"{'ok' if good else 'not ok'} {number} - {title}", flush=True)
            if not good:
                for line in text.splitlines():
                    print("# " + line)
                sys.stdout.flush()
    sys.exit(1 if failed else 0)
