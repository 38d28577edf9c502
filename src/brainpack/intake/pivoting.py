"""Rows of a table -> an array with a dimension for each kind of key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from brainpack.errors import InvalidData
from brainpack.intake.columns import (
    BIN_EDGES,
    COUNTED,
    IDENTIFYING,
    NEUROID,
    OF_PRESENTATIONS,
    PRESENTATION_ID,
    REACTION_TIMES,
    RECORDED_TOGETHER,
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
    refuse_without_id,
    tell_empty,
    tell_text,
)
from brainpack.layout import PRESENTATION, STIMULUS_ID
from brainpack.notices import warn
from brainpack.progress import progress

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
    keys : sequence of str
        Columns that tell its entries apart.
    codes : ndarray of int, (rows,)
        Which entry each row is about.
    first : ndarray of int, (entries,)
        The row in which each entry is first.
    """

    name: str
    keys: Sequence[str]
    codes: Codes
    first: Codes

    @classmethod
    def of(cls, name: str, table: pd.DataFrame, keys: Sequence[str]) -> Axis:
        codes, count = coded(table, keys)
        first = first_rows(codes, count)
        if name == TIME_BIN and all(plain(table[key]).dtype.kind in "biufmM" for key in keys):
            order = np.lexsort([plain(table[key])[first] for key in reversed(keys)])
            codes, first = np.argsort(order)[codes], first[order]
        return cls(name, keys, codes, first)


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
    axes = [Axis.of(dim, table, key_columns(dim, table.columns)) for dim in dims if dim != PRESENTATION]
    refuse_without_id(table, [key for axis in axes for key in axis.keys], path)
    for key in (key for axis in axes for key in axis.keys if key in BIN_EDGES):
        refuse_text(table[key], path)
    if PRESENTATION in dims:
        table, presentations = _presentations(table, axes, used, path, is_wide=bool(wide))
        axes.insert(dims.index(PRESENTATION), presentations)
    cells = _cells(table, axes, path)
    if wide or NEUROID in dims or values in REACTION_TIMES:
        for name in columns:
            refuse_text(table[name], path)
    else:
        tell_text(table[columns[0]], path)
    matrix, dtype_missing = _matrix(table, columns, path)
    tell_empty(matrix, path)
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
    table: pd.DataFrame, axes: Sequence[Axis], used: set[str], path: object, *, is_wide: bool
) -> tuple[pd.DataFrame, Axis]:
    """What the presentations are; repetitions are numbered where no column tells them apart."""
    keys = _keys(table, axes, used, path)
    is_numbered = bool({REPETITION, PRESENTATION_ID} & {*keys})
    refuse_without_id(table, [STIMULUS_ID, *keys] if axes else [STIMULUS_ID, PRESENTATION_ID, REPETITION], path)
    if not axes:  # a row for each presentation
        rows = np.arange(len(table), dtype=np.int64)
        presentations = Axis(PRESENTATION, keys, rows, rows)
        if PRESENTATION_ID in keys or (is_wide and is_numbered):
            refuse_again(coded(table, keys)[0], keys, path)
    else:
        presentations = Axis.of(PRESENTATION, table, keys)
        cells = _flat([presentations, *axes])
        again = occurrences(pd.factorize(cells)[0].astype(np.int64))
        if again.any():
            known = [*keys, *(key for axis in axes for key in axis.keys)]
            if is_numbered:
                refuse_again(cells, known, path)
            _refuse_gaps(table, cells, keys, known, path)
            _tell_what_differs(table, cells, {*known, *used}, path)
            presentations = Axis.of(PRESENTATION, table.assign(**{REPETITION: again}), [*keys, REPETITION])
    if REPETITION not in table.columns and (STIMULUS_ID in table.columns or REPETITION in presentations.keys):
        stimuli = coded(table, [name for name in (STIMULUS_ID,) if name in table.columns])[0][presentations.first]
        table = table.assign(**{REPETITION: occurrences(stimuli)[presentations.codes]})
    return table, presentations


def _keys(table: pd.DataFrame, axes: Sequence[Axis], used: set[str], path: object) -> list[str]:
    """Columns that tell presentations apart.

    Where each neuron has one session, or subject, its responses go beside those of others; unless something counts
    presentations, which starts anew in each session.
    """
    if PRESENTATION_ID in table.columns:
        return [PRESENTATION_ID]
    there = [name for name in IDENTIFYING if name in table.columns and name not in used]
    counted = [name for name in there if name in COUNTED]
    neuroids = [axis for axis in axes if axis.name == NEUROID]
    own = [name for name in there if name in RECORDED_TOGETHER and _is_about(table[name], neuroids)]
    apart = [name for name in own if counted and len(table[name].drop_duplicates()) > 1]
    if apart:
        warn(
            f"{path}: neurons of one {' and '.join(apart)} have no values in presentations of another, for "
            f"{', '.join(counted)} may begin anew in each; leave {'it' if len(counted) == 1 else 'them'} out to have "
            "responses side by side"
        )
    return [name for name in there if name not in own or name in apart]


def _refuse_gaps(table: pd.DataFrame, cells: Codes, keys: Sequence[str], known: Sequence[str], path: object) -> None:
    """Number no repetitions where a row is missing: values of different presentations would meet."""
    sessions = [name for name in RECORDED_TOGETHER if name in table.columns and name not in keys]
    together, _ = coded(table, [*keys, *sessions])
    counts = pd.Series(cells).map(pd.Series(cells).value_counts())
    is_less = (counts < counts.groupby(together).transform("max")).to_numpy()
    if not is_less.any():
        return
    row = int(np.argmax(is_less))
    other = int(np.argmax((together == together[row]) & ~is_less))
    raise InvalidData(
        f"{path}: repetitions cannot be numbered, for rows are missing: {counts[row]} have the {', '.join(known)} of "
        f"row {row + 1} below the header, and {counts[other]} those of row {other + 1}; number them in a column "
        "repetition, or say in a column session which neurons were recorded together"
    )


def _tell_what_differs(table: pd.DataFrame, cells: Codes, known: set[str], path: object) -> None:
    """Say which columns tell rows of one cell apart: one of them may be a dimension that nobody named."""
    codes, distinct = pd.factorize(cells)
    first = first_rows(codes.astype(np.int64), len(distinct))
    if differing := [str(name) for name in table if name not in known and not is_constant(table[name], codes, first)]:
        warn(
            f"{path}: repetitions are numbered in the order of rows, and differ in {', '.join(differing)}; if one of "
            "these columns is a dimension of its own, such as time, name it in dims"
        )


def _is_about(column: pd.Series[Any], axes: Sequence[Axis]) -> bool:
    return any(is_constant(column, axis.codes, axis.first) for axis in axes)


def _flat(axes: Sequence[Axis]) -> Codes:
    cells = np.zeros(len(axes[0].codes), np.int64)
    for axis in axes:
        cells = cells * len(axis.first) + axis.codes
    return cells


def refuse_again(cells: Codes, keys: Sequence[str], path: object) -> None:
    """Name two rows that are about the same cell.

    Raises
    ------
    InvalidData
        There are some.
    """
    again = occurrences(pd.factorize(cells)[0].astype(np.int64))
    if not again.any():
        return
    row = int(np.flatnonzero(again)[0])
    earlier = int(np.flatnonzero(cells == cells[row])[0])
    raise InvalidData(
        f"{path}: rows {earlier + 1} and {row + 1} below the header have the same {', '.join(keys)}, and "
        f"{np.count_nonzero(again)} in all repeat an earlier one; number repetitions in a column repetition, or delete "
        "the rows"
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
        refuse_again(cells, [key for axis in axes for key in axis.keys], path)
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
    keys = {name: axis for axis in axes for name in axis.keys}
    coords: dict[str, Any] = {}
    for name in progress(map(str, table.columns), len(table.columns), " columns", "labels"):
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
    candidates = of_presentations if of_presentations and name in OF_PRESENTATIONS else axes
    return next((axis for axis in candidates if is_constant(column, axis.codes, axis.first)), None)
