"""Every error brainpack raises, each also the builtin a caller would catch.

::

    BrainpackError
    ├── InvalidData        (ValueError)        the input cannot be packaged; `.report` lists every problem
    │   └── CheckFailed    (AssertionError)    a `check_*` function of the packaging API said no
    ├── NotFound           (LookupError)       a file, record, stimulus or object is not there
    ├── AlreadyPublished   (FileExistsError)   the place is taken by other bytes, and nothing was replaced
    ├── IntegrityError     (ValueError)        bytes are not the ones that were promised
    ├── SettingsError      (ValueError)        credentials, region, endpoint or an option make no sense
    └── StoreError         (OSError)           reading or writing failed
        ├── AccessDenied   (PermissionError)   the store knows us and says no, or does not know us
        └── Unavailable    (ConnectionError)   the store does not answer, or not in time

A message says what, where, what was expected, what was found, and the next step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brainpack.validation.report import Report

__all__ = [
    "AccessDenied",
    "AlreadyPublished",
    "BrainpackError",
    "CheckFailed",
    "IntegrityError",
    "InvalidData",
    "NotFound",
    "SettingsError",
    "StoreError",
    "Unavailable",
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
    """A file, a record, a stimulus or an object that was asked for does not exist."""


class AlreadyPublished(BrainpackError, FileExistsError):
    """Other bytes are published under this name; replacing them is a decision of its own."""


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

    def __reduce__(self) -> tuple[Any, ...]:
        """Be one after pickling, too: workers send theirs from other processes."""
        return type(self).__new__, (type(self), *self.args), self.__dict__


class SettingsError(BrainpackError, ValueError):
    """What the caller or the environment decides cannot be followed."""


class StoreError(BrainpackError, OSError):
    """A file or an object could not be read or written."""


class AccessDenied(StoreError, PermissionError):
    """The store refuses: who asks is unknown there, or lacks a right."""


class Unavailable(StoreError, ConnectionError):
    """The store could not be reached, or stopped answering."""
