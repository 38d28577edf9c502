from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainpack.objects.assemblies import DataAssembly, NeuroidAssembly
from brainpack.objects.grouping import GroupbyError

if TYPE_CHECKING:
    import xarray as xr

KEYS = st.tuples(st.sampled_from("abc"), st.integers(0, 2))


@pytest.fixture
def assembly() -> NeuroidAssembly:
    return NeuroidAssembly(
        np.arange(12.0).reshape(4, 3),
        coords={
            "object": ("presentation", ["dog", "dog", "car", "car"]),
            "size": ("presentation", np.array([1, 1, 1, 2], "i2")),
            "repetition": ("presentation", [0, 1, 2, 3]),
            "neuroid_id": ("neuroid", ["x", "y", "z"]),
            "session": 7,
        },
        dims=["presentation", "neuroid"],
        attrs={"lab": "lab"},
    )


@given(keys=st.lists(KEYS, min_size=1, max_size=12), data=st.data())
def test_multi_groupby_mean_is_that_of_pandas(keys: list[tuple[str, int]], data: st.DataObject) -> None:
    values = np.array(data.draw(st.lists(st.integers(-99, 99), min_size=len(keys), max_size=len(keys))), float)
    up, down = zip(*keys, strict=True)
    assembly = DataAssembly(np.stack([values, -values]), {"up": ("p", list(up)), "down": ("p", list(down))}, ["n", "p"])
    mean = assembly.multi_groupby(["up", "down"]).mean()
    expected = pd.DataFrame({"up": up, "down": down, "v": values}).groupby(["up", "down"])["v"].mean()
    assert mean.dims == ("n", "p")
    assert list(mean.indexes["p"]) == list(expected.index)
    np.testing.assert_allclose(mean.values, [expected, -expected])


def test_reductions_keep_class_types_and_other_coordinates(assembly: NeuroidAssembly) -> None:
    mean = assembly.multi_groupby(["object", "size"]).mean()
    assert type(mean) is NeuroidAssembly
    assert mean.dims == assembly.dims
    assert mean["size"].dtype == np.int16
    assert list(mean.indexes["presentation"].names) == ["object", "size"]
    assert list(mean.indexes["presentation"]) == [("car", 1), ("car", 2), ("dog", 1)]
    assert mean["neuroid_id"].values.tolist() == ["x", "y", "z"]
    assert mean["session"].item() == 7
    assert mean.sel(object="dog", size=1).values.tolist() == [1.5, 2.5, 3.5]


def test_reductions_beyond_the_group(assembly: NeuroidAssembly) -> None:
    groups = assembly.multi_groupby(["object", "size"])
    assert groups.mean(...).dims == ("presentation",)
    assert groups.mean(...).values.tolist() == [7.0, 10.0, 2.5]
    assert groups.quantile(0.5, dim="presentation").sel(object="car", size=2).values.tolist() == [9, 10, 11]
    assert groups.reduce(np.max, dim="presentation").equals(groups.max())


def test_a_map_that_keeps_the_shape_keeps_all_coordinates(assembly: NeuroidAssembly) -> None:
    centred = assembly.multi_groupby(["object", "size"]).map(lambda group: group - group.mean("presentation"))
    assert type(centred) is NeuroidAssembly
    assert centred.dims == assembly.dims
    assert centred.indexes["presentation"].equals(assembly.indexes["presentation"])
    assert centred.values[:, 0].tolist() == [-1.5, 1.5, 0, 0]
    assert "multi_group" not in centred.coords


def test_apply_passes_arguments_and_groups(assembly: NeuroidAssembly) -> None:
    seen: list[list[str]] = []

    def largest(group: xr.DataArray, factor: int, *, offset: int) -> Any:
        seen.append(sorted(map(str, group.coords)))
        return group.max() * factor + offset

    result = assembly.multi_groupby(["object", "size"]).apply(largest, args=(2,), offset=1)
    assert result.values.tolist() == [17, 23, 11]
    assert list(result.indexes["presentation"].names) == ["object", "size"]
    assert seen[0] == sorted(map(str, assembly.coords))


def test_groups_and_iteration(assembly: NeuroidAssembly) -> None:
    groups = assembly.multi_groupby(["object", "size"])
    assert len(groups) == 3
    assert {key: positions.tolist() for key, positions in groups.groups.items()} == {
        ("car", 1): [2],
        ("car", 2): [3],
        ("dog", 1): [0, 1],
    }
    assert [(key, group["repetition"].values.tolist()) for key, group in groups][2] == (("dog", 1), [0, 1])


def test_entries_without_a_group_are_left_out() -> None:
    assembly = DataAssembly([1, 2, 3], {"a": ("p", np.array(["x", np.nan, "x"], object)), "b": ("p", [1, 1, 1])}, ["p"])
    assert assembly.multi_groupby(["a", "b"]).sum().values.tolist() == [4]


def test_groups_of_two_dimensions_are_refused(assembly: NeuroidAssembly) -> None:
    with pytest.raises(GroupbyError, match="'object' of 'presentation', 'neuroid_id' of 'neuroid'"):
        assembly.multi_groupby(["object", "neuroid_id"])
    with pytest.raises(KeyError, match=r"'colour'.*object"):
        assembly.multi_groupby(["object", "colour"])
    with pytest.raises(GroupbyError, match="'session' has the dimensions"):
        assembly.multi_groupby(["object", "session"])


def test_multi_dim_apply_computes_whole_blocks() -> None:
    coords = {"a": ("r", ["x", "x", "y"]), "b": ("c", [1, 2, 1])}
    assembly = DataAssembly(np.arange(9).reshape(3, 3), coords, ["r", "c"], attrs={"k": 1})
    shapes = []

    def centre(cells: Any, **coords: Any) -> Any:
        shapes.append((np.shape(cells), np.shape(coords["a"]), np.shape(coords["b"])))
        return cells - np.mean(cells)

    result = assembly.multi_dim_apply(["a", "b"], centre)
    assert shapes == [((2, 2), (2,), (2,)), ((2,), (2,), ()), ((2,), (), (2,)), ((), (), ())]
    np.testing.assert_allclose(result.values, np.array([[-2.5, -1.5, -0.5], [0.5, 1.5, 2.5], [-1, 0, 1]]))
    assert result["b"].dtype == assembly["b"].dtype
    assert result.attrs == {"k": 1}


def test_multi_dim_apply_leaves_entries_without_a_group_missing() -> None:
    assembly = DataAssembly([[1.0], [2.0]], {"a": ("r", np.array(["x", np.nan], object)), "b": ("c", [1])}, ["r", "c"])
    result = assembly.multi_dim_apply(["a", "b"], lambda cells, **_: cells)
    np.testing.assert_array_equal(result.values, [[1.0], [np.nan]])


def test_multi_dim_apply_needs_a_group_per_dimension(assembly: NeuroidAssembly) -> None:
    with pytest.raises(GroupbyError, match="one group for each"):
        assembly.multi_dim_apply(["object"], lambda cells, **_: cells)
    with pytest.raises(GroupbyError, match="one group for each"):
        assembly.multi_dim_apply(["object", "size", "neuroid_id"], lambda cells, **_: cells)


@pytest.mark.parametrize(
    ("indexers", "repetitions"),
    [
        ({"object": "car"}, [2, 3]),
        ({"object": "car", "size": 1}, [2]),
        ({"object": ["dog", "car"]}, [0, 1, 2, 3]),
        ({"repetition": [3, 0]}, [3, 0]),
        ({"repetition": slice(1, 2)}, [1, 2]),
        ({"repetition": slice(2, None)}, [2, 3]),
        ({"repetition": slice(None, 0)}, [0]),
        ({"presentation": ("car", 2, 3)}, [3]),
        ({"repetition": 2.4, "method": "nearest"}, [2]),
        ({"repetition": 2.9, "method": "ffill"}, [2]),
        ({"size": 1.1, "method": "nearest", "tolerance": 0.2}, [0, 1, 2]),
    ],
    ids=str,
)
def test_multisel_keeps_dimensions_and_levels(
    assembly: NeuroidAssembly, indexers: dict[str, Any], repetitions: list[int]
) -> None:
    selected = assembly.multisel(**indexers)
    assert type(selected) is NeuroidAssembly
    assert selected.dims == assembly.dims
    assert list(selected.indexes["presentation"].names) == ["object", "size", "repetition"]
    assert selected["repetition"].values.tolist() == repetitions
    assert selected.values[:, 0].tolist() == [3.0 * r for r in repetitions]
    assert selected["session"].item() == 7


@pytest.mark.parametrize(
    "indexers",
    [
        {"object": "cat"},
        {"object": ["dog", "cat"]},
        {"repetition": slice(10, 20)},
        {"object": "dog", "size": 2},
        {"size": 1.5, "method": "nearest", "tolerance": 0.1},
        {"colour": "red"},
    ],
    ids=str,
)
def test_multisel_of_what_is_not_there(assembly: NeuroidAssembly, indexers: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        assembly.multisel(**indexers)


def test_multisel_of_a_plain_dimension() -> None:
    assembly = DataAssembly([1, 2, 3], {"p": ["x", "y", "z"]}, ["p"])
    assert assembly.multisel(p=["z", "x"]).values.tolist() == [3, 1]
    assert assembly.multisel(p="y").dims == ("p",)
