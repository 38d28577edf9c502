"""Two assemblies, compared."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from brainpack.comparing.arrays import opened_arrays
from brainpack.comparing.differences import Differs, OnlyIn, Sizes
from brainpack.comparing.values import compare_arrays

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from brainpack.comparing.arrays import FileGroup
    from brainpack.comparing.differences import Difference, Tolerance

_NAME_OF_THE_PACKAGE = "identifier"  # two packages may well have different ones


def compare_assemblies(a: Path, b: Path, tolerance: Tolerance, *, with_values: bool = True) -> Iterator[Difference]:
    """Compare two netCDF files, of each of which a few megabytes are in memory at a time.

    Parameters
    ----------
    a, b : Path
    tolerance : Tolerance
    with_values : bool
        Whether to compare more than the attributes.

    Yields
    ------
    Difference
        First of the assembly, then of its extras.

    Raises
    ------
    NotFound, InvalidData, StoreError
        A file is not there, cannot be understood, or cannot be read.
    """
    with ExitStack() as files:
        assembly_a, extras_a = files.enter_context(opened_arrays(a))
        assembly_b, extras_b = files.enter_context(opened_arrays(b))
        yield from _compare_groups("", assembly_a, assembly_b, tolerance, with_values=with_values)
        yield from only_in_one("extras", extras_a, extras_b)
        for name in (name for name in extras_a if name in extras_b):
            where = f"extra {name!r}, "
            yield from _compare_groups(where, extras_a[name], extras_b[name], tolerance, with_values=with_values)


def only_in_one(what: str, a: Collection[str], b: Collection[str]) -> Iterator[OnlyIn]:
    """Names that one side lacks."""
    if only_a := [name for name in a if name not in b]:
        yield OnlyIn(what, "A", tuple(only_a))
    if only_b := [name for name in b if name not in a]:
        yield OnlyIn(what, "B", tuple(only_b))


def _compare_groups(
    where: str, a: FileGroup, b: FileGroup, tolerance: Tolerance, *, with_values: bool
) -> Iterator[Difference]:
    if with_values:
        if a.values.dims == b.values.dims and a.values.shape != b.values.shape:
            sizes = (Sizes(group.values.dims, group.values.shape) for group in (a, b))
            yield Differs(f"{where}sizes", *sizes)
        yield from compare_arrays(f"{where}values", a.values, b.values, a.coords, tolerance)
        yield from only_in_one(f"{where}coordinates", a.coords, b.coords)
        for name, coord in a.coords.items():
            if name in b.coords:
                what = f"{where}coordinate {name!r}"
                yield from compare_arrays(what, coord, b.coords[name], a.coords, tolerance)
    yield from _compare_attributes(where, a.attributes, b.attributes)


def _compare_attributes(where: str, a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Difference]:
    left, right = _without_name(a), _without_name(b)
    yield from only_in_one(f"{where}attributes", left, right)
    for name in (name for name in left if name in right):
        if repr(left[name]) != repr(right[name]):  # NaN is equal to NaN
            yield Differs(f"{where}attribute {name!r}", left[name], right[name])


def _without_name(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in attributes.items() if name != _NAME_OF_THE_PACKAGE}


def _plain(attribute: Any) -> Any:
    """An attribute as Python has it; a list of one is its only item, as in files."""
    items = np.atleast_1d(attribute).tolist()
    return items[0] if len(items) == 1 else items
