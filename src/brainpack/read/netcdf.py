"""netCDF file -> assembly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

import h5py
import numpy as np
import xarray as xr

from brainpack.errors import InvalidData, NotFound, StoreError
from brainpack.layout import (
    DATA_VARIABLE,
    LEGACY_STIMULUS_ID,
    PRESENTATION,
    STIMULUS_ID,
    UNNAMED_DATA_VARIABLE,
)
from brainpack.objects.assemblies import (
    BehavioralAssembly,
    DataAssembly,
    MetadataAssembly,
    NeuroidAssembly,
    SpikeTimesAssembly,
)
from brainpack.objects.indexes import repeated_dimensions
from brainpack.objects.transform import merge_stimulus_metadata

if TYPE_CHECKING:
    import os
    from collections.abc import Hashable

    import pandas as pd

AssemblyT = TypeVar("AssemblyT", bound=DataAssembly)

_CLASSES_BY_DIMENSIONS: Final = (NeuroidAssembly, SpikeTimesAssembly, BehavioralAssembly)


@overload
def read_assembly(
    path: str | os.PathLike[str],
    cls: type[AssemblyT],
    *,
    stimulus_set_identifier: str | None = None,
    stimulus_set: pd.DataFrame | None = None,
) -> AssemblyT: ...
@overload
def read_assembly(
    path: str | os.PathLike[str],
    cls: type[DataAssembly] | None,
    *,
    stimulus_set_identifier: str | None = None,
    stimulus_set: pd.DataFrame | None = None,
) -> DataAssembly: ...
def read_assembly(
    path: str | os.PathLike[str],
    cls: type[DataAssembly] | None,
    *,
    stimulus_set_identifier: str | None = None,
    stimulus_set: pd.DataFrame | None = None,
) -> DataAssembly:
    """Read an assembly with its extras; the file is closed afterwards.

    Parameters
    ----------
    path : path
        A netCDF-4 file. Its values are in the variable `data`, in one without a name, or in the only one.
    cls : type or None
        Class of the result; None for the first of NeuroidAssembly, SpikeTimesAssembly and BehavioralAssembly that
        the dimensions fit, and otherwise DataAssembly.
    stimulus_set_identifier : str, optional
        Overrides what the file says.
    stimulus_set : DataFrame, optional
        Goes into ``attrs``; merged onto `presentation` where the class says so.

    Returns
    -------
    DataAssembly
        Each group of the file is a MetadataAssembly in ``attrs``.

    Raises
    ------
    NotFound
        No such file.
    StoreError
        The file cannot be read.
    InvalidData
        It is not netCDF-4, or it does not say which variable holds the values, or stimuli are unknown.
    """
    path = Path(path)
    groups = _group_names(path)
    array = _read_group(path, None)
    assembly = (cls or _class_of(array))(array)
    assembly = _with_stimuli(assembly, stimulus_set_identifier, stimulus_set)
    for name in groups:
        extra = MetadataAssembly(_read_group(path, name))
        assembly.attrs[name] = _with_stimuli(extra, stimulus_set_identifier, stimulus_set)
    return assembly


def _class_of(array: xr.DataArray) -> type[DataAssembly]:
    return next((cls for cls in _CLASSES_BY_DIMENSIONS if cls.accepts(array.dims)), DataAssembly)


def _group_names(path: Path) -> list[str]:
    try:
        with h5py.File(path) as file:
            return [name for name, item in file.items() if isinstance(item, h5py.Group)]
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}") from error
    except OSError as error:
        if error.errno is not None:
            raise StoreError(f"{path} could not be read: {error.strerror or error}") from error
        raise InvalidData(f"{path} is not a netCDF-4 file, or it is damaged: {error}") from error


def _read_group(path: Path, group: str | None) -> xr.DataArray:
    where = f"{path}, group {group!r}" if group else str(path)
    try:
        # decode_timedelta: numbers whose units happen to be 'seconds' stay numbers
        with (
            repeated_dimensions(),
            xr.open_dataset(path, engine="h5netcdf", group=group, decode_timedelta=False) as dataset,
        ):
            array = dataset[_data_variable(list(dataset.data_vars), where)].load()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        if isinstance(error, InvalidData):
            raise
        raise InvalidData(f"{where} could not be read as a netCDF-4 array: {error}") from error
    return _with_stimulus_id(_with_plain_names(_with_durations(array))).rename(None)


def _data_variable(names: list[Hashable], where: str) -> Hashable:
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
    """Nanoseconds that were written as durations are durations again."""
    durations = [name for name, coord in array.coords.items() if _is_duration(coord.attrs)]
    array = array.assign_coords({name: (array[name].dims, _as_duration(array[name].values)) for name in durations})
    if _is_duration(array.attrs):
        array = array.copy(data=_as_duration(array.values))
        del array.attrs["units"], array.attrs["dtype"]
    return array


def _is_duration(attributes: dict[Any, Any]) -> bool:
    return str(attributes.get("dtype", "")).startswith("timedelta64") and attributes.get("units") == "nanoseconds"


def _as_duration(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return values.astype(np.int64).astype("timedelta64[ns]")


def _with_plain_names(array: xr.DataArray) -> xr.DataArray:
    """Coordinates that old clients wrote as `neuroid_` or `neuroid_level_0` are `neuroid`."""
    for dim in dict.fromkeys(array.dims):
        for old in (f"{dim}_", f"{dim}_level_0"):
            if old in array.coords and array[old].dims == (dim,) and dim not in array.coords:
                values = array[old].values
                array = array.drop_vars(old).assign_coords({dim: (dim, values)})
    return array


def _with_stimulus_id(array: xr.DataArray) -> xr.DataArray:
    if LEGACY_STIMULUS_ID in array.coords and STIMULUS_ID not in array.coords:
        ids = array[LEGACY_STIMULUS_ID]
        array = array.assign_coords({STIMULUS_ID: (ids.dims, ids.values)})
    return array


def _with_stimuli(
    assembly: AssemblyT, stimulus_set_identifier: str | None, stimulus_set: pd.DataFrame | None
) -> AssemblyT:
    identifier = stimulus_set_identifier or getattr(stimulus_set, "identifier", None)
    if stimulus_set is not None and assembly.merges_stimuli and PRESENTATION in assembly.dims:
        assembly = merge_stimulus_metadata(assembly, stimulus_set)
    if identifier is not None:
        assembly.attrs["stimulus_set_identifier"] = identifier
    if stimulus_set is not None:
        assembly.attrs["stimulus_set"] = stimulus_set
    return assembly
