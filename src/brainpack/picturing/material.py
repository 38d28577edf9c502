"""What a record names, proven and ready to be looked at: nothing is unpacked, and no array is in memory whole."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from brainpack.cache.entries import Cache
from brainpack.cache.remote import RemoteFile
from brainpack.errors import IntegrityError, InvalidData, NotFound
from brainpack.layout import FILENAME, STIMULUS_ID
from brainpack.locating import locate
from brainpack.read.archives import Archive, FileOnDisk
from brainpack.read.tables import read_table
from brainpack.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from brainpack.locating import Located
    from brainpack.record.records import Record

    AnyPath = str | os.PathLike[str]

_LARGEST_FETCHED: Final = 256 << 20  # bytes; of a larger ZIP in a store, single stimuli are read
_LARGEST_STIMULUS: Final = 64 << 20  # bytes that are looked into
_TOO_LARGE: Final = f"larger than {_LARGEST_STIMULUS >> 20} MiB, not opened"


class Read(NamedTuple):
    """A stimulus file.

    Attributes
    ----------
    name : str
    content : bytes
    problem : str
        Why there is no content; empty where there is.
    """

    name: str
    content: bytes
    problem: str = ""


@dataclass(frozen=True)
class Stimuli:
    """A stimulus set whose files stay in their ZIP.

    Attributes
    ----------
    record : Record
    table : DataFrame
    archive : Archive
    is_proven : bool
        Whether all bytes of the ZIP were compared with the record; otherwise each file is with its CRC-32.
    """

    record: Record
    table: pd.DataFrame
    archive: Archive
    is_proven: bool

    @property
    def ids(self) -> list[Any]:
        return list(self.table[STIMULUS_ID])

    def read(self, row: int) -> Read:
        """Read the file of one row.

        Raises
        ------
        IntegrityError
            It arrived damaged from a store. What was packaged damaged is told in the result.
        """
        name = str(self.table[FILENAME].iloc[row])
        try:
            member = self.archive.find(name)
            if member.size > _LARGEST_STIMULUS:
                return Read(name, b"", _TOO_LARGE)
            return Read(name, b"".join(self.archive.content(member)))
        except (NotFound, InvalidData):
            return Read(name, b"", "not in the ZIP")
        except IntegrityError:
            if not self.is_proven:
                raise
            return Read(name, b"", "damaged in the ZIP")


@dataclass(frozen=True)
class Material:
    """A package, found.

    Attributes
    ----------
    source : str
        Path or URL of the record, as its caller named it.
    located : Located
    cache : Cache
    """

    source: str | None
    located: Located
    cache: Cache

    @property
    def record(self) -> Record:
        return self.located.record

    def assembly(self) -> Path:
        """The netCDF file, proven to be the recorded one.

        Raises
        ------
        NotFound, IntegrityError, StoreError
            It is missing, is another one, or cannot be read.
        """
        return self.located.paths([self.record.file(".nc")], self.cache)[0]

    def stimuli(self) -> Stimuli | None:
        """The stimulus set, or that of the assembly; None where there is none.

        Raises
        ------
        NotFound, IntegrityError, InvalidData, StoreError
            A file is missing, unless it is of the stimulus set of an assembly, is another one, or cannot be read or
            understood.
        """
        if self.record.kind == "stimulus_set":
            return _stimuli(self.located, self.cache)
        identifier = self.record.stimulus_set_identifier
        sibling = None if identifier is None else self.located.sibling("stimulus_set", identifier, self.cache)
        try:
            return None if sibling is None else _stimuli(sibling, self.cache)
        except NotFound:  # its record came along, its files did not
            return None


def find(record: Record | AnyPath) -> Material:
    """Find a package.

    Raises
    ------
    NotFound, InvalidData, StoreError
        There is no record, or it cannot be understood or read.
    """
    from brainpack.record.records import Record

    cache = Cache(Settings.from_environment())
    source = None if isinstance(record, Record) else os.fspath(record)
    return Material(source, locate(record, cache), cache)


def _stimuli(located: Located, cache: Cache) -> Stimuli:
    table, archive = located.record.file(".csv"), located.record.file(".zip")
    is_here = located.beside(archive) is not None or cache.holds(located.wanted(archive))
    if is_here or archive.size <= _LARGEST_FETCHED:
        csv, path = located.paths([table, archive], cache)
        return _with_table(located, csv, Archive(FileOnDisk.at(path)), is_proven=True)
    (csv,) = located.paths([table], cache)
    return _with_table(located, csv, Archive(RemoteFile(located.wanted(archive))), is_proven=False)


def _with_table(located: Located, csv: Path, archive: Archive, *, is_proven: bool) -> Stimuli:
    _ = archive.members  # read before the table, because its list takes much memory on the way
    return Stimuli(located.record, _read(csv), archive, is_proven=is_proven)


def _read(csv: Path) -> pd.DataFrame:
    table = read_table(csv)
    for column in (STIMULUS_ID, FILENAME):
        if column not in table:
            raise InvalidData(f"{csv} lacks the column {column!r}; rename or add it, and package the stimuli again")
    return table
