"""`s3` of brainscore_core: published data and files, fetched, verified and cached.

Buckets are read with the credentials that there are, and without any where they are public.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from brainpack.cache.entries import Cache
from brainpack.compat.brainio.fetch import fetch_missing
from brainpack.compat.brainio.knownfile import KnownFile
from brainpack.loading import load_assembly_from_s3, load_stimulus_set_from_s3
from brainpack.locating import registered
from brainpack.settings import Settings, with_home

if TYPE_CHECKING:
    from collections.abc import Iterable

    AnyPath = str | os.PathLike[str]

__all__ = [
    "download_file_if_not_exists",
    "get_path",
    "load_assembly_from_s3",
    "load_file",
    "load_file_from_s3",
    "load_folder_from_s3",
    "load_stimulus_set_from_s3",
    "load_weight_file",
    "sha1_hash",
]


def get_path(
    identifier: str,
    file_type: str,
    bucket: str,
    version_id: str | None,
    sha1: str,
    filename_prefix: str | None = None,
    folder_name: str | None = None,
) -> str:
    """Return the local path of a file of a published data set, in the cache, fetched if it is not there.

    Parameters
    ----------
    identifier : str
    file_type : str
        "nc", "csv" or "zip".
    bucket : str
    version_id : str or None
        None for the current version.
    sha1 : str
        Of the file, which is verified.
    filename_prefix : str, optional
        By default "assy_" for "nc" and otherwise "stimulus_".
    folder_name : str, optional
        Folder in the bucket.
    """
    prefix = filename_prefix or ("assy_" if file_type == "nc" else "stimulus_")
    place = f"{bucket}/{folder_name}" if folder_name else bucket
    wanted = registered(place, prefix, identifier, f".{file_type}", sha1, version_id)
    (path,) = Cache(Settings.from_environment()).files([wanted])
    return str(path)


def download_file_if_not_exists(local_path: AnyPath, bucket: str, remote_filepath: str) -> None:
    """Fetch the current version of an object, unless the file is there."""
    fetch_missing(bucket, remote_filepath, Path(local_path))


def load_file_from_s3(
    bucket: str,
    path: str,
    local_filepath: AnyPath,
    sha1: str | None = None,
    version_id: str | None = None,
) -> None:
    """Fetch an object into a file, unless it is there; with `sha1`, verified, and fetched again where it differs."""
    fetch_missing(bucket, path, Path(local_filepath), sha1, version_id)


def load_folder_from_s3(
    bucket: str,
    folder_path: str,
    filename_version_sha: Iterable[tuple[str, str | None, str | None]],
    save_directory: AnyPath,
) -> None:
    """Fetch files of a folder into another one: names, their version ids and their SHA-1s."""
    for name, version_id, sha1 in filename_version_sha:
        load_file_from_s3(bucket, f"{folder_path}/{name}", Path(save_directory, name), sha1, version_id)


def load_file(bucket: str, relative_path: str, version_id: str | None, folder_name: str | None = None) -> Path:
    """Fetch a file of a model into `$BRAINSCORE_HOME` (`~/.brain-score`), and return its path.

    Parameters
    ----------
    bucket : str
    relative_path : str
        In the folder.
    version_id : str or None
    folder_name : str, optional
        By default "models".
    """
    return load_weight_file(bucket, relative_path, version_id, None, folder_name)


def load_weight_file(
    bucket: str, relative_path: str, version_id: str | None, sha1: str | None, folder_name: str | None = None
) -> Path:
    """`load_file`, verified by a SHA-1."""
    folder = folder_name or "models"
    home = os.environ.get("BRAINSCORE_HOME") or "~/.brain-score"
    path = with_home(Path(home, folder, relative_path))
    load_file_from_s3(bucket, f"{folder}/{relative_path}", path, sha1, version_id)
    return path


class _Sha1(str):
    """A SHA-1 that is its own `.sha1`: scripts took `sha1_hash` for `KnownFile` when that was gone."""

    __slots__ = ()

    @property
    def sha1(self) -> str:
        return str(self)

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)


def sha1_hash(file_path: AnyPath) -> str:
    """Return the SHA-1 of a file: 40 lower-case hexadecimal digits.

    Raises
    ------
    NotFound, StoreError
        There is no such file, or it cannot be read.
    """
    return _Sha1(KnownFile(file_path).sha1)
