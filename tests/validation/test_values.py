from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from brainpack import InvalidData
from brainpack.objects.values import natural, why_not_storable


def objects(*values: object) -> Any:
    return np.fromiter(values, dtype=object, count=len(values))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (objects(1, 2), np.array([1, 2])),
        (objects(1, None), np.array([1, np.nan])),
        (objects(1, 2.5), np.array([1, 2.5])),
        (objects(np.int8(1), 2), np.array([1, 2])),
        (objects(True, np.False_), np.array([True, False])),
        (objects(None, np.nan), np.array([np.nan, np.nan])),
        (objects(), np.array([], dtype=float)),
        (objects(dt.datetime(2020, 1, 1)), np.array(["2020-01-01"], "M8[ns]")),  # noqa: DTZ001 - netCDF has no zones
        (objects(dt.date(2020, 1, 1)), np.array(["2020-01-01"], "M8[ns]")),
        (objects(dt.timedelta(seconds=1)), np.array([10**9], "m8[ns]")),
        (np.array([[1, 2]], dtype=object), np.array([[1, 2]])),
        (np.array(3, dtype=object), np.array(3)),
    ],
    ids=str,
)
def test_objects_get_the_type_they_share(values: Any, expected: Any) -> None:
    typed = natural(values)
    assert typed.dtype == expected.dtype
    np.testing.assert_array_equal(typed, expected)


def test_text_stays_objects_with_nan_where_it_is_missing() -> None:
    typed = natural(objects("a", None, pd.NA, ""))
    assert typed.dtype == object
    assert typed[0] == "a"
    assert np.isnan(typed[1])
    assert np.isnan(typed[2])
    assert typed[3] == ""


@pytest.mark.parametrize("dtype", ["f4", "i2", "?", "U3", "S2", "M8[ns]", "c8"])
def test_other_arrays_pass(dtype: str) -> None:
    values = np.zeros(2, dtype=dtype)
    assert natural(values) is values


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (objects(1, "a"), r"several types \(mixed-integer: int, str\)"),
        (objects([1], [2]), r"several types \(mixed: list\)"),
        (objects(b"a"), "bytes"),
        (objects(True, 1), "bool, int"),
        (objects(True, None), "true/false values of which some are missing"),
        (objects(2**63), "do not fit into int64"),
    ],
)
def test_objects_without_a_common_type(values: Any, message: str) -> None:
    with pytest.raises(InvalidData, match=message):
        natural(values)
    assert why_not_storable(values) is not None


@pytest.mark.parametrize("dtype", ["f4", "f8", ">f8", "i1", "i8", "u1", "u8", "?", "U3", "S2", "M8[ns]", "m8[ns]"])
def test_what_netcdf_holds(dtype: str) -> None:
    assert why_not_storable(np.zeros(2, dtype=dtype)) is None
    assert why_not_storable(np.zeros(0, dtype=dtype)) is None
    assert why_not_storable(np.zeros((), dtype=dtype)) is None


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.zeros(1, "f2"), "use float32"),
        (np.zeros(1, np.longdouble), "use float64"),
        (np.zeros(1, "c8"), "complex64"),
        (np.zeros(1, [("a", "i4")]), "use "),
        (objects("a\0b"), "NUL"),
        (np.array(["a\0b"]), "NUL"),
        (objects("\ud800", None), "UTF-8"),
    ],
    ids=str,
)
def test_what_netcdf_does_not_hold(values: Any, reason: str) -> None:
    assert reason in (why_not_storable(values) or "")


def test_nanoseconds_of_objects_are_kept() -> None:
    values = objects(pd.Timestamp("2020-01-01 00:00:00.000000001"), None, pd.NaT)
    expected = np.array(["2020-01-01T00:00:00.000000001", "NaT", "NaT"], "M8[ns]")
    np.testing.assert_array_equal(natural(values), expected)
    assert natural(values.reshape(3, 1)).shape == (3, 1)
    assert natural(objects(pd.Timedelta(1, "ns"), None)).astype(int)[0] == 1


@pytest.mark.parametrize(
    "values",
    [
        objects(dt.datetime(3000, 1, 1)),  # noqa: DTZ001 - netCDF has no zones
        objects(dt.date(1500, 1, 1)),
        objects(dt.timedelta(days=200_000)),
        objects(pd.Timestamp("2020-01-01", tz="UTC")),
        objects(dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
        objects(pd.Timestamp("2020-01-01", tz="UTC"), pd.Timestamp("2020-01-01")),
        np.array(["3000-01-01", "NaT"], dtype="M8[s]"),
        np.array([10**12], dtype="m8[s]"),
        np.array([1], dtype="m8[ps]"),
    ],
    ids=str,
)
def test_times_that_would_wrap_around(values: Any) -> None:
    assert "time" in (why_not_storable(values) or "") or "nanoseconds" in (why_not_storable(values) or "")


def test_times_of_other_units() -> None:
    assert why_not_storable(np.array(["2020-01-01", "NaT"], dtype="M8[D]")) is None
    assert why_not_storable(np.array([[1, 2]], dtype="m8[s]")) is None
