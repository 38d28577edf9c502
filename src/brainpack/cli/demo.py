"""The command `demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument

from brainpack.cli.command import Output
from brainpack.cli.exits import DONE


def demo(
    folder: Annotated[
        Path, Argument(metavar="DIR", help="Where the packages go; files of an earlier run are replaced.")
    ] = Path("brainpack-demo"),
    *,
    output: Output,
) -> int:
    """Package a small simulated experiment, load it back and verify it.

    Simulates a small experiment in V1, packages its stimuli, spike counts and spike times, loads them back and verifies
    every byte and value.
    """
    from brainpack.demo.run import run
    from brainpack.demo.summary import summarise

    outcome = run(folder)
    output.say(summarise(outcome))
    output.answer({"folder": folder, "records": outcome.records, "unchanged": outcome.unchanged})
    return DONE
