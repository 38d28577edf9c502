"""Which packages may be published: those whose findings, licence, citation and contact pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from brainpack.errors import InvalidData
from brainpack.notices import warn
from brainpack.validating.reports import validate
from brainpack.validation.project import Project
from brainpack.validation.registry import run
from brainpack.validation.rules.releases import Release, noted
from brainpack.validation.terms import Profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brainpack.planning import Package
    from brainpack.validation.report import Report


_MAY_HAVE_CHANGED: Final = ("BP-P", "BP-R011")
_SHARED_IMAGES: Final = "BP-P006"  # for which all stimuli would be read


def admitted(packages: Sequence[Package], profile: str) -> tuple[Package, ...]:
    """Let packages pass, or refuse all of them with everything that is wrong.

    Packaging has noted in the record what it found, and digests prove that the files are the same: the data are
    validated again only where a record says nothing of that. What may have changed since is looked at again, in
    coordinates and tables alone: whether assemblies fit to their stimulus sets, and whether all is as declared.

    Parameters
    ----------
    packages : sequence of Package
    profile : {"draft", "publish", "experiment"}

    Returns
    -------
    tuple of Package
        In their records, what the nearest `brainpack.toml` says of licence, citation, contact and waivers is added, or
        replaces what it said when they were packaged.

    Raises
    ------
    InvalidData
        Something stops the publication; all of it is in the message.
    SettingsError
        There is no such profile, or something is wrong with a `brainpack.toml`.
    """
    chosen = Profile.named(profile)
    places = [package.folder / package.record.name for package in packages]
    pairs = validate(*places, profile=chosen, select=_MAY_HAVE_CHANGED, ignore=[_SHARED_IMAGES])
    judged = [_judged(package, pair, chosen) for package, pair in zip(packages, pairs, strict=True)]
    refused = [report for _, report in judged if report.errors]
    if refused:
        reasons = "\n".join(str(report.without_notes) for report in refused)
        raise InvalidData(f"nothing was sent. {reasons}", refused[0])
    for _, report in judged:
        if report.warnings:
            warn(str(report.without_notes))
    return tuple(package for package, _ in judged)


def _judged(package: Package, pair: Report, profile: Profile) -> tuple[Package, Report]:
    project = Project.find(package.folder, Path.cwd())
    record, terms = package.record, project.terms(package.record.identifier, profile)
    record = replace(record, release={**record.release, **project.release})
    if record.findings is None:
        (report,) = validate(package.folder / record.name, profile=profile)
        return replace(package, record=noted(record, report)), report
    of_data = {rule: places for rule, places in record.findings.items() if not rule.startswith(_MAY_HAVE_CHANGED)}
    found = {rule: places for rule, places in of_data.items() if rule not in terms.waivers}
    waived = {rule: terms.waivers[rule] for rule in of_data.keys() - found.keys()}
    report = pair + run(pair.subject, Release(record.identifier, record.release, found), terms=terms)
    record = replace(record, findings=found | pair.places, waivers={**record.waivers, **waived, **pair.waivers})
    return replace(package, record=record), report
