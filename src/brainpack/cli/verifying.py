"""The command `verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brainpack.cli.exits import DONE, REFUSED

if TYPE_CHECKING:
    import argparse


def add_verify(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command `verify`."""
    verify = commands.add_parser(
        "verify",
        help="compare a package with its record: in its store, on this computer, and in the cache",
        description="Compare every copy of a package with its record. Nothing is downloaded where the store holds "
        "checksums; what other tools have put there is read once. Ends with 0 if all copies are the same, and with 1 "
        "if not.",
        epilog="Example: brainpack verify s3://bucket/folder/assy_lab_Author2026.brainpack.json",
    )
    verify.add_argument(
        "package",
        metavar="RECORD_OR_PLACE",
        nargs="+",
        help="a record (*.brainpack.json), a file beside one, or a folder that holds some; on a disk, or s3://…",
    )
    verify.set_defaults(command=_verify)
    return verify


def _verify(options: argparse.Namespace) -> int:
    from brainpack.verifying import Outcome, compared

    wrong = 0
    for package in options.package:
        for copy in compared(package):
            print(copy, flush=True)
            wrong += copy.outcome is not Outcome.SAME
    print(f"{wrong} copies are not as recorded" if wrong else "all copies are as recorded")
    return REFUSED if wrong else DONE
