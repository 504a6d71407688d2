#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""euicc-sim run itself, with a daemon of a few lines: exit statuses, teardown, what must not go unnoticed."""

import os
import signal
import subprocess
import sys
import tempfile
import traceback

from world import BOOTSTRAP, equal, find_simulator

SIMULATOR = find_simulator()
DAEMON = """
import os, signal, socket, sys
def notify(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(text, os.environ["NOTIFY_SOCKET"])
{before}
notify(b"READY=1")
{after}
signal.sigwait([signal.SIGTERM])
sys.exit({status})
"""
BLOCK = "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])"
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def run(*arguments, folder=None, **options):
    """euicc-sim run ARGUMENTS with TMPDIR in FOLDER; the folder must be empty again afterwards."""
    with tempfile.TemporaryDirectory(prefix="sim-", dir="/tmp") as own:
        done = subprocess.run([SIMULATOR, "run", *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120,
                              env={**os.environ, "TMPDIR": folder or own}, **options)
        if not folder:
            equal(os.listdir(own), [], f"left behind ({done.stderr})")
        return done


def with_daemon(before=BLOCK, after="", status=0, command=("true",)):
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        script.write(DAEMON.format(before=before, after=after, status=status))
        script.flush()
        return run("--daemon", f"{sys.executable} {script.name}", "--", *command)


@test
def status_of_the_command():
    for status in (0, 1, 7):
        equal(run("--no-daemon", "--", "sh", "-c", f"exit {status}").returncode, status)
    equal(run("--no-daemon", "--", "sh", "-c", "kill -TERM $$").returncode, 128 + signal.SIGTERM)
    equal(run("--no-daemon", "--", "/nonexistent/command").returncode, 127)


@test
def wrong_usage():
    equal(run("--no-such-option").returncode, 2)
    equal(run("--proxy", "maybe").returncode, 2)
    equal(run("--modem", "qmi", "--modem", "at").returncode, 2)
    for arguments in (["queue"], ["queue", "enable"], ["wait"], ["show", "me"], ["knob", "eim"],
                      ["daemon", "dance"], ["card"], ["pki"], ["ctl"], ["nonsense"], []):
        equal(subprocess.run([SIMULATOR, *arguments], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL).returncode, 2, str(arguments))
    for command in ("run", "queue", "wait", "show", "knob", "daemon", "ctl", "modem", "eim", "card",
                    "pki"):
        done = subprocess.run([SIMULATOR, command, "--help"], stdout=subprocess.PIPE, text=True)
        equal(done.returncode, 0, command)
        assert len(done.stdout) > 50, command


@test
def outside_of_a_world():
    environment = {k: v for k, v in os.environ.items() if k != "EUICC_SIM_DIR"}
    done = subprocess.run([SIMULATOR, "queue", "list"], stderr=subprocess.PIPE, text=True,
                          env=environment)
    equal(done.returncode, 1)
    assert "EUICC_SIM_DIR" in done.stderr, done.stderr


@test
def inside_of_a_world():
    done = run("--no-daemon", "--", "sh", "-ec", """
        test "$(euicc-sim queue list)" = 1
        test "$(euicc-sim queue enable %s --rollback)" = 2
        euicc-sim show eim | grep -q '"rollback" : true'
        euicc-sim show card | grep -q '"enabledIccid" : "%s"'
        euicc-sim show modem | grep -q '"state" : "ready"'
        euicc-sim knob modem eject
        euicc-sim show modem | grep -q '"state" : "empty"'
        euicc-sim knob modem insert
        euicc-sim ctl modem '{"do": "wait", "slot": "ready"}' >/dev/null
        ! euicc-sim knob card '{"switch": "sideways"}' 2>/dev/null
        ! euicc-sim daemon status
        euicc-sim daemon --part eim restart
        euicc-sim show eim | grep -q '"order" : 2'
        busctl status org.freedesktop.DBus >/dev/null
        euicc-sim wait 1 --timeout 1 2>/dev/null || exit $?
        """ % (BOOTSTRAP, BOOTSTRAP))
    equal(done.returncode, 3, done.stdout + done.stderr)


@test
def good_daemon():
    done = with_daemon(command=("sh", "-ec", "euicc-sim daemon status; euicc-sim daemon restart;"
                                             "euicc-sim daemon kill; ! euicc-sim daemon status;"
                                             "euicc-sim daemon start"))
    equal(done.returncode, 0, done.stdout + done.stderr)


@test
def bad_daemons():
    for what, members in {
            "never ready": {"before": "sys.exit(3)"},
            "wrong status": {"status": 4},
            "dies": {"after": "os.kill(os.getpid(), signal.SIGSEGV)", "command": ("sleep", "1")},
            "sanitizer": {"after": "print('x.c:1:2: runtime error: shift', file=sys.stderr)"},
            "valgrind": {"after": "print('==1== ERROR SUMMARY: 2 errors', file=sys.stderr)"},
    }.items():
        done = with_daemon(**{"before": BLOCK, **members})
        equal(done.returncode, 99, f"{what}: {done.stderr}")
        assert "daemon" in done.stderr, done.stderr
    equal(with_daemon(status=4, command=("sh", "-c", "exit 5")).returncode, 5,
          "the command's own failure")


@test
def asked_to_end():
    with tempfile.TemporaryDirectory(prefix="sim-", dir="/tmp") as own:
        process = subprocess.Popen([SIMULATOR, "run", "--no-daemon", "--", "sh", "-c",
                                    "trap 'exit 12' TERM; echo ready; sleep 1000 & wait"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                   env={**os.environ, "TMPDIR": own})
        equal(process.stdout.readline(), "ready\n")
        process.terminate()
        equal(process.wait(60), 12)
        process.stdout.close()
        equal(os.listdir(own), [], "left behind")


@test
def continued_world():
    with tempfile.TemporaryDirectory(prefix="sim-", dir="/tmp") as own:
        folder = os.path.join(own, "w")
        equal(run("--no-daemon", "--dir", folder, "--", "euicc-sim", "queue", "list",
                  folder=own).returncode, 0)
        done = run("--no-daemon", "--dir", folder, "--", "sh", "-ec",
                   "euicc-sim show eim | grep -q '\"order\" : 1'; euicc-sim queue list", folder=own)
        equal((done.returncode, done.stdout), (0, "2\n"), done.stderr)
        os.rename(os.path.join(folder, "pki"), os.path.join(folder, "elsewhere"))
        done = run("--no-daemon", "--dir", folder, "--", "true", folder=own)
        equal(done.returncode, 99)
        assert "PKI" in done.stderr, done.stderr
        equal(run("--no-daemon", "--dir", folder, "--pki", os.path.join(folder, "elsewhere"), "--",
                  "true", folder=own).returncode, 0)


@test
def without_namespaces():
    done = run("--no-daemon", "--no-namespace", "--", "euicc-sim", "queue", "list")
    assert "without namespaces" in done.stderr, done.stderr
    if done.returncode == 99 and "qmi-proxy" in done.stderr:
        return "skip", "a qmi-proxy runs on this machine"
    equal((done.returncode, done.stdout), (0, "1\n"), done.stderr)
    return None


@test
def behind_the_real_proxy():
    done = run("--no-daemon", "--proxy", "real", "--", "sh", "-ec",
               'test -c "$EUICC_SIM_DIR/cdc-wdm0"; euicc-sim knob modem unplug;'
               '! test -e "$EUICC_SIM_DIR/cdc-wdm0"; euicc-sim knob modem plug;'
               'test -c "$EUICC_SIM_DIR/cdc-wdm0"')
    equal(done.returncode, 0, done.stderr)


def main():
    print(f"1..{len(TESTS)}", flush=True)
    failed = 0
    for number, function in enumerate(TESTS, 1):
        title = f"simulator: {function.__name__.replace('_', ' ')}"
        try:
            skipped = function()
            print(f"ok {number} - {title}" + (f" # SKIP {skipped[1]}" if skipped else ""), flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} - {title}")
            for line in traceback.format_exc().splitlines():
                print("# " + line)
            sys.stdout.flush()
    sys.exit(1 if failed else 0)


main()
