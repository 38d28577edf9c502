"""Where the files of stimuli are: on a disk, or behind a URL that perhaps only workers can reach."""

from __future__ import annotations

import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Result = TypeVar("Result")

_AT_ONCE: Final = 16  # requests of one worker
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]+(::[a-z0-9+.-]+)*://")  # a drive of Windows has one letter
_ON_THIS_DISK: Final = re.compile(r"(file|local)://")
_OF_THIS_MACHINE: Final = re.compile(r"(?!.*://)|(file|local|memory)://")
_SECRETS: Final = re.compile(r"(?<=://)[^/\s@]+@|\?[^\s'\"]+")  # who asks, with a password; and a signature


class Stamp(NamedTuple):
    """By which a file is recognised.

    Attributes
    ----------
    size : int
        Bytes.
    modified : int
        Nanoseconds since 1970, as the file system has it; 0 of what is behind a URL.
    """

    size: int
    modified: int = 0


class Source(Protocol):
    """A file that can be read more than once; picklable, and its text says where it is.

    Its methods raise OSError where it cannot be read.
    """

    @property
    def is_everywhere(self) -> bool:
        """Whether it is the same file on every machine, by its name alone."""
        ...

    def stamp(self) -> Stamp:
        """Find it, without reading it."""
        ...

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """Read it, or a piece of it."""
        ...

    def open(self, mode: Literal["rb"], /) -> IO[bytes]:
        """Open it for what has to move in it."""
        ...


class LocalFile(NamedTuple):
    """A file that is opened if it is one: a pipe would wait for somebody to write into it.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "sentence.txt")
    ...     _ = path.write_text("The cat sat on the mat.")
    ...     LocalFile(str(path)).stamp().size, LocalFile(str(path)).read(4, 7)
    (23, b'cat')
    """

    path: str

    @property
    def is_everywhere(self) -> bool:
        return False

    def stamp(self) -> Stamp:
        found = os.stat(self.path)  # noqa: PTH116 - a Path's method costs twice the time
        if not stat.S_ISREG(found.st_mode):
            raise OSError("it is not a file")
        return Stamp(found.st_size, found.st_mtime_ns)

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        with open(self.path, "rb", buffering=0) as file:  # noqa: PTH123 - see above
            if start:
                file.seek(start)
            return file.read() if stop is None else file.read(stop - start)

    def open(self, mode: Literal["rb"], /) -> IO[bytes]:
        self.stamp()
        return open(self.path, mode)  # noqa: PTH123 - see above; who asked for it closes it

    def __str__(self) -> str:
        return self.path


class UrlFile(NamedTuple):
    """A file behind a URL of `fsspec`, for instance "s3://bucket/left.png".

    Examples
    --------
    >>> import fsspec
    >>> fsspec.filesystem("memory").pipe("/left.txt", b"The cat sat on the mat.")
    >>> UrlFile("memory://left.txt").read(4, 7)
    b'cat'
    """

    url: str
    connection: tuple[Any, str] | None = None

    @property
    def is_everywhere(self) -> bool:
        return _OF_THIS_MACHINE.match(self.url.rpartition("::")[2]) is None

    def connected(self) -> UrlFile:
        """The same, with a connection that other threads can use, too; without one if that fails."""
        try:
            with self._reached() as connection:
                return self._replace(connection=connection)
        except OSError:
            return self

    def stamp(self) -> Stamp:
        with self._reached() as (system, path):
            found = system.info(path)
        if found.get("type") == "directory":
            raise OSError("it is not a file")
        if found.get("size") is None:
            raise OSError("its server does not tell its size")
        return Stamp(int(found["size"]))

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        with self._reached() as (system, path):
            content = cast("bytes", system.cat_file(path, start=start or None, end=stop))
            is_piece = stop is None or len(content) <= stop - start
            return content if is_piece else content[start:stop]  # of servers that know no pieces

    def open(self, mode: Literal["rb"], /) -> IO[bytes]:
        with self._reached() as (system, path):
            return cast("IO[bytes]", system.open(path, mode))

    @contextmanager
    def _reached(self) -> Iterator[tuple[Any, str]]:
        try:
            from fsspec.core import url_to_fs
        except ImportError as error:
            raise OSError(
                "URLs are read by fsspec: pip install 'brainpack[remote]', and what their protocol needs, for instance "
                "s3fs"
            ) from error
        try:
            yield self.connection or url_to_fs(self.url)
        except Exception as error:  # noqa: BLE001 - of servers, clients raise anything
            reason = _without_secrets(str(error)).replace(str(self), "").strip(": ")
            raise OSError(": ".join(filter(None, (type(error).__name__, reason)))) from None

    def __str__(self) -> str:
        return _without_secrets(self.url)


def at_once(call: Callable[..., Result], sources: Iterable[Source], *more: Iterable[Any]) -> list[Result]:
    """Call for files behind URLs, many at a time, because most of it is waiting; the results come in order.

    Parameters
    ----------
    call : callable
        Gets a source, and a value of each of `more`.
    sources : iterable of Source
        Those behind URLs share their connections, each of which takes time to make.
    *more : iterable

    Examples
    --------
    >>> at_once(lambda source, name: f"{name}: {source}", [UrlFile("s3://bucket/left.png")], ["left"])
    ['left: s3://bucket/left.png']
    """
    connected = (source.connected() if isinstance(source, UrlFile) else source for source in sources)
    with ThreadPoolExecutor(_AT_ONCE, "brainpack-url") as pool:
        return [*pool.map(call, connected, *more)]  # which takes all of them in this thread


def source_of(path: str | os.PathLike[str]) -> Source:
    """Tell a URL from a path.

    Examples
    --------
    >>> source_of("C://left.png")
    LocalFile(path='C://left.png')
    >>> source_of("s3://bucket/left.png").url
    's3://bucket/left.png'
    """
    text = os.fsdecode(path)
    if _URL.match(text) is None:
        return LocalFile(text)
    return LocalFile(text.partition("://")[2]) if _ON_THIS_DISK.match(text) else UrlFile(text)


def file_name(path: str | os.PathLike[str]) -> str:
    """What ends in the suffix of a file: a path as it is, and a URL without what is asked of the server.

    Examples
    --------
    >>> (
    ...     file_name("images/left?.png"),
    ...     file_name("https://lab.org/left.png?signature=x.y"),
    ...     file_name("zip://a.png::b.zip"),
    ... )
    ('images/left?.png', 'https://lab.org/left.png', 'zip://a.png')
    """
    text = os.fsdecode(path)
    if _URL.match(text) is None:
        return text
    first, _, rest = text.partition("::")
    url = first if "://" in first else rest
    return re.split(r"[?#]", url, maxsplit=1)[0] if url.startswith("http") else url


def _without_secrets(text: str) -> str:
    """What may be shown of a URL, also in the midst of a text.

    Examples
    --------
    >>> _without_secrets("no answer from https://bob:secret@lab.org/left.png?signature=x")
    'no answer from https://…@lab.org/left.png?…'
    """
    return _SECRETS.sub(lambda found: "?…" if found[0].startswith("?") else "…@", text)
