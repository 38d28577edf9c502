"""What validation says of a package: looked for again where that is soon done, and otherwise as its record has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import brainpack.validation.rules  # noqa: F401 - registers the rules
from brainpack.errors import BrainpackError
from brainpack.picturing.blocks import Section, Table, Words
from brainpack.picturing.svg import element
from brainpack.picturing.texts import counted, plain
from brainpack.validating.reports import validate
from brainpack.validation.registry import RULES
from brainpack.validation.terms import Profile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markupsafe import Markup

    from brainpack.picturing.material import Material
    from brainpack.record.records import Record
    from brainpack.validation.report import Report

_LARGEST: Final = 64 << 20  # bytes of files that are validated for a page
_MOST_STIMULI: Final = 5_000
_MOST: Final = 60  # findings
_MORE: Final = "Its section in docs/rules.md of brainpack says why it matters and how to repair it."


def findings_section(material: Material, stimuli: int) -> tuple[Section, str]:
    """Findings, and under each rule what it asks for.

    Parameters
    ----------
    material : Material
    stimuli : int
        How many there are; many small files take as long as few large ones.

    Returns
    -------
    (Section, str)
        The second says how many findings there are.
    """
    section = Section("findings", "Findings")
    report = _validated(material, stimuli)
    section.blocks.extend(_of_record(material.record) if report is None else _of_report(report))
    if report is not None:
        return section, _counts(report)
    found = material.record.findings
    many = "rules found something"
    return section, "not validated" if found is None else counted(len(found), "rule found something", many)


def _counts(report: Report) -> str:
    numbers = ((report.errors, "error"), (report.warnings, "warning"), (report.notes, "note"))
    return ", ".join(counted(len(found), name) for found, name in numbers if found) or "none"


def _validated(material: Material, stimuli: int) -> Report | None:
    record = material.record
    if sum(file.size for file in record.files) > _LARGEST or stimuli > _MOST_STIMULI:
        return None
    try:
        reports = validate(material.source if material.source is not None else record, profile=Profile.PUBLISH)
    except BrainpackError:  # a store that refuses now; the record still says what was found
        return None
    return next((report for report in reports if report.findings or report.checked), None)


def _of_report(report: Report) -> list[Table | Words]:
    rules = counted(len(report.checked), "rule")
    waived = f"; {len(report.waived)} waived" if report.waived else ""
    about = f"Validated for this page with {rules}, as for data that are published: {_counts(report)}{waived}."
    if not report.findings:
        return [Words(about)]
    rows = []
    for found in report.findings[:_MOST]:
        what = f"expected {plain(found.expected, 300)}, found {plain(found.found, 300)}"
        what += f" ({plain(found.evidence, 300)})" if found.examples else ""
        advice = f"Waived: {plain(found.waived, 300)}" if found.waived else f"{plain(found.advice, 300)}."
        rows.append((_badge("waived" if found.waived else found.severity), link(found.rule), plain(found.where, 120),
                     what, advice))  # fmt: skip
    more = len(report.findings) - len(rows)
    note = f"{more} more are not shown." if more else ""
    table = Table("What was found", ("severity", "rule", "where", "what", "next step"), rows, note)
    return [Words(about), table, _rules(found.rule for found in report.findings[:_MOST])]


def _of_record(record: Record) -> list[Table | Words]:
    if record.findings is None:
        return [Words("The record holds no findings: the package was made without a validation. The files are too "
                      "large to be validated for this page; `brainpack validate` does.")]  # fmt: skip
    found, waived = counted(len(record.findings), "rule"), counted(len(record.waivers), "rule")
    about = f"As the record has it, from the validation when the data were packaged: {found} found something, {waived} "
    about += "waived. The files are too large to be validated again for this page; `brainpack validate` does."
    rows = [(_badge(RULES[rule].when_published if rule in RULES else "note"), link(rule), f"{count:,}", "")
            for rule, count in record.findings.items()]  # fmt: skip
    rows += [(_badge("waived"), link(rule), "", plain(why, 300)) for rule, why in record.waivers.items()]
    if not rows:
        return [Words(about)]
    table = Table("What was found", ("severity", "rule", "places", "why it is waived"), rows)
    return [Words(about), table, _rules([*record.findings, *record.waivers])]


def link(rule: str) -> Markup:
    """A rule as a link to what it says, further down the page.

    Examples
    --------
    >>> link("BP-S025")
    Markup('<a href="#rule-BP-S025">BP-S025</a>')
    """
    return element("a", plain(rule), href=f"#rule-{plain(rule)}")


def _badge(severity: str) -> Markup:
    return element("span", severity, class_=f"badge {severity}")


def _rules(ids: Iterable[str]) -> Table:
    rows = [
        (element("span", rule, id=f"rule-{rule}"), plain(RULES[rule].law, 300) if rule in RULES else "Not known here.")
        for rule in sorted({*ids})
    ]
    return Table("What these rules ask for", ("rule", "law"), rows, _MORE)
