"""Two stimulus sets, compared: their tables and the bytes of their files."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

import numpy as np

from brainpack.comparing.assemblies import only_in_one
from brainpack.comparing.differences import Differs, FileFacts, Place, ValuesDiffer
from brainpack.comparing.values import EXAMPLES
from brainpack.content.hashes import content_of_stimuli, table_cells, with_stimulus_id
from brainpack.errors import IntegrityError, InvalidData, NotFound
from brainpack.layout import FILENAME, STIMULUS_ID
from brainpack.progress import progress
from brainpack.read.access import reading
from brainpack.read.archives import by_last_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import IO

    from brainpack.comparing.differences import Difference, Tolerance

_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class _File(NamedTuple):
    size: int
    open: Callable[[], IO[bytes]]


@dataclass(frozen=True)
class _Stimuli:
    """A stimulus set on a disk: cells by column, rows by id, and its files by their path in the ZIP or folder."""

    table: Mapping[str, list[str]]
    rows: dict[str, int]
    files: Mapping[str, _File]
    place: Path

    def file(self, row: int) -> _File:
        """The file of a row: the one of that path, or else the only one of that name in any folder."""
        name = self.table[FILENAME][row]
        found = [name] if name in self.files else self._by_last_part.get(name, [])
        if len(found) != 1:
            raise NotFound(
                f"{len(found)} files in {self.place} are called {name!r}, as the table names the stimulus "
                f"{self.table[STIMULUS_ID][row]!r}; expected one"
            )
        return self.files[found[0]]

    @cached_property
    def _by_last_part(self) -> Mapping[str, list[str]]:
        return by_last_part(self.files)

    def digest(self, row: int) -> bytes:
        """SHA-256 of the file of a row."""
        file = self.file(row)
        with _reading_files(self.place), file.open() as content:
            return hashlib.file_digest(content, "sha256").digest()  # type: ignore[arg-type]  # it takes any binary file


def content_of_files(csv_path: Path, files: Path) -> str:
    """Content hash of a stimulus set in files.

    Parameters
    ----------
    csv_path : Path
    files : Path
        The ZIP, or the folder with the files.

    Raises
    ------
    NotFound, InvalidData, IntegrityError, StoreError
        A file is not there, cannot be understood, is damaged, or cannot be read.
    """
    with _opened(csv_path, files) as stimuli:
        rows = progress(range(len(stimuli.rows)), len(stimuli.rows), " files", files.name)
        return content_of_stimuli(stimuli.table, map(stimuli.digest, rows))


def compare_stimuli(a: tuple[Path, Path], b: tuple[Path, Path], tolerance: Tolerance) -> Iterator[Difference]:
    """Compare two stimulus sets, row by row of the same `stimulus_id`.

    Parameters
    ----------
    a, b : (Path, Path)
        The CSV, and the ZIP or the folder with the files.
    tolerance : Tolerance
        For cells that hold numbers; other cells are compared as the text that they are.

    Yields
    ------
    Difference

    Raises
    ------
    NotFound, InvalidData, IntegrityError, StoreError
        A file is not there, cannot be understood, is damaged, or cannot be read.
    """
    with _opened(*a) as left, _opened(*b) as right:
        yield from only_in_one("stimuli", left.rows, right.rows)
        ids = [stimulus_id for stimulus_id in left.rows if stimulus_id in right.rows]
        in_b = [stimulus_id for stimulus_id in right.rows if stimulus_id in left.rows]
        if moved := [pair for pair in zip(ids, in_b, strict=True) if pair[0] != pair[1]]:
            yield Differs("order of the stimuli, from the first that differs", *moved[0])
        yield from only_in_one("columns", left.table, right.table)
        for column in (column for column in left.table if column in right.table):
            yield from _compare_column(column, left, right, ids, tolerance)
        yield from _compare_files(left, right, ids)


def _compare_column(
    column: str, a: _Stimuli, b: _Stimuli, ids: list[str], tolerance: Tolerance
) -> Iterator[Difference]:
    cells_a, cells_b = a.table[column], b.table[column]
    places = []
    for stimulus_id in ids:
        row = a.rows[stimulus_id]
        left, right = cells_a[row], cells_b[b.rows[stimulus_id]]
        if left != right and not _are_close(left, right, tolerance):
            places.append(Place((row,), {STIMULUS_ID: stimulus_id}, left, right))
    if places:
        yield ValuesDiffer(f"column {column!r}", len(places), len(ids), tuple(places[:EXAMPLES]))


def _are_close(a: str, b: str, tolerance: Tolerance) -> bool:
    if tolerance.is_exact:
        return False
    try:
        return bool(np.isclose(float(a), float(b), tolerance.rtol, tolerance.atol, equal_nan=True))
    except ValueError:  # text
        return False


def _compare_files(a: _Stimuli, b: _Stimuli, ids: list[str]) -> Iterator[Difference]:
    places = []
    for stimulus_id in progress(ids, len(ids), " files", "comparing"):
        row, row_in_b = a.rows[stimulus_id], b.rows[stimulus_id]
        left, right = FileFacts(a.file(row).size), FileFacts(b.file(row_in_b).size)
        if left == right:
            left = FileFacts(left.size, a.digest(row).hex())
            right = FileFacts(right.size, b.digest(row_in_b).hex())
        if left != right:
            places.append(Place((row,), {STIMULUS_ID: stimulus_id}, left, right))
    if places:
        yield ValuesDiffer("files", len(places), len(ids), tuple(places[:EXAMPLES]))


@contextmanager
def _opened(csv_path: Path, files: Path) -> Iterator[_Stimuli]:
    table = with_stimulus_id(_read_table(csv_path))
    if absent := [name for name in (STIMULUS_ID, FILENAME) if name not in table]:
        raise InvalidData(f"{csv_path} lacks the column {absent[0]!r}; rename or add it")
    rows = {stimulus_id: row for row, stimulus_id in enumerate(table[STIMULUS_ID])}
    if len(rows) < len(table[STIMULUS_ID]):
        raise InvalidData(f"{csv_path} has several rows for the same {STIMULUS_ID!r}; keep one row for each")
    with reading(files):
        is_folder = files.is_dir()
    if is_folder:
        yield _Stimuli(table, rows, _files_in_folder(files), files)
        return
    with reading(files):
        file = files.open("rb")
    with file:
        yield _Stimuli(table, rows, _files_in_zip(file, files), files)


def _read_table(path: Path) -> dict[str, list[str]]:
    with reading(path):
        content = path.read_bytes()
    try:
        return table_cells(io.StringIO(content.decode("utf-8-sig"), newline=""))
    except (ValueError, csv.Error) as error:
        raise InvalidData(f"{path} is not a table of stimuli: {error}") from error


def _files_in_folder(folder: Path) -> dict[str, _File]:
    with reading(folder):
        paths = [path for path in folder.rglob("*") if path.is_file()]
        return {path.relative_to(folder).as_posix(): _File(path.stat().st_size, _opener(path)) for path in paths}


def _opener(path: Path) -> Callable[[], IO[bytes]]:
    return lambda: path.open("rb")


def _files_in_zip(file: BinaryIO, path: Path) -> dict[str, _File]:
    with _reading_files(path):
        archive = zipfile.ZipFile(file)
    return {entry.filename: _File(entry.file_size, partial(archive.open, entry)) for entry in archive.infolist()}


@contextmanager
def _reading_files(place: Path) -> Iterator[None]:
    try:
        with reading(place):
            yield
    except _DAMAGED as error:
        raise IntegrityError(f"{place} is damaged; get a fresh copy", expected="a sound ZIP", got=str(error)) from error
