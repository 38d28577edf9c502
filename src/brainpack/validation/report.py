"""All findings about one input."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from brainpack.validation.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rich.console import RenderableType

    from brainpack.validation.findings import Finding


@dataclass(frozen=True)
class Report:
    """All findings about one input.

    A report is a table where rich prints it: ``rich.print(report)``, or `show`.

    Attributes
    ----------
    subject : str
        What was looked at.
    findings : tuple of Finding
        Errors first, then by rule id.
    checked : tuple of str
        Ids of the rules that were applied, in order.
    file : str or None
        Path or address of what was looked at; None for an object in memory.

    Examples
    --------
    >>> from brainpack.validation.findings import Finding
    >>> finding = Finding("BP-S007", Severity.ERROR, "rows", "at least one", "none", "Add some")
    >>> print(Report.of("stimulus set 'lab.Set'", [finding]))
    stimulus set 'lab.Set': 1 error(s)
      BP-S007 error: rows: expected at least one, found none. Add some.
    """

    subject: str
    findings: tuple[Finding, ...]
    checked: tuple[str, ...] = ()
    file: str | None = None

    @classmethod
    def of(
        cls, subject: str, findings: Iterable[Finding], checked: Iterable[str] = (), file: str | None = None
    ) -> Report:
        """Report with everything in its order."""
        order = [*Severity]
        in_order = sorted(findings, key=lambda found: (order.index(found.severity), found.rule))
        return cls(subject, tuple(in_order), tuple(sorted({*checked})), file)

    def __add__(self, later: Report) -> Report:
        """Both reports as one, about the subject of the first."""
        findings, checked = (*self.findings, *later.findings), (*self.checked, *later.checked)
        return Report.of(self.subject, findings, checked, self.file or later.file)

    @classmethod
    def load(cls, path: Path) -> Report:
        """Report from the file that `save` wrote.

        Raises
        ------
        NotFound
            No such file.
        StoreError
            The file cannot be read.
        InvalidData
            It is not a report, or damaged, or one of a newer version.
        """
        from brainpack.validation.formats.lines import load_report

        return load_report(path)

    def save(self, path: Path) -> None:
        """Write the report as JSON lines, whole or not at all.

        Raises
        ------
        StoreError
            The file cannot be written.
        """
        from brainpack.validation.formats.lines import save_report

        save_report(self, path)

    def show(self) -> None:
        """Print the report as a table, in colours where the terminal has some."""
        from rich.console import Console

        Console().print(self)

    def __rich__(self) -> RenderableType:
        from brainpack.validation.formats.table import ReportTable

        return ReportTable(self)

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
    def places(self) -> dict[str, int]:
        """How many places each rule found that count, by its id."""
        found: dict[str, int] = {}
        for finding in self.findings:
            if not finding.waived:
                found[finding.rule] = found.get(finding.rule, 0) + finding.count
        return dict(sorted(found.items()))

    @property
    def waivers(self) -> dict[str, str]:
        """The reasons why findings do not count, by rule id."""
        return {finding.rule: finding.waived for finding in self.findings if finding.waived}

    @property
    def without_notes(self) -> Report:
        """The report of what matters now."""
        return replace(self, findings=tuple(found for found in self.findings if found.severity is not Severity.NOTE))

    @property
    def exit_code(self) -> int:
        """What a program that only validates ends with: 0 without errors, 1 with some."""
        return 1 if self.errors else 0

    @property
    def summary(self) -> str:
        """The subject, and how many findings of each kind there are."""
        numbers = {
            "error(s)": self.errors, "warning(s)": self.warnings, "note(s)": self.notes, "waived": self.waived
        }  # fmt: skip
        counts = ", ".join(f"{len(found)} {name}" for name, found in numbers.items() if found)
        return f"{self.subject}: {counts or 'no problem found'}"

    def __str__(self) -> str:
        return "\n".join([self.summary, *(f"  {finding}" for finding in self.findings)])

    def _counting(self, severity: Severity) -> tuple[Finding, ...]:
        return tuple(found for found in self.findings if found.severity is severity and not found.waived)
