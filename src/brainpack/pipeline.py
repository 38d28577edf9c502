"""From an object to verified files with a record: the one module that knows every stage on the way."""

from __future__ import annotations

import functools
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from brainpack.atomic import whole_file
from brainpack.content.hashes import content_of_groups, content_of_stimuli, table_cells
from brainpack.errors import InvalidData, NotFound, StoreError
from brainpack.layout import record_name, store_name
from brainpack.media.inspector import inspectors, look_at_files
from brainpack.notices import warn
from brainpack.objects.indexes import plain_coords, repeated_dimensions
from brainpack.read.tables import read_table
from brainpack.record.records import Record, RecordedFile, read_record
from brainpack.sources import Stamp
from brainpack.validation.project import Project
from brainpack.validation.registry import run
from brainpack.validation.rules.assemblies import assembly_subjects, stored_subjects
from brainpack.validation.rules.expectations import Expectations
from brainpack.validation.rules.media import MediaFiles
from brainpack.validation.rules.names import Claim, Name
from brainpack.validation.rules.pairs import pair_subjects, set_of
from brainpack.validation.rules.releases import Release, noted
from brainpack.validation.rules.stimuli import StimulusFiles, stimulus_subjects, table_subjects
from brainpack.validation.rules.values import Values
from brainpack.validation.statistics import Statistics
from brainpack.validation.terms import Profile
from brainpack.workers import workers
from brainpack.write.estimates import require_disk_for_zip, require_room
from brainpack.write.netcdf import ROOT, write_arrays
from brainpack.write.stimuli import write_csv, write_zip
from brainpack.write.stimulus_files import StimulusFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from brainpack.digest import Digest
    from brainpack.layout import Kind
    from brainpack.media.facts import Facts
    from brainpack.validation.report import Report
    from brainpack.workers import Workers
    from brainpack.write.filters import Compress


def package_stimuli(
    stimuli: pd.DataFrame,
    identifier: str,
    folder: Path,
    profile: Profile = Profile.DRAFT,
    *,
    project: Project | None = None,
    executor: Any = None,
) -> Record:
    """Write the CSV, the ZIP and the record of a stimulus set.

    Parameters
    ----------
    stimuli : StimulusSet, or DataFrame with `stimulus_paths`
        One row per stimulus; never changed.
    identifier : str
        For instance "lab.Author2026".
    folder : Path
        Made if needed. Files of an earlier run with the same identifier are replaced.
    profile : Profile
    project : Project, optional
        By default that of the nearest `brainpack.toml` in the folder or above it, or else in or above the working
        folder.
    executor
        Who reads the files and looks into them, as for `brainpack.workers.workers`.

    Returns
    -------
    Record

    Raises
    ------
    InvalidData
        Something is wrong with the input: `.report` lists all of it, and nothing was written.
    SettingsError
        Something is wrong with `brainpack.toml`.
    StoreError
        A stimulus cannot be read, or a file cannot be written.
    IntegrityError
        A stimulus changed while it was packed.
    """
    project = project or Project.find(folder, Path.cwd())
    validate = functools.partial(run, f"stimulus set {identifier!r}", terms=project.terms(str(identifier), profile))
    with inspectors(executor, use_cluster=True) as crew:
        about_it = [
            Name("stimulus_set_identifier", identifier),
            *_claims("stimulus_set", identifier, folder),
            *_declared(project, identifier, stimuli),
        ]
        report, files, ids = _looked_over(stimuli, crew, about_it, validate)
        stem = store_name("stimulus_set", identifier)
        csv_path, zip_path = folder / f"{stem}.csv", folder / f"{stem}.zip"
        require_disk_for_zip(files, f"packing {identifier}", folder)
        with whole_file(csv_path) as csv_partial, whole_file(zip_path) as zip_partial:
            zip_digest, contents, media = _packed(files, ids, zip_partial, crew, validate)
            report += media
            accept(report)
            csv_digest = write_csv(stimuli, csv_partial, filenames=[file.name for file in files])
            with csv_partial.open(encoding="utf-8", newline="") as lines:
                content = content_of_stimuli(table_cells(lines), contents)
            _retract("stimulus_set", identifier, folder)
    recorded = (RecordedFile.of(csv_path.name, csv_digest), RecordedFile.of(zip_path.name, zip_digest))
    return _recorded(Record(identifier, "stimulus_set", "StimulusSet", recorded, content), project, report, folder)


def _looked_over(
    stimuli: pd.DataFrame, crew: Workers, about_it: Sequence[object], validate: Callable[..., Report]
) -> tuple[Report, list[StimulusFile], list[object]]:
    """What the rules say of a stimulus set before its files are read; the files, and the id of each.

    Raises
    ------
    InvalidData
        There are errors; then the files are looked into all the same, so that all problems are told at once.
    """
    subjects = stimulus_subjects(stimuli, crew)
    report = validate(*about_it, *subjects)
    files, ids = _packable(subjects)
    if report.errors:
        facts = look_at_files([(file.name, file.source) for file in files], crew)
        accept(report + validate(_media(files, ids, facts)))
    return report, files, ids


def _packed(
    files: Sequence[StimulusFile], ids: Sequence[object], path: Path, crew: Workers, validate: Callable[..., Report]
) -> tuple[Digest, list[bytes], Report]:
    """Pack the files; the digest of the ZIP, the SHA-256 of each file, and what the rules say of what is in them.

    What is in a million files takes much memory, so it is gone when this is done.
    """
    digest, facts = write_zip(files, path, crew, look=True)
    return digest, [each.sha256 for each in facts], validate(_media(files, ids, facts))


def package_assembly(
    assembly: xr.DataArray,
    identifier: str,
    stimulus_set_identifier: str,
    class_name: str,
    folder: Path,
    extras: Mapping[str, xr.DataArray] | None = None,
    *,
    project: Project | None = None,
    compress: Compress = True,
    executor: Any = None,
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
        Made if needed. Files of an earlier run with the same identifier are replaced. If the stimulus set is in it, the
        assembly has to fit to it.
    extras : mapping of str to DataArray, optional
        Become groups of the file, for instance the table of trials of a spike-times assembly.
    project
        As for `package_stimuli`.
    compress, executor
        As for `brainpack.write.netcdf.write_arrays`.

    Returns
    -------
    Record

    Raises
    ------
    InvalidData
        Something is wrong with the input: `.report` lists all of it, and nothing was written.
    SettingsError
        Something is wrong with `brainpack.toml`.
    StoreError
        The file cannot be written.
    """
    project = project or Project.find(folder, Path.cwd())
    validate = functools.partial(run, f"assembly {identifier!r}", terms=project.terms(str(identifier)))
    report = validate(
        Name("assembly_identifier", identifier),
        Name("stimulus_set_identifier", stimulus_set_identifier),
        *_claims("assembly", identifier, folder),
        *_declared(project, identifier, assembly),
        *assembly_subjects(assembly, class_name, extras),
        *_pair(assembly, stimulus_set_identifier, folder),
    )
    if report.errors:  # nothing will be written, but all problems are told at once
        accept(report + validate(*_values(assembly)))
    path = folder / f"{store_name('assembly', identifier)}.nc"
    names = {"identifier": identifier, "stimulus_set_identifier": stimulus_set_identifier}
    written = [assembly, *(extras or {}).values()]
    require_room(written, f"writing {identifier}", folder, compress=compress, executor=executor)
    with whole_file(path) as partial, repeated_dimensions():
        statistics = Statistics.expecting(assembly)
        arrays = {ROOT: assembly.assign_attrs(names), **(extras or {})}
        digest, contents = write_arrays(arrays, partial, compress=compress, observer=statistics, executor=executor)
        report += validate(Values(statistics, plain_coords(assembly)))
        accept(report)
        _retract("assembly", identifier, folder)
    files = (RecordedFile.of(path.name, digest),)
    content = content_of_groups(contents.pop(ROOT), contents)
    record = Record(identifier, "assembly", class_name, files, content, stimulus_set_identifier)
    return _recorded(record, project, report, folder)


def write_netcdf_file(
    array: xr.DataArray,
    path: Path,
    *,
    append: bool = False,
    group: str | None = None,
    compress: Compress = True,
    executor: Any = None,
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
    require_room([array], f"writing {path.name}", path.parent, compress=compress, executor=executor)
    with whole_file(path) as partial:
        if append and path.exists():
            shutil.copyfile(path, partial)
        digest, _ = write_arrays({group or ROOT: array}, partial, compress=compress, executor=executor)
        return digest


def write_stimulus_zip(stimuli: pd.DataFrame, path: Path, *, executor: Any = None) -> tuple[Digest, list[str]]:
    """Validate the files of a stimulus set and pack them; also return their names in the ZIP, in row order."""
    with workers(executor) as crew:
        subjects = stimulus_subjects(stimuli, crew)
        accept(run(path.name, *subjects))
        files, _ = _packable(subjects)
        require_disk_for_zip(files, f"packing {path.name}", path.parent)
        with whole_file(path) as partial:
            return write_zip(files, partial, crew).digest, [file.name for file in files]


def write_stimulus_csv(stimuli: pd.DataFrame, path: Path) -> Digest:
    """Validate the table of a stimulus set and write it as it is."""
    accept(run(path.name, *table_subjects(stimuli)))
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
        raise InvalidData(f"nothing was written. {report.without_notes}", report)
    if report.warnings:
        warn(str(report.without_notes))


def _packable(subjects: Sequence[object]) -> tuple[list[StimulusFile], list[object]]:
    """The files of the stimuli that have one, after validation of all, and the id of each."""
    packable, ids = [], []
    for files in subjects:
        if isinstance(files, StimulusFiles):
            for entry, found in zip(files.entries, files.found, strict=True):
                if entry.name and entry.path and isinstance(found, Stamp):
                    packable.append(StimulusFile(entry.name, os.fspath(entry.path), *found))
                    ids.append(entry.stimulus_id)
    return packable, ids


def _media(files: Sequence[StimulusFile], ids: Sequence[object], facts: Sequence[Facts]) -> MediaFiles:
    return MediaFiles.of(zip((file.name for file in files), ids, strict=True), facts)


def _claims(kind: Kind, identifier: str, folder: Path) -> list[Claim]:
    """The claim to the file names of an identifier, with the data set that holds them now."""
    if not Name("", identifier).is_well_formed:
        return []
    try:
        holder = read_record(folder / record_name(kind, identifier)).identifier
    except (NotFound, InvalidData, StoreError):  # no one holds names by a record that cannot be read
        holder = None
    return [Claim(kind, identifier, holder)]


def _declared(project: Project, identifier: str, data: xr.DataArray | pd.DataFrame) -> list[object]:
    """What a project says about the data, where they are data under a name."""
    if not Name("", identifier).is_well_formed or not isinstance(data, xr.DataArray | pd.DataFrame):
        return []
    return [Release(identifier, project.release), Expectations(project.expectations(identifier), data)]


def _pair(assembly: xr.DataArray, stimulus_set_identifier: str, folder: Path) -> list[object]:
    """The assembly with its stimulus set, where that has been packaged, too, or belongs to the assembly already."""
    stem = store_name("stimulus_set", str(stimulus_set_identifier))
    for place in (folder, folder.parent / stem):  # the latter on the way to S3
        try:
            return pair_subjects(assembly, read_table(place / f"{stem}.csv"))
        except (NotFound, InvalidData, StoreError):  # another data set's damage is not told here
            continue
    return pair_subjects(assembly, set_of(assembly, stimulus_set_identifier))


def _values(assembly: object) -> list[object]:
    """Statistics of values in memory; computing lazy ones may take hours, which they will be looked at when written."""
    if not isinstance(assembly, xr.DataArray) or assembly.chunks is not None:
        return []
    return [Values(Statistics.of(assembly), plain_coords(assembly))]


def _retract(kind: Kind, identifier: str, folder: Path) -> None:
    """Take back the record of an earlier run just before its files are replaced."""
    (folder / record_name(kind, identifier)).unlink(missing_ok=True)


def _recorded(record: Record, project: Project, report: Report, folder: Path) -> Record:
    """The record of a data set that was accepted, with what goes out with it, beside its files."""
    record = noted(replace(record, release=dict(project.release)), report)
    with whole_file(folder / record.name) as partial:
        partial.write_text(record.to_json(), encoding="utf-8", newline="\n")
    return record
