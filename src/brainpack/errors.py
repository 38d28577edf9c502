"""Every error brainpack raises, each also the builtin a caller would catch.

::

    BrainpackError
    ├── InvalidData        (ValueError)        the input cannot be packaged; `.report` lists every problem
    │   └── CheckFailed    (AssertionError)    a `check_*` function of the packaging API said no
    ├── NotFound           (LookupError)       a file, record or stimulus is not there
    ├── IntegrityError     (ValueError)        bytes are not the ones that were promised
    ├── StoreError         (OSError)           reading or writing failed
    └── NotAvailable       (NotImplementedError)  this version cannot do that yet

A message says what, where, what was expected, what was found, and the next step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brainpack.validate.findings import Report

__all__ = [
    "BrainpackError",
    "CheckFailed",
    "IntegrityError",
    "InvalidData",
    "NotAvailable",
    "NotFound",
    "StoreError",
]


class BrainpackError(Exception):
    """Base of every error that brainpack raises on purpose."""


class InvalidData(BrainpackError, ValueError):
    """The input cannot be packaged or read.

    Attributes
    ----------
    report : Report or None
        Every problem that was found, where a validation ran; None where a single fact was refused.
    """

    def __init__(self, message: str, report: Report | None = None) -> None:
        super().__init__(message)
        self.report = report


class CheckFailed(InvalidData, AssertionError):
    """A check that the caller asked for by name did not pass."""


class NotFound(BrainpackError, LookupError):
    """A file, a record or a stimulus that was asked for does not exist."""


class IntegrityError(BrainpackError, ValueError):
    """The bytes that were found are not the bytes that were promised.

    Attributes
    ----------
    expected, got : str
        What was promised and what was found: digests, sizes or names.
    """

    def __init__(self, message: str, *, expected: str, got: str) -> None:
        super().__init__(f"{message}: expected {expected}, got {got}")
        self.expected = expected
        self.got = got


class StoreError(BrainpackError, OSError):
    """A file could not be read or written."""


class NotAvailable(BrainpackError, NotImplementedError):
    """What was asked for is not part of this version yet."""
