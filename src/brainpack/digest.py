"""SHA-1, SHA-256 and size of a file, always from one pass over its bytes."""

from __future__ import annotations

import hashlib
import io
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final

from brainpack.progress import progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from types import TracebackType
    from typing import Self

BLOCK: Final = 1 << 20
_WORTH_THREADS: Final = 16 << 20  # bytes
_MOST_WAITING: Final = 16 << 20  # bytes


@dataclass(frozen=True)
class Digest:
    """What proves that a file is the file.

    Attributes
    ----------
    sha1 : str
        40 lower-case hexadecimal digits; what published registries hold.
    sha256 : str
        64 lower-case hexadecimal digits.
    size : int
        Length in bytes.
    """

    sha1: str
    sha256: str
    size: int

    def __str__(self) -> str:
        return f"SHA-1 {self.sha1}, {self.size} bytes"

    @property
    def promise(self) -> Promise:
        """What a file of this digest has to be."""
        return Promise(self.sha1, self.sha256, self.size)


@dataclass(frozen=True)
class Promise:
    """What is known of a file before it is there.

    Attributes
    ----------
    sha1 : str
        40 lower-case hexadecimal digits.
    sha256 : str or None
    size : int or None
        Bytes. Published registries hold neither this nor the SHA-256.
    """

    sha1: str
    sha256: str | None = None
    size: int | None = None

    def is_kept_by(self, digest: Digest) -> bool:
        """Whether a file of this digest is the promised one.

        Examples
        --------
        >>> Promise("a9", size=3).is_kept_by(Digest("a9", "5e", 4))
        False
        """
        return digest.sha1 == self.sha1 and self.sha256 in {None, digest.sha256} and self.size in {None, digest.size}

    def __str__(self) -> str:
        return f"SHA-1 {self.sha1}" if self.size is None else f"SHA-1 {self.sha1}, {self.size} bytes"


class Digester:
    """Both hashes and the length of everything that passes through `update`.

    Examples
    --------
    >>> digester = Digester()
    >>> digester.update(b"spikes")
    >>> digester.digest().size
    6
    """

    def __init__(self) -> None:
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._sha256 = hashlib.sha256()
        self.size = 0

    def update(self, data: bytes | memoryview) -> None:
        self._sha1.update(data)
        self._sha256.update(data)
        self.size += memoryview(data).nbytes

    def digest(self) -> Digest:
        return Digest(self._sha1.hexdigest(), self._sha256.hexdigest(), self.size)


class ThreadedDigester:
    """A `Digester` whose caller goes on with other things: each hash is computed in a thread of its own.

    What is handed over must not change afterwards. At the end of the `with`, no thread is left.

    Examples
    --------
    >>> with ThreadedDigester() as digester:
    ...     digester.update(b"spikes")
    ...     digester.digest().size
    6
    """

    def __init__(self) -> None:
        self._hashes = hashlib.sha1(usedforsecurity=False), hashlib.sha256()
        self._threads = [ThreadPoolExecutor(1, "brainpack-hash") for _ in self._hashes]
        self._gathered: list[bytes | memoryview] = []
        self._waiting: deque[tuple[int, list[Future[None]]]] = deque()
        self._gathered_size = self._waiting_size = 0
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for thread in self._threads:
            thread.shutdown(cancel_futures=True)

    def update(self, data: bytes | memoryview) -> None:
        size = memoryview(data).nbytes
        self.size += size
        self._gathered.append(data)
        self._gathered_size += size
        if self._gathered_size >= BLOCK:  # a thread has enough to do
            self._hand_over()
            while self._waiting_size > _MOST_WAITING:
                self._settle()

    def digest(self) -> Digest:
        self._hand_over()
        while self._waiting:
            self._settle()
        sha1, sha256 = self._hashes
        return Digest(sha1.hexdigest(), sha256.hexdigest(), self.size)

    def _hand_over(self) -> None:
        parts, self._gathered = self._gathered, []
        futures = [
            thread.submit(_update, found.update, parts)
            for thread, found in zip(self._threads, self._hashes, strict=True)
        ]
        self._waiting.append((self._gathered_size, futures))
        self._waiting_size += self._gathered_size
        self._gathered_size = 0

    def _settle(self) -> None:
        size, futures = self._waiting.popleft()
        for future in futures:
            future.result()
        self._waiting_size -= size


def _update(update: Callable[[bytes | memoryview], None], parts: Sequence[bytes | memoryview]) -> None:
    for part in parts:
        update(part)


class DigestingWriter(io.BufferedIOBase):
    """A binary file that hashes what it writes, so that nothing has to be read again."""

    def __init__(self, file: BinaryIO, digester: Digester | ThreadedDigester | None = None) -> None:
        self._file = file
        self._digester = digester or Digester()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | memoryview) -> int:  # type: ignore[override]  # Buffer has a name from 3.12 on
        self._file.write(data)
        self._digester.update(data)
        return memoryview(data).nbytes

    @property
    def position(self) -> int:
        return self._digester.size

    def digest(self) -> Digest:
        return self._digester.digest()


def digest_file(path: Path) -> Digest:
    """Digest of a finished file.

    Parameters
    ----------
    path : Path
        The file to read, once.

    Returns
    -------
    Digest

    Raises
    ------
    OSError
        The file cannot be read.
    """
    with path.open("rb") as file:
        blocks, size = iter(partial(file.read, BLOCK), b""), path.stat().st_size
        if size <= _WORTH_THREADS:
            return _digest(blocks, Digester())
        with ThreadedDigester() as digester:
            return _digest(progress(blocks, -(-size // BLOCK), " MiB", path.name), digester)


def _digest(blocks: Iterable[bytes], digester: Digester | ThreadedDigester) -> Digest:
    for block in blocks:
        digester.update(block)
    return digester.digest()
