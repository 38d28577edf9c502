"""All findings about one input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brainpack.validation.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brainpack.validation.findings import Finding


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

    def __add__(self, later: Report) -> Report:
        """Both reports as one, about the subject of the first."""
        return Report.of(self.subject, (*self.findings, *later.findings))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What stops packaging and publishing."""
        return self._counting(Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return self._counting(Severity.WARNING)

    @property
    def notes(self) -> tuple[Finding, ...]:
        return self._counting(Severity.NOTE)

    @property
    def waived(self) -> tuple[Finding, ...]:
        """What was found and does not count, with the reason in `waived`."""
        return tuple(finding for finding in self.findings if finding.waived)

    @property
    def exit_code(self) -> int:
        """What a program that only validates ends with: 0 without errors, 1 with some."""
        return 1 if self.errors else 0

    def __str__(self) -> str:
        if not self.findings:
            return f"{self.subject}: no problem found"
        numbers = {
            "error(s)": self.errors, "warning(s)": self.warnings, "note(s)": self.notes, "waived": self.waived
        }  # fmt: skip
        counts = ", ".join(f"{len(found)} {name}" for name, found in numbers.items() if found)
        return "\n".join([f"{self.subject}: {counts}", *(f"  {finding}" for finding in self.findings)])

    def _counting(self, severity: Severity) -> tuple[Finding, ...]:
        return tuple(found for found in self.findings if found.severity is severity and not found.waived)
