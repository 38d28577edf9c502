"""Coordinates as the levels of one MultiIndex per dimension, and back to plain coordinates.

A file holds one plain variable per coordinate. In memory the coordinates of a dimension are the levels of a
`pandas.MultiIndex`, so that ``assembly.sel(region="IT")`` works for every coordinate.
"""

# ruff: noqa: FBT001, FBT002 - callers of get_metadata pass its switches by position

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
import xarray as xr
from xarray.indexes import PandasMultiIndex

from brainpack.objects.levels import Level, plain_values

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    Coordinate = tuple[Any, tuple[Hashable, ...], np.ndarray[Any, Any]]

__all__ = [
    "Level",
    "coords_for_dim",
    "gather_indexes",
    "get_levels",
    "get_metadata",
    "levels_of",
    "plain_coords",
    "plain_values",
    "repeated_dimensions",
    "take",
    "walk_coords",
    "with_levels",
]

ArrayT = TypeVar("ArrayT", bound=xr.DataArray)


@contextmanager
def repeated_dimensions() -> Iterator[None]:
    """Allow ``("presentation", "presentation")`` without xarray's warning that it barely supports that."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Duplicate dimension names present", category=UserWarning)
        yield


def coordinate_values(variable: xr.Variable) -> np.ndarray[Any, Any]:
    """Return the values of a coordinate; times with a zone as objects that keep it.

    Current xarray drops the zone, and older ones give integers.

    Examples
    --------
    >>> coordinate_values(xr.Variable("event", pd.date_range("2020-01-01", periods=1, tz="UTC")))
    array([Timestamp('2020-01-01 00:00:00+0000', tz='UTC')], dtype=object)
    """
    may_be_zoned = variable.dtype == object or isinstance(variable.dtype, pd.DatetimeTZDtype)
    if variable.ndim == 1 and may_be_zoned and isinstance((index := variable.to_index()).dtype, pd.DatetimeTZDtype):
        return index.to_numpy(dtype=object)
    return variable.values


def _multi_index(array: xr.DataArray, dim: Hashable) -> pd.MultiIndex | None:
    index = array.xindexes.get(dim)
    return index.index if isinstance(index, PandasMultiIndex) else None


def levels_of(array: xr.DataArray, dim: Hashable) -> list[Level]:
    """Return the levels of the MultiIndex on `dim`, in order; none where there is no MultiIndex.

    Examples
    --------
    >>> array = gather_indexes(xr.DataArray([1, 2], {"region": ("neuroid", ["V4", "IT"])}, "neuroid"))
    >>> [level.name for level in levels_of(array, "neuroid")]
    ['region']
    """
    index = _multi_index(array, dim)
    if index is None:
        return []
    return [
        Level(name, values, np.asarray(codes))
        for name, values, codes in zip(index.names, index.levels, index.codes, strict=True)
    ]


def with_levels(array: ArrayT, dim: Hashable, levels: Sequence[Level]) -> ArrayT:
    """Return the array with exactly these levels as the coordinates of `dim`.

    Parameters
    ----------
    array : DataArray
        Any array with a dimension `dim`; it is not changed.
    dim : hashable
        The dimension whose one-dimensional coordinates are replaced.
    levels : sequence of Level
        At least one, each with as many codes as `dim` has entries.

    Examples
    --------
    >>> array = xr.DataArray([1.0, 2.0], dims="neuroid")
    >>> with_levels(array, "neuroid", [Level.of("region", ["V4", "IT"])]).indexes["neuroid"].names
    FrozenList(['region'])
    """
    index = pd.MultiIndex(
        levels=[level.values for level in levels],  # type: ignore[misc]  # the stubs know lists of lists only
        codes=[level.codes for level in levels],  # type: ignore[misc]  # the same holds here
        names=[level.name for level in levels],
        verify_integrity=False,  # distinct values and their codes are what a level is
    )
    old = [name for name, variable in array.coords.variables.items() if variable.dims == (dim,)]
    with repeated_dimensions():
        return array.drop_vars(old).assign_coords(xr.Coordinates.from_pandas_multiindex(index, str(dim)))


def gather_indexes(array: ArrayT, known: Mapping[Hashable, Level] | None = None) -> ArrayT:
    """Make the coordinates of each dimension the levels of one MultiIndex.

    Levels that are already there stay first. A dimension coordinate beside others becomes the level
    ``<dim>_level_0``; alone on its dimension it stays a plain index. Coordinates of several dimensions or of
    none are left as they are.

    A single coordinate becomes a MultiIndex with one level. xarray before 2022.6 turned it into an index
    named like the dimension, so that the name of the coordinate was lost; here it stays.

    Parameters
    ----------
    array : DataArray
        Any DataArray; it is not changed. Repeated dimensions are allowed.
    known : mapping of hashable to Level, optional
        Coordinates, by name, whose levels a reader has made already; their values are not looked at.

    Returns
    -------
    DataArray
        Of the same class, with the same data.

    Examples
    --------
    >>> array = xr.DataArray([1, 2], {"region": ("neuroid", ["V4", "IT"])}, "neuroid")
    >>> gather_indexes(array).sel(region="IT").item()
    2
    """
    for dim in dict.fromkeys(array.dims):
        loose = _loose_coordinates(array, dim)
        if not loose or loose == [dim]:
            continue
        loose.sort(key=lambda name: name != dim)  # the dimension coordinate is level 0
        added = [
            (known or {}).get(name)
            or Level.of(f"{dim}_level_0" if name == dim else name, coordinate_values(array.coords.variables[name]))
            for name in loose
        ]
        array = with_levels(array, dim, [*levels_of(array, dim), *added])
    return array


def _loose_coordinates(array: xr.DataArray, dim: Hashable) -> list[Hashable]:
    """Name the one-dimensional coordinates of `dim` that its MultiIndex does not hold."""
    index = _multi_index(array, dim)
    held = set() if index is None else {dim, *index.names}
    return [name for name, variable in array.coords.variables.items() if variable.dims == (dim,) and name not in held]


def get_metadata(
    assembly: xr.DataArray,
    dims: Sequence[Hashable | None] | None = None,
    names_only: bool = False,
    include_coords: bool = True,
    include_indexes: bool = True,
    include_multi_indexes: bool = False,
    include_levels: bool = True,
) -> Iterator[Any]:
    """Yield the coordinates of an assembly, by kind.

    Parameters
    ----------
    assembly : DataArray
        Any DataArray.
    dims : sequence of hashable, optional
        Only coordinates whose dimensions are all among these; None in it stands for scalars. Everything by
        default.
    names_only : bool
        Yield ``name`` instead of ``(name, dims, values)``.
    include_coords : bool
        Coordinates without an index.
    include_indexes : bool
        Coordinates with an index of their own. The level of a MultiIndex with one level is of this kind: it
        is the only coordinate of its dimension.
    include_multi_indexes : bool
        MultiIndexes of two and more levels, as arrays of tuples.
    include_levels : bool
        The levels of those.

    Examples
    --------
    >>> array = gather_indexes(xr.DataArray([1], {"up": ("a", ["x"]), "down": ("a", [2])}, "a"))
    >>> list(get_metadata(array, names_only=True))
    ['up', 'down']
    """
    wanted = {
        "coordinate": include_coords,
        "index": include_indexes,
        "multi_index": include_multi_indexes,
        "level": include_levels,
        "tuples": False,
    }
    among = {*assembly.dims, None} if dims is None else set(dims)
    for name, variable in assembly.coords.variables.items():
        belongs = set(variable.dims) <= among if variable.dims else None in among
        if belongs and wanted[_kind(assembly, name)]:
            yield name if names_only else (name, variable.dims, variable.values)


def _kind(array: xr.DataArray, name: Hashable) -> str:
    """Tell what a coordinate is; "tuples" repeat in other words what levels and scalars say."""
    index = array.xindexes.get(name)
    if isinstance(index, PandasMultiIndex):
        single = len(index.index.names) == 1
        if name == index.dim:
            return "tuples" if single else "multi_index"
        return "index" if single else "level"
    if index is not None:
        return "index"
    variable = array.coords.variables[name]
    # what ``sel`` and ``isel`` leave of a MultiIndex when they pick a single entry
    if not variable.dims and variable.dtype == object and isinstance(variable.values.item(), tuple):
        return "tuples"
    return "coordinate"


def walk_coords(assembly: xr.DataArray) -> Iterator[Coordinate]:
    """Yield ``(name, dims, values)`` of every coordinate and level.

    Examples
    --------
    >>> array = gather_indexes(xr.DataArray([1], {"region": ("neuroid", ["IT"])}, "neuroid"))
    >>> [(name, dims) for name, dims, values in walk_coords(array)]
    [('region', ('neuroid',))]
    """
    yield from get_metadata(assembly)


def get_levels(assembly: xr.DataArray) -> list[Any]:
    """Return the level names of MultiIndexes with two levels and more.

    Examples
    --------
    >>> get_levels(gather_indexes(xr.DataArray([1], {"up": ("a", ["x"]), "down": ("a", [2])}, "a")))
    ['up', 'down']
    """
    return list(get_metadata(assembly, names_only=True, include_coords=False, include_indexes=False))


def coords_for_dim(assembly: xr.DataArray, dim: Hashable) -> dict[Any, np.ndarray[Any, Any]]:
    """Return the coordinates of `dim` that no index holds, name to values.

    Examples
    --------
    >>> coords_for_dim(xr.DataArray([1], {"region": ("neuroid", ["IT"])}, "neuroid"), "neuroid")
    {'region': array(['IT'], dtype='<U2')}
    """
    loose = get_metadata(assembly, dims=(dim,), include_indexes=False, include_levels=False)
    return {name: values for name, _, values in loose}


def plain_coords(array: xr.DataArray) -> dict[str, tuple[tuple[str, ...], np.ndarray[Any, Any]]]:
    """Return every coordinate as a file holds it.

    Parameters
    ----------
    array : DataArray
        Any DataArray, gathered or not.

    Returns
    -------
    dict of str to (dims, values)
        Dimension by dimension, then scalars; within these in the order of ``array.coords``. There are no
        MultiIndex tuples; a level ``<dim>_level_0`` is named ``<dim>``; text is ``<U`` or object with NaN
        where it is missing; other types are as they were.

    Examples
    --------
    >>> array = gather_indexes(xr.DataArray([1], {"p": ("p", ["x"]), "q": ("p", [2])}, "p"))
    >>> plain_coords(array)
    {'p': (('p',), array(['x'], dtype=object)), 'q': (('p',), array([2]))}
    """
    plain: dict[str, tuple[tuple[str, ...], np.ndarray[Any, Any]]] = {}
    first = {dim: position for position, dim in enumerate(dict.fromkeys(array.dims))}
    # versions of xarray differ in the order of dimensions here; within a dimension they agree
    for name, variable in sorted(
        array.coords.variables.items(),
        key=lambda item: first[item[1].dims[0]] if item[1].dims else len(first),
    ):
        if _kind(array, name) in {"multi_index", "tuples"}:
            continue
        dims = tuple(str(dim) for dim in variable.dims)
        plain[_plain_name(array, name, dims)] = (dims, plain_values(coordinate_values(variable)))
    return plain


def _plain_name(array: xr.DataArray, name: Hashable, dims: tuple[str, ...]) -> str:
    if len(dims) == 1 and name == f"{dims[0]}_level_0":
        taken = dims[0] in array.coords and _multi_index(array, dims[0]) is None
        return str(name) if taken else dims[0]
    return str(name)


def take(array: ArrayT, positions: Mapping[Hashable, np.ndarray[Any, Any]]) -> ArrayT:
    """Select entries by position along dimensions, along every occurrence of a repeated one.

    ``isel`` indexes only the first occurrence, which leaves data and coordinates of different lengths.

    Examples
    --------
    >>> array = xr.DataArray([[1, 2], [3, 4]], {"region": ("neuroid", ["V4", "IT"])}, ("presentation", "neuroid"))
    >>> take(array, {"neuroid": np.array([1])}).values
    array([[2],
           [4]])
    """
    if len(set(array.dims)) == len(array.dims):
        return array.isel(positions)
    with repeated_dimensions():
        data = _take_values(array.variable.data, array.dims, positions)
        coords = {
            name: (dims, _take_values(values, dims, positions)) for name, (dims, values) in plain_coords(array).items()
        }
        return gather_indexes(type(array)(data, coords, array.dims, array.name, array.attrs))


def _take_values(values: Any, dims: tuple[Hashable, ...], positions: Mapping[Hashable, np.ndarray[Any, Any]]) -> Any:
    for axis, dim in enumerate(dims):
        if dim in positions:
            values = values[(slice(None),) * axis + (positions[dim],)]
    return values
