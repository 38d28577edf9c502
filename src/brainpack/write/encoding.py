"""Values as netCDF stores them, after the CF conventions that xarray and netCDF4 follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from brainpack.objects.values import natural

if TYPE_CHECKING:
    import numpy.typing as npt

_MISSING_TEXT: Final = "<missing>"


@dataclass(frozen=True)
class Encoded:
    """An array ready to be stored.

    Attributes
    ----------
    values : array-like with shape and slicing
        Converted to `dtype` block by block while it is stored, so that a large array is never copied whole.
    dtype : dtype
        The type in the file, little-endian.
    attributes : dict
        What a reader needs to get the original type back.
    """

    values: Any
    dtype: np.dtype[Any]
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.values.shape)

    @property
    def is_text(self) -> bool:
        return self.dtype == np.dtype("S1")


def encode_values(values: Any) -> Encoded:
    """Choose how an array is stored.

    Parameters
    ----------
    values : numpy or dask array
        Numbers are left where they are; text, times and objects are converted at once.

    Returns
    -------
    Encoded
        Text gains a last dimension: its UTF-8 bytes.

    Raises
    ------
    InvalidData
        Objects without a common type.
    """
    if values.dtype.kind == "O":
        values = natural(np.asarray(values))
    match values.dtype.kind:
        case "U" | "O":
            return _encode_text(np.asarray(values))
        case "S":
            return _encode_bytes(np.asarray(values))
        case "M":
            ticks = np.asarray(values).astype("datetime64[ns]").view(np.int64)
            units = {"units": "nanoseconds since 1970-01-01", "calendar": "proleptic_gregorian"}
            return Encoded(ticks, np.dtype("<i8"), units)
        case "m":
            ticks = np.asarray(values).astype("timedelta64[ns]").view(np.int64)
            return Encoded(ticks, np.dtype("<i8"), {"units": "nanoseconds", "dtype": "timedelta64[ns]"})
        case "b":
            return Encoded(values, np.dtype("<i1"), {"dtype": "bool"})
        case _:
            return Encoded(values, values.dtype.newbyteorder("<"))


class _Letters:
    """The bytes of texts, laid out for the part that is asked for only: one long text makes every row as long."""

    def __init__(self, codes: npt.NDArray[np.intp], table: npt.NDArray[np.bytes_]) -> None:
        self._codes = codes
        self._table = table
        self.shape = (*codes.shape, max(table.dtype.itemsize, 1))

    def __getitem__(self, region: tuple[slice, ...]) -> npt.NDArray[np.bytes_]:
        *rows, letters = region
        codes = np.asarray(self._codes[tuple(rows)])
        texts = np.ascontiguousarray(self._table[codes.ravel()])
        return texts.view("S1").reshape(*codes.shape, self.shape[-1])[..., letters]


def _encode_text(values: npt.NDArray[Any]) -> Encoded:
    codes, uniques = pd.factorize(values.astype(object).ravel(), use_na_sentinel=True)
    texts = [*uniques]
    attributes = {"_Encoding": "utf-8"}
    if (codes < 0).any():
        marker = _MISSING_TEXT
        while marker in texts:
            marker += "_"
        attributes["missing_value"] = marker
        codes = np.where(codes < 0, len(texts), codes)
        texts.append(marker)
    table = np.array([text.encode() for text in texts], dtype=np.bytes_)
    return Encoded(_Letters(codes.reshape(values.shape), table), np.dtype("S1"), attributes)


def _encode_bytes(values: npt.NDArray[np.bytes_]) -> Encoded:
    return Encoded(_Letters(np.arange(values.size).reshape(values.shape), values.ravel()), np.dtype("S1"))
