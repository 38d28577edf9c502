"""A ZIP that is read by pieces, wherever it is: its directory when first needed, then single files."""

from __future__ import annotations

import io
import struct
import threading
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, Self
from zipfile import ZipExtFile, ZipInfo

from brainpack.digest import BLOCK
from brainpack.errors import BrainpackError, IntegrityError, InvalidData, NotFound
from brainpack.read.access import reading, refuse_other_than_file
from brainpack.read.zip_safety import LOCAL_HEADER, safe_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_TAIL: Final = 128 << 10  # holds the end of a ZIP with the longest comment, and a small directory
_WINDOW: Final = 8 << 20  # most that is asked for at once
_SIGNATURE: Final = b"PK\x03\x04"
_LONGEST_HEADER: Final = LOCAL_HEADER + 2 * 0xFFFF  # with a name and an extra field


class Ranged(Protocol):
    """The bytes of one ZIP, of which any range can be read.

    Several threads read at once. It can be pickled, and `str` of it says in messages where the ZIP is.
    """

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from `start` up to, not including, `stop`: 0 <= start < stop <= size."""
        ...


@dataclass(frozen=True)
class FileOnDisk:
    """A file of this system, by ranges.

    Attributes
    ----------
    path : Path
    size : int
        In bytes, when it was looked at.
    """

    path: Path
    size: int

    @classmethod
    def at(cls, path: Path) -> Self:
        """Look at a file.

        Raises
        ------
        NotFound, StoreError
            It is not there, or cannot be read.
        """
        refuse_other_than_file(path)
        with reading(path), path.open("rb") as file:
            return cls(path, file.seek(0, io.SEEK_END))

    def read(self, start: int, stop: int) -> bytes:
        with reading(self.path), self.path.open("rb") as file:
            file.seek(start)
            return file.read(stop - start)

    def __str__(self) -> str:
        return str(self.path)


class Member(NamedTuple):
    """One file in a ZIP.

    Attributes
    ----------
    name : str
        Relative path with "/", without anything that leads elsewhere.
    start, stop : int
        The bytes of the ZIP with its header and its content, and maybe something behind them.
    compression : int
        As `zipfile` numbers them.
    compressed_size, size : int
        In bytes, in the ZIP and unpacked.
    crc : int
        CRC-32 of the unpacked bytes.
    """

    name: str
    start: int
    stop: int
    compression: int
    compressed_size: int
    size: int
    crc: int


class Archive:
    """A ZIP whose files are read one by one, by several threads if need be.

    Parameters
    ----------
    source : Ranged
        Nothing is read of it before a file is asked for.
    """

    def __init__(self, source: Ranged) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._members: dict[str, Member] | None = None
        self._by_last_part: Mapping[str, list[str]] = {}

    def __reduce__(self) -> tuple[type[Archive], tuple[Ranged]]:
        return Archive, (self._source,)  # the directory is large, and read again

    def __str__(self) -> str:
        return str(self._source)

    @property
    def members(self) -> Mapping[str, Member]:
        """The files by their names.

        Raises
        ------
        InvalidData
            It is not a ZIP, or one whose names or sizes are unsafe.
        NotFound, StoreError
            It cannot be read.
        """
        with self._lock:
            if self._members is None:
                self._members = _members(self._source)
                self._by_last_part = by_last_part(self._members)
        return self._members

    def find(self, name: str) -> Member:
        """Return the file of a name, or else the only one of that name in any folder.

        Raises
        ------
        NotFound
            There is none.
        InvalidData
            There are several, or it is no safe ZIP.
        """
        members = self.members
        if name in members:
            return members[name]
        found = self._by_last_part.get(name, [])
        if not found:
            raise NotFound(
                f"{self} holds no file {name!r} among its {len(members)} files; correct the table or the ZIP"
            )
        if len(found) > 1:
            raise InvalidData(
                f"the file name {name!r} in the table fits several files in {self}, for instance {min(found)!r}; "
                "write the folder into the table"
            )
        return members[found[0]]

    def content(self, member: Member) -> Iterator[bytes]:
        """Unpack a file, block by block; no more of it than the size that it declares, and a byte.

        Raises
        ------
        IntegrityError
            It has another size or another CRC-32 than it declares, or its compressed bytes are damaged.
        """
        size, reason = 0, ""
        try:
            with _opened(self._source, member) as file:
                while block := file.read(BLOCK):
                    size += len(block)
                    yield block
        except BrainpackError:
            raise
        except Exception as error:  # noqa: BLE001 - each way to compress has errors of its own for damaged data
            reason = f" and then {str(error) or 'the end'}"
        if reason or size != member.size:
            raise IntegrityError(
                f"{member.name} in {self} is damaged, and was not unpacked; get a fresh copy",
                expected=f"{member.size} bytes with CRC-32 {member.crc:08x}",
                got=f"{size} bytes{reason}",
            )


def by_last_part(names: Iterable[str]) -> dict[str, list[str]]:
    """Names of files in folders, by what is behind the last '/'."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        if "/" in name:
            found[name.rpartition("/")[2]].append(name)
    return dict(found)


def _members(source: Ranged) -> dict[str, Member]:
    try:
        with zipfile.ZipFile(_End(source)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
            end = archive.start_dir
    except BrainpackError:  # some are ValueErrors, but say more than that this is no ZIP
        raise
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise InvalidData(
            f"{source} is not a ZIP, or its list of entries is damaged: {error}; get a fresh copy"
        ) from error
    names = safe_names(entries, end, str(source))
    starts = [*sorted(entry.header_offset for entry in entries), end]
    following = dict(pairwise(starts))
    return {
        name: Member(
            name=name,
            start=entry.header_offset,
            stop=min(following[entry.header_offset], entry.header_offset + _LONGEST_HEADER + entry.compress_size),
            compression=entry.compress_type,
            compressed_size=entry.compress_size,
            size=entry.file_size,
            crc=entry.CRC,
        )
        for name, entry in zip(names, entries, strict=True)
    }


def _opened(source: Ranged, member: Member) -> ZipExtFile:
    window = min(member.stop - member.start, _WINDOW)
    file = io.BufferedReader(_Piece(source, member.start, member.stop), window)
    signature, rest = struct.unpack("<4s22xL", file.read(LOCAL_HEADER))
    if signature != _SIGNATURE:
        raise zipfile.BadZipFile("bytes that are not its header")
    file.read((rest & 0xFFFF) + (rest >> 16))  # name and extra field
    info = ZipInfo(member.name)
    info.compress_type, info.compress_size, info.CRC = member.compression, member.compressed_size, member.crc
    info.file_size = member.size + 1  # a byte more than there should be, so that more does not pass unnoticed
    return ZipExtFile(file, "r", info)


class _Piece(io.RawIOBase):
    """A range of a ZIP as a file to read through."""

    def __init__(self, source: Ranged, start: int, stop: int) -> None:
        self._source, self._position, self._stop = source, start, stop

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # Buffer has a name from 3.12 on
        wanted = min(len(buffer), self._stop - self._position)
        found = self._source.read(self._position, self._position + wanted) if wanted > 0 else b""
        buffer[: len(found)] = found
        self._position += len(found)
        return len(found)


class _End(io.RawIOBase):
    """A ZIP as a file that its directory is read from: its end with one request, what is before that with another."""

    def __init__(self, source: Ranged) -> None:
        self._source = source
        self._position = 0
        self._tail_start = max(0, source.size - _TAIL)
        # read here, because zipfile takes any error of a disk for a file that is no ZIP
        self._tail = source.read(self._tail_start, source.size) if source.size else b""

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        position = offset + (self._source.size if whence == io.SEEK_END else 0)
        if position < 0:
            raise OSError("before the start of the file")
        self._position = position
        return position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # Buffer has a name from 3.12 on
        start, stop = self._position, self._position + len(buffer)
        found = self._source.read(start, min(stop, self._tail_start)) if start < self._tail_start else b""
        if stop > self._tail_start:
            found += self._tail[max(0, start - self._tail_start) : stop - self._tail_start]
        buffer[: len(found)] = found
        self._position += len(found)
        return len(found)
