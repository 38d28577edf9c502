from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brainpack.validation.findings import EXAMPLES, Change, Finding, Problem, Severity, Words
from brainpack.validation.report import Report

ERROR = Finding("BP-X002", Severity.ERROR, "column 'a'", "what is right", "what is wrong", "Correct it", ("1", "2"), 7)
OTHER = Finding("BP-X001", Severity.ERROR, "rows", "some", "none", "Add some")
WARNING = Finding("BP-X000", Severity.WARNING, "units", "common ones", "odd ones", "Look at them", ("'h'",))
NOTE = Finding("BP-X004", Severity.NOTE, "values", "integers", "floats", "Convert them")
WAIVED = Finding("BP-X003", Severity.ERROR, "ids", "each once", "some twice", "Rename them", waived="it is so")


def test_errors_come_first_then_the_order_of_ids() -> None:
    report = Report.of("set 'a'", [NOTE, WARNING, ERROR, WAIVED, OTHER])
    assert report.findings == (OTHER, ERROR, WAIVED, WARNING, NOTE)
    assert report.errors == (OTHER, ERROR)
    assert report.warnings == (WARNING,)
    assert report.notes == (NOTE,)
    assert report.waived == (WAIVED,)


def test_only_errors_that_count_stop() -> None:
    assert Report.of("set 'a'", [WARNING, NOTE, WAIVED]).exit_code == 0
    assert Report.of("set 'a'", [WAIVED, ERROR]).exit_code == 1


def test_two_reports_are_one() -> None:
    both = Report.of("set 'a'", [WARNING]) + Report.of("its files", [ERROR])
    assert both == Report.of("set 'a'", [ERROR, WARNING])


def test_two_reports_have_the_rules_and_the_file_of_both() -> None:
    table = Report.of("table", [], ["BP-X002", "BP-X001"], "a.csv")
    files = Report.of("files", [], ["BP-X003", "BP-X001"], "a.zip")
    assert table + files == Report("table", (), ("BP-X001", "BP-X002", "BP-X003"), "a.csv")
    assert (Report.of("object", []) + files).file == "a.zip"


def test_what_goes_into_a_record() -> None:
    report = Report.of("set 'a'", [ERROR, NOTE, WAIVED, replace(ERROR, count=3), replace(WAIVED, where="names")])
    assert report.places == {"BP-X002": 10, "BP-X004": 1}
    assert report.waivers == {"BP-X003": "it is so"}


def test_a_report_reads_well() -> None:
    assert str(Report.of("set 'a'", [WARNING, WAIVED, ERROR, OTHER])).splitlines() == [
        "set 'a': 2 error(s), 1 warning(s), 1 waived",
        "  BP-X001 error: rows: expected some, found none. Add some.",
        "  BP-X002 error: column 'a': expected what is right, found what is wrong (1, 2, and 5 more). Correct it.",
        "  BP-X003 error: ids: expected each once, found some twice. Rename them. Waived: it is so.",
        "  BP-X000 warning: units: expected common ones, found odd ones ('h'). Look at them.",
    ]
    assert str(Report.of("set 'a'", [])) == "set 'a': no problem found"


@pytest.mark.parametrize("found", [0, 1, EXAMPLES, EXAMPLES + 1, 1000])
def test_five_examples_are_shown_and_all_are_counted(found: int) -> None:
    finding = Problem("here", "good", "bad", "Repair it", range(found)).under("BP-X001", Severity.ERROR)
    assert finding.examples == tuple(map(str, range(min(found, EXAMPLES))))
    assert finding.count == max(found, 1)


def test_a_count_may_be_known_without_the_places() -> None:
    finding = Problem("here", "good", "bad", "Repair it", ["a"], count=1000).under("BP-X001", Severity.ERROR)
    assert (finding.examples, finding.count, finding.evidence) == (("'a'",), 1000, "'a', and 999 more")


@pytest.mark.parametrize(
    ("example", "shown"),
    [
        ("a", "'a'"),
        (np.int64(3), "3"),
        (np.str_("a"), "'a'"),
        (Words("no quotes"), "no quotes"),
        (Change("001", np.int64(1)), "'001' -> 1"),
        ("x" * 10_000, "'" + "x" * 198 + "…"),
    ],
)
def test_examples_are_short_and_plain(example: object, shown: str) -> None:
    finding = Problem("here", "good", "bad", "Repair it", [example]).under("BP-X001", Severity.ERROR)
    assert finding.examples == (shown,)
