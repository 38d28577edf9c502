"""Loading by record: every byte is checked before anything is believed."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brainpack import (
    DataAssembly,
    IntegrityError,
    InvalidData,
    NeuroidAssembly,
    NotFound,
    StimulusSet,
    StoreError,
    load,
    load_stimulus_set_from_files,
)
from brainpack.packaging import package_data_assembly_locally, package_stimulus_set_locally
from tests.helpers import recording, stimulus_set

STIMULI, ASSEMBLY = "stimulus_lab_Stimuli2026", "assy_lab_Recording2026"


@pytest.fixture(scope="session")
def packaged_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packaged")
    stimuli = stimulus_set(tmp_path_factory.mktemp("sources"))
    package_stimulus_set_locally(stimuli, "lab.Stimuli2026", downloads_path=folder)
    package_data_assembly_locally(recording(), "lab.Recording2026", "lab.Stimuli2026", downloads_path=folder)
    return folder


@pytest.fixture
def packaged(packaged_once: Path, tmp_path: Path) -> Path:
    return shutil.copytree(packaged_once, tmp_path / "packaged")


def record_of(folder: Path, stem: str) -> Path:
    return folder / f"{stem}.brainpack.json"


def edit(record: Path, **changes: Any) -> None:
    record.write_text(json.dumps(json.loads(record.read_text("utf-8")) | changes), "utf-8")


def load_assembly(folder: Path, **options: Any) -> DataAssembly:
    assembly = load(record_of(folder, ASSEMBLY), **options)
    assert isinstance(assembly, DataAssembly)
    return assembly


def test_a_stimulus_set_comes_back(packaged: Path) -> None:
    stimuli = load(record_of(packaged, STIMULI))
    assert isinstance(stimuli, StimulusSet)
    assert stimuli.identifier == "lab.Stimuli2026"
    assert stimuli["stimulus_id"].tolist() == ["left", "right", "日本"]
    assert stimuli.get_stimulus("日本") == packaged / STIMULI / "日本.png"


@pytest.mark.parametrize("form", ["record", "files"])
def test_stimuli_can_stay_in_their_zip(
    form: str, packaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "home"))
    record = record_of(packaged, STIMULI)
    before = {path.name for path in packaged.iterdir()}
    csv, archive_path = packaged / f"{STIMULI}.csv", packaged / f"{STIMULI}.zip"
    if form == "record":
        stimuli = load(record, lazy=True)
    else:
        stimuli = load_stimulus_set_from_files(csv, archive_path, lazy=True)
    assert isinstance(stimuli, StimulusSet)
    assert {path.name for path in packaged.iterdir()} == before
    with zipfile.ZipFile(archive_path) as archive:
        for stimulus_id, name in zip(stimuli["stimulus_id"], stimuli["filename"], strict=True):
            assert Path(stimuli.get_stimulus(stimulus_id)).read_bytes() == archive.read(name)
    assert not (packaged / STIMULI).exists()


@pytest.mark.parametrize("place", ["folder", "file"])
def test_a_folder_with_one_package_or_a_file_beside_its_record_is_enough(place: str, packaged: Path) -> None:
    if place == "folder":
        with pytest.raises(InvalidData, match="holds several packages; name one of their records: assy_lab"):
            load(packaged)
        record_of(packaged, STIMULI).unlink()
    found = load(packaged if place == "folder" else packaged / f"{ASSEMBLY}.nc")
    assert isinstance(found, DataAssembly)


def test_an_assembly_comes_back_with_its_stimuli(packaged: Path) -> None:
    assembly = load_assembly(packaged)
    assert type(assembly) is NeuroidAssembly
    np.testing.assert_array_equal(assembly.values, recording().values)
    assert assembly.attrs["identifier"] == "lab.Recording2026"
    assert assembly.attrs["stimulus_set_identifier"] == "lab.Stimuli2026"
    assert assembly.attrs["stimulus_set"].identifier == "lab.Stimuli2026"
    assert assembly["category"].values.tolist() == [f"category, {n}" for n in (0, 1, 2, 0)]


def test_an_assembly_alone(packaged: Path) -> None:
    record_of(packaged, STIMULI).unlink()
    assembly = load_assembly(packaged)
    assert assembly.attrs["stimulus_set_identifier"] == "lab.Stimuli2026"
    assert "stimulus_set" not in assembly.attrs
    assert "category" not in assembly.coords


def test_an_assembly_that_names_no_stimuli(packaged: Path) -> None:
    edit(record_of(packaged, ASSEMBLY), stimulus_set_identifier=None)
    assert "stimulus_set" not in load_assembly(packaged).attrs


def test_stimuli_of_another_identifier_are_not_taken(packaged: Path) -> None:
    """`lab_Stimuli2026` has the same file names."""
    edit(record_of(packaged, STIMULI), identifier="lab_Stimuli2026")
    assert "stimulus_set" not in load_assembly(packaged).attrs


def test_stimuli_that_the_caller_holds(packaged: Path) -> None:
    stimuli = load(record_of(packaged, STIMULI))
    assert isinstance(stimuli, StimulusSet)
    mine = stimuli.assign(size=[1, 2, 3])
    assembly = load_assembly(packaged, stimulus_set=mine)
    assert assembly.attrs["stimulus_set"] is mine
    assert assembly["size"].values.tolist() == [1, 2, 3, 1]


def test_a_record_as_text(packaged: Path) -> None:
    assert isinstance(load(str(record_of(packaged, STIMULI))), StimulusSet)


FILES = [(ASSEMBLY, f"{ASSEMBLY}.nc"), (STIMULI, f"{STIMULI}.csv"), (STIMULI, f"{STIMULI}.zip")]
each_file = pytest.mark.parametrize(("record", "name"), FILES, ids=["nc", "csv", "zip"])


@each_file
@pytest.mark.parametrize("place", [0, 0.5, -1], ids=["first", "middle", "last"])
def test_a_flipped_byte_is_found(packaged: Path, record: str, name: str, place: float) -> None:
    content = bytearray((packaged / name).read_bytes())
    content[int(place * len(content)) if place > 0 else int(place)] ^= 1
    (packaged / name).write_bytes(content)
    recorded = {file["name"]: file for file in json.loads(record_of(packaged, record).read_text("utf-8"))["files"]}
    with pytest.raises(IntegrityError, match=name) as caught:
        load(record_of(packaged, record))
    assert caught.value.expected == f"SHA-1 {recorded[name]['sha1']}, {len(content)} bytes"
    assert caught.value.got.startswith("SHA-1 ")
    assert caught.value.got != caught.value.expected
    assert not (packaged / STIMULI).exists()


@each_file
def test_a_missing_file_is_named(packaged: Path, record: str, name: str) -> None:
    (packaged / name).unlink()
    with pytest.raises(NotFound, match=name):
        load(record_of(packaged, record))


@each_file
def test_a_folder_in_place_of_a_file(packaged: Path, record: str, name: str) -> None:
    (packaged / name).unlink()
    (packaged / name).mkdir()
    with pytest.raises(StoreError, match=name):
        load(record_of(packaged, record))


def test_stimuli_beside_are_checked_as_well(packaged: Path) -> None:
    with (packaged / f"{STIMULI}.zip").open("ab") as file:
        file.write(b"more")
    with pytest.raises(IntegrityError, match=STIMULI):
        load_assembly(packaged)


def test_a_class_that_nobody_knows(packaged: Path) -> None:
    edit(record_of(packaged, ASSEMBLY), cls="FutureAssembly")
    with pytest.raises(InvalidData, match="no assembly class 'FutureAssembly'; use one of"):
        load_assembly(packaged)


@pytest.mark.parametrize("stem", [ASSEMBLY, STIMULI])
def test_a_record_without_files(packaged: Path, stem: str) -> None:
    edit(record_of(packaged, stem), files=[])
    with pytest.raises(NotFound, match=r"names no \.(nc|csv) file"):
        load(record_of(packaged, stem))


def test_no_record(packaged: Path) -> None:
    with pytest.raises(NotFound, match=r"no record .*assy_other"):
        load(record_of(packaged, "assy_other"))


def test_loading_and_packaging_again_in_one_process(packaged: Path) -> None:
    before = (packaged / f"{ASSEMBLY}.nc").read_bytes(), (packaged / f"{STIMULI}.zip").read_bytes()
    stimuli = load(record_of(packaged, STIMULI))
    assert isinstance(stimuli, StimulusSet)
    assembly = load_assembly(packaged)
    package_stimulus_set_locally(stimuli, "lab.Stimuli2026", downloads_path=packaged)
    package_data_assembly_locally(
        assembly.reset_index("presentation").drop_vars(["orientation", "trained", "category", "filename"]),
        "lab.Recording2026",
        "lab.Stimuli2026",
        downloads_path=packaged,
    )
    assert (packaged / f"{STIMULI}.zip").read_bytes() == before[1]
    np.testing.assert_array_equal(load_assembly(packaged).values, recording().values)
