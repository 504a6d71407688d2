# SPDX-License-Identifier: LGPL-2.1-or-later
"""A connection to the bus in the octets of the D-Bus specification: for calls that busctl would not make,
for the names of errors, which it does not show, and for services that the daemon asks."""

import itertools
import os
import re
import socket
import struct

CALL, RETURN, ERROR = 1, 2, 3
BASIC = {"y": ("B", 1), "b": ("I", 4), "n": ("h", 2), "q": ("H", 2), "u": ("I", 4),
         "i": ("i", 4), "x": ("q", 8), "t": ("Q", 8), "d": ("d", 8)}
BUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")


def split(signature):
    """The first complete type of SIGNATURE, and the rest."""
    if signature[0] == "a":
        one, rest = split(signature[1:])
        return "a" + one, rest
    if signature[0] not in "({":
        return signature[0], signature[1:]
    depth = 0
    for end, letter in enumerate(signature):
        depth += (letter in "({") - (letter in ")}")
        if depth == 0:
            return signature[:end + 1], signature[end + 1:]
    raise ValueError(signature)


def alignment(kind):
    if kind in BASIC:
        return BASIC[kind][1]
    return {"s": 4, "o": 4, "a": 4, "(": 8, "{": 8}.get(kind[0], 1)


class Writer:
    def __init__(self):
        self.octets = bytearray()

    def align(self, to):
        self.octets += bytes(-len(self.octets) % to)

    def put(self, signature, *values):
        for value in values:
            kind, signature = split(signature)
            self.put_one(kind, value)
        return self

    def put_one(self, kind, value):
        self.align(alignment(kind))
        if kind in BASIC:
            self.octets += struct.pack("<" + BASIC[kind][0], value)
        elif kind in "sog":
            text = value.encode()
            self.octets += struct.pack("<B" if kind == "g" else "<I", len(text)) + text + b"\0"
        elif kind == "v":
            self.put_one("g", value[0])
            self.put_one(*value)
        elif kind[0] == "a":
            at = len(self.octets)
            self.octets += bytes(4)
            self.align(alignment(kind[1:]))
            start = len(self.octets)
            for item in value:
                self.put_one(kind[1:], item)
            struct.pack_into("<I", self.octets, at, len(self.octets) - start)
        else:
            self.put(kind[1:-1], *value)


class Reader:
    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def align(self, to):
        self.at += -self.at % to

    def get(self, signature):
        values = []
        while signature:
            kind, signature = split(signature)
            values.append(self.get_one(kind))
        return values

    def get_one(self, kind):
        self.align(alignment(kind))
        if kind in BASIC:
            self.at += BASIC[kind][1]
            return struct.unpack_from("<" + BASIC[kind][0], self.octets, self.at - BASIC[kind][1])[0]
        if kind in "sog":
            size = self.get_one("y" if kind == "g" else "u")
            self.at += size + 1
            return self.octets[self.at - size - 1:self.at - 1].decode()
        if kind == "v":
            return self.get_one(self.get_one("g"))
        if kind[0] == "a":
            size = self.get_one("u")
            self.align(alignment(kind[1:]))
            end, items = self.at + size, []
            while self.at < end:
                items.append(self.get_one(kind[1:]))
            return items
        return self.get(kind[1:-1])


class WireError(Exception):
    """A call was answered with an error: its name and text."""

    def __init__(self, name, text):
        super().__init__(f"{name}: {text}")
        self.name, self.text = name, text


class Connection:
    """One client of the bus of this world."""

    def __init__(self):
        path = re.match(r"unix:path=([^,;]*)", os.environ["DBUS_SYSTEM_BUS_ADDRESS"]).group(1)
        self.serials = itertools.count(1)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rb")
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        assert self.stream.readline().startswith(b"OK "), "the bus does not let us in"
        self.socket.sendall(b"BEGIN\r\n")
        self.name = self.call(*BUS, "Hello")[0]

    def hang_up(self):
        """Ends a receive() in another thread."""
        self.socket.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.stream.close()
        self.socket.close()

    def send(self, kind, fields, signature="", *values):
        """FIELDS: number of a header field -> (type, value)."""
        body = Writer().put(signature, *values).octets
        serial = next(self.serials)
        if signature:
            fields = {**fields, 8: ("g", signature)}
        head = Writer().put("yyyyuua(yv)", ord("l"), kind, 0, 1, len(body), serial, fields.items())
        head.align(8)
        self.socket.sendall(bytes(head.octets + body))
        return serial

    def receive(self):
        """Kind, serial, header fields and values of the next message."""
        start = self.stream.read(16)
        _, kind, _, _, size, serial, length = struct.unpack("<BBBBIII", start)
        head = start + self.stream.read(length + -length % 8)
        reader = Reader(head)
        fields = dict(reader.get("yyyyuua(yv)")[6])
        return kind, serial, fields, Reader(self.stream.read(size)).get(fields.get(8, ""))

    def call(self, destination, path, interface, member, signature="", *values):
        """What the method returns; WireError."""
        sent = self.send(CALL, {1: ("o", path), 2: ("s", interface), 3: ("s", member),
                                6: ("s", destination)}, signature, *values)
        while True:
            kind, _, fields, values = self.receive()
            if fields.get(5) != sent:
                continue
            if kind == ERROR:
                raise WireError(fields[4], values[0] if values else "")
            return values

    def own(self, name):
        assert self.call(*BUS, "RequestName", "su", name, 0) == [1], f"{name} is taken"

    def answer_calls(self, signature, *values):
        """Gives every caller the same answer until the connection is closed."""
        try:
            while True:
                kind, serial, fields, _ = self.receive()
                if kind == CALL:
                    self.send(RETURN, {5: ("u", serial), 6: ("s", fields[7])}, signature, *values)
        except (OSError, ValueError, struct.error):
            return
