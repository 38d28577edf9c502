"""Which keys a folder can have, on this system and on the one that the folder may move to."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from brainpack.errors import InvalidData
from brainpack.layout import DEVICE_NAME, DRIVE

if TYPE_CHECKING:
    from brainpack.digest import Digest

HIDDEN: Final = ".brainpack"
PARTIAL: Final = re.compile(r"\..+\.[0-9a-f]{8}\.partial")
VERSION_ID: Final = re.compile(r"[0-9a-f]{32}")


def version_id_of(digest: Digest) -> str:
    """Name of these bytes among the versions of an object; the same in every folder, and kept nowhere."""
    return digest.sha256[:32]


def parts_of(key: str) -> list[str]:
    """Folders and file name of a key.

    Raises
    ------
    InvalidData
        It is no key. Keys are made of the names of data, so it is the data that have to change.
    """
    parts = key.split("/")
    reason = next(filter(None, map(why_no_part, parts)), None)
    if reason is not None:
        raise InvalidData(
            f"{key!r} cannot be a key: it has {reason}; expected a name such as 'lab.Author2026/rates.nc'"
        )
    return parts


def why_no_part(name: str) -> str | None:
    """What makes a name unfit as part of a key; None if nothing does."""
    plain = name.rstrip(". ")  # Windows drops dots and spaces
    checks = {
        "an empty part": not name,
        "a way out of the folder": not plain,
        "a backslash or NUL": "\\" in name or "\0" in name,
        "a drive": bool(DRIVE.match(name)) or (os.name == "nt" and ":" in name),
        "the name of a device": bool(DEVICE_NAME.fullmatch(name)),
        f"a name that is taken for {HIDDEN}": plain.casefold() == HIDDEN,
        "the name of an unfinished file": bool(PARTIAL.fullmatch(name)),
        "characters that UTF-8 does not have": not _encodes(name),
    }
    return next((reason for reason, holds in checks.items() if holds), None)


def _encodes(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
