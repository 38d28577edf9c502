"""CSV, TSV and Parquet files -> tables, with every id as it is written."""

from __future__ import annotations

import csv
import io
import re
import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from brainpack.errors import InvalidData, SettingsError
from brainpack.intake.columns import CODE, COUNTED, MISSING, RECORDED_TOGETHER, is_id
from brainpack.notices import warn
from brainpack.progress import progress
from brainpack.read.access import reading, refuse_other_than_file
from brainpack.read.tables import natural_ids

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_SEPARATORS: Final = {".csv": ",", ".tsv": "\t"}
_PARQUET: Final = ".parquet"
_SPREADSHEETS: Final = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")
TABLES: Final = (*_SEPARATORS, _PARQUET)
# exact by default since pandas 3, which deprecates the argument
_EXACT_FLOATS: Final[dict[str, Any]] = {"float_precision": "round_trip"} if pd.__version__ < "3" else {}
_ZEROS_FIRST: Final = re.compile(r'[\r\n,\t" ][+-]?0[0-9]')  # of cells below the header
_PART: Final = 1 << 18  # characters, as many as pandas asks for
_INDEX: Final = re.compile(r"__index_level_[0-9]+__")  # what pandas writes along without being asked


def read_any_table(path: Path, text_columns: Iterable[str] = ()) -> pd.DataFrame:
    """Read a table.

    Parameters
    ----------
    path : Path
        CSV or TSV in UTF-8 with a header, or Parquet.
    text_columns : iterable of str
        Columns that hold ids or names, beside those that `is_id` knows.

    Returns
    -------
    DataFrame
        Of a CSV or TSV, columns of numbers and of true/false have such types, with NaN in empty cells. Ids are
        integers or floats where all of them are numbers in their usual form, and otherwise the text that they are:
        "001", "NA"; so are trials, blocks, runs, sessions and subjects, which may have empty cells. Other columns in
        which a number begins with a zero, like "007", are text, too. Parquet has its own types.

    Raises
    ------
    NotFound, StoreError
        It is not there, or cannot be read.
    InvalidData
        It is no such table, or has no rows.
    SettingsError
        It is Parquet, and pyarrow is not installed.
    """
    refuse_other_than_file(path)
    if path.suffix.lower() in _SPREADSHEETS:
        raise InvalidData(f"{path} is a spreadsheet, which is not read; save it as CSV in UTF-8")
    if path.suffix.lower() == _PARQUET:
        table = _parquet(path)
    else:
        with reading(path):
            content = path.read_bytes()
        table = _separated(content, path, _SEPARATORS.get(path.suffix.lower(), ","), {*text_columns})
    if not len(table):
        raise InvalidData(f"{path} has no rows; expected at least one below the header")
    if rounded := [str(name) for name in table.columns if _is_rounded_beside_gaps(table[name])]:
        warn(
            f"{path}: whole numbers beyond 2**53 in {', '.join(rounded)} lost digits, for the column has empty cells "
            "and is read as float64; fill them in, or write the numbers as text"
        )
    return table


def _may_be_text(column: pd.Series[Any]) -> bool:
    """Whether words such as NA and None may be among its cells, which are missing values among numbers only."""
    return bool(column.isna().all()) or pd.api.types.infer_dtype(column, skipna=True) == "string"


def _is_rounded_beside_gaps(column: pd.Series[Any]) -> bool:
    if column.dtype != np.float64 or not column.hasnans:
        return False
    numbers = column.dropna()
    return bool((numbers.abs() >= 2**53).any() and (numbers % 1 == 0).all())


def _separated(content: bytes, path: Path, separator: str, text_columns: set[str]) -> pd.DataFrame:
    try:
        text = content.decode("utf-8-sig").strip("\r\n")
        header = _header(text, separator)
        options = {"skip_blank_lines": len(header) > 1}  # in a single column they are empty cells
        ids = [name for name in header if is_id(name) or name in text_columns]
        table = _parsed(text, path, separator, dtype=dict.fromkeys(ids, str), **options)
        others = table.drop(columns=ids)
        names = [name for name in (*COUNTED, *RECORDED_TOGETHER) if name in others and others[name].dtype != np.int64]
        others = others.drop(columns=names)
        words = [str(name) for name in others if _may_be_text(others[name])]
        codes = [*others.select_dtypes("number")] if _ZEROS_FIRST.search(text) else []
        as_text = [*ids, *names, *words, *codes]
        kept = table[[]]
        if as_text:
            kept = _parsed(text, path, separator, dtype=str, keep_default_na=False, usecols=as_text, **options)
    except (ValueError, csv.Error, pd.errors.ParserWarning) as error:  # decoder and parser raise ValueErrors as well
        raise InvalidData(
            f"{path} is not a table that can be read: {str(error).strip()}; expected UTF-8 with a header, columns "
            f"separated by {'tabs' if separator == chr(9) else 'commas'}"
        ) from error
    for name in ids:
        table[name] = _distinct_ids(kept[name])
    for name in names:
        table[name] = _ids_with_gaps(kept[name])
    for name in (*words, *codes):
        if (name in words and (kept[name] != "").any()) or kept[name].str.fullmatch(CODE).any():
            table[name] = kept[name].where(kept[name] != "")
    return table


def _distinct_ids(text: pd.Series[str]) -> pd.Series[Any]:
    """`natural_ids`, of which each is looked at once."""
    codes, distinct = pd.factorize(text)
    return natural_ids(pd.Series(distinct, dtype=object)).take(codes).set_axis(text.index)


def _ids_with_gaps(text: pd.Series[str]) -> pd.Series[Any]:
    """Numbers and NaN, where all but missing ones are numbers in their usual form; otherwise text, and NaN if empty."""
    ids = _distinct_ids(text[~text.isin(MISSING)])
    return ids.reindex(text.index) if pd.api.types.is_numeric_dtype(ids.dtype) else text.where(text != "")


def _header(text: str, separator: str) -> list[str]:
    rows = csv.reader(io.StringIO(text), delimiter=separator)
    header = next((row for row in rows if any(map(str.strip, row))), [])
    if len(header) == 1 and (other := next((sign for sign in ";\t,|" if sign in header[0]), None)):
        raise ValueError(f"its header has {other!r} between the columns, and no {separator!r}")
    if "" in header:
        raise ValueError(f"column {header.index('') + 1} has no name")
    _refuse_repeated(header)
    return header


def _refuse_repeated(header: list[str]) -> None:
    if again := sorted({name for name in header if header.count(name) > 1}):
        raise ValueError(f"it has several columns {again[0]!r}")


def _parsed(text: str, path: Path, separator: str, **options: Any) -> pd.DataFrame:
    parts = _Parts(text, path.name)
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # rows have more cells than the header
        try:
            table: pd.DataFrame = pd.read_csv(
                parts, sep=separator, index_col=False, low_memory=False, **_EXACT_FLOATS, **options
            )
        except (pd.errors.ParserError, pd.errors.ParserWarning):
            if parts.interrupt is not None:
                raise parts.interrupt from None
            _refuse_long_rows(text, separator)
            raise
    return table


def _refuse_long_rows(text: str, separator: str) -> None:
    rows = csv.reader(io.StringIO(text), delimiter=separator)
    cells = len(next(rows))
    if row := next((row for row in rows if len(row) > cells), None):
        raise ValueError(
            f"line {rows.line_num} has {len(row)} cells, and the header {cells}; write decimals with a point, and put "
            "text with a comma between quotation marks"
        )


class _Parts(io.TextIOBase):
    """A text that says how much of it is read."""

    def __init__(self, text: str, name: str) -> None:
        starts = range(0, len(text), _PART)
        parts = (text[start : start + _PART] for start in starts)
        self._parts = progress(parts, len(starts), " parts", name)
        self.interrupt: KeyboardInterrupt | None = None

    def read(self, _: int | None = -1) -> str:
        try:
            return next(self._parts, "")
        except KeyboardInterrupt as interrupt:  # for the parser it is as if the file could not be read
            self.interrupt = interrupt
            raise


def _parquet(path: Path) -> pd.DataFrame:
    try:
        from pyarrow import ArrowException, concat_tables, parquet
    except ImportError as error:
        raise SettingsError(
            f'{path} is Parquet, which pyarrow reads: pip install "brainpack[parquet]", or save the table as CSV'
        ) from error
    try:
        with path.open("rb") as file:
            groups = parquet.ParquetFile(file)
            numbers = progress(range(groups.num_row_groups), groups.num_row_groups, " parts", path.name)
            columns = concat_tables([groups.schema_arrow.empty_table(), *map(groups.read_row_group, numbers)])
        _refuse_repeated(columns.column_names)
        nested = [field.name for field in columns.schema if field.type.num_fields]
        table: pd.DataFrame = columns.drop_columns(nested).to_pandas(ignore_metadata=True)
    except (ArrowException, OSError, ValueError) as error:  # damage is an OSError of Arrow as well
        raise InvalidData(f"{path} is not a Parquet file that can be read: {error}; write it again") from error
    if nested:
        raise InvalidData(f"{path} has lists or structs in {', '.join(nested)}; write a column for each of their parts")
    return table.drop(columns=[name for name in table.columns if _INDEX.fullmatch(str(name))])
