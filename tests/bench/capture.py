# SPDX-License-Identifier: LGPL-2.1-or-later
"""What goes over the loopback interface of a simulated world, packet by packet.

Counted are IP packets as they would leave towards a modem: IP header, TCP header with its options and
payload, without any link layer. The interface is made like a cellular one first: an MTU of 1500 octets and no
segmentation offload, which would show several segments as one packet."""

import fcntl
import socket
import struct
import threading
import time

LOOPBACK = "lo"
MTU = 1500
SIOCSIFMTU = 0x8922
SIOCETHTOOL = 0x8946
ETHTOOL_SGSO = 0x24
ETHTOOL_STSO = 0x1F
ETHTOOL_SGRO = 0x2C
ETH_P_ALL = 3
PACKET_OUTGOING = 4


def prepare_loopback():
    """Needs CAP_NET_ADMIN, which root of a namespace of its own has."""
    import ctypes  # only for the address of a buffer

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFMTU, struct.pack("16si12x", LOOPBACK.encode(), MTU))
        for command in (ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO):
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            fcntl.ioctl(control, SIOCETHTOOL,
                        struct.pack("16sP8x", LOOPBACK.encode(), ctypes.addressof(value)))


class Wire:
    """Counts the packets of TCP connections to a port of the loopback interface until closed. ADDRESS: to this one
    alone."""

    def __init__(self, port, address=None):
        self.port = port
        self.address = address and socket.inet_aton(address)
        self.lock = threading.Lock()
        self.last = time.monotonic()
        self.log = []
        self._zero()
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self.socket.bind((LOOPBACK, ETH_P_ALL))
        threading.Thread(target=self._read, daemon=True).start()

    def _zero(self):
        self.counts = {"bytes_up": 0, "bytes_down": 0, "packets_up": 0, "packets_down": 0,
                       "connections": 0}
        self.log = []

    def _read(self):
        while True:
            packet, address = self.socket.recvfrom(65536)
            # The loopback interface shows each packet on its way out and on its way in.
            if address[2] == PACKET_OUTGOING:
                self._count(packet)

    def _count(self, packet):
        if packet[0] >> 4 == 4:
            total, protocol = struct.unpack_from("!2xH5xB", packet)
            header = (packet[0] & 15) * 4
        elif packet[0] >> 4 == 6:
            total, protocol = struct.unpack_from("!4xHB", packet)
            total += 40
            header = 40
        else:
            return
        if protocol != socket.IPPROTO_TCP:
            return
        source, target = struct.unpack_from("!HH", packet, header)
        if self.port not in (source, target):
            return
        assert total <= MTU, f"a packet of {total} octets: segmentation offload is on"
        flags = packet[header + 13]
        direction = "up" if target == self.port else "down"
        if self.address and self.address != (packet[16:20] if direction == "up" else packet[12:16]):
            return
        with self.lock:
            self.last = time.monotonic()
            self.counts["bytes_" + direction] += total
            self.counts["packets_" + direction] += 1
            self.counts["connections"] += flags & 0x12 == 0x02  # SYN without ACK
            payload = total - header - (packet[header + 12] >> 4) * 4
            self.log.append((direction, total, payload, f"{flags:02x}"))

    def take(self, quiet=1.0):
        """The counts since the last call, once nothing has gone over the wire for QUIET seconds (delayed
        acknowledgements and the closing of connections belong to what caused them)."""
        while True:
            with self.lock:
                left = self.last + quiet - time.monotonic()
                if left <= 0:
                    counts, log = self.counts, self.log
                    self._zero()
                    return counts, log
            time.sleep(left)
