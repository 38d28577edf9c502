"""An array without labels, and a table for each of its dimensions -> labelled array."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from brainpack.errors import InvalidData, SettingsError
from brainpack.intake.columns import plain
from brainpack.read.access import reading, refuse_other_than_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt
    import pandas as pd


def read_npy(path: Path) -> npt.NDArray[Any]:
    """Open an array of numpy, which stays on the disk until it is used.

    Raises
    ------
    NotFound, StoreError
        It is not there, or cannot be read.
    InvalidData
        It is no array, or holds Python objects, which are code.
    """
    refuse_other_than_file(path)
    try:
        array: npt.NDArray[Any] = np.lib.format.open_memmap(path, mode="r")
    except OSError:
        with reading(path):
            raise
    except (ValueError, EOFError, TypeError, SyntaxError, OverflowError, MemoryError) as error:
        raise InvalidData(
            f"{path} is not an array that can be read: {error}; save it with numpy.save, of numbers or text, "
            "not of Python objects"
        ) from error
    if array.dtype.names is not None:
        raise InvalidData(f"{path} has records with the fields {', '.join(array.dtype.names)}; save it as a table")
    return array


def labelled(
    array: npt.NDArray[Any], dims: Sequence[str] | None, tables: Mapping[str, pd.DataFrame], name: str
) -> xr.DataArray:
    """Give an array its dimensions, and the rows of a table to the entries of each.

    Parameters
    ----------
    array : ndarray of any shape
        Never copied.
    dims : sequence of str, optional
        Without it, there is a table for each dimension, and each has its length.
    tables : mapping of str to DataFrame
        By dimension, in the order of the array.
    name : str
        For messages.

    Raises
    ------
    InvalidData
        A table has another number of rows than its dimension has entries.
    SettingsError
        Dimensions are not clear, or not those of the array.

    Examples
    --------
    >>> import pandas as pd
    >>> stimuli, units = pd.DataFrame({"stimulus_id": ["a", "b"]}), pd.DataFrame({"neuroid_id": [1, 2, 3]})
    >>> labelled(np.zeros((3, 2)), None, {"presentation": stimuli, "neuroid": units}, "rates").dims
    ('neuroid', 'presentation')
    """
    lengths = {dim: len(table) for dim, table in tables.items()}
    if dims is None:
        dims = _by_lengths(array.shape, lengths, name)
    array = _of_as_many_axes(array, dims, lengths, name)
    if strangers := [dim for dim in tables if dim not in dims]:
        raise SettingsError(f"metadata of {strangers[0]} are given, but {name} has the dimensions {', '.join(dims)}")
    for dim, length in zip(dims, array.shape, strict=True):
        if dim in lengths and lengths[dim] != length:
            raise InvalidData(
                f"{name} has {length} entries along {dim}, and the table of {dim}s {lengths[dim]} rows; "
                "give a row for each, or correct dims"
            )
    coords: dict[str, Any] = {}
    for dim, table in tables.items():
        if again := [str(column) for column in table.columns if column in coords]:
            raise InvalidData(f"{name}: {', '.join(again)} is in two tables; rename it in one of them")
        coords |= {str(column): (dim, plain(table[column])) for column in table.columns}
    return xr.DataArray(array, coords=coords, dims=tuple(dims))


def _by_lengths(shape: Sequence[int], lengths: Mapping[str, int], name: str) -> tuple[str, ...]:
    fitting = {
        order
        for order in permutations(lengths)
        if len(order) == len(shape) and tuple(lengths[dim] for dim in order) == tuple(shape)
    }
    if len(fitting) != 1:
        rows = ", ".join(f"{length} {dim}s" for dim, length in lengths.items()) or "none"
        raise SettingsError(
            f"{name} has the shape {tuple(shape)}, and the tables {rows}: which dimension is which is not clear; "
            "say it by the option dims, for instance presentation,neuroid"
        )
    return fitting.pop()


def _of_as_many_axes(
    array: npt.NDArray[Any], dims: Sequence[str], lengths: Mapping[str, int], name: str
) -> npt.NDArray[Any]:
    """Leave out axes of length one, or add them, where that can be understood in one way only."""
    shapes = _shapes(array.shape, len(dims))
    fitting = {
        shape for shape in shapes if all(lengths.get(dim, n) == n for dim, n in zip(dims, shape, strict=True))
    } or shapes
    if len(fitting) != 1:
        raise SettingsError(
            f"{name} has the shape {array.shape}, which {len(dims)} dimensions ({', '.join(dims)}) "
            + (f"fit in {len(fitting)} ways: {', '.join(map(str, sorted(fitting)))}" if fitting else "do not fit")
            + "; save it with an axis for each dimension, or correct dims"
        )
    return array.reshape(fitting.pop())


def _shapes(shape: Sequence[int], count: int) -> set[tuple[int, ...]]:
    """Shapes of as many axes that differ in axes of length one."""
    if len(shape) < count:
        added = combinations(range(count), count - len(shape))
        return {
            tuple(np.insert(np.array(shape, np.int64), [at - n for n, at in enumerate(places)], 1).tolist())
            for places in added
        }
    ones = [axis for axis, length in enumerate(shape) if length == 1]
    return {tuple(np.delete(shape, places).tolist()) for places in combinations(ones, len(shape) - count)}
