"""The numbers behind the figures, by the laws that they obey."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from brainpack.picturing.distributions import coded, frequencies, histogram, numbers
from brainpack.picturing.psth import best_stimuli, by_stimulus, mean_over, psth
from brainpack.picturing.reliability import correlations, spearman_brown, split_half
from brainpack.picturing.sampling import Sample, evenly, read_at, within_blocks

ANY_FLOATS = arrays.arrays(np.float64, st.integers(0, 60), elements=st.floats())
LENGTHS = st.lists(st.integers(1, 6), min_size=1, max_size=8)


@given(st.integers(0, 5_000), st.integers(0, 700))
def test_an_even_sample_has_one_position_in_each_stretch(size: int, count: int) -> None:
    found = evenly(size, count)
    assert len(found) == min(size, count)
    edges = np.arange(len(found) + 1) * size // max(len(found), 1)
    assert ((edges[:-1] <= found) & (found < edges[1:])).all()


def test_an_even_sample_meets_categories_that_take_turns_equally_often() -> None:
    for turns in range(2, 9):
        counts = np.bincount(evenly(1_000_000, 504) % turns)
        assert counts.min() > 0.8 * 504 / turns


def test_a_sample_says_how_much_it_is() -> None:
    assert str(Sample(np.arange(3), 3, "neuroids")) == "all 3 neuroids"
    assert str(Sample(evenly(1_000, 3), 1_000, "neuroids")) == "3 of 1,000 neuroids, evenly spread"


@given(LENGTHS, st.integers(1, 9), st.data())
def test_blocks_that_are_read_are_no_more_than_asked_for(lengths: list[int], most: int, data: st.DataObject) -> None:
    positions = np.array(sorted(data.draw(st.sets(st.integers(0, sum(lengths) - 1), min_size=1))))
    kept = within_blocks(positions, lengths, most)
    blocks = np.repeat(np.arange(len(lengths)), lengths)
    assert set(kept) <= set(positions)
    touched, before = set(blocks[kept]), set(blocks[positions])
    assert len(touched) == min(most, len(before))
    assert [place for place in positions if blocks[place] in touched] == kept.tolist()


class Chunked:
    """An array that is read in blocks, and remembers what was read of it."""

    def __init__(self, values: np.ndarray[Any, Any], chunks: tuple[tuple[int, ...], ...]) -> None:
        self.values, self.chunks = values, chunks
        self.shape, self.dtype = values.shape, values.dtype
        self.largest = 0

    def __getitem__(self, region: Any) -> np.ndarray[Any, Any]:
        found: np.ndarray[Any, Any] = self.values[region]
        self.largest = max(self.largest, found.size)
        return found


@given(LENGTHS, LENGTHS, st.data())
def test_reading_by_blocks_is_selecting(rows: list[int], columns: list[int], data: st.DataObject) -> None:
    values = np.arange(sum(rows) * sum(columns)).reshape(sum(rows), sum(columns))
    positions = [
        np.array(sorted(data.draw(st.sets(st.integers(0, length - 1))))).astype(int) for length in values.shape
    ]
    stored = Chunked(values, (tuple(rows), tuple(columns)))
    assert (read_at(stored, positions) == values[np.ix_(*positions)]).all()
    assert stored.largest <= max(rows) * max(columns)


@given(ANY_FLOATS)
def test_a_histogram_counts_every_number_once(values: np.ndarray[Any, Any]) -> None:
    found = histogram(values)
    finite = values[np.isfinite(values)]
    assert found.counts.sum() == found.finite == len(finite)
    assert found.missing == np.isnan(values).sum()
    assert found.missing + found.infinite + found.finite == len(values)
    assert (np.diff(found.edges) > 0).all()
    if len(finite):
        assert found.edges[0] <= found.minimum <= found.maximum <= found.edges[-1]


def test_whole_numbers_have_a_bin_each_and_quantiles_are_those_of_numpy() -> None:
    found = histogram(np.array([3, 3, 5, 9]))
    assert found.is_whole
    assert not histogram(np.linspace(0.5, 40.5, 80)).is_whole
    assert found.counts.tolist() == [2, 0, 1, 0, 0, 0, 1]
    assert found.quantiles.tolist() == np.quantile([3, 3, 5, 9], [0.05, 0.25, 0.5, 0.75, 0.95]).tolist()


@given(st.lists(st.one_of(st.none(), st.text(max_size=2), st.booleans()), max_size=30), st.integers(1, 5))
def test_frequencies_add_up(values: list[Any], most: int) -> None:
    array = np.empty(len(values), object)
    array[:] = values
    found = frequencies(array, most)
    assert sum(found.counts) + found.others + found.missing == len(values)
    assert list(found.counts) == sorted(found.counts, reverse=True)
    codes, names = coded(array)
    assert [names[code] if code >= 0 else None for code in codes] == [None if x is None else x for x in values]


@pytest.mark.parametrize(
    ("values", "expected", "note"),
    [
        (np.array([True, False]), [1, 0], ""),
        (np.array([1 + 0j, 3 - 4j]), [1, 5], "magnitudes of complex numbers"),
        (np.array(["2026-01-01", "NaT", "2026-01-03"], "M8[D]"), [0, np.nan, 48], "hours after 2026-01-01"),
        (np.array([1500, "NaT"], "m8[ms]"), [1.5, np.nan], "seconds"),
        (np.array(["NaT"], "M8[ns]"), [np.nan], "hours after 1970-01-01"),
    ],
)
def test_values_of_many_types_become_numbers(values: Any, expected: list[float], note: str) -> None:
    found = numbers(values)
    assert found is not None
    np.testing.assert_array_equal(found[0], expected)
    assert found[1] == note


def test_spearman_brown_undoes_the_halving_of_a_test() -> None:
    # parallel tests of reliability r: twice the length has 2r / (1 + r), as simulated from its definition
    random = np.random.default_rng(1)
    truth = random.standard_normal((200_000, 1))
    halves = [truth + random.standard_normal(truth.shape) for _ in range(4)]
    half = correlations(halves[0], halves[1])
    whole = correlations(halves[0] + halves[1], halves[2] + halves[3])
    assert spearman_brown(half) == pytest.approx(whole, abs=0.01)
    for correlation in (0.0, 0.3, 1.0):  # bounded, also where halves contradict each other by chance
        assert spearman_brown(-correlation) == -spearman_brown(correlation)
        assert abs(spearman_brown(-correlation)) <= 1


@given(st.integers(3, 8), st.integers(2, 5), st.integers(0, 3))
def test_reliability_is_that_of_the_signal(stimuli: int, repetitions: int, seed: int) -> None:
    shown = np.tile(np.arange(stimuli), repetitions)
    signal = np.arange(stimuli, dtype=float)[shown]
    responses = np.stack([signal, 1e300 * signal, 1e-300 * signal + 5e-300, np.full(len(shown), 0.1)], 1)
    found = split_half(responses, shown, splits=3, seed=seed)
    assert found[:3] == pytest.approx([1.0, 1.0, 1.0])
    assert np.isnan(found[3])


def test_reliability_of_noise_is_about_zero_and_the_same_each_time() -> None:
    random = np.random.default_rng(0)
    shown = np.tile(np.arange(100), 6)
    responses = random.standard_normal((600, 40))
    found = split_half(responses, shown, 50)
    assert abs(found.mean()) < 0.1
    assert np.array_equal(found, split_half(responses, shown, 50))
    assert not np.array_equal(found, split_half(responses, shown, 50, seed=1))


def test_reliability_estimates_what_theory_says() -> None:
    # variance 1 of the signal and 4 of the noise, 8 presentations: 1 / (1 + 4 / 8)
    random = np.random.default_rng(0)
    shown = np.repeat(np.arange(400), 8)
    signal = random.standard_normal((400, 30))[shown]
    found = split_half(signal + 2 * random.standard_normal(signal.shape), shown, 50)
    assert found.mean() == pytest.approx(1 / 1.5, abs=0.02)


def test_reliability_leaves_out_what_is_missing() -> None:
    random = np.random.default_rng(0)
    shown = np.tile(np.arange(20), 4)
    responses = random.standard_normal((20, 2))[shown] + 0.1 * random.standard_normal((80, 2))
    holes = responses.copy()
    holes[:20, 0] = np.nan
    holes[:, 1] = np.nan
    found = split_half(holes, shown, 50)
    assert found[0] > 0.9
    assert np.isnan(found[1])
    labelled = np.where(np.arange(80) < 20, -1, shown)  # presentations without a stimulus
    assert np.isfinite(split_half(responses, labelled, 50)).all()


@pytest.mark.parametrize("stimuli", [[], [0, 1, 2, 3], [-1, -1], [0, 0, 0, 0], [0, 0, 1, 1]])
def test_without_enough_repeated_stimuli_there_is_no_reliability(stimuli: list[int]) -> None:
    responses = np.arange(len(stimuli) * 2, dtype=float).reshape(-1, 2)
    assert np.isnan(split_half(responses, np.array(stimuli, int), 50)).all()


@given(arrays.arrays(np.float64, (4, 3, 2), elements=st.floats(-1e6, 1e6)))
def test_a_psth_is_mean_and_standard_error_over_neuroids(responses: np.ndarray[Any, Any]) -> None:
    found = psth(responses, np.array([1, 1, -1]))
    assert [*found] == [1]
    means = responses.mean(0)[:2]
    assert found[1].mean == pytest.approx(means.mean(0), abs=1e-6)
    assert found[1].sem == pytest.approx(means.std(0, ddof=1) / np.sqrt(2), abs=1e-6)


def test_a_single_neuroid_has_no_standard_error() -> None:
    found = psth(np.array([[[1.0, np.nan]]]), np.array([0]))[0]
    assert found.mean[0] == 1
    assert np.isnan(found.mean[1])
    assert np.isnan(found.sem).all()
    assert found.neuroids == 1


@given(arrays.arrays(np.float64, (12, 2), elements=st.floats(-1e3, 1e3) | st.just(np.nan)), st.data())
def test_means_by_stimulus_are_those_of_its_presentations(responses: np.ndarray[Any, Any], data: st.DataObject) -> None:
    stimuli = np.array(data.draw(st.lists(st.integers(-1, 3), min_size=12, max_size=12)))
    found = by_stimulus(responses, stimuli, 5)
    for stimulus in range(5):
        expected = mean_over(responses[stimuli == stimulus], 0)
        np.testing.assert_allclose(found[stimulus], expected, atol=1e-9)


def test_the_best_stimuli_are_those_that_most_neuroids_prefer() -> None:
    means = np.array([[0.0, 0, 5, np.nan], [1, 100, 5, np.nan], [3, 50, 5, np.nan], [np.nan] * 4])
    assert [place for place, _ in best_stimuli(means, 2)] == [2, 1]
    scores = dict(best_stimuli(means, 9))
    assert set(scores) == {0, 1, 2}
    assert sum(scores.values()) == pytest.approx(0)
    assert scores[0] == min(scores.values())
    assert best_stimuli(means[3:], 2) == []
