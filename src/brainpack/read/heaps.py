"""A look for the damage on which HDF5 hangs instead of reporting an error.

HDF5 keeps references and text of variable length in global heaps, and goes from object to object by the lengths that
it finds there. A length of zero, as where a block of the file was lost, keeps it in one place for ever, and no signal
interrupts it; lengths that lead out of the heap crash older versions. The layout is section III.E of the HDF5 file
format specification, with lengths of 8 bytes, as in every netCDF file.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from brainpack.digest import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

_SIGNATURE: Final = b"GCOL\x01\0\0\0"
_HEAP: Final = struct.Struct("<8sQ")
_OBJECT: Final = struct.Struct("<H6xQ")
_ALIGNMENT: Final = 8


def damaged_heap(file: BinaryIO, besides: ArrayLike = ()) -> int | None:
    """Find a global heap that HDF5 could not walk through.

    Parameters
    ----------
    file : BinaryIO
        Open for reading; read once from its start.
    besides : array_like of int, shape (n, 2)
        Where parts start and end that are known to hold no heap, in any order; they are not read.

    Returns
    -------
    int or None
        Where it is in the file; None where all are sound.
    """
    end = os.fstat(file.fileno()).st_size
    for start in [start for gap in _gaps(np.asarray(besides, dtype=np.int64), end) for start in _heaps(file, *gap)]:
        file.seek(start)
        header = file.read(_HEAP.size)
        length = _HEAP.unpack(header)[1] if len(header) == _HEAP.size else end
        if start + length <= end and not _is_sound(header + file.read(max(0, length - _HEAP.size))):
            return start
    return None


def _gaps(parts: np.ndarray[Any, np.dtype[np.int64]], end: int) -> Iterator[tuple[int, int]]:
    """Yield where there is none of the parts."""
    parts = parts.reshape(-1, 2)
    parts = parts[np.argsort(parts[:, 0])]
    starts = np.concatenate([[0], np.maximum.accumulate(parts[:, 1])])
    stops = np.concatenate([parts[:, 0], [end]])
    for gap in np.flatnonzero(starts < stops):
        yield int(starts[gap]), int(stops[gap])


def _heaps(file: BinaryIO, start: int, stop: int) -> Iterator[int]:
    file.seek(start)
    content = b""
    while block := file.read(min(BLOCK, stop - start)):
        kept = content[-len(_SIGNATURE) + 1 :]  # a signature may lie across two blocks
        content = kept + block
        place = content.find(_SIGNATURE)
        while place >= 0:
            yield start - len(kept) + place
            place = content.find(_SIGNATURE, place + 1)
        start += len(block)


def _is_sound(heap: bytes) -> bool:
    place = _HEAP.size
    while place + _OBJECT.size <= len(heap):
        index, length = _OBJECT.unpack_from(heap, place)
        is_free = index == 0  # then the length counts the header as well
        place += length if is_free else _OBJECT.size + -(-length // _ALIGNMENT) * _ALIGNMENT
        if (is_free and length < _OBJECT.size) or place > len(heap):
            return False
    return True
