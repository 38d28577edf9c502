"""Text from data as one line that a terminal, an XML file and any parser can hold."""

from __future__ import annotations


def legible(text: str, encoding: str = "utf-8") -> str:
    r"""Text in which everything that is not printed, or that an encoding lacks, is an escape.

    So data cannot move the cursor, change colours, turn the direction of writing or begin a new line.

    Parameters
    ----------
    text : str
    encoding : str
        What the text has to be encoded in later.

    Examples
    --------
    >>> print(legible("a\x1b[31m\nb"))
    a\x1b[31m\nb
    >>> print(legible("日本", "latin-1"))
    \u65e5\u672c
    """
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else _escaped(sign) for sign in text)
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode()
