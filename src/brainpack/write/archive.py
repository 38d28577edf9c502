"""A ZIP whose bytes depend on names and contents alone, hashed while it is written.

The standard library's writer returns to each header to fill in the checksum, which no running hash survives.
Here a stimulus is read before its header is written; one too large to hold in memory is streamed, with the
checksum after its bytes (a data descriptor), as section 4.3.9 of PKWARE's APPNOTE 6.3.10 lays down.
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

import deflate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brainpack.digest import Digest, DigestingWriter

_UINT16: Final = 0xFFFF
_UINT32: Final = 0xFFFFFFFF
_FIRST_DAY_OF_1980: Final = 0x21
_UNIX: Final = 3
_READABLE_FILE: Final = 0o100644 << 16
_PLAIN, _ZIP64 = 20, 45
_DESCRIPTOR_FLAG, _UTF8_FLAG = 1 << 3, 1 << 11


class _Entry(NamedTuple):
    name: bytes
    flags: int
    crc: int
    size: int
    offset: int

    @property
    def is_large(self) -> bool:
        return self.size >= _UINT32

    @property
    def is_streamed(self) -> bool:
        return bool(self.flags & _DESCRIPTOR_FLAG)


class Archive:
    """A growing ZIP of stored, not deflated, files.

    Parameters
    ----------
    out : DigestingWriter
        Of a file that is open for writing, and empty.
    """

    def __init__(self, out: DigestingWriter) -> None:
        self._out = out
        self._directory = bytearray()
        self._count = 0

    def add(self, name: str, content: bytes, crc: int) -> None:
        """Append a file of which the CRC-32 is known."""
        entry = self._entry(name, flags=0, crc=crc, size=len(content))
        self._out.write(_local_header(entry))
        self._out.write(content)
        self._list(entry)

    def stream(self, name: str, size: int, pieces: Iterable[bytes]) -> bytes:
        """Append a file of this many bytes that is too large to be held.

        Returns
        -------
        bytes
            SHA-256 of the file.
        """
        entry = self._entry(name, flags=_DESCRIPTOR_FLAG, crc=0, size=size)
        self._out.write(_local_header(entry))
        crc, sha256 = 0, hashlib.sha256()
        for piece in pieces:
            crc = deflate.crc32(piece, crc)
            sha256.update(piece)
            self._out.write(piece)
        self._list(entry._replace(crc=crc))
        self._out.write(struct.pack("<4sLQQ" if entry.is_large else "<4sLLL", b"PK\x07\x08", crc, size, size))
        return sha256.digest()

    def finish(self) -> Digest:
        """Write the directory of entries; the digest is of the whole archive."""
        start = self._out.position
        self._out.write(bytes(self._directory))
        self._out.write(_end_of_directory(self._count, start, len(self._directory)))
        return self._out.digest()

    def _entry(self, name: str, *, flags: int, crc: int, size: int) -> _Entry:
        encoded = name.encode()
        flags |= 0 if name.isascii() else _UTF8_FLAG
        return _Entry(encoded, flags, crc, size, offset=self._out.position)

    def _list(self, entry: _Entry) -> None:
        self._directory += _directory_record(entry)
        self._count += 1


def _local_header(entry: _Entry) -> bytes:
    size, crc = (0, 0) if entry.is_streamed else (entry.size, entry.crc)
    version, extra = _PLAIN, b""
    if entry.is_large:
        version, extra, size = _ZIP64, struct.pack("<HHQQ", 1, 16, size, size), _UINT32
    fixed = struct.pack(
        "<4s5H3L2H", b"PK\x03\x04", version, entry.flags, 0, 0, _FIRST_DAY_OF_1980,
        crc, size, size, len(entry.name), len(extra),
    )  # fmt: skip
    return fixed + entry.name + extra


def _directory_record(entry: _Entry) -> bytes:
    large = [entry.size] * 2 * entry.is_large + [entry.offset] * (entry.offset >= _UINT32)
    extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    version = _ZIP64 if large else _PLAIN
    size, offset = min(entry.size, _UINT32), min(entry.offset, _UINT32)
    fixed = struct.pack(
        "<4s2B5H3L5H2L", b"PK\x01\x02", version, _UNIX, version, entry.flags, 0, 0, _FIRST_DAY_OF_1980,
        entry.crc, size, size, len(entry.name), len(extra), 0, 0, 0, _READABLE_FILE, offset,
    )  # fmt: skip
    return fixed + entry.name + extra


def _end_of_directory(count: int, start: int, length: int) -> bytes:
    end = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, min(count, _UINT16), min(count, _UINT16),
        min(length, _UINT32), min(start, _UINT32), 0,
    )  # fmt: skip
    if count < _UINT16 and start < _UINT32 and length < _UINT32:
        return end
    zip64_end = struct.pack("<4sQ2B H2L4Q", b"PK\x06\x06", 44, _ZIP64, _UNIX, _ZIP64, 0, 0, count, count, length, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, start + length, 1)
    return zip64_end + locator + end
