"""Reports as JUnit XML, which systems of continuous integration show as tests.

A report is a test suite, a rule that was applied is a test. Errors fail it; a rule of which everything is waived is
skipped, with the reason; warnings and notes are the output of a test that passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import brainpack.validation.rules  # noqa: F401 - registers the rules
from brainpack.validation.findings import Severity
from brainpack.validation.formats.legible import legible
from brainpack.validation.registry import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brainpack.validation.findings import Finding
    from brainpack.validation.report import Report

_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>'


def as_junit(reports: Iterable[Report]) -> str:
    """Reports as a JUnit XML document, with a declaration that it is UTF-8.

    Parameters
    ----------
    reports : iterable of Report

    Returns
    -------
    str
    """
    root = Element("testsuites", name="brainpack")
    for report in reports:
        _add_suite(root, report)
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(suite.get(count, 0)) for suite in root)))
    indent(root)
    return f"{_DECLARATION}\n{tostring(root, 'unicode')}\n"


def _add_suite(root: Element, report: Report) -> None:
    suite = SubElement(root, "testsuite", name=legible(report.subject))
    for rule in sorted({*report.checked, *(finding.rule for finding in report.findings)}):
        _add_test(suite, report, rule)
    counts = {"tests": "testcase", "failures": "testcase/failure", "skipped": "testcase/skipped"}
    for count, path in counts.items():
        suite.set(count, str(len(suite.findall(path))))
    suite.set("errors", "0")


def _add_test(suite: Element, report: Report, rule: str) -> None:
    law = f"{rule} {RULES[rule].law}" if rule in RULES else rule
    test = SubElement(suite, "testcase", classname=legible(report.subject), name=legible(law))
    if report.file:
        test.set("file", legible(report.file))
    findings = [finding for finding in report.findings if finding.rule == rule]
    errors = [finding for finding in findings if finding.severity is Severity.ERROR and not finding.waived]
    if errors:  # as one, since some readers keep but one for each test
        SubElement(test, "failure", message=_line(errors[0]), type=Severity.ERROR).text = _lines(errors)
    elif findings and all(finding.waived for finding in findings):
        SubElement(test, "skipped", message=legible(f"waived: {findings[0].waived}"))
    if others := [finding for finding in findings if finding not in errors]:
        SubElement(test, "system-out").text = _lines(others)


def _line(finding: Finding) -> str:
    return legible(str(finding))


def _lines(findings: Iterable[Finding]) -> str:
    return "\n".join(map(_line, findings))
