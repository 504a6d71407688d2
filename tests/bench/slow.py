# SPDX-License-Identifier: LGPL-2.1-or-later
"""A slow network before one server of a simulated world."""

import select
import socket
import threading
import time

PIECE = 125  # octets that pass at once
QUIET = 0.3  # seconds after which an answer has come to its end


class SlowLine:
    """Listens on ADDRESS and passes on what comes to TARGET and back, in either direction with RATE bits a second.
    COLLECT: each answer reaches the client as a whole, when its last octet has passed the slow line."""

    def __init__(self, address, target, port, rate, collect):
        self.rate, self.collect, self.target = rate, collect, (target, port)
        self.passed = []  # (time, octets)
        self.connections = 0
        self.listener = socket.create_server((address, port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            self.connections += 1
            server = socket.create_connection(self.target)
            for source, target, collect in ((client, server, False), (server, client, self.collect)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pump, args=(source, target, collect), daemon=True).start()

    def _receive(self, source, collect):
        """Some octets, with COLLECT all that come together, and when the first came; 0: before this was called."""
        waits = not select.select([source], [], [], 0)[0]
        octets = source.recv(PIECE)
        begin = time.monotonic() if waits else 0
        if not collect or not octets:
            return octets, begin
        source.settimeout(QUIET)
        try:
            while more := source.recv(65536):
                octets += more
        except TimeoutError:
            pass
        source.settimeout(None)
        return octets, begin

    def _pump(self, source, target, collect):
        free = 0  # when the line has passed all that came before
        try:
            while True:
                octets, begin = self._receive(source, collect)
                if not octets:
                    break
                free = max(free, begin) + len(octets) * 8 / self.rate
                time.sleep(max(0, free - time.monotonic()))
                self.passed.append((time.monotonic(), len(octets)))
                target.sendall(octets)
            target.shutdown(socket.SHUT_WR)
        except OSError:  # one of the two has hung up
            pass

    def octets(self, begin, end):
        return sum(size for moment, size in self.passed if begin <= moment <= end)
