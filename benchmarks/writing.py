"""How fast netCDF files are written, and how large they get: brainpack against the reference client.

    python -m benchmarks.writing [--factor 1.0] [--only NAME ...] [--runs 5] [--reference-runs 1] [--reference PYTHON]

Both write the same assemblies, which are loaded before, with `write_netcdf`; every call is made in a process of its
own, in turns. `fast` is brainpack's compress="fast". Sizes of files are told in those of brainpack's, too.
"""

from __future__ import annotations

import json
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contest import OURS, Contender, called, in_turns, parser, reference_of, rows
from benchmarks.data import FILES, save
from benchmarks.tables import show

if TYPE_CHECKING:
    from benchmarks.contest import Cost
    from benchmarks.data import Preset


def written(python: str, client: str, folder: Path, compress: object) -> Cost:
    target = folder / "written.nc"
    cost = called(python, "writing", client, folder, target, json.dumps(compress))
    target.unlink()
    return cost


def compare(preset: Preset, reference: str, runs: int, reference_runs: int) -> dict[str, Cost]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "data"
        save(preset, folder)
        return in_turns(
            {
                OURS: Contender(partial(written, sys.executable, OURS, folder, compress=True), runs),
                f"{OURS}, fast": Contender(partial(written, sys.executable, OURS, folder, compress="fast"), runs),
                "reference": Contender(partial(written, reference, "reference", folder, compress=True), reference_runs),
            }
        )


def main() -> None:
    options = parser(__doc__, runs=5, has_reference=True)
    options.add_argument("--only", choices=FILES, nargs="+", default=[*FILES], metavar="NAME", help="of values")
    options.add_argument("--factor", type=float, default=1, help="of the number of values")
    options.add_argument("--reference-runs", type=int, default=1)
    chosen = options.parse_args()
    reference, table = reference_of(chosen), []
    for name, preset in ((name, FILES[name].scaled(chosen.factor)) for name in chosen.only):
        costs = compare(preset, reference, chosen.runs, chosen.reference_runs)
        for row, cost in zip(rows(costs), costs.values(), strict=True):
            sizes = {
                "file MB": f"{cost.found / 1e6:.1f}",
                f"file x {OURS}": f"{cost.found / costs[OURS].found:.3f}",
                "MB/s": f"{preset.nbytes / cost.seconds / 1e6:.1f}",
            }
            table.append({"values": f"{name}, {preset.nbytes / 1e6:.0f} MB"} | row | sizes)
    show(f"Written, medians of {chosen.runs} runs (of the reference, {chosen.reference_runs})", table)


if __name__ == "__main__":
    main()
