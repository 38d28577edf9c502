"""A folder or a table -> stimulus set."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from brainpack.errors import InvalidData, NotFound, SettingsError
from brainpack.intake.joining import joined, missing_rows
from brainpack.intake.reading import TABLES, read_any_table
from brainpack.layout import FILENAME, LEGACY_STIMULUS_ID, STIMULUS_ID
from brainpack.media.formats import TEXT, promised, suffix_of
from brainpack.notices import warn
from brainpack.objects.stimuli import StimulusSet
from brainpack.read.access import reading
from brainpack.read.tables import natural_ids
from brainpack.settings import with_home

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FILE_COLUMNS: Final = (FILENAME, "file", "path", "stimulus_path", "image_path", "image_file")
_EXPECTED: Final = frozenset(("thumbs.db", "desktop.ini"))
_LISTED: Final = 5


def stimuli_from(
    source: str | os.PathLike[str],
    *,
    metadata: str | os.PathLike[str] | None = None,
    id_column: str | None = None,
    file_column: str | None = None,
) -> StimulusSet:
    """Make a stimulus set of a folder of files, or of a table that names them.

    Parameters
    ----------
    source : path
        A folder: all files of known formats in it and in folders below it, in natural order, with their names without
        suffix as ids. Or a table (CSV, TSV or Parquet) with a row for each stimulus.
    metadata : path, optional
        A table with a row for each stimulus, which is found by its id; or, without ids, by its `filename`.
    id_column : str, optional
        Column with the ids in both tables; by default `stimulus_id`, or `image_id`.
    file_column : str, optional
        Column of `source` with the files, relative to the table; by default `filename`, `file`, `path`,
        `stimulus_path`, `image_path` or `image_file`. Without one, files are looked for by their ids, beside the
        table and in a folder of its name.

    Returns
    -------
    StimulusSet
        With the column `stimulus_id`, those of the tables, and the path of each file.

    Raises
    ------
    NotFound, StoreError
        Something is not there, or cannot be read.
    InvalidData
        Ids are missing or not distinct, a file or a row has no counterpart, or a table is none.
    SettingsError
        A column that was named is not there, or a library for the table is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("img_10.txt", "img_9.txt"):
    ...     _ = (folder / name).write_text("a sentence", "utf-8")
    >>> stimuli_from(folder)["stimulus_id"].tolist()
    ['img_9', 'img_10']
    """
    path = with_home(source)
    with reading(path):
        is_folder = path.is_dir()
        path.stat()
    if is_folder:
        if file_column is not None:
            raise SettingsError(f"{path} is a folder, which has no column {file_column!r}; leave the option out")
        if id_column is not None and metadata is None:
            raise SettingsError(
                f"{path} is a folder, whose ids are file names, so {id_column!r} is no column; leave it out"
            )
        table, paths = _folder(path)
    else:
        table, paths = _table(path, id_column, file_column)
    if metadata is not None:
        facts = read_any_table(with_home(metadata), [id_column] if id_column else ())
        if id_column is None and FILENAME in facts and not {STIMULUS_ID, LEGACY_STIMULUS_ID} & {*facts}:
            facts = _with_ids_of_files(facts, table[STIMULUS_ID], paths, f"{metadata}", f"{path}")
        facts, _ = _identified(facts, id_column, metadata)
        if others := missing_rows(table, facts, [STIMULUS_ID]):
            raise InvalidData(f"{metadata} has rows for {_listed(others)}, of which {path} has no file; add it")
        table = joined(table, facts, (STIMULUS_ID,), str(path), str(metadata))
    stimuli = StimulusSet(table)
    stimuli.stimulus_paths = dict(zip(table[STIMULUS_ID].tolist(), paths, strict=True))
    return stimuli


def _with_ids_of_files(
    facts: pd.DataFrame, ids: pd.Series[Any], paths: Sequence[Path], facts_name: str, source: str
) -> pd.DataFrame:
    """A table that names files instead of ids, with the ids of these files."""
    by_name: dict[str, list[tuple[Path, Any]]] = {}
    for path, each in zip(paths, ids, strict=True):
        by_name.setdefault(path.name, []).append((path, each))
    found = []
    for name in map(PurePath, map(str, facts[FILENAME])):
        same = [each for path, each in by_name.get(name.name, ()) if path.parts[-len(name.parts) :] == name.parts]
        if len(same) != 1:
            raise InvalidData(
                f"{facts_name} names {name}, of which {source} has {len(same)} files; expected one for each row"
            )
        found += same
    return facts.drop(columns=FILENAME).assign(**{STIMULUS_ID: pd.Series(found, index=facts.index, dtype=ids.dtype)})


def _folder(folder: Path) -> tuple[pd.DataFrame, list[Path]]:
    files: list[Path] = []
    others: list[Path] = []
    for path in _files(folder):
        (files if _is_stimulus(path) else others).append(path)
    if not files:
        raise InvalidData(f"{folder} has no stimuli in it; expected files such as .png, .mp4, .wav or .txt")
    if ignored := [path for path in others if not _is_expected(path)]:
        warn(f"{folder}: left out {len(ignored)} files of formats that no stimulus has: {_names(ignored, folder)}")
    files.sort(key=lambda path: _natural(path.relative_to(folder).as_posix()))
    ids = natural_ids(pd.Series([path.stem for path in files], dtype=object))
    if (ids.duplicated(keep=False)).any():
        first = ids[ids.duplicated()].iloc[0]
        equal = [path for path, each in zip(files, ids, strict=True) if each == first]
        raise InvalidData(
            f"{folder} has several files for the id {first!r}: {_names(equal, folder)}; rename them, or write a table "
            "with the columns stimulus_id and filename, and package that"
        )
    if not pd.api.types.is_integer_dtype(ids.dtype):
        ids = pd.Series([path.stem for path in files], dtype=object)
    return pd.DataFrame({STIMULUS_ID: ids}), files


def _files(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        with reading(Path(error.filename or folder)):
            raise error

    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if linked := next((name for name in folders if Path(place, name).is_symlink()), None):
            raise InvalidData(
                f"{Path(place, linked)} is a link to another folder, which is not followed; copy that folder, move the "
                "link away, or write a table of the files"
            )
        yield from (Path(place, name) for name in names if not name.startswith("."))


def _is_stimulus(path: Path) -> bool:
    """Whether it is an image, a video, a sound or a text; other text, such as README.md, is about stimuli."""
    found = None if path.suffix == "" else promised(path.name, b"")
    return found is not None and (found is not TEXT or suffix_of(path.name) == ".txt")


def _is_expected(path: Path) -> bool:
    return path.name.lower() in _EXPECTED or suffix_of(path.name) in TABLES


def _natural(name: str) -> tuple[Any, ...]:
    """What to sort names by, so that 9 comes before 10; names that differ in zeros or case alone have an order, too."""
    parts = re.split(r"([0-9]+)", name)
    return [(int(part), "") if number % 2 else (0, part.casefold()) for number, part in enumerate(parts)], name


def _names(paths: Sequence[Path], folder: Path) -> str:
    shown = ", ".join(path.relative_to(folder).as_posix() for path in sorted(paths)[:_LISTED])
    return f"{shown}, …" if len(paths) > _LISTED else shown


def _identified(
    table: pd.DataFrame, id_column: str | None, path: str | os.PathLike[str]
) -> tuple[pd.DataFrame, pd.Series[Any]]:
    """A table with the ids as its first column, and these; all of them there, and distinct."""
    known = (id_column,) if id_column is not None else (STIMULUS_ID, LEGACY_STIMULUS_ID)
    name = next((name for name in known if name in table.columns), None)
    if name is None:
        raise SettingsError(
            f"{path} has no column {' or '.join(known)}; its columns are {', '.join(map(str, table.columns))}; "
            "name the one with the ids by the option id"
        )
    ids = table[name]
    if (ids.isna() | (ids == "")).any():
        raise InvalidData(f"{path} has rows without {name}; give every stimulus an id, or delete the rows")
    if ids.duplicated().any():
        again = ids[ids.duplicated()].drop_duplicates().tolist()
        raise InvalidData(
            f"{path} has the same {name} in several rows: {_listed(again)}; expected one for each stimulus"
        )
    if name != STIMULUS_ID and STIMULUS_ID in table.columns:
        raise SettingsError(f"{path} has a column stimulus_id beside {name}; rename it, or take it for the ids")
    table = table.rename(columns={name: STIMULUS_ID})
    return table[[STIMULUS_ID, *(each for each in table.columns if each != STIMULUS_ID)]], ids


def _listed(values: Sequence[object]) -> str:
    return ", ".join(map(repr, values[:_LISTED])) + (", …" if len(values) > _LISTED else "")


def _table(path: Path, id_column: str | None, file_column: str | None) -> tuple[pd.DataFrame, list[Path]]:
    texts = [name for name in (id_column, file_column, *_FILE_COLUMNS) if name]
    table, ids = _identified(read_any_table(path, texts), id_column, path)
    if file_column is not None and file_column not in table.columns:
        raise SettingsError(f"{path} has no column {file_column!r}; its columns are {', '.join(table.columns)}")
    known = [name for name in _FILE_COLUMNS if name in table.columns]
    if file_column is None and len(known) > 1:
        raise SettingsError(f"{path} has files in {' and '.join(known)}; say in which by the option file")
    column = file_column or next(iter(known), None)
    if column is None:
        paths = _by_ids(path, ids.tolist())
    else:
        names = table[column]
        if (names.isna() | (names == "")).any():
            raise InvalidData(f"{path} has rows without a name in {column!r}; name the file of every stimulus")
        paths = [path.parent / str(name) for name in names]
        table = table.drop(columns=[column])
    missing = [str(each) for each in paths if not _is_there(each)]
    if missing:
        raise NotFound(f"{path} names {len(missing)} files that are not there: {_listed(missing)}; correct the names")
    return table, paths


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _by_ids(path: Path, ids: Sequence[object]) -> list[Path]:
    """Files that are named like ids, beside a table or in the folder of its name."""
    found: dict[str, list[Path]] = {}
    beside = path.with_suffix("")
    for folder in (path.parent, beside):
        if folder.is_dir():
            with reading(folder):
                files = sorted(each for each in folder.iterdir() if each.is_file() and each != path)
            for each in filter(_is_stimulus, files):
                found.setdefault(each.stem, []).append(each)
    missing = [each for each in ids if str(each) not in found]
    if missing:
        raise NotFound(
            f"{path} has no column with files, and beside it and in {beside.name} is none for {len(missing)} ids: "
            f"{_listed(missing)}; name the column with the files by the option file"
        )
    several = [each for each in ids if len(found[str(each)]) > 1]
    if several:
        names = _names(found[str(several[0])], path.parent)
        raise InvalidData(
            f"{path}: there are several files for {several[0]!r}: {names}; name files in a column filename"
        )
    return [found[str(each)][0] for each in ids]
