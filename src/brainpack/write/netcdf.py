"""Assembly -> netCDF-4 file, as the BrainIO format wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from brainpack.content.hashes import GroupContent
from brainpack.digest import digest_file
from brainpack.errors import InvalidData
from brainpack.layout import DATA_VARIABLE
from brainpack.objects.attributes import encode_attributes
from brainpack.objects.indexes import plain_coords
from brainpack.objects.values import plain_data
from brainpack.workers import workers
from brainpack.write.container import netcdf_file
from brainpack.write.encoding import encode_values
from brainpack.write.filters import level_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt
    import xarray as xr

    from brainpack.content.values import ArrayContent
    from brainpack.digest import Digest
    from brainpack.write.container import Container
    from brainpack.write.filters import Compress
    from brainpack.write.packing import Observer

    Coordinates = dict[str, tuple[tuple[str, ...], npt.NDArray[Any]]]


ROOT: Final = ""


def write_arrays(
    arrays: Mapping[str, xr.DataArray],
    path: Path,
    *,
    compress: Compress = True,
    observer: Observer | None = None,
    executor: Any = None,
) -> tuple[Digest, dict[str, GroupContent]]:
    """Write arrays into one netCDF file, each into the group of its name.

    Parameters
    ----------
    arrays : mapping of str to DataArray
        By group; `ROOT` is the file itself. Never changed; all coordinates become plain variables.
    path : Path
        Made if it does not exist; otherwise the groups are added to it.
    compress : bool or "fast"
        Deflate, at the cost of a few per cent of size or not; False to store the values as they are.
    observer : Observer, optional
        Learns about the values of the `ROOT` array while they are written: texts at once, everything else region by
        region; objects have the type that they share.
    executor : concurrent.futures.Executor, dask.distributed.Client or None
        Who computes and compresses lazy values; see `brainpack.workers.workers`. The bytes are always the same.

    Returns
    -------
    (Digest, dict of str to GroupContent)
        Of the file, and what was written to each group, digested on the way.

    Raises
    ------
    InvalidData
        A value or an attribute that netCDF cannot hold, or a group that is already there.
    SettingsError
        `compress` or `executor` is something else.
    OSError
        The file cannot be written.
    """
    contents: dict[str, GroupContent] = {}
    with workers(executor) as crew, netcdf_file(path, level_of(compress), crew) as file:
        for name, array in arrays.items():
            if (name or DATA_VARIABLE) in file:
                raise InvalidData(
                    f"the file already holds {name or DATA_VARIABLE!r}; write to a new file or choose another group"
                )
            coords = plain_coords(array)
            names = {*map(str, array.dims), *coords, *arrays}
            seen_by = observer if name == ROOT else None
            contents[name] = _write_array(array, coords, file.container(name, taken=names), seen_by)
    return digest_file(path), contents


def _write_array(
    array: xr.DataArray, coords: Coordinates, container: Container, observer: Observer | None
) -> GroupContent:
    dims = tuple(str(dim) for dim in array.dims)
    stored: dict[str, ArrayContent] = {}
    along_their_own_dim = [name for name, (coord_dims, _) in coords.items() if coord_dims == (name,)]
    for name in along_their_own_dim:
        stored[name] = container.add_dimension_coordinate(name, encode_values(coords[name][1]))
    container.add_dimensions(dict(zip(dims, array.shape, strict=True)))
    others = [name for name in coords if name not in along_their_own_dim]
    for name in others:
        coord_dims, values = coords[name]
        stored[name] = container.add_variable(name, coord_dims, encode_values(values))
    attributes = encode_attributes(array.attrs)
    container.add_attributes(attributes)
    links = {"coordinates": " ".join(others)} if others else {}
    # `variable.data` is what the caller holds: a lazy array is computed block by block, never whole.
    encoded = encode_values(plain_data(array).variable.data)
    return GroupContent(container.add_variable(DATA_VARIABLE, dims, encoded, attributes | links, observer), stored)
