from __future__ import annotations

import string
from typing import Any

import dask.array
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from brainpack.objects.assemblies import DataAssembly
from brainpack.objects.indexes import (
    Level,
    gather_indexes,
    get_metadata,
    levels_of,
    plain_coords,
    plain_values,
    repeated_dimensions,
    take,
)

LENGTH = 4
NUMBERS = [np.dtype(name) for name in ("f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?")]
TIMES = [np.dtype("M8[ns]"), np.dtype("m8[ns]")]


def columns() -> st.SearchStrategy[np.ndarray[Any, Any]]:
    numbers = st.sampled_from([*NUMBERS, *TIMES]).flatmap(lambda dtype: npst.arrays(dtype, LENGTH))
    texts = st.text(string.ascii_letters + "é猫 ", max_size=5) | st.just(np.nan)
    columns = st.lists(texts, min_size=LENGTH, max_size=LENGTH)
    return numbers | columns.map(lambda values: np.array(values, dtype=object))


@given(coords=st.dictionaries(st.sampled_from(["p", "q", "r", "p_x", "stimulus_id"]), columns(), max_size=4))
def test_gathering_and_back_keeps_values_types_and_order(coords: dict[str, np.ndarray[Any, Any]]) -> None:
    array = xr.DataArray(np.arange(LENGTH), {name: ("p", values) for name, values in coords.items()}, ["p"])
    plain = plain_coords(gather_indexes(array))
    assert set(plain) == set(coords)
    assert list(plain) == sorted(plain, key=lambda name: (name != "p", list(coords).index(name)))
    for name, values in coords.items():
        dims, back = plain[name]
        assert dims == ("p",)
        assert back.dtype == values.dtype
        np.testing.assert_array_equal(pd.isna(back), pd.isna(values))
        assert back[~pd.isna(back)].tolist() == values[~pd.isna(values)].tolist()


@given(coords=st.dictionaries(st.sampled_from(["q", "r", "s"]), columns(), max_size=3))
def test_gathering_again_changes_nothing(coords: dict[str, np.ndarray[Any, Any]]) -> None:
    array = gather_indexes(xr.DataArray(np.arange(LENGTH), {n: ("p", v) for n, v in coords.items()}, ["p"]))
    assert gather_indexes(array).identical(array)
    assert DataAssembly(array).equals(DataAssembly(DataAssembly(array)))


def test_a_single_coordinate_keeps_its_name() -> None:
    assembly = DataAssembly([[1, 2]], coords={"neuroid_id": ("neuroid", ["x", "y"])}, dims=["presentation", "neuroid"])
    assert list(assembly.indexes["neuroid"].names) == ["neuroid_id"]
    assert hasattr(assembly, "neuroid_id")
    assert assembly["neuroid_id"].values.tolist() == ["x", "y"]
    assert assembly.sel(neuroid_id="y").item() == 2
    assert list(get_metadata(assembly, names_only=True, include_multi_indexes=True)) == ["neuroid_id"]
    assert list(get_metadata(assembly, names_only=True, include_indexes=False)) == []
    assert list(plain_coords(assembly)) == ["neuroid_id"]


def test_the_files_of_older_clients_get_their_dimension_coordinate_back() -> None:
    array = xr.DataArray([1, 2], {"p_level_0": ("p", ["x", "y"]), "q": ("p", [1, 2])}, ["p"])
    assert list(plain_coords(array)) == ["p", "q"]
    assert list(plain_coords(DataAssembly(array))) == ["p", "q"]
    assert list(DataAssembly(DataAssembly(array)).indexes["p"].names) == ["p_level_0", "q"]


def test_a_level_0_beside_a_plain_dimension_coordinate_is_not_renamed() -> None:
    array = xr.DataArray([1, 2], {"p": ("p", [5, 6]), "p_level_0": ("p", ["x", "y"])}, ["p"])
    assert plain_coords(array)["p"][1].tolist() == [5, 6]
    assert plain_coords(array)["p_level_0"][1].tolist() == ["x", "y"]


def test_levels_are_appended_to_a_given_multi_index() -> None:
    index = pd.MultiIndex.from_arrays([["b", "a"], [1, 2]], names=["up", "down"])
    array = xr.DataArray([1, 2], dims="p").assign_coords(xr.Coordinates.from_pandas_multiindex(index, "p"))
    assembly = DataAssembly(array.assign_coords(size=("p", [7, 8])))
    assert list(assembly.indexes["p"].names) == ["up", "down", "size"]
    assert [level.name for level in levels_of(assembly, "p")] == ["up", "down", "size"]
    assert assembly.sel(up="a", size=8).item() == 2


def test_what_selecting_one_entry_leaves_of_a_multi_index_is_no_coordinate() -> None:
    assembly = DataAssembly([1, 2], coords={"a": ("p", ["x", "y"]), "b": ("p", [3, 4])}, dims=["p"])
    plain = plain_coords(assembly.isel(p=0))
    assert {name: (dims, values.item()) for name, (dims, values) in plain.items()} == {
        "a": ((), "x"),
        "b": ((), 3),
    }


def test_coordinates_of_two_dimensions_stay() -> None:
    array = xr.DataArray([[1, 2]], {"grid": (("a", "b"), [[3, 4]]), "x": ("a", [1])}, ["a", "b"])
    plain = plain_coords(DataAssembly(array))
    assert plain["grid"][0] == ("a", "b")
    assert plain["grid"][1].tolist() == [[3, 4]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pd.Series(["a", None]), np.array(["a", np.nan], dtype=object)),
        (pd.Series(["a", None], dtype="string"), np.array(["a", np.nan], dtype=object)),
        (pd.Series([1, 2], dtype="Int16"), np.array([1, 2], dtype="i2")),
        (pd.Series([1, None], dtype="Int64"), np.array([1, np.nan])),
        (pd.Series([True, False], dtype="boolean"), np.array([True, False])),
        (pd.Series([True, None], dtype="boolean"), np.array([True, np.nan], dtype=object)),
        (pd.Series(["b", "a"], dtype="category"), np.array(["b", "a"], dtype=object)),
        (np.array(["a", None], dtype=object), np.array(["a", np.nan], dtype=object)),
        (np.array(["a", "b"], dtype=np.dtypes.StringDType()), np.array(["a", "b"], dtype=object)),
        (np.array(None, dtype=object), np.array(np.nan, dtype=object)),
        ([1.5, 2.5], np.array([1.5, 2.5])),
    ],
    ids=repr,
)
def test_plain_values(values: Any, expected: np.ndarray[Any, Any]) -> None:
    plain = plain_values(values)
    assert type(plain) is np.ndarray
    assert plain.dtype == expected.dtype
    assert plain.shape == expected.shape
    assert [*map(repr, np.ravel(plain))] == [*map(repr, np.ravel(expected))]


def test_text_levels_are_plain_text_on_every_pandas() -> None:
    assembly = DataAssembly([1, 2], coords={"a": ("p", pd.Series(["x", None])), "b": ("p", [3, 4])}, dims=["p"])
    assert assembly["a"].dtype == object
    assert type(assembly["a"].values[0]) is str
    assert np.isnan(assembly["a"].values[1])
    assert assembly.indexes["p"].levels[0].dtype == object


def test_values_that_do_not_compare_keep_their_order() -> None:
    level = Level.of("a", np.array([("x",), 1.5, ("x",)], dtype=object))
    assert level.values.take(level.codes).tolist() == [("x",), 1.5, ("x",)]


def test_float16_becomes_float32() -> None:
    assembly = DataAssembly([1, 2], coords={"a": ("p", np.array([1, 2], "f2"))}, dims=["p"])
    assert assembly["a"].dtype == np.float32


def test_an_empty_dimension() -> None:
    assembly = DataAssembly(np.zeros((0, 1)), coords={"stimulus_id": ("p", np.array([], "U1"))}, dims=["p", "n"])
    assert assembly["stimulus_id"].shape == (0,)


def test_take_indexes_every_occurrence_of_a_repeated_dimension() -> None:
    with repeated_dimensions():
        values = np.arange(9).reshape(3, 3)
        square = DataAssembly(
            values, coords={"x": ("p", [7, 8, 9]), "y": ("p", list("abc"))}, dims=["p", "p"], name="n"
        )
    taken = take(square, {"p": np.array([2, 0])})
    assert type(taken) is DataAssembly
    assert taken.name == "n"
    assert taken.values.tolist() == [[8, 6], [2, 0]]
    assert taken["x"].values.tolist() == [9, 7]
    assert list(taken.indexes["p"].names) == ["x", "y"]


@given(texts=st.lists(st.text(max_size=3) | st.none(), max_size=20))
def test_levels_of_text_are_sorted(texts: list[str | None]) -> None:
    level = Level.of("label", np.array(texts, dtype=object))
    assert level.values.tolist() == sorted({text for text in texts if text is not None})
    assert [None if code < 0 else level.values[code] for code in level.codes] == texts


def test_levels_of_values_that_do_not_compare_are_in_order_of_appearance() -> None:
    level = Level.of("label", np.array([2j, 1j, 2j], dtype=object))
    assert level.values.tolist() == [2j, 1j]
    assert level.codes.tolist() == [0, 1, 0]


@pytest.mark.parametrize("count", [1, 127, 128, 129, 40_000])
def test_a_level_of_selected_entries_has_the_same_values(count: int) -> None:
    values = np.array([*map(str, range(count)), None], dtype=object)
    positions = np.array([count, 0, count - 1, count])
    level = Level.of("label", values).take(positions)
    assert [None if code < 0 else level.values[code] for code in level.codes] == values[positions].tolist()


def test_selecting_keeps_lazy_values_lazy() -> None:
    with repeated_dimensions():
        values = dask.array.arange(9, chunks=3).reshape(3, 3)
        square = DataAssembly(values, {"label": ("p", [*"abc"])}, ["p", "p"])
    taken = take(square, {"p": np.array([2, 0])})
    assert isinstance(taken.data, dask.array.Array)
    assert taken.values.tolist() == [[8, 6], [2, 0]]
    assert taken["label"].values.tolist() == ["c", "a"]
