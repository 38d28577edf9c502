"""How fast the columns of a stimulus set get onto presentations: brainpack against the reference client.

    python -m benchmarks.merging [--presentations 300000] [--stimuli 5000] [--columns 40] [--reference PYTHON]

Both merge the same table onto the same assembly in memory, in processes of their own, in turns. Every time is of the
merging alone.
"""

from __future__ import annotations

import sys
from functools import partial

from benchmarks.contest import OURS, Contender, called, in_turns, parser, reference_of, rows
from benchmarks.tables import show


def main() -> None:
    options = parser(__doc__, runs=5, has_reference=True)
    options.add_argument("--presentations", type=int, default=300_000)
    options.add_argument("--stimuli", type=int, default=5_000)
    options.add_argument("--columns", type=int, default=40)
    chosen = options.parse_args()
    sizes = chosen.presentations, chosen.stimuli, chosen.columns
    pythons = {OURS: sys.executable, "reference": reference_of(chosen)}
    costs = in_turns(
        {
            client: Contender(partial(called, python, "merging", client, *sizes), chosen.runs)
            for client, python in pythons.items()
        }
    )
    if {cost.found for cost in costs.values()} != {chosen.columns + 2}:
        raise RuntimeError("columns are missing")
    show(
        f"{chosen.columns} columns of {chosen.stimuli} stimuli onto {chosen.presentations} presentations, "
        f"medians of {chosen.runs} runs",
        rows(costs),
    )


if __name__ == "__main__":
    main()
