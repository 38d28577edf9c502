"""What is where in an assembly: its dimensions, its coordinates, and how often its stimuli were shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from brainpack.layout import PRESENTATION, STIMULUS_ID
from brainpack.picturing.blocks import Figure, Section, Table, Words
from brainpack.picturing.charts import bar_chart, histogram_chart
from brainpack.picturing.distributions import coded, frequencies, histogram
from brainpack.picturing.looks import NEUROID, labels_of, regions_of
from brainpack.picturing.texts import BY, clipped, counted, named, number, percent, plain, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xarray import DataArray

    from brainpack.picturing.blocks import Block

_MOST_COORDINATES: Final = 120
_MOST_ATTRIBUTES: Final = 40
_BARS: Final = 12
_EXAMPLE: Final = 28  # characters


def what_is_where(array: DataArray, extras: Mapping[str, DataArray]) -> Section:
    """Tables of dimensions, coordinates, attributes and further arrays."""
    section = Section("what", "What is where")
    dims = [
        (str(dim), f"{length:,}", ", ".join(str(name) for name, found in array.coords.items() if found.dims == (dim,)))
        for dim, length in zip(array.dims, array.shape, strict=True)
    ]
    rows = [(plain(dim), length, plain(names) or "none") for dim, length, names in dims]
    memory = array.variable.size * array.dtype.itemsize
    note = f"Values are {plain(array.dtype)}, {size(memory)} in memory."
    section.blocks.append(Table("Dimensions", ("dimension", "length", "coordinates"), rows, note))
    section.blocks.append(_coordinates(array))
    section.blocks.extend(_attributes(array))
    section.blocks.extend(_extras(extras))
    return section


def _coordinates(array: DataArray) -> Table:
    dims = [str(dim) for dim in array.dims]
    found = sorted(
        array.coords.items(),
        key=lambda item: dims.index(str(item[1].dims[0])) if item[1].dims and str(item[1].dims[0]) in dims else -1,
    )
    rows = [_coordinate(str(name), label) for name, label in found[:_MOST_COORDINATES]]
    more = f"{len(found) - len(rows)} more coordinates are not shown." if len(found) > len(rows) else ""
    return Table("Coordinates", ("coordinate", "dimension", "type", "distinct", "missing", "examples"), rows, more)


def _coordinate(name: str, label: DataArray) -> tuple[str, ...]:
    values = label.values
    found = frequencies(values, 3)
    first = coded(values)[1][:3] if found.distinct else []
    kind = "text" if any(isinstance(value, str) for value in first[:1]) else str(values.dtype)
    examples = ", ".join(plain(value, _EXAMPLE) for value in first)
    dims = plain(", ".join(map(str, label.dims))) or "none"
    return plain(name, 60), dims, plain(kind), f"{found.distinct:,}", f"{found.missing:,}", examples


def _attributes(array: DataArray) -> Iterator[Block]:
    rows = [(plain(name, 60), plain(value, 400)) for name, value in [*array.attrs.items()][:_MOST_ATTRIBUTES]]
    if rows:
        more = len(array.attrs) - len(rows)
        yield Table("Attributes", ("attribute", "value"), rows, f"{more} more are not shown." if more else "")


def _extras(extras: Mapping[str, DataArray]) -> Iterator[Block]:
    rows = []
    for name, array in [*extras.items()][:_MOST_ATTRIBUTES]:
        lengths = f" {BY} ".join(f"{length:,} {dim}" for dim, length in zip(array.dims, array.shape, strict=True))
        coordinates = plain(", ".join(map(str, array.coords)))
        about = plain(array.attrs.get("description", ""), 200)
        rows.append((plain(name, 60), plain(lengths) or "one value", plain(array.dtype), coordinates, about))
    if rows:
        yield Table("Further arrays in the file", ("name", "dimensions", "type", "coordinates", "description"), rows)


def neuroids_by_region(array: DataArray) -> Block | None:
    """Bars of how many neuroids there are in each region; None for an assembly without neuroids."""
    if NEUROID not in array.dims:
        return None
    found = regions_of(array)
    total = array.shape[array.dims.index(NEUROID)]
    if found is None:
        return Words(f"The {counted(total, 'neuroid')} have no coordinate 'region', so they are shown as one group.")
    name, values = found
    counts = frequencies(values, _BARS)
    names = [named(value) for value in counts.values]
    numbers_ = list(counts.counts)
    if counts.others:
        names, numbers_ = [*names, f"{counts.distinct - len(names)} others"], [*numbers_, counts.others]
    rest = f" {counted(counts.missing, 'neuroid')} without one." if counts.missing else ""
    summary = f"{counted(total, 'neuroid')} in {counted(counts.distinct, 'region')} (coordinate '{name}').{rest}"
    rows = [(name, f"{count:,}", percent(count, total)) for name, count in zip(names, numbers_, strict=True)]
    drawn = bar_chart(names, numbers_, "Neuroids by region", summary)
    table = Table("Neuroids by region", ("region", "neuroids", "share"), rows)
    return Figure("Neuroids by region", drawn, summary, table)


def repetitions(array: DataArray) -> Block | None:
    """Histogram of how often each stimulus was shown; None for an assembly without presentations."""
    if PRESENTATION not in array.dims:
        return None
    ids = labels_of(array, STIMULUS_ID, PRESENTATION)
    if ids is None:
        return Words("Presentations have no coordinate 'stimulus_id', so nothing is known of repetitions.")
    codes, found = coded(ids)
    if not found:
        return Words("No presentation names its stimulus, so nothing is known of repetitions.")
    counts = np.bincount(codes[codes >= 0], minlength=len(found))
    shown = histogram(counts)
    low, high = int(counts.min()), int(counts.max())
    times = f"{low:,} times" if low == high else f"{low:,} to {high:,} times"
    times = "once" if low == high == 1 else times
    stimuli = counted(len(found), "stimulus", "stimuli")
    median = number(float(np.median(counts)))
    summary = f"{stimuli} in {counted(len(ids), 'presentation')}, each shown {times}; median {median}."
    if missing := int((codes < 0).sum()):
        summary += f" {counted(missing, 'presentation')} without a stimulus."
    drawn = histogram_chart(shown, "Repetitions per stimulus", summary, "presentations of a stimulus", "stimuli")
    values, times_shown = np.unique(counts, return_counts=True)
    rows = [(f"{value:,}", f"{count:,}") for value, count in zip(values[:40], times_shown[:40], strict=True)]
    more = len(values) - len(rows)
    note = f"{more:,} more numbers of presentations are not shown." if more else ""
    table = Table("Repetitions per stimulus", ("presentations", "stimuli"), rows, note)
    return Figure("Repetitions per stimulus", drawn, summary, table)


def shown_units(units: str) -> str:
    """Units behind a name, in brackets."""
    return f" ({clipped(plain(units), 24)})" if units.strip() else ""
