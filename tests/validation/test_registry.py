"""How rules are registered, and on which terms they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brainpack.validation import registry
from brainpack.validation.findings import Problem, Severity
from brainpack.validation.registry import CRASHED, rule, run
from brainpack.validation.terms import Profile, Terms

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def two_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "RULES", {})

    @rule("BP-X001", int, Severity.WARNING, when_published=Severity.ERROR)
    def says_what_it_got(subject: int) -> Iterator[Problem]:
        """Numbers are even."""
        if subject % 2:
            yield Problem("here", "an even number", str(subject), "Double it")

    @rule("BP-Y001", str)
    def divides_by_zero(subject: str) -> Iterator[Problem]:
        """Texts have a length."""
        yield Problem("here", "a length", f"{1 / len(subject)}", "Lengthen it")


def test_a_rule_runs_on_subjects_of_its_type_alone() -> None:
    report = run("numbers", 1, 2, b"bytes", 3)
    assert report.subject == "numbers"
    assert [finding.found for finding in report.warnings] == ["1", "3"]
    assert report.checked == ("BP-X001",)
    assert registry.RULES["BP-X001"].law == "Numbers are even."


def test_a_crash_is_a_finding_and_the_other_rules_still_run() -> None:
    (crash, other) = run("both", "", 1).findings
    assert (crash.rule, crash.severity, crash.where) == (CRASHED, Severity.ERROR, "rule BP-Y001")
    assert "ZeroDivisionError" in crash.found
    assert other.rule == "BP-X001"


def test_the_profile_decides_what_stops() -> None:
    assert run("a draft", 1).exit_code == 0
    assert run("published", 1, terms=Terms(Profile.PUBLISH)).exit_code == 1


def test_a_waiver_needs_a_rule_that_can_be_waived() -> None:
    terms = Terms(Profile.PUBLISH, waivers={"BP-X001": "odd on purpose", "BP-Y001": "never mind"})
    report = run("both", 1, "a", terms=terms)
    assert [(finding.rule, finding.waived) for finding in report.waived] == [("BP-X001", "odd on purpose")]
    assert [finding.rule for finding in report.errors] == ["BP-Y001"]


@pytest.mark.parametrize(
    ("select", "ignore", "applied"),
    [
        ((), (), ["BP-X001", "BP-Y001"]),
        (("BP-X",), (), ["BP-X001"]),
        ((), ("BP-X001",), ["BP-Y001"]),
        (("BP-X", "BP-Y"), ("BP-Y",), ["BP-X001"]),
        (("BP-Z",), (), []),
    ],
)
def test_rules_are_selected_by_the_beginning_of_their_id(
    select: tuple[str, ...], ignore: tuple[str, ...], applied: list[str]
) -> None:
    report = run("both", 1, "a", terms=Terms(select=select, ignore=ignore))
    assert sorted(finding.rule for finding in report.findings) == applied
