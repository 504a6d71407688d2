#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""euicc-sim run itself, mostly with a daemon of a few lines: exit statuses, teardown, what must not go unnoticed."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback

from world import BOOTSTRAP, EID, EUICC, OPERATIONAL, SPARE, equal, find_simulator, make_eid, make_iccid

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
        return run("--daemon", f"{sys.executable} {script.name}", "--no-wait", "--", *command)


def with_euiccd(*arguments, **options):
    """With the daemon that is tested."""
    daemon = ["--daemon", os.environ["EUICC_DAEMON"]] if os.environ.get("EUICC_DAEMON") else []
    return run(*daemon, *arguments, **options)


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
    equal(run("--modem", "qmi", "--modem", "smoke").returncode, 2)
    equal(run("--wait", "-1").returncode, 2)
    equal(run("--setup", "[]").returncode, 2)
    equal(run("--knobs", "@/nonexistent/file").returncode, 2)
    for eim in ("", "a/b", "..", "a,trust=love", "a,token=x", "a,colour=red"):
        equal(run("--no-daemon", "--eim", eim, "--", "true").returncode, 2, eim)
    equal(run("--no-daemon", "--eim", "a.test", "--eim", "a.test", "--", "true").returncode, 2)
    equal(run("--no-daemon", "--eim", "a.test", "--no-eim", "--", "true").returncode, 2)
    equal(run("--no-daemon", "--eim-configuration", "/nonexistent/file").returncode, 2)
    package = '{"psmo": [{"listProfileInfo": {}}]}'
    for arguments in (["queue"], ["queue", "enable"], ["wait"], ["show", "me"], ["knob", "eim"],
                      ["daemon", "dance"], ["card"], ["pki"], ["pki", "d", "more", "--add-eim", "x"],
                      ["show", "card", "--eim", "eim2"], ["knob", "modem", "{}", "--eim", "eim"], ["ctl"], ["nonsense"], [], ["eim"],
                      ["eim", "--no-such-option"], ["eim", "--pki", "p", "--state", "s", "more"],
                      ["eim", "--pki", "p", "--print-configuration", "--key-form", "round"],
                      ["queue", "json", package, "--fault", "key"],
                      ["queue", "json", package, "--rollback"], ["queue", "list", "--rollback"],
                      ["queue", "disable", BOOTSTRAP, "--rollback"],
                      ["queue", "delete", SPARE, "--rollback"]):
        done = subprocess.run([SIMULATOR, *arguments], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)
        equal(done.returncode, 2, str(arguments))
        assert "euicc-sim" in done.stderr, done.stderr
    equal(subprocess.run([SIMULATOR, "eim", "--pki", "/nonexistent/pki", "--state", "/nonexistent/s"],
                         stderr=subprocess.DEVNULL).returncode, 1)
    for command in ("run", "queue", "wait", "show", "knob", "daemon", "part", "ctl", "modem", "eim", "card",
                    "pki"):
        done = subprocess.run([SIMULATOR, command, "--help"], stdout=subprocess.PIPE, text=True)
        equal(done.returncode, 0, command)
        assert len(done.stdout) > 50, command
        assert f"euicc-sim {command} " in done.stdout, done.stdout


@test
def outside_of_a_world():
    environment = {k: v for k, v in os.environ.items() if k != "EUICC_SIM_DIR"}
    done = subprocess.run([SIMULATOR, "queue", "list"], stderr=subprocess.PIPE, text=True,
                          env=environment)
    equal(done.returncode, 1)
    assert "EUICC_SIM_DIR" in done.stderr, done.stderr


@test
def several_eims():
    """Orders, state, behaviour and life of each are its own; it goes on in a continued world."""
    script = """
        test "$(euicc-sim queue list)" = %d
        test "$(euicc-sim queue list)" = %d
        test "$(euicc-sim queue list --eim b.example.test)" = %d
        euicc-sim show eim2 | grep -q '"eimId" : "b.example.test"'
        euicc-sim show eim --eim b.example.test | grep -q '"lastOrder" : %d'
        euicc-sim knob eim2 '{"strict": false}'
        ! euicc-sim show eim | grep -q strict
        euicc-sim ctl eim '{"do": "show"}' --eim "$EUICC_SIM_DIR/eim2.sock" | grep -q strict
        ! euicc-sim queue list --eim c.example.test 2>/dev/null
        ! euicc-sim show eim3 2>/dev/null
        euicc-sim daemon --part eim2 restart
        test "$(euicc-sim queue list --eim eim2)" = %d
        euicc-sim show card | grep -c '"eimId" :' | grep -qx 1
    """
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        for numbers in ((1, 2, 1, 1, 2), (3, 4, 3, 3, 4)):
            done = run("--no-daemon", "--dir", folder + "/w", "--eim", "a.example.test", "--eim",
                       "b.example.test,unknown", "--", "sh", "-ec", script % numbers, folder=folder)
            equal(done.returncode, 0, done.stderr)


@test
def card_served_elsewhere():
    """The whole of an enabling with the card behind TCP; then it goes in the middle, and comes back."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        subprocess.run([SIMULATOR, "pki", f"{folder}/pki"], check=True)
        subprocess.run([SIMULATOR, "card", "create", f"{folder}/card.json", f"{folder}/pki"],
                       check=True)
        done = with_euiccd("--card", "tcp:127.0.0.1:4444", "--pki", f"{folder}/pki",
                           "--defer-daemon", "--dir", f"{folder}/w", "--", "bash", "-ec", """
            euicc-sim show modem | grep -q '"state" : "empty"'      # nobody listens yet
            exec 3< <(exec euicc-sim card serve %s/card.json --listen 127.0.0.1:4444)
            server=$!
            read -r <&3
            euicc-sim knob modem insert
            euicc-sim show card | grep -q '"connected" : true'
            ! euicc-sim knob card '{"switch": "silent"}' 2>/dev/null
            order=$(euicc-sim queue enable %s --rollback)
            euicc-sim daemon start
            euicc-sim wait $order
            euicc-sim ctl modem '{"do": "wait", "counter": "refresh"}' >/dev/null
            kill $server
            cat <&3                                                 # until it has ended
            # Where the daemon does not notice by itself that the card went, a poll with work shows it.
            order=$(euicc-sim queue list)
            busctl call org.euiccd1 /org/euiccd1/euicc/%s org.euiccd1.Euicc Poll >/dev/null 2>&1 || true
            euicc-sim ctl modem '{"do": "wait", "slot": "empty"}' >/dev/null
            euicc-sim daemon stop
            exec 3< <(exec euicc-sim card serve %s/card.json --listen 127.0.0.1:4444)
            read -r <&3
            euicc-sim knob modem insert
            order=$(euicc-sim queue list)
            euicc-sim daemon start
            euicc-sim wait $order
            """ % (folder, OPERATIONAL, EID, folder), folder=folder)
        equal(done.returncode, 0, done.stdout + done.stderr)
        card = subprocess.run([SIMULATOR, "card", "show", f"{folder}/card.json"],
                              stdout=subprocess.PIPE, text=True, check=True)
        equal(json.loads(card.stdout)["enabledIccid"], OPERATIONAL)


@test
def eim_of_somebody_else():
    """Its configuration is all that the world knows of it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        eim = ["--pki", f"{folder}/pki/eim.example.org", "--eim-id", "eim.example.org"]
        subprocess.run([SIMULATOR, "pki", f"{folder}/pki"], check=True)
        subprocess.run([SIMULATOR, "pki", f"{folder}/pki", "--add-eim", "eim.example.org"], check=True)
        printed = subprocess.run([SIMULATOR, "eim", *eim, "--print-configuration", "--fqdn",
                                  "eim.example.org:8443", "--tls-trust", "ca"],
                                 stdout=subprocess.PIPE, text=True, check=True)
        with open(f"{folder}/eim.der", "wb") as file:
            file.write(bytes.fromhex(printed.stdout))
        done = with_euiccd("--no-eim", "--eim-configuration", f"{folder}/eim.der", "--pki",
                           f"{folder}/pki", "--defer-daemon", "--", "bash", "-ec", """
            ! euicc-sim show eim 2>/dev/null
            euicc-sim show world | grep -q '"eimId" : "eim.example.org"'
            exec 3< <(exec euicc-sim eim %s --state %s/foreign.json --control %s/foreign.sock \\
                      --listen 127.0.0.1:8443 --ready-fd 1)
            read -r <&3
            order=$(euicc-sim queue enable %s --eim %s/foreign.sock)
            euicc-sim daemon start
            euicc-sim wait $order --eim %s/foreign.sock
            """ % (" ".join(eim), folder, folder, OPERATIONAL, folder, folder), folder=folder)
        equal(done.returncode, 0, done.stdout + done.stderr)
        with open(f"{folder}/eim.der", "wb") as file:
            file.write(b"\x30\x03\x83\x01\x00")
        equal(run("--no-daemon", "--no-eim", "--eim-configuration", f"{folder}/eim.der", "--",
                  "true").returncode, 2)


@test
def servers_of_downloads():
    """SM-DP+ and SM-DS are parts; packages get activation codes; the eIM can ask them."""
    upp = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "upp-12k.der")
    script = """
        euicc-sim ctl smdp '{"do": "order", "ppk": true}' &&
        euicc-sim ctl smds '{"do": "event", "eid": "1", "address": "a.b"}' &&
        euicc-sim ctl smdp2 '{"do": "order", "colour": 1}' ;
        euicc-sim knob smdp '{"accept": false}' && euicc-sim show smdp && ls $EUICC_SIM_DIR/pki/ci.d &&
        tr '\\0' ' ' < /proc/$(pgrep -f 'sim [e]im --listen')/cmdline && cat $EUICC_SIM_DIR/smdp.log"""
    done = run("--no-daemon", "--smdp", "dp.example.test", "--smdp", "dp2.example.test", "--smds",
               "ds.example.test", "--upp", upp, "--", "sh", "-c", script)
    equal(done.returncode, 0, done.stderr)
    for text in ('"activationCode" : "1$dp.example.test$ORDER-0002"', '"eventId" : "EVENT-0001"',
                 '"accept" : false', "upp-12k.der: 1$dp.example.test$ORDER-0001", "ci.pem\n",
                 "--server dp.example.test=", "--server ds.example.test=",
                 '"iccid" : "89001011223344556672"'):
        assert text in done.stdout, (text, done.stdout)
    assert "'colour' is no member of an order" in done.stderr, done.stderr
    for wrong in (["--smdp", "no host"], ["--smds", ""]):
        equal(run("--no-daemon", *wrong, "--", "true").returncode, 2)


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
        euicc-sim knob modem '{"chanels": 1}' 2>&1 | grep -q chanels
        euicc-sim knob modem '{"channels": "1"}' 2>&1 | grep -q channels
        ! euicc-sim knob modem '{"channels": "1"}' 2>/dev/null
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
def objects_from_files():
    with tempfile.TemporaryDirectory(prefix="sim-", dir="/tmp") as own:
        for name, value in (("setup", {"eims": []}), ("knobs", {"slots": 2, "slot-status": False})):
            with open(os.path.join(own, name), "w", encoding="ascii") as file:
                json.dump(value, file)
        done = run("--no-daemon", "--setup", f"@{own}/setup", "--knobs", f"@{own}/knobs", "--",
                   "euicc-sim", "show", "card")
        equal(done.returncode, 0, done.stderr)
        equal(json.loads(done.stdout)["eims"], [])
        done = run("--no-daemon", "--knobs", '{"slos": 2}', "--", "true")
        equal(done.returncode, 99)
        assert "slos" in done.stderr, done.stderr


@test
def failure_makes_no_noise():
    """Only what went wrong is reported, not the end of what ran already."""
    with tempfile.TemporaryDirectory(prefix="sim-", dir="/tmp") as own:
        card = os.path.join(own, "card.json")
        with open(card, "w", encoding="ascii"):
            pass
        for _ in range(5):
            done = run("--no-daemon", "--card", card, "--pki", os.path.join(own, "pki"), "--", "true")
            equal(done.returncode, 99)
            equal(len(done.stderr.splitlines()), 1, done.stderr)
            assert "PKI" in done.stderr, done.stderr


@test
def waits_for_the_card():
    """The first thing that is asked knows the card; what never comes is worth a note."""
    objects = ("busctl", "call", "org.euiccd1", "/org/euiccd1", "org.freedesktop.DBus.ObjectManager",
               "GetManagedObjects")
    done = with_euiccd("--", *objects)
    equal((done.returncode, done.stderr), (0, ""))
    assert EID in done.stdout and EUICC in done.stdout, done.stdout
    mute = ("--setup", '{"behaviour": {"fail": [{"on": "INSA4", "sw": "6A82", "count": -1}]}}')
    done = with_euiccd("--wait", "1", *mute, "--", *objects)
    equal(done.returncode, 0, done.stderr)
    assert "shows no card after 1 s" in done.stderr, done.stderr
    assert EUICC not in done.stdout, done.stdout
    for option in ("--no-wait", "--defer-daemon", "--wait=0"):
        done = with_euiccd(option, *mute, "--", "true")
        equal((done.returncode, done.stderr), (0, ""), option)


@test
def statuses_of_wait():
    done = with_euiccd("--defer-daemon", "--", "sh", "-c", f"""
        status() {{ "$@" >/dev/null; echo $?; }}
        euicc-sim queue enable {OPERATIONAL} >/dev/null                     # 1: succeeds
        euicc-sim queue disable {BOOTSTRAP} >/dev/null                      # 2: fails, is not enabled
        euicc-sim queue list --fault replay >/dev/null                      # 3: signed error
        euicc-sim queue list --fault key >/dev/null                         # 4: unsigned error
        euicc-sim queue json '{{"eco": [{{"deleteEim": {{"eimId": "x"}}}}]}}' >/dev/null     # 5: fails
        euicc-sim queue json '{{"psmo": [{{"enable": {{"iccid": "{SPARE}"}}}},
                                         {{"delete": {{"iccid": "{OPERATIONAL}"}}}}]}}' >/dev/null
        status euicc-sim wait 1 --timeout 1 2>/dev/null
        euicc-sim daemon start
        for order in 1 2 3 4 5 6; do status euicc-sim wait $order; done
        status euicc-sim wait 2 --json
        status euicc-sim wait 2 --sent
        status euicc-sim wait 99 2>/dev/null
        """)
    equal(done.stdout.split(), ["3", "0", "4", "4", "1", "4", "0", "4", "0", "1"], done.stderr)


@test
def card_in_a_new_world():
    """The eIM goes on counting where the card is."""
    with tempfile.TemporaryDirectory(prefix="sim-", dir="/tmp") as own:
        parts = ("--card", os.path.join(own, "card.json"), "--pki", os.path.join(own, "pki"))
        for counter in (1, 2, 3):
            done = with_euiccd("--defer-daemon", *parts, "--", "sh", "-ec",
                               "order=$(euicc-sim queue list); euicc-sim daemon start;"
                               "euicc-sim wait $order --json")
            equal(done.returncode, 0, done.stdout + done.stderr)
            equal(json.loads(done.stdout)["counter"], counter)


@test
def delay_of_the_card():
    """An answer that the card holds back for an hour does not come, others do."""
    done = with_euiccd("--defer-daemon", "--setup", '{"behaviour": {"delay": 1}}', "--", "sh", "-ec",
                       """
        order=$(euicc-sim queue list); euicc-sim daemon start; euicc-sim wait $order
        euicc-sim daemon stop
        euicc-sim knob card '{"delay": 3600000}'
        order=$(euicc-sim queue list); euicc-sim daemon start
        euicc-sim ctl modem '{"do": "wait", "counter": "open-channel"}' >/dev/null
        status=0; euicc-sim wait $order --sent --timeout 1 2>/dev/null || status=$?
        euicc-sim daemon kill; exit $status""")
    equal(done.returncode, 3, done.stdout + done.stderr)


@test
def without_namespaces():
    done = run("--no-daemon", "--no-namespace", "--", "euicc-sim", "queue", "list")
    assert "without namespaces" in done.stderr, done.stderr
    if done.returncode == 99 and "qmi-proxy" in done.stderr:
        return "skip", "a qmi-proxy runs on this machine"
    equal((done.returncode, done.stdout), (0, "1\n"), done.stderr)
    return None


@test
def second_slot_has_another_card():
    """Another EID, other profiles, no eIM; both are still there in a continued world."""
    with tempfile.TemporaryDirectory(prefix="sim-", dir="/tmp") as own:
        shown = []
        for _ in range(2):
            done = run("--no-daemon", "--second-slot", "--dir", own, "--", "sh", "-ec", """
                euicc-sim ctl modem '{"do": "card"}'
                euicc-sim ctl modem '{"do": "switch-slot", "slot": 2}' >/dev/null
                euicc-sim ctl modem '{"do": "card"}'""")
            equal(done.returncode, 0, done.stderr)
            decoder, text, cards = json.JSONDecoder(), done.stdout, []
            while text:
                answer, end = decoder.raw_decode(text)
                cards.append(answer["card"])
                text = text[end:].lstrip()
            equal([card["eid"] for card in cards], [make_eid(1), make_eid(90)])
            equal([card["profiles"][0]["iccid"] for card in cards], [make_iccid(1, 1), make_iccid(90, 1)])
            equal([len(card["eims"]) for card in cards], [1, 0])
            shown.append(cards)
        equal(shown[0][1]["profiles"], shown[1][1]["profiles"])


@test
def what_does_not_go_together_is_refused():
    at = ("--modem", "qmi", "--modem", "at")
    for options, *words in ((("--modem", "foo"), "foo", "qmi, mbim, at"),
                            ((*at, "--udev"), "--modem=at", "--udev"),
                            ((*at, "--wwan"), "--modem=at", "--wwan"),
                            ((*at, "--with-modemmanager"), "--modem=at", "--with-modemmanager"),
                            (("--with-modemmanager", "--proxy", "fake"), "--proxy=fake", "--with-modemmanager")):
        done = run("--no-daemon", *options, "--", "true")
        equal((done.returncode, done.stdout), (2, ""), done.stderr)
        for word in words:
            assert word in done.stderr, done.stderr


@test
def wrong_names_are_told_the_right_ones():
    done = run("--no-daemon", "--modem", "qmi", "--modem", "mbim", "--", "sh", "-c", """
        for command in "knob modem2 unplugg" "knob modem9 unplug" "show card9" "part mm kill" "show modem2"; do
            euicc-sim $command 2>&1 >/dev/null; echo $?
        done""")
    told = done.stdout.splitlines()
    equal(told[1:8:2] + told[8:], ["2", "1", "1", "1", "0"], done.stdout)
    for line, words in zip(told[::2], (["unplugg", "eject, insert, unplug, plug"],
                                       ["modem9", "card, card2, eim, modem, modem2, world"],
                                       ["card9", "card, card2, eim, modem, modem2, world"],
                                       ["mm", "bus, eim, modem"])):
        for word in words:
            assert word in line, line


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
