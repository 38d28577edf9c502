from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from brainpack.validate.findings import Finding, Report, Severity
from brainpack.validate.rules import EXAMPLES, RULES, Change, Problem, Rule, Words, run

if TYPE_CHECKING:
    from collections.abc import Iterator

ERROR = Finding("BP-X002", Severity.ERROR, "column 'a'", "it is wrong", "Correct it", ("1", "2"), 7)
OTHER = Finding("BP-X001", Severity.ERROR, "rows", "there are none", "Add some")
WARNING = Finding("BP-X000", Severity.WARNING, "units", "they are odd", "Look at them", ("'h'",))


def test_errors_come_first_then_the_order_of_ids() -> None:
    report = Report.of("set 'a'", [WARNING, ERROR, OTHER])
    assert report.findings == (OTHER, ERROR, WARNING)
    assert report.errors == (OTHER, ERROR)
    assert report.warnings == (WARNING,)


def test_a_report_reads_well() -> None:
    assert str(Report.of("set 'a'", [WARNING, ERROR, OTHER])).splitlines() == [
        "set 'a': 2 error(s), 1 warning(s)",
        "  BP-X001 error: rows: there are none. Add some.",
        "  BP-X002 error: column 'a': it is wrong (1, 2, and 5 more). Correct it.",
        "  BP-X000 warning: units: they are odd ('h'). Look at them.",
    ]
    assert str(Report.of("set 'a'", [])) == "set 'a': no problem found"


@pytest.mark.parametrize("found", [0, 1, EXAMPLES, EXAMPLES + 1, 1000])
def test_five_examples_are_shown_and_all_are_counted(found: int) -> None:
    finding = Problem("here", "bad", "Repair it", range(found)).under(Rule("BP-X001", Severity.ERROR, object, _none))
    assert finding.examples == tuple(map(str, range(min(found, EXAMPLES))))
    assert finding.count == max(found, 1)


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
    finding = Problem("here", "bad", "Repair it", [example]).under(Rule("BP-X001", Severity.ERROR, object, _none))
    assert finding.examples == (shown,)


def test_a_rule_runs_on_subjects_of_its_type_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def says_what_it_got(subject: object) -> Iterator[Problem]:
        yield Problem("here", f"got {subject!r}", "Do nothing")

    for name in [*RULES]:
        monkeypatch.delitem(RULES, name)
    monkeypatch.setitem(RULES, "BP-X001", Rule("BP-X001", Severity.WARNING, int, says_what_it_got))
    report = run("numbers", 1, "text", 2)
    assert report.subject == "numbers"
    assert [finding.problem for finding in report.warnings] == ["got 1", "got 2"]


def _none(subject: object) -> Iterator[Problem]:
    yield from ()
