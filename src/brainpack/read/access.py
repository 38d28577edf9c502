"""The system's refusals in the words of this project."""

from __future__ import annotations

import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

from brainpack.errors import NotFound, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Explain why a file or folder cannot be read.

    Parameters
    ----------
    path : Path
        What is read in the block, which does nothing else.

    Raises
    ------
    NotFound
        It is not there.
    StoreError
        It is there, and the system does not give it away.
    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"there is no {path}; correct the path, or put the file there") from error
    except ValueError as error:  # Python's own check, before the system is asked
        raise NotFound(f"{str(path)!r} cannot be a path: {error}; correct it") from error
    except OSError as error:
        reason = error.strerror or error
        raise StoreError(f"{path} could not be read: {reason}; check that it is a file that you may read") from error


def refuse_other_than_file(path: Path) -> None:
    """Refuse pipes and devices, on which a program that reads them waits, and folders.

    Parameters
    ----------
    path : Path

    Raises
    ------
    NotFound
        Nothing is there.
    StoreError
        It is not a file, or the system does not tell.
    """
    with reading(path):
        mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise StoreError(f"{path} could not be read: it is not a file; check that it is a file that you may read")
