"""A ZIP whose bytes depend on names and contents alone, hashed while it is written.

The standard library's writer returns to each header to fill in the checksum, which no running hash survives.
Here a stimulus is read before its header is written; one too large to hold in memory is streamed, with the
checksum after its bytes (a data descriptor), as section 4.3.9 of PKWARE's APPNOTE 6.3.10 lays down.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from brainpack.digest import BLOCK, DigestingWriter
from brainpack.errors import IntegrityError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from brainpack.digest import Digest

HELD_IN_MEMORY: Final = 64 << 20  # part of the format: it decides which entries carry a data descriptor

_UINT16: Final = 0xFFFF
_UINT32: Final = 0xFFFFFFFF
_FIRST_DAY_OF_1980: Final = 0x21
_UNIX: Final = 3
_READABLE_FILE: Final = 0o100644 << 16
_PLAIN, _ZIP64 = 20, 45
_DESCRIPTOR_FLAG, _UTF8_FLAG = 1 << 3, 1 << 11


@dataclass(frozen=True)
class _Entry:
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


class Onlooker(Protocol):
    """Who looks into the files on their way into a ZIP, so that they need not be read again."""

    def look(self, name: str, content: bytes, sha256: bytes) -> None:
        """Take the bytes that are packed."""
        ...

    def look_at(self, name: str, source: Path, sha256: bytes) -> None:
        """Take the path of a file that was too large to hold in memory."""
        ...


class Archive:
    """A growing ZIP of stored, not deflated, files.

    Parameters
    ----------
    file : BinaryIO
        Open for writing, empty.
    onlooker : Onlooker, optional
        Gets every file, in order.
    """

    def __init__(self, file: BinaryIO, onlooker: Onlooker | None = None) -> None:
        self._out = DigestingWriter(file)
        self._entries: list[_Entry] = []
        self._onlooker = onlooker

    def add(self, name: str, source: Path) -> bytes:
        """Append one file, read once.

        Returns
        -------
        bytes
            SHA-256 of the file.

        Raises
        ------
        StoreError
            `source` cannot be read.
        IntegrityError
            `source` changed its length while it was read.
        """
        with _readable(source):
            file = source.open("rb")
        with file:
            size = os.fstat(file.fileno()).st_size
            if size > HELD_IN_MEMORY:
                return self._stream(name, source, file, size)
            with _readable(source):
                content = file.read()
            return self._copy(name, content)

    def finish(self) -> Digest:
        """Write the directory of entries; the digest is of the whole archive."""
        start = self._out.position
        for entry in self._entries:
            self._out.write(_directory_record(entry))
        self._out.write(_end_of_directory(len(self._entries), start, self._out.position - start))
        return self._out.digest()

    def _copy(self, name: str, content: bytes) -> bytes:
        sha256 = hashlib.sha256(content).digest()
        if self._onlooker is not None:  # before the rest is done, which then goes on at the same time
            self._onlooker.look(name, content, sha256)
        entry = self._entry(name, flags=0, crc=zlib.crc32(content), size=len(content))
        self._out.write(_local_header(entry) + content)
        return sha256

    def _stream(self, name: str, source: Path, file: BinaryIO, size: int) -> bytes:
        entry = self._entry(name, flags=_DESCRIPTOR_FLAG, crc=0, size=size)
        self._out.write(_local_header(entry))
        written, crc, sha256 = 0, 0, hashlib.sha256()
        while written <= size and (block := _read_block(source, file)):
            crc = zlib.crc32(block, crc)
            sha256.update(block)
            written += self._out.write(block)
        if written != size:
            raise IntegrityError(f"{source} changed while it was read", expected=f"{size} bytes", got=f"{written}")
        self._entries[-1] = replace(entry, crc=crc)
        self._out.write(struct.pack("<4sLQQ" if entry.is_large else "<4sLLL", b"PK\x07\x08", crc, size, size))
        if self._onlooker is not None:
            self._onlooker.look_at(name, source, sha256.digest())
        return sha256.digest()

    def _entry(self, name: str, *, flags: int, crc: int, size: int) -> _Entry:
        encoded = name.encode()
        flags |= 0 if name.isascii() else _UTF8_FLAG
        entry = _Entry(encoded, flags, crc, size, offset=self._out.position)
        self._entries.append(entry)
        return entry


@contextmanager
def _readable(source: Path) -> Iterator[None]:
    """Tell a stimulus that cannot be read from a ZIP that cannot be written."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"the stimulus file {source} could not be read: {error.strerror or error}") from error


def _read_block(source: Path, file: BinaryIO) -> bytes:
    with _readable(source):
        return file.read(BLOCK)


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
