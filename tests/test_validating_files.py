"""Tables, ZIPs, folders and netCDF files without a record, and damaged ones, looked at by every rule."""

from __future__ import annotations

import os
import shutil
import tracemalloc
import zipfile
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5netcdf
import h5py
import numpy as np
import pytest
import xarray as xr

from brainpack import InvalidData, load_assembly_from_file, packaging
from brainpack.digest import digest_file
from brainpack.read.container import NetcdfFile, _variable
from brainpack.read.in_place import arrays_in_place
from brainpack.read.zip_pass import look_through
from brainpack.validating.reports import validate
from tests.helpers import recording, stimulus_set
from tests.reports import errors, only

ASSEMBLY, STIMULI = "assy_lab_A.brainpack.json", "stimulus_lab_S.brainpack.json"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "home"))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder with a stimulus set and an assembly."""
    folder = tmp_path / "out"
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.S", folder)
    packaging.package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=folder)
    return folder


# ------------------------------------------------------------------------------------------------ bare files


def test_bare_files_are_enough(package: Path) -> None:
    for record in package.glob("*.json"):
        record.unlink()
    reports = validate(package)
    assert errors(reports) == {"assy_lab_A.nc": [], "stimulus_lab_S.csv": []}
    shutil.unpack_archive(package / "stimulus_lab_S.zip", package / "stimulus_lab_S")
    (package / "stimulus_lab_S.zip").unlink()
    (package / "stimulus_lab_S" / "left.png").unlink()
    for place in ("stimulus_lab_S", "stimulus_lab_S.csv"):
        assert errors(validate(package / place)) == {"stimulus_lab_S.csv": ["BP-S005"]}


def test_a_set_and_an_assembly_in_bare_files_are_a_pair(package: Path, tmp_path: Path) -> None:
    packaging.write_netcdf(recording(["left", "x"]), tmp_path / "rates.nc")
    assert only(validate(tmp_path / "rates.nc", package / "stimulus_lab_S.csv"), "BP-P001").examples == ("'x'",)
    referring = recording(["left", "x"]).assign_attrs(stimulus_set_identifier="lab.S")
    packaging.write_netcdf(referring, package / "rates.nc")
    (package / STIMULI).unlink()
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in other", ["y"]), "lab.Y", tmp_path / "other")
    both = (package / "stimulus_lab_S.csv", tmp_path / "other")
    packaging.write_netcdf(referring, tmp_path / "referring.nc")
    assert only(validate(tmp_path / "referring.nc", *both), "BP-P001").count == 1
    assert only(validate(package / "rates.nc"), "BP-P001").count == 1


def rewrite_zip(package: Path, change: Any) -> Path:
    """Pack the stimuli again without a record, each under the name that `change` gives it."""
    (package / STIMULI).unlink()
    path = package / "stimulus_lab_S.zip"
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(change(name), content)
    return package / "stimulus_lab_S.csv"


ZIPS: dict[str, tuple[Any, str]] = {
    "other names": (lambda name: f"x{name}", "BP-R006"),
    "in a folder": (lambda name: f"folder/{name}", "BP-R006"),
    "out of the folder": (lambda name: f"../{name}", "BP-R014"),
}


@pytest.mark.parametrize(("change", "rule"), ZIPS.values(), ids=ZIPS)
def test_names_in_a_zip_have_to_be_those_of_the_table(change: Any, rule: str, package: Path) -> None:
    assert errors(validate(rewrite_zip(package, change))) == {"stimulus_lab_S.csv": [rule]}


def test_other_files_in_a_zip(package: Path) -> None:
    with zipfile.ZipFile(package / "stimulus_lab_S.zip", "a") as archive:
        archive.writestr("Thumbs.db", b"")
    reports = validate(package / STIMULI)
    assert errors(reports) == {STIMULI: ["BP-R006", "BP-R013"]}
    assert only(reports, "BP-R006").examples == ("'Thumbs.db'",)


def test_damage_in_a_zip_is_found_by_its_checksums(package: Path, tmp_path: Path) -> None:
    stimuli = stimulus_set(tmp_path / "weights", ids=["w"], suffix=".npy")
    packaging.package_stimulus_set_locally(stimuli, "lab.W", package)
    for name in ("stimulus_lab_S", "stimulus_lab_W"):
        content = bytearray((package / f"{name}.zip").read_bytes())
        content[100] ^= 1
        (package / f"{name}.zip").write_bytes(content)
        (package / f"{name}.brainpack.json").unlink()
    assert errors(validate(package / "stimulus_lab_S.csv")) == {"stimulus_lab_S.csv": ["BP-S023"]}
    damaged = only(validate(package / "stimulus_lab_W.csv"), "BP-R014")
    assert damaged.where == "'w.npy' in stimulus_lab_W.zip"
    assert "w.npy" in damaged.found


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_file_too_large_to_hold_is_unpacked_to_look_into_it(is_whole: bool, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("long.txt", b" " * (65 << 20))
    content = bytearray((tmp_path / "set.zip").read_bytes())
    content[len(content) // 2] ^= not is_whole
    (tmp_path / "set.zip").write_bytes(content)
    facts, digest = look_through(tmp_path / "set.zip", ["long.txt"])
    assert digest == digest_file(tmp_path / "set.zip")
    assert (facts["long.txt"].damage is None) == is_whole


def test_a_zip_that_is_none_is_hashed_nevertheless(package: Path) -> None:
    (package / "stimulus_lab_S.zip").write_bytes(b"no ZIP")
    reports = validate(package / STIMULI)
    assert errors(reports) == {STIMULI: ["BP-R013", "BP-R014"]}
    assert only(reports, "BP-R013").examples[0].endswith("6 bytes")


TABLES = {
    "no table": (b"\xff", ["BP-R014"]),
    "empty": (b"", ["BP-R014"]),
    "no ids": (b"id,filename\na,left.png\n", ["BP-R006", "BP-S001"]),
    "no files": (b"stimulus_id\na\n", ["BP-R014"]),
    "ids twice": (b"stimulus_id,filename\na,left.png\na,right.png\n", ["BP-R006", "BP-S002"]),
    "old ids": (b"image_id,filename\nNA,left.png\nb,right.png\n", ["BP-R006", "BP-S003"]),
    "numbers": (b"stimulus_id,filename\n001,left.png\n002,right.png\n", ["BP-R006", "BP-S003"]),
}


@pytest.mark.parametrize(("content", "rules"), TABLES.values(), ids=TABLES)
def test_tables_that_no_reader_takes(content: bytes, rules: list[str], package: Path) -> None:
    (package / STIMULI).unlink()
    (package / "stimulus_lab_S.csv").write_bytes(content)
    assert errors(validate(package / "stimulus_lab_S.csv")) == {"stimulus_lab_S.csv": rules}


# ------------------------------------------------------------------------------------------------ netCDF


def test_values_stay_in_the_file(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "zeros.nc", "w") as file:  # 512 MB, of which one chunk is written
        values = file.create_dataset("data", (2048, 256, 256), "f4", chunks=(16, 200, 256), fillvalue=0)
        values[0] = 1
        for axis, name in enumerate(("presentation", "neuroid", "time_bin")):
            scale = file.create_dataset(name, values.shape[axis : axis + 1], "f4")
            scale.make_scale("This is a netCDF dimension but not a netCDF variable.")
            values.dims[axis].attach_scale(scale)
    with arrays_in_place(tmp_path / "zeros.nc", is_verified=True) as (array, _):
        chunks = array.variable.data.chunks
        assert [sum(lengths) for lengths in chunks] == [2048, 256, 256]
        assert all(length % 16 == 0 for length in chunks[0])
        assert chunks[1:] == ((256,), (256,))
        assert max(chunks[0]) * 256 * 256 * 4 <= 16 << 20
        assert np.asarray(array.variable.data[2047:, :1, :1]).tolist() == [[[0]]]
        for compute in (
            lambda: array + 1,
            lambda: np.add(array.variable.data, 1),
            lambda: np.mean(array.variable.data),
        ):
            with pytest.raises(TypeError):
                compute()
    tracemalloc.start()
    try:
        validate(tmp_path / "zeros.nc", select=["BP-A0"], ignore=["BP-A03"])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


def test_what_no_rule_looks_at_is_not_read(package: Path) -> None:
    content = bytearray((package / "stimulus_lab_S.zip").read_bytes())
    content[100] ^= 1
    (package / "stimulus_lab_S.zip").write_bytes(content)
    (package / STIMULI).unlink()
    place = package / "stimulus_lab_S.csv"
    ignore = ["BP-S02", "BP-S03", "BP-P006"]
    assert errors(validate(place)) == {place.name: ["BP-S023"]}
    assert errors(validate(place, ignore=ignore)) == {place.name: []}
    stimuli = stimulus_set(package / "in", ["a"])
    Path(stimuli.stimulus_paths["a"]).write_bytes(b"")
    assert not validate(stimuli, ignore=ignore).errors
    assert validate(stimuli).errors


def test_a_size_that_was_never_filled_is_not_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "vast.nc", "w") as file:
        file.create_dataset("data", (1 << 40,), "f8", chunks=(1 << 20,))
    assert "were never written" in only(validate(tmp_path / "vast.nc"), "BP-R014").found


def test_damaged_values_do_not_hide_the_coordinates(tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    array = xr.concat([recording()] * 50, "presentation").assign_coords(neuroid_id=("neuroid", [1, 1, 2]))
    packaging.write_netcdf(array, path)
    with h5py.File(path) as file:
        chunk = file["data"].id.get_chunk_info(0)
    content = bytearray(path.read_bytes())
    content[chunk.byte_offset : chunk.byte_offset + chunk.size] = bytes(chunk.size)
    path.write_bytes(content)
    reports = validate(path)
    assert errors(reports) == {"a.nc": ["BP-R014"]}
    assert only(reports, "BP-R014").where == "values"
    assert only(reports, "BP-A016").examples == ("1",)


def test_files_of_other_clients_have_their_names_of_today(tmp_path: Path) -> None:
    coords = {
        "image_id": ("presentation", ["a", "b"]), "repetition": ("presentation", [1, 1]),
        "neuroid_": ("neuroid", [7, 7]), "waveform": ("neuroid", [1.5, 2.5]),
    }  # fmt: skip
    old = xr.DataArray(np.eye(2), coords, ("presentation", "neuroid"), name="data")
    old.to_netcdf(tmp_path / "old.nc", engine="h5netcdf")
    assert not validate(tmp_path / "old.nc").errors


@pytest.mark.parametrize(
    "values", [np.array(["yes", "no"]), np.array([1, 2], "m8[ns]"), np.array(["2020", "2021"], "M8[ns]"), [True, False]]
)
def test_values_of_any_type_are_read(values: Any, tmp_path: Path) -> None:
    extra = xr.DataArray([], {"start": ("event", [])}, ("event",))
    answers = xr.DataArray(values, {"stimulus_id": ("presentation", ["a", "b"])}, ("presentation",))
    packaging.write_netcdf(answers, tmp_path / "answers.nc")
    assert not validate(tmp_path / "answers.nc").errors
    xr.Dataset({"data": extra}).to_netcdf(tmp_path / "answers.nc", mode="a", group="trials", engine="h5netcdf")
    assert only(validate(tmp_path / "answers.nc"), "BP-A004").where == "extra 'trials', values"


# ------------------------------------------------------------------------------------------------ no data at all


def test_the_folder_that_one_is_in_is_a_place(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(package)
    assert errors(validate(".")) == {ASSEMBLY: [], STIMULI: []}
    for record in package.glob("*.json"):
        record.unlink()
    assert errors(validate(Path())) == {"assy_lab_A.nc": [], "stimulus_lab_S.csv": []}


@pytest.mark.parametrize("name", ["x.nc", "x.csv", "x.zip", "x.brainpack.json"])
def test_pipes_are_no_files(name: str, tmp_path: Path) -> None:
    if name == "x.zip":
        (tmp_path / "x.csv").write_text("stimulus_id,filename\na,a.png\n", "utf-8")
    os.mkfifo(tmp_path / name)
    for place in (tmp_path / name, tmp_path):
        found = [finding.found for finding in validate(place).errors if finding.rule == "BP-R014"]
        assert found == [f"{tmp_path / name} could not be read: it is not a file"]


def test_a_pipe_in_the_place_of_a_recorded_file_is_none(package: Path) -> None:
    for name in ("assy_lab_A.nc", "stimulus_lab_S.zip"):
        (package / name).unlink()
        os.mkfifo(package / name)
    assert errors(validate(package)) == {ASSEMBLY: ["BP-R013", "BP-R014"], STIMULI: ["BP-R013", "BP-R014"]}


@pytest.mark.parametrize(
    "name",
    ["a\0b", "a\0b.nc", "x" * 245, "x" * 5000, f"{'x' * 250}.nc"],
    ids=["nul", "nul.nc", "long", "longer", "long.nc"],
)
def test_what_can_be_no_path_is_a_finding(name: str) -> None:
    assert [finding.rule for finding in validate(name).errors] == ["BP-R014"]


def test_a_link_to_itself_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "loop.nc").symlink_to("loop.nc")
    for place in (tmp_path / "loop.nc", tmp_path):
        assert errors(validate(place)) == {"loop.nc": ["BP-R014"]}


def test_files_of_other_kinds_are_told_what_can_be_validated(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"")
    for place in (tmp_path / "photo.jpg", tmp_path):
        (finding,) = validate(place).errors
        assert "validated" in finding.found
        assert "a netCDF file (.nc), a table of stimuli (.csv)" in finding.advice


def test_half_a_stimulus_set_is_told_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_bytes(b"")
    assert "there is no" in only(validate(tmp_path / "set.zip"), "BP-R014").found
    (tmp_path / "set.zip").rename(tmp_path / "set.csv")
    (tmp_path / "set.csv").write_text("stimulus_id,filename\na,a.png\n", "utf-8")
    advice = only(validate(tmp_path / "set.csv"), "BP-R014").advice
    assert advice == f"Put the files into a folder set{os.sep} beside set.csv, or name their ZIP set.zip"


def test_chunks_that_were_never_written_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "spikes.nc"
    ids = {"neuroid_id": ("event", np.arange(30) % 3)}
    spikes = xr.DataArray(np.linspace(0, 1, 30), ids, ("event",), name="data")
    spikes.to_netcdf(path, engine="h5netcdf", unlimited_dims=["event"])
    with h5py.File(path, "r+") as file:
        file["neuroid_id"].resize((8_000_000,))  # 64 MB in chunks of 30: 1.8 GiB while HDF5 reads them
    assert "were never written" in only(validate(path), "BP-R014").found
    with pytest.raises(InvalidData, match="never written"):
        load_assembly_from_file(path)
    with pytest.raises(InvalidData, match="never written"):
        load_assembly_from_file(path, chunks="auto")


def test_an_axis_without_a_dimension_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "rates.nc"
    xr.DataArray(np.ones((2, 3)), dims=("presentation", "neuroid"), name="data").to_netcdf(
        path, engine="h5netcdf", unlimited_dims=["presentation"]
    )
    with h5netcdf.File(path) as described, h5py.File(path) as file, closing(NetcdfFile(path)) as opened:
        variable = SimpleNamespace(dimensions=(), shape=(), attrs=described["data"].attrs)
        with pytest.raises(ValueError, match="'/data' has 2 axes, and names of 0"):
            _variable(opened, variable, file["data"])
