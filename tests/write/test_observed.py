from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from brainpack.objects.values import natural
from brainpack.validation.statistics import Statistics
from brainpack.write.netcdf import ROOT, write_arrays

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TYPES = {
    "rates": np.array([0.5, np.nan, np.inf], dtype=">f4"),
    "counts": np.array([1, 2, 3], dtype="u2"),
    "correct": np.array([True, False, True]),
    "times": np.array(["2020-02-29", "NaT", "2021"], dtype="M8[ns]"),
    "durations": np.array([1, "NaT", 3], dtype="m8[ns]"),
    "texts": np.array(["a", None, "日本"], dtype=object),
    "short texts": np.array(["a", "b", "日本"]),
    "bytes": np.array([b"a", b"b"]),
    "objects": np.array([1, None, 2.5], dtype=object),
    "one number": np.array(2.5),
    "one word": np.array("word"),
}


class Collector:
    """Takes every region and a copy of its values."""

    def __init__(self) -> None:
        self.found: list[tuple[Any, Any]] = []

    def look(self, region: Any) -> Callable[[Any], tuple[Any, Any]]:
        return lambda block: (region, block.copy())

    def take(self, found: tuple[Any, Any]) -> None:
        self.found.append(found)


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("name", TYPES)
def test_an_observer_sees_the_values_and_not_what_they_are_stored_as(name: str, compress: bool, tmp_path: Path) -> None:
    array = xr.DataArray(TYPES[name], dims=("event",)[: TYPES[name].ndim])
    seen = Collector()
    write_arrays({ROOT: array}, tmp_path / "a.nc", compress=compress, observer=seen)
    ((_, block),) = seen.found
    expected = natural(array.values)
    assert (block.dtype, block.shape) == (expected.dtype.newbyteorder("="), expected.shape)
    assert pd.Series(block.ravel()).equals(pd.Series(expected.astype(block.dtype).ravel()))


def test_each_block_comes_once_with_its_place(tmp_path: Path) -> None:
    array = xr.DataArray(np.random.default_rng(0).random((300, 1000)), dims=("presentation", "neuroid"))
    collected = np.full(array.shape, np.nan)
    counts = np.zeros(array.shape, int)
    seen = Collector()
    write_arrays({ROOT: array}, tmp_path / "a.nc", observer=seen)
    for region, block in seen.found:
        collected[region] = block
        counts[region] += 1
    np.testing.assert_array_equal(collected, array.values)
    assert (counts == 1).all()


def test_coordinates_and_extras_are_not_observed(tmp_path: Path) -> None:
    array = xr.DataArray([1, 2], {"region": ("neuroid", ["V4", "IT"]), "neuroid": [5, 6]}, ("neuroid",))
    seen = Collector()
    write_arrays({ROOT: array, "extra": array + 10}, tmp_path / "a.nc", observer=seen)
    ((_, block),) = seen.found
    assert block.tolist() == [1, 2]


def test_observing_changes_no_byte(tmp_path: Path) -> None:
    array = xr.DataArray(np.random.default_rng(0).random((40, 9)), dims=("presentation", "neuroid"))
    alone, contents = write_arrays({ROOT: array}, tmp_path / "a.nc")
    observed, same = write_arrays({ROOT: array}, tmp_path / "b.nc", observer=Statistics.expecting(array))
    assert (alone, contents) == (observed, same)


@pytest.mark.parametrize("name", TYPES)
def test_statistics_of_what_is_written_are_those_of_the_array(name: str, tmp_path: Path) -> None:
    array = xr.DataArray(TYPES[name], dims=("presentation",)[: TYPES[name].ndim])
    written, read = Statistics.expecting(array), Statistics.of(array)
    write_arrays({ROOT: array}, tmp_path / "a.nc", observer=written)
    assert (written.missing, written.infinite, written.dtype) == (read.missing, read.infinite, read.dtype)
    assert written.missing == pd.isna(TYPES[name]).sum()
    assert (written.numbers is None) == (read.numbers is None)
    if written.numbers is not None and read.numbers is not None:
        assert written.numbers.range == read.numbers.range
