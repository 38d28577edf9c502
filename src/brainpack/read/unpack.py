"""ZIP -> folder: safe against hostile archives, whole or not at all, and repaired where it is not whole."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from filelock import FileLock

from brainpack.digest import BLOCK
from brainpack.errors import InvalidData, StoreError
from brainpack.layout import unpacked_folder
from brainpack.notices import warn
from brainpack.read.access import reading
from brainpack.read.archives import Archive, FileOnDisk
from brainpack.read.unpack_notes import Note, clock, flush, folders_of, last_touched
from brainpack.store.local.digests import Mark
from brainpack.workers import CORES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from brainpack.read.archives import Member

_THREADS: Final = min(4, CORES)
_TOGETHER: Final = 64  # files of which a thread takes care in one go
_EVERYBODY: Final = 0o666  # a lab may share the folder


def unpack(zip_path: Path, folder: Path | None = None, *, verify: bool = False) -> Path:
    """Unpack a ZIP into a folder.

    A folder that is already there is kept; files that are missing or damaged are unpacked again, with a warning. Other
    files in it are left alone. The first time, every file is read and compared with the size and the CRC-32 in the
    ZIP. After that a hidden note beside the folder says when all of it was whole, and what was not touched since then,
    by the times that the system keeps, is taken as whole: the ZIP, the folders, if they are still the same ones and not
    links, and the files, if these are not more than 50 000. Of more files only their folders are looked at, which shows
    that one was added, removed or replaced, but not that one was written to in place; `ZippedFiles` looks at it when it
    is asked for its path. What was touched within two seconds of the time of the note is read again the next time.
    Bytes that a disk loses by itself are found with `verify` alone.

    Several processes may do this at the same time: one unpacks, and the others wait for it.

    Parameters
    ----------
    zip_path : Path
    folder : Path, optional
        The folder that shall hold the files, by default the one of the ZIP's name beside it.
    verify : bool
        Whether to read every byte, whatever the note says.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    NotFound
        No such file.
    InvalidData
        It is not a ZIP, or one that is unsafe or impossible to unpack: nothing was written.
    IntegrityError
        A file in the ZIP is damaged.
    StoreError
        The ZIP cannot be read or the folder cannot be written.
    """
    folder = folder or unpacked_folder(zip_path)
    unpack_whole(zip_path, folder, verify=verify)
    return folder


def unpack_whole(zip_path: Path, folder: Path, *, verify: bool = False) -> Note:
    """Unpack like `unpack`, and say when all of the folder was whole, and how many files that are."""
    if folder == zip_path:
        raise InvalidData(
            f"{zip_path} has no suffix, so that the folder to unpack it to would have its own name; "
            f"rename it to {zip_path.name}.zip"
        )
    with reading(zip_path):
        status = zip_path.stat()
    if not verify and (note := _known_whole(status, folder)):
        return note
    archive = Archive(FileOnDisk.at(zip_path))
    members = archive.members.values()
    with _explaining(zip_path, folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
    with _explaining(zip_path, folder), _alone(folder) as is_alone:
        if not verify and (note := _known_whole(status, folder)):  # another process was faster
            return note
        if is_alone:
            _remove_what_was_left(folder)
        if folder.is_dir() or not _unpack_new(archive, members, folder):
            whole_at = clock(folder.parent)
            _repair(archive, members, folder, None if verify else _note_about(status, folder))
        else:
            whole_at = clock(folder.parent)
        note = Note.about(folder, archive.members, Mark.of(status), whole_at or time.time_ns())
        if whole_at is not None:
            flush()  # a note must not outlive what it vouches for when the power fails
            note.write(folder)
    return note


def _note_about(zip_status: os.stat_result, folder: Path) -> Note | None:
    note = Note.of(folder)
    return note if note is not None and note.is_about_zip(zip_status) and note.is_about(folder) else None


def _known_whole(zip_status: os.stat_result, folder: Path) -> Note | None:
    note = Note.of(folder)
    return note if note is not None and note.is_about_zip(zip_status) and note.vouches_for(folder) else None


@contextmanager
def _explaining(zip_path: Path, folder: Path) -> Iterator[None]:
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(
            f"{zip_path} could not be unpacked to {folder}: {error.strerror or error}; "
            "unpack it elsewhere and pass that folder instead of the ZIP; if it is in the cache, load it once as "
            "somebody who may write there, or set BRAINIO_HOME to a folder of your own"
        ) from error


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Keep other processes from unpacking to a folder; False where there can be no lock."""
    lock = FileLock(folder.with_name(f".{folder.name}.lock"), mode=_EVERYBODY)
    try:
        lock.acquire()
    except (OSError, NotImplementedError):
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _partial(folder: Path, middle: str) -> Path:
    return folder.with_name(f".{folder.name}.{middle}.partial")


def _remove_what_was_left(folder: Path) -> None:
    """Remove what processes that were killed while they unpacked to a folder have left."""
    prefix, suffix = _partial(folder, "*").name.split("*")
    for path in folder.parent.iterdir():
        if path.name.startswith(prefix) and path.name.endswith(suffix):
            shutil.rmtree(path, ignore_errors=True)
            with suppress(OSError):  # a file
                path.unlink()


def _unpack_new(archive: Archive, members: Collection[Member], folder: Path) -> bool:
    """Unpack beside the folder and rename; False if another process was faster and the folder is there now."""
    partial = _partial(folder, secrets.token_hex(4))

    def write(member: Member) -> None:
        with (partial / member.name).open("xb") as file:
            file.writelines(archive.content(member))

    try:
        for relative in folders_of(member.name for member in members):
            (partial / relative).mkdir()
        _for_each(write, members)
        partial.rename(folder)
    except OSError:
        if folder.is_dir():
            return False
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return True


def _repair(archive: Archive, members: Collection[Member], folder: Path, note: Note | None) -> None:
    """Unpack again what is not as in the ZIP; what the note settles is not read."""
    broken: list[Member] = []

    def look_at(member: Member) -> None:
        if not _is_settled(folder / member.name, note) and not is_whole(folder / member.name, member):
            broken.append(member)

    def replace(member: Member) -> None:
        put(archive, member, folder / member.name, new_partial(folder))

    _for_each(look_at, members)
    for member in broken:
        refuse_detours(folder, member)
    _for_each(replace, broken)
    if broken:
        names = ", ".join(sorted(member.name for member in broken)[:5])
        warn(f"{folder} differed from the ZIP in {len(broken)} file(s), which were unpacked again: {names}")


def new_partial(folder: Path) -> Path:
    """Where a file can be until it is whole: beside the folder, whose files are the set's alone, on the same disk."""
    return _partial(Path(os.path.realpath(folder)), secrets.token_hex(4))


def put(archive: Archive, member: Member, target: Path, partial: Path) -> None:
    """Unpack one file to `partial`, and move it to `target` when it is whole; nothing is left of it otherwise."""

    def write_and_move() -> None:
        with partial.open("wb") as file:
            file.writelines(archive.content(member))
        partial.replace(target)

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_and_move()
        except FileNotFoundError:  # another process took it for something left behind
            write_and_move()
    finally:
        partial.unlink(missing_ok=True)


def _for_each(work: Callable[[Member], None], members: Collection[Member]) -> None:
    """Do something with each file in several threads; the first error ends it."""
    together = max(1, min(_TOGETHER, len(members) // (4 * _THREADS)))

    def work_through(portion: Iterable[Member]) -> None:
        for member in portion:
            work(member)

    ordered = list(members)
    portions = [ordered[start : start + together] for start in range(0, len(ordered), together)]
    with ThreadPoolExecutor(_THREADS, "unpack") as pool:
        for _ in pool.map(work_through, portions):
            pass


def _is_settled(path: Path, note: Note | None) -> bool:
    try:
        return note is not None and note.settles(last_touched(path))
    except OSError:
        return False


def is_whole(path: Path, member: Member) -> bool:
    """Whether a file has the size and CRC-32 of one in the ZIP; that a link leads to it does not matter."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size != member.size:
            return False
        crc = 0
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                crc = zlib.crc32(block, crc)
    except OSError:
        return False
    return crc == member.crc


def refuse_detours(folder: Path, member: Member) -> None:
    """Nothing is written through a link that leads out of the folder.

    Raises
    ------
    StoreError
        A file would be.
    """
    parent = (folder / member.name).parent
    real = Path(os.path.realpath(parent))
    if not real.is_relative_to(os.path.realpath(folder)):
        raise StoreError(
            f"{member.name} is missing or damaged in {folder}, and was not unpacked again because {parent} leads "
            f"to {real}; delete that link, and load again"
        )
