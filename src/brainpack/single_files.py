"""Single files of a package: four functions of the packaging API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brainpack import pipeline
from brainpack.settings import with_home
from brainpack.write.stimuli import published_columns

if TYPE_CHECKING:
    import os

    import pandas as pd
    import xarray as xr

    from brainpack.write.filters import Compress

    AnyPath = str | os.PathLike[str]


def write_netcdf(
    assembly: xr.DataArray,
    target_netcdf_file: AnyPath,
    append: bool = False,
    group: str | None = None,
    compress: Compress = True,
    *,
    executor: Any = None,
) -> str:
    """Write an assembly to a netCDF-4 file.

    Parameters
    ----------
    assembly : DataArray
        Of any dimensions; never changed. All coordinates become plain variables.
    target_netcdf_file : path
        Its folder is made if needed.
    append : bool
        Add to a file that exists instead of replacing it.
    group : str, optional
        Write into a group of this name instead of the root.
    compress : bool or "fast"
        Deflate; "fast" saves a fifth to two thirds of the time, for a file that may be a sixth larger.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Who computes and compresses lazy values. By default the cluster of the current Dask client, if there is one,
        and otherwise threads. The bytes do not depend on it.

    Returns
    -------
    str
        SHA-1 of the file.

    Raises
    ------
    InvalidData
        netCDF cannot hold the assembly, or the group is already there; nothing was written.
    StoreError
        The file cannot be written.

    Examples
    --------
    >>> import tempfile, xarray as xr
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     len(write_netcdf(xr.DataArray([1, 2], dims="event"), Path(folder, "spikes.nc")))
    40
    """
    target = with_home(target_netcdf_file)
    return pipeline.write_netcdf_file(
        assembly, target, append=append, group=group, compress=compress, executor=executor
    ).sha1


def create_stimulus_zip(
    proto_stimulus_set: pd.DataFrame, target_zip_path: AnyPath, *, executor: Any = None
) -> tuple[str, list[str]]:
    """Pack the files of a stimulus set into a flat ZIP; each file is read once.

    Parameters
    ----------
    proto_stimulus_set : StimulusSet, or DataFrame with the attribute `stimulus_paths`
        As for `package_stimulus_set_locally`; never changed.
    target_zip_path : path
        Its folder is made if needed.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Who reads the files, as for `package_stimulus_set_locally`.

    Returns
    -------
    (str, list of str)
        SHA-1 of the ZIP, and the names inside it in row order.

    Raises
    ------
    InvalidData
        Something is wrong with the stimulus set; nothing was written.
    StoreError
        A stimulus cannot be read, or the ZIP cannot be written.
    """
    target = with_home(target_zip_path)
    digest, names = pipeline.write_stimulus_zip(proto_stimulus_set, target, executor=executor)
    return digest.sha1, names


def create_stimulus_csv(proto_stimulus_set: pd.DataFrame, target_path: AnyPath) -> str:
    """Write the table of a stimulus set, with its columns in their order.

    Returns
    -------
    str
        SHA-1 of the CSV.

    Raises
    ------
    InvalidData
        Something is wrong with the table; nothing was written.
    StoreError
        The file cannot be written.
    """
    return pipeline.write_stimulus_csv(proto_stimulus_set, with_home(target_path)).sha1


def extract_specific(proto_stimulus_set: pd.DataFrame) -> list[str]:
    """Columns that go into the CSV: all but those about local files, in the caller's order.

    Examples
    --------
    >>> import pandas as pd
    >>> extract_specific(pd.DataFrame(columns=["stimulus_id", "stimulus_path_within_store", "category"]))
    ['stimulus_id', 'category']
    """
    return published_columns(proto_stimulus_set.columns)
