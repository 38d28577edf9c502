"""The packaging API on its way to S3, as published scripts use it."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import xarray as xr
from PIL import Image

import brainpack
from brainpack import (
    AccessDenied,
    AlreadyPublished,
    IntegrityError,
    InvalidData,
    NotFound,
    SettingsError,
    packaging,
)
from brainpack.record.records import parse_record
from tests.helpers import bytes_read, recording, stimulus_set
from tests.servers.faults import Answer, Proxy, once

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.ministack import MiniStack


@pytest.fixture
def home(ministack: MiniStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where packages are built; the environment leads to the server."""
    for name, value in ministack.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(params=[True, False], ids=["versions", "no versions"])
def bucket(request: pytest.FixtureRequest, ministack: MiniStack) -> str:
    return ministack.new_bucket(versioned=request.param)


@pytest.fixture
def plain_bucket(ministack: MiniStack) -> str:
    return ministack.new_bucket(versioned=True)


def objects(server: MiniStack, bucket: str) -> dict[str, tuple[str | None, bytes]]:
    """Version id and bytes by key."""
    client = server.client()
    found: dict[str, tuple[str | None, bytes]] = {}
    for listed in client.list_objects_v2(Bucket=bucket).get("Contents", []):
        answer = client.get_object(Bucket=bucket, Key=listed["Key"])
        found[listed["Key"]] = answer.get("VersionId"), answer["Body"].read()
    return found


def sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts what a process reads")
def test_what_is_published_is_read_once_to_pack_it_and_once_to_send_it(
    ministack: MiniStack, home: Path, plain_bucket: str, tmp_path: Path
) -> None:
    packaging.package_stimulus_set(None, stimulus_set(tmp_path / "small"), "lab.Small", plain_bucket)  # loads libraries
    stimuli = stimulus_set(tmp_path / "in", range(20), suffix=".bin")
    for path in stimuli.stimulus_paths.values():
        Path(path).write_bytes(os.urandom(1 << 20))
    before = bytes_read()
    packaging.package_stimulus_set(None, stimuli, "lab.Large", plain_bucket)
    assert bytes_read() - before < 43 << 20


def test_a_stimulus_set_is_published(ministack: MiniStack, home: Path, bucket: str, tmp_path: Path) -> None:
    target = f"{bucket}/lab/Author2026/"
    stimuli = stimulus_set(tmp_path / "in")
    before = stimuli.copy()
    result = packaging.package_stimulus_set("brainio_brainscore", stimuli, "lab.Author2026", target)
    there = objects(ministack, bucket)
    csv, archive, record = (
        there.pop(f"lab/Author2026/stimulus_lab_Author2026{suffix}") for suffix in (".csv", ".zip", ".brainpack.json")
    )
    assert there == {}
    assert json.loads(json.dumps(result)) == {
        "identifier": "lab.Author2026",
        "bucket": target,
        "csv_sha1": sha1(csv[1]),
        "zip_sha1": sha1(archive[1]),
        "csv_version_id": csv[0],
        "zip_version_id": archive[0],
    }
    published = parse_record(record[1], "record")
    assert published.location == f"s3://{bucket}/lab/Author2026"
    assert [file.version_id for file in published.files] == [csv[0], archive[0]]
    assert stimuli.equals(before)
    loaded = brainpack.load(home / "stimulus_lab_Author2026" / "stimulus_lab_Author2026.brainpack.json")
    assert loaded["orientation"].tolist() == stimuli["orientation"].tolist()


def test_an_assembly_is_published_with_its_extras(ministack: MiniStack, home: Path, bucket: str) -> None:
    extras = {"trials": xr.DataArray([1, 2], dims="event")}
    publish: Callable[..., dict[str, Any]] = packaging.package_data_assembly
    result = publish(  # without a catalogue
        recording(), assembly_identifier="lab.A", stimulus_set_identifier="lab.S", bucket_name=bucket, extras=extras
    )
    there = objects(ministack, bucket)
    version_id, content = there["assy_lab_A.nc"]
    assert sorted(there) == ["assy_lab_A.brainpack.json", "assy_lab_A.nc"]
    assert json.loads(json.dumps(result)) == {
        "identifier": "lab.A",
        "version_id": version_id,
        "sha1": sha1(content),
        "bucket": bucket,
        "cls": "NeuroidAssembly",
    }


def test_the_same_again_changes_nothing(ministack: MiniStack, home: Path, bucket: str, tmp_path: Path) -> None:
    def publish() -> tuple[dict[str, Any], dict[str, Any]]:
        stimuli = packaging.package_stimulus_set(None, stimulus_set(tmp_path / "in"), "lab.S", bucket)
        return stimuli, packaging.package_data_assembly(None, recording(), "lab.A", "lab.S", bucket_name=bucket)

    first, there = publish(), objects(ministack, bucket)
    assert publish() == first
    assert objects(ministack, bucket) == there
    assert len(ministack.client().list_object_versions(Bucket=bucket)["Versions"]) == len(there)


def test_other_data_are_refused_and_what_is_published_stays(ministack: MiniStack, home: Path, bucket: str) -> None:
    packaging.package_data_assembly(None, recording(), "lab.A", "lab.S", bucket_name=bucket)
    there = objects(ministack, bucket)
    with pytest.raises(AlreadyPublished, match=r"assy_lab_A\.nc is published already.*SHA-1.*SHA-1"):
        packaging.package_data_assembly(None, recording() + 1, "lab.A", "lab.S", bucket_name=bucket)
    assert objects(ministack, bucket) == there


def test_published_scripts_replace_the_upload(ministack: MiniStack, home: Path, plain_bucket: str,
                                              monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # fmt: skip
    original = packaging.upload_to_s3

    def split(source: str, place: str, name: str) -> dict[str, Any]:
        bucket, _, prefix = place.partition("/")
        return original(source, bucket, f"{prefix}/{name}")

    monkeypatch.setattr(packaging, "upload_to_s3", split)
    result = packaging.package_stimulus_set(None, stimulus_set(tmp_path / "in"), "lab.S", f"{plain_bucket}/vision/lab")
    there = objects(ministack, plain_bucket)
    assert sorted(there) == [f"vision/lab/stimulus_lab_S{end}" for end in (".brainpack.json", ".csv", ".zip")]
    assert result["csv_version_id"] == there["vision/lab/stimulus_lab_S.csv"][0]


def test_no_record_names_what_a_script_did_not_upload(
    ministack: MiniStack, home: Path, plain_bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    original = packaging.upload_to_s3
    monkeypatch.setattr(packaging, "upload_to_s3", lambda *call: original(*call) if call[2].endswith(".csv") else None)
    result = packaging.package_stimulus_set(None, stimulus_set(tmp_path / "in"), "lab.S", plain_bucket)
    assert sorted(objects(ministack, plain_bucket)) == ["stimulus_lab_S.csv"]
    assert result["zip_version_id"] is None


def test_bad_input_is_refused_before_anything_is_sent(ministack: MiniStack, home: Path, plain_bucket: str) -> None:
    with pytest.raises(InvalidData, match="BP-A003"):
        packaging.package_data_assembly(
            None, recording().drop_vars("stimulus_id"), "lab.A", "lab.S", bucket_name=plain_bucket
        )
    assert objects(ministack, plain_bucket) == {}


def test_stimuli_for_experiments_have_to_pass_their_checks(home: Path, tmp_path: Path) -> None:
    stimuli = stimulus_set(tmp_path / "in")
    Image.new("CMYK", (4, 4)).save(tmp_path / "in" / "source 0.png", "TIFF")
    with pytest.raises(InvalidData) as refused:
        packaging.package_stimulus_set(None, stimuli, "lab.S", "brainio.requested")
    assert refused.value.report is not None
    assert {finding.rule for finding in refused.value.report.errors} == {"BP-S015", "BP-S016", "BP-S031"}
    assert not list(home.rglob("*.zip"))


def test_a_bucket_that_does_not_exist_is_not_found(home: Path) -> None:
    with pytest.raises(NotFound, match=r"s3://no-such-bucket-here/lab/assy_lab_A\.nc.*no such bucket"):
        packaging.package_data_assembly(None, recording(), "lab.A", "lab.S", bucket_name="no-such-bucket-here/lab")


def test_a_file_is_uploaded_with_its_digests(ministack: MiniStack, home: Path, bucket: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    path.write_bytes(b"weights")
    answer = packaging.upload_to_s3(path, f"{bucket}/models/", "v1/weights.npz")
    head = ministack.client().head_object(Bucket=bucket, Key="models/v1/weights.npz")
    assert json.loads(json.dumps(answer)) == {
        "Bucket": bucket,
        "Key": "models/v1/weights.npz",
        "ContentLength": 7,
        "ETag": head["ETag"],
        "LastModified": head["LastModified"].isoformat(),
        "Metadata": {"sha1": sha1(b"weights"), "sha256": hashlib.sha256(b"weights").hexdigest()},
        **{name: value for name, value in head.items() if name == "VersionId"},
    }
    assert head["Metadata"] == answer["Metadata"]
    with pytest.raises(NotFound, match=r"gone\.npz"):
        packaging.upload_to_s3(tmp_path / "gone.npz", bucket, "gone.npz")


def test_what_has_arrived_is_said_and_the_next_run_finishes(
    ministack: MiniStack, home: Path, plain_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stimuli = stimulus_set(tmp_path / "in")
    with Proxy(ministack.port) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        proxy.plan = once(
            Answer(403, "AccessDenied"), when=lambda request: request.method == "PUT" and ".zip" in request.target
        )
        with pytest.raises(AccessDenied) as caught:
            packaging.package_stimulus_set(None, stimuli, "lab.S", plain_bucket)
    assert "stimulus_lab_S.csv arrived" in caught.value.__notes__[0]
    assert sorted(objects(ministack, plain_bucket)) == ["stimulus_lab_S.csv"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack.endpoint)
    packaging.package_stimulus_set(None, stimuli, "lab.S", plain_bucket)
    assert len(objects(ministack, plain_bucket)) == 3


def test_local_packages_are_published_together(
    ministack: MiniStack, home: Path, plain_bucket: str, tmp_path: Path
) -> None:
    packages = tmp_path / "packages"
    packaging.package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=packages)
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.S", packages)
    url = f"s3://{plain_bucket}/lab"
    planned = brainpack.plan(packages, url)
    assert [step.action for step in planned.steps] == ["put"] * 5
    assert objects(ministack, plain_bucket) == {}
    stimuli, assembly = brainpack.publish(packages, url, progress=False)
    assert (stimuli.kind, assembly.kind) == ("stimulus_set", "assembly")
    assert [step.action for step in brainpack.plan(packages, url).steps] == ["skip"] * 5
    packaging.package_data_assembly_locally(recording() + 1, "lab.A", "lab.S", downloads_path=packages)
    refused = brainpack.plan(packages, url)
    assert [step.key for step in refused.refused] == ["assy_lab_A.nc", "assy_lab_A.brainpack.json"]
    assert [step.action for step in brainpack.plan(packages, url, replace=True).steps][3:] == ["replace"] * 2
    with pytest.raises(AlreadyPublished, match=r"nothing was sent(.|\n)*refuse +assy_lab_A\.nc"):
        brainpack.publish(packages, url, progress=False)
    (_, replaced) = brainpack.publish(packages, url, replace=True, progress=False)
    assert replaced.file(".nc").version_id != assembly.file(".nc").version_id
    old = ministack.client().get_object(
        Bucket=plain_bucket, Key="lab/assy_lab_A.nc", VersionId=assembly.file(".nc").version_id or ""
    )
    assert sha1(old["Body"].read()) == assembly.file(".nc").sha1


def test_identifiers_that_share_names_are_refused_even_to_replace(
    home: Path, plain_bucket: str, tmp_path: Path
) -> None:
    for identifier in ("lab.A", "lab_A"):
        packaging.package_data_assembly_locally(recording(), identifier, "lab.S", downloads_path=tmp_path / identifier)
    brainpack.publish(tmp_path / "lab.A", f"s3://{plain_bucket}", progress=False)
    with pytest.raises(AlreadyPublished):
        brainpack.publish(tmp_path / "lab_A", f"s3://{plain_bucket}", replace=True, progress=False)


def test_replacing_without_versions_warns(ministack: MiniStack, home: Path, tmp_path: Path) -> None:
    bucket = ministack.new_bucket(versioned=False)
    packaging.package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=tmp_path)
    brainpack.publish(tmp_path, f"s3://{bucket}", progress=False)
    packaging.package_data_assembly_locally(recording() + 1, "lab.A", "lab.S", downloads_path=tmp_path)
    with pytest.warns(UserWarning, match="keeps no versions"):
        brainpack.publish(tmp_path, f"s3://{bucket}", replace=True, progress=False)


def test_a_record_that_names_versions_that_are_gone_is_renewed(
    ministack: MiniStack, home: Path, plain_bucket: str, tmp_path: Path
) -> None:
    packaging.package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=tmp_path)
    (first,) = brainpack.publish(tmp_path, f"s3://{plain_bucket}", progress=False)
    client = ministack.client()
    client.delete_object(Bucket=plain_bucket, Key="assy_lab_A.nc", VersionId=first.file(".nc").version_id or "")
    (second,) = brainpack.publish(tmp_path, f"s3://{plain_bucket}", progress=False)
    version_id = client.head_object(Bucket=plain_bucket, Key="assy_lab_A.nc")["VersionId"]
    assert second.file(".nc").version_id == version_id != first.file(".nc").version_id
    there = parse_record(objects(ministack, plain_bucket)["assy_lab_A.brainpack.json"][1], "record")
    assert there == second


def test_nothing_is_replaced_by_a_package_that_is_damaged(ministack: MiniStack, home: Path, tmp_path: Path) -> None:
    bucket = ministack.new_bucket(versioned=False)
    for name in ("first", "second"):
        packaging.package_stimulus_set_locally(stimulus_set(tmp_path / name / "in", [name]), "lab.S", tmp_path / name)
    brainpack.publish(tmp_path / "first", f"s3://{bucket}", progress=False)
    there = objects(ministack, bucket)
    archive = tmp_path / "second" / "stimulus_lab_S.zip"
    archive.write_bytes(archive.read_bytes()[:-1] + b"x")
    with pytest.raises(IntegrityError, match=r"stimulus_lab_S\.zip"):
        brainpack.publish(tmp_path / "second", f"s3://{bucket}", replace=True, progress=False)
    assert objects(ministack, bucket) == there


def test_a_record_that_nobody_understands_is_refused_and_can_be_replaced(
    ministack: MiniStack, home: Path, plain_bucket: str, tmp_path: Path
) -> None:
    packaging.package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=tmp_path)
    ministack.client().put_object(Bucket=plain_bucket, Key="assy_lab_A.brainpack.json", Body=b"garbage")
    with pytest.raises(AlreadyPublished, match=r"refuse +assy_lab_A\.brainpack\.json"):
        brainpack.publish(tmp_path, f"s3://{plain_bucket}", progress=False)
    assert sorted(objects(ministack, plain_bucket)) == ["assy_lab_A.brainpack.json"]
    (record,) = brainpack.publish(tmp_path, f"s3://{plain_bucket}", replace=True, progress=False)
    assert record.location == f"s3://{plain_bucket}"


def test_packages_are_named_once_each(home: Path, plain_bucket: str, tmp_path: Path) -> None:
    for identifier in ("lab.A", "lab_A"):
        packaging.package_data_assembly_locally(recording(), identifier, "lab.S", downloads_path=tmp_path / identifier)
    record = tmp_path / "lab.A" / "assy_lab_A.brainpack.json"
    (tmp_path / "lab.A" / "._assy_lab_A.brainpack.json").write_bytes(b"\xff")  # as some systems leave them
    assert len(brainpack.plan([tmp_path / "lab.A", record], f"s3://{plain_bucket}").steps) == 2
    with pytest.raises(InvalidData, match="several packages"):
        brainpack.plan([tmp_path / "lab.A", tmp_path / "lab_A"], f"s3://{plain_bucket}")
    with pytest.raises(NotFound, match="no package was named"):
        brainpack.publish([], f"s3://{plain_bucket}", progress=False)


@pytest.mark.parametrize("target", ["", "s3:/bucket/x", "S3://bucket/x", "https://bucket/x", "s3://"])
def test_a_place_that_is_none_is_refused(target: str, home: Path, tmp_path: Path) -> None:
    packaging.package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=tmp_path / "made")
    with pytest.raises(SettingsError):
        brainpack.publish(tmp_path / "made", target, progress=False)
