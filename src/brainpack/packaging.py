"""The packaging API of Brain-Score: 15 functions with its names, arguments and results.

Where brainscore_core changed its arguments, wrote other bytes for the same data, or let bad input pass, these
functions do the right thing; docs/differences.md lists every difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from brainpack import pipeline, publishing, uploads
from brainpack.calling import also_called, catalogue_may_be_left_out
from brainpack.checks import (
    check_experiment_stimulus_set,
    check_image_format,
    check_naming_convention,
    check_stimulus_naming_convention,
    check_stimulus_numbers,
)
from brainpack.layout import store_name
from brainpack.settings import Settings, with_home
from brainpack.single_files import create_stimulus_csv, create_stimulus_zip, extract_specific, write_netcdf
from brainpack.store.location import BucketFolder
from brainpack.uploads import get_user_info, upload_to_s3
from brainpack.validation.terms import Profile

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pandas as pd
    import xarray as xr

    from brainpack.layout import Kind
    from brainpack.record.records import Record
    from brainpack.write.filters import Compress

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

_EXPERIMENTS: Final = "brainio.requested"  # the bucket of stimuli that are to be shown in an experiment


@also_called(assembly_class="assembly_class_name")
def package_data_assembly_locally(
    proto_data_assembly: xr.DataArray,
    assembly_identifier: str,
    stimulus_set_identifier: str,
    assembly_class_name: str = "NeuroidAssembly",
    downloads_path: AnyPath | None = None,
    extras: Mapping[str, xr.DataArray] | None = None,
    *,
    compress: Compress = True,
    executor: Any = None,
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
    compress : bool or "fast"
        "fast" saves a fifth to two thirds of the time, for a file that may be a sixth larger.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Who computes and compresses lazy values. By default the cluster of the current Dask client, if there is one,
        and otherwise threads. The bytes do not depend on it.

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
        proto_data_assembly,
        assembly_identifier,
        stimulus_set_identifier,
        assembly_class_name,
        folder,
        extras,
        compress=compress,
        executor=executor,
    )
    file = record.file(".nc")
    return {
        "identifier": assembly_identifier,
        "path": str(folder / file.name),
        "sha1": file.sha1,
        "cls": assembly_class_name,
    }


def package_stimulus_set_locally(
    proto_stimulus_set: pd.DataFrame,
    stimulus_set_identifier: str,
    downloads_path: AnyPath | None = None,
    *,
    executor: Any = None,
) -> dict[str, str]:
    """Package a stimulus set into a folder: a CSV, a ZIP, and a record beside them.

    Parameters
    ----------
    proto_stimulus_set : StimulusSet, or DataFrame with the attribute `stimulus_paths`
        One row per stimulus with a column `stimulus_id` (text or integers; `image_id` in old sets) and any
        metadata; never changed. `stimulus_paths` maps every id to a file, or to a URL such as "s3://bucket/left.png",
        which needs `brainpack[remote]`. A column `filename` must hold the names that the files get in the ZIP: the id
        with the file's suffix, or the column `stimulus_path_within_store` with it.
    stimulus_set_identifier : str
        For instance "lab.Author2026".
    downloads_path : path, optional
        Target folder; `~/Downloads/brainscore_packages` by default. Files of an earlier run are replaced.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Who reads the files and looks into them. By default the cluster of the current Dask client, if there is one,
        and otherwise threads. Files that its workers do not see are read here. The bytes do not depend on it.

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
    >>> from pathlib import Path
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
    record = pipeline.package_stimuli(proto_stimulus_set, stimulus_set_identifier, folder, executor=executor)
    csv, archive = record.file(".csv"), record.file(".zip")
    return {
        "identifier": stimulus_set_identifier,
        "csv_path": str(folder / csv.name),
        "zip_path": str(folder / archive.name),
        "csv_sha1": csv.sha1,
        "zip_sha1": archive.sha1,
    }


@catalogue_may_be_left_out(data="proto_data_assembly")
@also_called(
    assembly_class="assembly_class_name",
    data_assembly_name="assembly_identifier",
    stimulus_set_name="stimulus_set_identifier",
)
def package_data_assembly(
    catalog_identifier: Any,
    proto_data_assembly: xr.DataArray,
    assembly_identifier: str,
    stimulus_set_identifier: str,
    assembly_class_name: str = "NeuroidAssembly",
    bucket_name: str = "brainio-temp",
    extras: Mapping[str, xr.DataArray] | None = None,
    *,
    compress: Compress = True,
    executor: Any = None,
) -> dict[str, str | None]:
    """Package an assembly and publish it to S3: a netCDF file, and then the record that names it.

    Nothing that is published is overwritten. Publishing the same data again changes nothing and gives the same
    result; a run that was killed continues where it was. The package is built in `$BRAINIO_HOME` and stays there.

    Parameters
    ----------
    catalog_identifier : object
        Of a table that no longer exists; ignored, and may be left out.
    proto_data_assembly, assembly_identifier, stimulus_set_identifier, assembly_class_name, extras, compress, executor
        As for `package_data_assembly_locally`.
    bucket_name : str
        "bucket" or "bucket/folder", of AWS or of any server that `AWS_ENDPOINT_URL_S3` names.

    Returns
    -------
    dict
        `identifier`, `version_id` (None where the bucket keeps no versions), `sha1`, `bucket` as it was given, `cls`.

    Raises
    ------
    InvalidData
        Something is wrong with the input; all problems are in the message, and nothing was written or sent.
    AlreadyPublished
        Other data are published under this identifier.
    NotFound, AccessDenied, Unavailable, StoreError, SettingsError
        There is no such bucket, it refuses, does not answer, or AWS is not set up.

    Examples
    --------
    What a registry of Brain-Score needs is in the result::

        package_data_assembly(None, rates, "lab.Author2026", "lab.Author2026", bucket_name="my-bucket/lab")
    """
    del catalog_identifier

    def package(folder: Path) -> Record:
        return pipeline.package_assembly(
            proto_data_assembly,
            assembly_identifier,
            stimulus_set_identifier,
            assembly_class_name,
            folder,
            extras,
            compress=compress,
            executor=executor,
        )

    record, version_ids = _package_and_publish(package, "assembly", assembly_identifier, bucket_name)
    file = record.file(".nc")
    return {
        "identifier": assembly_identifier,
        "version_id": version_ids[file.name],
        "sha1": file.sha1,
        "bucket": bucket_name,
        "cls": assembly_class_name,
    }


@catalogue_may_be_left_out(data="proto_stimulus_set")
@also_called(stimulus_set_name="stimulus_set_identifier")
def package_stimulus_set(
    catalog_name: Any,
    proto_stimulus_set: pd.DataFrame,
    stimulus_set_identifier: str,
    bucket_name: str = "brainio-temp",
    *,
    executor: Any = None,
) -> dict[str, str | None]:
    """Package a stimulus set and publish it to S3: a CSV and a ZIP, and then the record that names them.

    Nothing that is published is overwritten. Publishing the same data again changes nothing and gives the same
    result; a run that was killed continues where it was. The package is built in `$BRAINIO_HOME` and stays there.

    Parameters
    ----------
    catalog_name : object
        Of a table that no longer exists; ignored, and may be left out.
    proto_stimulus_set, stimulus_set_identifier, executor
        As for `package_stimulus_set_locally`.
    bucket_name : str
        "bucket" or "bucket/folder", of AWS or of any server that `AWS_ENDPOINT_URL_S3` names. Stimuli for the bucket
        "brainio.requested" have to be named, numbered and of the modes that `check_experiment_stimulus_set` asks for.

    Returns
    -------
    dict
        `identifier`, `bucket` as it was given, `csv_sha1`, `zip_sha1`, `csv_version_id`, `zip_version_id` (None where
        the bucket keeps no versions).

    Raises
    ------
    InvalidData
        Something is wrong with the input; all problems are in the message, and nothing was written or sent.
    AlreadyPublished
        Other data are published under this identifier.
    NotFound, AccessDenied, Unavailable, StoreError, SettingsError
        There is no such bucket, it refuses, does not answer, or AWS is not set up.

    Examples
    --------
    What a registry of Brain-Score needs is in the result::

        package_stimulus_set(None, stimuli, "lab.Author2026", "my-bucket/lab")
    """
    del catalog_name
    is_for_experiment = BucketFolder.parse(bucket_name).bucket == _EXPERIMENTS

    def package(folder: Path) -> Record:
        profile = Profile.EXPERIMENT if is_for_experiment else Profile.DRAFT
        return pipeline.package_stimuli(proto_stimulus_set, stimulus_set_identifier, folder, profile, executor=executor)

    record, version_ids = _package_and_publish(package, "stimulus_set", stimulus_set_identifier, bucket_name)
    csv, archive = record.file(".csv"), record.file(".zip")
    return {
        "identifier": stimulus_set_identifier,
        "bucket": bucket_name,
        "csv_sha1": csv.sha1,
        "zip_sha1": archive.sha1,
        "csv_version_id": version_ids[csv.name],
        "zip_version_id": version_ids[archive.name],
    }


def _package_and_publish(
    package: Callable[[Path], Record], kind: Kind, identifier: str, bucket_name: str
) -> tuple[Record, dict[str, str | None]]:
    """Build a package, send its files by `upload_to_s3`, which scripts replace, and let the record follow them."""
    settings = Settings.from_environment()
    record = package(folder := settings.home / store_name(kind, identifier))
    answers: dict[str, Any] = {}
    with publishing.noting_what_is_there(bucket_name, answers):
        for file in record.files:
            if upload_to_s3 is uploads.upload_to_s3:  # which would read the file to digest it
                where = BucketFolder.parse(bucket_name)
                answers[file.name] = publishing.upload(folder / file.name, where, file.name, file.digest)
            else:
                answers[file.name] = upload_to_s3(str(folder / file.name), bucket_name, file.name) or {}
        publishing.publish_record_beside(record, answers)
    return record, {name: answer.get("VersionId") for name, answer in answers.items()}


def _folder(path: AnyPath | None) -> Path:
    return Settings.from_environment().packages if path is None else with_home(path)
