"""Stimulus set -> CSV and ZIP; each stimulus file is read once."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from brainpack.digest import BLOCK, DigestingWriter, ThreadedDigester
from brainpack.errors import StoreError
from brainpack.layout import FILENAME, LOCAL_COLUMNS, STIMULUS_ID, id_column
from brainpack.media.facts import Facts
from brainpack.media.inspector import look_at_files
from brainpack.progress import progress
from brainpack.write.archive import Archive
from brainpack.write.stimulus_files import read, read_in_pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import pandas as pd

    from brainpack.digest import Digest
    from brainpack.workers import Workers
    from brainpack.write.stimulus_files import StimulusFile


def published_columns(columns: Iterable[str]) -> list[str]:
    """Columns that go into the CSV, in the caller's order: all but those about local files."""
    return [column for column in columns if column not in LOCAL_COLUMNS]


class Packed(NamedTuple):
    """What became of the files of a stimulus set.

    Attributes
    ----------
    digest : Digest
        Of the ZIP, computed while it was written.
    facts : list of Facts
        What is in each file; empty where nobody has looked.
    """

    digest: Digest
    facts: list[Facts]


def write_zip(files: Sequence[StimulusFile], path: Path, crew: Workers, *, look: bool = False) -> Packed:
    """Pack files, in order and each read once.

    Parameters
    ----------
    files : sequence of StimulusFile
    path : Path
        New.
    crew : Workers
        Read the files, and look into them.
    look : bool
        Whether to look into the files. Those that are too large to be held are read once more for that.

    Raises
    ------
    StoreError
        A stimulus cannot be read.
    IntegrityError
        A stimulus changed since it was found.
    OSError
        The ZIP cannot be written.
    """
    with path.open("xb", buffering=BLOCK) as file, ThreadedDigester() as digester:
        archive = Archive(DigestingWriter(file, digester))
        found = [*progress(_added(archive, files, crew, look=look), len(files), " files", path.suffix)]
        digest = archive.finish()
    return Packed(digest, _completed(found, files, crew) if look else [])


def _added(
    archive: Archive, files: Sequence[StimulusFile], crew: Workers, *, look: bool
) -> Iterator[Facts | bytes | None]:
    """Add files to a ZIP; pass on what is in each, or the SHA-256 of one that could not be held."""
    for (is_held, _), alike in groupby(files, lambda file: (file.is_held, file.source.is_everywhere)):
        if is_held:
            for held in read([*alike], crew, look=look):
                archive.add(held.name, held.content, held.crc)
                yield held.facts
        else:
            for file in alike:
                yield archive.stream(file.name, file.size, read_in_pieces(file, crew))


def _completed(found: Sequence[Facts | bytes | None], files: Sequence[StimulusFile], crew: Workers) -> list[Facts]:
    """What is known already, and what has to be looked for in files that could not be held."""
    large = [
        (file.name, file.source, sha256) for file, sha256 in zip(files, found, strict=True) if isinstance(sha256, bytes)
    ]
    looked_into = look_at_files(large, crew)
    for (_, source, _), facts in zip(large, looked_into, strict=True):
        if facts.size is None:
            raise StoreError(f"the stimulus file {source} was packed, but then not looked into: {facts.damage}")
    again = iter(looked_into)
    return [known if isinstance(known, Facts) else next(again) for known in found]


def write_csv(stimuli: pd.DataFrame, path: Path, filenames: Sequence[str] | None = None) -> Digest:
    """Write the table of stimuli.

    Parameters
    ----------
    stimuli : DataFrame
        One row per stimulus; never changed.
    path : Path
        New.
    filenames : sequence of str, optional
        Name of each stimulus in the ZIP, in row order; becomes the last column.

    Returns
    -------
    Digest

    Raises
    ------
    OSError
        The file cannot be written.
    """
    table = stimuli[published_columns(stimuli.columns)]
    if STIMULUS_ID not in table.columns:
        table = table.assign(**{STIMULUS_ID: table[id_column(table.columns)]})
    if filenames is not None:
        table = table.drop(columns=FILENAME, errors="ignore").assign(**{FILENAME: filenames})
    with path.open("xb") as file:
        writer = DigestingWriter(file)
        table.to_csv(writer, index=False, mode="wb", encoding="utf-8", lineterminator="\n")
        return writer.digest()
