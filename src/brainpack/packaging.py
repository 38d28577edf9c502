"""The packaging API of Brain-Score: 15 functions with its names, arguments and results.

Where brainscore_core changed its arguments, wrote other bytes for the same data, or let bad input pass, these
functions do the right thing; docs/differences.md lists every difference.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar

from brainpack import pipeline
from brainpack.checks import (
    check_experiment_stimulus_set,
    check_image_format,
    check_naming_convention,
    check_stimulus_naming_convention,
    check_stimulus_numbers,
)
from brainpack.errors import NotAvailable
from brainpack.settings import Settings
from brainpack.write.stimuli import published_columns

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    import pandas as pd
    import xarray as xr

    AnyPath = str | os.PathLike[str]

__all__ = [
    "check_experiment_stimulus_set",
    "check_image_format",
    "check_naming_convention",
    "check_stimulus_naming_convention",
    "check_stimulus_numbers",
    "create_stimulus_csv",
    "create_stimulus_zip",
    "extract_specific",
    "get_user_info",
    "package_data_assembly",
    "package_data_assembly_locally",
    "package_stimulus_set",
    "package_stimulus_set_locally",
    "upload_to_s3",
    "write_netcdf",
]

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def _also_called(
    **current_names: str,
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Accept an argument under the name that older scripts use for it."""

    def decorate(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @functools.wraps(function)
        def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            renamed: dict[str, Any] = {current_names.get(name, name): value for name, value in kwargs.items()}
            return function(*args, **renamed)

        return call

    return decorate


# ------------------------------------------------------------------------------------------- packaging


@_also_called(assembly_class="assembly_class_name")
def package_data_assembly_locally(
    proto_data_assembly: xr.DataArray,
    assembly_identifier: str,
    stimulus_set_identifier: str,
    assembly_class_name: str = "NeuroidAssembly",
    downloads_path: AnyPath | None = None,
    extras: Mapping[str, xr.DataArray] | None = None,
) -> dict[str, str]:
    """Package an assembly into a folder: a netCDF file, and a record beside it.

    Parameters
    ----------
    proto_data_assembly : DataArray
        Measurements with all their metadata as coordinates; never changed. Dimensions by class: `presentation`,
        `neuroid` and perhaps `time_bin` for a NeuroidAssembly and its subclasses; `event` for SpikeTimesAssembly
        and MetadataAssembly; `presentation` and anything else for a BehavioralAssembly; anything for a
        PropertyAssembly or DataAssembly. A `presentation` dimension has a coordinate `stimulus_id`. Values and
        coordinates keep their dtype: integers, float32 or float64, bool, text, datetime64, timedelta64.
    assembly_identifier : str
        For instance "lab.Author2026".
    stimulus_set_identifier : str
        Of the stimulus set that `stimulus_id` refers to.
    assembly_class_name : str
        Also accepted as `assembly_class`.
    downloads_path : path, optional
        Target folder; `~/Downloads/brainscore_packages` by default. Files of an earlier run are replaced.
    extras : mapping of str to DataArray, optional
        Further arrays, each to become a group of the file.

    Returns
    -------
    dict
        `identifier`, `path` and `sha1` of the netCDF file, `cls`: all str.

    Raises
    ------
    InvalidData
        Something is wrong with the input; all problems are in the message, and nothing was written.
    StoreError
        The folder cannot be written, or the disk is full; nothing partial was left behind.

    Examples
    --------
    >>> import tempfile, numpy as np, xarray as xr
    >>> rates = xr.DataArray(
    ...     np.zeros((2, 3), dtype="float32"),
    ...     coords={
    ...         "stimulus_id": ("presentation", ["left", "right"]),
    ...         "repetition": ("presentation", [0, 0]),
    ...         "neuroid_id": ("neuroid", [1, 2, 3]),
    ...         "region": ("neuroid", ["V4", "V4", "IT"]),
    ...     },
    ...     dims=("presentation", "neuroid"),
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result = package_data_assembly_locally(rates, "lab.Author2026", "lab.Author2026", downloads_path=folder)
    >>> result["cls"], len(result["sha1"])
    ('NeuroidAssembly', 40)
    """
    folder = _folder(downloads_path)
    record = pipeline.package_assembly(
        proto_data_assembly, assembly_identifier, stimulus_set_identifier, assembly_class_name, folder, extras
    )
    file = record.file(".nc")
    return {
        "identifier": assembly_identifier,
        "path": str(folder / file.name),
        "sha1": file.sha1,
        "cls": assembly_class_name,
    }


def package_stimulus_set_locally(
    proto_stimulus_set: pd.DataFrame, stimulus_set_identifier: str, downloads_path: AnyPath | None = None
) -> dict[str, str]:
    """Package a stimulus set into a folder: a CSV, a ZIP, and a record beside them.

    Parameters
    ----------
    proto_stimulus_set : StimulusSet, or DataFrame with the attribute `stimulus_paths`
        One row per stimulus with a column `stimulus_id` (text or integers; `image_id` in old sets) and any
        metadata; never changed. `stimulus_paths` maps every id to a file. A column `filename` must hold the names
        that the files get in the ZIP: the id with the file's suffix, or the column `stimulus_path_within_store`
        with it.
    stimulus_set_identifier : str
        For instance "lab.Author2026".
    downloads_path : path, optional
        Target folder; `~/Downloads/brainscore_packages` by default. Files of an earlier run are replaced.

    Returns
    -------
    dict
        `identifier`, `csv_path`, `zip_path`, `csv_sha1`, `zip_sha1`: all str.

    Raises
    ------
    InvalidData
        Something is wrong with the input; all problems are in the message, and nothing was written.
    StoreError
        The folder cannot be written, or the disk is full; nothing partial was left behind.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> from brainpack import StimulusSet
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "photo.png")
    ...     Image.new("L", (8, 8)).save(path)
    ...     stimuli = StimulusSet({"stimulus_id": ["photo"], "category": ["none"]})
    ...     stimuli.stimulus_paths = {"photo": path}
    ...     result = package_stimulus_set_locally(stimuli, "lab.Author2026", downloads_path=folder)
    >>> Path(result["zip_path"]).name
    'stimulus_lab_Author2026.zip'
    """
    folder = _folder(downloads_path)
    record = pipeline.package_stimuli(proto_stimulus_set, stimulus_set_identifier, folder)
    csv, archive = record.file(".csv"), record.file(".zip")
    return {
        "identifier": stimulus_set_identifier,
        "csv_path": str(folder / csv.name),
        "zip_path": str(folder / archive.name),
        "csv_sha1": csv.sha1,
        "zip_sha1": archive.sha1,
    }


@_also_called(assembly_class="assembly_class_name")
def package_data_assembly(
    catalog_identifier: Any,
    proto_data_assembly: xr.DataArray | None = None,
    assembly_identifier: str | None = None,
    stimulus_set_identifier: str | None = None,
    assembly_class_name: str = "NeuroidAssembly",
    bucket_name: str = "brainio-temp",
    extras: Mapping[str, xr.DataArray] | None = None,
) -> dict[str, str | None]:
    """Publish an assembly to S3. This version cannot do that yet: use `package_data_assembly_locally`.

    Raises
    ------
    NotAvailable
        Always, before anything is written.
    """
    del catalog_identifier, proto_data_assembly, stimulus_set_identifier, assembly_class_name, extras
    _not_available(f"assembly {assembly_identifier!r}", bucket_name, "package_data_assembly_locally")


def package_stimulus_set(
    catalog_name: Any,
    proto_stimulus_set: pd.DataFrame | None = None,
    stimulus_set_identifier: str | None = None,
    bucket_name: str = "brainio-temp",
) -> dict[str, str | None]:
    """Publish a stimulus set to S3. This version cannot do that yet: use `package_stimulus_set_locally`.

    Raises
    ------
    NotAvailable
        Always, before anything is written.
    """
    del catalog_name, proto_stimulus_set
    _not_available(f"stimulus set {stimulus_set_identifier!r}", bucket_name, "package_stimulus_set_locally")


def upload_to_s3(source_file_path: AnyPath, bucket_name: str, target_s3_key: str) -> dict[str, Any]:
    """Upload a file to S3. This version cannot do that yet.

    Raises
    ------
    NotAvailable
        Always.
    """
    _not_available(f"{source_file_path} as {target_s3_key}", bucket_name, "your S3 client for the packaged files")


def _not_available(what: str, bucket_name: str, instead: str) -> NoReturn:
    raise NotAvailable(
        f"{what} was not published to {bucket_name}: publishing to S3 is not available yet in this version of "
        f"brainpack, and nothing was written. Use {instead}"
    )


def get_user_info(sts_client: Any) -> tuple[str, str]:
    """Account and name of the AWS user behind a client.

    Parameters
    ----------
    sts_client : boto3 client for "sts"

    Returns
    -------
    (str, str)
        Account id, and the last part of the caller's ARN.
    """
    identity = sts_client.get_caller_identity()
    return identity["Account"], identity["Arn"].rsplit("/", 1)[-1]


def _folder(path: AnyPath | None) -> Path:
    return Settings.from_environment().packages if path is None else Path(path).expanduser()


# ----------------------------------------------------------------------------------------- single files


def write_netcdf(
    assembly: xr.DataArray,
    target_netcdf_file: AnyPath,
    append: bool = False,
    group: str | None = None,
    compress: bool = True,
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
    compress : bool
        Deflate with byte shuffle.

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
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     len(write_netcdf(xr.DataArray([1, 2], dims="event"), Path(folder, "spikes.nc")))
    40
    """
    target = Path(target_netcdf_file).expanduser()
    return pipeline.write_netcdf_file(assembly, target, append=append, group=group, compress=compress).sha1


def create_stimulus_zip(proto_stimulus_set: pd.DataFrame, target_zip_path: AnyPath) -> tuple[str, list[str]]:
    """Pack the files of a stimulus set into a flat ZIP; each file is read once.

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
    digest, names = pipeline.write_stimulus_zip(proto_stimulus_set, Path(target_zip_path).expanduser())
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
    return pipeline.write_stimulus_csv(proto_stimulus_set, Path(target_path).expanduser()).sha1


def extract_specific(proto_stimulus_set: pd.DataFrame) -> list[str]:
    """Columns that go into the CSV: all but those about local files, in the caller's order.

    Examples
    --------
    >>> import pandas as pd
    >>> extract_specific(pd.DataFrame(columns=["stimulus_id", "stimulus_path_within_store", "category"]))
    ['stimulus_id', 'category']
    """
    return published_columns(proto_stimulus_set.columns)
