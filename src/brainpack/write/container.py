"""The netCDF-4 conventions on top of HDF5, with every property that changes bytes set by hand.

Library defaults differ between versions of h5py, h5netcdf and HDF5 (time stamps, fill times, a provenance
attribute); a file made here has the same bytes with all of them. The conventions are those of "NetCDF-4/HDF5
File Format" in the netCDF documentation, appendix "File Format Specifications".
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np
from h5py._objects import phil

from brainpack.content.blocks import block_count
from brainpack.content.values import ArrayContent, ValuesHash
from brainpack.progress import progress
from brainpack.write.disk import Disk
from brainpack.write.packing import MOST_HELD, Plan, in_order, tasks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from brainpack.workers import Workers
    from brainpack.write.encoding import Encoded
    from brainpack.write.packing import Chunk, Observer, Packed

_IN_ORDER: Final = h5py.h5p.CRT_ORDER_TRACKED | h5py.h5p.CRT_ORDER_INDEXED
_DIMENSION_ID: Final = "_Netcdf4Dimid"
_BARE_DIMENSION: Final = "This is a netCDF dimension but not a netCDF variable."


@contextmanager
def netcdf_file(path: Path, level: int | None, crew: Workers) -> Iterator[NetcdfFile]:
    """Open a new file, or an existing one to add groups to it; the workers compress, to a level or not at all.

    Raises
    ------
    OSError
        The disk is full, or failed otherwise.
    """
    exists = path.exists()
    with path.open("r+b" if exists else "x+b", buffering=0) as raw:
        disk = Disk(raw)
        access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
        access.set_fclose_degree(h5py.h5f.CLOSE_STRONG)  # an object that outlives its file would still write to it
        access.set_libver_bounds(h5py.h5f.LIBVER_EARLIEST, h5py.h5f.LIBVER_V110)
        access.set_fileobj_driver(h5py.h5fd.fileobj_driver, disk)
        name = repr(disk).encode()  # tells open files apart
        if exists:
            handle = h5py.h5f.open(name, h5py.h5f.ACC_RDWR, fapl=access)
        else:
            handle = h5py.h5f.create(name, h5py.h5f.ACC_TRUNC, fcpl=_reproducible(h5py.h5p.FILE_CREATE), fapl=access)
        with h5py.File(handle) as file:
            yield NetcdfFile(file, disk, level, crew)
        disk.check()


def _reproducible(kind: int) -> Any:
    properties = h5py.h5p.create(kind)
    properties.set_link_creation_order(_IN_ORDER)
    properties.set_attr_creation_order(_IN_ORDER)
    properties.set_obj_track_times(False)
    return properties


class NetcdfFile:
    """An open netCDF file and the disk under it."""

    def __init__(self, file: h5py.File, disk: Disk, level: int | None, crew: Workers) -> None:
        self._file = file
        self._disk = disk
        self._level = level
        self._crew = crew

    def __contains__(self, name: str) -> bool:
        return name in self._file

    def container(self, name: str, taken: Collection[str]) -> Container:
        """Make a group, or take the root where the name is empty; `taken` are the names that will be in it."""
        group: h5py.Group = self._file
        if name:
            made = h5py.h5g.create(self._file.id, name.encode(), gcpl=_reproducible(h5py.h5p.GROUP_CREATE))
            group = h5py.Group(made)
        return Container(group, self._disk, self._level, self._crew, taken)


class Container:
    """The attributes, dimensions and variables of one group."""

    def __init__(self, group: h5py.Group, disk: Disk, level: int | None, crew: Workers, taken: Collection[str]) -> None:
        self._taken = taken
        self._group = group
        self._disk = disk
        self._level = level
        self._crew = crew
        self._scales: dict[str, h5py.Dataset] = {}
        self._next_id = _count_dimensions(group.file)

    def add_attributes(self, attributes: Mapping[str, Any]) -> None:
        _add_attributes(self._group, attributes)

    def add_dimensions(self, sizes: Mapping[str, int]) -> None:
        """Make those dimensions that no variable of the same name stands for."""
        for name, size in sizes.items():
            if name not in self._scales:
                # A big-endian float without a value is how netCDF marks a dimension that has no coordinate.
                scale = self._create(name, (size,), np.dtype(">f4"), plan=None)
                self._make_scale(name, scale, f"{_BARE_DIMENSION}{size:10d}")

    def add_dimension_coordinate(self, name: str, encoded: Encoded) -> ArrayContent:
        """Make a variable that is its own dimension."""
        letters = self._letters(encoded)
        scale, digest = self._store(name, encoded)
        self._make_scale(name, scale, name)
        if letters:
            scale.attrs["_Netcdf4Coordinates"] = np.array([self._id_of(name), self._id_of(letters[0])], dtype=np.int32)
        return ArrayContent((name,), encoded.shape_in_memory, encoded.type, digest)

    def add_variable(
        self,
        name: str,
        dims: tuple[str, ...],
        encoded: Encoded,
        attributes: Mapping[str, Any] | None = None,
        observer: Observer | None = None,
    ) -> ArrayContent:
        """Store an array and tie it to its dimensions; the observer learns about the values on the way."""
        variable, digest = self._store(name, encoded, observer)
        for axis, dim in enumerate(dims + self._letters(encoded)):
            variable.dims[axis].attach_scale(self._scales[dim])
        _add_attributes(variable, attributes or {})
        return ArrayContent(dims, encoded.shape_in_memory, encoded.type, digest)

    def _letters(self, encoded: Encoded) -> tuple[str, ...]:
        """Name of the dimension that counts the bytes of a text."""
        if not encoded.is_text:
            return ()
        width = encoded.shape[-1]
        name = f"string{width}"
        while name in self._taken:
            name += "_"
        self.add_dimensions({name: width})
        return (name,)

    def _store(self, name: str, encoded: Encoded, observer: Observer | None = None) -> tuple[h5py.Dataset, str]:
        """Write values; digest and show them on the way."""
        is_chunked = encoded.shape != () and 0 not in encoded.shape
        plan = Plan.of(encoded, self._level if is_chunked else None)
        variable = self._create(name, plan.shape, plan.dtype, None if plan.level is None else plan)
        content = ValuesHash(encoded.type, encoded.shape_in_memory)
        if encoded.texts is not None:
            content.add(encoded.texts)
            if observer is not None:
                observer.take(observer.look((slice(None),) * encoded.texts.ndim)(encoded.texts))
                observer = None
        chunks = in_order(plan, self._packed(plan, encoded.values, observer), observer)
        for chunk in progress(chunks, block_count(plan.shape, plan.chunk), " chunks", name):
            _write_chunk(variable, chunk)
            if chunk.digest is not None:
                content.add_block(chunk.digest)
            self._disk.check()
        _add_attributes(variable, encoded.attributes)
        return variable, content.hexdigest()

    def _packed(self, plan: Plan, values: Any, observer: Observer | None) -> Iterable[Packed]:
        """What the workers make of an array; one that is in memory stays in this process."""
        is_lazy = hasattr(values, "dask")
        if not is_lazy and plan.shape == plan.chunk:
            return (task.function(*task.arguments) for task in tasks(plan, values, observer))
        crew = self._crew if is_lazy else self._crew.here
        return crew.results(tasks(plan, values, observer), MOST_HELD)

    def _create(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], plan: Plan | None) -> h5py.Dataset:
        """Make a dataset, in chunks where there is a plan for them."""
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_attr_creation_order(_IN_ORDER)
        properties.set_obj_track_times(False)
        properties.set_fill_time(h5py.h5d.FILL_TIME_IFSET)
        if plan is not None:
            properties.set_chunk(plan.chunk)
            if dtype.itemsize > 1:
                properties.set_shuffle()
            properties.set_deflate(plan.level)
        space = h5py.h5s.create_simple(shape) if shape else h5py.h5s.create(h5py.h5s.SCALAR)
        stored_type = h5py.h5t.py_create(dtype, logical=True)
        return h5py.Dataset(h5py.h5d.create(self._group.id, name.encode(), stored_type, space, properties))

    def _make_scale(self, name: str, dataset: h5py.Dataset, label: str) -> None:
        dataset.make_scale(label)
        dataset.attrs[_DIMENSION_ID] = np.int32(self._next_id)
        self._next_id += 1
        self._scales[name] = dataset

    def _id_of(self, name: str) -> int:
        return int(self._scales[name].attrs[_DIMENSION_ID])


def _write_chunk(variable: h5py.Dataset, chunk: Chunk) -> None:
    if isinstance(chunk.stored, np.ndarray):
        variable[chunk.region] = chunk.stored
    else:
        corner = tuple(axis.start for axis in chunk.region)
        with phil:  # old versions do not take the lock of HDF5 here, while workers may read from another file
            variable.id.write_direct_chunk(corner, chunk.stored.content, chunk.stored.mask)


def _add_attributes(target: h5py.Group | h5py.Dataset, attributes: Mapping[str, Any]) -> None:
    """Store encoded attributes: text with a fixed length, lists of text with a variable one."""
    for name, value in attributes.items():
        if isinstance(value, str):
            text = value.encode()
            length = max(len(text), 1)
            target.attrs[name] = np.array(text, dtype=h5py.string_dtype("utf-8", length))
        elif isinstance(value, list):
            target.attrs[name] = np.array(value, dtype=h5py.string_dtype("utf-8"))
        else:
            target.attrs[name] = value


def _count_dimensions(file: h5py.File) -> int:
    found = 0

    def count(_: str, item: h5py.Group | h5py.Dataset) -> None:
        nonlocal found
        found += _DIMENSION_ID in item.attrs

    file.visititems(count)
    return found
