"""Aligning assemblies with each other and with stimulus sets."""

# ruff: noqa: FBT001, FBT002 - callers of subset pass its switches by position

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
import xarray as xr

from brainpack.errors import CheckFailed, InvalidData
from brainpack.notices import warn
from brainpack.objects.indexes import (
    Level,
    gather_indexes,
    get_metadata,
    levels_of,
    plain_values,
    repeated_dimensions,
    take,
    with_levels,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from numpy.typing import ArrayLike

__all__ = ["index_efficient", "merge_data_arrays", "merge_stimulus_metadata", "subset"]

ArrayT = TypeVar("ArrayT", bound=xr.DataArray)


def subset(
    source_assembly: ArrayT,
    target_assembly: xr.DataArray,
    subset_dims: Sequence[Hashable] | None = None,
    dims_must_match: bool = True,
    repeat: bool = False,
) -> ArrayT:
    """Select the entries of an assembly whose coordinate values occur in another one.

    Parameters
    ----------
    source_assembly : DataArray
        Where entries are selected; it may have repeated dimensions.
    target_assembly : DataArray
        Which values are selected.
    subset_dims : sequence of hashable, optional
        Dimensions, of which all levels that both have are compared, or coordinates. By default the dimensions
        of the target.
    dims_must_match : bool
        Whether the result must be as long as the target along these dimensions.
    repeat : bool
        Whether entries that occur several times in the target come several times. They then are in the order
        of their values, else in the order of the source.

    Returns
    -------
    DataArray
        Of the class of the source.

    Raises
    ------
    brainpack.errors.CheckFailed
        If one of the two lacks a dimension or coordinate, or if the lengths differ.

    Examples
    --------
    >>> source = gather_indexes(xr.DataArray([1, 2, 3], {"site": ("neuroid", ["a", "b", "c"])}, "neuroid"))
    >>> subset(source, source[[2, 0]]).values
    array([1, 3])
    """
    for name in subset_dims or target_assembly.dims:
        dim = name if name in target_assembly.dims else _coordinate_dimension(target_assembly, name)
        for coord in _shared_coordinates(source_assembly, target_assembly, name):
            source_values, target_values = source_assembly[coord].values, target_assembly[coord].values
            positions = (
                index_efficient(source_values, target_values) if repeat else _among(source_values, target_values)
            )
            source_assembly = take(source_assembly, {dim: np.asarray(positions, dtype=np.intp)})
        expected, found = target_assembly.sizes[dim], source_assembly.sizes.get(dim)
        if dims_must_match and expected != found:
            msg = (
                f"the source has {found} entries of {dim!r} after selecting by {name!r}, "
                f"expected {expected}; select what both have first, or pass dims_must_match=False"
            )
            raise CheckFailed(msg)
    return source_assembly


def _coordinate_dimension(array: xr.DataArray, name: Hashable) -> Hashable:
    dims = array[name].dims if name in array.coords else ()
    if len(dims) != 1:
        msg = f"the target has no one-dimensional coordinate {name!r}; its coordinates are {list(array.coords)}"
        raise CheckFailed(msg)
    return dims[0]


def _shared_coordinates(source: xr.DataArray, target: xr.DataArray, name: Hashable) -> list[Hashable]:
    """Name the coordinates to compare for a dimension or coordinate."""
    levels = [level.name for level in levels_of(target, name)] or [name]
    shared = [level for level in levels if level in source.coords and level in target.coords]
    if not shared:
        msg = (
            f"source and target share no coordinate of {name!r}: the target has {levels}, "
            f"the source has {list(source.coords)}; give both the same coordinate"
        )
        raise CheckFailed(msg)
    return shared


def _among(source_values: np.ndarray[Any, Any], target_values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    source = pd.Index(source_values)
    return np.flatnonzero(source.isin(pd.Index(target_values)) & ~source.isna())


def index_efficient(source_values: ArrayLike, target_values: ArrayLike) -> list[int]:
    """Return where the source has the values of the target, sorted by value.

    Of a value that the target has t times and the source several times, the first occurrence in the source
    comes t times and the others once. Values that only one of them has, and missing ones, are left out.

    Parameters
    ----------
    source_values, target_values : array_like
        One-dimensional and comparable with each other.

    Returns
    -------
    list of int
        Positions in `source_values`.

    Examples
    --------
    >>> index_efficient([10, 20, 30], [30, 10, 30])
    [0, 2, 2]
    """
    source, target = plain_values(source_values), plain_values(target_values)
    known = np.flatnonzero(~pd.isna(source))
    order = known[np.argsort(source[known], kind="stable")]
    source, target = source[order], np.sort(target[~pd.isna(target)])
    times = np.searchsorted(target, source, side="right") - np.searchsorted(target, source, side="left")
    again = np.concatenate([[False], source[1:] == source[:-1]])[: len(source)]
    indexer: list[int] = np.repeat(order, np.where(again, np.minimum(times, 1), times)).tolist()
    return indexer


def merge_data_arrays(data_arrays: Iterable[ArrayT]) -> ArrayT:
    """Merge assemblies that hold different entries of the same dimensions.

    Parameters
    ----------
    data_arrays : iterable of DataArray
        At least one. Where several have an entry, they must agree.

    Returns
    -------
    DataArray
        Without a name, of the class of the first. Entries that none has are NaN.

    Raises
    ------
    xarray.MergeError
        If two of them disagree.

    Examples
    --------
    >>> array = gather_indexes(xr.DataArray([1, 2], {"site": ("neuroid", ["a", "b"])}, "neuroid"))
    >>> merge_data_arrays([array[:1], array[1:]]).values
    array([1., 2.])
    """
    arrays = list(data_arrays)
    merged = xr.merge([array.rename("z") for array in arrays], join="outer", compat="no_conflicts")["z"]
    return type(arrays[0])(merged.rename(None))


def merge_stimulus_metadata(
    assembly: ArrayT, stimulus_set: pd.DataFrame, dim: str = "presentation", on: str = "stimulus_id"
) -> ArrayT:
    """Add the columns of a stimulus set to an assembly, by stimulus.

    Parameters
    ----------
    assembly : DataArray
        With a coordinate ``stimulus_id`` of the dimension ``presentation``; it is not changed.
    stimulus_set : DataFrame
        With a column ``stimulus_id`` of distinct values that has all ids of the assembly. Where one of the
        two has the ids as text and the other as numbers, they are compared as text, 1.0 as "1".

    Returns
    -------
    DataArray
        Of the same class, each new column a level of ``presentation``. Coordinates that are already there
        keep their values. A column named like a coordinate of another dimension is left out, with a
        UserWarning.

    Raises
    ------
    brainpack.errors.InvalidData
        If ids are missing, duplicate or unknown, or several columns have one name.

    Examples
    --------
    >>> assembly = xr.DataArray([1, 2, 3], {"stimulus_id": ("presentation", ["b", "a", "b"])}, "presentation")
    >>> stimuli = pd.DataFrame({"stimulus_id": ["a", "b"], "size": [8, 4]})
    >>> merge_stimulus_metadata(assembly, stimuli)["size"].values
    array([4, 8, 4])
    """
    assembly = gather_indexes(assembly)
    positions = _stimulus_positions(assembly, stimulus_set, dim, on)
    present = [*get_metadata(assembly, dims=(dim,), names_only=True)]
    taken = {name for name in (*assembly.coords, *assembly.dims) if name not in (*present, dim)}
    clashing = [column for column in stimulus_set.columns if column in taken]
    if clashing:
        msg = (
            f"columns {clashing} of the stimulus set are left out: the assembly has coordinates of these "
            f"names that do not belong to {dim!r}; rename the columns to have them"
        )
        warn(msg)
    held = {*present, *clashing}
    if f"{dim}_level_0" in present:
        held.add(dim)
    new = [
        Level.of(column, plain_values(stimulus_set[column])).take(positions)
        for column in stimulus_set.columns
        if column not in held
    ]
    with repeated_dimensions():
        return with_levels(assembly, dim, [*levels_of(assembly, dim), *new]) if new else assembly


def _stimulus_positions(assembly: xr.DataArray, stimulus_set: pd.DataFrame, dim: str, on: str) -> np.ndarray[Any, Any]:
    """Return for each presentation the row of its stimulus."""
    if on not in assembly.coords or assembly[on].dims != (dim,):
        msg = f"the assembly has no coordinate {on!r} of dimension {dim!r} to find its stimuli by; add one"
        raise InvalidData(msg)
    if not stimulus_set.columns.is_unique:
        repeated = stimulus_set.columns[stimulus_set.columns.duplicated()].unique()
        msg = f"the stimulus set has several columns named {_some(repeated)}; rename or drop all but one"
        raise InvalidData(msg)
    if on not in stimulus_set.columns:
        msg = f"the stimulus set has no column {on!r}, only {list(stimulus_set.columns)}; add one"
        raise InvalidData(msg)
    levels = {level.name: level for level in levels_of(assembly, dim)}
    level = levels.get(on) or Level.of(on, assembly[on].values)  # a dimension coordinate alone is no level
    ids, known = comparable(plain_values(level.values), plain_values(stimulus_set[on]))
    if not known.is_unique:
        repeated = known[known.duplicated()].unique()
        msg = f"the stimulus set has several rows for {on} {_some(repeated)}; keep one row for each"
        raise InvalidData(msg)
    positions: np.ndarray[Any, Any] = np.append(known.get_indexer(ids), -1)[
        level.codes
    ]  # the last one is that of missing ids
    unknown = positions < 0
    if unknown.any():
        named = np.append(ids.to_numpy(dtype=object), np.nan)[level.codes[unknown]]
        msg = (
            f"the stimulus set has no row for {on} {_some(pd.Index(named, dtype=object).unique())} of the assembly; "
            f"add the rows or select the presentations whose stimuli are known"
        )
        raise InvalidData(msg)
    return positions


def comparable(*ids: np.ndarray[Any, Any]) -> tuple[pd.Index, ...]:
    """Return ids as indexes; all as text where one has text and the other something else."""
    kinds = [pd.api.types.infer_dtype(values, skipna=True) for values in ids]
    if kinds.count("string") == 1:
        ids = tuple(_as_text(values, kind) for values, kind in zip(ids, kinds, strict=True))
    return tuple(pd.Index(values, dtype=object if values.dtype.kind in "OUS" else None) for values in ids)


def _as_text(values: np.ndarray[Any, Any], kind: str) -> np.ndarray[Any, Any]:
    missing = np.asarray(pd.isna(values))
    if kind == "floating":  # integers became floats where a table was not complete
        numbers = np.where(missing, 0, values).astype(np.float64)
        values = numbers.astype(np.int64) if np.isfinite(numbers).all() and (numbers % 1 == 0).all() else numbers
    texts = values.astype(str).astype(object)
    texts[missing] = np.nan
    return texts


def _some(values: pd.Index, limit: int = 5) -> str:
    listed = ", ".join(repr(value) for value in values[:limit].tolist())
    return f"{listed} and {len(values) - limit} more" if len(values) > limit else listed
