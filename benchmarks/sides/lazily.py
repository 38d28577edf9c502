"""Package an assembly that is larger than memory, or open it: TASK FOLDER GIGABYTES MEBIBYTES REGIONS.

This process may have so many MiB of addresses. Tasks are `package`; `open`, which compares the digest of the file; and
`compare`, which reads so many regions and compares their bits with those that were written.
"""

from __future__ import annotations

import resource
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.data import PRESETS, lazy, region
from benchmarks.sides.clients import find
from benchmarks.sides.clock import tell
from brainpack.layout import record_name

if TYPE_CHECKING:
    from benchmarks.data import Preset

IDENTIFIER = "lab.Benchmark2026"
LONGEST = 40  # presentations of a region


def package(preset: Preset, folder: str) -> str:
    write = find("brainpack", "package_data_assembly_locally")
    path: str = write(lazy(preset), IDENTIFIER, IDENTIFIER, preset.cls, folder)["path"]
    return path


def opened(folder: str) -> Any:
    return find("brainpack", "load")(Path(folder) / record_name("assembly", IDENTIFIER), chunks="auto")


def compare(preset: Preset, loaded: Any, count: int) -> int:
    """Bytes that were compared; the first and the last presentations are among them."""
    length, *others = preset.sizes.values()
    chance, compared = np.random.default_rng(0), 0
    for start in [0, max(length - LONGEST, 0), *chance.integers(0, max(length - LONGEST, 1), count)][:count]:
        part = slice(int(start), min(int(start) + LONGEST, length))
        within = tuple(slice(*sorted(chance.choice(other + 1, 2, replace=False))) for other in others)
        found = loaded.variable[(part, *within)].values
        if found.tobytes() != region(preset, part)[(slice(None), *within)].tobytes():
            raise RuntimeError(f"other values at {part}, {within}")
        compared += found.nbytes
    return compared


def main(task: str, folder: str, gigabytes: str, mebibytes: str, count: str) -> None:
    most = int(mebibytes) << 20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    preset = PRESETS["eeg"].of_size(float(gigabytes) * 1e9)
    if task == "package":
        tell(partial(package, preset, folder), lambda path: Path(path).stat().st_size)
    elif task == "open":
        tell(partial(opened, folder), lambda loaded: loaded.nbytes)
    else:
        tell(partial(compare, preset, opened(folder), int(count)), int)


if __name__ == "__main__":
    main(*sys.argv[1:])
