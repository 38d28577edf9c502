"""The 15 functions of the packaging API: their arguments, results and errors."""

from __future__ import annotations

import inspect
import json
import pickle
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image

import brainpack
from brainpack import CheckFailed, InvalidData, packaging
from tests.helpers import png, recording, stimulus_set

if TYPE_CHECKING:
    from collections.abc import Callable

REQUIRED = inspect.Parameter.empty
KEYWORD_ONLY = inspect.Parameter.KEYWORD_ONLY
SIGNATURES: dict[str, dict[str, Any]] = {
    "package_data_assembly": {
        "catalog_identifier": REQUIRED, "proto_data_assembly": REQUIRED, "assembly_identifier": REQUIRED,
        "stimulus_set_identifier": REQUIRED, "assembly_class_name": "NeuroidAssembly", "bucket_name": "brainio-temp",
        "extras": None,
    },
    "package_data_assembly_locally": {
        "proto_data_assembly": REQUIRED, "assembly_identifier": REQUIRED, "stimulus_set_identifier": REQUIRED,
        "assembly_class_name": "NeuroidAssembly", "downloads_path": None, "extras": None,
    },
    "package_stimulus_set": {
        "catalog_name": REQUIRED, "proto_stimulus_set": REQUIRED, "stimulus_set_identifier": REQUIRED,
        "bucket_name": "brainio-temp",
    },
    "package_stimulus_set_locally": {
        "proto_stimulus_set": REQUIRED, "stimulus_set_identifier": REQUIRED, "downloads_path": None,
    },
    "write_netcdf": {
        "assembly": REQUIRED, "target_netcdf_file": REQUIRED, "append": False, "group": None, "compress": True,
    },
    "upload_to_s3": {"source_file_path": REQUIRED, "bucket_name": REQUIRED, "target_s3_key": REQUIRED},
    "get_user_info": {"sts_client": REQUIRED},
    "create_stimulus_zip": {"proto_stimulus_set": REQUIRED, "target_zip_path": REQUIRED},
    "create_stimulus_csv": {"proto_stimulus_set": REQUIRED, "target_path": REQUIRED},
    "extract_specific": {"proto_stimulus_set": REQUIRED},
    "check_naming_convention": {"name": REQUIRED},
    "check_stimulus_naming_convention": {"name": REQUIRED},
    "check_stimulus_numbers": {"stimulus_set": REQUIRED},
    "check_image_format": {"image": REQUIRED, "identifier": REQUIRED},
    "check_experiment_stimulus_set": {"stimulus_set": REQUIRED},
}  # fmt: skip


def test_there_are_15_functions() -> None:
    assert sorted(SIGNATURES) == packaging.__all__


@pytest.mark.parametrize("name", SIGNATURES)
def test_parameters_and_defaults_are_those_of_the_contract(name: str) -> None:
    parameters = inspect.signature(getattr(packaging, name)).parameters
    ours = {key: parameter.default for key, parameter in parameters.items() if parameter.kind is KEYWORD_ONLY}
    theirs = {key: parameter.default for key, parameter in parameters.items() if key not in ours}
    assert theirs == SIGNATURES[name]
    assert list(theirs) == list(SIGNATURES[name])
    assert ours.items() <= {"compress": True, "executor": None}.items()


# ------------------------------------------------------------------------------------------- packaging


def test_stimulus_set_result(tmp_path: Path) -> None:
    result = packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.Set2026", tmp_path / "out")
    assert list(result) == ["identifier", "csv_path", "zip_path", "csv_sha1", "zip_sha1"]
    assert result["identifier"] == "lab.Set2026"
    assert result["csv_path"] == str(tmp_path / "out" / "stimulus_lab_Set2026.csv")
    assert result["zip_path"] == str(tmp_path / "out" / "stimulus_lab_Set2026.zip")
    assert json.loads(json.dumps(result)) == result == pickle.loads(pickle.dumps(result))  # noqa: S301 - our own pickle
    table = pd.read_csv(result["csv_path"])
    assert list(table.columns) == ["stimulus_id", "orientation", "trained", "category", "filename"]
    with zipfile.ZipFile(result["zip_path"]) as archive:
        assert archive.namelist() == table["filename"].tolist() == ["left.png", "right.png", "日本.png"]
        assert [archive.read(name) for name in archive.namelist()] == [png(grey) for grey in range(3)]
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}


def test_assembly_result(tmp_path: Path) -> None:
    older_name: dict[str, Any] = {"assembly_class": "NeuronRecordingAssembly"}
    result = packaging.package_data_assembly_locally(
        recording(), "lab.Data2026", "lab.Set2026", downloads_path=tmp_path, **older_name
    )
    assert list(result) == ["identifier", "path", "sha1", "cls"]
    assert result["path"] == str(tmp_path / "assy_lab_Data2026.nc")
    assert result["cls"] == "NeuronRecordingAssembly"
    assert json.loads(json.dumps(result)) == result


def test_without_a_path_files_go_to_the_downloads_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    result = packaging.package_data_assembly_locally(recording(), "lab.Data2026", "lab.Set2026")
    assert Path(result["path"]).parent == tmp_path / "Downloads" / "brainscore_packages"


@pytest.mark.parametrize(
    ("cls", "dims"),
    [
        ("DataAssembly", ("anything",)),
        ("NeuroidAssembly", ("presentation", "neuroid")),
        ("NeuroidAssembly", ("time_bin", "neuroid", "presentation")),
        ("NeuronRecordingAssembly", ("presentation", "neuroid")),
        ("ModelFeaturesAssembly", ("presentation", "neuroid")),
        ("BehavioralAssembly", ("presentation", "choice")),
        ("PropertyAssembly", ("neuroid", "neuroid_property")),
        ("MetadataAssembly", ("event",)),
        ("SpikeTimesAssembly", ("event",)),
    ],
)
def test_every_class_is_packaged_by_name_and_comes_back(cls: str, dims: tuple[str, ...], tmp_path: Path) -> None:
    shape = tuple(range(2, 2 + len(dims)))
    array = xr.DataArray(np.random.default_rng(0).normal(size=shape), dims=dims)
    for dim, size in zip(dims, shape, strict=True):
        name = "stimulus_id" if dim == "presentation" else f"{dim}_id"
        array = array.assign_coords({name: (dim, np.arange(size)), f"{dim}_number": (dim, np.arange(size))})
    packaging.package_data_assembly_locally(array, "lab.Data", "lab.Set", cls, tmp_path)
    loaded = brainpack.load(tmp_path / "assy_lab_Data.brainpack.json")
    assert type(loaded) is getattr(brainpack, cls)
    assert loaded.dims == dims
    np.testing.assert_array_equal(loaded.values, array.values)
    for coord in array.coords.values():
        np.testing.assert_array_equal(loaded[coord.name].values, coord.values)


def test_every_type_of_value_and_coordinate_comes_back(tmp_path: Path) -> None:
    packaging.package_data_assembly_locally(recording(), "lab.Data", "lab.Set", downloads_path=tmp_path)
    loaded = brainpack.load(tmp_path / "assy_lab_Data.brainpack.json")
    expected = recording()
    np.testing.assert_array_equal(loaded.values, expected.values, strict=True)
    for name, coord in expected.coords.items():
        values = coord.values.astype(object) if coord.dtype.kind in "UO" else coord.values
        values = np.where(pd.isna(values), np.nan, values) if values.dtype == object else values
        np.testing.assert_array_equal(loaded[name].values, values, strict=True)
    assert {"species": "macaque", "implants": 2, "sorted": 1}.items() <= loaded.attrs.items()
    assert loaded.attrs["identifier"] == "lab.Data"
    assert loaded.attrs["stimulus_set_identifier"] == "lab.Set"


@pytest.mark.parametrize(
    "values",
    [
        np.array(["left", "日本", ""]),
        np.array([True, False, True]),
        np.array([1, -2, 3], dtype=np.int8),
        np.array([2**63], dtype=np.uint64).repeat(3),
        np.array(["2020-01-01", "NaT", "1999-12-31T23:59:59.999999999"], dtype="datetime64[ns]"),
        np.array([1, -1, 10**15], dtype="timedelta64[ns]"),
        np.array([np.nan, np.inf, -0.0], dtype=np.float64),
    ],
    ids=lambda values: str(values.dtype),
)
def test_main_data_of_any_type_come_back(values: np.ndarray[Any, Any], tmp_path: Path) -> None:
    coords = {"stimulus_id": ("presentation", [1, 2, 3]), "repetition": ("presentation", [0, 0, 0])}
    array = xr.DataArray(values, coords, ("presentation",))
    packaging.package_data_assembly_locally(array, "lab.Data", "lab.Set", "BehavioralAssembly", tmp_path)
    loaded = brainpack.load(tmp_path / "assy_lab_Data.brainpack.json")
    expected = values.astype(object) if values.dtype.kind == "U" else values
    np.testing.assert_array_equal(loaded.values, expected, strict=True)


def test_a_repeated_dimension_comes_back(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate dimension"):
        array = xr.DataArray(
            np.arange(18.0).reshape(3, 3, 2),
            {
                "stimulus_id": ("presentation", ["a", "b", "c"]),
                "category": ("presentation", ["x", "x", "y"]),
                "neuroid_id": ("neuroid", [1, 2]),
            },
            ("presentation", "presentation", "neuroid"),
        )
    packaging.package_data_assembly_locally(array, "lab.Data", "lab.Set", downloads_path=tmp_path)
    loaded = brainpack.load(tmp_path / "assy_lab_Data.brainpack.json")
    assert loaded.dims == ("presentation", "presentation", "neuroid")
    np.testing.assert_array_equal(loaded.values, array.values)
    assert loaded["stimulus_id"].values.tolist() == ["a", "b", "c"]


def test_extras_come_back_in_the_attributes(tmp_path: Path) -> None:
    spikes = xr.DataArray([0.5, 1.5], {"neuroid_id": ("event", ["u1", "u2"])}, ("event",))
    trials = xr.DataArray([1, 2, 3], {"stimulus_id": ("event", ["a", "b", "a"])}, ("event",))
    packaging.package_data_assembly_locally(
        spikes, "lab.Spikes", "lab.Set", "SpikeTimesAssembly", tmp_path, {"trials": trials}
    )
    loaded = brainpack.load(tmp_path / "assy_lab_Spikes.brainpack.json")
    assert isinstance(loaded.attrs["trials"], brainpack.MetadataAssembly)
    assert loaded.attrs["trials"].values.tolist() == [1, 2, 3]
    assert loaded.attrs["trials"]["stimulus_id"].values.tolist() == ["a", "b", "a"]


def test_a_lazy_array_is_read_chunk_by_chunk(tmp_path: Path) -> None:
    class Lazy(np.lib.mixins.NDArrayOperatorsMixin):
        """Computes what it is asked for, and remembers how much that was at most."""

        shape, dtype, ndim, size = (4000, 1000), np.dtype(np.float64), 2, 4_000_000
        largest = 0

        def __getitem__(self, region: tuple[slice, ...]) -> Any:
            rows = np.arange(*region[0].indices(4000), dtype=np.float64)
            block = np.repeat(rows[:, None], 1000, axis=1)[:, region[1]]
            Lazy.largest = max(Lazy.largest, block.nbytes)
            return block

        def __array_function__(self, *args: Any, **kwargs: Any) -> Any:
            return NotImplemented

        def __array_ufunc__(self, *args: Any, **kwargs: Any) -> Any:
            return NotImplemented

    coords = {
        "stimulus_id": ("presentation", np.arange(4000)),
        "repetition": ("presentation", np.zeros(4000)),
        "neuroid_id": ("neuroid", np.arange(1000)),
    }
    lazy = xr.DataArray(Lazy(), coords, ("presentation", "neuroid"))
    packaging.package_data_assembly_locally(lazy, "lab.Lazy", "lab.Set", downloads_path=tmp_path)
    loaded = brainpack.load(tmp_path / "assy_lab_Lazy.brainpack.json")
    np.testing.assert_array_equal(loaded.values, np.repeat(np.arange(4000.0)[:, None], 1000, axis=1))
    assert 0 < Lazy.largest <= 1 << 20


def test_write_netcdf_appends_groups(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "a.nc"
    first = packaging.write_netcdf(recording(), path)
    second = packaging.write_netcdf(xr.DataArray([1, 2], dims="event"), path, append=True, group="trials")
    assert first != second
    loaded = brainpack.load_assembly_from_file(path)
    np.testing.assert_array_equal(loaded.values, recording().values)
    assert loaded.attrs["trials"].values.tolist() == [1, 2]
    with pytest.raises(InvalidData, match="already holds 'trials'"):
        packaging.write_netcdf(xr.DataArray([3], dims="event"), path, append=True, group="trials")
    with pytest.raises(InvalidData, match="already holds 'data'"):
        packaging.write_netcdf(recording(), path, append=True)
    assert brainpack.load_assembly_from_file(path).attrs["trials"].values.tolist() == [1, 2]


def test_compression_makes_the_file_smaller(tmp_path: Path) -> None:
    array = xr.DataArray(np.zeros(100_000), dims="event")
    packaging.write_netcdf(array, tmp_path / "small.nc")
    packaging.write_netcdf(array, tmp_path / "large.nc", compress=False)
    assert (tmp_path / "small.nc").stat().st_size * 10 < (tmp_path / "large.nc").stat().st_size


def test_user_info_is_what_sts_says() -> None:
    identity = {"Account": "123456789012", "Arn": "arn:aws:sts::123456789012:assumed-role/lab/ada@example.org"}
    client = SimpleNamespace(get_caller_identity=lambda: identity)
    assert packaging.get_user_info(client) == ("123456789012", "ada@example.org")


# ----------------------------------------------------------------------------------------------- checks


@pytest.mark.parametrize("name", ["dicarlo.MajajHong2015", "dicarlo.MajajHong2015.public", "lab.A2-b"])
def test_published_names_pass(name: str) -> None:
    packaging.check_naming_convention(name)


@pytest.mark.parametrize("name", ["MajajHong2015", "Dicarlo.Majaj2015", "dicarlo.majaj2015", "dicarlo.M", "a.B2 c", ""])
def test_other_names_fail(name: str) -> None:
    with pytest.raises(CheckFailed):
        packaging.check_naming_convention(name)


@pytest.mark.parametrize("name", ["image_1.png", "Nat300_100.jpg", "1.mp4", "10.jpeg"])
def test_stimulus_names_pass(name: str) -> None:
    packaging.check_stimulus_naming_convention(name)


@pytest.mark.parametrize("name", ["a_1.png.exe", "image_01.png", "0.png", "image_.png", "image_1.gif", "x/1.png", "1"])
def test_other_stimulus_names_fail(name: str) -> None:
    with pytest.raises(CheckFailed):
        packaging.check_stimulus_naming_convention(name)


@pytest.mark.parametrize(
    ("numbers", "problem"), [((3, 1, 2), None), ((1, 3), r"missing \[2\]"), ((1, 1, 2), r"several times \[1\]")]
)
def test_stimulus_numbers(numbers: tuple[int, ...], problem: str | None) -> None:
    stimuli = brainpack.StimulusSet({"stimulus_id": range(len(numbers))})
    stimuli.stimulus_paths = {i: Path(f"folder {i}/Nat300_{number}.png") for i, number in enumerate(numbers)}
    if problem is None:
        packaging.check_stimulus_numbers(stimuli)
    else:
        with pytest.raises(CheckFailed, match=problem):
            packaging.check_stimulus_numbers(stimuli)


def test_a_stimulus_without_a_number_fails() -> None:
    stimuli = brainpack.StimulusSet({"stimulus_id": [0]})
    stimuli.stimulus_paths = {0: "left.png"}
    with pytest.raises(CheckFailed, match="no number"):
        packaging.check_stimulus_numbers(stimuli)


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "LA", "L"])
def test_image_modes_pass(mode: str) -> None:
    packaging.check_image_format(Image.new(mode, (3, 2)), "image")


@pytest.mark.parametrize("mode", ["1", "P", "CMYK", "I;16", "F"])
def test_other_image_modes_fail(mode: str) -> None:
    with pytest.raises(CheckFailed, match=r"image 7.*mode"):
        packaging.check_image_format(Image.new(mode, (3, 2)), "image 7")


def numbered(folder: Path, count: int = 3) -> brainpack.StimulusSet:
    stimuli = brainpack.StimulusSet({"stimulus_id": range(count)})
    stimuli.stimulus_paths = {i: folder / f"lab_{i + 1}.png" for i in range(count)}
    for path in stimuli.stimulus_paths.values():
        Path(path).write_bytes(png(7))
    return stimuli


def test_experiment_stimulus_set_passes(tmp_path: Path) -> None:
    packaging.check_experiment_stimulus_set(numbered(tmp_path))


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda folder: (folder / "lab_2.png").unlink(), "lab_2.png does not exist"),
        (lambda folder: (folder / "lab_2.png").write_bytes(b"not an image"), "cannot be decoded"),
        (lambda folder: (folder / "lab_2.png").write_bytes(png(7)[:40]), "cannot be decoded"),
    ],
)
def test_experiment_stimulus_set_fails(damage: Callable[[Path], object], problem: str, tmp_path: Path) -> None:
    stimuli = numbered(tmp_path)
    damage(tmp_path)
    with pytest.raises(CheckFailed, match=problem):
        packaging.check_experiment_stimulus_set(stimuli)


def test_experiment_stimulus_set_of_two_media_or_of_none_fails(tmp_path: Path) -> None:
    stimuli = numbered(tmp_path)
    (tmp_path / "lab_4.mp4").write_bytes(b"video")
    stimuli.stimulus_paths = {**stimuli.stimulus_paths, 3: tmp_path / "lab_4.mp4"}
    with pytest.raises(CheckFailed, match="video/mp4"):
        packaging.check_experiment_stimulus_set(stimuli)
    with pytest.raises(CheckFailed, match="empty"):
        packaging.check_experiment_stimulus_set(stimuli[:0])
