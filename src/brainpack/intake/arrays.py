"""An array without labels, and a table for each of its dimensions -> labelled array."""

from __future__ import annotations

from itertools import permutations
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
    array = _of_as_many_axes(array, dims, name)
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


def _of_as_many_axes(array: npt.NDArray[Any], dims: Sequence[str], name: str) -> npt.NDArray[Any]:
    """Leave out axes of length one that MATLAB and others add, or add those that they leave out."""
    if array.ndim > len(dims):
        ones = [axis for axis, length in enumerate(array.shape) if length == 1]
        array = array.squeeze(tuple(ones[: array.ndim - len(dims)]))
    if array.ndim < len(dims):
        array = array.reshape(*array.shape, *(1 for _ in range(len(dims) - array.ndim)))
    if array.ndim != len(dims):
        raise SettingsError(
            f"{name} has the shape {array.shape}, which {len(dims)} dimensions ({', '.join(dims)}) do not fit"
        )
    return array
