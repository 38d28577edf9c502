"""Pages of the documentation as their blocks of code, with what stands right above each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from markdown_it.token import Token

_COMMENT: Final = re.compile(r"<!-- (?P<kind>after|not run|run first): (?P<text>.*?) -->", re.DOTALL)
_HIDDEN: Final = {"after": "page", "run first": "sh"}
_FEWEST_WORDS: Final = 3
_SUFFIXES: Final = {"python": ".py"}
_CODE_SPAN: Final = re.compile(r"`([^`\s]+)`")


@dataclass(frozen=True)
class Block:
    """One block of code.

    Attributes
    ----------
    language : str
        "text" where the page names none.
    text : str
    line : int
        Of the page, where its code begins.
    excuse : str or None
        Why it is not run.
    above : str
        The paragraph right above it, in Markdown.
    follows : bool
        Whether it stands right behind another block, or has only the word "prints" between.
    """

    language: str
    text: str
    line: int
    excuse: str | None = None
    above: str = ""
    follows: bool = False

    @property
    def file(self) -> str | None:
        """Name of the file that it shows: the last one in the sentence that leads to it."""
        if not self.above.endswith(":"):
            return None
        suffix = _SUFFIXES.get(self.language, f".{self.language}")
        names = [name for name in _CODE_SPAN.findall(self.above) if name.endswith(suffix)]
        return names[-1] if names else None


def blocks(page: Path) -> Iterator[Block]:
    """Every block of a page but those that Sphinx replaces.

    What readers do not see, but have done before, is in comments: `after` names another page whose data are there, and
    `run first` has commands. `not run` has the reason why the block below it is not run.
    """
    from markdown_it import MarkdownIt

    above, excuse, is_behind = "", None, False
    for token in MarkdownIt().parse(page.read_text("utf-8")):
        if token.type == "html_block":
            found = _COMMENT.fullmatch(token.content.strip())
            if found and found["kind"] == "not run":
                excuse = _checked(found["text"], page, _line(token))
            elif found:
                yield Block(_HIDDEN[found["kind"]], found["text"], _line(token))
        elif token.type == "inline":
            is_behind = is_behind and token.content.strip(":") == "prints"
            above, excuse = token.content, None
        elif token.type == "fence":
            language = token.info.strip() or "text"
            if not language.startswith("{"):
                yield Block(language, token.content, _line(token) + 1, excuse, above, is_behind)
            above, excuse, is_behind = "", None, True
        elif not token.type.startswith("paragraph"):
            above, excuse, is_behind = "", None, False


def _line(token: Token) -> int:
    assert token.map is not None
    return token.map[0] + 1


def _checked(reason: str, page: Path, line: int) -> str:
    assert len(reason.split()) >= _FEWEST_WORDS, f"{page.name}:{line}: {reason!r} does not say why a block is not run"
    return reason
