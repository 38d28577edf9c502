"""Behaviour in pictures: what subjects chose, for which stimuli, and how often that was right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from brainpack.layout import PRESENTATION, STIMULUS_ID
from brainpack.picturing.blocks import Figure, Section, Table, Words
from brainpack.picturing.charts import bar_chart
from brainpack.picturing.distributions import coded, in_natural_order
from brainpack.picturing.matrices import matrix_chart
from brainpack.picturing.psth import mean_over
from brainpack.picturing.texts import counted, named, number, percent, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from brainpack.picturing.blocks import Block
    from brainpack.picturing.looks import Look
    from brainpack.picturing.material import Stimuli

_TRUTHS: Final = ("truth", "correct_choice", "label", "image_label", "sample_obj", "object_name", "category_name",
                  "category", "condition")  # fmt: skip
_CHOICES: Final = ("choice", "response", "chosen")
_CORRECT: Final = ("correct", "is_correct", "accuracy", "hit")
_MOST: Final = 20  # categories


def behaviour_section(look: Look, stimuli: Stimuli | None) -> Section:
    """Choices by category, and accuracy where the truth is known."""
    section = Section("behaviour", "Behaviour")
    truth = _truth(look, stimuli)
    choices = _choices(look, truth)
    if choices is not None:
        section.blocks.extend(_response_rates(choices, truth, look.about))
    elif look.values is not None and look.values.ndim > 1:
        section.blocks.extend(_means(look, truth or _no_truth(look)))
    section.blocks.extend(_correct(look, truth))
    if not section.blocks:
        section.blocks.append(
            Words("There are no response rates: neither values nor a coordinate such as 'choice' name what was chosen.")
        )
    return section


def _truth(look: Look, stimuli: Stimuli | None) -> tuple[str, NDArray[Any]] | None:
    """What would have been right in each presentation, by a coordinate or by a column of the stimulus set."""
    found, ids = _first(look, _TRUTHS), look.labels(STIMULUS_ID, PRESENTATION)
    name = None if stimuli is None else next((one for one in _TRUTHS if one in stimuli.table), None)
    if found is not None or stimuli is None or name is None or ids is None:
        return found
    by_id = dict(zip(stimuli.ids, stimuli.table[name].tolist(), strict=True))
    values = np.empty(len(ids), object)
    values[:] = [by_id.get(one) for one in ids.tolist()]
    return name, values


def _no_truth(look: Look) -> tuple[str, NDArray[Any]]:
    """One category for all presentations."""
    return "category", np.full(len(look.samples[look.dims.index(PRESENTATION)].positions), "all")


def _first(look: Look, names: tuple[str, ...]) -> tuple[str, NDArray[Any]] | None:
    for name in names:
        found = look.labels(name, PRESENTATION)
        if found is not None:
            return name, found
    return None


def _choices(look: Look, truth: tuple[str, NDArray[Any]] | None) -> NDArray[Any] | None:
    """What was chosen in each presentation: by name, by one of a few numbers, or yes and no where one is right."""
    found = _first(look, _CHOICES)
    if look.raw.ndim == 1 and look.values is None:
        return look.raw
    if found is not None:
        return found[1]
    if look.raw.ndim != 1 or not look.raw.size:
        return None
    if look.raw.dtype.kind == "b":
        return look.raw if truth is not None and truth[1].dtype.kind == "b" else None
    return look.raw if look.raw.dtype.kind in "iu" and int(look.raw.max()) - int(look.raw.min()) < _MOST else None


def _response_rates(choices: NDArray[Any], truth: tuple[str, NDArray[Any]] | None, about: str) -> Iterator[Block]:
    codes, names = coded(choices)
    shown = [named(name) for name in names[:_MOST]]
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    title = "Choices"
    if not len(names):
        yield Words("Nothing was chosen in any presentation.", title)
        return
    rest = f" {len(names) - _MOST} more are not shown." if len(names) > _MOST else ""
    summary = f"{counted(len(names), 'choice')} in {about}; {int((codes < 0).sum()):,} missing.{rest}"
    total = int(counts.sum())
    rows = [(name, f"{count:,}", percent(int(count), total)) for name, count in zip(shown, counts, strict=False)]
    drawn = bar_chart(shown, counts[:_MOST].tolist(), title, summary)
    yield Figure(title, drawn, summary, Table(title, ("choice", "presentations", "share"), rows))
    if truth is not None:
        yield from _confusions(codes, names, truth, about)


def _confusions(
    codes: NDArray[np.int64], names: list[Any], truth: tuple[str, NDArray[Any]], about: str
) -> Iterator[Block]:
    true_codes, categories = coded(truth[1])
    true_codes, categories = _in_order(true_codes, categories, categories)
    codes, names = _in_order(codes, names, categories)
    known = (codes >= 0) & (true_codes >= 0)
    if not known.any():
        return
    counts = np.zeros((len(categories), len(names)))
    np.add.at(counts, (true_codes[known], codes[known]), 1)
    with np.errstate(invalid="ignore"):
        rates = counts / counts.sum(1, keepdims=True)
    rates, rows_shown, columns_shown = rates[:_MOST, :_MOST], categories[:_MOST], names[:_MOST]
    title = f"Response rates by {named(truth[0])}"
    summary = f"Share of each choice (columns) for each {named(truth[0])} (rows), in {about}."
    by_name = {name: place for place, name in enumerate(names)}
    left_out = (len(categories) - len(rows_shown), len(names) - len(columns_shown))
    if any(left_out):
        summary += f" {left_out[0]:,} more rows and {left_out[1]:,} more columns are not shown."
    if any(one in by_name for one in categories):
        right = sum(counts[row, by_name[one]] for row, one in enumerate(categories) if one in by_name)
        summary += f" The choice is the {named(truth[0])} in {100 * right / known.sum():.1f} % of presentations."
    sides = (named(truth[0]), "choice", "share")
    labels = [(place, named(name)) for place, name in enumerate(columns_shown)]
    rows_named = [named(one) for one in rows_shown]
    drawn = matrix_chart(rates, sides, (0.0, 1.0), (title, summary), labels, rows_named)
    header = (named(truth[0]), *(named(name) for name in columns_shown))
    rows = [
        (named(one), *(number(round(float(rate), 3)) for rate in line))
        for one, line in zip(rows_shown, rates, strict=True)
    ]
    yield Figure(title, drawn, summary, Table(title, header, rows))


def _in_order(codes: NDArray[np.int64], names: list[Any], first: list[Any]) -> tuple[NDArray[np.int64], list[Any]]:
    """Names that are among the first ones in natural order, then all others, so that what is the same has one place."""
    natural, known = in_natural_order(names), {*first}
    order = sorted(range(len(names)), key=lambda place: (names[place] not in known, natural[place]))
    rank = np.empty(len(names) + 1, np.int64)
    rank[order], rank[-1] = np.arange(len(names)), -1
    return rank[codes], [names[place] for place in order]


def _means(look: Look, truth: tuple[str, NDArray[Any]]) -> Iterator[Block]:
    """Mean value of each entry beside presentation, for instance of each choice, by category."""
    axis = look.axis(PRESENTATION)
    if axis is None or look.values is None:
        return
    values = np.moveaxis(look.values, axis, 0)
    values = values.reshape(len(values), -1)[:, :_MOST]
    other = next(dim for dim in look.dims if dim != PRESENTATION) if len({*look.dims}) > 1 else PRESENTATION
    names = next((found for name, label in look.array.coords.items() if label.dims == (other,)
                  and (found := look.labels(str(name), other)) is not None), np.arange(values.shape[1]))  # fmt: skip
    codes, categories = coded(truth[1])
    means = np.array([mean_over(values[codes == place], 0) for place in range(min(len(categories), _MOST))])
    if not means.size or not np.isfinite(means).any():
        return
    title = f"Mean by {named(truth[0])}"
    summary = f"Mean value of each {plain(other)} (columns) for each {named(truth[0])} (rows), in {look.about}."
    low, high = float(np.nanmin(means)), float(np.nanmax(means))
    ends = (low, high if high > low else low + 1)
    labels = [(place, named(name)) for place, name in enumerate(names[: values.shape[1]])]
    rows_named = [named(one) for one, _ in zip(categories, means, strict=False)]
    drawn = matrix_chart(means, (named(truth[0]), plain(other), "mean"), ends, (title, summary), labels, rows_named)
    header = (named(truth[0]), *(named(name) for name in names[: values.shape[1]]))
    rows = [(named(one), *map(number, map(float, line))) for one, line in zip(categories, means, strict=False)]
    yield Figure(title, drawn, summary, Table(title, header, rows))


def _correct(look: Look, truth: tuple[str, NDArray[Any]] | None) -> Iterator[Block]:
    """Share of correct responses, where a coordinate says which were; or of true ones, where that is all there is."""
    found, title, right_or_true = _first(look, _CORRECT), "Accuracy", "correct"
    if found is None and look.raw.ndim == 1 and look.raw.dtype.kind == "b" and _choices(look, truth) is None:
        found, title, right_or_true = ("", look.raw), "Share of true values", "true"
    if found is None or found[1].dtype.kind not in "biuf":
        return
    right = found[1].astype(np.float64)
    known = np.isfinite(right)
    if not known.any() or right[known].min() < 0 or right[known].max() > 1:
        return
    codes, categories = (np.zeros(len(right), np.int64), ["all"]) if truth is None else coded(truth[1])
    shares = [(named(name), mean_over(right[codes == place], 0), int(known[codes == place].sum()))
              for place, name in enumerate(categories[:_MOST])]  # fmt: skip
    shares = [one for one in shares if np.isfinite(one[1])]
    summary = f"{100 * float(right[known].mean()):.1f} % {right_or_true}"
    summary += (f" (coordinate '{found[0]}')" if found[0] else "") + f" in {look.about}."
    rows = [(name, f"{100 * share:.1f} %", f"{count:,}") for name, share, count in shares]
    names, heights = [name for name, _, _ in shares], [max(float(share), 0.0) for _, share, _ in shares]
    drawn = bar_chart(names, heights, title, summary)
    header = ("all" if truth is None else named(truth[0]), right_or_true, "presentations")
    yield Figure(title, drawn, summary, Table(title, header, rows))
