"""Stimulus set -> CSV and ZIP; each stimulus file is read once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brainpack.digest import DigestingWriter
from brainpack.layout import FILENAME, LOCAL_COLUMNS, STIMULUS_ID, id_column
from brainpack.progress import progress
from brainpack.write.archive import Archive

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pandas as pd

    from brainpack.digest import Digest
    from brainpack.write.archive import Onlooker


def published_columns(columns: Iterable[str]) -> list[str]:
    """Columns that go into the CSV, in the caller's order: all but those about local files."""
    return [column for column in columns if column not in LOCAL_COLUMNS]


def write_zip(
    entries: Sequence[tuple[str, Path]], path: Path, onlooker: Onlooker | None = None
) -> tuple[Digest, list[bytes]]:
    """Pack files, in order and each read once.

    Parameters
    ----------
    entries : sequence of (str, Path)
        Name inside the ZIP, and the file.
    path : Path
        New.
    onlooker : Onlooker, optional
        Gets every file, in order.

    Returns
    -------
    (Digest, list of bytes)
        Of the ZIP, computed while it was written; and the SHA-256 of each file.

    Raises
    ------
    StoreError
        A stimulus cannot be read.
    OSError
        The ZIP cannot be written.
    """
    with path.open("xb") as file:
        archive = Archive(file, onlooker)
        packed = progress(entries, len(entries), " files", path.suffix)
        contents = [archive.add(name, source) for name, source in packed]
        return archive.finish(), contents


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
