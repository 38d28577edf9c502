"""Grouping, applying and selecting by several coordinates at once.

`DataAssembly` has these functions as methods.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
import xarray as xr

from brainpack.errors import InvalidData
from brainpack.objects.indexes import Level, get_metadata, take, with_levels

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from numpy.typing import ArrayLike
    from xarray.core.groupby import DataArrayGroupBy

__all__ = ["GroupbyBridge", "GroupbyError", "multi_dim_apply", "multi_groupby", "multisel"]

ArrayT = TypeVar("ArrayT", bound=xr.DataArray)

GROUP = "multi_group"
REDUCTIONS = frozenset(
    {
        "all",
        "any",
        "count",
        "first",
        "last",
        "max",
        "mean",
        "median",
        "min",
        "prod",
        "quantile",
        "reduce",
        "std",
        "sum",
        "var",
    }
)


class GroupbyError(InvalidData):
    """The coordinates cannot be grouped by together."""


def _dimension_of(assembly: xr.DataArray, coord: Hashable) -> Hashable:
    """Name the dimension of a one-dimensional coordinate."""
    if coord not in assembly.coords:
        known = ", ".join(str(name) for name in get_metadata(assembly, names_only=True))
        msg = f"there is no coordinate {coord!r}; the coordinates are: {known}"
        raise KeyError(msg)
    dims = assembly[coord].dims
    if len(dims) != 1:
        msg = f"coordinate {coord!r} has the dimensions {dims}, expected exactly one; use another coordinate"
        raise GroupbyError(msg)
    return dims[0]


def multi_groupby(assembly: xr.DataArray, group_coord_names: Sequence[Hashable], *args: Any, **kwargs: Any) -> Any:
    """Group by one or more coordinates of the same dimension.

    Parameters
    ----------
    assembly : DataArray
        The assembly; it is not changed.
    group_coord_names : sequence of hashable
        Names of coordinates, all of one dimension.
    *args, **kwargs
        Passed on to ``DataArray.groupby``.

    Returns
    -------
    GroupbyBridge or DataArrayGroupBy
        xarray's own object for a single name. Entries of which a group coordinate is missing are in no group.

    Raises
    ------
    GroupbyError
        If the coordinates are of different dimensions.

    Examples
    --------
    >>> coords = {"object": ("presentation", ["car", "car", "dog"]), "size": ("presentation", [1, 1, 2])}
    >>> array = xr.DataArray([1.0, 3.0, 5.0], coords, "presentation")
    >>> multi_groupby(array, ["object", "size"]).mean().values
    array([2., 5.])
    """
    if len(group_coord_names) == 1:
        return assembly.groupby(str(group_coord_names[0]), *args, **kwargs)
    dims = {name: _dimension_of(assembly, name) for name in group_coord_names}
    if len(set(dims.values())) != 1:
        listed = ", ".join(f"{name!r} of {dim!r}" for name, dim in dims.items())
        msg = f"expected coordinates of one dimension, got {listed or 'none'}; group by one dimension at a time"
        raise GroupbyError(msg)
    return GroupbyBridge(assembly, dims[group_coord_names[0]], group_coord_names, args, kwargs)


class GroupbyBridge:
    """An xarray groupby over several coordinates of one dimension.

    Any method of xarray's groupby works. Results carry the group coordinates as levels of the original
    dimension; results that keep the dimension (``map(lambda group: group - group.mean())``) keep all its
    coordinates. Iteration yields ``(values of the group coordinates, group)`` in sorted order.
    """

    def __init__(
        self,
        assembly: xr.DataArray,
        dim: Hashable,
        group_coord_names: Sequence[Hashable],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        levels = [Level.of(name, assembly[name].values) for name in group_coord_names]
        codes = np.stack([level.codes for level in levels], axis=1)
        complete = np.flatnonzero((codes >= 0).all(axis=1))
        groups, members = np.unique(codes[complete], axis=0, return_inverse=True)
        self.assembly = assembly if len(complete) == len(codes) else take(assembly, {dim: complete})
        self.dim = dim
        self.group_coord_names = tuple(group_coord_names)
        self._members = members.reshape(-1)
        self._levels = [level._replace(codes=groups[:, i]) for i, level in enumerate(levels)]
        self._args, self._kwargs = args, kwargs or {}

    @property
    def groups(self) -> dict[tuple[Any, ...], np.ndarray[Any, Any]]:
        """Values of the group coordinates to the positions of their entries among those that are grouped."""
        order = np.argsort(self._members, kind="stable")
        ends = np.cumsum(np.bincount(self._members, minlength=len(self)))
        values = zip(*(level.values.take(level.codes) for level in self._levels), strict=True)
        return dict(zip(values, np.split(order, ends[:-1]), strict=True)) if len(self) else {}

    def __len__(self) -> int:
        return len(self._levels[0].codes)

    def __iter__(self) -> Iterator[tuple[tuple[Any, ...], xr.DataArray]]:
        for values, positions in self.groups.items():
            yield values, take(self.assembly, {self.dim: positions})

    def map(self, func: Callable[..., Any], args: tuple[Any, ...] = (), **kwargs: Any) -> Any:
        """Apply `func` to each group and put the results together; see ``DataArrayGroupBy.map``."""

        def on_group(group: xr.DataArray, *args: Any, **kwargs: Any) -> Any:
            return func(group.drop_vars(GROUP), *args, **kwargs)

        return self._finish(self._grouped(self.assembly).map(on_group, args=args, **kwargs))

    apply = map  # noqa: A003 - both names are those of xarray

    def __getattr__(self, attr: str) -> Any:
        if attr.startswith("_"):
            raise AttributeError(attr)
        # reducing needs no coordinates, and selecting each group out of a large MultiIndex is slow
        assembly = self._bare() if attr in REDUCTIONS else self.assembly
        value = getattr(self._grouped(assembly), attr)
        if not callable(value):
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._finish(value(*args, **kwargs))

        return call

    def _grouped(self, assembly: xr.DataArray) -> DataArrayGroupBy:
        return assembly.assign_coords({GROUP: (self.dim, self._members)}).groupby(GROUP, *self._args, **self._kwargs)

    def _bare(self) -> xr.DataArray:
        coords = self.assembly.coords.variables
        return self.assembly.drop_vars([name for name, variable in coords.items() if variable.dims])

    def _finish(self, result: Any) -> Any:
        """Name the groups of a result and give it back the coordinates of its other dimensions."""
        if not isinstance(result, xr.DataArray):
            return result
        gone = {dim: 0 for dim in self.assembly.dims if dim == self.dim or dim not in result.dims}
        if GROUP not in result.dims:
            return type(self.assembly)(result.drop_vars(GROUP, errors="ignore"))
        present = np.asarray(result[GROUP].values, dtype=np.intp)
        result = result.drop_vars(GROUP).rename({GROUP: self.dim})
        rest = self.assembly.isel(gone, drop=True)
        missing = [name for name in rest.coords if name not in result.coords]
        if missing:
            result = result.assign_coords(rest.drop_vars([name for name in rest.coords if name not in missing]).coords)
        result = with_levels(result, self.dim, [level.take(present) for level in self._levels])
        order = [dim for dim in self.assembly.dims if dim in result.dims]
        return type(self.assembly)(result.transpose(*order, ...))


def multi_dim_apply(assembly: ArrayT, groups: Sequence[Hashable], apply: Callable[..., ArrayLike]) -> ArrayT:
    """Apply a function to the cells of each combination of groups, one coordinate per dimension.

    Parameters
    ----------
    assembly : DataArray
        With n dimensions; it is not changed.
    groups : sequence of hashable
        One coordinate (or dimension with an index) for each dimension, in any order.
    apply : callable
        Called as ``apply(cells, **coords)``. `cells` is a scalar where every group has one entry,
        one-dimensional where one group has several, and a block where more have; so are the coordinates, by
        name. It returns a scalar or an array of the shape of `cells`.

    Returns
    -------
    DataArray
        float64, of the shape and with the coordinates of `assembly`; NaN where a group coordinate is missing.
        Where several groups have several entries, all of the block is computed; older clients took its
        diagonal.

    Raises
    ------
    GroupbyError
        If there is not exactly one group per dimension.

    Examples
    --------
    >>> array = xr.DataArray([[1, 2], [3, 6]], {"a": ["x", "y"], "b": [1, 2]}, ("a", "b"))
    >>> multi_dim_apply(array, ["a", "b"], lambda cells, a, b: cells / b).values
    array([[1., 1.],
           [3., 3.]])
    """
    by_dim = {_dimension_of(assembly, group): group for group in groups}
    if len(by_dim) != len(groups) or set(by_dim) != set(assembly.dims):
        msg = (
            f"expected one group for each of the dimensions {assembly.dims}, got {list(groups)} "
            f"of the dimensions {list(by_dim)}; select or average over the other dimensions first"
        )
        raise GroupbyError(msg)
    per_dim = [_slabs(assembly, dim, by_dim[dim]) for dim in assembly.dims]
    scalars = {
        str(name): variable.values.item() for name, variable in assembly.coords.variables.items() if not variable.dims
    }
    values = assembly.values
    result = np.full(values.shape, np.nan)
    for slabs in itertools.product(*per_dim):
        cell = _cell([positions for positions, _ in slabs])
        coords = {name: value for _, coords in slabs for name, value in coords.items()}
        result[cell] = apply(_scalar_if_single(values[cell]), **scalars, **coords)
    return assembly.copy(data=result)


def _slabs(assembly: xr.DataArray, dim: Hashable, group: Hashable) -> list[tuple[np.ndarray[Any, Any], dict[str, Any]]]:
    """Return for each group along `dim` the positions of its entries and their coordinates."""
    level = Level.of(group, assembly[group].values)
    order = np.argsort(level.codes, kind="stable")
    counts = np.bincount(level.codes[level.codes >= 0], minlength=len(level.values))
    order = order[len(order) - counts.sum() :]  # entries without a group sort first
    coords = list(get_metadata(assembly, dims=(dim,)))
    return [
        (positions, {str(name): _scalar_if_single(values[positions]) for name, _, values in coords})
        for positions in np.split(order, np.cumsum(counts)[:-1])
        if len(positions)
    ]


def _cell(positions: list[np.ndarray[Any, Any]]) -> tuple[Any, ...]:
    """Index the block of these positions, without the dimensions in which it has a single entry."""
    several = iter(np.ix_(*(p for p in positions if len(p) > 1)))
    return tuple(next(several) if len(p) > 1 else int(p[0]) for p in positions)


def _scalar_if_single(value: Any) -> Any:
    return value.item() if np.size(value) == 1 else value


def multisel(assembly: ArrayT, method: str | None = None, tolerance: float | None = None, **indexers: Any) -> ArrayT:
    """Select by coordinate values and keep the dimensions, with all their coordinates.

    ``sel`` drops a level by which it selects; this keeps it. Dimensions keep their order, where older clients
    moved the selected one to the end, and a dimension of which one entry is left stays too.

    Parameters
    ----------
    assembly : DataArray
        The assembly; it is not changed.
    method : {"nearest", "pad", "ffill", "backfill", "bfill"}, optional
        How to find numbers that are not there exactly.
    tolerance : float, optional
        The greatest distance that `method` may bridge.
    **indexers
        Coordinate name to a value, a list of values (entries come in its order) or a slice (both ends
        included).

    Raises
    ------
    KeyError
        If a value does not occur, or a slice selects nothing.

    Examples
    --------
    >>> coords = {"region": ("neuroid", ["V4", "IT", "IT"]), "site": ("neuroid", [1, 2, 3])}
    >>> multisel(xr.DataArray([1, 2, 3], coords, "neuroid"), region="IT")["region"].values
    array(['IT', 'IT'], dtype='<U2')
    """
    for coord, wanted in indexers.items():
        dim = _dimension_of(assembly, coord)
        index = assembly.indexes[dim] if coord == dim and dim in assembly.indexes else None
        values = pd.Index(assembly[coord].values) if index is None else index
        assembly = take(assembly, {dim: _positions(coord, values, wanted, method, tolerance)})
    return assembly


def _positions(
    coord: str, values: pd.Index, wanted: Any, method: str | None, tolerance: float | None
) -> np.ndarray[Any, Any]:
    """Return where `values` are what is wanted."""
    if isinstance(wanted, slice):
        lower = values >= wanted.start if wanted.start is not None else np.ones(len(values), dtype=bool)
        upper = values <= wanted.stop if wanted.stop is not None else np.ones(len(values), dtype=bool)
        found = [np.flatnonzero(lower & upper)]
        wanted = [wanted]
    else:
        wanted = [wanted] if np.ndim(wanted) == 0 or isinstance(wanted, tuple) else list(wanted)
        exact = wanted if method is None else _nearby(values, wanted, method, tolerance)
        found = [np.flatnonzero(_equal(values, value)) for value in exact]
    absent = [value for value, positions in zip(wanted, found, strict=True) if not len(positions)]
    if absent:
        msg = f"no entry has {coord} = {', '.join(map(repr, absent[:5]))}"
        raise KeyError(msg)
    return np.concatenate(found) if found else np.array([], dtype=np.intp)


def _equal(values: pd.Index, value: Any) -> np.ndarray[Any, Any]:
    if isinstance(values, pd.MultiIndex):
        return np.asarray(values.isin([value if isinstance(value, tuple) else (value,)]))
    return np.asarray(values == value)


def _nearby(values: pd.Index, wanted: list[Any], method: str, tolerance: float | None) -> list[Any]:
    """Return for each wanted number the one that is there, NaN where none is within reach."""
    known = values.dropna().unique().sort_values()
    positions = known.get_indexer(pd.Index(wanted), method=method, tolerance=tolerance)  # type: ignore[arg-type]  # xarray's names for methods are pandas'
    return [known[int(position)] if position >= 0 else np.nan for position in positions]
