"""Many stimulus files -> facts about them, several at the same time."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from brainpack.media.looking import look_at
from brainpack.progress import progress
from brainpack.workers import Task, workers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from brainpack.media.facts import Facts
    from brainpack.sources import Source
    from brainpack.workers import Workers

MOST_HELD: Final = 256 << 20  # bytes of files that wait or are decoded


@contextmanager
def inspectors(executor: Any = None, *, use_cluster: bool = False) -> Iterator[Workers]:
    """Find those who look into files, as `brainpack.workers.workers` does, and keep Pillow quiet meanwhile.

    Whether Pillow warns or raises would otherwise depend on filters, and its warnings do not name the file.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        with workers(executor, use_cluster=use_cluster) as crew:
            yield crew


def who_reaches(sources: Iterable[Source], crew: Workers) -> Workers:
    """Those of whom each reaches all files: files that are not everywhere are on this machine."""
    return crew if all(source.is_everywhere for source in sources) else crew.here


def look_at_files(files: Sequence[tuple[str, Source] | tuple[str, Source, bytes]], crew: Workers) -> list[Facts]:
    """Look into files where they are.

    Parameters
    ----------
    files : sequence of (str, Source) or (str, Source, bytes)
        Name of each stimulus, whose suffix says what it should be, its file, and its SHA-256 where it is known.
    crew : Workers

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
    tasks = (Task(look_at, file) for file in progress(files, len(files), " files", "looking"))
    return [*who_reaches((source for _, source, *_ in files), crew).results(tasks, MOST_HELD)]
