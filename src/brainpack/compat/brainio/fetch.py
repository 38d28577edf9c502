"""`fetch` of brainscore_core: where the cache is, what comes into it, and data that were packaged on this machine.

Assigning `_local_data_path` moves the cache and the packages on their way to S3, as `BRAINIO_HOME` does; assigning None
moves them back.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from brainpack.cache.entries import Cache, Wanted
from brainpack.compat.brainio.knownfile import KnownFile
from brainpack.compat.brainio.stimuli import StimulusSetLoader
from brainpack.digest import Promise
from brainpack.errors import IntegrityError, InvalidData, NotFound
from brainpack.layout import record_name, store_name
from brainpack.loading import load
from brainpack.objects.assemblies import assembly_class
from brainpack.objects.stimuli import StimulusSet
from brainpack.read.unpack import unpack
from brainpack.record.records import read_record
from brainpack.settings import Settings, with_home
from brainpack.store.fetching import fetch
from brainpack.store.location import S3_SCHEME, open_source

if TYPE_CHECKING:
    from brainpack.layout import Kind
    from brainpack.objects.assemblies import DataAssembly

    AnyPath = str | os.PathLike[str]

__all__ = [
    "BRAINIO_HOME",
    "BotoFetcher",
    "StimulusSetLoader",
    "fetch_file",
    "get_assembly",
    "get_local_data_path",
    "get_stimulus_set",
    "resolve_assembly_class",
    "resolve_stimulus_set_class",
    "unzip",
    "verify_sha1",
]

BRAINIO_HOME: Final = "BRAINIO_HOME"


class _Fetch(ModuleType):
    """The type of this module, as only a type can have a property."""

    @property
    def _local_data_path(self) -> str:
        return get_local_data_path()

    @_local_data_path.setter
    def _local_data_path(self, path: AnyPath | None) -> None:
        before = vars(self).setdefault("_before", os.environ.get(BRAINIO_HOME))
        if path is not None and Path(path) != with_home(before or "~/.brainio"):
            os.environ[BRAINIO_HOME] = os.fspath(path)
            return
        del vars(self)["_before"]  # None, or what was there before, leads back to the environment as it was
        os.environ.pop(BRAINIO_HOME, None)
        if before is not None:
            os.environ[BRAINIO_HOME] = before


sys.modules[__name__].__class__ = _Fetch


def get_local_data_path() -> str:
    """Folder of the cache, and of packages on their way to S3, as it is now."""
    return str(Settings.from_environment().home)


class BotoFetcher:
    """Fetches an object of S3 into the cache, whatever its SHA-1 is.

    Parameters
    ----------
    location : str
        `https://bucket.s3.amazonaws.com/key`, or `https://host/bucket/key`.
    local_filename : path
        Folder in the cache, by convention the SHA-1 of the object; or any other folder.
    version_id : str, optional

    Attributes
    ----------
    bucketname, relative_path : str
        The object.
    output_filename : str
        Where the file will be.
    """

    def __init__(self, location: str, local_filename: AnyPath, version_id: str | None = None) -> None:
        self.location = location
        self.bucketname, self.relative_path = _bucket_and_key(location)
        self.version_id = version_id
        self.output_filename = str(Path(get_local_data_path(), local_filename, Path(self.relative_path).name))

    def fetch(self) -> str:
        """Return the local path; a file that is there is kept as it is."""
        fetch_missing(self.bucketname, self.relative_path, Path(self.output_filename), version_id=self.version_id)
        return self.output_filename


def fetch_missing(bucket: str, key: str, target: Path, sha1: str | None = None, version_id: str | None = None) -> None:
    """Fetch an object of S3 into a file, which appears whole or not at all.

    A file that is there is kept, unless there is a SHA-1 and the file has another one.
    """
    if not target.exists() or sha1 not in {None, KnownFile(target).sha1}:
        promise = None if sha1 is None else Promise(sha1)
        source = open_source(f"{S3_SCHEME}{bucket}", Settings.from_environment())
        fetch(source, key, target, version_id, promise=promise, may_go_on=False)


def _bucket_and_key(location: str) -> tuple[str, str]:
    """Take the address of an object apart.

    >>> _bucket_and_key("https://brainio.contrib.s3.amazonaws.com/lab/assy_lab.nc")
    ('brainio.contrib', 'lab/assy_lab.nc')
    """
    parts = urlsplit(location)
    bucket, is_virtual_host, _ = (parts.hostname or "").partition(".s3.")
    key = parts.path.lstrip("/")
    if not is_virtual_host:
        bucket, _, key = key.partition("/")
    if not bucket or not key:
        raise InvalidData(f"{location!r} names no object of S3; write https://bucket.s3.amazonaws.com/key")
    return bucket, key


def fetch_file(location_type: str, location: str, sha1: str, version_id: str | None = None) -> str:
    """Return the local path of an object of S3 in the cache, fetched if it is not there, and verified.

    Raises
    ------
    InvalidData
        The location is none of S3.
    NotFound, AccessDenied, Unavailable, StoreError
        The store lacks the object, refuses, cannot be reached, or the cache cannot be written.
    IntegrityError
        The object is another one.
    """
    if location_type != "S3":
        raise InvalidData(f"files are fetched from 'S3', and not from {location_type!r}")
    bucket, key = _bucket_and_key(location)
    folder, _, name = f"{S3_SCHEME}{bucket}/{key}".rpartition("/")
    (path,) = Cache(Settings.from_environment()).files([Wanted(name, Promise(sha1), folder, version_id)])
    return str(path)


def verify_sha1(file_path: AnyPath, expected_sha1: str) -> None:
    """Raise an IntegrityError, which is a ValueError, if a file has another SHA-1."""
    found = KnownFile(file_path).sha1
    if found != expected_sha1:
        raise IntegrityError(f"{file_path} is not the file that was asked for", expected=expected_sha1, got=found)


def unzip(zip_path: AnyPath) -> str:
    """Unpack a ZIP into the folder of its name beside it, and return the folder."""
    return str(unpack(Path(zip_path)))


def resolve_assembly_class(class_name: str) -> type[DataAssembly]:
    """Return the assembly class of a name; a ValueError names all of them where there is none."""
    return assembly_class(class_name)


def resolve_stimulus_set_class(class_name: str | None) -> type[StimulusSet]:
    """Return StimulusSet, which is the only one."""
    if class_name not in {None, StimulusSet.__name__}:
        raise InvalidData(f"there is no stimulus set class {class_name!r}; use 'StimulusSet'")
    return StimulusSet


def get_stimulus_set(identifier: str) -> StimulusSet:
    """Load a stimulus set that was packaged on this machine.

    The table in which all published data could be looked up no longer exists. Looked for is in `$BRAINIO_HOME`, where
    packages on their way to S3 stay, and in `~/Downloads/brainscore_packages`.

    Raises
    ------
    NotFound
        It was not packaged here.
    """
    stimuli: StimulusSet = load(_packaged("stimulus_set", identifier))  # type: ignore[assignment]  # its kind says so
    return stimuli


def get_assembly(identifier: str) -> DataAssembly:
    """Load an assembly that was packaged on this machine, with its stimulus set if that was, too.

    Raises
    ------
    NotFound
        It was not packaged here.
    """
    path = _packaged("assembly", identifier)
    try:
        stimuli = get_stimulus_set(str(read_record(path).stimulus_set_identifier))
    except NotFound:
        stimuli = None
    assembly: DataAssembly = load(path, stimuli)  # type: ignore[assignment]  # the kind of its record says so
    return assembly


def _packaged(kind: Kind, identifier: str) -> Path:
    """Record of a package that was made here."""
    settings = Settings.from_environment()
    for folder in (settings.home / store_name(kind, identifier), settings.packages):
        path = folder / record_name(kind, identifier)
        if path.is_file() and read_record(path).identifier == identifier:
            return path
    loader = "load_stimulus_set_from_s3" if kind == "stimulus_set" else "load_assembly_from_s3"
    raise NotFound(
        f"{identifier!r} was not packaged on this machine, and there is no table any more in which it could be looked "
        f"up; load it with {loader}(...), whose arguments its registry holds"
    )
