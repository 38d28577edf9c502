from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import deflate
import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from brainpack import SettingsError
from brainpack.write.filters import filtered, level_of
from brainpack.write.netcdf import ROOT, write_arrays

if TYPE_CHECKING:
    from pathlib import Path

NOISE = np.random.default_rng(0)
SHUFFLE_SKIPPED, DEFLATE_SKIPPED = 1, 2
KINDS: dict[str, Any] = {
    "noise": NOISE.standard_normal((300, 400)),
    "float32 stored as float64": NOISE.standard_normal((300, 400)).astype("f4").astype("f8"),
    "rates": NOISE.poisson(40, (300, 400)) / 25,
    "counts": NOISE.poisson(0.3, (300, 400)).astype("f4"),
    "random bits": NOISE.integers(0, 1 << 63, (300, 400)),
    "random bytes": NOISE.integers(0, 256, (300, 400)).astype("u1"),
    "zeros": np.zeros((300, 400)),
    "noise, then zeros": np.concatenate([NOISE.standard_normal((150, 400)), np.zeros((150, 400))]),
}


def unfiltered(content: Any, mask: int, dtype: np.dtype[Any], chunk: tuple[int, ...]) -> Any:
    """What the specification of HDF5's filters makes of a chunk."""
    mask = mask << 1 if dtype.itemsize == 1 else mask  # single bytes have no shuffle, so deflate comes first
    inflated = bytes(content) if mask & DEFLATE_SKIPPED else zlib.decompress(content)
    planes = np.frombuffer(inflated, np.uint8)
    if not mask & SHUFFLE_SKIPPED and dtype.itemsize > 1:
        planes = planes.reshape(dtype.itemsize, -1).T
    return np.ascontiguousarray(planes).reshape(-1).view(dtype).reshape(chunk)


@given(
    arrays.arrays(st.sampled_from(["<f8", "<f4", "<i2", "<i8", "u1"]), arrays.array_shapes(max_dims=3, max_side=40)),
    st.sampled_from([1, 4]),
    st.integers(0, 5),
)
def test_any_chunk_comes_back(block: Any, level: int, more: int) -> None:
    chunk = (block.shape[0] + more, *block.shape[1:])
    content, mask = filtered(block, chunk, level)
    whole = np.zeros(chunk, block.dtype)
    whole[: len(block)] = block
    same = unfiltered(content, mask, block.dtype, chunk)
    assert same.tobytes() == whole.tobytes()


@pytest.mark.parametrize("compress", [True, "fast"])
@pytest.mark.parametrize("kind", KINDS)
def test_hdf5_reads_every_kind_of_values(kind: str, compress: Any, tmp_path: Path) -> None:
    array = xr.DataArray(KINDS[kind], dims=("presentation", "neuroid"))
    write_arrays({ROOT: array}, tmp_path / "a.nc", compress=compress)
    with h5py.File(tmp_path / "a.nc") as file:
        np.testing.assert_array_equal(file["data"][()], array.values)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_grows(kind: str) -> None:
    values = KINDS[kind]
    content, mask = filtered(values, values.shape, 4)
    shuffled = zlib.compress(values.reshape(-1, 1).view(np.uint8).T.tobytes(), 6)
    assert len(content) <= min(values.nbytes, 1.02 * len(shuffled) + 100)
    assert unfiltered(content, mask, values.dtype, values.shape).tobytes() == values.tobytes()


def test_what_does_not_shrink_is_stored_as_it_is() -> None:
    values = KINDS["random bits"] | (NOISE.integers(0, 2, (300, 400)) << 63)
    content, mask = filtered(values, values.shape, 4)
    assert (bytes(content), mask) == (values.tobytes(), SHUFFLE_SKIPPED | DEFLATE_SKIPPED)


def test_values_that_repeat_are_not_shuffled() -> None:
    content, mask = filtered(KINDS["rates"], (300, 400), 4)
    assert mask == SHUFFLE_SKIPPED
    assert len(content) < 0.6 * len(zlib.compress(KINDS["rates"].reshape(-1, 1).view(np.uint8).T.tobytes(), 9))


def deflated(values: Any, level: int) -> bytes | bytearray:
    """Shuffled or not, whichever becomes smaller."""
    shuffled = np.ascontiguousarray(values.reshape(-1, 1).view(np.uint8).T)
    return min(deflate.zlib_compress(shuffled, level), deflate.zlib_compress(values, level), key=len)


@pytest.mark.parametrize(
    ("values", "level"),
    [(NOISE.poisson(0.02, (300, 400)).astype("f4"), 7), (KINDS["counts"], 6), (KINDS["rates"], 2)],
    ids=["nearly empty", "counts", "rates"],
)
def test_the_smaller_values_become_the_longer_is_tried(values: Any, level: int) -> None:
    assert filtered(values, values.shape, 4).content == deflated(values, level)


@pytest.mark.parametrize("kind", ["counts", "rates"])
def test_fast_is_fast_whatever_the_values(kind: str) -> None:
    assert filtered(KINDS[kind], (300, 400), 1).content == deflated(KINDS[kind], 1)


@pytest.mark.parametrize("compress", ["slow", 5, None])
def test_another_way_to_compress_is_refused(compress: Any) -> None:
    with pytest.raises(SettingsError, match="expected True, False or 'fast'"):
        level_of(compress)
