"""The command line: arguments and printing only."""

from __future__ import annotations

import argparse
import io
import os
import sys
import traceback
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TextIO

from brainpack import __version__
from brainpack.cli import caching, comparing, demo, publishing, running, validating, verifying
from brainpack.cli.exits import INTERRUPTED, REFUSED, STORE_FAILED, WRONG_USAGE
from brainpack.errors import BrainpackError, SettingsError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Command = Callable[[argparse.Namespace], int]

_COMMANDS: Final = (
    demo.add_demo,
    validating.add_validate,
    publishing.add_publish,
    publishing.add_uploads,
    publishing.add_doctor,
    verifying.add_verify,
    comparing.add_diff,
    caching.add_cache,
    running.add_run,
)
_PIPE_CLOSED: Final = 141  # what a shell says of programs that the closed pipe ends
_DESCRIPTION: Final = """\
Package neuroscience recordings and stimulus sets: validated, byte-reproducible, checksummed, in the BrainIO format
of Brain-Score."""
_EXIT_CODES: Final = (
    "Exit codes: 0 done, 1 invalid data, refused, different or not there, 2 wrong usage or settings, 3 a store, folder "
    "or file cannot be reached, read or written."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the name of the program; by default those of this process.

    Returns
    -------
    int
        Exit code: 0 done, 1 invalid data, refused, different or not there, 2 settings make no sense, 3 something cannot
        be reached, read or written.

    Raises
    ------
    SystemExit
        With 2, after a message, if the arguments make no sense; with 0 after `--help` and `--version`.
    """
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal or a pipe may lack the letters of a path
        sys.stdout.reconfigure(errors="backslashreplace")
    command: Command = options.command
    try:
        with _warnings_in_one_line():
            code = command(options)
            sys.stdout.flush()  # here, or else Python tells of a closed pipe while it ends
            return code
    except BrainpackError as error:
        if options.debug:
            traceback.print_exc()
        _complain(str(error), *getattr(error, "__notes__", ()))
        return _exit_code(error)
    except BrokenPipeError:  # who reads has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except SystemExit as left:
        if isinstance(left.__context__, BrokenPipeError):  # rich ends a program with the code for errors
            return _PIPE_CLOSED
        raise
    except KeyboardInterrupt:
        _complain("interrupted; the same command again does what is left")
        return INTERRUPTED


def _exit_code(error: BrainpackError) -> int:
    if isinstance(error, StoreError):
        return STORE_FAILED
    return WRONG_USAGE if isinstance(error, SettingsError) else REFUSED


def _complain(message: str, *notes: str) -> None:
    print("\n".join((f"brainpack: {message}", *notes)), file=sys.stderr)


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """Say what users are warned of without naming a line of code, which they did not write."""
    with warnings.catch_warnings():
        show_with_line = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if not issubclass(category, UserWarning):
                show_with_line(message, category, filename, lineno, file, line)
                return
            from tqdm import tqdm

            tqdm.write(f"brainpack: warning: {' '.join(str(message).split())}", file=sys.stderr)  # above the bars

        warnings.showwarning = show
        yield


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("brainpack", description=_DESCRIPTION, epilog=_EXIT_CODES)
    parser.add_argument("--version", action="version", version=f"brainpack {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for add in _COMMANDS:
        command = add(commands)
        command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser
