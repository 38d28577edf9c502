"""Values as the distinct ones among them, and for each entry which of them it is: rows are compared as numbers."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from brainpack.objects.levels import plain_values

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    from numpy.typing import ArrayLike

_KNOWN_TO_PANDAS: Final = {
    "f2": np.dtype(np.float64),
    np.dtype(np.longdouble).str[1:]: np.dtype(np.float64),
    np.dtype(np.clongdouble).str[1:]: np.dtype(np.complex128),
}


class Factors(NamedTuple):
    """Values in factorised form.

    Attributes
    ----------
    codes : ndarray of int
        For each entry its position among the distinct values; -1 where it is missing.
    distinct : ndarray
        In the order in which they appear. What cannot be looked up, such as a list, goes by its text.
    """

    codes: npt.NDArray[np.intp]
    distinct: npt.NDArray[Any]

    @property
    def counts(self) -> npt.NDArray[np.intp]:
        """How many entries have each distinct value."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.distinct))


def factorised(values: ArrayLike) -> Factors:
    """Factorise values of any type and shape.

    Examples
    --------
    >>> factorised(["V4", None, "IT", "V4"]).codes.tolist()
    [0, -1, 1, 0]
    >>> factorised([[1], [2], [1]]).distinct.tolist()
    [1, 2]
    """
    array = plain_values(values).ravel()
    array = array.astype(_KNOWN_TO_PANDAS.get(array.dtype.str[1:], array.dtype.newbyteorder("=")), copy=False)
    try:
        codes, found = pd.factorize(array)
    except TypeError:
        texts = np.fromiter(map(repr, array), dtype=object, count=len(array))
        codes, found = pd.factorize(np.where(pd.isna(array), np.nan, texts))
    return Factors(np.asarray(codes), np.asarray(found))


def rows_of(columns: Iterable[Factors]) -> Factors:
    """Factorise the rows of columns of equal length; a row with a gap is missing.

    Examples
    --------
    >>> rows_of([factorised(["a", "a", "b", None]), factorised([1, 1, 2, 3])]).codes.tolist()
    [0, 0, 1, -1]
    """
    return reduce(_beside, columns)


def _beside(left: Factors, right: Factors) -> Factors:
    codes = np.full(len(left.codes), -1, dtype=np.intp)
    known = (left.codes >= 0) & (right.codes >= 0)
    pairs = left.codes[known].astype(np.int64) * len(right.distinct) + right.codes[known]
    codes[known], found = pd.factorize(pairs)
    return Factors(codes, found)
