"""The command line: arguments and printing only."""

from __future__ import annotations

import argparse
import io
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Final

from brainpack import __version__
from brainpack.errors import BrainpackError, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

INVALID_DATA: Final = 1
STORE_FAILED: Final = 3  # argparse ends wrong usage with 2

_DESCRIPTION: Final = """\
Package neuroscience recordings and stimulus sets: validated, byte-reproducible, checksummed, in the BrainIO format
of Brain-Score."""
_EXIT_CODES: Final = "Exit codes: 0 done, 1 invalid data, 2 wrong usage, 3 a folder or file cannot be read or written."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the name of the program; by default those of this process.

    Returns
    -------
    int
        Exit code: 0 done, 1 invalid data, 3 something cannot be read or written.

    Raises
    ------
    SystemExit
        With 2, after a message, if the arguments make no sense; with 0 after `--help` and `--version`.
    """
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal or a pipe may lack the letters of a path
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        options.command(options)
    except BrainpackError as error:
        if options.debug:
            traceback.print_exc()
        print(f"brainpack: {error}", file=sys.stderr)
        return STORE_FAILED if isinstance(error, StoreError) else INVALID_DATA
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("brainpack", description=_DESCRIPTION, epilog=_EXIT_CODES)
    parser.add_argument("--version", action="version", version=f"brainpack {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
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
    demo.add_argument("--debug", action="store_true", help="show the traceback of an error")
    demo.set_defaults(command=_demo)
    return parser


def _demo(options: argparse.Namespace) -> None:
    from brainpack.demo.run import run
    from brainpack.demo.summary import summarise

    print(summarise(run(options.folder)))
