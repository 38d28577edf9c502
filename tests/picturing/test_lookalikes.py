"""Numbers, ids and choices that look alike in a few characters are told apart on a page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from brainpack import write_report
from brainpack.picturing.distributions import histogram, numbers
from brainpack.picturing.psth import best_stimuli
from brainpack.picturing.texts import apart, number
from tests.helpers import png
from tests.picturing.packages import assembly_package, stimuli_package
from tests.picturing.pages import words

if TYPE_CHECKING:
    from pathlib import Path

LONG = ["x" * 130 + f"{place:03}" for place in range(4)]
SPACED = ["a b", "a  b", "a\tb", " a b"]


@pytest.mark.parametrize(
    ("choice", "truth"),
    [
        (np.array([500.0, 1000.0, 1500.0]), np.array([500, 1000, 1500])),
        (np.array([1234.51, 1234.52, 1234.53]), np.array([1234.51, 1234.52, 1234.53])),
        (np.array(LONG, dtype=object), np.array(LONG, dtype=object)),
        (np.array(SPACED, dtype=object), np.array(SPACED, dtype=object)),
    ],
)
def test_who_is_always_right_is_right_in_all_presentations(choice: Any, truth: Any, tmp_path: Path) -> None:
    coords = {"choice": ("presentation", np.tile(choice, 4)), "truth": ("presentation", np.tile(truth, 4))}
    array = xr.DataArray(np.linspace(200.5, 900.5, 4 * len(choice)), coords, ("presentation",))
    text = words(write_report(assembly_package(tmp_path, array, "BehavioralAssembly")))
    assert "The choice is the truth in 100.0 % of presentations" in text


def test_choices_may_be_numbers(tmp_path: Path) -> None:
    array = xr.DataArray(np.tile([0, 1], 8), {"truth": ("presentation", np.tile([0, 1, 1, 1], 4))}, ("presentation",))
    text = words(write_report(assembly_package(tmp_path, array, "BehavioralAssembly")))
    assert "The choice is the truth in 75.0 % of presentations" in text


@pytest.mark.parametrize("ids", [LONG, SPACED])
def test_each_stimulus_has_its_own_picture_and_truth(ids: list[str], tmp_path: Path) -> None:
    files = [f"{place}.png" for place in range(len(ids))]
    table = pd.DataFrame(
        {"stimulus_id": ids, "filename": files, "label": [f"label {place}" for place in range(len(ids))]}
    )
    stimuli_package(tmp_path, table, {file: png(place) for place, file in enumerate(files)})
    shown = {"stimulus_id": ("presentation", np.array(ids * 3, dtype=object))}
    neuroids = {"neuroid_id": ("neuroid", ["n"])}
    responses = xr.DataArray(np.arange(len(ids) * 3.0)[:, None], {**shown, **neuroids}, ("presentation", "neuroid"))
    page = write_report(assembly_package(tmp_path, responses, stimulus_set_identifier="lab.Set"))
    assert len({*re.findall(r'src="(data:image[^"]*)"', page.read_text("utf-8"))}) >= len(ids)
    choices = xr.DataArray(np.tile(table["label"].to_numpy(), 3), shown, ("presentation",))
    about = assembly_package(tmp_path, choices, "BehavioralAssembly", stimulus_set_identifier="lab.Set")
    assert "The choice is the label in 100.0 % of presentations" in words(write_report(about))


def test_numbers_far_from_zero_are_told_apart(tmp_path: Path) -> None:
    values = 12345 + np.linspace(0, 1, 60).reshape(20, 3)
    array = xr.DataArray(values, {"neuroid_id": ("neuroid", list("abc"))}, ("presentation", "neuroid"))
    page = write_report(assembly_package(tmp_path, array))
    told = re.search("minimum ([^ ]+) 5 % quantile ([^ ]+) 25 % quantile ([^ ]+) 50 % quantile ([^ ]+)", words(page))
    assert told
    found = [float(each.replace(",", "")) for each in told.groups()]
    assert found == pytest.approx([12345, 12345.05, 12345.25, 12345.5], abs=0.05)
    assert len({*told.groups()}) == 4
    assert "e+04" not in words(page)
    cells = pd.DataFrame({"stimulus_id": ["a", "b"], "filename": ["a.png", "b.png"], "big": [12345.14, 12345.15]})
    page = write_report(stimuli_package(tmp_path, cells, {"a.png": png(1), "b.png": png(2)}))
    assert "a a.png 12345.14 b b.png 12345.15" in words(page)


@given(st.lists(st.floats(allow_nan=True), min_size=1, max_size=6))
def test_different_numbers_are_written_differently(values: list[float]) -> None:
    different = {repr(value + 0.0) for value in values}
    assert len({*apart(values)}) == len(different)


@given(st.floats(-1e12, 1e12))
def test_numbers_are_written_to_a_thousandth(value: float) -> None:
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=1e-3)


@given(st.integers(-(10**6), 10**6), st.integers(0, 3000), st.integers(1, 3))
def test_integers_spread_evenly_have_no_comb(low: int, span: int, times: int) -> None:
    found = histogram(np.tile(np.arange(low, low + span + 1), times))
    assert found.counts.sum() == times * (span + 1)
    assert len({*found.counts[:-1].tolist()}) <= 1
    assert found.is_whole == (span < 40)


def test_short_durations_are_not_zero() -> None:
    found = numbers(np.array([100, 900], "m8[us]"))
    assert found is not None
    assert found[0].tolist() == [0.0001, 0.0009]


def test_neuroids_that_do_not_vary_have_no_best_stimulus() -> None:
    constant = np.array([np.mean([0.1] * count) for count in (1, 3, 7)])[:, None]
    assert np.ptp(constant) > 0
    assert best_stimuli(constant, 3) == []


def test_regions_that_are_not_shown_are_said(tmp_path: Path) -> None:
    regions = [f"r{place:02}" for place in range(50)]
    coords = {
        "stimulus_id": ("presentation", np.repeat(list("abcd"), 3)),
        "neuroid_id": ("neuroid", [f"n{place}" for place in range(51)]),
        "region": ("neuroid", np.array([*regions, np.nan], dtype=object)),
    }
    values = np.random.default_rng(0).normal(size=(12, 51))
    text = words(write_report(assembly_package(tmp_path, xr.DataArray(values, coords, ("presentation", "neuroid")))))
    assert "10 more regions are not shown. 1 neuroid without a region." in text
