"""What should stay at home: places on somebody's computer, and the names of accounts in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
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
    | (?<![\w.~:/]) /(?:Users|Volumes|braintree|cluster|data|export|gpfs|home|lustre|media|mnt|net|nfs|om\d?|opt|private
                       |projects?|root|scratch|share|srv|storage|tmp|usr|var|work)/ \w  # homes, disks, what is shared
    | (?<![\w~:/.]) ~ (?:[A-Za-z_][\w-]*)? [/\\]        # a home in short, also that of another user
    | (?<!\w) [A-Za-z]:\\+ \w                           # a drive of Windows
    | (?<!\w) [A-Za-z]:/+ \w[\w\ ().-]*[/.]\w          # the same with slashes, but not A:/B
    | (?<![\w\\:]) \\\\ [\w.$-]+ \\ [\w$]               # a computer of Windows
    """,
    re.VERBOSE,
)
_IN_ALL_PLACES: Final = ("/", "\\")


def is_private(text: str) -> bool:
    r"""Whether a text names a place on somebody's computer.

    Addresses of the web, relative paths and what else stands between slashes, such as categories and sounds, are none.

    Examples
    --------
    >>> [is_private(place) for place in ("/home/ada/a.png", "C:\\Users\\ada", r"\\server\lab", "~ada/a.png")]
    [True, True, True, True]
    >>> [is_private(place) for place in ("https://lab.org/home/a", "images/a.png", "/animal/dog", "A:/B")]
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
    flat = plain_values(values).ravel().tolist()
    with suppress(TypeError):  # of a list or the like, which no dictionary can have as a key
        flat = [*dict.fromkeys(flat)]
    texts = dict.fromkeys(_text(value) for value in flat if isinstance(value, (str, bytes, PurePath)))
    together = "\n".join(texts)  # most columns have no place in them, and one look tells
    return [text for text in texts if is_private(text)] if any(mark in together for mark in _IN_ALL_PLACES) else []


def _text(value: str | bytes | PurePath) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def texts_in(value: object) -> Iterator[Any]:
    """All texts and paths in an attribute, which may be a list of them, or a dictionary, whose keys are texts, too.

    Examples
    --------
    >>> [*texts_in({"scripts": ["a.py", {"host": "b"}], "n": 3})]
    ['scripts', 'a.py', 'host', 'b', 'n']
    """
    match value:
        case str() | PurePath():
            yield value
        case Mapping():
            for key, item in value.items():
                yield from texts_in(key)
                yield from texts_in(item)
        case np.ndarray():
            yield from texts_in(value.ravel().tolist())
        case list() | tuple() | set() | frozenset():
            for item in value:
                yield from texts_in(item)
