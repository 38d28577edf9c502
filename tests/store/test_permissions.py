"""Who may do what: publishing needs few rights, and whoever lacks one is told which."""

from __future__ import annotations

import json
import secrets
import warnings
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

import brainpack
from brainpack import AccessDenied, AlreadyPublished, NotFound
from brainpack.packaging import package_data_assembly, package_data_assembly_locally, upload_to_s3
from tests.helpers import recording
from tests.servers.faults import Answer, Proxy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeAlias

    from tests.servers.base import Server
    from tests.servers.ceph import Ceph
    from tests.servers.faults import Message
    from tests.servers.ministack import MiniStack

    SignIn: TypeAlias = Callable[..., str]  # rights, then perhaps name and secret

ALL = ("s3:*", "sts:*")
SIZES = pytest.mark.parametrize("size", [5, 6 << 20], ids=["single", "multipart"])
SILENT = pytest.mark.filterwarnings("ignore:objects in:UserWarning")


@pytest.fixture
def use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lead the environment to a server, as somebody."""

    def lead(server: Server, **who: str) -> None:
        for name, value in server.environment(**who).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("BRAINPACK_PART_SIZE", "5")

    return lead


@pytest.fixture
def bucket(ministack: MiniStack) -> str:
    return ministack.new_bucket(versioned=True)


@pytest.fixture
def sign_in(ministack: MiniStack, bucket: str, use: Callable[..., None]) -> SignIn:
    """Become a user who has these rights and no others; the name comes back."""

    def become(*rights: str, name: str = "", secret: str = "") -> str:
        name = name or f"user-{secrets.token_hex(8)}"
        iam = boto3.Session().client(
            "iam",
            endpoint_url=ministack.endpoint,
            aws_access_key_id=ministack.access_key,
            aws_secret_access_key=ministack.secret_key,
            region_name=ministack.region,
        )
        iam.create_user(UserName=name)
        rule = {"Effect": "Allow", "Action": list(rights), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [rule]})
        iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        use(ministack, access_key=key["AccessKeyId"], secret_key=secret or key["SecretAccessKey"])
        return name

    return become


@pytest.fixture
def source(tmp_path: Path) -> Callable[[int], Path]:
    def make(size: int) -> Path:
        path = tmp_path / "source.bin"
        path.write_bytes(secrets.token_bytes(size))
        return path

    return make


def tags(server: Server, bucket: str, key: str) -> dict[str, str]:
    found = server.client().get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in found}


def content(server: Server, bucket: str, key: str) -> bytes:
    return server.client().get_object(Bucket=bucket, Key=key)["Body"].read()


# ------------------------------------------------------------------------------------------------ the tag


@SIZES
@pytest.mark.parametrize(("name", "tag"), [("ada", "ada"), ("a=b,c@d+e.f-g", "a=b_c@d+e.f-g")])
def test_the_object_says_who_uploaded_it(
    ministack: MiniStack,
    bucket: str,
    sign_in: SignIn,
    source: Callable[[int], Path],
    size: int,
    name: str,
    tag: str,
) -> None:
    suffix = secrets.token_hex(4)  # users live as long as the server
    sign_in(*ALL, name=name + suffix)
    path = source(size)
    upload_to_s3(path, f"{bucket}/lab", "source.bin")
    assert tags(ministack, bucket, "lab/source.bin") == {"uploadedBy": tag + suffix}
    assert content(ministack, bucket, "lab/source.bin") == path.read_bytes()


@SIZES
def test_without_the_right_to_tag_it_is_published_and_the_right_is_named_once(
    ministack: MiniStack, bucket: str, sign_in: SignIn, source: Callable[[int], Path], size: int
) -> None:
    sign_in("s3:PutObject", "s3:GetObject", "s3:ListBucket", "s3:ListBucketVersions", "s3:AbortMultipartUpload")
    path = source(size)
    with pytest.warns(UserWarning, match="no tag 'uploadedBy': the right s3:PutObjectTagging") as caught:
        upload_to_s3(path, bucket, "source.bin")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert tags(ministack, bucket, "source.bin") == {}
    assert content(ministack, bucket, "source.bin") == path.read_bytes()


def test_a_publication_of_several_files_warns_once(
    ministack: MiniStack, bucket: str, sign_in: SignIn, tmp_path: Path
) -> None:
    package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=tmp_path / "packages")
    sign_in("s3:PutObject", "s3:GetObject", "s3:ListBucket")
    with pytest.warns(UserWarning, match="the right s3:PutObjectTagging") as caught:
        brainpack.publish(tmp_path / "packages", f"s3://{bucket}", progress=False)
    assert len(caught) == 1


def asks_who_we_are(request: Message) -> bool:
    return request.method == "POST" and request.target == "/"


def test_without_the_right_to_ask_who_we_are_it_is_published_and_the_right_is_named(
    ministack: MiniStack, bucket: str, use: Callable[..., None], source: Callable[[int], Path]
) -> None:
    path = source(5)
    with Proxy(ministack.port) as proxy:
        proxy.plan = lambda request: Answer(403, "AccessDenied") if asks_who_we_are(request) else None
        use(ministack, endpoint=proxy.endpoint)
        with pytest.warns(UserWarning, match="no tag 'uploadedBy'.*sts:GetCallerIdentity"):
            upload_to_s3(path, bucket, "source.bin")
        assert proxy.injected["answer"] == 1
    assert tags(ministack, bucket, "source.bin") == {}
    assert content(ministack, bucket, "source.bin") == path.read_bytes()


@SIZES
def test_a_server_that_has_no_users_to_name_is_published_to_all_the_same(
    ceph: Ceph, use: Callable[..., None], source: Callable[[int], Path], size: int
) -> None:
    bucket = ceph.new_bucket(versioned=False)
    use(ceph)
    path = source(size)
    with pytest.warns(UserWarning, match="no tag 'uploadedBy'.*sts:GetCallerIdentity"):
        upload_to_s3(path, bucket, "source.bin")
    assert content(ceph, bucket, "source.bin") == path.read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what is there already needs no tag
        upload_to_s3(path, bucket, "source.bin")


# ------------------------------------------------------------------------------------------ rights to read


@SILENT
@SIZES
def test_who_may_not_list_can_publish_and_is_held_to_the_same_rules(
    ministack: MiniStack, bucket: str, sign_in: SignIn, source: Callable[[int], Path], size: int
) -> None:
    sign_in("s3:PutObject", "s3:GetObject")
    path = source(size)
    first = upload_to_s3(path, bucket, "source.bin")
    assert content(ministack, bucket, "source.bin") == path.read_bytes()
    assert upload_to_s3(path, bucket, "source.bin")["VersionId"] == first["VersionId"]
    there = path.read_bytes()
    with pytest.raises(AlreadyPublished):
        upload_to_s3(source(size), bucket, "source.bin")
    assert content(ministack, bucket, "source.bin") == there


@SILENT
@SIZES
def test_where_missing_objects_are_denied_instead_of_not_found_publishing_works(
    ministack: MiniStack, bucket: str, use: Callable[..., None], source: Callable[[int], Path], size: int
) -> None:
    """AWS answers 403 to HEAD and GET of what is missing to whoever may not list."""
    path = source(size)

    def deny_what_is_missing(request: Message) -> Answer | None:
        if request.method not in {"HEAD", "GET"}:
            return None
        try:
            ministack.client().head_object(Bucket=bucket, Key="source.bin")
        except ClientError:
            return Answer(403, "AccessDenied")
        return None

    with Proxy(ministack.port) as proxy:
        proxy.plan = deny_what_is_missing
        use(ministack, endpoint=proxy.endpoint)
        upload_to_s3(path, bucket, "source.bin")
        assert proxy.injected["answer"] > 0
        upload_to_s3(path, bucket, "source.bin")
        with pytest.raises(AlreadyPublished):
            upload_to_s3(source(size), bucket, "source.bin")
    assert len(ministack.client().list_object_versions(Bucket=bucket)["Versions"]) == 1


@SILENT
@pytest.mark.filterwarnings("ignore:what is in .* cannot be seen:UserWarning")
@SIZES
def test_who_may_only_put_cannot_overwrite(
    ministack: MiniStack, bucket: str, sign_in: SignIn, source: Callable[[int], Path], size: int
) -> None:
    sign_in("s3:PutObject")
    path = source(size)
    there = path.read_bytes()
    upload_to_s3(path, bucket, "source.bin")
    with pytest.raises((AlreadyPublished, AccessDenied)):
        upload_to_s3(source(size), bucket, "source.bin")
    assert content(ministack, bucket, "source.bin") == there


@SILENT
def test_packages_are_published_without_the_right_to_list(
    ministack: MiniStack, bucket: str, sign_in: SignIn, tmp_path: Path
) -> None:
    package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=tmp_path / "packages")
    sign_in("s3:PutObject", "s3:GetObject")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "what is in .* cannot be seen")  # where S3 denies what is missing
        (record,) = brainpack.publish(tmp_path / "packages", f"s3://{bucket}/lab", progress=False)
    assert brainpack.publish(tmp_path / "packages", f"s3://{bucket}/lab", progress=False) == (record,)
    found = ministack.client().list_objects_v2(Bucket=bucket)["Contents"]
    assert [listed["Key"] for listed in found] == ["lab/assy_lab_A.brainpack.json", "lab/assy_lab_A.nc"]


# ------------------------------------------------------------------------------------------------ refusals


@SIZES
def test_who_may_not_put_is_told_where_and_as_whom(
    ministack: MiniStack, bucket: str, sign_in: SignIn, source: Callable[[int], Path], size: int
) -> None:
    name = sign_in("s3:GetObject", "s3:ListBucket")
    with pytest.raises(AccessDenied) as caught:
        upload_to_s3(source(size), f"{bucket}/lab", "source.bin")
    message = str(caught.value)
    assert f"could not store s3://{bucket}/lab/source.bin as user {name} of account 0" in message
    assert "lacks the right" in message
    assert "AWS_PROFILE" in message
    assert "Contents" not in ministack.client().list_objects_v2(Bucket=bucket)


@SIZES
def test_a_wrong_secret_is_called_a_wrong_secret(
    bucket: str, sign_in: SignIn, source: Callable[[int], Path], size: int
) -> None:
    sign_in(*ALL, secret="wrong" * 8)
    with pytest.raises(AccessDenied, match="secret key does not belong to the access key") as caught:
        upload_to_s3(source(size), bucket, "source.bin")
    assert "AWS_SECRET_ACCESS_KEY" in str(caught.value)
    assert "wrongwrong" not in str(caught.value)


def test_an_unknown_access_key_is_called_unknown(
    ministack: MiniStack, bucket: str, use: Callable[..., None], source: Callable[[int], Path]
) -> None:
    use(ministack, access_key="AKIAUNKNOWNUNKNOWN99")
    with pytest.raises(AccessDenied, match=r"access key …WN99: the access key is unknown there"):
        upload_to_s3(source(5), bucket, "source.bin")


@SIZES
def test_a_bucket_that_does_not_exist_is_not_found(sign_in: SignIn, source: Callable[[int], Path], size: int) -> None:
    sign_in(*ALL)
    with pytest.raises(NotFound, match=r"s3://no-such-bucket-anywhere/lab/source\.bin: there is no such bucket"):
        upload_to_s3(source(size), "no-such-bucket-anywhere/lab", "source.bin")


def test_a_refused_data_set_has_no_record(ministack: MiniStack, bucket: str, sign_in: SignIn) -> None:
    sign_in("s3:GetObject", "s3:ListBucket")
    with pytest.raises(AccessDenied, match=r"assy_lab_A\.nc"):
        package_data_assembly(None, recording(), "lab.A", "lab.S", bucket_name=bucket)
    assert "Contents" not in ministack.client().list_objects_v2(Bucket=bucket)


def test_somebody_elses_bucket_refuses(ceph: Ceph, use: Callable[..., None], source: Callable[[int], Path]) -> None:
    bucket = ceph.new_bucket(versioned=False)
    access_key, secret_key = ceph.second_user()
    use(ceph, access_key=access_key, secret_key=secret_key)
    with pytest.raises(AccessDenied, match=rf"s3://{bucket}/source\.bin as the owner of the access key …"):
        upload_to_s3(source(5), bucket, "source.bin")
    use(ceph, access_key=access_key, secret_key="wrong" * 8)
    with pytest.raises(AccessDenied, match="secret key does not belong"):
        upload_to_s3(source(5), bucket, "source.bin")


def test_the_identity_is_asked_for_once(
    ministack: MiniStack, bucket: str, use: Callable[..., None], tmp_path: Path
) -> None:
    package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=tmp_path / "packages")
    with Proxy(ministack.port) as proxy:
        use(ministack, endpoint=proxy.endpoint)
        brainpack.publish(tmp_path / "packages", f"s3://{bucket}", progress=False)
        assert sum(asks_who_we_are(request) for request in proxy.requests) == 1


def test_get_user_info_names_account_and_user(ministack: MiniStack, sign_in: SignIn) -> None:
    name = sign_in(*ALL)
    client: Any = boto3.Session().client("sts")
    assert brainpack.packaging.get_user_info(client) == ("000000000000", name)
