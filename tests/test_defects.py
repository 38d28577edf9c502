"""Known defects of the reference client; none of them lives here.

The numbers are those of the list in docs/differences.md. Defect 15 concerns loading from S3.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image

import brainpack
from brainpack import CheckFailed, InvalidData, StimulusSet, packaging
from brainpack.compat.brainio import s3
from tests.helpers import recording, stimulus_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.ministack import MiniStack


@pytest.fixture
def bucket(ministack: MiniStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket with versions, to which the environment leads."""
    for name, value in ministack.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "home"))
    return ministack.new_bucket(versioned=True)


def package(array: xr.DataArray, folder: Path, cls: str = "NeuroidAssembly") -> brainpack.DataAssembly:
    """Package and load again."""
    packaging.package_data_assembly_locally(array, "lab.A", "lab.S", cls, folder)
    loaded = brainpack.load(folder / "assy_lab_A.brainpack.json")
    assert isinstance(loaded, brainpack.DataAssembly)
    return loaded


def neural(**coords: tuple[str, Any]) -> xr.DataArray:
    """Two presentations of three neuroids."""
    of_presentation = {"stimulus_id": ("presentation", ["a", "b"]), "repetition": ("presentation", [0, 0])}
    return xr.DataArray(np.arange(6.0).reshape(2, 3), {**of_presentation, **coords}, ("presentation", "neuroid"))


# 1. Column order of the CSV follows the hash seed; ZIP bytes follow file times.


def test_defect_01_csv_columns_keep_the_callers_order(tmp_path: Path) -> None:
    stimuli = stimulus_set(tmp_path / "in")[["trained", "stimulus_id", "category", "orientation"]]
    result = packaging.package_stimulus_set_locally(stimuli, "lab.S", tmp_path)
    header = Path(result["csv_path"]).read_text(encoding="utf-8").splitlines()[0]
    assert header == "trained,stimulus_id,category,orientation,filename"
    assert packaging.extract_specific(stimuli) == ["trained", "stimulus_id", "category", "orientation"]


def test_defect_01_zip_bytes_do_not_follow_file_times(tmp_path: Path) -> None:
    stimuli = stimulus_set(tmp_path / "in")
    first, _ = packaging.create_stimulus_zip(stimuli, tmp_path / "first.zip")
    for path in stimuli.stimulus_paths.values():
        os.utime(path, (1, 1))
    second, _ = packaging.create_stimulus_zip(stimuli, tmp_path / "second.zip")
    assert first == second


# 2. bucket/folder is refused on upload although every registry loads with it.


@pytest.mark.parametrize("slash", ["", "/"])
def test_defect_02_a_bucket_may_have_a_folder(slash: str, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "file.nc").write_bytes(b"bytes")
    answer = packaging.upload_to_s3(tmp_path / "file.nc", f"{bucket}/vision/lab{slash}", "file.nc")
    assert (answer["Bucket"], answer["Key"]) == (bucket, "vision/lab/file.nc")


# 3. The joint validator fails on valid data; asserts cannot fail.


def test_defect_03_valid_data_are_accepted_and_wrong_data_are_not(tmp_path: Path) -> None:
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.S", tmp_path)
    loaded = package(recording(), tmp_path)
    assert loaded["category"].values.tolist() == ["category, 0", "category, 1", "category, 2", "category, 0"]
    with pytest.raises(InvalidData, match="BP-A003"):
        package(recording().drop_vars("stimulus_id"), tmp_path)


# 4. A dimension with one coordinate loses the coordinate's name; a dimension coordinate beside others is written as
#    presentation_level_0.


@pytest.mark.parametrize("as_assembly", [False, True])
def test_defect_04_a_single_coordinate_keeps_its_name(as_assembly: bool, tmp_path: Path) -> None:
    array = neural(neuroid_id=("neuroid", ["n1", "n2", "n3"]))
    loaded = package(brainpack.NeuroidAssembly(array) if as_assembly else array, tmp_path)
    assert loaded["neuroid_id"].values.tolist() == ["n1", "n2", "n3"]
    assert loaded["stimulus_id"].values.tolist() == ["a", "b"]
    with h5py.File(tmp_path / "assy_lab_A.nc") as file:
        assert {"neuroid_id", "stimulus_id"} <= set(file)


@pytest.mark.parametrize("as_assembly", [False, True])
def test_defect_04_a_dimension_coordinate_beside_others_keeps_its_name(as_assembly: bool, tmp_path: Path) -> None:
    array = neural(presentation=("presentation", [10, 20]))
    loaded = package(brainpack.NeuroidAssembly(array) if as_assembly else array, tmp_path)
    with h5py.File(tmp_path / "assy_lab_A.nc") as file:
        assert "presentation_level_0" not in file
        assert file["presentation"][:].tolist() == [10, 20]
    assert loaded["presentation_level_0"].values.tolist() == [10, 20]
    assert packaging.write_netcdf(loaded, tmp_path / "again.nc")
    again = brainpack.load_assembly_from_file(tmp_path / "again.nc")
    assert again["presentation_level_0"].values.tolist() == [10, 20]


# 5. read_csv retypes ids; load_* ignores the class's own loader, so extras are lost.


@pytest.mark.parametrize("ids", [["001", "002"], ["NA", "a"], ["1e5", "2e5"], ["True", "False"]])
def test_defect_05_ids_that_csv_readers_change_are_refused(ids: list[str], tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match=r"BP-S003.*text that starts with a letter"):
        packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in", ids), "lab.S", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("ids", [[1, 2, 30], [-1, 0], ["x001", "x1e5"], ["日本", "é"], ["a,b", "it's"]])
def test_defect_05_other_ids_come_back_in_their_type(ids: list[object], tmp_path: Path) -> None:
    result = packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in", ids), "lab.S", tmp_path)
    assert pd.read_csv(result["csv_path"])["stimulus_id"].tolist() == ids
    loaded = brainpack.load(tmp_path / "stimulus_lab_S.brainpack.json")
    assert loaded["stimulus_id"].tolist() == ids


def test_defect_05_integers_in_text_find_their_stimuli_with_a_warning(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="BP-S012"):
        packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in", ["1", "2"]), "lab.S", tmp_path)
    packaging.package_data_assembly_locally(recording(["2", "1"]), "lab.A", "lab.S", downloads_path=tmp_path)
    loaded = brainpack.load(tmp_path / "assy_lab_A.brainpack.json")
    assert loaded["category"].values.tolist() == ["category, 1", "category, 0"]


def test_defect_05_published_text_ids_are_read_as_text(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("stimulus_id,filename\n001,a.png\nNA,b.png\n")
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")
    assert brainpack.load_stimulus_set_from_files(tmp_path / "s.csv", tmp_path)["stimulus_id"].tolist() == ["001", "NA"]


def test_defect_05_the_class_brings_its_extras(tmp_path: Path) -> None:
    spikes = xr.DataArray([0.5, 1.5], dims="event")
    packaging.package_data_assembly_locally(
        spikes, "lab.A", "lab.S", "SpikeTimesAssembly", tmp_path, {"trials": xr.DataArray([7], dims="event")}
    )
    for loaded in (
        brainpack.load(tmp_path / "assy_lab_A.brainpack.json"),
        brainpack.load_assembly_from_file(tmp_path / "assy_lab_A.nc"),
        brainpack.SpikeTimesAssembly.from_files(tmp_path / "assy_lab_A.nc"),
    ):
        assert isinstance(loaded, brainpack.SpikeTimesAssembly)
        assert loaded.attrs["trials"].values.tolist() == [7]


# 6. Some classes cannot be packaged by name; property and spike-time assemblies not at all.


@pytest.mark.parametrize("cls", ["NeuronRecordingAssembly", "ModelFeaturesAssembly"])
def test_defect_06_every_class_has_a_name(cls: str, tmp_path: Path) -> None:
    assert type(package(neural(), tmp_path, cls)).__name__ == cls


def test_defect_06_assemblies_without_presentations_need_no_stimulus(tmp_path: Path) -> None:
    spikes = xr.DataArray([0.5, 1.5], {"neuroid_id": ("event", ["u1", "u2"])}, ("event",))
    assert package(spikes, tmp_path, "SpikeTimesAssembly").values.tolist() == [0.5, 1.5]
    tuning = xr.DataArray([[1.0, 2.0]], {"neuroid_id": ("neuroid", ["u1"])}, ("neuroid", "neuroid_property"))
    assert package(tuning, tmp_path, "PropertyAssembly").values.tolist() == [[1.0, 2.0]]


# 7. A stimulus column named like a neuroid coordinate overwrites it; duplicate or unknown ids pass or turn into NaN.


def test_defect_07_a_neuroid_coordinate_is_not_overwritten(tmp_path: Path) -> None:
    stimuli = stimulus_set(tmp_path / "in", ["a", "b"]).assign(region="upper left")
    packaging.package_stimulus_set_locally(stimuli, "lab.S", tmp_path)
    with pytest.warns(UserWarning, match="region"):
        loaded = package(neural(region=("neuroid", ["V4", "V4", "IT"])), tmp_path)
    assert loaded["region"].dims == ("neuroid",)
    assert loaded["region"].values.tolist() == ["V4", "V4", "IT"]


def test_defect_07_duplicate_and_unknown_ids_are_errors(tmp_path: Path) -> None:
    doubled = stimulus_set(tmp_path / "in", ["a", "a"])
    with pytest.raises(InvalidData, match=r"BP-S002.*'a'"):
        packaging.package_stimulus_set_locally(doubled, "lab.S", tmp_path)
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in", ["a", "c"]), "lab.S", tmp_path)
    with pytest.raises(InvalidData, match="'b'"):
        package(neural(), tmp_path)


# 8. Nested ZIP paths never load; half-unpacked ZIPs are never repaired; ../ in an id becomes a ZIP entry.


def test_defect_08_nested_zips_load(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("stimulus_id,filename\nx,deep/er/x.png\ny,y.png\n")
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.writestr("deep/er/x.png", b"x")
        archive.writestr("folder/y.png", b"y")
        archive.writestr("__MACOSX/._y.png", b"junk")
    stimuli = brainpack.load_stimulus_set_from_files(tmp_path / "s.csv", tmp_path / "s.zip")
    assert [Path(stimuli.get_stimulus(key)).read_bytes() for key in ("x", "y")] == [b"x", b"y"]


def test_defect_08_a_half_unpacked_zip_is_repaired(tmp_path: Path) -> None:
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.S", tmp_path)
    record = tmp_path / "stimulus_lab_S.brainpack.json"
    brainpack.load(record)
    (tmp_path / "stimulus_lab_S" / "left.png").unlink()
    (tmp_path / "stimulus_lab_S" / "right.png").write_bytes(b"cut")
    with pytest.warns(UserWarning, match="left.png"):
        loaded = brainpack.load(record)
    assert isinstance(loaded, StimulusSet)
    sources = stimulus_set(tmp_path / "in").stimulus_paths
    for stimulus_id, path in sources.items():
        assert Path(loaded.get_stimulus(stimulus_id)).read_bytes() == Path(path).read_bytes()


@pytest.mark.parametrize("bad", ["../up", "a/b", "a\\b", "/root"])
def test_defect_08_ids_do_not_reach_out_of_the_zip(bad: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match="BP-S004"):
        packaging.create_stimulus_zip(stimulus_set(tmp_path / "in", [bad, "x"]), tmp_path / "s.zip")
    assert not (tmp_path / "s.zip").exists()


# 9. The caller's stimulus set gets a `filename` column, so packaging twice fails after the work is done.


def test_defect_09_arguments_are_not_changed_and_packaging_twice_works(tmp_path: Path) -> None:
    stimuli, array = stimulus_set(tmp_path / "in"), recording()
    array.attrs["extra"] = None
    before = stimuli.copy(), array.copy(deep=True)
    results = [packaging.package_stimulus_set_locally(stimuli, "lab.S", tmp_path) for _ in range(2)]
    results += [
        packaging.package_data_assembly_locally(array, "lab.A", "lab.S", downloads_path=tmp_path) for _ in range(2)
    ]
    assert results[0] == results[1]
    assert results[2] == results[3]
    pd.testing.assert_frame_equal(pd.DataFrame(stimuli), pd.DataFrame(before[0]))
    assert stimuli.stimulus_paths == before[0].stimulus_paths
    xr.testing.assert_identical(array, before[1])


def test_defect_09_a_loaded_set_is_packaged_again(tmp_path: Path) -> None:
    first = packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.S", tmp_path / "one")
    loaded = brainpack.load(tmp_path / "one" / "stimulus_lab_S.brainpack.json")
    assert isinstance(loaded, StimulusSet)
    second = packaging.package_stimulus_set_locally(loaded, "lab.S", tmp_path / "two")
    assert (first["csv_sha1"], first["zip_sha1"]) == (second["csv_sha1"], second["zip_sha1"])


# 10. zlib level 9 in one thread, strings not compressed, the array copied, float32 coordinates become float64.


def test_defect_10_text_is_compressed(tmp_path: Path) -> None:
    events = xr.DataArray(
        np.zeros(50_000), {"region": ("event", ["inferior temporal cortex", "V4"] * 25_000)}, ("event",)
    )
    packaging.write_netcdf(events, tmp_path / "events.nc")
    assert (tmp_path / "events.nc").stat().st_size < 50_000
    with h5py.File(tmp_path / "events.nc") as file:
        assert file["region"].dtype == np.dtype("S1")
        assert file["region"].compression == "gzip"


def test_defect_10_float32_coordinates_stay_float32(tmp_path: Path) -> None:
    loaded = package(neural(depth=("neuroid", np.array([0.1, np.nan, 2], dtype=np.float32))), tmp_path)
    assert loaded["depth"].dtype == np.float32


# 11. Greyscale is refused; a_1.png.exe passes; Path values crash; asserts vanish under python -O.


def test_defect_11_greyscale_images_pass() -> None:
    packaging.check_image_format(Image.new("L", (4, 4)), "grey")


def test_defect_11_the_whole_name_must_match() -> None:
    with pytest.raises(CheckFailed):
        packaging.check_stimulus_naming_convention("a_1.png.exe")


@pytest.mark.parametrize("convert", [str, Path])
def test_defect_11_paths_may_be_text_or_path(convert: Callable[[object], Any], tmp_path: Path) -> None:
    stimuli = stimulus_set(tmp_path / "in")
    stimuli.stimulus_paths = {key: convert(path) for key, path in stimuli.stimulus_paths.items()}
    packaging.package_stimulus_set_locally(stimuli, "lab.S", convert(tmp_path / "out"))
    numbered = StimulusSet({"stimulus_id": [1]})
    Image.new("L", (2, 2)).save(tmp_path / "1.png")
    numbered.stimulus_paths = {1: convert(tmp_path / "1.png")}
    packaging.check_experiment_stimulus_set(numbered)


def test_defect_11_checks_work_under_optimisation() -> None:
    code = "from brainpack.packaging import check_naming_convention; check_naming_convention('Nobody')"
    done = subprocess.run([sys.executable, "-O", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "CheckFailed" in done.stderr


# 12. A second upload silently overwrites; the version id comes from a later HEAD; tags are not encoded; the rights to
#     ask STS and to tag are demanded (for these, see tests/store/test_permissions.py).


def test_defect_12_a_second_upload_does_not_overwrite(ministack: MiniStack, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "file.nc").write_bytes(b"first")
    first = packaging.upload_to_s3(tmp_path / "file.nc", bucket, "file.nc")
    (tmp_path / "file.nc").write_bytes(b"second")
    with pytest.raises(brainpack.AlreadyPublished):
        packaging.upload_to_s3(tmp_path / "file.nc", bucket, "file.nc")
    (version,) = ministack.client().list_object_versions(Bucket=bucket)["Versions"]
    assert version["VersionId"] == first["VersionId"]
    assert ministack.client().get_object(Bucket=bucket, Key="file.nc")["Body"].read() == b"first"


# 13. bool and dict attributes crash; None becomes an empty string; a name with a space gives an unreadable file.


def test_defect_13_attributes_of_any_kind(tmp_path: Path) -> None:
    attributes = {"sorted": True, "probe": {"shanks": 4}, "nothing": None, "path": Path("a"), "areas": ["V4", "IT"]}
    loaded = package(neural().assign_attrs(attributes), tmp_path)
    assert loaded.attrs["sorted"] == 1
    assert json.loads(loaded.attrs["probe"]) == {"shanks": 4}
    assert "nothing" not in loaded.attrs
    assert loaded.attrs["path"] == "a"
    assert list(loaded.attrs["areas"]) == ["V4", "IT"]
    with pytest.raises(InvalidData, match=r"BP-A007.*'lock'.*object"):
        package(neural().assign_attrs(lock=object()), tmp_path)


def test_defect_13_missing_text_stays_missing(tmp_path: Path) -> None:
    notes = package(neural(note=("neuroid", np.array(["", None, "x"], dtype=object))), tmp_path)["note"].values
    assert notes[0] == ""
    assert np.isnan(notes[1])
    assert notes[2] == "x"


def test_defect_13_a_name_with_a_space_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match=r"BP-A005.*'receptive field'"):
        package(neural(**{"receptive field": ("neuroid", [1, 2, 3])}), tmp_path)
    assert list(tmp_path.iterdir()) == []


# 14. Loading and repackaging in one process fails because the file is still open; a failure leaves partial files.


def test_defect_14_loading_and_repackaging_the_same_file_works(tmp_path: Path) -> None:
    loaded = package(recording(), tmp_path)
    again = package(loaded + 1, tmp_path)
    np.testing.assert_array_equal(again.values, recording().values + 1)
    np.testing.assert_array_equal(loaded.values, recording().values)


def test_defect_14_a_failure_leaves_no_partial_file(tmp_path: Path) -> None:
    mixed = neural(label=("neuroid", np.array(["text", 1, 2.5], dtype=object)))
    with pytest.raises(InvalidData, match=r"BP-A006.*'label'"):
        package(mixed, tmp_path)
    assert list(tmp_path.iterdir()) == []


# 15. load_file_from_s3(sha1=...) checks nothing; every failed fetch is an Exception of two others.


def test_defect_15_a_fetched_file_is_the_promised_one_or_the_reason_is_told(bucket: str, tmp_path: Path) -> None:
    (tmp_path / "file.nc").write_bytes(b"spikes")
    stored = packaging.upload_to_s3(tmp_path / "file.nc", bucket, "lab/file.nc")
    s3.load_file_from_s3(bucket, "lab/file.nc", tmp_path / "right.nc", stored["Metadata"]["sha1"], stored["VersionId"])
    assert (tmp_path / "right.nc").read_bytes() == b"spikes"
    with pytest.raises(brainpack.IntegrityError, match=f"expected SHA-1 {'0' * 40}"):
        s3.load_file_from_s3(bucket, "lab/file.nc", tmp_path / "wrong.nc", sha1="0" * 40)
    with pytest.raises(brainpack.NotFound, match="no such object"):
        s3.load_file_from_s3(bucket, "lab/other.nc", tmp_path / "wrong.nc")
    assert not (tmp_path / "wrong.nc").exists()


# 16. Cannot run on xarray >= 2022.6, numpy 2, pandas 3.


def test_defect_16_runs_on_current_libraries() -> None:
    assert int(np.__version__.split(".")[0]) >= 2
    assert int(xr.__version__.split(".")[0]) >= 2024
    assert int(pd.__version__.split(".")[0]) >= 2
