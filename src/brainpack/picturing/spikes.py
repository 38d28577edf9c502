"""Spike times in pictures: a raster of some neurons in a window of time, and how much each of them fires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from brainpack.layout import STIMULUS_ID
from brainpack.picturing.blocks import Figure, Section, Table, Words
from brainpack.picturing.charts import histogram_chart, raster_chart
from brainpack.picturing.coordinates import shown_units
from brainpack.picturing.distributions import coded, histogram
from brainpack.picturing.looks import labels_of
from brainpack.picturing.sampling import Sample, evenly, read_at, within_blocks
from brainpack.picturing.texts import apart, counted, named, number, plain
from brainpack.picturing.values import quantile_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray
    from xarray import DataArray

    from brainpack.picturing.blocks import Block

EVENT: Final = "event"
_NEUROIDS: Final = 40
_TICKS: Final = 4_000
_EVENTS: Final = 8_000_000  # that are read
_BLOCKS: Final = 64
_ONSETS: Final = 60


def spike_section(array: DataArray, extras: Mapping[str, DataArray]) -> Section:
    """Raster, spikes of each neuron, and the table of trials."""
    section = Section("spikes", "Spike times")
    if not array.size:
        section.blocks.append(Words("There are no spikes."))
        return section
    ids = labels_of(array, "neuroid_id", EVENT)
    if array.dtype.kind not in "iuf" or ids is None:
        why = "no coordinate 'neuroid_id' on events" if ids is None else f"values of type {plain(array.dtype)}"
        section.blocks.append(Words(f"There is no raster: {why}.", "Raster"))
    else:
        codes, names = coded(ids)
        section.blocks.extend([_raster(array, codes, names, extras), _per_neuroid(array, codes, names)])
    section.blocks.extend(_trials(extras))
    return section


def _raster(array: DataArray, codes: NDArray[np.int64], names: list[Any], extras: Mapping[str, DataArray]) -> Block:
    counts, most = np.bincount(codes[codes >= 0], minlength=len(names)), _NEUROIDS
    while most > 1 and counts[evenly(len(names), most)].sum() > _EVENTS:  # fewer, but all spikes of these
        most //= 2
    sample = Sample(evenly(len(names), most), len(names), "neuroids")
    wanted = np.zeros(len(names) + 1, bool)
    wanted[sample.positions] = True  # the last place is that of no neuroid, whose number is -1
    stored = array.variable.data
    events = np.flatnonzero(wanted[codes]).astype(np.int64)
    every = len(events)
    events = events[evenly(every, _EVENTS)]
    if not isinstance(stored, np.ndarray):
        events = within_blocks(events, stored.chunks[0], _BLOCKS)
    times, of = np.asarray(read_at(stored, [events]), np.float64), codes[events]
    known = np.isfinite(times)
    times, of = times[known], of[known]
    if not times.size:
        return Words("None of the spike times is a number.", "Raster")
    start, stop = _window(times)
    inside = (times >= start) & (times <= stop)
    times, of = times[inside], of[inside]
    rows = [(named(names[code]), np.sort(times[of == code])) for code in sample.positions.tolist()]
    onsets = _onsets(extras, start, stop)
    lines = f" Vertical lines are the {counted(len(onsets), 'onset')} of stimuli in that window." if onsets else ""
    first, last = apart([start, stop])
    if len(events) < every:
        lines += f" Looked at were {len(events):,} of {every:,} spikes."
    summary = f"{counted(len(times), 'spike')} of {sample}, from {first} to {last} of the recording.{lines}"
    units = array.attrs.get("units", "")
    axis = f"time{shown_units(units if isinstance(units, str) else '')}"
    title = "Raster"
    table = Table(title, ("neuroid", "spikes in the window"), [(name, f"{len(found):,}") for name, found in rows])
    drawn = raster_chart(rows, (start, stop), onsets, axis, (title, summary))
    return Figure(title, drawn, summary, table, "wide")


def _window(times: NDArray[np.float64]) -> tuple[float, float]:
    """From the first spike on, as long as about as many spikes fit in as can be drawn."""
    ordered = np.sort(times)
    last = ordered[min(_TICKS, len(ordered)) - 1]
    return float(ordered[0]), float(last if last > ordered[0] else ordered[0] + 1)


def _onsets(extras: Mapping[str, DataArray], start: float, stop: float) -> list[float]:
    for array in extras.values():
        if array.ndim == 1 and array.dtype.kind in "iuf" and STIMULUS_ID in array.coords and array.size < _EVENTS:
            times = np.asarray(array.variable.data[...], np.float64)
            times = np.sort(times[(times >= start) & (times <= stop)])
            return times.tolist() if len(times) <= _ONSETS else []
    return []


def _per_neuroid(array: DataArray, codes: NDArray[np.int64], names: list[Any]) -> Block:
    timeless = np.zeros(len(codes), bool)
    if array.dtype.kind == "f" and array.size <= _EVENTS:
        timeless = ~np.isfinite(np.asarray(array.variable.data[...]))
    counts = np.bincount(codes[(codes >= 0) & ~timeless], minlength=len(names))
    title = "Spikes per neuroid"
    if not counts.size:
        return Words("No spike names its neuroid.", title)
    found = histogram(counts)
    summary = (f"{counted(int(counts.sum()), 'spike')} of {counted(len(names), 'neuroid')}; median "
               f"{number(float(np.median(counts)))}, {counts.min():,} to {counts.max():,}.")  # fmt: skip
    if missing := int((codes < 0).sum()):
        summary += f" {counted(missing, 'spike')} without a neuroid."
    if timeless.any():
        summary += f" {counted(int(timeless.sum()), 'event')} without a time."
    drawn = histogram_chart(found, title, summary, "spikes", "neuroids")
    return Figure(title, drawn, summary, quantile_table(found, title))


def _trials(extras: Mapping[str, DataArray]) -> Iterator[Block]:
    """The first rows of further arrays with events, such as trials."""
    for name, array in extras.items():
        if array.ndim != 1 or not array.size:
            continue
        dim = str(array.dims[0])
        labels = [str(label) for label, found in array.coords.items() if found.dims == (dim,)][:8]
        values = np.asarray(array.variable.data[slice(0, 10)])
        cells = [values, *(array[label].values[: len(values)] for label in labels)]
        rows = [tuple(map(plain, row)) for row in zip(*cells, strict=True)]
        note = f"The first {len(rows)} of {array.size:,}. {plain(array.attrs.get('description', ''), 200)}".strip()
        yield Table(f"Further array: {plain(name, 60)}", ("value", *map(plain, labels)), rows, note)
