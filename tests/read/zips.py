"""ZIPs as good and as bad as they come."""

from __future__ import annotations

import stat
import warnings
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Content = bytes | str


def make_zip(path: Path, entries: Iterable[tuple[str | zipfile.ZipInfo, Content]], compression: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, content in entries:
            archive.writestr(name, content)
    return path


def files_below(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def names_in(folder: Path) -> list[str]:
    """What is there beside the lock and the note, which stay."""
    return sorted({path.name for path in folder.iterdir()} - {".set.lock", ".set.unpacked"})


def link(name: str, target: str) -> tuple[zipfile.ZipInfo, str]:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, target


LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"


def patched(path: Path, signature: bytes, offset: int, value: bytes) -> Path:
    """Change a field in every header of a kind."""
    content, start = bytearray(path.read_bytes()), 0
    while (start := content.find(signature, start)) >= 0:
        content[start + offset : start + offset + len(value)] = value
        start += 4
    path.write_bytes(content)
    return path
