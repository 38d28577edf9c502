"""One chunk -> the bytes that a netCDF-4 file stores for it: byte shuffle and deflate, each where it helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import deflate
import numpy as np

from brainpack.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Block = npt.NDArray[Any]
    Bytes = npt.NDArray[np.uint8]

Compress = bool | Literal["fast"]

LEVEL: Final = 4
FAST: Final = 1
_LEVEL_OF_REPEATED: Final = 2  # numbers, which become far smaller than by sorting their bytes
_LEVELS_OF_LITTLE: Final = ((1 / 16, 7), (1 / 6, 6))  # what is left of a sample, at most

# HDF5's filter mask: what was left out. Numbers are shuffled and deflated; single bytes are deflated only.
_FIRST, _BOTH = 0b01, 0b11
_SAMPLE: Final = 16 << 10  # bytes, of which a smaller part would say too little about repeating values
_PLANE_SAMPLE: Final = 2 << 10  # bytes, at two places of a plane
_WORTHWHILE: Final = 0.985  # of its size that a plane is compressed to, or else it is stored
_CLEARLY: Final = 0.9  # of the size of texts in rows, which are faster to read
_ZLIB_HEADER: Final = b"\x78\x5e"
_LONGEST_STORED: Final = 0xFFFF


class Filtered(NamedTuple):
    """What HDF5 takes for a chunk.

    Attributes
    ----------
    content : bytes-like
    mask : int
        A bit for each filter that was left out.
    """

    content: bytes | bytearray | memoryview
    mask: int


def level_of(compress: Compress) -> int | None:
    """Level of libdeflate; None for values that are stored as they are.

    Raises
    ------
    SettingsError
        `compress` is something else.
    """
    if isinstance(compress, str) and compress == "fast":
        return FAST
    if isinstance(compress, (bool, np.bool_)):
        return LEVEL if compress else None
    raise SettingsError(f"compress is {compress!r}; expected True, False or 'fast'")


def filtered(block: Block, chunk: tuple[int, ...], level: int) -> Filtered:
    r"""Filter one chunk, by the value of its bytes alone.

    The zlib that HDF5 would use is another one on every system; libdeflate comes with its Python package, so that
    the same data give the same bytes everywhere. Whether the bytes of numbers are sorted by their place, which is what
    HDF5 calls to shuffle, is tried on a sample, which also tells how hard to try. Bytes that do not shrink, such as the
    lower ones of noise, are stored: the search for repetitions in them is what takes time.

    Parameters
    ----------
    block : ndarray
        Smaller than `chunk` at the edge of the array; zeros fill it up.
    chunk : tuple of int
    level : int
        Of libdeflate. `LEVEL` stands for 2 to 7, whatever suits the values.

    Returns
    -------
    Filtered

    Examples
    --------
    >>> import zlib
    >>> content, mask = filtered(np.array([1, 2], dtype="<i2"), (1000,), level=4)
    >>> zlib.decompress(content)[:3], mask
    (b'\x01\x02\x00', 0)
    """
    if block.shape != chunk:
        block = np.pad(block, [(0, full - part) for full, part in zip(chunk, block.shape, strict=True)])
    values = np.ascontiguousarray(block)
    raw = values.reshape(-1).view(np.uint8)
    itemsize = values.dtype.itemsize
    trial = _tried(raw, itemsize)
    level = _suitable(level, trial, itemsize)
    if trial.is_shuffled:
        planes = _shuffled(raw, itemsize)
        stored = _stored_planes(planes)
        content = _zlib_stream(planes, stored, level) if stored < itemsize else raw.data
    else:
        content = deflate.zlib_compress(raw, level)
    if len(content) < len(raw):
        return Filtered(content, 0 if trial.is_shuffled or itemsize == 1 else _FIRST)
    return Filtered(raw.data, _BOTH if itemsize > 1 else _FIRST)


def is_better_transposed(letters: Block) -> bool:
    """Whether texts are compressed clearly better when each of their letters is kept with those of the same place.

    Parameters
    ----------
    letters : ndarray of S1, shape (texts, bytes)

    Examples
    --------
    >>> ids = np.array([b"unit_" + str(7919 * number % 1000).zfill(3).encode() for number in range(1000)])
    >>> is_better_transposed(ids.view("S1").reshape(1000, 8))
    True
    """
    raw = np.ascontiguousarray(letters).view(np.uint8)
    transposed = len(deflate.deflate_compress(np.ascontiguousarray(raw.T), FAST))
    return transposed < _CLEARLY * len(deflate.deflate_compress(raw, FAST))


class _Trial(NamedTuple):
    """What a sample of a chunk becomes: which way is better, and which part of its bytes is left."""

    is_shuffled: bool
    share: float


def _tried(raw: Bytes, itemsize: int) -> _Trial:
    length = _SAMPLE // itemsize * itemsize
    start = max(len(raw) - length, 0) // 2 // itemsize * itemsize
    sample = raw[start : start + length]
    as_it_is = len(deflate.deflate_compress(sample, FAST))
    shuffled = as_it_is if itemsize == 1 else len(deflate.deflate_compress(_shuffled(sample, itemsize), FAST))
    return _Trial(shuffled < as_it_is, min(shuffled, as_it_is) / len(sample))


def _suitable(level: int, trial: _Trial, itemsize: int) -> int:
    """The level of libdeflate: the less is left of the bytes, the longer each of those can take."""
    if level != LEVEL:
        return level
    for most, higher in _LEVELS_OF_LITTLE:
        if trial.share <= most:
            return higher
    return LEVEL if trial.is_shuffled or itemsize == 1 else _LEVEL_OF_REPEATED


def _shuffled(raw: Bytes, itemsize: int) -> Bytes:
    """The bytes of numbers, those of the same place together: shape (bytes of a number, numbers)."""
    return np.ascontiguousarray(raw.reshape(-1, itemsize).T)


def _stored_planes(planes: Bytes) -> int:
    """How many planes, from the first on, do not shrink."""
    length = planes.shape[1]
    for number, plane in enumerate(planes):
        quarter, three = length // 4, 3 * length // 4
        sample = np.concatenate([plane[quarter : quarter + _PLANE_SAMPLE], plane[three : three + _PLANE_SAMPLE]])
        if len(deflate.deflate_compress(sample, FAST)) < _WORTHWHILE * len(sample):
            return number
    return len(planes)


def _zlib_stream(planes: Bytes, stored: int, level: int) -> bytes | bytearray:
    """A stream after RFC 1950 and 1951 that begins with stored blocks; every inflate reads it."""
    if not stored:
        return deflate.zlib_compress(planes, level)
    checksum = deflate.adler32(planes).to_bytes(4, "big")
    rest = deflate.deflate_compress(planes[stored:], level)
    return b"".join([_ZLIB_HEADER, *_stored_blocks(planes[:stored].data.cast("B")), rest, checksum])


def _stored_blocks(content: memoryview) -> Iterator[bytes | memoryview]:
    for start in range(0, len(content), _LONGEST_STORED):
        part = content[start : start + _LONGEST_STORED]
        yield b"\0" + len(part).to_bytes(2, "little") + (len(part) ^ 0xFFFF).to_bytes(2, "little")
        yield part
