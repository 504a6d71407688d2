# SPDX-License-Identifier: LGPL-2.1-or-later
"""Another user of a modem, behind the same proxy: what it says in QMI and MBIM is put together here, octet by
octet, without the libraries that the daemon has. It opens channels, and may die with them."""

import os
import socket
import struct
import uuid

ISD_R = bytes.fromhex("A0000005591010FFFFFFFF8900000100")
CTL, UIM = 0x00, 0x0B
LOW_LEVEL = uuid.UUID("c2f6588e-f037-4bc9-8665-f4d44bd09367").bytes
PROXY_CONTROL = uuid.UUID("838cf7fb-8d0d-4d7f-871e-d71dbefbb39b").bytes
TIMEOUT = 30


class Refused(Exception):
    """The modem's answer was an error; code is its number."""

    def __init__(self, what, code):
        super().__init__(f"{what}: error {code}")
        self.code = code


class Host:
    """A connection to the proxy called NAME."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(TIMEOUT * float(os.environ.get("EUICC_TEST_SLOW", "1")))
        self.socket.connect("\0" + name)
        self.number = 0

    def receive(self, size):
        octets = b""
        while len(octets) < size:
            more = self.socket.recv(size - len(octets))
            if not more:
                raise ConnectionError("the proxy hung up")
            octets += more
        return octets

    def die(self):
        """As a process that is killed: nothing is released."""
        self.socket.close()


class QmiHost(Host):
    """One client of the service for the card (QMI)."""

    def __init__(self, path):
        super().__init__("qmi-proxy")
        self.client = 0
        self.ask(CTL, 0xFF00, (0x01, path.encode()))
        self.client = self.allocate()

    def allocate(self):
        """One more client id."""
        return self.ask(CTL, 0x0022, (0x01, bytes([UIM])))[0x01][1]

    def release(self, client):
        self.ask(CTL, 0x0023, (0x01, bytes([UIM, client])))

    def ask(self, service, message, *tlvs):
        """The TLVs of the answer, which is that to this request and to no other."""
        self.number = self.number % 250 + 1
        body = b"".join(struct.pack("<BH", tag, len(value)) + value for tag, value in tlvs)
        head = struct.pack("<BBHH", 0, self.number, message, len(body)) if service == CTL else \
            struct.pack("<BHHH", 0, self.number, message, len(body))
        client = 0 if service == CTL else self.client
        frame = struct.pack("<BHBBB", 1, 5 + len(head) + len(body), 0, service, client) + head + body
        self.socket.sendall(frame)
        while True:
            size = struct.unpack("<xH", self.receive(3))[0]
            rest = self.receive(size - 2)
            kind, rest = rest[1:3], rest[3:]
            number = rest[1] if service == CTL else struct.unpack("<H", rest[1:3])[0]
            is_answer = rest[0] & (1 if service == CTL else 2)
            if kind != bytes([service, client]) or not is_answer:
                continue  # an indication
            assert number == self.number, f"answer to {number}, not to {self.number}"
            rest = rest[2:] if service == CTL else rest[3:]
            assert struct.unpack("<H", rest[:2])[0] == message, "answer to another message"
            return self.parse(rest[4:], f"QMI {service:02X} {message:04X}")

    @staticmethod
    def parse(octets, what):
        tlvs = {}
        while octets:
            tag, size = struct.unpack("<BH", octets[:3])
            tlvs[tag] = octets[3:3 + size]
            octets = octets[3 + size:]
        status, code = struct.unpack("<HH", tlvs[0x02])
        if status:
            raise Refused(what, code)
        return tlvs

    def open_channel(self):
        aid = bytes([len(ISD_R)]) + ISD_R
        return self.ask(UIM, 0x0042, (0x01, b"\1"), (0x10, aid), (0x11, b"\0"))[0x10][0]

    def close_channel(self, channel):
        self.ask(UIM, 0x003F, (0x01, b"\1"), (0x11, bytes([channel])))

    def send(self, channel, apdu):
        value = struct.pack("<H", len(apdu)) + apdu
        answer = self.ask(UIM, 0x003B, (0x01, b"\1"), (0x02, value), (0x10, bytes([channel])))[0x10]
        return answer[2:]

    def close(self):
        self.release(self.client)
        self.die()


class MbimHost(Host):
    """Channels of a group (MBIM)."""

    def __init__(self, path, group=1):
        super().__init__("mbim-proxy")
        self.group = group
        text = path.encode("utf-16-le")
        self.ask(PROXY_CONTROL, 1, struct.pack("<III", 12, len(text), 30) + text + bytes(-len(text) % 4))
        answer = self.exchange(struct.pack("<I", 4096), 1)
        assert struct.unpack("<I", answer[:4])[0] == 0, "not opened"

    def exchange(self, body, kind):
        """What follows the head of the answer to this request."""
        self.number += 1
        self.socket.sendall(struct.pack("<III", kind, 12 + len(body), self.number) + body)
        while True:
            answer, size, number = struct.unpack("<III", self.receive(12))
            body = self.receive(size - 12)
            if answer == 0x80000007:
                continue  # an indication
            assert number == self.number, f"answer to {number}, not to {self.number}"
            assert answer == kind | 0x80000000, f"answer of type {answer:08X}"
            return body

    def ask(self, service, command, information, is_set=True):
        body = struct.pack("<II", 1, 0) + service + struct.pack("<III", command, is_set, len(information))
        answer = self.exchange(body + information, 3)
        status, size = struct.unpack("<II", answer[28:36])
        if status:
            raise Refused(f"MBIM command {command}", status)
        return answer[36:36 + size]

    def open_channel(self):
        head = struct.pack("<IIII", len(ISD_R), 16, 4, self.group)
        return struct.unpack("<I", self.ask(LOW_LEVEL, 2, head + ISD_R)[4:8])[0]

    def close_channel(self, channel):
        self.ask(LOW_LEVEL, 3, struct.pack("<II", channel, self.group))

    def send(self, channel, apdu):
        head = struct.pack("<IIIII", channel, 0, 1, len(apdu), 20)
        answer = self.ask(LOW_LEVEL, 4, head + apdu + bytes(-len(apdu) % 4))
        status, size, offset = struct.unpack("<III", answer[:12])
        return answer[offset:offset + size] + bytes([status & 0xFF, status >> 8 & 0xFF])

    def close(self):
        self.exchange(b"", 2)
        self.die()


def host_of(world, **options):
    """Another user of the modem of WORLD."""
    path = world.show("modem")["path"]
    return QmiHost(path) if world.kind == "qmi" else MbimHost(path, **options)
