"""What a page is made of: sections with figures, tables, pictures and words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup


@dataclass(frozen=True)
class Table:
    """Rows of text under a header.

    Attributes
    ----------
    caption : str
    header : sequence of str
    rows : sequence of sequence of str
        The first cell of a row says what the row is about.
    note : str
        What is not in it.
    search : str
        Id of its search box; empty for a table without one.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    search: str = ""
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Figure:
    """A drawing that says in words what it shows.

    Attributes
    ----------
    title : str
    drawing : Markup
        An SVG.
    summary : str
        What it shows, and of which part of the data.
    table : Table or None
        The numbers that are drawn.
    width : {"half", "wide", "small"}
        Beside another figure, across the page, or several in a row.
    """

    title: str
    drawing: Markup
    summary: str
    table: Table | None = None
    width: Literal["half", "wide", "small"] = "half"
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True)
class Thumbnail:
    """A stimulus at a glance.

    Attributes
    ----------
    label : str
        Its id.
    picture : Markup
        An image, a drawing, or an excerpt of its text.
    note : str
        Something about it, for instance a score.
    """

    label: str
    picture: Markup
    note: str = ""


@dataclass(frozen=True)
class Sheet:
    """Stimuli side by side."""

    title: str
    thumbnails: Sequence[Thumbnail]
    summary: str
    kind: Literal["sheet"] = "sheet"


@dataclass(frozen=True)
class Words:
    """A paragraph, for instance about what could not be shown and why."""

    text: str
    title: str = ""
    kind: Literal["words"] = "words"


Block = Table | Figure | Sheet | Words


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading.

    Attributes
    ----------
    id : str
        Anchor on the page.
    title : str
    blocks : list of Block
    """

    id: str
    title: str
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True)
class Budget:
    """How much of the data goes onto the page.

    Attributes
    ----------
    rows, columns : int
        Of the table of stimuli.
    thumbnails : int
        On the contact sheet.
    characters : int
        Of a cell.
    """

    rows: int = 500
    columns: int = 24
    thumbnails: int = 72
    characters: int = 120

    def smaller(self) -> Budget:
        """Half of it."""
        return Budget(self.rows // 2, max(self.columns // 2, 2), self.thumbnails // 2, max(self.characters // 2, 12))
