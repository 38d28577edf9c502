"""Rows of a table -> an array with a dimension for each kind of key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from brainpack.errors import InvalidData
from brainpack.intake.columns import (
    IDENTIFYING,
    NEUROID,
    PRESENTATION_ID,
    REACTION_TIMES,
    REPETITION,
    TIME_BIN,
    coded,
    first_rows,
    is_constant,
    is_rounded,
    key_columns,
    occurrences,
    plain,
    refuse_text,
)
from brainpack.layout import PRESENTATION, STIMULUS_ID
from brainpack.notices import warn

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from brainpack.intake.columns import Codes

_SPARSE: Final = 100  # times as many cells as rows: what should be one presentation is many
_MANY: Final = 1_000_000  # cells, below which nothing matters


@dataclass(frozen=True)
class Axis:
    """A dimension that is made of rows.

    Attributes
    ----------
    name : str
    codes : ndarray of int, (rows,)
        Which entry each row is about.
    first : ndarray of int, (entries,)
        The row in which each entry is first.
    """

    name: str
    codes: Codes
    first: Codes

    @classmethod
    def of(cls, name: str, table: pd.DataFrame, keys: Sequence[str]) -> Axis:
        codes, count = coded(table, keys)
        first = first_rows(codes, count)
        if name == TIME_BIN and all(pd.api.types.is_numeric_dtype(table[key].dtype) for key in keys):
            order = np.lexsort([table[key].to_numpy()[first] for key in reversed(keys)])
            codes, first = np.argsort(order)[codes], first[order]
        return cls(name, codes, first)


def pivoted(table: pd.DataFrame, dims: Sequence[str], values: str | Sequence[str], path: object) -> xr.DataArray:
    """Spread rows over dimensions.

    Parameters
    ----------
    table : DataFrame
    dims : sequence of str
        With `values` of several columns, without the dimension of these.
    values : str or sequence of str
        Column of the values; or those of which each is an entry of `neuroid`, the dimension that then follows
        `presentation`.
    path
        For messages.

    Returns
    -------
    DataArray
        Entries are in the order in which they appear. Other columns are coordinates of the first dimension of
        `neuroid`, `presentation`, and the others, for each entry of which they have one value.

    Raises
    ------
    InvalidData
        Two rows are about the same cell, or a column belongs to no dimension.
    """
    wide = [] if isinstance(values, str) else [*values]
    columns = wide or [str(values)]
    used = {*columns}
    _refuse_without_id(table, [STIMULUS_ID, *(key for dim in dims for key in key_columns(dim, table.columns))], path)
    axes = [Axis.of(dim, table, key_columns(dim, table.columns)) for dim in dims if dim != PRESENTATION]
    if PRESENTATION in dims:
        table, presentations = _presentations(table, axes, used, path)
        axes.insert(dims.index(PRESENTATION), presentations)
    cells = _cells(table, axes, path)
    if wide or NEUROID in dims or values in REACTION_TIMES:
        for name in columns:
            refuse_text(table[name], path)
    matrix, dtype_missing = _matrix(table, columns, path)
    if empty := np.count_nonzero(pd.isna(matrix)):
        warn(f"{path}: {empty} of {matrix.size} cells are empty, and are missing values now")
    shape = [len(axis.first) for axis in axes]
    data = _filled(matrix, cells, int(np.prod(shape)), dtype_missing, path)
    coords = _coords(table, axes, used, path)
    if not wide:
        return xr.DataArray(data.reshape(shape), coords, [axis.name for axis in axes])
    spread = np.moveaxis(data.reshape([*shape, len(wide)]), -1, 1)
    names = [axis.name for axis in axes]
    coords["neuroid_id"] = (NEUROID, np.array(wide, dtype=object))
    return xr.DataArray(np.ascontiguousarray(spread), coords, [names[0], NEUROID, *names[1:]])


def _presentations(
    table: pd.DataFrame, axes: Sequence[Axis], used: set[str], path: object
) -> tuple[pd.DataFrame, Axis]:
    """What the presentations are; repetitions are numbered where no column tells them apart."""
    neuroids = [axis for axis in axes if axis.name == NEUROID]
    keys = [
        name
        for name in ((PRESENTATION_ID,) if PRESENTATION_ID in table.columns else IDENTIFYING)
        if name in table.columns
        and name not in used
        and (name in {PRESENTATION_ID, STIMULUS_ID, REPETITION} or not _is_about(table[name], neuroids))
    ]
    if not axes:  # a row for each presentation
        codes = np.arange(len(table), dtype=np.int64)
        presentations = Axis(PRESENTATION, codes, codes)
        if PRESENTATION_ID in keys:
            _refuse_again(coded(table, keys)[0], keys, path)
    else:
        presentations = Axis.of(PRESENTATION, table, keys)
        cells = _flat([presentations, *axes])
        again = occurrences(pd.factorize(cells)[0].astype(np.int64))
        if again.any():
            if REPETITION in table.columns or PRESENTATION_ID in table.columns:
                _refuse_again(cells, [*keys, *_names(axes, table)], path)
            _tell_what_differs(table, cells, {*keys, *_names(axes, table), *used}, path)
            table = table.assign(**{REPETITION: again})
            return table, Axis.of(PRESENTATION, table, [*keys, REPETITION])
    if REPETITION not in table.columns and STIMULUS_ID in table.columns:
        stimuli = pd.factorize(table[STIMULUS_ID].take(presentations.first))[0].astype(np.int64)
        table = table.assign(**{REPETITION: occurrences(stimuli)[presentations.codes]})
    return table, presentations


def _tell_what_differs(table: pd.DataFrame, cells: Codes, known: set[str], path: object) -> None:
    """Say which columns tell rows of one cell apart: one of them may be a dimension that nobody named."""
    codes, distinct = pd.factorize(cells)
    first = first_rows(codes.astype(np.int64), len(distinct))
    if differing := [str(name) for name in table if name not in known and not is_constant(table[name], codes, first)]:
        warn(
            f"{path}: repetitions are numbered in the order of rows, and differ in {', '.join(differing)}; if one of "
            "these columns is a dimension of its own, such as time, name it in dims"
        )


def _refuse_without_id(table: pd.DataFrame, keys: Sequence[str], path: object) -> None:
    for key in keys:
        if key in table.columns and (is_empty := (table[key].isna() | (table[key] == "")).to_numpy()).any():
            raise InvalidData(
                f"{path}: column {key!r} is empty in {np.count_nonzero(is_empty)} of {len(table)} rows, first in "
                f"row {int(np.argmax(is_empty)) + 1} below the header; fill it in, or delete these rows"
            )


def _is_about(column: pd.Series[Any], axes: Sequence[Axis]) -> bool:
    return any(is_constant(column, axis.codes, axis.first) for axis in axes)


def _names(axes: Sequence[Axis], table: pd.DataFrame) -> list[str]:
    return [name for axis in axes for name in key_columns(axis.name, table.columns)]


def _flat(axes: Sequence[Axis]) -> Codes:
    cells = np.zeros(len(axes[0].codes), np.int64)
    for axis in axes:
        cells = cells * len(axis.first) + axis.codes
    return cells


def _refuse_again(cells: Codes, keys: Sequence[str], path: object) -> None:
    again = occurrences(pd.factorize(cells)[0].astype(np.int64))
    if not again.any():
        return
    row = int(np.flatnonzero(again)[0])
    earlier = int(np.flatnonzero(cells == cells[row])[0])
    raise InvalidData(
        f"{path} has {np.count_nonzero(again)} rows too many: rows {earlier + 1} and {row + 1} below the header have "
        f"the same {', '.join(keys)}; number repetitions in a column repetition, or delete one of the rows"
    )


def _cells(table: pd.DataFrame, axes: Sequence[Axis], path: object) -> Codes:
    """The cell that each row is about."""
    size = 1
    for axis in axes:
        size *= len(axis.first)
    if size > max(_MANY, _SPARSE * len(table)):
        shape = ", ".join(f"{len(axis.first)} {axis.name}s" for axis in axes)
        raise InvalidData(
            f"{path} has {len(table)} rows for {size} cells: {shape}; correct the ids, or package it in parts"
        )
    cells = _flat(axes)
    if len(axes) > 1 or axes[0].name != PRESENTATION:
        _refuse_again(cells, _names(axes, table), path)
    return cells


def _matrix(table: pd.DataFrame, columns: Sequence[str], path: object) -> tuple[npt.NDArray[Any], Any]:
    """Values, (rows, columns), and the type that has room for missing ones."""
    arrays = [plain(table[name]) for name in columns]
    kinds = {"text" if array.dtype.kind in "OUS" else array.dtype.kind for array in arrays}
    if len(kinds) > 1 and kinds & {"text", "M", "m"}:
        odd = next(name for name, array in zip(columns, arrays, strict=True) if array.dtype.kind not in "biuf")
        raise InvalidData(f"{path}: column {odd!r} has other values than numbers; leave it out, or correct it")
    matrix = arrays[0][:, np.newaxis] if len(arrays) == 1 else np.stack(arrays, axis=1)
    if rounded := [name for name, array in zip(columns, arrays, strict=True) if is_rounded(array, matrix.dtype)]:
        warn(f"{path}: whole numbers in {', '.join(rounded)} lost digits, for other columns have {matrix.dtype}")
    if matrix.dtype.kind in "biu":
        return matrix, np.result_type(matrix.dtype, np.float32)
    return matrix, matrix.dtype


def _filled(matrix: npt.NDArray[Any], cells: Codes, size: int, dtype: np.dtype[Any], path: object) -> npt.NDArray[Any]:
    """The rows in their cells; NaN in others, which are told."""
    columns = matrix.shape[1]
    missing = size - len(cells)
    if not missing:
        data = np.empty((size, columns), matrix.dtype)
    else:
        fill = np.datetime64("NaT") if dtype.kind == "M" else np.timedelta64("NaT") if dtype.kind == "m" else np.nan
        data = np.full((size, columns), fill, dtype)
        became = f"; {matrix.dtype} became {dtype}" if dtype != matrix.dtype else ""
        became += ", in which some numbers lost digits" if is_rounded(matrix, dtype) else ""
        warn(f"{path}: {missing * columns} of {size * columns} cells have no row, and are missing values now{became}")
    data[cells] = matrix
    return data if columns > 1 else data[:, 0]


def _coords(table: pd.DataFrame, axes: Sequence[Axis], used: set[str], path: object) -> dict[str, Any]:
    """The remaining columns, along the dimension that each is about."""
    rank = {NEUROID: 0, PRESENTATION: 1}
    order = sorted(axes, key=lambda axis: rank.get(axis.name, 2))
    keys = {name: axis for axis in axes if axis.name != PRESENTATION for name in key_columns(axis.name, table.columns)}
    coords: dict[str, Any] = {}
    for name in map(str, table.columns):
        if name in used:
            continue
        axis = keys.get(name) or _about(table[name], name, order)
        if axis is None:
            raise InvalidData(
                f"{path}: column {name!r} has different values for one and the same "
                f"{', '.join(axis.name for axis in axes)}; number the presentations in a column presentation or "
                "repetition, or leave the column out"
            )
        coords[name] = (axis.name, plain(table[name].take(axis.first)))
    return coords


def _about(column: pd.Series[Any], name: str, axes: Sequence[Axis]) -> Axis | None:
    of_presentations = [axis for axis in axes if axis.name == PRESENTATION]
    candidates = of_presentations if of_presentations and name in {PRESENTATION_ID, STIMULUS_ID, REPETITION} else axes
    return next((axis for axis in candidates if is_constant(column, axis.codes, axis.first)), None)
