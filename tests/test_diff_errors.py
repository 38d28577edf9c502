"""What `brainpack diff` and the content hash make of files that they cannot use, and the command line."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest
import xarray as xr

from brainpack import IntegrityError, InvalidData, NotFound, SettingsError, packaging
from brainpack.cli.main import main
from brainpack.comparing.packages import content_hash, diff
from tests.helpers import recording, stimulus_set

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def csv_path(tmp_path: Path) -> Path:
    """A packaged stimulus set."""
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.Set", tmp_path / "a")
    return tmp_path / "a" / "stimulus_lab_Set.csv"


def test_what_is_not_there(csv_path: Path, tmp_path: Path) -> None:
    for place in (tmp_path / "none", tmp_path / "none.nc", tmp_path / "in"):
        with pytest.raises(NotFound):
            diff(place, csv_path)
    lonely = tmp_path / "lonely.csv"
    lonely.write_text("stimulus_id,filename\n", "utf-8")
    with pytest.raises(NotFound, match=r"neither .*lonely\.zip nor a folder .*lonely with the files"):
        diff(lonely, csv_path)


def test_netcdf_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.nc").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(InvalidData, match=r"a\.nc is not netCDF-4"):
        content_hash(tmp_path / "a.nc")
    xr.Dataset({"one": 1, "two": 2}).to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    with pytest.raises(InvalidData, match=r"2 variables .*none is named 'data'"):
        content_hash(tmp_path / "b.nc")
    xr.Dataset({"one": 1}).to_netcdf(tmp_path / "c.nc", engine="h5netcdf")
    xr.DataArray(1, name="__xarray_dataarray_variable__").to_netcdf(tmp_path / "d.nc", engine="h5netcdf")
    assert content_hash(tmp_path / "c.nc") == content_hash(tmp_path / "d.nc")


def test_values_in_another_file_are_not_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.nc", "w") as file:
        file["data"] = h5py.ExternalLink("secret.nc", "/data")
    with pytest.raises(InvalidData, match="takes 'data' from another file"):
        content_hash(tmp_path / "a.nc")


def test_a_heap_on_which_hdf5_would_hang_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    packaging.write_netcdf(recording(), path)
    content = bytearray(path.read_bytes())
    heap = content.index(b"GCOL\x01")
    content[heap + 16 : heap + 4096] = bytes(4080)
    path.write_bytes(content)
    with pytest.raises(InvalidData, match=f"the heap at byte {heap} is not one of HDF5"):
        diff(path, path)


def test_damaged_values_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    packaging.write_netcdf(xr.DataArray(np.arange(10_000), dims="event"), path)
    with h5py.File(path) as file:
        chunk = file["data"].id.get_chunk_info(0)
    content = bytearray(path.read_bytes())
    content[chunk.byte_offset : chunk.byte_offset + chunk.size] = bytes(chunk.size)
    path.write_bytes(content)
    with pytest.raises(InvalidData, match="is damaged"):
        content_hash(path)


TABLES = {
    "no table": (b"\xff", "is not a table of stimuli"),
    "empty": (b"", "is not a table of stimuli: the table of stimuli is empty"),
    "no ids": (b"id,filename\n", "lacks the column 'stimulus_id'"),
    "no files": (b"stimulus_id\n", "lacks the column 'filename'"),
    "ids twice": (b"stimulus_id,filename\na,b\na,c\n", "several rows for the same 'stimulus_id'"),
}


@pytest.mark.parametrize(("content", "message"), TABLES.values(), ids=TABLES)
def test_tables_that_cannot_be_understood(csv_path: Path, content: bytes, message: str) -> None:
    csv_path.write_bytes(content)
    with pytest.raises(InvalidData, match=message):
        content_hash(csv_path)


def test_zips_that_cannot_be_read(csv_path: Path) -> None:
    zip_path = csv_path.with_suffix(".zip")
    content = zip_path.read_bytes()
    zip_path.write_bytes(content[:60] + b"changed" + content[67:])
    with pytest.raises(IntegrityError, match=r"\.zip is damaged"):
        content_hash(csv_path)
    zip_path.write_bytes(b"no ZIP")
    with pytest.raises(IntegrityError, match=r"\.zip is damaged"):
        content_hash(csv_path)
    with zipfile.ZipFile(zip_path, "w") as archive:
        for name in ("a/left.png", "b/left.png"):
            archive.writestr(name, b"")
    with pytest.raises(NotFound, match=r"2 files in .* are called 'left\.png'"):
        content_hash(csv_path)


@pytest.mark.parametrize("tolerance", [{"rtol": -1.0}, {"atol": np.inf}, {"atol": np.nan}])
def test_tolerances_that_are_none(tolerance: dict[str, float], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="a tolerance is a number of 0 or more"):
        diff(tmp_path, tmp_path, **tolerance)


# ---------------------------------------------------------------------------------------------- command line


def test_the_command_prints_and_ends_as_diff_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in (("a", 1.0), ("b", 1.5)):
        packaging.write_netcdf(xr.DataArray([value], dims="event"), tmp_path / f"{name}.nc")
    places = [str(tmp_path / "a.nc"), str(tmp_path / "b.nc")]
    assert main(["diff", *places]) == 1
    assert capsys.readouterr().out == f"{diff(*places)}\n"
    assert main(["diff", *places, "--atol", "0.5"]) == 0
    assert capsys.readouterr().out == f"A: {places[0]}\nB: {places[1]}\nequal\n"
    assert main(["diff", *places, "--rtol", "-1"]) == 2
    (tmp_path / "folder.nc").mkdir()
    assert main(["diff", places[0], str(tmp_path / "folder.nc")]) == 3
    assert "folder.nc could not be read" in capsys.readouterr().err
