"""From a record, from what a registry holds, or from bare files, back to the object."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brainpack.cache.entries import Cache
from brainpack.cache.remote import RemoteFile
from brainpack.errors import InvalidData
from brainpack.layout import unpacked_folder
from brainpack.locating import locate, registered
from brainpack.objects.assemblies import assembly_class
from brainpack.read.archives import FileOnDisk
from brainpack.read.netcdf import read_assembly
from brainpack.read.stimuli import read_lazily, read_stimulus_set
from brainpack.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from brainpack.cache.entries import Wanted
    from brainpack.locating import Located
    from brainpack.objects.assemblies import DataAssembly
    from brainpack.objects.stimuli import StimulusSet
    from brainpack.read.chunks import Chunks
    from brainpack.record.records import Record

    AnyPath = str | os.PathLike[str]


def load(
    record: Record | AnyPath,
    stimulus_set: StimulusSet | None = None,
    *,
    verify: bool = False,
    lazy: bool = False,
    chunks: Chunks = None,
) -> DataAssembly | StimulusSet:
    """Load what a record names; nothing is returned whose bytes are not the recorded ones.

    Parameters
    ----------
    record : path, str or Record
        A record file (`*.brainpack.json`), `s3://bucket/folder/….brainpack.json`, or a Record. The data files are
        beside the record, or come from the store that it was published to, by way of the cache `$BRAINIO_HOME`.
    stimulus_set : StimulusSet, optional
        For an assembly. Without it, the set that the record names is loaded if its record is in the same folder.
    verify : bool
        Compare every byte in the cache again, also of files that nobody touched.
    lazy : bool
        Leave stimuli in their ZIP, of which `get_stimulus` fetches one by one.
    chunks : int, "auto", mapping of dimension to these, optional
        Open an assembly lazily, as a dask array of such chunks; see `load_assembly_from_file`.

    Returns
    -------
    DataAssembly or StimulusSet
        Of the class in the record. Stimulus metadata are merged onto `presentation` where the class says so.

    Raises
    ------
    NotFound
        The record, or a file that it names, is missing.
    IntegrityError
        A file is not the one that was recorded.
    InvalidData
        The record or a file cannot be understood.
    AccessDenied, Unavailable, StoreError
        The store refuses or cannot be reached, or a file cannot be read or written.
    SettingsError
        `chunks` make no sense, or dask is not installed.
    """
    settings = Settings.from_environment()
    cache = Cache(settings)
    found = locate(record, cache)
    if found.record.kind == "stimulus_set":
        return _recorded_stimuli(found, cache, verify=verify, lazy=lazy)
    cls = _class(found.record.cls, found.record.identifier)
    (path,) = found.paths([found.record.file(".nc")], cache, verify=verify)
    identifier = found.record.stimulus_set_identifier
    if stimulus_set is None and identifier is not None:
        sibling = found.sibling("stimulus_set", identifier, cache)
        stimulus_set = None if sibling is None else _recorded_stimuli(sibling, cache, verify=verify, lazy=lazy)
    return cls.from_files(
        path,
        stimulus_set_identifier=identifier,
        stimulus_set=stimulus_set,
        is_verified=True,
        chunks=settings.chunks if chunks is None else chunks,
    )


def _recorded_stimuli(found: Located, cache: Cache, *, verify: bool, lazy: bool) -> StimulusSet:
    table, archive = found.record.file(".csv"), found.record.file(".zip")
    if lazy and found.beside(archive) is None:
        (csv,) = found.paths([table], cache, verify=verify)
        stimuli = _in_their_zip(csv, found.wanted(archive), cache)
    else:
        csv, path = found.paths([table, archive], cache, verify=verify)
        stimuli = _on_disk(csv, path, cache, archive.sha1, verify=verify, lazy=lazy)
    stimuli.identifier = found.record.identifier
    return stimuli


def _on_disk(csv: Path, archive: Path, cache: Cache, sha1: str, *, verify: bool, lazy: bool) -> StimulusSet:
    """Stimuli of a ZIP that is here; unpacked into the cache, where its own folder cannot be written."""
    if lazy:
        return read_lazily(csv, FileOnDisk.at(archive), cache.singles(sha1, archive.name))
    is_open = os.access(archive.parent, os.W_OK) or unpacked_folder(archive).is_dir()
    elsewhere = None if is_open else cache.home / sha1 / unpacked_folder(archive).name
    return read_stimulus_set(csv, archive, unpack_to=elsewhere, verify=verify)


def _in_their_zip(csv: Path, archive: Wanted, cache: Cache) -> StimulusSet:
    """Stimuli of a ZIP that stays in its store, unless it is in the cache already."""
    path = cache.path(archive)
    source = FileOnDisk.at(path) if cache.holds(archive) else RemoteFile(archive)
    return read_lazily(csv, source, cache.singles(archive.promise.sha1, archive.name))


def _class(cls: type[DataAssembly] | str, identifier: str) -> type[DataAssembly]:
    try:
        found = assembly_class(cls) if isinstance(cls, str) else cls
    except ValueError as error:
        raise InvalidData(f"{identifier!r} cannot be loaded: {error}") from error
    if not hasattr(found, "from_files"):
        raise InvalidData(f"{identifier!r} cannot be loaded as {found!r}; expected a class such as NeuroidAssembly")
    return found


def load_stimulus_set_from_s3(
    identifier: str,
    bucket: AnyPath,
    csv_sha1: str,
    zip_sha1: str,
    csv_version_id: str | None = None,
    zip_version_id: str | None = None,
    filename_prefix: str | None = None,
    *,
    verify: bool = False,
    lazy: bool = False,
) -> StimulusSet:
    """Load a published stimulus set by what its registry holds.

    Files that are not in the cache `$BRAINIO_HOME` are fetched: with AWS credentials where there are some, and without
    them where these are refused or there are none.

    Parameters
    ----------
    identifier : str
        For instance "dicarlo.MajajHong2015.public".
    bucket : str or path
        "bucket" or "bucket/folder"; or the path of a folder store, absolute or with "." at its start.
    csv_sha1, zip_sha1 : str
    csv_version_id, zip_version_id : str, optional
        None or "" for the current version. They name nothing in a folder, where the SHA-1 decides.
    filename_prefix : str, optional
        `stimulus_` by default.
    verify : bool
        Compare every byte in the cache again, also of files that nobody touched.
    lazy : bool
        Leave the stimuli in their ZIP, of which `get_stimulus` fetches one by one.

    Returns
    -------
    StimulusSet

    Raises
    ------
    NotFound, AccessDenied, Unavailable, StoreError
        The store lacks a file (404), refuses (401, 403), cannot be reached, or the cache cannot be written.
    IntegrityError
        What is published there is something else.
    InvalidData
        An argument or a file cannot be understood.

    Examples
    --------
    As a plugin of Brain-Score has it::

        load_stimulus_set_from_s3(
            identifier="lab.Author2026",
            bucket="my-bucket/lab",
            csv_sha1="5b2…",
            zip_sha1="c0e…",
            csv_version_id="null",
            zip_version_id="null",
        )
    """
    prefix = "stimulus_" if filename_prefix is None else filename_prefix
    cache = Cache(Settings.from_environment())
    table = registered(bucket, prefix, identifier, ".csv", csv_sha1, csv_version_id)
    archive = registered(bucket, prefix, identifier, ".zip", zip_sha1, zip_version_id)
    if lazy:
        (csv,) = cache.files([table], verify=verify)
        stimuli = _in_their_zip(csv, archive, cache)
    else:
        csv, path = cache.files([table, archive], verify=verify)
        stimuli = read_stimulus_set(csv, path, verify=verify)
    stimuli.identifier = identifier
    return stimuli


def load_assembly_from_s3(
    identifier: str,
    version_id: str | None,
    sha1: str,
    bucket: AnyPath,
    cls: type[DataAssembly] | str,
    stimulus_set_loader: Callable[[], StimulusSet] | None = None,
    merge_stimulus_set_meta: bool = True,  # noqa: FBT001, FBT002 - registries pass it by position
    *,
    verify: bool = False,
    chunks: Chunks = None,
) -> DataAssembly:
    """Load a published assembly by what its registry holds.

    Files that are not in the cache `$BRAINIO_HOME` are fetched: with AWS credentials where there are some, and without
    them where these are refused or there are none.

    Parameters
    ----------
    identifier : str
        For instance "dicarlo.MajajHong2015.public".
    version_id : str or None
        None or "" for the current version. It names nothing in a folder, where the SHA-1 decides.
    sha1 : str
    bucket : str or path
        "bucket" or "bucket/folder"; or the path of a folder store, absolute or with "." at its start.
    cls : type or str
        Class of the result, for instance `NeuroidAssembly`; it decides how it loads.
    stimulus_set_loader : callable, optional
        Returns the stimulus set, which goes into ``attrs``.
    merge_stimulus_set_meta : bool
        Whether the columns of the stimulus set are merged onto `presentation`.
    verify : bool
        Compare every byte in the cache again, also if nobody touched the file.
    chunks : int, "auto", mapping of dimension to these, optional
        Open it lazily, as a dask array of such chunks; see `load_assembly_from_file`.

    Returns
    -------
    DataAssembly
        In ``attrs``: `identifier`, and with a stimulus set `stimulus_set` and `stimulus_set_identifier`; the extras by
        their names.

    Raises
    ------
    NotFound, AccessDenied, Unavailable, StoreError
        The store lacks the file (404), refuses (401, 403), cannot be reached, or the cache cannot be written.
    IntegrityError
        What is published there is something else.
    InvalidData
        An argument or the file cannot be understood, or the assembly names stimuli that the set lacks.
    """
    wanted = registered(bucket, "assy_", identifier, ".nc", sha1, version_id)
    assembly_cls = _class(cls, identifier)
    settings = Settings.from_environment()
    (path,) = Cache(settings).files([wanted], verify=verify)
    stimulus_set = None if stimulus_set_loader is None else stimulus_set_loader()
    options = _given(stimulus_set, settings.chunks if chunks is None else chunks)
    if not merge_stimulus_set_meta:
        options["merges"] = False
    assembly = assembly_cls.from_files(path, is_verified=True, **options)
    assembly.attrs["identifier"] = identifier
    return assembly


def load_stimulus_set_from_files(csv_path: AnyPath, zip_or_dir: AnyPath, *, lazy: bool = False) -> StimulusSet:
    """Load a stimulus set from its table and its stimuli.

    Parameters
    ----------
    csv_path : path
        Table with the columns `stimulus_id` (in old sets `image_id`) and `filename`. Ids are integers or floats
        where all of them are numbers in their usual form, and otherwise the text that they are: "001", "NA".
    zip_or_dir : path
        A ZIP, which is unpacked into the folder of its name beside it, or a folder that holds the files. The files
        may be in folders inside it, and other files may be there.
    lazy : bool
        Leave the stimuli in the ZIP; `get_stimulus` unpacks one by one into a hidden folder beside it.

    Returns
    -------
    StimulusSet

    Raises
    ------
    NotFound
        The table, the ZIP, the folder, or the file of a stimulus is missing.
    InvalidData
        The table or the ZIP cannot be understood, or is unsafe to unpack.
    IntegrityError
        A stimulus in the ZIP is damaged.
    StoreError
        Something cannot be read, or the ZIP cannot be unpacked there.
    """
    path = Path(zip_or_dir)
    if lazy and not path.is_dir():
        return read_lazily(csv_path, FileOnDisk.at(path), path.with_name(f".{path.name}.singles"))
    return read_stimulus_set(csv_path, path)


def load_assembly_from_file(
    path: AnyPath,
    stimulus_set: pd.DataFrame | None = None,
    cls: type[DataAssembly] | None = None,
    *,
    chunks: Chunks = None,
) -> DataAssembly:
    """Load an assembly from a netCDF-4 file of brainpack, of brainscore_core or of xarray.

    Parameters
    ----------
    path : path
    stimulus_set : StimulusSet, optional
        Goes into ``attrs``; its columns are merged onto `presentation` by `stimulus_id`.
    cls : type, optional
        Class of the result, whose `from_files` reads it. Without it, the class that the dimensions fit:
        NeuroidAssembly, SpikeTimesAssembly, BehavioralAssembly, and otherwise DataAssembly.
    chunks : int, "auto", mapping of dimension to these, optional
        Leave the values in the file, as a dask array (needs `brainpack[lazy]`): {} has the chunks of the file as
        blocks, "auto" blocks of the size that dask is set to, -1 a single one, and a number at least that many
        entries along each dimension, rounded up to whole chunks of the file. By default what `BRAINIO_CHUNKS` says,
        and without that the values are in memory.

    Returns
    -------
    DataAssembly
        In memory, the file closed; a lazy one keeps it open until ``close()``, or until it is garbage. Groups of the
        file are in ``attrs`` as MetadataAssembly.

    Raises
    ------
    NotFound
        No such file.
    InvalidData
        It is not netCDF-4, does not say which variable holds the values, or names stimuli that the set lacks.
    StoreError
        It cannot be read.
    SettingsError
        `chunks` make no sense, or dask is not installed.
    """
    chunks = Settings.from_environment().chunks if chunks is None else chunks
    if cls is None:
        return read_assembly(path, None, stimulus_set=stimulus_set, chunks=chunks)
    return cls.from_files(Path(path), **_given(stimulus_set, chunks))


def _given(stimulus_set: pd.DataFrame | None, chunks: Chunks) -> dict[str, Any]:
    """What a class has to know to load itself; one of somebody's own may not know of more than it needs."""
    options = {"stimulus_set": stimulus_set, "chunks": chunks}
    return {name: value for name, value in options.items() if value is not None}
