"""Figures as Markdown that is as readable on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def show(title: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Print a table under its title, a heading of Markdown."""
    print(f"### {title}\n\n{markdown(rows)}\n", flush=True)


def markdown(rows: Sequence[Mapping[str, str]]) -> str:
    """Align a table, whose columns are named by the keys of its rows: figures right, texts left.

    Examples
    --------
    >>> print(markdown([{"": "brainpack", "s": "1.5"}, {"": "reference", "s": "10.25"}]))
    |           |     s |
    |-----------|------:|
    | brainpack |   1.5 |
    | reference | 10.25 |
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    widths = {name: max(len(name), *(len(row.get(name, "")) for row in rows)) for name in columns}
    figures = {name for name in columns if all(_is_figure(row.get(name, "")) for row in rows)}

    def line(cells: Mapping[str, str]) -> str:
        padded = (f"{cells.get(name, ''):{'>' if name in figures else '<'}{width}}" for name, width in widths.items())
        return f"| {' | '.join(padded)} |"

    rule = "|".join("-" * (width + 1) + (":" if name in figures else "-") for name, width in widths.items())
    return "\n".join([line({name: name for name in columns}), f"|{rule}|", *map(line, rows)])


def _is_figure(cell: str) -> bool:
    return not cell.strip("0123456789.,+-%")
