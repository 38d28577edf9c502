"""Which values netCDF can hold, and the one type that an array of Python objects stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
import xarray as xr

from brainpack.errors import InvalidData
from brainpack.objects.indexes import plain_values
from brainpack.objects.levels import is_all_text

if TYPE_CHECKING:
    import numpy.typing as npt

ArrayT = TypeVar("ArrayT", bound=xr.DataArray)

_NUMBERS_OF_NETCDF = frozenset(["b", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"])
_TYPE_OF_OBJECTS = {
    "boolean": np.dtype(bool),
    "integer": np.dtype(np.int64),
    "floating": np.dtype(np.float64),
    "mixed-integer-float": np.dtype(np.float64),
}
_DATES = frozenset(["datetime64", "datetime", "date"])
_DURATIONS = frozenset(["timedelta64", "timedelta"])


def plain_data(array: ArrayT) -> ArrayT:
    """Return the array itself, or, if its values are of a type of pandas, the array with plain ones.

    xarray takes a pandas Series of categories, of nullable numbers or of Arrow's text as it is.

    Examples
    --------
    >>> plain_data(xr.DataArray(pd.Series([True, False], dtype="boolean"))).dtype
    dtype('bool')
    """
    dtype: object = array.dtype
    return array if isinstance(dtype, np.dtype) else array.copy(data=plain_values(array.variable.data))


def natural(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give objects the type that all of them share; other arrays pass unchanged.

    Parameters
    ----------
    values : ndarray of any shape and dtype

    Returns
    -------
    ndarray
        Text stays dtype object with NaN where a value is missing. Integers with missing values become
        float64, as in pandas.

    Raises
    ------
    InvalidData
        The objects have no common type that netCDF can hold.

    Examples
    --------
    >>> natural(np.array([1, 2], dtype=object)).dtype
    dtype('int64')
    """
    if values.dtype.kind != "O" or is_all_text(values):
        return values
    missing = pd.isna(values)
    kind = pd.api.types.infer_dtype(values.ravel(), skipna=True)
    if kind == "empty":
        return np.full(values.shape, np.nan)
    if kind == "string":
        return np.where(missing, np.nan, values)
    if kind in _DATES | _DURATIONS:
        return _times(np.where(missing, np.nan, values), kind)
    dtype = _TYPE_OF_OBJECTS.get(kind)
    if dtype is None:
        raise InvalidData(f"values of several types ({kind}: {_types(values)}), which netCDF cannot hold together")
    if kind == "integer" and missing.any():
        dtype = np.dtype(np.float64)
    if dtype == np.float64 and _loses_integers(values):
        raise InvalidData("integers beyond 2**53 beside missing values or fractions, which no one type holds exactly")
    if kind == "boolean" and missing.any():
        raise InvalidData("true/false values of which some are missing; use text such as 'yes', 'no', ''")
    try:
        return values.astype(dtype)
    except (OverflowError, ValueError, TypeError) as error:
        raise InvalidData(f"values that do not fit into {dtype}: {error}") from error


def why_not_storable(values: npt.NDArray[Any]) -> str | None:
    """Say why netCDF cannot hold the values; None where it can.

    Examples
    --------
    >>> why_not_storable(np.zeros(3, dtype=np.float16))
    'float16, which netCDF does not know; use float32'
    >>> why_not_storable(np.zeros(3, dtype=np.float32))
    """
    try:
        typed = natural(values)
    except InvalidData as problem:
        return str(problem)
    if typed.dtype.kind in "UO":
        return _why_not_text(typed)
    if typed.dtype.kind in "mM":
        return _why_not_times(typed)
    if typed.dtype.kind == "S" or typed.dtype.str[1:] in _NUMBERS_OF_NETCDF or typed.dtype.kind == "b":
        return None
    better = {np.dtype(np.float16): "float32", np.dtype(np.longdouble): "float64"}
    return f"{typed.dtype}, which netCDF does not know; use {better.get(typed.dtype, 'real numbers or text')}"


def _loses_integers(values: npt.NDArray[Any]) -> bool:
    return any(isinstance(value, (int, np.integer)) and int(float(value)) != value for value in values.ravel())


def _times(values: npt.NDArray[Any], kind: str) -> npt.NDArray[Any]:
    """Dates or durations as nanoseconds, by way of pandas: numpy would drop digits and wrap around."""
    convert: Any = pd.to_datetime if kind in _DATES else pd.to_timedelta
    try:
        times = convert(values.ravel()).as_unit("ns")
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidData(f"times that nanoseconds since 1970 cannot hold: {error}") from error
    if getattr(times, "tz", None) is not None:
        raise InvalidData(f"times with the time zone {times.tz}; convert them to UTC and drop the zone")
    return np.asarray(times).reshape(values.shape)


def _why_not_times(values: npt.NDArray[Any]) -> str | None:
    try:
        in_file = values.astype(f"{values.dtype.kind}8[ns]")
    except OverflowError:  # older versions of numpy wrap around instead
        return f"times from {np.nanmin(values)} to {np.nanmax(values)}, which nanoseconds since 1970 cannot hold"
    changed = (in_file.astype(values.dtype) != values) & ~np.isnat(values)
    return f"{values[changed].ravel()[0]}, which nanoseconds since 1970 cannot hold" if changed.any() else None


def _why_not_text(values: npt.NDArray[Any]) -> str | None:
    for text in pd.unique(values.ravel()):
        if not isinstance(text, str):
            continue
        if "\0" in text:
            return f"the text {text!r} with a NUL character, at which netCDF ends a text"
        try:
            text.encode()
        except UnicodeEncodeError:
            return f"the text {text!r}, which UTF-8 cannot encode"
    return None


def _types(values: npt.NDArray[Any]) -> str:
    return ", ".join(sorted({type(value).__name__ for value in values.ravel()})[:5])
