"""How an array is cut: into the chunks of the file, and a lazy one into what is computed at a time."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, Final

from brainpack.content.blocks import block_shape, joined
from brainpack.content.values import BLOCK_BYTES
from brainpack.notices import warn
from brainpack.workers import LazyBlock

if TYPE_CHECKING:
    from collections.abc import Iterator

    Region = tuple[slice, ...]

TARGET_BYTES: Final = BLOCK_BYTES  # so that each chunk of numbers has a digest of its own
_TOO_OFTEN: Final = 2  # times that steps of a computation are made
TOGETHER: Final = 16 << 20  # bytes of small lazy chunks that are computed at a time


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
    return block_shape(shape, itemsize, TARGET_BYTES)


def band_lengths(chunks: tuple[tuple[int, ...], ...], itemsize: int) -> tuple[tuple[int, ...], ...]:
    """Join the chunks of a lazy array so that what is computed at a time follows each other in C order.

    Parameters
    ----------
    chunks : tuple of tuple of int
        Lengths along each axis.
    itemsize : int
        Bytes per value.

    Returns
    -------
    tuple of tuple of int
        Each block consists of whole chunks, so none is computed twice. Small ones are joined to 16 MiB.

    Examples
    --------
    >>> band_lengths(((10, 10, 5), (30, 30)), itemsize=1 << 14)
    ((10, 15), (60,))
    >>> band_lengths(((1, 1), (4, 4, 4), (50, 50)), itemsize=1 << 20)
    ((1, 1), (4, 4, 4), (100,))
    """
    for axis, lengths in enumerate(chunks):
        rest = max(math.prod(map(sum, chunks[axis + 1 :])) * itemsize, 1)
        if max(lengths) > 1 or rest <= TOGETHER or axis == len(chunks) - 1:
            pieces = tuple(piece.stop - piece.start for piece in joined(lengths, TOGETHER // rest))
            return (*chunks[:axis], pieces, *((sum(whole),) for whole in chunks[axis + 1 :]))
    return ()


def bands(values: Any) -> Iterator[tuple[Region, LazyBlock]]:
    """Cut a lazy array into regions that follow each other in C order, and that are computed one by one.

    Parameters
    ----------
    values : dask array

    Yields
    ------
    (tuple of slice, LazyBlock)
        Of whole chunks of the array, so that each is computed once.
    """
    from dask.base import optimize
    from dask.optimization import cull

    lengths = band_lengths(values.chunks, values.dtype.itemsize)
    (cut,) = optimize(values.rechunk(lengths))
    graph = dict(cut.__dask_graph__())
    bounds = [[slice(*ends) for ends in itertools.pairwise(itertools.accumulate(axis, initial=0))] for axis in lengths]
    steps = 0
    for index in itertools.product(*(range(len(axis)) for axis in lengths)):
        key = (cut.name, *index)
        needed, _ = cull(graph, [key])
        steps += len(needed)
        yield tuple(axis[place] for axis, place in zip(bounds, index, strict=True)), LazyBlock(needed, key)
    if steps > _TOO_OFTEN * len(graph):
        warn(
            f"the lazy values took {steps:,} steps instead of {len(graph):,}, because what several of their blocks "
            "need, such as a mean over all, was computed for each of them; compute it before: array.mean().compute()"
        )
