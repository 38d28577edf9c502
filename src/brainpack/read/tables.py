"""CSV -> table of stimuli, whatever its columns are."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from brainpack.errors import InvalidData
from brainpack.layout import FILENAME, LEGACY_STIMULUS_ID, STIMULUS_ID, id_column
from brainpack.read.access import reading, refuse_other_than_file

if TYPE_CHECKING:
    from pathlib import Path

# What must be read as the text that it is: "001" and "NA".
_TEXT_COLUMNS: Final = frozenset((STIMULUS_ID, LEGACY_STIMULUS_ID, FILENAME))
# Exact by default since pandas 3, which deprecates the argument.
_EXACT_FLOATS: Final[dict[str, Any]] = {"float_precision": "round_trip"} if pd.__version__ < "3" else {}


def read_table(path: Path) -> pd.DataFrame:
    """Read the table of a stimulus set.

    Parameters
    ----------
    path : Path
        A CSV in UTF-8 with a header.

    Returns
    -------
    DataFrame
        Ids are integers or floats where all of them are numbers in their usual form, and otherwise the text that they
        are: "001", "NA". Those of old sets, `image_id`, are there as `stimulus_id`, too.

    Raises
    ------
    NotFound, StoreError
        It is not there, or cannot be read.
    InvalidData
        It is no such table.
    """
    refuse_other_than_file(path)
    with reading(path):
        content = path.read_bytes()
    try:
        table = _parse(content, dtype=dict.fromkeys(_TEXT_COLUMNS, str))
        columns = [name for name in table.columns if name in _TEXT_COLUMNS]
        text = table[columns]
        if text.isna().to_numpy().any():  # a cell that looks missing, like "NA", is text as well
            text = _parse(content, dtype=str, keep_default_na=False, usecols=lambda name: name in _TEXT_COLUMNS)
    except (ValueError, pd.errors.ParserWarning) as error:  # decoder and parser raise ValueErrors as well
        raise InvalidData(
            f"{path} is not a table of stimuli: {error}; expected comma-separated columns in UTF-8 under a header"
        ) from error
    for name in columns:
        table[name] = text[name] if name == FILENAME else natural_ids(text[name])
    if id_column(table.columns) == LEGACY_STIMULUS_ID:
        table[STIMULUS_ID] = table[LEGACY_STIMULUS_ID]
    return table


def _parse(content: bytes, **options: Any) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # rows have more cells than the header
        table: pd.DataFrame = pd.read_csv(
            io.BytesIO(content), index_col=False, low_memory=False, **options, **_EXACT_FLOATS
        )
    return table


def natural_ids(text: pd.Series[str]) -> pd.Series[Any]:
    """Numbers, where all ids are finite numbers as Python writes them; otherwise the text unchanged."""
    for dtype in (np.int64, np.uint64, np.float64):
        try:
            numbers = text.astype(dtype)
        except (ValueError, OverflowError):
            continue
        if np.isfinite(numbers).all() and list(map(repr, numbers.tolist())) == text.tolist():
            return numbers
    return text
