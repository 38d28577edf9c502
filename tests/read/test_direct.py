"""Chunks that are read without HDF5: the same bytes as HDF5 gives, whatever is in the file."""

from __future__ import annotations

import ctypes
import itertools
import math
import pickle
import tracemalloc
import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import dask
import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from brainpack import InvalidData, load_assembly_from_file
from brainpack.packaging import write_netcdf
from brainpack.read.container import NetcdfFile
from brainpack.read.direct import StoredChunks
from brainpack.read.in_place import arrays_in_place
from brainpack.read.netcdf import read_assembly
from brainpack.workers import CORES, Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from brainpack.workers import Task

    Region = tuple[slice, ...]

DTYPES = ["i1", "u1", "<i2", ">i2", "<u4", ">i8", "<f2", "<f4", ">f4", "<f8", ">f8", "S1"]
MASKS = {"all filters": 0b00, "not shuffled": 0b01, "not deflated": 0b10, "as it is": 0b11}


class Case(NamedTuple):
    """An array in a file; `chunks` says how each of its chunks is stored, or that it is not."""

    dtype: str
    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    filters: str
    fill_value: int | None
    fill_time: int
    chunks: list[str]
    region: Region
    seed: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    shape = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
    chunk = tuple(draw(st.integers(1, size)) for size in shape)
    count = math.prod(-(-size // length) for size, length in zip(shape, chunk, strict=True))
    filters = draw(st.sampled_from(["", "deflate", "shuffle deflate"]))
    ways = {"": ["as it is"], "deflate": ["all filters", "as it is"], "shuffle deflate": [*MASKS]}[filters]
    ends = [sorted(draw(st.tuples(st.integers(0, size - 1), st.integers(1, size)))) for size in shape]
    dtype = draw(st.sampled_from(DTYPES))
    return Case(
        dtype=dtype,
        shape=shape,
        chunk=chunk,
        filters=filters,
        fill_value=None if dtype == "S1" else draw(st.none() | st.integers(0, 100)),
        fill_time=draw(st.sampled_from([h5py.h5d.FILL_TIME_IFSET, h5py.h5d.FILL_TIME_NEVER, h5py.h5d.FILL_TIME_ALLOC])),
        chunks=draw(st.lists(st.sampled_from([*ways, "missing"]), min_size=count, max_size=count)),
        region=tuple(slice(start, max(stop, start + 1)) for start, stop in ends),
        seed=draw(st.integers(0, 1 << 32)),
    )


def filtered(content: bytes, itemsize: int, filters: str, way: str, level: int) -> tuple[bytes, int]:
    """The bytes of a chunk in the file, and its filter mask."""
    mask = MASKS[way]
    if "shuffle" not in filters:  # then deflate is the first
        mask >>= 1
    if "shuffle" in filters and not mask & 0b01:
        content = np.frombuffer(content, np.uint8).reshape(-1, itemsize).T.tobytes()
    if "deflate" in filters and way in {"all filters", "not shuffled"}:
        content = zlib.compress(content, level)  # 0: in stored blocks
    return content, mask


def write(path: Path, case: Case) -> None:
    rng = np.random.default_rng(case.seed)
    dtype = np.dtype(case.dtype)
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_fill_time(case.fill_time)
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset(
            "data", case.shape, dtype, chunks=case.chunk, shuffle="shuffle" in case.filters,
            compression=4 if "deflate" in case.filters else None, fillvalue=case.fill_value, dcpl=properties,
        )  # fmt: skip
        corners = itertools.product(
            *(range(0, size, length) for size, length in zip(case.shape, case.chunk, strict=True))
        )
        for corner, way in zip(corners, case.chunks, strict=True):
            if way != "missing":
                values = rng.integers(0, 256, math.prod(case.chunk) * dtype.itemsize, np.uint8).tobytes()
                stored, mask = filtered(values, dtype.itemsize, case.filters, way, level=int(rng.integers(0, 10)))
                dataset.id.write_direct_chunk(corner, stored, mask)


@contextmanager
def opened(path: Path) -> Iterator[tuple[h5py.Dataset, int]]:
    with h5py.File(path, driver="sec2") as file:
        yield file["data"], file.id.get_vfd_handle()


@given(case=cases())
def test_the_same_bytes_as_hdf5(tmp_path_factory: pytest.TempPathFactory, case: Case) -> None:
    path = tmp_path_factory.getbasetemp() / "direct.h5"
    write(path, case)
    with opened(path) as (dataset, descriptor):
        chunks = StoredChunks.of(dataset)
        expected = dataset[case.region]
        if chunks is None:  # deflate has added exactly what it has saved
            assert "deflate" in case.filters
            assert {"all filters", "not shuffled"} & {*case.chunks}
            return
        found = chunks.read(descriptor, case.region, None)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    assert found.tobytes() == expected.tobytes()


def counting_crew(calls: list[Task]) -> Workers:
    def submit(task: Task) -> Future[Any]:
        calls.append(task)
        done: Future[Any] = Future()
        done.set_result(task.function(*task.arguments))
        return done

    return Workers(submit, lambda: 2)


@pytest.mark.parametrize(
    ("chunk", "tasks"), [(1 << 17, 0), (1 << 16, 2), (50_000, 3), (1 << 10, 0)], ids=["one", "two", "three", "small"]
)
def test_threads_are_for_several_large_chunks(tmp_path: Path, chunk: int, tasks: int) -> None:
    values = np.random.default_rng(0).normal(size=1 << 17)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("data", data=values, chunks=(chunk,), compression=1, shuffle=True)
    calls: list[Task] = []
    with opened(tmp_path / "a.h5") as (dataset, descriptor):
        chunks = StoredChunks.of(dataset)
        assert chunks is not None
        found = chunks.read(descriptor, (slice(0, 1 << 17),), counting_crew(calls))
    assert len(calls) == tasks
    np.testing.assert_array_equal(found, values)


# ------------------------------------------------------------------------------------------------ left to HDF5


def no_chunk_at_the_edge_is_filtered(file: h5py.File) -> None:
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((4,))
    properties.set_deflate(4)
    set_options = ctypes.CDLL(h5py.h5p.__file__).H5Pset_chunk_opts
    set_options.argtypes = [ctypes.c_int64, ctypes.c_uint]
    assert set_options(properties.id, 0x2) == 0
    space = h5py.h5s.create_simple((10,))
    h5py.Dataset(h5py.h5d.create(file.id, b"data", h5py.h5t.IEEE_F64LE, space, properties))[...] = np.arange(10)


def letters(file: h5py.File, padding: int) -> None:
    kind = h5py.h5t.C_S1.copy()
    kind.set_size(1)
    kind.set_strpad(padding)
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((3,))
    dataset = h5py.h5d.create(file.id, b"data", kind, h5py.h5s.create_simple((5,)), properties)
    dataset.write_direct_chunk((0,), b"a \0")
    dataset.write_direct_chunk((3,), b"\xff z")


def number_of_24_bits(file: h5py.File) -> None:
    kind = h5py.h5t.STD_I32LE.copy()
    kind.set_precision(24)
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((2,))
    h5py.Dataset(h5py.h5d.create(file.id, b"data", kind, h5py.h5s.create_simple((4,)), properties))[...] = [-1, 2, 3, 4]


NOT_OURS: dict[str, Callable[[h5py.File], Any]] = {
    "a checksum": lambda file: file.create_dataset("data", data=np.arange(9), chunks=(4,), fletcher32=True),
    "another compression": lambda file: file.create_dataset("data", data=np.arange(9), chunks=(4,), compression="lzf"),
    "shuffle alone": lambda file: file.create_dataset("data", data=np.arange(9), chunks=(4,), shuffle=True),
    "true and false": lambda file: file.create_dataset("data", data=np.array([True, False]), chunks=(2,)),
    "longer texts": lambda file: file.create_dataset("data", data=np.array([b"ab", b"c"]), chunks=(2,)),
    "letters with spaces behind": lambda file: letters(file, h5py.h5t.STR_SPACEPAD),
    "numbers with bits to spare": number_of_24_bits,
    "chunks at the edge that are not filtered": no_chunk_at_the_edge_is_filtered,
}


@pytest.mark.parametrize("make", NOT_OURS.values(), ids=NOT_OURS)
def test_what_only_hdf5_can_read(tmp_path: Path, make: Callable[[h5py.File], Any]) -> None:
    with h5py.File(tmp_path / "a.h5", "w", libver="latest") as file:
        make(file)
    with opened(tmp_path / "a.h5") as (dataset, _):
        assert StoredChunks.of(dataset) is None


def test_bytes_before_the_file_of_hdf5_are_left_to_it(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w", userblock_size=512) as file:
        file.create_dataset("data", data=np.arange(9), chunks=(4,))
    with opened(tmp_path / "a.h5") as (dataset, _):
        assert StoredChunks.of(dataset) is None


def test_bytes_that_were_shuffled_by_another_size_are_left_to_hdf5(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("data", data=np.arange(8.0), chunks=(4,), compression=4, shuffle=True)
    with opened(path) as (dataset, _):
        assert StoredChunks.of(dataset) is not None
    eight, two = (b"shuffle\0" + size.to_bytes(4, "little") for size in (8, 2))
    content = path.read_bytes()
    assert eight in content
    path.write_bytes(content.replace(eight, two))
    with opened(path) as (dataset, _):
        assert StoredChunks.of(dataset) is None


@pytest.mark.parametrize("padding", [h5py.h5t.STR_NULLTERM, h5py.h5t.STR_NULLPAD], ids=["netCDF-C", "brainpack"])
def test_letters(tmp_path: Path, padding: int) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        letters(file, padding)
    with opened(tmp_path / "a.h5") as (dataset, descriptor):
        chunks = StoredChunks.of(dataset)
        assert chunks is not None
        assert chunks.read(descriptor, (slice(0, 5),), None).tobytes() == dataset[()].tobytes()


# ------------------------------------------------------------------------------------------------ assemblies

SHAPE = (40, 50, 100)


def responses() -> xr.DataArray:
    """1.6 MB; the noise behind the decimal point is stored as it is, and chunks are 1 MiB."""
    values = np.random.default_rng(0).normal(size=SHAPE)
    return xr.DataArray(values, dims=("presentation", "neuroid", "time_bin"), name="data")


def by_brainpack(path: Path, array: xr.DataArray) -> None:
    write_netcdf(array, path)


def by_xarray(path: Path, array: xr.DataArray) -> None:
    encoding = {"zlib": True, "shuffle": True, "complevel": 1, "chunksizes": (17, 23, 100)}
    array.to_netcdf(path, engine="h5netcdf", encoding={"data": encoding})


def by_xarray_with_checksums(path: Path, array: xr.DataArray) -> None:
    encoding = {"zlib": True, "fletcher32": True, "chunksizes": (10, 50, 100)}
    array.to_netcdf(path, engine="h5netcdf", encoding={"data": encoding})


def by_xarray_growing(path: Path, array: xr.DataArray) -> None:
    encoding = {"zlib": True, "chunksizes": (10, 50, 100)}
    array.to_netcdf(path, engine="h5netcdf", encoding={"data": encoding}, unlimited_dims=["presentation"])


WRITERS = [by_brainpack, by_xarray, by_xarray_with_checksums, by_xarray_growing]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("dtype", ["f8", ">f4", "i4"])
def test_large_values(tmp_path: Path, write: Callable[[Path, xr.DataArray], None], dtype: str) -> None:
    array = (responses() * 100).astype(dtype)
    write(tmp_path / "a.nc", array)
    found = load_assembly_from_file(tmp_path / "a.nc")
    np.testing.assert_array_equal(found.values, array.values)


@pytest.mark.parametrize("write", WRITERS)
def test_large_values_region_by_region(tmp_path: Path, write: Callable[[Path, xr.DataArray], None]) -> None:
    array = responses()
    write(tmp_path / "a.nc", array)
    lazy = read_assembly(tmp_path / "a.nc", None, chunks={"presentation": 15})
    with dask.config.set(scheduler="threads", num_workers=4):
        np.testing.assert_array_equal(lazy.values, array.values)
        np.testing.assert_array_equal(lazy[3:33, 7].values, array[3:33, 7].values)
        np.testing.assert_array_equal(lazy[::-3].values, array[::-3].values)
    lazy.close()
    with arrays_in_place(tmp_path / "a.nc", is_verified=False) as (in_place, _), ThreadPoolExecutor(2 * CORES) as pool:
        parts = pool.map(lambda start: in_place.variable._data[start : start + 30], range(0, 40, 5))
        for start, part in zip(range(0, 40, 5), parts, strict=True):
            np.testing.assert_array_equal(part, array.values[start : start + 30])
        np.testing.assert_array_equal(in_place.variable._data[::2], array.values[::2])


def test_the_places_of_chunks_are_looked_up_again_in_another_process(tmp_path: Path) -> None:
    by_brainpack(tmp_path / "a.nc", responses())
    with closing(NetcdfFile(tmp_path / "a.nc")) as first:
        with first.open() as file:
            assert first.chunks_of(file["data"]) is first.chunks_of(file["data"])
        with closing(pickle.loads(pickle.dumps(first))) as second, second.open() as file:  # noqa: S301 - our own
            assert second.chunks_of(file["data"]) is not None


def test_large_files_of_the_reference_client(tmp_path: Path, run_reference: Callable[..., Any]) -> None:
    run_reference(
        """
        import sys
        import numpy as np
        import xarray as xr

        values = np.sqrt(np.arange(400_000)).reshape(40, 100, 100)
        ids = np.array([f"neuroid {n % 997}" for n in range(40_000)])
        coords = {"neuroid_id": ("event", ids)}
        for name, options in {"zlib": {"zlib": True, "complevel": 9}, "plain": {}}.items():
            encoding = {"data": options | {"chunksizes": (7, 60, 100)}}
            array = xr.DataArray(values, dims=("presentation", "neuroid", "time_bin"), name="data")
            array.to_netcdf(f"{sys.argv[1]}/{name}.nc", engine="netcdf4", encoding=encoding)
            array = xr.DataArray(np.arange(40_000), coords, ("event",), name="data")
            encoding = {"data": options, "neuroid_id": options | {"dtype": "S1", "chunksizes": (9_999, 11)}}
            array.to_netcdf(f"{sys.argv[1]}/{name}-texts.nc", engine="netcdf4", encoding=encoding)
        """,
        tmp_path,
    )
    for name in ("zlib", "plain"):
        expected = np.sqrt(np.arange(400_000)).reshape(40, 100, 100)
        np.testing.assert_array_equal(load_assembly_from_file(tmp_path / f"{name}.nc").values, expected)
        events = load_assembly_from_file(tmp_path / f"{name}-texts.nc")
        assert events["neuroid_id"].values.tolist() == [f"neuroid {n % 997}" for n in range(40_000)]


# 100 000 entries, of which some are missing, of more than 8 letters that differ, and in UTF-8.
TEXTS = {
    "stimulus_id": [f"stimulus_{n * 7919 % 100_000:05}" for n in range(100_000)],
    "sentence": [["wörter", "of many letters", "", None][n % 4] for n in range(100_000)],
    "constant": ["V4"] * 100_000,
}


def test_large_coordinates_of_text(tmp_path: Path) -> None:
    coords = {name: ("presentation", np.array(texts, dtype=object)) for name, texts in TEXTS.items()}
    write_netcdf(xr.DataArray(np.zeros(100_000, np.int8), coords, ("presentation",)), tmp_path / "a.nc")
    found = load_assembly_from_file(tmp_path / "a.nc")
    for name, texts in TEXTS.items():
        assert [None if text != text else text for text in found[name].values.tolist()] == texts  # noqa: PLR0124 - NaN is not itself


# ------------------------------------------------------------------------------------------------ damage

CHUNK = 1 << 15  # numbers of 8 bytes: large enough for threads


def damaged_file(path: Path, chunk: bytes, mask: int = 0) -> Path:
    """An assembly whose third chunk is something else."""
    values = np.random.default_rng(0).normal(size=4 * CHUNK)
    encoding = {"zlib": True, "shuffle": True, "chunksizes": (CHUNK,)}
    xr.DataArray(values, dims="event", name="data").to_netcdf(path, engine="h5netcdf", encoding={"data": encoding})
    with h5py.File(path, "r+") as file:
        file["data"].id.write_direct_chunk((2 * CHUNK,), chunk, mask)
    return path


DAMAGED: dict[str, tuple[bytes, int, str]] = {
    "nothing like deflate": (b"nothing like deflate", 0b00, "cannot be inflated"),
    "cut": (zlib.compress(bytes(8 * CHUNK))[:-7], 0b00, "cannot be inflated"),
    "another checksum": (zlib.compress(bytes(8 * CHUNK))[:-1] + b"!", 0b00, "cannot be inflated"),
    "too few": (zlib.compress(bytes(8 * CHUNK - 1)), 0b00, "has 262143 bytes instead of 262144"),
    "too many": (zlib.compress(bytes(8 * CHUNK + 1)), 0b00, "cannot be inflated"),
    "very many": (zlib.compress(bytes(1 << 26)), 0b00, "cannot be inflated"),
    "not deflated, and too few": (bytes(8 * CHUNK - 8), 0b10, "has 262136 bytes instead of 262144"),
    "as it is, and too many": (bytes(8 * CHUNK + 8), 0b11, "has 262152 bytes instead of 262144"),
}


@pytest.mark.parametrize(("chunk", "mask", "message"), DAMAGED.values(), ids=DAMAGED)
def test_damaged_chunks(tmp_path: Path, chunk: bytes, mask: int, message: str) -> None:
    path = damaged_file(tmp_path / "a.nc", chunk, mask)
    tracemalloc.start()
    try:
        with pytest.raises(
            InvalidData, match=rf"a\.nc is not .* damaged: the chunk of '/data' at \(65536,\) {message}"
        ):
            load_assembly_from_file(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20
    with closing(read_assembly(path, None, chunks={})) as lazy:
        assert np.isfinite(lazy[: 2 * CHUNK].values).all()
        with pytest.raises(InvalidData, match=message):
            lazy[2 * CHUNK :].compute()


def test_a_chunk_beyond_the_end_of_the_file(tmp_path: Path) -> None:
    path = damaged_file(tmp_path / "a.nc", zlib.compress(bytes(8 * CHUNK)))
    with h5py.File(path) as file:
        place = file["data"].id.get_chunk_info(2).byte_offset
    content = path.read_bytes()
    assert content.count(place.to_bytes(8, "little")) == 1
    path.write_bytes(content.replace(place.to_bytes(8, "little"), (len(content) - 10).to_bytes(8, "little")))
    with pytest.raises(InvalidData, match=r"the chunk of '/data' at \(65536,\) lies beyond the end of the file"):
        load_assembly_from_file(path)


def heap(path: Path) -> int:
    return path.read_bytes().rindex(b"GCOL\x01\0\0\0")


def test_a_damaged_heap_of_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    by_brainpack(path, responses())
    content = bytearray(path.read_bytes())
    content[heap(path) + 16 : heap(path) + 80] = bytes(64)
    path.write_bytes(content)
    with pytest.raises(InvalidData, match=f"damaged: the heap at byte {heap(path)}"):
        load_assembly_from_file(path)


def test_values_that_look_like_a_damaged_heap(tmp_path: Path) -> None:
    looks = np.frombuffer((b"GCOL\x01\0\0\0" + (32).to_bytes(8, "little") + bytes(16)) * (1 << 15), np.uint64)
    xr.DataArray(looks, dims="event", name="data").to_netcdf(
        tmp_path / "a.nc", engine="h5netcdf", encoding={"data": {"chunksizes": (1 << 15,)}}
    )
    np.testing.assert_array_equal(load_assembly_from_file(tmp_path / "a.nc").values, looks)
