"""What is known of a data set in files."""

from __future__ import annotations

import os
from itertools import repeat
from typing import TYPE_CHECKING

from brainpack.digest import digest_file
from brainpack.errors import InvalidData
from brainpack.layout import FILENAME, id_column
from brainpack.media.finding import find
from brainpack.media.inspector import inspectors, look_at_files
from brainpack.objects.entries import Entry
from brainpack.read.access import reading
from brainpack.read.archives import Archive, FileOnDisk
from brainpack.read.in_place import arrays_in_place, class_by_dimensions
from brainpack.read.tables import read_table
from brainpack.read.zip_pass import look_through
from brainpack.sources import LocalFile
from brainpack.validating.known import Known
from brainpack.validation.rules.files import RecordedFiles, StimulusNames, Unread
from brainpack.validation.rules.media import MediaFiles
from brainpack.validation.rules.names import Name
from brainpack.validation.rules.stimuli import StimulusFiles, StimulusTable, single_column
from brainpack.workers import workers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from brainpack.media.facts import Facts
    from brainpack.opening import Found
    from brainpack.sources import Stamp


def of_files(found: Found, wanted: frozenset[type]) -> Known:
    """Gather what is known of a data set in files. What cannot be read is part of it, with the reason."""
    record = found.record
    known = Known(found.place, wanted, found)
    known.subjects += [Unread(where, reason) for where, reason in found.unread.items()]
    if record is not None:
        known.identifier, known.stimulus_set_identifier = record.identifier, record.stimulus_set_identifier
    if ".nc" in found.paths:
        _read_assembly(known, found, found.paths[".nc"])
    if ".csv" in found.paths:
        _read_table(known, found.paths[".csv"])
    if ".zip" in found.paths:
        _look_into_files(known, found, found.paths[".zip"])
    if known.identifier is not None:
        known.subjects.append(Name("identifier", known.identifier))
    if record is not None:
        promised = {file.name: file.digest for file in record.files}
        known.subjects.append(RecordedFiles(record.name, record.kind, promised, found.digests))
    return known


def _read_assembly(known: Known, found: Found, path: Path) -> None:
    with (
        known.noting(path.name),
        arrays_in_place(path, is_verified=found.is_as_recorded(".nc")) as (array, extras),
    ):
        cls = found.record.cls if found.record else class_by_dimensions(array.dims).__name__
        known.add_assembly(array, cls, extras)


def _read_table(known: Known, path: Path) -> None:
    with known.noting(path.name):
        known.stimuli = read_table(path)
        known.subjects.append(StimulusTable(known.stimuli))
        if single_column(known.stimuli, FILENAME) is None:
            raise InvalidData(
                f"{path} lacks the column {FILENAME!r}; add it, with the name of the file of each stimulus"
            )


def _look_into_files(known: Known, found: Found, path: Path) -> None:
    """Look into the ZIP or the folder of a stimulus set, as far as the table names what is in it."""
    entries = _entries(known, path)
    names = [str(entry.name) for entry in entries]
    facts: dict[str, Facts] = {}
    with known.noting(path.name):
        facts = _look_into_folder(known, path, names) if path.is_dir() else _look_into_zip(known, found, path, names)
    if known.stimuli is None or not entries:
        return
    known.subjects.append(StimulusFiles(known.stimuli, entries, _found(entries)))
    if not known.wants_media:
        return
    there = [entry for entry in entries if entry.name in facts]
    names = [str(entry.name) for entry in there]
    known.add_media(MediaFiles(names, [entry.stimulus_id for entry in there], [facts[name] for name in names]))


def _entries(known: Known, path: Path) -> list[Entry]:
    """The stimuli of the table in row order, with the file that each is in: its own, or the ZIP of all."""
    if known.stimuli is None or (names := single_column(known.stimuli, FILENAME)) is None:
        return []
    column = id_column(known.stimuli.columns)
    ids = None if column is None else single_column(known.stimuli, column)
    stimulus_ids = range(len(names)) if ids is None else ids.tolist()
    in_zip_or_folder = [f"{path}/{name}" for name in names] if path.is_dir() else repeat(str(path))
    return [*map(Entry, stimulus_ids, in_zip_or_folder, names)]


def _found(entries: Sequence[Entry]) -> list[Stamp | str | None]:
    """What is there for each entry; the ZIP of all is looked for once."""
    in_order = [*dict.fromkeys(source for entry in entries if (source := entry.source) is not None)]
    with workers(use_cluster=False) as crew:
        found = dict(zip(in_order, find(in_order, crew), strict=True))
    return [None if (source := entry.source) is None else found[source] for entry in entries]


def _look_into_folder(known: Known, folder: Path, names: Sequence[str]) -> dict[str, Facts]:
    if not known.wants_media:
        return {}
    with reading(folder):
        there = {
            os.path.relpath(os.path.join(parent, name), folder).replace(os.sep, "/")  # noqa: PTH118 - many files
            for parent, _, files in os.walk(folder)
            for name in files
        }
    wanted = [*dict.fromkeys(name for name in names if name in there)]
    with inspectors() as crew:
        facts = look_at_files([(name, LocalFile(f"{folder}/{name}")) for name in wanted], crew)
    return dict(zip(wanted, facts, strict=True))


def _look_into_zip(known: Known, found: Found, path: Path, names: Sequence[str]) -> dict[str, Facts]:
    try:
        in_zip = [*Archive(FileOnDisk.at(path)).members]
        facts, found.digests[path.name] = look_through(path, {*names} if known.wants_media else ())
    except InvalidData:
        with reading(path):
            found.digests[path.name] = digest_file(path)
        raise
    if names:
        known.subjects.append(StimulusNames(path.name, names, in_zip))
    known.subjects += [
        Unread(f"{name!r} in {path.name}", fact.damage)
        for name, fact in facts.items()
        if fact.kind == "other" and fact.damage is not None  # of the others there are other rules
    ]
    return facts
