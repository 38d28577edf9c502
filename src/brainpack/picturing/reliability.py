"""How much of a neuroid's response comes again when the stimulus does: split-half reliability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from brainpack.picturing.psth import by_stimulus
from brainpack.progress import progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SEED: Final = 0
_FEWEST_SPLITS: Final = 50
_MOST_SPLITS: Final = 500
_WORK: Final = 100_000_000  # responses that are dealt into halves, a few seconds
_FEWEST_STIMULI: Final = 3  # two points are always on a line


def splits_for(size: int) -> int:
    """How many splits of so many responses make the average precise and take some seconds: 50 to 500.

    Examples
    --------
    >>> splits_for(1000), splits_for(1_000_000), splits_for(12_000_000)
    (500, 100, 50)
    """
    return min(max(_WORK // max(size, 1), _FEWEST_SPLITS), _MOST_SPLITS)


def split_half(responses: NDArray[Any], stimuli: NDArray[np.int64], splits: int, seed: int = SEED) -> Floats:
    """Split-half reliability of each neuroid, corrected for the length of the halves.

    The presentations of each stimulus are dealt into two random halves; of an odd number one is left over by chance.
    The means of the halves are correlated across stimuli (Pearson), the correlations are averaged over splits, and the
    average is corrected by `spearman_brown`. Missing responses are left out.

    Parameters
    ----------
    responses : array of numbers, shape (presentation, neuroid)
    stimuli : array of int, shape (presentation,)
        Number of the stimulus of each presentation; negative where there is none.
    splits : int
    seed : int
        The same seed gives the same splits.

    Returns
    -------
    array of float64, shape (neuroid,)
        Between -1 and 1. NaN where fewer than three stimuli were repeated, or responses do not vary.

    Examples
    --------
    >>> stimuli = np.repeat(np.arange(4), 2)
    >>> responses = np.stack([stimuli, np.ones(8)], axis=1)
    >>> split_half(responses, stimuli, splits=50).round(3).tolist()
    [1.0, nan]
    """
    random = np.random.default_rng(seed)
    responses = np.asarray(responses, np.float64)
    there = stimuli >= 0
    responses, stimuli = responses[there], stimuli[there]
    total, defined = np.zeros(responses.shape[1]), np.zeros(responses.shape[1])
    if len(stimuli) and np.bincount(stimuli).max() > 1:
        count = int(stimuli.max()) + 1
        for _ in progress(range(splits), splits, " splits", "reliability"):
            first, second = (by_stimulus(responses[half], stimuli[half], count) for half in _halves(stimuli, random))
            found = correlations(first, second)
            total += np.nan_to_num(found)
            defined += ~np.isnan(found)
    with np.errstate(invalid="ignore"):
        corrected: Floats = spearman_brown(total / defined)
    return corrected


def spearman_brown(correlation: Any) -> Any:
    """Reliability of the whole from the correlation of its halves: ``2 r / (1 + |r|)``.

    It is the formula of Spearman (1910), "Correlation calculated from faulty data", British Journal of Psychology
    3:271-295, and of Brown (1910), "Some experimental results in the correlation of mental abilities", British
    Journal of Psychology 3:296-322, for a test of twice the length. It is defined for correlations from 0 on, and would
    go to minus infinity below; negative ones, which reliable halves have by chance only, are treated as if they were
    positive, and keep their sign ("mirror" in the R package AATtools).

    Parameters
    ----------
    correlation : float or array
        Between -1 and 1.

    Returns
    -------
    float or array
        Between -1 and 1.

    Examples
    --------
    >>> spearman_brown(np.array([-0.5, 0.0, 0.5, 1.0])).round(3).tolist()
    [-0.667, 0.0, 0.667, 1.0]
    """
    correlation = np.asarray(correlation, np.float64)
    return 2 * correlation / (1 + np.abs(correlation))


def correlations(first: Floats, second: Floats) -> Floats:
    """Pearson's correlation of each column, over the rows where both have a value.

    Parameters
    ----------
    first, second : array of float64, shape (row, column)

    Returns
    -------
    array of float64, shape (column,)
        NaN where fewer than three rows have both, or one of them does not vary.

    Examples
    --------
    >>> correlations(np.array([[1.0], [2.0], [3.0]]), np.array([[2.0], [4.0], [6.0]])).round(3).tolist()
    [1.0]
    """
    both = ~(np.isnan(first) | np.isnan(second))
    rows = both.sum(0)
    first, second = (_centred(half, both, rows) for half in (first, second))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found = (first * second).sum(0) / np.sqrt((first**2).sum(0) * (second**2).sum(0))
    found[(rows < _FEWEST_STIMULI) | ~np.isfinite(found)] = np.nan
    clipped: Floats = np.clip(found, -1, 1)
    return clipped


def _centred(values: Floats, both: NDArray[np.bool_], rows: NDArray[np.int64]) -> Floats:
    """Distance from the mean in units of the largest value; exactly 0 where all values are equal."""
    known = np.where(both, values, 0.0)
    scale = np.abs(known).max(0, initial=0.0)
    known = known / np.where(scale > 0, scale, 1.0)
    low = np.where(both, known, np.inf).min(0, initial=np.inf)
    high = np.where(both, known, -np.inf).max(0, initial=-np.inf)
    centred = np.where(both, known - known.sum(0) / np.maximum(rows, 1), 0.0)
    return np.where(high - low > np.finfo(np.float64).eps * 8, centred, 0.0)


def _halves(stimuli: NDArray[np.int64], random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of the presentations of each half: of each stimulus equally many, in random order."""
    order = random.permutation(len(stimuli))
    order = order[np.argsort(stimuli[order], kind="stable")]
    in_order = stimuli[order]
    starts = np.flatnonzero(np.r_[True, np.diff(in_order) > 0])
    sizes = np.diff(np.r_[starts, len(in_order)])
    rank = np.arange(len(in_order)) - np.repeat(starts, sizes)
    half = np.repeat(sizes // 2, sizes)
    return order[rank < half], order[(rank >= half) & (rank < 2 * half)]
