"""What is said of a package in a few lines."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr

from brainpack import errors
from brainpack.cli.main import main
from brainpack.packaging import package_data_assembly_locally, package_stimulus_set_locally
from brainpack.summarising import Labels, summarise
from tests.helpers import stimulus_set

if TYPE_CHECKING:
    from pathlib import Path

COORDS = {
    "stimulus_id": ("presentation", ["left", "right", "left"]),
    "repetition": ("presentation", [0, 0, 1]),
    "neuroid_id": ("neuroid", ["\x1b[31mred", "b"]),
    "depth": ("neuroid", np.array([0.5, np.nan], "float32")),
    "session": "2026-11",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rates = xr.DataArray(np.arange(6, dtype="int16").reshape(3, 2), COORDS, ("presentation", "neuroid"))
    extras = {"trials": xr.DataArray([True, False], {"trial": ("event", [7, 8])}, ("event",))}
    package_stimulus_set_locally(stimulus_set(tmp_path / "in", ["left", "right"]), "lab.Set", tmp_path / "out")
    package_data_assembly_locally(rates, "lab.Rates", "lab.Set", "NeuroidAssembly", tmp_path / "out", extras)
    return tmp_path / "out"


def test_an_assembly(folder: Path) -> None:
    (summary,) = summarise(folder / "assy_lab_Rates.brainpack.json")
    assert (summary.name, summary.cls, summary.dtype) == ("lab.Rates", "NeuroidAssembly", "int16")
    assert (summary.sizes, summary.memory) == ({"presentation": 3, "neuroid": 2}, 12)
    assert summary.files == {"assy_lab_Rates.nc": (folder / "assy_lab_Rates.nc").stat().st_size}
    assert summary.labels[0] == Labels("session", (), "text", 1, ("'2026-11'",))
    assert Labels("stimulus_id", ("presentation",), "text", 2, ("'left'", "'right'")) in summary.labels
    assert Labels("depth", ("neuroid",), "float32", 2, ("0.5", "nan")) in summary.labels
    assert summary.columns == ("presentation", "\x1b[31mred", "b")
    assert summary.rows == (("left", "0", "1"), ("right", "2", "3"), ("left", "4", "5"))
    (trials,) = summary.extras
    assert (trials.name, trials.dtype, trials.rows) == ("trials", "bool", (("0", "True"), ("1", "False")))


def test_a_stimulus_set(folder: Path) -> None:
    (summary,) = summarise(folder / "stimulus_lab_Set.brainpack.json")
    assert (summary.cls, summary.sizes, summary.dtype) == ("StimulusSet", {"stimuli": 2}, None)
    assert summary.columns == ("stimulus_id", "orientation", "trained", "category", "filename")
    assert summary.rows[1] == ("right", "22.5", "False", "category, 1", "right.png")
    assert summary.formats == {".png": 2}


def test_a_folder_and_bare_files(folder: Path) -> None:
    assert [summary.name for summary in summarise(folder)] == ["lab.Rates", "lab.Set"]
    for record in folder.glob("*.json"):
        record.unlink()
    (bare,) = summarise(folder / "assy_lab_Rates.nc")
    assert (bare.name, bare.cls) == ("assy_lab_Rates.nc", "NeuroidAssembly")
    assert next(iter(summarise(folder / "stimulus_lab_Set.csv"))).sizes == {"stimuli": 2}


@pytest.mark.parametrize("values", [np.zeros((0, 2)), np.array(3.0), np.zeros((2, 2, 2, 2)), np.array(["a", "b"])])
def test_arrays_of_any_shape(values: np.ndarray[Any, Any], tmp_path: Path) -> None:
    array = xr.DataArray(values, dims=[f"axis_{number}" for number in range(values.ndim)])
    array.to_netcdf(tmp_path / "any.nc", engine="h5netcdf")
    (summary,) = summarise(tmp_path / "any.nc")
    assert (*summary.sizes.values(),) == values.shape
    assert len(summary.rows) == (len(values) if values.ndim else 0)


def test_what_is_not_as_recorded_is_not_shown(folder: Path) -> None:
    path = folder / "assy_lab_Rates.nc"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(errors.IntegrityError, match=r"lab\.Rates"):
        next(iter(summarise(folder / "assy_lab_Rates.brainpack.json")))
    shutil.rmtree(folder)
    with pytest.raises(errors.NotFound):
        next(iter(summarise(folder)))


def test_data_cannot_write_on_the_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert r"\x1b[31mred" in printed
    assert "\x1b[31m" not in printed
