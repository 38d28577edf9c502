"""A rule never raises, whatever it is given, and never asks for the values of a lazy array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from brainpack import NeuroidAssembly, StimulusSet
from brainpack.validation.registry import run
from brainpack.validation.rules.assemblies import assembly_subjects, stored_subjects
from brainpack.validation.rules.names import Claim, Name
from brainpack.validation.rules.stimuli import StimulusTable, table_subjects
from tests.helpers import subjects_with_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from brainpack.validation.report import Report


def errors(report: Report) -> set[str]:
    assert str(report)
    return {finding.rule for finding in report.errors}


TABLES: dict[str, tuple[Any, set[str]]] = {
    "no rows and columns": ({}, {"BP-S001", "BP-S007"}),
    "numbered columns": (np.zeros((2, 2)), {"BP-S001", "BP-S008"}),
    "ids twice": (pd.DataFrame([["a", "b"]], columns=["stimulus_id"] * 2), {"BP-S008"}),
    "nested columns": (
        pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("stimulus_id", "a"), ("stimulus_id", "b")])),
        {"BP-S008"},
    ),
    "nested columns of another name": (
        pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), {"BP-S001", "BP-S008"},
    ),
    "columns of several types": (
        pd.DataFrame([["a", 1, 2, 3]], columns=["stimulus_id", None, ("a", 1), 1.5]), {"BP-S008"},
    ),
    "nested rows": (pd.DataFrame({"stimulus_id": ["a"]}, index=pd.MultiIndex.from_tuples([("x", 1)])), set()),
    "rows of one name": (pd.DataFrame({"stimulus_id": ["a", "b"], "w": "x"}, index=[0, 0]), set()),
    "lists": ({"stimulus_id": [[1], [2]]}, {"BP-S003"}),
    "dicts": ({"stimulus_id": [{}, {"a": 1}]}, {"BP-S003"}),
    "arrays": ({"stimulus_id": [np.zeros(2), np.ones(3)]}, {"BP-S003"}),
    "bytes": ({"stimulus_id": [b"a", b"b"]}, {"BP-S003"}),
    "missing": ({"stimulus_id": [None, pd.NA, np.nan, pd.NaT]}, {"BP-S003"}),
    "missing and lists": ({"stimulus_id": [None, [1], "a"]}, {"BP-S003"}),
    "times": ({"stimulus_id": pd.to_datetime(["2020-01-01", "2020-01-02"])}, {"BP-S003"}),
    "times with a zone": ({"stimulus_id": pd.to_datetime(["2020-01-01"]).tz_localize("UTC")}, {"BP-S003"}),
    "categories": ({"stimulus_id": pd.Categorical(["a", "b"])}, set()),
    "missing category": ({"stimulus_id": pd.Categorical(["a", None])}, {"BP-S003"}),
    "nullable integers": ({"stimulus_id": pd.array([1, 2], dtype="Int64")}, set()),
    "missing integer": ({"stimulus_id": pd.array([1, None], dtype="Int64")}, {"BP-S003"}),
    "nullable text": ({"stimulus_id": pd.array(["a", "a"], dtype="string")}, {"BP-S002"}),
    "true and false": ({"stimulus_id": [True, False]}, {"BP-S003"}),
    "odd cells": (
        {"stimulus_id": ["a", "b"], "x": [[1], {}], "y": [object, None], "z": [b"", pd.NA], "s": [{1}, np.zeros(2)]},
        set(),
    ),
    "filename twice": (
        pd.DataFrame([["a", "b", "c"]], columns=["stimulus_id", "filename", "filename"]), {"BP-S008"},
    ),
    "sparse": ({"stimulus_id": ["a", "b"], "x": pd.arrays.SparseArray([0, 1])}, set()),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_odd_tables(name: str) -> None:
    content, expected = TABLES[name]
    table = pd.DataFrame(content)
    before = table.copy()
    assert errors(run("table", StimulusTable(table))) == expected
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize("given", [None, 1, "text", {"stimulus_id": [1]}, [1], np.zeros(3), pd.Series(["a"])], ids=repr)
def test_no_table_at_all(given: object) -> None:
    assert errors(run("input", *subjects_with_files(given))) == {"BP-R003"}
    assert errors(run("input", *table_subjects(given))) == {"BP-R003"}


def test_a_table_alone_needs_no_files() -> None:
    table = pd.DataFrame({"stimulus_id": ["a"]})
    assert errors(run("input", *table_subjects(table))) == set()
    assert errors(run("input", *subjects_with_files(table))) == {"BP-S005"}


@pytest.mark.parametrize("given", [None, 1, np.zeros((2, 2)), xr.Dataset(), pd.DataFrame(), [1]], ids=repr)
def test_no_array_at_all(given: object) -> None:
    assert errors(run("input", *assembly_subjects(given, "NeuroidAssembly"))) == {"BP-R003"}


@pytest.mark.parametrize("group", ["a/b", "a b", "..", "/", "a\0b", "\ud800", "data"], ids=ascii)
def test_odd_groups(group: str) -> None:
    array = xr.DataArray([1], dims="x")
    assert errors(run("input", *stored_subjects(array, "trials"))) == set()
    assert errors(run("input", *stored_subjects(array, group))) == {"BP-A008"}
    assert errors(run("input", *stored_subjects(None, group))) == {"BP-R003"}
    assert errors(run("input", *stored_subjects(array, 5))) == {"BP-A008", "BP-R003"}


def test_odd_arguments_beside_an_array() -> None:
    array = xr.DataArray([1], dims="x")
    assert errors(run("input", *assembly_subjects(array, ["NeuroidAssembly"]))) == {"BP-R003"}
    assert errors(run("input", *assembly_subjects(array, None, extras=[array]))) == {"BP-R003"}
    assert errors(run("input", *assembly_subjects(array, "PropertyAssembly", extras=array))) == {"BP-R003"}
    assert errors(run("input", *assembly_subjects(array, "PropertyAssembly", {1: array, (2,): 3}))) == {"BP-A008"}


@pytest.mark.parametrize("identifier", [None, 1, b"a", "", ".a", "a b", "a/b", "ä", ["a"], "a\n"], ids=repr)
def test_odd_identifiers(identifier: Any) -> None:
    assert errors(run("input", Name("identifier", identifier), Claim("assembly", "a", None))) == {"BP-R001"}


def test_stimulus_paths_of_any_kind() -> None:
    for paths in (None, 3, ["a"], {}, {"b": "c"}):
        stimuli = StimulusSet({"stimulus_id": ["a"]})
        stimuli.stimulus_paths = paths  # type: ignore[assignment]  # what a careless caller sets
        assert errors(run("input", *subjects_with_files(stimuli))) == {"BP-S005"}
    assert errors(run("input", *subjects_with_files(pd.DataFrame({"stimulus_id": ["a"]})))) == {"BP-S005"}


def objects(*values: object) -> Any:
    return np.fromiter(values, dtype=object, count=len(values))


ARRAYS: dict[str, tuple[Callable[[], xr.DataArray], set[str]]] = {
    "scalar": (lambda: xr.DataArray(1), set()),
    "scalar text": (lambda: xr.DataArray("a"), set()),
    "scalar object": (lambda: xr.DataArray(np.array(None, dtype=object)), set()),
    "no values": (lambda: xr.DataArray(np.zeros((0, 2))), {"BP-A004"}),
    "objects": (lambda: xr.DataArray(objects({}, [], None)), {"BP-A006"}),
    "lists": (lambda: xr.DataArray(objects([1], [2])), {"BP-A006"}),
    "bytes as objects": (lambda: xr.DataArray(objects(b"a", b"b")), {"BP-A006"}),
    "records": (lambda: xr.DataArray(np.zeros(2, dtype=[("a", int)])), {"BP-A006"}),
    "missing only": (lambda: xr.DataArray(objects(None, pd.NA)), set()),
    "numbered dimension": (lambda: xr.DataArray([1], dims=[0]), {"BP-A005"}),
    "tuple as dimension": (lambda: xr.DataArray([1], dims=[("a", "b")]), {"BP-A005"}),
    "numbered coordinate": (lambda: xr.DataArray([1], {5: ("x", [1])}, ("x",)), {"BP-A005"}),
    "repeated dimension": (lambda: xr.DataArray(np.zeros((2, 2)), dims=("x", "x")), set()),
    "two-dimensional coordinate": (
        lambda: xr.DataArray(np.zeros((1, 2)), {"a": (("x", "y"), [[1, 2]])}, ("x", "y")), set(),
    ),
    "gathered": (
        lambda: NeuroidAssembly([[1]], {"a": ("x", [1]), "x": ("x", [1]), "b": ("y", ["b"])}, ("x", "y")), set(),
    ),
    "selected": (lambda: NeuroidAssembly([1, 2], {"a": ("x", [1, 2]), "b": ("x", [3, 4])}, ("x",))[0], set()),
    "nested coordinate": (lambda: xr.DataArray([1], {"a": ("x", objects([1]))}, ("x",)), {"BP-A006"}),
    "odd attributes": (
        lambda: xr.DataArray(1, attrs={1: 1, ("a",): 2, None: 3, "units": [], "": object()}), {"BP-A007"},
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate dimension names:UserWarning")
@pytest.mark.parametrize("name", ARRAYS)
def test_odd_arrays(name: str) -> None:
    make, expected = ARRAYS[name]
    array = make()
    assert errors(run("array", *assembly_subjects(array, "PropertyAssembly", {"extra": array}))) == expected


class Lazy:
    """An array whose values nobody may ask for."""

    ndim = 2
    shape = (2, 3)
    size = 6

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)

    def __array__(self, *args: object, **kwargs: object) -> Any:
        raise AssertionError("the values were computed")

    def __array_function__(self, *args: object) -> Any:
        raise AssertionError("the values were computed")

    def __array_ufunc__(self, *args: object, **kwargs: object) -> Any:
        raise AssertionError("the values were computed")

    def __getitem__(self, key: object) -> Any:
        raise AssertionError("the values were computed")


@pytest.mark.parametrize("dtype", ["f4", "i2", "?", "M8[ns]", "m8[s]"])
def test_lazy_values_are_not_computed(dtype: str) -> None:
    coords = {"stimulus_id": ("presentation", ["a", "b"]), "repetition": ("presentation", [0, 0])}
    array = xr.DataArray(Lazy(dtype), coords, ("presentation", "neuroid"))
    assert run("array", *assembly_subjects(array, "NeuroidAssembly")).errors == ()


def test_lazy_values_of_a_wrong_type_are_found_without_computing() -> None:
    array = xr.DataArray(Lazy("f2"), dims=("presentation", "neuroid"))
    assert errors(run("array", *assembly_subjects(array, "PropertyAssembly"))) == {"BP-A006"}


def test_values_of_a_type_of_pandas() -> None:
    array = xr.DataArray(pd.array([1, 2], dtype="Int64"), dims="x")
    assert errors(run("array", *assembly_subjects(array, "PropertyAssembly"))) == set()
