# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is done and measured inside a simulated world: PARTS, each for worlds of some kinds of modems."""

import glob
import os
import re
import subprocess
import sys
import time

import process
from capture import Wire, prepare_loopback
from world import BUS_NAME, EUICC, World, make_iccid

# The self-test of the benchmarks: everything is done, but no longer than needed.
QUICK = bool(os.environ.get("BENCH_QUICK"))
IDLE = float(os.environ.get("BENCH_IDLE", "1" if QUICK else "60"))


class BenchWorld(World):
    """Asks the daemon for nothing that is not measured: looking at its objects would be work for it too."""

    def __init__(self):
        super().__init__()
        self.pid = None
        self.views = [self.modem(n) for n, _ in enumerate(self.show("world")["modems"], 1)]

    def find_daemon(self):
        self.pid = int(subprocess.run(
            ["busctl", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
             "GetConnectionUnixProcessID", "s", BUS_NAME],
            check=True, capture_output=True, text=True).stdout.split()[1])

    def settle(self):
        """Waits until the daemon has not run for half a second."""
        assert process.settle(self.pid), "the daemon does not come to rest"

    def set_poll(self, **settings):
        """Group [poll] for the next start."""
        self.configure("[poll]\n" + "".join(f"{key.replace('_', '-')}={value}\n"
                                            for key, value in settings.items()))

    def wait_exchanges(self, before):
        self.wait_eim("exchange", before + len(self.views))
        self.settle()

    def start(self, action="start"):
        """The daemon polls as soon as it has read the card."""
        exchanges = len(self.exchanges())
        self.daemon(action)
        self.find_daemon()
        self.wait_exchanges(exchanges)

    def restart(self):
        self.start("restart")

    def start_only(self):
        """Without polls: every card is read, and its channel closed again."""
        self.daemon("start")
        self.find_daemon()
        while not all(m["apdus"] and not m["channels"] for m in self.modems()):
            self.settle()
        self.settle()

    def poll_once(self):
        """All cards at the same time."""
        exchanges = len(self.exchanges())
        for view in self.views:
            view.call(view.path, EUICC, "Poll")
        self.wait_exchanges(exchanges)

    def cycle(self):
        """One enable cycle of each card: order, poll, result verified and acknowledged, next poll."""
        for view in self.views:
            number = view.queue("enable", make_iccid(view.number, 2))
            view.call(view.path, EUICC, "Poll")
            assert view.result(number)["results"] == [{"enable": 0}]
            self.settle()

    def modems(self):
        return [view.show("modem") for view in self.views]


# At the default interval the connection is closed after each poll, at a short one it is kept.
STEPS = [
    ("first", "first idle poll", BenchWorld.start),
    ("resumed", "following idle poll", BenchWorld.poll_once),
    ("restarted", "first idle poll after a restart", BenchWorld.restart),
    ("cycle", "enable cycle", BenchWorld.cycle),
    ("kept", "following idle poll, interval of 5 minutes", BenchWorld.poll_once),
]

# With several modems: what is different with the number of them.
SEVERAL_STEPS = [
    ("start", "start, cards read, no poll", BenchWorld.start_only),
    ("polls", "first idle poll of all at the same time", BenchWorld.poll_once),
    ("again", "following idle poll of all at the same time", BenchWorld.poll_once),
]


def run_steps(world, steps, before=None, after=None):
    """Does STEPS; BEFORE and AFTER are called around each, the latter returns what was measured."""
    results = {}
    if steps is STEPS:
        world.set_poll(interval="6h")
    else:
        world.set_poll(interval="6h", on_start="no")
    for name, _, action in steps:
        if name == "kept":
            world.set_poll(interval="5min")
            world.restart()
        if before:
            before()
        action(world)
        results[name] = after()
    return results


class WireMeter:
    """Octets, packets and connections; APDUs and messages of each modem."""

    def __init__(self, world):
        prepare_loopback()
        self.world = world
        self.wire = Wire(443)
        self.modems = self.exchanges = None

    def before(self):
        self.wire.take()
        self.modems, self.exchanges = self.world.modems(), len(self.world.exchanges())

    def after(self):
        counts, log = self.wire.take()
        done = self.world.exchanges()[self.exchanges:]
        counts["exchanges"] = len(done)
        counts["resumed"] = sum(e["resumed"] and e["onConnection"] == 1 for e in done)
        counts["modems"] = [
            {"kind": now["kind"], "apdus": now["apdus"] - then["apdus"],
             "messages": sum(now["messages"].values()) - sum(then["messages"].values())}
            for then, now in zip(self.modems, self.world.modems())]
        if os.environ.get("BENCH_PACKETS"):
            print(*log, sep="\n  ", file=sys.stderr)
        return counts


def measure_wire(world, steps):
    meter = WireMeter(world)
    results = run_steps(world, steps, meter.before, meter.after)
    for view in world.views:
        view.check_settled()
    return results


def instructions(pid):
    """Instructions of the daemon under callgrind since the last call."""
    folder = os.environ["BENCH_FOLDER"]
    known = set(glob.glob(f"{folder}/callgrind.*"))
    subprocess.run(["vgdb", f"--vgdb-prefix={folder}/vgdb", f"--pid={pid}", "dump"], check=True,
                   capture_output=True, timeout=120)
    total = 0
    for path in set(glob.glob(f"{folder}/callgrind.*")) - known:
        with open(path, encoding="ascii", errors="replace") as file:
            total += sum(map(int, re.findall(r"^totals: (\d+)", file.read(), re.M)))
    return total


def measure_instructions(world, steps):
    def before():
        if world.pid:
            instructions(world.pid)  # of what led here

    return run_steps(world, steps, before, lambda: instructions(world.pid))


def measure_memory(world, _):
    """Sizes and wake-ups of the daemon that has made idle polls and an enable cycle with each card."""
    world.set_poll(interval="6h")
    world.start()
    result = {"start": process.memory(world.pid)}
    world.poll_once()
    world.cycle()
    if not QUICK:
        time.sleep(20)  # the spare threads of GLib's pool end 15 seconds after their last use
    world.settle()
    result["idle"] = process.memory(world.pid)
    result["threads"] = sorted(t.name for t in process.threads(world.pid).values())
    result["descriptors"] = process.descriptors(world.pid)
    before = process.threads(world.pid)
    time.sleep(IDLE)
    done = process.difference(before, process.threads(world.pid))
    result["idle_seconds"] = IDLE
    result["wakeups"] = sum(a.sleeps for a in done.values())
    result["preempted"] = sum(a.preempted for a in done.values())
    result["nanoseconds"] = sum(a.nanoseconds for a in done.values())
    result["woken"] = sorted(f"{a.name}: {a.sleeps}" for a in done.values())
    return result


def main(part, steps):
    """In a world that was made for it."""
    world = BenchWorld()
    try:
        return PARTS[part](world, SEVERAL_STEPS if steps == "several" else STEPS)
    finally:
        world.close()


PARTS = {"wire": measure_wire, "memory": measure_memory, "instructions": measure_instructions}
