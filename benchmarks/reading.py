"""How fast netCDF files are read: brainpack against the reference client, and against xarray with netCDF4.

    python -m benchmarks.reading [--factor 1.0] [--theirs 0.1] [--only NAME ...] [--runs 5] [--reference PYTHON]

All read all values and coordinates with `from_files`, or `xarray.open_dataarray`, which makes no indexes, in turns,
each time in a process that has loaded its libraries before; the files are in the cache of the system. Files that
brainpack has written are compared, and smaller ones that the reference client has written, for which it needs minutes.
All have to find the same values.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contest import OURS, Contender, called, in_turns, parser, reference_of, rows
from benchmarks.data import FILES, save
from benchmarks.environments import XARRAY, python_with
from benchmarks.tables import show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.contest import Cost
    from benchmarks.data import Preset

WITH_XARRAY = "xarray, netCDF4"


def compare(pythons: Mapping[str, str], author: str, preset: Preset, runs: int) -> dict[str, Cost]:
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name) / "data", Path(name) / "written.nc"
        save(preset, folder)
        called(pythons[author], "writing", author, folder, path, "true")
        costs = in_turns(
            {
                name: Contender(partial(called, python, "reading", name.partition(",")[0], path, preset.cls), runs)
                for name, python in pythons.items()
            }
        )
    if len({cost.found for cost in costs.values()}) != 1:
        raise RuntimeError(f"{preset.cls}: they read different values")
    return costs


def main() -> None:
    options = parser(__doc__, runs=5, has_reference=True)
    options.add_argument("--only", choices=FILES, nargs="+", default=[*FILES], metavar="NAME", help="of values")
    options.add_argument("--factor", type=float, default=1, help="of the number of values in brainpack's files")
    options.add_argument("--theirs", type=float, default=0.1, help="of the number of values in the reference's files")
    options.add_argument("--xarray", metavar="PYTHON", help="that has xarray and netCDF4; without it, one is made")
    chosen = options.parse_args()
    xarray = chosen.xarray or python_with(*XARRAY)
    pythons = {OURS: sys.executable, "reference": reference_of(chosen), WITH_XARRAY: xarray}
    for author, factor in ((OURS, chosen.factor), ("reference", chosen.theirs)):
        table = []
        for name, preset in ((name, FILES[name].scaled(factor)) for name in chosen.only):
            found = rows(compare(pythons, author, preset, chosen.runs))
            table += [{"values": f"{name}, {preset.nbytes / 1e6:.0f} MB"} | row for row in found]
        show(f"Read from files written by {author}, medians of {chosen.runs} runs", table)


if __name__ == "__main__":
    main()
