# SPDX-License-Identifier: LGPL-2.1-or-later
"""An idle daemon does not wake up."""

import re
import subprocess
import time

import process
from world import BUS_NAME, case, equal, main

ARENA = 64 << 20  # glibc reserves this much address space for the heap of a thread, at a multiple of it


def find_daemon():
    return subprocess.run(["busctl", "--system", "call", "org.freedesktop.DBus",
                           "/org/freedesktop/DBus", "org.freedesktop.DBus",
                           "GetConnectionUnixProcessID", "s", BUS_NAME],
                          check=True, capture_output=True, text=True).stdout.split()[1]


def watch(pid):
    """What its threads did while nothing was to be done, by name. The time is only the window in which wake-ups
    would show; its length decides nothing. GLib's spare thread of the pool wakes up half a second and 15
    seconds after its last use, and ends."""
    process.settle(pid, 0.2, 100)  # what the last answer still sets off
    before = process.threads(pid)
    time.sleep(2)
    done = process.difference(before, process.threads(pid)).values()
    return [activity for activity in done if not activity.name.startswith("pool-")]


def heaps_of_threads(pid):
    """Mappings that look like a heap of a thread's own: the used part, and the reserve behind it."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        maps = [(int(start, 16), int(end, 16), mode) for start, end, mode in
                re.findall(r"^([0-9a-f]+)-([0-9a-f]+) (\S+)", file.read(), re.M)]
    return [f"{start:x}" for (start, end, mode), (begin, limit, reserve) in zip(maps, maps[1:])
            if start % ARENA == 0 and end == begin and limit - start == ARENA
            and (mode, reserve) == ("rw-p", "---p")]


@case("IPAD-ROB-90N", "design 4, invariant 7")
def no_wake_ups(world):
    world.poll_ok()
    world.wait_idle()
    equal(watch(find_daemon()), [], "threads that ran")


@case("IPAD-ROB-91N", "design 4, invariant 7", modems=["qmi", "mbim", "mbim"])
def no_wake_ups_with_three_modems(world):
    """Nor does one with several modems, of which each has a thread, but none a heap of its own."""
    views = [world.modem(n) for n in (1, 2, 3)]
    for view in views:
        view.wait_idle()
        view.poll_ok()
        view.wait_idle()
    pid = find_daemon()
    names = [thread.name for thread in process.threads(pid).values()]
    equal(len([name for name in names if name.startswith("card ")]), 3, f"workers among {names}")
    equal(watch(pid), [], "threads that ran")
    equal(heaps_of_threads(pid), [], "heaps of threads")


main(__name__)
