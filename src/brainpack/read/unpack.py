"""ZIP -> folder: safe against hostile archives, whole or not at all, and repaired where it is not whole."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import warnings
import zipfile
import zlib
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from brainpack.digest import BLOCK
from brainpack.errors import IntegrityError, InvalidData, StoreError
from brainpack.layout import DEVICE_NAME, DRIVE, unpacked_folder
from brainpack.read.access import reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zipfile import ZipFile, ZipInfo

_ENCRYPTED: Final = 1
_COMPRESSIONS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def unpack(zip_path: Path) -> Path:
    """Unpack a ZIP into the folder of its name beside it.

    A folder that is already there is kept where every file has the size and the CRC-32 of the ZIP; files that
    are missing or damaged are unpacked again, with a warning. Other files in it are left alone.

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
        It is not a ZIP, or one that is unsafe or impossible to unpack: nothing was written.
    IntegrityError
        A file in the ZIP is damaged.
    StoreError
        The ZIP cannot be read or the folder cannot be written.
    """
    folder = unpacked_folder(zip_path)
    if folder == zip_path:
        raise InvalidData(
            f"{zip_path} has no suffix, so that the folder to unpack it to would have its own name; "
            f"rename it to {zip_path.name}.zip"
        )
    with reading(zip_path):
        file = zip_path.open("rb")
    with file, _explaining(zip_path, folder):
        archive = _opened(file, zip_path)
        entries = _safe_entries(archive, zip_path)
        if folder.is_dir() or not _unpack_whole(archive, entries, folder):
            _repair(archive, entries, folder)
    return folder


@contextmanager
def _explaining(zip_path: Path, folder: Path) -> Iterator[None]:
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(
            f"{zip_path} could not be unpacked to {folder}: {error.strerror or error}; "
            "unpack it elsewhere and pass that folder instead of the ZIP"
        ) from error


def _opened(file: BinaryIO, zip_path: Path) -> ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise InvalidData(
            f"{zip_path} is not a ZIP, or its list of entries is damaged: {error}; get a fresh copy"
        ) from error


def _safe_entries(archive: ZipFile, zip_path: Path) -> list[ZipInfo]:
    """The files in the archive, under plain relative names; refused as a whole where one of them is unsafe."""
    entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
    unsafe = [f"{entry.orig_filename!r} ({reason})" for entry in entries if (reason := _why_unsafe(entry))]
    for entry in entries:
        entry.filename = "/".join(_parts(entry.filename))
    unsafe += _clashes([entry.filename for entry in entries])
    if sum(entry.compress_size for entry in entries) > zip_path.stat().st_size:
        unsafe.append("entries that share their bytes, as in a ZIP bomb")
    if unsafe:
        more = f" and {len(unsafe) - 5} more" if len(unsafe) > 5 else ""  # noqa: PLR2004 - enough to see the pattern
        raise InvalidData(
            f"nothing of {zip_path} was unpacked, because it holds {', '.join(unsafe[:5])}{more}; "
            "if you trust it, unpack it by hand and pass the folder instead of the ZIP"
        )
    return entries


def _parts(name: str) -> list[str]:
    return [part for part in name.split("/") if part not in {"", "."}]


def _why_unsafe(entry: ZipInfo) -> str | None:
    """Say why an entry could do harm or cannot be unpacked, on this system or on another."""
    name, parts = entry.orig_filename, _parts(entry.filename)
    checks = {
        "a link": stat.S_ISLNK(entry.external_attr >> 16),
        "an absolute path": name.startswith("/") or bool(DRIVE.match(name)) or (os.name == "nt" and ":" in name),
        "a backslash": "\\" in name,
        "no file name": not parts or "\0" in name,
        "a way out of the folder": any(not part.rstrip(". ") for part in parts),  # Windows drops dots and spaces
        "the name of a device": any(DEVICE_NAME.fullmatch(part) for part in parts),
        "encrypted": bool(entry.flag_bits & _ENCRYPTED),
        "a compression that Python does not know": entry.compress_type not in _COMPRESSIONS,
    }
    return next((reason for reason, holds in checks.items() if holds), None)


def _clashes(names: list[str]) -> list[str]:
    """Names that would overwrite each other, or need a folder where there is a file; case does not count."""
    folded = [name.casefold() for name in names]
    times = Counter(folded)
    folders = {name[:end] for name in folded if "/" in name for end in range(len(name)) if name[end] == "/"}
    return [
        f"{name!r} (a name that others have, too)"
        for name, key in zip(names, folded, strict=True)
        if times[key] > 1 or key in folders
    ]


def _unpack_whole(archive: ZipFile, entries: Sequence[ZipInfo], folder: Path) -> bool:
    """Unpack beside the folder and rename; False if another process was faster and the folder is there now."""
    partial = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.partial")
    try:
        partial.mkdir()
        for entry in entries:
            _unpack_one(archive, entry, partial)
        partial.rename(folder)
    except OSError:
        if folder.is_dir():
            return False
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return True


def _repair(archive: ZipFile, entries: Sequence[ZipInfo], folder: Path) -> None:
    broken = [entry for entry in entries if not _is_whole(folder / entry.filename, entry)]
    for entry in broken:
        _refuse_detours(folder, entry)
    for entry in broken:
        _unpack_one(archive, entry, folder)
    if broken:
        names = ", ".join(entry.filename for entry in broken[:5])
        warnings.warn(
            f"{folder} differed from the ZIP in {len(broken)} file(s), which were unpacked again: {names}", stacklevel=5
        )


def _is_whole(path: Path, entry: ZipInfo) -> bool:
    """Whether a file has the content of an entry; that it may be reached by a link does not matter for reading."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size != entry.file_size:
            return False
        crc = 0
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                crc = zlib.crc32(block, crc)
    except OSError:
        return False
    return crc == entry.CRC


def _refuse_detours(folder: Path, entry: ZipInfo) -> None:
    """Nothing is written through a link that leads out of the folder."""
    parent = (folder / entry.filename).parent
    real = Path(os.path.realpath(parent))
    if not real.is_relative_to(os.path.realpath(folder)):
        raise StoreError(
            f"{entry.filename} is missing or damaged in {folder}, and was not unpacked again because {parent} leads "
            f"to {real}; delete that link, and load again"
        )


def _unpack_one(archive: ZipFile, entry: ZipInfo, folder: Path) -> None:
    target = folder / entry.filename
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{secrets.token_hex(4)}.partial")
    try:
        with partial.open("xb") as file:
            file.writelines(_content(archive, entry))
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _content(archive: ZipFile, entry: ZipInfo) -> Iterator[bytes]:
    """Blocks of an entry, of which Python reads no more than the size that the entry declares."""
    size, reason = 0, ""
    try:
        with archive.open(entry) as source:
            while block := source.read(BLOCK):
                size += len(block)
                yield block
    except Exception as error:  # each way to compress has errors of its own for damaged data
        if isinstance(error, OSError) and error.errno is not None:
            raise
        reason = f" and then {error}"
    if reason or size != entry.file_size:
        raise IntegrityError(
            f"{entry.orig_filename} in {archive.filename} is damaged, and was not unpacked; get a fresh copy",
            expected=f"{entry.file_size} bytes with CRC-32 {entry.CRC:08x}",
            got=f"{size} bytes{reason}",
        )
