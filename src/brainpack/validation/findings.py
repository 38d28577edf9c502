"""What a rule reports: a problem, and the finding that it becomes under the rule's id."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES: Final = 5
_LONGEST_EXAMPLE: Final = 200  # characters


class Severity(StrEnum):
    """How much a finding matters, the worst first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Problem:
    """What a rule says, before the rule's id and severity are put on it.

    Attributes
    ----------
    where, expected, found, advice : str
        As in Finding.
    examples : sequence
        Places or values that have the problem; the first five are shown. Empty where the problem is the whole input's.
    count : int or None
        How many there are; by default, as many as there are examples.
    """

    where: str
    expected: str
    found: str
    advice: str
    examples: Sequence[object] = ()
    count: int | None = None

    def under(self, rule: str, severity: Severity) -> Finding:
        examples = tuple(shown(example) for example in self.examples[:EXAMPLES])
        count = max(len(self.examples), 1) if self.count is None else int(self.count)
        return Finding(rule, severity, self.where, self.expected, self.found, self.advice, examples, count)


@dataclass(frozen=True)
class Finding:
    """One problem.

    Attributes
    ----------
    rule : str
        Stable id such as "BP-S002"; its heading in docs/rules.md says why it matters.
    severity : Severity
    where : str
        Row, column, coordinate, file or argument.
    expected, found : str
        Read as "expected …, found …".
    advice : str
        The next step.
    examples : tuple of str
        Up to five.
    count : int
        How many places have the problem.
    waived : str or None
        The reason why it does not count; None where it does.
    """

    rule: str
    severity: Severity
    where: str
    expected: str
    found: str
    advice: str
    examples: tuple[str, ...] = ()
    count: int = 1
    waived: str | None = None

    @property
    def evidence(self) -> str:
        """The examples, and how many more there are; empty without any."""
        more = self.count - len(self.examples)
        return ", ".join(self.examples) + (f", and {more} more" if self.examples and more > 0 else "")

    def __str__(self) -> str:
        evidence = f" ({self.evidence})" if self.examples else ""
        waived = f" Waived: {self.waived}." if self.waived else ""
        return (
            f"{self.rule} {self.severity}: {self.where}: expected {self.expected}, found {self.found}{evidence}. "
            f"{self.advice}.{waived}"
        )


@dataclass(frozen=True)
class Change:
    """An example that reads as `before -> after`."""

    before: object
    after: object

    def __repr__(self) -> str:
        return f"{shown(self.before)} -> {shown(self.after)}"


class Words(str):
    """An example, or a part of one, that reads as it is, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def shown(example: object) -> str:
    """An example as text of bounded length, whatever it is."""
    try:
        text = repr(example.item() if isinstance(example, np.generic) else example)
    except Exception:  # noqa: BLE001 - a class of somebody's own may raise anything, and is in the data all the same
        text = f"<{type(example).__name__}>"
    return text if len(text) <= _LONGEST_EXAMPLE else f"{text[: _LONGEST_EXAMPLE - 1]}…"
