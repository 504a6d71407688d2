# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the kernel tells of a process: what its threads did, and what it holds."""

import glob
import os
import re
import time
from typing import NamedTuple


class Activity(NamedTuple):
    """Of a thread, since it began. A sleep that was ended is a wake-up."""

    name: str
    sleeps: int  # times that it was put to sleep
    preempted: int  # times that another one got its CPU
    nanoseconds: int  # of CPU time


def _read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def _number(text, name):
    return int(re.search(rf"^{name}:\s*(\d+)", text, re.M).group(1))


def threads(pid):
    """Thread id -> Activity."""
    result = {}
    for task in glob.glob(f"/proc/{pid}/task/*"):
        try:
            status = _read(f"{task}/status")
            result[int(os.path.basename(task))] = Activity(
                re.search(r"^Name:\t(.*)$", status, re.M).group(1),
                _number(status, "voluntary_ctxt_switches"), _number(status, "nonvoluntary_ctxt_switches"),
                int(_read(f"{task}/schedstat").split()[0]))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
    return result


def difference(before, after):
    """Thread id -> Activity of the threads that did something between two looks, or began."""
    none = Activity("", 0, 0, 0)
    result = {}
    for ident, now in after.items():
        then = before.get(ident, none)
        if now != then:
            result[ident] = Activity(now.name, *(a - b for a, b in zip(now[1:], then[1:])))
    return result


def settle(pid, pause=0.5, rounds=200):
    """Waits until no thread has run for PAUSE seconds: what they did until then. None: they never rested."""
    before = threads(pid)
    for _ in range(rounds):
        time.sleep(pause)
        now = threads(pid)
        if now == before:
            return now
        before = now
    return None


def memory(pid):
    """In kB. Private is what no other process has mapped, dirty what can't be read from a file again."""
    rollup = {name: int(value) for name, value in
              re.findall(r"^(\w+):\s*(\d+) kB", _read(f"/proc/{pid}/smaps_rollup"), re.M)}
    return {"rss": rollup["Rss"], "pss": rollup["Pss"],
            "private": rollup["Private_Clean"] + rollup["Private_Dirty"], "dirty": rollup["Private_Dirty"],
            "anonymous": rollup["Anonymous"], "peak": _number(_read(f"/proc/{pid}/status"), "VmHWM")}


def descriptors(pid):
    """Its open files, by what they are."""
    result = []
    for path in glob.glob(f"/proc/{pid}/fd/*"):
        try:
            result.append(os.readlink(path))
        except FileNotFoundError:
            continue
    return sorted(result)
