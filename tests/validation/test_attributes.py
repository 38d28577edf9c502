from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from brainpack import InvalidData
from brainpack.objects.attributes import encode_attributes


@pytest.mark.parametrize(
    "value", [None, pd.DataFrame({"a": [1]}), xr.DataArray([1])], ids=lambda value: type(value).__name__
)
def test_what_has_no_place_in_a_file_is_left_out(value: object) -> None:
    assert encode_attributes({"a": value, "b": "c"}) == {"b": "c"}


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("text", "text"),
        ("", ""),
        ("日本", "日本"),
        (Path("a") / "b", str(Path("a") / "b")),
        (b"a", "a"),
        (dt.datetime(2020, 1, 1), "2020-01-01T00:00:00"),  # noqa: DTZ001 - not every lab says where it is
        (np.datetime64("2020-01-01"), "2020-01-01T00:00:00"),
        ({"a": [1, {"b": None}], "c": np.float64(1.5), "d": Path("e"), "f": np.arange(2)},
         '{"a": [1, {"b": null}], "c": 1.5, "d": "e", "f": [0, 1]}'),
        ({"日": "本"}, '{"日": "本"}'),
        ([], "[]"),
        ([1, "a"], '[1, "a"]'),
        ([True, False], "[true, false]"),
        ([[1, 2], [3]], "[[1, 2], [3]]"),
        (["a", "b"], ["a", "b"]),
        (("a",), ["a"]),
        (np.array(["a", "b"]), ["a", "b"]),
        ({"b", "a"}, ["a", "b"]),
    ],
)  # fmt: skip
def test_text_lists_and_dictionaries(value: object, encoded: object) -> None:
    assert encode_attributes({"a": value}) == {"a": encoded}


@pytest.mark.parametrize(
    ("value", "encoded", "dtype"),
    [
        (True, [1], "<i1"),
        (np.False_, [0], "<i1"),
        (3, [3], "<i8"),
        (2.5, [2.5], "<f8"),
        (np.float32(2.5), [2.5], "<f4"),
        (np.uint8(3), [3], "<u1"),
        ([1, 2], [1, 2], "<i8"),
        ([1, 2.5], [1, 2.5], "<f8"),
        (np.array([1, 2], dtype=">i2"), [1, 2], "<i2"),
        ({2, 1}, [1, 2], "<i8"),
    ],
)
def test_numbers(value: Any, encoded: list[float], dtype: str) -> None:
    result = encode_attributes({"a": value})["a"]
    assert (result.tolist(), result.dtype.str.replace("|", "<")) == (encoded, dtype)


@pytest.mark.parametrize(
    "value",
    [object(), 1j, 2**70, [2**70], "a\0b", "\ud800", np.float16(1), np.longdouble(1), np.timedelta64(1, "s"),
     {(1, 2): 3}, {"a": object()}, [object()], xr.Dataset(), pd.Series([1])],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_cannot_be_encoded_is_named(value: object) -> None:
    with pytest.raises(InvalidData, match="attribute 'fixation' is a"):
        encode_attributes({"fixation": value})


def test_names_become_text() -> None:
    assert encode_attributes({1: "a"}) == {"1": "a"}


@pytest.mark.parametrize(
    "value",
    [["a\0b"], ["a", "\ud800"], {"a": "\ud800"}, [2**63, 1, -1], np.array(["\ud800"])],
    ids=ascii,
)
def test_parts_are_checked_as_the_whole_is(value: object) -> None:
    with pytest.raises(InvalidData, match="attribute 'fixation' is a"):
        encode_attributes({"fixation": value})


def test_deep_nesting() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(InvalidData, match="attribute 'deep' is a list"):
        encode_attributes({"deep": value})


def test_arrays_without_dimensions() -> None:
    assert encode_attributes({"a": np.array(3)})["a"].tolist() == [3]
    assert encode_attributes({"a": np.array("b")}) == {"a": "b"}
