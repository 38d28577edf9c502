"""From a record, or from bare files, back to the object."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from brainpack.digest import digest_file
from brainpack.errors import IntegrityError, InvalidData, NotFound
from brainpack.layout import record_name
from brainpack.objects.assemblies import assembly_class
from brainpack.read.access import reading
from brainpack.read.netcdf import read_assembly
from brainpack.read.stimuli import read_stimulus_set
from brainpack.record.records import read_record

if TYPE_CHECKING:
    import os

    import pandas as pd

    from brainpack.objects.assemblies import DataAssembly
    from brainpack.objects.stimuli import StimulusSet
    from brainpack.record.records import Record


def load(record: str | os.PathLike[str], stimulus_set: StimulusSet | None = None) -> DataAssembly | StimulusSet:
    """Load what a record names, after checking every byte of it.

    Parameters
    ----------
    record : path
        A record file (`*.brainpack.json`); the data files are beside it.
    stimulus_set : StimulusSet, optional
        For an assembly. Without it, the set that the record names is loaded if its record is in the same folder.

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
    """
    path = Path(record)
    found = read_record(path)
    if found.kind == "stimulus_set":
        return _load_stimulus_set(found, path.parent)
    cls = _class(found)
    verify(found, path.parent)
    return read_assembly(
        path.parent / found.file(".nc").name,
        cls,
        stimulus_set_identifier=found.stimulus_set_identifier,
        stimulus_set=_stimulus_set_beside(found, path.parent) if stimulus_set is None else stimulus_set,
        is_verified=True,
    )


def _class(record: Record) -> type[DataAssembly]:
    try:
        return assembly_class(record.cls)
    except ValueError as error:
        raise InvalidData(f"the record of {record.identifier!r} cannot be followed: {error}") from error


def _load_stimulus_set(record: Record, folder: Path) -> StimulusSet:
    verify(record, folder)
    stimuli = read_stimulus_set(folder / record.file(".csv").name, folder / record.file(".zip").name)
    stimuli.identifier = record.identifier
    return stimuli


def _stimulus_set_beside(record: Record, folder: Path) -> StimulusSet | None:
    if record.stimulus_set_identifier is None:
        return None
    try:
        found = read_record(folder / record_name("stimulus_set", record.stimulus_set_identifier))
    except NotFound:
        return None
    return _load_stimulus_set(found, folder) if found.identifier == record.stimulus_set_identifier else None


def verify(record: Record, folder: Path) -> None:
    """Check that the files beside a record are the recorded ones.

    Raises
    ------
    NotFound, IntegrityError, StoreError
        A file is missing, differs, or cannot be read.
    """
    for file in record.files:
        path = folder / file.name
        with reading(path):
            digest = digest_file(path)
        if digest != file.digest:
            raise IntegrityError(
                f"{path} is not the file that was packaged as {record.identifier!r}; package it again or get a "
                "fresh copy",
                expected=f"SHA-1 {file.sha1}, {file.size} bytes",
                got=f"SHA-1 {digest.sha1}, {digest.size} bytes",
            )


def load_stimulus_set_from_files(csv_path: str | os.PathLike[str], zip_or_dir: str | os.PathLike[str]) -> StimulusSet:
    """Load a stimulus set from its table and its stimuli.

    Parameters
    ----------
    csv_path : path
        Table with the columns `stimulus_id` (in old sets `image_id`) and `filename`. Ids are integers or floats
        where all of them are numbers in their usual form, and otherwise the text that they are: "001", "NA".
    zip_or_dir : path
        A ZIP, which is unpacked into the folder of its name beside it, or a folder that holds the files. The files
        may be in folders inside it, and other files may be there.

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
    return read_stimulus_set(csv_path, zip_or_dir)


def load_assembly_from_file(
    path: str | os.PathLike[str],
    stimulus_set: pd.DataFrame | None = None,
    cls: type[DataAssembly] | None = None,
) -> DataAssembly:
    """Load an assembly from a netCDF-4 file of brainpack, of brainscore_core or of xarray.

    Parameters
    ----------
    path : path
    stimulus_set : StimulusSet, optional
        Goes into ``attrs``; its columns are merged onto `presentation` by `stimulus_id`.
    cls : type, optional
        Class of the result. Without it, the class that the dimensions fit: NeuroidAssembly, SpikeTimesAssembly,
        BehavioralAssembly, and otherwise DataAssembly.

    Returns
    -------
    DataAssembly
        In memory, the file closed. Groups of the file are in ``attrs`` as MetadataAssembly.

    Raises
    ------
    NotFound
        No such file.
    InvalidData
        It is not netCDF-4, does not say which variable holds the values, or names stimuli that the set lacks.
    StoreError
        It cannot be read.
    """
    return read_assembly(path, cls, stimulus_set=stimulus_set)
