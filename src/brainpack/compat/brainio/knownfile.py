"""`knownfile` of brainio_collection: a file and its SHA-1."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from brainpack.digest import digest_file
from brainpack.read.access import reading

if TYPE_CHECKING:
    import os

__all__ = ["KnownFile"]


class KnownFile:
    """A file that is known by its SHA-1.

    Attributes
    ----------
    path : Path
    sha1 : str
        40 lower-case hexadecimal digits.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    @cached_property
    def sha1(self) -> str:
        with reading(self.path):
            return digest_file(self.path).sha1
