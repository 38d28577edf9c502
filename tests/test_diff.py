"""What `brainpack diff` says of two packages."""

from __future__ import annotations

import hashlib
import json
import shutil
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis.extra import numpy as npst

from brainpack import InvalidData, packaging
from brainpack.comparing.differences import Differs, OnlyIn, ValuesDiffer
from brainpack.comparing.packages import content_hash, diff
from brainpack.content.hashes import content_of_assembly
from brainpack.record.records import read_record
from tests.helpers import png, recording, stimulus_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from brainpack import StimulusSet
    from brainpack.comparing.differences import Comparison, Difference


def found(comparison: Comparison) -> tuple[Difference, ...]:
    """The differences of the only package."""
    (differences,) = comparison.differences.values()
    return differences


def compared(folder: Path, a: xr.DataArray, b: xr.DataArray, **tolerance: float) -> Comparison:
    for name, array in (("a", a), ("b", b)):
        packaging.write_netcdf(array, folder / f"{name}.nc")
    return diff(folder / "a.nc", folder / "b.nc", **tolerance)


def lines(comparison: Comparison) -> list[str]:
    return [line.strip() for line in str(comparison).splitlines()[3:]]


# ------------------------------------------------------------------------------------------------ assemblies


def test_the_same_data_in_other_files_are_equal(tmp_path: Path) -> None:
    array = recording().assign_coords(lasted=("presentation", np.array([1, 2, "NaT", -4], "m8[ns]")))
    packaging.write_netcdf(array, tmp_path / "a.nc")
    packaging.write_netcdf(array, tmp_path / "uncompressed.nc", compress=False)
    plain = array.drop_vars("note").assign_coords(note=("presentation", ["001", "NA", "", "日本"]))
    packaging.write_netcdf(plain, tmp_path / "plain.nc")
    chunks = {"zlib": True, "complevel": 1, "chunksizes": (1, 3, 2), "dtype": ">f4", "_FillValue": np.float32(-1)}
    attributes = plain.attrs | {"sorted": np.int8(1)}  # other tools make nothing of True
    dataset = plain.assign_attrs(attributes).to_dataset(name="data")
    dataset["lasted"].encoding = {"units": "nanoseconds", "dtype": "i8"}
    dataset.to_netcdf(tmp_path / "xarray.nc", engine="h5netcdf", encoding={"data": chunks})
    with h5py.File(tmp_path / "xarray.nc", "r+") as file:
        assert h5py.check_string_dtype(file["note"].dtype).length is None
        file["lasted"].attrs["dtype"] = "timedelta64[ns]"
    assert diff(tmp_path / "a.nc", tmp_path / "uncompressed.nc").is_equal
    assert str(diff(tmp_path / "plain.nc", tmp_path / "xarray.nc")).endswith("xarray.nc\nequal")


def test_values_that_differ_are_counted_and_shown(tmp_path: Path) -> None:
    a = recording()
    b = a.copy(deep=True)
    b.values[1:, 1, 1] = [5, np.nan, 0]
    comparison = compared(tmp_path, a, b)
    (values,) = found(comparison)
    assert isinstance(values, ValuesDiffer)
    assert (values.count, values.total, len(values.places)) == (3, 24, 3)
    assert values.places[1].index == (2, 1, 1)
    assert values.places[1].labels == {"stimulus_id": "日本", "neuroid_id": 2}
    assert values.gap == pytest.approx(5 - 9 / 7, rel=1e-6)
    assert lines(comparison)[0].startswith(
        "values: 3 of 24 differ, by up to 3.71429 at [1, 1, 1] (stimulus_id 'right', neuroid_id 2): 1.2857143 in A, 5.0"
    )
    assert lines(comparison)[2] == "[2, 1, 1] (stimulus_id '日本', neuroid_id 2): 2.142857 in A, nan in B"


CHANGES: dict[str, tuple[Callable[[xr.DataArray], xr.DataArray], str]] = {
    "dimension": (
        lambda array: array.rename(time_bin="bin"),
        "values, dimensions: ('presentation', 'neuroid', 'time_bin') in A, ('presentation', 'neuroid', 'bin') in B",
    ),
    "size": (
        lambda array: array.isel(time_bin=[0]),
        "sizes: (presentation 4, neuroid 3, time_bin 2) in A, (presentation 4, neuroid 3, time_bin 1) in B",
    ),
    "type": (lambda array: array.astype("f8"), "values, type: 'float32' in A, 'float64' in B"),
    "no coordinate": (lambda array: array.drop_vars("region"), "coordinates only in A: 'region'"),
    "coordinate": (lambda array: array.assign_coords(age=3), "coordinates only in B: 'age'"),
    "dimension of a coordinate": (
        lambda array: array.assign_coords(session=("time_bin", ["morning", "noon"])),
        "coordinate 'session', dimensions: () in A, ('time_bin',) in B",
    ),
    "text": (
        lambda array: array.assign_coords(region=("neuroid", ["V4", "IT", "V1"])),
        "[2] (neuroid_id 3): 'IT' in A, 'V1' in B",
    ),
    "empty for missing text": (
        lambda array: array.assign_coords(note=("presentation", ["001", "", "", "日本"])),
        "[1] (stimulus_id 'right'): nan in A, '' in B",
    ),
    "number to text": (
        lambda array: array.assign_coords(repetition=("presentation", ["0", "0", "0", "1"])),
        "coordinate 'repetition', type: 'int16' in A, 'text' in B",
    ),
    "time": (
        lambda array: array.assign_coords(shown_at=array["shown_at"] + np.timedelta64(1, "ns")),
        "[0] (stimulus_id 'left'): 2020-02-29T12:00:00.123456789 in A, 2020-02-29T12:00:00.123456790 in B",
    ),
    "scalar": (lambda array: array.assign_coords(session="noon"), "[]: 'morning' in A, 'noon' in B"),
    "the same number in another type": (
        lambda array: array.assign_coords(depth=("neuroid", [0.1, 0.2, np.nan])),
        "[0] (neuroid_id 1): np.float32(0.1) in A, np.float64(0.1) in B",
    ),
    "attribute": (lambda array: array.assign_attrs(implants=[1, 2]), "attribute 'implants': 2 in A, [1, 2] in B"),
    "attributes": (lambda array: array.assign_attrs(site="M1"), "attributes only in B: 'site'"),
}


@pytest.mark.parametrize(("change", "line"), CHANGES.values(), ids=CHANGES)
def test_what_differs_is_named(change: Callable[[xr.DataArray], xr.DataArray], line: str, tmp_path: Path) -> None:
    array = recording().assign_coords(note=("presentation", np.array(["001", None, "", "日本"], dtype=object)))
    assert line in lines(compared(tmp_path, array, change(array)))


def test_names_of_packages_are_not_compared(tmp_path: Path) -> None:
    for name in ("lab.One", "lab.Two"):
        packaging.package_data_assembly_locally(recording(), name, "lab.S", downloads_path=tmp_path / name)
    assert diff(tmp_path / "lab.One", tmp_path / "lab.Two").is_equal


def test_extras_are_compared_by_name(tmp_path: Path) -> None:
    spikes = xr.DataArray([0.5, 1], {"neuroid_id": ("event", [1, 2])}, ("event",))
    trials = xr.DataArray([1, 2], {"start": ("event", [3, 4])}, ("event",))
    other = trials.assign_coords(start=("event", [3, 5]))
    for side, extras in (("a", {"trials": trials, "x": trials}), ("b", {"trials": other})):
        packaging.package_data_assembly_locally(
            spikes, "lab.A", "lab.S", "SpikeTimesAssembly", tmp_path / side, extras=extras
        )
    assert lines(diff(tmp_path / "a", tmp_path / "b")) == [
        "extras only in A: 'x'",
        "extra 'trials', coordinate 'start': 1 of 2 differ, by up to 1 at [1]: 4 in A, 5 in B",
        "[1]: 4 in A, 5 in B",
    ]


@pytest.mark.parametrize(
    ("tolerance", "is_equal"),
    [
        ({}, False),
        ({"atol": 0.2}, False),
        ({"atol": 0.3}, True),
        ({"rtol": 0.19}, False),
        ({"rtol": 0.1, "atol": 0.13}, True),
    ],
)
def test_numbers_are_compared_with_a_tolerance(tolerance: dict[str, float], is_equal: bool, tmp_path: Path) -> None:
    a = xr.DataArray([1, np.nan, np.inf], {"depth": ("event", [1, 2, 3])}, ("event",))
    b = xr.DataArray([1.25, np.nan, np.inf], {"depth": ("event", [1, 2, 3])}, ("event",))
    assert compared(tmp_path, a, b, **tolerance).is_equal == is_equal


def test_opposite_infinities_and_minus_zero(tmp_path: Path) -> None:
    a = xr.DataArray([np.inf, 0.0], dims="event")
    (values,) = found(compared(tmp_path, a, -a))
    assert isinstance(values, ValuesDiffer)
    assert (values.count, values.gap) == (1, np.inf)


NUMBERS = npst.arrays(
    st.sampled_from(["i2", "u8", "f4", "bool"]), st.sampled_from([(2,), (3,), (2, 2)]), elements=st.just(1) | st.just(0)
)


@settings(max_examples=15)
@given(values=st.tuples(NUMBERS, NUMBERS), coords=st.tuples(NUMBERS, NUMBERS))
def test_equal_means_the_same_content_hash(
    values: tuple[Any, Any], coords: tuple[Any, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    a, b = (
        xr.DataArray(data, {"depth": (["x", "y"][: data.ndim], np.resize(coord, data.shape))}, ["x", "y"][: data.ndim])
        for data, coord in zip(values, coords, strict=True)
    )
    comparison = compared(tmp_path_factory.mktemp("diff"), a, b)
    assert comparison.is_equal == (content_of_assembly(a) == content_of_assembly(b))


def test_memory_is_bounded_whatever_the_chunks(tmp_path: Path) -> None:
    shape = (1000, 100, 250)  # 100 MB
    packaging.write_netcdf(xr.DataArray(np.zeros(shape, "f4"), dims=("x", "y", "z")), tmp_path / "a.nc")
    with h5py.File(tmp_path / "b.nc", "w") as file:
        values = file.create_dataset("data", shape, "f4", chunks=(100, 50, 250), compression="gzip", fillvalue=0)
        values[999, 99, 249] = 1
        for axis, name in enumerate("xyz"):
            scale = file.create_dataset(name, shape[axis : axis + 1], "f4")
            scale.make_scale("This is a netCDF dimension but not a netCDF variable.")
            values.dims[axis].attach_scale(scale)
    tracemalloc.start()
    try:
        (values_differ,) = found(diff(tmp_path / "a.nc", tmp_path / "b.nc"))
        content_hash(tmp_path / "a.nc")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(values_differ, ValuesDiffer)
    assert [place.index for place in values_differ.places] == [(999, 99, 249)]
    assert peak < 32 << 20


# --------------------------------------------------------------------------------------------- stimulus sets


def packaged(stimuli: StimulusSet, folder: Path) -> Path:
    return Path(packaging.package_stimulus_set_locally(stimuli, "lab.Set", folder)["csv_path"])


@pytest.fixture
def both(tmp_path: Path) -> tuple[StimulusSet, Path]:
    """A stimulus set, and its package in the folder `a`."""
    stimuli = stimulus_set(tmp_path / "in")
    return stimuli, packaged(stimuli, tmp_path / "a")


def test_a_stimulus_set_equals_itself_unpacked(both: tuple[StimulusSet, Path], tmp_path: Path) -> None:
    csv_path = tmp_path / "b" / "set.csv"
    shutil.unpack_archive(both[1].with_suffix(".zip"), csv_path.with_suffix("") / "images")
    table = pd.read_csv(both[1])
    table[[*reversed(table.columns)]].to_csv(csv_path, index=False)
    assert diff(both[1], csv_path).is_equal


def test_stimuli_are_compared_by_id(both: tuple[StimulusSet, Path], tmp_path: Path) -> None:
    other = stimulus_set(tmp_path / "other", ids=["日本", "left", "up"]).rename(columns={"category": "kind"})
    Path(other.stimulus_paths["left"]).write_bytes(png(1, side=8))
    sha256 = hashlib.sha256(Path(other.stimulus_paths["日本"]).read_bytes()).hexdigest()
    assert lines(diff(both[1], packaged(other, tmp_path / "b"))) == [
        "stimuli only in A: 'right'",
        "stimuli only in B: 'up'",
        "order of the stimuli, from the first that differs: 'left' in A, '日本' in B",
        "columns only in A: 'category'",
        "columns only in B: 'kind'",
        "column 'orientation': 2 of 2 differ",
        "[0] (stimulus_id 'left'): '0.0' in A, '22.5' in B",
        "[2] (stimulus_id '日本'): '45.0' in A, '0.0' in B",
        "column 'trained': 1 of 2 differ",
        "[0] (stimulus_id 'left'): 'True' in A, 'False' in B",
        "files: 2 of 2 differ",
        "[0] (stimulus_id 'left'): 88 bytes in A, 140 bytes in B",
        f"[2] (stimulus_id '日本'): 88 bytes with SHA-256 ed1998bc… in A, 88 bytes with SHA-256 {sha256[:8]}… in B",
    ]


def test_cells_with_numbers_are_compared_with_the_tolerance(both: tuple[StimulusSet, Path], tmp_path: Path) -> None:
    stimuli, a = both
    b = packaged(stimuli.assign(orientation=[0, 22.6, 45], category="x"), tmp_path / "b")
    assert [difference.what for difference in found(diff(a, b, atol=0.2))] == ["column 'category'"]


# -------------------------------------------------------------------------------------- packages and records


def test_folders_are_compared_by_identifier(tmp_path: Path) -> None:
    rates = xr.DataArray([1.0, 2.0], dims="event")
    for side, names in (("a", ("lab.One", "lab.Two")), ("b", ("lab.Two", "lab.Three"))):
        for name in names:
            array = rates * 2 if side + name == "blab.Two" else rates
            packaging.package_data_assembly_locally(array, name, "lab.S", "PropertyAssembly", tmp_path / side)
    comparison = diff(tmp_path / "a", tmp_path / "b")
    assert comparison.differences["folders"] == (
        OnlyIn("packages", "A", ("assembly lab.One",)),
        OnlyIn("packages", "B", ("assembly lab.Three",)),
    )
    assert [*comparison.differences] == ["folders", "assembly lab.Two"]
    with pytest.raises(InvalidData, match="several packages"):
        content_hash(tmp_path / "a")


def test_class_and_kind_are_compared(tmp_path: Path) -> None:
    array = xr.DataArray([1.0, 2.0], dims="event")
    for cls in ("PropertyAssembly", "DataAssembly"):
        packaging.package_data_assembly_locally(array, "lab.A", "lab.S", cls, tmp_path / cls)
    (difference,) = found(diff(tmp_path / "PropertyAssembly", tmp_path / "DataAssembly"))
    assert difference == Differs("class", "PropertyAssembly", "DataAssembly")
    csv_path = packaged(stimulus_set(tmp_path / "in"), tmp_path / "set")
    (difference,) = found(diff(tmp_path / "DataAssembly", csv_path))
    assert difference == Differs("kind", "assembly", "stimulus set")


def test_records_with_the_same_content_are_believed(tmp_path: Path) -> None:
    for side, species in (("a", "macaque"), ("b", "mouse")):
        array = recording().assign_attrs(species=species)
        packaging.package_data_assembly_locally(array, "lab.A", "lab.S", downloads_path=tmp_path / side)
        packaged(stimulus_set(tmp_path / "in"), tmp_path / side)
    assert lines(diff(tmp_path / "a", tmp_path / "b")) == ["attribute 'species': 'macaque' in A, 'mouse' in B"]

    path = tmp_path / "b" / "assy_lab_A.brainpack.json"
    path.write_text(replace(read_record(path), content="0" * 64).to_json(), "utf-8")
    assert content_hash(path) != read_record(path).content
    assert lines(diff(tmp_path / "a", tmp_path / "b")) == ["attribute 'species': 'macaque' in A, 'mouse' in B"]


def test_bytes_that_differ_in_a_csv_alone_are_no_difference(both: tuple[StimulusSet, Path], tmp_path: Path) -> None:
    stimuli, a = both
    b = packaged(stimuli[[*reversed(stimuli.columns)]], tmp_path / "b")
    assert a.read_bytes() != b.read_bytes()
    assert diff(a.parent, b.parent).is_equal
    content = [json.loads(path.with_suffix(".brainpack.json").read_text("utf-8"))["content"] for path in (a, b)]
    assert content[0] == content[1]
