"""Files that nobody sees before they are complete, and the system's refusals in words."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from brainpack.digest import BLOCK, Digester
from brainpack.errors import AccessDenied, BrainpackError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from brainpack.digest import Digest

_ABSENT: Final = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP))
_REASONS: Final[tuple[tuple[frozenset[int], type[StoreError], str], ...]] = (
    (
        frozenset((errno.EACCES, errno.EPERM, errno.EROFS)),
        AccessDenied,
        "ask its owner for the right, or choose another folder",
    ),
    (frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG)), StoreError, "free some space, then try again"),
    (
        frozenset((errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ELOOP)),
        StoreError,
        "something is where a folder or a file has to be; move it away, or choose another name",
    ),
    (frozenset((errno.ENAMETOOLONG,)), StoreError, "choose shorter names"),
)
_OTHERWISE: Final = "check that the disk is there and in order, then try again"


@contextmanager
def explaining(tried: str, path: Path) -> Iterator[None]:
    """Turn the system's refusals inside the block into errors of this project; no foreign code may run in it.

    Parameters
    ----------
    tried : str
        What was done to the path, as in "written".
    path : Path

    Raises
    ------
    StoreError
        The system refused; AccessDenied where it is a matter of rights.
    """
    try:
        yield
    except BrainpackError:
        raise
    except OSError as error:
        kind, advice = next(
            ((kind, advice) for codes, kind, advice in _REASONS if error.errno in codes), (StoreError, _OTHERWISE)
        )
        explained = kind(f"{path} could not be {tried}: {error.strerror or error}; {advice}")
        explained.errno = error.errno
        raise explained from error


def is_absent(error: OSError) -> bool:
    """Whether the system says that there is no such file."""
    return error.errno in _ABSENT


@contextmanager
def partial_file(target: Path) -> Iterator[Path]:
    """Give a free name beside `target`, of which nothing is left after the block."""
    partial = target.with_name(f".brainpack.{secrets.token_hex(4)}.partial")
    try:
        yield partial
    finally:
        with suppress(OSError):  # the first error is the one to report
            partial.unlink(missing_ok=True)


def copy(source: BinaryIO, source_path: Path, target: Path, tell: Callable[[int], None]) -> Digest:
    """Copy what an open file has into a new one, down to the disk; what `tell` raises comes through as it is."""
    digester = Digester()
    with explaining("written", target.parent):
        file = target.open("xb", buffering=0)
    with file:
        while True:
            with explaining("read", source_path):
                block = source.read(BLOCK)
            if not block:
                break
            digester.update(block)
            rest = memoryview(block)
            with explaining("written", target.parent):
                while rest:
                    rest = rest[file.write(rest) :]
            tell(digester.size)
        with explaining("written", target.parent):
            os.fsync(file.fileno())
    return digester.digest()


def make_folder(folder: Path, root: Path) -> None:
    """Make a folder in a root.

    Raises
    ------
    StoreError
        A link leads out of the root.
    """
    real_folder = Path(os.path.realpath(folder))  # Path.resolve has a RuntimeError for links that lead to themselves
    if not real_folder.is_relative_to(os.path.realpath(root)):
        raise StoreError(
            f"{folder} is in {real_folder}, out of {root}, because of a link; nothing was written there. "
            f"Put a folder in place of the link, or make {real_folder} a store of its own"
        )
    folder.mkdir(parents=True, exist_ok=True)


def flush_folder(folder: Path) -> None:
    """Bring the names of a folder to the disk, where the system can."""
    with suppress(OSError):  # Windows cannot; the bytes are on the disk already
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
