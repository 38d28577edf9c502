"""The content hash of a whole data set; docs/content.md specifies it."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import numpy as np

from brainpack.content.values import TEXT, ValuesHash, array_content
from brainpack.errors import InvalidData
from brainpack.layout import LEGACY_STIMULUS_ID, STIMULUS_ID
from brainpack.objects.indexes import plain_coords, repeated_dimensions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import xarray as xr

    from brainpack.content.values import ArrayContent

VERSION: Final = 1  # of the specification
_LONGEST_CELL: Final = (1 << 31) - 1


class _HasDims(Protocol):
    @property
    def dims(self) -> tuple[str, ...]: ...


ArrayT = TypeVar("ArrayT", bound=_HasDims)
ColumnT = TypeVar("ColumnT")


@dataclass(frozen=True)
class GroupContent:
    """What counts of an array with its coordinates.

    Attributes
    ----------
    values : ArrayContent
    coords : dict of str to ArrayContent
    """

    values: ArrayContent
    coords: dict[str, ArrayContent]


def content_of_assembly(assembly: xr.DataArray, extras: Mapping[str, xr.DataArray] | None = None) -> str:
    """Content hash of an assembly: dimensions, types, values and coordinates, and those of its extras.

    Names of the data set and attributes do not count, nor does the order of coordinates.

    Parameters
    ----------
    assembly : DataArray
        Its coordinates may be gathered into indexes, and its values may be lazy.
    extras : mapping of str to DataArray, optional

    Returns
    -------
    str
        64 hexadecimal digits, as in the record of a package.

    Raises
    ------
    InvalidData
        A package cannot hold such values.

    Examples
    --------
    >>> import xarray as xr
    >>> rates = xr.DataArray([1.5, 2.5], {"region": ("neuroid", ["V4", "IT"])}, ("neuroid",))
    >>> content_of_assembly(rates)[:8]
    '35460fc5'
    """
    with repeated_dimensions():
        groups = {name: _group(extra) for name, extra in (extras or {}).items()}
        return content_of_groups(_group(assembly), groups)


def content_of_groups(assembly: GroupContent, extras: Mapping[str, GroupContent]) -> str:
    """Content hash of an assembly whose arrays have been digested."""
    groups = {name: _document(extra) for name, extra in extras.items()}
    return _sha256({"assembly": {**_document(assembly), "extras": groups}})


def content_of_stimuli(table: Mapping[str, list[str]], files: Iterable[bytes]) -> str:
    r"""Content hash of a stimulus set: the cells of its table and the bytes of its files.

    Parameters
    ----------
    table : mapping of str to list of str
        Cells by column, as `table_cells` reads them.
    files : iterable of bytes
        SHA-256 of the stimulus of each row.

    Returns
    -------
    str
        64 hexadecimal digits, as in the record of a package.

    Examples
    --------
    >>> table = table_cells(["stimulus_id,filename\n", "left,left.png\n"])
    >>> content_of_stimuli(table, [hashlib.sha256(b"pixels").digest()])[:8]
    '200fc070'
    """
    digests = [*files]
    columns = {name: _digest_of_texts(cells) for name, cells in with_stimulus_id(table).items()}
    all_files = hashlib.sha256(b"".join(digests)).hexdigest()
    return _sha256({"stimulus_set": {"columns": columns, "files": all_files, "rows": len(digests)}})


def with_stimulus_id(columns: Mapping[str, ColumnT]) -> dict[str, ColumnT]:
    """The ids of stimuli under their name of today, too, where they have the one of old sets."""
    named = dict(columns)
    if LEGACY_STIMULUS_ID in named:
        named.setdefault(STIMULUS_ID, named[LEGACY_STIMULUS_ID])
    return named


def canonical_coords(coords: Mapping[str, ArrayT]) -> dict[str, ArrayT]:
    """Coordinates under the names that loading gives them.

    Parameters
    ----------
    coords : mapping of str to anything with dims

    Returns
    -------
    dict
        `<dim>_` and `<dim>_level_0` are `<dim>`, and `image_id` is `stimulus_id` as well, where these are free.
    """
    named = dict(coords)
    for dim in dict.fromkeys(dim for array in coords.values() for dim in array.dims):
        for old in (f"{dim}_", f"{dim}_level_0"):
            if old in named and named[old].dims == (dim,) and dim not in named:
                named[dim] = named.pop(old)
    return with_stimulus_id(named)


def table_cells(lines: Iterable[str]) -> dict[str, list[str]]:
    r"""Cells of a CSV as the text that they are, by column.

    Parameters
    ----------
    lines : iterable of str
        For instance a file that was opened with ``newline=""``.

    Returns
    -------
    dict of str to list of str
        Cells that are missing at the end of a row are empty.

    Raises
    ------
    InvalidData
        There is no header, it names a column twice, or a row has more cells than the header.

    Examples
    --------
    >>> table_cells(["stimulus_id,note\n", '001,"a, b"\n', "002\n"])
    {'stimulus_id': ['001', '002'], 'note': ['a, b', '']}
    """
    with _cells_of_any_length():
        rows = filter(None, csv.reader(lines))
        header = next(rows, [])
        cells = [row + [""] * (len(header) - len(row)) for row in rows]
    if not header:
        raise InvalidData("the table of stimuli is empty; expected a header with the names of its columns")
    if repeated := [name for name, count in Counter(header).items() if count > 1]:
        raise InvalidData(f"the table of stimuli has several columns {', '.join(map(repr, repeated))}; rename them")
    if too_long := [row for row in cells if len(row) > len(header)]:
        raise InvalidData(f"the row {too_long[0]!r} has more cells than the header; quote cells with commas")
    return {name: [row[place] for row in cells] for place, name in enumerate(header)}


@contextmanager
def _cells_of_any_length() -> Iterator[None]:
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _digest_of_texts(texts: list[str]) -> str:
    hashed = ValuesHash(TEXT, (len(texts),))
    hashed.add(np.array(texts, dtype=object))
    return hashed.hexdigest()


def _group(array: xr.DataArray) -> GroupContent:
    coords = {name: array_content(dims, values) for name, (dims, values) in plain_coords(array).items()}
    return GroupContent(array_content(tuple(map(str, array.dims)), array.variable), coords)


def _document(group: GroupContent) -> dict[str, Any]:
    coords = canonical_coords(group.coords)
    return {"values": asdict(group.values), "coords": {name: asdict(coord) for name, coord in coords.items()}}


def _sha256(document: dict[str, Any]) -> str:
    """Digest of a document in the canonical form of JSON that RFC 8785 lays down."""
    ordered = _ordered({**document, "version": VERSION})
    return hashlib.sha256(json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _ordered(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _ordered(value[name]) for name in sorted(value, key=lambda name: name.encode("utf-16-be"))}
