"""A package -> what is in it, in a few lines: dimensions, labels, types, sizes and the first rows."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from brainpack.cache.entries import Cache
from brainpack.layout import FILENAME, PRESENTATION, STIMULUS_ID, SUFFIXES
from brainpack.locating import locate, records_at
from brainpack.objects.assemblies import MetadataAssembly
from brainpack.objects.values import plain_data
from brainpack.opening import open_package
from brainpack.read.in_place import arrays_in_place, class_by_dimensions
from brainpack.read.tables import read_table
from brainpack.settings import Settings
from brainpack.validation.findings import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    import xarray as xr

    from brainpack.locating import Located
    from brainpack.record.records import Record

    AnyPath = str | os.PathLike[str]

_EXAMPLES: Final = 3
_ROWS: Final = 5
_COLUMNS: Final = 4
_IDS: Final = {PRESENTATION: STIMULUS_ID, "time_bin": "time_bin_start"}
_BARE: Final = (".nc", ".csv")


@dataclass(frozen=True)
class Labels:
    """A coordinate of an assembly, or a column of a stimulus set.

    Attributes
    ----------
    name : str
    dims : tuple of str
        Empty for a column, and for a coordinate of the whole assembly.
    dtype : str
    distinct : int
        How many different values there are.
    examples : tuple of str
        The first of them.
    """

    name: str
    dims: tuple[str, ...]
    dtype: str
    distinct: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """What is in a package.

    Attributes
    ----------
    name : str
        Its identifier, or the name of a bare file.
    cls : str
        Class that it loads as.
    sizes : dict of str to int
        Length of each dimension; for a stimulus set how many stimuli there are.
    dtype : str or None
        Of the values of an assembly.
    memory : int
        Bytes of the values, or of the table.
    files : dict of str to int
        Bytes of each file; for a folder of stimuli 0.
    labels : tuple of Labels
    columns : tuple of str
        Header of the rows.
    rows : tuple of tuple of str
        The first rows of the table; or the first values, along the first dimension by rows and along the second by
        columns, at the first place of all others.
    formats : dict of str to int
        How many stimuli have a suffix, for instance ".png".
    extras : tuple of Summary
        Further arrays in the file of an assembly.
    """

    name: str
    cls: str
    sizes: dict[str, int]
    dtype: str | None
    memory: int
    files: dict[str, int]
    labels: tuple[Labels, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    formats: dict[str, int] = field(default_factory=dict)
    extras: tuple[Summary, ...] = ()


def summarise(place: AnyPath) -> Iterator[Summary]:
    """Look into packages. Numbers of assemblies stay where they are, so it takes no memory however large they are.

    Parameters
    ----------
    place : path or str
        A record, a folder with records, or a bare file, as in `brainpack.opening.open_package`; also in S3, from where
        what is not in the cache is fetched.

    Yields
    ------
    Summary
        Of files that are as their record says.

    Raises
    ------
    NotFound, InvalidData, IntegrityError, StoreError
        Nothing is there, or it cannot be understood, is not what was recorded, or cannot be read.
    """
    text = os.fspath(place)
    if text.endswith(_BARE):
        for package in open_package(text):
            yield _summary(package.name, None, package.files)
        return
    cache = Cache(Settings.from_environment())
    for source in records_at(text):
        yield summary_of(locate(source, cache), cache)


def summary_of(found: Located, cache: Cache) -> Summary:
    """Summary of a package whose record was found; errors as in `summarise`."""
    record = found.record
    parts = [record.file(suffix) for suffix in SUFFIXES[record.kind]]
    return _summary(record.identifier, record, found.paths(parts, cache))


def _summary(name: str, record: Record | None, paths: Sequence[Path]) -> Summary:
    files = {path.name: path.stat().st_size if path.is_file() else 0 for path in paths}
    if paths[0].suffix == ".csv":
        return _of_table(name, read_table(paths[0]), files)
    with arrays_in_place(paths[0], is_verified=record is not None) as (array, extras):
        cls = class_by_dimensions(array.dims).__name__ if record is None else record.cls
        return _of_array(name, cls, array, files, tuple(
            _of_array(extra, MetadataAssembly.__name__, found, {}) for extra, found in extras.items()
        ))  # fmt: skip


def _of_table(name: str, table: pd.DataFrame, files: dict[str, int]) -> Summary:
    return Summary(
        name,
        "StimulusSet",
        {"stimuli": len(table)},
        None,
        int(table.memory_usage(deep=True).sum()),
        files,
        tuple(_labels(str(column), (), table[column].to_numpy()) for column in table.columns),
        tuple(map(str, table.columns)),
        tuple(tuple(map(str, row)) for row in table.head(_ROWS).itertuples(index=False)),
        dict(Counter(PurePosixPath(str(file)).suffix for file in table[FILENAME])) if FILENAME in table else {},
    )


def _of_array(
    name: str, cls: str, array: xr.DataArray, files: dict[str, int], extras: tuple[Summary, ...] = ()
) -> Summary:
    dims = [str(dim) for dim in array.dims]
    labels = [_labels(str(name), tuple(map(str, label.dims)), label.values) for name, label in array.coords.items()]
    labels.sort(key=lambda label: dims.index(label.dims[0]) if label.dims else -1)
    columns, rows = _corner(array)
    memory = array.variable.size * array.dtype.itemsize
    sizes = dict(zip(dims, array.shape, strict=True))
    return Summary(name, cls, sizes, str(array.dtype), memory, files, tuple(labels), columns, rows, extras=extras)


def _labels(name: str, dims: tuple[str, ...], values: np.ndarray[Any, Any]) -> Labels:
    distinct = pd.unique(values.ravel().astype(object))
    kind = "text" if any(isinstance(value, str) for value in distinct[:1]) else str(values.dtype)
    return Labels(name, dims, kind, len(distinct), tuple(map(shown, distinct[:_EXAMPLES])))


def _corner(array: xr.DataArray) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The first values under a header; before each row what it is of."""
    if not array.ndim or 0 in array.shape:
        return (), ()
    region = tuple(map(slice, (_ROWS, _COLUMNS, *(1,) * array.ndim)[: array.ndim]))
    values = plain_data(array).variable.data[region]
    values = values.reshape(values.shape[:2])
    names = _names(array, 1, values.shape[1]) if array.ndim > 1 else ("value",)
    rows = zip(_names(array, 0, len(values)), values.reshape(len(values), -1), strict=True)
    return (str(array.dims[0]), *names), tuple((name, *map(str, row)) for name, row in rows)


def _names(array: xr.DataArray, axis: int, count: int) -> tuple[str, ...]:
    """What the first entries along an axis are called: their ids, or else their numbers."""
    dim = str(array.dims[axis])
    for name in (f"{dim}_id", _IDS.get(dim)):
        if name in array.coords and array[name].dims == (dim,):
            return tuple(map(str, array[name].values[:count]))
    return tuple(map(str, range(count)))
