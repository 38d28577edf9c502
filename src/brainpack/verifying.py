"""Record, store and local copies compared, without changing any of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from brainpack.cache.entries import Cache
from brainpack.digest import digest_file
from brainpack.errors import NotFound, StoreError
from brainpack.locating import locate, records_at
from brainpack.read.access import reading
from brainpack.record.records import LONGEST_RECORD, Record, parse_record
from brainpack.settings import Settings
from brainpack.store.fetching import digest_of
from brainpack.store.location import open_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from brainpack.locating import Located
    from brainpack.record.records import RecordedFile
    from brainpack.store.base import Source

    AnyPath = str | os.PathLike[str]


class Outcome(StrEnum):
    """What a comparison has shown."""

    SAME = "same"
    DIFFERENT = "different"
    MISSING = "missing"


@dataclass(frozen=True)
class Copy:
    """One copy of a file, compared with its record.

    Attributes
    ----------
    where : str
        URL or path of the copy.
    outcome : Outcome
    how : str
        What it was compared by, or what was found instead.
    """

    where: str
    outcome: Outcome
    how: str

    def __str__(self) -> str:
        return f"{self.outcome:10}{self.where}  {self.how}"


def verify(package: Record | AnyPath) -> tuple[Copy, ...]:
    """Compare every copy of a package with its record: in the store, beside the record, and in the cache.

    Nothing is fetched where the store holds checksums of what brainpack has put there; other objects are read once.

    Parameters
    ----------
    package : Record, path or str
        A record, its file, a file of the package beside its record, a folder of packages, `s3://bucket/folder`, or the
        URL of a record or file in it.

    Returns
    -------
    tuple of Copy
        A file that is not in the cache is not mentioned.

    Raises
    ------
    NotFound
        There is no record.
    AccessDenied, Unavailable, StoreError
        The store refuses, does not answer, or something cannot be read.
    InvalidData
        A record cannot be understood.
    """
    return tuple(compared(package))


def compared(package: Record | AnyPath) -> Iterator[Copy]:
    """Compare like `verify`, and tell of each copy as soon as it is compared."""
    cache = Cache(Settings.from_environment())
    for record in [package] if isinstance(package, Record) else records_at(os.fspath(package)):
        yield from _compare(locate(record, cache), cache)


def _compare(found: Located, cache: Cache) -> Iterator[Copy]:
    if found.place is None and found.folder is None:
        found.wanted(found.record.files[0])  # which says that nobody knows where it is
    is_store = found.folder is not None and found.place == str(found.folder.absolute())
    if found.place is not None and not is_store:
        source = open_source(found.place, Settings.from_environment())
        yield _record_in_store(source, found.record)
        for file in found.record.files:
            yield _in_store(source, file, found.wanted(file).version_id)
    for file in found.record.files:
        if found.folder is not None and (is_store or found.beside(file)):
            yield _on_disk(found.folder / file.name, file)
        cached = cache.home / file.sha1 / file.name
        if cached.exists():
            yield _on_disk(cached, file)


def _record_in_store(source: Source, record: Record) -> Copy:
    where = f"{source.url}/{record.name}"
    try:
        there = parse_record(source.read(record.name, 0, LONGEST_RECORD + 1), where)
    except NotFound:
        return Copy(where, Outcome.MISSING, "")
    if there.has_data_of(record):
        return Copy(where, Outcome.SAME, "names the same bytes")
    return Copy(where, Outcome.DIFFERENT, f"names other bytes, packaged {there.created}")


def _in_store(source: Source, file: RecordedFile, version_id: str | None) -> Copy:
    where = f"{source.url}/{file.name}"
    try:
        found = source.head(file.name, version_id)
    except NotFound:
        return Copy(where, Outcome.MISSING, "" if version_id is None else f"version {version_id}")
    how = "read whole" if found.digest is None else "by the checksum that the store holds"
    if found.size != file.size:
        return Copy(where, Outcome.DIFFERENT, f"expected {file.size} bytes, got {found.size}")
    got = digest_of(source, found)
    if got != file.digest:
        return Copy(where, Outcome.DIFFERENT, f"expected {file.digest}, got {got}")
    return Copy(where, Outcome.SAME, how)


def _on_disk(path: Path, file: RecordedFile) -> Copy:
    try:
        with reading(path):
            got = digest_file(path)
    except NotFound:
        return Copy(str(path), Outcome.MISSING, "")
    except StoreError as error:
        return Copy(str(path), Outcome.DIFFERENT, str(error))
    if got != file.digest:
        return Copy(str(path), Outcome.DIFFERENT, f"expected {file.digest}, got {got}")
    return Copy(str(path), Outcome.SAME, "read whole")
