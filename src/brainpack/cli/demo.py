"""The command `demo`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from brainpack.cli.exits import DONE

if TYPE_CHECKING:
    import argparse


def add_demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command `demo`."""
    demo = commands.add_parser(
        "demo",
        help="package a small simulated experiment, load it back and verify it",
        description="Simulate a small experiment in V1, package its stimuli, spike counts and spike times, "
        "load them back and verify every byte and value.",
        epilog="Example: brainpack demo my-demo",
    )
    demo.add_argument(
        "folder",
        metavar="DIR",
        nargs="?",
        type=Path,
        default=Path("brainpack-demo"),
        help="where the packages go; files of an earlier run are replaced (default: ./%(default)s)",
    )
    demo.set_defaults(command=_demo)
    return demo


def _demo(options: argparse.Namespace) -> int:
    from brainpack.demo.run import run
    from brainpack.demo.summary import summarise

    print(summarise(run(options.folder)))
    return DONE
