#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What ./bootstrap demo shows: last line and exit status of its stories, also in worlds in which something of the story
does not come true. Prints TAP. Arguments: titles of tests to run (all). Environment: see world.py."""

import os
import shlex
import subprocess
import sys
import tempfile
import traceback

from world import EIM_ID, SLOW, equal, find_simulator, missing_transport

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# In place of the simulator: the same, but BREAK is done in the world before the story begins.
SIMULATOR = """#!/bin/bash
arguments=()
for argument; do
    arguments+=("$argument")
    if [ "$argument" = -- ]; then arguments+=(sh -ec {break_} sh); fi
done
exec {simulator} "${{arguments[@]}}"
"""
DAEMON = "#!/bin/sh\nexec {daemon} \"$@\"\n"
OTHER_CI = """
euicc-sim pki "$EUICC_SIM_DIR/other"
mkdir -p "$EUICC_SIM_DIR/roots" "$EUICC_SIM_DIR/euiccd.conf.d"
cp "$EUICC_SIM_DIR/other/ci.der" "$EUICC_SIM_DIR/roots"
printf '[rsp]\\nci-directories=%s/roots\\n' "$EUICC_SIM_DIR" >"$EUICC_SIM_DIR/euiccd.conf.d/60-other.conf"
"""

# Arguments, what the last line begins with, and what is done to the world.
GOOD = [
    ([], f"demo: ok: profile 8988247000100000026 enabled by {EIM_ID}, result acknowledged"),
    (["--modem", "mbim"], f"demo: ok: profile 8988247000100000026 enabled by {EIM_ID}, result acknowledged"),
    (["--download"], f"demo: ok: profile 8988247000100800011 downloaded and enabled by {EIM_ID}, all receipts delivered"),
    (["--download", "--modem", "mbim"],
     f"demo: ok: profile 8988247000100800011 downloaded and enabled by {EIM_ID}, all receipts delivered"),
]


def smdp_fault(fault):
    return f"euicc-sim knob smdp '{{\"faults\": [{fault}]}}'"


BROKEN = [
    ("the SM-DP+ refuses", "download", smdp_fault(
        '{"on": "authenticateClient", "failure": {"subject": "8.2.6", "reason": "3.8", "message": "no"}}')),
    ("the SM-DP+ has a certificate of another CI", "download", OTHER_CI),
    ("the package has a wrong MAC", "download", smdp_fault('{"on": "getBoundProfilePackage", "wrongMac": 3}')),
    ("the package ends early", "download", smdp_fault('{"on": "getBoundProfilePackage", "cutAt": 9000, "count": 0}')),
    ("the card can't install", "download", "euicc-sim knob card '{\"failInstallation\": {\"reason\": 9}}'"),
    ("the eIM acknowledges the download alone", "result", 'euicc-sim knob eim \'{"ack": {"numbers": [1]}}\''),
    ("the SM-DP+ refuses a receipt", "receipts", smdp_fault(
        '{"on": "handleNotification", "skip": 2, "count": 0, "failure": {"subject": "8.1", "reason": "6.1", "message": "no"}}')),
]


def tell(arguments, break_=":"):
    """The demonstration with the programs that are tested: status, its last line, all."""
    simulator = find_simulator()
    with tempfile.TemporaryDirectory(prefix="demo-", dir="/tmp") as build:
        programs = {
            "euicc-sim": SIMULATOR.format(simulator=shlex.quote(simulator),
                                          break_=shlex.quote(f'{break_}\nexec "$@"')),
            "euiccd": DAEMON.format(daemon=os.environ.get("EUICC_DAEMON")
                                    or os.path.join(os.path.dirname(simulator), "euiccd")),
            "euicc": DAEMON.format(daemon=os.environ.get("EUICC_CLI")
                                   or os.path.join(os.path.dirname(simulator), "euicc")),
        }
        for name, text in programs.items():
            with open(os.path.join(build, name), "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(file.name, 0o755)
        done = subprocess.run([os.path.join(TOP, "tests", "demo", "demo"), build, *arguments],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=300 * SLOW, check=False)
    return done.returncode, (done.stdout.splitlines() or [""])[-1], done.stdout


def check_good(arguments, end):
    status, last, text = tell(arguments)
    equal((status, last), (0, end), text)


def check_broken(step, break_):
    status, last, text = tell(["--download"], break_)
    equal(status, 1, text)
    assert last.startswith(f"demo: failed at step '{step}': "), text


def check_usage():
    equal(tell(["--no-such-option"])[0], 2)
    equal(tell(["--help"])[0], 0)


def main():
    wanted = sys.argv[1:]
    tests = [(f"demo {' '.join(arguments)}".strip(), check_good, arguments, end) for arguments, end in GOOD]
    tests += [(f"demo --download where {title}", check_broken, step, break_) for title, step, break_ in BROKEN]
    tests += [("demo: usage", check_usage)]
    tests = [test for test in tests if not wanted or test[0] in wanted]
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, (title, check, *arguments) in enumerate(tests, 1):
        lack = missing_transport(["mbim" if "mbim" in title else "qmi"])
        try:
            if not lack:
                check(*arguments)
            print(f"ok {number} - {title}" + (f" # SKIP {lack}" if lack else ""), flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} - {title}")
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="", flush=True)
    sys.exit(1 if failed else 0)


main()
