"""How much memory and disk there is, asked before work starts that would end for the lack of it."""

from __future__ import annotations

import errno
import shutil
import sys
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, NamedTuple

from brainpack.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNLIMITED: Final = sys.maxsize

_PROC: Final = Path("/proc")
_CGROUPS: Final = Path("/sys/fs/cgroup")
_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_KIB: Final = 1 << 10
_MOST_DIGITS: Final = 20  # of a number of 64 bits


class Limit(NamedTuple):
    """What a process cannot go beyond.

    Attributes
    ----------
    left : int
        Bytes up to there; below 0 where it has been lowered since.
    name : str
        As in "the RAM of this machine leaves 2 GiB".
    """

    left: int
    name: str


class _Cgroup(NamedTuple):
    """Files of a control group, and the field of its `memory.stat` that counts what the kernel gives back first."""

    most: str
    used: str
    reclaimable: str


_V1: Final = _Cgroup("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_V2: Final = _Cgroup("memory.max", "memory.current", "inactive_file")


def memory_left() -> int:
    """Bytes that this process may still take, by the tightest of `memory_limits`.

    Returns
    -------
    int
        0 or more; `UNLIMITED` where the system tells nothing.

    Examples
    --------
    >>> memory_left() > 0
    True
    """
    return max(_tightest(memory_limits()).left, 0)


def memory_limits(proc: Path = _PROC, cgroups: Path = _CGROUPS) -> list[Limit]:
    """Find all that limits the memory of this process, as far as the system tells.

    Parameters
    ----------
    proc, cgroups : Path
        Where the kernel of Linux shows its processes and control groups; other systems have only what `ulimit` sets.

    Returns
    -------
    list of Limit
        RAM that is free or can be freed without swapping; the process's control group and all that it is in, whose
        file cache counts as free; and `ulimit`.
    """
    return [*_ram(proc), *_cgroup_limits(proc, cgroups), *_ulimits(proc)]


def disk_left(folder: Path) -> int:
    """Bytes that this user may still write into a folder; quotas are not known.

    Parameters
    ----------
    folder : Path
        Its nearest parent counts where it is not there yet.

    Returns
    -------
    int
        `UNLIMITED` where the system does not tell.

    Examples
    --------
    >>> disk_left(Path("not made yet")) > 0
    True
    """
    place = folder.absolute()
    for existing in (place, *place.parents):
        with suppress(OSError, ValueError):
            return shutil.disk_usage(existing).free
    return UNLIMITED


def require_memory(needed: int, what: str, advice: Callable[[int], str]) -> None:
    """Refuse work for which there is too little memory.

    Parameters
    ----------
    needed : int
        Bytes, as estimated.
    what : str
        The work, as in "writing lab.Author2026 takes 2 GiB".
    advice : callable
        Says what would fit into so many bytes.

    Raises
    ------
    StoreError
        With the `errno` of too little memory, ENOMEM.
    """
    limit = _tightest(memory_limits())
    if needed > limit.left:
        raise _refusal(errno.ENOMEM, f"{what} takes about {human_size(needed)} of memory", limit, advice(limit.left))


def require_disk(needed: int, folder: Path, what: str) -> None:
    """Refuse to write what does not fit on the disk.

    Parameters
    ----------
    needed : int
        Bytes.
    folder : Path
    what : str
        The work, as in "writing lab.Author2026 takes 2 GiB".

    Raises
    ------
    StoreError
        With the `errno` of a full disk, ENOSPC.
    """
    limit = Limit(disk_left(folder), f"the file system of {folder}")
    if needed > limit.left:
        advice = f"free {human_size(needed - limit.left)} there, or choose a folder on a larger disk"
        raise _refusal(errno.ENOSPC, f"{what} takes {human_size(needed)} of disk", limit, advice)


def human_size(size: int) -> str:
    """Bytes in the unit that people would use.

    Examples
    --------
    >>> human_size(7), human_size(96 << 20), human_size(1_300_000_000)
    ('7 B', '96 MiB', '1.2 GiB')
    """
    amount, unit = float(size), 0
    while round(amount, 1) >= _KIB and unit < len(_UNITS) - 1:
        amount, unit = amount / _KIB, unit + 1
    return f"{amount:.1f}".removesuffix(".0") + f" {_UNITS[unit]}"


def _tightest(limits: list[Limit]) -> Limit:
    return min(limits, default=Limit(UNLIMITED, "the system"))


def _refusal(number: int, need: str, limit: Limit, advice: str) -> StoreError:
    error = StoreError(f"{need}, but {limit.name} leaves {human_size(max(limit.left, 0))}; {advice}")
    error.errno = number
    return error


def _ram(proc: Path) -> Iterator[Limit]:
    available = _fields(proc / "meminfo").get("MemAvailable:")
    if available is not None:
        yield Limit(available * _KIB, "the RAM of this machine")


def _cgroup_limits(proc: Path, cgroups: Path) -> Iterator[Limit]:
    """Limits of the groups that `/proc/self/cgroup` names, in lines of a number, controllers and a path."""
    for line in _text(proc / "self" / "cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            yield from _limits_up_to(cgroups, path, _V2)
        elif "memory" in controllers.split(","):
            yield from _limits_up_to(cgroups / "memory", path, _V1)


def _limits_up_to(root: Path, path: str, files: _Cgroup) -> Iterator[Limit]:
    """Limits of a group and of its parents; a container may see its own as the root, whatever the path says."""
    names = [name for name in PurePosixPath(path).parts if name not in {"/", ".."}]
    for depth in range(len(names) + 1):
        group = root.joinpath(*names[:depth])
        most, used = (_number(_text(group / name).strip()) for name in (files.most, files.used))
        if most is not None and used is not None:
            left = most - used + _fields(group / "memory.stat").get(files.reclaimable, 0)
            yield Limit(min(left, most), f"the cgroup limit of {human_size(most)}")


def _ulimits(proc: Path) -> Iterator[Limit]:
    try:
        import resource
    except ImportError:  # on Windows
        return
    pages = [_number(word) or 0 for word in _text(proc / "self" / "statm").split()]
    for kind, column, option in ((resource.RLIMIT_AS, 0, "-v"), (resource.RLIMIT_DATA, 5, "-d")):
        most, _ = resource.getrlimit(kind)
        if most != resource.RLIM_INFINITY:
            used = sum(pages[column : column + 1]) * resource.getpagesize()
            yield Limit(most - used, f"'ulimit {option}' of {human_size(most)}")


def _fields(path: Path) -> dict[str, int]:
    """Numbers by the word before them, line by line."""
    lines = (line.split() for line in _text(path).splitlines())
    pairs = ((words[0], _number(words[1])) for words in lines if len(words) > 1)
    return {name: number for name, number in pairs if number is not None}


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None


def _text(path: Path) -> str:
    """What a file of the kernel says; nothing, where it cannot be read."""
    try:
        return path.read_text("ascii", errors="replace")
    except (OSError, ValueError):
        return ""
