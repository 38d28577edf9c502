"""What a run made, in words and numbers."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from brainpack.demo.run import COUNTS, IMAGES, SPIKES, STIMULI
from brainpack.layout import record_name

if TYPE_CHECKING:
    import xarray as xr

    from brainpack.demo.run import Outcome
    from brainpack.record.records import Record


def summarise(outcome: Outcome) -> str:
    """Describe the files of a run, and what to try with them.

    Returns
    -------
    str
        Some thirty lines of at most 100 characters, if the path of the folder is short.
    """
    return "\n\n".join([
        f"A simulated experiment in V1, packaged into {outcome.folder}:",
        "\n".join(line for record in outcome.records for line in _table(record, outcome)),
        _verified(outcome),
        _next_steps(outcome),
    ])  # fmt: skip


def _table(record: Record, outcome: Outcome) -> list[str]:
    width = max(len(file.name) for record in outcome.records for file in record.files)
    return [
        f"{record.identifier:<{width}}  {record.cls}: {_contents(record.identifier, outcome)}",
        *(f"  {file.name:<{width}}  {file.size:>9,} bytes  SHA-1 {file.sha1}" for file in record.files),
    ]


def _contents(identifier: str, outcome: Outcome) -> str:
    experiment = outcome.experiment
    return {
        STIMULI: f"{len(experiment.stimuli)} gratings with {', '.join(experiment.stimuli.columns[1:])}",
        COUNTS: _sizes(experiment.counts),
        SPIKES: f"{_sizes(experiment.spikes)}, and a table of {experiment.trials.size} trials",
    }[identifier]


def _sizes(array: xr.DataArray) -> str:
    sizes = zip(array.dims, array.shape, strict=True)
    return f"{array.dtype}, " + ", ".join(f"{dim} {size:,}" for dim, size in sizes)


def _verified(outcome: Outcome) -> str:
    files = sum(len(record.files) for record in outcome.records)
    again = "\nThe folder held the same bytes before." if outcome.unchanged else ""
    return (
        f"Loaded back and verified: {files} files have the size and digests of their records, the ZIP holds the\n"
        f"{len(outcome.experiment.images)} drawn images byte for byte, and all values, coordinates and types are "
        f"those of the experiment.{again}"
    )


def _next_steps(outcome: Outcome) -> str:
    record = (outcome.folder / record_name("assembly", COUNTS)).as_posix()
    return f"""\
Next, the orientation tuning of a neuron, in {sys.executable}:

    import brainpack
    counts = brainpack.load({json.dumps(record, ensure_ascii=False)})
    tuning = counts.sum("time_bin").multi_groupby(["orientation"]).mean("presentation")
    print(tuning.sel(neuroid_id="M1_01").squeeze().to_series())

Then look at the images in {outcome.folder / IMAGES}, or change one byte of a file and load it again."""
