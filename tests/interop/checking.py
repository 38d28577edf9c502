"""What a reader is expected to find, and the comparison, bit for bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from brainpack import walk_coords
from tests.interop.reference_side import Facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import xarray as xr

    from brainpack import DataAssembly
    from tests.interop.cases import Case
    from tests.interop.stimuli import StimulusCase

    Values = np.ndarray[Any, Any]
    Coordinates = dict[str, tuple[tuple[str, ...], Values]]


# ---------------------------------------------------------------------------------------- what is expected


def plain(values: object) -> Values:
    """Values as every reader gives them: native numbers, nanoseconds, text as objects with NaN where it is missing."""
    array = np.asarray(values)
    match array.dtype.kind:
        case "M" | "m":
            return array.astype(f"{array.dtype.kind}8[ns]")
        case "U" | "T":
            return array.astype(object)
        case "O" if array.size and all(isinstance(item, int) for item in array.ravel()):
            return array.astype(np.int64)
        case "O":
            return np.where(pd.isna(array), np.nan, array).astype(object)
        case _:
            return array.astype(array.dtype.newbyteorder("="))


def in_file(array: xr.DataArray, attrs: Mapping[str, Any] | None = None) -> Facts:
    """What a file says about an array without indexes."""
    dims = tuple(map(str, array.dims))
    coords = {
        str(name): (tuple(map(str, coord.dims)), plain(coord.values)) for name, coord in array.coords.variables.items()
    }
    return Facts(dims, plain(array.values), coords, dict(array.attrs if attrs is None else attrs))


def in_memory(facts: Facts, *, keeps_single_names: bool) -> Facts:
    """What becomes of that once it is loaded: the coordinates of a dimension are gathered into one index.

    `image_id` of old files is there as `stimulus_id`, too. The reference client gives a single coordinate of a
    dimension the name of the dimension.
    """
    coords = {}
    in_files = dict(facts.coords)
    if "image_id" in in_files:
        in_files.setdefault("stimulus_id", in_files["image_id"])
    for name, (dims, values) in in_files.items():
        of_dim = [other for other, (its_dims, _) in in_files.items() if its_dims == dims and len(dims) == 1]
        new_name = name
        if len(of_dim) == 1 and not keeps_single_names:
            new_name = dims[0]
        elif len(of_dim) > 1 and name == dims[0]:
            new_name = f"{name}_level_0"
        coords[new_name] = (dims, values)
    return Facts(facts.dims, facts.values, coords, facts.attrs)


def held(assembly: DataAssembly) -> Facts:
    """What an assembly of brainpack says."""
    facts = Facts.of(assembly, walk_coords(assembly))
    coords = {name: (dims, plain(values)) for name, (dims, values) in facts.coords.items()}
    return Facts(facts.dims, plain(facts.values), coords, facts.attrs, facts.cls)


def with_stimuli(facts: Facts, columns: Mapping[str, Values]) -> Facts:
    """What becomes of that once the columns of a stimulus set are merged, by stimulus id."""
    ids = columns["stimulus_id"].tolist()
    rows = [ids.index(stimulus_id) for stimulus_id in facts.coords["stimulus_id"][1].tolist()]
    merged = {name: (("presentation",), values[rows]) for name, values in columns.items()}
    return Facts(facts.dims, facts.values, merged | facts.coords, facts.attrs)


def identified(case: Case) -> dict[str, Any]:
    """Attributes of a packaged case; without the identifiers where it was only written."""
    identifiers = {"identifier": case.identifier, "stimulus_set_identifier": stimuli_identifier(case)}
    return {**(case.attrs or case.array.attrs), **({} if case.how is not None else identifiers)}


def stimuli_identifier(case: Case) -> str:
    return f"lab.Stimuli2026.{case.stimuli or 'gratings'}"


def columns_in_csv(case: StimulusCase) -> dict[str, Values]:
    """Columns that a reader of the CSV finds."""
    within_store = case.columns.get("stimulus_path_within_store", case.ids)
    columns = {
        name: plain(np.array(values, dtype=object if isinstance(values[0], str) else None))
        for name, values in case.columns.items()
        if name not in {"stimulus_path_within_store", "stimulus_current_local_file_path"}
    }
    columns.setdefault("stimulus_id", plain(np.array(case.ids)))
    return columns | {"filename": plain(np.array([f"{stem}{case.suffix}" for stem in within_store], dtype=object))}


# --------------------------------------------------------------------------------------------- comparison


def assert_same(found: Facts, expected: Facts, *, but: Iterable[str] = ()) -> None:
    """Compare everything; attributes named in `but` were looked at already."""
    assert found.dims == expected.dims, f"dimensions {found.dims}, expected {expected.dims}"
    assert_equal(found.values, expected.values, "values")
    assert sorted(found.coords) == sorted(expected.coords), f"{[*found.coords]}, expected {[*expected.coords]}"
    for name, (dims, values) in expected.coords.items():
        found_dims, found_values = found.coords[name]
        assert found_dims == dims, f"coordinate {name} of {found_dims}, expected {dims}"
        assert_equal(_one_nan(found_values), _one_nan(values), f"coordinate {name}")
    found_attrs = {name: value for name, value in found.attrs.items() if name not in but}
    assert_attributes(found_attrs, expected.attrs)


def _one_nan(values: Values) -> Values:
    """An index in memory knows one NaN only; the bits in the file have a test of their own."""
    return np.where(np.isnan(values), values.dtype.type(np.nan), values) if values.dtype.kind == "f" else values


def assert_attributes(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    assert sorted(found) == sorted(expected), f"attributes {found}, expected {dict(expected)}"
    for name, value in expected.items():
        if isinstance(value, np.ndarray):
            assert_equal(np.atleast_1d(found[name]), value, f"attribute {name}")
        else:
            same = type(found[name]) is type(value) and found[name] == value
            assert same, f"attribute {name} is {found[name]!r}, expected {value!r}"


def assert_equal(found: Values, expected: Values, where: str) -> None:
    """Same type, same shape, same bits; of text, every letter, and NaN where it is missing."""
    found = plain(found)
    assert found.dtype == expected.dtype, f"{where} are {found.dtype}, expected {expected.dtype}"
    assert found.shape == expected.shape, f"{where} have the shape {found.shape}, expected {expected.shape}"
    if expected.dtype == object:
        missing = pd.isna(expected)
        same = (pd.isna(found) == missing).all() and found[~missing].tolist() == expected[~missing].tolist()
        assert same, f"{where}: {found.tolist()}, expected {expected.tolist()}"
    elif found.tobytes() != expected.tobytes():
        differ = found.view(np.uint8).reshape(-1, 1) != expected.view(np.uint8).reshape(-1, 1)
        raise AssertionError(f"{where}: {int(differ.sum())} bytes differ:\n{found}\n{expected}")
