# SPDX-License-Identifier: LGPL-2.1-or-later
"""An idle daemon does not wake up."""

import glob
import re
import subprocess
import time

from world import BUS_NAME, case, main


def activity(pid):
    """CPU time in nanoseconds and number of times that the threads of a process were put to sleep: the
    first shows a loop that never sleeps, the second one that wakes up for nothing."""
    nanoseconds = switches = 0
    for task in glob.glob(f"/proc/{pid}/task/*"):
        with open(f"{task}/schedstat", encoding="ascii") as file:
            nanoseconds += int(file.read().split()[0])
        with open(f"{task}/status", encoding="ascii") as file:
            switches += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", file.read(), re.M).group(1))
    return nanoseconds, switches


@case("IPAD-ROB-90N", "design 4, invariant 7")
def no_wake_ups(world):
    """The time is only the window in which wake-ups would show; its length decides nothing."""
    world.poll_ok()
    world.wait_idle()
    pid = subprocess.run(["busctl", "--system", "call", "org.freedesktop.DBus",
                          "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "GetConnectionUnixProcessID", "s", BUS_NAME],
                         check=True, capture_output=True, text=True).stdout.split()[1]
    before = activity(pid)
    for _ in range(100):  # what the last answer still sets off
        time.sleep(0.2)
        settled, before = before, activity(pid)
        if settled == before:
            break
    time.sleep(2)
    after = activity(pid)
    # GLib's spare thread of the pool wakes up half a second and 15 seconds after its last use, and ends.
    assert after[1] - before[1] <= 2 and after[0] - before[0] < 5_000_000, \
        f"the idle daemon ran: (ns, sleeps) {before} -> {after}"


main(__name__)
