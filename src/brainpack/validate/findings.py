"""What a rule reports, and the report that gathers all of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(StrEnum):
    """How much a finding matters, the worst first."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One problem.

    Attributes
    ----------
    rule : str
        Stable id such as "BP-S002"; its heading in docs/rules.md says why it matters.
    severity : Severity
    where : str
        Column, coordinate, file or argument.
    problem : str
        What was expected and what was found.
    advice : str
        The next step.
    examples : tuple of str
        Up to five.
    count : int
        How many places have the problem.
    """

    rule: str
    severity: Severity
    where: str
    problem: str
    advice: str
    examples: tuple[str, ...] = ()
    count: int = 1

    def __str__(self) -> str:
        shown = ""
        if self.examples:
            more = f", and {self.count - len(self.examples)} more" if self.count > len(self.examples) else ""
            shown = f" ({', '.join(self.examples)}{more})"
        return f"{self.rule} {self.severity}: {self.where}: {self.problem}{shown}. {self.advice}."


@dataclass(frozen=True)
class Report:
    """All findings about one input.

    Attributes
    ----------
    subject : str
        What was looked at.
    findings : tuple of Finding
        Errors first, then by rule id.
    """

    subject: str
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, subject: str, findings: Iterable[Finding]) -> Report:
        order = [*Severity]
        return cls(subject, tuple(sorted(findings, key=lambda found: (order.index(found.severity), found.rule))))

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.WARNING)

    def __str__(self) -> str:
        if not self.findings:
            return f"{self.subject}: no problem found"
        counts = f"{len(self.errors)} error(s), {len(self.warnings)} warning(s)"
        return "\n".join([f"{self.subject}: {counts}", *(f"  {finding}" for finding in self.findings)])
