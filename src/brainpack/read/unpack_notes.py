"""What is remembered of a folder that was unpacked whole, so that it need not be read again.

A note lies beside the folder, because the reference client refuses a folder with other files than those of the table.
It says when all of the folder was as in the ZIP, by the clock of the file system that both are on, and which folders
these were: another one of that name may hold older files. What was not touched since then still is as it was: nobody
can set the time at which a system notes that a file was touched (on Windows, only the time at which it was written is
known).
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from brainpack.store.local.digests import Mark

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
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
    folders : dict from str to list of int
        Where they are, relative to the unpacked folder, which is "": the device and the inode of each.
    """

    mark: Mark
    whole_at: int
    files: int
    folders: dict[str, list[int]]

    @classmethod
    def of(cls, folder: Path) -> Self | None:
        """Read the note of an unpacked folder; None if there is none that can be understood."""
        try:
            kept = json.loads(_path(folder).read_bytes())
            mark = Mark(*kept.pop("mark"))
            return cls(mark, **kept) if _is_sound(**kept) else None
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    @classmethod
    def about(cls, folder: Path, names: Collection[str], mark: Mark, whole_at: int) -> Self:
        """Make out the note of a folder that holds the files with these names."""
        identities = {relative: _identity((folder / relative).lstat()) for relative in folders_of(names)}
        return cls(mark, whole_at, len(names), identities)

    def write(self, folder: Path) -> None:
        """Keep the note, where its place can be written to; half a note is none."""
        with suppress(OSError):
            _path(folder).write_text(json.dumps(asdict(self)), "utf-8")

    def settles(self, touched: int) -> bool:
        """Whether what was last touched at this time was so before the note, beyond doubt."""
        return touched < self.whole_at - _TICK

    def is_about_zip(self, zip_status: os.stat_result) -> bool:
        """Whether it was this ZIP that was unpacked."""
        return self.mark == Mark.of(zip_status) and self.settles(_touched(zip_status))

    def is_about(self, folder: Path) -> bool:
        """Whether it was this folder that was whole, with these folders in it; a link may lead to another one."""
        try:
            return all(self._is_same((folder / relative).lstat(), relative) for relative in self.folders)
        except (OSError, ValueError):  # a path that cannot be one
            return False

    def vouches_for(self, folder: Path) -> bool:
        """Whether nothing in the folder was touched since; of very many files, only their folders are looked at.

        A file that is added, removed, renamed or replaced touches its folder; one that is written to in place does
        not.
        """
        try:
            for relative in self.folders:
                status = (folder / relative).lstat()
                if not self._is_same(status, relative) or not self.settles(_touched(status)):
                    return False
            return self.files > _MOST_LOOKED_AT or all(
                self._vouches_for_files_in(folder / relative) for relative in self.folders
            )
        except (OSError, ValueError):  # a path that cannot be one
            return False

    def _is_same(self, status: os.stat_result, relative: str) -> bool:
        return stat.S_ISDIR(status.st_mode) and _identity(status) == self.folders[relative]

    def _vouches_for_files_in(self, folder: Path) -> bool:
        with os.scandir(folder) as entries:
            return all(entry.is_dir() or self.settles(last_touched(entry)) for entry in entries)


def _is_sound(whole_at: Any, files: Any, folders: Any) -> bool:
    return type(whole_at) is int and type(files) is int and isinstance(folders, dict) and "" in folders


def last_touched(file: Path | os.DirEntry[str]) -> int:
    """When a file, or the link to it that has its place, was last changed in any way: nanoseconds since 1970."""
    status = file.stat(follow_symlinks=False)
    if stat.S_ISLNK(status.st_mode):
        return max(_touched(status), _touched(file.stat()))
    return _touched(status)


def _touched(status: os.stat_result) -> int:
    return max(status.st_mtime_ns, status.st_ctime_ns)


def _identity(status: os.stat_result) -> list[int]:
    return [status.st_dev, status.st_ino]


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
