"""How fast a stimulus set loads: brainpack against the reference client.

    python -m benchmarks.loading [--rows 200000] [--runs 3] [--reference PYTHON]

The set is in a cache of the reference client, unpacked; both load it from there, in turns, every time in a new process.
What is timed is the call: starting Python and importing is not. brainpack loads the set twice before, because a folder
is read and compared with its ZIP until it has not been touched for two seconds.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import zipfile
from functools import partial
from pathlib import Path

from benchmarks.contest import OURS, Contender, called, in_turns, parser, reference_of, rows
from benchmarks.tables import show
from brainpack.digest import digest_file

STEM = "stimulus_lab_Set"


def write_set(folder: Path, count: int) -> tuple[Path, Path]:
    """The table and the ZIP of a set of tiny files, where the reference client keeps them: below their SHA-1."""
    table, archive = folder / f"{STEM}.csv", folder / f"{STEM}.zip"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["stimulus_id", "category", "size", "angle", "label", "trained", "filename"])
        for n in range(count):
            name = f"im{n:07}"
            writer.writerow(
                [name, f"category {n % 20}", n % 100, n / 7, f"label {n % 1000}", n % 2 == 0, f"{name}.png"]
            )
    with zipfile.ZipFile(archive, "w") as target:
        for n in range(count):
            target.writestr(f"im{n:07}.png", f"picture {n}")
    kept = [folder / digest_file(path).sha1 / path.name for path in (table, archive)]
    for path, place in zip((table, archive), kept, strict=True):
        place.parent.mkdir()
        path.rename(place)
    return kept[0], kept[1]


def main() -> None:
    options = parser(__doc__, runs=3, has_reference=True)
    options.add_argument("--rows", type=int, default=200_000)
    chosen = options.parse_args()
    pythons = {OURS: sys.executable, "reference": reference_of(chosen)}
    with tempfile.TemporaryDirectory() as name:
        home = Path(name).resolve()
        files, settings = write_set(home, chosen.rows), {"BRAINIO_HOME": str(home)}
        loads = {
            label: partial(called, pythons[client], "loading", client, how, *files, settings=settings)
            for client in pythons
            for how, label in (("files", client), ("cache", f"{client}, from its cache"))
        }
        for _ in range(2):
            loads[OURS]()
        costs = in_turns({label: Contender(load, chosen.runs) for label, load in loads.items()})
    if {cost.found for cost in costs.values()} != {chosen.rows}:
        raise RuntimeError("rows are missing")
    show(f"{chosen.rows} stimuli, medians of {chosen.runs} runs", rows(costs))


if __name__ == "__main__":
    main()
