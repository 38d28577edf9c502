"""A file that appears whole under its name, or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from brainpack.errors import BrainpackError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FULL: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Give a temporary path beside `target`; move it there when the block ends well.

    Parameters
    ----------
    target : Path
        Where the file shall be. Its folder is made if needed.

    Yields
    ------
    Path
        A free name in the same folder. Nothing of it is left when the block raises.

    Raises
    ------
    StoreError
        The folder or the file cannot be written, or the disk is full.
    """
    if not target.name or (target.exists() and not target.is_file()):
        raise StoreError(f"{target} is a folder or a device; name a file")
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        with writing(target, partial):
            target.parent.mkdir(parents=True, exist_ok=True)
            yield partial
            flush_to_disk(partial)
            partial.replace(target)
    finally:
        _remove(partial)


@contextmanager
def writing(target: Path, partial: Path) -> Iterator[None]:
    """Explain why a file could not be written, and then leave nothing of it behind.

    Parameters
    ----------
    target : Path
        Where the file shall be.
    partial : Path
        Where it is until it is whole.

    Raises
    ------
    StoreError
        The system refused, or the disk is full.
    """
    try:
        yield
    except BrainpackError:
        raise
    except OSError as error:
        _remove(partial)
        raise _explained(error, target) from error


def _remove(path: Path) -> None:
    with suppress(OSError):  # the first error is the one to report
        path.unlink(missing_ok=True)


def flush_to_disk(path: Path) -> None:
    """Bring the bytes of a file to the disk."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _explained(error: OSError, target: Path) -> StoreError:
    explained = StoreError(
        f"{target} could not be written: {error.strerror or error}; nothing of it was left behind. "
        f"{'Free some space' if error.errno in _FULL else 'Choose a folder that you may write to'}, then run it again"
    )
    explained.errno = error.errno
    return explained
