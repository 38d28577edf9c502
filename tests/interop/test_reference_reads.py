"""What brainpack writes, the reference client reads with each of its loaders."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.interop import cases, checking
from tests.interop.exchange import matrix
from tests.interop.stimuli import STIMULI

if TYPE_CHECKING:
    from tests.interop.cases import Case
    from tests.interop.exchange import BrainpackWrites
    from tests.interop.reference_side import Facts
    from tests.interop.stimuli import StimulusCase

pytestmark = [
    pytest.mark.interop,
    # the cases are what a warning speaks of: single coordinates, and arrays among the attributes
    pytest.mark.filterwarnings("ignore:.*BP-A01[012]:UserWarning"),
]

WAY = "brainpack->reference"
REFERRING = {
    "SpikeTimesAssembly": "GroupAppendAssemblyLoader",
    "PropertyAssembly": "StimulusReferenceAssemblyLoader",
    "MetadataAssembly": "StimulusReferenceAssemblyLoader",
}
WITH_STIMULI = [case for case in cases.CASES if case.stimuli and case.how is None]


def by_reference(case: Case) -> Facts:
    attrs = checking.identified(case)
    if case.array.dtype.kind == "m":  # it shows the mark that tells durations from numbers with such units
        attrs = {"dtype": "timedelta64[ns]", **attrs}
    facts = checking.in_file(case.array, attrs)
    return checking.in_memory(facts, keeps_single_names=False)


@matrix(WAY, cases.CASES)
def test_the_plain_loader_finds_what_went_in(written: BrainpackWrites, case: Case) -> None:
    found = written.facts("plain", case.identifier)
    assert found.cls == case.cls
    checking.assert_same(found, by_reference(case))


@matrix(WAY, [case for case in WITH_STIMULI if case.cls not in REFERRING])
def test_the_loader_that_merges_stimuli(written: BrainpackWrites, case: Case) -> None:
    found = written.facts("by class", case.identifier)
    stimuli = next(stimuli for stimuli in STIMULI if stimuli.name == case.stimuli)
    columns = checking.columns_in_csv(stimuli)
    assert written.result("by class", case.identifier)["loader"] == "StimulusMergeAssemblyLoader"
    assert found.cls == case.cls
    assert sorted(found.attrs["stimulus_set"]) == sorted(columns)
    checking.assert_same(found, checking.with_stimuli(by_reference(case), columns), but=["stimulus_set"])


@matrix(WAY, [case for case in WITH_STIMULI if case.cls in REFERRING])
def test_the_loaders_that_refer_to_stimuli(written: BrainpackWrites, case: Case) -> None:
    found = written.facts("by class", case.identifier)
    assert written.result("by class", case.identifier)["loader"] == REFERRING[case.cls]
    assert found.cls == case.cls
    assert "category" in found.attrs["stimulus_set"]
    checking.assert_same(found, by_reference(case), but=["stimulus_set", *case.extras])
    for name, extra in case.extras.items():
        assert found.attrs[name].cls == "MetadataAssembly"
        attrs = extra.attrs | {"stimulus_set_identifier": checking.stimuli_identifier(case)}
        expected = checking.in_memory(checking.in_file(extra, attrs), keeps_single_names=False)
        checking.assert_same(found.attrs[name], expected, but=["stimulus_set"])


@matrix(WAY, STIMULI)
def test_stimulus_sets_pass_the_check_of_perfect_overlap(written: BrainpackWrites, case: StimulusCase) -> None:
    found = written.result("load", case.identifier)
    expected = checking.columns_in_csv(case)
    assert found["identifier"] == case.identifier
    assert sorted(found["columns"]) == sorted(expected)
    for name, values in expected.items():
        checking.assert_equal(written.unpack(found["columns"][name]), values, f"column {name}")
    contents = [case.content(number) for number in range(len(case.ids))]
    assert found["sha1"] == [hashlib.sha1(content).hexdigest() for content in contents]  # noqa: S324 a checksum


def test_the_matrix_sees_small_differences(written: BrainpackWrites) -> None:
    case = next(case for case in cases.CASES if case.name == "neuroid-2d")
    found = written.facts("plain", case.identifier)
    checking.assert_same(found, checking.in_file(case.array, found.attrs))
    for other in (
        case.array.astype("float64"),
        case.array.where(case.array != 1, np.float32(1 + 1e-7)),
        case.array.rename(depth="width"),
        case.array.assign_coords(repetition=("presentation", np.array([0, 0, 0, 1, 1, 1], dtype="int32"))),
        case.array.transpose(),
    ):
        with pytest.raises(AssertionError):
            checking.assert_same(found, checking.in_file(other, found.attrs))
    with pytest.raises(AssertionError):
        checking.assert_same(found, checking.in_file(case.array, {**found.attrs, "identifier": "other"}))
