"""The command `diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from brainpack.cli.exits import DONE

if TYPE_CHECKING:
    import argparse

_DIFFERENT: Final = 1  # as diff ends
_PLACE: Final = "a record or a folder with records, also s3://…; a .nc; or a .csv with its .zip or folder beside it"


def add_diff(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command `diff`."""
    diff = commands.add_parser(
        "diff",
        help="say where two packages differ in what they mean",
        description="Compare dimensions, types, values, coordinates, extras and attributes of two assemblies, or cells "
        "and files of two stimulus sets; not their names, nor how the files are made. "
        "Ends with 0 if they are equal, and with 1 if not.",
        epilog="Example: brainpack diff yesterday today --rtol 1e-6",
    )
    diff.add_argument("a", metavar="A", help=_PLACE)
    diff.add_argument("b", metavar="B", help="the same; of two folders, packages of the same identifier are compared")
    diff.add_argument("--rtol", type=float, default=0.0, metavar="R", help="numbers are equal if they differ by at")
    diff.add_argument(
        "--atol", type=float, default=0.0, metavar="T", help="most T + R times the number of B (default: 0)"
    )
    diff.set_defaults(command=_diff)
    return diff


def _diff(options: argparse.Namespace) -> int:
    from brainpack.comparing.packages import diff

    comparison = diff(options.a, options.b, rtol=options.rtol, atol=options.atol)
    print(comparison)
    return DONE if comparison.is_equal else _DIFFERENT
