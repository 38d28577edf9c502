"""One coordinate as its distinct values, and for each entry which of them it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import ArrayLike

__all__ = ["Level", "is_all_text", "plain_values"]


class Level(NamedTuple):
    """One coordinate in factorised form.

    Attributes
    ----------
    name : hashable
        Name of the coordinate.
    values : pandas.Index
        The distinct values, sorted where they can be sorted.
    codes : numpy.ndarray of int
        For each entry of the dimension its position in `values`; -1 where the value is missing.
    """

    name: Hashable
    values: pd.Index
    codes: np.ndarray[Any, Any]

    @classmethod
    def of(cls, name: Hashable, values: ArrayLike) -> Level:
        """Factorise one-dimensional `values`.

        Examples
        --------
        >>> Level.of("region", ["V4", "IT", "V4"]).codes.tolist()
        [1, 0, 1]
        """
        array = plain_values(values)
        if array.dtype == np.float16:  # pandas has no float16 index
            array = array.astype(np.float32)
        if not array.dtype.isnative:  # nor an index of another byte order
            array = array.astype(array.dtype.newbyteorder("="))
        if array.dtype.kind in "OU":
            codes, distinct = pd.factorize(array.astype(object))
            if pd.api.types.infer_dtype(distinct, skipna=False) == "string":
                return cls.of_texts(name, distinct.tolist(), np.asarray(codes))
        try:
            codes, distinct = pd.factorize(array, sort=True)
        except TypeError:  # values that do not compare keep their order of appearance
            codes, distinct = pd.factorize(array)
        # pandas 3 would infer its own text type, whose missing values and arrays differ from pandas 2
        keeps_objects = distinct.dtype.kind in "OUS"
        index = pd.Index(distinct, dtype=object) if keeps_objects else pd.Index(distinct)
        return cls(name, index, np.asarray(codes))

    @classmethod
    def of_texts(cls, name: Hashable, texts: list[str], codes: np.ndarray[Any, Any]) -> Level:
        """Sort distinct texts, and adapt the codes that point at them.

        Examples
        --------
        >>> Level.of_texts("region", ["V4", "IT"], np.array([0, 1, -1])).codes.tolist()
        [1, 0, -1]
        """
        ordered = sorted(texts)  # several times faster than numpy, above all where ids are in order
        index = pd.Index(ordered, dtype=object)
        if ordered != texts:
            rank = np.append(index.get_indexer(pd.Index(texts, dtype=object)), -1)  # the last one is that of missing
            codes = rank[codes]
        return cls(name, index, codes)

    def take(self, positions: np.ndarray[Any, Any]) -> Level:
        """Return the level of the entries at `positions`."""
        small = self.codes.astype(np.min_scalar_type(-len(self.values) - 1))  # which is what a MultiIndex keeps
        return self._replace(codes=small.take(positions))


def plain_values(values: ArrayLike) -> np.ndarray[Any, Any]:
    """Return values as a plain numpy array, missing text and objects as NaN.

    Examples
    --------
    >>> plain_values(pd.Series(["a", None], dtype="string"))
    array(['a', nan], dtype=object)
    """
    if isinstance(values, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        array: np.ndarray[Any, Any] = _from_pandas(pd.Series(values))
    else:
        array = np.asarray(values)
    if array.dtype.kind == "T":  # numpy's variable-length text
        array = array.astype(object)
    if array.dtype == object and not is_all_text(array):
        missing = np.asarray(pd.isna(array))
        if missing.any():
            array = np.where(missing, np.nan, array)
    return array


def is_all_text(values: np.ndarray[Any, Any]) -> bool:
    """Whether objects are texts, of which none is missing; this is much faster than to look for missing ones.

    Examples
    --------
    >>> is_all_text(np.array(["a", "b"], dtype=object)), is_all_text(np.array(["a", None], dtype=object))
    (True, False)
    """
    return pd.api.types.infer_dtype(values.ravel(), skipna=False) == "string"


def _from_pandas(series: pd.Series[Any]) -> np.ndarray[Any, Any]:
    """Return a column as a numpy array; masked types become plain ones where nothing is missing."""
    if isinstance(series.dtype, np.dtype):
        return series.to_numpy()
    if isinstance(series.dtype, pd.CategoricalDtype):
        return np.asarray(series)
    if series.dtype.kind in "biuf" and not series.hasnans:
        return series.to_numpy(dtype=getattr(series.dtype, "numpy_dtype", None))
    if series.dtype.kind in "iuf":
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    return series.to_numpy(dtype=object, na_value=np.nan)
