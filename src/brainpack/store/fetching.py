"""From a store to a file: parallel reads, hashed in order, which go on where an earlier attempt ended."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

from brainpack.atomic import flush_to_disk, writing
from brainpack.digest import BLOCK, Digester
from brainpack.errors import IntegrityError
from brainpack.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from concurrent.futures import Future
    from io import FileIO
    from pathlib import Path

    from brainpack.digest import Digest, Promise
    from brainpack.progress import Listener
    from brainpack.store.base import Source, StoredObject

_PART: Final = 8 << 20  # large enough that what a request costs does not count
_READERS: Final = 4
_ATTEMPTS: Final = 3  # how often bytes that arrive wrong are asked for again


def fetch(
    source: Source,
    key: str,
    target: Path,
    version_id: str | None = None,
    listener: Listener | None = None,
    promise: Promise | None = None,
    *,
    may_go_on: bool = True,
) -> StoredObject:
    """Fetch an object into a file that appears whole, flushed to disk and proven, or not at all.

    What has arrived when the line or the process breaks off stays in a hidden file beside the target, from where the
    next attempt goes on.

    Parameters
    ----------
    source : Source
    key : str
    target : Path
        Its folder is made if needed.
    version_id : str, optional
        By default the current version.
    listener : callable, optional
        Told how far it is.
    promise : Promise, optional
        What the object has to be, beside what the store says of it.
    may_go_on : bool
        Whether nobody else fetches the same object to the same place now; otherwise it begins at its start.

    Returns
    -------
    StoredObject
        With the digest of the bytes that arrived.

    Raises
    ------
    NotFound
        No such object, or no such version of it.
    IntegrityError
        The object is not the promised one, or what arrives is not what was put there.
    StoreError
        The store cannot be read, or the file cannot be written.
    """
    before = None
    for _ in range(_ATTEMPTS):
        found = source.head(key, version_id)
        expect(found, promise, f"{source.url}/{key}")
        tag = _tag(source.url, found) if may_go_on else secrets.token_hex(8)
        unfinished = target.with_name(f".{target.name}.{tag}.partial")
        got = _complete(source, found, unfinished, target, listener)
        with writing(target, unfinished):
            if _is_whole(got, found, promise):
                flush_to_disk(unfinished)
                unfinished.replace(target)
                return replace(found, digest=got)
            unfinished.unlink()
        if got == before:
            raise IntegrityError(
                f"{source.url}/{key} is another object than the one that was asked for; check version id and SHA-1, or "
                "ask who published it",
                expected=str(promise or found.digest),
                got=str(got),
            )
        before = got
    raise IntegrityError(
        f"{source.url}/{key} arrives damaged again and again; try another network, or ask who published it",
        expected=str(promise or found.digest or f"{found.size} bytes"),
        got=str(got),
    )


def digest_of(source: Source, found: StoredObject) -> Digest:
    """Digest of an object; where the store does not know it, all of it is read.

    Raises
    ------
    StoreError
        The store cannot be read.
    """
    if found.digest is not None:
        return found.digest
    digester = Digester()
    for block in _blocks(_parts(_reader(source, found), 0, found.size)):
        digester.update(block)
    return digester.digest()


def _reader(source: Source, found: StoredObject) -> Callable[[int, int], bytes]:
    return partial(source.read, found.key, version_id=found.version_id)


def expect(found: StoredObject, promise: Promise | None, url: str) -> None:
    """Refuse what cannot be the promised object before it is fetched.

    Raises
    ------
    IntegrityError
        Its size, or the digest that the store knows, is another one.
    """
    if promise is None:
        return
    is_other = not promise.is_kept_by(found.digest) if found.digest else promise.size not in {None, found.size}
    if is_other:
        raise IntegrityError(
            f"{url} is not the object that was asked for; check the version id, or ask who published it",
            expected=str(promise),
            got=str(found.digest or f"{found.size} bytes"),
        )


def _is_whole(got: Digest, found: StoredObject, promise: Promise | None) -> bool:
    is_what_was_put = got == found.digest if found.digest else got.size == found.size
    return is_what_was_put and (promise is None or promise.is_kept_by(got))


def _tag(url: str, found: StoredObject) -> str:
    """A name for exactly these bytes, so that an unfinished file is never gone on with from another object."""
    facts = repr((url, found.key, found.size, found.digest, found.version_id, found.etag, found.modified))
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def _complete(source: Source, found: StoredObject, unfinished: Path, target: Path, listener: Listener | None) -> Digest:
    """Append to an unfinished file what it lacks of an object, and hash all of it."""
    digester = Digester()
    with writing(target, unfinished):
        target.parent.mkdir(parents=True, exist_ok=True)
        file = unfinished.open("a+b", buffering=0)
    with file:
        with writing(target, unfinished):
            for kept in _there(file, found.size):
                digester.update(kept)
        for block in _blocks(_parts(_reader(source, found), digester.size, found.size)):
            with writing(target, unfinished):
                _write(file, block)
            digester.update(block)
            if listener is not None:
                listener(Progress(found.key, digester.size, found.size))
    return digester.digest()


def _there(file: FileIO, size: int) -> Iterator[bytes]:
    """What an earlier attempt has left; nothing, where that is more than there can be."""
    if file.seek(0, os.SEEK_END) > size:
        file.truncate(0)
    file.seek(0)
    while block := file.read(BLOCK):
        yield block


def _write(file: FileIO, block: memoryview) -> None:
    while block:
        block = block[file.write(block) :]


def _blocks(parts: Generator[bytes]) -> Iterator[memoryview]:
    with closing(parts):
        for part in parts:
            for start in range(0, len(part), BLOCK):
                yield memoryview(part)[start : start + BLOCK]


def _parts(read: Callable[[int, int], bytes], start: int, stop: int) -> Generator[bytes]:
    """Read a range in parts, several of them at the same time; they come in order."""
    starts = iter(range(start, stop, _PART))
    pool = ThreadPoolExecutor(_READERS, thread_name_prefix="brainpack-fetch")

    def ask(place: int) -> Future[bytes]:
        return pool.submit(read, place, min(place + _PART, stop))

    try:
        pending = deque(map(ask, islice(starts, _READERS)))
        while pending:
            part = pending.popleft().result()
            pending.extend(map(ask, islice(starts, 1)))
            yield part
    finally:
        pool.shutdown(cancel_futures=True)
