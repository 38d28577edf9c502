"""Arrays of numpy and MATLAB, and the tables that say what is along their axes."""

from __future__ import annotations

import builtins
import struct
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse

from brainpack import assembly_from, errors
from brainpack.intake.matlab import MatFile
from tests.intake.matlab_files import save_73

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import xarray as xr

RATES = np.arange(6, dtype="float32").reshape(2, 3) / 7
SHOWN = "stimulus_id,repetition\ndark,0\nbright,0\n"
SITES = "neuroid_id,region\n001,V1\n002,V4\n003,IT\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shown.csv").write_text(SHOWN, "utf-8")
    (tmp_path / "sites.csv").write_text(SITES, "utf-8")
    np.save(tmp_path / "rates.npy", RATES)
    return tmp_path


def about(folder: Path) -> dict[str, Path]:
    return {"presentation": folder / "shown.csv", "neuroid": folder / "sites.csv"}


def check(assembly: xr.DataArray) -> None:
    assert (type(assembly).__name__, str(assembly.dtype)) == ("NeuroidAssembly", "float32")
    assert assembly.dims == ("presentation", "neuroid")
    assert np.array_equal(assembly.values, RATES)
    assert assembly["neuroid_id"].values.tolist() == ["001", "002", "003"]
    assert assembly["stimulus_id"].values.tolist() == ["dark", "bright"]


def test_an_array_and_its_tables(folder: Path) -> None:
    check(assembly_from(folder / "rates.npy", metadata=about(folder)))
    check(assembly_from(folder / "rates.npy", metadata=about(folder), dims=("presentation", "neuroid")))


def test_values_stay_in_their_file(folder: Path) -> None:
    values = assembly_from(folder / "rates.npy", metadata=about(folder)).variable.data
    while not isinstance(values, np.memmap) and values is not None:
        values = values.base
    assert isinstance(values, np.memmap)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"dims": ("presentation",)}, errors.SettingsError, "dimensions"),
        ({"dims": ("neuroid", "presentation")}, errors.InvalidData, "2 entries along neuroid"),
        ({"dims": ("a", "b")}, errors.SettingsError, "metadata of presentation are given"),
        ({"metadata": {}}, errors.SettingsError, "say it by the option dims"),
        ({"values": "rate"}, errors.SettingsError, "the source is no table"),
        ({"variable": "rates"}, errors.SettingsError, "the source is no MATLAB file"),
        ({"class_name": "Neuroids"}, errors.SettingsError, "there is no assembly class 'Neuroids'"),
        ({"class_name": "SpikeTimesAssembly"}, errors.SettingsError, "correct dims or class"),
    ],
)
def test_what_the_axes_are_has_to_be_clear(
    options: dict[str, Any], error: type[Exception], message: str, folder: Path
) -> None:
    with pytest.raises(error, match=message):
        assembly_from(folder / "rates.npy", **{"metadata": about(folder), **options})


@pytest.mark.parametrize("shape", [(1, 5, 1), (5,)])
def test_an_axis_of_length_one_is_not_guessed(shape: tuple[int, ...], tmp_path: Path) -> None:
    np.save(tmp_path / "rates.npy", np.arange(5.0).reshape(shape))
    dims = ("presentation", "neuroid")
    with pytest.raises(errors.SettingsError, match=r"fit in 2 ways: \(1, 5\), \(5, 1\); save it with an axis for each"):
        assembly_from(tmp_path / "rates.npy", dims=dims)
    (tmp_path / "one.csv").write_text("stimulus_id\na\n", "utf-8")
    (tmp_path / "five.csv").write_text("stimulus_id\na\nb\nc\nd\ne\n", "utf-8")
    for table, expected in (("one", (1, 5)), ("five", (5, 1))):
        found = assembly_from(tmp_path / "rates.npy", dims=dims, metadata={"presentation": tmp_path / f"{table}.csv"})
        assert found.shape == expected
    np.save(tmp_path / "flat.npy", np.arange(5.0).reshape(1, 1, 5))
    assert assembly_from(tmp_path / "flat.npy", dims=dims).shape == (1, 5)
    np.save(tmp_path / "one.npy", np.array(3.0))
    assert assembly_from(tmp_path / "one.npy", dims=dims).shape == (1, 1)


def header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


HOSTILE = {
    "objects": lambda path: np.save(path, np.array([{}, 1], dtype=object), allow_pickle=True),
    "an archive": lambda path: path.write_bytes(b"PK\x03\x04" + bytes(99)),
    "text": lambda path: path.write_text("no array", "utf-8"),
    "cut off": lambda path: path.write_bytes(header("{'descr': '<f8', 'fortran_order': False, 'shape': (9, 9), }\n")),
    "endless": lambda path: path.write_bytes(
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (2**60, 9), }\n")
    ),
    "negative": lambda path: path.write_bytes(
        header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }\n") * 9
    ),
    "code": lambda path: path.write_bytes(header("__import__('os').getcwd()\n")),
    "records": lambda path: np.save(path, np.zeros(2, [("a", "f8")])),
    "empty": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize(("odd", "meant"), [("neurons", "neuroid"), ("presentations", "presentation")])
def test_a_dimension_that_is_misspelt_is_told(odd: str, meant: str, folder: Path) -> None:
    dims = [odd if dim == meant else dim for dim in ("presentation", "neuroid")]
    with pytest.warns(
        UserWarning, match=f"no class of assemblies knows the dimension {odd}; if it is {meant}, correct"
    ):
        assembly_from(folder / "rates.npy", dims=dims)
    assembly_from(folder / "rates.npy", dims=["presentation", "choice"])


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_array_is_refused(make: Callable[[Path], object], tmp_path: Path) -> None:
    make(tmp_path / "odd.npy")
    with pytest.raises(errors.InvalidData, match=r"odd\.npy"):
        assembly_from(tmp_path / "odd.npy", dims=("presentation", "neuroid"))


# ---------------------------------------------------------------------------------------------------- MATLAB

VARIABLES: dict[str, Any] = {
    "rates": RATES.astype("f8"),
    "single": RATES,
    "counts": np.arange(24, dtype="i2").reshape(2, 3, 4),
    "shown": {
        "stimulus_id": ["dark", "bright"],
        "trained": np.array([True, False]),
        "luminance": np.array([0.5, 120.0]),
    },
    "sites": {"neuroid_id": ["001", "002", "日本"], "depth": np.array([0.1, 0.2, 0.3])},
    "monkey": "Ada",
}


def save_5(path: Path, variables: dict[str, Any]) -> None:
    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(each) for name, each in value.items()}
        if isinstance(value, list):
            cells = np.empty((1, len(value)), dtype=object)
            cells[0] = value
            return cells
        return value

    scipy.io.savemat(path, {name: plain(value) for name, value in variables.items()})


@pytest.fixture(params=[save_5, save_73], ids=["version 5", "version 7.3"])
def matlab(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "session.mat"
    request.param(path, VARIABLES)
    return path


def test_both_versions_give_the_same_assembly(matlab: Path) -> None:
    structs = {"presentation": matlab.parent / "shown", "neuroid": matlab.parent / "sites"}
    found = assembly_from(matlab, variable="rates", metadata=structs)
    assert (found.dims, str(found.dtype)) == (("presentation", "neuroid"), "float64")
    assert np.array_equal(found.values, VARIABLES["rates"])
    assert found["neuroid_id"].values.tolist() == ["001", "002", "日本"]
    assert found["depth"].values.tolist() == [0.1, 0.2, 0.3]
    assert (str(found["trained"].dtype), found["trained"].values.tolist()) == ("bool", [True, False])
    assert assembly_from(matlab, variable="single", metadata=structs).dtype == np.float32


def test_axes_are_as_matlab_shows_them(matlab: Path) -> None:
    found = assembly_from(matlab, variable="counts", dims=("presentation", "neuroid", "time_bin"))
    assert found.dtype == np.int16
    assert np.array_equal(found.values, VARIABLES["counts"])


def test_an_array_has_to_be_chosen_where_there_are_several(matlab: Path) -> None:
    with pytest.raises(errors.SettingsError, match="3 arrays of numbers"):
        assembly_from(matlab, dims=("presentation", "neuroid"))
    with pytest.raises(errors.SettingsError, match="has no array 'rate'; there are"):
        assembly_from(matlab, variable="rate", dims=("presentation", "neuroid"))
    with pytest.raises(errors.SettingsError, match="has no struct 'unknown'; there are"):
        assembly_from(matlab, variable="rates", metadata={"neuroid": matlab.parent / "unknown"})


def test_axes_of_length_one_that_matlab_adds_or_drops(tmp_path: Path) -> None:
    for save in (save_5, save_73):
        save(tmp_path / "one.mat", {"rates": np.array([1.0, 2.0, 3.0])})
        assert assembly_from(tmp_path / "one.mat", dims=("neuroid",), class_name="PropertyAssembly").shape == (3,)
        dims = ("presentation", "neuroid", "time_bin")
        assert assembly_from(tmp_path / "one.mat", dims=dims).shape == (1, 3, 1)


@pytest.mark.parametrize("save", [save_5, save_73])
def test_complex_numbers_are_refused_where_they_are_used(save: Callable[..., None], tmp_path: Path) -> None:
    path = tmp_path / "spectrum.mat"
    rates = np.array([[1.0, 2.0], [3.0, 4.0]])
    save(path, {"rates": rates, "spectrum": rates + 1j, "sites": {"phase": rates[0] * 1j}})
    dims = ("presentation", "neuroid")
    assert np.array_equal(assembly_from(path, variable="rates", dims=dims).values, rates)
    with pytest.raises(errors.InvalidData, match=r"spectrum in .* has complex numbers; save abs\(x\)"):
        assembly_from(path, variable="spectrum", dims=dims)
    with pytest.raises(errors.InvalidData, match=r"sites\.phase in .* has complex numbers"):
        assembly_from(path, variable="rates", dims=dims, metadata={"neuroid": tmp_path / "sites"})


@pytest.mark.parametrize("kind", ["string", "datetime", "table", "categorical", "function_handle", "int8x"])
def test_objects_of_matlab_are_no_numbers(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "objects.mat"
    save_73(
        path,
        {
            "ids": np.array([[1, 2, 3]], "u1"),
            "rates": np.zeros((2, 3)),
            "sites": {"neuroid_id": np.array([1, 2, 3], "u1")},
        },
    )
    with h5py.File(path, "r+") as file:
        for name in ("ids", "sites/neuroid_id"):
            file[name].attrs["MATLAB_class"] = np.bytes_(kind)
    assert assembly_from(path, dims=("presentation", "neuroid")).shape == (2, 3)
    with pytest.raises(errors.InvalidData, match=r"ids in .* is an object that only MATLAB reads; save cellstr\(x\)"):
        assembly_from(path, variable="ids", dims=("presentation", "neuroid"))
    with pytest.raises(errors.InvalidData, match=r"sites\.neuroid_id in .* is an object that only MATLAB reads"):
        assembly_from(path, dims=("presentation", "neuroid"), metadata={"neuroid": tmp_path / "sites"})


def test_a_sparse_matrix_is_refused_where_it_is_used(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "5.mat", {"rates": RATES, "connections": scipy.sparse.csc_matrix(np.eye(3))})
    save_73(tmp_path / "73.mat", {"rates": RATES, "connections": {"data": np.ones(3)}})
    with h5py.File(tmp_path / "73.mat", "r+") as file:
        file["connections"].attrs["MATLAB_sparse"] = np.uint64(3)
    for path in (tmp_path / "5.mat", tmp_path / "73.mat"):
        assert assembly_from(path, dims=("presentation", "neuroid")).shape == RATES.shape
        with pytest.raises(errors.InvalidData, match=r"connections in .* is a sparse matrix; save full\(x\)"):
            assembly_from(path, variable="connections", dims=("presentation", "neuroid"))


@pytest.mark.parametrize("save", [save_5, save_73])
def test_a_text_may_be_missing(save: Callable[..., None], tmp_path: Path) -> None:
    save(tmp_path / "t.mat", {"rates": RATES, "sites": {"region": ["V1", np.zeros((0, 0)), "V4"]}})
    found = assembly_from(
        tmp_path / "t.mat", dims=("presentation", "neuroid"), metadata={"neuroid": tmp_path / "sites"}
    )
    assert [*map(str, found["region"].values)] == ["V1", "nan", "V4"]


@pytest.mark.parametrize("save", [save_5, save_73])
def test_cells_of_several_types_of_numbers_are_refused(save: Callable[..., None], tmp_path: Path) -> None:
    path, dims = tmp_path / "cells.mat", ("presentation", "neuroid")
    largest = np.array([[2**63 - 1]], dtype="i8")
    for cells, is_good in (
        ([np.array([[1.0]]), np.array([[True]])], False),
        ([np.array([[1.0]]), np.zeros((0, 0))], True),
        ([largest, np.zeros((0, 0))], False),
        ([largest, largest - 1], True),
    ):
        save(path, {"rates": np.zeros((2, 2)), "shown": {"onset": cells}})
        if is_good:
            assert "onset" in assembly_from(path, dims=dims, metadata={"presentation": tmp_path / "shown"}).coords
            continue
        with pytest.raises(errors.InvalidData, match=r"shown\.onset in .* has numbers of several types"):
            assembly_from(path, dims=dims, metadata={"presentation": tmp_path / "shown"})


@pytest.mark.parametrize("content", [b"", b"MATLAB 5.0 MAT-file" + bytes(200), b"\x89HDF\r\n\x1a\n" + bytes(50)])
def test_what_is_no_matlab_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "odd.mat").write_bytes(content)
    with pytest.raises(errors.InvalidData, match=r"odd\.mat is not a MATLAB file"):
        assembly_from(tmp_path / "odd.mat", dims=("presentation", "neuroid"))


def test_every_damaged_file_is_refused_or_read(matlab: Path) -> None:
    content = matlab.read_bytes()
    for start in range(128, len(content), 397):
        matlab.write_bytes(content[:start] + b"\xff" * 8 + content[start + 8 :])
        try:
            MatFile.read(matlab)
        except (errors.InvalidData, errors.StoreError):
            continue


def test_a_file_that_refers_to_itself(tmp_path: Path) -> None:
    save_73(tmp_path / "loop.mat", {"cells": ["a"]})
    with h5py.File(tmp_path / "loop.mat", "r+") as file:
        file["cells"][0, 0] = file["cells"].ref
    with pytest.raises(errors.InvalidData, match="cells in cells"):
        MatFile.read(tmp_path / "loop.mat")


def test_what_was_never_written_is_not_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "endless.mat", "w") as file:
        file.create_dataset("rates", shape=(1 << 20, 1 << 20), dtype="f8", chunks=(1024, 1024))
    with pytest.raises(errors.BrainpackError, match="never written"):
        MatFile.read(tmp_path / "endless.mat")


def test_libraries_that_are_not_there_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    save_5(tmp_path / "old.mat", {"rates": RATES})
    (tmp_path / "rates.parquet").write_bytes(b"PAR1")
    genuine = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] in {"scipy", "pyarrow"}:
            raise ImportError(name)
        return genuine(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(errors.SettingsError, match=r'pip install "brainpack\[matlab\]"'):
        assembly_from(tmp_path / "old.mat", dims=("presentation", "neuroid"))
    with pytest.raises(errors.SettingsError, match=r'pip install "brainpack\[parquet\]"'):
        assembly_from(tmp_path / "rates.parquet")
