"""Rules about stimulus sets: the table, and the files behind it."""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import pandas as pd

from brainpack.layout import FILENAME, id_column
from brainpack.validate.findings import Severity
from brainpack.validate.rules import Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from brainpack.objects.entries import Entry

# The CSV reader of the reference client decides types on stretches of at least this many rows (for up to
# 256 columns), so a stretch that looks like numbers is retyped even where the whole column would not be.
_ROWS_TYPED_TOGETHER: Final = 4096
_UNSAFE: Final = re.compile(r"[/\\\x00-\x1f\x7f]")
_REFUSED_BY_WINDOWS: Final = re.compile(r'(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?|.*[<>:"|?*].*|.*[. ]')
_LONGEST_NAME: Final = 255  # bytes, on ext4, APFS and NTFS


@dataclass(frozen=True)
class StimulusTable:
    """The table of a stimulus set on its way into the CSV."""

    table: pd.DataFrame

    @property
    def ids(self) -> pd.Series[Any] | None:
        """The column of stimulus ids; None without one, or with several of the name."""
        column = id_column(self.table.columns)
        ids = None if column is None else self.table[column]
        return ids if isinstance(ids, pd.Series) else None


@dataclass(frozen=True)
class StimulusFiles:
    """The files of a stimulus set on their way into the ZIP."""

    table: pd.DataFrame
    entries: Sequence[Entry]


@rule("BP-S001", StimulusTable)
def has_ids(stimuli: StimulusTable) -> Iterator[Problem]:
    """Every stimulus needs an id."""
    if id_column(stimuli.table.columns) is None:
        yield Problem(
            "columns",
            "expected a column 'stimulus_id', found none",
            "Add one id per stimulus",
            [*stimuli.table.columns],
        )


@rule("BP-S002", StimulusTable)
def ids_are_unique(stimuli: StimulusTable) -> Iterator[Problem]:
    """One row per stimulus."""
    if (ids := stimuli.ids) is not None and (repeated := ids[ids.duplicated()].unique()).size:
        yield Problem(
            "stimulus_id",
            "expected each id once, found ids on several rows",
            "Keep one row per stimulus; repetitions of its presentation belong into the assembly",
            repeated.tolist(),
        )


@rule("BP-S003", StimulusTable)
def ids_survive_the_csv(stimuli: StimulusTable) -> Iterator[Problem]:
    """What `pandas.read_csv` makes of the ids is what they were."""
    if (ids := stimuli.ids) is None:
        return
    missing = ids.isna()
    if missing.any():
        yield Problem("stimulus_id", "ids are missing", "Give every row an id", ids.index[missing].tolist())
    present = ids[~missing]
    changed = [pair for start in range(0, len(present), _ROWS_TYPED_TOGETHER)
               for pair in _changed_by_reading(present.iloc[start : start + _ROWS_TYPED_TOGETHER])]  # fmt: skip
    if changed:
        yield Problem(
            "stimulus_id",
            "the ids come back from a CSV reader as something else",
            "Use integers for numbers, or text that starts with a letter, for instance 'stim_001' for '001'",
            [_Arrow(before, after) for before, after in changed],
        )


@rule("BP-S004", StimulusFiles)
def names_are_safe(stimuli: StimulusFiles) -> Iterator[Problem]:
    """Names in the ZIP are plain file names on every system."""
    names = _names(stimuli)
    unsafe = [name for name in names if _is_unsafe(name)]
    if unsafe:
        yield Problem(
            "file names in the ZIP",
            "expected plain file names, found path separators, '..', control characters or more than 255 bytes",
            "Rename the stimulus ids (or the column stimulus_path_within_store)",
            unsafe,
        )
    counts = Counter(name.casefold() for name in names)
    twice = sorted((name for name in names if counts[name.casefold()] > 1), key=str.casefold)
    if twice:
        yield Problem(
            "file names in the ZIP",
            "two stimuli get the same name, or names that differ only in upper and lower case",
            "Make them differ, or they overwrite each other when unpacked",
            twice,
        )


@rule("BP-S010", StimulusFiles, Severity.WARNING)
def names_work_on_windows(stimuli: StimulusFiles) -> Iterator[Problem]:
    """A colleague can unpack the ZIP on Windows."""
    refused = [name for name in _names(stimuli) if _REFUSED_BY_WINDOWS.fullmatch(name)]
    if refused:
        yield Problem(
            "file names in the ZIP",
            "Windows cannot hold files of these names",
            'Avoid the characters <>:"|?*, device names such as CON, and a dot or a space at the end',
            refused,
        )


@rule("BP-S005", StimulusFiles)
def files_are_there(stimuli: StimulusFiles) -> Iterator[Problem]:
    """Every stimulus has a file that can be read."""
    unknown = [entry.stimulus_id for entry in stimuli.entries if entry.source is None]
    if unknown:
        yield Problem(
            "stimulus_paths",
            "no file is named for these ids",
            "Set stimuli.stimulus_paths to a dictionary from every stimulus_id, in the type of the column, to its file",
            unknown,
        )
    unreadable = [_Arrow(entry.stimulus_id, reason) for entry in stimuli.entries if (reason := _why_unreadable(entry))]
    if unreadable:
        yield Problem("stimulus_paths", "files cannot be read", "Put the files there or correct the paths", unreadable)


@rule("BP-S006", StimulusFiles)
def filename_column_is_true(stimuli: StimulusFiles) -> Iterator[Problem]:
    """A `filename` column that is already there says what will be written."""
    if FILENAME not in stimuli.table.columns:
        return
    given = stimuli.table[FILENAME].tolist()
    wrong = [
        _Arrow(found, entry.name)
        for found, entry in zip(given, stimuli.entries, strict=False)
        if entry.name is not None and found != entry.name
    ]
    if wrong:
        yield Problem(
            "column 'filename'",
            "it holds other names than the ZIP will (found -> will be)",
            "Drop the column, it is written for you; or rename it if it means something else",
            wrong,
        )


@rule("BP-S007", StimulusTable)
def is_not_empty(stimuli: StimulusTable) -> Iterator[Problem]:
    """There is at least one stimulus."""
    if len(stimuli.table) == 0:
        yield Problem("rows", "expected at least one stimulus, found none", "Check the selection that made the set")


@rule("BP-S008", StimulusTable)
def column_names_are_portable(stimuli: StimulusTable) -> Iterator[Problem]:
    """Column names are text, and each is there once."""
    columns = stimuli.table.columns
    names: Iterable[object] = columns
    wrong = [name for name in names if not isinstance(name, str) or not name.strip()]
    if wrong:
        yield Problem("columns", "expected names that are text", "Rename these columns", wrong)
    if columns.has_duplicates:
        yield Problem(
            "columns",
            "several columns have one name",
            "Rename or drop them",
            columns[columns.duplicated()].tolist(),
        )


@rule("BP-S009", StimulusTable, Severity.WARNING)
def text_columns_survive_the_csv(stimuli: StimulusTable) -> Iterator[Problem]:
    """Text such as '001' or 'NA' in other columns comes back as numbers or as missing."""
    ids = id_column(stimuli.table.columns)
    changed: list[_Arrow] = []
    for position, name in enumerate(stimuli.table.columns):
        column = stimuli.table.iloc[:, position].dropna()
        if name != ids and column.map(lambda value: isinstance(value, str)).any():
            changed += [_Arrow(name, _Arrow(*pair)) for pair in _changed_by_reading(column)[:1]]
    if changed:
        yield Problem(
            "columns",
            "text comes back from a CSV reader as something else",
            "Use text that cannot be taken for a number or a missing value if the difference matters",
            changed,
        )


def _names(stimuli: StimulusFiles) -> list[str]:
    return [entry.name for entry in stimuli.entries if entry.name is not None]


class _Arrow(tuple[object, ...]):
    """A pair that reads as `before -> after` among the examples."""

    __slots__ = ()

    def __new__(cls, before: object, after: object) -> Self:
        return super().__new__(cls, (before, after))

    def __repr__(self) -> str:
        return " -> ".join(part if isinstance(part, str) and part else repr(part) for part in self)


def _changed_by_reading(column: pd.Series[Any]) -> list[tuple[object, object]]:
    """Values that a round trip through `DataFrame.to_csv` and `pandas.read_csv` changes, with the outcome."""
    before = column.to_numpy(dtype=object)
    try:
        text = column.to_frame("value").to_csv(index=False).encode()
    except UnicodeEncodeError:
        return [(value, "not UTF-8") for value in before if not _encodes(value)]
    after = pd.read_csv(io.BytesIO(text), skip_blank_lines=False)["value"].to_numpy(dtype=object)
    if len(after) != len(before):
        return [(before[0], "other rows")]
    # Text never equals a number, so plain equality also sees a change of type.
    changed = np.asarray(before != after, dtype=bool)
    return [*zip(before[changed], after[changed], strict=True)]


def _encodes(value: object) -> bool:
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_unsafe(name: str) -> bool:
    return bool(
        name in {"", ".", ".."} or _UNSAFE.search(name) or not _encodes(name) or len(name.encode()) > _LONGEST_NAME
    )


def _why_unreadable(entry: Entry) -> str | None:
    if entry.source is None:
        return None
    try:
        with entry.source.open("rb"):
            return None
    except OSError as error:
        return f"{entry.source}: {error.strerror or error}"
