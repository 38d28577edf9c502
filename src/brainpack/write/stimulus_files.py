"""Stimulus files -> their bytes, checksums, and what is in them: all that a worker does."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import deflate

from brainpack.errors import IntegrityError, StoreError
from brainpack.media.inspector import MOST_HELD, without_warnings
from brainpack.media.looking import look_into
from brainpack.notices import warn
from brainpack.sources import LocalFile, at_once, source_of
from brainpack.workers import Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from brainpack.media.facts import Facts
    from brainpack.sources import Source
    from brainpack.workers import Workers

HELD_IN_MEMORY: Final = 64 << 20  # part of the format: it decides which entries carry a data descriptor

_TOGETHER: Final = 64  # files, or
_ENOUGH: Final = 1 << 20  # bytes, for one task
_PIECE: Final = 16 << 20  # bytes of a file that is too large to be held
_TIMES_HELD: Final = 2  # the bytes of a file, and the pixels that they become


class StimulusFile(NamedTuple):
    """A file on its way into a ZIP; there may be a million of them, so it is flat.

    Attributes
    ----------
    name : str
        In the ZIP.
    path : str
        Or a URL.
    size, modified : int
        Of the file that was found there, as `brainpack.sources.Stamp` has them.
    """

    name: str
    path: str
    size: int
    modified: int

    @property
    def source(self) -> Source:
        return source_of(self.path)

    @property
    def is_held(self) -> bool:
        """Whether it is read as a whole."""
        return self.size <= HELD_IN_MEMORY


class Held(NamedTuple):
    """A file that has been read.

    Attributes
    ----------
    name : str
    content : bytes
    crc : int
        CRC-32, as a ZIP has it.
    facts : Facts or None
        None where nobody has looked into it.
    """

    name: str
    content: bytes
    crc: int
    facts: Facts | None


def read(files: Sequence[StimulusFile], crew: Workers, *, look: bool) -> Iterator[Held]:
    """Read files, several at the same time.

    Parameters
    ----------
    files : sequence of StimulusFile
        Each of which fits into memory; all are behind URLs, or none. What a worker elsewhere does not have, or has
        another version of, is read here, with all that follows.
    crew : Workers
    look : bool
        Also look into them.

    Yields
    ------
    Held
        In the order of the files.

    Raises
    ------
    StoreError
        A file cannot be read.
    IntegrityError
        A file has changed since it was found.
    """
    done = 0
    for batch in crew.results(_tasks(files, crew, look=look), MOST_HELD):
        if batch is None:
            break
        yield from batch
        done += len(batch)
    else:
        return
    warn(f"the workers do not find {files[done].source} as it is on this machine; the files are read here")
    yield from read(files[done:], crew.here, look=look)


def read_in_pieces(file: StimulusFile, crew: Workers) -> Iterator[bytes]:
    """Read a file that is too large to be held; the errors are those of `read`."""
    starts = range(0, file.size, _PIECE)
    tasks = (Task(_piece, (file, start, min(start + _PIECE, file.size)), _PIECE) for start in starts)
    yield from (crew if file.source.is_everywhere else crew.here).results(tasks, most_bytes=_PIECE)


def _tasks(files: Sequence[StimulusFile], crew: Workers, *, look: bool) -> Iterator[Task]:
    batch: list[StimulusFile] = []
    size = 0
    for file in files:
        batch.append(file)
        size += file.size
        if size >= _ENOUGH or len(batch) == _TOGETHER:
            yield Task(_read_together, (batch, crew.are_here, look), _TIMES_HELD * size)
            batch, size = [], 0
    if batch:
        yield Task(_read_together, (batch, crew.are_here, look), _TIMES_HELD * size)


def _read_together(files: Sequence[StimulusFile], is_here: bool, look: bool) -> list[Held] | None:  # noqa: FBT001 - tasks have no keywords
    """Read files; None if a worker elsewhere does not have what was found here."""
    if files[0].source.is_everywhere or is_here:
        return _read_all(files, look=look)
    if not all(map(_is_same, files)):
        return None
    try:
        with without_warnings():
            return _read_all(files, look=look)
    except StoreError:
        return None


def _read_all(files: Sequence[StimulusFile], *, look: bool) -> list[Held]:
    read_one = partial(_read, look=look)
    sources = [file.source for file in files]
    return [*(at_once if sources[0].is_everywhere else map)(read_one, sources, files)]


def _is_same(file: StimulusFile) -> bool:
    """Whether a file is the one that was found; what is behind a URL has no time to tell it by."""
    try:
        return isinstance(file.source, LocalFile) and file.source.stamp() == (file.size, file.modified)
    except OSError:
        return False


def _read(source: Source, file: StimulusFile, *, look: bool) -> Held:
    with _readable(source):
        content = source.read()
    _require_size(file, len(content), file.size)
    return Held(file.name, content, deflate.crc32(content), look_into(file.name, content) if look else None)


def _piece(file: StimulusFile, start: int, stop: int) -> bytes:
    with _readable(file.source):
        content = file.source.read(start, stop)
        found = file.source.stamp()
    _require_size(file, found.size, file.size)
    _require_size(file, start + len(content), stop)
    if found.modified != file.modified:
        raise IntegrityError(
            f"the stimulus file {file.source} was written while it was packed; pack it again",
            expected=f"no change since {file.modified}",
            got=f"one at {found.modified}",
        )
    return content


def _require_size(file: StimulusFile, got: int, expected: int) -> None:
    if got != expected:
        raise IntegrityError(
            f"the stimulus file {file.source} changed while it was packed; pack it again",
            expected=f"{expected} bytes",
            got=f"{got}",
        )


@contextmanager
def _readable(source: Source) -> Iterator[None]:
    """Tell a stimulus that cannot be read from a ZIP that cannot be written."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"the stimulus file {source} could not be read: {error.strerror or error}") from error
