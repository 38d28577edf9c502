"""Text as bytes of a fixed length -> the distinct texts, and for each entry which of them it is.

A coordinate of 100 000 entries often has two or three values. To make 100 000 Python texts of them first, and to look
for the distinct ones among these afterwards, is most of the time that opening a large assembly takes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from brainpack.objects.indexes import Level

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy.typing as npt

    Letters = npt.NDArray[np.bytes_]
    Raw = npt.NDArray[np.uint8]
    Codes = npt.NDArray[np.signedinteger[Any]]

_WORD: Final = 8  # bytes that are compared at once
_ROWS_TOGETHER: Final = 64  # numpy is fast along long rows only
_FEW: Final = 1 << 16  # numbers, of which a table is small


def level_of_texts(name: Hashable, letters: Letters, missing: str | None) -> Level:
    """Find the distinct texts of a coordinate.

    Parameters
    ----------
    name : hashable
        Of the coordinate.
    letters : numpy.ndarray of S1, shape (entries, bytes)
        UTF-8, filled up with zeros.
    missing : str or None
        The text that stands for a missing value.

    Raises
    ------
    UnicodeDecodeError
        It is not UTF-8.

    >>> level = level_of_texts("region", np.array([[b"V", b"4"], [b"-", b""], [b"V", b"4"]]), missing="-")
    >>> level.values.tolist(), level.codes.tolist()
    (['V4'], [0, -1, 0])
    """
    codes, distinct = _distinct_rows(letters.view(np.uint8))
    texts = [text.decode() for text in distinct.view(f"S{letters.shape[1]}").ravel().tolist()]
    if missing in texts:
        gone = texts.index(missing)
        del texts[gone]
        codes = np.where(codes == gone, -1, codes - (codes > gone))
    level = Level.of_texts(name, texts, codes)
    return level._replace(codes=level.codes.astype(np.min_scalar_type(-len(texts) - 1)))  # others wait to be indexed


def _distinct_rows(raw: Raw) -> tuple[Codes, Raw]:
    """Number the distinct rows; return the number of each row, and the distinct ones."""
    lowest, highest = _least_and_most(raw)
    places = np.flatnonzero(lowest < highest)  # of ids such as "image_00017", the digits
    bases = {int(place): int(highest[place] - lowest[place]) + 1 for place in places}
    if math.prod(bases.values()) <= max(len(raw), _FEW):
        return _counted(raw, lowest, bases)
    return _looked_up(raw, places)


def _counted(raw: Raw, lowest: Raw, bases: dict[int, int]) -> tuple[Codes, Raw]:
    """Number rows by reading each as one number, of digits with bases: which is the order of the texts, too."""
    numbers = np.zeros(len(raw), np.uint32)
    for place, base in bases.items():
        numbers *= base
        numbers += raw[:, place] - lowest[place]
    occurring = np.flatnonzero(np.bincount(numbers, minlength=1))
    codes = np.zeros(occurring.max(initial=-1) + 1, np.min_scalar_type(-len(occurring) - 1))
    codes[occurring] = np.arange(len(occurring))
    distinct = np.repeat(lowest[np.newaxis], len(occurring), axis=0)
    for place, base in reversed(bases.items()):
        occurring, digits = np.divmod(occurring, base)
        distinct[:, place] += digits.astype(np.uint8)
    return codes.take(numbers), distinct


def _looked_up(raw: Raw, places: Codes) -> tuple[Codes, Raw]:
    """Number rows as they appear, by a table of those that were there."""
    count = len(raw)
    codes = np.zeros(count, np.int64)
    for start in range(0, len(places), _WORD):
        word = np.zeros((count, _WORD), np.uint8)
        for number, place in enumerate(places[start : start + _WORD]):
            word[:, number] = raw[:, place]
        more, distinct = pd.factorize(word.view(np.uint64)[:, 0])
        codes = pd.factorize(codes * len(distinct) + more)[0] if start else more
    rows = np.zeros(codes.max(initial=-1) + 1, np.int64)
    rows[codes] = np.arange(count)
    return codes, raw[rows]


def _least_and_most(raw: Raw) -> tuple[Raw, Raw]:
    """The lowest and the highest byte of each column."""
    count, width = raw.shape
    whole = count - count % _ROWS_TOGETHER
    wide = raw[:whole].reshape(-1, _ROWS_TOGETHER * width)
    lowest = np.vstack([wide.min(axis=0, initial=0xFF).reshape(-1, width), raw[whole:]])
    highest = np.vstack([wide.max(axis=0, initial=0).reshape(-1, width), raw[whole:]])
    return lowest.min(axis=0, initial=0xFF), highest.max(axis=0, initial=0)
