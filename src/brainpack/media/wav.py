"""WAV files, whose header says how long they are, in whatever way their samples are encoded.

The standard library reads integer samples only, and FFmpeg reserves as much memory as a damaged header asks for.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brainpack.media.facts import Facts

_FIRST_CHUNK: Final = 12  # behind "RIFF", a size and "WAVE"
_BYTE_RATE: Final = 8  # where it is in the chunk "fmt "
_MOST_CHUNKS: Final = 1_000
_UNKNOWN: Final = 0x7FFFF000  # bytes, or more: what programs write that do not know how much will follow


def look_into_wav(facts: Facts, file: IO[bytes]) -> Facts:
    """Find the duration of a WAV, and whether all of its samples are there."""
    rate, end = 0, facts.size or 0
    for name, start, declared in chunks_of(file, end):
        if name == b"fmt ":
            file.seek(start + _BYTE_RATE)
            (rate,) = struct.unpack("<L", file.read(4))
        if name == b"data" and rate:
            found = min(declared, end - start)
            facts = replace(facts, duration=found / rate)
            if found < declared < _UNKNOWN:
                return replace(facts, damage=f"only {found} of its {declared} bytes of samples are there")
            return facts
    return replace(facts, damage="it does not say what its samples are, or has none")


def chunks_of(file: IO[bytes], end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name of each chunk, where its content starts, and how long that is said to be."""
    start = _FIRST_CHUNK
    for _ in range(_MOST_CHUNKS):
        if start + 8 > end:
            return
        file.seek(start)
        name, size = struct.unpack("<4sL", file.read(8))
        yield name, start + 8, size
        start += 8 + size + size % 2
