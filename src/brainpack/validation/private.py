"""What should stay at home: places on somebody's computer, and the names of accounts in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from brainpack.objects.levels import plain_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

_PLACE: Final = re.compile(
    r"""
      file://
    | (?<![\w.~:/]) /(?:home|Users|root)/ \w            # a home
    | (?<![\w~:/.]) ~ (?:[A-Za-z_][\w-]*)? [/\\]        # a home in short, also that of another user
    | (?<!\w) [A-Za-z]:[/\\]+ \w                        # a drive of Windows
    | (?<![\w\\:]) \\\\ [\w.$-]+ \\ [\w$]               # a computer of Windows
    | \A (?:/[\w.+-]{2,}) (?:/[^/\n]+)+                 # any other place, if the text starts with it
    """,
    re.VERBOSE,
)
_IN_ALL_PLACES: Final = ("/", "\\")


def is_private(text: str) -> bool:
    r"""Whether a text names a place on somebody's computer.

    Addresses of the web, relative paths and names that begin with a single letter, as ontologies have them, are none.

    Examples
    --------
    >>> [is_private(place) for place in ("/home/ada/a.png", "C:\\Users\\ada", r"\\server\lab", "~ada/a.png")]
    [True, True, True, True]
    >>> [is_private(place) for place in ("https://lab.org/home/a", "images/a.png", "/m/01jfm_", "and/or")]
    [False, False, False, False]
    """
    return _PLACE.search(text) is not None


def private_texts(values: ArrayLike) -> list[str]:
    """Those of the distinct values, of any type, that name a place on somebody's computer.

    Examples
    --------
    >>> private_texts(["V4", "/home/ada/V4", None, 7, "/home/ada/V4"])
    ['/home/ada/V4']
    """
    flat = plain_values(values).ravel()
    together = "\n".join(map(str, flat.tolist()))  # most columns have no place in them, and one look tells
    if not any(mark in together for mark in _IN_ALL_PLACES):
        return []
    texts = dict.fromkeys(str(value) for value in flat.tolist() if isinstance(value, (str, PurePath)))
    return [text for text in texts if is_private(text)]


def texts_in(value: object) -> Iterator[Any]:
    """All texts and paths in an attribute, which may be a list or a dictionary of them.

    Examples
    --------
    >>> [*texts_in({"scripts": ["a.py", {"host": "b"}], "n": 3})]
    ['a.py', 'b']
    """
    match value:
        case str() | PurePath():
            yield value
        case Mapping():
            for item in value.values():
                yield from texts_in(item)
        case np.ndarray():
            yield from texts_in(value.ravel().tolist())
        case list() | tuple() | set() | frozenset():
            for item in value:
                yield from texts_in(item)
