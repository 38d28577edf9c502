"""What the doctor finds on three servers, for those who may everything and for those who may not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from brainpack.store.location import BucketFolder
from brainpack.store.s3.access import Access
from brainpack.store.s3.doctor import Check, Outcome, compared_clock, doctor
from tests.servers.faults import Answer, Flip, Proxy, once
from tests.servers.fixtures import SERVERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.base import Server
    from tests.servers.ceph import Ceph
    from tests.servers.faults import Message
    from tests.servers.ministack import MiniStack
    from tests.servers.swift import Swift

    Connect = Callable[..., Access]

OK, NOTE, FAILED = Outcome.OK, Outcome.NOTE, Outcome.FAILED
NAMES = (
    "identity", "endpoint", "clock", "bucket", "look up", "write", "checksum", "conditional write", "tag", "versioning",
    "read back", "public read", "list", "unfinished uploads", "delete",
)  # fmt: skip
ALL_RIGHTS = (
    "s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:GetBucketVersioning", "s3:GetObject",
    "s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject", "s3:DeleteObjectVersion",
)  # fmt: skip


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    def connect(server: Server, bucket: str, *, folder: str = "lab folder", **environment: Any) -> Access:
        for name, value in server.environment(**environment).items():
            monkeypatch.setenv(name, value)
        return Access.to(BucketFolder(bucket, folder))

    return connect


def examined(access: Access) -> dict[str, Check]:
    return {check.name: check for check in doctor(access)}


def outcomes(checks: dict[str, Check], *but: str) -> dict[str, Outcome]:
    return {name: check.outcome for name, check in checks.items() if name not in but}


def versions(server: Server, bucket: str) -> list[str]:
    answer: Any = server.client().list_object_versions(Bucket=bucket)
    return [version["Key"] for kind in ("Versions", "DeleteMarkers") for version in answer.get(kind, [])]


def user(ministack: MiniStack, *missing: str) -> dict[str, str]:
    rights = [right for right in ALL_RIGHTS if right not in missing]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": rights, "Resource": "*"}]}
    access_key, secret_key = ministack.user(policy)
    return {"access_key": access_key, "secret_key": secret_key}


# ------------------------------------------------------------------------------------------- who may everything


@pytest.mark.parametrize("folder", ["lab folder", "", "größe/µV"])
def test_all_is_well(ministack: MiniStack, connect: Connect, folder: str) -> None:
    bucket = ministack.new_bucket(versioned=True)
    checks = examined(connect(ministack, bucket, folder=folder))
    assert outcomes(checks) == dict.fromkeys(NAMES, OK)
    assert ministack.secret_key not in " ".join(map(str, checks.values()))
    assert checks["write"].text.startswith(f"s3://{bucket}/{folder}")
    assert "readers need credentials" in checks["public read"].text
    assert "root" in checks["tag"].text
    assert versions(ministack, bucket) == []


def test_a_bucket_without_versions(ministack: MiniStack, connect: Connect) -> None:
    bucket = ministack.new_bucket(versioned=False)
    checks = examined(connect(ministack, bucket))
    assert outcomes(checks) == dict.fromkeys(NAMES, OK) | {"versioning": NOTE}
    assert checks["versioning"].text.startswith("off: replacing loses the earlier bytes")
    assert f"put-bucket-versioning --bucket {bucket}" in checks["versioning"].text
    assert versions(ministack, bucket) == []


def test_a_bucket_that_stopped_keeping_versions(ceph: Ceph, connect: Connect) -> None:
    bucket = ceph.new_bucket(versioned=True)
    ceph.client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    checks = examined(connect(ceph, bucket))
    assert checks["versioning"].text.startswith("suspended: ")
    assert checks["delete"].outcome is OK
    assert versions(ceph, bucket) == []


@pytest.mark.parametrize("versioned", [True, False])
def test_ceph_has_no_sts_and_no_checksums(ceph: Ceph, connect: Connect, *, versioned: bool) -> None:
    bucket = ceph.new_bucket(versioned=versioned)
    checks = examined(connect(ceph, bucket))
    notes = {"identity": NOTE, "tag": NOTE, "versioning": OK if versioned else NOTE}
    assert outcomes(checks) == dict.fromkeys(NAMES, OK) | notes
    assert f"the owner of the access key …{ceph.access_key[-4:]}; the user is unknown" in checks["identity"].text
    assert "ignored" in checks["checksum"].text
    assert ("order of its versions" in checks["conditional write"].text) is versioned
    assert versions(ceph, bucket) == []


def test_swift(swift: Swift, connect: Connect) -> None:
    bucket = swift.new_bucket(versioned=False)
    checks = examined(connect(swift, bucket))
    assert outcomes(checks) == dict.fromkeys(NAMES, OK) | dict.fromkeys(("identity", "tag", "versioning"), NOTE)
    assert "readers need credentials" in checks["public read"].text
    assert "refuses" in checks["checksum"].text
    assert versions(swift, bucket) == []


def test_what_was_there_stays(ceph: Ceph, connect: Connect) -> None:
    bucket = ceph.new_bucket(versioned=True)
    ceph.client().put_object(Bucket=bucket, Key="lab folder/mine", Body=b"mine")
    examined(connect(ceph, bucket))
    assert versions(ceph, bucket) == ["lab folder/mine"]


def test_a_bucket_that_everybody_reads(ceph: Ceph, connect: Connect) -> None:
    bucket = ceph.new_bucket(versioned=True)
    everybody = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", '
        f'"Resource": "arn:aws:s3:::{bucket}/*"}}]}}'
    )
    ceph.client().put_bucket_policy(Bucket=bucket, Policy=everybody)
    assert "readable by everybody" in examined(connect(ceph, bucket))["public read"].text


def test_another_region(ministack: MiniStack, connect: Connect) -> None:
    bucket = f"{ministack.new_bucket(versioned=True)}-eu"
    ministack.client().create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    checks = examined(connect(ministack, bucket))
    assert checks["endpoint"].outcome is NOTE
    assert "set AWS_DEFAULT_REGION=eu-west-1" in checks["endpoint"].text


# ------------------------------------------------------------------------------------------- who may not


def test_may_not_write(ministack: MiniStack, connect: Connect) -> None:
    bucket = ministack.new_bucket(versioned=True)
    checks = examined(connect(ministack, bucket, **user(ministack, "s3:PutObject")))
    depends = ("checksum", "conditional write", "tag", "read back", "public read", "delete")
    assert outcomes(checks) == {name: OK for name in NAMES if name not in depends} | {"write": FAILED}
    assert f"could not write below s3://{bucket}/lab folder as user user-" in checks["write"].text
    assert "this identity lacks the right" in checks["write"].text
    assert checks["write"].text.endswith("The right is s3:PutObject")
    assert versions(ministack, bucket) == []


@pytest.mark.parametrize(
    ("right", "name", "text"),
    [
        ("s3:PutObjectTagging", "tag", "Objects will have no tag 'uploadedBy'"),
        ("s3:GetBucketVersioning", "versioning", "Whether replaced bytes are kept stays unknown"),
        ("s3:ListBucketMultipartUploads", "unfinished uploads", "is not found by brainpack uploads"),
    ],
)
def test_may_not_what_publishing_can_do_without(
    ministack: MiniStack, connect: Connect, right: str, name: str, text: str
) -> None:
    bucket = ministack.new_bucket(versioned=True)
    checks = examined(connect(ministack, bucket, **user(ministack, right)))
    assert outcomes(checks) == dict.fromkeys(NAMES, OK) | {name: NOTE}
    assert right in checks[name].text
    assert checks[name].text.endswith(text)
    assert versions(ministack, bucket) == []


def test_may_not_read(ministack: MiniStack, connect: Connect) -> None:
    bucket = ministack.new_bucket(versioned=True)
    checks = examined(connect(ministack, bucket, **user(ministack, "s3:GetObject")))
    assert checks["read back"].outcome is NOTE
    assert versions(ministack, bucket) == []


def test_may_not_remove(ministack: MiniStack, connect: Connect) -> None:
    bucket = ministack.new_bucket(versioned=True)
    checks = examined(connect(ministack, bucket, **user(ministack, "s3:DeleteObject", "s3:DeleteObjectVersion")))
    assert outcomes(checks) == dict.fromkeys(NAMES, OK) | {"delete": NOTE}
    (left,) = versions(ministack, bucket)
    assert f"remains of these checks: s3://{bucket}/{left} (version " in checks["delete"].text


def test_may_remove_but_not_versions(ministack: MiniStack, connect: Connect) -> None:
    bucket = ministack.new_bucket(versioned=True)
    checks = examined(connect(ministack, bucket, **user(ministack, "s3:DeleteObjectVersion")))
    assert checks["delete"].outcome is NOTE
    assert checks["delete"].text.count("(version ") == len(versions(ministack, bucket)) == 2
    assert "Contents" not in ministack.client().list_objects_v2(Bucket=bucket)


def test_may_remove_but_not_versions_where_there_are_none(ministack: MiniStack, connect: Connect) -> None:
    bucket = ministack.new_bucket(versioned=False)
    checks = examined(connect(ministack, bucket, **user(ministack, "s3:DeleteObjectVersion")))
    assert checks["delete"].outcome is OK
    assert versions(ministack, bucket) == []


def test_versions_that_may_not_be_listed_are_removed(ministack: MiniStack, connect: Connect) -> None:
    bucket = ministack.new_bucket(versioned=True)
    checks = examined(connect(ministack, bucket, **user(ministack, "s3:ListBucketVersions")))
    assert checks["delete"].outcome is OK
    assert versions(ministack, bucket) == []


def test_somebody_else_s_bucket(ceph: Ceph, connect: Connect) -> None:
    bucket = ceph.new_bucket(versioned=True)
    access_key, secret_key = ceph.second_user()
    checks = examined(connect(ceph, bucket, access_key=access_key, secret_key=secret_key))
    assert (checks["bucket"].outcome, checks["look up"].outcome, checks["write"].outcome) == (NOTE, NOTE, FAILED)
    assert secret_key not in " ".join(map(str, checks.values()))


# ------------------------------------------------------------------------------------------- what is not there


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.server, pytest.mark.xdist_group(name)]) for name in SERVERS],
)
def test_no_such_bucket(request: pytest.FixtureRequest, name: str, connect: Connect) -> None:
    server: Server = request.getfixturevalue(name)
    checks = examined(connect(server, f"{server.new_bucket(versioned=False)}-not"))
    assert list(checks) == ["identity", "endpoint", "clock", "bucket"]
    assert checks["bucket"].outcome is FAILED
    assert "there is no such bucket: check its name, and the endpoint" in checks["bucket"].text


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        ({"secret_key": "not-the-secret-key"}, "the secret key does not belong to the access key"),
        ({"access_key": "nobody-at-all"}, "the access key is unknown there"),
    ],
)
def test_wrong_credentials(ceph: Ceph, connect: Connect, wrong: dict[str, str], advice: str) -> None:
    checks = examined(connect(ceph, ceph.new_bucket(versioned=True), **wrong))
    assert list(checks) == ["identity", "endpoint", "clock", "bucket"]
    assert advice in checks["bucket"].text
    assert wrong.get("secret_key", ceph.secret_key) not in " ".join(map(str, checks.values()))


def test_a_certificate_that_nobody_vouches_for(ceph: Ceph, connect: Connect) -> None:
    checks = examined(connect(ceph, "bucket", endpoint=ceph.ssl_endpoint))
    assert list(checks) == ["identity", "endpoint"]
    assert checks["endpoint"].outcome is FAILED
    assert "AWS_CA_BUNDLE" in checks["endpoint"].text


def test_no_name_of_a_bucket(ceph: Ceph, connect: Connect) -> None:
    checks = examined(connect(ceph, "no name"))
    assert list(checks) == ["identity", "endpoint"]
    assert 'Invalid bucket name "no name"' in checks["endpoint"].text


# ------------------------------------------------------------------------------------------- what goes wrong on the way


@pytest.mark.parametrize("stop", ["close", "interrupt"])
def test_nothing_stays_when_it_is_given_up(ceph: Ceph, connect: Connect, stop: str) -> None:
    bucket = ceph.new_bucket(versioned=True)
    checks = doctor(connect(ceph, bucket))
    while next(checks).name != "conditional write":
        pass
    assert len(versions(ceph, bucket)) == 3
    if stop == "close":
        checks.close()  # type: ignore[attr-defined]  # the iterator is a generator
    else:
        with pytest.raises(KeyboardInterrupt):
            checks.throw(KeyboardInterrupt)  # type: ignore[attr-defined]  # the iterator is a generator
    assert versions(ceph, bucket) == []


def test_bytes_that_changed_on_their_way_back(ceph: Ceph, connect: Connect) -> None:
    bucket = ceph.new_bucket(versioned=True)
    with Proxy(ceph.port) as proxy:
        proxy.plan = once(Flip("down", 0), when=lambda request: request.gets_object)
        checks = examined(connect(ceph, bucket, endpoint=proxy.endpoint))
    assert checks["read back"].outcome is FAILED
    assert "other bytes came back" in checks["read back"].text


@pytest.mark.parametrize(
    ("name", "method", "asks"),
    [
        ("write", "PUT", ".brainpack-doctor"),
        ("tag", "PUT", "?tagging"),
        ("versioning", "GET", "?versioning"),
        ("list", "GET", "list-type=2"),
    ],
)
def test_what_a_server_cannot_do(ministack: MiniStack, connect: Connect, name: str, method: str, asks: str) -> None:
    def is_it(request: Message) -> bool:
        return request.method == method and asks in request.target

    bucket = ministack.new_bucket(versioned=True)
    with Proxy(ministack.port) as proxy:
        proxy.plan = once(Answer(501, "NotImplemented"), when=is_it)
        checks = examined(connect(ministack, bucket, endpoint=proxy.endpoint))
    assert checks[name].outcome is (FAILED if name == "write" else NOTE)
    assert "this store cannot do that" in checks[name].text
    assert versions(ministack, bucket) == []


# ------------------------------------------------------------------------------------------- the clock


@pytest.mark.parametrize(
    ("ahead", "outcome", "text"),
    [
        (timedelta(seconds=-2), OK, "2 s between"),
        (timedelta(minutes=5), OK, "300 s between"),
        (timedelta(minutes=17), FAILED, "17 minutes ahead of the server's"),
        (timedelta(hours=-2), FAILED, "120 minutes behind the server's"),
    ],
)
def test_clock(ahead: timedelta, outcome: Outcome, text: str) -> None:
    there = datetime(2026, 11, 24, 12, tzinfo=UTC)
    found = compared_clock(format_datetime(there, usegmt=True), there + ahead)
    assert found[0] is outcome
    assert text in found[1]


@pytest.mark.parametrize("date", ["", "soon", "Tue, 24 Nov 2026"])
def test_a_server_without_clock(date: str) -> None:
    assert compared_clock(date, datetime.now(UTC))[0] is NOTE


def test_a_check_is_a_line() -> None:
    assert str(Check("list", FAILED, "why")) == "failed  list: why"
