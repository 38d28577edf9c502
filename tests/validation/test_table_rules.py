"""What tables of stimuli say and give away, how their files are named, and what CSV readers leave alone."""

from __future__ import annotations

import io
from pathlib import PurePosixPath
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given

from brainpack import StimulusSet, checks
from brainpack.errors import CheckFailed
from brainpack.objects.entries import zip_entries
from brainpack.validation.conventions import gaps_in, names_stimulus_file, number_in
from brainpack.validation.factors import factorised, rows_of
from brainpack.validation.private import is_private, private_texts, texts_in
from brainpack.validation.registry import CRASHED, run
from brainpack.validation.rules import tables  # noqa: F401 - its rules are registered when it is imported
from brainpack.validation.rules.roundtrip import Changes, column_through_csv
from brainpack.validation.rules.stimuli import StimulusFiles, StimulusTable
from brainpack.validation.terms import Profile, Terms
from tests.helpers import any_text

PRIVATE = [
    "/home/ada", "/Users/ada/lab/a.png", "/root/x", "~/stimuli/a.png", "~ada/a.png", "see ~ada/a.png", "C:\\Users\\ada",
    "d:/data/a.png", r"\\lab-nas\share\a.png", "file:///tmp/a.png", "/data/lab/a.png", "/mnt/om2/stimuli",
    "made by /home/ada/run.py", "made in /mnt/x", "/scratch/a", "/Volumes/disk/a b/c.png",
    "C:/Program Files/lab/a.png", "c:/a.png", "C:\\\\Users", "path=/Users/ada/x",
]  # fmt: skip
PUBLIC = [
    "", "a/b", "images/a.png",
    "https://lab.org/home/ada/a.png", "http://cs.nyu.edu/~eero/", "s3://bucket/a/b", "/",
    "and/or", "~20/30", "~5 ms", "/m/01jfm_", "1:/x", "a:b", "\\alpha", "doi:10.1/x", "/animal", "ratio 1:2",
    "./home/a", "/animal/dog", "/kæt/dɒg/", "Ratio A:/B", "A:/B and C:/D", "images/data/a.png",
]  # fmt: skip
ODD_VALUES: list[Any] = [
    [[1], {}], [None, pd.NaT], ["\ud800", "a"], [2**70, "a"], [b"/home/x", 1], [np.zeros(2), np.ones(3)], [True, None],
    [object, len], pd.Categorical(["/home/a/b", None]), pd.array([1, None], dtype="Int64"), [1.5, complex(1)],
    pd.array(["/home/a/b", None], dtype="string"), pd.date_range("2020", periods=2, tz="UTC"),
    pd.period_range("2020", periods=2), pd.interval_range(0, 2), pd.arrays.SparseArray([0, 1]), np.zeros(2, ">i4"),
    np.zeros(2, "f2"), np.zeros(2, np.longdouble), [PurePosixPath("/home/a/b"), "x"], np.array(["a", "b"], "S1"),
]  # fmt: skip
WORDS = st.sampled_from(
    ["NA", "nan", "NULL", "None", "n/a", "N/A", "null", "inf", "-inf", "Infinity", "true", "False", "TRUE", "1", "01",
     "1e5", "1.5", "0x1F", "1_000", "fruits", "007.png", "e", "E5", "d5", "nano", "info", "trues", "a,b", "ä", "x y",
     "1,5", '"1"', "1\n2", '1"']
)  # fmt: skip


def found(subject: object, rule: str) -> list[Any]:
    findings = run("input", subject).findings
    assert CRASHED not in {finding.rule for finding in findings}
    return [finding for finding in findings if finding.rule == rule]


def stimuli_of(files: list[str]) -> StimulusSet:
    stimuli = StimulusSet({"stimulus_id": [name.rpartition(".")[0] for name in files]})
    stimuli.stimulus_paths = dict(zip(stimuli["stimulus_id"], files, strict=True))
    return stimuli


@pytest.mark.parametrize("text", PRIVATE)
def test_places_on_somebodys_computer(text: str) -> None:
    assert is_private(text)


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_no_place_on_somebodys_computer(text: str) -> None:
    assert not is_private(text)


def test_private_texts_of_columns_of_any_kind() -> None:
    assert private_texts(pd.Categorical(["/home/a/b", None, "/home/a/b"])) == ["/home/a/b"]
    assert private_texts(pd.Series([PurePosixPath("/home/a/b"), 3, ["/home/no/text"], None])) == ["/home/a/b"]


def test_all_texts_of_an_attribute() -> None:
    nested = {"a": ["x", {"b": ("y", PurePosixPath("z"))}], "c": np.array(["u", "v"]), "d": 1, "e": None}
    assert [*map(str, texts_in(nested))] == ["a", "x", "b", "y", "z", "c", "u", "v", "d", "e"]


def test_local_columns_are_not_published_and_not_looked_at() -> None:
    ids, local = ["a", "b"], {"stimulus_current_local_file_path": "/home/a/b", "stimulus_path_within_store": "x"}
    table = StimulusTable(pd.DataFrame({"stimulus_id": ids, **local}))
    assert found(table, "BP-S013") == found(table, "BP-S014") == []


@pytest.mark.parametrize("values", ODD_VALUES, ids=ascii)
def test_odd_columns_crash_no_rule(values: Any) -> None:
    with any_text():
        table = pd.DataFrame({"stimulus_id": ["a", "b"], "x": values, "again": values})
    table.columns = pd.Index(["stimulus_id", "x", "x"])
    for part in (table, table[:1], table[:0]):
        found(StimulusTable(part), "BP-S013")


def test_a_late_difference_is_a_difference() -> None:
    assert found(StimulusTable(pd.DataFrame({"stimulus_id": range(5000), "x": [0] * 4999 + [1]})), "BP-S013") == []
    assert found(StimulusTable(pd.DataFrame({"stimulus_id": range(5000), "x": 0})), "BP-S013") != []


def test_names_and_numbers_are_a_gate_for_experiments() -> None:
    files = StimulusFiles(pd.DataFrame(), zip_entries(stimuli_of(["left.png"])))
    report = run("input", files, terms=Terms(Profile.EXPERIMENT, select=("BP-S015", "BP-S016")))
    assert {finding.rule for finding in report.errors} == {"BP-S015", "BP-S016"}


@given(st.lists(st.integers(0, 10**30), max_size=8))
def test_gaps_are_those_of_the_numbers(numbers: list[int]) -> None:
    gaps = gaps_in(numbers)
    span = max(numbers) - min(numbers) + 1 if numbers else 0
    assert gaps.missing == span - len({*numbers})
    assert gaps.repeated == len({number for number in numbers if numbers.count(number) > 1})
    assert not {*gaps.first_missing} & {*numbers}
    assert len(gaps.first_missing) == min(gaps.missing, 5)


@given(
    st.lists(
        st.from_regex(r"[a-z]?_?[0-9]{0,2}\.[a-z]{3}", fullmatch=True),
        min_size=1,
        max_size=5,
        unique_by=lambda name: name[:-4],
    )
)
def test_rules_and_checks_agree(names: list[str]) -> None:
    stimuli = stimuli_of(names)
    files = StimulusFiles(stimuli, zip_entries(stimuli))
    assert (not found(files, "BP-S015")) == all(passes(checks.check_stimulus_naming_convention, name) for name in names)
    assert (not found(files, "BP-S016")) == passes(checks.check_stimulus_numbers, stimuli)


def passes(check: Any, argument: object) -> bool:
    try:
        check(argument)
    except CheckFailed:
        return False
    return True


def test_numbers_as_large_as_file_names_allow() -> None:
    assert number_in("9" * 255 + ".png") == int("9" * 255)
    assert number_in("9" * 6000 + ".png") is None
    assert not names_stimulus_file("1.png\n")


@given(st.lists(st.one_of(WORDS, st.text(max_size=3), st.none()), min_size=1, max_size=6))
@example(["1,5"])
@example(['"1"', "2"])
@example(["null", "nul"])
def test_text_that_is_taken_for_plain_survives(values: list[Any]) -> None:
    column = pd.Series(values, dtype=object)
    outcome = column_through_csv(column, 2)
    try:
        text = pd.DataFrame({"value": column, "next": 0}).to_csv(index=False, lineterminator="\n").encode()
    except UnicodeEncodeError:
        assert outcome.broken
        return
    after = pd.read_csv(io.BytesIO(text))["value"]
    if not outcome.broken:
        present = column.notna()
        survives = len(after) == len(column) and all(
            isinstance(new, str) and new == old for old, new in zip(column[present], after[present], strict=True)
        )
        assert survives == (not outcome.changed)


def test_changes_are_made_when_they_are_looked_at() -> None:
    changes = Changes(np.array(["1", "02", "3"], dtype=object), np.array([1, 2, 3], dtype=object))
    assert [*map(repr, changes)] == ["'1' -> 1", "'02' -> 2", "'3' -> 3"]
    assert [*map(repr, changes[1:])] == ["'02' -> 2", "'3' -> 3"]
    assert not changes.are_integers_in_text


def test_ids_that_cannot_be_looked_up_have_no_file() -> None:
    stimuli = StimulusSet({"stimulus_id": [["a"], "b", {}]})
    stimuli.stimulus_paths = {"b": "b.png"}
    assert [(entry.path, entry.name) for entry in zip_entries(stimuli)] == [
        (None, None), ("b.png", "b.png"), (None, None),
    ]  # fmt: skip


@given(st.lists(st.one_of(st.integers(0, 3), st.sampled_from(["a", "b"]), st.none(), st.just([1])), max_size=8))
def test_codes_are_equal_where_values_are(values: list[Any]) -> None:
    codes = factorised(np.fromiter(values, dtype=object, count=len(values))).codes
    for code, value in zip(codes, values, strict=True):
        assert (code == -1) == (value is None)
        assert [code == other for other in codes] == [value == other for other in values]


@given(st.lists(st.tuples(*[st.one_of(st.integers(0, 2), st.none())] * 3), min_size=1, max_size=8))
def test_rows_are_equal_where_all_columns_are(rows: list[tuple[int | None, ...]]) -> None:
    factors = rows_of(factorised(np.array(column, dtype=object)) for column in zip(*rows, strict=True))
    for code, row in zip(factors.codes, rows, strict=True):
        assert (code == -1) == (None in row)
        if code >= 0:
            assert factors.counts[code] == rows.count(row)
