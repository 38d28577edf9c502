"""CSV and ZIP, or folder -> stimulus set."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from brainpack.errors import InvalidData, NotFound, StoreError
from brainpack.layout import FILENAME, STIMULUS_ID, id_column
from brainpack.objects.stimuli import StimulusSet
from brainpack.read.unpack import unpack

if TYPE_CHECKING:
    from collections.abc import Iterable

# Exact by default since pandas 3, which deprecates the argument.
_EXACT_FLOATS: Final[dict[str, Any]] = {"float_precision": "round_trip"} if pd.__version__ < "3" else {}


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
        The CSV or the ZIP cannot be read, or the CSV lacks a column or has ids twice.
    """
    csv_path, zip_or_folder = Path(csv_path), Path(zip_or_folder)
    table = _read_table(csv_path)
    folder = zip_or_folder if zip_or_folder.is_dir() else unpack(zip_or_folder)
    stimuli = StimulusSet(table)
    stimuli.stimulus_paths = dict(zip(table[STIMULUS_ID].tolist(), _files(table[FILENAME], folder), strict=True))
    return stimuli


def _read_table(path: Path) -> pd.DataFrame:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}") from error
    except OSError as error:
        raise StoreError(f"{path} could not be read: {error.strerror or error}") from error
    try:
        table: pd.DataFrame = pd.read_csv(io.BytesIO(content), low_memory=False, **_EXACT_FLOATS)
        text = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, usecols=_text_columns(table, path))
    except (ValueError, pd.errors.ParserError) as error:
        if isinstance(error, InvalidData):
            raise
        raise InvalidData(f"{path} is not a table of stimuli: {error}") from error
    for column in text.columns:
        table[column] = _ids(text[column]) if column != FILENAME else text[column]
    if STIMULUS_ID not in table.columns:
        table[STIMULUS_ID] = table[id_column(table.columns)]
    if (repeated := table[STIMULUS_ID][table[STIMULUS_ID].duplicated()]).size:
        raise InvalidData(f"{path} has several rows for the stimulus ids {repeated.unique()[:5].tolist()}")
    return table


def _text_columns(table: pd.DataFrame, path: Path) -> list[str]:
    """Columns that must be read as the text they are."""
    column = id_column(table.columns)
    if column is None or FILENAME not in table.columns:
        raise InvalidData(
            f"{path} lacks the column {STIMULUS_ID if column is None else FILENAME!r}; "
            f"its columns are {', '.join(map(str, table.columns))}"
        )
    return [column, FILENAME]


def _ids(text: pd.Series[str]) -> pd.Series[Any]:
    """Numbers, where all ids are finite numbers as Python writes them; otherwise the text unchanged."""
    for dtype in (np.int64, np.float64):
        try:
            numbers = text.astype(dtype)
        except (ValueError, OverflowError):
            continue
        if np.isfinite(numbers).all() and (numbers.map(repr) == text).all():
            return numbers
    return text


def _files(names: Iterable[str], folder: Path) -> list[Path]:
    there = _relative_files(folder)
    anywhere: dict[str, list[str]] = {}
    for path in there:
        anywhere.setdefault(path.rpartition("/")[2], []).append(path)
    found, missing = [], []
    for name in names:
        candidates = [name] if name in there else anywhere.get(name, [])
        if len(candidates) == 1:
            found.append(folder / candidates[0])
        else:
            missing.append(name)
    if missing:
        raise NotFound(
            f"{len(missing)} of the files that the table names are not in {folder}: "
            f"{', '.join(missing[:5])}; unpack all of the ZIP, or correct the table"
        )
    return found


def _relative_files(folder: Path) -> set[str]:
    files: set[str] = set()
    for parent, _, names in os.walk(folder):
        relative = os.path.relpath(parent, folder)
        prefix = "" if relative == "." else relative.replace(os.sep, "/") + "/"
        files.update(prefix + name for name in names)
    return files
