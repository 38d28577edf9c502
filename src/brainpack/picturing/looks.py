"""The part of an assembly that its page is about: values at positions that are spread evenly, read in bounded time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from brainpack.layout import PRESENTATION, STIMULUS_ID
from brainpack.picturing.distributions import coded, numbers
from brainpack.picturing.sampling import EVENLY, Sample, blocks_touched, evenly, read_at, within_blocks
from brainpack.picturing.texts import plain

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from xarray import DataArray

NEUROID: Final = "neuroid"
TIME_BIN: Final = "time_bin"
_AT_MOST: Final = {NEUROID: 500, TIME_BIN: 120}  # entries of a dimension
_OTHERS: Final = 400
_SMALL: Final = 250_000  # values, of which no neuroid is left out
_OF_A_REGION: Final = 3
_MOST_REGIONS: Final = 200
_REGIONS: Final = ("region", "area", "brain_area", "recording_location", "roi")


_ALONE: Final = 1_000_000  # of the only dimension
_VALUES: Final = 12_000_000  # in memory
_BLOCKS: Final = 64  # of about 16 MB, that are read
_PLURALS: Final = {PRESENTATION: "presentations", NEUROID: "neuroids", TIME_BIN: "time bins", "event": "events"}


@dataclass(frozen=True)
class Look:
    """Some of the values of an assembly.

    Attributes
    ----------
    array : DataArray
        The assembly, whose values may be in its file still.
    dims : tuple of str
    samples : tuple of Sample
        Along each dimension.
    raw : array
        The values there, as they are stored.
    values : array of float64 or None
        The same as numbers; None where they are none.
    note : str
        What the numbers are, where they are not the values themselves.
    units : str
        Of the values; empty where the assembly does not say.
    """

    array: DataArray
    dims: tuple[str, ...]
    samples: tuple[Sample, ...]
    raw: NDArray[Any]
    values: NDArray[np.float64] | None
    note: str
    units: str

    def axis(self, dim: str) -> int | None:
        """Number of the first axis of this dimension."""
        return self.dims.index(dim) if dim in self.dims else None

    def labels(self, name: str, dim: str) -> NDArray[Any] | None:
        """A coordinate of a dimension, at the positions of its sample; None where there is none."""
        found, axis = labels_of(self.array, name, dim), self.axis(dim)
        return None if found is None or axis is None else found[self.samples[axis].positions]

    @property
    def about(self) -> str:
        """What was looked at, in words."""
        return ", ".join(map(str, self.samples)) or "its only value"

    def along(self, *wanted: str) -> NDArray[np.float64] | None:
        """The numbers with the wanted dimensions first, in order, and all others averaged.

        None where a dimension is not there, or the values are no numbers.
        """
        from brainpack.picturing.psth import mean_over

        axes = [self.axis(dim) for dim in wanted]
        if self.values is None or any(axis is None for axis in axes):
            return None
        first = [axis for axis in axes if axis is not None]
        moved = np.moveaxis(self.values, first, range(len(first)))
        others = tuple(range(len(first), moved.ndim))
        return mean_over(moved, others) if others else moved


def look_at(array: DataArray) -> Look:
    """Read the part of an assembly that is shown.

    Presentations are taken stimulus by stimulus, so that all repetitions of those that are taken are there.

    Parameters
    ----------
    array : DataArray
        Its values may be `brainpack.read.in_place.Numbers`.
    """
    dims = tuple(map(str, array.dims))
    stored = array.variable.data
    most = _OTHERS if len(dims) > 1 else _ALONE
    positions = [evenly(length, _AT_MOST.get(dim, most)) for dim, length in zip(dims, array.shape, strict=True)]
    if NEUROID in dims:
        axis = dims.index(NEUROID)
        positions[axis] = _neuroids(array, array.shape[axis])
    if PRESENTATION in dims:
        axis = dims.index(PRESENTATION)
        others = math.prod(len(found) for place, found in enumerate(positions) if place != axis)
        positions[axis] = _presentations(array, axis, _VALUES // max(others, 1))
    positions = _that_are_read_soon(stored, _within_memory(positions))
    has_regions = regions_of(array) is not None
    samples = tuple(
        Sample(found, length, entries(dim), "spread over all regions" if dim == NEUROID and has_regions else EVENLY)
        for dim, found, length in zip(dims, positions, array.shape, strict=True)
    )
    raw = read_at(stored, positions)
    found = numbers(raw)
    values, note = (None, "") if found is None else found
    units = array.attrs.get("units", array.attrs.get("unit", ""))
    return Look(array, dims, samples, raw, values, note, units if isinstance(units, str) else "")


def entries(dim: str, count: int = 2) -> str:
    """What the entries of a dimension are called.

    Examples
    --------
    >>> entries("time_bin"), entries("neuroid", 1), entries("choice")
    ('time bins', 'neuroid', 'entries of choice')
    """
    many = _PLURALS.get(dim)
    if many is None:
        return f"{'entry' if count == 1 else 'entries'} of {plain(dim)}"
    return many.removesuffix("s") if count == 1 else many


def labels_of(array: DataArray, name: str, dim: str) -> NDArray[Any] | None:
    """A coordinate of a dimension; None where there is none of this name."""
    return array[name].values if name in array.coords and array[name].dims == (dim,) else None


def regions_of(array: DataArray) -> tuple[str, NDArray[Any]] | None:
    """Name and values of the coordinate that says in which region a neuroid is; None without one."""
    for name in _REGIONS:
        found = labels_of(array, name, NEUROID)
        if found is not None:
            return name, found
    return None


def _neuroids(array: DataArray, size: int) -> NDArray[np.int64]:
    """Neuroids that are spread evenly, and a few of each region that would have less."""
    positions = evenly(size, size if array.size <= _SMALL else _AT_MOST[NEUROID])
    found = regions_of(array)
    if found is None or len(positions) == size:
        return positions
    codes, names = coded(found[1])
    met = np.bincount(codes[positions][codes[positions] >= 0], minlength=len(names))
    few = np.flatnonzero(met < _OF_A_REGION)[:_MOST_REGIONS]
    members = [np.flatnonzero(codes == region) for region in few]
    return np.unique(np.concatenate([positions, *(each[evenly(len(each), _OF_A_REGION)] for each in members)]))


def _presentations(array: DataArray, axis: int, most: int) -> NDArray[np.int64]:
    size = array.shape[axis]
    ids = labels_of(array, STIMULUS_ID, PRESENTATION)
    if size <= most or ids is None:
        return evenly(size, most)
    codes, found = coded(ids)
    share = most / size
    chosen = np.zeros(len(found), bool)
    chosen[evenly(len(found), max(int(len(found) * share), 1))] = True
    positions = np.flatnonzero((codes >= 0) & chosen[np.maximum(codes, 0)]).astype(np.int64)
    return positions[evenly(len(positions), most)]


def _within_memory(positions: list[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Fewer positions along the longest axes, while all of them are too many."""
    while math.prod(map(len, positions)) > _VALUES:
        longest = max(range(len(positions)), key=lambda axis: len(positions[axis]))
        kept = positions[longest]
        positions[longest] = kept[evenly(len(kept), len(kept) // 2)]
    return positions


def _that_are_read_soon(stored: Any, positions: list[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Positions in fewer blocks of the file, while more would have to be read than there is time for."""
    if isinstance(stored, np.ndarray):
        return positions
    lengths = stored.chunks
    while True:
        blocks = [blocks_touched(found, length) for found, length in zip(positions, lengths, strict=True)]
        if math.prod(blocks) <= _BLOCKS or max(blocks) <= 1:
            return positions
        most = max(range(len(blocks)), key=lambda axis: blocks[axis])
        positions[most] = within_blocks(positions[most], lengths[most], max(blocks[most] * 3 // 4, 1))
