#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A modem that is spoken to with AT commands, on a terminal: catalogue area TRN."""

import errno
import fcntl
import os
import struct
import termios

from world import EUICC, MANAGER, MODEM, OPERATIONAL, ROOT, case, equal, main

AT = ["at"]


def works(world, sessions_stay=False):
    """A package goes through from end to end."""
    world.wait_idle()
    number = world.queue("list")
    world.poll_ok()
    equal(len(world.result(number)["results"][0]["listProfileInfo"]), 3)
    world.check_settled(sessions_stay)


def get_port(world):
    return next(i[MODEM]["Port"] for i in world.objects().values() if MODEM in i)


def is_held(port):
    """By the lock or exclusively, as other programs see it."""
    try:
        terminal = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        equal(error.errno, errno.EBUSY)
        return True
    try:
        fcntl.flock(terminal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        exclusive = fcntl.ioctl(terminal, 0x80045440, struct.pack("i", 0))  # TIOCGEXCL
        return struct.unpack("i", exclusive)[0] != 0
    except BlockingIOError:
        return True
    finally:
        os.close(terminal)


def switches(world):
    """The modem acts on the REFRESH, and says that the card went and came back."""
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL)
    world.poll_ok()
    equal(world.result(number)["results"], [{"enable": 0}])
    equal(world.show("card")["enabledIccid"], OPERATIONAL)
    world.check_settled()


@case("AT-01", "3.3.1", modems=AT)
def package_and_profile_change(world):
    works(world)
    switches(world)
    works(world)
    world.daemon("stop")
    equal(world.show("modem")["channels"], [])


@case("AT-02", "3.3.1", modems=AT, knobs={"ccho": False, "chatter": True})
def by_hand(world):
    """+CSIM with MANAGE CHANNEL and SELECT, between lines that nobody asked for."""
    works(world)
    switches(world)
    world.daemon("stop")
    equal(world.show("modem")["channels"], [])


@case("AT-03", "3.3.1", modems=AT, knobs={"cchc": False, "csim": False, "bare-session": True})
def firmware_with_the_least(world):
    """Sessions that can't be closed, answers without a prefix, and no +CSIM: one session is used again."""
    works(world, sessions_stay=True)
    works(world, sessions_stay=True)
    equal(len(world.show("modem")["channels"]), 1, "sessions")
    # Whoever closed the terminal would not find that session again, and would open one more each time.
    assert is_held(get_port(world)), "the terminal was closed"


@case("AT-04", "design 2", modems=AT)
def modem_removed_during_a_package(world):
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL)
    world.knob("modem", {"rules": [{"message": "send-apdu", "after": "BF51", "contains": "E291",
                                    "action": "unplug-after"}]})
    world.call(world.path, EUICC, "Poll")
    world.wait_modem("unplug")
    equal(world.show("card")["enabledIccid"], OPERATIONAL)
    world.knob("modem", "plug")
    world.wait_idle()
    world.poll_ok()
    order = world.result(number)
    equal(order["results"], [{"enable": 0}])
    equal(order["offered"], 1)
    world.check_settled()


@case("AT-05", "design 4", modems=AT)
def sessions_of_dead_predecessors(world):
    """More daemons die with an open session than the modem has channels, and with the port to themselves."""
    world.wait_idle()
    for _ in range(5):
        before = world.modem_count("rule")
        world.knob("modem", {"rules": [{"message": "send-apdu", "contains": "BF51",
                                        "action": "ignore"}]})
        world.queue("list")
        world.call(world.path, EUICC, "Poll")
        world.wait_modem("rule", before + 1)
        world.daemon("kill")
        world.knob("modem", {"rules": []})
        world.daemon("start")
        world.wait_idle()
        world.poll_ok()
    works(world, sessions_stay=True)


# What a job asks the card before its own work: the channel, who the daemon is, and the EID.
TERMINAL_CAPABILITY, SELECT, EID, CHANNEL = "AA", "A4", "BF3E", "70"


@case("AT-06", "design 2", modems=AT, settings="[poll]\ninterval=0\non-start=false\n")
def closed_between_jobs(world):
    """Others can use the terminal while nothing is to be done, and the card is not read anew for that."""
    world.wait_idle()
    port = get_port(world)
    assert not is_held(port), "held after the start"
    for _ in range(2):
        before = len(world.apdus())
        world.poll_ok()
        world.wait_idle()
        assert not is_held(port), "held after a poll"
        commands = [command for command, _ in world.apdus()[before:]]
        read = [c for c in commands if c[2:4] not in (TERMINAL_CAPABILITY, SELECT, CHANNEL, "C0")]
        assert len(commands) <= 10, f"{len(commands)} APDUs: {commands}"
        equal(len([c for c in read if EID in c]), 1, "EID asked for")
        assert not [c for c in read if "BF2D" in c], "profiles read anew"
        assert not [c for c in read if "BF55" in c], "eIM configurations read anew"
    switches(world)
    assert not is_held(port), "held after a profile change"


@case("AT-07", "design 2", modems=AT, settings="[poll]\ninterval=0\non-start=false\n")
def used_by_another_program(world):
    """A terminal that somebody else has locked is left to him, and used again when somebody looks."""
    world.wait_idle()
    terminal = os.open(get_port(world), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    fcntl.flock(terminal, fcntl.LOCK_EX | fcntl.LOCK_NB)
    state, name, text = world.poll()
    equal((state, name), ("failed", "org.euiccd1.Error.Busy"), text)
    os.close(terminal)
    world.call(ROOT, MANAGER, "Rescan")
    works(world)


@case("AT-08", "design 2", modems=AT, settings="[poll]\ninterval=0\non-start=false\n")
def card_removed_between_jobs(world):
    """Seen by the next job; the terminal then stays open, as only that tells of the card that comes."""
    world.wait_idle()
    port = get_port(world)
    world.knob("modem", "eject")
    state, name, text = world.poll()
    equal((state, name), ("failed", "org.euiccd1.Error.CardAbsent"), text)
    assert is_held(port), "closed while a card is waited for"
    world.knob("modem", "insert")
    works(world)
    assert not is_held(port), "held after the card came back"


main(__name__)
