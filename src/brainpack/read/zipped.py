"""Files of a ZIP, each in a local folder by the time that its path is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brainpack.atomic import writing
from brainpack.notices import warn
from brainpack.read.unpack import is_whole, new_partial, put, refuse_detours
from brainpack.read.unpack_notes import last_touched

if TYPE_CHECKING:
    from pathlib import Path

    from brainpack.read.archives import Archive


@dataclass(frozen=True)
class ZippedFiles:
    """The files of a stimulus set in a folder, taken out of its ZIP one by one as far as they are not there.

    It implements `brainpack.objects.stimuli.Files`.

    Attributes
    ----------
    archive : Archive
    folder : Path
        Where the files are, or shall be.
    whole_at : int or None
        When all of them were in the folder as they are in the ZIP, in nanoseconds since 1970. A file that was not
        touched since then is not read. None where files get there one by one: each is read and compared whenever its
        path is asked for.
    """

    archive: Archive
    folder: Path
    whole_at: int | None = None

    def path(self, name: str) -> Path:
        """Return the path of a file that is there and whole.

        Parameters
        ----------
        name : str
            Relative path, or the last part of it where only one file in the ZIP has that.

        Raises
        ------
        NotFound
            The ZIP holds no such file.
        InvalidData
            It holds several, or is no safe ZIP.
        IntegrityError
            The file is damaged in the ZIP.
        StoreError
            The ZIP cannot be read, or the folder cannot be written.
        """
        if self.whole_at is not None and _is_older(self.folder / name, self.whole_at):
            return self.folder / name
        member = self.archive.find(name)
        path = self.folder / member.name
        is_repair = self.whole_at is not None or path.exists()  # asked first: another thread may put it there
        if is_whole(path, member):
            return path
        refuse_detours(self.folder, member)
        if is_repair:
            warn(f"{path} differed from the ZIP, and was unpacked again")
        partial = new_partial(self.folder)
        with writing(path, partial):
            put(self.archive, member, path, partial)
        return path


def _is_older(path: Path, time: int) -> bool:
    try:
        return last_touched(path) < time
    except OSError:
        return False
