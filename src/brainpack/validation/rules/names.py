"""Rules about identifiers and the place that files of these names go to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from brainpack.layout import IDENTIFIER, store_name
from brainpack.validation.findings import Problem
from brainpack.validation.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brainpack.layout import Kind

_LONGEST: Final = 200  # characters; file systems take names of 255, and prefix and suffixes need some of them


@dataclass(frozen=True)
class Name:
    """An identifier, and who has its file names already.

    Attributes
    ----------
    argument : str
        How the caller knows it.
    identifier : object
        Expected to be text.
    """

    argument: str
    identifier: object

    @property
    def is_well_formed(self) -> bool:
        identifier = self.identifier
        return isinstance(identifier, str) and len(identifier) <= _LONGEST and bool(IDENTIFIER.fullmatch(identifier))


@dataclass(frozen=True)
class Claim:
    """An identifier on its way to file names that another one may hold.

    Attributes
    ----------
    kind : {"assembly", "stimulus_set"}
    identifier : str
    holder : str or None
        Identifier of the data set whose files have these names now.
    """

    kind: Kind
    identifier: str
    holder: str | None


@rule("BP-R001", Name)
def identifier_is_well_formed(name: Name) -> Iterator[Problem]:
    """Identifiers consist of letters, digits, '.', '_' and '-'."""
    if not name.is_well_formed:
        yield Problem(
            name.argument,
            f"up to {_LONGEST} letters, digits, '.', '_' and '-', starting with a letter or a digit",
            "another name",
            "Choose an identifier such as 'lab.Author2026'",
            [name.identifier],
        )


@rule("BP-R002", Claim)
def file_names_are_free(claim: Claim) -> Iterator[Problem]:
    """Identifiers that differ only in '.' and '_' would share their files."""
    if claim.holder is not None and claim.holder != claim.identifier:
        yield Problem(
            claim.identifier,
            f"files named {store_name(claim.kind, claim.identifier)!r} of its own ('.' is written as '_')",
            f"those of {claim.holder!r} in the same folder",
            "Choose an identifier that differs in more than '.' and '_', or another folder",
        )
