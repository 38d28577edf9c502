"""Object headers of HDF5 files and the checksum over each, so that damage reaches what is behind it.

The checksum is Jenkins's lookup3, the layout section IV.A.1.b of the HDF5 file format specification.
"""

from __future__ import annotations

import struct
from typing import Final

_SIGNATURE: Final = b"OHDR\x02"
_TIMES, _PHASES = 0x20, 0x10
_WORD: Final = 0xFFFFFFFF


def headers(content: bytes) -> list[tuple[int, int]]:
    """Where each header of version 2 starts, and where the checksum is that ends its first block."""
    found = []
    start = content.find(_SIGNATURE)
    while 0 <= start < len(content) - 40:
        flags = content[start + 5]
        width = 1 << (flags & 3)
        place = start + 6 + 16 * bool(flags & _TIMES) + 4 * bool(flags & _PHASES)
        stop = place + width + int.from_bytes(content[place : place + width], "little")
        if stop + 4 <= len(content) and _checksum(content[start:stop]) == _stored(content, stop):
            found.append((start, stop))
        start = content.find(_SIGNATURE, start + 5)
    return found


def header_with_checksum(content: bytes, start: int, stop: int) -> bytes:
    """The same content, in which the checksum of this header is right."""
    return content[:stop] + struct.pack("<L", _checksum(content[start:stop])) + content[stop + 4 :]


def _stored(content: bytes, place: int) -> int:
    (checksum,) = struct.unpack_from("<L", content, place)
    return int(checksum)


def _checksum(data: bytes) -> int:
    a = b = c = (0xDEADBEEF + len(data)) & _WORD
    padded = data + bytes(-len(data) % 12)
    words = struct.unpack(f"<{len(padded) // 4}L", padded)
    for place in range(0, len(words), 3):
        a, b, c = (a + words[place]) & _WORD, (b + words[place + 1]) & _WORD, (c + words[place + 2]) & _WORD
        if place + 3 < len(words):
            for by in (4, 6, 8, 16, 19, 4):
                a, b, c = b, (c + b) & _WORD, ((a - c) & _WORD) ^ _turned(c, by)
    for by in (14, 11, 25, 16, 4, 14, 24):
        a, b, c = b, ((c ^ b) - _turned(b, by)) & _WORD, a
    return b


def _turned(word: int, by: int) -> int:
    return (word << by | word >> (32 - by)) & _WORD
