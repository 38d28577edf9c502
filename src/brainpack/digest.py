"""SHA-1, SHA-256 and size of a file, always from one pass over its bytes."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = 1 << 20
_LARGE_BLOCK = 4 << 20
_WORTH_A_THREAD = 16 << 20


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


class DigestingWriter(io.BufferedIOBase):
    """A binary file that hashes what it writes, so that nothing has to be read again."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digester = Digester()

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
        if path.stat().st_size > _WORTH_A_THREAD:
            return _digest_in_threads(file)
        digester = Digester()
        while block := file.read(BLOCK):
            digester.update(block)
        return digester.digest()


def _digest_in_threads(file: BinaryIO) -> Digest:
    """Hash a file in the time that SHA-256 takes: a second thread reads, and computes SHA-1."""
    sha1, sha256, size = hashlib.sha1(usedforsecurity=False), hashlib.sha256(), 0

    def read() -> bytes:
        block = file.read(_LARGE_BLOCK)
        sha1.update(block)
        return block

    with ThreadPoolExecutor(1, "brainpack-sha1") as thread:
        block = read()
        while block:
            following = thread.submit(read)
            sha256.update(block)
            size += len(block)
            block = following.result()
    return Digest(sha1.hexdigest(), sha256.hexdigest(), size)
