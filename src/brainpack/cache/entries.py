"""Files by their SHA-1: fetched once, proven when they come in, repaired when they changed."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from brainpack.atomic import whole_file
from brainpack.errors import AccessDenied, InvalidData, NotFound, StoreError, Unavailable
from brainpack.notices import warn
from brainpack.progress import Bars
from brainpack.read.access import reading
from brainpack.record.records import LONGEST_RECORD, parse_record
from brainpack.store.fetching import fetch
from brainpack.store.local.digests import Digests, Mark
from brainpack.store.local.keys import HIDDEN
from brainpack.store.location import open_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from brainpack.digest import Digest, Promise
    from brainpack.record.records import Record
    from brainpack.settings import Settings
    from brainpack.store.base import Source

_NOTHING: Final = b""  # is kept of a record that is not in its store
_EVERYBODY: Final = 0o666  # a cache may be shared by a lab


@dataclass(frozen=True)
class Wanted:
    """A published file.

    Attributes
    ----------
    name : str
        File name; its key below `place`.
    promise : Promise
        What it has to be.
    place : str
        `s3://bucket/folder`, or the path of a folder.
    version_id : str or None
        Of the object in the store; None for the current one.
    """

    name: str
    promise: Promise
    place: str
    version_id: str | None = None

    def __str__(self) -> str:
        return f"{self.place}/{self.name} ({self.promise})"


class Cache:
    """A folder of verified files, `<sha1>/<name>`, for any number of processes at the same time.

    A file is hashed when it comes in, and again only when its size, its times or its inode changed since then. A file
    that is not what its folder says is replaced. The reference client finds its files here, and the other way round.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self.home = settings.home
        self._settings = settings
        self._digests = Digests(settings.home)
        self._records = settings.home / HIDDEN / "records"
        self._sources: dict[str, Source] = {}  # connecting takes longer than fetching a small file
        self._silent: dict[str, Unavailable] = {}  # a store that does not answer is not waited for twice

    def path(self, wanted: Wanted) -> Path:
        """Where a file is, or would be."""
        return self.home / wanted.promise.sha1 / wanted.name

    def singles(self, sha1: str, name: str) -> Path:
        """Folder for single files out of a ZIP; the reference client would take the usual one for a whole set."""
        return self.home / sha1 / f".{name}.singles"

    def holds(self, wanted: Wanted) -> bool:
        """Whether a file is there, and is the promised one."""
        return self._is_good(wanted, verify=False)

    def files(self, wanted: Sequence[Wanted], *, verify: bool = False) -> list[Path]:
        """Verified local files, fetched where they are not there.

        Parameters
        ----------
        wanted : sequence of Wanted
        verify : bool
            Hash them again, whether they changed or not.

        Returns
        -------
        list of Path

        Raises
        ------
        Unavailable
            The store cannot be reached; the message names all files that are missing here.
        NotFound, AccessDenied, StoreError, IntegrityError
            The store does not have, or not give, what is wanted, or the cache cannot be written.
        """
        try:
            return [self._file(file, verify=verify) for file in wanted]
        except Unavailable as error:
            missing = [str(file) for file in wanted if not self._is_good(file, verify=False)]
            raise Unavailable(
                f"{error}\nNot in the cache {self.home}: {', '.join(missing)}. Where there is a network, run "
                "`brainpack cache export`, and here `brainpack cache import`"
            ) from error

    def record(self, place: str, name: str) -> Record:
        """Record from a store; where that cannot be reached, as it was when it was last read.

        Raises
        ------
        NotFound, AccessDenied, Unavailable, StoreError
            The store does not have it, or not give it.
        InvalidData
            It is no record.
        """
        url = f"{place}/{name}"
        kept = hashlib.sha256(url.encode()).hexdigest()
        try:
            with self._asking(place) as source:
                content = source.read(name, 0, LONGEST_RECORD + 1)
        except (NotFound, AccessDenied):
            if not (self._records / kept).exists():
                self._try_to_keep(kept, _NOTHING)
            raise
        except Unavailable as error:
            return self._kept_record(kept, url, error)
        record = parse_record(content, url)
        self._try_to_keep(kept, content)
        return record

    def _kept_record(self, name: str, url: str, error: Unavailable) -> Record:
        """Record as it was when it was last read, in place of an error."""
        path = self._records / name
        try:
            with reading(path):
                content = path.read_bytes()
            record = parse_record(content, str(path)) if content != _NOTHING else None
        except (NotFound, StoreError, InvalidData):
            raise Unavailable(
                f"{url} is not known here, and {error}. Where there is a network, load it and run "
                "`brainpack cache export`, and here `brainpack cache import`"
            ) from error
        if record is None:
            raise NotFound(f"there was no {url} when it was last asked for, and now {error}")
        return record

    def _try_to_keep(self, name: str, content: bytes) -> None:
        with suppress(StoreError):  # without it, the store is asked again
            self.keep_record(name, content)

    def keep_record(self, name: str, content: bytes) -> None:
        """Keep the text of a record, or that there is none, for when its store cannot be reached."""
        with whole_file(self._records / name) as partial:
            partial.write_bytes(content)

    def kept_records(self) -> list[Path]:
        """Files of the records that were kept."""
        return sorted(path for path in self._records.glob("*") if not path.name.startswith("."))

    def _file(self, wanted: Wanted, *, verify: bool) -> Path:
        if not self._is_good(wanted, verify=verify):
            with self.locked(wanted.promise.sha1) as is_alone:
                if not self._is_good(wanted, verify=False):  # by now, another process may have fetched it
                    self._fetch(wanted, is_alone=is_alone)
        return self.path(wanted)

    def _is_good(self, wanted: Wanted, *, verify: bool) -> bool:
        """Whether a file is there, and is the promised one."""
        digest = self.digest(self.path(wanted), verify=verify)
        return digest is not None and wanted.promise.is_kept_by(digest)

    def digest(self, path: Path, *, verify: bool = False) -> Digest | None:
        """Digest of a file of the cache, read only if it changed since it was read last; None if it is not there."""
        try:
            with path.open("rb") as file:
                mark = Mark.of(os.fstat(file.fileno()))
                if verify:
                    self._digests.forget(path)
                with suppress(OSError):  # in a cache that nobody may write to, all files are read each time
                    (self.home / HIDDEN).mkdir(exist_ok=True)
                digest = self._digests.of(path, file, mark)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(
                f"{path} in the cache cannot be read: {error.strerror or error}; remove it, or set BRAINIO_HOME"
            ) from error
        self._digests.touch(path)
        return digest

    def remember(self, path: Path, digest: Digest) -> None:
        """Keep the digest of a file that has just come in, so that it is not read for it."""
        with suppress(OSError):
            self._digests.save(path, Mark.of(path.stat()), digest)

    def last_use(self, path: Path) -> float:
        """When a file was loaded last, or else came in: seconds since 1970."""
        return self._digests.last_use(path) or path.stat().st_mtime

    def _fetch(self, wanted: Wanted, *, is_alone: bool) -> None:
        path = self.path(wanted)
        if path.exists():
            warn(
                f"{path} in the cache is damaged and is fetched again: expected {wanted.promise}, got "
                f"{self.digest(path)}"
            )
        with self._asking(wanted.place) as source, Bars() as bars:
            stored = fetch(
                source,
                wanted.name,
                path,
                wanted.version_id,
                bars,
                wanted.promise,
                may_go_on=is_alone,
            )
        if stored.digest is not None:
            self.remember(path, stored.digest)

    @contextmanager
    def _asking(self, place: str) -> Iterator[Source]:
        if place in self._silent:
            raise self._silent[place]
        try:
            if place not in self._sources:
                self._sources[place] = open_source(place, self._settings)
            yield self._sources[place]
        except Unavailable as error:
            self._silent[place] = error
            raise

    @contextmanager
    def locked(self, sha1: str, *, wait: bool = True) -> Iterator[bool]:
        """Keep other processes from changing an entry; False where the file system has no locks.

        Raises
        ------
        filelock.Timeout
            Another process does, and we do not want to wait.
        StoreError
            The cache cannot be written.
        """
        folder = self.home / HIDDEN / "locks"
        lock = FileLock(folder / sha1, mode=_EVERYBODY, blocking=wait)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except NotImplementedError:
            yield False
            return
        except Timeout:
            raise
        except OSError as error:
            raise StoreError(
                f"the cache {self.home} cannot be written: {error.strerror or error}; set BRAINIO_HOME to a folder "
                "that you may write to"
            ) from error
        try:
            yield True
        finally:
            lock.release()
