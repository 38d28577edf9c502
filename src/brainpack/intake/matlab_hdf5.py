"""MATLAB files of version 7.3, which are HDF5 -> their variables.

Conventions, as MATLAB writes them: axes are reversed, for its arrays are stored column by column; `MATLAB_class` says
what a variable is; text is 16 bit characters; cells, and the fields of arrays of structs, are references; an empty
array has `MATLAB_empty`, and its shape as its values. Strings, dates, tables and other objects are numbers that say
where MATLAB keeps them, which nobody else understands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np

from brainpack.errors import InvalidData
from brainpack.read.container import refuse_what_hdf5_should_not_see
from brainpack.resources import human_size, require_memory

if TYPE_CHECKING:
    from pathlib import Path

_DEEPEST: Final = 20  # cells in cells; a file may refer to itself
_UNDERSTOOD: Final = re.compile(r"(|double|single|u?int(8|16|32|64)|logical|char|cell|struct)", re.ASCII)  # classes
_INTERNAL: Final = "#"  # what names of MATLAB's own groups begin with


@dataclass(frozen=True)
class Struct:
    """A struct, or an array of structs.

    Attributes
    ----------
    fields : mapping of str to ndarray of object
        The value of each field, in the shape of the array of structs.
    """

    fields: dict[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class Unread:
    """What only MATLAB understands; others of the file are read all the same.

    Attributes
    ----------
    why : str
        What it is, and what to save instead.
    """

    why: str


OBJECT: Final = Unread("an object that only MATLAB reads; save cellstr(x) of text or dates, table2struct(x) of a table")
SPARSE: Final = Unread("a sparse matrix; save full(x)")


def read_variables(path: Path) -> dict[str, Any]:
    """Read all variables.

    Raises
    ------
    StoreError
        There is too little memory.
    InvalidData
        It is no such file, or damaged.
    """
    refuse_what_hdf5_should_not_see(path, is_verified=False, is_lazy=False)
    try:
        with h5py.File(path, "r") as file:
            return {name: _value(file[name], path, 0) for name in file if not name.startswith(_INTERNAL)}
    except (OSError, KeyError, RuntimeError, TypeError, ValueError, AttributeError, OverflowError) as error:
        if isinstance(error, InvalidData) or type(error).__module__.startswith("brainpack"):
            raise
        raise InvalidData(f"{path} is not a MATLAB file that can be read: {error}; save it again") from error


def _value(item: h5py.Dataset | h5py.Group, path: Path, depth: int) -> Any:
    if depth > _DEEPEST:
        raise InvalidData(f"{path} has cells in cells in more than {_DEEPEST} levels; expected tables and arrays")
    kind = _class(item)
    if not _UNDERSTOOD.fullmatch(kind) or "MATLAB_object_decode" in item.attrs:
        return OBJECT
    if isinstance(item, h5py.Group):
        return SPARSE if "MATLAB_sparse" in item.attrs else _struct(item, path, depth)
    if item.attrs.get("MATLAB_empty"):
        return "" if kind == "char" else np.zeros(tuple(item[()].astype(int)), _dtype(kind, item))
    if item.dtype.kind == "O" and h5py.check_ref_dtype(item.dtype) is not None:
        return _referred(item, path, depth) if kind == "cell" else OBJECT
    _require(item, path)
    return _array(item[()].T, kind)


def _array(array: np.ndarray[Any, Any], kind: str) -> Any:
    if kind == "char":
        return _text(array)
    if array.dtype.names == ("real", "imag"):
        return array["real"] + 1j * array["imag"]
    return array.astype(bool) if kind == "logical" else array


def _struct(group: h5py.Group, path: Path, depth: int) -> Struct:
    return Struct({name: _field(group[name], path, depth) for name in group})


def _field(item: h5py.Dataset | h5py.Group, path: Path, depth: int) -> np.ndarray[Any, Any]:
    """Values of a field: of an array of structs by references that have no class."""
    if isinstance(item, h5py.Dataset) and h5py.check_ref_dtype(item.dtype) is not None and not _class(item):
        return _referred(item, path, depth)
    cells = np.empty((1, 1), dtype=object)
    cells[0, 0] = _value(item, path, depth + 1)
    return cells


def _referred(item: h5py.Dataset, path: Path, depth: int) -> np.ndarray[Any, Any]:
    references = item[()].T
    cells = np.empty(references.shape, dtype=object)
    for index in np.ndindex(references.shape):
        cells[index] = _value(item.file[references[index]], path, depth + 1)
    return cells


def _class(item: h5py.Dataset | h5py.Group) -> str:
    kind = item.attrs.get("MATLAB_class", b"")
    return kind.decode("ascii", "replace") if isinstance(kind, bytes) else str(kind)


def _dtype(kind: str, item: h5py.Dataset) -> Any:
    """Type of an empty array, whose values are its shape."""
    return {"double": np.float64, "single": np.float32, "logical": np.bool_, "cell": object, "struct": object}.get(
        kind, kind if kind.startswith(("int", "uint")) else item.dtype
    )


def _require(item: h5py.Dataset, path: Path) -> None:
    """Refuse what is declared and was never written, and what memory does not hold."""
    if item.nbytes and not item.id.get_storage_size():
        raise InvalidData(f"{path}: {item.name} has {human_size(item.nbytes)} that were never written; save it again")
    require_memory(
        item.nbytes,
        f"reading {item.name} of {path}",
        lambda _: "Save it as .npy, which stays on the disk until it is packed",
    )


def _text(array: np.ndarray[Any, Any]) -> Any:
    """A text, or several of the same length, one below the other, without the spaces at their ends."""
    units = array.astype("<u2", order="C") if array.dtype.kind in "iu" else array
    rows = [row.tobytes().decode("utf-16-le", "replace") for row in units.reshape(len(units), -1)]
    if len(rows) == 1:
        return rows[0]
    several = np.empty((len(rows), 1), dtype=object)
    several[:, 0] = [row.rstrip() for row in rows]
    return several
