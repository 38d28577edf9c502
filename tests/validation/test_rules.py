"""For each rule, an input that passes it and one that fails it, with where, how many and which."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from brainpack import StimulusSet
from brainpack.validation.findings import EXAMPLES, Severity
from brainpack.validation.registry import RULES, run
from brainpack.validation.rules.arguments import Given
from brainpack.validation.rules.assemblies import ClaimedClass, Groups, StoredArray
from brainpack.validation.rules.names import Claim, Name
from brainpack.validation.rules.stimuli import StimulusTable
from tests.helpers import any_text, subjects_with_files
from tests.validation.case import Case

if TYPE_CHECKING:
    from collections.abc import Callable


def table(ids: Any, **columns: Any) -> StimulusTable:
    with any_text():
        return StimulusTable(pd.DataFrame({"stimulus_id": ids, **columns}))


def stored(data: Any = (1.0, 2.0), group: str = "", **kwargs: Any) -> StoredArray:
    with any_text():
        return StoredArray(group, xr.DataArray(np.asarray(data), dims=("presentation",), **kwargs))


def claim(name: str = "BehavioralAssembly", dim: str = "presentation", **coords: Any) -> ClaimedClass:
    return ClaimedClass(xr.DataArray([1, 2], {key: tuple(value) for key, value in coords.items()}, (dim,)), name)


SHOWN = ("presentation", ["a", "b"])
EXTRA = xr.DataArray([1], dims="event")

IN_MEMORY: dict[str, Case] = {
    "BP-R001": Case(Name("id", "lab.Author2026"), Name("id", "../x"), "id", ("'../x'",)),
    "BP-R001 None": Case(Name("id", "a" * 200), Name("id", None), "id", ("None",)),
    "BP-R001 long": Case(Name("id", "0"), Name("id", "a" * 201), "id", ("'" + "a" * 198 + "…",)),
    "BP-R002": Case(Claim("assembly", "a.B", "a.B"), Claim("assembly", "a.B", "a_B"), "a.B"),
    "BP-R002 free": Case(Claim("assembly", "a.B", None), Claim("stimulus_set", "a.B", "a_B"), "a.B"),
    "BP-R003": Case(Given("data", EXTRA, xr.DataArray), Given("data", None, xr.DataArray), "data"),
    "BP-S001": Case(
        StimulusTable(pd.DataFrame({"image_id": [1]})), StimulusTable(pd.DataFrame({"id": [1]})), "columns"
    ),
    "BP-S001 no columns": Case(table([1]), StimulusTable(pd.DataFrame()), "columns"),
    "BP-S002": Case(table(["a", "b"]), table(["b", "a", "b", "b", "a"]), "stimulus_id", ("'b'", "'a'"), 2),
    "BP-S002 many": Case(
        table(range(9)), table([*range(9)] * 2), "stimulus_id", ("0", "1", "2", "3", "4"), 9
    ),
    "BP-S002 lists": Case(table([[1], [2]]), table([[1], [1]]), "stimulus_id", ("'[1]'",)),
    "BP-S003": Case(table(["a", "b"]), table(["a", "NA", "c"]), "stimulus_id", ("'NA' -> nan",)),
    "BP-S003 zeros": Case(table([1, 2]), table(["001", "002"]), "stimulus_id", ("'001' -> 1", "'002' -> 2"), 2),
    "BP-S003 missing": Case(table(["a", "b"]), table(["a", None, "b"]), "stimulus_id", ("1",)),
    "BP-S003 types": Case(table([1, 2]), table([1, "a"]), "stimulus_id", ("1 -> '1'",)),
    "BP-S003 bytes": Case(table([1.5, 2.5]), table([b"a"]), "stimulus_id", ("""b'a' -> "b'a'\"""",)),
    "BP-S003 surrogate": Case(table(["日本"]), table(["\ud800", "b"]), "stimulus_id", (r"'\ud800' -> not UTF-8",)),
    "BP-S003 row": Case(table(["a\nb"]), table(["a\rb", "c"]), "stimulus_id", (r"'a\rb' -> several rows",)),
    "BP-S007": Case(table(["a"]), table([]), "rows"),
    "BP-S008": Case(
        table(["a"], size=[1]), StimulusTable(pd.DataFrame({"stimulus_id": [1], 3: [1], " ": [1]})), "columns",
        ("3", "' '"), 2,
    ),
    "BP-S008 twice": Case(
        table(["a"]), StimulusTable(pd.DataFrame([[1, 2, 3]], columns=["a", "a", "a"])), "columns", ("'a'",)
    ),
    "BP-S008 changed": Case(
        table(["a"], **{"日 本": [1]}), table(["a"], **{"x\r": [1]}), "columns", (r"'x\r' -> 'x'",)
    ),
    "BP-S008 broken": Case(table(["a"]), StimulusTable(pd.DataFrame({"x\ry": [1]})), "columns", (r"'x\ry' -> 'x'",)),
    "BP-S008 row": Case(
        table(["a"]), StimulusTable(pd.DataFrame({"x\ry": [1], "z": [1]})), "columns", (r"'x\ry' -> several rows",)
    ),
    "BP-S008 surrogate": Case(
        table(["a"]), table(["a"], **{"\ud800": [1]}), "columns", (r"'\ud800' -> not UTF-8",)
    ),
    "BP-S012": Case(
        table([1, 2]), table(["1", "-2"]), "stimulus_id", ("'1' -> 1", "'-2' -> -2"), 2, Severity.WARNING
    ),
    "BP-S012 some": Case(
        table(["1", "a"]), table(["0", "10"]), "stimulus_id", ("'0' -> 0", "'10' -> 10"), 2, Severity.WARNING
    ),
    "BP-S003 true or false": Case(table([1, 0]), table([True, False]), "stimulus_id", ("True", "False"), 2),
    "BP-S009": Case(
        table(["a", "b"], word=["x", None], size=[1, None]), table(["a", "b"], word=["01", "2"], note=["NA", "x"]),
        "columns", ("word: '01' -> 1", "note: 'NA' -> nan"), 2, Severity.WARNING,
    ),
    "BP-S011": Case(
        table(["a", "b"], word=["x", "y\r\nz"]), table(["a", "b"], word=["x", "y\rz"]), "column 'word'",
        (r"'y\rz' -> several rows",),
    ),
    "BP-S011 surrogate": Case(
        table(["a"], word=["日本"]), table(["a"], word=["\udfff"]), "column 'word'", (r"'\udfff' -> not UTF-8",)
    ),
    "BP-S017": Case(
        table(["a"], my_column=[1]), table(["a"], **{"my column": [1], "a/b": [2]}), "columns",
        ("'my column'", "'a/b'"), 2, Severity.WARNING,
    ),
    "BP-A001": Case(claim(), claim("NeuralAssembly"), "assembly_class_name"),
    "BP-A002": Case(claim(), claim(dim="trial"), "dimensions"),
    "BP-A002 scalar": Case(claim("PropertyAssembly"), ClaimedClass(xr.DataArray(1), "NeuroidAssembly"), "dimensions"),
    "BP-A003": Case(claim(stimulus_id=SHOWN), claim(), "coordinate 'stimulus_id'"),
    "BP-A003 elsewhere": Case(
        claim("PropertyAssembly"),
        ClaimedClass(
            xr.DataArray([[1]], {"stimulus_id": ("neuroid", ["a"])}, ("presentation", "neuroid")), "NeuroidAssembly"
        ),
        "coordinate 'stimulus_id'",
    ),
    "BP-A003 single": Case(
        claim(image_id=("presentation", [1, 2])),
        ClaimedClass(xr.DataArray([1], {"stimulus_id": "a"}, ("presentation",)), "BehavioralAssembly"),
        "coordinate 'stimulus_id'",
    ),
    "BP-A003 missing": Case(
        claim(stimulus_id=SHOWN), claim(stimulus_id=("presentation", ["a", None])), "coordinate 'stimulus_id'", ("1",)
    ),
    "BP-A004": Case(stored(), stored([]), "values"),
    "BP-A004 extra": Case(StoredArray("", xr.DataArray(1)), stored([], group="trials"), "extra 'trials', values"),
    "BP-A005": Case(
        stored(coords={"stimulus_id": SHOWN}),
        StoredArray("", xr.DataArray([1], {"a b": ("x/y", [1]), ("t", 1): ("x/y", [1])}, ("x/y",))),
        "names of dimensions and coordinates", ("'x/y'", "'a b'", "('t', 1)"), 3,
    ),
    "BP-A005 data": Case(
        stored(coords={"date": 1}), stored(coords={"data": 1}), "names of dimensions and coordinates", ("'data'",)
    ),
    "BP-A005 dimension data": Case(
        stored(), StoredArray("", xr.DataArray([1], dims="data")), "names of dimensions and coordinates", ("'data'",)
    ),
    "BP-A005 surrogate": Case(
        stored(coords={"日本": 1}), stored(coords={"a\ud800": 1}), "names of dimensions and coordinates",
        (r"'a\ud800'",),
    ),
    "BP-A006": Case(stored(np.ones(2, bool)), stored(np.zeros(2, complex)), "values"),
    "BP-A006 coordinate": Case(
        stored(coords={"t": ("presentation", np.array(["2020", "NaT"], "M8[ns]"))}),
        stored(coords={"t": ("presentation", np.array([1, "a"], dtype=object))}),
        "coordinate 't'",
    ),
    "BP-A006 objects": Case(
        stored(np.array(["a", None], dtype=object)), stored(np.array([{}, []], dtype=object)), "values"
    ),
    "BP-A007": Case(
        stored(attrs={"a": 1, "b": None, "units": "ms"}), stored(attrs={"bad": object()}), "attribute 'bad'"
    ),
    "BP-A007 reserved": Case(
        stored(attrs={"code": 1}), stored(attrs={"coordinates": "x"}), "attribute 'coordinates'"
    ),
    "BP-A007 not text": Case(stored(attrs={"1": 1}), stored(attrs={1: 1}), "attribute 1"),
    "BP-A007 date": Case(
        stored(attrs={"units": "days"}), stored(attrs={"units": "days since 2020"}), "attribute 'units'"
    ),
    "BP-A007 since": Case(
        stored(attrs={"units": "ms"}), stored(attrs={"units": "ms (since onset)"}), "attribute 'units'"
    ),
    "BP-A007 times": Case(
        stored(np.array([1, 2]), attrs={"units": "ms"}), stored(np.array([1, 2], "m8[ns]"), attrs={"units": "ms"}),
        "attribute 'units'",
    ),
    "BP-A006 zone": Case(
        stored(coords={"t": ("presentation", pd.date_range("2020", periods=2))}),
        stored(coords={"t": ("presentation", pd.date_range("2020", periods=2, tz="Europe/Berlin"))}),
        "coordinate 't'",
    ),
    "BP-A006 large": Case(
        stored(np.array([2**53, None], dtype=object)), stored(np.array([2**60 + 1, None], dtype=object)), "values"
    ),
    "BP-A008 attribute": Case(
        Groups(EXTRA.assign_attrs(trials=EXTRA), {"trials": EXTRA}),
        Groups(EXTRA.assign_attrs(trials="40 per session"), {"trials": EXTRA}), "extra 'trials'",
    ),
    "BP-A008 set on loading": Case(Groups(EXTRA, {}), Groups(EXTRA, {"stimulus_set": EXTRA}), "extra 'stimulus_set'"),
    "BP-A008": Case(Groups(EXTRA, {"trials": EXTRA}), Groups(EXTRA, {"trials": [1]}), "extra 'trials'"),
    "BP-A008 taken": Case(Groups(EXTRA, {}), Groups(EXTRA, {"event": EXTRA}), "extra 'event'"),
    "BP-A008 name": Case(Groups(EXTRA, {}), Groups(EXTRA, {None: EXTRA}), "extra None"),
    "BP-A009": Case(
        stored(attrs={"units": ["seconds"]}), stored(attrs={"units": "seconds"}), "attribute 'units'",
        severity=Severity.WARNING,
    ),
    "BP-A010": Case(
        claim(stimulus_id=SHOWN, repetition=("presentation", [1, 1])), claim(stimulus_id=SHOWN),
        "coordinate 'stimulus_id'", severity=Severity.WARNING,
    ),
    "BP-A012": Case(
        stored(coords={"t": ("presentation", [1, 2])}), stored(coords={"t": ("presentation", [1, 2], {"units": "ms"})}),
        "coordinates", ("'t'",), severity=Severity.WARNING,
    ),
    "BP-A011": Case(
        Groups(EXTRA.assign_attrs(trials=EXTRA), {"trials": EXTRA}), Groups(EXTRA.assign_attrs(trials=EXTRA), {}),
        "attributes", ("'trials'",), severity=Severity.WARNING,
    ),
}  # fmt: skip


if sys.version_info >= (3, 13):  # where a lone carriage return is quoted, so that it ends no row
    for quoted in ("BP-S003 row", "BP-S008 changed", "BP-S008 broken", "BP-S008 row", "BP-S011"):
        del IN_MEMORY[quoted]


for path in sorted(Path(__file__).parent.glob("cases_*.py")):
    IN_MEMORY |= importlib.import_module(f"tests.validation.{path.stem}").CASES


@pytest.mark.parametrize("name", IN_MEMORY)
def test_rule(name: str) -> None:
    rule_id, case = name.split(maxsplit=1)[0], IN_MEMORY[name]
    assert [finding.rule for finding in run("input", case.passes).findings if finding.rule == rule_id] == []
    (finding,) = [finding for finding in run("input", case.fails).findings if finding.rule == rule_id]
    assert finding.severity is case.severity is RULES[rule_id].severity
    assert (finding.where, finding.examples, finding.count) == (case.where, case.examples, case.count)
    assert finding.expected
    assert finding.found
    assert finding.advice
    assert not finding.advice.endswith(".")


@pytest.fixture
def stimuli(tmp_path: Path) -> StimulusSet:
    stimuli = StimulusSet({"stimulus_id": [f"s{number}" for number in range(7)]})
    (tmp_path / "file.png").write_bytes(b"an image")
    stimuli.stimulus_paths = dict.fromkeys(stimuli["stimulus_id"], tmp_path / "file.png")
    return stimuli


def _without_paths(stimuli: StimulusSet, _: Path) -> None:
    stimuli.stimulus_paths = {}


def _pathlike_in_part(stimuli: StimulusSet, folder: Path) -> None:
    stimuli.stimulus_paths = {**stimuli.stimulus_paths, "s1": str(folder / "none.png"), "s2": folder, "s3": "a\0b"}


def _separators(stimuli: StimulusSet, _: Path) -> None:
    with any_text():
        stimuli["stimulus_path_within_store"] = ["a/b", "..\\c", "d", "e\n", "x" * 252, "\ud800", "f"]


def _same_names(stimuli: StimulusSet, _: Path) -> None:
    stimuli["stimulus_path_within_store"] = ["a", "A", "é", "e\u0301", "b", "c", "d"]


def _missing_names(stimuli: StimulusSet, _: Path) -> None:
    stimuli["stimulus_path_within_store"] = ["a", "b", "c", None, "d", "e", "f"]


def _other_filenames(stimuli: StimulusSet, _: Path) -> None:
    stimuli["filename"] = pd.Series(["s0.png", "s1.jpg", None, pd.NA, 4, [5], "s6.png"], dtype=object)


def _device_names(stimuli: StimulusSet, _: Path) -> None:
    stimuli["stimulus_path_within_store"] = ["CON", "con.x", "COM1", "a:b", "lpt9 ", "constant", "aux2"]


def _names_that_windows_refuses(stimuli: StimulusSet, _: Path) -> None:
    stimuli["stimulus_path_within_store"] = ["ab:c", "what?", "a|b", "a*", "<a", "constant", "b"]


WITH_FILES: dict[str, tuple[Callable[[StimulusSet, Path], None], str, int]] = {
    "BP-S004 unsafe": (_separators, "file names in the ZIP", 5),
    "BP-S004 same": (_same_names, "file names in the ZIP", 4),
    "BP-S004 missing": (_missing_names, "column 'stimulus_path_within_store'", 1),
    "BP-S005 none": (_without_paths, "stimulus_paths", 7),
    "BP-S005 unreadable": (_pathlike_in_part, "stimulus_paths", 3),
    "BP-S006": (_other_filenames, "column 'filename'", 5),
    "BP-S004 devices": (_device_names, "file names in the ZIP", 5),
    "BP-S010": (_names_that_windows_refuses, "file names in the ZIP", 5),
}


@pytest.mark.parametrize("name", WITH_FILES)
def test_rule_about_files(name: str, stimuli: StimulusSet, tmp_path: Path) -> None:
    rule_id, (spoil, where, count) = name.split(maxsplit=1)[0], WITH_FILES[name]
    stimuli["filename"] = [f"s{number}.png" for number in range(7)]
    assert run("input", *subjects_with_files(stimuli)).without_notes.findings == ()
    stimuli = stimuli.drop(columns="filename")
    spoil(stimuli, tmp_path)
    (finding,) = [found for found in run("input", *subjects_with_files(stimuli)).findings if found.rule == rule_id]
    assert finding.severity is RULES[rule_id].severity
    assert (finding.where, finding.count) == (where, count)
    assert len(finding.examples) == min(count, EXAMPLES)
    assert finding.advice


def test_why_a_file_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    stimuli = StimulusSet({"stimulus_id": ["a", "b", "c", "d"]})
    stimuli.stimulus_paths = {"a": "none.png", "b": Path(), "c": "x\0y", "d": "pipe"}
    (finding,) = run("input", *subjects_with_files(stimuli)).errors
    assert finding.examples[0] == "'a' -> No such file or directory: none.png"
    assert finding.examples[1] == "'b' -> it is not a file: ."
    assert "null" in finding.examples[2]
    assert finding.examples[3] == "'d' -> it is not a file: pipe"


def test_each_rule_has_a_case() -> None:
    assert {name.split()[0] for name in [*IN_MEMORY, *WITH_FILES]} == set(RULES)
