#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The fault matrix: channels that somebody left open, a daemon that is killed again and again, and a second user of the
same modem, for QMI and MBIM. See matrixrow.py for what holds at the end of each row."""

import subprocess
import threading

import wirehost
from matrixrow import (REAL_PROXY, STEADY, at_modem, delivered, fails, poll_stuck, row, switches, toggle, uim_clients,
                       works, world_of)
from world import EUICC, JOB, MANAGER, MBIM_GROUP, ROOT, UIM, equal, main, make_eid

GET_EID = bytes.fromhex("81E2910006BF3E035C015A00")

# ---- channels that are left open ----


def leak(world, **options):
    """A dead program leaves all channels of the modem open."""
    host = wirehost.host_of(world, **options)
    channels = [host.open_channel() for _ in range(3)]
    equal(len(world.show("modem")["channels"]), 3, "channels open")
    host.die()
    world.dead |= at_modem(world)
    return channels


@row("IPAD-TRN-95N", "design 4", "leaks")
def three_channels_left_open_before_the_start(world):
    """By somebody else: the modem does not let go of them until the card is reset."""
    world.daemon("stop")
    cycles = world.show("modem")["power-cycles"]
    leak(world)
    world.daemon("start")
    works(world)
    equal(world.show("modem")["power-cycles"] - cycles, 1, "resets of the card")
    equal(world.show("modem")["channels"], [], "channels left open")


@row("IPAD-TRN-96N", "design 4", "leaks")
def three_channels_left_open_by_a_daemon(world):
    """MBIM: those of our own group are closed without a reset."""
    world.daemon("stop")
    cycles = world.show("modem")["power-cycles"]
    leak(world, **({"group": MBIM_GROUP} if world.kind == "mbim" else {}))
    world.daemon("start")
    works(world)
    equal(world.show("modem")["power-cycles"] - cycles, 0 if world.kind == "mbim" else 1, "resets of the card")
    equal(world.show("modem")["channels"], [], "channels left open")


@row("IPAD-TRN-97E", "design 4", "leaks")
def three_channels_that_are_in_use(world):
    """Somebody opens all of them again whenever they are free; the error says what is missing."""
    world.wait_idle()
    world.knob("modem", {"rules": [{"message": "open-channel", "action": "error", "count": 0, **NO_CHANNEL[world.kind]}]})
    cycles = world.show("modem")["power-cycles"]
    world.queue("list")
    job = world.call(world.path, EUICC, "Poll")[0]
    fails(world, job, "NoChannel", "channel")
    equal(world.show("modem")["power-cycles"] - cycles, 1, "resets of the card")
    world.knob("modem", {"rules": []})
    world.wait_idle()
    world.poll_ok()


@row("IPAD-ROB-47E", "design 4", "held")
def channels_held_by_somebody_where_no_reset_is_allowed(world):
    """The holder loses nothing; the error says what is missing; all is well when the channels are free."""
    cycles = world.show("modem")["power-cycles"]
    holder, channels = hold_all(world)
    for _ in range(2):
        number = world.queue("list")
        fails(world, world.call(world.path, EUICC, "Poll")[0], "NoChannel", "reaching the card for a package",
              "channel")
        equal(world.outcome(number)["error"]["name"], "undefinedError", "what the eIM learns")
        for channel in channels:
            assert holder.send(channel, GET_EID)[-2] in (0x61, 0x90), "the holder has lost a channel"
    equal(world.show("modem")["power-cycles"], cycles, "resets of the card")
    for channel in channels:
        holder.close_channel(channel)
    works(world)
    holder.close()


@row("IPAD-ROB-48N", "design 4", "shared")
def channels_held_by_somebody_alive(world):
    """He is given time, then the card is reset once: a channel is enough, and he may have the others again."""
    world.wait_idle()
    cycles = world.show("modem")["power-cycles"]
    holder, channels = hold_all(world)
    works(world)
    equal(world.show("modem")["power-cycles"] - cycles, 1, "resets of the card")
    assert holder_lost(holder, channels[0]), "the holder's channel is open although the card was reset"
    again = [holder.open_channel() for _ in range(2)]
    works(world)
    equal(world.show("modem")["power-cycles"] - cycles, 1, "resets of the card")
    for channel in again:
        holder.close_channel(channel)
    holder.close()


def hold_all(world):
    """Somebody else's three channels, all there are."""
    holder = wirehost.host_of(world)
    channels = [holder.open_channel() for _ in range(3)]
    equal(len(world.show("modem")["channels"]), 3, "channels open")
    return holder, channels


def holder_lost(holder, channel):
    try:
        holder.send(channel, GET_EID)
    except wirehost.Refused:
        return True
    return False


# ---- client ids ----


def no_ids(world):
    """Somebody took all client ids of the service for the card."""
    world.daemon("stop")
    holder = wirehost.host_of(world)
    taken = []
    try:
        while True:
            taken.append(holder.allocate())
    except wirehost.Refused as refused:
        equal(refused.code, CLIENT_IDS_EXHAUSTED)
    world.daemon("start")
    return holder, taken


def failed_starts(world):
    return {path: p[JOB] for path, p in world.objects().items() if JOB in p and p[JOB]["State"] == "failed"}


@row("IPAD-ROB-49E", "design 6", "ids")
def no_client_id_is_left(world):
    """Thirty times; nothing of what was got before that is kept. With free ids it works."""
    holder, taken = no_ids(world)
    seen = set()
    for _ in range(30):
        job = world.wait_until("the start has failed", lambda: failed_starts(world).keys() - seen).pop()
        seen |= failed_starts(world).keys()
        end = world.get(job, JOB)
        equal(end["Error"], "org.euiccd1.Error.Modem", end["ErrorMessage"])
        for word in ("allocate", "ClientIdsExhausted"):
            assert word.lower() in end["ErrorMessage"].lower(), end["ErrorMessage"]
        equal(len(uim_clients(world)), 1 + len(taken), "client ids")
        equal([c for c in world.show("modem")["clients"] if c["service"] != UIM], [], "ids of other services")
        world.call(ROOT, MANAGER, "Rescan")
    for number in taken:
        holder.release(number)
    holder.close()
    world.call(ROOT, MANAGER, "Rescan")
    works(world)


CLIENT_IDS_EXHAUSTED = 5

# ---- a second daemon ----


def second_daemon(world):
    """One more with the same settings and state folder: (exit status, what it said)."""
    process = world.show("world")["parts"]["daemon"]["process"]
    with open(f"/proc/{process}/cmdline", "rb") as file:
        command = [word.decode() for word in file.read().split(b"\0")[:-1]]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    return done.returncode, done.stdout


@row("IPAD-ROB-50E", "design 4", "second")
def second_daemon_with_the_same_state(world):
    """It ends at once and says why; the first one's package goes on. After the first was killed one works."""
    number, job = poll_stuck(world, {"message": "send-apdu", "contains": "E291", "after": "BF51", "action": "delay",
                                     "ms": 700}, order=toggle(world))
    before = world.show("modem")["messages"]
    status, words = second_daemon(world)
    equal(status, 1, words)
    assert "another euiccd serves this state folder" in words and "is in use already" in words, words
    equal(world.show("modem")["messages"].get("open-channel"), before.get("open-channel"), "channels of the second")
    equal(world.wait_job(job), ("done", "", ""))
    delivered(world, number, [{"enable": 0}])
    world.dead |= at_modem(world)
    world.daemon("kill")
    world.daemon("start")
    works(world)
    equal(second_daemon(world)[0], 1)


NO_CHANNEL = {"qmi": {"error": 68}, "mbim": {"error": 0x87430001}}

# ---- a daemon that is killed ----


@row("IPAD-TRN-98N", "design 4", "crashes")
def daemon_killed_thirty_times(world):
    """While it has a channel and a client id, and no more. The orders that it had all come to their end."""
    orders = []
    cycles = world.show("modem")["power-cycles"]
    for _ in range(30):
        orders.append(poll_stuck(world, {"message": "send-apdu", "contains": "BF51", "action": "ignore"})[0])
        channels = [c["owner"] for c in world.show("modem")["channels"]]
        if world.kind == "qmi":
            equal(len(uim_clients(world) - world.dead), 1, "client ids of the daemon")
            channels = [owner for owner in channels if owner not in world.dead]
        equal(len(channels), 1, "channels of the daemon")
        world.dead |= at_modem(world)
        world.daemon("kill")
        world.knob("modem", {"rules": []})
        world.daemon("start")
        world.wait_idle()
        world.poll_ok()
    # QMI: a reset of the card frees the channels of those who were killed, three at a time; MBIM: their group is closed.
    equal(world.show("modem")["power-cycles"] - cycles, 10 if world.kind == "qmi" else 0, "resets of the card")
    for number in orders:
        equal(world.outcome(number)["offered"], 1, "times the package was offered")


# ---- two users of one modem ----


class Traffic:
    """Another host that opens channels, reads the EID and closes them, all the time."""

    def __init__(self, world):
        self.world, self.rounds, self.problem = world, 0, None
        self.stopped = threading.Event()
        self.began = threading.Event()
        self.host = wirehost.host_of(world)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        channel = None
        while not self.stopped.is_set():
            try:
                channel = self.host.open_channel()
                answer = self.host.send(channel, GET_EID)
                while answer[-2] == 0x61:
                    answer = self.host.send(channel, bytes([0x81, 0xC0, 0, 0, answer[-1]]))
                # After a profile change the card wants its reset first.
                if bytes.fromhex(make_eid(1)) not in answer and answer[-2:] != b"\x69\x85":
                    self.problem = f"not the EID: {answer.hex()}"
                self.host.close_channel(channel)
                self.rounds += 1
                self.began.set()
            except wirehost.Refused:
                pass  # the card was reset meanwhile
            except (AssertionError, OSError) as error:
                self.problem = str(error)
                break
        self.began.set()

    def stop(self):
        self.stopped.set()
        self.thread.join()
        assert not self.problem, self.problem
        assert self.rounds > 0, "no traffic"
        self.host.close()


@row("IPAD-ROB-43N", "design 4", "users")
def somebody_else_talks_to_the_card_all_the_time(world):
    """Answers reach him who asked; channels and profile changes of one do not end the other."""
    other = Traffic(world)
    try:
        other.began.wait()
        switches(world)
    finally:
        other.stop()


for kind in ("qmi", "mbim"):
    world_of(kind, "users", STEADY)
    world_of(kind, "users", STEADY, name="real", arguments=REAL_PROXY)
    world_of(kind, "leaks", STEADY)
    world_of(kind, "leaks", STEADY, name="real", arguments=REAL_PROXY)
    # Nobody is to be late here: whoever is leaves a channel behind.
    world_of(kind, "held", STEADY + "[modem sim]\nreset=modem\n")
    world_of(kind, "held", STEADY + "[modem sim]\nreset=modem\n", name="real", arguments=REAL_PROXY)
    world_of(kind, "shared", STEADY)
    world_of(kind, "shared", STEADY, name="real", arguments=REAL_PROXY)
    world_of(kind, "second", STEADY)
    # A modem does not learn that a host died: a client id stays for each that was killed, and there are enough.
    ids = {"client-ids": 254} if kind == "qmi" else {}
    world_of(kind, "crashes", STEADY, knobs=ids)
    world_of(kind, "crashes", STEADY, knobs=ids, name="real", arguments=REAL_PROXY)
world_of("qmi", "ids", STEADY)  # MBIM has none
world_of("qmi", "ids", STEADY, name="real", arguments=REAL_PROXY)

main(__name__)
