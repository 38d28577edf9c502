"""Where a record and its files are: on a disk, in a store, or in the cache."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from brainpack.cache.entries import Wanted
from brainpack.digest import Promise, digest_file
from brainpack.errors import AccessDenied, IntegrityError, InvalidData, NotFound
from brainpack.layout import IDENTIFIER, RECORD_SUFFIX, record_name
from brainpack.notices import warn
from brainpack.read.access import reading
from brainpack.record.records import Record, read_record
from brainpack.settings import Settings, with_home
from brainpack.store.location import S3_SCHEME, BucketFolder, open_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brainpack.cache.entries import Cache
    from brainpack.layout import Kind
    from brainpack.record.records import RecordedFile

    AnyPath = str | os.PathLike[str]

_SHA1: Final = re.compile("[0-9a-f]{40}")
_JSON: Final = ".json"
_PATH: Final = re.compile(r"[/\\.~]|[A-Za-z]:")  # how a path begins, and no bucket


@dataclass(frozen=True)
class Located:
    """A record, and where its files may be.

    Attributes
    ----------
    record : Record
    folder : Path or None
        The folder of the record; None for one that is not on a disk.
    place : str or None
        The store that it was read from, or that it says that it was published to.
    """

    record: Record
    folder: Path | None
    place: str | None

    def paths(self, files: Sequence[RecordedFile], cache: Cache, *, verify: bool = False) -> list[Path]:
        """Verified local files: those beside the record, or else those of the cache, fetched if need be.

        Raises
        ------
        NotFound
            A file is not beside the record, and it was not published.
        IntegrityError, StoreError
            A file is another one, or cannot be read or fetched.
        """
        beside = {file.name: path for file in files if (path := self.beside(file)) is not None}
        for file in files:
            if file.name in beside:
                check(beside[file.name], file, self.record.identifier)
        missing = [self.wanted(file) for file in files if file.name not in beside]
        fetched = cache.files(missing, verify=verify)
        found = beside | {wanted.name: path for wanted, path in zip(missing, fetched, strict=True)}
        return [found[file.name] for file in files]

    def beside(self, file: RecordedFile) -> Path | None:
        """Path of a file beside the record; None where it has to come from the store."""
        path = None if self.folder is None else self.folder / file.name
        return path if path is not None and (self.place is None or path.exists()) else None

    def wanted(self, file: RecordedFile) -> Wanted:
        """What to ask the cache for.

        Raises
        ------
        NotFound
            It was not published.
        """
        if self.place is None:
            raise NotFound(
                f"the record of {self.record.identifier!r} does not say where its files are; name the record's file, "
                "or publish the package and name the published record"
            )
        # Elsewhere than where it was published, the same bytes have another version id.
        version_id = file.version_id if self.place == self.record.location else None
        return Wanted(file.name, file.digest.promise, self.place, version_id)

    def sibling(self, kind: Kind, identifier: str, cache: Cache) -> Located | None:
        """Another package in the same folder, or else in the same store; None if there is none."""
        for parent in (self.folder, self.place):
            if parent is None:
                continue
            if not str(parent).startswith(S3_SCHEME) and not Path(parent).is_dir():
                warn(
                    f"{self.record.identifier!r} is loaded without {identifier!r}, and without its columns as labels: "
                    f"the folder {parent} is not there; bring it back, or pass stimulus_set"
                )
                continue
            try:
                found = locate(f"{parent}/{record_name(kind, identifier)}", cache)
            except NotFound:
                continue
            except AccessDenied as error:  # what S3 also says of what is not there
                warn(f"{identifier!r} is not loaded with {self.record.identifier!r}: {error}")
                continue
            if found.record.identifier == identifier:
                return found
        return None


def locate(record: Record | AnyPath, cache: Cache) -> Located:
    """Find a record.

    Parameters
    ----------
    record : Record, path, or str
        A record, its file, or `s3://bucket/folder/….brainpack.json`.
    cache : Cache

    Returns
    -------
    Located

    Raises
    ------
    NotFound, InvalidData, StoreError
        It is not there, is none, or cannot be read.
    """
    if isinstance(record, Record):
        return Located(record, None, record.location)
    records = records_at(os.fspath(record))
    if len(records) > 1:
        names = ", ".join(Path(name).name for name in records)
        raise InvalidData(f"{record} holds several packages; name one of their records: {names}")
    if records[0].startswith(S3_SCHEME):
        parent, _, name = records[0].rpartition("/")
        place = BucketFolder.parse(parent).url()
        return Located(cache.record(place, name), None, place)
    path = Path(records[0])
    found = read_record(path)
    return Located(found, path.parent, found.location)


def records_at(place: str) -> list[str]:
    """Paths or URLs of the records of a folder, or of the one that belongs to a file.

    Raises
    ------
    NotFound
        There is none.
    AccessDenied, Unavailable, StoreError
        The place cannot be listed.
    """
    if place.startswith(S3_SCHEME):
        parent, _, name = place.rpartition("/")
        if name.endswith(RECORD_SUFFIX):
            return [place]
        if Path(name).suffix and f"{parent}/" != S3_SCHEME:
            return [f"{parent}/{Path(name).stem}{RECORD_SUFFIX}"]
        names = [found.key for found in open_source(place, Settings.from_environment()).list() if "/" not in found.key]
        folder = place.rstrip("/")
    else:
        path = with_home(place)
        if path.suffix == _JSON:
            return [str(path)]
        with reading(path):
            path.stat()
        if not path.is_dir():
            return [str(path.with_suffix(RECORD_SUFFIX))]
        with reading(path):
            names = [found.name for found in path.iterdir()]
        folder = str(path)
    records = sorted(f"{folder}/{name}" for name in names if name.endswith(RECORD_SUFFIX) and not name.startswith("."))
    if not records:
        raise NotFound(f"there is no record (*{RECORD_SUFFIX}) in {place}; packaging writes one beside the files")
    return records


def check(path: Path, file: RecordedFile, identifier: str) -> None:
    """Check that a file is the recorded one.

    Raises
    ------
    NotFound, IntegrityError, StoreError
        It is missing, differs, or cannot be read.
    """
    with reading(path):
        digest = digest_file(path)
    if digest != file.digest:
        raise IntegrityError(
            f"{path} is not the file that was packaged as {identifier!r}; package it again or get a fresh copy",
            expected=str(file.digest),
            got=str(digest),
        )


def registered(place: AnyPath, prefix: str, identifier: str, suffix: str, sha1: Any, version_id: str | None) -> Wanted:
    """A file as a registry of Brain-Score names it.

    Parameters
    ----------
    place : str or path
        "bucket", "bucket/folder" or "s3://bucket/folder"; or the path of a folder, absolute or with "." at its start.
    prefix, identifier, suffix : str
        Of the file name; the "." of the identifier are "_" in it.
    sha1 : str
    version_id : str or None
        None or "" for the current version.

    Raises
    ------
    InvalidData
        Identifier or SHA-1 cannot be what they should be.
    """
    name = f"{prefix}{str(identifier).replace('.', '_')}{suffix}"
    if not IDENTIFIER.fullmatch(name):
        raise InvalidData(f"{prefix}{identifier} is not how a data set is named; correct prefix and identifier")
    if not isinstance(sha1, str) or not _SHA1.fullmatch(sha1.lower()):
        raise InvalidData(f"the SHA-1 of {name} is {sha1!r}, expected 40 hexadecimal digits; copy it from the registry")
    text = os.fspath(place)
    is_folder = not isinstance(place, str) or bool(_PATH.match(text))
    where = text if is_folder or text.startswith(S3_SCHEME) else f"{S3_SCHEME}{text}"
    # A copy of a bucket in a folder has other version ids; the SHA-1 says which bytes are meant.
    if not is_folder:
        where = BucketFolder.parse(where).url()
    return Wanted(name, Promise(sha1.lower()), where, None if is_folder else version_id or None)
