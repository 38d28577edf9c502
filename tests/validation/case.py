"""What a rule accepts and refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from brainpack.validation.findings import Severity


@dataclass(frozen=True)
class Case:
    """A subject that a rule accepts, one that it refuses, and what it says about the latter."""

    passes: Any
    fails: Any
    where: str
    examples: tuple[str, ...] = ()
    count: int = 1
    severity: Severity = Severity.ERROR
