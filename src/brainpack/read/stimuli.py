"""CSV and ZIP, or folder -> stimulus set."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import Any, Final, NoReturn

import numpy as np
import pandas as pd

from brainpack.errors import InvalidData, NotFound
from brainpack.layout import FILENAME, LEGACY_STIMULUS_ID, STIMULUS_ID, id_column
from brainpack.objects.stimuli import StimulusSet
from brainpack.read.access import reading
from brainpack.read.unpack import unpack

# What must be read as the text that it is: "001" and "NA".
_TEXT_COLUMNS: Final = frozenset((STIMULUS_ID, LEGACY_STIMULUS_ID, FILENAME))
# Exact by default since pandas 3, which deprecates the argument.
_EXACT_FLOATS: Final[dict[str, Any]] = {"float_precision": "round_trip"} if pd.__version__ < "3" else {}
_SHOWN: Final = 5


def read_stimulus_set(csv_path: str | os.PathLike[str], zip_or_folder: str | os.PathLike[str]) -> StimulusSet:
    """Read a stimulus set.

    Parameters
    ----------
    csv_path : path
        Table with the columns `stimulus_id` (in old sets `image_id`) and `filename`. Ids that are not plain
        numbers stay the text that they are: "001" and "NA" too.
    zip_or_folder : path
        A ZIP, which is unpacked beside itself, or a folder that holds the files already. Where a name of the
        table is not there, the only file of that name in any folder of it is taken; other files do not matter.

    Returns
    -------
    StimulusSet

    Raises
    ------
    NotFound
        The CSV, the ZIP, the folder, or the file of a stimulus is missing.
    InvalidData
        The CSV or the ZIP cannot be understood, the CSV lacks a column or has ids twice, or several files could
        be that of a stimulus.
    IntegrityError
        A file in the ZIP is damaged.
    StoreError
        Something cannot be read, or the ZIP cannot be unpacked there.
    """
    table = _read_table(Path(csv_path))
    folder = _folder(Path(zip_or_folder))
    stimuli = StimulusSet(table)
    stimuli.stimulus_paths = dict(
        zip(table[STIMULUS_ID].tolist(), _files(table[FILENAME].tolist(), folder), strict=True)
    )
    return stimuli


def _read_table(path: Path) -> pd.DataFrame:
    with reading(path):
        content = path.read_bytes()
    try:
        table = _parse(content)
        column = id_column(table.columns)
        text = _parse(content, dtype=str, keep_default_na=False, usecols=lambda name: name in _TEXT_COLUMNS)
    except (ValueError, pd.errors.ParserWarning) as error:  # decoder and parser raise ValueErrors as well
        raise InvalidData(
            f"{path} is not a table of stimuli: {error}; expected comma-separated columns in UTF-8 under a header"
        ) from error
    if column is None or FILENAME not in table.columns:
        found = ", ".join(repr(name)[:80] for name in table.columns[:20])
        lacking = STIMULUS_ID if column is None else FILENAME
        raise InvalidData(f"{path} lacks the column {lacking!r}; its columns are {found}; rename or add it")
    for name in text.columns:
        table[name] = text[name] if name == FILENAME else _ids(text[name])
    if column != STIMULUS_ID:
        table[STIMULUS_ID] = table[column]
    if (repeated := table[STIMULUS_ID][table[STIMULUS_ID].duplicated()]).size:
        raise InvalidData(
            f"{path} has several rows for the stimulus ids {_some(repeated.unique().tolist())}; keep one row for each"
        )
    return table


def _parse(content: bytes, **options: Any) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # rows have more cells than the header
        table: pd.DataFrame = pd.read_csv(
            io.BytesIO(content), index_col=False, low_memory=False, **options, **_EXACT_FLOATS
        )
    return table


def _ids(text: pd.Series[str]) -> pd.Series[Any]:
    """Numbers, where all ids are finite numbers as Python writes them; otherwise the text unchanged."""
    for dtype in (np.int64, np.uint64, np.float64):
        try:
            numbers = text.astype(dtype)
        except (ValueError, OverflowError):
            continue
        if np.isfinite(numbers).all() and (numbers.map(repr) == text).all():
            return numbers
    return text


def _folder(path: Path) -> Path:
    with reading(path):
        is_folder = path.is_dir()
    return path if is_folder else unpack(path)


def _files(names: list[str], folder: Path) -> list[Path]:
    """The file of each name: at that place in the folder, or else the only one of that name in a folder below."""
    there = _relative_files(folder)
    moved: dict[str, list[str]] = {name: [] for name in names if name not in there}
    for path in there if moved else ():
        if (name := path.rpartition("/")[2]) in moved:
            moved[name].append(path)
    if missing := [name for name, found in moved.items() if not found]:
        raise NotFound(
            f"{len(missing)} of the {len(names)} files that the table names are not in {folder}: {_some(missing)}; "
            "unpack all of the ZIP, or correct the table"
        )
    if ambiguous := [found for found in moved.values() if len(found) > 1]:
        raise InvalidData(
            f"{len(ambiguous)} of the file names in the table fit several files in {folder}, for instance "
            f"{_some(sorted(ambiguous[0]))}; write the folder into the table, as in {min(ambiguous[0])!r}"
        )
    return [folder / (moved[name][0] if name in moved else name) for name in names]


def _relative_files(folder: Path) -> set[str]:
    """Paths of all files below a folder, with '/' on every system."""
    files: set[str] = set()
    with reading(folder):
        for parent, _, names in os.walk(folder, onerror=_refuse):
            relative = os.path.relpath(parent, folder)
            prefix = "" if relative == "." else relative.replace(os.sep, "/") + "/"
            files.update(prefix + name for name in names)
    return files


def _refuse(error: OSError) -> NoReturn:
    raise error


def _some(values: list[Any]) -> str:
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return ", ".join(map(repr, values[:_SHOWN])) + more
