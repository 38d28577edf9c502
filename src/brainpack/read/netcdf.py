"""netCDF file -> assembly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, overload

from brainpack.layout import PRESENTATION
from brainpack.objects.assemblies import DataAssembly, MetadataAssembly
from brainpack.objects.indexes import gather_indexes, repeated_dimensions
from brainpack.objects.stimuli import StimulusSet
from brainpack.objects.transform import merge_stimulus_metadata
from brainpack.read.container import NetcdfFile, decoding, refuse_what_hdf5_should_not_see
from brainpack.read.encoding import decoded_array
from brainpack.read.in_place import class_by_dimensions, with_names_of_today
from brainpack.workers import workers

if TYPE_CHECKING:
    import os

    import pandas as pd
    import xarray as xr

    from brainpack.read.chunks import Chunks
    from brainpack.workers import Workers

AssemblyT = TypeVar("AssemblyT", bound=DataAssembly)


@overload
def read_assembly(
    path: str | os.PathLike[str],
    cls: type[AssemblyT],
    *,
    stimulus_set_identifier: str | None = None,
    stimulus_set: pd.DataFrame | None = None,
    is_verified: bool = False,
    merges: bool = True,
    chunks: Chunks = None,
) -> AssemblyT: ...
@overload
def read_assembly(
    path: str | os.PathLike[str],
    cls: type[DataAssembly] | None,
    *,
    stimulus_set_identifier: str | None = None,
    stimulus_set: pd.DataFrame | None = None,
    is_verified: bool = False,
    merges: bool = True,
    chunks: Chunks = None,
) -> DataAssembly: ...
@repeated_dimensions()
def read_assembly(
    path: str | os.PathLike[str],
    cls: type[DataAssembly] | None,
    *,
    stimulus_set_identifier: str | None = None,
    stimulus_set: pd.DataFrame | None = None,
    is_verified: bool = False,
    merges: bool = True,
    chunks: Chunks = None,
) -> DataAssembly:
    """Read an assembly with its extras.

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
    merges : bool
        False to have the stimulus set in ``attrs`` only, whatever the class says.
    chunks : int, "auto", mapping of dimension to these, or None
        None reads the values, and the file is closed afterwards. Anything else makes them a dask array, read from
        the file when they are computed: {} has the chunks of the file as blocks, "auto" blocks of the size that dask
        is set to, -1 a single one, and a number at least that many entries along each dimension. Blocks are aligned:
        they consist of whole chunks of the file, for which numbers are rounded up. Dimensions that an array does not
        have are passed over. Coordinates are always in memory.

    Returns
    -------
    DataAssembly
        Each group of the file that is not empty is a MetadataAssembly in ``attrs``. A lazy one keeps the file open
        until ``close()``, or until it is garbage.

    Raises
    ------
    NotFound
        No such file.
    StoreError
        The file cannot be read, or memory is too small for it.
    InvalidData
        It is not netCDF-4, or it is damaged, or it does not say which variable holds the values, or its values are
        in another file, or stimuli are unknown. What is damaged of lazy values is found when they are computed.
    SettingsError
        `chunks` makes no sense, or dask is not installed.
    """
    path = Path(path)
    refuse_what_hdf5_should_not_see(path, is_verified=is_verified, is_lazy=chunks is not None)
    file = NetcdfFile(path)
    try:
        with workers(use_cluster=False) as crew:
            groups = file.group_names()
            array = _array(file, None, chunks, crew)
            extras = {name: _array(file, name, chunks, crew) for name in groups}
        assembly = (cls or class_by_dimensions(array.dims))(array)
        assembly = _with_stimuli(assembly, stimulus_set_identifier, stimulus_set, merges=merges)
        for name, extra_array in extras.items():
            extra = MetadataAssembly(extra_array)
            assembly.attrs[name] = _with_stimuli(extra, stimulus_set_identifier, stimulus_set, merges=merges)
    except BaseException:
        file.close()
        raise
    if chunks is None:
        file.close()
    else:
        assembly.set_close(file.close)
    return assembly


def _array(file: NetcdfFile, group: str | None, chunks: Chunks, crew: Workers) -> xr.DataArray:
    with decoding(str(file.path)):
        array, levels = decoded_array(file, group, chunks, crew)
        return gather_indexes(with_names_of_today(array), levels)


def _with_stimuli(
    assembly: AssemblyT, stimulus_set_identifier: str | None, stimulus_set: pd.DataFrame | None, *, merges: bool
) -> AssemblyT:
    identifier = stimulus_set_identifier
    if identifier is None and isinstance(stimulus_set, StimulusSet):  # a DataFrame may have such a column
        identifier = stimulus_set.identifier
    if stimulus_set is not None and merges and assembly.merges_stimuli and PRESENTATION in assembly.dims:
        assembly = merge_stimulus_metadata(assembly, stimulus_set)
    if identifier is not None:
        assembly.attrs["stimulus_set_identifier"] = identifier
    if stimulus_set is not None:
        assembly.attrs["stimulus_set"] = stimulus_set
    return assembly
