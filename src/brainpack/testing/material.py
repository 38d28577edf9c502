"""Files to put, many hands that put them, and a listener who stops them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from brainpack.progress import Progress

Result = TypeVar("Result")


class Interrupted(Exception):  # noqa: N818 - it stands for the user who had enough
    """What a listener of these tests raises."""


def write(folder: Path, data: bytes, name: str = "source") -> Path:
    """A file with these bytes, in a folder that is made for it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(data)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    """Name and bytes of every file in a folder, hidden ones too."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def noise(size: int, seed: int = 0) -> bytes:
    """The same bytes each time, which cannot be compressed."""
    return Random(seed).randbytes(size)  # noqa: S311 - nothing is kept secret by them


def at_once(call: Callable[[int], Result], count: int) -> list[Result]:
    """Results of calls with 0, 1, … that begin at the same time, in threads of their own."""
    barrier = Barrier(count)

    def run(number: int) -> Result:
        barrier.wait()
        return call(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def interrupt_in_the_middle(event: Progress) -> None:
    """Listener that has enough when half of the bytes are through."""
    if 2 * event.done >= event.total:
        raise Interrupted
