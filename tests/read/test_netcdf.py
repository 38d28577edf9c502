"""Assemblies from files of brainpack, of xarray and of nobody in particular."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from brainpack import (
    BehavioralAssembly,
    DataAssembly,
    InvalidData,
    MetadataAssembly,
    NeuroidAssembly,
    NotFound,
    PropertyAssembly,
    SpikeTimesAssembly,
    StimulusSet,
    StoreError,
    load_assembly_from_file,
)
from brainpack.objects.indexes import plain_coords
from brainpack.packaging import write_netcdf
from tests.helpers import recording

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "assy.nc"


def by_xarray(array: xr.DataArray | xr.Dataset, path: Path, **options: Any) -> Path:
    array.to_netcdf(path, engine="h5netcdf", **options)
    return path


def responses(name: str | None = "data", /, **coords: Any) -> xr.DataArray:
    coords = coords or {"stimulus_id": ("presentation", ["a", "b"])}
    return xr.DataArray([[1.0, 2, 3], [4, 5, 6]], coords, ("presentation", "neuroid"), name, {"identifier": "lab.X"})


def test_what_was_written_comes_back(path: Path) -> None:
    written = recording()
    write_netcdf(written, path)
    read = load_assembly_from_file(path)
    assert type(read) is NeuroidAssembly
    assert read.dims == written.dims
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read.values, written.values)
    expected, found = plain_coords(written), plain_coords(read)
    assert found.keys() == expected.keys()
    for name, (dims, values) in expected.items():
        assert found[name][0] == dims
        assert found[name][1].dtype.kind.replace("O", "U") == values.dtype.kind.replace("O", "U")
        pd.testing.assert_index_equal(pd.Index(found[name][1].ravel()), pd.Index(values.ravel()), exact=False)
    assert read.attrs["species"] == "macaque"


@pytest.mark.parametrize("name", ["data", None, "anything"])
def test_the_variable_with_the_values(path: Path, name: str | None) -> None:
    array = responses(name)
    read = load_assembly_from_file(by_xarray(array, path))
    assert read.name is None
    np.testing.assert_array_equal(read.values, array.values)
    assert read["stimulus_id"].values.tolist() == ["a", "b"]
    assert read.attrs["identifier"] == "lab.X"
    assert set(h5py.File(path)) >= {name or "__xarray_dataarray_variable__"}


def test_data_among_several_variables(path: Path) -> None:
    read = load_assembly_from_file(
        by_xarray(xr.Dataset({"data": responses(), "quality": ("neuroid", [1, 2, 3])}), path)
    )
    assert read.shape == (2, 3)


def test_several_variables_of_which_none_is_named_data(path: Path) -> None:
    by_xarray(xr.Dataset({"responses": responses(None), "quality": ("neuroid", [1, 2, 3])}), path)
    with pytest.raises(InvalidData, match=r"has 2 variables \(.*quality.*\) and none is named 'data'; keep"):
        load_assembly_from_file(path)


def test_no_variable_at_all(path: Path) -> None:
    by_xarray(xr.Dataset(), path)
    with pytest.raises(InvalidData, match="has 0 variables"):
        load_assembly_from_file(path)


CLASSES: dict[str, tuple[tuple[str, ...], type[DataAssembly]]] = {
    "neuroid": (("presentation", "neuroid"), NeuroidAssembly),
    "neuroid, other order": (("neuroid", "time_bin", "presentation"), NeuroidAssembly),
    "spikes": (("event",), SpikeTimesAssembly),
    "behavior": (("presentation", "choice"), BehavioralAssembly),
    "behavior alone": (("presentation",), BehavioralAssembly),
    "something": (("neuroid",), DataAssembly),
}


@pytest.mark.parametrize(("dims", "cls"), CLASSES.values(), ids=CLASSES)
def test_the_class_follows_the_dimensions(path: Path, dims: tuple[str, ...], cls: type[DataAssembly]) -> None:
    by_xarray(xr.DataArray(np.ones((2,) * len(dims)), dims=dims, name="data"), path)
    assert type(load_assembly_from_file(path)) is cls
    assert type(load_assembly_from_file(path, cls=PropertyAssembly)) is PropertyAssembly
    assert type(PropertyAssembly.from_files(path)) is PropertyAssembly


def test_repeated_dimensions(path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate dimension"):
        array = xr.DataArray(np.eye(2), {"stimulus_id": ("presentation", ["a", "b"])}, ("presentation",) * 2)
    write_netcdf(array, path)
    read = load_assembly_from_file(path)
    assert read.dims == ("presentation", "presentation")
    np.testing.assert_array_equal(read.values, np.eye(2))
    assert read["stimulus_id"].values.tolist() == ["a", "b"]


@pytest.mark.parametrize("old", ["neuroid_", "neuroid_level_0"])
def test_dimension_coordinates_of_old_clients(path: Path, old: str) -> None:
    array = responses(**{old: ("neuroid", ["n1", "n2", "n3"])})
    read = load_assembly_from_file(by_xarray(array, path))
    assert plain_coords(read)["neuroid"][1].tolist() == ["n1", "n2", "n3"]
    assert read.sel(neuroid="n2").values.ravel().tolist() == [2, 5]
    write_netcdf(read, path.with_name("again.nc"))
    again = load_assembly_from_file(path.with_name("again.nc"))
    assert plain_coords(again)["neuroid"][1].tolist() == ["n1", "n2", "n3"]


def test_a_coordinate_that_only_looks_like_one_of_old_clients(path: Path) -> None:
    array = responses(neuroid_=("presentation", [1, 2]), neuroid=("neuroid", [7, 8, 9]))
    read = load_assembly_from_file(by_xarray(array, path))
    assert plain_coords(read)["neuroid_"][1].tolist() == [1, 2]
    assert plain_coords(read)["neuroid"][1].tolist() == [7, 8, 9]


def test_legacy_image_id(path: Path) -> None:
    read = load_assembly_from_file(by_xarray(responses(image_id=("presentation", ["x", "y"])), path))
    assert read["stimulus_id"].values.tolist() == read["image_id"].values.tolist() == ["x", "y"]
    both = responses(image_id=("presentation", [1, 1]), stimulus_id=("presentation", [3, 4]))
    assert load_assembly_from_file(by_xarray(both, path))["stimulus_id"].values.tolist() == [3, 4]


def test_text_of_variable_length(path: Path) -> None:
    texts = ["001", "日本", ""]
    with h5py.File(path, "w") as file:
        file["data"] = np.arange(3.0)
        file["neuroid"] = np.arange(3)
        file["neuroid"].make_scale("neuroid")
        file["label"] = np.array(texts, dtype=object)
        for name in ("data", "label"):
            file[name].dims[0].attach_scale(file["neuroid"])
        file["data"].attrs["coordinates"] = "label"
    assert load_assembly_from_file(path)["label"].values.tolist() == texts


def of_variable_length(path: Path) -> None:
    """Texts of all kinds, as xarray writes them."""
    coords = {
        "presentation": ["x", "日本"],
        "neuroid_id": ("neuroid", ["a", "", "ccc"]),
        "note": ("neuroid", ["n", "gone", "m"]),
        "cell": (("presentation", "neuroid"), [["a", "b", "c"], ["d", "é", "f"]]),
        "session": "one",
    }
    array = xr.DataArray([["u", "v", ""], ["w", "x", "yy"]], coords, ("presentation", "neuroid"), "data")
    by_xarray(array, path)
    with h5py.File(path, "r+") as file:
        file["note"].attrs["missing_value"] = "gone"


@pytest.mark.parametrize("chunks", [None, {}])
def test_texts_of_variable_length_have_the_types_that_xarray_gives_them(path: Path, chunks: Any) -> None:
    of_variable_length(path)
    found = load_assembly_from_file(path, chunks=chunks)
    with xr.open_dataarray(path, engine="h5netcdf") as expected:
        for name in ("cell", "session"):
            assert found[name].dtype == expected[name].dtype
            np.testing.assert_array_equal(found[name], expected[name])
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found.values, expected.values)
    assert found["presentation"].values.tolist() == ["x", "日本"]
    assert found["neuroid_id"].values.tolist() == ["a", "", "ccc"]
    assert found["note"].values.tolist() == ["n", pytest.approx(np.nan, nan_ok=True), "m"]
    found.close()


def test_texts_of_variable_length_are_read_without_dask(path: Path) -> None:
    """Which takes longer to load than most files, and is loaded by xarray where it converts texts."""
    by_xarray(responses(label=("presentation", ["a", "b"])), path)
    script = "import sys, brainpack; brainpack.load_assembly_from_file(sys.argv[1]); print('dask' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_a_text_with_a_zero_in_it_ends_there(path: Path) -> None:
    """As in HDF5, which knows texts as they are in C."""
    by_xarray(responses(label=("presentation", ["abcd", "xy"])), path)
    content = path.read_bytes()
    assert content.count(b"abcd") == 1
    path.write_bytes(content.replace(b"abcd", b"ab\0d"))
    assert load_assembly_from_file(path)["label"].values.tolist() == ["ab", "xy"]


TEXTS = st.lists(st.text(alphabet="ab日é\U0001f600 <missing>", max_size=20) | st.none(), min_size=1, max_size=12)


@given(texts=TEXTS, more=TEXTS)
@settings(max_examples=15)
def test_texts_come_back(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str | None], more: list[str | None]
) -> None:
    labels = np.array((texts * 12)[:12], dtype=object)
    kinds = np.array((more * 12)[:12], dtype=object).reshape(4, 3)
    coords = {"label": ("presentation", labels[:4]), "kind": (("presentation", "neuroid"), kinds)}
    path = tmp_path_factory.mktemp("texts") / "assy.nc"
    write_netcdf(xr.DataArray(np.ones((4, 3)), coords, ("presentation", "neuroid")), path)
    read = load_assembly_from_file(path)
    for name, (_, values) in coords.items():
        found = [None if pd.isna(text) else text for text in read[name].values.ravel()]
        assert found == values.ravel().tolist()


def test_text_that_is_not_utf8(path: Path) -> None:
    write_netcdf(responses(label=("presentation", ["aa", "bb"])), path)
    with h5py.File(path, "r+") as file:
        file["label"][:] = np.array([[b"\xff", b"a"], [b"b", b"b"]])
    with pytest.raises(InvalidData, match="can't decode byte 0xff"):
        load_assembly_from_file(path)


def test_attributes_of_one_letter(path: Path) -> None:
    write_netcdf(responses(), path)
    with h5py.File(path, "r+") as file:
        file["data"].attrs.update({"unit": np.bytes_(b"s"), "latin": np.bytes_(b"\xb5")})
    attributes = load_assembly_from_file(path).attrs
    assert (attributes["unit"], attributes["latin"]) == ("s", b"\xb5")


def test_a_dimension_that_grew_after_its_variables_were_written(path: Path) -> None:
    with h5py.File(path, "w") as file:
        for name, count in (("event", 5), ("data", 3), ("mark", 2)):
            values = np.arange(count, dtype="i4")
            file.create_dataset(name, data=values, maxshape=(None,), chunks=(2,), fillvalue=-7)
        file["event"].make_scale("event")
        for name in ("data", "mark"):
            file[name].dims[0].attach_scale(file["event"])
        file["data"].attrs["coordinates"] = "mark"
    read = load_assembly_from_file(path)
    assert read.values.tolist() == [0, 1, 2, -7, -7]
    assert read["mark"].values.tolist() == [0, 1, -7, -7, -7]


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
def test_numbers_with_units_of_time_stay_numbers(path: Path, dtype: type[np.number[Any]]) -> None:
    array = xr.DataArray(np.array([1, 2], dtype=dtype), dims="event", name="data", attrs={"units": "seconds"})
    read = load_assembly_from_file(by_xarray(array, path))
    assert read.dtype == dtype
    assert read.values.tolist() == [1, 2]
    assert read.attrs["units"] == "seconds"


def test_durations(path: Path) -> None:
    delays = np.array([1, 2**53 + 1, "NaT"], dtype="timedelta64[ns]")
    array = xr.DataArray(delays, {"delay": ("event", delays[::-1])}, ("event",), attrs={"a": 1})
    write_netcdf(array, path)
    read = load_assembly_from_file(path)
    assert read.dtype == read["delay"].dtype == np.dtype("timedelta64[ns]")
    np.testing.assert_array_equal(read.values, delays)
    np.testing.assert_array_equal(read["delay"].values, delays[::-1])
    assert {"units", "dtype"}.isdisjoint(read.attrs)


@pytest.mark.parametrize(("unit", "ns"), [("days", 86_400 * 10**9), ("seconds", 10**9), ("milliseconds", 10**6)])
@pytest.mark.parametrize("dtype", [np.int64, np.float64])
def test_durations_of_other_tools(path: Path, unit: str, ns: int, dtype: type[np.number[Any]]) -> None:
    attributes = {"units": unit, "dtype": "timedelta64[ns]"}
    array = xr.DataArray(np.array([1, 2], dtype=dtype), dims="event", name="data", attrs=attributes)
    with h5py.File(by_xarray(array.assign_attrs(dtype="later"), path), "r+") as file:
        file["data"].attrs["dtype"] = "timedelta64[ns]"
    np.testing.assert_array_equal(
        load_assembly_from_file(path).values, np.array([ns, 2 * ns]).astype("timedelta64[ns]")
    )


def test_dates(path: Path) -> None:
    dates = np.array(["2020-02-29T12:00:00.123456789", "NaT"], dtype="datetime64[ns]")
    write_netcdf(xr.DataArray(dates, dims="event"), path)
    np.testing.assert_array_equal(load_assembly_from_file(path).values, dates)


def test_extras_are_in_the_attributes(path: Path) -> None:
    trials = xr.DataArray(["go", "stop"], {"onset": ("event", [0.5, 1.5])}, ("event",))
    write_netcdf(xr.DataArray([1.0, 2, 3], dims="event"), path)
    write_netcdf(trials, path, append=True, group="trials")
    stimuli = StimulusSet({"stimulus_id": ["a"]})
    stimuli.identifier = "lab.Stimuli"
    read = load_assembly_from_file(path, stimuli)
    extra = read.attrs["trials"]
    assert type(extra) is MetadataAssembly
    assert extra.values.tolist() == ["go", "stop"]
    assert extra["onset"].values.tolist() == [0.5, 1.5]
    for assembly in (read, extra):
        assert assembly.attrs["stimulus_set_identifier"] == "lab.Stimuli"
        assert assembly.attrs["stimulus_set"] is stimuli


def test_a_group_that_is_empty_is_passed_over(path: Path) -> None:
    write_netcdf(responses(), path)
    with h5py.File(path, "r+") as file:
        file.create_group("notes").attrs["by"] = "somebody"
    assert "notes" not in load_assembly_from_file(path).attrs


def test_a_group_without_values_is_named(path: Path) -> None:
    write_netcdf(responses(), path)
    by_xarray(xr.Dataset({"a": ("x", [1]), "b": ("x", [2])}), path, mode="a", group="tables")
    with pytest.raises(InvalidData, match="group 'tables' has 2 variables"):
        load_assembly_from_file(path)


def test_stimuli_are_merged(path: Path) -> None:
    write_netcdf(responses(), path)
    stimuli = StimulusSet({"stimulus_id": ["b", "a"], "size": [4, 8]})
    read = load_assembly_from_file(path, stimuli)
    assert read["size"].values.tolist() == [8, 4]
    assert "stimulus_set_identifier" not in read.attrs
    assert "size" not in load_assembly_from_file(path, stimuli, PropertyAssembly).coords


def test_stimuli_are_only_referenced_where_the_caller_says_so(path: Path) -> None:
    write_netcdf(responses(), path)
    stimuli = StimulusSet({"stimulus_id": ["b"], "size": [4]})
    read = BehavioralAssembly.from_files(path, stimulus_set=stimuli, stimulus_set_identifier="lab.S", merges=False)
    assert "size" not in read.coords
    assert read.attrs["stimulus_set"] is stimuli
    assert read.attrs["stimulus_set_identifier"] == "lab.S"


class ScaledAssembly(NeuroidAssembly):
    """A class that decides how it is made and loaded."""

    __slots__ = ()

    def __init__(self, *args: Any, factor: float = 1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.attrs["factor"] = factor

    @classmethod
    def from_files(cls, file_path: str | Path, **kwargs: Any) -> ScaledAssembly:
        read = super().from_files(file_path, **kwargs)
        return cls(read * 2, factor=2)


def test_a_class_of_ones_own(path: Path) -> None:
    write_netcdf(responses(), path)
    scaled = load_assembly_from_file(path, StimulusSet({"stimulus_id": ["a", "b"], "size": [4, 8]}), ScaledAssembly)
    assert type(scaled) is ScaledAssembly
    assert scaled.attrs["factor"] == 2
    assert scaled.values.tolist() == (responses() * 2).values.tolist()
    assert scaled["size"].values.tolist() == [4, 8]


def test_a_column_is_not_the_identifier(path: Path) -> None:
    write_netcdf(responses(), path)
    read = load_assembly_from_file(path, pd.DataFrame({"stimulus_id": ["a", "b"], "identifier": ["i", "j"]}))
    assert "stimulus_set_identifier" not in read.attrs
    assert read["identifier"].values.tolist() == ["i", "j"]


def test_stimuli_that_the_set_lacks_are_named(path: Path) -> None:
    write_netcdf(responses(), path)
    with pytest.raises(InvalidData, match="no row for stimulus_id 'b'"):
        load_assembly_from_file(path, StimulusSet({"stimulus_id": ["a"]}))


def test_the_file_may_be_written_again_while_the_assembly_lives(path: Path) -> None:
    write_netcdf(responses(), path)
    first = load_assembly_from_file(path)
    write_netcdf(first * 2, path)
    second = load_assembly_from_file(path)
    path.unlink()
    np.testing.assert_array_equal(second.values, first.values * 2)


def no_netcdf(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["data"] = np.zeros((2, 2))


def external_link(path: Path) -> None:
    write_netcdf(responses(), path.with_name("other.nc"))
    with h5py.File(path, "w") as file:
        file["data"] = h5py.ExternalLink("other.nc", "data")


def external_values(path: Path) -> None:
    path.with_name("secret").write_bytes(bytes(64))
    with h5py.File(path, "w") as file:
        file.create_dataset("data", (8,), "f8", external=[("secret", 0, 64)])


def external_values_in_a_group(path: Path) -> None:
    write_netcdf(responses(), path)
    path.with_name("secret").write_bytes(bytes(64))
    with h5py.File(path, "r+") as file:
        file.create_group("extra").create_dataset("data", (8,), "f8", external=[("secret", 0, 64)])


def virtual_values(path: Path) -> None:
    layout = h5py.VirtualLayout((2,), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "data", (2,))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("data", layout)


def dangling_link(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["data"] = h5py.SoftLink("/nowhere")


def flipped_values(path: Path) -> None:
    write_netcdf(xr.DataArray(np.arange(5000.0), dims="event"), path)
    with h5py.File(path) as file:
        chunk = file["data"].id.get_chunk_info(0)
    content = bytearray(path.read_bytes())
    content[chunk.byte_offset + chunk.size // 2] ^= 0xFF
    path.write_bytes(content)


def truncated(path: Path) -> None:
    write_netcdf(responses(), path)
    path.write_bytes(path.read_bytes()[:-100])


def impossible_dates(path: Path) -> None:
    by_xarray(responses(), path)
    with h5py.File(path, "r+") as file:
        file["data"].attrs["units"] = "frames since onset"


def impossible_durations(path: Path) -> None:
    by_xarray(responses() * 1e300, path)
    with h5py.File(path, "r+") as file:
        file["data"].attrs.update({"units": "days", "dtype": "timedelta64[ns]"})


BAD_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (lambda path: path.write_text("stimulus_id,filename"), "is not netCDF-4"),
    "empty": (lambda path: path.write_bytes(b""), "is not netCDF-4"),
    "netCDF-3": (lambda path: path.write_bytes(b"CDF\x01" + bytes(100)), "netCDF-3, expected netCDF-4; convert"),
    "HDF5 without dimensions": (no_netcdf, "is not netCDF-4"),
    "link to another file": (external_link, "takes 'data' from another file"),
    "values in another file": (external_values, "takes 'data' from another file"),
    "values in another file, in a group": (external_values_in_a_group, "takes 'data' from another file"),
    "virtual values": (virtual_values, "takes 'data' from another file"),
    "dangling link": (dangling_link, "is not netCDF-4"),
    "flipped byte": (flipped_values, "is not netCDF-4 as the format has it, or it is damaged"),
    "truncated": (truncated, "is not netCDF-4 as the format has it, or it is damaged"),
    "dates that are none": (impossible_dates, "frames since onset"),
    "durations that are none": (impossible_durations, "is not netCDF-4"),
}


@pytest.mark.parametrize(("make", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_files_are_refused(path: Path, make: Callable[[Path], object], message: str) -> None:
    make(path)
    with pytest.raises(InvalidData, match=message) as caught:
        load_assembly_from_file(path)
    assert str(path) in str(caught.value)


def test_paths_that_lead_nowhere(path: Path) -> None:
    path.touch()
    for missing in (path.with_name("no.nc"), path / "below.nc", Path("nul\0.nc")):
        with pytest.raises(NotFound, match=r"no\.nc|below\.nc|nul"):
            load_assembly_from_file(missing)


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="check that it is a file"):
        load_assembly_from_file(tmp_path)


def test_a_file_that_another_program_writes(path: Path) -> None:
    write_netcdf(responses(), path)
    code = "import h5py, sys; file = h5py.File(sys.argv[1], 'r+'); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(StoreError, match="check that no program writes to it"):
            load_assembly_from_file(path)
        other.communicate()


def test_values_that_no_memory_holds(path: Path) -> None:
    """Values that were never written take no room in the file."""
    with h5py.File(path, "w") as file:
        for name in ("event", "data"):
            file.create_dataset(name, (1 << 50,), "f8")
        file["event"].make_scale("event")
        file["data"].dims[0].attach_scale(file["event"])
    with pytest.raises(StoreError, match="needs more memory than there is"):
        load_assembly_from_file(path)


def test_a_name_with_a_tilde_is_no_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_netcdf(responses(), tmp_path / "~assy.nc")
    assert load_assembly_from_file("~assy.nc").shape == (2, 3)
