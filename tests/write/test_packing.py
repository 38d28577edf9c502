from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dask.array
import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from brainpack import SettingsError, StoreError, packaging
from brainpack.validation.statistics import Statistics
from brainpack.write import chunks
from brainpack.write.chunks import band_lengths, bands
from brainpack.write.netcdf import ROOT, write_arrays

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hypothesis.strategies import DrawFn

DIMS = ("presentation", "neuroid", "time_bin")
SHAPE = (1000, 60, 20)
VALUES = np.random.default_rng(0).poisson(3, SHAPE) / 7


def written(values: Any, path: Path, **options: Any) -> tuple[bytes, Any]:
    path.unlink(missing_ok=True)
    array = xr.DataArray(values, dims=DIMS[: values.ndim])
    statistics = Statistics.expecting(array)
    _, contents = write_arrays({ROOT: array}, path, observer=statistics, **options)
    numbers = statistics.numbers
    assert numbers is not None
    found = (numbers.lowest.tolist(), numbers.highest.tolist(), numbers.are_whole, numbers.largest.magnitudes.tolist())
    return path.read_bytes(), (contents, found)


@contextmanager
def cluster() -> Iterator[Any]:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as processes,
        Client(processes) as client,
    ):
        yield client


@pytest.mark.parametrize("compress", [True, "fast", False])
@pytest.mark.parametrize(
    "cut", [(1000, 60, 20), (7, 60, 20), (100, 60, 20), (333, 17, 20), (1, 60, 20), (400, 1, 3)], ids=str
)
def test_lazy_values_give_the_bytes_of_values_in_memory(cut: Any, compress: Any, tmp_path: Path) -> None:
    expected = written(VALUES, tmp_path / "a.nc", compress=compress)
    lazy = dask.array.from_array(VALUES, chunks=cut)
    assert written(lazy, tmp_path / "b.nc", compress=compress) == expected


@pytest.mark.parametrize("workers", [1, 3])
def test_any_number_of_threads_gives_the_same_bytes(workers: int, tmp_path: Path) -> None:
    with ThreadPoolExecutor(workers) as executor:
        assert written(VALUES, tmp_path / "a.nc", executor=executor) == written(VALUES, tmp_path / "b.nc")


@pytest.mark.slow
def test_processes_give_the_same_bytes(tmp_path: Path) -> None:
    lazy = dask.array.from_array(VALUES, chunks=(300, 60, 7))
    with ProcessPoolExecutor(2) as executor:
        assert written(lazy, tmp_path / "a.nc", executor=executor) == written(VALUES, tmp_path / "b.nc")


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes_though_it_loses_a_worker(tmp_path: Path) -> None:
    lost = tmp_path / "lost"

    def dying(block: Any, block_info: Any = None) -> Any:
        if block_info[None]["chunk-location"] == (5, 0, 0) and not lost.exists():
            lost.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return block

    lazy = dask.array.random.default_rng(0).poisson(3, SHAPE, chunks=(100, 60, 7)) / 7
    with cluster():  # the current one is found
        found = written(lazy.map_blocks(dying, dtype=VALUES.dtype), tmp_path / "a.nc")
    assert lost.exists()
    assert found == written(lazy.compute(), tmp_path / "b.nc")


@pytest.mark.slow
def test_a_lost_process_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    lazy = dask.array.from_array(VALUES, chunks=(100, 60, 20)).map_blocks(killed, dtype=VALUES.dtype, meta=VALUES[:0])
    with ProcessPoolExecutor(1) as executor, pytest.raises(StoreError, match="the workers are gone"):
        packaging.write_netcdf(xr.DataArray(lazy, dims=DIMS), tmp_path / "a.nc", executor=executor)
    assert not [*tmp_path.iterdir()]


def killed(_: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("cut", [(100, 60, 20), (70, 11, 20), (10, 6, 20)], ids=str)
def test_each_chunk_of_a_lazy_array_is_computed_once(cut: Any, tmp_path: Path) -> None:
    computed: list[Any] = []
    lock = threading.Lock()

    def made(block_info: Any = None) -> Any:
        where = block_info[None]["array-location"]
        with lock:
            computed.append(tuple(where))
        return VALUES[tuple(slice(*ends) for ends in where)]

    pieces = tuple(
        tuple(min(step, length - start) for start in range(0, length, step))
        for length, step in zip(SHAPE, cut, strict=True)
    )
    lazy = dask.array.map_blocks(made, chunks=pieces, dtype=VALUES.dtype, meta=VALUES[:0])
    assert written(lazy, tmp_path / "a.nc") == written(VALUES, tmp_path / "b.nc")
    assert len(computed) == len(set(computed)) == np.prod([len(axis) for axis in pieces])


def test_what_is_computed_again_and_again_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "TOGETHER", 1 << 20)
    lazy = dask.array.from_array(VALUES, chunks=(100, 60, 20))
    with pytest.warns(UserWarning, match=r"array\.mean\(\)\.compute\(\)"):
        write_arrays({ROOT: xr.DataArray(lazy - lazy.mean(), dims=DIMS)}, tmp_path / "a.nc")


@st.composite
def lengths(draw: DrawFn) -> tuple[tuple[int, ...], ...]:
    axis = st.lists(st.integers(1, 9), min_size=1, max_size=5).map(tuple)
    return tuple(draw(st.lists(axis, min_size=1, max_size=3)))


@given(lengths(), st.sampled_from([1, 1 << 10, 1 << 20, 1 << 22]))
def test_bands_follow_each_other_and_consist_of_whole_chunks(cut: Any, itemsize: int) -> None:
    found = band_lengths(cut, itemsize)
    assert [sum(axis) for axis in found] == [sum(axis) for axis in cut]
    for before, after in zip(cut, found, strict=True):
        assert set(np.cumsum(after).tolist()) <= set(np.cumsum(before).tolist())
    is_cut = [len(axis) > 1 for axis in found]
    last = max((axis for axis, cut in enumerate(is_cut) if cut), default=0)
    assert all(max(axis) == 1 for axis in found[:last])


def test_a_band_needs_only_its_own_part_of_the_computation() -> None:
    lazy = dask.array.ones((1000, 1 << 15), chunks=(100, 1 << 14)) + 1
    for region, block in bands(lazy):
        assert block.compute().shape == tuple(axis.stop - axis.start for axis in region)
        assert len(block.graph) < 10


def ids(count: int) -> Any:
    """Texts that differ in their digits."""
    return np.char.add("unit_", (np.arange(count) * 7919 % 99_991).astype(str))


def words(count: int) -> Any:
    """Texts that come back as a whole."""
    return np.array(["elephant", "sunflower", "aeroplane", "guitar", "face"])[np.arange(count) * 7919 % 99_991 % 5]


@pytest.mark.parametrize(
    ("texts", "chunk"), [(ids(70_000), (70_000, 1)), (words(70_000), (70_000, 9)), (ids(60_000), (60_000, 10))], ids=str
)
def test_letters_of_the_same_place_are_together_where_that_is_smaller(texts: Any, chunk: Any, tmp_path: Path) -> None:
    array = xr.DataArray(np.zeros(len(texts)), {"unit": ("event", texts)}, ("event",))
    write_arrays({ROOT: array}, tmp_path / "a.nc")
    with h5py.File(tmp_path / "a.nc") as file:
        assert file["unit"].chunks == chunk
        stored = file["unit"][()]
    assert np.ascontiguousarray(stored).view(f"S{stored.shape[1]}").ravel().astype(str).tolist() == texts.tolist()


def test_an_executor_is_an_executor(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="executor is a int"):
        packaging.write_netcdf(xr.DataArray([1.0], dims="event"), tmp_path / "a.nc", executor=4)
    assert not [*tmp_path.iterdir()]
