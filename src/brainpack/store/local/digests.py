"""Digests of files that look as they did when they were hashed."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from brainpack.digest import BLOCK, Digest, Digester
from brainpack.store.local.files import make_folder, partial_file
from brainpack.store.local.keys import HIDDEN

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

# The clocks of file systems tick: a file that was changed twice within a tick looks the same after both. The ticks of
# the slowest of them take two seconds.
_TICK: Final = 2_000_000_000


class Mark(NamedTuple):
    """How a file looks from outside; it looks different after it was changed.

    Attributes
    ----------
    size : int
    mtime_ns : int
        When its bytes were changed, or what somebody says about that.
    ctime_ns : int
        When it was changed in any way; nobody can set it.
    inode : int
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)

    def has_bytes_of(self, other: Mark) -> bool:
        """Whether it is the same file and nobody wrote to it; it may have other names by now."""
        return self._replace(ctime_ns=0) == other._replace(ctime_ns=0)


class Digests:
    """Digests of the files of a store, each kept with the mark of its file."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def of(self, path: Path, file: BinaryIO, mark: Mark) -> Digest:
        """Digest of an open file, which is read only if need be."""
        known = self.known(path, mark)
        if known is not None:
            return known
        digester = Digester()
        file.seek(0)
        while block := file.read(BLOCK):
            digester.update(block)
        file.seek(0)
        if max(mark.mtime_ns, mark.ctime_ns) + _TICK < time.time_ns():
            self.save(path, mark, digester.digest())
        return digester.digest()

    def known(self, path: Path, mark: Mark) -> Digest | None:
        """Digest of a file that looks as it did; None if it does not, or was never hashed."""
        try:
            kept = json.loads(self._entry(path).read_bytes())
            return Digest(**kept["digest"]) if kept["mark"] == list(mark) else None
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    def save(self, path: Path, mark: Mark, digest: Digest) -> None:
        """Keep a digest, in a folder that is a store already and may be written to."""
        entry = self._entry(path)
        with suppress(OSError):  # without it, the file is read again
            if (self._root / HIDDEN).is_dir():
                make_folder(entry.parent, self._root)
                with partial_file(entry) as partial:
                    partial.write_text(json.dumps({"mark": mark, "digest": asdict(digest)}), "utf-8")
                    partial.replace(entry)

    def touch(self, path: Path) -> None:
        """Note that a file was of use now."""
        with suppress(OSError):
            os.utime(self._entry(path))

    def last_use(self, path: Path) -> float | None:
        """When a file was last of use, in seconds since 1970; None if it was never hashed."""
        with suppress(OSError):
            return self._entry(path).stat().st_mtime
        return None

    def forget(self, path: Path) -> None:
        """Have a file hashed anew the next time."""
        with suppress(OSError):
            self._entry(path).unlink(missing_ok=True)

    def _entry(self, path: Path) -> Path:
        relative = path.relative_to(self._root)
        return (self._root / HIDDEN / "digests" / relative).with_name(f"{relative.name}.json")
