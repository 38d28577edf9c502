"""The command `validate`."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from brainpack.validating.reports import Reports

_PROFILES: Final = ("draft", "publish", "experiment")
_WIDTH_OF_FILE: Final = 120
_DESCRIPTION: Final = """\
Look at data sets and list everything that is wrong or doubtful, each with what was expected, what was found, examples
and the next step. Nothing is changed. A damaged file is a finding, and everything else is still looked at.
Ends with 0 if there are no errors, 1 if there are some, 2 if the command makes no sense, and 3 if a store cannot be
reached."""


def add_validate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command `validate`."""
    validate = commands.add_parser(
        "validate",
        help="list everything that is wrong or doubtful in packages, tables of stimuli and netCDF files",
        description=_DESCRIPTION,
        epilog="Example: brainpack validate my-packages --profile publish --ignore BP-S015",
    )
    validate.add_argument(
        "paths",
        metavar="PATH",
        nargs="+",
        help="a record or a folder with records, also s3://…; a .nc; or a .csv with its .zip or folder beside it. All "
        "of them are also compared with each other",
    )
    validate.add_argument(
        "--profile",
        choices=_PROFILES,
        default="draft",
        help="what the data are for: more is an error in what is to be published, or shown in an experiment of "
        "Brain-Score (default: draft)",
    )
    validate.add_argument(
        "--select", metavar="RULE", action="append", default=[], help="only rules that begin so, for instance BP-S"
    )
    validate.add_argument(
        "--ignore", metavar="RULE", action="append", default=[], help="no rules that begin so, for instance BP-A013"
    )
    validate.add_argument(
        "--format", choices=sorted(_FORMATS), default="table", help="for people or for programs (default: table)"
    )
    validate.add_argument("--output", metavar="FILE", type=Path, help="write it to a file, whole or not at all")
    validate.set_defaults(command=_validate)
    return validate


def _validate(options: argparse.Namespace) -> int:
    from brainpack.validating.reports import validate

    reports = validate(*options.paths, profile=options.profile, select=options.select, ignore=options.ignore)
    if options.output is not None:
        _write(_FORMATS[options.format](reports), options.output)
    elif options.format == "table":
        reports.show()
    else:
        sys.stdout.buffer.write(_FORMATS[options.format](reports).encode())  # in UTF-8, whatever the terminal has
    if options.output is not None or options.format == "table":
        print(reports.summary)
    return reports.exit_code


def _write(text: str, path: Path) -> None:
    from brainpack.atomic import whole_file

    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def _as_table(reports: Reports) -> str:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=_WIDTH_OF_FILE, color_system=None)
    console.print(*reports, sep="\n")
    return f"{console.file.getvalue()}{reports.summary}\n"  # type: ignore[attr-defined]  # it is the one from above


def _as_lines(reports: Reports) -> str:
    from brainpack.validation.formats.lines import as_lines

    return as_lines(reports)


def _as_junit(reports: Reports) -> str:
    from brainpack.validation.formats.junit import as_junit

    return as_junit(reports)


def _as_sarif(reports: Reports) -> str:
    from brainpack.validation.formats.sarif import as_sarif

    return as_sarif(reports)


_FORMATS: Final[dict[str, Callable[[Reports], str]]] = {
    "table": _as_table,
    "json": _as_lines,
    "junit": _as_junit,
    "sarif": _as_sarif,
}
