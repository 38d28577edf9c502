"""netCDF file -> arrays whose numbers stay in the file until a region of them is asked for; dask is not needed."""

from __future__ import annotations

import math
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np
import xarray as xr

from brainpack.errors import InvalidData
from brainpack.layout import LEGACY_STIMULUS_ID, STIMULUS_ID
from brainpack.objects.assemblies import BehavioralAssembly, DataAssembly, NeuroidAssembly, SpikeTimesAssembly
from brainpack.objects.indexes import repeated_dimensions
from brainpack.read.chunks import aligned
from brainpack.read.container import (
    MOST_UNWRITTEN_CHUNKS,
    NetcdfFile,
    StoredGroup,
    decoding,
    refuse_what_hdf5_should_not_see,
)
from brainpack.read.encoding import data_variable, decoded_array
from brainpack.workers import workers

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator
    from pathlib import Path

    from brainpack.read.chunks import Length
    from brainpack.workers import Workers

_CLASSES_BY_DIMENSIONS: Final = (NeuroidAssembly, SpikeTimesAssembly, BehavioralAssembly)
_NUMBERS: Final = "biuf"
_DURATION: Final = "timedelta64"
_TOGETHER: Final = 16 << 20  # bytes
_MOST_UNWRITTEN: Final = 1 << 30  # bytes; what a damaged size declares is far more


class Numbers:
    """The numbers of a variable in an open file, for those who take them region by region.

    It passes for an array where shape and type are asked for; whoever computes with all of it gets a TypeError.

    Attributes
    ----------
    shape : tuple of int
    ndim, size : int
    dtype : numpy.dtype
    """

    def __init__(self, variable: xr.Variable, where: str) -> None:
        self._variable = variable.copy(deep=False)
        self._variable.dims = tuple(f"axis_{number}" for number in range(variable.ndim))  # the real ones may repeat
        self._where = where
        self.shape = variable.shape
        self.ndim = variable.ndim
        self.size = variable.size
        self.dtype = variable.dtype

    def __getitem__(self, region: Any) -> np.ndarray[Any, Any]:
        with decoding(self._where):
            return self._variable[region].values

    @property
    def chunks(self) -> tuple[tuple[int, ...], ...]:
        """Lengths along each axis of what is best read at a time: whole chunks of the file, some megabytes."""
        stored = self._variable.encoding.get("chunksizes") or (1,) * self.ndim
        auto: Length = "auto"
        block = aligned((auto,) * self.ndim, self.shape, tuple(stored), _TOGETHER // self.dtype.itemsize)
        return tuple(
            tuple(min(step, size - start) for start in range(0, max(size, 1), max(step, 1)))
            for size, step in zip(self.shape, block, strict=True)
        )

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        return np.asarray(self[...], dtype=dtype)

    # xarray takes for an array what has these two
    def __array_function__(self, *_: Any) -> Any:
        return NotImplemented

    def __array_ufunc__(self, *_: Any, **__: Any) -> Any:
        return NotImplemented


@contextmanager
def arrays_in_place(path: Path, *, is_verified: bool) -> Iterator[tuple[xr.DataArray, dict[str, xr.DataArray]]]:
    """Open an assembly and its extras; coordinates, texts and times are read, numbers are not.

    Parameters
    ----------
    path : Path
    is_verified : bool
        Whether the file is known to be as it was written; others are searched for damage that HDF5 hangs on.

    Yields
    ------
    (DataArray, dict of str to DataArray)
        Values that stay in the file are `Numbers`, and may be read within the block only. Coordinates have the names
        that loading gives them, but are not gathered into indexes.

    Raises
    ------
    NotFound, StoreError
        The file is not there, or cannot be read.
    InvalidData
        It is not netCDF-4, or damaged, or does not say which variable holds the values.
    """
    refuse_what_hdf5_should_not_see(path, is_verified=is_verified, is_lazy=False)
    with closing(NetcdfFile(path)) as file, workers(use_cluster=False) as crew, repeated_dimensions():
        names = file.group_names()
        with decoding(str(path)), file.open() as opened:
            _refuse_what_was_never_written(opened, path)
        yield _array(file, None, crew), {name: _array(file, name, crew) for name in names}


def _array(file: NetcdfFile, group: str | None, crew: Workers) -> xr.DataArray:
    where = f"{file.path}, group {group!r}" if group else str(file.path)
    with decoding(where):
        # decode_timedelta: numbers whose units happen to be 'seconds' stay numbers
        stored = StoredGroup(file, group, crew)
        dataset = xr.decode_cf(stored, decode_timedelta=False)
        array = dataset[data_variable([*dataset.data_vars], where)]
        is_duration = str(array.attrs.get("dtype", "")).startswith(_DURATION)
        if array.dtype.kind not in _NUMBERS or is_duration:
            array, _ = decoded_array(file, group, None, crew)
        else:
            array = array.copy(deep=False, data=Numbers(array.variable, where)).rename(None)
        for name, variable in array.coords.variables.items():
            stored.load_decoded(variable, str(name))
        return with_names_of_today(array)


def with_names_of_today(array: xr.DataArray) -> xr.DataArray:
    """Name coordinates as loading does: `neuroid_` is `neuroid`, and `image_id` is `stimulus_id`, too."""
    for dim in dict.fromkeys(array.dims):
        for old in (f"{dim}_", f"{dim}_level_0"):
            if old in array.coords and array[old].dims == (dim,) and dim not in array.coords:
                values = array[old].values
                array = array.drop_vars(old).assign_coords({dim: (dim, values)})
    if LEGACY_STIMULUS_ID in array.coords and STIMULUS_ID not in array.coords:
        ids = array[LEGACY_STIMULUS_ID]
        array = array.assign_coords({STIMULUS_ID: (ids.dims, ids.values)})
    return array


def class_by_dimensions(dims: Iterable[Hashable]) -> type[DataAssembly]:
    """Return the class of an assembly that does not say of which one it is."""
    found = [*dims]
    return next((cls for cls in _CLASSES_BY_DIMENSIONS if cls.accepts(found)), DataAssembly)


def _refuse_what_was_never_written(file: h5py.File, path: Path) -> None:
    """Refuse sizes that are declared and not filled: a damaged one is read for hours, or fills the memory."""

    def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if not isinstance(item, h5py.Dataset):
            return
        unwritten, chunks = _unwritten(item), _unwritten_chunks(item)
        if unwritten > _MOST_UNWRITTEN or chunks > MOST_UNWRITTEN_CHUNKS:
            raise InvalidData(
                f"{path} declares {item.shape} values of {name!r}, of which {unwritten:,} bytes were never written; "
                "get a fresh copy, or write them"
            )

    file.visititems(visit)


def _unwritten(dataset: h5py.Dataset) -> int:
    declared = math.prod(dataset.shape or ()) * dataset.dtype.itemsize
    if dataset.chunks is None:
        return int(declared - dataset.id.get_storage_size())
    chunk = math.prod(dataset.chunks) * dataset.dtype.itemsize
    return int(declared - dataset.id.get_num_chunks() * chunk)


def _unwritten_chunks(dataset: h5py.Dataset) -> int:
    if dataset.chunks is None:
        return 0
    declared = math.prod(-(-size // chunk) for size, chunk in zip(dataset.shape, dataset.chunks, strict=True))
    return int(declared - dataset.id.get_num_chunks())
