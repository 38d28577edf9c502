"""The command `diff`."""

from __future__ import annotations

from typing import Annotated, Final

from typer import Argument, Option

from brainpack.cli.command import Output
from brainpack.cli.exits import DONE

_DIFFERENT: Final = 1  # as diff ends
_PLACE: Final = "A record or a folder with records, also s3://…; a .nc; or a .csv with its .zip or folder beside it."
_TWO_FOLDERS: Final = "The same; of two folders, packages of the same identifier are compared."


def diff(
    a: Annotated[str, Argument(metavar="A", help=_PLACE)],
    b: Annotated[str, Argument(metavar="B", help=_TWO_FOLDERS)],
    rtol: Annotated[float, Option(metavar="R", help="Numbers are equal if they differ by at most")] = 0.0,
    atol: Annotated[float, Option(metavar="T", help="T + R times the number of B.")] = 0.0,
    *,
    output: Output,
) -> int:
    """Say where two packages differ in what they mean.

    Compares dimensions, types, values, coordinates, extras and attributes of two assemblies, or cells and files of two
    stimulus sets; not their names, nor how the files are made. Ends with 0 if they are equal, and with 1 if not.
    """
    from brainpack.comparing.packages import diff

    comparison = diff(a, b, rtol=rtol, atol=atol)
    output.say(comparison)
    differences = {name: [str(found) for found in all_found] for name, all_found in comparison.differences.items()}
    output.answer({"equal": comparison.is_equal, "a": a, "b": b, "differences": differences})
    return DONE if comparison.is_equal else _DIFFERENT
