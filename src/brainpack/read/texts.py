"""Text as bytes of a fixed length -> the distinct texts, and for each entry which of them it is.

A coordinate of 100 000 entries often has two or three values. To make 100 000 Python texts of them first, and to look
for the distinct ones among these afterwards, is most of the time that opening a large assembly takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from brainpack.objects.indexes import Level

if TYPE_CHECKING:
    from collections.abc import Hashable

_WORD: Final = 8  # bytes that are compared at once
_ROWS_TOGETHER: Final = 64  # numpy is fast along long rows only


def level_of_texts(name: Hashable, letters: np.ndarray[Any, Any], missing: str | None) -> Level:
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
    codes, first = _distinct_rows(letters)
    width = letters.shape[1]
    texts = [text.decode() for text in np.ascontiguousarray(letters[first]).view(f"S{width}").ravel().tolist()]
    if missing in texts:
        gone = texts.index(missing)
        del texts[gone]
        codes = np.where(codes == gone, -1, codes - (codes > gone))
    level = Level.of_texts(name, texts, codes)
    return level._replace(codes=level.codes.astype(np.min_scalar_type(-len(texts) - 1)))  # others wait to be indexed


def _distinct_rows(letters: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Number the distinct rows as they appear; return the number of each row, and where each number is first."""
    raw = letters.view(np.uint8)
    count = len(raw)
    places = _places_that_differ(raw)
    codes = np.zeros(count, np.int64)
    for start in range(0, len(places), _WORD):
        word = np.zeros((count, _WORD), np.uint8)
        for number, place in enumerate(places[start : start + _WORD]):
            word[:, number] = raw[:, place]
        more, distinct = pd.factorize(word.view(np.uint64)[:, 0])
        codes = pd.factorize(codes * len(distinct) + more)[0] if start else more
    first = np.zeros(codes.max(initial=-1) + 1, np.int64)
    first[codes[::-1]] = np.arange(count)[::-1]  # of several assignments the last one stays
    return codes, first


def _places_that_differ(raw: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Find the columns in which not all rows are the same: of ids such as "image_00017", the digits."""
    count, width = raw.shape
    whole = count - count % _ROWS_TOGETHER
    wide = raw[:whole].reshape(-1, _ROWS_TOGETHER * width)
    highest = np.vstack([wide.max(axis=0, initial=0).reshape(-1, width), raw[whole:]])
    lowest = np.vstack([wide.min(axis=0, initial=0xFF).reshape(-1, width), raw[whole:]])
    return np.flatnonzero(highest.max(axis=0) != lowest.min(axis=0))
