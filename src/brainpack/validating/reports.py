"""A report on each of several data sets, and on how they fit together."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

import brainpack.validation.rules  # noqa: F401 - registers all rules
from brainpack.errors import SettingsError
from brainpack.layout import store_name
from brainpack.opening import found_at
from brainpack.read.tables import read_table
from brainpack.record.records import Record
from brainpack.validating.files import of_files
from brainpack.validating.objects import of_object
from brainpack.validation.project import Project
from brainpack.validation.registry import RULES, run
from brainpack.validation.report import Report
from brainpack.validation.rules.expectations import Expectations, Waivers
from brainpack.validation.rules.pairs import StimulusSets, pair_subjects, set_of
from brainpack.validation.rules.releases import Release
from brainpack.validation.terms import Profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from brainpack.validating.known import Known
    from brainpack.validation.findings import Finding
    from brainpack.validation.terms import Terms

    Thing = pd.DataFrame | xr.DataArray | Record | str | os.PathLike[str]


class Reports(tuple[Report, ...]):
    """A report on each data set. It prints as text, and as tables with `show`.

    Attributes
    ----------
    errors, warnings, notes : tuple of Finding
        Of all reports.
    exit_code : int
        What a program that only validates ends with: 0 without errors, 1 with some.
    summary : str
        How many data sets there are, and how many findings of each kind.
    """

    __slots__ = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(chain.from_iterable(report.errors for report in self))

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(chain.from_iterable(report.warnings for report in self))

    @property
    def notes(self) -> tuple[Finding, ...]:
        return tuple(chain.from_iterable(report.notes for report in self))

    @property
    def exit_code(self) -> int:
        return 1 if self.errors else 0

    @property
    def summary(self) -> str:
        numbers = {
            "data set(s)": self,
            "error(s)": self.errors,
            "warning(s)": self.warnings,
            "note(s)": self.notes,
            "waived": tuple(chain.from_iterable(report.waived for report in self)),
        }
        return ", ".join(f"{len(found)} {name}" for name, found in numbers.items() if found)

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    def show(self) -> None:
        """Print the reports as tables, in colours where the terminal has some."""
        for report in self:
            report.show()


def validate(
    *what: Thing, profile: str = Profile.DRAFT, select: Iterable[str] = (), ignore: Iterable[str] = ()
) -> Reports:
    """Look at data sets, in memory or in files, and list everything that is wrong or doubtful.

    Nothing is written, and bad data raise nothing: what cannot be read or understood is a finding, too. Numbers of an
    assembly in a file are read once, some megabytes at a time, and stimuli are looked into where they are; neither is
    read if no rule that is asked for looks at them.

    Parameters
    ----------
    *what : StimulusSet, DataFrame with `stimulus_paths`, DataArray, Record, path or URL
        A path is that of a record, of a folder with records (or else with data files), of a netCDF file, or of a CSV
        with its ZIP or folder beside it; a URL that of a record or a folder in S3. An assembly is also compared with
        its stimulus set, if that is among them, in its ``attrs``, or in the same place; and stimulus sets with each
        other.
    profile : {"draft", "publish", "experiment"}
        What the data are for. The rules are the same; more of what they find is an error in data that are published.
    select, ignore : iterable of str
        Beginnings of rule ids, such as "BP-S" or "BP-A013": only those of `select`, if there are any, and none of
        `ignore`.

    Returns
    -------
    Reports
        A tuple with one Report for each data set, in order. Waivers and expectations are those of the nearest
        `brainpack.toml`, in the folder of the data or above it, or else in or above the working folder; the waivers of
        a record count, too.

    Raises
    ------
    AccessDenied, Unavailable, StoreError
        A store refuses or does not answer, or the cache cannot be written.
    SettingsError
        There is nothing to validate, something else than data or a place of data; no such profile, no rule of such a
        beginning; or a `brainpack.toml` that makes no sense.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> rates = xr.DataArray(
    ...     np.ones((2, 2)),
    ...     {"stimulus_id": ("presentation", ["a", "b"]), "neuroid_id": ("neuroid", [7, 7])},
    ...     ("presentation", "neuroid"),
    ... )
    >>> for finding in validate(rates, select=["BP-A016"]).warnings:
    ...     print(finding.rule, finding.where, finding.examples)
    BP-A016 coordinate 'neuroid_id' ('7',)
    """
    terms = _Asked(profile, select, ignore)
    if not what:
        raise SettingsError("there is nothing to validate; name data sets in memory, or paths of them")
    known = [*_gathered(what, terms.wanted)]
    _number_those_of_one_name(known)
    for one in known:
        if one.assembly is not None:
            one.subjects += pair_subjects(one.assembly, _stimuli_of(one, known))
    _compare_sets([one for one in known if one.contents is not None])
    return Reports(terms.report(one) for one in known)


def _gathered(what: Iterable[Thing], wanted: frozenset[type]) -> Iterator[Known]:
    """What is known of each data set, once of each."""
    for thing in what:
        if not isinstance(thing, pd.DataFrame | xr.DataArray | Record | str | os.PathLike):
            raise SettingsError(
                f"a {type(thing).__name__} cannot be validated; expected a stimulus set (a DataFrame), an assembly (a "
                "DataArray), a record, or a path of such data"
            )
    seen: set[str] = set()
    for thing in what:
        if isinstance(thing, pd.DataFrame | xr.DataArray):
            yield of_object(thing, wanted)
            continue
        for found in found_at(thing):
            key = found.place if found.folder is None else os.path.realpath(found.place)
            if key not in seen:
                yield of_files(found, wanted)
            seen.add(key)


def _number_those_of_one_name(known: list[Known]) -> None:
    numbers = {name: count(1) for name, times in Counter(one.name for one in known).items() if times > 1}
    for one in known:
        if one.name in numbers:
            one.name = f"{one.name} {next(numbers[one.name])}"


def _compare_sets(sets: list[Known]) -> None:
    times = Counter(one.identifier for one in sets)
    names = [one.name if one.identifier is None or times[one.identifier] > 1 else one.identifier for one in sets]
    if len(sets) > 1:
        contents = [one.contents for one in sets if one.contents is not None]
        sets[0].subjects.append(StimulusSets(dict(zip(names, contents, strict=True))))


def _stimuli_of(one: Known, known: list[Known]) -> pd.DataFrame | None:
    """The table of the stimulus set that an assembly refers to, or that was given with it."""
    identifier = one.stimulus_set_identifier
    sets = [other for other in known if other.stimuli is not None]
    if identifier is not None:
        for other in sets:
            if other.identifier == identifier or _is_file_of(other, identifier):
                return other.stimuli
    if (attached := set_of(one.assembly, identifier)) is not None:
        return attached
    if len(sets) == 1 and (identifier is None or sets[0].identifier is None):
        return sets[0].stimuli
    if one.found is None or identifier is None:
        return None
    with one.noting(f"stimulus set {identifier!r}"):
        path = one.found.table_beside(identifier)
        return None if path is None else read_table(path)
    return None


def _is_file_of(one: Known, identifier: str) -> bool:
    return one.found is not None and Path(one.found.place).stem == store_name("stimulus_set", identifier)


class _Asked:
    """What a caller asks for, and the projects that say the rest."""

    def __init__(self, profile: str, select: Iterable[str], ignore: Iterable[str]) -> None:
        self._profile = Profile.named(profile)
        self._select = (select,) if isinstance(select, str) else tuple(select)
        self._ignore = (ignore,) if isinstance(ignore, str) else tuple(ignore)
        self._projects: dict[Path | None, Project] = {}
        terms = self._terms(Project(), "")  # which refuses a wrong rule before anything is read
        self.wanted = frozenset(rule.subject for rule in RULES.values() if terms.asks_for(rule.id))

    def report(self, one: Known) -> Report:
        """Apply the rules to what is known of a data set."""
        project = self._project_of(one)
        terms = self._terms(project, one.identifier or "")
        if one.record is not None:
            terms = replace(terms, waivers={**one.record.waivers, **terms.waivers})
        subjects = [*one.subjects, *_declared(one, project)]
        report = run(one.name, *subjects, terms=terms)
        report += run(one.name, Waivers(terms.waivers, report), terms=terms)
        return report if one.found is None else replace(report, file=one.found.place)

    def _project_of(self, one: Known) -> Project:
        folder = None if one.found is None else one.found.folder
        if folder not in self._projects:
            self._projects[folder] = Project.find(*([] if folder is None else [folder]), Path.cwd())
        return self._projects[folder]

    def _terms(self, project: Project, identifier: str) -> Terms:
        return project.terms(identifier, self._profile, self._select, self._ignore)


def _declared(one: Known, project: Project) -> Iterator[object]:
    """What is said about a data set elsewhere than in its data."""
    if one.record is not None:
        about = {**one.record.release, **project.release}
        yield Release(one.record.identifier, about)  # what packaging found is looked for again
    elif one.identifier is not None:
        yield Release(one.identifier, project.release)
    data = one.stimuli if one.assembly is None else one.assembly
    if data is not None and (declared := project.expectations(one.identifier or "")):
        yield Expectations(declared, data)
