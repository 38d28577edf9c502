"""A ZIP in one pass over its bytes: hashed, compared with its checksums, and looked into."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, BinaryIO, Literal, cast

from brainpack.digest import BLOCK, Digester
from brainpack.errors import IntegrityError
from brainpack.media.inspector import Inspector
from brainpack.media.looking import HELD_IN_MEMORY
from brainpack.progress import progress
from brainpack.read.access import reading
from brainpack.read.archives import Archive, FileOnDisk

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
    with Inspector() as inspector, reading(path), path.open("rb") as file:
        for member in progress(in_order, len(in_order), " files", path.name):
            _hash_until(member.start, file, digester)
            if member.name not in names:
                continue
            if max(member.size, member.stop - member.start) > HELD_IN_MEMORY:
                inspector.look_at(member.name, _Large(archive, member))
            else:
                piece = file.read(member.stop - member.start)
                digester.update(piece)
                _look_into(member, _Piece(piece, member.start, str(path)), inspector)
        _hash_until(None, file, digester)
        return dict(zip(looked_into, inspector.facts, strict=True)), digester.digest()


def _hash_until(stop: int | None, file: BinaryIO, digester: Digester) -> None:
    while block := file.read(BLOCK if stop is None else min(BLOCK, stop - digester.size)):
        digester.update(block)


def _look_into(member: Member, piece: _Piece, inspector: Inspector) -> None:
    try:
        content = b"".join(Archive(piece).content(member))
    except IntegrityError as error:
        inspector.look_at(member.name, _Damaged(error))
    else:
        inspector.look(member.name, content, hashlib.sha256(content).digest())


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
