"""How time and memory grow with the number of stimuli: brainpack packages sets of very small pictures.

    python -m benchmarks.scale [--counts 10000 100000 1000000] [--runs 1]

Every set is packaged by `package_stimulus_set_locally`, with all rules and all pictures decoded, in a process of its
own; its peak of memory includes Python and the libraries.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contest import OURS, Contender, in_turns, parser
from benchmarks.data import STIMULI
from benchmarks.files import write_small_pictures
from benchmarks.packing import packed
from benchmarks.tables import show

if TYPE_CHECKING:
    from benchmarks.contest import Cost


def measured(count: int, runs: int) -> Cost:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "pictures"
        write_small_pictures(folder, count)
        return in_turns({OURS: Contender(partial(packed, sys.executable, OURS, "package", folder), runs)})[OURS]


def main() -> None:
    options = parser(__doc__, runs=1)
    options.add_argument("--counts", type=int, nargs="+", default=[STIMULI // 100, STIMULI // 10, STIMULI])
    chosen = options.parse_args()
    table = []
    for count in chosen.counts:
        cost = measured(count, chosen.runs)
        table.append(
            {
                "stimuli": f"{count:,}",
                "s": f"{cost.seconds:.2f}",
                "us per stimulus": f"{cost.seconds / count * 1e6:.1f}",
                "CPU s": f"{cost.cpu_seconds:.2f}",
                "peak MB": f"{cost.peak / 1e6:.0f}",
                "bytes per stimulus": f"{cost.peak / count:.0f}",
            }
        )
    show(f"Sets of pictures of 8 x 8 pixels, medians of {chosen.runs} runs", table)


if __name__ == "__main__":
    main()
