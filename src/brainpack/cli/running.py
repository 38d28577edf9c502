"""The command `run`."""

from __future__ import annotations

import runpy
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from brainpack.cli.command import Output
from brainpack.cli.exits import DONE, INTERRUPTED, REFUSED
from brainpack.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import TextIO


def run(
    script: Annotated[Path, Argument(metavar="SCRIPT", help="A Python file.", show_default=False)],
    arguments: Annotated[
        list[str] | None, Argument(metavar="ARGUMENT", help="Of the script: all that follows its name.")
    ] = None,
    *,
    force: Annotated[
        bool, Option("--force", help="Also where brainscore_core is installed, which the script then lacks.")
    ] = False,
    output: Output,  # noqa: ARG001 - what a script prints is its own
) -> int:
    """Run a script that was written for brainscore_core with brainpack in its place.

    Runs it as `python SCRIPT` does, but with the import paths of brainscore_core's BrainIO data standard, of brainio,
    brainio_base and brainio_collection leading to brainpack.
    """
    if not script.is_file():
        raise SettingsError(f"there is no script {script}; options of brainpack stand before its name")
    from brainpack import compat

    compat.install(force=force)
    with _as_python_does(script, arguments or []):
        try:
            runpy.run_path(str(script), run_name="__main__")
        except SystemExit:
            raise
        except BaseException as error:  # noqa: BLE001 - Python shows whatever a script does not catch
            error = error.with_traceback(_from(script, error.__traceback__))
            sys.excepthook(type(error), error, error.__traceback__)
            return INTERRUPTED if isinstance(error, KeyboardInterrupt) else REFUSED
    return DONE


@contextmanager
def _as_python_does(script: Path, arguments: list[str]) -> Iterator[None]:
    """Arguments, import path and warnings as a script has them that Python runs itself."""
    argv, path = sys.argv, sys.path
    sys.argv = [str(script), *arguments]
    if not sys.flags.safe_path:
        sys.path = [str(script.resolve().parent), *path[1:]]
    try:
        with _text_as_objects(), warnings.catch_warnings():
            warnings.showwarning = _show_warning
            yield
    finally:
        sys.argv, sys.path = argv, path


@contextmanager
def _text_as_objects() -> Iterator[None]:
    """Let columns of text be arrays of objects, as they were for every script that runs with brainscore_core."""
    import pandas as pd

    def infer(*, text: bool) -> None:
        if pd.__version__.startswith("3."):  # pandas 2 does not by itself, and pandas 4 always will
            with warnings.catch_warnings(action="ignore"):
                pd.set_option("future.infer_string", text)

    infer(text=False)
    try:
        yield
    finally:
        infer(text=True)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    (file or sys.stderr).write(warnings.formatwarning(message, category, filename, lineno, line))


def _from(script: Path, traceback: TracebackType | None) -> TracebackType | None:
    """Leave out how the script was started."""
    while traceback is not None and traceback.tb_frame.f_code.co_filename != str(script):
        traceback = traceback.tb_next
    return traceback
