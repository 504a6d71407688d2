#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the daemon tells of modems: org.euiccd1.Modem, its Diagnose(), "euicc diagnose" and its neighbours."""

import json
import os
import shutil
import subprocess

from world import BOOTSTRAP, EID, EIM_ID, MANAGER, ROOT, case, equal, main

MODEM = "org.euiccd1.Modem"
IMEI_DIGITS = 15


def euicc(world, *arguments, status=0):
    """What the command prints: (standard output, standard error)."""
    program = os.environ.get("EUICC_CLI") or shutil.which("euicc") or os.path.abspath("euicc")
    done = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    equal(done.returncode, status, f"exit status of euicc {' '.join(arguments)} ({done.stderr})")
    return done.stdout, done.stderr


def modems(world):
    """Path -> properties of the modems on the bus."""
    return {path: interfaces[MODEM] for path, interfaces in world.objects().items()
            if MODEM in interfaces}


def wait_modem(world, state):
    """Path and properties of the one modem, once it is in STATE."""

    def there():
        found = [(path, modem) for path, modem in modems(world).items() if modem["State"] == state]
        return found[0] if found else None

    return world.wait_until(f"a modem that is {state}", there)


def diagnose(world, path, **options):
    arguments = [word for name, value in options.items() for word in (name, "b", str(value).lower())]
    return json.loads(world.call(path, MODEM, "Diagnose", "a{sv}", len(options), *arguments)[0])


def swapped(digits):
    digits += "F" * (len(digits) % 2)
    return "".join(b + a for a, b in zip(digits[::2], digits[1::2]))


def check_masked(text, imei):
    for number in (EID, BOOTSTRAP, imei):
        for form in (number, swapped(number)):
            assert form not in text.upper(), f"{form} in {text}"


@case("IPAD-DIA-01N", "design 5")
def a_working_modem(world):
    """Everything that is known stands there, and no whole number but where root asks for them."""
    world.wait_idle()
    path, modem = wait_modem(world, "working")
    equal(modem["Euicc"], world.path)
    equal(modem["StateReason"], "")
    assert modem["Transport"] and modem["Port"] and modem["Choice"], modem
    equal(len(modem["Imei"]), IMEI_DIGITS)
    described = json.loads(world.call(ROOT, MANAGER, "Describe")[0])
    equal([m["Path"] for m in described["Modems"]], [path])

    report = diagnose(world, path)
    check_masked(json.dumps(report), modem["Imei"])
    equal(report["Euicc"]["Eid"], "x" * 28 + EID[-4:])
    assert report["Masked"] is True
    assert report["Versions"]["Kernel"] == os.uname().release, report["Versions"]
    equal(report["Versions"]["ModemManager"], "not running")
    assert any(step["Step"] == "IMEI" and step["Answer"].endswith(modem["Imei"][-4:])
               for step in report["Steps"]), report["Steps"]
    text, _ = euicc(world, "diagnose")
    check_masked(text, modem["Imei"])
    assert "What to look at" not in text, text

    whole = diagnose(world, path, unmasked=True)
    equal(whole["Euicc"]["Eid"], EID)
    assert EID in {step["Answer"] for step in whole["Steps"]}, whole["Steps"]
    text, _ = euicc(world, "diagnose", "--json", "--unmasked")
    equal([r["Modem"]["Imei"] for r in json.loads(text)], [modem["Imei"]])


@case("IPAD-DIA-02N", "design 5")
def a_probe_reads_the_card_anew(world):
    world.wait_idle()
    path, _ = wait_modem(world, "working")
    before = world.modem_count("open-channel")
    report = diagnose(world, path, probe=True)
    assert world.modem_count("open-channel") > before, "the card was not read"
    equal((report["Modem"]["State"], report["LastError"]), ("working", ""))
    assert report["Masked"] is True
    jobs = [interfaces["org.euiccd1.Job"] for interfaces in world.objects().values()
            if "org.euiccd1.Job" in interfaces]
    equal([job["State"] for job in jobs if job["Kind"] == "start" and job["Cause"].startswith("bus ")],
          ["done"])
    world.check_settled()


@case("IPAD-DIA-03E", "design 8", knobs={"rules": [{"message": "open-channel", "action": "error",
                                                    "error": 82, "count": 0}]})
def a_modem_that_refuses(world):
    """AccessDenied: the reason is in every place where somebody looks for the missing eUICC."""
    path, modem = wait_modem(world, "unavailable")
    assert "AccessDenied" in modem["StateReason"] or "access denied" in modem["StateReason"].lower(), \
        modem["StateReason"]
    equal(modem["Euicc"], "/")
    assert modem["StateReason"] in euicc(world, "status")[0]
    table, reason = euicc(world, "list")
    equal(len(table.splitlines()), 1, "lines of an empty list")
    assert modem["StateReason"] in reason, reason
    assert modem["StateReason"] in euicc(world, "modems")[0]
    text, _ = euicc(world, "diagnose", path)
    assert modem["StateReason"] in text and "What to look at" in text, text
    report = diagnose(world, path, probe=True)
    equal(report["Euicc"], None)
    assert "ccess" in report["LastError"], report["LastError"]
    assert any(not step["Ok"] for step in report["Steps"]), report["Steps"]


@case("IPAD-DIA-04E", "design 8", defer=True)
def no_card(world):
    world.knob("modem", "eject")
    world.daemon("start")
    path, modem = wait_modem(world, "unavailable")
    report = diagnose(world, path)
    equal(report["LastError"], modem["StateReason"])
    assert "card" in report["LastError"], report["LastError"]
    world.knob("modem", "insert")
    wait_modem(world, "working")
    world.wait_idle()
    equal(diagnose(world, path)["Euicc"]["Eid"], "x" * 28 + EID[-4:])


@case("IPAD-DIA-05E", "design 8; SGP.22 5.7.2", setup={"isdrAid": "A0000005591010FFFFFFFF8900000177"})
def a_plain_sim(world):
    path, modem = wait_modem(world, "unavailable")
    report = diagnose(world, path)
    equal(report["Euicc"], None)
    assert any(not step["Ok"] for step in report["Steps"]), report["Steps"]
    assert modem["StateReason"] in euicc(world, "status")[0]


@case("IPAD-DIA-06N", "design 5", udev=True)
def objects_come_and_go(world):
    """A modem that is pulled takes its object with it; one that is put in is another."""
    world.wait_idle()
    first, _ = wait_modem(world, "working")
    world.knob("modem", "unplug")
    world.wait_until("no modem on the bus", lambda: modems(world) == {})
    text, _ = euicc(world, "diagnose")
    assert "qmi_wwan" in text and "cdc_mbim" in text, text
    report = json.loads(euicc(world, "diagnose", "--json")[0])
    equal(sorted(report), ["Configuration", "Excluded", "Versions"])
    equal(report["Excluded"], [])
    assert any(text.startswith("discover=") for text in report["Configuration"]), report
    assert "no modem" in euicc(world, "status")[0]
    world.knob("modem", "plug")
    second, modem = wait_modem(world, "working")
    assert second != first, f"{second} again"
    equal(modem["Euicc"], world.path)


@case("IPAD-DIA-07E", "design 5")
def no_daemon(world):
    world.daemon("stop")
    text, complaint = euicc(world, "diagnose", status=3)
    assert "systemctl status euiccd" in text, text
    assert "can't be reached" in complaint, complaint
    equal(euicc(world, "diagnose", "--json", status=3)[0], "")
    euicc(world, "modems", status=3)


@case("IPAD-DIA-08E", "design 8, 10")
def a_server_is_not_named(world):
    """What was attempted and how it failed, but not with whom; everything to those who may see it."""
    world.wait_idle()
    path, _ = wait_modem(world, "working")
    world.knob("eim", {"faults": [{"on": "GetEimPackage", "count": 1, "status": 500}]})
    state, error, message = world.poll()
    equal(state, "failed")
    assert EIM_ID in message, message
    report = diagnose(world, path)
    assert EIM_ID not in json.dumps(report), report["LastError"]
    for words in ("poll: ", "GetEimPackage", "500", error):
        assert words in report["LastError"], report["LastError"]
    equal(diagnose(world, path, unmasked=True)["LastError"], f"poll: {message} ({error})")


main(__name__)
