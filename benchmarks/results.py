"""RESULTS.md: what the figures depend on, then a section for each benchmark, which is replaced when it runs again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HEAD = "# Results\n\n`make bench` writes this file; a section says when and where it was measured. The last run:\n\n"


def sections(text: str) -> dict[str, str]:
    """The sections of a file of results by the names of their benchmarks.

    Examples
    --------
    >>> sections(file({"CPU": "fast"}, {"reading": "Quick."}, []))
    {'reading': 'Quick.'}
    """
    _, *parts = re.split(r"^## (\w+)$", text, flags=re.MULTILINE)
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}


def file(facts: Mapping[str, str], found: Mapping[str, str], order: Iterable[str]) -> str:
    """Put a file of results together: the named sections first, in this order, and then all others."""
    names = [*(name for name in order if name in found), *(name for name in found if name not in {*order})]
    last_run = "".join(f"- {name}: {fact}\n" for name, fact in facts.items())
    return HEAD + last_run + "".join(f"\n## {name}\n\n{found[name]}\n" for name in names)
