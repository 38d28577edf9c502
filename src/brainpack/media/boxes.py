"""The boxes that an MP4 or a MOV is made of, whose sizes say whether the end of the file is there."""

from __future__ import annotations

import os
import struct
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER: Final = 8  # bytes: a size and a name
_LONG_HEADER: Final = 16  # where the size needs 8 bytes
_SIZE_BEHIND: Final = 1  # instead of a size: it follows behind the name
_MOST_BOXES: Final = 10_000


def missing_content(file: IO[bytes]) -> str | None:
    r"""Tell how much of the pictures and sounds was cut off, if any; the file stays at its start.

    A file whose index comes first opens and plays from its start even so.

    Examples
    --------
    >>> import io
    >>> missing_content(io.BytesIO(b"\0\0\0\x0cmdat1234")), missing_content(io.BytesIO(b"\0\0\0\x0cmdat12"))
    (None, 'only 10 of the 12 bytes of its pictures and sounds are there')
    """
    end = file.seek(0, os.SEEK_END)
    damage = None
    for name, start, size in _boxes(file, end):
        if name == b"mdat" and start + size > end:
            damage = f"only {end - start} of the {size} bytes of its pictures and sounds are there"
    file.seek(0)
    return damage


def _boxes(file: IO[bytes], end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name of each box at the top, where it starts, and how many bytes it says it has."""
    start = 0
    for _ in range(_MOST_BOXES):
        file.seek(start)
        header = file.read(_LONG_HEADER)
        if len(header) < _HEADER:
            return
        size, name = struct.unpack_from(">L4s", header)
        if size == _SIZE_BEHIND and len(header) == _LONG_HEADER:
            (size,) = struct.unpack_from(">Q", header, _HEADER)
        if size < _HEADER:  # 0: it reaches to the end of the file
            return
        yield name, start, size
        start += size
        if start >= end:
            return
