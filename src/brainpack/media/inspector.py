"""Many stimulus files -> facts about them, several at the same time."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from brainpack.media.looking import look_at
from brainpack.progress import progress
from brainpack.workers import Task, workers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from brainpack.media.facts import Facts
    from brainpack.sources import Source
    from brainpack.workers import Workers

MOST_HELD: Final = 256 << 20  # bytes of files that wait or are decoded


@contextmanager
def inspectors(executor: Any = None, *, use_cluster: bool = False) -> Iterator[Workers]:
    """Find those who look into files, as `brainpack.workers.workers` does, and keep Pillow quiet meanwhile.

    Whether Pillow warns or raises would otherwise depend on filters, and its warnings do not name the file.
    """
    with without_warnings(), workers(executor, use_cluster=use_cluster) as crew:
        yield crew


@contextmanager
def without_warnings() -> Iterator[None]:
    """Keep Pillow quiet."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def look_at_files(files: Sequence[tuple[str, Source] | tuple[str, Source, bytes]], crew: Workers) -> list[Facts]:
    """Look into files where they are.

    Parameters
    ----------
    files : sequence of (str, Source) or (str, Source, bytes)
        Name of each stimulus, whose suffix says what it should be, its file, and its SHA-256 where it is known.
    crew : Workers
        Look into what is everywhere; the other files are on this machine.

    Returns
    -------
    list of Facts
        In the same order; also of files that cannot be read.

    Examples
    --------
    >>> from brainpack.sources import LocalFile
    >>> with inspectors() as crew:
    ...     [facts] = look_at_files([("left.png", LocalFile("nowhere.png"))], crew)
    >>> facts.kind, facts.damage
    ('image', 'it cannot be read: No such file or directory')
    """
    tasks = [(source.is_everywhere, Task(look_at, (name, source, *sha256))) for name, source, *sha256 in files]
    far = crew.results((task for is_far, task in tasks if is_far), MOST_HELD)
    near = crew.here.results((task for is_far, task in tasks if not is_far), MOST_HELD)
    return [next(far if is_far else near) for is_far, _ in progress(tasks, len(tasks), " files", "looking")]
