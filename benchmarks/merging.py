"""How fast the columns of a stimulus set get onto presentations: brainpack against the reference client.

    python -m benchmarks.merging [--presentations 300000] [--stimuli 5000] [--columns 40] [--reference PYTHON]

Both merge the same table onto the same assembly in memory. The reference client, brainscore_core 2.5.0, runs in the
environment of PYTHON; without it, one is made for the occasion. Every figure is of the merging alone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

REFERENCE = ("brainscore_core==2.5.0", "pandas<3")

EXPERIMENT = """
import json, sys, time, warnings
import numpy as np
import pandas as pd
warnings.simplefilter("ignore")
presentations, stimuli, columns, runs = map(int, sys.argv[1:])
chance = np.random.default_rng(0)
ids = np.array([f"stimulus_{number:05d}" for number in range(stimuli)])
kinds = [
    lambda: chance.random(stimuli),
    lambda: chance.integers(0, 50, stimuli),
    lambda: np.array([f"category {number}" for number in chance.integers(0, 20, stimuli)]),
    lambda: chance.random(stimuli) > 0.5,
]
table = pd.DataFrame({"stimulus_id": ids} | {f"column_{n}": kinds[n % 4]() for n in range(columns)})
coords = {
    "stimulus_id": ("presentation", chance.choice(ids, presentations)),
    "repetition": ("presentation", np.arange(presentations) // stimuli),
    "neuroid_id": ("neuroid", [1, 2]),
    "region": ("neuroid", ["V4", "IT"]),
}
array = np.zeros((presentations, 2), np.float32), coords, ("presentation", "neuroid")
"""
BRAINPACK = """
from brainpack import NeuroidAssembly
from brainpack.objects.transform import merge_stimulus_metadata as merge
"""
REFERENCE_CLIENT = """
from brainscore_core.supported_data_standards.brainio.assemblies import NeuroidAssembly, StimulusMergeAssemblyLoader
merge = StimulusMergeAssemblyLoader(cls=NeuroidAssembly, file_path=None).merge_stimulus_set_meta
"""
MEASURE = """
assembly, seconds = NeuroidAssembly(*array), []
for _ in range(runs):
    start = time.perf_counter()
    merged = merge(assembly, table)
    seconds.append(time.perf_counter() - start)
assert len(merged.indexes["presentation"].names) == columns + 2
print(json.dumps(seconds))
"""


def merging(python: str, client: str, sizes: list[int]) -> float:
    """Return the median of the seconds that merging takes."""
    command = [python, "-c", EXPERIMENT + client + MEASURE, *map(str, sizes)]
    environment = os.environ if python == sys.executable else {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    seconds: list[float] = json.loads(done.stdout.splitlines()[-1])
    return statistics.median(seconds)


def reference_python(folder: Path) -> str:
    """Make a virtual environment with the reference client."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *REFERENCE], check=True)
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presentations", type=int, default=300_000)
    parser.add_argument("--stimuli", type=int, default=5_000)
    parser.add_argument("--columns", type=int, default=40)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--reference", metavar="PYTHON")
    options = parser.parse_args()
    sizes = [options.presentations, options.stimuli, options.columns, options.runs]
    with tempfile.TemporaryDirectory() as folder:
        reference = options.reference or reference_python(Path(folder))
        theirs = merging(reference, REFERENCE_CLIENT, sizes)
    ours = merging(sys.executable, BRAINPACK, sizes)
    print(
        f"{options.columns} columns of {options.stimuli} stimuli onto {options.presentations} presentations, "
        f"medians of {options.runs} runs"
    )
    for contender, found in (("brainpack", ours), ("reference client", theirs)):
        print(f"{contender:18} {found:7.3f} s ({found / ours:5.1f} x brainpack)")


if __name__ == "__main__":
    main()
