"""Variables as MATLAB saves them with -v7.3, by h5py; of older versions scipy writes the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_CLASSES = {
    "f8": "double",
    "f4": "single",
    "b1": "logical",
    "i2": "int16",
    "i8": "int64",
    "u1": "uint8",
    "c16": "double",
}
_HEADER = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Thu Jan  1 00:00:00 1970 HDF5 schema 1.00 ."


def save_73(path: Path, variables: Mapping[str, Any]) -> None:
    """Save numbers, text, cell arrays of text (lists) and structs (dictionaries)."""
    with h5py.File(path, "w", userblock_size=512) as file:
        references = file.create_group("#refs#")
        for name, value in variables.items():
            _save(file, name, value, references)
    with path.open("r+b") as raw:
        raw.write(_HEADER.ljust(124) + b"\x00\x02IM")


def _save(group: h5py.Group, name: str, value: Any, references: h5py.Group) -> None:
    if isinstance(value, dict):
        struct = group.create_group(name)
        struct.attrs["MATLAB_class"] = np.bytes_("struct")
        for field, each in value.items():
            _save(struct, field, each, references)
        return
    if isinstance(value, list):
        cells = np.empty((1, len(value)), dtype=h5py.ref_dtype)
        for number, text in enumerate(value):
            _save(references, f"{len(references)}", text, references)
            cells[0, number] = references[f"{len(references) - 1}"].ref
        stored, kind = group.create_dataset(name, data=cells, dtype=h5py.ref_dtype), "cell"
    elif isinstance(value, str):
        codes = np.frombuffer(value.encode("utf-16-le"), "<u2")[:, None]  # column by column, as everything
        stored, kind = group.create_dataset(name, data=codes), "char"
    else:
        array = np.atleast_2d(value)
        kind = _CLASSES[array.dtype.str[1:]]
        as_stored = {"b1": np.dtype("u1"), "c16": np.dtype([("real", "f8"), ("imag", "f8")])}
        array = array.view(as_stored.get(array.dtype.str[1:], array.dtype))
        stored = group.create_dataset(name, data=array.T)
    stored.attrs["MATLAB_class"] = np.bytes_(kind)
