"""The command `verify`."""

from __future__ import annotations

from typing import Annotated

from typer import Argument

from brainpack.cli.command import Output
from brainpack.cli.exits import DONE, REFUSED


def verify(
    packages: Annotated[
        list[str],
        Argument(
            metavar="RECORD_OR_PLACE",
            help="A record (*.brainpack.json), a file beside one, or a folder that holds some; on a disk, or s3://…",
        ),
    ],
    *,
    output: Output,
) -> int:
    """Compare a package with its record: in its store, on this computer, and in the cache.

    Nothing is downloaded where the store holds checksums; what other tools have put there is read once. Ends with 0 if
    all copies are the same, and with 1 if not.
    """
    from brainpack.verifying import Outcome, compared

    copies = []
    for package in packages:
        for copy in compared(package):
            output.say(copy)
            copies.append(copy)
    wrong = sum(copy.outcome is not Outcome.SAME for copy in copies)
    output.say(f"{wrong} copies are not as recorded" if wrong else "all copies are as recorded")
    output.answer({"same": not wrong, "copies": copies})
    return REFUSED if wrong else DONE
