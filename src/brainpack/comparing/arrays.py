"""The arrays in a netCDF file, read region by region."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

from brainpack.content.hashes import GroupContent, canonical_coords, content_of_groups
from brainpack.content.values import TEXT, ArrayContent, ValuesHash, content_type, slabs
from brainpack.objects.indexes import repeated_dimensions
from brainpack.progress import progress
from brainpack.read.container import NetcdfFile, decoding, refuse_what_hdf5_should_not_see
from brainpack.read.encoding import data_variable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

_BYTES_OF_A_TEXT: Final = 128  # what a short one takes in memory, with the object around it
_DURATION: Final = "timedelta64"


class FileArray:
    """An array in an open file.

    Attributes
    ----------
    dims : tuple of str
    shape : tuple of int
    type : str
        As the content hash names it.
    """

    def __init__(self, variable: xr.Variable, where: str) -> None:
        self._variable = variable
        self._where = where
        self.dims = tuple(map(str, variable.dims))
        self.shape = tuple(variable.shape)
        self.type = content_type(variable.dtype)

    def __getitem__(self, region: tuple[slice, ...]) -> npt.NDArray[Any]:
        with decoding(self._where), repeated_dimensions():
            return np.asarray(self._variable[region])

    def slabs(self) -> Iterator[tuple[slice, ...]]:
        """Regions of a few megabytes, in C order; while they are used, a bar shows how many are left."""
        regions = [*slabs(self.shape, self._bytes_of_a_value())]
        yield from progress(regions, len(regions), " parts", "values")

    def _bytes_of_a_value(self) -> int:
        if self.type != TEXT:
            return int(self._variable.dtype.itemsize)
        letters = self._variable.encoding.get("original_shape", ())[len(self.shape) :]
        return max((_BYTES_OF_A_TEXT, *map(int, letters)))

    def content(self) -> ArrayContent:
        hashed = ValuesHash(self.type, self.shape)
        for region in self.slabs():
            hashed.add(self[region])
        return ArrayContent(self.dims, self.shape, self.type, hashed.hexdigest())


class FileGroup:
    """An array in an open file, with its coordinates and attributes.

    Attributes
    ----------
    values : FileArray
    coords : dict of str to FileArray
        Under the names that loading gives them.
    attributes : dict
    """

    def __init__(self, array: xr.DataArray, where: str) -> None:
        self.values = FileArray(array.variable, where)
        coords = {str(name): FileArray(coord, where) for name, coord in array.coords.variables.items()}
        self.coords = canonical_coords(coords)
        self.attributes = dict(array.attrs)

    def content(self) -> GroupContent:
        return GroupContent(self.values.content(), {name: coord.content() for name, coord in self.coords.items()})


@contextmanager
def opened_arrays(path: Path) -> Iterator[tuple[FileGroup, dict[str, FileGroup]]]:
    """Open a netCDF file; nothing of its values is read yet.

    Yields
    ------
    (FileGroup, dict of str to FileGroup)
        The assembly, and its extras.

    Raises
    ------
    NotFound, StoreError
        It is not there, or cannot be read.
    InvalidData
        It is not netCDF-4, or damaged, or does not say where its values are.
    """
    refuse_what_hdf5_should_not_see(path, is_verified=False, is_lazy=False)
    with closing(NetcdfFile(path)) as file:
        names = file.group_names()
    with ExitStack() as files, repeated_dimensions():
        assembly = files.enter_context(_opened_group(path, None))
        yield assembly, {name: files.enter_context(_opened_group(path, name)) for name in names}


@contextmanager
def _opened_group(path: Path, name: str | None) -> Iterator[FileGroup]:
    where = f"{path}, group {name!r}" if name else str(path)
    with decoding(where):  # decode_timedelta: numbers whose units happen to be 'seconds' stay numbers
        dataset = xr.open_dataset(path.absolute(), engine="h5netcdf", group=name, decode_timedelta=False, cache=False)
    with dataset:
        with decoding(where):
            group = FileGroup(_with_durations(dataset)[data_variable([*dataset.data_vars], where)], where)
        yield group


def _with_durations(dataset: xr.Dataset) -> xr.Dataset:
    """Numbers that were written as durations are durations again."""
    names = [name for name, array in dataset.variables.items() if _is_duration(array)]
    return dataset.assign(xr.decode_cf(dataset[names], decode_timedelta=True).variables) if names else dataset


def _is_duration(array: xr.Variable) -> bool:
    return str(array.attrs.get("dtype", "")).startswith(_DURATION)


def content_of_netcdf(path: Path) -> str:
    """Content hash of an assembly in a file, read in bounded memory.

    Raises
    ------
    NotFound, InvalidData, StoreError
        As `opened_arrays`.
    """
    with opened_arrays(path) as (assembly, extras):
        return content_of_groups(assembly.content(), {name: extra.content() for name, extra in extras.items()})
