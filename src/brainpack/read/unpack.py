"""ZIP -> folder: safe against hostile archives, whole or not at all, and repaired where it is not whole."""

from __future__ import annotations

import re
import secrets
import shutil
import stat
import warnings
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from brainpack.digest import BLOCK
from brainpack.errors import IntegrityError, InvalidData, NotFound, StoreError
from brainpack.layout import unpacked_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from zipfile import ZipFile, ZipInfo

_DEVICE: Final = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


def unpack(zip_path: Path) -> Path:
    """Unpack a ZIP into the folder of its name beside it.

    A folder that is already there is kept where every file has the size and the CRC-32 of the ZIP; files that
    are missing or damaged are unpacked again, with a warning.

    Parameters
    ----------
    zip_path : Path

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    NotFound
        No such file.
    InvalidData
        It is not a ZIP, or one with unsafe names: nothing was written.
    IntegrityError
        A file in the ZIP is damaged.
    StoreError
        The folder cannot be written.
    """
    folder = unpacked_folder(zip_path)
    try:
        with zipfile.ZipFile(zip_path) as archive:
            entries = _safe_entries(archive, zip_path)
            if folder.is_dir():
                _repair(archive, entries, folder)
            else:
                _unpack_whole(archive, entries, folder)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {zip_path}") from error
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error) as error:
        raise InvalidData(f"{zip_path} is not a ZIP that can be read, or it is damaged: {error}") from error
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(
            f"{zip_path} could not be unpacked to {folder}: {error.strerror or error}; "
            "unpack it elsewhere and pass that folder instead of the ZIP"
        ) from error
    return folder


def _safe_entries(archive: ZipFile, zip_path: Path) -> list[ZipInfo]:
    """The files in the archive, refused as a whole where one name could reach out of the folder."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    unsafe = [entry.filename for entry in entries if not _is_safe(entry)]
    folded: dict[str, str] = {}
    unsafe += [
        entry.filename
        for entry in entries
        if folded.setdefault(entry.filename.casefold(), entry.filename) != entry.filename
    ]
    if len({entry.filename for entry in entries}) < len(entries):
        unsafe.append("a name that is there twice")
    if unsafe:
        raise InvalidData(
            f"{zip_path} was not unpacked: it holds absolute paths, '..', links, device names or names that "
            f"overwrite each other: {', '.join(map(repr, unsafe[:5]))}"
        )
    return entries


def _is_safe(entry: ZipInfo) -> bool:
    name = entry.filename
    parts = PurePosixPath(name).parts
    is_link = stat.S_ISLNK(entry.external_attr >> 16)
    return not (
        is_link
        or name.startswith("/")
        or "\\" in name
        or ":" in parts[0]
        or any(part == ".." or _DEVICE.fullmatch(part) for part in parts)
    )


def _unpack_whole(archive: ZipFile, entries: Sequence[ZipInfo], folder: Path) -> None:
    partial = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.partial")
    try:
        for entry in entries:
            _unpack_one(archive, entry, partial)
        partial.mkdir(exist_ok=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _repair(archive: ZipFile, entries: Sequence[ZipInfo], folder: Path) -> None:
    broken = [entry for entry in entries if not _is_whole(folder / entry.filename, entry)]
    if broken:
        names = ", ".join(entry.filename for entry in broken[:5])
        warnings.warn(f"{folder} lacked {len(broken)} whole file(s), unpacked again: {names}", stacklevel=4)
    for entry in broken:
        _unpack_one(archive, entry, folder)


def _is_whole(path: Path, entry: ZipInfo) -> bool:
    try:
        if path.is_symlink() or path.stat().st_size != entry.file_size:
            return False
        crc = 0
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                crc = zlib.crc32(block, crc)
    except FileNotFoundError:
        return False
    return crc == entry.CRC


def _unpack_one(archive: ZipFile, entry: ZipInfo, folder: Path) -> None:
    target = folder / entry.filename
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{secrets.token_hex(4)}.partial")
    try:
        with archive.open(entry) as source, partial.open("xb") as file:
            shutil.copyfileobj(source, file, BLOCK)
        partial.replace(target)
    except zipfile.BadZipFile as error:
        raise IntegrityError(
            f"{entry.filename} in {archive.filename} is damaged",
            expected=f"CRC-32 {entry.CRC:08x}",
            got=str(error),
        ) from error
    finally:
        partial.unlink(missing_ok=True)
