"""How fast the table of a large stimulus set is validated: all its rules against `pandas.read_csv` of the same table.

    python -m benchmarks.validating_tables [--rows 1000000] [--runs 5]

The table has ids of text, file names, and columns of integers, floats, categories, text, and true or false. Names in
the ZIP are made and checked, too, but no file is opened: the rules about the files themselves are left out. Both are
measured in one process, in turns.
"""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks.contest import Contender, clocked, in_turns, parser, rows
from benchmarks.tables import show
from brainpack import StimulusSet
from brainpack.objects.entries import zip_entries
from brainpack.validation.registry import run
from brainpack.validation.rules import tables  # noqa: F401 - its rules are registered when it is imported
from brainpack.validation.rules.stimuli import StimulusFiles, table_subjects

if TYPE_CHECKING:
    from collections.abc import Callable

    from brainpack.validation.report import Report

PANDAS = "pandas.read_csv"


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
    return run("stimuli", *table_subjects(stimuli), StimulusFiles(stimuli, zip_entries(stimuli)))


def main() -> None:
    options = parser(__doc__, runs=5)
    options.add_argument("--rows", type=int, default=1_000_000)
    chosen = options.parse_args()
    stimuli = stimulus_set(chosen.rows)
    text = stimuli.to_csv(index=False).encode()
    calls: dict[str, Callable[[], object]] = {
        PANDAS: lambda: pd.read_csv(io.BytesIO(text)),
        "brainpack, all rules": lambda: validated(stimuli),
    }
    costs = in_turns({name: Contender(partial(clocked, call), chosen.runs) for name, call in calls.items()})
    show(
        f"{chosen.rows} rows, {stimuli.shape[1]} columns, {len(text) / 1e6:.1f} MB, medians of {chosen.runs} runs",
        rows(costs, PANDAS),
    )


if __name__ == "__main__":
    main()
