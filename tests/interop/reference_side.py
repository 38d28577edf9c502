"""What the reference client is asked to do, and how arrays travel between the two processes.

This file is also a script: in the environment of the reference client it carries out the jobs of a plan, so it
must not import brainpack or pytest. That client, and the netCDF4 library, are only there.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import json
import sys
import traceback
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
import xarray as xr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Values = np.ndarray[Any, Any]
    Coordinates = dict[str, tuple[tuple[str, ...], Values]]
    Json = dict[str, Any]


# ------------------------------------------------------------------------------------------------ exchange


class Parcel:
    """Arrays on their way to the other process: numbers and times as .npz, all else as JSON."""

    def __init__(self, numbers: dict[str, Values] | None = None) -> None:
        self._numbers = numbers or {}

    @classmethod
    def read(cls, path: Path) -> tuple[Parcel, Any]:
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as numbers:
            parcel = cls(dict(numbers))
        return parcel, json.loads(path.with_suffix(".json").read_text("utf-8"))

    def write(self, path: Path, content: object) -> None:
        np.savez(path.with_suffix(".npz"), **cast("dict[str, Any]", self._numbers))
        path.with_suffix(".json").write_text(json.dumps(content), "utf-8")

    def pack(self, values: object) -> Json:
        array = np.asarray(values)
        if array.dtype.kind in "OUT":
            return {"shape": array.shape, "text": [_text(item) for item in array.astype(object).ravel()]}
        name = f"numbers_{len(self._numbers)}"
        self._numbers[name] = array
        return {"numbers": name}

    def unpack(self, packed: Json) -> Values:
        if "numbers" in packed:
            return self._numbers[packed["numbers"]]
        texts = np.empty(len(packed["text"]), dtype=object)
        texts[:] = [np.nan if text is None else text for text in packed["text"]]
        return texts.reshape(packed["shape"])

    def pack_attribute(self, value: Any) -> Json:
        match value:
            case str():
                return {"str": value}
            case list() if all(isinstance(item, str) for item in value):
                return {"list": value}
            case pd.DataFrame():
                return {"table": [*value.columns]}
            case xr.DataArray():
                return {"array": Facts.of(value).packed(self)}
            case np.ndarray() | np.number() | int() | float() | list():
                return {"numbers": self.pack(np.atleast_1d(value))}
            case _:
                return {"odd": repr(value)}

    def unpack_attribute(self, packed: Json) -> Any:
        kind, value = next(iter(packed.items()))
        match kind:
            case "numbers":
                return self.unpack(value)
            case "array":
                return Facts.unpacked(value, self)
            case _:
                return value


def _text(item: object) -> str | None:
    if isinstance(item, str):
        return item
    return None if isinstance(item, float) and np.isnan(item) else f"odd: {item!r}"


@dataclass(frozen=True)
class Facts:
    """All that an array says, whatever index or library holds it."""

    dims: tuple[str, ...]
    values: Values
    coords: Coordinates
    attrs: dict[str, Any] = field(default_factory=dict)
    cls: str = ""

    @classmethod
    def of(cls, array: xr.DataArray, coords: Iterable[tuple[Any, Any, Any]] | None = None) -> Facts:
        if coords is None:
            coords = _walk_coords()(array)
        held = {str(name): (tuple(map(str, dims)), np.asarray(values)) for name, dims, values in coords}
        dims = tuple(map(str, array.dims))
        return cls(dims, np.asarray(array.values), held, dict(array.attrs), type(array).__name__)

    @classmethod
    def unpacked(cls, packed: Json, parcel: Parcel) -> Facts:
        coords = {name: (tuple(dims), parcel.unpack(values)) for name, (dims, values) in packed["coords"].items()}
        attrs = {name: parcel.unpack_attribute(value) for name, value in packed["attrs"].items()}
        return cls(tuple(packed["dims"]), parcel.unpack(packed["values"]), coords, attrs, packed["cls"])

    def packed(self, parcel: Parcel) -> Json:
        return {
            "dims": self.dims,
            "values": parcel.pack(self.values),
            "coords": {name: (dims, parcel.pack(values)) for name, (dims, values) in self.coords.items()},
            "attrs": {name: parcel.pack_attribute(value) for name, value in self.attrs.items()},
            "cls": self.cls,
        }

    def to_array(self) -> xr.DataArray:
        return xr.DataArray(self.values, self.coords, self.dims, attrs=self.attrs)


# -------------------------------------------------------------------------------------------------- jobs

_brainio = functools.cache(
    lambda module: importlib.import_module(f"brainscore_core.supported_data_standards.brainio.{module}")
)


def _walk_coords() -> Callable[[xr.DataArray], Iterable[tuple[Any, Any, Any]]]:
    return cast("Callable[..., Any]", _brainio("assemblies").walk_coords)


def load_assembly(parcel: Parcel, path: str, cls: str, loader: str, **options: Any) -> Json:
    """Load through one of its loader classes, as its own functions do."""
    assemblies = _brainio("assemblies")
    if "stimuli" in options:
        options["stimulus_set"] = _stimulus_set(*options.pop("stimuli"))
        options["stimulus_set_identifier"] = options["stimulus_set"].identifier
    loaded = getattr(assemblies, loader)(cls=getattr(assemblies, cls), file_path=path, **options).load()
    return Facts.of(loaded).packed(parcel)


def load_by_class(parcel: Parcel, path: str, cls: str, **options: Any) -> Json:
    """Load with the loader that the class names."""
    loader = getattr(_brainio("assemblies"), cls).get_loader_class().__name__
    return {"loader": loader, **load_assembly(parcel, path, cls, loader, **options)}


def load_stimuli(parcel: Parcel, csv: str, archive: str, identifier: str) -> Json:
    """Load, and check the overlap of files and table, as it does for what comes from S3."""
    stimuli = _stimulus_set(csv, archive, identifier)
    ids = stimuli["stimulus_id"].tolist()
    return {
        "identifier": stimuli.identifier,
        "columns": {name: parcel.pack(stimuli[name].to_numpy()) for name in stimuli.columns},
        "sha1": [hashlib.sha1(Path(stimuli.get_stimulus(i)).read_bytes()).hexdigest() for i in ids],  # noqa: S324 a checksum
    }


def _stimulus_set(csv: str, archive: str, identifier: str) -> Any:
    fetch, stimuli = _brainio("fetch"), _brainio("stimuli")
    folder = fetch.unzip(archive)
    loader = stimuli.StimulusSetLoader(
        csv_path=csv, stimuli_directory=folder, cls=fetch.resolve_stimulus_set_class("StimulusSet")
    )
    loaded = loader.load()
    loaded.identifier = identifier
    there = {path for path in Path(folder).iterdir() if path.suffix not in {".zip", ".csv"}}
    if set(loaded.stimulus_paths.values()) != there:
        raise ValueError("Inconsistency: unzipped stimuli paths do not match csv paths")
    return loaded


def write_assembly(
    parcel: Parcel, path: str, array: Json, cls: str | None, extras: dict[str, Json], **options: Any
) -> Json:
    """Write as its packaging does: the assembly, then each extra as a group."""
    assemblies, packaging = _brainio("assemblies"), _brainio("packaging")
    held = Facts.unpacked(array, parcel).to_array()
    packaging.write_netcdf(getattr(assemblies, cls)(held) if cls else held, path, **options)
    for group, extra in extras.items():
        array_of_group = Facts.unpacked(extra, parcel).to_array()
        packaging.write_netcdf(assemblies.MetadataAssembly(array_of_group), path, append=True, group=group)
    return {"variables": _variables(path)}


def package_assembly(
    parcel: Parcel, folder: str, array: Json, identifier: str, cls: str, extras: dict[str, Json]
) -> Json:
    """Package locally."""
    further = {name: Facts.unpacked(extra, parcel).to_array() for name, extra in extras.items()}
    package = _brainio("packaging").package_data_assembly_locally
    result = package(Facts.unpacked(array, parcel).to_array(), identifier, "lab.Stimuli", cls, folder, further)
    return dict(result)


def write_stimuli(
    parcel: Parcel, csv: str, archive: str, columns: dict[str, Json], files: list[str], id_column: str
) -> Json:
    """Write as its packaging does; its ZIP needs `stimulus_id`, so old sets get their `image_id` after that."""
    packaging = _brainio("packaging")
    stimuli = _brainio("stimuli").StimulusSet({name: parcel.unpack(values) for name, values in columns.items()})
    stimuli.stimulus_paths = dict(zip(stimuli["stimulus_id"].tolist(), files, strict=True))
    _, names = packaging.create_stimulus_zip(stimuli, archive)
    stimuli["filename"] = names
    packaging.create_stimulus_csv(stimuli.rename(columns={"stimulus_id": id_column}), csv)
    return {"names": names}


def _variables(path: str) -> Json:
    """Types of the variables; `str` is text of any length."""
    netcdf4 = importlib.import_module("netCDF4")
    with netcdf4.Dataset(path) as file:
        return {
            name: getattr(variable.dtype, "__name__", str(variable.dtype)) for name, variable in file.variables.items()
        }


def open_with_netcdf4(parcel: Parcel, path: str) -> Json:
    """Say all that the netCDF C library finds in a file, and the values as they are stored."""
    netcdf4 = importlib.import_module("netCDF4")
    with netcdf4.Dataset(path) as file:
        file.set_auto_mask(False)
        file.set_auto_scale(False)
        file.set_auto_chartostring(False)
        return {"model": file.data_model, "format": file.disk_format, **_group(parcel, file)}


def _group(parcel: Parcel, group: Any) -> Json:
    return {
        "dimensions": {name: len(dim) for name, dim in group.dimensions.items()},
        "unlimited": [name for name, dim in group.dimensions.items() if dim.isunlimited()],
        "variables": {name: _variable(parcel, variable) for name, variable in group.variables.items()},
        "attributes": _netcdf4_attributes(parcel, group),
        "types": [*group.cmptypes, *group.vltypes, *group.enumtypes],
        "groups": {name: _group(parcel, inner) for name, inner in group.groups.items()},
    }


def _variable(parcel: Parcel, variable: Any) -> Json:
    chunks = variable.chunking()
    stored = np.asarray(variable[...])
    return {
        "dimensions": variable.dimensions,
        "shape": variable.shape,
        "dtype": np.dtype(variable.dtype).str,
        "endian": variable.endian(),
        "attributes": _netcdf4_attributes(parcel, variable),
        "filters": [name for name in ("zlib", "shuffle", "fletcher32") if (variable.filters() or {}).get(name)],
        "chunks": None if chunks == "contiguous" else chunks,
        # npz does not know the type of letters apart from that of bytes
        "values": parcel.pack(stored.view(np.uint8) if stored.dtype == np.dtype("S1") else stored),
    }


def _netcdf4_attributes(parcel: Parcel, held: Any) -> Json:
    return {name: parcel.pack_attribute(held.getncattr(name)) for name in held.ncattrs()}


def edit_with_netcdf4(parcel: Parcel, path: str) -> Json:
    """Add a dimension, a variable and an attribute to a file, and values to the variable."""
    netcdf4 = importlib.import_module("netCDF4")
    with netcdf4.Dataset(path, "a") as file:
        file.createDimension("edge", 3)
        file.createVariable("edges", "f4", ("edge",), zlib=True)[:] = [1, 2, 3]
        file.variables["data"].setncattr("edited", "yes")
        file.setncattr("edited", "yes")
    return open_with_netcdf4(parcel, path)


JOBS = (
    load_assembly,
    load_by_class,
    load_stimuli,
    write_assembly,
    package_assembly,
    write_stimuli,
    open_with_netcdf4,
    edit_with_netcdf4,
)


def main() -> None:
    """Carry out the jobs of a plan, each on its own: an error is the result of its job."""
    warnings.simplefilter("ignore")
    jobs: dict[str, Any] = {job.__name__: job for job in JOBS}
    folder = Path(sys.argv[1])
    inputs, plan = Parcel.read(folder / "plan")
    outputs, results = Parcel(), {}
    for job_id, (name, arguments) in plan.items():
        # what is written here is read here too, so the first parcel stays open to all jobs
        parcel = inputs if name.startswith(("write", "package")) else outputs
        try:
            results[job_id] = jobs[name](parcel, **arguments)
        except Exception:  # noqa: BLE001 - the test of this job shows it
            results[job_id] = {"error": traceback.format_exc()}
    outputs.write(folder / "result", results)


if __name__ == "__main__":
    main()
