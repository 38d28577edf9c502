"""What is in the cache, whether it is whole, and what of it can go."""

from __future__ import annotations

import re
import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from brainpack.errors import StoreError
from brainpack.layout import unpacked_folder
from brainpack.read.access import reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from brainpack.cache.entries import Cache

_SHA1: Final = re.compile("[0-9a-f]{40}")


@dataclass(frozen=True)
class Entry:
    """One file of the cache.

    Attributes
    ----------
    path : Path
    sha1 : str
        What it has to be, by the name of its folder.
    size : int
        Bytes of the file, and of what was unpacked from it.
    used : datetime
        When it was loaded last, in UTC.
    """

    path: Path
    sha1: str
    size: int
    used: datetime


@dataclass(frozen=True)
class Removal:
    """Something that can go, or went.

    Attributes
    ----------
    path : Path
    size : int
        Bytes.
    reason : str
    """

    path: Path
    size: int
    reason: str


def entries(cache: Cache) -> Iterator[Entry]:
    """Files of the cache, those first that were used last.

    Raises
    ------
    StoreError
        The cache cannot be read.
    """
    found = [_entry(cache, path) for folder in _folders(cache) for path in _files(folder)]
    yield from sorted(found, key=lambda entry: entry.used, reverse=True)


def is_whole(cache: Cache, entry: Entry) -> bool:
    """Whether a file is what its folder says; all of it is read."""
    digest = cache.digest(entry.path, verify=True)
    return digest is not None and digest.sha1 == entry.sha1


def prune(cache: Cache, unused_for: timedelta | None, *, only_say: bool = False) -> Iterator[Removal]:
    """Remove what broken downloads have left, and what was not used for long; what is in use stays.

    Parameters
    ----------
    cache : Cache
    unused_for : timedelta, optional
        Remove files, with what was unpacked from them, that were not loaded for this time. None keeps all of them.
    only_say : bool
        Touch nothing.

    Yields
    ------
    Removal

    Raises
    ------
    StoreError
        Something cannot be read or removed.
    """
    now = datetime.now(UTC)
    for folder in _folders(cache):
        try:
            with cache.locked(folder.name, wait=False), _nobody_unpacks(folder):
                for removal in [*_leftovers(folder), *_unused(cache, folder, now, unused_for)]:
                    if not only_say:
                        _remove(removal.path)
                    yield removal
                if not only_say and not any(folder.iterdir()):
                    folder.rmdir()
        except Timeout:  # somebody fetches it at this moment
            continue
        except OSError as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(f"{folder} cannot be cleaned up: {error.strerror or error}") from error


@contextmanager
def _nobody_unpacks(folder: Path) -> Iterator[None]:
    with ExitStack() as locks:
        for path in folder.glob(".*.lock"):
            locks.enter_context(FileLock(path, blocking=False))
        yield


def _leftovers(folder: Path) -> Iterator[Removal]:
    for path in sorted(folder.glob(".*.partial")):
        yield Removal(path, _size(path), "left over from a download that broke off")


def _unused(cache: Cache, folder: Path, now: datetime, unused_for: timedelta | None) -> Iterator[Removal]:
    if unused_for is None:
        return
    used = [_entry(cache, path).used for path in _files(folder)]
    if not used:  # single stimuli of a ZIP that is elsewhere
        used.append(datetime.fromtimestamp(folder.stat().st_mtime, UTC))
    if now - max(used) > unused_for:
        for path in sorted(folder.iterdir()):
            if not path.name.endswith(".partial"):
                yield Removal(path, _size(path), f"not used for {unused_for / timedelta(days=1):g} days")


def _folders(cache: Cache) -> list[Path]:
    try:
        found = [path for path in cache.home.iterdir() if _SHA1.fullmatch(path.name) and _is_folder(path)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"the cache {cache.home} cannot be read: {error.strerror or error}") from error
    return sorted(found)


def _files(folder: Path) -> list[Path]:
    with reading(folder):
        return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _entry(cache: Cache, path: Path) -> Entry:
    unpacked = unpacked_folder(path)
    size = path.stat().st_size + (_size(unpacked) if unpacked != path and unpacked.is_dir() else 0)
    return Entry(path, path.parent.name, size, datetime.fromtimestamp(cache.last_use(path), UTC))


def _size(path: Path) -> int:
    if _is_folder(path):
        return sum(_size(below) for below in path.iterdir())
    return path.lstat().st_size


def _remove(path: Path) -> None:
    if _is_folder(path):
        shutil.rmtree(path)
    else:
        path.unlink()
