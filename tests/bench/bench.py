#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What euiccd costs: octets on the wire, packets, APDUs, instructions, memory, wake-ups.

Runs the real daemon in simulated worlds and prints a table; the figures go to the JSON file that is named.
No figure is a time. Nothing here passes or fails; what must never get worse is asserted by the component
tests.

usage: bench.py JSON     environment: see tests/component/world.py, and
  EUICC_DAEMON   the daemon (a path)
  BENCH_IDLE     seconds of the idle time that is watched (default: 60)
  BENCH_PACKETS  set: the packets of each step go to standard error
"""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "component")]

from capture import Wire, prepare_loopback  # noqa: E402
from world import BUS_NAME, EUICC, OPERATIONAL, World, find_simulator  # noqa: E402

IDLE = float(os.environ.get("BENCH_IDLE", "60"))

# What the simulated world sets for tests and a gateway has not: debug messages.
DAEMON_ARGUMENTS = "--log-level=notice"


def status_of(pid, name):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(rf"^{name}:\s*(\d+)", file.read(), re.M).group(1))


def rollup_of(pid):
    """smaps_rollup in kB."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return {name: int(value) for name, value in re.findall(r"^(\w+):\s*(\d+) kB", file.read(), re.M)}


def activity(pid):
    """Times that threads were put to sleep, and CPU time in ns."""
    switches = nanoseconds = 0
    for task in glob.glob(f"/proc/{pid}/task/*"):
        with open(f"{task}/status", encoding="ascii") as file:
            switches += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", file.read(), re.M).group(1))
        with open(f"{task}/schedstat", encoding="ascii") as file:
            nanoseconds += int(file.read().split()[0])
    return switches, nanoseconds


class BenchWorld(World):
    """Asks the daemon for nothing that is not measured: looking at its objects would be work for it too."""

    def __init__(self):
        super().__init__()
        self.pid = None

    def find_daemon(self):
        self.pid = int(subprocess.run(
            ["busctl", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
             "GetConnectionUnixProcessID", "s", BUS_NAME],
            check=True, capture_output=True, text=True).stdout.split()[1])

    def settle(self):
        """Waits until the daemon has not run for half a second."""
        before = None
        while before != (before := activity(self.pid)):
            time.sleep(0.5)

    def set_interval(self, interval):
        """For the next start."""
        folder = os.path.join(self.folder, "euiccd.conf.d")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with open(os.path.join(folder, "90-bench.conf"), "w", encoding="ascii") as file:
            file.write(f"[poll]\ninterval={interval}\n")

    def start(self, action="start"):
        """The daemon polls as soon as it has read the card."""
        exchanges = len(self.exchanges())
        self.daemon(action)
        self.wait_eim("exchange", exchanges + 1)
        self.find_daemon()
        self.settle()

    def restart(self):
        self.start("restart")

    def poll_once(self):
        exchanges = len(self.exchanges())
        self.call(self.path, EUICC, "Poll")
        self.wait_eim("exchange", exchanges + 1)
        self.settle()

    def cycle(self):
        """One enable cycle: order, poll, result verified and acknowledged, next poll."""
        number = self.queue("enable", OPERATIONAL)
        self.call(self.path, EUICC, "Poll")
        assert self.result(number)["results"] == [{"enable": 0}]
        self.settle()


# At the default interval the connection is closed after each poll, at a short one it is kept.
STEPS = [
    ("first", "first idle poll", BenchWorld.start),
    ("resumed", "following idle poll", BenchWorld.poll_once),
    ("restarted", "first idle poll after a restart", BenchWorld.restart),
    ("cycle", "enable cycle", BenchWorld.cycle),
    ("kept", "following idle poll, interval of 5 minutes", BenchWorld.poll_once),
]


def prepare(world, name):
    if name == "kept":
        world.set_interval("5min")
        world.restart()


def measure_wire(world):
    """Octets, packets, connections and APDUs of each step."""
    prepare_loopback()
    wire = Wire(443)
    results = {}
    world.set_interval("6h")
    for name, _, action in STEPS:
        prepare(world, name)
        wire.take()
        apdus, exchanges = world.show("modem")["apdus"], len(world.exchanges())
        action(world)
        counts, log = wire.take()
        done = world.exchanges()[exchanges:]
        counts["apdus"] = world.show("modem")["apdus"] - apdus
        counts["exchanges"] = len(done)
        counts["resumed"] = sum(e["resumed"] and e["onConnection"] == 1 for e in done)
        results[name] = counts
        if os.environ.get("BENCH_PACKETS"):
            print(name, *log, sep="\n  ", file=sys.stderr)
    world.check_settled()
    return results


def measure_memory(world):
    """Resident sizes and wake-ups of the daemon that has made idle polls and an enable cycle."""
    world.set_interval("6h")
    world.start()
    result = {"start": memory_of(world.pid)}
    world.poll_once()
    world.cycle()
    # The spare threads of GLib's pool end 15 seconds after their last use.
    time.sleep(20)
    world.settle()
    result["idle"] = memory_of(world.pid)
    before = activity(world.pid)
    time.sleep(IDLE)
    result["wakeups"] = activity(world.pid)[0] - before[0]
    result["idle_seconds"] = IDLE
    return result


def memory_of(pid):
    rollup = rollup_of(pid)
    return {"rss": rollup["Rss"], "pss": rollup["Pss"],
            "private": rollup["Private_Clean"] + rollup["Private_Dirty"], "dirty": rollup["Private_Dirty"],
            "anonymous": rollup["Anonymous"], "peak": status_of(pid, "VmHWM"),
            "threads": status_of(pid, "Threads")}


def instructions(pid):
    """Instructions of the daemon under callgrind since the last call."""
    folder = os.environ["BENCH_FOLDER"]
    known = set(glob.glob(f"{folder}/callgrind.*"))
    subprocess.run(["vgdb", f"--pid={pid}", "dump"], check=True, capture_output=True)
    new = sorted(set(glob.glob(f"{folder}/callgrind.*")) - known)
    total = 0
    for path in new:
        with open(path, encoding="ascii", errors="replace") as file:
            total += sum(map(int, re.findall(r"^totals: (\d+)", file.read(), re.M)))
    return total


def measure_instructions(world):
    result = {}
    world.set_interval("6h")
    for name, _, action in STEPS:
        prepare(world, name)
        if name == "kept":
            instructions(world.pid)  # of the restart
        action(world)
        result[name] = instructions(world.pid)
    return result


PARTS = {"wire": measure_wire, "memory": measure_memory, "instructions": measure_instructions}


def environment_of_unit():
    """What the service unit sets for the daemon."""
    path = os.path.join(os.path.dirname(os.path.dirname(HERE)), "data", "euiccd.service.in")
    with open(path, encoding="utf-8") as file:
        return dict(re.findall(r"^Environment=(\w+)=(\S+)$", file.read(), re.M))


def run_part(simulator, daemon, part, folder):
    output = os.path.join(folder, part + ".json")
    if part == "instructions":
        daemon = f"valgrind -q --tool=callgrind --callgrind-out-file={folder}/callgrind.%p {daemon}"
    environment = {**os.environ, **environment_of_unit(), "BENCH_FOLDER": folder}
    if part == "instructions":
        environment["EUICC_TEST_SLOW"] = "10"
    subprocess.run([simulator, "run", "--no-wait", "--defer-daemon", "--daemon", daemon,
                    "--daemon-args", DAEMON_ARGUMENTS, "--", sys.executable, "-B", os.path.abspath(__file__), "--inside", part,
                    output], check=True, env=environment, stdin=subprocess.DEVNULL)
    with open(output, encoding="ascii") as file:
        return json.load(file)


def measure_size(daemon, folder):
    stripped = os.path.join(folder, "stripped")
    subprocess.run(["strip", "-o", stripped, daemon], check=True)
    return {"stripped": os.path.getsize(stripped)}


def show(figures):
    wire, memory, count = figures["wire"], figures["memory"], figures["instructions"]
    print(f"{'':46}{'octets':>8}{'up':>8}{'down':>8}{'packets':>9}{'conn.':>7}{'resumed':>9}{'APDUs':>7}"
          f"{'M instr.':>9}")
    for name, title, _ in STEPS:
        row = wire[name]
        million = f"{count[name] / 1e6:9.1f}"
        print(f"{title:46}{row['bytes_up'] + row['bytes_down']:8}{row['bytes_up']:8}{row['bytes_down']:8}"
              f"{row['packets_up'] + row['packets_down']:9}{row['connections']:7}{row['resumed']:9}"
              f"{row['apdus']:7}{million}")
    print(f"\n{'memory in kB':46}{'RSS':>8}{'PSS':>8}{'private':>8}{'dirty':>9}{'peak':>7}")
    for name, title in (("start", "after the first poll"), ("idle", "idle after an enable cycle")):
        row = memory[name]
        print(f"{title:46}{row['rss']:8}{row['pss']:8}{row['private']:8}{row['dirty']:9}{row['peak']:7}")
    print(f"\nstripped daemon: {figures['size']['stripped'] / 1024:.0f} kB; wake-ups in "
          f"{memory['idle_seconds']:g} idle seconds: {memory['wakeups']}")
    print("""
Octets are those of IP packets: IP, TCP, TLS and HTTP, without link layer, from opening the connection to closing
it. Only with polls at most five minutes apart is the connection kept. APDUs and instructions of a first poll
are those of the whole start: libraries, card, bus. Instructions are the whole daemon's, with the D-Bus call
that asked for the poll and the signals that tell of it. Private memory is what this process alone has mapped,
dirty is what can't be read from a file again.""")


def main():
    if sys.argv[1:2] == ["--inside"]:
        world = BenchWorld()
        try:
            result = PARTS[sys.argv[2]](world)
        finally:
            world.close()
        with open(sys.argv[3], "w", encoding="ascii") as file:
            json.dump(result, file)
        return
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    simulator = find_simulator()
    daemon = os.path.abspath(os.environ.get("EUICC_DAEMON", "euiccd"))
    with tempfile.TemporaryDirectory(prefix="euicc-bench-") as folder:
        figures = {part: run_part(simulator, daemon, part, folder) for part in PARTS}
        figures["size"] = measure_size(daemon, folder)
    with open(sys.argv[1], "w", encoding="ascii") as file:
        json.dump(figures, file, indent=2)
        file.write("\n")
    show(figures)


if __name__ == "__main__":
    main()
