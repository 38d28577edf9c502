"""Whether the names and extents in the directory of a ZIP could do harm, on this system or on another."""

from __future__ import annotations

import os
import stat
import zipfile
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from brainpack.errors import InvalidData
from brainpack.layout import DEVICE_NAME, DRIVE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zipfile import ZipInfo

LOCAL_HEADER: Final = 30  # bytes in front of a file's name, its extra field and its content

_ENCRYPTED: Final = 1
_COMPRESSIONS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def safe_names(entries: Sequence[ZipInfo], end: int, zip_name: str) -> list[str]:
    """Return the plain relative name of each entry.

    Parameters
    ----------
    entries : sequence of ZipInfo
        The files of the ZIP, without its folders.
    end : int
        Where its directory starts, before which they have to end.
    zip_name : str
        For the message.

    Raises
    ------
    InvalidData
        One of them is unsafe or impossible to unpack; then all are refused.
    """
    unsafe = [f"{entry.orig_filename!r} ({reason})" for entry in entries if (reason := _why_unsafe(entry))]
    names = ["/".join(_parts(entry.filename)) for entry in entries]
    unsafe += _clashes(names)
    if _share_bytes(entries, end):
        unsafe.append("entries that share their bytes, as in a ZIP bomb")
    if unsafe:
        more = f" and {len(unsafe) - 5} more" if len(unsafe) > 5 else ""  # noqa: PLR2004 - enough to see the pattern
        raise InvalidData(
            f"nothing of {zip_name} was unpacked, because it holds {', '.join(unsafe[:5])}{more}; "
            "if you trust it, unpack it by hand and pass the folder instead of the ZIP"
        )
    return names


def _parts(name: str) -> list[str]:
    return [part for part in name.split("/") if part not in {"", "."}]


def _why_unsafe(entry: ZipInfo) -> str | None:
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


def _share_bytes(entries: Sequence[ZipInfo], end: int) -> bool:
    extents = sorted((entry.header_offset, entry.compress_size) for entry in entries)
    return any(
        start < 0 or start + LOCAL_HEADER + size > limit for (start, size), (limit, _) in pairwise([*extents, (end, 0)])
    )
