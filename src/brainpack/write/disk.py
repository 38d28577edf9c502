"""A disk that never fails while HDF5 writes to it.

HDF5 keeps chunks and metadata in memory and writes them when a file closes. If the disk is full by then, it can
neither close the file nor forget it, and the process ends with a crash. So failures are kept from it and raised
from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import FileIO


class Disk:
    """The binary file under an HDF5 file; it keeps its first failure for `check`."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._failure: OSError | None = None

    def check(self) -> None:
        """Raise the failure that was kept."""
        if self._failure is not None:
            raise self._failure

    def write(self, data: memoryview) -> int:
        rest = memoryview(data)
        try:
            while self._failure is None and rest.nbytes:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._failure = error
        return len(data)

    def truncate(self, size: int) -> int:
        try:
            return self._file.truncate(size)
        except OSError as error:
            self._failure = self._failure or error
            return size

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer; what lies behind the end of the file is zeros, as HDF5 expects of a disk."""
        view = memoryview(buffer).cast("B")
        there = self._file.readinto(view) or 0
        view[there:] = bytes(view.nbytes - there)
        return view.nbytes

    def flush(self) -> None:
        """Nothing is buffered here."""
