"""Rules about the bins of time in which responses were counted or averaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from brainpack.errors import InvalidData
from brainpack.objects.values import natural
from brainpack.validation.findings import EXAMPLES, Problem, Severity, Words
from brainpack.validation.registry import rule
from brainpack.validation.rules.assemblies import ClaimedClass, words_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

_TIME_BIN: Final = "time_bin"
_START: Final = "time_bin_start"
_ENDS: Final = ("time_bin_end", "time_bin_stop")
# What floating-point numbers make of bins that touch: a part of the bin, and some last digits of the largest bound.
_NEGLIGIBLE: Final = 1e-6
_LAST_DIGITS: Final = 4


@rule("BP-A014", ClaimedClass, Severity.WARNING)
def time_bins_have_bounds(claim: ClaimedClass) -> Iterator[Problem]:
    """Every time bin has a start and an end, which are numbers."""
    if _TIME_BIN not in claim.array.dims:
        return
    for name in (_START, _end(claim)):
        bounds, where = claim.coords.get(name), f"coordinate {name!r}"
        if bounds is None or bounds[0] != (_TIME_BIN,):
            yield Problem(
                where,
                f"one on dimension {_TIME_BIN!r}",
                words_for(bounds),
                "Add it, in ms from the onset of the stimulus",
            )
        elif (numbers := _numbers(bounds[1])) is None:
            yield Problem(
                where,
                "numbers",
                pd.api.types.infer_dtype(bounds[1].ravel(), skipna=True),
                "Convert it to ms from the onset of the stimulus",
            )
        elif (missing := np.flatnonzero(np.isnan(numbers))).size:
            yield Problem(where, "a number for each bin", "bins without one", "Fill them in", missing.tolist())


@rule("BP-A015", ClaimedClass, Severity.WARNING)
def time_bins_are_ordered(claim: ClaimedClass) -> Iterator[Problem]:
    """Every time bin ends after its start, unless all are samples, and before the next one starts."""
    start, end = (_bounds(claim, name) for name in (_START, _end(claim)))
    if start is None or end is None:
        return
    start_before, end_before = (np.append(-np.inf, bounds)[:-1] for bounds in (start, end))
    is_disorderly = start <= start_before
    with np.errstate(invalid="ignore"):  # infinite bounds
        negligible = _NEGLIGIBLE * np.abs(end - start) + _rounding(claim, start, end)
        overlaps = ~is_disorderly & (end_before > start + negligible)
    are_samples = np.array_equal(start, end)
    faults = {
        ("bins that end after their start", "others", "Correct the bounds"): (start >= end) & (not are_samples),
        ("bins of which each starts after the one before", "others", "Sort the bins by their start"): is_disorderly,
        (
            "bins that start when the one before has ended",
            "bins that overlap",
            "Correct the bounds; or waive the rule if a sliding window was meant, whose bins are not independent",
        ): overlaps,
    }
    for (expected, found, advice), where in faults.items():
        if where.any():
            examples = [Words(f"{start[bin_]:g} to {end[bin_]:g}") for bin_ in np.flatnonzero(where)[:EXAMPLES]]
            yield Problem(f"dimension {_TIME_BIN!r}", expected, found, advice, examples, int(where.sum()))


def _end(claim: ClaimedClass) -> str:
    """Name of the coordinate with the ends, which published assemblies call in two ways."""
    return next((name for name in _ENDS if name in claim.coords), _ENDS[0])


def _bounds(claim: ClaimedClass, name: str) -> npt.NDArray[np.float64] | None:
    dims, values = claim.coords.get(name, ((), None))
    return _numbers(values) if dims == (_TIME_BIN,) and values is not None else None


def _rounding(claim: ClaimedClass, start: npt.NDArray[np.float64], end: npt.NDArray[np.float64]) -> float:
    """How far bounds may be apart that were the same before they were rounded to their type."""
    dtypes = [claim.coords[name][1].dtype for name in (_START, _end(claim))]
    bounds = np.abs(np.concatenate([start, end]))
    largest = bounds.max(initial=0.0, where=np.isfinite(bounds))
    return (
        _LAST_DIGITS
        * float(largest)
        * max((float(np.finfo(dtype).eps) for dtype in dtypes if dtype.kind == "f"), default=0.0)
    )


def _numbers(values: npt.NDArray[Any]) -> npt.NDArray[np.float64] | None:
    """Numbers and durations as numbers; None for all else."""
    try:
        typed = natural(values)
    except InvalidData:
        return None
    if typed.dtype.kind == "m":
        return np.where(np.isnat(typed), np.nan, typed.astype("m8[ns]").astype(np.float64))
    return typed.astype(np.float64) if typed.dtype.kind in "iuf" else None
