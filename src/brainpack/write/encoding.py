"""Values as netCDF stores them, after the CF conventions that xarray and netCDF4 follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from brainpack.content.values import TEXT, content_type
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
    type : str
        What the values are, as the content hash names it.
    attributes : dict
        What a reader needs to get the original type back.
    texts : ndarray or None
        The texts of which `values` are the bytes.
    """

    values: Any
    dtype: np.dtype[Any]
    type: str
    attributes: dict[str, str] = field(default_factory=dict)
    texts: npt.NDArray[Any] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.values.shape)

    @property
    def is_text(self) -> bool:
        return self.texts is not None

    @property
    def shape_in_memory(self) -> tuple[int, ...]:
        return self.shape[:-1] if self.is_text else self.shape


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
    type_ = content_type(values.dtype)
    match values.dtype.kind:
        case "U" | "O":
            return _encode_text(np.asarray(values))
        case "S":
            return _encode_bytes(np.asarray(values))
        case "M":
            ticks = np.asarray(values).astype("datetime64[ns]").view(np.int64)
            units = {"units": "nanoseconds since 1970-01-01", "calendar": "proleptic_gregorian"}
            return Encoded(ticks, np.dtype("<i8"), type_, units)
        case "m":
            ticks = np.asarray(values).astype("timedelta64[ns]").view(np.int64)
            return Encoded(ticks, np.dtype("<i8"), type_, {"units": "nanoseconds", "dtype": "timedelta64[ns]"})
        case "b":
            return Encoded(values, np.dtype("<i1"), type_, {"dtype": "bool"})
        case _:
            return Encoded(values, values.dtype.newbyteorder("<"), type_)


class _Letters:
    """The bytes of texts, laid out for the part that is asked for only: one long text makes every row as long."""

    def __init__(self, codes: npt.NDArray[np.intp], table: npt.NDArray[np.bytes_]) -> None:
        width = max(table.dtype.itemsize, 1)
        self._codes = codes
        self._letters = table.view("S1").reshape(len(table), width)
        self.shape = (*codes.shape, width)

    def __getitem__(self, region: tuple[slice, ...]) -> npt.NDArray[np.bytes_]:
        *rows, letters = region
        return np.ascontiguousarray(self._letters[:, letters]).take(self._codes[tuple(rows)], axis=0)


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
    return Encoded(_Letters(codes.reshape(values.shape), table), np.dtype("S1"), TEXT, attributes, values)


def _encode_bytes(values: npt.NDArray[np.bytes_]) -> Encoded:
    letters = _Letters(np.arange(values.size).reshape(values.shape), values.ravel())
    return Encoded(letters, np.dtype("S1"), TEXT, texts=values)
