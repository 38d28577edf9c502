"""Damaged files of all kinds: an error of this project or the right data, never another error, a crash or a hang."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr

from brainpack import (
    BrainpackError,
    IntegrityError,
    InvalidData,
    StimulusSet,
    load,
    load_assembly_from_file,
    load_stimulus_set_from_files,
)
from brainpack.packaging import package_data_assembly_locally, package_stimulus_set_locally, write_netcdf
from brainpack.read.heaps import damaged_heap
from tests.helpers import recording, stimulus_set
from tests.read import damage
from tests.read.damage import damaged

if TYPE_CHECKING:
    from collections.abc import Callable

    from brainpack import DataAssembly


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    stimuli = stimulus_set(tmp_path_factory.mktemp("sources"))
    package_stimulus_set_locally(stimuli, "lab.Set", downloads_path=folder)
    package_data_assembly_locally(recording(), "lab.Rec", "lab.Set", downloads_path=folder)
    return folder


@pytest.fixture(scope="session")
def original(package: Path) -> StimulusSet:
    stimuli = load(package / "stimulus_lab_Set.brainpack.json")
    assert isinstance(stimuli, StimulusSet)
    return stimuli


def assert_same_stimuli(found: DataAssembly | StimulusSet, original: StimulusSet) -> None:
    assert isinstance(found, StimulusSet)
    assert found.equals(original)
    for stimulus_id, path in original.stimulus_paths.items():
        assert Path(found.get_stimulus(stimulus_id)).read_bytes() == Path(path).read_bytes()


def test_damaged_tables(package: Path, original: StimulusSet, tmp_path: Path) -> None:
    content = (package / "stimulus_lab_Set.csv").read_bytes()
    path = tmp_path / "set.csv"
    for seed in range(250):
        path.write_bytes(damaged(content, seed))
        try:
            found = load_stimulus_set_from_files(path, package / "stimulus_lab_Set")
        except BrainpackError:
            continue
        assert set(found["filename"]) <= set(original["filename"]), seed


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_damaged_zips(package: Path, original: StimulusSet, tmp_path: Path, compression: int) -> None:
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name in original["filename"]:
            archive.write(package / "stimulus_lab_Set" / name, name)
    content = path.read_bytes()
    for seed in range(200):
        path.write_bytes(damaged(content, seed))
        try:
            found = load_stimulus_set_from_files(package / "stimulus_lab_Set.csv", path)
        except BrainpackError:
            pass
        else:
            assert_same_stimuli(found, original)
        shutil.rmtree(tmp_path / "set", ignore_errors=True)
        assert {entry.name for entry in tmp_path.iterdir()} - {".set.lock", ".set.unpacked"} == {"set.zip"}, seed


@pytest.fixture
def copy(package: Path, original: StimulusSet, tmp_path: Path) -> Path:
    return shutil.copytree(package, tmp_path / "copy")


def test_damaged_records(copy: Path, original: StimulusSet) -> None:
    record = copy / "stimulus_lab_Set.brainpack.json"
    content = record.read_bytes()
    for seed in range(200):
        record.write_bytes(damaged(content, seed))
        try:
            found = load(record)
        except BrainpackError:
            continue
        assert_same_stimuli(found, original)


@pytest.mark.parametrize("name", ["assy_lab_Rec.nc", "stimulus_lab_Set.csv", "stimulus_lab_Set.zip"])
def test_damage_to_what_a_record_names_is_always_found(copy: Path, name: str) -> None:
    content = (copy / name).read_bytes()
    record = copy / f"{name.rpartition('.')[0]}.brainpack.json"
    for seed in range(50):
        (copy / name).write_bytes(damaged(content, seed))
        with pytest.raises(IntegrityError, match=name):
            load(record)


def test_damaged_folders_are_repaired(copy: Path, original: StimulusSet) -> None:
    files = sorted((copy / "stimulus_lab_Set").iterdir())
    contents = [file.read_bytes() for file in files]
    for seed in range(50):
        files[seed % len(files)].write_bytes(damaged(contents[seed % len(files)], seed))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert_same_stimuli(load(copy / "stimulus_lab_Set.brainpack.json"), original)
        assert len(caught) == 1


def small() -> xr.DataArray:
    coords = {"stimulus_id": ("presentation", ["a", "日本"]), "neuroid_id": ("neuroid", [1, 2, 3])}
    return xr.DataArray(np.ones((2, 3), np.float32), coords, ("presentation", "neuroid"), "data", {"species": "owl"})


def by_brainpack(path: Path) -> None:
    write_netcdf(small(), path)
    write_netcdf(xr.DataArray([5, 7], {"onset": ("event", [0.5, 1])}, ("event",)), path, append=True, group="trials")


def by_xarray(path: Path) -> None:
    small().to_netcdf(path, engine="h5netcdf")


@pytest.mark.parametrize("write", [by_brainpack, by_xarray])
def test_damaged_netcdf_files(tmp_path: Path, write: Callable[[Path], None]) -> None:
    write(tmp_path / "original.nc")
    command = [sys.executable, damage.__file__, str(tmp_path / "original.nc"), "0", "80"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"seed {done.stdout.split()[-1:]}: exit status {done.returncode}\n{done.stderr}"


def test_a_heap_that_hdf5_walks_through_for_ever(tmp_path: Path) -> None:
    """A cleared block leaves objects of length zero."""
    path = tmp_path / "assy.nc"
    by_brainpack(path)
    content = path.read_bytes()
    heap = content.index(b"GCOL")
    for start, length in ((16, 8), (16, 64), (16, 4080), (40, 8)):
        cleared = bytearray(content)
        cleared[heap + start : heap + start + length] = bytes(length)
        path.write_bytes(cleared)
        with pytest.raises(InvalidData, match=f"damaged: the heap at byte {heap}"):
            load_assembly_from_file(path)


HEAPS: dict[str, tuple[bytes, int | None]] = {
    "sound": (b"GCOL\x01\0\0\0" + struct.pack("<QHHLQ8sHHLQ", 56, 1, 1, 0, 5, b"hello", 0, 0, 0, 16), None),
    "a rest too small for an object": (b"GCOL\x01\0\0\0" + struct.pack("<Q8s", 24, b""), None),
    "an object beyond the end": (b"GCOL\x01\0\0\0" + struct.pack("<QHHLQ", 32, 1, 1, 0, 1), 0),
    "an object longer than everything": (b"GCOL\x01\0\0\0" + struct.pack("<QHHLQ", 32, 1, 1, 0, 2**64 - 1), 0),
    "no step": (b"GCOL\x01\0\0\0" + struct.pack("<QHHLQ", 32, 0, 0, 0, 0), 0),
    "cut by the end of the file": (b"GCOL\x01\0\0\0" + struct.pack("<QHHLQ", 4096, 0, 0, 0, 0), None),
    "a signature alone": (b"GCOL\x01\0\0\0", None),
    "across two blocks": (
        bytes((1 << 20) - 3) + b"GCOL\x01\0\0\0" + struct.pack("<QHHLQ", 32, 0, 0, 0, 0),
        (1 << 20) - 3,
    ),
    "the second": (
        2 * (b"GCOL\x01\0\0\0" + struct.pack("<Q", 16)) + b"GCOL\x01\0\0\0" + struct.pack("<QHHLQ", 32, 0, 0, 0, 0),
        32,
    ),
}


@pytest.mark.parametrize(("content", "damage_at"), HEAPS.values(), ids=HEAPS)
def test_heaps(tmp_path: Path, content: bytes, damage_at: int | None) -> None:
    (tmp_path / "file").write_bytes(content)
    with (tmp_path / "file").open("rb") as file:
        assert damaged_heap(file) == damage_at


PARTS: dict[str, tuple[list[tuple[int, int]], int | None]] = {
    "none": ([], 100),
    "before it": ([(0, 100)], 100),
    "around it, in any order": ([(132, 200), (10, 100), (0, 20)], 100),
    "one that holds it": ([(90, 140)], None),
    "several that hold it": ([(120, 200), (0, 104), (90, 125)], None),
    "one that holds its start": ([(99, 101)], None),
    "more than the file": ([(0, 1 << 40)], None),
}


@pytest.mark.parametrize(("parts", "damage_at"), PARTS.values(), ids=PARTS)
def test_heaps_besides_parts_that_hold_none(
    tmp_path: Path, parts: list[tuple[int, int]], damage_at: int | None
) -> None:
    content = bytes(100) + b"GCOL\x01\0\0\0" + struct.pack("<QHHLQ", 32, 0, 0, 0, 0) + bytes(68)
    (tmp_path / "file").write_bytes(content)
    with (tmp_path / "file").open("rb") as file:
        assert damaged_heap(file, parts) == damage_at


def test_text_of_variable_length_does_not_look_damaged(tmp_path: Path) -> None:
    path = tmp_path / "assy.nc"
    texts = [f"note {number} " + "x" * (number % 97) for number in range(3000)]
    array = xr.DataArray(np.array(texts, dtype=object), dims="event", name="data")
    array.to_netcdf(path, engine="h5netcdf")
    with path.open("rb") as file:
        assert damaged_heap(file) is None
    assert load_assembly_from_file(path).values.tolist() == texts
