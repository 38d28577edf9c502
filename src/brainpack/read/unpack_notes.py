"""What is remembered of a folder that was unpacked whole, so that it need not be read again.

A note lies beside the folder, because the reference client refuses a folder with other files than those of the table.
It says when all of the folder was as in the ZIP, by the clock of the file system that both are on. What was not touched
since then still is: nobody can set the time at which a system notes that a file was touched (on Windows, only the time
at which it was written is known).
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Self

from brainpack.store.local.digests import Mark

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# The clocks of file systems tick, those of the slowest every two seconds. What was touched within a tick of the time
# of the note may have been touched after it.
_TICK: Final = 2_000_000_000
# More files than these take too long to be looked at one by one each time.
_MOST_LOOKED_AT: Final = 50_000


@dataclass(frozen=True)
class Note:
    """What a note says.

    Attributes
    ----------
    mark : Mark
        How the ZIP looked.
    whole_at : int
        When each of its files was in the folder as it is in the ZIP; nanoseconds since 1970.
    files : int
        How many they are.
    folders : list of str
        Where they are, relative to the unpacked folder, which is "".
    """

    mark: Mark
    whole_at: int
    files: int
    folders: list[str]

    @classmethod
    def of(cls, folder: Path) -> Self | None:
        """Read the note of an unpacked folder; None if there is none that can be understood."""
        try:
            kept = json.loads(_path(folder).read_bytes())
            return cls(Mark(*kept.pop("mark")), **kept)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def write(self, folder: Path) -> None:
        """Keep the note, where its place can be written to; half a note is none."""
        with suppress(OSError):
            _path(folder).write_text(json.dumps(asdict(self)), "utf-8")

    def settles(self, status: os.stat_result) -> bool:
        """Whether what looks like this was last touched before the note, beyond doubt."""
        return last_touched(status) < self.whole_at - _TICK

    def is_about(self, zip_status: os.stat_result) -> bool:
        """Whether it was this ZIP that was unpacked."""
        return self.mark == Mark.of(zip_status) and self.settles(zip_status)

    def vouches_for(self, folder: Path) -> bool:
        """Whether nothing in the folder was touched since; of very many files, only their folders are looked at.

        A file that is added, removed, renamed or replaced touches its folder; one that is written to in place does
        not.
        """
        folders = [folder / relative for relative in self.folders]
        try:
            if not all(self.settles(path.stat()) for path in folders):
                return False
            return self.files > _MOST_LOOKED_AT or all(map(self._vouches_for_files_in, folders))
        except OSError:
            return False

    def _vouches_for_files_in(self, folder: Path) -> bool:
        with os.scandir(folder) as entries:
            return all(entry.is_dir() or self.settles(entry.stat()) for entry in entries)


def last_touched(status: os.stat_result) -> int:
    """When something was last changed in any way, in nanoseconds since 1970."""
    return max(status.st_mtime_ns, status.st_ctime_ns)


def folders_of(names: Iterable[str]) -> list[str]:
    """Every folder that files with these names are in, and those above it.

    Examples
    --------
    >>> folders_of(["a.png", "x/y/b.png"])
    ['', 'x', 'x/y']
    """
    found = {""}
    for name in names:
        parent = name.rpartition("/")[0]
        while parent not in found:
            found.add(parent)
            parent = parent.rpartition("/")[0]
    return sorted(found)


def clock(folder: Path) -> int | None:
    """What time it is for the file system of a folder: nanoseconds since 1970. None where nothing can be written."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            return os.fstat(file.fileno()).st_mtime_ns
    except OSError:
        return None


def flush() -> None:
    """Have everything on disk that was written so far, where the system has a way to say so."""
    if hasattr(os, "sync"):
        os.sync()


def _path(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.unpacked")
