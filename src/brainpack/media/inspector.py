"""Many stimulus files -> facts about them, in as many threads as there are cores for this process."""

from __future__ import annotations

import warnings
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from brainpack.media.looking import FileOnDisk, look_at, look_into
from brainpack.progress import progress
from brainpack.workers import CORES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from brainpack.media.facts import Facts
    from brainpack.media.looking import Openable

_MOST_WAITING: Final = 16 * CORES  # files
_MOST_HELD: Final = 256 << 20  # bytes of files that wait or are decoded


class Inspector:
    """Looks into files in threads of its own while the caller reads or writes others.

    Files that wait are few and bounded in bytes: who hands over more has to wait. The facts come in the order in which
    the files were handed over. At the end of the `with`, no thread is left.

    Examples
    --------
    >>> with Inspector() as inspector:
    ...     inspector.look("a.txt", b"meow", sha256=b"...")
    ...     inspector.look("b.txt", b"", sha256=b"...")
    >>> [facts.size for facts in inspector.facts]
    [4, 0]
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(CORES, "brainpack-media")
        self._waiting: deque[tuple[Future[Facts], int]] = deque()
        self._held = 0
        self._facts: list[Facts] = []
        self._quiet = ExitStack()

    def __enter__(self) -> Self:
        # Whether Pillow warns or raises would otherwise depend on filters, and its warnings do not name the file.
        self._quiet.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", module=r"PIL\.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=kind is not None)
        self._quiet.close()

    @property
    def facts(self) -> list[Facts]:
        """The facts about all files that were handed over; waits for them."""
        while self._waiting:
            self._settle()
        return self._facts

    def look(self, name: str, content: bytes, sha256: bytes) -> None:
        """Look into a file that is in memory; `sha256` is that of its content."""
        self._hand_over(len(content), look_into, name, content, sha256)

    def look_at(self, name: str, source: Openable, sha256: bytes | None = None) -> None:
        """Look into a file where it is; `sha256` is computed where it is not given."""
        self._hand_over(0, look_at, name, source, sha256)

    def _hand_over(self, size: int, look: Callable[..., Facts], *arguments: object) -> None:
        self._waiting.append((self._pool.submit(look, *arguments), size))
        self._held += size
        while len(self._waiting) > _MOST_WAITING or self._held > _MOST_HELD:
            self._settle()

    def _settle(self) -> None:
        future, size = self._waiting.popleft()
        self._facts.append(future.result())
        self._held -= size


def look_at_files(files: Sequence[tuple[str, Path]]) -> list[Facts]:
    """Look into files on a disk, several at the same time.

    Parameters
    ----------
    files : sequence of (str, Path)
        Name of each stimulus, whose suffix says what it should be, and its file.

    Returns
    -------
    list of Facts
        In the same order; also of files that cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> [facts] = look_at_files([("left.png", Path("nowhere.png"))])
    >>> facts.kind, facts.damage
    ('image', 'it cannot be read: No such file or directory')
    """
    with Inspector() as inspector:
        for name, path in progress(files, len(files), " files", "looking"):
            inspector.look_at(name, FileOnDisk(path))
        return inspector.facts
