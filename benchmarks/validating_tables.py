"""How fast the table of a large stimulus set is validated: all its rules against `pandas.read_csv` of the same table.

    python -m benchmarks.validating_tables [--rows 1000000] [--runs 5]

The table has ids of text, file names, and columns of integers, floats, categories, text, and true or false. Names in
the ZIP are made and checked, too, but no file is opened: the rules about the files themselves are left out. Both are
measured in one process, in turns.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from brainpack import StimulusSet
from brainpack.validation.registry import run
from brainpack.validation.rules import tables  # noqa: F401 - its rules are registered when it is imported
from brainpack.validation.rules.stimuli import stimulus_subjects
from brainpack.validation.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Callable

    from brainpack.validation.report import Report

OPENS_FILES = ("BP-S005", "BP-S02", "BP-S03")


def stimulus_set(rows: int) -> StimulusSet:
    """Make a set like those of large experiments; its files need not be there."""
    chance = np.random.default_rng(0)
    kinds = ["animals", "boats", "cars", "chairs", "faces", "fruits", "planes", "tables"]
    stimuli = StimulusSet(
        {
            "stimulus_id": [f"stimulus_{number:07d}" for number in range(rows)],
            "category": pd.Categorical(chance.choice(kinds, rows)),
            "object_name": chance.choice([f"object {number:04d}" for number in range(2000)], rows),
            "background_id": chance.choice([f"bg_{number}.jpg" for number in range(500)], rows),
            "size": chance.integers(64, 512, rows),
            "seed": chance.integers(0, 2**40, rows),
            "contrast": chance.random(rows),
            "rotation": np.round(chance.random(rows) * 360, 2),
            "x": chance.normal(size=rows),
            "is_test": chance.choice([True, False], rows),
        }
    )
    stimuli["filename"] = stimuli["stimulus_id"] + ".png"
    stimuli.stimulus_paths = {stimulus_id: f"stimuli/{stimulus_id}.png" for stimulus_id in stimuli["stimulus_id"]}
    return stimuli


def validated(stimuli: StimulusSet) -> Report:
    return run("stimuli", *stimulus_subjects(stimuli), terms=Terms(ignore=OPENS_FILES))


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
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    stimuli = stimulus_set(options.rows)
    text = stimuli.to_csv(index=False).encode()
    contenders: dict[str, Callable[[], object]] = {
        "pandas.read_csv": lambda: pd.read_csv(io.BytesIO(text)),
        "brainpack, all rules": lambda: validated(stimuli),
    }
    seconds = measured(contenders, options.runs)
    reading = seconds["pandas.read_csv"]
    print(f"{options.rows} rows, {stimuli.shape[1]} columns, {len(text) / 1e6:.1f} MB, medians of {options.runs} runs")
    for contender, found in seconds.items():
        print(f"{contender:22} {found:8.3f} s ({found / reading:5.1f} x pandas.read_csv)")


if __name__ == "__main__":
    main()
