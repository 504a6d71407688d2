#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The benchmarks themselves: every figure is produced, and none is impossible. Prints TAP.

Environment: see bench.py. Nothing here is about time, and no figure is compared with that of another machine."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "component")]

from bench import DOWNLOADS, QUICK, SEVERAL, SINGLE  # noqa: E402
from measure import SEVERAL_STEPS, STEPS  # noqa: E402
from world import missing_transport  # noqa: E402


def check_wire(row, kinds, step):
    assert [m["kind"] for m in row["modems"]] == kinds, row
    reads, polls = step in ("first", "restarted", "start"), step != "start"
    for modem in row["modems"]:
        assert (modem["apdus"] > 0) == (reads or step == "cycle"), (step, modem)
        assert modem["messages"] >= modem["apdus"], (step, modem)
    assert (row["bytes_up"] > 0 and row["bytes_down"] > 0 and row["packets_up"] > 0) == polls, (step, row)
    assert row["exchanges"] >= (len(kinds) if polls else 0), (step, row)
    if step != "kept":  # there the connection is an older one
        assert row["connections"] == (len(kinds) if polls else 0), (step, row)


def check_memory(figures, kinds):
    for state in ("start", "idle"):
        row = figures[state]
        assert row["rss"] >= row["private"] >= row["dirty"] > 0 and row["rss"] >= row["pss"] > 0, row
    workers = [name for name in figures["threads"] if name.startswith("card ")]
    assert len(workers) == len(kinds), figures["threads"]
    assert figures["descriptors"] and figures["idle_seconds"] > 0, figures
    assert figures["wakeups"] >= 0 and figures["preempted"] >= 0 and figures["nanoseconds"] >= 0, figures


def check_size(octets):
    assert octets > 100_000, octets


def check_download(figures):
    sizes = figures["wire"]
    assert sizes["package"] > sizes["upp"] > 0 and sizes["segments"] > 2, sizes
    # Not figures, but promises.
    assert sizes["load_apdus"] == sizes["least_apdus"] > 0, sizes
    for server in ("smdp", "eim"):
        assert sizes[server]["connections"] == 1 and sizes[server]["exchanges"] > 1, sizes[server]
    memory = figures["memory"]
    assert memory["after"]["peak"] >= memory["after"]["rss"] > 0, memory
    assert figures["instructions"]["instructions"] > 100_000, figures
    for part in ("streaming", "collected"):
        slow = figures[part]
        assert slow["seconds"] > 0 and slow["network"] > 0 and slow["card"] > 0 and slow["connections"] == 1, slow


def check(figures):
    """Yields title -> function that fails."""
    several = {name: SEVERAL[name] for name in QUICK}
    for title, worlds, steps in (("single", SINGLE, STEPS), ("several", several, SEVERAL_STEPS)):
        for name, kinds in worlds.items():
            def wire():
                for step, _, _ in steps:
                    check_wire(figures[title]["wire"][name][step], kinds, step)

            def instructions():
                for step, _, _ in steps:
                    assert figures[title]["instructions"][name][step] > 100_000, step

            yield f"{title} {name}: wire", wire
            if title == "several":
                yield f"{title} {name}: instructions", instructions
    for name, kinds in several.items():
        yield f"memory {name}", lambda: check_memory(figures["several"]["memory"][name], kinds)
    for name in DOWNLOADS:
        yield f"download {name}", lambda: check_download(figures["download"][name])
    yield "size", lambda: check_size(figures["size"]["stripped"])


def why_not():
    """valgrind counts instructions, and it can't where a sanitizer is at work."""
    if not shutil.which("valgrind"):
        return "no valgrind"
    with open(os.environ.get("EUICC_DAEMON", "euiccd"), "rb") as file:
        if re.search(rb"__(asan|tsan)_init|__ubsan_handle", file.read()):
            return "a sanitizer is in the daemon"
    return missing_transport({kind for kinds in SEVERAL.values() for kind in kinds})


def main():
    if reason := why_not():
        print(f"1..0 # SKIP {reason}")
        return
    with tempfile.TemporaryDirectory(prefix="euicc-bench-quick-") as folder:
        output = os.path.join(folder, "figures.json")
        done = subprocess.run([sys.executable, "-B", os.path.join(HERE, "bench.py"), "--quick", output],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=300)
        if done.returncode != 0:
            print("Bail out! bench.py --quick failed")
            print("".join(f"# {line}\n" for line in done.stdout.splitlines()[-60:]))
            sys.exit(1)
        with open(output, encoding="ascii") as file:
            figures = json.load(file)
    failed = number = 0
    for number, (title, function) in enumerate(check(figures), 1):
        try:
            function()
            print(f"ok {number} - {title}")
        except (AssertionError, KeyError) as error:
            failed += 1
            print(f"not ok {number} - {title}\n# {error!r}")
    print(f"1..{number}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
