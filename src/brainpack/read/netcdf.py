"""netCDF file -> assembly."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

import h5py
import numpy as np
import pandas as pd
import xarray as xr

from brainpack.errors import BrainpackError, InvalidData, StoreError
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
from brainpack.objects.stimuli import StimulusSet
from brainpack.objects.transform import merge_stimulus_metadata
from brainpack.read.access import reading
from brainpack.read.heaps import damaged_heap

if TYPE_CHECKING:
    import os
    from collections.abc import Hashable, Iterator

AssemblyT = TypeVar("AssemblyT", bound=DataAssembly)

_CLASSIC: Final = b"CDF"
_UNITS: Final = {
    "nanoseconds": "ns", "microseconds": "us", "milliseconds": "ms", "seconds": "s", "minutes": "m", "hours": "h",
    "days": "D",
}  # fmt: skip
_CLASSES_BY_DIMENSIONS: Final = (NeuroidAssembly, SpikeTimesAssembly, BehavioralAssembly)


@overload
def read_assembly(
    path: str | os.PathLike[str],
    cls: type[AssemblyT],
    *,
    stimulus_set_identifier: str | None = None,
    stimulus_set: pd.DataFrame | None = None,
    is_verified: bool = False,
) -> AssemblyT: ...
@overload
def read_assembly(
    path: str | os.PathLike[str],
    cls: type[DataAssembly] | None,
    *,
    stimulus_set_identifier: str | None = None,
    stimulus_set: pd.DataFrame | None = None,
    is_verified: bool = False,
) -> DataAssembly: ...
@repeated_dimensions()
def read_assembly(
    path: str | os.PathLike[str],
    cls: type[DataAssembly] | None,
    *,
    stimulus_set_identifier: str | None = None,
    stimulus_set: pd.DataFrame | None = None,
    is_verified: bool = False,
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
    is_verified : bool
        Whether the file is known to be as it was written; others are searched for damage that HDF5 hangs on.

    Returns
    -------
    DataAssembly
        Each group of the file that is not empty is a MetadataAssembly in ``attrs``.

    Raises
    ------
    NotFound
        No such file.
    StoreError
        The file cannot be read, or memory is too small for it.
    InvalidData
        It is not netCDF-4, or it is damaged, or it does not say which variable holds the values, or its values are
        in another file, or stimuli are unknown.
    """
    path = Path(path)
    _refuse_what_hdf5_should_not_see(path, is_verified=is_verified)
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


@contextmanager
def _decoding(where: str) -> Iterator[None]:
    """Explain what HDF5 and the libraries on top of it could not read; Python has opened the file before."""
    try:
        yield
    except BrainpackError:
        raise
    except MemoryError as error:
        raise StoreError(f"{where} needs more memory than there is; read it on a larger machine") from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise StoreError(f"{where} could not be read: {error}; check that no program writes to it") from error
        raise InvalidData(
            f"{where} is not netCDF-4 as the format has it, or it is damaged: {error}; get a fresh copy"
        ) from error


def _refuse_what_hdf5_should_not_see(path: Path, *, is_verified: bool) -> None:
    with reading(path), path.open("rb") as file:
        is_classic = file.read(len(_CLASSIC)) == _CLASSIC
        damage = None if is_classic or is_verified else damaged_heap(file)
    if is_classic:
        raise InvalidData(f"{path} is netCDF-3, expected netCDF-4; convert it with 'nccopy -k nc4'")
    if damage is not None:
        raise InvalidData(f"{path} is damaged: the heap at byte {damage} is not one of HDF5; get a fresh copy")


def _group_names(path: Path) -> list[str]:
    """Name the groups that hold something."""
    with _decoding(str(path)), h5py.File(path) as file:
        groups = {name: item for name, item in _items(file, path) if isinstance(item, h5py.Group)}
        return [name for name, group in groups.items() if [*_items(group, path)]]


def _items(group: h5py.Group, path: Path) -> Iterator[tuple[str, Any]]:
    """What is in a group; refused where its values come from outside of the file."""
    for name in group:
        is_outside = isinstance(group.get(name, getlink=True), h5py.ExternalLink)
        item = None if is_outside else group[name]
        if is_outside or (isinstance(item, h5py.Dataset) and (item.external or item.is_virtual)):
            raise InvalidData(f"{path} takes {name!r} from another file, which is unsafe; store the values in it")
        yield name, item


def _read_group(path: Path, group: str | None) -> xr.DataArray:
    where = f"{path}, group {group!r}" if group else str(path)
    with _decoding(where):
        # decode_timedelta: numbers whose units happen to be 'seconds' stay numbers
        with xr.open_dataset(path.absolute(), engine="h5netcdf", group=group, decode_timedelta=False) as dataset:
            array = dataset[_data_variable([*dataset.data_vars], where)].load()
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
    """Numbers that were written as durations are durations again."""
    for name, coord in array.coords.items():
        if unit := _unit_of_duration(coord.attrs):
            array = array.assign_coords({name: (coord.dims, _durations(coord.values, unit))})
    if unit := _unit_of_duration(array.attrs):
        array = array.copy(data=_durations(array.values, unit))
        del array.attrs["units"], array.attrs["dtype"]
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
    identifier = stimulus_set_identifier
    if identifier is None and isinstance(stimulus_set, StimulusSet):  # a DataFrame may have such a column
        identifier = stimulus_set.identifier
    if stimulus_set is not None and assembly.merges_stimuli and PRESENTATION in assembly.dims:
        assembly = merge_stimulus_metadata(assembly, stimulus_set)
    if identifier is not None:
        assembly.attrs["stimulus_set_identifier"] = identifier
    if stimulus_set is not None:
        assembly.attrs["stimulus_set"] = stimulus_set
    return assembly
