from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from brainpack.errors import CheckFailed, InvalidData
from brainpack.objects.assemblies import DataAssembly, NeuroidAssembly
from brainpack.objects.stimuli import StimulusSet
from brainpack.objects.transform import index_efficient, merge_data_arrays, merge_stimulus_metadata, subset


def assembly_of(ids: Any, **coords: Any) -> NeuroidAssembly:
    return NeuroidAssembly(
        np.arange(2.0 * len(ids)).reshape(-1, 2),
        coords={"stimulus_id": ("presentation", ids), "neuroid_id": ("neuroid", [1, 2]), **coords},
        dims=["presentation", "neuroid"],
    )


def stepwise(source: np.ndarray[Any, Any], target: np.ndarray[Any, Any]) -> list[int]:
    """Walk through both in sorted order, as the definition has it."""
    indexer: list[int] = []
    for value in np.unique(source):
        times = int((target == value).sum())
        if times:
            first, *others = np.flatnonzero(source == value).tolist()
            indexer += [first] * times + others
    return indexer


INTEGERS = st.lists(st.integers(0, 5), max_size=12).map(lambda values: np.array(values, dtype=int))


@given(source=INTEGERS, target=INTEGERS)
def test_index_efficient_is_the_stepwise_definition(source: Any, target: Any) -> None:
    assert index_efficient(source, target) == stepwise(source, target)
    text = index_efficient(source.astype(str).astype(object), target.astype(str).astype(object))
    assert text == stepwise(source, target)


@given(ids=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=12))
def test_merging_is_looking_up_each_stimulus(ids: list[str]) -> None:
    sizes = {"f": 6, "a": 1, "d": 4, "b": 2, "e": 5, "c": 3}
    stimuli = StimulusSet({"stimulus_id": list(sizes), "size": np.array(list(sizes.values()), "i2")})
    merged = merge_stimulus_metadata(assembly_of(ids), stimuli)
    assert merged["size"].values.tolist() == [sizes[i] for i in ids]
    assert merged["size"].dtype == np.int16
    assert merged["stimulus_id"].values.tolist() == ids
    assert type(merged) is NeuroidAssembly
    assert list(merged.indexes["presentation"].names) == ["stimulus_id", "size"]


COLUMNS: dict[str, tuple[Any, str]] = {
    "float32": (np.array([1.5, np.nan], "f4"), "float32"),
    "bool": ([True, False], "bool"),
    "int8": (np.array([-7, 7], "i1"), "int8"),
    "uint64": (np.array([2**64 - 1, 0], "u8"), "uint64"),
    "dates": (np.array(["2020-01-01T00:00:00.000000001", "NaT"], "M8[ns]"), "datetime64[ns]"),
    "durations": (np.array([5, 7], "m8[ns]"), "timedelta64[ns]"),
    "text": (["x", "y"], "object"),
    "text with gaps": (["x", None], "object"),
    "bool with gaps": (np.array([True, None], object), "object"),
    "categories": (pd.Categorical(["v", "u"], categories=["v", "u"]), "object"),
    "whole numbers of categories": (pd.Categorical([30, 20]), "int64"),
    "masked integers": (pd.array([1, 2], dtype="Int16"), "int16"),
    "masked integers with gaps": (pd.array([1, None], dtype="Int16"), "float64"),
    "masked bool": (pd.array([True, False], dtype="boolean"), "bool"),
}


@pytest.mark.parametrize(("column", "dtype"), COLUMNS.values(), ids=COLUMNS)
def test_merging_keeps_types(column: Any, dtype: str) -> None:
    stimuli = pd.DataFrame({"stimulus_id": ["a", "b"], "new": column})
    merged = merge_stimulus_metadata(assembly_of(["b", "a", "b"]), stimuli)
    assert merged["new"].dtype == dtype
    expected = stimuli["new"].astype(object)[[1, 0, 1]]
    found = pd.Series(merged["new"].values.astype(object) if dtype == "object" else merged["new"].values)
    assert found.isna().tolist() == expected.isna().tolist()
    assert found[found.notna()].tolist() == [value for value in expected if pd.notna(value)]


def test_merging_keeps_the_coordinates_that_are_there() -> None:
    stimuli = pd.DataFrame({"stimulus_id": ["a", "b"], "size": [1, 2], "label": ["u", "v"]})
    merged = merge_stimulus_metadata(assembly_of(["b", "a"], size=("presentation", [7, 8])), stimuli)
    assert merged["size"].values.tolist() == [7, 8]
    assert merged["label"].values.tolist() == ["v", "u"]
    assert merge_stimulus_metadata(merged, stimuli).identical(merged)


def test_merging_leaves_out_columns_named_like_other_coordinates() -> None:
    stimuli = pd.DataFrame({"stimulus_id": ["a"], "neuroid_id": [9], "neuroid": [9], "session": [9], "size": [1]})
    assembly = assembly_of(["a"], session=5)
    with pytest.warns(UserWarning, match=r"\['neuroid_id', 'neuroid', 'session'\].*rename") as caught:
        merged = merge_stimulus_metadata(assembly, stimuli)
    assert caught[0].filename == __file__
    assert merged["neuroid_id"].values.tolist() == [1, 2]
    assert merged["session"].item() == 5
    assert merged["size"].values.tolist() == [1]


IDS: dict[str, tuple[Any, Any]] = {
    "text and integers": (["2", "1", "2"], [1, 2]),
    "integers and text": ([2, 1, 2], ["1", "2"]),
    "floats and text": ([2.0, 1.0, 2.0], ["1", "2"]),
    "text and floats": (["2.5", "1.0", "2.5"], [1, 2.5]),
    "integers and floats": ([2, 1, 2], [1.0, 2.0]),
    "bool and text": ([True, False, True], ["False", "True"]),
    "text and bool": (["True", "False", "True"], [False, True]),
    "bool": ([True, False, True], [False, True]),
    "text and masked integers": (["2", "1", "2"], pd.array([1, 2], dtype="Int64")),
    "text and categories": (["2", "1", "2"], pd.Categorical([1, 2])),
    "dates": (
        np.array(["2020-01-02", "2020-01-01", "2020-01-02"], "M8[ns]"),
        pd.to_datetime(["2020-01-01", "2020-01-02"]),
    ),
}


@pytest.mark.parametrize(("ours", "theirs"), IDS.values(), ids=IDS)
def test_merging_compares_text_with_other_ids(ours: Any, theirs: Any) -> None:
    merged = merge_stimulus_metadata(assembly_of(ours), pd.DataFrame({"stimulus_id": theirs, "size": [10, 20]}))
    assert merged["size"].values.tolist() == [20, 10, 20]
    assert merged["stimulus_id"].values.tolist() == np.asarray(ours).tolist()


@pytest.mark.parametrize(("ours", "theirs"), [(["01"], [1]), (["1e3"], [1000]), (["1.0"], [1]), (["1"], [1.5])])
def test_merging_does_not_guess(ours: Any, theirs: Any) -> None:
    with pytest.raises(InvalidData, match=f"no row for stimulus_id '{ours[0]}'"):
        merge_stimulus_metadata(assembly_of(ours), pd.DataFrame({"stimulus_id": theirs}))


def test_merging_refuses_columns_of_one_name() -> None:
    stimuli = pd.DataFrame([["a", 1, 2]], columns=["stimulus_id", "size", "size"])
    with pytest.raises(InvalidData, match="several columns named 'size'"):
        merge_stimulus_metadata(assembly_of(["a"]), stimuli)


def test_merging_looks_at_the_presentations_that_are_there() -> None:
    """A selection keeps the ids of all presentations among the levels of its index."""
    few = assembly_of(["a", "b", "c"])[1:]
    merged = merge_stimulus_metadata(few, pd.DataFrame({"stimulus_id": ["c", "b"], "size": [3, 2]}))
    assert merged["size"].values.tolist() == [2, 3]


def test_merging_along_a_dimension_that_is_its_own_coordinate() -> None:
    assembly = DataAssembly([1, 2], {"stimulus_id": ["b", "a"]}, ["stimulus_id"])
    stimuli = pd.DataFrame({"stimulus_id": ["a", "b"], "size": [1, 2]})
    merged = merge_stimulus_metadata(assembly, stimuli, dim="stimulus_id")
    assert merged["size"].values.tolist() == [2, 1]


def test_merging_refuses_unknown_and_duplicate_stimuli() -> None:
    stimuli = pd.DataFrame({"stimulus_id": ["a", "b"], "size": [1, 2]})
    with pytest.raises(InvalidData, match="'q0', 'q1', 'q2', 'q3', 'q4' and 2 more"):
        merge_stimulus_metadata(assembly_of(["a", *(f"q{i}" for i in range(7))]), stimuli)
    with pytest.raises(InvalidData, match="no row for stimulus_id nan"):
        merge_stimulus_metadata(assembly_of(np.array(["a", np.nan], object)), stimuli)
    with pytest.raises(InvalidData, match="several rows for stimulus_id 'b'"):
        merge_stimulus_metadata(assembly_of(["a"]), pd.concat([stimuli, stimuli[1:]]))
    with pytest.raises(InvalidData, match="no column 'stimulus_id'"):
        merge_stimulus_metadata(assembly_of(["a"]), stimuli[["size"]])
    with pytest.raises(InvalidData, match="no coordinate 'stimulus_id'"):
        merge_stimulus_metadata(DataAssembly([1], dims=["presentation"]), stimuli)


def test_merging_changes_neither_input() -> None:
    assembly, stimuli = assembly_of(["b", "a"]), pd.DataFrame({"stimulus_id": ["a", "b"], "size": [1, 2]})
    before, columns = assembly.copy(deep=True), stimuli.copy()
    merge_stimulus_metadata(assembly, stimuli)
    assert assembly.identical(before)
    assert stimuli.equals(columns)


def test_merging_works_along_a_repeated_dimension() -> None:
    square = NeuroidAssembly(np.eye(2), {"stimulus_id": ("presentation", ["a", "b"])}, ["presentation"] * 2)
    merged = merge_stimulus_metadata(square, pd.DataFrame({"stimulus_id": ["b", "a"], "size": [1, 2]}))
    assert merged.shape == (2, 2)
    assert merged["size"].values.tolist() == [2, 1]


def test_merge_data_arrays_fills_gaps_and_keeps_the_class() -> None:
    whole = assembly_of(["a", "b", "c"])
    merged = merge_data_arrays(part for part in (whole[:2, :1], whole[1:]))
    assert type(merged) is NeuroidAssembly
    assert merged.name is None
    assert np.isnan(merged.sel(stimulus_id="a", neuroid_id=2).item())
    assert merged.sel(stimulus_id="c", neuroid_id=2).item() == 5
    assert merged["neuroid_id"].dtype == whole["neuroid_id"].dtype


def test_merge_data_arrays_refuses_contradictions() -> None:
    with pytest.raises(xr.MergeError):
        merge_data_arrays([assembly_of(["a"]), assembly_of(["a"]) + 1])


def test_subset_says_what_is_missing() -> None:
    source = assembly_of(["a", "b"])
    with pytest.raises(CheckFailed, match=r"2 entries.*expected 3"):
        subset(source, assembly_of(["a", "b", "c"]), ["presentation"])
    with pytest.raises(CheckFailed, match="no one-dimensional coordinate 'colour'"):
        subset(source, source, ["colour"])
    with pytest.raises(CheckFailed, match="share no coordinate of 'presentation'"):
        subset(source, DataAssembly([1], {"other": ("presentation", [1])}, ["presentation"]))


def test_subset_by_a_coordinate_of_another_dimension() -> None:
    source = assembly_of(["a", "b", "a"])
    target = DataAssembly([1], {"stimulus_id": ("presentation", ["a"])}, ["presentation"])
    selected = subset(source, target, ["stimulus_id"], dims_must_match=False)
    assert selected["stimulus_id"].values.tolist() == ["a", "a"]
    assert type(selected) is NeuroidAssembly


def test_subset_matches_no_missing_values() -> None:
    source = DataAssembly([1, 2], {"x": ("p", [1.0, np.nan])}, ["p"])
    assert subset(source, source, dims_must_match=False).values.tolist() == [1]
