"""Where files should be -> what is there."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from brainpack.sources import at_once
from brainpack.workers import Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brainpack.sources import Source, Stamp
    from brainpack.workers import Workers

_TOGETHER: Final = 256  # files


def find(sources: Sequence[Source], crew: Workers) -> list[Stamp | str]:
    """Find files without reading them.

    Parameters
    ----------
    sources : sequence of Source
    crew : Workers
        Look for what is behind URLs.

    Returns
    -------
    list of Stamp or str
        In the same order; a text says why a file cannot be read.

    Raises
    ------
    StoreError
        The workers are gone.

    Examples
    --------
    >>> from brainpack.sources import LocalFile
    >>> from brainpack.workers import workers
    >>> with workers() as crew:
    ...     find([LocalFile("nowhere.png")], crew)
    ['No such file or directory: nowhere.png']
    """
    remote = [source for source in sources if source.is_everywhere]
    tasks = (Task(at_once, (_stamp, remote[start : start + _TOGETHER])) for start in range(0, len(remote), _TOGETHER))
    answers = chain.from_iterable(crew.results(tasks, most_bytes=0))
    return [next(answers) if source.is_everywhere else _stamp(source) for source in sources]


def _stamp(source: Source) -> Stamp | str:
    try:
        return source.stamp()
    except (OSError, ValueError) as error:
        return f"{getattr(error, 'strerror', None) or error}: {source}"
