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

Compress = bool | Literal["fast"]

LEVEL: Final = 4
FAST: Final = 1

# HDF5's filter mask: what was left out. Numbers are shuffled and deflated; single bytes are deflated only.
_FIRST, _BOTH = 0b01, 0b11
_SAMPLE: Final = 16 << 10  # bytes, of which a smaller part would say too little about repeating values
_PLANE_SAMPLE: Final = 2 << 10  # bytes, at two places of a plane
_WORTHWHILE: Final = 0.985  # of its size that a plane is compressed to, or else it is stored
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
    HDF5 calls to shuffle, is tried on a sample. Bytes that do not shrink, such as the lower ones of noise, are stored:
    the search for repetitions in them is what takes time.

    Parameters
    ----------
    block : ndarray
        Smaller than `chunk` at the edge of the array; zeros fill it up.
    chunk : tuple of int
    level : int
        Of libdeflate, 1 to 12.

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
    has_shuffle = values.dtype.itemsize > 1
    if has_shuffle and _is_better_shuffled(values, level):
        planes = _shuffled(values)
        stored = _stored_planes(planes, level)
        if stored < len(planes):
            return Filtered(_zlib_stream(planes, stored, level), 0)
    else:
        content = deflate.zlib_compress(values.data.cast("B"), level)
        if len(content) < values.nbytes:
            return Filtered(content, _FIRST if has_shuffle else 0)
    return Filtered(values.data.cast("B"), _BOTH if has_shuffle else _FIRST)


def _shuffled(values: Block) -> npt.NDArray[np.uint8]:
    """The bytes of numbers, those of the same place together: shape (bytes of a number, numbers)."""
    return np.ascontiguousarray(values.view(np.uint8).reshape(-1, values.dtype.itemsize).T)


def _is_better_shuffled(values: Block, level: int) -> bool:
    flat = values.reshape(-1)
    length = _SAMPLE // values.dtype.itemsize
    start = max(len(flat) - length, 0) // 2
    sample = flat[start : start + length]
    return len(deflate.deflate_compress(_shuffled(sample), level)) < len(deflate.deflate_compress(sample.data, level))


def _stored_planes(planes: npt.NDArray[np.uint8], level: int) -> int:
    """How many planes, from the first on, do not shrink."""
    length = planes.shape[1]
    for number, plane in enumerate(planes):
        quarter, three = length // 4, 3 * length // 4
        sample = np.concatenate([plane[quarter : quarter + _PLANE_SAMPLE], plane[three : three + _PLANE_SAMPLE]])
        if len(deflate.deflate_compress(sample, level)) < _WORTHWHILE * len(sample):
            return number
    return len(planes)


def _zlib_stream(planes: npt.NDArray[np.uint8], stored: int, level: int) -> bytes | bytearray:
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
