"""Figures of numbers: histograms, bars, curves and rasters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from brainpack.picturing.svg import (
    WIDTH,
    Scale,
    bottom_axis,
    box,
    drawing,
    element,
    fitted,
    label,
    left_axis,
    line,
    short,
    tick,
    width_of,
)
from brainpack.picturing.texts import apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from brainpack.picturing.distributions import Histogram
    from brainpack.picturing.psth import Psth

LINES: Final = 6  # curves that can be told apart in one figure
_LEFT: Final = 56
_RIGHT: Final = WIDTH - 14
_TOP: Final = 34
_BAR: Final = 24
_GAP: Final = 1.0
_NAMED: Final = 24  # rows of a raster; of more, every other one has a name


def histogram_chart(found: Histogram, title: str, summary: str, name: str, count: str = "values") -> Markup:
    """Draw a histogram with the median and the middle half marked.

    Parameters
    ----------
    found : Histogram
    title, summary : str
    name : str
        Of the horizontal axis, with units.
    count : str
        Of the vertical axis.
    """
    bottom = 196.0
    room = 1.0 if found.is_whole and len(found.counts) == 1 else 0.0
    x = Scale(float(found.edges[0]) - room, float(found.edges[-1]) + room, _LEFT, _RIGHT)
    ticks = x.ticks(smallest=1.0 if found.is_whole else 0.0)
    if found.minimum == found.maximum and not found.is_whole:  # around the only value
        ticks = [found.minimum]
    y = Scale(0.0, float(max(found.counts.max(initial=0), 1)), bottom, _TOP)
    parts = left_axis(y, _LEFT, _RIGHT, count)
    for start, stop, height in zip(found.edges[:-1], found.edges[1:], found.counts.tolist(), strict=True):
        if height:
            left, right = x(float(start)), x(float(stop))
            top = min(y(height), bottom - 1)
            parts.append(box(left + _GAP / 2, top, max(right - left - _GAP, 0.5), bottom - top, "bar"))
    low, median, high = (float(found.quantiles[place]) for place in (1, 2, 3))
    if found.finite:
        parts += [line(x(low), bottom + 1.5, x(high), bottom + 1.5, "middle-half")]
        parts += [line(x(median), _TOP - 6, x(median), bottom, "median")]
        anchor = "end" if x(median) > _RIGHT - 90 else "start"
        offset = -5 if anchor == "end" else 5
        parts += [label(f"median {tick(median)}", x(median) + offset, _TOP - 2, anchor, "remark")]
    return drawing(title, summary, 240, [*parts, *bottom_axis(x, bottom, name, ticks)])


def small_histogram(found: Histogram, title: str, summary: str) -> Markup:
    """Draw a histogram without more than its ends."""
    width, bottom = 240.0, 72.0
    x = Scale(float(found.edges[0]), float(found.edges[-1]), 2, width - 2)
    y = Scale(0.0, float(max(found.counts.max(initial=0), 1)), bottom, 6)
    parts = [
        box(x(float(start)) + _GAP / 2, min(y(height), bottom - 1), max(x(float(stop)) - x(float(start)) - _GAP, 0.5),
            bottom - min(y(height), bottom - 1), "bar")
        for start, stop, height in zip(found.edges[:-1], found.edges[1:], found.counts.tolist(), strict=True)
        if height
    ]  # fmt: skip
    parts.append(line(2, bottom, width - 2, bottom, "axis"))
    if found.finite:
        low, high = apart([found.minimum, found.maximum], tick)
        parts += [
            label(low, 2, bottom + 16, "start"),
            label(high, width - 2, bottom + 16, "end"),
        ]
    return drawing(title, summary, 94, parts, width)


def bar_chart(names: Sequence[str], counts: Sequence[float], title: str, summary: str, width: float = WIDTH) -> Markup:
    """Draw a horizontal bar for each name.

    Parameters
    ----------
    names : sequence of str
    counts : sequence of float
        At least 0.
    """
    left = min(max(map(width_of, names), default=0) + 12, width * 0.42)
    x = Scale(0.0, max([*counts, 1e-12]), left, width - 52)
    parts = []
    for row, (name, count) in enumerate(zip(names, counts, strict=True)):
        y = 4 + row * _BAR
        parts += [
            label(fitted(name, left - 8), left - 8, y + 14, "end", "category"),
            box(left, y + 2, max(x(count) - left, 0.5), _BAR - 8, "bar"),
            label(tick(count), x(count) + 5, y + 14, "start"),
        ]
    return drawing(title, summary, 8 + _BAR * max(len(names), 1), parts, width)


def psth_chart(
    curves: Sequence[tuple[str, Psth]], times: Sequence[float], axis: tuple[str, str], title: str, summary: str
) -> Markup:
    """Draw a curve of means with a band of one standard error to both sides for each group.

    Parameters
    ----------
    curves : sequence of (str, Psth)
        Up to `LINES`.
    times : sequence of float
        Of the bins, ascending.
    axis : (str, str)
        Names of the horizontal and the vertical axis, with units.
    title, summary : str
    """
    bottom, right = 224.0, WIDTH - 14.0
    heights = np.concatenate([np.r_[one.mean - np.nan_to_num(one.sem), one.mean + np.nan_to_num(one.sem)]
                              for _, one in curves])  # fmt: skip
    heights = heights[np.isfinite(heights)]
    if not heights.size:
        heights = np.zeros(1)
    low, high = min(0.0, float(heights.min())), max(float(heights.max()), 0.0)
    x = Scale(float(times[0]), float(times[-1]), _LEFT, right)
    y = Scale(low, high if high > low else low + 1.0, bottom, _TOP)
    parts = left_axis(y, _LEFT, right, axis[1])
    if times[0] < 0 < times[-1]:
        parts.append(line(x(0), _TOP, x(0), bottom, "onset"))
    for place, (_, one) in enumerate(curves):
        parts += _curve(one, [x(float(time)) for time in times], y, place)
    entries = 14.0
    legend: list[Markup] = []
    if len(curves) > 1:
        for place, (name, _) in enumerate(curves):
            text = fitted(name, 130)
            at_x, at_y = _LEFT + place % 3 * 145, 276 + place // 3 * 20
            legend += [line(at_x, at_y - 4, at_x + 18, at_y - 4, f"curve curve-{place + 1}")]
            legend += [label(text, at_x + 24, at_y, "start", "category")]
        entries = 24.0 + 20 * math.ceil(len(curves) / 3)
    return drawing(title, summary, 258 + entries, [*parts, *bottom_axis(x, bottom, axis[0]), *legend])


def _curve(one: Psth, places: list[float], y: Scale, number: int) -> list[Markup]:
    known = np.flatnonzero(np.isfinite(one.mean))
    if not known.size:
        return []
    parts = []
    band = known[np.isfinite(one.sem[known])]
    if band.size > 1:
        upper = [(places[at], y(float(one.mean[at] + one.sem[at]))) for at in band]
        lower = [(places[at], y(float(one.mean[at] - one.sem[at]))) for at in band[::-1]]
        parts.append(element("polygon", points=_points([*upper, *lower]), class_=f"band curve-{number + 1}"))
    middle = [(places[at], y(float(one.mean[at]))) for at in known]
    parts.append(element("polyline", points=_points(middle), class_=f"curve curve-{number + 1}"))
    if known.size == 1:
        parts.append(element("circle", cx=middle[0][0], cy=middle[0][1], r=3, class_=f"dot curve-{number + 1}"))
    return parts


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{short(x)},{short(y)}" for x, y in points)


def raster_chart(
    rows: Sequence[tuple[str, Any]],
    window: tuple[float, float],
    onsets: Sequence[float],
    axis: str,
    text: tuple[str, str],
) -> Markup:
    """Draw a row of ticks for each neuroid, and a line across all where stimuli appear.

    Parameters
    ----------
    rows : sequence of (str, array of float)
        Name of a neuroid, and the times of its spikes within the window.
    window : (float, float)
    onsets : sequence of float
    axis : str
        Name of the horizontal axis, with units.
    text : (str, str)
        Title and summary.
    """
    width, left, step, top = 960.0, 96.0, 11.0, 10.0
    bottom = top + step * max(len(rows), 1) + 4
    x = Scale(window[0], window[1], left, width - 14)
    parts = [line(x(float(onset)), top - 6, x(float(onset)), bottom, "onset") for onset in onsets]
    for row, (name, times) in enumerate(rows):
        y = top + row * step
        ticks = "".join(f"M{short(x(float(time)))} {short(y)}v8" for time in times)
        parts.append(element("path", d=ticks or "M0 0", class_="spike"))
        if len(rows) <= _NAMED or row % 2 == 0:
            parts.append(label(fitted(name, left - 12), left - 8, y + 8, "end", "tick"))
    return drawing(*text, bottom + 44, [*parts, *bottom_axis(x, bottom, axis)], width)


def waveform(levels: Sequence[float], title: str) -> Markup:
    """Draw how loud a sound is over time.

    Parameters
    ----------
    levels : sequence of float
        Largest magnitude in each part of it, from 0 to 1.
    """
    width, height = 160.0, 100.0
    step = width / max(len(levels), 1)
    parts = [
        box(place * step, height / 2 - max(level * 44, 0.5), max(step - 0.6, 0.4), max(level * 88, 1), "bar")
        for place, level in enumerate(levels)
    ]
    return drawing(title, "A sound as a waveform", height, parts, width)


def empty_chart(title: str, why: str) -> Markup:
    """Say in the place of a figure why there is none."""
    return drawing(title, why, 60, [label(fitted(why, WIDTH - 20), WIDTH / 2, 34, class_="category")])
