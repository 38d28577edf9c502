"""Memory of an upload on this machine, so that a killed one continues: one line for each step, appended."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from filelock import FileLock

from brainpack.digest import Digest
from brainpack.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMAT: Final = 1


@dataclass(frozen=True)
class Part:
    """A part that the store has taken.

    Attributes
    ----------
    number : int
        From 1.
    sha256 : str
        Of its bytes, hexadecimal.
    etag : str
        What the store called it.
    """

    number: int
    sha256: str
    etag: str


@dataclass(frozen=True)
class Unfinished:
    """What is known of an upload that did not end.

    Attributes
    ----------
    digest : Digest
        Of the whole file.
    part_size : int
        Bytes of every part but the last.
    upload_id : str or None
        The store's name for it; None where the file goes in one piece.
    parts : dict of int to Part
    """

    digest: Digest
    part_size: int
    upload_id: str | None
    parts: dict[int, Part] = field(default_factory=dict)


class Journal:
    """Journal of the upload to one key; made by `open_journal`, which keeps others away from it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def begin(self, digest: Digest, part_size: int, upload_id: str | None) -> None:
        """Start anew: what was there before is forgotten."""
        self.end()
        self._append({"format": FORMAT, "digest": asdict(digest), "part_size": part_size, "upload_id": upload_id})

    def add(self, part: Part) -> None:
        """Note a part that the store has; parts may come in any order, from several threads."""
        self._append(asdict(part))

    def end(self) -> None:
        """Nothing is left to do."""
        with _explaining(self._path):
            self._path.unlink(missing_ok=True)

    def unfinished(self) -> Unfinished | None:
        """What an earlier process began and did not end; None where nothing of use is left.

        A line that a killed process did not complete counts as not written.
        """
        try:
            with _explaining(self._path):
                text = self._path.read_text("utf-8") if self._path.exists() else ""
            first, *rest = _complete(text.split("\n"))
            if first.pop("format") != FORMAT:
                return None
            parts = {part.number: part for part in (Part(**line) for line in rest)}
            return Unfinished(Digest(**first.pop("digest")), parts=parts, **first)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None

    def _append(self, line: dict[str, object]) -> None:
        with _explaining(self._path), self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(f"\n{json.dumps(line)}\n")  # begins a line, too: a killed process may have left half of one


def _complete(lines: list[str]) -> Iterator[Any]:
    for line in lines:
        with suppress(ValueError):
            yield json.loads(line)


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    """Errors of the disk in our words."""
    try:
        yield
    except (OSError, NotImplementedError) as error:  # the latter from file systems that have no locks
        reason = getattr(error, "strerror", None) or error
        raise StoreError(
            f"the journal of an upload could not be kept in {path.parent}: {reason}; "
            "set BRAINIO_HOME to a folder that you may write to"
        ) from error


@contextmanager
def open_journal(folder: Path, url: str) -> Iterator[Journal]:
    """Journal of the upload to a URL; a second process that wants it waits until the first is done or dead.

    Raises
    ------
    StoreError
        The folder of journals cannot be written.
    """
    name = hashlib.sha256(url.encode()).hexdigest()[:32]
    lock = FileLock(folder / f"{name}.lock")
    path = folder / f"{name}.jsonl"
    with _explaining(path):
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield Journal(path)
    finally:
        lock.release()
