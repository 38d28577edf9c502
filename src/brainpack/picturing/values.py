"""The values of an assembly in pictures: as an image, how they are distributed, and where they are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from brainpack.layout import PRESENTATION, STIMULUS_ID
from brainpack.picturing.blocks import Figure, Section, Table, Words
from brainpack.picturing.charts import bar_chart, histogram_chart
from brainpack.picturing.coordinates import shown_units
from brainpack.picturing.distributions import QUANTILES, coded, frequencies, histogram, in_natural_order
from brainpack.picturing.looks import NEUROID, regions_of
from brainpack.picturing.matrices import matrix_chart
from brainpack.picturing.psth import mean_over
from brainpack.picturing.sampling import evenly
from brainpack.picturing.texts import apart, counted, named, number, percent, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from brainpack.picturing.blocks import Block
    from brainpack.picturing.distributions import Histogram
    from brainpack.picturing.looks import Look

    Floats = NDArray[np.float64]

_SIDE: Final = 400  # rows and columns of a matrix


def distribution(look: Look) -> Block:
    """Histogram of numbers, or how often other values occur."""
    title, of = "Distribution of values", f"Of {look.about}."
    if look.values is None:
        return frequency_figure(look.raw, title, of)
    found = histogram(look.values)
    if not found.finite:
        return Words(f"None of the values is a number: {counted(found.missing, 'missing value')}, "
                     f"{found.infinite:,} infinite. {of}", title)  # fmt: skip
    low, first, median, third, high = apart([found.minimum, *found.quantiles[1:4], found.maximum])
    note = f" ({look.note})" if look.note else ""
    summary = (
        f"Median {median}, half of the values between {first} and {third}, all between {low} and {high}{note}. {of}"
    )
    name = f"{look.note or 'value'}{shown_units('' if look.note else look.units)}"
    drawn = histogram_chart(found, title, summary, name)
    return Figure(title, drawn, summary, quantile_table(found, title))


def quantile_table(found: Histogram, title: str) -> Table:
    """Quantiles and counts of a histogram, as text."""
    names = ["minimum", *(f"{share:.0%} quantile".replace("%", " %") for share in QUANTILES), "maximum", "mean"]
    values = apart([found.minimum, *found.quantiles, found.maximum, found.mean])
    rows = [*zip(names, values, strict=True)]
    rows += [("numbers", f"{found.finite:,}"), ("missing", f"{found.missing:,}"), ("infinite", f"{found.infinite:,}")]
    return Table(title, ("measure", "value"), rows)


def frequency_figure(values: NDArray[Any], title: str, of: str) -> Figure:
    """Bars of the most frequent values."""
    found = frequencies(values)
    names = [named(value) for value in found.values]
    counts = list(found.counts)
    if found.others:
        names, counts = [*names, f"{found.distinct - len(names):,} others"], [*counts, found.others]
    summary = f"{counted(found.distinct, 'different value')}"
    summary += f", most often {names[0]} ({percent(counts[0], sum(counts))})" if names else ""
    summary += f"; {found.missing:,} missing. {of}"
    rows = [(name, f"{count:,}") for name, count in zip(names, counts, strict=True)]
    return Figure(title, bar_chart(names, counts, title, summary), summary, Table(title, ("value", "entries"), rows))


def matrices(look: Look) -> Iterator[Block]:
    """The values as an image, and where they are missing."""
    if look.values is None or look.values.ndim < 2 or not look.values.size:  # noqa: PLR2004 - rows and columns
        return
    sides = _sides(look)
    values = _two_sided(look.values, sides)
    rows, columns = (evenly(length, _SIDE) for length in values.shape)
    rows, is_by_stimulus = _by_stimulus(look, sides[0], rows)
    columns, labels = _by_region(look, sides[1], columns)
    shown = values[np.ix_(rows, columns)]
    names = [look.dims[axis] for axis in sides]
    of = " and ".join(
        f"{len(kept):,} of {look.samples[axis].size:,} {look.samples[axis].what}"
        for kept, axis in zip((rows, columns), sides, strict=True)
    )
    title = "Responses" if NEUROID in look.dims else "Values as an image"
    if not np.isfinite(shown).any():
        yield Words(f"There is no number in {of}.", title)
        return
    low, high = (float(end) for end in np.quantile(shown[np.isfinite(shown)], (0.01, 0.99)))
    others = [plain(dim) for axis, dim in enumerate(look.dims) if axis not in sides]
    summary = f"Rows and columns are {of}"
    summary += f", averaged over {' and '.join(others)}" if others else ""
    summary += "; rows are sorted by stimulus" if is_by_stimulus else ""
    summary += "; columns are sorted by region" if labels else ""
    summary += f". Colours go from the 1 % to the 99 % quantile, {number(low)} to {number(high)}"
    summary += f" {look.note}; grey is " if look.note else "; grey is "
    summary += "missing or infinite." if np.isinf(shown).any() else "missing."
    axis = f"{look.note or 'value'}{shown_units('' if look.note else look.units)}"
    ends = (low, high if high > low else low + 1.0)
    drawn = matrix_chart(shown, (names[0], names[1], axis), ends, (title, summary), labels)
    yield Figure(title, drawn, summary)
    yield _missing(look, sides, (rows, columns), of)


def _missing(look: Look, sides: tuple[int, int], kept: tuple[Any, Any], of: str) -> Block:
    """Which share of the values behind each pixel is missing."""
    gone = np.isnan(look.values) if look.values is not None else np.zeros(look.raw.shape, bool)
    count = int(gone.sum())
    title = "Missing values"
    if not count:
        return Words(f"No value is missing in {look.about}.", title)
    share = _two_sided(gone.astype(np.float64), sides)[np.ix_(*kept)]
    names = [look.dims[axis] for axis in sides]
    missing = percent(count, gone.size)
    summary = (
        f"{missing[0].upper()}{missing[1:]} of the values are missing ({count:,} of {gone.size:,}) in {look.about}. "
    )
    summary += f"The image shows {of}, in the same order; the lighter, the more is missing."
    drawn = matrix_chart(share, (names[0], names[1], "missing"), (0.0, 1.0), (title, summary))
    return Figure(title, drawn, summary)


def _sides(look: Look) -> tuple[int, int]:
    """Numbers of the axes that are rows and columns."""
    first, second = look.axis(PRESENTATION), look.axis(NEUROID)
    if first is not None and second is not None:
        return first, second
    order = sorted(range(len(look.dims)), key=lambda axis: (look.dims[axis] != PRESENTATION, axis))
    return order[0], order[1]


def _two_sided(values: Floats, sides: tuple[int, int]) -> Floats:
    """Two axes first, and the mean over all others."""
    moved = np.moveaxis(values, sides, (0, 1))
    others = tuple(range(2, moved.ndim))
    return mean_over(moved, others) if others else moved


def _by_stimulus(look: Look, axis: int, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], bool]:
    """Rows in the order of their stimuli, where they have some."""
    ids = look.labels(STIMULUS_ID, PRESENTATION) if look.dims[axis] == PRESENTATION else None
    if ids is None:
        return rows, False
    codes, names = coded(ids[rows])
    rank = in_natural_order(names)
    return rows[np.argsort(np.where(codes < 0, len(names), rank[codes] if len(rank) else 0), kind="stable")], True


def _by_region(look: Look, axis: int, columns: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[tuple[int, str]]]:
    """Columns in the order of their regions, and where each region begins."""
    found = regions_of(look.array) if look.dims[axis] == NEUROID else None
    if found is None:
        return columns, []
    codes, names = coded(found[1][look.samples[axis].positions[columns]])
    order = np.argsort(np.where(codes < 0, len(names), codes), kind="stable")
    in_order = codes[order]
    starts = np.flatnonzero(np.diff(in_order, prepend=-2))
    labels = [(int(start), named(names[in_order[start]]) if in_order[start] >= 0 else "none") for start in starts]
    return columns[order], labels


def value_section(look: Look) -> Section:
    """Figures of the values themselves."""
    section = Section("values", "Values")
    if not look.raw.size:
        section.blocks.append(Words("There are no values: a dimension has the length 0."))
        return section
    pictures = [*matrices(look)]
    section.blocks.extend([*pictures[:1], distribution(look), *pictures[1:]])
    return section
