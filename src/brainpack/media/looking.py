"""One stimulus file -> the facts about it, whatever its bytes are."""

from __future__ import annotations

import codecs
import hashlib
import io
import os
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Final, Literal, Protocol

from brainpack.digest import BLOCK
from brainpack.media.facts import Facts
from brainpack.media.formats import HEAD, TEXT, promised, recognised, suffix_of
from brainpack.media.images import look_into_image
from brainpack.media.streams import look_into_stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from brainpack.media.facts import Kind

HELD_IN_MEMORY: Final = 64 << 20  # bytes; larger files are read twice, to be hashed and to be decoded
_LONGEST_REASON: Final = 200  # characters


class Openable(Protocol):
    """What can be opened and read more than once, for instance a Path."""

    def open(self, mode: Literal["rb"], /) -> IO[bytes]: ...


def look_into(name: str, content: bytes, sha256: bytes | None = None) -> Facts:
    """Look into a stimulus that is in memory.

    Parameters
    ----------
    name : str
        Its file name, whose suffix says what it should be.
    content : bytes
    sha256 : bytes, optional
        Of the content, if it is known.

    Returns
    -------
    Facts
        Also of a file that is damaged: what is wrong is in its `damage`.

    Examples
    --------
    >>> facts = look_into("sentence.txt", b"The cat sat on the mat.")
    >>> facts.kind, facts.format, facts.size
    ('text', 'UTF-8', 23)
    """
    return _facts(name, io.BytesIO(content), len(content), sha256 or hashlib.sha256(content).digest())


def look_at(name: str, source: Openable, sha256: bytes | None = None) -> Facts:
    """Look into a stimulus where it is. It is read once if it fits into memory.

    Returns
    -------
    Facts
        Also where it cannot be read.
    """
    try:
        with source.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            if size <= HELD_IN_MEMORY:
                return look_into(name, file.read(), sha256)
            digest = sha256 or hashlib.file_digest(file, "sha256").digest()  # type: ignore[arg-type]  # is a file
            file.seek(0)
            return _facts(name, file, size, digest)
    except Exception as error:  # noqa: BLE001 - of hostile servers, clients raise anything
        kind, _ = _kind_and_format(name, b"")
        return Facts(kind, None, None, b"", damage=f"it cannot be read: {_reason(error)}")


def _facts(name: str, file: IO[bytes], size: int, sha256: bytes) -> Facts:
    head = file.read(HEAD)
    file.seek(0)
    kind, format_name = _kind_and_format(name, head)
    facts = Facts(kind, format_name, size, sha256)
    if size == 0:
        return facts
    try:
        facts = _LOOK[kind](facts, file)
    except Exception as error:  # noqa: BLE001 - of hostile bytes, decoders raise anything
        return replace(facts, damage=_reason(error))
    return replace(facts, kind="other", damage=None) if _is_no_text(name, facts) else facts


def _is_no_text(name: str, facts: Facts) -> bool:
    """Whether a file that only looked like text, by the start of its bytes, is none."""
    return facts.kind == "text" and facts.damage is not None and not suffix_of(name)


def _kind_and_format(name: str, head: bytes) -> tuple[Kind, str | None]:
    if found := recognised(name, head):
        return found.kind, found.name
    expected = promised(name, head)
    return expected.kind if expected else "other", None


def _look_into_text(facts: Facts, file: IO[bytes]) -> Facts:
    decoder = codecs.getincrementaldecoder("utf-8")()
    position = 0
    while True:
        block = file.read(BLOCK)
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            place = position - pending + error.start
            return replace(facts, damage=f"byte {place} is not UTF-8: 0x{error.object[error.start]:02x}")
        if not block:
            return replace(facts, format=TEXT.name)
        position += len(block)


def _look_into_other(facts: Facts, _: IO[bytes]) -> Facts:
    return facts


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(text.split())[:_LONGEST_REASON]


_LOOK: Final[dict[Kind, Callable[[Facts, IO[bytes]], Facts]]] = {
    "image": look_into_image,
    "video": look_into_stream,
    "audio": look_into_stream,
    "text": _look_into_text,
    "other": _look_into_other,
}
