"""What brainpack.toml may say, where it is found, and the rules about what it declares."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from brainpack import SettingsError
from brainpack.layout import LONGEST_CITATION
from brainpack.objects.indexes import repeated_dimensions
from brainpack.validation import project as project_module
from brainpack.validation.findings import Problem, Severity
from brainpack.validation.project import Project
from brainpack.validation.registry import run
from brainpack.validation.report import Report
from brainpack.validation.rules.expectations import Expectations, Waivers
from brainpack.validation.rules.releases import Release
from brainpack.validation.terms import Profile, Terms
from tests.validation.cases_releases import CITATION, RECORDING, STIMULI, about

WHOLE = """\
[release]
licence = "CC-BY-4.0"
citation = "paper.bib"
contact = "name@lab.org"

[waivers]
BP-A009 = "as published before"
BP-S009 = "codes, not numbers"

[waivers."lab.Author2026.rates"]
BP-S009 = "codes of this lab"
BP-S012 = "ids of the camera"

[expect]
presentations = 25600
regions = ["V4", "IT"]

[expect."lab.Author2026.rates"]
presentations = 12800
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "brainpack.toml"


def read(path: Path, text: str) -> Project:
    path.write_text(text, "utf-8")
    return Project.read(path)


# --------------------------------------------------------------------------------------------------- the file


def test_what_it_says(path: Path) -> None:
    (path.parent / "paper.bib").write_text(CITATION, "utf-8")
    project = read(path, WHOLE)
    assert project.release == {"licence": "CC-BY-4.0", "citation": CITATION, "contact": "name@lab.org"}
    assert project.terms("lab.Other") == Terms(
        waivers={"BP-A009": "as published before", "BP-S009": "codes, not numbers"}
    )
    assert project.expectations("lab.Other") == {"presentations": 25600, "regions": ["V4", "IT"]}


def test_what_is_said_of_one_identifier_adds_and_overrides(path: Path) -> None:
    (path.parent / "paper.bib").touch()
    project = read(path, WHOLE)
    assert project.terms("lab.Author2026.rates", Profile.PUBLISH, ["BP-S"], ["BP-S01"]) == Terms(
        Profile.PUBLISH,
        {"BP-A009": "as published before", "BP-S009": "codes of this lab", "BP-S012": "ids of the camera"},
        ("BP-S",),
        ("BP-S01",),
    )
    assert project.expectations("lab.Author2026.rates") == {"presentations": 12800, "regions": ["V4", "IT"]}


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[release]\n[waivers]\n[expect]\n", "\ufeff[release]\r\n"])
def test_it_may_say_nothing(path: Path, text: str) -> None:
    project = read(path, text)
    assert (project.release, project.terms("a"), project.expectations("a")) == ({}, Terms(), {})


def test_the_nearest_one_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "data" / "raw"
    inner.mkdir(parents=True)
    (tmp_path / "brainpack.toml").write_text('[release]\nlicence = "outer"\n')
    assert Project.find(inner / "not" / "there").release == {"licence": "outer"}
    (inner.parent / "brainpack.toml").write_text('[release]\nlicence = "inner"\n')
    (inner / "brainpack.toml").mkdir()
    assert Project.find(inner).release == {"licence": "inner"}
    assert Project.find(tmp_path).release == {"licence": "outer"}
    monkeypatch.chdir(inner)
    assert Project.find(Path()).release == {"licence": "inner"}


def test_there_may_be_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project_module, "NAME", "a name that no file above has.toml")
    assert Project.find(tmp_path) == Project()
    assert Project.find(tmp_path / "a\0b" / ("x" * 300)) == Project()


BAD: dict[str, tuple[str, str]] = {
    "no TOML": ("[release\n", r"is not TOML: .*line 1"),
    "twice": ("[release]\n[release]\n", "is not TOML"),
    "deep": ("a = " + "[" * 50_000, "is not TOML"),
    "many digits": ("a = " + "1" * 10_000, "is not TOML"),
    "unknown table": (
        "[realese]\n",
        r"'realese' is no table; expected release, package, publish, stimuli, assembly, waivers, expect",
    ),
    "a key outside": ('licence = "MIT"\n', r"'licence' is no table"),
    "no table": ("waivers = 1\n", r"waivers is 1; expected a table, which \[waivers\] begins"),
    "tables": ("[[expect]]\n", "expected a table"),
    "unknown key": ('[release]\nlicense = "MIT"\n', r"'license' is no key of \[release\]; expected licence, citation"),
    "licence": ("[release]\nlicence = 4.0\n", r"licence in \[release\] is 4\.0; expected text"),
    "blank licence": ('[release]\nlicence = " "\n', r"licence in \[release\] is ' '"),
    "release of one": ('[release."lab.Set"]\nlicence = "MIT"\n', r"'lab\.Set' is no key of \[release\]"),
    "citation": ('[release]\ncitation = ["a"]\n', "citation in .* expected text"),
    "no such file": ('[release]\ncitation = "none.bib"\n', r"there is no file .*none\.bib"),
    "file elsewhere": ('[release]\ncitation = "../paper.bib"\n', "expected the name of a file beside brainpack.toml"),
    "file anywhere": ('[release]\ncitation = "/etc/paper.bib"\n', "expected the name of a file beside"),
    "unknown rule": ('[waivers]\nBP-A999 = "x"\n', r"'BP-A999' in \[waivers\] is no rule; expected an id"),
    "beginning of rules": ('[waivers]\nBP-A = "x"\n', "'BP-A' in .* is no rule"),
    "not waivable": ('[waivers]\nBP-R001 = "x"\n', r"BP-R001 in \[waivers\] cannot be waived; delete the line"),
    "expectations": ('[waivers]\nBP-R011 = "x"\n', "BP-R011 in .* cannot be waived"),
    "no reason": ('[waivers]\nBP-A009 = ""\n', r"BP-A009 in \[waivers\] is ''; expected a reason"),
    "blank reason": ('[waivers."a"]\nBP-A009 = "\\n"\n', r'BP-A009 in \[waivers\."a"\] is .*expected a reason'),
    "true": ("[waivers]\nBP-A009 = true\n", "expected a reason"),
    "dots": ('[waivers.lab.Author2026]\nBP-A009 = "x"\n', "tables in it; expected an identifier in quotes"),
    "a table of a rule": ('[waivers.BP-A009]\nreason = "x"\n', r"'reason' in \[waivers\.\"BP-A009\"\] is no rule"),
    "none": ("[expect]\npresentations = 0\n", r"presentations in \[expect\] is 0; expected how many there are"),
    "negative": ("[expect]\npresentations = -1\n", "expected how many"),
    "fraction": ("[expect]\npresentations = 2.5\n", "expected how many"),
    "yes": ("[expect]\npresentations = true\n", "expected how many"),
    "text": ('[expect]\nregions = "IT"\n', r'a list of values such as \["V4", "IT"\]'),
    "no values": ("[expect]\nregions = []\n", "expected how many"),
    "lists": ("[expect]\nregions = [[1]]\n", "expected how many"),
    "dates": ("[expect]\ndates = [2026-01-01]\n", "expected how many"),
    "dots of expect": ("[expect.lab.Set]\nstimuli = 1\n", r"\[expect\.lab\] has tables in it"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_what_it_may_not_say(path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        read(path, text)
    assert str(path.parent) in str(caught.value)
    assert len(str(caught.value)) < 500


def test_files_that_cannot_be_read(path: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no file"):
        Project.read(path)
    path.write_bytes(b'[release]\nlicence = "\xe9"\n')
    with pytest.raises(SettingsError, match=r"brainpack\.toml is not UTF-8"):
        Project.find(tmp_path)
    path.write_bytes(b"#" * (1 << 18) + b"\n")
    with pytest.raises(SettingsError, match=r"brainpack\.toml is too long; expected at most 262144 bytes"):
        Project.find(tmp_path)
    path.write_text('[release]\ncitation = "paper.bib"\n')
    os.mkfifo(tmp_path / "paper.bib")
    with pytest.raises(SettingsError, match=r"there is no file .*paper\.bib"):
        Project.find(tmp_path)


def test_a_file_that_fails_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path.touch()
    monkeypatch.setattr(Path, "open", fails)
    with pytest.raises(SettingsError, match=r"brainpack\.toml could not be read: Permission denied; allow"):
        Project.read(path)
    monkeypatch.setattr(Path, "is_file", fails)
    assert Project.find(path.parent) == Project()


@pytest.mark.parametrize("option", ["select", "ignore"])
@pytest.mark.parametrize("start", ["BP-Z", "S", "BP-S001x"])
def test_a_selection_of_no_rule_is_refused(option: str, start: str) -> None:
    selection: dict[str, Any] = {option: ["BP-S", start]}
    with pytest.raises(SettingsError, match=f"no rule begins with '{start}'"):
        Project().terms("a", **selection)


# --------------------------------------------------------------------------------------------------- its rules


def problems(declared: dict[str, Any], data: xr.DataArray | pd.DataFrame) -> list[str]:
    return [finding.where for finding in run("it", Expectations(declared, data)).findings]


@given(st.data())
def test_what_is_there_may_be_expected(data: st.DataObject) -> None:
    array = data.draw(st.sampled_from([RECORDING, RECORDING[:0], RECORDING.set_index(neuroid=["region", "channel"])]))
    sizes = {f"{dim}s": size for dim, size in array.sizes.items()}
    values = {f"{name}s": np.unique(array[name]).tolist() for name in ("stimulus_id", "channel", "region")}
    assert problems({**sizes, **values}, array) == []
    name = data.draw(st.sampled_from([*sizes, *values]))
    other = {name: sizes[name] + 1} if name in sizes else {name: [*values[name], "other"]}
    assert len(problems({**sizes, **values, **other}, array)) == 1


ODD: dict[str, Any] = {
    "missing": ["a", None, np.nan, pd.NA],
    "mixed": ["a", 1, 2.5, b"x"],
    "lists": [["a"], ["a"], ["b"], {}],
    "categories": pd.Categorical(["a", "b", "a", None]),
    "nullable": pd.array([1, None, 2, 2], dtype="Int64"),
    "times": pd.date_range("2026-01-01", periods=4, tz="UTC"),
    "floats": [0.5, np.nan, np.inf, 0.5],
}


@pytest.mark.parametrize("values", ODD.values(), ids=ODD)
def test_values_of_any_type_can_be_compared(values: Any) -> None:
    table = pd.DataFrame({"stimulus_id": range(4), "oddity": values})
    array = xr.DataArray(np.zeros(4), {"stimulus_id": ("presentation", table["oddity"])}, ("presentation",))
    for declared in ({"oddities": ["a", 1]}, {"stimulus_ids": ["no", 7.5]}, {"stimulus_ids": 99}, {"repetitions": 9}):
        for data in (table, array):
            assert "BP-R004" not in [finding.rule for finding in run("it", Expectations(declared, data)).findings]
    assert problems({"oddities": ["no such value"]}, table) == ["column 'oddity'"]


def test_missing_values_are_no_value_and_large_ones_no_reason_to_wait() -> None:
    regions = np.array(["V4", "IT", None] * 100_000, dtype=object)
    array = xr.DataArray(np.zeros(300_000), {"region": ("neuroid", regions)}, ("neuroid",))
    assert problems({"neuroids": 300_000, "regions": ["IT", "V4"]}, array) == []


def test_a_column_of_several_cannot_be_checked() -> None:
    assert problems({"sizes": [1]}, pd.DataFrame([[1, 1]], columns=["size", "size"])) == ["expectation 'sizes'"]


def test_repeated_dimensions_have_a_size() -> None:
    with repeated_dimensions():
        array = xr.DataArray(np.zeros((2, 2)), dims=("presentation", "presentation"))
    assert problems({"presentations": 2, "repetitions": 1}, array) == ["expectation 'repetitions'"]


def test_repetitions_are_those_of_presentations() -> None:
    spikes = xr.DataArray([0.1, 0.2], {"stimulus_id": ("event", ["a", "b"])}, ("event",))
    assert problems({"repetitions": 1}, spikes) == ["expectation 'repetitions'"]


def test_repetitions_that_differ_are_counted_by_stimulus() -> None:
    ids = np.repeat([f"s{number}" for number in range(9)], [2, 1, 2, 3, 1, 1, 1, 1, 1])
    array = xr.DataArray(np.zeros(13), {"stimulus_id": ("presentation", ids)}, ("presentation",))
    (finding,) = run("it", Expectations({"repetitions": 2}, array)).errors
    assert (finding.count, finding.examples[:2]) == (7, ("'s1' 1 times", "'s3' 3 times"))


def test_expectations_of_one_kind_are_not_asked_of_the_other() -> None:
    declared = {"presentations": 4, "neuroids": 3, "time_bins": 1, "repetitions": 2, "regions": ["V4"], "stimuli": 2}
    assert problems(declared, STIMULI) == []
    assert problems(declared, RECORDING) == ["expectation 'time_bins'", "coordinate 'region'"]


def test_waivers_of_rules_that_were_not_applied_are_left_alone() -> None:
    found = [Problem("here", "good", "bad", "Repair it").under("BP-A009", Severity.WARNING)]
    report = Report.of("it", found, checked=["BP-A009", "BP-A010"])
    reasons = dict.fromkeys(["BP-A009", "BP-A010", "BP-S009"], "a reason")
    (finding,) = run("it", Waivers(reasons, report)).findings
    assert (finding.rule, finding.severity, finding.examples) == ("BP-R012", Severity.NOTE, ("BP-A010",))


# --------------------------------------------------------------------------------------------------- releases


def severities(release: Release, profile: Profile) -> dict[str, str]:
    return {finding.rule: finding.severity for finding in run("it", release, terms=Terms(profile)).findings}


def test_publishing_wants_a_licence_and_asks_for_the_rest() -> None:
    assert severities(about(), Profile.DRAFT) == dict.fromkeys(["BP-R007", "BP-R008", "BP-R010"], "note")
    assert severities(about(citation="x"), Profile.DRAFT)["BP-R009"] == "warning"
    assert severities(about(), Profile.PUBLISH) == {"BP-R007": "error", "BP-R008": "warning", "BP-R010": "warning"}
    assert severities(about(citation="x"), Profile.PUBLISH)["BP-R009"] == "error"
    assert severities(about(licence="MIT", citation=CITATION, contact="x"), Profile.PUBLISH) == {}


def test_any_of_these_can_be_waived_with_a_reason(path: Path) -> None:
    terms = read(path, '[waivers]\nBP-R007 = "asked"\nBP-R009 = "an old book"\n').terms("a", Profile.PUBLISH)
    report = run("it", about(citation="A book"), terms=terms)
    assert report.errors == ()
    assert report.waivers == {"BP-R007": "asked", "BP-R009": "an old book"}


@given(st.text() | st.text('@{}(),="\\#ab\n \x00\ud800').map("@article{a, title = {b},".__add__))
def test_no_citation_is_too_hostile(citation: str) -> None:
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # what pytest captures has to be encodable
    assert {finding.rule for finding in run("it", about(citation=citation)).findings} <= {
        "BP-R007", "BP-R009", "BP-R010"
    }  # fmt: skip


@pytest.mark.parametrize("unit", ["{", "@a{b,", "c={x},", CITATION])
def test_citations_are_read_up_to_a_length(unit: str) -> None:
    longest = ("@a{b," + unit * LONGEST_CITATION)[: LONGEST_CITATION // 4]
    assert "BP-R009" in severities(about(citation=longest), Profile.DRAFT)
    (finding,) = [
        found for found in run("it", about(citation=unit * LONGEST_CITATION + "x")).findings if found.examples
    ]
    assert finding.examples == ("more than 65536 characters",)


@pytest.mark.slow
def test_the_parser_prints_nothing() -> None:
    script = """
from brainpack.validation.registry import run
from brainpack.validation.rules.releases import Release
print(*(finding.rule for finding in run("it", Release("a", {"citation": "@article{a"})).warnings))
"""  # in a process without pytest, which listens to what is logged
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("BP-R009\n", "")


def test_the_record_is_looked_at_by_the_rules_of_publishing() -> None:
    found = Release("lab.Set", {}, {"BP-A009": 1, "BP-R005": 2, "BP-R007": 3, "BP-R009": 4, "BP-Z999": 5})
    findings = [finding for finding in run("it", found).findings if finding.rule in {"BP-R004", "BP-R015"}]
    assert [(finding.where, finding.count) for finding in findings] == [
        ("rule BP-R007", 3),
        ("rule BP-R009", 4),
        ("rule BP-Z999", 5),
    ]
