from __future__ import annotations

import itertools
import subprocess
import sys
from collections import Counter
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import dask.array
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from brainpack.objects.indexes import repeated_dimensions
from brainpack.validation import magnitudes
from brainpack.validation import statistics as statistics_module
from brainpack.validation.statistics import Statistics

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

SOME: dict[str, list[Any]] = {
    "f": [0.0, -0.0, 1.0, 2.5, 0.1, -3.0, np.nan, np.inf, -np.inf, -999.0, 9.969209968386869e36, 1e20],
    "i": [0, 1, -5, 120, -128],
    "u": [0, 1, 200],
    "b": [True, False],
    "M": [0, 1, np.iinfo(np.int64).min],
    "O": ["a", "", None, np.nan],
    "U": ["a", ""],
}
FILL_VALUES = {-999.0, 9.969209968386869e36, 1e20, float(np.float32(1e20))}
DTYPES = ["f8", "f4", ">f8", ">f4", "i1", "i2", ">i4", "i8", "u1", "u8", "?", "M8[ns]", "m8[s]", "O", "U3"]
DIMS = ["presentation", "neuroid", "time_bin", "event"]


@st.composite
def arrays(draw: DrawFn) -> tuple[tuple[str, ...], Any]:
    """Any dimensions, also repeated ones and none, and any values."""
    dims = tuple(draw(st.lists(st.sampled_from(DIMS), max_size=4)))
    sizes = {dim: draw(st.integers(0, 4)) for dim in dims}
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = tuple(sizes[dim] for dim in dims)
    count = int(np.prod(shape, dtype=int))
    choices = SOME[{"m": "M"}.get(dtype.kind, dtype.kind)]
    drawn = draw(st.lists(st.sampled_from(choices), min_size=count, max_size=count))
    values = np.empty(count, object)
    values[:] = drawn
    with np.errstate(over="ignore"):
        return dims, values.astype(np.int64 if dtype.kind in "mM" else dtype).astype(dtype).reshape(shape)


@st.composite
def cuts(draw: DrawFn, shape: tuple[int, ...]) -> list[tuple[slice, ...]]:
    """Regions that make up an array, in any order."""
    regions: list[tuple[slice, ...]] = [()]
    for length in shape:
        inner = draw(st.sets(st.integers(1, max(length - 1, 1)), max_size=3)) if length > 1 else set()
        bounds = [0, *sorted(inner), length]
        parts = [slice(start, stop) for start, stop in itertools.pairwise(bounds)]
        regions = [(*region, part) for region in regions for part in parts]
    return draw(st.permutations(regions))


def facts(statistics: Statistics) -> dict[str, Any]:
    found: dict[str, Any] = {"missing": statistics.missing, "infinite": statistics.infinite}
    for name, entries in (("neuroids", statistics.neuroids), ("presentations", statistics.presentations)):
        if entries is not None:
            found[name] = (entries.values_each, entries.missing.tolist(), entries.infinite.tolist())
    if (numbers := statistics.numbers) is not None:
        found["extremes"] = (numbers.lowest.tolist(), numbers.highest.tolist(), numbers.range)
        found["types"] = (numbers.are_whole, numbers.fit_float32)
        found["largest"] = (numbers.largest.magnitudes.tolist(), numbers.largest.fill_values)
        found["negative"] = numbers.negative.fill_values
    return found


def expected_facts(dims: tuple[str, ...], values: Any) -> dict[str, Any]:
    """The same, the slow way."""
    missing = np.asarray(pd.isna(values)).reshape(values.shape)
    is_number = values.dtype.kind in "biuf"
    numbers = values.astype(object) if is_number else np.zeros(values.shape)
    infinite = np.isinf(numbers.astype(float)) if is_number else np.zeros(values.shape, bool)
    finite = ~missing & ~infinite
    found: dict[str, Any] = {"missing": int(missing.sum()), "infinite": int(infinite.sum())}
    for name, dim in (("neuroids", "neuroid"), ("presentations", "presentation")):
        if dim in dims:
            along = entries_of(dims, values, dim)
            found[name] = (
                0 if not along else len(along[0]),
                [int(missing.ravel()[places].sum()) for places in along],
                [int(infinite.ravel()[places].sum()) for places in along],
            )
    if is_number:
        groups = entries_of(dims, values, "neuroid") if "neuroid" in dims else [np.arange(values.size)]
        flat = [[numbers.ravel()[place] for place in places if finite.ravel()[place]] for places in groups]
        integer = np.iinfo("u1" if values.dtype.kind == "b" else values.dtype) if values.dtype.kind != "f" else None
        least, most = (-np.inf, np.inf) if integer is None else (integer.min, integer.max)
        all_ = [value for group in flat for value in group]
        found["extremes"] = (
            [min(group, default=most) for group in flat],
            [max(group, default=least) for group in flat],
            (min(all_), max(all_)) if all_ else None,
        )
        is_float = integer is None
        is_double = values.dtype.newbyteorder("=") == np.float64
        with np.errstate(over="ignore"):
            found["types"] = (
                is_float and bool((finite & (values == np.trunc(values))).all()),
                is_double and bool((~finite | (values.astype("f4") == values)).all()),
            )
        all_finite = [float(value) for value in numbers[finite].tolist()]
        codes = Counter(value for value in all_finite if value in FILL_VALUES)
        ordinary = sorted(abs(value) for value in all_finite if value and value not in codes)[-100:]
        beyond = ordinary[0] if len(ordinary) == 100 else 0
        found["largest"] = (ordinary, {value: count for value, count in codes.items() if abs(value) > beyond})
        is_negative = any(value < 0 and value not in codes for value in all_finite)
        found["negative"] = {} if is_negative else {value: count for value, count in codes.items() if value < 0}
    return found


def entries_of(dims: tuple[str, ...], values: Any, dim: str) -> list[Any]:
    """For each entry of a dimension, the places of its values, along one axis after the other."""
    places = np.arange(values.size).reshape(values.shape)
    axes = [axis for axis, name in enumerate(dims) if name == dim]
    return [
        np.concatenate([places.take(position, axis).ravel() for axis in axes])
        for position in range(values.shape[axes[0]])
    ]


@given(arrays(), st.data())
def test_facts_are_those_of_the_whole_array_however_it_is_cut(array: tuple[Any, Any], data: st.DataObject) -> None:
    dims, values = array
    statistics = Statistics(dims, values.shape, values.dtype)
    for region in data.draw(cuts(values.shape)):
        statistics.add(region, values[(*region, ...)])
    assert facts(statistics) == expected_facts(dims, values)


@given(arrays(), st.data())
def test_facts_of_parts_that_others_look_at_make_up_those_of_the_whole(
    array: tuple[Any, Any], data: st.DataObject
) -> None:
    dims, values = array
    statistics = Statistics(dims, values.shape, values.dtype)
    regions = data.draw(cuts(values.shape))
    under_way = data.draw(st.integers(1, len(regions)))
    for start in range(0, len(regions), under_way):
        some = regions[start : start + under_way]
        for region, look in [(region, statistics.look(region)) for region in some]:
            statistics.take(look(values[(*region, ...)]))
    assert facts(statistics) == expected_facts(dims, values)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1, max_size=300), st.data())
def test_the_largest_magnitudes_do_not_depend_on_the_order(values: list[float], data: st.DataObject) -> None:
    array = np.array([*values, -999, 1e20, *values[:50] * 4])
    shuffled = np.array(data.draw(st.permutations(array.tolist())))
    found = []
    for cut, step in ((array, len(array)), (shuffled, data.draw(st.integers(1, 70)))):
        statistics = Statistics(("event",), array.shape, array.dtype)
        for start in range(0, len(cut), step):
            statistics.add((slice(start, start + step),), cut[start : start + step])
        found.append(facts(statistics))
    assert found[0] == found[1]
    assert found[0]["largest"][0] == sorted(np.abs(array[~np.isin(array, [0, *magnitudes._KNOWN])]))[-100:]


@pytest.mark.parametrize("order", [1, -1])
def test_fill_values_among_larger_ones_are_not_counted_whenever_they_come(order: int) -> None:
    statistics = Statistics(("event",), (203,), np.dtype("f8"))
    for block in [np.arange(1000.0, 1200.0), np.full(3, -999.0)][::order]:
        statistics.add((slice(None),), block)
    assert facts(statistics)["largest"] == ([*np.arange(1100.0, 1200.0)], {})


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("others", "codes"), [(range(5000), {-999.0: 3}), (range(-1, 5000), {})])
def test_codes_are_counted_where_nothing_else_is_negative(
    order: int, others: range, codes: dict[float, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics_module, "_PIECE_BYTES", 4000)
    values = np.concatenate([others, [-999] * 3])[::order].astype("f4")
    found = facts(Statistics.of(xr.DataArray(values, dims="event")))
    assert found["negative"] == codes
    assert found["largest"][0] == [*range(4900, 5000)]


def test_more_of_the_largest_are_kept_of_more_numbers() -> None:
    values = np.random.default_rng(0).permutation(20_000.0 + np.arange(30_000))
    found = facts(Statistics.of(xr.DataArray(values, dims="event")))
    assert found["largest"][0] == [*np.sort(values)[-103:]]


@pytest.mark.parametrize("dtype", ["f8", "f4", "i2", "u1", "i8"])
@pytest.mark.parametrize("shape", [(7, 5, 3), (1, 9, 40), (300, 2, 1), (2, 300, 2)])
def test_an_array_in_memory(shape: tuple[int, ...], dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics_module, "_PIECE_BYTES", 200)
    values = (np.random.default_rng(0).random(shape) * 100).astype(dtype)
    dims = ("presentation", "neuroid", "time_bin")
    found = facts(Statistics.of(xr.DataArray(values, dims=dims)))
    whole = Statistics(dims, values.shape, values.dtype)
    whole.add(tuple(slice(0, length) for length in values.shape), values)
    assert found == facts(whole)
    np.testing.assert_array_equal(found["extremes"][0], values.min(axis=(0, 2)))
    np.testing.assert_array_equal(found["extremes"][1], values.max(axis=(0, 2)))


CHUNKS = [
    ((3, 1, 2, 4), (5, 2)),
    ((10,), (1, 1, 5)),
    ((1,) * 10, (7,)),
    ((10,), (7,)),
]


def counting(values: Any, chunks: tuple[tuple[int, ...], ...], computed: Counter[Any]) -> Any:
    """A lazy array that counts how often each of its chunks is computed."""

    def chunk(block_info: Any) -> Any:
        place = block_info[None]
        computed[tuple(place["chunk-location"])] += 1
        return values[tuple(slice(*bounds) for bounds in place["array-location"])]

    return dask.array.map_blocks(chunk, chunks=chunks, dtype=values.dtype, meta=values[:0, :0])


@pytest.mark.parametrize("window", [1, 200, 10_000])
@pytest.mark.parametrize("chunks", CHUNKS, ids=str)
def test_each_chunk_of_a_lazy_array_is_computed_once(
    chunks: tuple[tuple[int, ...], ...], window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics_module, "_WINDOW_BYTES", window)
    monkeypatch.setattr(statistics_module, "_PIECE_BYTES", 100)
    values = np.random.default_rng(0).random((10, 7)).round(1)
    values[3, 4] = np.nan
    computed: Counter[Any] = Counter()
    lazy = xr.DataArray(counting(values, chunks, computed), dims=("presentation", "neuroid"))
    found = facts(Statistics.of(lazy))
    assert found == facts(Statistics.of(lazy.copy(data=values)))
    assert computed == Counter(np.ndindex(*map(len, chunks)))


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (((2, 1, 1, 1, 5), (7,)), [(3, 7), (2, 7), (5, 7)]),
        (((5, 5), (2, 1, 2, 2)), [(5, 3), (5, 4), (5, 3), (5, 4)]),
    ],
)
def test_windows_of_a_lazy_array_are_bounded(
    chunks: tuple[tuple[int, ...], ...], expected: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics_module, "_WINDOW_BYTES", 3 * 7 * 8)
    windows: list[tuple[int, ...]] = []
    values = np.zeros((10, 7))

    class Watched:
        shape, dtype = values.shape, values.dtype

        def __getitem__(self, window: Any) -> Any:
            windows.append(values[window].shape)
            return values[window]

    watched = Watched()
    watched.chunks = chunks  # type: ignore[attr-defined]  # as a lazy array has them
    assert sum(block.size for _, block in statistics_module.pieces(watched)) == values.size
    assert windows == expected


@pytest.mark.parametrize("shape", [(), (0, 3), (2, 0)])
def test_lazy_arrays_without_dimensions_or_values(shape: tuple[int, ...]) -> None:
    dims = ("presentation", "neuroid")[: len(shape)]
    array = xr.DataArray(np.full(shape, -999.5), dims=dims)
    lazy = array.copy(data=dask.array.from_array(array.values))
    assert facts(Statistics.of(lazy)) == facts(Statistics.of(array))


def test_a_neuroid_on_two_axes_has_the_values_of_both() -> None:
    with repeated_dimensions():
        distances = xr.DataArray([[np.nan, 2.0], [np.nan, 4.0]], dims=("neuroid", "neuroid"))
        statistics = Statistics.of(distances)
    assert statistics.neuroids is not None
    assert statistics.neuroids.values_each == 4
    assert statistics.neuroids.missing.tolist() == [3, 1]
    assert facts(statistics)["extremes"] == ([2.0, 2.0], [2.0, 4.0], (2.0, 4.0))


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        (np.array(["a", None, np.nan], dtype=object), 2),
        (np.array(["2020", "NaT"], dtype="M8[ns]"), 1),
        (np.array([1, "NaT"], dtype="m8[ns]"), 1),
        (np.array(["a", "b"]), 0),
        (np.array([b"a"]), 0),
        (np.array([1j, np.nan]), 0),
        (np.array([1, np.nan], dtype=np.float16), 0),
        (np.array([{}, None], dtype=object), 1),
        (np.array([1, "a", None], dtype=object), 1),
    ],
    ids=str,
)
def test_of_what_is_not_a_number_only_missing_values_are_counted(values: Any, missing: int) -> None:
    statistics = Statistics.of(xr.DataArray(values, dims="event"))
    assert (statistics.missing, statistics.numbers) == (missing, None)
    assert statistics.size == len(values)


def test_a_list_that_is_the_only_value() -> None:
    value = np.empty((), dtype=object)
    value[()] = ["a", "b"]
    statistics = Statistics.of(xr.DataArray(xr.Variable((), value)))
    assert (statistics.size, statistics.missing) == (1, 0)


def test_objects_are_taken_for_what_they_share() -> None:
    statistics = Statistics.of(xr.DataArray(np.array([1, None, 2.5], dtype=object), dims="event"))
    assert statistics.dtype == np.float64
    assert (statistics.missing, facts(statistics)["extremes"][2]) == (1, (1.0, 2.5))


@pytest.mark.parametrize("values", [pd.Categorical(["a", None]), pd.array([1, None], dtype="Int64")], ids=str)
def test_types_of_pandas(values: Any) -> None:
    assert Statistics.of(xr.DataArray(pd.Series(values), dims="event")).missing == 1


def test_integers_keep_all_digits() -> None:
    statistics = Statistics.of(xr.DataArray(np.array([[2**60], [2**60 + 1]]), dims=("presentation", "neuroid")))
    assert facts(statistics)["extremes"] == ([2**60], [2**60 + 1], (2**60, 2**60 + 1))


def test_arrays_in_memory_do_not_need_dask() -> None:
    code = """
        import sys
        sys.modules["dask"] = None
        import numpy as np, xarray as xr
        from brainpack.validation.statistics import Statistics
        Statistics.of(xr.DataArray(np.zeros((2, 3)), dims=("presentation", "neuroid")))
    """
    subprocess.run([sys.executable, "-c", dedent(code)], check=True)
