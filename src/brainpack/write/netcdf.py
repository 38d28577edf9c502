"""Assembly -> netCDF-4 file, as the BrainIO format wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from brainpack.digest import digest_file
from brainpack.errors import InvalidData
from brainpack.layout import DATA_VARIABLE
from brainpack.objects.attributes import encode_attributes
from brainpack.objects.indexes import plain_coords
from brainpack.write.container import netcdf_file
from brainpack.write.encoding import encode_values

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt
    import xarray as xr

    from brainpack.digest import Digest
    from brainpack.write.container import Container

    Coordinates = dict[str, tuple[tuple[str, ...], npt.NDArray[Any]]]


ROOT: Final = ""


def write_arrays(arrays: Mapping[str, xr.DataArray], path: Path, *, compress: bool = True) -> Digest:
    """Write arrays into one netCDF file, each into the group of its name.

    Parameters
    ----------
    arrays : mapping of str to DataArray
        By group; `ROOT` is the file itself. Never changed; all coordinates become plain variables.
    path : Path
        Made if it does not exist; otherwise the groups are added to it.
    compress : bool
        Deflate with byte shuffle.

    Returns
    -------
    Digest

    Raises
    ------
    InvalidData
        A value or an attribute that netCDF cannot hold, or a group that is already there.
    OSError
        The file cannot be written.
    """
    with netcdf_file(path, compress=compress) as file:
        for name, array in arrays.items():
            if (name or DATA_VARIABLE) in file:
                raise InvalidData(
                    f"the file already holds {name or DATA_VARIABLE!r}; write to a new file or choose another group"
                )
            coords = plain_coords(array)
            names = {*map(str, array.dims), *coords, *arrays}
            _write_array(array, coords, file.container(name, taken=names))
    return digest_file(path)


def _write_array(array: xr.DataArray, coords: Coordinates, container: Container) -> None:
    dims = tuple(str(dim) for dim in array.dims)
    along_their_own_dim = [name for name, (coord_dims, _) in coords.items() if coord_dims == (name,)]
    for name in along_their_own_dim:
        container.add_dimension_coordinate(name, encode_values(coords[name][1]))
    container.add_dimensions(dict(zip(dims, array.shape, strict=True)))
    others = [name for name in coords if name not in along_their_own_dim]
    for name in others:
        coord_dims, values = coords[name]
        container.add_variable(name, coord_dims, encode_values(values))
    attributes = encode_attributes(array.attrs)
    container.add_attributes(attributes)
    links = {"coordinates": " ".join(others)} if others else {}
    # `variable.data` is what the caller holds: a lazy array is computed block by block, never whole.
    container.add_variable(DATA_VARIABLE, dims, encode_values(array.variable.data), attributes | links)
