"""What netCDF stores -> values, after the CF conventions: the mirror of how they are written."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from brainpack.errors import InvalidData
from brainpack.layout import DATA_VARIABLE, UNNAMED_DATA_VARIABLE
from brainpack.objects.levels import Level
from brainpack.read.chunks import lazy_values
from brainpack.read.container import StoredGroup, decoding
from brainpack.read.texts import level_of_texts
from brainpack.resources import require_memory
from brainpack.workers import Task

if TYPE_CHECKING:
    from collections.abc import Hashable

    from brainpack.read.chunks import Chunks
    from brainpack.read.container import NetcdfFile
    from brainpack.workers import Workers

_UNITS: Final = {
    "nanoseconds": "ns", "microseconds": "us", "milliseconds": "ms", "seconds": "s", "minutes": "m", "hours": "h",
    "days": "D",
}  # fmt: skip
_ENTRIES_AND_LETTERS: Final = 2
_WORTH_TASKS: Final = 1 << 20  # bytes
_MOST_LETTERS: Final = 64 << 20  # bytes of coordinates that are read at a time


def decoded_array(
    file: NetcdfFile, group: str | None, chunks: Chunks, crew: Workers
) -> tuple[xr.DataArray, dict[Hashable, Level]]:
    """Decode the variable with the values of a group, and its coordinates.

    Parameters
    ----------
    file : NetcdfFile
    group : str or None
        None for the root of the file.
    chunks : see `brainpack.read.chunks`
        None for values in memory; coordinates always are.
    crew : Workers
        Threads of this process, who read values, and coordinates of text.

    Returns
    -------
    (DataArray, dict)
        The array, and for coordinates of text the levels that `gather_indexes` takes. Their values are not read yet.

    Raises
    ------
    InvalidData
        It is damaged, or does not say which variable holds the values.
    StoreError
        Memory is too small for it.
    """
    where = f"{file.path}, group {group!r}" if group else str(file.path)
    with decoding(where):
        stored = StoredGroup(file, group, crew if chunks is None else None)
        # decode_timedelta: numbers whose units happen to be 'seconds' stay numbers
        dataset = xr.decode_cf(stored, decode_timedelta=False)
        array = dataset[data_variable([*dataset.data_vars], where)]
        if chunks is None:
            require_memory(array.nbytes, f"loading {where}", _advice)
        levels = _read_coordinates(array, stored, crew)
        if chunks is None or stored.is_text(str(array.name)):
            stored.load_decoded(array.variable, str(array.name))
        if chunks is not None:
            array = array.copy(deep=False, data=lazy_values(array.variable, chunks, where))
        return _with_durations(array).rename(None), levels


def _read_coordinates(array: xr.DataArray, stored: StoredGroup, crew: Workers) -> dict[Hashable, Level]:
    """Read all coordinates but those of which the levels are returned."""
    texts: list[str] = []
    for name, variable in array.coords.variables.items():
        if name not in array.dims and variable.ndim == 1 and _is_plain_text(stored, str(name)):
            texts.append(str(name))
        else:
            stored.load_decoded(variable, str(name))
    return _levels(texts, stored, crew)


def _advice(_: int) -> str:
    return 'pass chunks="auto", which leaves the values in the file until they are computed'


def _levels(names: list[str], stored: StoredGroup, crew: Workers) -> dict[Hashable, Level]:
    sizes = {name: stored.variables[name].nbytes for name in names}
    if sum(sizes.values()) < _WORTH_TASKS:
        return {name: _level(name, stored) for name in names}
    tasks = (Task(_level, (name, stored), size) for name, size in sizes.items())
    return dict(zip(names, crew.results(tasks, _MOST_LETTERS), strict=True))


def _level(name: str, stored: StoredGroup) -> Level:
    variable = stored.variables[name]
    if not stored.is_text(name):
        return level_of_texts(name, variable.values, variable.attrs.get("missing_value"))
    letters = stored.letters(name)
    level = None if letters is None else level_of_texts(name, letters, missing=None)
    if level is None or any("\0" in text for text in level.values):  # where a text ends for HDF5
        level = Level.of(name, variable.values)
    return level


def _is_plain_text(stored: StoredGroup, name: str) -> bool:
    """Whether a variable holds text as brainpack and xarray write it, with nothing else to be decoded."""
    variable = stored.variables[name]
    attributes = dict(variable.attrs)
    if stored.is_text(name):
        return not attributes
    encoding, missing = attributes.pop("_Encoding", None), attributes.pop("missing_value", "")
    is_text = encoding == "utf-8" and isinstance(missing, str) and not attributes
    return is_text and variable.dtype == "S1" and variable.ndim == _ENTRIES_AND_LETTERS and variable.shape[-1] > 0


def data_variable(names: list[Hashable], where: str) -> Hashable:
    """Name the variable with the values.

    Raises
    ------
    InvalidData
        It could be any of several.
    """
    for known in (DATA_VARIABLE, UNNAMED_DATA_VARIABLE):
        if known in names:
            return known
    if len(names) == 1:
        return names[0]
    raise InvalidData(
        f"{where} has {len(names)} variables ({', '.join(map(str, names))}) and none is named {DATA_VARIABLE!r}; "
        "keep the one with the values, or name it so"
    )


def _with_durations(array: xr.DataArray) -> xr.DataArray:
    """Numbers that were written as durations are durations again."""
    for name, coord in array.coords.items():
        if unit := _unit_of_duration(coord.attrs):
            array = array.assign_coords({name: (coord.dims, _durations(coord.values, unit))})
    if unit := _unit_of_duration(array.attrs):
        decode = partial(_durations, unit=unit)
        is_lazy = array.chunks is not None
        data = array.data.map_blocks(decode, dtype="timedelta64[ns]") if is_lazy else decode(array.values)
        array = array.copy(deep=False, data=data)
        array.attrs = {name: value for name, value in array.attrs.items() if name not in {"units", "dtype"}}
    return array


def _unit_of_duration(attributes: dict[Any, Any]) -> str | None:
    is_duration = str(attributes.get("dtype", "")).startswith("timedelta64")
    return _UNITS.get(str(attributes.get("units"))) if is_duration else None


def _durations(values: np.ndarray[Any, Any], unit: str) -> np.ndarray[Any, Any]:
    if values.dtype.kind == "f":  # another tool marked missing ones as NaN
        parsed = pd.to_timedelta(values.ravel(), unit=unit)  # type: ignore[call-overload]  # units are literals there
        values = np.asarray(parsed).reshape(values.shape)
    else:
        values = values.astype(np.int64).astype(f"timedelta64[{unit}]")
    return values.astype("timedelta64[ns]")
