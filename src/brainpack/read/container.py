"""An open netCDF-4 file; several threads read from it, and other processes open it for themselves."""

from __future__ import annotations

import math
import os
import threading
from contextlib import closing, contextmanager
from io import FileIO
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import h5netcdf
import h5py
import numpy as np
import xarray as xr
from xarray.backends import AbstractDataStore, BackendArray
from xarray.core.indexing import IndexingSupport, LazilyIndexedArray, explicit_indexing_adapter

from brainpack.errors import BrainpackError, InvalidData, StoreError
from brainpack.read.access import reading, refuse_other_than_file
from brainpack.read.direct import StoredChunks
from brainpack.read.heap_texts import are_in_heaps, letters_of
from brainpack.read.heaps import damaged_heap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xarray.core.indexing import ExplicitIndexer

    from brainpack.workers import Workers


_CLASSIC: Final = b"CDF"
MOST_UNWRITTEN_CHUNKS: Final = 1 << 16  # HDF5 takes some kB of memory for each that it reads
_LARGE: Final = 1 << 20  # bytes, which are not searched faster than HDF5 tells where there are chunks
_FEW_BYTES: Final = 128 << 10  # which HDF5 has read before the chunks are looked up
_CAN_READ_AT: Final = hasattr(os, "pread")
_MARKS: Final = ("_FillValue", "missing_value")
_SMALL_CHUNK: Final = 8 << 10  # bytes, which HDF5 has inflated before Python has called somebody


class Version(NamedTuple):
    """By what a file under the same name is known to be another one."""

    size: int
    modified: int  # ns


@contextmanager
def decoding(where: str) -> Iterator[None]:
    """Explain what HDF5 and the libraries on top of it could not read; Python has opened the file before."""
    try:
        yield
    except BrainpackError:
        raise
    except MemoryError as error:
        raise StoreError(f"{where} needs more memory than there is; read it on a larger machine") from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise StoreError(f"{where} could not be read: {error}; check that no program writes to it") from error
        raise InvalidData(
            f"{where} is not netCDF-4 as the format has it, or it is damaged: {error}; get a fresh copy"
        ) from error


class NetcdfFile:
    """A netCDF file that is opened when it is read, and again in each process that it is sent to.

    It is closed by `close`, or when nothing refers to it any more. A file that was replaced under its name is read as
    long as it is open; to open it again is refused, since its values would be mixed with those of another file.
    """

    def __init__(self, path: Path, version: Version | None = None) -> None:
        self.path = path.absolute()
        self._version = version or _version(self.path)
        self._lock = threading.RLock()
        self._file: h5py.File | None = None
        self._chunks: dict[str, StoredChunks | None] = {}
        self._is_closed = False

    def __reduce__(self) -> tuple[type[NetcdfFile], tuple[Path, Version]]:
        return type(self), (self.path, self._version)

    @contextmanager
    def open(self) -> Iterator[h5py.File]:
        """Lend the file to one thread."""
        with self._lock:
            if self._is_closed:
                raise StoreError(f"{self.path} was closed; load the assembly again to read its values")
            if self._file is None:
                if _version(self.path) != self._version:
                    raise StoreError(f"{self.path} was replaced after it had been opened; load the assembly again")
                self._file = h5py.File(self.path, driver="sec2")  # the one whose handle is a file descriptor
            yield self._file

    def close(self) -> None:
        """Close the file for good; what was computed stays."""
        with self._lock:
            self._is_closed = True
            if self._file is not None:
                self._file.close()
                self._file = None

    def chunks_of(self, dataset: h5py.Dataset) -> StoredChunks | None:
        """Look up where the chunks of an array are, once; None if HDF5 has to read it."""
        with self._lock:
            if dataset.name not in self._chunks:
                self._chunks[dataset.name] = StoredChunks.of(dataset)
            return self._chunks[dataset.name]

    def group_names(self) -> list[str]:
        """Name the groups that hold something."""
        with decoding(str(self.path)), self.open() as file:
            groups = {name: item for name, item in _items(file, self.path) if isinstance(item, h5py.Group)}
            return [name for name, group in groups.items() if [*_items(group, self.path)]]


def _version(path: Path) -> Version:
    with reading(path):
        found = path.stat()
    return Version(found.st_size, found.st_mtime_ns)


def _items(group: h5py.Group, path: Path) -> Iterator[tuple[str, Any]]:
    """What is in a group; refused where its values come from outside of the file."""
    for name in group:
        is_outside = isinstance(group.get(name, getlink=True), h5py.ExternalLink)
        item = None if is_outside else group[name]
        if is_outside or (isinstance(item, h5py.Dataset) and (item.external or item.is_virtual)):
            raise InvalidData(f"{path} takes {name!r} from another file, which is unsafe; store the values in it")
        yield name, item


class Stored(BackendArray):
    """A variable as it is in the file, read when it is indexed.

    Attributes
    ----------
    shape : tuple of int
        The variable may have been written up to a part of it; the rest reads as fill values.
    """

    def __init__(
        self, file: NetcdfFile, dataset: h5py.Dataset, shape: tuple[int, ...], crew: Workers | None = None
    ) -> None:
        self.file = file
        self._crew = crew
        self.name: str = dataset.name
        self.shape = shape
        self.dtype = dataset.dtype
        self.is_text = _is_text(self.dtype)

    def __getitem__(self, key: ExplicitIndexer) -> Any:
        return explicit_indexing_adapter(key, self.shape, IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[Any, ...]) -> Any:
        with self.file.open() as file:
            dataset = file[self.name]
            _refuse_chunks_never_written(dataset, key, self.file.path)
            if self.is_text:
                return dataset.asstr()[key]
            if dataset.shape != self.shape:
                missing = [(0, full - part) for full, part in zip(self.shape, dataset.shape, strict=True)]
                return np.pad(dataset[()], missing, constant_values=dataset.fillvalue)[key]
            region = _region(dataset, key)
            chunks = None if region is None else self.file.chunks_of(dataset)
            if region is None or chunks is None:
                return dataset[key]
            descriptor = _descriptor(file)
        with closing(descriptor):
            return chunks.read(descriptor.fileno(), region, self._crew)


def _is_text(dtype: np.dtype[Any]) -> bool:
    return dtype.kind == "O" and h5py.check_string_dtype(dtype) is not None


def _descriptor(file: h5py.File) -> FileIO:
    """Open a file once more: others may close it while this thread reads."""
    return FileIO(os.dup(file.id.get_vfd_handle()))


def _region(dataset: h5py.Dataset, key: tuple[Any, ...]) -> tuple[slice, ...] | None:
    """Return the region that is worth to be read without HDF5; None for what HDF5 reads faster, or alone."""
    itemsize = dataset.dtype.itemsize
    if not _CAN_READ_AT or dataset.chunks is None or math.prod(dataset.chunks) * itemsize < _SMALL_CHUNK:
        return None
    places = [range(size)[part] for size, part in zip(dataset.shape, key, strict=True)]
    ends = [slice(place.start, place.stop) for place in places if isinstance(place, range) and place.step == 1]
    if len(ends) < len(places) or math.prod(end.stop - end.start for end in ends) * itemsize < _FEW_BYTES:
        return None
    return tuple(ends)


def _refuse_chunks_never_written(dataset: h5py.Dataset, key: tuple[Any, ...], path: Path) -> None:
    if dataset.chunks is None:
        return
    places = [range(size)[part] for size, part in zip(dataset.shape, key, strict=True)]
    touched = math.prod(
        0 if not place else abs(place[-1] // chunk - place[0] // chunk) + 1
        for place, chunk in zip(places, dataset.chunks, strict=True)
        if isinstance(place, range)
    )
    if touched > MOST_UNWRITTEN_CHUNKS and touched - dataset.id.get_num_chunks() > MOST_UNWRITTEN_CHUNKS:
        raise InvalidData(
            f"{path} declares {dataset.shape} values of {dataset.name!r}, most of which were never written; "
            "get a fresh copy, or write them in larger chunks"
        )


class StoredGroup(AbstractDataStore):
    """The variables of a group for the decoder of xarray, which then follows the CF conventions as everywhere.

    Attributes
    ----------
    variables : dict of str to Variable
        As they are in the file, and not read yet. Text of variable length has the type object: xarray, told that it is
        text, would load dask to convert it.
    """

    def __init__(self, file: NetcdfFile, name: str | None, crew: Workers | None = None) -> None:
        self._file = file
        # h5netcdf knows what the dimensions are; values are read without it, several times faster
        with file.open() as opened, h5netcdf.File(str(file.path), "r") as described:
            group, variables = (opened[name], described[name]) if name else (opened, described)
            datasets = {key: group[key if key in group else f"_nc4_non_coord_{key}"] for key in variables.variables}
            self._paths = {key: dataset.name for key, dataset in datasets.items()}
            self.variables = {
                key: _variable(file, variables.variables[key], dataset, crew) for key, dataset in datasets.items()
            }

    def is_text(self, name: str) -> bool:
        """Whether a variable is text of variable length that is not read yet."""
        return _is_text(self.variables[name].dtype)

    def letters(self, name: str) -> np.ndarray[Any, Any] | None:
        """Read such text as letters, filled up with zeros; None where HDF5 has to read it."""
        with self._file.open() as file:
            dataset = file[self._paths[name]]
            if not _CAN_READ_AT or dataset.shape != self.variables[name].shape or not are_in_heaps(dataset):
                return None
            place, descriptor = dataset.id.get_offset(), _descriptor(file)
        with closing(descriptor):
            return letters_of(descriptor.fileno(), place, dataset.shape[0])

    def load_decoded(self, variable: xr.Variable, name: str) -> None:
        """Read a variable of this name that was decoded; text gets the type that it has in xarray."""
        variable.load()
        if self.is_text(name) and self.variables[name].attrs.keys().isdisjoint(_MARKS):
            variable.values = variable.values.astype(str)

    def get_attrs(self) -> dict[str, Any]:
        """Return none: what an array has to say is among its own attributes."""
        return {}

    def get_variables(self) -> dict[str, xr.Variable]:
        return self.variables


def _variable(
    file: NetcdfFile, variable: h5netcdf.Variable, dataset: h5py.Dataset, crew: Workers | None = None
) -> xr.Variable:
    dimensions = variable.dimensions
    if len(dimensions) != dataset.ndim:
        raise ValueError(f"{dataset.name!r} has {dataset.ndim} axes, and names of {len(dimensions)}")
    is_growing = None in dataset.maxshape
    shape = tuple(variable.shape) if is_growing else dataset.shape
    # who reads letters is one of the workers, and waiting for others there might be for ever
    stored = Stored(file, dataset, shape, None if dataset.dtype.kind == "S" else crew)
    data = LazilyIndexedArray(stored)
    if stored.is_text and dimensions == (dataset.name.rpartition("/")[-1],):  # xarray makes an index of it
        return xr.Variable(dimensions, data.get_duck_array().astype(str), _attributes(variable))
    return xr.Variable(dimensions, data, _attributes(variable), {"dtype": stored.dtype, "chunksizes": dataset.chunks})


def _attributes(variable: h5netcdf.Variable) -> dict[str, Any]:
    # marks are compared with values, which are bytes then
    return {name: value if name in _MARKS else _text(value) for name, value in variable.attrs.items()}


def _text(value: Any) -> Any:
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return value


def refuse_what_hdf5_should_not_see(path: Path, *, is_verified: bool, is_lazy: bool) -> None:
    """Look for what HDF5 would hang on, or take from elsewhere.

    Parameters
    ----------
    path : Path
    is_verified : bool
        Whether the file is known to be as it was written.
    is_lazy : bool
        Whether to leave out the chunks of the variables, and with them most of the file. They hold no heaps. Those of
        a large file are left out in any case.
    """
    refuse_other_than_file(path)
    with reading(path), path.open("rb") as file:
        is_classic = file.read(len(_CLASSIC)) == _CLASSIC
        is_large = file.seek(0, os.SEEK_END) > _LARGE
    if is_classic:
        raise InvalidData(f"{path} is netCDF-3, expected netCDF-4; convert it with 'nccopy -k nc4'")
    if is_verified:
        return
    besides = _chunks(path) if is_lazy or is_large else ()
    with reading(path), path.open("rb") as file:
        damage = damaged_heap(file, besides)
    if damage is not None:
        raise InvalidData(f"{path} is damaged: the heap at byte {damage} is not one of HDF5; get a fresh copy")


def _chunks(path: Path) -> np.ndarray[Any, Any]:
    """Return where chunks start and end in the file."""
    chunks: list[h5py.h5d.StoreInfo] = []

    def visit(_: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset) and item.chunks is not None:
            item.id.chunk_iter(chunks.append)

    with decoding(str(path)), h5py.File(path) as file:
        file.visititems(visit)
    starts = np.array([chunk.byte_offset for chunk in chunks], dtype=np.int64)
    return np.column_stack([starts, starts + np.array([chunk.size for chunk in chunks], dtype=np.int64)])
