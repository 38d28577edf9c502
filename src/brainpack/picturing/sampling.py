"""Which part of data that are too many is looked at, and how to read it: by positions, spread evenly."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from brainpack.progress import progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Positions = NDArray[np.int64]

EVENLY: Final = "evenly spread"
_GOLDEN: Final = (5**0.5 - 1) / 2


class Stored(Protocol):
    """Values that are read region by region, such as `brainpack.read.in_place.Numbers`."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def chunks(self) -> tuple[tuple[int, ...], ...]:
        """Lengths along each axis of what is best read at a time."""
        ...

    def __getitem__(self, region: Any) -> NDArray[Any]: ...


@dataclass(frozen=True)
class Sample:
    """Some entries of one dimension.

    Attributes
    ----------
    positions : array of int, ascending
    size : int
        Length of the dimension.
    what : str
        What an entry is, in the plural, for instance "neuroids".
    how : str
        Where they are among all.
    """

    positions: Positions
    size: int
    what: str
    how: str = EVENLY

    @property
    def is_all(self) -> bool:
        return len(self.positions) == self.size

    def __str__(self) -> str:
        """Say how many there are of how many.

        Examples
        --------
        >>> print(Sample(evenly(221_168, 500), 221_168, "neuroids"))
        500 of 221,168 neuroids, evenly spread
        """
        if self.is_all:
            return f"all {self.size:,} {self.what}"
        return f"{len(self.positions):,} of {self.size:,} {self.what}, {self.how}"


def evenly(size: int, count: int) -> Positions:
    """Positions spread evenly over a range: one in each of so many stretches of equal length.

    Where in its stretch a position is follows the multiples of the golden ratio, so that data which repeat themselves,
    such as categories in turns, are met at all phases.

    Parameters
    ----------
    size : int
        Length of the range.
    count : int
        How many at most.

    Returns
    -------
    array of int64, ascending, shape (min(size, count),)

    Examples
    --------
    >>> evenly(9, 3).tolist(), evenly(2, 5).tolist(), evenly(0, 5).tolist()
    ([0, 4, 6], [0, 1], [])
    """
    count = max(min(size, count), 0)
    edges = np.arange(count + 1, dtype=np.int64) * size // max(count, 1)
    shares = np.arange(count) * _GOLDEN % 1
    return edges[:-1] + (shares * np.diff(edges)).astype(np.int64)


def within_blocks(positions: Positions, lengths: Sequence[int], most: int) -> Positions:
    """Keep the positions that lie in at most so many blocks, which are spread evenly over those that hold any.

    Parameters
    ----------
    positions : array of int, ascending
    lengths : sequence of int
        Of the blocks, one after the other.
    most : int
        How many blocks may be read.

    Returns
    -------
    array of int64, ascending

    Examples
    --------
    >>> within_blocks(np.arange(8), [2, 2, 2, 2], most=2).tolist()
    [0, 1, 6, 7]
    """
    block = np.searchsorted(np.cumsum(lengths), positions, side="right")
    touched = np.unique(block)
    kept = touched[evenly(len(touched), max(most, 1))]
    return positions[np.isin(block, kept)]


def blocks_touched(positions: Positions, lengths: Sequence[int]) -> int:
    """How many blocks hold a position.

    Examples
    --------
    >>> blocks_touched(np.array([0, 1, 7]), [4, 4, 4])
    2
    """
    return len(np.unique(np.searchsorted(np.cumsum(lengths), positions, side="right")))


def read_at(values: Stored | NDArray[Any], positions: Sequence[Positions]) -> NDArray[Any]:
    """Read the values at some positions along each axis; no more than one block is in memory beside the result.

    Parameters
    ----------
    values : Stored or array
    positions : sequence of arrays of int, ascending
        One for each axis.

    Returns
    -------
    array
        Its shape is the number of positions along each axis.

    Examples
    --------
    >>> read_at(np.arange(12).reshape(3, 4), [np.array([0, 2]), np.array([1, 3])]).tolist()
    [[1, 3], [9, 11]]
    """
    if isinstance(values, np.ndarray):
        return values[np.ix_(*positions)] if positions else values
    result = np.empty([len(places) for places in positions], values.dtype)
    if not positions:
        result[()] = values[()]
        return result
    pieces = [[*_pieces(places, lengths)] for places, lengths in zip(positions, values.chunks, strict=True)]
    blocks = [*product(*pieces)]
    for piece in progress(blocks, len(blocks), " parts", "values"):
        read = values[tuple(region for _, region, _ in piece)]
        result[tuple(into for into, _, _ in piece)] = read[np.ix_(*(inside for _, _, inside in piece))]
    return result


def _pieces(positions: Positions, lengths: Iterable[int]) -> Iterable[tuple[slice, slice, Positions]]:
    """For each block: where its positions are in the result, what to read for them, and where they are in that."""
    start = first = 0
    for length in lengths:
        last = int(np.searchsorted(positions, start + length))
        if last > first:
            here = positions[first:last]
            yield slice(first, last), slice(int(here[0]), int(here[-1]) + 1), here - here[0]
        start, first = start + length, last
