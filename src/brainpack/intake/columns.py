"""Which column of a table is what: names that mean something, and what an unknown column belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from brainpack.errors import InvalidData, SettingsError
from brainpack.layout import LEGACY_STIMULUS_ID, PRESENTATION, STIMULUS_ID
from brainpack.notices import warn
from brainpack.progress import progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    Codes = npt.NDArray[np.int64]

NEUROID: Final = "neuroid"
TIME_BIN: Final = "time_bin"
EVENT: Final = "event"
REPETITION: Final = "repetition"
BIN_EDGES: Final = ("time_bin_start", "time_bin_end")

PRESENTATION_ID: Final = "presentation_id"

# What tells presentations of one stimulus apart; a session or a subject may do so, or have its own neurons.
COUNTED: Final = ("trial", "block", "run")
RECORDED_TOGETHER: Final = ("session", "subject")
OF_PRESENTATIONS: Final = (PRESENTATION_ID, STIMULUS_ID, REPETITION, *COUNTED)
IDENTIFYING: Final = (*OF_PRESENTATIONS, *RECORDED_TOGETHER)
RESPONSES: Final = ("value", "values", "response", "rate", "firing_rate", "spike_count", "count", "beta", "activity")
REACTION_TIMES: Final = ("rt", "reaction_time")
CHOICES: Final = ("choice", "correct", *REACTION_TIMES)
SPIKES: Final = ("spike_time", "time")

CODE: Final = r" *[+-]?0[0-9].*"  # a number that begins with a zero, and is a name
MISSING: Final = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None")  # among numbers


def with_todays_names(table: pd.DataFrame) -> pd.DataFrame:
    """Call `image_id` by its name of today; and a column that is named like a dimension, for instance `neuroid_id`."""
    better = {LEGACY_STIMULUS_ID: STIMULUS_ID, **{dim: f"{dim}_id" for dim in (PRESENTATION, NEUROID, TIME_BIN)}}
    return table.rename(
        columns={old: new for old, new in better.items() if old in table.columns and new not in table.columns}
    )


def key_columns(dim: str, columns: Iterable[object]) -> tuple[str, ...]:
    """Columns that name the entries of a dimension other than `presentation`; none where there are no such columns.

    Examples
    --------
    >>> key_columns("neuroid", ["neuroid_id", "rate"]), key_columns("choice", ["choice"]), key_columns("event", [])
    (('neuroid_id',), ('choice',), ())
    """
    known = {*columns}
    if dim == TIME_BIN and known.issuperset(BIN_EDGES):
        return BIN_EDGES
    candidates = (f"{dim}_id", BIN_EDGES[0]) if dim == TIME_BIN else (f"{dim}_id", dim)
    return next(((name,) for name in candidates if name in known), ())


def is_id(name: str) -> bool:
    """Whether a column holds names of things, which are never numbers to compute with.

    Examples
    --------
    >>> is_id("neuroid_id"), is_id("filename"), is_id("grid")
    (True, True, False)
    """
    return name in {"id", "filename", "file", "path", "neuroid", "presentation"} or name.endswith("_id")


def the_only(candidates: Sequence[str], table: pd.DataFrame, path: object) -> str | None:
    """The column of these names that is in a table; None if there is none.

    Raises
    ------
    SettingsError
        There are several.
    """
    found = [name for name in candidates if name in table.columns]
    if len(found) > 1:
        raise SettingsError(
            f"{path} has several columns that may be the values: {', '.join(found)}; say which by the option values"
        )
    return found[0] if found else None


def coded(table: pd.DataFrame, keys: Sequence[str]) -> tuple[Codes, int]:
    """Number the rows of a table by their keys, in the order in which these appear; also how many keys there are."""
    if not keys:
        return np.zeros(len(table), np.int64), 1
    codes, count = np.zeros(len(table), np.int64), 1
    for key in progress(keys, len(keys), " columns", "telling rows apart"):
        more, distinct = pd.factorize(table[key], use_na_sentinel=False)
        if count * len(distinct) > np.iinfo(np.int64).max // 2:
            codes, first = _dense(codes)
            count = len(first)
        codes, count = codes * len(distinct) + more, count * len(distinct)
    codes, first = _dense(codes)
    return codes, len(first)


def _dense(codes: Codes) -> tuple[Codes, Any]:
    dense, distinct = pd.factorize(codes)
    return dense.astype(np.int64), distinct


def first_rows(codes: Codes, count: int) -> Codes:
    """Row in which each key appears first."""
    first = np.full(count, len(codes), np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return first


def is_constant(column: pd.Series[Any], codes: Codes, first: Codes) -> bool:
    """Whether a column has one value for each key."""
    values, _ = pd.factorize(column, use_na_sentinel=False)
    return bool((values == values[first[codes]]).all())


def occurrences(codes: Codes) -> Codes:
    """How often the key of each row was there before, in the order of rows.

    Examples
    --------
    >>> occurrences(np.array([0, 1, 0, 0, 1])).tolist()
    [0, 0, 1, 2, 1]
    """
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    before = np.arange(len(codes)) - np.repeat(starts, np.diff(np.append(starts, len(codes))))
    result = np.empty(len(codes), np.int64)
    result[order] = before
    return result


def refuse_without_id(table: pd.DataFrame, keys: Sequence[str], path: object) -> None:
    """Name the first row in which a column that tells rows apart is empty.

    Raises
    ------
    InvalidData
        There is one.
    """
    for key in (key for key in keys if key in table.columns):
        is_empty = table[key].isna().to_numpy()
        if not pd.api.types.is_numeric_dtype(table[key].dtype):
            is_empty = is_empty | (table[key] == "").to_numpy(np.bool_, na_value=False)
        if is_empty.any():
            raise InvalidData(
                f"{path}: column {key!r} is empty in {np.count_nonzero(is_empty)} of {len(table)} rows, first in "
                f"row {int(np.argmax(is_empty)) + 1} below the header; fill it in, or delete these rows or the column"
            )


def refuse_text(column: pd.Series[Any], path: object) -> None:
    """Name the first value that is text or another object, where responses or times are expected.

    Raises
    ------
    InvalidData
        There is one.
    """
    values = plain(column)
    if values.dtype.kind not in "OUS":
        return
    row = int(np.argmax(_are_numbers(column)[1]))
    raise InvalidData(
        f"{path}: column {column.name!r} has {values[row]!r} in row {row + 1} below the header; expected numbers, "
        "without units or separators of thousands, and empty cells for missing ones"
    )


def tell_text(column: pd.Series[Any], path: object) -> None:
    """Warn of numbers that are text because of others, where values may be text."""
    if plain(column).dtype.kind not in "OUS":
        return
    is_number, is_other = _are_numbers(column)
    if is_number.any() and is_other.any():
        row = int(np.argmax(is_other))
        warn(
            f"{path}: column {column.name!r} is text, for {column.iloc[row]!r} in row {row + 1} below the header is no "
            "number; write numbers without units, separators of thousands, or zeros in front"
        )


def tell_empty(values: npt.NDArray[Any], path: object) -> None:
    """Warn of missing values, and how many there are."""
    if empty := np.count_nonzero(pd.isna(values)):
        warn(f"{path}: {empty} of {values.size} cells are empty, and are missing values now")


def _are_numbers(column: pd.Series[Any]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which values are numbers in their usual form, and which are neither that nor missing."""
    is_code = column.astype(str).str.fullmatch(CODE)
    is_number = pd.to_numeric(column, errors="coerce").notna() & ~is_code
    is_other = ~is_number & column.notna() & ~column.isin(MISSING)
    return is_number.to_numpy(np.bool_), is_other.to_numpy(np.bool_)


def is_rounded(numbers: npt.NDArray[Any], dtype: npt.DTypeLike) -> bool:
    """Whether whole numbers lose digits in another type, as those beyond 2**53 do in float64.

    Examples
    --------
    >>> is_rounded(np.array([2**53 + 1]), np.float64), is_rounded(np.array([2**53]), np.float64)
    (True, False)
    """
    if numbers.dtype.kind not in "iu" or np.dtype(dtype).kind != "f":
        return False
    with np.errstate(invalid="ignore"):  # what is rounded up to 2**63 has no place among integers
        return not np.array_equal(numbers.astype(dtype).astype(numbers.dtype), numbers)


def plain(column: pd.Series[Any]) -> npt.NDArray[Any]:
    """Values of a column in a type of numpy: text as objects, NaN where there is none."""
    if column.hasnans and pd.api.types.infer_dtype(column, skipna=True) == "boolean":
        return column.astype(object).where(column.notna(), np.nan).to_numpy(np.float32)
    if not column.notna().any():
        return column.to_numpy(np.float64, na_value=np.nan) if column.dtype.kind not in "mM" else column.to_numpy()
    if isinstance(column.dtype, np.dtype) and column.dtype != object:
        return column.to_numpy()
    if isinstance(column.dtype, pd.CategoricalDtype):
        return plain(pd.Series(np.asarray(column)))
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        raise InvalidData(f"column {column.name!r} has times of a time zone; convert them to UTC without a zone")
    return column.to_numpy(dtype=object, na_value=np.nan)
