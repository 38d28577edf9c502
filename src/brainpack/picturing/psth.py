"""Responses over time and over stimuli: peristimulus time histograms, and which stimuli drive a region most."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_ROUNDING: Final = 1e-12  # what means of equal values differ by, as a share of them


class Psth(NamedTuple):
    """Mean response of a group of neuroids in each time bin.

    Attributes
    ----------
    mean, sem : array of float64, shape (time_bin,)
        Mean over neuroids, and its standard error: the standard deviation over neuroids (n - 1) by the square root of
        their number. The error of a single neuroid is NaN.
    neuroids : int
        How many neuroids have a value in any bin.
    """

    mean: Floats
    sem: Floats
    neuroids: int


def psth(responses: NDArray[Any], groups: NDArray[np.int64]) -> dict[int, Psth]:
    """Peristimulus time histogram of each group of neuroids.

    Parameters
    ----------
    responses : array of numbers, shape (presentation, neuroid, time_bin)
        NaN where there is none.
    groups : array of int, shape (neuroid,)
        For instance the number of the region; negative where there is none.

    Returns
    -------
    dict of int to Psth

    Examples
    --------
    >>> found = psth(np.array([[[1.0, 5.0], [3.0, 5.0]]]), np.array([0, 0]))[0]
    >>> found.mean.tolist(), found.sem.tolist(), found.neuroids
    ([2.0, 5.0], [1.0, 0.0], 2)
    """
    by_neuroid = mean_over(responses, 0)
    found = {}
    for group in np.unique(groups[groups >= 0]).tolist():
        means = by_neuroid[groups == group]
        known = ~np.isnan(means)
        count = known.sum(0)
        mean = mean_over(means, 0)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            squares = np.where(known, (means - mean) ** 2, 0.0).sum(0)
            sem = np.where(count > 1, np.sqrt(squares / (count - 1) / count), np.nan)
        found[group] = Psth(mean, sem, int(known.any(1).sum()))
    return found


def mean_over(values: NDArray[Any], axis: int | tuple[int, ...]) -> Floats:
    """Mean of the values that are there; NaN where none is.

    Parameters
    ----------
    values : array of numbers
        NaN and infinity do not count.
    axis : int or tuple of int

    Examples
    --------
    >>> mean_over(np.array([[1.0, np.nan], [3.0, np.nan]]), 0).tolist()
    [2.0, nan]
    """
    values = np.asarray(values, np.float64)
    with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # "Mean of empty slice" is no news here
        found: Floats = np.nanmean(np.where(np.isfinite(values), values, np.nan), axis=axis)
    return found


def by_stimulus(responses: NDArray[Any], stimuli: NDArray[np.int64], count: int | None = None) -> Floats:
    """Mean response to each stimulus.

    Parameters
    ----------
    responses : array of numbers, shape (presentation, neuroid)
    stimuli : array of int, shape (presentation,)
        Number of each presentation's stimulus, from 0 on; negative where there is none.
    count : int, optional
        How many stimuli there are; by default as many as the numbers say.

    Returns
    -------
    array of float64, shape (stimulus, neuroid)

    Examples
    --------
    >>> by_stimulus(np.array([[1.0], [2.0], [4.0]]), np.array([0, 1, 1])).tolist()
    [[1.0], [3.0]]
    """
    count = int(stimuli.max(initial=-1)) + 1 if count is None else count
    means = np.full((count, responses.shape[1]), np.nan)
    order = np.argsort(stimuli, kind="stable")[np.count_nonzero(stimuli < 0) :]
    sizes = np.bincount(stimuli[order], minlength=count)
    ends = np.cumsum(sizes)
    for size in np.unique(sizes[sizes > 0]):  # stimuli that were shown equally often are added at once
        these = np.flatnonzero(sizes == size)
        shown = np.asarray(responses[order[ends[these, np.newaxis] - size + np.arange(size)]], np.float64)
        known = np.isfinite(shown)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            means[these] = np.where(known, shown, 0.0).sum(1) / known.sum(1)
    return means


def best_stimuli(means: Floats, most: int) -> list[tuple[int, float]]:
    """The stimuli that a group of neuroids answers most, each neuroid in units of its own standard deviation.

    Parameters
    ----------
    means : array of float64, shape (stimulus, neuroid)
    most : int

    Returns
    -------
    list of (int, float)
        Number of the stimulus, and the mean over neuroids of ``(response - mean) / standard deviation`` over stimuli;
        the best first. Neuroids whose responses do not vary do not count.

    Examples
    --------
    >>> best_stimuli(np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]), most=1)
    [(2, 1.22...)]
    """
    centre = mean_over(means, 0)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        spread = np.sqrt(mean_over((means - centre) ** 2, 0))
        is_varying = spread > _ROUNDING * np.abs(centre)
        scores = mean_over((means - centre) / np.where(is_varying, spread, np.nan), 1)
    known = np.flatnonzero(~np.isnan(scores))
    order = known[np.argsort(-scores[known], kind="stable")][:most]
    return [(int(place), float(scores[place])) for place in order]
