# SPDX-License-Identifier: LGPL-2.1-or-later
"""How a bound profile package went to a card: the STORE DATA of ES10b.LoadBoundProfilePackage in a list of APDUs."""

from typing import NamedTuple

STORE_DATA = 0xE2
LAST_BLOCK = 0x80  # of P1
FIRST_SEGMENT = "BF36"
RESULT = "BF37"
BLOCK = 255  # octets that a short APDU takes


class Command(NamedTuple):
    """One command of ES10, put together from its blocks."""

    data: str  # hex
    blocks: list  # octets of each
    apdus: int  # of the transport, with GET RESPONSE
    octets: int  # of all those, with headers and status words
    answer: str  # hex, put together


def commands(apdus):
    """The commands of ES10 in APDUS: (command, response) in hex, in order, of one card."""
    result, data, blocks, count, octets, answer = [], "", [], 0, 0, ""
    for command, response in apdus:
        header = bytes.fromhex(command[:8])
        if header[1] not in (STORE_DATA, 0xC0) or (header[1] == 0xC0 and not count):
            continue
        if header[1] == STORE_DATA and header[3] == 0:
            data, blocks, count, octets, answer = "", [], 0, 0, ""
        count += 1
        octets += (len(command) + len(response)) // 2
        answer += response[:-4]
        if header[1] == STORE_DATA:
            size = int(command[8:10], 16)
            data += command[10:10 + 2 * size]
            blocks.append(size)
            last = bool(header[2] & LAST_BLOCK)
        if last and response[-4:-2] not in ("61", "6C"):
            result.append(Command(data, blocks, count, octets, answer))
            count = 0
    return result


def segments(apdus):
    """The commands of the last LoadBoundProfilePackage in APDUS, the one with the result being the last."""
    found = commands(apdus)
    first = max(i for i, c in enumerate(found) if c.data.startswith(FIRST_SEGMENT))
    last = next(i for i, c in enumerate(found) if i >= first and c.answer.startswith(RESULT))
    return found[first:last + 1]


def least(parts):
    """As few STORE DATA as the SEGMENTS can be sent with."""
    return sum(-(-sum(part.blocks) // BLOCK) for part in parts)
