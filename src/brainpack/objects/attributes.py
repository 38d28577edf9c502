"""Attributes as netCDF can hold them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from brainpack.errors import InvalidData

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

_LEFT_OUT: Final = (pd.DataFrame, xr.DataArray, type(None))


def encode_attributes(attributes: Mapping[Any, Any]) -> dict[str, Any]:
    """Attributes as text, numbers or lists of them; what has no place in a file is left out.

    Parameters
    ----------
    attributes : mapping
        DataFrames, DataArrays and None are left out. True and False become 1 and 0, paths become text,
        dictionaries and mixed lists become JSON.

    Returns
    -------
    dict
        Each value a str, a 1-D numeric array, or a list of str.

    Raises
    ------
    InvalidData
        A value that cannot be encoded, named.
    """
    return {
        str(name): _encode_attribute(str(name), value)
        for name, value in attributes.items()
        if not isinstance(value, _LEFT_OUT)
    }


def _encode_attribute(name: str, value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    match value:
        case np.ndarray() | list() | tuple():
            return _encode_list(name, value)
        case set() | frozenset():
            return _encode_list(name, sorted(value, key=str))
        case dict():
            return _as_json(name, value)
        case bool() | np.bool_():
            return np.array([value], dtype=np.int8)
        case int() | float() | np.number():
            return _encode_numbers(name, np.array([value]))
        case _:
            return _encode_text(name, value)


def _encode_text(name: str, value: Any) -> str:
    match value:
        case str() | PurePath():
            text = str(value)
        case bytes():
            text = value.decode("utf-8", "backslashreplace")
        case np.datetime64() | datetime():
            text = pd.Timestamp(value).isoformat()
        case _:
            raise _unencodable(name, value)
    return _checked(name, text)


def _checked(name: str, text: str) -> str:
    if "\0" in text or not _is_utf8(text):
        raise _unencodable(name, text)
    return text


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _encode_list(name: str, values: Any) -> Any:
    items = values.tolist() if isinstance(values, np.ndarray) else [*values]
    if items and all(isinstance(item, str) for item in items):
        return [_checked(name, item) for item in items]
    if items and all(isinstance(item, (int, float, np.number)) and not isinstance(item, bool) for item in items):
        numbers = np.asarray(values)
        if numbers.dtype.kind == "f" and all(isinstance(item, (int, np.integer)) for item in items):
            raise _unencodable(name, values)  # integers that no one type of integer holds
        return _encode_numbers(name, numbers)
    return _as_json(name, items)


def _encode_numbers(name: str, values: npt.NDArray[Any]) -> Any:
    if values.dtype.kind not in "iuf" or values.dtype.itemsize not in {1, 2, 4, 8} or values.dtype == np.float16:
        raise _unencodable(name, values)
    return values.astype(values.dtype.newbyteorder("<"))


def _as_json(name: str, value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, default=_json_default)
    except (TypeError, ValueError, RecursionError) as error:
        raise _unencodable(name, value) from error
    return _checked(name, text)


def _json_default(value: Any) -> Any:
    match value:
        case np.generic() | np.ndarray():
            return value.tolist()
        case PurePath():
            return str(value)
        case _:
            raise TypeError


def _unencodable(name: str, value: Any) -> InvalidData:
    return InvalidData(
        f"the attribute {name!r} is a {type(value).__name__} that netCDF cannot hold; "
        "make it text, a number, a list or a dictionary of them, or delete it"
    )
