"""From an object to verified files with a record: the one module that knows every stage on the way."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from brainpack.atomic import whole_file
from brainpack.content.hashes import content_of_groups, content_of_stimuli, table_cells
from brainpack.errors import InvalidData, NotFound, StoreError
from brainpack.layout import record_name, store_name
from brainpack.notices import warn
from brainpack.objects.indexes import repeated_dimensions
from brainpack.record.records import Record, RecordedFile, read_record
from brainpack.validation.registry import run
from brainpack.validation.rules.assemblies import assembly_subjects, stored_subjects
from brainpack.validation.rules.names import Claim, Name
from brainpack.validation.rules.stimuli import StimulusFiles, stimulus_subjects
from brainpack.write.netcdf import ROOT, write_arrays
from brainpack.write.stimuli import write_csv, write_zip

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd
    import xarray as xr

    from brainpack.digest import Digest
    from brainpack.layout import Kind
    from brainpack.validation.report import Report


def package_stimuli(stimuli: pd.DataFrame, identifier: str, folder: Path) -> Record:
    """Write the CSV, the ZIP and the record of a stimulus set.

    Parameters
    ----------
    stimuli : StimulusSet, or DataFrame with `stimulus_paths`
        One row per stimulus; never changed.
    identifier : str
        For instance "lab.Author2026".
    folder : Path
        Made if needed. Files of an earlier run with the same identifier are replaced.

    Returns
    -------
    Record

    Raises
    ------
    InvalidData
        Something is wrong with the input: `.report` lists all of it, and nothing was written.
    StoreError
        A stimulus cannot be read, or a file cannot be written.
    """
    subjects = stimulus_subjects(stimuli)
    accept(
        run(
            f"stimulus set {identifier!r}",
            Name("stimulus_set_identifier", identifier),
            *_claims("stimulus_set", identifier, folder),
            *subjects,
        )
    )
    stem = store_name("stimulus_set", identifier)
    csv_path, zip_path = folder / f"{stem}.csv", folder / f"{stem}.zip"
    with whole_file(csv_path) as csv_partial, whole_file(zip_path) as zip_partial:
        sources = _sources(subjects)
        zip_digest, contents = write_zip(sources, zip_partial)
        csv_digest = write_csv(stimuli, csv_partial, filenames=[name for name, _ in sources])
        with csv_partial.open(encoding="utf-8", newline="") as lines:
            content = content_of_stimuli(table_cells(lines), contents)
        _retract("stimulus_set", identifier, folder)
    files = (RecordedFile.of(csv_path.name, csv_digest), RecordedFile.of(zip_path.name, zip_digest))
    return _recorded(Record(identifier, "stimulus_set", "StimulusSet", files, content), folder)


def package_assembly(
    assembly: xr.DataArray,
    identifier: str,
    stimulus_set_identifier: str,
    class_name: str,
    folder: Path,
    extras: Mapping[str, xr.DataArray] | None = None,
) -> Record:
    """Write the netCDF file and the record of an assembly.

    Parameters
    ----------
    assembly : DataArray
        Of the dimensions of its class; never changed.
    identifier, stimulus_set_identifier : str
        Both go into the file's attributes.
    class_name : str
        For instance "NeuroidAssembly".
    folder : Path
        Made if needed. Files of an earlier run with the same identifier are replaced.
    extras : mapping of str to DataArray, optional
        Become groups of the file, for instance the table of trials of a spike-times assembly.

    Returns
    -------
    Record

    Raises
    ------
    InvalidData
        Something is wrong with the input: `.report` lists all of it, and nothing was written.
    StoreError
        The file cannot be written.
    """
    accept(
        run(
            f"assembly {identifier!r}",
            Name("assembly_identifier", identifier),
            Name("stimulus_set_identifier", stimulus_set_identifier),
            *_claims("assembly", identifier, folder),
            *assembly_subjects(assembly, class_name, extras),
        )
    )
    path = folder / f"{store_name('assembly', identifier)}.nc"
    names = {"identifier": identifier, "stimulus_set_identifier": stimulus_set_identifier}
    with whole_file(path) as partial, repeated_dimensions():
        digest, contents = write_arrays({ROOT: assembly.assign_attrs(names), **(extras or {})}, partial)
        _retract("assembly", identifier, folder)
    files = (RecordedFile.of(path.name, digest),)
    content = content_of_groups(contents.pop(ROOT), contents)
    return _recorded(Record(identifier, "assembly", class_name, files, content, stimulus_set_identifier), folder)


def write_netcdf_file(
    array: xr.DataArray, path: Path, *, append: bool = False, group: str | None = None, compress: bool = True
) -> Digest:
    """Validate an array and write it to a file of its own, or add it as a group to one.

    Raises
    ------
    InvalidData
        netCDF cannot hold it: `.report` lists why, and nothing was written.
    StoreError
        The file cannot be written.
    """
    accept(run(path.name, *stored_subjects(array, group or ROOT)))
    with whole_file(path) as partial:
        if append and path.exists():
            shutil.copyfile(path, partial)
        digest, _ = write_arrays({group or ROOT: array}, partial, compress=compress)
        return digest


def write_stimulus_zip(stimuli: pd.DataFrame, path: Path) -> tuple[Digest, list[str]]:
    """Validate the files of a stimulus set and pack them; also return their names in the ZIP, in row order."""
    subjects = stimulus_subjects(stimuli)
    accept(run(path.name, *subjects))
    sources = _sources(subjects)
    with whole_file(path) as partial:
        digest, _ = write_zip(sources, partial)
        return digest, [name for name, _ in sources]


def write_stimulus_csv(stimuli: pd.DataFrame, path: Path) -> Digest:
    """Validate the table of a stimulus set and write it as it is."""
    accept(run(path.name, *stimulus_subjects(stimuli, with_files=False)))
    with whole_file(path) as partial:
        return write_csv(stimuli, partial)


def accept(report: Report) -> None:
    """Warn of what is doubtful; refuse what is wrong.

    Raises
    ------
    InvalidData
        The report has errors; all of them are in the message.
    """
    if report.errors:
        raise InvalidData(f"nothing was written. {report}", report)
    for finding in report.warnings:
        warn(f"{report.subject}: {finding}")


def _sources(subjects: list[object]) -> list[tuple[str, Path]]:
    """Name in the ZIP and file of each stimulus; after validation every stimulus has both."""
    entries = (entry for files in subjects if isinstance(files, StimulusFiles) for entry in files.entries)
    return [(entry.name, entry.source) for entry in entries if entry.name and entry.source]


def _claims(kind: Kind, identifier: str, folder: Path) -> list[Claim]:
    """The claim to the file names of an identifier, with the data set that holds them now."""
    if not Name("", identifier).is_well_formed:
        return []
    try:
        holder = read_record(folder / record_name(kind, identifier)).identifier
    except (NotFound, InvalidData, StoreError):  # no one holds names by a record that cannot be read
        holder = None
    return [Claim(kind, identifier, holder)]


def _retract(kind: Kind, identifier: str, folder: Path) -> None:
    """Take back the record of an earlier run just before its files are replaced."""
    (folder / record_name(kind, identifier)).unlink(missing_ok=True)


def _recorded(record: Record, folder: Path) -> Record:
    with whole_file(folder / record.name) as partial:
        partial.write_text(record.to_json(), encoding="utf-8", newline="\n")
    return record
