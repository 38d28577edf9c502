"""How fast an assembly larger than memory opens: brainpack's lazy reading against h5py on the same file.

    python -m benchmarks.opening [--presentations 25600] [--neuroids 100000] [--runs 15]

By default the assembly has 10 GB. h5py is measured in three ways: it opens and closes the file and reads nothing;
it reads the coordinates, too, text as bytes; it makes text of these bytes. brainpack always does all of that, and makes
indexes of the coordinates. All of it happens in one process, in turns, with the file in the cache of the system.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import xarray as xr

from brainpack import NeuroidAssembly
from brainpack.read.netcdf import read_assembly
from brainpack.write.netcdf import ROOT, write_arrays

if TYPE_CHECKING:
    from collections.abc import Callable

COORDINATES = ("stimulus_id", "repetition", "neuroid_id", "region", "animal", "x", "y")


def write(path: Path, presentations: int, neuroids: int) -> None:
    """Write an assembly that is never in memory."""
    numbers, stimuli = np.arange(neuroids), np.arange(presentations)
    chance = np.random.default_rng(0)
    coords = {
        "stimulus_id": ("presentation", np.array([f"stimulus_{number % 5000:05d}" for number in stimuli])),
        "repetition": ("presentation", stimuli // 5000),
        "neuroid_id": ("neuroid", np.array([f"n{number:06d}" for number in numbers])),
        "region": ("neuroid", np.array(["V4", "IT"])[numbers % 2]),
        "animal": ("neuroid", np.array(["a", "b"])[numbers % 2]),
        "x": ("neuroid", chance.random(neuroids)),
        "y": ("neuroid", chance.random(neuroids)),
    }
    values = np.broadcast_to(np.float32(0), (presentations, neuroids))
    array = xr.DataArray(values, coords, ("presentation", "neuroid"), attrs={"identifier": "lab.Large2026"})
    write_arrays({ROOT: array}, path)


def open_with_h5py(path: Path) -> None:
    with h5py.File(path):
        pass


def read_with_h5py(path: Path) -> list[np.ndarray]:
    with h5py.File(path) as file:
        return [file[name][()] for name in COORDINATES]


def read_text_with_h5py(path: Path) -> list[np.ndarray]:
    return [_texts(values) if values.dtype == "S1" else values for values in read_with_h5py(path)]


def _texts(letters: np.ndarray) -> np.ndarray:
    stored = letters.view(f"S{letters.shape[-1]}").ravel()
    return np.array([text.decode() for text in stored.tolist()], dtype=object)


def open_with_brainpack(path: Path, *, is_verified: bool) -> None:
    read_assembly(path, NeuroidAssembly, chunks="auto", is_verified=is_verified).close()


def measured(contenders: dict[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """Return the median of the seconds that each takes."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, contender in contenders.items():
            start = time.perf_counter()
            contender()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presentations", type=int, default=25_600)
    parser.add_argument("--neuroids", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "assembly.nc"
        write(path, options.presentations, options.neuroids)
        contenders: dict[str, Callable[[], object]] = {
            "h5py, nothing read": lambda: open_with_h5py(path),
            "h5py, coordinates": lambda: read_with_h5py(path),
            "h5py, coordinates and text": lambda: read_text_with_h5py(path),
            "brainpack, file is verified": lambda: open_with_brainpack(path, is_verified=True),
            "brainpack, any file": lambda: open_with_brainpack(path, is_verified=False),
        }
        measured(contenders, runs=1)  # imports, and the cache of the system
        seconds = measured(contenders, options.runs)
    size = options.presentations * options.neuroids * 4 / 1e9
    print(
        f"{options.presentations} presentations x {options.neuroids} neuroids, {size:.1f} GB, opened and closed, "
        f"medians of {options.runs} runs"
    )
    ours = seconds["brainpack, file is verified"]
    for contender, found in seconds.items():
        print(f"{contender:28} {found * 1e3:8.2f} ms (brainpack on a verified file takes {ours / found:7.2f} x)")


if __name__ == "__main__":
    main()
