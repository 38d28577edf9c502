"""How far a long piece of work is: events for any front end, and bars on a terminal or in a notebook."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from tqdm.auto import tqdm

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Self

Item = TypeVar("Item")

_PATIENCE: Final = 1.0  # seconds that a piece of work may take without a bar
_is_hidden: Final = ContextVar("_is_hidden", default=False)


@dataclass(frozen=True)
class Progress:
    """One event.

    Attributes
    ----------
    what : str
        Name of the piece of work, for instance the key of an object.
    done, total : int
        Bytes so far, and in all. `done` may fall back, where something is sent again.
    """

    what: str
    done: int
    total: int


Listener: TypeAlias = Callable[[Progress], None]


class Bars:
    """A listener that draws one bar for each piece of work: silent unless on a terminal or in a notebook.

    Examples
    --------
    >>> with Bars() as bars:
    ...     bars(Progress("spikes.nc", done=10, total=20))
    """

    def __init__(self) -> None:
        self._bars: dict[str, tqdm[Any]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for bar in self._bars.values():
            bar.close()

    def __call__(self, event: Progress) -> None:
        with self._lock:
            bar = self._bars.get(event.what)
            if bar is None:
                bar = self._bars[event.what] = tqdm(
                    desc=event.what,
                    total=event.total,
                    unit="B",
                    unit_scale=True,
                    unit_divisor=1024,
                    disable=_is_silent(),
                )
            bar.update(event.done - bar.n)


def progress(items: Iterable[Item], total: int, unit: str, what: str) -> Iterator[Item]:
    """Pass items on; show how many of them are done, if that takes longer than a second."""
    yield from tqdm(items, desc=what, total=total, unit=unit, delay=_PATIENCE, disable=_is_silent(), leave=False)


@contextmanager
def hidden() -> Iterator[None]:
    """Draw no bars, whoever reads."""
    before = _is_hidden.set(True)
    try:
        yield
    finally:
        _is_hidden.reset(before)


def _is_silent() -> bool | None:
    """For tqdm: None lets it look whether somebody reads; it cannot in a program without a console."""
    return True if sys.stderr is None or _is_hidden.get() else None
