#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What euiccd costs: octets on the wire, packets, APDUs, instructions, memory, wake-ups; with QMI and with MBIM,
with one, two and three modems.

Runs the real daemon in simulated worlds and prints tables; the figures go to the JSON file that is named.
No figure is a time, but for ratios of times of one run. Nothing here passes or fails; what must never get worse is asserted by the component
tests.

usage: bench.py [--quick] JSON     environment: see tests/component/world.py, and
  EUICC_DAEMON   the daemon (a path)
  BENCH_IDLE     seconds of the idle time that is watched (default: 60)
  BENCH_RATE     bits a second of the slow network and the slow card (default: 20000)
  BENCH_PACKETS  set: the packets of each step go to standard error

--quick: as a test of this program itself, see quick.py. Fewer worlds, several at a time, and idle for a second
only: wake-ups are those of a daemon that just worked.
"""

import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "component")]

import downloads  # noqa: E402
import measure  # noqa: E402
from servers import SMDP  # noqa: E402
from world import find_simulator  # noqa: E402

# What the simulated world sets for tests and a gateway has not: debug messages.
DAEMON_ARGUMENTS = "--log-level=notice"

# Name -> kinds of its modems.
SINGLE = {"qmi": ["qmi"], "mbim": ["mbim"]}
SEVERAL = {"1": ["qmi"], "2": ["qmi", "mbim"], "3": ["qmi", "mbim", "mbim"]}
QUICK = ["1", "2"]
# Name -> unprotected profile package.
DOWNLOADS = {"12k": "upp-12k.der", "120k": "upp-120k.der"}
DOWNLOAD_PARTS = ["wire", "memory", "instructions", "streaming", "collected"]


def environment_of_unit():
    """What the service unit sets for the daemon."""
    path = os.path.join(os.path.dirname(os.path.dirname(HERE)), "data", "euiccd.service.in")
    with open(path, encoding="utf-8") as file:
        return dict(re.findall(r"^Environment=(\w+)=(\S+)$", file.read(), re.M))


def run_part(part, steps, kinds, folder, arguments=()):
    """What measure.py, or for the steps "download" downloads.py, finds in a world with modems of KINDS."""
    daemon = os.path.abspath(os.environ.get("EUICC_DAEMON", "euiccd"))
    environment = {**os.environ, **environment_of_unit()}
    with tempfile.TemporaryDirectory(dir=folder) as own:
        output = os.path.join(own, "figures.json")
        environment["BENCH_FOLDER"] = own
        if part == "instructions":
            # Daemons of several worlds have the same process number, which would be that of their pipes.
            daemon = (f"valgrind -q --tool=callgrind --vgdb-prefix={own}/vgdb "
                      f"--callgrind-out-file={own}/callgrind.%p {daemon}")
            environment["EUICC_TEST_SLOW"] = "10"
        modems = [word for kind in kinds for word in ("--modem", kind)]
        subprocess.run([find_simulator(), "run", "--no-wait", "--defer-daemon", *modems, *arguments, "--daemon", daemon,
                        "--daemon-args", DAEMON_ARGUMENTS, "--",
                        sys.executable, "-B", os.path.join(HERE, "bench.py"), "--inside", part, steps, output],
                       check=True, env=environment, stdin=subprocess.DEVNULL)
        with open(output, encoding="ascii") as file:
            return json.load(file)


def run_download(part, name, folder):
    upp = os.path.join(os.path.dirname(HERE), "data", DOWNLOADS[name])
    return run_part(part, "download", ["qmi"], folder, ["--smdp", SMDP, "--upp", upp])


def measure_size(folder):
    stripped = os.path.join(folder, "stripped")
    subprocess.run(["strip", "-o", stripped, os.path.abspath(os.environ.get("EUICC_DAEMON", "euiccd"))],
                   check=True)
    return {"stripped": os.path.getsize(stripped)}


def measure_all(folder, quick):
    """All figures: steps -> part -> world. The quick ones are of fewer worlds."""
    jobs = [("single", part, name, kinds)
            for part in (("wire",) if quick else ("wire", "instructions")) for name, kinds in SINGLE.items()]
    jobs += [("several", part, name, kinds) for part in ("wire", "memory", "instructions")
             for name, kinds in SEVERAL.items() if not quick or name in QUICK]
    figures = {"single": {}, "several": {}, "download": {}}
    # Worlds share nothing, but resident pages and the caches of the machine: only the quick run has several.
    with concurrent.futures.ThreadPoolExecutor(len(jobs) if quick else 1) as pool:
        futures = [pool.submit(run_part, part, steps, kinds, folder) for steps, part, _, kinds in jobs]
        downloads = {(name, part): pool.submit(run_download, part, name, folder)
                     for name in DOWNLOADS for part in DOWNLOAD_PARTS}
        for (steps, part, name, _), future in zip(jobs, futures):
            figures[steps].setdefault(part, {})[name] = future.result()
        for (name, part), future in downloads.items():
            figures["download"].setdefault(name, {})[part] = future.result()
    figures["size"] = measure_size(folder)
    return figures


# ---- tables ----

EXPLANATION = """
Octets are those of IP packets: IP, TCP, TLS and HTTP, without link layer, from opening the connection to closing
it. Only with polls at most five minutes apart is the connection kept. Messages are requests of QMI or MBIM that
the modem got. APDUs, messages and instructions of a first poll are those of the whole start: libraries, card, bus.
Instructions are the whole daemon's, with the D-Bus call that asked for the poll and the signals that tell of it.
Private memory is what this process alone has mapped, dirty is what can't be read from a file again.
A download is measured from the poll that fetches its order to the rest after the delivery of its notification; the
peak of memory counts from there too. Slow is a line in front of the SM-DP+ that passes so many bits a second of TLS in
each direction, and a card whose answers take as long as they and their commands at the same rate. Its time is that of
the package alone, from its request to the result of the card. Collected: the line delivers nothing before the last
octet of the answer has passed it, so that the card can't begin before; all else is the same."""


def show_row(title, row, count):
    apdus = sum(modem["apdus"] for modem in row["modems"])
    messages = sum(modem["messages"] for modem in row["modems"])
    print(f"{title:46}{row['bytes_up'] + row['bytes_down']:8}{row['bytes_up']:8}{row['bytes_down']:8}"
          f"{row['packets_up'] + row['packets_down']:9}{row['connections']:7}{row['resumed']:9}"
          f"{apdus:7}{messages:10}{'' if count is None else f'{count / 1e6:.1f}':>9}")


def show_heading(title):
    print(f"{title:46}{'octets':>8}{'up':>8}{'down':>8}{'packets':>9}{'conn.':>7}{'resumed':>9}{'APDUs':>7}"
          f"{'messages':>10}{'M instr.':>9}")


def show_single(figures):
    instructions = figures.get("instructions", {})
    for name in SINGLE:
        show_heading(f"one modem, {name.upper()}")
        for step, title, _ in measure.STEPS:
            show_row(title, figures["wire"][name][step], instructions.get(name, {}).get(step))
        print()


def show_several(figures):
    worlds = {name: kinds for name, kinds in SEVERAL.items() if name in figures["wire"]}
    for name, kinds in worlds.items():
        show_heading(", ".join(kind.upper() for kind in kinds))
        for step, title, _ in measure.SEVERAL_STEPS:
            show_row(title, figures["wire"][name][step], figures["instructions"][name][step])
        print()
    print("what each modem costs at the start")
    before = None
    for name, kinds in worlds.items():
        modem = figures["wire"][name]["start"]["modems"][-1]
        count = figures["instructions"][name]["start"]
        print(f"{'  ' + kinds[-1].upper() + (', with the daemon' if before is None else ', in addition'):46}"
              f"{modem['apdus']:5} APDUs{modem['messages']:5} messages{(count - (before or 0)) / 1e6:8.1f} M instr.")
        before = count


def show_memory(figures):
    print(f"\n{'memory in kB, idle after an enable cycle':46}{'RSS':>8}{'PSS':>8}{'private':>8}{'dirty':>9}"
          f"{'peak':>7}{'threads':>9}{'files':>7}{'wake-ups':>10}")
    worlds = [name for name in SEVERAL if name in figures]
    for name in worlds:
        row, kinds = figures[name]["idle"], SEVERAL[name]
        print(f"{', '.join(kind.upper() for kind in kinds):46}{row['rss']:8}{row['pss']:8}{row['private']:8}"
              f"{row['dirty']:9}{row['peak']:7}{len(figures[name]['threads']):9}"
              f"{len(figures[name]['descriptors']):7}{figures[name]['wakeups']:10}")
    for before, name in zip(worlds, worlds[1:]):
        then, now = figures[before]["idle"], figures[name]["idle"]
        print(f"{'  more by one ' + SEVERAL[name][-1].upper():46}"
              + "".join(f"{now[key] - then[key]:+{width}}" for key, width in
                        (("rss", 8), ("pss", 8), ("private", 8), ("dirty", 9), ("peak", 7))))


def show_downloads(figures):
    print(f"\n{'download of a profile, QMI, ordered by the eIM':46}" + "".join(f"{name:>12}" for name in figures))

    def row(title, value):
        print(f"{title:46}" + "".join(f"{value(figure):>12}" for figure in figures.values()))

    def times(figure):
        return figure["streaming"]["network"], figure["streaming"]["card"]

    row("octets of the bound package", lambda f: f["wire"]["package"])
    row("segments", lambda f: f["wire"]["segments"])
    row("STORE DATA of LoadBoundProfilePackage", lambda f: f["wire"]["load_apdus"])
    row("  at least", lambda f: f["wire"]["least_apdus"])
    row("all APDUs", lambda f: f["wire"]["apdus"])
    for server, title in (("smdp", "SM-DP+"), ("eim", "eIM")):
        row(f"{title}: octets", lambda f: f["wire"][server]["bytes_up"] + f["wire"][server]["bytes_down"])
        row("  packets", lambda f: f["wire"][server]["packets_up"] + f["wire"][server]["packets_down"])
        row("  connections", lambda f: f["wire"][server]["connections"])
        row("  requests", lambda f: f["wire"][server]["exchanges"])
    row("peak memory, kB", lambda f: f["memory"]["after"]["peak"])
    row("  over what was resident before it, kB", lambda f: f["memory"]["grown"])
    row("M instr.", lambda f: f"{f['instructions']['instructions'] / 1e6:.1f}")
    rate = next(iter(figures.values()))["streaming"]["rate"]
    print(f"network and card with {rate / 1000:g} kbit/s each:")
    for part in ("streaming", "collected"):
        row(f"  {part}, in times of the longer alone", lambda f: f"{f[part]['seconds'] / max(times(f)):.2f}")
    row("  the shorter alone", lambda f: f"{min(times(f)) / max(times(f)):.2f}")


def show(figures):
    show_single(figures["single"])
    show_several(figures["several"])
    memory = figures["several"]["memory"]
    show_memory(memory)
    most = max(memory)
    last = memory[most]
    show_downloads(figures["download"])
    print(f"\nstripped daemon: {figures['size']['stripped'] / 1024:.0f} kB; {most} modems: in "
          f"{last['idle_seconds']:g} idle seconds {last['wakeups']} wake-ups, {last['preempted']} times "
          f"preempted, {last['nanoseconds']} ns of CPU time; threads: {', '.join(last['threads'])}")
    print(EXPLANATION)


def main():
    if sys.argv[1:2] == ["--inside"]:
        _, _, part, steps, output = sys.argv
        result = downloads.main(part) if steps == "download" else measure.main(part, steps)
        with open(output, "w", encoding="ascii") as file:
            json.dump(result, file)
        return
    arguments = sys.argv[1:]
    quick = arguments[:1] == ["--quick"]
    if len(arguments) != 1 + quick:
        sys.exit(__doc__)
    if quick:
        os.environ["BENCH_QUICK"] = "1"
        os.environ["BENCH_RATE"] = "1000000"
    with tempfile.TemporaryDirectory(prefix="euicc-bench-") as folder:
        figures = measure_all(folder, quick)
    with open(arguments[-1], "w", encoding="ascii") as file:
        json.dump(figures, file, indent=2)
        file.write("\n")
    show(figures)


if __name__ == "__main__":
    main()
