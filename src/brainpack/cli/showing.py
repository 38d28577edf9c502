"""The command `load`, which is also called `show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from typer import Argument

from brainpack.cli.command import Output
from brainpack.cli.exits import DONE
from brainpack.cli.words import size
from brainpack.validation.formats.legible import legible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table
    from rich.text import Text

    from brainpack.summarising import Summary

_OF_TABLE: Final = ("column", "type", "distinct", "examples")
_OF_ARRAY: Final = ("coordinate", "dimension", "type", "distinct", "examples")


def load(
    packages: Annotated[
        list[str],
        Argument(
            metavar="RECORD",
            help="A record (*.brainpack.json) or a folder that holds some, also s3://…; or a .nc, or a .csv.",
        ),
    ],
    *,
    output: Output,
) -> int:
    """Load packages, compare them with their records, and show what is in them.

    Shows dimensions, coordinates, types, how much memory they take, and the first rows. What is in a store is fetched
    into the cache. Values are read only as far as they are shown.
    """
    from brainpack.summarising import summarise

    summaries = [summary for package in packages for summary in summarise(package)]
    if output.is_for_people:
        from rich.console import Console

        console = Console()
        for summary in summaries:
            console.print(*_parts(summary, console.encoding), sep="\n")
    output.answer(summaries)
    return DONE


def _parts(summary: Summary, encoding: str) -> Iterable[Table | Text]:
    from rich.text import Text

    yield Text(legible(_title(summary), encoding), "bold")
    for name, bytes_ in summary.files.items():
        yield Text(legible(f"  {name}  {size(bytes_)}" if bytes_ else f"  {name}", encoding))
    if summary.formats:
        formats = (f"{count:,} {suffix or 'without suffix'}" for suffix, count in summary.formats.items())
        yield Text(legible(f"  {', '.join(formats)}", encoding))
    yield _labels(summary, encoding)
    yield _table(summary.columns, summary.rows, encoding)
    for extra in summary.extras:
        yield from _parts(extra, encoding)


def _title(summary: Summary) -> str:
    sizes = ", ".join(f"{dim} {length:,}" for dim, length in summary.sizes.items())
    dtype = "" if summary.dtype is None else f"{summary.dtype}, "
    return f"{summary.name}  {summary.cls}: {dtype}{sizes}; {size(summary.memory)} in memory"


def _labels(summary: Summary, encoding: str) -> Table:
    is_array = summary.dtype is not None
    rows = []
    for label in summary.labels:
        dims = [", ".join(label.dims)] if is_array else []
        rows.append((label.name, *dims, label.dtype, f"{label.distinct:,}", ", ".join(label.examples)))
    return _table(_OF_ARRAY if is_array else _OF_TABLE, rows, encoding)


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]], encoding: str) -> Table:
    """A table in which nothing is taken for markup, whatever the data hold."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD)
    for column in columns:
        table.add_column(Text(legible(column, encoding)), overflow="fold")
    for row in rows:
        table.add_row(*(Text(legible(cell, encoding)) for cell in row))
    return table
