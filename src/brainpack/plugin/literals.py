"""Values as Python writes them, whatever they hold."""

from __future__ import annotations

import json
import re
from typing import Final

_ODD: Final = r"\r\x00-\x08\x0b-\x1f\ud800-\udfff"  # controls, and halves of letters
_LINES: Final = re.compile(rf"(?!.*\"\"\")[^{_ODD}]*\n[^{_ODD}]*(?<![\"\\])", re.DOTALL)


def literal(value: str | None) -> str:
    r"""Write a text, or None, as an expression on one line.

    Examples
    --------
    >>> print(literal('say "hi"\n'), literal(None))
    "say \"hi\"\n" None
    """
    if value is None:
        return "None"
    text = json.dumps(value, ensure_ascii=False)  # Python reads what JSON writes
    return text.encode("utf-8", "backslashreplace").decode()


def block_literal(value: str) -> str:
    """Write a text as an expression: of several lines, if it has some and nothing in it would end the expression.

    Examples
    --------
    >>> block_literal("one line")
    '"one line"'
    """
    if not _LINES.fullmatch(value):
        return literal(value)
    quotes = '"' * 3
    return f"{'r' if chr(92) in value else ''}{quotes}{value}{quotes}"
