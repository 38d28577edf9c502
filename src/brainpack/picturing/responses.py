"""Responses in pictures: over time, how reliable they are, and which stimuli they are strongest to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from brainpack.layout import PRESENTATION, STIMULUS_ID
from brainpack.picturing.blocks import Figure, Sheet, Table, Thumbnail, Words
from brainpack.picturing.charts import LINES, histogram_chart, psth_chart
from brainpack.picturing.coordinates import shown_units
from brainpack.picturing.distributions import coded, histogram
from brainpack.picturing.looks import NEUROID, TIME_BIN, regions_of
from brainpack.picturing.psth import best_stimuli, by_stimulus, psth
from brainpack.picturing.reliability import SEED, split_half, splits_for
from brainpack.picturing.svg import element
from brainpack.picturing.texts import counted, named, number, percent, plain
from brainpack.picturing.thumbnails import glance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from brainpack.picturing.blocks import Block
    from brainpack.picturing.looks import Look
    from brainpack.picturing.material import Stimuli

    Floats = NDArray[np.float64]

_BEST: Final = 6
_ROWS: Final = 40  # regions in a table
_HALF: Final = 0.5  # of the variance comes again
_BEST_REGIONS: Final = 8
_ALL: Final = "all neuroids"


def groups_of(look: Look) -> tuple[NDArray[np.int64], list[str]]:
    """Number of the region of each neuroid that is looked at, and the names of these; one group without regions."""
    positions = look.samples[look.dims.index(NEUROID)].positions
    found = regions_of(look.array)
    if found is None:
        return np.zeros(len(positions), np.int64), [_ALL]
    codes, names = coded(found[1][positions])
    return codes, [named(name) for name in names]


def over_time(look: Look) -> Block | None:
    """Peristimulus time histograms by region; None without time bins."""
    responses = look.along(PRESENTATION, NEUROID, TIME_BIN)
    if responses is None or not responses.size:
        return None
    codes, names = groups_of(look)
    order = np.argsort(-np.bincount(codes[codes >= 0], minlength=len(names)), kind="stable")[:LINES]
    in_time, times, axis = _times(look)
    found = psth(responses[:, :, in_time], codes)
    curves = [(names[group], found[group]) for group in sorted(order.tolist()) if group in found]
    title = "Response over time"
    if not any(np.isfinite(one.mean).any() for _, one in curves):
        return Words(f"No response in {look.about} is a number.", title)
    more = f" The {len(curves)} regions with most neuroids of {len(names)}." if len(names) > len(curves) else ""
    peaks = "; ".join(
        f"{name} peaks at {number(times[int(np.nanargmax(one.mean))])}"
        for name, one in curves
        if np.isfinite(one.mean).any()
    )
    summary = f"Mean and standard error over neuroids of their mean over presentations. {peaks}. Of {look.about}.{more}"
    value = f"{look.note or 'response'}{shown_units('' if look.note else look.units)}"
    drawn = psth_chart(curves, times, (axis, value), title, summary)
    header = (axis, *(f"{name}: {what}" for name, _ in curves for what in ("mean", "SEM")))
    rows = [
        (number(time), *(number(float(side[place])) for _, one in curves for side in (one.mean, one.sem)))
        for place, time in enumerate(times)
    ]
    neuroids = ", ".join(f"{name} {one.neuroids:,}" for name, one in curves)
    return Figure(title, drawn, summary, Table(title, header, rows, f"Neuroids: {neuroids}."))


def _times(look: Look) -> tuple[NDArray[np.int64], list[float], str]:
    """Order of time bins, the centre of each, or else its number, and what these are called."""
    start, end = look.labels("time_bin_start", TIME_BIN), look.labels("time_bin_end", TIME_BIN)
    if start is not None and end is not None and start.dtype.kind in "iuf" and end.dtype.kind in "iuf":
        centres = (start.astype(np.float64) + end.astype(np.float64)) / 2
        order = np.argsort(centres, kind="stable")
        if np.isfinite(centres).all() and (np.diff(centres[order]) > 0).all():
            units = look.array["time_bin_start"].attrs.get("units", "")
            name = f"centre of the time bin{shown_units(units if isinstance(units, str) else '')}"
            return order, centres[order].tolist(), name
    numbers = look.samples[look.dims.index(TIME_BIN)].positions
    return np.arange(len(numbers)), numbers.astype(float).tolist(), "number of the time bin"


def reliability(look: Look) -> Block | None:
    """Histogram of the split-half reliability of neuroids; None where there are none."""
    responses, title = look.along(PRESENTATION, NEUROID), "Split-half reliability"
    ids = look.labels(STIMULUS_ID, PRESENTATION)
    if responses is None or not responses.size or ids is None:
        return None
    splits = splits_for(responses.size)
    found = split_half(responses, coded(ids)[0], splits)
    known = found[~np.isnan(found)]
    how = (
        "Pearson's correlation across stimuli of the means of two random halves of the presentations, averaged over "
        f"{splits} splits (seed {SEED}), corrected to full length by r' = 2r/(1+|r|) (Spearman 1910; Brown 1910)"
    )
    mean = ", responses averaged over time bins" if TIME_BIN in look.dims else ""
    if not known.size:
        return Words(f"It cannot be computed for any of {look.about}: at least three stimuli have to be shown more "
                     "than once, and responses have to vary.", title)  # fmt: skip
    shown = histogram(found)
    summary = f"Median {number(float(np.median(known)))} over {counted(known.size, 'neuroid')}, "
    summary += f"{percent(float((known > _HALF).sum()), known.size)} above {_HALF}. {how}{mean}. Of {look.about}."
    if missing := found.size - known.size:
        summary += f" Undefined for {counted(missing, 'neuroid')}."
    drawn = histogram_chart(shown, title, summary, "reliability", "neuroids")
    codes, names = groups_of(look)
    rows = []
    for group, name in enumerate(names[:_ROWS]):
        of_group = found[(codes == group) & ~np.isnan(found)]
        if of_group.size:
            low, middle, high = (number(float(value)) for value in np.quantile(of_group, (0.25, 0.5, 0.75)))
            rows.append((name, f"{of_group.size:,}", low, middle, high))
    more = f"{len(names) - _ROWS:,} more regions are not shown. " if len(names) > _ROWS else ""
    without = int(((codes < 0) & ~np.isnan(found)).sum())
    more += f"{counted(without, 'neuroid')} without a region." if without else ""
    table = Table(title, ("region", "neuroids", "25 % quantile", "median", "75 % quantile"), rows, more.strip())
    return Figure(title, drawn, summary, table)


def best(look: Look, stimuli: Stimuli | None) -> Iterator[Block]:
    """The stimuli that each region answers most."""
    responses, ids = look.along(PRESENTATION, NEUROID), look.labels(STIMULUS_ID, PRESENTATION)
    if responses is None or not responses.size or ids is None:
        return
    codes, found = coded(ids)
    means = by_stimulus(responses, codes)
    groups, names = groups_of(look)
    rows = {} if stimuli is None else {one: row for row, one in enumerate(stimuli.ids)}
    for group, name in [*enumerate(names)][:_BEST_REGIONS]:
        top = best_stimuli(means[:, groups == group], _BEST)
        if not top:
            continue
        thumbnails = [_thumbnail(found[place], score, stimuli, rows) for place, score in top]
        neuroids = counted(int((groups == group).sum()), "neuroid")
        summary = f"Mean over {neuroids} of the response to a stimulus, each in units of its standard deviation over "
        summary += f"{counted(len(found), 'stimulus', 'stimuli')}."
        yield Sheet(f"Best stimuli: {name}", thumbnails, summary)
    if len(names) > _BEST_REGIONS:
        yield Words(f"{len(names) - _BEST_REGIONS} more regions are not shown.")


def _thumbnail(stimulus_id: Any, score: float, stimuli: Stimuli | None, rows: dict[Any, int]) -> Thumbnail:
    name, note = plain(stimulus_id), f"{score:+.2f} SD"
    if stimuli is None or stimulus_id not in rows:
        return Thumbnail(name, element("span", "its file is not available", class_="excerpt"), note)
    return Thumbnail(name, glance(stimuli.read(rows[stimulus_id]), name).picture, note)
