"""netCDF, a table, `.npy` or `.mat` -> assembly."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from brainpack.errors import InvalidData, SettingsError
from brainpack.intake.arrays import labelled, read_npy
from brainpack.intake.columns import EVENT, NEUROID, TIME_BIN, with_todays_names
from brainpack.intake.reading import TABLES, read_any_table
from brainpack.intake.tables import table_to_array, with_facts
from brainpack.layout import PRESENTATION
from brainpack.notices import warn
from brainpack.objects.assemblies import CLASSES, assembly_class
from brainpack.read.in_place import class_by_dimensions
from brainpack.read.netcdf import read_assembly
from brainpack.settings import with_home

if TYPE_CHECKING:
    import os
    from collections.abc import Hashable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    import xarray as xr

    from brainpack.intake.matlab import MatFile
    from brainpack.objects.assemblies import DataAssembly

_DIMENSIONS: Final = (PRESENTATION, NEUROID, TIME_BIN, EVENT)
_NETCDF: Final = (".nc", ".nc4", ".netcdf", ".cdf")


def assembly_from(
    source: str | os.PathLike[str],
    *,
    dims: Sequence[str] | None = None,
    values: str | None = None,
    variable: str | None = None,
    metadata: Mapping[str, str | os.PathLike[str]] | None = None,
    class_name: str | None = None,
) -> DataAssembly:
    r"""Make an assembly of a file of a lab.

    Parameters
    ----------
    source : path
        netCDF-4; a table (CSV, TSV or Parquet), long or wide; an array of numpy (`.npy`); or a MATLAB file (`.mat`, of
        any version since 5).
    dims : sequence of str, optional
        Dimensions, of an array in the order of its axes; by default those that columns or tables leave no choice of.
    values : str, optional
        Column of the values; or a pattern such as ``"unit_*"`` for the columns of a wide table, one for each neuroid.
    variable : str, optional
        Of a MATLAB file the array with the values; by default the only one.
    metadata : mapping of str to path, optional
        For dimensions, tables of their coordinates. For a table or netCDF rows are found by their ids; for an array
        they are in its order. Of a MATLAB file it may be the name of a struct.
    class_name : str, optional
        For instance "BehavioralAssembly"; by default that of the dimensions.

    Returns
    -------
    DataAssembly
        Of this class. Values of `.npy` stay in the file until they are used.

    Raises
    ------
    NotFound, StoreError
        Something is not there, or cannot be read.
    InvalidData
        A file is damaged, ids have no counterpart, or rows contradict each other.
    SettingsError
        What is what is not clear, and the message says which option decides; or a library is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> table = Path(tempfile.mkdtemp(), "rates.csv")
    >>> _ = table.write_text("stimulus_id,neuroid_id,rate\na,n1,1.5\na,n2,2.5\nb,n1,0.5\nb,n2,3.5\n", "utf-8")
    >>> rates = assembly_from(table)
    >>> rates.dims, rates.sel(neuroid_id="n2").values.ravel().tolist()
    (('presentation', 'neuroid'), [2.5, 3.5])
    """
    path = with_home(source)
    refuse_unknown(class_name, dims)
    suffix = path.suffix.lower()
    tables = {dim: with_home(table) for dim, table in (metadata or {}).items()}
    _refuse_options(suffix, values, variable)
    if suffix in _NETCDF:
        return _netcdf(path, dims, tables, class_name)
    if suffix in TABLES:
        array, class_name = table_to_array(path, dims, values, tables, class_name)
    elif suffix == ".npy":
        array = labelled(read_npy(path), dims, {dim: _table(table) for dim, table in tables.items()}, str(path))
    elif suffix == ".mat":
        array = _matlab(path, dims, variable, tables)
    else:
        raise InvalidData(
            f"{path} is of no known format; expected {', '.join((*TABLES, '.npy', '.mat', *_NETCDF[:1]))}"
        )
    return _of_class(array, class_name, path)


def refuse_unknown(class_name: str | None, dims: Sequence[str] | None) -> None:
    """Refuse what no file could have.

    Raises
    ------
    SettingsError
        There is no such class, or dimensions are repeated.
    """
    if class_name is not None and class_name not in CLASSES:
        raise SettingsError(f"there is no assembly class {class_name!r}; use one of {', '.join(CLASSES)}")
    if dims is not None and (isinstance(dims, str) or not dims or len({*dims}) < len(dims)):
        raise SettingsError(f"dims are {dims!r}; expected different names, such as presentation,neuroid")


def _refuse_options(suffix: str, values: str | None, variable: str | None) -> None:
    if values is not None and suffix not in TABLES:
        raise SettingsError(f"values is {values!r}, a column, but the source is no table; leave it out")
    if variable is not None and suffix != ".mat":
        raise SettingsError(f"variable is {variable!r}, but the source is no MATLAB file; leave it out")


def _of_class(array: xr.DataArray, class_name: str | None, path: Path) -> DataAssembly:
    if class_name is None:
        _tell_misspelt(array.dims, path)
    cls = class_by_dimensions(array.dims) if class_name is None else assembly_class(class_name)
    if not cls.accepts(array.dims):
        raise SettingsError(
            f"{path} has the dimensions {', '.join(map(str, array.dims))}; a {cls.__name__} has "
            f"{cls.expected_dimensions()}; correct dims or class"
        )
    return cls(_with_names_of_labels(array, path))


def _tell_misspelt(dims: Sequence[Hashable], path: Path) -> None:
    for dim in (dim for dim in map(str, dims) if dim not in _DIMENSIONS):
        if meant := get_close_matches(dim.lower(), _DIMENSIONS, n=1, cutoff=0.7):
            warn(f"{path}: no class of assemblies knows the dimension {dim}; if it is {meant[0]}, correct dims")


def _with_names_of_labels(array: xr.DataArray, path: Path) -> xr.DataArray:
    """Call a label that is named like its dimension by another name, unless it is the only one of that dimension."""
    for dim in map(str, array.dims):
        beside = [str(name) for name, coord in array.coords.items() if coord.dims == (dim,) and name != dim]
        if dim in array.coords and beside:
            if f"{dim}_id" in array.coords:
                raise InvalidData(f"{path} has labels {dim} and {dim}_id; rename one of them, or leave it out")
            array = array.assign_coords({f"{dim}_id": (dim, array[dim].values)}).drop_vars(dim)
    return array


def _netcdf(path: Path, dims: Sequence[str] | None, tables: Mapping[str, Path], class_name: str | None) -> DataAssembly:
    assembly = read_assembly(path, None if class_name is None else assembly_class(class_name))
    if dims is not None and {*dims} != {*assembly.dims}:
        raise SettingsError(f"{path} has the dimensions {', '.join(map(str, assembly.dims))}, not {', '.join(dims)}")
    array = assembly if dims is None else assembly.transpose(*dims)
    for dim, table in tables.items():
        if dim not in array.dims:
            raise SettingsError(f"metadata of {dim} are given, but {path} has {', '.join(map(str, array.dims))}")
        bare = array.reset_index(dim) if dim in array.indexes else array
        array = type(assembly)(with_facts(bare, dim, _table(table), str(path), str(table)))
    return array


def _table(path: Path) -> pd.DataFrame:
    return with_todays_names(read_any_table(path))


def _matlab(path: Path, dims: Sequence[str] | None, variable: str | None, tables: Mapping[str, Path]) -> xr.DataArray:
    from brainpack.intake.matlab import MatFile

    file = MatFile.read(path)
    facts = {dim: _struct_or_table(file, table) for dim, table in tables.items()}
    array = file.array(variable)
    dropped = max(0, len(dims or ()) - array.ndim)  # MATLAB drops axes of length one at the end, and only there
    return labelled(array.reshape(*array.shape, *[1] * dropped), dims, facts, str(path))


def _struct_or_table(file: MatFile, source: Path) -> pd.DataFrame:
    """A table beside the file, or, without a suffix, a struct in the file."""
    return _table(source) if source.suffix else with_todays_names(file.table(source.name))
