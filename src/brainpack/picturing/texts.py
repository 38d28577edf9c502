"""Anything that data hold, as a short line of text that a page can show."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LONGEST: Final = 120
BY: Final = "\u00d7"
DIGITS: Final = 4
_MOST_DIGITS: Final = 17  # that tell floats apart
_READ: Final = 10  # times as many characters are looked at as are shown
_SPACE: Final = re.compile(r"[ \t\r\n]+")


def plain(value: object, longest: int = LONGEST) -> str:
    r"""Write a value in one line; what would not show, or would change how the rest shows, is escaped.

    Parameters
    ----------
    value : object
    longest : int
        Characters that are kept.

    Examples
    --------
    >>> plain("tab\tand\x07bell"), plain("x" * 9, longest=4), plain(np.float64(0.1)), plain(b"a")
    ('tab and\\x07bell', 'xxx…', '0.1', 'a')
    """
    if isinstance(value, float | np.floating):
        return _in_full(value)
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else _text(value)
    text = _SPACE.sub(" ", text[: _READ * longest]).strip()
    return clipped(shown_characters(text[: longest + 1]), longest)


def named(value: object) -> str:
    """Write a value that is the name of something, and has to show.

    Examples
    --------
    >>> named("V4"), named(" ")
    ('V4', '(empty)')
    """
    return plain(value, 40) or "(empty)"


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - objects of others may have no text
        return f"a {type(value).__name__}"


def shown_characters(text: str) -> str:
    r"""Escape characters that do not show, or turn others around; line ends stay.

    Examples
    --------
    >>> shown_characters("a\u202eb\ud800\nc")
    'a\\u202eb\\ud800\nc'
    """
    if text.isprintable():  # nearly always, and much faster
        return text
    return "".join(
        character if character == "\n" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )  # fmt: skip


def clipped(text: str, longest: int) -> str:
    """Cut text that is longer, and say so by an ellipsis.

    Examples
    --------
    >>> clipped("neuroid", 4)
    'neu…'
    """
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _in_full(value: float | np.floating[Any]) -> str:
    if np.isfinite(value):
        return str(value).removesuffix(".0")
    return "missing" if np.isnan(value) else number(float(value))


def apart(values: Sequence[float], write: Callable[[float, int], str] | None = None) -> list[str]:
    """Write numbers in as few digits as tell different ones apart.

    Examples
    --------
    >>> apart([12345.61, 12345.62]), apart([0.25, 0.5])
    (['12,345.61', '12,345.62'], ['0.25', '0.5'])
    """
    different = len({repr(value + 0.0) for value in map(float, values)})  # one for all NaN, and for 0.0 and -0.0
    for digits in range(DIGITS, _MOST_DIGITS):
        texts = [(write or number)(float(value), digits) for value in values]
        if len({*texts}) == different:
            return texts
    return [(write or number)(float(value), _MOST_DIGITS) for value in values]


def number(value: float, digits: int = DIGITS) -> str:
    """Write a number in a few digits, those before the point all of them.

    Examples
    --------
    >>> number(0.123456), number(12.0), number(221168), number(12345.67), number(1.5e-9), number(float("nan"))
    ('0.1235', '12', '221,168', '12,345.7', '1.5e-09', 'missing')
    """
    if np.isnan(value):
        return "missing"
    if np.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    if float(value).is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - beyond, floats are not exact integers
        return f"{int(value):,}"
    whole = len(f"{abs(value):.0f}")
    if whole < DIGITS or abs(value) >= 1e15:  # noqa: PLR2004 - as above
        return f"{value:.{digits}g}"
    return f"{value:,.{max(digits - whole, 1)}f}"


def percent(part: float, whole: float) -> str:
    """Share in words: never 0 % of something, never 100 % of not everything.

    Examples
    --------
    >>> percent(1, 3), percent(1, 100_000), percent(99_999, 100_000), percent(0, 0)
    ('33 %', 'less than 1 %', 'more than 99 %', '0 %')
    """
    share = 100 * part / whole if whole else 0.0
    if 0 < share < 1:
        return "less than 1 %"
    if 99 < share < 100:  # noqa: PLR2004 - per cent
        return "more than 99 %"
    return f"{share:.0f} %"


def size(count: int) -> str:
    """Bytes in the unit that suits them.

    Examples
    --------
    >>> size(999), size(96_648), size(13 << 30)
    ('999 bytes', '96.6 kB', '14 GB')
    """
    if count < 1000:  # noqa: PLR2004 - the step of units
        return f"{count} bytes"
    amount = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.5 or unit == "TB":  # noqa: PLR2004 - the step of units, rounded
            break
    return f"{amount:.3g} {unit}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun.

    Examples
    --------
    >>> counted(1, "neuroid"), counted(2_000, "neuroid"), counted(2, "stimulus", "stimuli")
    ('1 neuroid', '2,000 neuroids', '2 stimuli')
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
