"""What holds for every input: valid data are not refused, and what is not refused comes back unchanged."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import example, given, settings

from brainpack import validate
from brainpack.layout import FILENAME, STIMULUS_ID
from brainpack.testing.strategies import pairs, stimulus_tables
from brainpack.validation.registry import CRASHED, run
from brainpack.validation.rules.names import Name
from brainpack.validation.rules.roundtrip import rows_typed_together
from brainpack.validation.rules.stimuli import StimulusTable
from brainpack.validation.terms import Profile
from brainpack.write.stimuli import write_csv
from tests.validation.experiments import Experiment, judged, package

if TYPE_CHECKING:
    from brainpack import DataAssembly
    from brainpack.testing.strategies import StimuliInMemory

TRAPS = st.sampled_from(
    ["", " ", "NA", "N/A", "nan", "None", "null", "<NA>", "001", "1", "-1", "+1", "1.0", "1e5", "1_000", "inf", "-Inf",
     "True", "FALSE", "yes", "0x1F", "2020-01-01", "a,b", 'a"b', "a\nb", "a\r\nb", "a\rb", "\r", "\t", " 1", "1 ",
     "\uff11", "\ufeffa", "\ud800", "a\0b", "9" * 20, "٣"]
)  # fmt: skip
IDS = st.lists(st.one_of(TRAPS, st.text(max_size=4)), min_size=1, max_size=4)


@given(stimulus_tables())
def test_a_valid_table_has_no_errors(table: pd.DataFrame) -> None:
    assert run("table", Name("identifier", "lab.Author2026"), StimulusTable(table)).errors == ()


@pytest.mark.slow
@settings(max_examples=60)
@given(pairs(), st.sampled_from([Profile.DRAFT, Profile.PUBLISH]))
def test_valid_data_have_no_errors(pair: tuple[StimuliInMemory, DataAssembly], profile: Profile) -> None:
    stimuli, assembly = pair
    with TemporaryDirectory() as folder:
        experiment = Experiment(
            stimuli.on_disk(folder), assembly, type(assembly).__name__, extras={"extra": xr.DataArray(assembly)}
        )
        report = judged(experiment, profile)
    assert report.errors == ()
    assert CRASHED not in report.places


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=15)
@given(pair=pairs())
def test_valid_data_are_packaged_into_files_that_have_no_errors(pair: tuple[StimuliInMemory, DataAssembly]) -> None:
    stimuli, assembly = pair
    with TemporaryDirectory() as sources, TemporaryDirectory() as folder:
        package(Experiment(stimuli.on_disk(sources), assembly, type(assembly).__name__), Path(folder))
        reports = validate(folder)
    assert len(reports) == 2
    assert reports.errors == ()
    assert CRASHED not in {finding.rule for report in reports for finding in report.findings}


@given(IDS)
@example(["a\r"])
@example(["True", "False"])
@example(["1", "a"])
@example(["1", "", "a"])
def test_ids_are_accepted_exactly_when_they_survive(ids: list[str]) -> None:
    table = pd.DataFrame({STIMULUS_ID: pd.Series(ids, dtype=object), FILENAME: "x"})
    assert accepts(table) == survives(table)


@pytest.mark.parametrize(
    "ids",
    [
        [1, 2], [-1, 2**40], [2**63, 1], [2**64], [1.5, 2.0], [float("inf"), 0.1], [True, 1], [1, 2.5],
        [b"a"], [("a", 1)], [[1], [2]], [{}], [pd.Timestamp("2020-01-01")], [np.int8(1), 1], [np.str_("a"), "b"],
        pd.Categorical(["a", "b"]), pd.Categorical([1, 2]), pd.Categorical(["1", "2"]), pd.array([1, 2], dtype="Int64"),
        pd.array(["a", "b"], dtype="string"), pd.array(["1", "b"], dtype="string"), pd.array(["1"], dtype="string"),
        np.array(["2020", "2021"], dtype="M8[ns]"), np.array([1, 2], dtype="m8[ns]"), np.array([0.1], dtype=np.float32),
        np.array([3], dtype=np.uint8), pd.period_range("2020", periods=2), [complex(1)], [np.zeros(2), np.ones(2)],
    ],
    ids=str,
)  # fmt: skip
def test_ids_of_any_type_are_accepted_exactly_when_they_survive(ids: Any) -> None:
    table = pd.DataFrame({STIMULUS_ID: pd.Series(ids), FILENAME: "x"})
    assert accepts(table) == survives(table)


@pytest.mark.parametrize("shift", [0, 1])
@pytest.mark.parametrize("columns", [2, 128])
@pytest.mark.parametrize("looks_like", ["{:07d}", "true", ""], ids=repr)
def test_a_long_stretch_that_looks_like_something_else(columns: int, shift: int, looks_like: str) -> None:
    stretch = rows_typed_together(columns)
    ids = [f"stim_{number}" for number in range(40_000)]
    if stretch * 3 < len(ids):
        ids[stretch * 2 + shift : stretch * 3 + shift] = [looks_like.format(number) for number in range(stretch)]
    else:
        ids[20_000:30_000] = [looks_like.format(number) for number in range(10_000)]
    table = pd.DataFrame({STIMULUS_ID: ids} | {f"c{number}": 0 for number in range(columns - 2)} | {FILENAME: "x"})
    assert accepts(table) == survives(table)


@pytest.mark.parametrize(
    "first", [[1] * 4096, [1.5] * 4096, [True] * 4096, [2**63] * 4096], ids=lambda ids: str(ids[0])
)
def test_long_columns_of_several_types(first: list[Any]) -> None:
    for second in (["a"] * 4096, [2] * 4096, [0.5] * 4096):
        ids = pd.Series([*first, *second], dtype=object)
        table = pd.DataFrame({STIMULUS_ID: ids} | {f"c{number}": 0 for number in range(126)} | {FILENAME: "x"})
        assert not accepts(table) or survives(table)


def test_an_accepted_table_survives_the_file(tmp_path: Path) -> None:
    ids = ["a", "b c", "日本", 'quo"te', "com,ma", "x1", "1x", "-"]
    table = pd.DataFrame({STIMULUS_ID: ids, "size": np.arange(8)})
    assert accepts(table)
    write_csv(table, tmp_path / "a.csv", filenames=[f"{stimulus_id}.png" for stimulus_id in ids])
    assert pd.read_csv(tmp_path / "a.csv")[STIMULUS_ID].tolist() == ids


def accepts(table: pd.DataFrame) -> bool:
    return "BP-S003" not in {finding.rule for finding in run("table", StimulusTable(table)).errors}


def survives(table: pd.DataFrame) -> bool:
    """Whether `pandas.read_csv` with its defaults gets the ids that were written, in their types."""
    try:
        text = table.to_csv(index=False, lineterminator="\n").encode()
    except UnicodeEncodeError:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.DtypeWarning)
        after = pd.read_csv(io.BytesIO(text))[STIMULUS_ID].tolist()
    before = table[STIMULUS_ID].tolist()
    pairs = [*zip(before, after, strict=False)]
    integers_in_text = all(isinstance(old, str) and type(new) is int and str(new) == old for old, new in pairs)
    return len(before) == len(after) and (integers_in_text or all(same(*pair) for pair in pairs))


def same(before: Any, after: Any) -> bool:
    before, after = (value.item() if isinstance(value, np.generic) else value for value in (before, after))
    kinds = {str if isinstance(value, str) else type(value) for value in (before, after)}
    return len(kinds) == 1 and bool(before == after)
