"""Is what was loaded what was packaged? Every value, type, coordinate, attribute and image byte."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from brainpack import StimulusSet, walk_coords

if TYPE_CHECKING:
    from collections.abc import Mapping


def record_of(result: Mapping[str, str]) -> Path:
    """Path of the record beside what `package_…_locally` wrote; `brainpack.load` takes it."""
    return Path(result.get("path") or result["csv_path"]).with_suffix(".brainpack.json")


def report(what: str, result: Mapping[str, str], differences: list[str]) -> bool:
    """Print what was packaged, its files and the differences; return whether there are none."""
    print(f"{what}: {'DIFFERS' if differences else 'identical'} after loading")
    for kind in ("", "csv_", "zip_"):
        if f"{kind}path" in result:
            file = Path(result[f"{kind}path"])
            print(f"    {file.name}  {file.stat().st_size:,} bytes  SHA-1 {result[f'{kind}sha1']}")
    for difference in differences:
        print(f"    different: {difference}")
    return not differences


def assembly_differences(packaged: xr.DataArray, loaded: object, cls: str) -> list[str]:
    """Compare an assembly with the one that came back, which shall be of the class `cls`."""
    if not isinstance(loaded, xr.DataArray) or type(loaded).__name__ != cls:
        return [f"class: expected {cls}, loaded {type(loaded).__name__}"]
    before, after = _parts(packaged), _parts(loaded)
    found = [_difference(name, before.get(name), after.get(name)) for name in sorted({*before, *after})]
    found += [
        f"attribute {name}: packaged {value!r}, loaded {loaded.attrs.get(name)!r}"
        for name, value in packaged.attrs.items()
        if name not in loaded.attrs or not np.array_equal(loaded.attrs[name], value)
    ]
    return [difference for difference in found if difference]


def stimuli_differences(packaged: StimulusSet, loaded: object) -> list[str]:
    """Compare a stimulus set with the one that came back, which has one more column: the file names."""
    if not isinstance(loaded, StimulusSet):
        return [f"class: expected StimulusSet, loaded {type(loaded).__name__}"]
    columns = [*packaged.columns, "filename"]
    if [*loaded.columns] != columns:
        return [f"columns: expected {columns}, loaded {[*loaded.columns]}"]
    found = [
        _difference(f"column {name}", ((), packaged[name].to_numpy()), ((), loaded[name].to_numpy()))
        for name in packaged.columns
    ]
    found += [
        f"bytes of the stimulus {stimulus_id}"
        for stimulus_id, path in packaged.stimulus_paths.items()
        if Path(path).read_bytes() != Path(loaded.get_stimulus(stimulus_id)).read_bytes()
    ]
    return [difference for difference in found if difference]


Part = tuple[tuple[Any, ...], "np.ndarray[Any, Any]"]  # dimensions and values


def _parts(array: xr.DataArray) -> dict[str, Part]:
    parts: dict[str, Part] = {"values": (array.dims, array.values)}
    for name, dims, values in walk_coords(array):
        parts[f"coordinate {name}"] = (dims, np.asarray(values))
    return parts


def _difference(what: str, before: Part | None, after: Part | None) -> str:
    """Say in words how two arrays differ; empty where they do not."""
    if before is None or after is None:
        return f"{what}: {'not packaged, but loaded' if before is None else 'packaged, but not loaded'}"
    (dims, values), (loaded_dims, loaded_values) = before, after
    if dims != loaded_dims or values.shape != loaded_values.shape:
        return f"{what}: packaged {dims} {values.shape}, loaded {loaded_dims} {loaded_values.shape}"
    if _type(values) != _type(loaded_values):
        return f"{what}: packaged as {_type(values)}, loaded as {_type(loaded_values)}"
    if _type(values) == "text":
        same = values.tolist() == loaded_values.tolist()
    else:
        same = values.tobytes() == loaded_values.tobytes()  # to the last bit
    return "" if same else f"{what}: other values"


def _type(values: np.ndarray[Any, Any]) -> str:
    """Name the type; text is text, whether numpy or Python holds it."""
    is_text = values.dtype.kind == "U" or pd.api.types.infer_dtype(values.ravel()) == "string"
    return "text" if is_text else str(values.dtype)
