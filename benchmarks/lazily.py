"""An assembly that is larger than memory: what packaging, opening and reading it takes, in a process of little memory.

    python -m benchmarks.lazily [--gigabytes 4] [--predict 200] [--mebibytes 1536] [--regions 64]

EEG in float32 is made block by block while `package_data_assembly_locally` writes it. It is opened lazily, which
compares the digest of the file, and regions of it are compared, bit for bit, with what is made for them again. Each of
this happens in a process of its own that cannot have more than so many MiB of addresses (`ulimit -v`), which count
what is reserved for threads and libraries, too. `--predict` draws a straight line through what was measured.
"""

from __future__ import annotations

import sys
import tempfile
from typing import TYPE_CHECKING

from benchmarks.contest import called, parser
from benchmarks.data import PRESETS, blocks
from benchmarks.model import Line
from benchmarks.tables import show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.contest import Cost

TASKS = {"package": "packaged", "open": "opened, digest compared", "compare": "regions compared"}
GB = 1e9


def measured(gigabytes: float, mebibytes: int, regions: int) -> dict[str, Cost]:
    with tempfile.TemporaryDirectory() as folder:
        return {task: called(sys.executable, "lazily", task, folder, gigabytes, mebibytes, regions) for task in TASKS}


def row(gigabytes: float, task: str, costs: Mapping[str, Cost]) -> dict[str, str]:
    cost, size = costs[task], costs["package"].found
    handled = {"package": gigabytes * GB, "open": size}.get(task)  # of regions, most time goes to making them again
    return {
        "GB": f"{gigabytes:g}",
        "": TASKS[task],
        "s": f"{cost.seconds:.2f}",
        "CPU s": f"{cost.cpu_seconds:.2f}",
        "MB/s": f"{handled / cost.seconds / 1e6:.0f}" if handled else "",
        "peak MB": f"{cost.peak / 1e6:.0f}",
        "file MB": f"{size / 1e6:.0f}",
    }


def predicted(costs: Mapping[float, Mapping[str, Cost]], gigabytes: float) -> list[dict[str, str]]:
    """What grows how, by the sizes that were measured, with the largest distance of one of these from the line."""
    chunks = {size: len(blocks(PRESETS["eeg"].of_size(size * GB))) for size in (*costs, gigabytes)}
    packages = {size: found["package"] for size, found in costs.items()}
    figures = {
        "packaging, s": {size: cost.seconds for size, cost in packages.items()},
        "packaging, CPU s": {size: cost.cpu_seconds for size, cost in packages.items()},
        "packaging, peak MB": {size: cost.peak / 1e6 for size, cost in packages.items()},
        "opening, s": {size: found["open"].seconds for size, found in costs.items()},
        "opening, peak MB": {size: found["open"].peak / 1e6 for size, found in costs.items()},
        "file, MB": {size: cost.found / 1e6 for size, cost in packages.items()},
    }
    table = []
    for name, found in figures.items():
        line = Line.through([(chunks[size], value) for size, value in found.items()])
        off = max(abs(line.at(chunks[size]) / value - 1) for size, value in found.items())
        table.append(
            {"": name}
            | {f"{size:g} GB": f"{value:.1f}" for size, value in found.items()}
            | {"per block of 64 MiB": f"{line.slope:.3g}", "off the line": f"{off:.1%}"}
            | {f"{gigabytes:g} GB, predicted": f"{line.at(chunks[gigabytes]):.0f}"}
        )
    return table


def main() -> None:
    options = parser(__doc__, runs=1)
    options.add_argument("--gigabytes", type=float, nargs="+", default=[4])
    options.add_argument("--predict", type=float, help="GB, from several smaller sizes")
    options.add_argument("--mebibytes", type=int, default=1536)
    options.add_argument("--regions", type=int, default=64)
    chosen = options.parse_args()
    costs = {size: measured(size, chosen.mebibytes, chosen.regions) for size in chosen.gigabytes}
    table = [row(size, task, found) for size, found in costs.items() for task in found]
    show(f"In {chosen.mebibytes} MiB, {chosen.regions} regions compared", table)
    if chosen.predict:
        title = f"{chosen.predict:g} GB on paper, on straight lines through what was measured"
        show(title, predicted(costs, chosen.predict))


if __name__ == "__main__":
    main()
