"""What brainpack writes is plain netCDF-4: to the C library, to h5netcdf, and to xarray on top of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import h5netcdf
import numpy as np
import pytest
import xarray as xr

from brainpack import load_assembly_from_file
from brainpack.objects.assemblies import assembly_class
from tests.interop import cases, checking
from tests.interop.exchange import ADDED, ADDED_TO, matrix
from tests.interop.reference_side import Facts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.interop.cases import Case
    from tests.interop.exchange import BrainpackWrites

    Json = dict[str, Any]
    Values = np.ndarray[Any, Any]

pytestmark = [
    pytest.mark.interop,
    # the cases are what a warning speaks of: single coordinates, and arrays among the attributes
    pytest.mark.filterwarnings("ignore:.*BP-A01[012]:UserWarning"),
]

DATES = {"units": "nanoseconds since 1970-01-01", "calendar": "proleptic_gregorian"}
MARKS: dict[str, dict[str, str]] = {
    "b": {"dtype": "bool"},
    "M": DATES,
    "m": {"units": "nanoseconds", "dtype": "timedelta64[ns]"},
    "O": {"_Encoding": "utf-8"},
}
STORED = {"b": "|i1", "M": "<i8", "m": "<i8", "O": "|S1"}


# --------------------------------------------------------------------------------------- the netCDF C library


@matrix("brainpack->netCDF4", cases.CASES)
def test_the_c_library_finds_plain_netcdf4(written: BrainpackWrites, case: Case) -> None:
    file = written.result("netCDF4", case.identifier)
    assert (file["model"], file["format"]) == ("NETCDF4", "HDF5")
    how = case.how or {}
    group = how.get("group")
    assert sorted(file["groups"]) == sorted([group] if group else case.extras)
    holder = file["groups"][group] if group else file
    assert_group(written, holder, case.array, checking.identified(case), compressed=how.get("compress", True))
    for name, extra in case.extras.items():
        assert_group(written, file["groups"][name], extra, extra.attrs, compressed=True)
    if how.get("append"):  # what was there before
        assert_group(written, file, cases.grid(), {}, compressed=True)


def assert_group(written: BrainpackWrites, group: Json, array: xr.DataArray, attrs: Json, *, compressed: bool) -> None:
    expected = {name: (tuple(map(str, c.dims)), checking.plain(c.values)) for name, c in array.coords.variables.items()}
    own = [name for name, (dims, _) in expected.items() if dims == (name,)]
    listed = [str(name) for name in expected if name not in own]
    expected["data"] = (tuple(map(str, array.dims)), checking.plain(array.values))
    assert sorted(group["variables"]) == sorted(map(str, expected))
    assert group["types"] == group["unlimited"] == []
    letters = {f"string{n}": n for v in group["variables"].values() if v["dtype"] == "|S1" for n in v["shape"][-1:]}
    assert group["dimensions"] == {**dict(zip(map(str, array.dims), array.shape, strict=True)), **letters}
    checking.assert_attributes(written.unpack_attributes(group["attributes"]), attrs)
    for name, (dims, values) in expected.items():
        variable = group["variables"][name]
        attributes = written.unpack_attributes(variable["attributes"])
        if name == "data":
            assert sorted(attributes.pop("coordinates", "").split()) == sorted(listed)
            checking.assert_attributes({key: attributes.pop(key) for key in attrs if key in attributes}, attrs)
        checking.assert_attributes(attributes, marks_of(values, attributes))
        assert_variable(variable, dims, values, compressed=compressed)
        checking.assert_equal(_decoded(written, variable, attributes, values), values, str(name))


def marks_of(values: Values, found: Json) -> Json:
    """Attributes by which readers know the type of the values, and text that is missing."""
    marks: Json = {**MARKS.get(values.dtype.kind, {})}
    if values.dtype == object and any(not isinstance(text, str) for text in values.ravel()):
        marks["missing_value"] = found.get("missing_value")
        assert marks["missing_value"] not in [None, *values.ravel()]
    return marks


def assert_variable(variable: Json, dims: tuple[str, ...], values: Values, *, compressed: bool) -> None:
    kind = values.dtype.kind
    letters = (f"string{variable['shape'][-1]}",) if kind == "O" else ()
    assert tuple(variable["dimensions"]) == dims + letters
    assert variable["dtype"] == STORED.get(kind, values.dtype.newbyteorder("<").str)
    assert variable["endian"] in {"little", "native"}
    scalar = not variable["dimensions"]
    assert {*variable["filters"]} <= {"zlib", "shuffle"}
    assert ("zlib" in variable["filters"]) == (compressed and not scalar)


def _decoded(written: BrainpackWrites, variable: Json, attributes: Json, values: Values) -> Values:
    """Values as they are stored, read without xarray."""
    stored: Values = written.unpack(variable["values"])
    if values.dtype.kind != "O":
        return stored.astype(bool) if values.dtype == bool else stored.view(values.dtype)
    width = stored.shape[-1]
    texts = [row.tobytes().rstrip(b"\0").decode() for row in stored.reshape(-1, width)]
    found = np.empty(len(texts), dtype=object)
    found[:] = [np.nan if text == attributes.get("missing_value") else text for text in texts]
    return found.reshape(values.shape)


# ------------------------------------------------------------------------------------------ h5netcdf and xarray


def path_and_group(written: BrainpackWrites, case: Case) -> tuple[Path, str | None]:
    written.result("netCDF4", case.identifier)  # raises what went wrong when it was written
    return written.path(case.identifier), (case.how or {}).get("group")


@matrix("brainpack->xarray", [case for case in cases.CASES if case.name != "repeated-dimension"])
def test_xarray_finds_what_went_in(written: BrainpackWrites, case: Case) -> None:
    path, group = path_and_group(written, case)
    with xr.open_dataset(path, engine="h5netcdf", group=group) as dataset:
        array = dataset["data"].load()
        assert [*dataset.data_vars] == ["data"]
        checking.assert_attributes(dataset.attrs, checking.identified(case))
    expected = checking.in_file(case.array, checking.identified(case))
    if array.dtype.kind == "m":  # which versions of xarray before 2025 leave there
        array.attrs.pop("dtype", None)
    coords = [(name, variable.dims, variable.values) for name, variable in array.coords.variables.items()]
    checking.assert_same(Facts.of(array, coords), expected)


@matrix("brainpack->h5netcdf", cases.CASES)
def test_h5netcdf_finds_the_dimensions(written: BrainpackWrites, case: Case) -> None:
    path, group = path_and_group(written, case)
    with h5netcdf.File(path) as file:
        holder = file[group] if group else file
        sizes = {name: dim.size for name, dim in holder.dimensions.items() if not name.startswith("string")}
        assert sizes == dict(zip(case.array.dims, case.array.shape, strict=True))
        assert holder.variables["data"].dimensions[: case.array.ndim] == case.array.dims
        assert {*holder.variables} == {"data", *case.array.coords}


# ------------------------------------------------------------------------------------------- others add to it

EDITED = matrix("brainpack+netCDF4->brainpack", [case for case in cases.CASES if case.name in ADDED_TO])


@EDITED
def test_the_reference_client_adds_a_group(written: BrainpackWrites, case: Case) -> None:
    written.result("add group", case.identifier)
    assembly = load_assembly_from_file(written.added_to(case, "group"), cls=assembly_class(case.cls))
    checking.assert_same(checking.held(assembly), as_before(case), but=["added", *case.extras])
    expected = checking.in_memory(checking.in_file(ADDED), keeps_single_names=True)
    checking.assert_same(checking.held(assembly.attrs["added"]), expected)
    there = written.facts("load with group", case.identifier)
    checking.assert_same(there.attrs["added"], expected, but=["stimulus_set_identifier", "stimulus_set"])
    assert {*there.attrs} >= {*case.extras}


@EDITED
def test_the_c_library_adds_a_variable(written: BrainpackWrites, case: Case) -> None:
    edited = written.result("add variable", case.identifier)
    assert edited["variables"]["edges"]["dimensions"] == ["edge"]
    assembly = load_assembly_from_file(written.added_to(case, "variable"), cls=assembly_class(case.cls))
    before = as_before(case)
    expected = replace(before, attrs=before.attrs | {"edited": "yes"})
    checking.assert_same(checking.held(assembly), expected, but=case.extras)


def as_before(case: Case) -> Facts:
    return checking.in_memory(checking.in_file(case.array, checking.identified(case)), keeps_single_names=True)
