#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a poll must not cost: card reads, connections, full handshakes. Figures: make bench."""

import glob
import os
import stat

from world import OPERATIONAL, case, equal, main


def cost(world, action):
    """APDUs, and the exchanges of ACTION at the eIM."""
    apdus, exchanges = world.show("modem")["apdus"], len(world.exchanges())
    action()
    return world.show("modem")["apdus"] - apdus, world.exchanges()[exchanges:]


@case("IPAD-ECO-01N", "3.1.1")
def idle_poll(world):
    """An idle poll after the first: nothing is asked of the card, one request, one connection that
    resumes the TLS session of the former one and is closed when the poll is over."""
    world.wait_eim("exchange")
    world.wait_idle()
    first = world.exchanges()[-1]
    equal(first["resumed"], False, "first connection resumed")
    for number in (1, 2):
        apdus, exchanges = cost(world, world.poll_ok)
        equal(apdus, 0, "APDUs of a following idle poll")
        equal(len(exchanges), 1, "exchanges")
        equal(exchanges[0]["resumed"], True, "resumed")
        equal(exchanges[0]["connection"], first["connection"] + number, "connection")
        equal(exchanges[0]["onConnection"], 1, "request of that connection")


@case("IPAD-ECO-02N", "3.3.1")
def enable_cycle(world):
    """All messages of a procedure share a connection."""
    world.wait_eim("exchange")
    world.wait_idle()
    number = world.queue("enable", OPERATIONAL)
    _, exchanges = cost(world, world.poll_ok)
    equal(world.result(number)["results"], [{"enable": 0}])
    equal(len({exchange["connection"] for exchange in exchanges}), 1, "connections")
    world.check_settled()


@case("IPAD-ECO-03N", "2.6")
def session_survives_restart(world):
    """The TLS session is taken up by the next run of the daemon from a file that only it can read."""
    world.wait_eim("exchange")
    world.wait_idle()
    files = glob.glob(f"{world.folder}/state/*/tls/*")
    equal(len(files), 1, "files of TLS sessions")
    equal(stat.S_IMODE(os.stat(files[0]).st_mode), 0o600, "mode of the file")
    for _ in range(2):
        exchanges = len(world.exchanges())
        world.daemon("restart")
        world.wait_eim("exchange", exchanges + 1)
        world.wait_idle()
        equal(world.exchanges()[exchanges]["resumed"], True, "resumed after a restart")


@case("IPAD-ECO-04E", "2.6")
def damaged_session(world):
    """A damaged file costs a full handshake and nothing else."""
    world.wait_eim("exchange")
    world.wait_idle()
    path = glob.glob(f"{world.folder}/state/*/tls/*")[0]
    world.daemon("stop")
    with open(path, "r+b") as file:
        file.seek(200)
        octet = file.read(1)
        file.seek(200)
        file.write(bytes([octet[0] ^ 1]))
    exchanges = len(world.exchanges())
    world.daemon("start")
    world.wait_eim("exchange", exchanges + 1)
    world.wait_idle()
    equal(world.exchanges()[exchanges]["resumed"], False, "resumed from a damaged file")
    assert "the kept TLS session" in world.log(), "nothing in the journal"
    world.poll_ok()
    equal(world.exchanges()[-1]["resumed"], True, "resumed with the new session")


@case("IPAD-ECO-05E", "2.6")
def other_server(world):
    """A server with another key gets no request, however good the kept session was."""
    world.wait_eim("exchange")
    world.wait_idle()
    exchanges = len(world.exchanges())
    world.knob("eim", {"tls": {"certificate": "negative/eimtls-other-key.pem",
                               "key": "negative/eimtls-other-key.key.pem"}})
    state, name, text = world.poll()
    equal((state, name), ("failed", "org.euiccd1.Error.Tls"), text)
    equal(len(world.exchanges()), exchanges, "requests that the wrong server saw")
    world.knob("eim", {"tls": {}})
    world.poll_ok()
    equal(world.exchanges()[-1]["resumed"], False, "resumed after a failed handshake")


main(__name__)
