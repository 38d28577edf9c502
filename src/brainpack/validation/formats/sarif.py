"""Reports as SARIF 2.1.0, the exchange format of programs that analyse files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import brainpack.validation.rules  # noqa: F401 - registers the rules
from brainpack.validation.formats.legible import legible
from brainpack.validation.registry import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brainpack.validation.findings import Finding
    from brainpack.validation.report import Report


def as_sarif(reports: Iterable[Report]) -> str:
    """Reports as one SARIF log with one run: readers refuse several runs of one tool.

    Parameters
    ----------
    reports : iterable of Report

    Returns
    -------
    str
        JSON, in ASCII. A waived finding is a result with a suppression, whose justification is the reason.
    """
    from brainpack import __version__

    reports = [*reports]
    used = sorted({rule for report in reports for rule in (*report.checked, *report.places, *report.waivers)})
    driver = {"name": "brainpack", "version": __version__, "rules": [_rule(rule) for rule in used]}
    results = [_result(finding, report, used) for report in reports for finding in report.findings]
    return json.dumps(
        {
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [{"tool": {"driver": driver}, "results": results, "columnKind": "unicodeCodePoints"}],
        },
        indent=2,
    )


def _rule(rule: str) -> dict[str, Any]:
    described = {
        "id": rule,
        "helpUri": f"urn:brainpack:rule:{quote(rule, errors='backslashreplace')}",
        "help": _message(f"{rule} in docs/rules.md says why it matters and how to repair it."),
    }
    if rule in RULES:
        described["shortDescription"] = _message(RULES[rule].law)
        described["defaultConfiguration"] = {"level": RULES[rule].severity}
    return described


def _result(finding: Finding, report: Report, rules: list[str]) -> dict[str, Any]:
    evidence = f" ({finding.evidence})" if finding.examples else ""
    return {
        "ruleId": finding.rule,
        "ruleIndex": rules.index(finding.rule),
        "level": finding.severity,
        "message": _message(
            f"{finding.where}: expected {finding.expected}, found {finding.found}{evidence}. {finding.advice}."
        ),
        "locations": [_location(finding, report)],
        "occurrenceCount": max(finding.count, 1),
        "suppressions": [_suppression(finding.waived)] if finding.waived else [],
    }


def _suppression(reason: str) -> dict[str, str]:
    return {"kind": "external", "status": "accepted", "justification": legible(reason)}


def _location(finding: Finding, report: Report) -> dict[str, Any]:
    place = {"name": legible(finding.where), "fullyQualifiedName": legible(f"{report.subject}: {finding.where}")}
    location: dict[str, Any] = {"logicalLocations": [place]}
    if report.file:
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(report.file)}}
    return location


def _uri(file: str) -> str:
    """Address of a file: relative to the working folder where it is below it, as readers of repositories expect."""
    file = file.encode("utf-8", "backslashreplace").decode()
    if "://" in file:
        return quote(file, safe=":/")
    path = Path(file).absolute()
    below = path.is_relative_to(Path.cwd())
    return quote(path.relative_to(Path.cwd()).as_posix()) if below else path.as_uri()


def _message(text: str) -> dict[str, str]:
    return {"text": legible(text)}
