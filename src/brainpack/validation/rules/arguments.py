"""The rule about what was given at all, before anyone looks into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brainpack.validation.findings import Problem
from brainpack.validation.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Given:
    """What a caller gave as an argument.

    Attributes
    ----------
    argument : str
        How the caller knows it.
    value : object
        Anything.
    expected : type
        What it should be an instance of.
    """

    argument: str
    value: object
    expected: type

    @property
    def fits(self) -> bool:
        return isinstance(self.value, self.expected)


@rule("BP-R003", Given)
def argument_has_its_type(given: Given) -> Iterator[Problem]:
    """An argument is of the type that it stands for."""
    if not given.fits:
        found = "None" if given.value is None else f"a {type(given.value).__name__}"
        yield Problem(given.argument, f"a {given.expected.__name__}", found, "Pass the object itself, converted")
