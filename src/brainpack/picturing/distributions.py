"""How values are distributed: histograms and quantiles of numbers, frequencies of anything else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
_BINS: Final = 40
_DIGITS: Final = re.compile(r"([0-9]{1,18})")


@dataclass(frozen=True)
class Histogram:
    """How numbers are distributed.

    Attributes
    ----------
    edges : array of float64, shape (bins + 1,)
    counts : array of int64, shape (bins,)
        How many values are in each bin; the last one holds its upper edge, too.
    minimum, maximum, mean : float
        Of the finite values; NaN without any.
    quantiles : array of float64, shape (5,)
        At 5, 25, 50, 75 and 95 %, by linear interpolation (definition 7 of Hyndman & Fan 1996, "Sample quantiles in
        statistical packages", The American Statistician 50:361-365).
    finite, missing, infinite : int
        How many values are numbers, NaN, and positive or negative infinity.
    """

    edges: Floats
    counts: NDArray[np.int64]
    minimum: float
    maximum: float
    mean: float
    quantiles: Floats
    finite: int
    missing: int
    infinite: int

    @property
    def is_whole(self) -> bool:
        """Whether each bin is that of one whole number."""
        return bool(self.edges[0] == self.minimum - 0.5 and self.edges[1] - self.edges[0] == 1)


def histogram(values: NDArray[Any]) -> Histogram:
    """Count numbers in bins of equal width, which is whole for whole numbers.

    Parameters
    ----------
    values : array of numbers or bool, any shape

    Returns
    -------
    Histogram

    Examples
    --------
    >>> found = histogram(np.array([1, 1, 3, np.nan, np.inf]))
    >>> found.counts.tolist(), found.edges.tolist(), found.missing, found.infinite
    ([2, 0, 1], [0.5, 1.5, 2.5, 3.5], 1, 1)
    """
    flat = np.asarray(values).ravel().astype(np.float64)
    good = flat[np.isfinite(flat)]
    missing = int(np.isnan(flat).sum())
    if not good.size:
        nothing = np.full(len(QUANTILES), np.nan)
        edges, counts = np.array([0.0, 1.0]), np.zeros(1, np.int64)
        return Histogram(edges, counts, np.nan, np.nan, np.nan, nothing, 0, missing, len(flat) - missing)
    low, high = float(good.min()), float(good.max())
    edges = _edges(good, low, high)
    with np.errstate(over="ignore", invalid="ignore"):  # of the largest floats there is no mean
        counts = np.histogram(good, edges)[0].astype(np.int64)
        mean, quantiles = float(good.mean()), np.quantile(good, QUANTILES)
    return Histogram(edges, counts, low, high, mean, quantiles, len(good), missing, len(flat) - len(good) - missing)


def _edges(good: Floats, low: float, high: float) -> Floats:
    if max(abs(low), abs(high)) < 2**52 and np.array_equal(good, good.round()):
        width = (high - low) // _BINS + 1  # the same number of integers in each bin
        return low - 0.5 + width * np.arange((high - low) // width + 2)
    with np.errstate(over="ignore", invalid="ignore"):
        edges = np.linspace(low, high, _BINS + 1)
    if np.isfinite(edges).all() and (np.diff(edges) > 0).all():
        return edges
    if np.isfinite(high - low):  # too close together for so many bins, or equal
        return np.array([np.nextafter(low, -np.inf), np.nextafter(high, np.inf)])
    return np.array([low, 0.0, high])  # farther apart than any float says


@dataclass(frozen=True)
class Frequencies:
    """How often values occur.

    Attributes
    ----------
    values : tuple
        The most frequent ones, the most frequent first; of equally frequent ones, the first to occur.
    counts : tuple of int
        How often each of these occurs.
    distinct : int
        How many different values there are.
    others : int
        How many entries have a value that is not among `values`.
    missing : int
        How many entries have none.
    """

    values: tuple[Any, ...]
    counts: tuple[int, ...]
    distinct: int
    others: int
    missing: int


def frequencies(values: NDArray[Any], most: int = 12) -> Frequencies:
    """Count how often values occur.

    Parameters
    ----------
    values : array of anything, any shape
    most : int
        How many values to tell.

    Returns
    -------
    Frequencies

    Examples
    --------
    >>> frequencies(np.array(["V4", "IT", "IT", None, "V1"], dtype=object), most=1)
    Frequencies(values=('IT',), counts=(2,), distinct=3, others=2, missing=1)
    """
    codes, found = coded(values)
    counts = np.bincount(codes[codes >= 0], minlength=len(found))
    order = np.argsort(-counts, kind="stable")[:most]
    top = tuple(int(count) for count in counts[order])
    missing = int((codes < 0).sum())
    return Frequencies(tuple(found[place] for place in order), top, len(found), int(counts.sum()) - sum(top), missing)


def coded(values: NDArray[Any]) -> tuple[NDArray[np.int64], list[Any]]:
    """Numbers in place of values, in order of their first occurrence; -1 where there is none.

    Parameters
    ----------
    values : array of anything, any shape

    Returns
    -------
    (array of int64, list)
        The number of each entry, in one dimension, and the value of each number.

    Examples
    --------
    >>> codes, found = coded(np.array(["b", "a", "b", np.nan], dtype=object))
    >>> codes.tolist(), found
    ([0, 1, 0, -1], ['b', 'a'])
    """
    flat = np.asarray(values).ravel()
    if flat.dtype.kind == "c":
        flat = flat.astype(object)
    try:
        codes, found = pd.factorize(flat)
    except TypeError:  # what cannot be hashed
        codes, found = pd.factorize(np.array([repr(value) for value in flat], dtype=object))
    return codes.astype(np.int64), [*found]


def in_natural_order(names: list[Any]) -> NDArray[np.int64]:
    """Rank of each name, where "image 2" is before "image 10".

    Examples
    --------
    >>> in_natural_order(["image 10", "image 2", "a"]).tolist()
    [2, 1, 0]
    """
    keys = [[int(part) if part.isdecimal() else part for part in _DIGITS.split(str(name))] for name in names]
    rank = np.empty(len(names), np.int64)
    rank[sorted(range(len(names)), key=keys.__getitem__)] = np.arange(len(names))
    return rank


def numbers(values: NDArray[Any]) -> tuple[Floats, str] | None:
    """Values as numbers, and in words how they became some; None where they are none.

    Parameters
    ----------
    values : array of anything

    Returns
    -------
    (array of float64, str) or None

    Examples
    --------
    >>> numbers(np.array([3 + 4j]))
    (array([5.]), 'magnitudes of complex numbers')
    >>> numbers(np.array(["2026-12-01", "2026-12-02"], dtype="datetime64[D]"))
    (array([ 0., 24.]), 'hours after 2026-12-01')
    >>> numbers(np.array(["V1"])) is None
    True
    """
    values = np.asarray(values)
    kind = values.dtype.kind
    if kind in "biuf":
        with np.errstate(over="ignore"):
            return values.astype(np.float64), ""
    if kind == "c":
        return np.abs(values).astype(np.float64), "magnitudes of complex numbers"
    if kind == "M":
        there = values[~np.isnat(values)]
        first = there.min() if there.size else np.datetime64(0, "s")
        return _in(values - first, 3600), f"hours after {np.datetime_as_string(first, unit='auto')}"
    if kind == "m":
        return _in(values, 1), "seconds"
    return None


def _in(durations: NDArray[Any], seconds: int) -> Floats:
    found = durations.astype("timedelta64[us]").astype(np.float64) / (1_000_000 * seconds)
    found[np.isnat(durations)] = np.nan
    return found
