"""The command `validate`."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from typer import Argument, Option

from brainpack.cli.command import Output

if TYPE_CHECKING:
    from collections.abc import Callable

    from brainpack.validating.reports import Reports

_WIDTH_OF_FILE: Final = 120


def validate(
    paths: Annotated[
        list[str],
        Argument(
            metavar="PATH",
            help="A record or a folder with records, also s3://…; a .nc; or a .csv with its .zip or folder beside it. "
            "All of them are also compared with each other.",
        ),
    ],
    profile: Annotated[
        Literal["draft", "publish", "experiment"],
        Option(
            help="What the data are for: more is an error in what is to be published, or shown in an experiment of "
            "Brain-Score."
        ),
    ] = "draft",
    select: Annotated[
        list[str] | None, Option(metavar="RULE", help="Only rules that begin so, for instance BP-S.")
    ] = None,
    ignore: Annotated[
        list[str] | None, Option(metavar="RULE", help="No rules that begin so, for instance BP-A013.")
    ] = None,
    form: Annotated[
        Literal["table", "json", "junit", "sarif"], Option("--format", help="For people or for programs.")
    ] = "table",
    file: Annotated[
        Path | None, Option("--output", metavar="FILE", help="Write it to a file, whole or not at all.")
    ] = None,
    *,
    output: Output,
) -> int:
    """List everything that is wrong or doubtful in packages, tables of stimuli and netCDF files.

    Each finding has what was expected, what was found, examples and the next step. Nothing is changed. A damaged file
    is a finding, and everything else is still looked at. --json is --format json: a JSON document in each line.

    Ends with 0 if there are no errors, 1 if there are some, 2 if the command makes no sense, and 3 if a store cannot be
    reached.
    """
    from brainpack.errors import SettingsError
    from brainpack.layout import is_data
    from brainpack.validating.reports import validate

    if file is not None and is_data(file.name):
        raise SettingsError(f"{file} would take the place of data; name a file with another suffix, such as .txt")
    reports = validate(*paths, profile=profile, select=select or (), ignore=ignore or ())
    form = "json" if output.json else form
    if file is not None:
        _write(_FORMATS[form](reports), file)
    elif output.quiet:
        return reports.exit_code
    elif form == "table":
        reports.show()
    else:
        sys.stdout.buffer.write(_FORMATS[form](reports).encode())  # in UTF-8, whatever the terminal has
    if file is not None or form == "table":
        output.say(reports.summary)
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
