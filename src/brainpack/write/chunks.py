"""How an array is cut into chunks, and how the chunks reach the file."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import h5py

TARGET_BYTES: Final = 1 << 20
DEFLATE_LEVEL: Final = 4


def chunk_shape(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Cut the slow axes until a chunk is about a megabyte; the fast axes stay whole.

    Parameters
    ----------
    shape : tuple of int
        No axis of length 0.
    itemsize : int
        Bytes per value.

    Returns
    -------
    tuple of int
        At most `TARGET_BYTES` per chunk.

    Examples
    --------
    >>> chunk_shape((10_000, 200, 30), itemsize=4)
    (43, 200, 30)
    """
    chunk = list(shape)
    for axis in range(len(chunk)):
        rest = math.prod(chunk[axis + 1 :]) * itemsize
        chunk[axis] = max(1, min(chunk[axis], TARGET_BYTES // rest))
        if chunk[axis] > 1:
            break
    return tuple(chunk)


def fill(dataset: h5py.Dataset, values: Any) -> None:
    """Store `values`, one chunk at a time and in order.

    Parameters
    ----------
    dataset : h5py.Dataset
    values : array-like of the dataset's shape
        Only one chunk of it is converted or, where it is lazy, in memory at a time.
    """
    for region in _regions(dataset.shape, dataset.chunks or dataset.shape):
        dataset[region] = np.asarray(values[region], dtype=dataset.dtype)


def _regions(shape: tuple[int, ...], chunk: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    starts = (range(0, length, step) for length, step in zip(shape, chunk, strict=True))
    for corner in itertools.product(*starts):
        yield tuple(slice(start, start + step) for start, step in zip(corner, chunk, strict=True))
