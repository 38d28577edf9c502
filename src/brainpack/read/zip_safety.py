"""Whether the names and extents in the directory of a ZIP could do harm, on this system or on another."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
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
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# What file systems hold, and what Python removes again without running out of stack.
_MOST_PARTS: Final = 64
_LONGEST_PATH: Final = 1024  # characters
_LONGEST_PART: Final = 255  # bytes
_SHOWN_OF_NAME: Final = 100


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
    names = ["/".join(_parts(entry.filename)) for entry in entries]
    reasons = [_why_unsafe(entry) for entry in entries]
    unsafe = [f"{_shown(entry.orig_filename)} ({why})" for entry, why in zip(entries, reasons, strict=True) if why]
    unsafe += _clashes([name for name, why in zip(names, reasons, strict=True) if not why])
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
        "an absolute path": name.startswith("/"),
        "a drive or stream of Windows": bool(DRIVE.match(name)) or (os.name == "nt" and ":" in name),
        "a backslash": "\\" in name,
        "no file name": not parts or "\0" in name,
        "a control character": bool(_CONTROL.search(name)),
        "a path that is too long": _is_too_long(name, parts),
        "a way out of the folder": any(not part.rstrip(". ") for part in parts),  # Windows drops dots and spaces
        "the name of a device": any(DEVICE_NAME.fullmatch(part) for part in parts),
        "encrypted": bool(entry.flag_bits & _ENCRYPTED),
        "a compression that Python does not know": entry.compress_type not in _COMPRESSIONS,
    }
    return next((reason for reason, holds in checks.items() if holds), None)


def _is_too_long(name: str, parts: list[str]) -> bool:
    return (
        len(parts) > _MOST_PARTS
        or len(name) > _LONGEST_PATH
        or any(len(part.encode("utf-8", "replace")) > _LONGEST_PART for part in parts)
    )


def _shown(name: str) -> str:
    return repr(name) if len(name) <= _SHOWN_OF_NAME else f"{name[:_SHOWN_OF_NAME]!r}…"


def _clashes(names: list[str]) -> list[str]:
    """Names that would overwrite each other, or need a folder where there is a file, on the least exact of systems.

    Case does not count, and neither does whether an accent is a character of its own.
    """
    folded = [unicodedata.normalize("NFC", name).casefold() for name in names]
    times = Counter(folded)
    folders = {name[:end] for name in folded if "/" in name for end in range(len(name)) if name[end] == "/"}
    return [
        f"{_shown(name)} (a name that others have, too)"
        for name, key in zip(names, folded, strict=True)
        if times[key] > 1 or key in folders
    ]


def _share_bytes(entries: Sequence[ZipInfo], end: int) -> bool:
    extents = sorted((entry.header_offset, entry.compress_size) for entry in entries)
    return any(
        start < 0 or start + LOCAL_HEADER + size > limit for (start, size), (limit, _) in pairwise([*extents, (end, 0)])
    )
