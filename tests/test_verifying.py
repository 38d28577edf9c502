"""Every copy of a package is compared with its record, and none is changed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import brainpack
from brainpack import NotFound, packaging
from brainpack.comparing.packages import diff
from brainpack.record.records import read_record
from brainpack.verifying import Outcome, verify
from tests.helpers import recording, stimulus_set
from tests.servers.faults import Proxy

if TYPE_CHECKING:
    from brainpack.record.records import Record
    from tests.servers.ministack import MiniStack


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def package(tmp_path: Path, home: Path) -> Path:
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.S", tmp_path / "out")
    packaging.package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=tmp_path / "out")
    return tmp_path / "out"


def outcomes(package: Any) -> dict[str, Outcome]:
    return {Path(found.where).name: found.outcome for found in verify(package)}


def test_a_folder_of_packages(package: Path) -> None:
    names = {"stimulus_lab_S.csv", "stimulus_lab_S.zip", "assy_lab_A.nc"}
    assert outcomes(package) == dict.fromkeys(names, Outcome.SAME)
    (package / "stimulus_lab_S.zip").write_bytes(b"damaged")
    (package / "assy_lab_A.nc").unlink()
    found = outcomes(package)
    assert found == {
        "stimulus_lab_S.csv": Outcome.SAME,
        "stimulus_lab_S.zip": Outcome.DIFFERENT,
        "assy_lab_A.nc": Outcome.MISSING,
    }


@pytest.mark.parametrize("name", ["assy_lab_A.nc", "assy_lab_A.brainpack.json"])
def test_a_file_leads_to_its_record(name: str, package: Path) -> None:
    assert outcomes(package / name) == {"assy_lab_A.nc": Outcome.SAME}


def test_a_folder_in_place_of_a_file_hides_nothing_else(package: Path) -> None:
    (package / "assy_lab_A.nc").unlink()
    (package / "assy_lab_A.nc").mkdir()
    found = {Path(copy.where).name: copy for copy in verify(package)}
    assert found["assy_lab_A.nc"].outcome is Outcome.DIFFERENT
    assert "Is a directory" in found["assy_lab_A.nc"].how
    assert found["stimulus_lab_S.csv"].outcome is Outcome.SAME


def test_files_of_a_folder_store_are_copies_once(package: Path, tmp_path: Path) -> None:
    brainpack.publish(package, tmp_path / "store")
    assert [Path(copy.where).name for copy in verify(tmp_path / "store" / "assy_lab_A.brainpack.json")] == [
        "assy_lab_A.nc"
    ]
    (tmp_path / "store" / "assy_lab_A.nc").write_bytes(b"edited in place")
    (copy,) = verify(tmp_path / "store" / "assy_lab_A.brainpack.json")
    assert copy.outcome is Outcome.DIFFERENT


def test_a_record_of_which_nobody_knows_where_it_is(package: Path) -> None:
    alone = read_record(package / "assy_lab_A.brainpack.json")
    with pytest.raises(NotFound, match="does not say where its files are"):
        outcomes(alone)


def test_what_has_no_record_is_not_found(package: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no record"):
        outcomes(tmp_path)
    with pytest.raises(NotFound, match="there is no record"):
        outcomes(tmp_path / "in" / "source 0.png")
    with pytest.raises(NotFound, match="there is no"):
        outcomes(tmp_path / "missing")


@pytest.fixture
def published(package: Path, ministack: MiniStack, monkeypatch: pytest.MonkeyPatch) -> tuple[Record, ...]:
    for name, value in ministack.environment().items():
        monkeypatch.setenv(name, value)
    return brainpack.publish(package, f"s3://{ministack.new_bucket(versioned=False)}/lab")


def test_store_folder_and_cache(published: tuple[Record, ...], package: Path, home: Path) -> None:
    stimuli, assembly = published
    brainpack.load(assembly)
    (package / assembly.name).write_text(assembly.to_json(), encoding="utf-8")
    found = [str(comparison) for comparison in verify(package / assembly.name)]
    cached = home / assembly.files[0].sha1 / "assy_lab_A.nc"
    assert found == [
        f"same      {assembly.location}/{assembly.name}  names the same bytes",
        f"same      {assembly.location}/assy_lab_A.nc  by the checksum that the store holds",
        f"same      {package}/assy_lab_A.nc  read whole",
        f"same      {cached}  read whole",
    ]
    cached.write_bytes(b"damaged")
    assert [comparison.outcome for comparison in verify(assembly)] == [Outcome.SAME, Outcome.SAME, Outcome.DIFFERENT]
    assert cached.read_bytes() == b"damaged"
    assert {comparison.outcome for comparison in verify(stimuli)} == {Outcome.SAME}


@pytest.mark.parametrize("end", ["", "/", "/assy_lab_A.nc", "/assy_lab_A.brainpack.json"])
def test_urls(end: str, published: tuple[Record, ...]) -> None:
    found = outcomes(f"{published[0].location}{end}")
    assert set(found.values()) == {Outcome.SAME}
    assert len(found) == (2 if "assy" in end else 5)


def test_nothing_is_downloaded_where_the_store_holds_checksums(
    published: tuple[Record, ...], ministack: MiniStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy(ministack.port) as line:
        monkeypatch.setenv("AWS_ENDPOINT_URL", line.endpoint)
        assert set(outcomes(published[1]).values()) == {Outcome.SAME}
        got = [request.target.partition("?")[0].rpartition("/")[2] for request in line.requests if request.gets_object]
    assert got == ["assy_lab_A.brainpack.json"]


def test_what_others_did_in_the_store_is_found(published: tuple[Record, ...], ministack: MiniStack) -> None:
    stimuli, assembly = published
    bucket = str(assembly.location).split("/")[2]
    client = ministack.client()
    client.delete_object(Bucket=bucket, Key="lab/assy_lab_A.nc")
    assert outcomes(assembly)["assy_lab_A.nc"] is Outcome.MISSING
    content = client.get_object(Bucket=bucket, Key="lab/stimulus_lab_S.csv")["Body"].read()
    client.put_object(Bucket=bucket, Key="lab/stimulus_lab_S.csv", Body=content)  # the same, by another tool
    client.put_object(Bucket=bucket, Key="lab/stimulus_lab_S.zip", Body=b"other bytes")
    client.copy_object(
        Bucket=bucket, Key=f"lab/{stimuli.name}", CopySource={"Bucket": bucket, "Key": f"lab/{assembly.name}"}
    )
    found = {Path(comparison.where).suffix: comparison for comparison in verify(stimuli)}
    assert (found[".csv"].outcome, found[".csv"].how) == (Outcome.SAME, "read whole")
    assert found[".zip"].outcome is Outcome.DIFFERENT
    assert found[".json"].outcome is Outcome.DIFFERENT


def test_published_packages_are_compared_by_their_records(
    published: tuple[Record, ...], package: Path, tmp_path: Path
) -> None:
    place = str(published[0].location)
    shutil.copytree(package, tmp_path / "copy")
    assert diff(place, tmp_path / "copy").is_equal
    packaging.package_data_assembly_locally(recording() + 1, "lab.A", "lab.S", downloads_path=tmp_path / "copy")
    (tmp_path / "alone.brainpack.json").write_text(published[1].to_json(), encoding="utf-8")
    assert diff(tmp_path / "alone.brainpack.json", package / "assy_lab_A.nc").is_equal
    assert not diff(f"{place}/assy_lab_A.brainpack.json", tmp_path / "copy" / "assy_lab_A.brainpack.json").is_equal


def test_the_command_line(package: Path) -> None:
    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "brainpack", "verify", str(package)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    fine = run()
    assert (fine.returncode, fine.stdout.splitlines()[-1]) == (0, "all copies are as recorded")
    shutil.copyfile(package / "stimulus_lab_S.csv", package / "assy_lab_A.nc")
    wrong = run()
    assert (wrong.returncode, wrong.stdout.splitlines()[-1]) == (1, "1 copies are not as recorded")
    assert f"different {package}/assy_lab_A.nc  expected SHA-1" in wrong.stdout
