"""Rules about what belongs together: an assembly and its stimulus set, and several stimulus sets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from brainpack.errors import InvalidData
from brainpack.layout import LOCAL_COLUMNS, PRESENTATION, STIMULUS_ID, id_column
from brainpack.objects.indexes import plain_coords
from brainpack.objects.levels import plain_values
from brainpack.objects.transform import comparable
from brainpack.objects.values import natural
from brainpack.validation.factors import factorised
from brainpack.validation.findings import EXAMPLES, Problem, Severity, Words, shown
from brainpack.validation.registry import rule
from brainpack.validation.rules.stimuli import single_column

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from brainpack.validation.factors import Factors

_PRECISION: Final = 1e-6  # of float32, to which one of the two may have been rounded
_KINDS: Final = dict.fromkeys(("integer", "floating", "mixed-integer-float"), "numbers") | {"string": "text"}


class Link(NamedTuple):
    """Which row of a stimulus set belongs to which presentation.

    Attributes
    ----------
    shown : Factors
        The stimulus ids of the presentations.
    listed : Factors
        The ids of the rows.
    places : ndarray of int
        For each distinct id that was shown its place among those that are listed; -1 where it is not.
    """

    shown: Factors
    listed: Factors
    places: npt.NDArray[np.intp]

    @property
    def rows(self) -> npt.NDArray[np.intp]:
        """For each presentation the first row of its stimulus; -1 where there is none."""
        codes = self.listed.codes
        first = np.flatnonzero((codes >= 0) & ~pd.Series(codes).duplicated().to_numpy())
        row = np.append(first, -1)[self.places]  # the last one is that of unknown ids, below that of missing ones
        return np.append(row, -1)[self.shown.codes]


class Both(NamedTuple):
    """What two sources say about the same presentations, one after the other."""

    ours: npt.NDArray[Any]
    theirs: npt.NDArray[Any]

    @property
    def kinds(self) -> list[str]:
        """The type of each in one word, "empty" where nothing is said."""
        return [
            "empty" if pd.isna(values).all() else _KINDS.get(kind := pd.api.types.infer_dtype(values), kind)
            for values in self
        ]

    @property
    def as_a_file_has_them(self) -> Both:
        """Both as a CSV holds them: times are text, and a text of nothing is a missing one."""
        return Both(*(_without_empty_texts(values) for values in _times_in_both(*self)))

    @property
    def differ(self) -> npt.NDArray[np.bool_]:
        """Where they do not say the same, for values of one kind; up to rounding."""
        if "f" in {values.dtype.kind for values in self} <= {*"iuf"}:
            return np.asarray(~np.isclose(self.ours, self.theirs, rtol=_PRECISION, atol=0, equal_nan=True))
        kinds = {values.dtype.kind for values in self}
        is_alike = len(kinds) == 1 and kinds <= {*"biumM"}
        codes = factorised(np.concatenate(self if is_alike else [values.astype(object) for values in self])).codes
        return np.asarray(codes[: len(self.ours)] != codes[len(self.ours) :])

    def at(self, place: int) -> str:
        return f"{shown(self.ours[place])}, in the set {shown(self.theirs[place])}"


@dataclass(frozen=True)
class Pair:
    """An assembly, and the table of the stimuli that were presented."""

    array: xr.DataArray
    table: pd.DataFrame

    @cached_property
    def coords(self) -> dict[str, tuple[tuple[str, ...], npt.NDArray[Any]]]:
        """The coordinates as the file will hold them."""
        return plain_coords(self.array)

    @cached_property
    def of_presentation(self) -> dict[str, npt.NDArray[Any]]:
        """Those of the presentations alone, to which loading adds the columns of the table."""
        return {name: values for name, (dims, values) in self.coords.items() if dims == (PRESENTATION,)}

    @cached_property
    def link(self) -> Link | None:
        """None where one of the two has no ids, or the set has the same as a number and as text."""
        name, column = id_column(self.of_presentation), id_column(self.table.columns)
        ids = None if column is None else single_column(self.table, column)
        if name is None or ids is None:
            return None
        was_shown, listed = factorised(self.of_presentation[name]), factorised(ids)
        sought, known = comparable(was_shown.distinct, listed.distinct)
        return Link(was_shown, listed, known.get_indexer(sought)) if known.is_unique else None

    @cached_property
    def shared(self) -> dict[str, tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
        """Coordinates of presentations with the columns of the same name, but for ids and what stays at home."""
        not_these = {id_column(self.of_presentation), id_column(self.table.columns), *LOCAL_COLUMNS}
        columns = {name: single_column(self.table, name) for name in self.of_presentation if name not in not_these}
        return {
            name: (self.of_presentation[name], plain_values(column))
            for name, column in columns.items()
            if column is not None
        }


@dataclass(frozen=True)
class StimulusSets:
    """Several stimulus sets, and what tells their stimuli apart.

    Attributes
    ----------
    contents : mapping of str to Series
        By the identifier of a set and by stimulus id, the SHA-256 of each file; or its name, where nobody has looked
        into the files.
    """

    contents: Mapping[str, pd.Series[Any]]


def set_of(assembly: object, identifier: str | None) -> pd.DataFrame | None:
    """The stimulus set that an assembly has with it, unless it is known as another one than it refers to."""
    stimuli = assembly.attrs.get("stimulus_set") if isinstance(assembly, xr.DataArray) else None
    if not isinstance(stimuli, pd.DataFrame):
        return None
    name = getattr(stimuli, "identifier", None)
    return stimuli if not isinstance(name, str) or identifier in {None, name} else None


def pair_subjects(assembly: object, stimuli: object) -> list[object]:
    """All there is to check of an assembly with its stimulus set; nothing where one of them is something else."""
    if isinstance(assembly, xr.DataArray) and isinstance(stimuli, pd.DataFrame):
        return [Pair(assembly, stimuli)]
    return []


@rule("BP-P001", Pair, Severity.WARNING, when_published=Severity.ERROR)
def stimuli_are_in_the_set(pair: Pair) -> Iterator[Problem]:
    """Every stimulus that was presented is in the stimulus set."""
    if (link := pair.link) is None:
        return
    unknown = link.shown.distinct[link.places < 0]
    if unknown.size:
        kinds = [pd.api.types.infer_dtype(factors.distinct, skipna=True) for factors in (link.shown, link.listed)]
        types = "" if kinds[0] == kinds[1] else f": {kinds[0]}, where the set has {kinds[1]}"
        yield Problem(
            f"coordinate {STIMULUS_ID!r}",
            "ids of the stimulus set",
            f"ids that it does not have{types}",
            "Pass the set that was presented, with ids of the same type, or leave these presentations out",
            unknown[:EXAMPLES].tolist(),
            unknown.size,
        )


@rule("BP-P002", Pair, Severity.NOTE)
def stimuli_are_presented(pair: Pair) -> Iterator[Problem]:
    """Every stimulus of the set is presented."""
    if (link := pair.link) is None:
        return
    is_unused = np.ones(len(link.listed.distinct), dtype=bool)
    is_unused[link.places[link.places >= 0]] = False
    if is_unused.any():
        yield Problem(
            "stimulus set",
            "stimuli that are presented",
            f"{is_unused.sum()} of {is_unused.size} that are not",
            "Leave them in if other assemblies need them",
            link.listed.distinct[is_unused][:EXAMPLES].tolist(),
            int(is_unused.sum()),
        )


@rule("BP-P003", Pair, Severity.WARNING, when_published=Severity.ERROR)
def shared_columns_agree(pair: Pair) -> Iterator[Problem]:
    """What both the assembly and the stimulus set say of a stimulus is the same."""
    if (link := pair.link) is None:
        return
    rows = link.rows
    known = np.flatnonzero(rows >= 0)
    for name, (ours, theirs) in pair.shared.items():
        both = Both(_typed(ours[known]), _typed(theirs[rows[known]])).as_a_file_has_them
        where, advice = f"coordinate {name!r}", "Correct one of the two, or drop the coordinate: it hides the column"
        if len(kinds := {kind for kind in both.kinds if kind != "empty"}) > 1:
            found = f"{both.kinds[0]}, where the set has {both.kinds[1]}"
            yield Problem(where, "the type of the column in the stimulus set", found, advice)
        elif kinds and (differs := np.flatnonzero(both.differ)).size:
            stimuli, first = np.unique(link.shown.codes[known[differs]], return_index=True)
            examples = [
                Words(f"{shown(link.shown.distinct[stimulus])}: {both.at(differs[place])}")
                for stimulus, place in zip(stimuli[:EXAMPLES], first[:EXAMPLES], strict=True)
            ]
            yield Problem(where, "what the stimulus set says", "something else", advice, examples, stimuli.size)


@rule("BP-P004", Pair, Severity.WARNING)
def columns_do_not_clash(pair: Pair) -> Iterator[Problem]:
    """No column of the stimulus set has the name of a coordinate of another dimension."""
    if pair.link is None:
        return
    of_others = {name for name, (dims, _) in pair.coords.items() if {*dims} != {PRESENTATION}}
    taken = of_others | ({*map(str, pair.array.dims)} - {PRESENTATION})
    clashing = [name for name in pair.table.columns if name in taken]
    if clashing:
        yield Problem(
            "columns of the stimulus set",
            "names that only coordinates of the presentations have",
            "names of other coordinates",
            "Rename the columns: they cannot be merged, and brainscore_core overwrites the coordinates with them",
            clashing,
        )


@rule("BP-P005", Pair, Severity.NOTE)
def presentations_are_in_order(pair: Pair) -> Iterator[Problem]:
    """Where each stimulus is presented once, presentations and stimuli have the same order."""
    if (link := pair.link) is None or len(rows := link.rows) != len(pair.table):
        return
    moved = np.flatnonzero(rows != np.arange(len(rows)))
    if moved.size and np.array_equal(np.sort(rows), np.arange(len(rows))):
        yield Problem(
            "presentations",
            "the order of the stimulus set, as each of its stimuli is presented once",
            "another order",
            "Leave it so if stimuli are always found by their id; sort one of the two if the same order was meant",
            moved[:EXAMPLES].tolist(),
            moved.size,
        )


@rule("BP-P006", StimulusSets, Severity.WARNING)
def sets_share_no_stimuli(sets: StimulusSets) -> Iterator[Problem]:
    """No stimulus is in two sets, such as one to train and one to test on."""
    for (one, ours), (other, theirs) in combinations(sets.contents.items(), 2):
        shared = ours[ours.notna() & ours.isin(theirs)]
        if shared.size:
            firsts = [theirs.index[theirs == content][0] for content in shared[:EXAMPLES]]
            yield Problem(
                f"{one} and {other}",
                "stimuli that only one of the two has",
                "the same in both",
                "Leave them out of one of the two: who was fitted to them in one has seen what is tested in the other",
                [Words(f"{shown(mine)} is {shown(yours)}") for mine, yours in zip(shared.index, firsts, strict=False)],
                shared.size,
            )


def _typed(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Objects in the type that all of them share, if there is one."""
    try:
        return natural(values)
    except InvalidData:
        return values


def _times_in_both(*both: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    """Text as times, where all of it can be read so, beside times."""
    has_times = any(values.dtype.kind == "M" for values in both)
    for values in both:
        times = pd.to_datetime(values, format="ISO8601", errors="coerce") if has_times and _is_text(values) else None
        is_read = times is not None and bool((np.asarray(times.isna()) == pd.isna(values)).all())
        yield np.asarray(times, dtype="M8[ns]") if is_read else values


def _without_empty_texts(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if not _is_text(values):
        return values
    texts = values.astype(object)
    texts[texts == ""] = np.nan
    return texts


def _is_text(values: npt.NDArray[Any]) -> bool:
    return bool(pd.api.types.infer_dtype(values, skipna=True) == "string")


@rule("BP-P007", Pair, Severity.WARNING, when_published=Severity.ERROR)
def ids_have_one_type(pair: Pair) -> Iterator[Problem]:
    """Where the assembly has numbers as ids, the stimulus set has no text, and the other way round."""
    if (link := pair.link) is None or (link.places < 0).any():  # the latter is told by another rule
        return
    kinds = Both(link.shown.distinct, link.listed.distinct).kinds
    if {*kinds} == {"text", "numbers"}:
        yield Problem(
            f"coordinate {STIMULUS_ID!r}",
            f"{kinds[1]}, as in the stimulus set",
            f"{kinds[0]}: {shown(link.shown.distinct[0])}",
            "Write ids as text that starts with a letter in both, or as integers",
        )
