"""Rules about what a table of stimuli says, what it gives away, and how its files are named and numbered."""

from __future__ import annotations

from itertools import filterfalse
from typing import TYPE_CHECKING, Any, Final

from brainpack.layout import FILENAME, LEGACY_STIMULUS_ID, LOCAL_COLUMNS, STIMULUS_ID
from brainpack.validation.conventions import gaps_in, names_stimulus_file, number_in
from brainpack.validation.factors import factorised
from brainpack.validation.findings import Problem, Severity, Words, shown
from brainpack.validation.private import private_texts
from brainpack.validation.registry import rule
from brainpack.validation.rules.stimuli import FILE_NAMES, StimulusFiles, StimulusTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

_NEEDED: Final = frozenset((STIMULUS_ID, LEGACY_STIMULUS_ID, FILENAME))
_ROWS_AT_FIRST: Final = 1000  # most columns that differ at all differ here
_RENAME: Final = "Rename the stimulus ids (or the column stimulus_path_within_store), if they are for an experiment"


@rule("BP-S013", StimulusTable, Severity.NOTE)
def columns_say_something(stimuli: StimulusTable) -> Iterator[Problem]:
    """A column tells stimuli apart."""
    empty, constant = [], []
    for name, column in _published(stimuli.table):
        if name in _NEEDED:
            continue
        if column.isna().all():
            empty.append(name)
        elif len(column) > 1 and _is_constant(column[:_ROWS_AT_FIRST]) and _is_constant(column):
            constant.append(Words(f"{name}: {shown(column.iloc[0])}"))
    if empty and len(stimuli.table):
        yield Problem("columns", "values", "missing ones only", "Fill the columns in, or drop them", empty)
    if constant:
        yield Problem(
            "columns",
            "values that tell stimuli apart",
            "the same value on every row",
            "Drop the columns, unless they say what other sets differ in",
            constant,
        )


@rule("BP-S014", StimulusTable, Severity.WARNING)
def table_names_no_private_places(stimuli: StimulusTable) -> Iterator[Problem]:
    """No cell names a folder of somebody's computer, or a user."""
    for name, column in _published(stimuli.table):
        if column.dtype.kind in "OUT" and (found := private_texts(column)):
            yield Problem(
                f"column {name!r}",
                "nothing about somebody's computer",
                "paths of one, perhaps with the name of a user",
                "Keep the last part of the paths, or drop the column: everybody can read it once it is published",
                found,
            )


@rule("BP-S015", StimulusFiles, Severity.NOTE, in_experiments=Severity.ERROR)
def files_are_named_for_experiments(stimuli: StimulusFiles) -> Iterator[Problem]:
    """Files are named like 'image_17.png' or '17.png'."""
    if others := [*filterfalse(names_stimulus_file, stimuli.names)]:
        yield Problem(
            FILE_NAMES,
            "names like 'image_17.png' or '17.png', with one of the suffixes jpg, jpeg, png, mp4",
            "others",
            _RENAME,
            others,
        )


@rule("BP-S016", StimulusFiles, Severity.NOTE, in_experiments=Severity.ERROR)
def files_are_numbered(stimuli: StimulusFiles) -> Iterator[Problem]:
    """Files are numbered without gaps."""
    numbers = [*map(number_in, stimuli.names)]
    if without := [name for name, number in zip(stimuli.names, numbers, strict=True) if number is None]:
        yield Problem(FILE_NAMES, "a number before the suffix", "names without one", _RENAME, without)
    gaps = gaps_in(number for number in numbers if number is not None)
    if gaps.missing:
        yield Problem(
            FILE_NAMES, "numbers without gaps", "numbers that no file has", _RENAME, gaps.first_missing, gaps.missing
        )
    if gaps.repeated:
        yield Problem(
            FILE_NAMES,
            "each number once",
            "numbers that several files have",
            _RENAME,
            gaps.first_repeated,
            gaps.repeated,
        )


def _published(table: pd.DataFrame) -> Iterator[tuple[object, pd.Series[Any]]]:
    """The columns that go into the CSV."""
    return ((name, column) for name, column in table.items() if name not in LOCAL_COLUMNS)


def _is_constant(column: pd.Series[Any]) -> bool:
    codes, distinct = factorised(column)
    return len(distinct) == 1 and bool((codes == 0).all())
