"""The command `report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from brainpack.cli.command import Output
from brainpack.cli.exits import DONE


def report(
    record: Annotated[str, Argument(metavar="RECORD", help="A record (*.brainpack.json), also s3://…")],
    file: Annotated[
        Path | None,
        Option("--output", metavar="FILE", help="The page; by default beside the record.", show_default=False),
    ] = None,
    *,
    output: Output,
) -> int:
    """Write a page that shows what is in a package, to open in a browser or to send to a colleague.

    The page is one HTML file of less than 5 MB: stimuli, responses, reliability, what is missing, findings of the
    validation. It needs no network. Of large packages it shows a sample, and says so.
    """
    from brainpack.picturing.report import write_report

    page = write_report(record, file)
    output.say(page)
    output.answer({"page": page})
    return DONE
