"""Whether an assembly and its stimulus set say the same, as loading would find."""

from __future__ import annotations

import warnings
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings

from brainpack import NeuroidAssembly
from brainpack.errors import InvalidData
from brainpack.objects.transform import merge_stimulus_metadata
from brainpack.validation.registry import CRASHED, run
from brainpack.validation.rules.pairs import Pair, StimulusSets, pair_subjects
from tests.validation.cases_tables import NEUROID, PRESENTATION, pair
from tests.validation.test_coordinate_rules import VALUES, variable

IDS: list[list[Any]] = [["a", "b", "c"], [1, 2, 3], ["1", "2", "3"], [1.0, 2.0, 3.0], [1.5, 2.5, 3.5], ["01", "2", "c"]]


def found(subject: object) -> set[str]:
    return {finding.rule for finding in run("pair", subject).findings}


@given(st.sampled_from(IDS), st.sampled_from(IDS), st.integers(1, 3), st.booleans())
def test_what_can_be_merged_has_all_its_stimuli(ids: Any, listed: Any, count: int, has_gap: bool) -> None:
    table = pd.DataFrame({"stimulus_id": [*listed[:count], None] if has_gap else listed[:count]})
    array = xr.DataArray(
        np.zeros(2), {"stimulus_id": (PRESENTATION, ids[:2]), "x": (PRESENTATION, [0, 1])}, PRESENTATION
    )
    assert ("BP-P001" not in found(Pair(array, table))) == is_merged(array, table)


def is_merged(array: xr.DataArray, table: pd.DataFrame) -> bool:
    try:
        merge_stimulus_metadata(array, table)
    except InvalidData:
        return False
    return True


@settings(max_examples=50)
@given(st.lists(st.sampled_from([0, 1, 2, None]), min_size=3, max_size=3), st.sampled_from(["f8", "f4", object]))
def test_what_was_merged_agrees(values: list[Any], dtype: Any) -> None:
    table = pd.DataFrame({"stimulus_id": [*"abc"], "x": np.array(values, dtype=dtype)})
    array = xr.DataArray(np.zeros(4), {"stimulus_id": (PRESENTATION, [*"abca"])}, PRESENTATION)
    merged = merge_stimulus_metadata(array, table)
    assert found(Pair(merged, table)) == set()
    changed = table.assign(x=[7, *table["x"][1:]])
    assert "BP-P003" in found(Pair(merged, changed))


def test_the_columns_that_loading_leaves_out_are_those_that_clash() -> None:
    clash = pair([*"ab"], [*"ab"], {"region": (NEUROID, ["V4", "IT"]), "size": (PRESENTATION, [1, 2])}, region=[1, 2],
                 size=[1, 2], other=[1, 2])  # fmt: skip
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        merge_stimulus_metadata(clash.array, clash.table)
    assert "['region']" in str(caught[0].message)
    assert found(clash) == {"BP-P004"}
    assert found(Pair(NeuroidAssembly(clash.array), clash.table)) == {"BP-P004"}


def test_ids_of_another_type_are_named() -> None:
    (finding,) = run("pair", pair([1, 2], ["01", "02"])).warnings
    assert finding.found == "ids that it does not have: integer, where the set has string"


@pytest.mark.parametrize(
    ("ours", "theirs", "agree"),
    [
        ([1, 2], [1.0, 2.0], True), ([2**60, 1], [2**60 + 1, 1], False), (["x", "y"], pd.Categorical(["x", "y"]), True),
        ([True, False], [True, False], True), ([True, False], ["True", "False"], False), ([1, 2], [True, False], False),
        ([np.nan, np.nan], ["a", "b"], False), ([np.nan, np.nan], [None, None], True),
        (np.array(["2020", "2021"], "M8[ns]"), pd.to_datetime(["2020", "2021"]), True), ([0.1, 0.2], [0.1, 0.3], False),
        (["x", "y"], pd.array(["x", None], dtype="string"), False), (["x", ""], ["x", None], True),
        (np.array(["2020", "2021"], "M8[ns]"), ["2020-01-01", "2021-01-01"], True),
        (np.array(["2020", "2021"], "M8[ns]"), ["2020-01-01", "then"], False),
        ([1, 2], pd.array([1, 2], dtype="Int64"), True),
    ],
)  # fmt: skip
def test_what_agrees(ours: Any, theirs: Any, agree: bool) -> None:
    assert found(pair([*"ab"], [*"ab"], {"x": (PRESENTATION, ours)}, x=theirs)) == (set() if agree else {"BP-P003"})


def test_a_difference_counts_once_for_each_stimulus() -> None:
    (finding,) = run("pair", pair([*"aaabb"], [*"ab"], {"x": (PRESENTATION, [1, 1, 1, 2, 3])}, x=[0, 2])).findings
    assert finding.count == 2
    assert finding.examples == ("'a': 1, in the set 0", "'b': 3, in the set 2")


def test_ids_and_local_columns_need_not_agree() -> None:
    array = pair([*"ab"], [*"ab"], {"stimulus_path_within_store": (PRESENTATION, [*"xy"])}).array
    table = pd.DataFrame({"stimulus_id": [*"ab"], "stimulus_path_within_store": [1, 2]})
    assert found(Pair(array, table)) == set()


@settings(max_examples=50)
@given(*[st.sampled_from(VALUES)] * 4)
def test_odd_ids_and_values_crash_no_rule(ids: Any, values: Any, listed: Any, column: Any) -> None:
    coords = {"stimulus_id": variable(PRESENTATION, ids), "x": variable(PRESENTATION, values)}
    array = xr.DataArray(np.zeros((2, 2)), coords, (PRESENTATION, NEUROID))
    if (stimuli := table(listed, column)) is not None:
        assert CRASHED not in found(Pair(array, stimuli))


def table(ids: Any, column: Any) -> pd.DataFrame | None:
    """A table of these columns, if pandas can hold them; older versions hold records, and cannot even show them."""
    try:
        made = pd.DataFrame({"stimulus_id": ids, "x": column})
    except (ValueError, TypeError):
        return None
    return None if "V" in {dtype.kind for dtype in made.dtypes} else made


def test_what_cannot_be_linked_is_another_rules_business() -> None:
    array, stimuli = xr.DataArray([1], dims="event"), pd.DataFrame({"stimulus_id": ["a"]})
    assert found(Pair(array, stimuli)) == set()
    linked = pair(["a"], ["a"])
    assert found(Pair(linked.array, pd.DataFrame([["a", "b"]], columns=["stimulus_id"] * 2))) == set()
    assert found(Pair(linked.array, pd.DataFrame())) == set()
    assert found(Pair(linked.array, linked.table[:0])) == {"BP-P001"}
    assert found(Pair(linked.array[:0], linked.table)) == {"BP-P002"}
    assert pair_subjects(array, None) == pair_subjects(None, stimuli) == []
    assert [type(subject) for subject in pair_subjects(array, stimuli)] == [Pair]


def test_old_sets_are_linked_by_image_id() -> None:
    array = xr.DataArray([1, 2], {"image_id": (PRESENTATION, ["a", "c"])}, PRESENTATION)
    assert found(Pair(array, pd.DataFrame({"image_id": ["a", "b"]}))) == {"BP-P001", "BP-P002"}


def test_each_two_sets_are_compared() -> None:
    contents = {name: pd.Series([*stimuli], index=[*stimuli]) for name, stimuli in
                {"train": "abc", "test": "cde", "other": "axy", "unread": [None]}.items()}  # fmt: skip
    report = run("sets", StimulusSets(contents))
    assert [finding.where for finding in report.warnings] == ["train and test", "train and other"]
