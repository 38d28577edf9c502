"""Get the columns of a table of stimuli onto presentations: CLIENT PRESENTATIONS STIMULI COLUMNS."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmarks.sides.clients import find
from benchmarks.sides.clock import tell

if TYPE_CHECKING:
    from collections.abc import Callable


def table(stimuli: int, columns: int) -> pd.DataFrame:
    chance = np.random.default_rng(0)
    kinds: list[Callable[[], Any]] = [
        lambda: chance.random(stimuli),
        lambda: chance.integers(0, 50, stimuli),
        lambda: np.array([f"category {number}" for number in chance.integers(0, 20, stimuli)]),
        lambda: chance.random(stimuli) > 0.5,  # noqa: PLR2004 - one half
    ]
    ids = [f"stimulus_{number:05d}" for number in range(stimuli)]
    return pd.DataFrame({"stimulus_id": ids} | {f"column_{n}": kinds[n % 4]() for n in range(columns)})


def merge_of(client: str, assembly_class: Any) -> Any:
    if client == "brainpack":
        return find(client, "merge_stimulus_metadata")
    loader = find(client, "StimulusMergeAssemblyLoader")(cls=assembly_class, file_path=None)
    return loader.merge_stimulus_set_meta


def main(client: str, presentations: int, stimuli: int, columns: int) -> None:
    assembly_class, metadata = find(client, "NeuroidAssembly"), table(stimuli, columns)
    chance = np.random.default_rng(1)
    coords = {
        "stimulus_id": ("presentation", chance.choice(np.array(metadata["stimulus_id"], dtype=str), presentations)),
        "repetition": ("presentation", np.arange(presentations) // stimuli),
        "neuroid_id": ("neuroid", [1, 2]),
        "region": ("neuroid", ["V4", "IT"]),
    }
    values = np.zeros((presentations, 2), np.float32)
    assembly = assembly_class(values, coords, ("presentation", "neuroid"))
    merge = merge_of(client, assembly_class)
    tell(lambda: merge(assembly, metadata), lambda merged: len(merged.indexes["presentation"].names))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
