"""What the values of an array are like, from one pass over them in pieces of any size and order."""

from __future__ import annotations

import itertools
import math
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from brainpack.content.blocks import block_shape, joined, regions
from brainpack.errors import InvalidData
from brainpack.layout import PRESENTATION
from brainpack.objects.values import natural, plain_data, why_not_storable
from brainpack.progress import progress
from brainpack.validation.magnitudes import LargestMagnitudes, NegativeCodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt
    import xarray as xr

    Block = npt.NDArray[Any]
    Region = tuple[slice, ...]
    Shape = tuple[int, ...]

NEUROID: Final = "neuroid"

_PIECE_BYTES: Final = 1 << 20  # stays in the cache of a core through several passes
_WINDOW_BYTES: Final = 128 << 20  # of a lazy array, computed at a time


class Statistics:
    """Facts about the values of an array, which is given block by block.

    They depend neither on how the array was cut, nor on the order of the blocks. What is missing is NaN, NaT or, among
    texts, None.

    Parameters
    ----------
    dims : tuple of str
        May repeat, as in ("presentation", "presentation").
    shape : tuple of int
        Of the whole array.
    dtype : dtype
        Of all blocks, in any byte order. Of times and texts, only those missing are counted.
    region : tuple of slice, optional
        Where all blocks lie; entries outside of it are left out.
    known : Known, optional
        What need not be found again.

    Attributes
    ----------
    size, missing, infinite : int
        How many values there are, how many are missing, and how many infinite.
    neuroids, presentations : Entries or None
        The same for each of them; None without such a dimension.
    numbers : Numbers or None
        More about numbers and true/false; None for everything else.

    Examples
    --------
    >>> statistics = Statistics(("presentation", "neuroid"), (2, 2), np.dtype("f4"))
    >>> statistics.add((slice(1, 2), slice(0, 2)), np.array([[3, 5]], dtype="f4"))
    >>> statistics.add((slice(0, 1), slice(0, 2)), np.array([[3, np.nan]], dtype="f4"))
    >>> statistics.missing, statistics.neuroids.missing.tolist(), statistics.numbers.lowest.tolist()
    (1, [0, 1], [3.0, 5.0])
    """

    def __init__(
        self,
        dims: tuple[str, ...],
        shape: Shape,
        dtype: np.dtype[Any],
        region: Region | None = None,
        known: Known | None = None,
    ) -> None:
        extents = [slice(0, length) for length in shape] if region is None else region
        self.dims = dims
        self.shape = shape
        self.dtype = dtype
        self.missing = 0
        self.infinite = 0
        self.neuroids = Entries.along(NEUROID, dims, shape, extents)
        self.presentations = Entries.along(PRESENTATION, dims, shape, extents)
        holds_numbers = dtype.kind in "biuf" and why_not_storable(np.empty(0, dtype)) is None
        self.numbers = Numbers(dtype, self.neuroids, self.size, known) if holds_numbers else None

    @classmethod
    def expecting(cls, array: xr.DataArray) -> Statistics:
        """Return statistics that wait for the values of an array, of the type in which a file holds them."""
        return cls._expecting(array, _values(array))

    @classmethod
    def of(cls, array: xr.DataArray) -> Statistics:
        """Look at an array once.

        Parameters
        ----------
        array : DataArray
            Of a lazy one, each chunk is computed once, and as many at a time as fit into 128 MiB.

        Returns
        -------
        Statistics

        Examples
        --------
        >>> import xarray as xr
        >>> statistics = Statistics.of(xr.DataArray([[1.0, 2.0], [1.0, np.inf]], dims=("presentation", "neuroid")))
        >>> statistics.infinite, statistics.numbers.range
        (1, (1.0, 2.0))
        """
        values = _values(array)
        statistics = cls._expecting(array, values)
        for region, block in pieces(values):
            statistics.add(region, block)
        return statistics

    @classmethod
    def _expecting(cls, array: xr.DataArray, values: Any) -> Statistics:
        return cls(tuple(map(str, array.dims)), tuple(values.shape), values.dtype)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def add(self, region: Region, block: Block) -> None:
        """Take the values of one region of the array."""
        block = np.asarray(block, order="C")
        with np.errstate(invalid="ignore", over="ignore"):  # signalling NaN, and what float32 cannot hold
            if block.dtype.kind == "O":
                self._count_missing(region, np.asarray(pd.isna(block)))
            elif block.dtype.kind in "mM":
                self._count_missing(region, np.isnat(block))
            elif self.numbers is not None and block.size:
                self._add_numbers(region, block, self.numbers)

    def look(self, region: Region) -> Callable[[Block], Statistics]:
        """Return who looks at the values of a region, perhaps in another process; `take` takes what it returns."""
        known = None if self.numbers is None else self.numbers.known
        return partial(_looked_at, self.dims, self.shape, self.dtype, region, known)

    def take(self, part: Statistics) -> None:
        """Take what is known of the values of a region."""
        self.missing += part.missing
        self.infinite += part.infinite
        for entries, some in zip(self._entries, part._entries, strict=True):
            if part.missing or part.infinite:
                entries.merge(some)
        if self.numbers is not None and part.numbers is not None:
            self.numbers.merge(part.numbers)

    def _add_numbers(self, region: Region, block: Block, numbers: Numbers) -> None:
        if np.isfinite(block).all():
            numbers.add(region, block)
            return
        self._count_missing(region, np.isnan(block))
        infinite = np.isinf(block)
        if count := int(np.count_nonzero(infinite)):
            self.infinite += count
            for entries in self._entries:
                entries.count(entries.infinite, region, infinite)
            block = np.where(infinite, block.dtype.type(np.nan), block)
        numbers.add(region, block, is_complete=False)

    def _count_missing(self, region: Region, missing: Block) -> None:
        if count := int(np.count_nonzero(missing)):
            self.missing += count
            for entries in self._entries:
                entries.count(entries.missing, region, missing)

    @property
    def _entries(self) -> list[Entries]:
        return [entries for entries in (self.neuroids, self.presentations) if entries is not None]


def _looked_at(
    dims: tuple[str, ...], shape: Shape, dtype: np.dtype[Any], region: Region, known: Known | None, block: Block
) -> Statistics:
    statistics = Statistics(dims, shape, dtype, region, known)
    statistics.add(region, block)
    return statistics


class Entries:
    """How many values are missing or infinite at each entry of a dimension.

    Attributes
    ----------
    axes : tuple of int
        Of the dimension. If it repeats, an entry has the values along each of them.
    first : int
        The entry that is the first here.
    values_each : int
        How many values an entry has.
    missing, infinite : ndarray of int
    """

    def __init__(self, axes: tuple[int, ...], first: int, length: int, values_each: int) -> None:
        self.axes = axes
        self.first = first
        self.values_each = values_each
        self.missing = np.zeros(length, np.int64)
        self.infinite = np.zeros(length, np.int64)

    @classmethod
    def along(cls, dim: str, dims: tuple[str, ...], shape: Shape, region: Sequence[slice]) -> Entries | None:
        """Return the entries of a dimension in a region; None where the array does not have it."""
        axes = tuple(axis for axis, name in enumerate(dims) if name == dim)
        if not axes:
            return None
        length = shape[axes[0]]
        extents = [range(length)[region[axis]] for axis in axes]
        first, last = min(extent.start for extent in extents), max(extent.stop for extent in extents)
        return cls(axes, first, last - first, len(axes) * math.prod(shape) // max(length, 1))

    def __len__(self) -> int:
        return len(self.missing)

    def count(self, counts: Block, region: Region, mask: Block) -> None:
        """Add what is true in a region to the counts of its entries."""
        for axis in self.axes:
            counts[_extent(region, mask, axis, self.first)] += _by_entry(mask, axis).sum(axis=(0, 2))

    def within(self, part: Entries) -> slice:
        """Where the entries of a part are among these."""
        return slice(part.first - self.first, part.first - self.first + len(part))

    def merge(self, part: Entries) -> None:
        self.missing[self.within(part)] += part.missing
        self.infinite[self.within(part)] += part.infinite


class Known(NamedTuple):
    """What is known of numbers, so that others need not find it again: see `Numbers`."""

    are_whole: bool
    fit_float32: bool
    threshold: float
    negative_codes_are_alone: bool


class Numbers:
    """The extremes of numbers, and which types would hold them; infinite ones and NaN are left out.

    Attributes
    ----------
    lowest, highest : ndarray
        Of each neuroid; without neuroids, one of all values. `lowest` is above `highest` where there is no value.
    are_whole : bool
        The dtype is a float, but all values are whole numbers, none missing or infinite.
    fit_float32 : bool
        The dtype is float64, but float32 would hold the same values.
    largest : LargestMagnitudes
    negative : NegativeCodes
    """

    def __init__(self, dtype: np.dtype[Any], neuroids: Entries | None, size: int, known: Known | None) -> None:
        self._dtype = np.dtype(np.uint8) if dtype.kind == "b" else dtype.newbyteorder("=")
        self._neuroids = neuroids
        self._axes: tuple[int | None, ...] = (None,) if neuroids is None else neuroids.axes
        self._first, count = (0, 1) if neuroids is None else (neuroids.first, len(neuroids))
        known = known or Known(dtype.kind == "f", self._dtype == np.float64, 0.0, negative_codes_are_alone=True)
        lower, upper = (
            (-np.inf, np.inf) if dtype.kind == "f" else (np.iinfo(self._dtype).min, np.iinfo(self._dtype).max)
        )
        self.lowest: Block = np.full(count, upper, self._dtype)
        self.highest: Block = np.full(count, lower, self._dtype)
        self.are_whole = known.are_whole
        self.fit_float32 = known.fit_float32
        self.largest = LargestMagnitudes(size, known.threshold)
        self.negative = NegativeCodes(are_alone=known.negative_codes_are_alone)

    @property
    def known(self) -> Known:
        return Known(self.are_whole, self.fit_float32, self.largest.threshold, self.negative.are_alone)

    @property
    def range(self) -> tuple[Any, Any] | None:
        """The lowest and the highest of all; None without any value."""
        if not self.lowest.size:
            return None
        low, high = self.lowest.min().item(), self.highest.max().item()
        return (low, high) if low <= high else None

    def add(self, region: Region, block: Block, *, is_complete: bool = True) -> None:
        """Take at least one value; what is missing or infinite is NaN, if the block is not complete."""
        block = block.astype(self._dtype, copy=False)
        if self.are_whole:
            self.are_whole = bool((np.trunc(block) == block).all())
        if self.fit_float32:
            self.fit_float32 = np.array_equal(block.astype(np.float32), block, equal_nan=not is_complete)
        lower, upper = (np.minimum, np.maximum) if is_complete else (np.fmin, np.fmax)
        for axis in self._axes:
            values = _by_entry(block, axis)
            low, high = _folded(lower, values), _folded(upper, values)
            entries = _extent(region, block, axis, self._first)
            np.fmin(self.lowest[entries], low, out=self.lowest[entries])
            np.fmax(self.highest[entries], high, out=self.highest[entries])
        lowest, highest = float(np.fmin.reduce(low)), float(np.fmax.reduce(high))
        self.largest.add(block, max(-lowest, highest))
        if lowest < 0:
            self.negative.add(block)

    def merge(self, part: Numbers) -> None:
        """Take what was found among other numbers."""
        entries = slice(None)
        if self._neuroids is not None and part._neuroids is not None:
            entries = self._neuroids.within(part._neuroids)
        np.minimum(self.lowest[entries], part.lowest, out=self.lowest[entries])
        np.maximum(self.highest[entries], part.highest, out=self.highest[entries])
        self.are_whole &= part.are_whole
        self.fit_float32 &= part.fit_float32
        self.largest.merge(part.largest)
        self.negative.merge(part.negative)


def _values(array: xr.DataArray) -> Any:
    """Return the values, lazy ones as they are, objects as the type that they share if they share one."""
    values = plain_data(array).variable.data
    if values.dtype.kind != "O":
        return values
    held = np.asarray(values)
    try:
        return natural(held)
    except InvalidData:  # there is a rule about that
        return held


def pieces(values: Any) -> Iterator[tuple[Region, Block]]:
    """Cut an array into blocks of about a megabyte; a lazy one is computed by windows of whole chunks."""
    windows = _windows(values)
    for window in progress(windows, len(windows), " parts", "values"):
        held = np.asarray(values[window or ...])  # of an array without dimensions, `()` would give its value
        if not held.size:
            continue
        for region in regions(held.shape, block_shape(held.shape, max(held.dtype.itemsize, 1), _PIECE_BYTES)):
            outer = (
                slice(whole.start + part.start, whole.start + part.stop)
                for whole, part in zip(window, region, strict=True)
            )
            yield tuple(outer), held[region or ...]


def _windows(values: Any) -> list[Region]:
    """Cut a lazy array along its chunks, so that several make up a window, which dask computes in parallel."""
    chunks: tuple[Shape, ...] | None = getattr(values, "chunks", None)
    if chunks is None:
        return [tuple(slice(0, length) for length in values.shape)]
    most = max(range(len(chunks)), key=lambda axis: len(chunks[axis]), default=None)
    others = math.prod(max(lengths) for axis, lengths in enumerate(chunks) if axis != most)
    longest = _WINDOW_BYTES // max(others * values.dtype.itemsize, 1)
    return [
        *itertools.product(*(joined(lengths, longest if axis == most else 0) for axis, lengths in enumerate(chunks)))
    ]


def _by_entry(block: Block, axis: int | None) -> Block:
    """View a block as (before, entries of the axis, after); without an axis, all values belong to one entry.

    If less lies before than after, all of it is brought before, because numpy is slow where the rows that it reduces
    are short.
    """
    if axis is None:
        return block.reshape(-1, 1, 1)
    before, entries, after = math.prod(block.shape[:axis]), block.shape[axis], math.prod(block.shape[axis + 1 :])
    if before >= after:
        return block.reshape(before, entries, after)
    return np.ascontiguousarray(np.moveaxis(block, axis, -1)).reshape(-1, entries, 1)


def _extent(region: Region, block: Block, axis: int | None, first: int) -> slice:
    """The entries along an axis that a block covers, counted from the first; a region may reach beyond the end."""
    if axis is None:
        return slice(None)
    start = (region[axis].start or 0) - first
    return slice(start, start + block.shape[axis])


def _folded(extreme: np.ufunc, values: Block) -> Block:
    """Reduce (before, entries, after) to the entries.

    Halves are compared with each other: numpy's way of reducing is slow where the rows are short.
    """
    while len(values) > 1:
        half = (len(values) + 1) // 2  # the middle one counts twice, which does no harm to an extreme
        values = extreme(values[:half], values[-half:])
    reduced: Block = extreme.reduce(values[0], axis=-1)
    return reduced
