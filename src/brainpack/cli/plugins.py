"""The command `plugin`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from brainpack.cli.command import Output
from brainpack.cli.exits import DONE


def plugin(
    records: Annotated[
        list[str],
        Argument(metavar="RECORD_OR_PLACE", help="Records that were published to S3, or what holds some, also s3://…"),
    ],
    to: Annotated[
        Path, Option(metavar="DIR", help="Folder of the plugin: brainscore_vision/data/lab2026.", show_default=False)
    ],
    *,
    dry_run: Annotated[bool, Option("--dry-run", help="Say what would be done, and touch nothing.")] = False,
    output: Output,
) -> int:
    """Write the data plugin that Brain-Score loads packages by, or bring one up to date.

    __init__.py registers each data set, and test.py tests that it loads as it is. Whatever else is in these files stays
    as it is, byte for byte.
    """
    from brainpack.plugin.writing import write_plugin

    written = write_plugin(records, to, dry_run=dry_run)
    output.say(written)
    output.answer({"folder": written.folder, "entries": written.entries, "files": [*written.files]})
    return DONE
