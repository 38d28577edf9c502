"""Assemblies whose values stay in their file until they are computed."""

from __future__ import annotations

import gc
import math
import pickle
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import dask
import dask.array
import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from brainpack import (
    InvalidData,
    MetadataAssembly,
    NeuroidAssembly,
    SettingsError,
    StimulusSet,
    StoreError,
    load_assembly_from_file,
)
from brainpack.objects.indexes import plain_coords
from brainpack.packaging import package_data_assembly_locally, write_netcdf
from brainpack.read.chunks import aligned
from brainpack.read.netcdf import read_assembly
from tests.helpers import recording

if TYPE_CHECKING:
    from collections.abc import Callable

    from brainpack import DataAssembly
    from brainpack.read.chunks import Chunks

SHAPE = (60, 7, 10)


def responses() -> xr.DataArray:
    coords = {
        "stimulus_id": ("presentation", [f"s{n % 5}" for n in range(SHAPE[0])]),
        "repetition": ("presentation", np.arange(SHAPE[0]) // 5),
        "neuroid_id": ("neuroid", [f"n{n}" for n in range(SHAPE[1])]),
        "region": ("neuroid", np.resize(["V4", "IT"], SHAPE[1])),
    }
    values = np.arange(math.prod(SHAPE), dtype=np.float32).reshape(SHAPE)
    dims = ("presentation", "neuroid", "time_bin")
    return xr.DataArray(values, coords, dims, "data", {"identifier": "lab.X"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file whose chunks have the shape (4, 7, 3)."""
    path = tmp_path / "assy.nc"
    responses().to_netcdf(path, engine="h5netcdf", encoding={"data": {"chunksizes": (4, 7, 3)}})
    return path


def lazy(path: Path, chunks: Chunks = "auto", stimulus_set: pd.DataFrame | None = None) -> NeuroidAssembly:
    return read_assembly(path, NeuroidAssembly, chunks=chunks, stimulus_set=stimulus_set)


def assert_same(found: DataAssembly, expected: DataAssembly) -> None:
    assert type(found) is type(expected)
    assert found.dims == expected.dims
    assert found.dtype == expected.dtype
    pd.testing.assert_index_equal(pd.Index(found.values.ravel()), pd.Index(expected.values.ravel()))
    assert found.shape == expected.shape
    ours, theirs = plain_coords(found), plain_coords(expected)
    assert [*ours] == [*theirs]
    for name, (dims, values) in ours.items():
        assert dims == theirs[name][0]
        assert values.dtype == theirs[name][1].dtype
        pd.testing.assert_index_equal(pd.Index(values.ravel()), pd.Index(theirs[name][1].ravel()))
    assert {*found.attrs} == {*expected.attrs}


def is_open(path: Path) -> bool:
    """Whether this process holds the file: HDF5 does not open it for writing then."""
    gc.collect()
    try:
        h5py.File(path, "r+").close()
    except OSError:
        return True
    return False


CHUNKS: dict[str, tuple[Chunks, tuple[int, ...]]] = {
    "as in the file": ({}, (4, 7, 3)),
    "auto": ("auto", SHAPE),
    "whole": (-1, SHAPE),
    "rounded up": ({"presentation": 9, "time_bin": 4}, (12, 7, 6)),
    "more than there are": ({"presentation": 61}, (60, 7, 3)),
    "along each dimension": (5, (8, 7, 6)),
    "mixed": ({"presentation": "auto", "neuroid": None, "time_bin": -1}, SHAPE),
    "of other dimensions": ({"event": 10}, (4, 7, 3)),
}


@pytest.mark.parametrize(("chunks", "block"), CHUNKS.values(), ids=CHUNKS)
def test_blocks_are_whole_chunks_of_the_file(path: Path, chunks: Chunks, block: tuple[int, ...]) -> None:
    assembly = lazy(path, chunks)
    assert isinstance(assembly.data, dask.array.Array)
    assert assembly.data.chunksize == block
    assert_same(assembly, load_assembly_from_file(path))


def test_automatic_blocks_have_the_size_that_dask_is_set_to(path: Path) -> None:
    with dask.config.set({"array.chunk-size": f"{8 * 7 * 10 * 4} B"}):
        assert lazy(path).data.chunksize == (8, 7, 10)
        assert lazy(path, {"presentation": "auto"}).data.chunksize == (24, 7, 3)


def test_values_that_are_not_chunked_are_cut_where_dask_would(tmp_path: Path) -> None:
    path = tmp_path / "assy.nc"
    write_netcdf(responses(), path, compress=False)
    with dask.config.set({"array.chunk-size": f"{5 * 7 * 10 * 4} B"}):
        assert lazy(path, {}).data.chunksize == (5, 7, 10)
    assert lazy(path, 3).data.chunksize == (3, 3, 3)
    assert_same(lazy(path, 3), load_assembly_from_file(path))


LENGTHS = st.one_of(st.none(), st.just("auto"), st.just(-1), st.integers(1, 60))
AXES = st.lists(st.tuples(LENGTHS, st.integers(0, 50), st.integers(1, 50)), max_size=4)


@given(axes=AXES, limit=st.integers(1, 10**5))
def test_no_block_cuts_a_chunk(axes: list[tuple[Any, int, int]], limit: int) -> None:
    lengths, shape, stored = (tuple(axis[i] for axis in axes) for i in range(3))
    block = aligned(lengths, shape, stored, limit)
    for length, size, unit, step in zip(lengths, shape, stored, block, strict=True):
        assert step == size or (step % unit == 0 and 0 < step < size)
        if length == -1 or (isinstance(length, int) and length >= size):
            assert step == size
        elif isinstance(length, int):
            assert length <= step < length + unit
    if "auto" in lengths and math.prod(block) > limit:  # then not even a chunk more would have fitted
        shortest = aligned(tuple(None if length == "auto" else length for length in lengths), shape, stored, limit)
        assert block == shortest


@pytest.mark.parametrize("chunks", [0, -2, 1.5, True, "100MB", {"presentation": (30, 30)}, (1, 2, 3)])
def test_chunks_that_make_no_sense(path: Path, chunks: Any) -> None:
    with pytest.raises(SettingsError, match=r"chunks has .* for 'presentation'; expected a number of entries"):
        lazy(path, chunks)
    assert not is_open(path)


def test_without_dask_the_way_to_get_it_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask.array", None)
    with pytest.raises(SettingsError, match=r'pip install "brainpack\[lazy\]"'):
        lazy(path)
    assert load_assembly_from_file(path).shape == SHAPE


ARRAYS: dict[str, xr.DataArray] = {
    "bool": xr.DataArray([True, False, True], dims="event"),
    "dates": xr.DataArray(np.array(["2020-02-29T12:00:00.123456789", "NaT"], dtype="datetime64[ns]"), dims="event"),
    "durations": xr.DataArray(np.array([1, 2**53 + 1, "NaT"], dtype="timedelta64[ns]"), dims="event"),
    "text": xr.DataArray(np.array(["001", "日本", "", None], dtype=object), dims="event"),
    "a scalar": xr.DataArray(1.5, {"session": 3}),
    "all types of coordinates": recording(),
}


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
@pytest.mark.parametrize("chunks", [{}, "auto"], ids=str)
def test_types_are_the_same_as_in_memory(tmp_path: Path, array: xr.DataArray, chunks: Chunks) -> None:
    write_netcdf(array, tmp_path / "assy.nc")
    found = read_assembly(tmp_path / "assy.nc", None, chunks=chunks)
    assert isinstance(found.data, dask.array.Array)
    assert_same(found, load_assembly_from_file(tmp_path / "assy.nc"))


def test_an_array_without_entries(tmp_path: Path) -> None:
    array = xr.DataArray(np.empty((0, 3), np.int16), dims=("event", "choice"), name="data")
    array.to_netcdf(tmp_path / "assy.nc", engine="h5netcdf")
    assert_same(lazy(tmp_path / "assy.nc"), NeuroidAssembly(array))


def test_packed_and_missing_values(tmp_path: Path) -> None:
    path = tmp_path / "assy.nc"
    how = {"dtype": "int16", "scale_factor": 0.5, "add_offset": 1.0, "_FillValue": -9, "chunksizes": (2,)}
    array = xr.DataArray([1, np.nan, 2.5], dims="event", name="data")
    array.to_netcdf(path, engine="h5netcdf", encoding={"data": how})
    found = read_assembly(path, None, chunks={})
    assert found.data.chunks == ((2, 1),)
    np.testing.assert_array_equal(found.values, array.values)


def test_repeated_dimensions(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate dimension"):
        array = xr.DataArray(np.eye(4), {"stimulus_id": ("presentation", [*"abcd"])}, ("presentation",) * 2)
    write_netcdf(array, tmp_path / "assy.nc")
    found = read_assembly(tmp_path / "assy.nc", None, chunks=2)
    assert found.data.chunksize == (4, 4)  # one chunk in the file
    np.testing.assert_array_equal(found.values, np.eye(4))


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    """Chunks that were never written take no room in the file."""
    path = tmp_path / "assy.nc"
    with h5py.File(path, "w") as file:
        for name in ("event", "data"):
            file.create_dataset(name, (1 << 50,), "f8", chunks=(1 << 20,))
        file["event"].make_scale("This is a netCDF dimension but not a netCDF variable.")
        file["data"].dims[0].attach_scale(file["event"])
    found = read_assembly(path, None, chunks=1 << 45)
    assert found[-3:].values.tolist() == [0, 0, 0]


def test_the_file_is_closed_when_the_assembly_is(path: Path) -> None:
    with lazy(path) as assembly:
        part = assembly[:2]
        assert is_open(path)
        np.testing.assert_array_equal(part.values, responses()[:2].values)
    assert not is_open(path)
    with pytest.raises(StoreError, match=r"assy\.nc was closed; load the assembly again"):
        part.compute()


def test_the_file_is_closed_when_nobody_needs_it(path: Path) -> None:
    part = lazy(path)[:2]
    assert is_open(path)
    values = part.load()
    del part
    assert not is_open(path)
    assert values.shape == (2, *SHAPE[1:])


def test_a_file_that_is_refused_is_closed(path: Path) -> None:
    with pytest.raises(InvalidData, match="no row for stimulus_id") as caught:
        lazy(path, stimulus_set=StimulusSet({"stimulus_id": ["s0"]}))
    assert not is_open(path)
    assert caught.tb is not None  # whose frames would keep the file


def test_many_threads_read_at_once(path: Path) -> None:
    assembly = lazy(path, {})
    values = assembly.data.compute(scheduler="threads", num_workers=8)
    np.testing.assert_array_equal(values, responses().values)


def test_other_processes_open_the_file_themselves(path: Path) -> None:
    assembly = lazy(path, {"presentation": 20})
    code = """
        import pickle, sys
        if __name__ == "__main__":
            assembly = pickle.load(sys.stdin.buffer)
            print(float(assembly.sel(region="IT").sum()), type(assembly).__name__)
            assembly.close()
    """
    command = [sys.executable, "-c", dedent(code)]
    done = subprocess.run(command, input=pickle.dumps(assembly), capture_output=True, check=True)
    expected = responses().values[:, 1::2].sum()
    assert done.stdout.decode().split() == [str(float(expected)), "NeuroidAssembly"]


def test_a_file_that_was_replaced_is_not_mixed_with_the_old_one(path: Path) -> None:
    assembly = lazy(path, {})
    sent = pickle.dumps(assembly)
    (responses() * 2).to_netcdf(path.with_name("new.nc"), engine="h5netcdf")
    path.with_name("new.nc").replace(path)
    np.testing.assert_array_equal(assembly.values, responses().values)
    with pytest.raises(StoreError, match="was replaced after it had been opened"):
        pickle.loads(sent).compute()  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(lazy(path).values, responses().values * 2)


def test_loading_and_packaging_again_into_the_same_folder(tmp_path: Path) -> None:
    def package(assembly: xr.DataArray) -> Path:
        return Path(package_data_assembly_locally(assembly, "lab.X2026", "lab.S2026", downloads_path=tmp_path)["path"])

    path = package(responses())
    before = path.read_bytes()
    assembly = lazy(path, {})
    package(assembly)
    assert path.read_bytes() == before
    package(assembly * 2)
    np.testing.assert_array_equal(assembly.values, responses().values)
    np.testing.assert_array_equal(load_assembly_from_file(path).values, responses().values * 2)


def test_writing_needs_little_memory(tmp_path: Path) -> None:
    source, target = tmp_path / "source.nc", tmp_path / "target.nc"
    array = xr.DataArray(np.broadcast_to(np.int8(7), (256, 1 << 20)), dims=("presentation", "neuroid"))
    write_netcdf(array, source)
    assembly = lazy(source, {})
    tracemalloc.start()
    try:
        write_netcdf(assembly, target, executor=ThreadPoolExecutor(1))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < array.nbytes / 3
    assert target.read_bytes() == source.read_bytes()


def test_damaged_values_are_found_when_they_are_computed(tmp_path: Path) -> None:
    path = tmp_path / "assy.nc"
    write_netcdf(responses(), path)
    with h5py.File(path) as file:
        chunk = file["data"].id.get_chunk_info(0)
    content = bytearray(path.read_bytes())
    content[chunk.byte_offset + chunk.size // 2] ^= 0xFF
    path.write_bytes(content)
    assembly = lazy(path)
    with pytest.raises(InvalidData, match=r"assy\.nc is not netCDF-4 .* or it is damaged"):
        assembly.mean().compute()


def test_heaps_are_searched_though_values_are_not_read(path: Path) -> None:
    content = bytearray(path.read_bytes())
    heap = content.index(b"GCOL")
    content[heap + 16 : heap + 80] = bytes(64)
    path.write_bytes(content)
    with pytest.raises(InvalidData, match=f"damaged: the heap at byte {heap}"):
        lazy(path)


def test_what_looks_like_a_heap_among_the_values_is_none(tmp_path: Path) -> None:
    path = tmp_path / "assy.nc"
    values = np.frombuffer(b"GCOL\1\0\0\0 \0\0\0\0\0\0\0" + bytes(16), np.uint8)
    array = xr.DataArray(values, dims="event", name="data")
    array.to_netcdf(path, engine="h5netcdf", encoding={"data": {"chunksizes": (32,)}})
    np.testing.assert_array_equal(read_assembly(path, None, chunks={}).values, values)


def test_extras_are_lazy_as_well(path: Path) -> None:
    onsets = xr.DataArray(np.arange(9.0), {"kind": ("event", [*"abcabcabc"])}, ("event",))
    write_netcdf(onsets, path, append=True, group="onsets")
    assembly = lazy(path, {"event": 2})
    extra = assembly.attrs["onsets"]
    assert type(extra) is MetadataAssembly
    assert isinstance(extra.data, dask.array.Array)
    assert extra.sel(kind="b").values.tolist() == [1, 4, 7]
    assembly.close()
    with pytest.raises(StoreError, match="was closed"):
        extra.compute()


@pytest.fixture
def stimuli() -> StimulusSet:
    found = StimulusSet({"stimulus_id": [f"s{n}" for n in range(5)], "size": np.arange(5, dtype=np.int16)})
    found.identifier = "lab.Stimuli"
    return found


def test_stimuli_are_merged_without_reading_values(path: Path, stimuli: StimulusSet) -> None:
    assembly = lazy(path, {}, stimulus_set=stimuli)
    assert assembly["size"].values.tolist() == [n % 5 for n in range(SHAPE[0])]
    assert assembly.data.chunksize == (4, 7, 3)
    assert assembly.stimulus_set.identifier == assembly.stimulus_set_identifier == "lab.Stimuli"


def test_what_analyses_ask_for_first(path: Path, stimuli: StimulusSet) -> None:
    assembly = lazy(path, {}, stimulus_set=stimuli)
    assert hasattr(assembly, "stimulus_id")
    assert not hasattr(assembly, "object_name")
    assert assembly.stimulus_id.values.tolist() == [f"s{n % 5}" for n in range(SHAPE[0])]
    assert [*assembly.indexes["presentation"].names] == ["stimulus_id", "repetition", "size"]
    assert isinstance(assembly.sel(region="IT").mean("time_bin").data, dask.array.Array)


def centred(cell: np.ndarray[Any, Any], **_: Any) -> Any:
    return cell - np.mean(cell)


ANALYSES: dict[str, Callable[[NeuroidAssembly], DataAssembly]] = {
    "sel": lambda a: a.sel(region="IT"),
    "isel": lambda a: a.isel(presentation=[5, 1]).transpose("neuroid", ...),
    "mean": lambda a: a.mean("time_bin"),
    "groups of a level": lambda a: a.multi_groupby(["stimulus_id", "size"]).mean("presentation"),
    "groups of levels": lambda a: a.multi_groupby(["stimulus_id", "repetition"]).mean("presentation"),
    "cells": lambda a: a.mean("time_bin").multi_dim_apply(["stimulus_id", "neuroid_id"], centred),
    "multisel": lambda a: a.multisel(region="V4"),
    "concat": lambda a: xr.concat([a[:10], a[20:]], "presentation"),
}


@pytest.mark.parametrize("analyse", ANALYSES.values(), ids=ANALYSES)
def test_lazy_assemblies_compute_as_others_do(
    path: Path, stimuli: StimulusSet, analyse: Callable[[NeuroidAssembly], DataAssembly]
) -> None:
    in_memory = read_assembly(path, NeuroidAssembly, stimulus_set=stimuli)
    assert_same(analyse(lazy(path, {}, stimulus_set=stimuli)), analyse(in_memory))


def test_grouping_by_one_coordinate(path: Path) -> None:
    expected = load_assembly_from_file(path).groupby("stimulus_id").mean()
    xr.testing.assert_allclose(lazy(path, {}).groupby("stimulus_id").mean().compute(), expected)
