"""A progress bar for work that takes longer than a second, on a terminal only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Item = TypeVar("Item")

_PATIENCE: Final = 1.0  # seconds


def progress(items: Iterable[Item], total: int, unit: str, what: str) -> Iterator[Item]:
    """Pass items on; show how many of them are done."""
    yield from tqdm(items, desc=what, total=total, unit=unit, delay=_PATIENCE, disable=None, leave=False)
