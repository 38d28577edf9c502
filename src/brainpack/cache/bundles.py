"""The cache, or some of it, as one file: for machines without a network."""

from __future__ import annotations

import re
import tarfile
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, BinaryIO, Final

from brainpack.atomic import whole_file
from brainpack.cache.upkeep import entries
from brainpack.digest import BLOCK, Digester, Promise
from brainpack.errors import IntegrityError, InvalidData, NotFound, StoreError
from brainpack.layout import IDENTIFIER
from brainpack.record.records import LONGEST_RECORD, parse_record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from tarfile import TarFile, TarInfo
    from typing import IO

    from brainpack.cache.entries import Cache
    from brainpack.digest import Digest

_FILE: Final = re.compile(rf"([0-9a-f]{{40}})/({IDENTIFIER.pattern})")
_RECORD: Final = re.compile("records/([0-9a-f]{64})")


def export_bundle(cache: Cache, bundle: Path, patterns: Sequence[str] = ()) -> list[str]:
    """Write files of the cache, and the records that were read from stores, into a tar file.

    Parameters
    ----------
    cache : Cache
    bundle : Path
        Replaced, if it is there.
    patterns : sequence of str
        Names of files, in which "*" stands for any text; all files by default.

    Returns
    -------
    list of str
        Names of the files.

    Raises
    ------
    NotFound
        No file has such a name.
    IntegrityError
        A file of the cache is damaged.
    StoreError
        Something cannot be read or written; or something else than a bundle would be replaced.
    """
    if bundle.is_file() and bundle.stat().st_size and not tarfile.is_tarfile(bundle):
        raise StoreError(f"{bundle} is no bundle, and stays as it is; name another file, such as files.tar")
    chosen = [
        entry
        for entry in entries(cache)
        if not patterns or any(fnmatchcase(entry.path.name, pattern) for pattern in patterns)
    ]
    if not chosen:
        wanted = " or ".join(patterns) or "any file"
        raise NotFound(f"the cache {cache.home} does not hold {wanted}; see `brainpack cache list`")
    with whole_file(bundle) as partial, tarfile.open(partial, "x") as tar:
        for entry in chosen:
            digest = cache.digest(entry.path)
            if digest is None or digest.sha1 != entry.sha1:
                raise IntegrityError(
                    f"{entry.path} is damaged, and no bundle was written; load it, which repairs it, or remove it",
                    expected=f"SHA-1 {entry.sha1}",
                    got=str(digest),
                )
            tar.add(entry.path, f"{entry.sha1}/{entry.path.name}", filter=_anonymous)
        for record in cache.kept_records():
            tar.add(record, f"records/{record.name}", filter=_anonymous)
    return [entry.path.name for entry in chosen]


def _anonymous(member: TarInfo) -> TarInfo:
    """Nobody is interested in who had the file."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o644
    return member


def import_bundle(cache: Cache, bundle: Path) -> list[str]:
    """Take the files of a bundle into the cache, each proven by its SHA-1.

    Parameters
    ----------
    cache : Cache
    bundle : Path

    Returns
    -------
    list of str
        Names of the files, also of those that were there already.

    Raises
    ------
    NotFound
        No such file.
    InvalidData
        It is no bundle, or holds what no bundle holds; files before that were taken in.
    IntegrityError
        A file in it is damaged, and was not taken in; files before it were.
    StoreError
        Something cannot be read or written.
    """
    try:
        with tarfile.open(bundle, "r:") as tar:
            return [name for member in tar if (name := _take_in(cache, tar, member)) is not None]
    except FileNotFoundError as error:
        raise NotFound(f"there is no bundle {bundle}; write one with `brainpack cache export`") from error
    except (tarfile.TarError, EOFError) as error:
        raise InvalidData(f"{bundle} is not a whole bundle of brainpack: {error}; get a fresh copy") from error
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{bundle} cannot be read: {error.strerror or error}") from error


def _take_in(cache: Cache, tar: TarFile, member: TarInfo) -> str | None:
    """Name of a file that is in the cache now; None for a record."""
    content = tar.extractfile(member) if member.isreg() else None
    if content is not None and _RECORD.fullmatch(member.name):
        text = content.read(LONGEST_RECORD + 1)
        if text:  # otherwise it says that there was none
            parse_record(text, member.name)
        cache.keep_record(member.name.partition("/")[2], text)
        return None
    found = _FILE.fullmatch(member.name)
    if content is None or found is None:
        raise InvalidData(f"{tar.name!r} holds {member.name!r}, which no bundle of brainpack does; get a fresh copy")
    sha1, name = found.groups()
    path = cache.home / sha1 / name
    with cache.locked(sha1):
        digest = cache.digest(path)
        if digest is None or digest.sha1 != sha1:
            _write(cache, content, path, Promise(sha1, size=member.size))
    return name


def _write(cache: Cache, content: IO[bytes], path: Path, promise: Promise) -> None:
    with whole_file(path) as partial:
        with partial.open("xb") as file:
            digest = _copy(content, file)
        if not promise.is_kept_by(digest):
            raise IntegrityError(
                f"{path.name} is damaged in the bundle; get a fresh copy", expected=str(promise), got=str(digest)
            )
    cache.remember(path, digest)


def _copy(content: IO[bytes], file: BinaryIO) -> Digest:
    digester = Digester()
    while block := content.read(BLOCK):
        file.write(block)
        digester.update(block)
    return digester.digest()
