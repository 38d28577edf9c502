"""A ZIP in one pass over its bytes: hashed, compared with its checksums, and looked into."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, BinaryIO, Literal, cast

from brainpack.digest import BLOCK, Digester
from brainpack.errors import IntegrityError
from brainpack.media.inspector import MOST_HELD, inspectors
from brainpack.media.looking import HELD_IN_MEMORY, look_at, look_into
from brainpack.progress import progress
from brainpack.read.access import reading
from brainpack.read.archives import Archive, FileOnDisk
from brainpack.workers import Task

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from brainpack.digest import Digest
    from brainpack.media.facts import Facts
    from brainpack.read.archives import Member


def look_through(path: Path, names: Collection[str]) -> tuple[dict[str, Facts], Digest]:
    """Look into files of a ZIP, several at the same time, and hash all of it on the way.

    Parameters
    ----------
    path : Path
    names : collection of str
        Of files in the ZIP; others are hashed only.

    Returns
    -------
    (dict of str to Facts, Digest)
        What is in the files, also in those that are damaged, by name; and the digest of the ZIP.

    Raises
    ------
    NotFound, StoreError
        The ZIP is not there, or cannot be read.
    InvalidData
        It is not a ZIP, or one whose names or sizes are unsafe.
    """
    archive, digester = Archive(FileOnDisk.at(path)), Digester()
    in_order = sorted(archive.members.values(), key=lambda member: member.start)
    looked_into = [member.name for member in in_order if member.name in names]
    with inspectors() as crew, reading(path), path.open("rb") as file:
        members = progress(in_order, len(in_order), " files", path.name)
        looks = (_look(archive, member, file, digester) for member in members if member.name in names)
        facts = dict(zip(looked_into, crew.results(looks, MOST_HELD), strict=True))
        _hash_until(None, file, digester)
        return facts, digester.digest()


def _look(archive: Archive, member: Member, file: BinaryIO, digester: Digester) -> Task:
    """Hash the ZIP up to the end of a file in it, or its start if it is large, and say how to look into that."""
    _hash_until(member.start, file, digester)
    if max(member.size, member.stop - member.start) > HELD_IN_MEMORY:
        return Task(look_at, (member.name, _Large(archive, member)))
    piece = file.read(member.stop - member.start)
    digester.update(piece)
    try:
        content = b"".join(Archive(_Piece(piece, member.start, str(archive))).content(member))
    except IntegrityError as error:
        return Task(look_at, (member.name, _Damaged(error)))
    return Task(look_into, (member.name, content), len(content))


def _hash_until(stop: int | None, file: BinaryIO, digester: Digester) -> None:
    while block := file.read(BLOCK if stop is None else min(BLOCK, stop - digester.size)):
        digester.update(block)


@dataclass(frozen=True)
class _Piece:
    """Bytes of a ZIP that were read already."""

    content: bytes
    start: int
    name: str

    @property
    def size(self) -> int:
        return self.start + len(self.content)

    def read(self, start: int, stop: int) -> bytes:
        return self.content[start - self.start : stop - self.start]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class _Damaged:
    """A file that cannot be unpacked."""

    error: IntegrityError

    def open(self, _: Literal["rb"], /) -> IO[bytes]:
        raise self.error


@dataclass(frozen=True)
class _Large:
    """A file in a ZIP that is unpacked to look into it, and gone when it is closed."""

    archive: Archive
    member: Member

    def open(self, _: Literal["rb"], /) -> IO[bytes]:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - who asked for it closes it
        try:
            file.writelines(self.archive.content(self.member))
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return cast("IO[bytes]", file)
