# SPDX-License-Identifier: LGPL-2.1-or-later
"""The download of a profile, measured inside a simulated world with an SM-DP+ that offers it."""

import json
import os
import re
import threading
import time

import loading
import process
import wire
from capture import Wire, prepare_loopback
from measure import BenchWorld, instructions
from servers import SMDP, Smdp
from slow import SlowLine
from world import EUICC

EIM_ADDRESS = "127.0.0.1"
SMDP_ADDRESS, SLOW_ADDRESS = "127.0.1.1", "127.0.9.1"
RATE = int(os.environ.get("BENCH_RATE", "20000"))


class DownloadWorld(BenchWorld):
    """The card is read and the eIM was polled once, which nothing of this is about."""

    def __init__(self):
        super().__init__()
        self.smdp = Smdp(self)
        self.offer = self.smdp.show("orders")[0]
        self.apdus_before = 0

    def begin(self, settings=""):
        self.configure(f"[poll]\ninterval=6h\n{settings}")
        self.start()

    def download(self):
        """Order, poll, and all that follows until the daemon rests."""
        code = f"1${SMDP}${self.offer['matchingId']}"
        self.apdus_before = len(self.apdus())
        order = self.queue("json", json.dumps({"download": {"activationCode": code}}))
        self.call(self.path, EUICC, "Poll")
        result = self.outcome(order, timeout=600)
        assert result.get("verified") and result.get("succeeded"), result
        self.smdp.installed(self.offer)
        self.settle()

    def segments(self):
        return loading.segments(self.apdus()[self.apdus_before:])


def describe(world):
    """What the download of WORLD was, of which all figures are."""
    parts = world.segments()
    exchange = next(e for e in world.smdp.show("exchanges") if e["function"] == "getBoundProfilePackage")
    return {"upp": world.offer["size"], "package": exchange["packageSize"], "segments": len(parts),
            "load_apdus": sum(len(p.blocks) for p in parts), "least_apdus": loading.least(parts),
            "apdus": len(world.apdus()) - world.apdus_before}


def measure_wire(world):
    """Octets, connections and round trips for each server."""
    prepare_loopback()
    world.begin()
    wires = {"eim": Wire(443, EIM_ADDRESS), "smdp": Wire(443, SMDP_ADDRESS)}
    for meter in wires.values():
        meter.take()
    before = len(world.exchanges())
    world.download()
    result = describe(world)
    for name, meter in wires.items():
        result[name], _ = meter.take()
    result["eim"]["exchanges"] = len(world.exchanges()) - before
    result["smdp"]["exchanges"] = len(world.smdp.show("exchanges"))
    return result


def measure_memory(world):
    """The peak from here on: that of the start is higher than what follows."""
    world.begin()
    with open(f"/proc/{world.pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # see proc(5)
    before = process.memory(world.pid)
    world.download()
    after = process.memory(world.pid)
    return {"before": before, "after": after, "grown": after["peak"] - before["rss"]}


def measure_instructions(world):
    world.begin()
    instructions(world.pid)
    world.download()
    return {"instructions": instructions(world.pid)}


class Stages:
    """When a job said which stage it is in."""

    def __init__(self):
        self.seen = []
        self.connection = wire.Connection()
        self.connection.call(*wire.BUS, "AddMatch", "s",
                             "type='signal',interface='org.freedesktop.DBus.Properties',arg0='org.euiccd1.Job'")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while True:
                _, _, _, values = self.connection.receive()
                stage = dict(values[1]).get("Stage") if len(values) == 3 else None
                if stage is not None:
                    self.seen.append((time.monotonic(), stage))
        except OSError:
            pass

    def loading(self):
        """When the package was asked for, and when the card had said what came of it."""
        begin = next(moment for moment, stage in self.seen if stage.startswith("fetching the profile"))
        return begin, next(moment for moment, stage in self.seen
                           if moment > begin and not re.match("(fetching|installing) the profile", stage))


def measure_slow(world, collect):
    """Seconds of the package, with network and card at RATE, and how long each would take alone."""
    line = SlowLine(SLOW_ADDRESS, SMDP_ADDRESS, 443, RATE, collect)
    with open(os.path.join(world.folder, "euiccd.conf"), encoding="utf-8") as file:
        resolve = re.search(r"^resolve=(.*)$", file.read(), re.M).group(1)
    # Collected, nothing at all comes for longer than the daemon usually waits.
    world.begin(f"[network]\nresolve={resolve.replace(SMDP_ADDRESS, SLOW_ADDRESS)}\n"
                "stall-timeout=600\ntotal-timeout=3600\n")
    world.knob("card", {"rate": RATE})
    stages = Stages()
    world.download()
    begin, end = stages.loading()
    parts = world.segments()
    return {"rate": RATE, "seconds": end - begin, "network": line.octets(begin, end) * 8 / RATE,
            "card": sum(p.octets for p in parts) * 8 / RATE, "connections": line.connections}


PARTS = {
    "wire": measure_wire,
    "memory": measure_memory,
    "instructions": measure_instructions,
    "streaming": lambda world: measure_slow(world, False),
    "collected": lambda world: measure_slow(world, True),
}


def main(part):
    """In a world that was made for it."""
    world = DownloadWorld()
    try:
        return PARTS[part](world)
    finally:
        world.close()
