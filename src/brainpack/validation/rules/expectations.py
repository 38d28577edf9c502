"""Rules about what brainpack.toml declares: expectations have to hold, and waivers to be needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from brainpack.layout import PRESENTATION, STIMULUS_ID, id_column
from brainpack.objects.indexes import plain_coords
from brainpack.validation.factors import factorised
from brainpack.validation.findings import EXAMPLES, Problem, Severity, Words, shown
from brainpack.validation.registry import rule
from brainpack.validation.rules.stimuli import single_column

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import xarray as xr
    from numpy.typing import ArrayLike

    from brainpack.validation.report import Report

_STIMULI: Final = "stimuli"
_REPETITIONS: Final = "repetitions"
_OF_ASSEMBLIES: Final = frozenset(
    ("presentation", "neuroid", "time_bin", "event", "repetition", "region", "animal", "subject")
)
_CORRECT: Final = "Correct the data, or the expectation in brainpack.toml"


@dataclass(frozen=True)
class Expectations:
    """What is declared about an assembly or a stimulus set.

    Attributes
    ----------
    declared : mapping of str to int or list
        By the name of a dimension, a coordinate or a column, or its plural. A number is the size of a dimension, or how
        many different values there are; a list is the different values themselves. `stimuli` is the number of rows of a
        stimulus set, `repetitions` how often each stimulus is presented.
    data : DataArray or DataFrame
        What only the other of the two can have is not asked of it.
    """

    declared: Mapping[str, int | Sequence[object]]
    data: xr.DataArray | pd.DataFrame

    @property
    def is_about_stimuli(self) -> bool:
        return isinstance(self.data, pd.DataFrame)

    @cached_property
    def sizes(self) -> dict[object, int]:
        """What can be counted without looking at values, by name."""
        if isinstance(self.data, pd.DataFrame):
            return {_STIMULI: len(self.data)}
        return dict(zip(self.data.dims, self.data.shape, strict=True))

    @cached_property
    def columns(self) -> dict[object, ArrayLike]:
        """The coordinates or columns, by name."""
        if isinstance(self.data, pd.DataFrame):
            columns = {name: single_column(self.data, name) for name in self.data.columns}
            return {name: column.to_numpy() for name, column in columns.items() if column is not None}
        return {name: values for name, (_, values) in plain_coords(self.data).items()}

    @property
    def stimulus_ids(self) -> ArrayLike | None:
        """The id of each presentation."""
        coords = {} if isinstance(self.data, pd.DataFrame) else plain_coords(self.data)
        of_presentation = {name: values for name, (dims, values) in coords.items() if dims == (PRESENTATION,)}
        name = id_column(of_presentation)
        return None if name is None else of_presentation[name]


@dataclass(frozen=True)
class Waivers:
    """What is waived, and the report that says which of it was needed.

    Attributes
    ----------
    reasons : mapping of str to str
        By rule id.
    report : Report
    """

    reasons: Mapping[str, str]
    report: Report

    @property
    def unneeded(self) -> list[str]:
        """Ids of rules that were applied, found nothing, and are waived."""
        found = {finding.rule for finding in self.report.findings}
        return [rule for rule in self.reasons if rule in self.report.checked and rule not in found]


@rule("BP-R011", Expectations)
def expectations_hold(expectations: Expectations) -> Iterator[Problem]:
    """The data are as brainpack.toml declares them."""
    for name, declared in expectations.declared.items():
        if name == _REPETITIONS and isinstance(declared, int):
            yield from _repetitions(expectations, declared)
        else:
            yield from _declared(expectations, name, declared)


@rule("BP-R012", Waivers, Severity.NOTE)
def waivers_are_needed(waivers: Waivers) -> Iterator[Problem]:
    """Waivers are for rules that find something."""
    if waivers.unneeded:
        yield Problem(
            "waivers",
            "rules that find something",
            "rules that find nothing here",
            "Delete their lines from brainpack.toml, so that you hear of it when they do",
            [*map(Words, waivers.unneeded)],
        )


def singulars(name: str) -> list[str]:
    """Return the name, and what it may be the plural of.

    Examples
    --------
    >>> singulars("regions")
    ['regions', 'region']
    >>> singulars("categories")
    ['categories', 'categorie', 'categori', 'category']
    """
    endings = {"s": "", "es": "", "ies": "y"}
    return [name, *(name.removesuffix(end) + start for end, start in endings.items() if name.endswith(end))]


def _declared(expectations: Expectations, name: str, declared: int | Sequence[object]) -> Iterator[Problem]:
    names = singulars(name)
    size = next((known for known in names if known in expectations.sizes), None)
    column = next((known for known in names if known in expectations.columns), None)
    kind = "column" if expectations.is_about_stimuli else "coordinate"
    if size is not None and isinstance(declared, int):
        yield from _number(f"number of {size!r}", expectations.sizes[size], declared)
    elif column is not None:
        distinct = pd.Series(factorised(expectations.columns[column]).distinct, dtype=object)
        if isinstance(declared, int):
            yield from _number(f"number of different values of {kind} {column!r}", len(distinct), declared)
        else:
            yield from _values(f"{kind} {column!r}", distinct, pd.Series([*declared], dtype=object))
    elif not (_OF_ASSEMBLIES.intersection(names) if expectations.is_about_stimuli else _STIMULI in names):
        yield Problem(
            f"expectation {name!r}",
            f"the name of a {kind}{'' if expectations.is_about_stimuli else ' or a dimension'}, or its plural",
            "nothing of this name",
            'Correct it, or declare it below [expect."identifier"] for the data that have it',
        )


def _number(where: str, found: int, declared: int) -> Iterator[Problem]:
    if found != declared:
        yield Problem(where, f"{declared}, as declared", str(found), _CORRECT)


def _values(where: str, found: pd.Series[Any], declared: pd.Series[Any]) -> Iterator[Problem]:
    missing, others = declared[~declared.isin(found)], found[~found.isin(declared)]
    examples = [Words(f"no {shown(value)}") for value in missing.iloc[:EXAMPLES]]
    examples += [Words(f"{shown(value)} too") for value in others.iloc[:EXAMPLES]]
    if examples:
        yield Problem(where, "just the declared values", "others", _CORRECT, examples, len(missing) + len(others))


def _repetitions(expectations: Expectations, declared: int) -> Iterator[Problem]:
    if expectations.is_about_stimuli:
        return
    if expectations.stimulus_ids is None:
        yield Problem(
            f"expectation {_REPETITIONS!r}",
            f"a coordinate {STIMULUS_ID!r} on dimension {PRESENTATION!r}, by which they can be counted",
            "none",
            "Add the coordinate, or delete the expectation",
        )
        return
    factors = factorised(expectations.stimulus_ids)
    counts = pd.Series(factors.counts, index=pd.Index(factors.distinct, dtype=object))
    others = counts[counts != declared]
    if len(others):
        examples = [Words(f"{shown(stimulus)} {count} times") for stimulus, count in others.iloc[:EXAMPLES].items()]
        where = f"coordinate {STIMULUS_ID!r}"
        yield Problem(where, f"each {declared} times, as declared", "others", _CORRECT, examples, len(others))
