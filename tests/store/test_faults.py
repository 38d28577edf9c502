"""What goes wrong on the line: it is sent again, nothing is there twice, and nothing is wrong."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest

import brainpack
from brainpack.digest import digest_file
from brainpack.errors import AccessDenied, Unavailable
from brainpack.settings import Settings
from brainpack.store.fetching import fetch
from brainpack.store.location import BucketFolder
from brainpack.store.s3.bucket import S3Store
from tests.servers.faults import NOTHING, Answer, Cut, Flip, Proxy, Random, Truncate, once
from tests.store.kills import make_packages, problems

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from tests.servers.base import Server
    from tests.servers.ceph import Ceph
    from tests.servers.faults import Fault, Message

PART = 5 << 20

pytestmark = pytest.mark.filterwarnings("ignore:.*get no tag 'uploadedBy':UserWarning")


@pytest.fixture
def proxy(ceph: Ceph) -> Generator[Proxy]:
    with Proxy(ceph.port) as line:
        yield line


@pytest.fixture
def bucket(ceph: Ceph) -> str:
    return ceph.new_bucket(versioned=True)


@pytest.fixture
def store(ceph: Ceph, proxy: Proxy, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    for name, value in ceph.environment(proxy.endpoint).items():
        monkeypatch.setenv(name, value)
    return S3Store.open(BucketFolder(bucket, "lab"), Settings(tmp_path, tmp_path / "home", PART))


def is_put(request: Message) -> bool:
    return request.method == "PUT" and "partNumber" not in request.target and "tagging" not in request.target


def is_part(request: Message) -> bool:
    return request.method == "PUT" and "partNumber" in request.target


def is_begin(request: Message) -> bool:
    return request.method == "POST" and "uploads" in request.target


def is_complete(request: Message) -> bool:
    return request.method == "POST" and "uploadId" in request.target


def a_file(folder: Path, size: int) -> Path:
    path = folder / "rates.nc"
    path.write_bytes(os.urandom(size))
    return path


def whole(server: Server, bucket: str, path: Path) -> bool:
    """Whether the bucket has the file once, and nothing else."""
    client = server.client()
    versions = client.list_object_versions(Bucket=bucket).get("Versions", [])
    uploads = client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    body = client.get_object(Bucket=bucket, Key="lab/rates.nc")["Body"].read()
    return (len(versions), len(uploads), body) == (1, 0, path.read_bytes())


SMALL = 100
LARGE = 2 * PART + 1
FAULTS = {
    "answer to the put is lost": (SMALL, Cut("down", NOTHING), is_put),
    "put is cut": (SMALL, Cut("up", 0.5), is_put),
    "put changes on the line": (SMALL, Flip("up", 0.5), is_put),
    "server is busy": (SMALL, Answer(503, "SlowDown"), is_put),
    "server breaks": (SMALL, Answer(500, "InternalError"), is_put),
    "answer to the beginning is lost": (LARGE, Cut("down", NOTHING), is_begin),
    "answer to a part is lost": (LARGE, Cut("down", NOTHING), is_part),
    "part is cut": (LARGE, Cut("up", 0.5), is_part),
    "part changes on the line": (LARGE, Flip("up", 0.5), is_part),
    "answer to the completion is lost": (LARGE, Cut("down", NOTHING), is_complete),
    "server is busy at the completion": (LARGE, Answer(503, "SlowDown"), is_complete),
}


@pytest.mark.parametrize(("size", "fault", "when"), FAULTS.values(), ids=FAULTS)
def test_after_a_fault_the_object_is_there_once(
    size: int, fault: Fault, when: Callable[[Message], bool],
    ceph: Ceph, proxy: Proxy, bucket: str, store: S3Store, tmp_path: Path,
) -> None:  # fmt: skip
    path = a_file(tmp_path, size)
    proxy.plan = once(fault, fault, when=when)
    stored = store.put("rates.nc", path, digest_file(path))
    assert sum(proxy.injected.values()) > 0
    assert whole(ceph, bucket, path)
    (version,) = ceph.client().list_object_versions(Bucket=bucket)["Versions"]
    assert stored.version_id == version["VersionId"]
    assert list((tmp_path / "home").rglob("*.jsonl")) == []


def test_an_upload_that_was_cut_off_continues_with_the_parts_that_lack(
    ceph: Ceph, proxy: Proxy, bucket: str, store: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brainpack.store.s3.retries.ATTEMPTS", 1)
    path = a_file(tmp_path, 6 * PART)
    parts: list[str] = []

    def third_part_breaks(request: Message) -> Fault | None:
        if not is_part(request):
            return None
        parts.append(request.target)
        return Cut("up", 0.5) if len(parts) == 3 else None

    proxy.plan = third_part_breaks
    with pytest.raises(Unavailable, match="what has arrived is not sent again"):
        store.put("rates.nc", path, digest_file(path))
    client = ceph.client()
    (upload,) = client.list_multipart_uploads(Bucket=bucket)["Uploads"]
    there = client.list_parts(Bucket=bucket, Key="lab/rates.nc", UploadId=upload["UploadId"])["Parts"]
    assert len(there) >= 1
    del proxy.requests[:]
    proxy.plan = lambda _: None
    store.put("rates.nc", path, digest_file(path))
    assert sum(map(is_part, proxy.requests)) == 6 - len(there)
    assert sum(map(is_begin, proxy.requests)) == 0
    assert whole(ceph, bucket, path)


def test_what_changed_meanwhile_is_sent_anew_and_leaves_no_upload_behind(
    ceph: Ceph, proxy: Proxy, bucket: str, store: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brainpack.store.s3.retries.ATTEMPTS", 1)
    path = a_file(tmp_path, LARGE)
    proxy.plan = once(Cut("up", 0.5), when=is_part)
    with pytest.raises(Unavailable):
        store.put("rates.nc", path, digest_file(path))
    path = a_file(tmp_path, LARGE)
    store.put("rates.nc", path, digest_file(path))
    assert whole(ceph, bucket, path)


def test_an_upload_that_may_not_be_aborted_is_left_behind(
    ceph: Ceph, proxy: Proxy, bucket: str, store: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brainpack.store.s3.retries.ATTEMPTS", 1)
    path = a_file(tmp_path, LARGE)
    proxy.plan = once(Cut("up", 0.5), when=is_part)
    with pytest.raises(Unavailable):
        store.put("rates.nc", path, digest_file(path))
    path = a_file(tmp_path, LARGE)
    proxy.plan = once(*[Answer(403, "AccessDenied")] * 9, when=lambda request: request.method == "DELETE")
    store.put("rates.nc", path, digest_file(path))
    client = ceph.client()
    assert client.get_object(Bucket=bucket, Key="lab/rates.nc")["Body"].read() == path.read_bytes()
    assert len(client.list_multipart_uploads(Bucket=bucket)["Uploads"]) == 1


def test_a_refusal_is_not_asked_for_again(ceph: Ceph, proxy: Proxy, store: S3Store, tmp_path: Path) -> None:
    path = a_file(tmp_path, SMALL)
    proxy.plan = once(*[Answer(403, "AccessDenied")] * 9, when=is_put)
    with pytest.raises(AccessDenied, match="lacks the right, or the object is missing"):
        store.put("rates.nc", path, digest_file(path))
    assert sum(map(is_put, proxy.requests)) == 1


def test_an_upload_that_is_refused_in_the_middle_is_aborted(
    ceph: Ceph, proxy: Proxy, bucket: str, store: S3Store, tmp_path: Path
) -> None:
    path = a_file(tmp_path, LARGE)
    proxy.plan = once(*[Answer(403, "AccessDenied")] * 9, when=is_part)
    with pytest.raises(AccessDenied):
        store.put("rates.nc", path, digest_file(path))
    assert "Uploads" not in ceph.client().list_multipart_uploads(Bucket=bucket)
    assert list((tmp_path / "home").rglob("*.jsonl")) == []


@pytest.mark.parametrize(
    "fault", [Cut("down", 0.5), Truncate(0.5), Flip("down", 0.5), Answer(503, "SlowDown")], ids=str
)
def test_what_arrives_is_what_was_put(fault: Fault, proxy: Proxy, store: S3Store, tmp_path: Path) -> None:
    path = a_file(tmp_path, 3 << 20)
    store.put("rates.nc", path, digest_file(path))
    proxy.plan = once(fault, when=lambda request: request.gets_object)
    found = fetch(store, "rates.nc", tmp_path / "got")
    assert proxy.injected.total() == 1
    assert (tmp_path / "got").read_bytes() == path.read_bytes()
    assert found.digest == digest_file(path)


def test_publications_over_a_bad_line_are_complete_and_right(
    ceph: Ceph, proxy: Proxy, bucket: str, store: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BRAINPACK_PART_SIZE", "5")
    packages = tmp_path / "packages"
    make_packages(packages)
    proxy.plan = Random(seed=1, share=0.1)
    wrong: Counter[str] = Counter()
    for number in range(int(os.environ.get("BRAINPACK_TEST_PUBLICATIONS", "5"))):
        brainpack.publish(packages, f"s3://{bucket}/bad-{number}", progress=False)
        wrong.update(problems(ceph.client(), bucket, f"bad-{number}", packages))
    assert not wrong
    assert proxy.injected.total() > 10
    assert len(proxy.injected) > 3
