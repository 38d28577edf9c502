"""How fast a stimulus set loads: brainpack against the reference client.

    python -m benchmarks.loading [--rows 200000] [--runs 5] [--reference PYTHON]

The reference client, brainscore_core 2.5.0, runs in the environment of PYTHON; without it, one is made for the
occasion. The set is in a cache of the reference client, unpacked; both load it from there, in turns, every time in a
new process. What is timed is the call: starting Python and importing is not. brainpack loads the set twice before,
because a folder is read and compared with its ZIP until it has not been touched for two seconds.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from benchmarks.merging import reference_python
from brainpack.digest import digest_file

STEM = "stimulus_lab_Set"
REFERENCE = "brainscore_core.supported_data_standards.brainio.s3"

BRAINPACK = """
import sys, time
from brainpack import load_stimulus_set_from_files
start = time.perf_counter()
stimuli = load_stimulus_set_from_files(sys.argv[1], sys.argv[2])
print(time.perf_counter() - start, len(stimuli))
"""
FROM_FILES = """
import os, sys, time
from brainscore_core.supported_data_standards.brainio.stimuli import StimulusSet
start = time.perf_counter()
stimuli = StimulusSet.from_files(sys.argv[1], os.path.splitext(sys.argv[2])[0])
print(time.perf_counter() - start, len(stimuli))
"""
FROM_CACHE = """
import sys, time
from {module} import load_stimulus_set_from_s3
csv_sha1, zip_sha1 = (path.split("/")[-2] for path in sys.argv[1:3])
start = time.perf_counter()
stimuli = load_stimulus_set_from_s3("lab.Set", "bucket", csv_sha1, zip_sha1, None, None)
print(time.perf_counter() - start, len(stimuli))
"""


def seconds(command: list[str], rows: int, home: Path) -> float:
    """Of one call in a process of its own; fail if it did not get all rows."""
    ours = command[0] == sys.executable
    environment = {name: value for name, value in os.environ.items() if ours or not name.startswith("PYTHON")}
    environment |= {"BRAINIO_HOME": str(home), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    taken, found = done.stdout.split()
    if int(found) != rows:
        raise RuntimeError(f"{found} rows instead of {rows}")
    return float(taken)


def compare(commands: dict[str, list[str]], rows: int, runs: int, home: Path) -> None:
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            taken[name].append(seconds(command, rows, home))
    print(f"{rows} stimuli, medians of {runs} runs in turns")
    ours = statistics.median(taken["brainpack"])
    for name, times in taken.items():
        print(f"{name:28} {statistics.median(times):8.3f} s ({statistics.median(times) / ours:5.1f} x brainpack)")


def write_set(folder: Path, rows: int) -> tuple[Path, Path]:
    """The table and the ZIP of a set of tiny files, where the reference client keeps them: below their SHA-1."""
    table, archive = folder / f"{STEM}.csv", folder / f"{STEM}.zip"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["stimulus_id", "category", "size", "angle", "label", "trained", "filename"])
        for n in range(rows):
            name = f"im{n:07}"
            writer.writerow(
                [name, f"category {n % 20}", n % 100, n / 7, f"label {n % 1000}", n % 2 == 0, f"{name}.png"]
            )
    with zipfile.ZipFile(archive, "w") as target:
        for n in range(rows):
            target.writestr(f"im{n:07}.png", f"picture {n}")
    kept = [folder / digest_file(path).sha1 / path.name for path in (table, archive)]
    for path, place in zip((table, archive), kept, strict=True):
        place.parent.mkdir()
        path.rename(place)
    return kept[0], kept[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--reference", metavar="PYTHON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name).resolve()
        reference = options.reference or reference_python(home / "reference")
        files = [str(path) for path in write_set(home, options.rows)]
        ours = [sys.executable, "-c", BRAINPACK, *files]
        for _ in range(2):
            seconds(ours, options.rows, home)
        loads = {
            "brainpack": ours,
            "brainpack, from its cache": [sys.executable, "-c", FROM_CACHE.format(module="brainpack"), *files],
            "reference, from_files": [reference, "-c", FROM_FILES, *files],
            "reference, from its cache": [reference, "-c", FROM_CACHE.format(module=REFERENCE), *files],
        }
        compare(loads, options.rows, options.runs, home)


if __name__ == "__main__":
    main()
