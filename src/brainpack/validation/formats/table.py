"""A report as a table for a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from brainpack.validation.findings import Severity
from brainpack.validation.formats.legible import legible

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from brainpack.validation.findings import Finding
    from brainpack.validation.report import Report

_STYLES: Final = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


@dataclass(frozen=True)
class ReportTable:
    """What rich prints of a report. Nothing in it is taken for markup, whatever the data hold."""

    report: Report

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(legible(self.report.summary, options.encoding), "bold")
        if self.report.findings:
            table = Table("severity", "rule", "finding", box=SIMPLE_HEAD, leading=1)
            for finding in self.report.findings:
                rule = Text(legible(finding.rule, options.encoding))
                table.add_row(_severity(finding), rule, _details(finding, options.encoding))
            yield table


def _severity(finding: Finding) -> Text:
    if finding.waived:
        return Text(f"{finding.severity}\nwaived", "dim")
    return Text(finding.severity, _STYLES[finding.severity])


def _details(finding: Finding, encoding: str) -> Table:
    """The finding in words, one line or more for each of its parts."""
    parts = {
        "where": finding.where,
        "expected": finding.expected,
        "found": finding.found,
        "examples": finding.evidence,
        "places": str(finding.count) if finding.count > 1 else "",
        "next step": finding.advice,
        "waived": finding.waived,
    }
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, words in parts.items():
        if words:
            grid.add_row(name, Text(legible(words, encoding), "bold" if name == "where" else ""))
    return grid
