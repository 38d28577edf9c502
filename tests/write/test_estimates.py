from __future__ import annotations

import ast
import errno
import re
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import dask.array
import hypothesis.strategies as st
import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, example, given

from brainpack import SettingsError, StoreError
from brainpack.resources import disk_left
from brainpack.workers import Workers
from brainpack.write import archive, estimates, packing, stimulus_files
from brainpack.write.encoding import encode_values
from brainpack.write.estimates import (
    disk_for_values,
    memory_for_array,
    require_disk_for_zip,
    require_room,
    what_fits,
    zip_size,
)
from brainpack.write.netcdf import ROOT, write_arrays
from brainpack.write.packing import Plan, tasks
from tests.helpers import packed, stimulus_file

if TYPE_CHECKING:
    from pathlib import Path

    from brainpack.workers import Task

MIB = 1 << 20
DIMS = ("presentation", "neuroid", "time_bin")
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1, max_size=30)


@pytest.mark.parametrize(
    "thresholds",
    [
        pytest.param({}, id="as they are"),
        pytest.param({"HELD_IN_MEMORY": 40, "_UINT32": 80}, id="streamed entries, and large ones, in large archives"),
        pytest.param({"_UINT16": 3}, id="many entries"),
    ],
)
@given(contents=st.dictionaries(NAMES, st.integers(0, 120), max_size=6))
@example(contents={"size": 80})
@example(contents={"x": 49, "offset": 0})
@example(contents={"x" * 34: 0})  # a directory of 80 bytes
@example(contents={"x": 0, "y": 0, "z": 0})
def test_the_size_of_a_zip_is_known_before_it_is_written(
    contents: dict[str, int], thresholds: dict[str, int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("zip")
    entries = [(name, folder / f"source {number}") for number, name in enumerate(contents)]
    for (_, source), size in zip(entries, contents.values(), strict=True):
        source.write_bytes(b"s" * size)
    with pytest.MonkeyPatch.context() as patch:
        for name, threshold in thresholds.items():
            patch.setattr(stimulus_files if name == "HELD_IN_MEMORY" else archive, name, threshold)
            patch.setattr(estimates, name, threshold)
        digest = packed(entries, folder / "a.zip").digest
        assert zip_size(contents, contents.values()) == digest.size == (folder / "a.zip").stat().st_size


@pytest.mark.slow
def test_the_size_of_a_zip_of_more_files_than_16_bits_count(tmp_path: Path) -> None:
    count = (1 << 16) + 1
    source = tmp_path / "source"
    source.write_bytes(b"one")
    names = [f"{number}.png" for number in range(count)]
    digest = packed([(name, source) for name in names], tmp_path / "a.zip").digest
    assert zip_size(names, [3] * count) == digest.size


def test_a_zip_that_the_disk_does_not_hold_is_not_begun(tmp_path: Path) -> None:
    small, vast, target = tmp_path / "small.png", tmp_path / "vast.mp4", tmp_path / "packages"
    small.write_bytes(b"small")
    with vast.open("wb") as file:
        file.truncate(1 << 40)  # of nothing, which takes no room
    few = [stimulus_file("small.png", small)]
    require_disk_for_zip(few, "packing lab.A", target)
    many = [stimulus_file(f"{number}.mp4", vast) for number in range(disk_left(tmp_path) // (1 << 40) + 2)]
    with pytest.raises(
        StoreError, match=r"^packing lab\.A takes .* of disk, but the file system of .* leaves"
    ) as caught:
        require_disk_for_zip(few + many, "packing lab.A", target)
    assert caught.value.errno == errno.ENOSPC


def lazy(shape: tuple[int, ...], chunks: Any, dtype: str = "f8") -> xr.DataArray:
    return xr.DataArray(dask.array.zeros(shape, chunks=chunks, dtype=dtype), dims=DIMS[: len(shape)])


def held_at_most(array: xr.DataArray, count: int) -> int:
    """What tasks that nobody does hold while they are under way."""
    held, most = 0, 0

    class Done:
        def __init__(self, size: int) -> None:
            self.size = size

        def result(self) -> None:
            nonlocal held
            held -= self.size

        def cancel(self) -> None:
            raise AssertionError

    def submit(task: Task) -> Done:
        nonlocal held, most
        held += task.size
        most = max(most, held)
        return Done(task.size)

    encoded = encode_values(array.variable.data)
    work = tasks(Plan.of(encoded, 4), encoded.values, None)
    assert not any(Workers(submit, lambda: count).results(work, packing.MOST_HELD))
    return most


SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 5), st.sampled_from([1, 7, 1 << 10, 1 << 17, 1 << 20]))
CHUNKS = st.tuples(st.integers(1, 9), st.integers(1, 5), st.sampled_from([1 << 16, 1 << 20]))
COUNTS = st.integers(1, 9)
TYPES = st.sampled_from(["f8", "f4", "i2", "?"])


@given(shape=SHAPES, chunks=CHUNKS, dtype=TYPES, count=COUNTS)
def test_never_more_is_under_way_than_estimated(
    shape: tuple[int, ...], chunks: tuple[int, ...], dtype: str, count: int
) -> None:
    array = lazy(shape, chunks, dtype)
    assert 0 < held_at_most(array, count) <= memory_for_array(array, count)
    in_memory = array.copy(data=np.broadcast_to(np.zeros((), dtype), shape))
    assert 0 < held_at_most(in_memory, count) <= memory_for_array(in_memory, count)


@pytest.mark.parametrize(
    ("array", "count", "expected"),
    [
        pytest.param(lazy((99, 1 << 17), (32, -1)), 2, 3 * 3 * 32 * MIB, id="a band for each worker and one more"),
        pytest.param(lazy((9, 1 << 17), -1), 8, 3 * 9 * MIB, id="no more than there is"),
        pytest.param(lazy((99, 1 << 10, 1 << 7), (1, 4, -1)), 1, 2 * 3 * 16 * MIB, id="small chunks are joined"),
        pytest.param(xr.DataArray(np.broadcast_to(0.0, (99, 1 << 17))), 2, 8 * 3 * MIB, id="chunks of a file"),
        pytest.param(xr.DataArray(np.array(["a", "bcd"])), 2, 3 * 24, id="texts are converted at once"),
        pytest.param(lazy((9, 1 << 17), 1, "M8[ns]"), 2, 3 * 9 * MIB, id="and times"),
        pytest.param(xr.DataArray(np.zeros((0, 3))), 2, 0, id="nothing"),
        pytest.param(lazy((0, 3), -1), 2, 0, id="nothing that is lazy"),
        pytest.param(xr.DataArray(1.0), 2, 24, id="one number"),
    ],
)
def test_what_is_under_way(array: xr.DataArray, count: int, expected: int) -> None:
    assert memory_for_array(array, count) == expected


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell how much memory was taken")
def test_writing_takes_as_much_memory_as_estimated(tmp_path: Path) -> None:
    code = """
        import sys
        from concurrent.futures import ThreadPoolExecutor
        from pathlib import Path
        import dask.array, numpy as np, xarray as xr
        from brainpack.write.estimates import memory_for_array
        from brainpack.write.netcdf import ROOT, write_arrays
        def resident(name):
            lines = Path("/proc/self/status").read_text().splitlines()
            return next(int(line.split()[1]) << 10 for line in lines if line.startswith(name))
        noise = lambda block: np.random.default_rng(0).standard_normal(block.shape, dtype="f4")
        zeros = dask.array.zeros((240, 1 << 18), chunks=(24, -1), dtype="f4")
        array = xr.DataArray(zeros.map_blocks(noise, dtype="f4"), dims=("presentation", "neuroid"))
        write_arrays({ROOT: array[:1].compute()}, Path(sys.argv[1], "warm.nc"))
        Path("/proc/self/clear_refs").write_text("5")
        before = resident("VmRSS")
        with ThreadPoolExecutor(2) as pool:
            write_arrays({ROOT: array}, Path(sys.argv[1], "a.nc"), executor=pool)
        print(resident("VmHWM") - before, memory_for_array(array, 2))
    """
    command = [sys.executable, "-c", dedent(code), str(tmp_path)]
    done = subprocess.run(command, check=True, timeout=300, capture_output=True, text=True)
    taken, estimated = map(int, done.stdout.split())
    assert estimated == 3 * 3 * 24 * MIB
    assert estimated / 4 < taken <= estimated


@given(shape=SHAPES, dtype=TYPES, count=COUNTS, left=st.integers(1, 1 << 29))
def test_what_is_said_to_fit_fits(shape: tuple[int, ...], dtype: str, count: int, left: int) -> None:
    array = lazy(shape, -1, dtype)
    assume(memory_for_array(array, count) > left)
    advice = what_fits(array, count, left)
    if fewer := re.search(r"ThreadPoolExecutor\((\d+)\)", advice):
        assert int(fewer[1]) < count
        count = int(fewer[1])
    if found := re.search(r"chunks=(\{.*\})$", advice):
        lengths = ast.literal_eval(found[1])
        array = lazy(shape, tuple(lengths.get(dim, -1) for dim in DIMS), dtype)
    else:
        assert fewer or advice.startswith("end other programs")
    assert memory_for_array(array, count) <= left or advice.startswith("end other programs")


@pytest.mark.parametrize(
    ("array", "left", "advice"),
    [
        (
            lazy((9000, 1 << 18), (3000, -1)),
            400 * MIB,
            "with 2 workers, blocks of at most 44 MiB fit: open or make the array with chunks={'presentation': 22}",
        ),
        (
            lazy((90, 1 << 10, 1 << 18), -1),
            1200 * MIB,
            (
                "with 2 workers, blocks of at most 132 MiB fit: open or make the array with chunks="
                "{'presentation': 1, 'neuroid': 66}"
            ),
        ),
        (
            lazy((9000, 1 << 18), (3000, -1)),
            100 * MIB,
            (
                "with executor=ThreadPoolExecutor(1), blocks of at most 16 MiB fit: open or make the array with "
                "chunks={'presentation': 8}"
            ),
        ),
        (xr.DataArray(np.broadcast_to(0.0, (99, 1 << 17))), 12 * MIB, "with executor=ThreadPoolExecutor(1), it fits"),
        (xr.DataArray(np.broadcast_to(0.0, (99, 1 << 17))), 24 * MIB, "with 2 workers, it fits"),
        (lazy((9000, 1 << 18), -1), MIB, "end other programs, ask for more in a batch job, or use a larger machine"),
        (xr.DataArray(["a", "b"]), 1, "end other programs, ask for more in a batch job, or use a larger machine"),
    ],
)
def test_advice(array: xr.DataArray, left: int, advice: str) -> None:
    assert what_fits(array, 2, left) == advice


def test_lazy_values_in_blocks_that_no_memory_holds_are_not_begun(tmp_path: Path) -> None:
    array = lazy((1 << 25, 1 << 30), -1)
    with pytest.raises(
        StoreError, match=r"^writing lab\.A takes about 768 PiB of memory, but .* fit: .*chunks="
    ) as caught:
        require_room([array], "writing lab.A", tmp_path, executor=ThreadPoolExecutor(2))
    assert caught.value.errno == errno.ENOMEM


def twice_the_disk(folder: Path) -> int:
    """Rows of a MiB."""
    return 2 * disk_left(folder) // MIB + 1000


def test_memory_of_other_processes_is_not_counted_and_lazy_values_may_shrink(tmp_path: Path) -> None:
    array = lazy((twice_the_disk(tmp_path), 1 << 17), -1)
    with ProcessPoolExecutor(1) as pool, pytest.warns(UserWarning, match="writing lab.A will fill the disk") as caught:
        require_room([array, array], "writing lab.A", tmp_path, executor=pool)
    (text,) = [str(warning.message) for warning in caught]
    percent = re.search(r"lazy values are compressed to (\d+) %", text)
    assert percent is not None
    assert 15 <= int(percent[1]) <= 25
    assert "Nothing would be lost; free some space" in text


def test_values_in_memory_are_judged_by_how_they_shrink(tmp_path: Path) -> None:
    rows = twice_the_disk(tmp_path)
    zeros = xr.DataArray(np.broadcast_to(0.0, (rows, 1 << 17)))
    noise = xr.DataArray(np.broadcast_to(np.random.default_rng(0).bytes(MIB), (1,)).view("f8"))
    noise = xr.DataArray(np.broadcast_to(noise.values, (rows, 1 << 17)))
    require_room([zeros], "writing lab.A", tmp_path)
    for arrays, compress in (([noise], "fast"), ([zeros, noise], True), ([zeros], False)):
        with pytest.raises(StoreError, match=r"writing lab\.A takes .* of disk, but") as caught:
            require_room(arrays, "writing lab.A", tmp_path, compress=compress)  # type: ignore[arg-type]  # a list holds any value
        assert caught.value.errno == errno.ENOSPC


def test_values_that_are_no_numbers_are_left_to_the_disk(tmp_path: Path) -> None:
    texts = np.broadcast_to(np.array("x" * 25), (1 << 20,))
    require_room([xr.DataArray(texts), xr.DataArray(np.zeros(0))], "writing lab.A", tmp_path)


def test_compress_that_makes_no_sense_is_told_before_work_starts(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="expected True, False or 'fast'"):
        require_room([], "writing lab.A", tmp_path, compress="best")  # type: ignore[arg-type]  # on purpose wrong


@given(shape=st.tuples(st.integers(0, 300), st.integers(0, 3000)), factor=st.integers(1, 9))
def test_few_chunks_are_compressed_and_stand_for_all(shape: tuple[int, int], factor: int) -> None:
    seen = []

    def compressed(block: Any) -> int:
        seen.append(block.nbytes)
        return int(block.nbytes) // factor

    values = np.broadcast_to(0.0, shape)
    assert disk_for_values(values, compressed) == pytest.approx(values.nbytes / factor, abs=20)
    assert len(seen) <= 16
    assert max(seen, default=0) <= MIB


def test_samples_come_from_everywhere() -> None:
    values = np.zeros((64, 1 << 17))
    values[32:] = 1
    estimate = disk_for_values(values, lambda block: block.nbytes // 2 if block.all() else 0)
    assert estimate == values.nbytes // 4
    assert disk_for_values(values, lambda block: 2 * block.nbytes) == values.nbytes
    assert disk_for_values(np.array(1.0), lambda block: 5) == 5


def test_the_estimate_of_a_file_is_close_to_its_size(tmp_path: Path) -> None:
    values = np.random.default_rng(0).poisson(3, (20, 1 << 18)).astype("i2")
    digest, _ = write_arrays({ROOT: xr.DataArray(values, dims=("presentation", "neuroid"))}, tmp_path / "a.nc")
    assert disk_for_values(values, estimates._compressor(4)) == pytest.approx(digest.size, rel=0.05)
