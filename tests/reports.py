"""What tests ask of reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brainpack.validating.reports import Reports
    from brainpack.validation.findings import Finding


def errors(reports: Reports) -> dict[str, list[str]]:
    """Ids of the rules that found errors, by the name of the file that they are about."""
    return {Path(report.file or report.subject).name: [found.rule for found in report.errors] for report in reports}


def only(reports: Reports, rule: str) -> Finding:
    (found,) = [finding for report in reports for finding in report.findings if finding.rule == rule]
    return found
