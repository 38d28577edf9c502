"""MATLAB files of both kinds -> their variables; the one place that knows scipy.

A variable is an array of numbers or of true and false, of the shape that MATLAB shows; a text; an array of dtype
object, which is a cell array; a `Struct`; or `Unread`.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np
import pandas as pd

from brainpack.errors import InvalidData, SettingsError
from brainpack.intake.columns import is_rounded
from brainpack.intake.matlab_hdf5 import OBJECT, SPARSE, Struct, Unread, read_variables
from brainpack.read.access import reading, refuse_other_than_file

if TYPE_CHECKING:
    from pathlib import Path

_NUMBERS: Final = "biufc"


@dataclass(frozen=True)
class MatFile:
    """What is in a MATLAB file.

    Attributes
    ----------
    path : Path
    variables : mapping of str to anything
    """

    path: Path
    variables: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> MatFile:
        """Read all variables.

        Raises
        ------
        NotFound, StoreError
            It is not there, or cannot be read.
        InvalidData
            It is no such file, or damaged.
        SettingsError
            It is older than version 7.3, and scipy is not installed.
        """
        refuse_other_than_file(path)
        with reading(path):
            is_hdf5 = h5py.is_hdf5(path)
        return cls(path, read_variables(path) if is_hdf5 else _version_5(path))

    def array(self, name: str | None) -> np.ndarray[Any, Any]:
        """The array of this name, or the only one of numbers that is more than a number.

        Raises
        ------
        SettingsError
            There is none, or there are several.
        InvalidData
            It is of complex numbers, or something that only MATLAB understands.
        """
        arrays = {
            key: value
            for key, value in self.variables.items()
            if isinstance(value, np.ndarray) and value.dtype.kind in _NUMBERS
        }
        if name is not None:
            if isinstance(unread := self.variables.get(name), Unread):
                raise InvalidData(f"{name} in {self.path} is {unread.why}")
            if name not in arrays:
                raise SettingsError(f"{self.path} has no array {name!r}; there are {', '.join(arrays) or 'none'}")
            return _real(arrays[name], f"{name} in {self.path}")
        large = {key: value for key, value in arrays.items() if value.size > 1}
        if len(large) != 1:
            raise SettingsError(
                f"{self.path} has {len(large)} arrays of numbers: {', '.join(large) or 'none'}; "
                "name the one with the values by the option variable"
            )
        return next(_real(value, f"{name} in {self.path}") for name, value in large.items())

    def table(self, name: str) -> pd.DataFrame:
        """A struct as a table: of an array of structs a row for each, of one struct a column for each field.

        Raises
        ------
        SettingsError
            There is no such struct.
        InvalidData
            Its fields are not the columns of a table.
        """
        struct = self.variables.get(name)
        if not isinstance(struct, Struct):
            found = [key for key, value in self.variables.items() if isinstance(value, Struct)]
            raise SettingsError(
                f"{self.path} has no struct {name!r}; there are {', '.join(found) or 'none'} "
                "(of a table of MATLAB, save table2struct(t))"
            )
        columns = {
            key: _column(cells.ravel(order="F"), f"{name}.{key} in {self.path}") for key, cells in struct.fields.items()
        }
        lengths = {key: len(column) for key, column in columns.items()}
        if len({*lengths.values()}) > 1:
            raise InvalidData(f"{self.path}: the fields of {name} have different lengths: {lengths}; expected a table")
        return pd.DataFrame(columns)


def _column(cells: np.ndarray[Any, Any], where: str) -> np.ndarray[Any, Any]:
    """Values of a field: of one struct the vector in it, of several one from each."""
    if len(cells) == 1:
        value = cells[0]
        if isinstance(value, np.ndarray):
            if value.ndim and value.size != max(value.shape):
                raise InvalidData(f"{where} is an array of the shape {value.shape}; expected a vector")
            cells = value.ravel(order="F")
            if cells.dtype != object:
                return _real(cells, where)
    values = [_single(each, where) for each in cells]
    if any(isinstance(each, str) for each in values):
        if any(isinstance(each, np.generic) for each in values):
            raise InvalidData(f"{where} has numbers and text; expected one of them")
        return np.array(values, dtype=object)
    array, numbers = np.array(values), [each for each in values if isinstance(each, np.generic)]
    if len({each.dtype for each in numbers}) > 1 or is_rounded(np.array(numbers), array.dtype):
        raise InvalidData(f"{where} has numbers of several types, of which some would lose digits; save them as one")
    return _real(array, where)


def _real(values: np.ndarray[Any, Any], where: str) -> np.ndarray[Any, Any]:
    if values.dtype.kind == "c":
        raise InvalidData(f"{where} has complex numbers; save abs(x), or real(x) and imag(x)")
    return values


def _single(value: object, where: str) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype != object:
        return value.ravel()[0]
    if isinstance(value, np.ndarray) and not value.size:
        return np.nan
    if isinstance(value, Unread):
        raise InvalidData(f"{where} is {value.why}")
    raise InvalidData(f"{where} has something else than a number or a text in it; expected one of them for each row")


def _version_5(path: Path) -> dict[str, Any]:
    try:
        from scipy.io import loadmat, whosmat
    except ImportError as error:
        raise SettingsError(
            f'{path} is of MATLAB before version 7.3, which scipy reads: pip install "brainpack[matlab]", '
            "or save it with '-v7.3'"
        ) from error

    def load(names: list[str] | None, *, is_as_stored: bool = False) -> dict[str, Any]:
        """Variables with their types in MATLAB; or in that of the file, which alone keeps imaginary parts."""
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*`spmatrix`", DeprecationWarning)  # sparse matrices are not used
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            return dict(loadmat(file, variable_names=names, mat_dtype=not is_as_stored, chars_as_strings=True))

    def load_one(name: str) -> dict[str, Any]:
        try:
            return load([name])
        except np.exceptions.ComplexWarning:
            return load([name], is_as_stored=True)

    try:
        try:
            found = load(None)
        except np.exceptions.ComplexWarning:
            with path.open("rb") as file:
                names = [name for name, *_ in whosmat(file)]
            found = {key: value for name in names for key, value in load_one(name).items()}
    except Exception as error:
        raise InvalidData(
            f"{path} is not a MATLAB file that can be read: {type(error).__name__}: {error}; save it again"
        ) from error
    return {name: _plain(value) for name, value in found.items() if not name.startswith("__")}


def _plain(value: Any) -> Any:
    """A variable as scipy gives it, as a number array, text, cell array or struct."""
    if isinstance(value, np.ndarray) and value.dtype.names is not None:
        if type(value).__name__ in {"MatlabOpaque", "MatlabFunction"}:
            return OBJECT
        return Struct({field: _cells(value[field]) for field in value.dtype.names})
    if isinstance(value, np.ndarray) and value.dtype == object:
        return _cells(value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "U":
        return _text(value)
    if isinstance(value, np.ndarray):
        # mat_dtype makes logical ones bool only in new versions
        return value.astype(value.dtype.newbyteorder("="), copy=False)
    return SPARSE  # the only other thing that scipy makes


def _cells(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    cells = np.empty(values.shape, dtype=object)
    for index in np.ndindex(values.shape):
        cells[index] = _plain(values[index])
    return cells


def _text(value: np.ndarray[Any, Any]) -> Any:
    """A text, or several of the same length, one below the other, without the spaces at their ends."""
    if value.size <= 1:
        return str(value.ravel()[0]) if value.size else ""
    rows = np.empty((value.size, 1), dtype=object)
    rows[:, 0] = [str(each).rstrip() for each in value.ravel()]
    return rows
