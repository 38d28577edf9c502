"""Whatever is given to an entry point, all that is wrong with it is in one InvalidData, and nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from brainpack import InvalidData, StimulusSet, pipeline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ARRAY = xr.DataArray([1], dims="x")


def with_paths(ids: Any, paths: Any) -> StimulusSet:
    stimuli = StimulusSet({"stimulus_id": pd.Series(ids, dtype=object)})
    stimuli.stimulus_paths = paths
    return stimuli


STIMULI: dict[str, tuple[Any, set[str]]] = {
    "none": (None, {"BP-R003"}),
    "array": (np.zeros(3), {"BP-R003"}),
    "dictionary": ({"stimulus_id": ["a"]}, {"BP-R003"}),
    "ids twice": (pd.DataFrame([["a", "b"]], columns=["stimulus_id"] * 2), {"BP-S008"}),
    "nested": (
        pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("stimulus_id", "a")])), {"BP-S008"},
    ),
    "lists": (with_paths([[1], [1]], {"a": "b"}), {"BP-S002", "BP-S003", "BP-S005"}),
    "missing": (with_paths([None, pd.NA], {"a": "b"}), {"BP-S003", "BP-S005"}),
    "bytes as paths": (with_paths(["a"], {"a": b"b"}), {"BP-S005"}),
    "numbers as paths": (with_paths(["a", "b"], {"a": 3, "b": float("nan")}), {"BP-S005"}),
    "names twice": (
        pd.DataFrame([["a", "b", "c"]], columns=["stimulus_id", *["stimulus_path_within_store"] * 2]),
        {"BP-S005", "BP-S008"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STIMULI)
def test_stimuli(name: str, tmp_path: Path) -> None:
    stimuli, expected = STIMULI[name]
    refused(lambda: pipeline.package_stimuli(stimuli, "lab.A", tmp_path / "out"), expected)
    refused(lambda: pipeline.package_stimuli(stimuli, None, tmp_path / "out"), expected | {"BP-R001"})  # type: ignore[arg-type]  # what a careless caller gives
    refused(lambda: pipeline.write_stimulus_zip(stimuli, tmp_path / "out" / "a.zip"), expected)
    assert not (tmp_path / "out").exists()


def test_no_table_for_the_csv(tmp_path: Path) -> None:
    refused(lambda: pipeline.write_stimulus_csv(None, tmp_path / "a.csv"), {"BP-R003"})  # type: ignore[arg-type]  # what a careless caller gives


@pytest.mark.parametrize(
    "array", [None, np.zeros((2, 2)), xr.Dataset(), pd.DataFrame()], ids=lambda given: type(given).__name__
)
def test_assemblies(array: Any, tmp_path: Path) -> None:
    refused(
        lambda: pipeline.package_assembly(array, "lab.A", "lab.A", "NeuroidAssembly", tmp_path / "out"), {"BP-R003"}
    )
    refused(lambda: pipeline.write_netcdf_file(array, tmp_path / "out" / "a.nc"), {"BP-R003"})
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("class_name", "extras", "expected"),
    [
        (None, None, {"BP-R003"}),
        (["NeuroidAssembly"], None, {"BP-R003"}),
        ("None", None, {"BP-A001"}),
        ("PropertyAssembly", ARRAY, {"BP-R003"}),
        ("PropertyAssembly", [ARRAY], {"BP-R003"}),
        ("PropertyAssembly", {1: ARRAY, None: None}, {"BP-A008"}),
        ("PropertyAssembly", {"": ARRAY}, {"BP-A008"}),
    ],
)
def test_arguments_beside_an_assembly(class_name: Any, extras: Any, expected: set[str], tmp_path: Path) -> None:
    refused(lambda: pipeline.package_assembly(ARRAY, "a.B", "a.B", class_name, tmp_path / "out", extras), expected)
    assert not (tmp_path / "out").exists()


def refused(call: Callable[[], object], expected: set[str]) -> None:
    with pytest.raises(InvalidData) as caught:
        call()
    report = caught.value.report
    assert report is not None
    assert {finding.rule for finding in report.errors} == expected
    assert all(str(finding) in str(caught.value) for finding in report.errors)
