# SPDX-License-Identifier: LGPL-2.1-or-later
"""An idle daemon does not wake up."""

import glob
import re
import subprocess
import time

from world import BUS_NAME, case, main


def sleeps(pid):
    """How often the threads of a process went to sleep: each wake-up is followed by one more."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/status"):
        with open(path, encoding="ascii") as file:
            total += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", file.read(), re.M).group(1))
    return total


@case("IPAD-ROB-90N", "design 4, invariant 7")
def no_wake_ups(world):
    """The time is only the window in which wake-ups would show; its length decides nothing."""
    world.poll_ok()
    world.wait_idle()
    pid = subprocess.run(["busctl", "--system", "call", "org.freedesktop.DBus",
                          "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "GetConnectionUnixProcessID", "s", BUS_NAME],
                         check=True, capture_output=True, text=True).stdout.split()[1]
    time.sleep(1)
    before = sleeps(pid)
    time.sleep(2)
    count = sleeps(pid) - before
    assert count == 0, f"{count} wake-ups of the idle daemon"


main(__name__)
