"""What the figures depend on: the machine and its disk."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from brainpack.resources import human_size
from brainpack.workers import CORES

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCK = 8 << 20


def name() -> str:
    """What a reader has to know at least."""
    return f"{_cpu()}, {CORES} core{'s' * (CORES > 1)}"


def described() -> dict[str, str]:
    """Facts by their names."""
    folder = Path(tempfile.gettempdir()).resolve()
    return {
        "CPU": _cpu(),
        "cores": f"{CORES} of {os.cpu_count()} for this process",
        "memory": human_size(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")),
        "disk": f"{_mount(folder)} for temporary files",
        "kernel": f"{platform.system()} {platform.release()}",
    }


class Disk(NamedTuple):
    """Seconds for a byte."""

    writing: float
    reading: float


def disk(folder: Path, size: int) -> Disk:
    """Write a file to the disk, and read it when the system has forgotten it."""
    path, block = folder / "disk", os.urandom(_BLOCK)
    count = max(size // _BLOCK, 1)
    with path.open("wb", buffering=0) as file:

        def write() -> None:
            for _ in range(count):
                file.write(block)
            os.fsync(file.fileno())

        writing = _seconds(write)
    with path.open("rb", buffering=0) as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        target = bytearray(_BLOCK)

        def read() -> None:
            while file.readinto(target):
                pass

        reading = _seconds(read)
    path.unlink()
    return Disk(writing / (count * _BLOCK), reading / (count * _BLOCK))


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _cpu() -> str:
    return _field("/proc/cpuinfo", "model name") or platform.processor()


def _field(path: str, name: str) -> str:
    lines = (line.partition(":") for line in Path(path).read_text("utf-8").splitlines())
    return next((value.strip() for found, _, value in lines if found.strip() == name), "")


def _mount(folder: Path) -> str:
    """Device and file system that hold a folder: the innermost of those that are mounted above it."""
    found = ""
    above = {str(folder), *map(str, folder.parents)}
    mounts = (line.split() for line in Path("/proc/mounts").read_text("utf-8").splitlines())
    inside = [(place, device, kind) for device, place, kind, *_ in mounts if place in above]
    if inside:
        _, device, kind = max(inside, key=lambda mount: len(mount[0]))
        found = f"{kind} on {device}"
    return found
