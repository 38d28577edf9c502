"""How fast an assembly larger than memory opens: brainpack's lazy reading against h5py on the same file.

    python -m benchmarks.opening [--presentations 25600] [--neuroids 100000] [--runs 15]

By default the assembly has 10 GB. h5py is measured in three ways: it opens and closes the file and reads nothing;
it reads the coordinates, too, text as bytes; it makes text of these bytes. brainpack always does all of that, and makes
indexes of the coordinates; a file whose digest was not compared it searches for damage, too. All of it happens in one
process, in turns, with the file in the cache of the system.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import xarray as xr

from benchmarks.contest import OURS, Contender, clocked, in_turns, parser, rows
from benchmarks.tables import show
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


def main() -> None:
    options = parser(__doc__, runs=15)
    options.add_argument("--presentations", type=int, default=25_600)
    options.add_argument("--neuroids", type=int, default=100_000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "assembly.nc"
        write(path, chosen.presentations, chosen.neuroids)
        calls: dict[str, Callable[[], object]] = {
            OURS: lambda: open_with_brainpack(path, is_verified=True),
            f"{OURS}, any file": lambda: open_with_brainpack(path, is_verified=False),
            "h5py, nothing read": lambda: open_with_h5py(path),
            "h5py, coordinates": lambda: read_with_h5py(path),
            "h5py, coordinates and text": lambda: read_text_with_h5py(path),
        }
        for call in calls.values():  # imports, and the cache of the system
            call()
        costs = in_turns({name: Contender(partial(clocked, call), chosen.runs) for name, call in calls.items()})
    size = chosen.presentations * chosen.neuroids * 4 / 1e9
    show(
        f"{chosen.presentations} presentations x {chosen.neuroids} neuroids, {size:.1f} GB, opened and closed, "
        f"medians of {chosen.runs} runs",
        rows(costs),
    )


if __name__ == "__main__":
    main()
