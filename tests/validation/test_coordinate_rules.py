"""What coordinates say about neuroids, presentations and time bins, and what they give away."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given

from brainpack import NeuroidAssembly
from brainpack.objects.indexes import repeated_dimensions
from brainpack.validation.findings import Severity
from brainpack.validation.registry import CRASHED, run
from brainpack.validation.rules import coordinates, time_bins
from brainpack.validation.rules.assemblies import ClaimedClass, assembly_subjects
from brainpack.validation.terms import Profile, Terms
from tests.validation.cases_tables import NEUROID, PRESENTATION, bins, claim, neural, shown

OWN = Terms(select=("BP-A013", "BP-A014", "BP-A015", "BP-A016", "BP-A017", "BP-A018", "BP-A019", "BP-A020", "BP-A021"))
NAMES = [
    "stimulus_id", "image_id", "repetition", "repetition_id", "subject", "animal", "region", "neuroid_id", "filename",
    "time_bin_start", "time_bin_end", "time_bin_stop", "presentation", "neuroid", "time_bin", "x",
]  # fmt: skip
VALUES: list[Any] = [
    [1, 2], [1.5, np.nan], ["a", "b"], ["a", None], [None, None], [True, False], [[1], {}], ["\ud800", 1],
    np.array(["2020", "NaT"], "M8[ns]"), np.array([1, "NaT"], "m8[ns]"), np.array([b"a", b"b"]), [2**70, 1],
    np.array([1, 2], "f2"), np.array([1, 2], ">i4"), np.array([1, np.inf], np.longdouble), np.array([1j, 2]),
    pd.Categorical(["a", None]), pd.array([1, None], dtype="Int64"), ["/home/a/b", "~a/b"],
    pd.date_range("2020", periods=2, tz="UTC"), [np.zeros(2), np.ones(3)], [pd.NA, pd.NaT], np.array([-np.inf, np.inf]),
]  # fmt: skip


def found(array: xr.DataArray, name: str = "NeuroidAssembly") -> set[str]:
    findings = run("assembly", *assembly_subjects(array, name), terms=OWN).findings
    return {finding.rule for finding in findings}


def variable(dim: str, values: Any) -> tuple[str, Any]:
    if isinstance(values, list) and any(isinstance(value, (list, dict, np.ndarray)) for value in values):
        return dim, np.fromiter(values, dtype=object, count=2)
    return dim, np.asarray(values)  # older versions of xarray cannot copy types of pandas


@given(
    st.dictionaries(
        st.sampled_from(NAMES),
        st.tuples(st.sampled_from([PRESENTATION, NEUROID, "time_bin"]), st.sampled_from(VALUES)),
        max_size=8,
    ),
    st.sampled_from(["NeuroidAssembly", "BehavioralAssembly", "PropertyAssembly", "SpikeTimesAssembly", "None"]),
    st.booleans(),
)  # fmt: skip
def test_odd_coordinates_crash_no_rule(coords: dict[str, tuple[str, Any]], name: str, is_gathered: bool) -> None:
    dims = (PRESENTATION, NEUROID, "time_bin")
    kept = {key: variable(dim, values) for key, (dim, values) in coords.items() if key not in dims or key == dim}
    if "time_bin" in kept or PRESENTATION in kept or NEUROID in kept:
        kept = {key: (dim, values) for key, (dim, values) in kept.items() if key not in dims}
    array = xr.DataArray(np.zeros((2, 2, 2)), kept, dims)
    assert CRASHED not in found(NeuroidAssembly(array) if is_gathered and is_plain(array) else array, name)


def is_plain(array: xr.DataArray) -> bool:
    """Whether an index can be made of the coordinates."""
    return all(coordinate.dtype in ("i8", "f8", "?", "U1") for coordinate in array.coords.values())


def test_coordinates_may_be_lazy_dimensions_repeated_and_entries_absent() -> None:
    ids = xr.Variable(PRESENTATION, [1, 1]).chunk(1).data
    coords = {"stimulus_id": (PRESENTATION, ids), "repetition": (PRESENTATION, ids), "neuroid_id": (NEUROID, ids)}
    with repeated_dimensions():
        array = xr.DataArray(np.zeros((2, 2, 2)), coords, (PRESENTATION, PRESENTATION, NEUROID))
        assert found(array) == {"BP-A016", "BP-A017", "BP-A019"}
    empty = xr.DataArray(np.zeros((0, 0, 0)), dims=(PRESENTATION, NEUROID, "time_bin"))
    nothing: dict[str, Any] = {
        "stimulus_id": (PRESENTATION, []), "neuroid_id": (NEUROID, []), "time_bin_start": ("time_bin", []),
        "time_bin_end": ("time_bin", []),
    }  # fmt: skip
    assert found(empty.assign_coords(nothing)) == {"BP-A019"}


def test_a_gathered_assembly_is_judged_like_a_plain_one() -> None:
    array = shown(repetition=[1, 1, 1], filename=[*"abc"]).array
    expected = {"BP-A013", "BP-A017", "BP-A018", "BP-A019", "BP-A020"}
    assert found(NeuroidAssembly(array)) == found(array) == expected


@pytest.mark.parametrize(
    ("others", "advice"),
    [
        ({"session": [*"xxyy"], "animal": [*"aabb"], "depth": [1.0, 2, 3, 4]}, "Put 'animal' in front"),
        ({"session": [*"xxyy"], "depth": [1.0, 2, 3, 4]}, "Put 'session' in front"),
        ({"depth": [1.0, 2, 3, 4], "array": [*"xxxx"]}, "Number the neuroids anew"),
    ],
)
def test_what_tells_neuroids_of_one_id_apart(others: dict[str, Any], advice: str) -> None:
    columns: dict[str, Any] = {"neuroid_id": [1, 2, 1, 2], **others}
    array = claim("NeuroidAssembly", {name: (NEUROID, values) for name, values in columns.items()})
    (problem,) = coordinates.neuroid_ids_are_unique(array)
    assert problem.advice.startswith(advice)


def test_what_tells_repeated_presentations_apart() -> None:
    (problem,) = coordinates.presentations_are_told_apart(shown(repetition=[1, 1, 1], trial=[1, 1, 2]))
    assert "'trial'" in problem.advice
    (problem,) = coordinates.presentations_are_told_apart(shown(repetition=[1, 1, 1]))
    assert "leave out presentations that are there twice" in problem.advice


@pytest.mark.parametrize(
    "occasions", [{"session": [1, 1, 2]}, {"run_id": [1, 1, np.nan]}, {"session": [1, 1, 1], "block": [*"xxy"]}]
)
def test_repetitions_may_start_again_in_each_session(occasions: dict[str, Any]) -> None:
    assert [*coordinates.presentations_are_told_apart(shown(repetition=[1, 1, 1], **occasions))] == []


def test_a_session_that_has_a_presentation_twice() -> None:
    twice = shown(["a", "b", "a", "a"], repetition=[1, 1, 1, 1], session=[1, 1, 2, 2])
    assert [problem.count for problem in coordinates.presentations_are_told_apart(twice)] == [1]


@pytest.mark.parametrize("subject", [[np.nan] * 3, [1.0, np.nan, 1.0], [np.nan, 1.0, np.nan]])
def test_presentations_without_a_subject_are_found(subject: list[float]) -> None:
    assert [*coordinates.presentations_are_told_apart(shown(repetition=[1, 1, 1], subject=subject))]


def test_repetitions_without_a_value_are_none() -> None:
    assert [*coordinates.presentations_are_told_apart(shown(repetition=[np.nan] * 3))] == []
    assert [*coordinates.presentations_are_told_apart(shown(repetition=[1, 1, 1], repeat=[np.nan] * 3))]


@pytest.mark.parametrize(
    "name", ["repetition", "repetition_id", "repetition_index", "repeat", "rep", "Rep_Nr", "replicate"]
)
def test_names_of_repetitions(name: str) -> None:
    assert [*coordinates.presentations_are_told_apart(shown(**{name: [1, 1, 1]}))]


@pytest.mark.parametrize("name", ["repetitions", "reps", "report", "trial"])
def test_a_number_of_repetitions_is_no_repetition(name: str) -> None:
    assert [*coordinates.presentations_are_told_apart(shown(**{name: [1, 1, 1]}))] == []


def test_a_presentation_whose_repetition_is_unknown_is_no_repeated_one() -> None:
    assert [*coordinates.presentations_are_told_apart(shown(repetition=[np.nan, 1, np.nan]))] == []


@pytest.mark.parametrize(
    "who", ["animal", "subject", "subject_id", "monkey", "participant_id", "subject_unique_id", "Worker"]
)
@pytest.mark.parametrize("where", ["region", "area", "brain_area", "voxel_region", "roi", "arealabel", "region_name"])
def test_names_of_subjects_and_regions(who: str, where: str) -> None:
    both = claim("NeuroidAssembly", {who: (NEUROID, [1, 2]), where: (NEUROID, ["V4", "IT"])})
    assert [*coordinates.it_is_said_who_and_where(both)] == []


@pytest.mark.parametrize("name", ["subject_answer", "subject_group", "regional", "area_px", "humanity"])
def test_what_says_something_else(name: str) -> None:
    (problem,) = coordinates.it_is_said_who_and_where(neural(**{name: (NEUROID, [1, 2])}))
    assert problem.expected == "the region of each neuroid and the animal or subject"
    assert problem.found == repr(name)


@pytest.mark.parametrize("name", ["has_animal", "is_human", "contains_mouse", "object_area", "region", "image_subject"])
def test_what_presentations_show_is_neither_who_nor_where(name: str) -> None:
    (problem,) = coordinates.it_is_said_who_and_where(neural(**{name: (PRESENTATION, [1, 2])}))
    assert problem.count == 2


def test_behaviour_has_no_region() -> None:
    answers = {f"answer_{number}": (PRESENTATION, [1, 2]) for number in range(7)}
    (problem,) = coordinates.it_is_said_who_and_where(neural("BehavioralAssembly", **answers))
    assert problem.expected == "the animal or subject"
    assert problem.found.endswith("'answer_4', and 2 more")
    assert problem.advice.startswith("Add 'subject',")


def test_one_region_for_all_is_enough() -> None:
    array = neural(animal=(NEUROID, [1, 2])).array.assign_coords(region="IT")
    assert [*coordinates.it_is_said_who_and_where(ClaimedClass(array, "NeuroidAssembly"))] == []


def test_bins_may_touch_and_have_gaps() -> None:
    assert [*time_bins.time_bins_are_ordered(bins([0, 0.3], [0.1 + 0.2, 0.6]))] == []
    assert [*time_bins.time_bins_are_ordered(bins([0, 50], [10, 60]))] == []
    assert [*time_bins.time_bins_are_ordered(bins([], []))] == []
    assert [*time_bins.time_bins_are_ordered(bins([0], [np.inf]))] == []


def test_bounds_are_as_exact_as_their_type() -> None:
    start = np.arange(2000, dtype="f4") * np.float32(0.01)
    assert [*time_bins.time_bins_are_ordered(bins(start, start + np.float32(0.01)))] == []
    (problem,) = time_bins.time_bins_are_ordered(bins(start, start + np.float32(0.0101)))
    assert problem.found == "bins that overlap"


def test_samples_have_no_width_but_an_order() -> None:
    assert [*time_bins.time_bins_are_ordered(bins([0, 1, 2], [0, 1, 2]))] == []
    (problem,) = time_bins.time_bins_are_ordered(bins([0, 2, 1], [0, 2, 1]))
    assert problem.advice == "Sort the bins by their start"


def test_bins_of_durations() -> None:
    start, end = np.array([0, 20], "m8[ns]"), np.array([30, 40], "m8[ns]")
    (problem,) = time_bins.time_bins_are_ordered(bins(start, end))
    assert problem.found == "bins that overlap"
    (problem,) = time_bins.time_bins_have_bounds(bins(start, np.array([30, "NaT"], "m8[ns]")))
    assert problem.examples == [1]


def test_order_and_bounds_are_told_apart() -> None:
    problems = [*time_bins.time_bins_are_ordered(bins([10, 0, 5], [5, 10, 15]))]
    assert [problem.count for problem in problems] == [1, 1, 1]


def test_attributes_that_cannot_be_stored_are_another_rules_business() -> None:
    endless: dict[str, Any] = {"path": "/home/ada/x"}
    endless["again"] = endless
    assert found(xr.DataArray([1.0], dims=PRESENTATION, attrs={"a": endless}), "PropertyAssembly") == set()


def test_what_is_advice_in_a_draft_stops_publishing() -> None:
    findings = run("assembly", neural(neuroid_id=(NEUROID, [1, 1])), terms=Terms(Profile.PUBLISH)).findings
    severities = {finding.rule: finding.severity for finding in findings}
    assert severities["BP-A016"] is Severity.ERROR
    assert severities["BP-A019"] is Severity.WARNING
