"""The files of a folder and of the folders in it, in the order of their keys."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from brainpack.store.local.keys import why_no_part

if TYPE_CHECKING:
    from collections.abc import Iterator


def files_below(root: Path, prefix: str) -> Iterator[tuple[str, Path, os.stat_result]]:
    """Key, path and status of every file whose key starts with a prefix; names that no key has are left out."""
    yield from _walk(os.fspath(root), "", prefix, (os.path.realpath(root),))


def _walk(folder: str, start: str, prefix: str, above: tuple[str, ...]) -> Iterator[tuple[str, Path, os.stat_result]]:
    for name, entry in _entries(folder):
        key = start + name
        if name.endswith("/"):
            real = os.path.realpath(entry.path) if entry.is_symlink() else os.path.join(above[-1], entry.name)  # noqa: PTH118 - text of a walk
            if (key.startswith(prefix) or prefix.startswith(key)) and real not in above:  # a link may lead back up
                yield from _walk(entry.path, key, prefix, (*above, real))
        elif key.startswith(prefix):
            try:
                status = entry.stat()
            except FileNotFoundError:  # removed at this moment
                continue
            yield key, Path(entry.path), status


def _entries(folder: str) -> list[tuple[str, os.DirEntry[str]]]:
    """Files and folders, these with "/", so that the order of names is the order of keys."""
    try:
        with os.scandir(folder) as entries:
            fit = [entry for entry in entries if why_no_part(entry.name) is None]
    except FileNotFoundError:  # removed at this moment, or nothing has been published yet
        return []
    folders = [(f"{entry.name}/", entry) for entry in fit if _status(entry).is_dir()]
    files = [(entry.name, entry) for entry in fit if _status(entry).is_file()]
    return sorted(folders + files, key=lambda found: found[0])


def _status(entry: os.DirEntry[str]) -> os.DirEntry[str] | Path:
    """What knows what an entry is; of a link that leads to itself, an entry knows only that it is an error."""
    return Path(entry.path) if entry.is_symlink() else entry
