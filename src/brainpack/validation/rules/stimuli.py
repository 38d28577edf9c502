"""Rules about stimulus sets: the table, and the files behind it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from brainpack.layout import DEVICE_NAME, DRIVE, FILENAME, LOCAL_COLUMNS, PATH_WITHIN_STORE, STIMULUS_ID, id_column
from brainpack.media.finding import find
from brainpack.objects.entries import zip_entries
from brainpack.validation.findings import EXAMPLES, Change, Problem, Severity, Words
from brainpack.validation.registry import rule
from brainpack.validation.rules.arguments import Given
from brainpack.validation.rules.assemblies import is_netcdf_name
from brainpack.validation.rules.roundtrip import Changes, Outcome, column_through_csv, names_through_csv

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from brainpack.objects.entries import Entry
    from brainpack.sources import Stamp
    from brainpack.workers import Workers

FILE_NAMES: Final = "file names in the ZIP"

_UNSAFE: Final = re.compile(r"[/\\\x00-\x1f\x7f\ud800-\udfff]|\A\.{0,2}\Z")
_REFUSED_BY_WINDOWS: Final = re.compile(r'[<>:"|?*]|[. ]\Z')
_LONGEST_NAME: Final = 255  # bytes, on ext4, APFS and NTFS
_COMPOSED: Final = partial(unicodedata.normalize, "NFC")


@dataclass(frozen=True)
class StimulusTable:
    """The table of a stimulus set on its way into the CSV."""

    table: pd.DataFrame

    @property
    def ids(self) -> pd.Series[Any] | None:
        """The column of stimulus ids; None without one, or with several of the name."""
        column = id_column(self.table.columns)
        return None if column is None else single_column(self.table, column)

    @cached_property
    def ids_through_csv(self) -> Outcome:
        """What a CSV makes of the ids that are there."""
        ids = self.ids
        return Outcome() if ids is None else column_through_csv(ids.dropna(), self._columns_of_csv)

    @cached_property
    def integers_in_text(self) -> Sequence[Change]:
        """The changes of the ids, where every id is the text of an integer and comes back as that integer."""
        changed, ids = self.ids_through_csv.changed, self.ids
        are_all = ids is not None and len(changed) == ids.count()
        return changed if are_all and isinstance(changed, Changes) and changed.are_integers_in_text else ()

    @cached_property
    def others_through_csv(self) -> list[tuple[object, Outcome]]:
        """What a CSV makes of the other columns of text and objects, by name."""
        not_these = {id_column(self.table.columns), *LOCAL_COLUMNS}
        return [
            (name, column_through_csv(column, self._columns_of_csv))
            for name, column in self.table.items()
            if column.dtype.kind in "OUT" and name not in not_these
        ]

    @property
    def _columns_of_csv(self) -> int:
        return len({*self.table.columns, STIMULUS_ID, FILENAME} - {*LOCAL_COLUMNS})


@dataclass(frozen=True)
class StimulusFiles:
    """The files of a stimulus set on their way into the ZIP.

    Attributes
    ----------
    table : DataFrame
    entries : sequence of Entry
        In row order.
    found : sequence of Stamp, str or None
        What is there for each entry, or why it cannot be read; None for an entry without a path, and shorter where
        nobody has looked.
    """

    table: pd.DataFrame
    entries: Sequence[Entry]
    found: Sequence[Stamp | str | None] = ()

    @classmethod
    def of(cls, table: pd.DataFrame, crew: Workers) -> StimulusFiles:
        """Find the files of a stimulus set."""
        entries = zip_entries(table)
        found = iter(find([source for entry in entries if (source := entry.source) is not None], crew))
        return cls(table, entries, [None if entry.path is None else next(found) for entry in entries])

    @cached_property
    def names(self) -> list[str]:
        """The names inside the ZIP."""
        return [entry.name for entry in self.entries if entry.name is not None]


def table_subjects(stimuli: object) -> list[object]:
    """All there is to check of a table of stimuli, or of whatever was given in its place."""
    given = Given("proto_stimulus_set", stimuli, pd.DataFrame)
    return [given, StimulusTable(stimuli)] if isinstance(stimuli, pd.DataFrame) else [given]


def stimulus_subjects(stimuli: object, crew: Workers) -> list[object]:
    """All there is to check of a stimulus set before its files are read, for which a crew finds them."""
    subjects = table_subjects(stimuli)
    return [*subjects, StimulusFiles.of(stimuli, crew)] if isinstance(stimuli, pd.DataFrame) else subjects


def single_column(table: pd.DataFrame, name: str) -> pd.Series[Any] | None:
    """The column of this name; None where there is none, or where several have it."""
    column = table[name] if name in table.columns else None
    return column if isinstance(column, pd.Series) else None


@rule("BP-S001", StimulusTable)
def has_ids(stimuli: StimulusTable) -> Iterator[Problem]:
    """Every stimulus needs an id."""
    if id_column(stimuli.table.columns) is None:
        found = ", ".join(map(str, stimuli.table.columns[:EXAMPLES])) or "no columns"
        more = ", …" if len(stimuli.table.columns) > EXAMPLES else ""
        yield Problem("columns", "a column 'stimulus_id'", f"{found}{more}", "Add a column with one id per stimulus")


@rule("BP-S002", StimulusTable)
def ids_are_unique(stimuli: StimulusTable) -> Iterator[Problem]:
    """One row per stimulus."""
    if (ids := stimuli.ids) is not None and (repeated := _repeated(ids.dropna().astype(object))):
        yield Problem(
            "stimulus_id",
            "each id once",
            "ids on several rows",
            "Keep one row per stimulus; repetitions of its presentation belong into the assembly",
            repeated,
        )


@rule("BP-S003", StimulusTable)
def ids_survive_the_csv(stimuli: StimulusTable) -> Iterator[Problem]:
    """What `pandas.read_csv` makes of the ids is what they were."""
    if (ids := stimuli.ids) is None:
        return
    missing = ids.isna()
    if missing.any():
        yield Problem(
            "stimulus_id", "an id on every row", "rows without one", "Give every row an id", ids.index[missing].tolist()
        )
    if pd.api.types.is_bool_dtype(ids.dtype):
        yield Problem("stimulus_id", "text or integers", "true or false", "Use text or integers", ids.tolist())
        return
    changed = stimuli.ids_through_csv.broken or stimuli.ids_through_csv.changed
    if changed and not stimuli.integers_in_text:
        yield Problem(
            "stimulus_id",
            "ids that come back from a CSV reader as they were",
            "others",
            "Use integers for numbers, or text that starts with a letter, for instance 'stim_001' for '001'",
            changed,
        )


@rule("BP-S012", StimulusTable, Severity.WARNING)
def ids_keep_their_type(stimuli: StimulusTable) -> Iterator[Problem]:
    """Ids that are integers in text come back as integers."""
    if changed := stimuli.integers_in_text:
        yield Problem(
            "stimulus_id",
            "ids that come back from a CSV reader in their type",
            "integers in text, which come back as integers",
            "Use integers, or text that starts with a letter, if the difference matters",
            changed,
        )


@rule("BP-S004", StimulusFiles)
def names_are_safe(stimuli: StimulusFiles) -> Iterator[Problem]:
    """Names in the ZIP are plain file names on every system."""
    if unsafe := _unsafe(stimuli.names):
        yield Problem(
            FILE_NAMES,
            "plain file names of up to 255 bytes",
            "path separators, '..', control characters, devices of Windows, or longer names",
            "Rename the stimulus ids (or the column stimulus_path_within_store)",
            unsafe,
        )
    folded = [*map(str.casefold, map(_COMPOSED, stimuli.names))]
    if len({*folded}) < len(folded):
        counts = Counter(folded)
        twice = sorted(pair for pair in zip(folded, stimuli.names, strict=True) if counts[pair[0]] > 1)
        yield Problem(
            FILE_NAMES,
            "a name for each stimulus, also where upper and lower case are the same",
            "several stimuli of one name",
            "Make them differ, or they overwrite each other when unpacked",
            [name for _, name in twice],
        )
    stems = single_column(stimuli.table, PATH_WITHIN_STORE)
    if stems is not None and stems.isna().any():
        yield Problem(
            f"column {PATH_WITHIN_STORE!r}",
            "a name on every row",
            "rows without one",
            "Fill them in, or drop the column: files are then named after their ids",
            stems.index[stems.isna()].tolist(),
        )


@rule("BP-S010", StimulusFiles, Severity.WARNING)
def names_work_on_windows(stimuli: StimulusFiles) -> Iterator[Problem]:
    """A colleague can unpack the ZIP on Windows."""
    if refused := [*filter(_REFUSED_BY_WINDOWS.search, stimuli.names)]:
        yield Problem(
            FILE_NAMES,
            "names that Windows knows, too",
            "names that it refuses",
            'Avoid the characters <>:"|?*, and a dot or a space at the end',
            refused,
        )


@rule("BP-S005", StimulusFiles)
def files_are_there(stimuli: StimulusFiles) -> Iterator[Problem]:
    """Every stimulus has a file that can be read."""
    unknown = [entry.stimulus_id for entry in stimuli.entries if entry.path is None]
    if unknown:
        yield Problem(
            "stimulus_paths",
            "a file for every id",
            "ids without one",
            "Set stimuli.stimulus_paths to a dictionary from every stimulus_id, in the type of the column, to the path "
            "of its file as text or Path",
            unknown,
        )
    unreadable = [
        Change(entry.stimulus_id, Words(found))
        for entry, found in zip(stimuli.entries, stimuli.found, strict=False)
        if isinstance(found, str)
    ]
    if unreadable:
        yield Problem(
            "stimulus_paths",
            "files that can be read",
            "files that cannot",
            "Put the files there or correct the paths",
            unreadable,
        )


@rule("BP-S006", StimulusFiles)
def filename_column_is_true(stimuli: StimulusFiles) -> Iterator[Problem]:
    """A `filename` column that is already there says what will be written."""
    if (given := single_column(stimuli.table, FILENAME)) is None:
        return
    wrong = [
        (found, entry.name)
        for found, entry in zip(given.tolist(), stimuli.entries, strict=False)
        if entry.name is not None and not (isinstance(found, str) and found == entry.name)
    ]
    if wrong:
        yield Problem(
            "column 'filename'",
            "the names that files get in the ZIP",
            "other names (found -> will be)",
            "Drop the column, it is written for you; or rename it if it means something else",
            [Change(*pair) for pair in wrong[:EXAMPLES]],
            len(wrong),
        )


@rule("BP-S007", StimulusTable)
def is_not_empty(stimuli: StimulusTable) -> Iterator[Problem]:
    """There is at least one stimulus."""
    if len(stimuli.table) == 0:
        yield Problem("rows", "at least one stimulus", "none", "Check the selection that made the set")


@rule("BP-S008", StimulusTable)
def column_names_are_portable(stimuli: StimulusTable) -> Iterator[Problem]:
    """Column names are text that survives the CSV, and each is there once."""
    columns = stimuli.table.columns
    names: Sequence[object] = columns.tolist()
    wrong = [name for name in names if not isinstance(name, str) or not name.strip()]
    if wrong:
        yield Problem("columns", "names that are text", "others", "Rename these columns", wrong)
    if columns.has_duplicates:
        yield Problem(
            "columns",
            "each name once",
            "several columns of one name",
            "Rename or drop them",
            columns[columns.duplicated()].unique().tolist(),
        )
    text = dict.fromkeys(name for name in names if isinstance(name, str) and name.strip())
    if changed := names_through_csv([*text]):
        yield Problem(
            "columns",
            "names that come back from a CSV reader as they were",
            "others",
            "Rename these columns",
            changed,
        )


@rule("BP-S017", StimulusTable, Severity.WARNING)
def columns_can_be_coordinates(stimuli: StimulusTable) -> Iterator[Problem]:
    """Columns become coordinates of the presentations, whose names a file has to hold."""
    columns: Sequence[object] = stimuli.table.columns.tolist()
    names = [name for name in columns if isinstance(name, str) and name.strip()]
    if impossible := [name for name in names if not is_netcdf_name(name)]:
        yield Problem(
            "columns",
            "names without white space and '/', which can be coordinates",
            "others, with which an assembly that was loaded cannot be packaged again",
            "Rename these columns, for instance 'my column' to 'my_column'",
            impossible,
        )


@rule("BP-S009", StimulusTable, Severity.WARNING)
def columns_survive_the_csv(stimuli: StimulusTable) -> Iterator[Problem]:
    """Text such as '001' or 'NA' in other columns comes back as numbers or as missing."""
    changed = [Words(f"{name}: {outcome.changed[0]!r}") for name, outcome in stimuli.others_through_csv
               if outcome.changed]  # fmt: skip
    if changed:
        yield Problem(
            "columns",
            "values that come back from a CSV reader as they were",
            "others",
            "Use text that cannot be taken for a number or a missing value if the difference matters",
            changed,
        )


@rule("BP-S011", StimulusTable)
def table_fits_a_csv(stimuli: StimulusTable) -> Iterator[Problem]:
    """The table can be written as a CSV, and its rows are rows to every reader."""
    for name, outcome in stimuli.others_through_csv:
        if outcome.broken:
            yield Problem(
                f"column {name!r}",
                "text that UTF-8 encodes, without carriage returns that end a row",
                "other text",
                "Correct the text; a line ends with '\\n'",
                outcome.broken,
            )


def _repeated(ids: pd.Series[Any]) -> list[object]:
    """Ids that are there more than once; lists and the like, which cannot be looked up, by their text."""
    try:
        return ids[ids.duplicated()].unique().tolist()
    except TypeError:
        return _repeated(ids.map(repr))


def _unsafe(names: Sequence[str]) -> list[str]:
    tests = (_UNSAFE.search, DEVICE_NAME.fullmatch, DRIVE.match, _is_long)
    unsafe = {*chain.from_iterable(filter(test, names) for test in tests)}
    return [name for name in names if name in unsafe] if unsafe else []


def _is_long(name: str) -> bool:
    return len(name) * 4 > _LONGEST_NAME and len(name.encode(errors="surrogatepass")) > _LONGEST_NAME
