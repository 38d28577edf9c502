"""How an array is cut into blocks that follow each other in C order."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    Shape = tuple[int, ...]
    Region = tuple[slice, ...]


def block_shape(shape: Shape, itemsize: int, target: int) -> Shape:
    """Cut the slow axes until a block has at most `target` bytes; the fast axes stay whole.

    Parameters
    ----------
    shape : tuple of int
    itemsize : int
        Bytes per value.
    target : int
        Bytes; at least `itemsize`.

    Returns
    -------
    tuple of int

    Examples
    --------
    >>> block_shape((10_000, 200, 30), itemsize=4, target=1 << 20)
    (43, 200, 30)
    """
    block = list(shape)
    for axis in range(len(block)):
        rest = math.prod(block[axis + 1 :]) * itemsize
        block[axis] = max(1, min(block[axis], target // max(rest, 1)))
        if block[axis] > 1:
            break
    return tuple(block)


def regions(shape: Shape, block: Shape) -> Iterator[Region]:
    """The blocks of an array, in C order; those at its edge are smaller.

    Examples
    --------
    >>> [region[0].indices(5)[:2] for region in regions((5,), (2,))]
    [(0, 2), (2, 4), (4, 5)]
    """
    starts = (range(0, length, step) for length, step in zip(shape, block, strict=True))
    for corner in itertools.product(*starts):
        yield tuple(slice(start, start + step) for start, step in zip(corner, block, strict=True))


def block_count(shape: Shape, block: Shape) -> int:
    """Number of blocks of an array.

    Examples
    --------
    >>> block_count((5, 4), (2, 4))
    3
    """
    return math.prod(-(-length // step) for length, step in zip(shape, block, strict=True))


def joined(lengths: Shape, longest: int) -> list[slice]:
    """Join pieces that follow each other along an axis while they are not too long together.

    >>> joined((3, 1, 2, 7, 1), longest=4)
    [slice(0, 4, None), slice(4, 6, None), slice(6, 13, None), slice(13, 14, None)]
    """
    found = [slice(0, lengths[0])]
    for length in lengths[1:]:
        last = found[-1]
        if last.stop + length - last.start <= longest:
            found[-1] = slice(last.start, last.stop + length)
        else:
            found.append(slice(last.stop, last.stop + length))
    return found
