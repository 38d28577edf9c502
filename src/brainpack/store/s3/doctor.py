"""Whether publishing to a folder of a bucket would work: every step is tried, on small objects that go away again."""

from __future__ import annotations

import base64
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from brainpack.errors import AccessDenied, BrainpackError, StoreError, Unavailable
from brainpack.store.s3 import reading
from brainpack.store.s3.errors import code_of, status_of
from brainpack.store.s3.identity import TAG
from brainpack.store.s3.probes import CONTENT, Probes, new_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_s3 import S3Client

    from brainpack.store.s3.access import Access

_LARGEST_SKEW: Final = timedelta(minutes=5)  # a third of what S3 bears
_WRONG_BYTES: Final = frozenset(("BadDigest", "XAmzContentSHA256Mismatch"))


class Outcome(StrEnum):
    """What a check says about publishing."""

    OK = "ok"
    NOTE = "note"  # it works, and there is something to know
    FAILED = "failed"


@dataclass(frozen=True)
class Check:
    """One thing that was tried.

    Attributes
    ----------
    name : str
    outcome : Outcome
    text : str
        What was found, and what to do.
    """

    name: str
    outcome: Outcome
    text: str

    def __str__(self) -> str:
        return f"{self.outcome:8}{self.name}: {self.text}"


def doctor(access: Access) -> Iterator[Check]:
    """Try step by step what publishing does, and what readers will see.

    Small objects are written below the folder, and removed at the end, also when the iteration is given up.

    Parameters
    ----------
    access : Access

    Yields
    ------
    Check
        Each as soon as it is known. Publishing would work if none of them failed; what depends on a failed one is not
        tried.
    """
    probes = Probes(access)
    try:
        yield from _checks(_Examination(access, probes))
    finally:
        remaining = probes.remove()
    if probes:
        yield _deletion(probes, remaining)


def _deletion(probes: Probes, remaining: list[str]) -> Check:
    if not remaining:
        return Check("delete", Outcome.OK, "the objects that these checks wrote are gone")
    return Check(
        "delete",
        Outcome.NOTE,
        f"{probes.refusal}. The rights are s3:DeleteObject and s3:DeleteObjectVersion, and publishing does not need "
        f"them. Who has them may remove what remains of these checks: {', '.join(remaining)}",
    )


@dataclass
class _Examination:
    """What the steps share."""

    access: Access
    probes: Probes
    name: str = field(default_factory=new_name)
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def client(self) -> S3Client:
        return self.access.client

    @property
    def bucket(self) -> str:
        return self.access.where.bucket


_Found: TypeAlias = tuple[Outcome, str]


@dataclass(frozen=True)
class _Step:
    """A check before it is made.

    Attributes
    ----------
    name : str
    asked : str
        As in "could not <asked> s3://bucket/folder".
    find : callable
    needs : tuple of str
        Steps that must not have failed.
    right : str
        Of AWS, to name where it is missing.
    without : str
        What it means for who may not; empty if publishing does not work then.
    """

    name: str
    asked: str
    find: Callable[[_Examination], _Found]
    needs: tuple[str, ...] = ()
    right: str = ""
    without: str = ""


def _checks(examination: _Examination) -> Iterator[Check]:
    not_failed: set[str] = set()
    for step in _STEPS:
        if not not_failed.issuperset(step.needs):
            continue
        try:
            with examination.access.explaining(step.asked):
                check = Check(step.name, *step.find(examination))
        except Unavailable as error:  # the others would wait for the same silence
            yield Check(step.name, Outcome.FAILED, str(error))
            return
        except BrainpackError as error:
            check = _refused(step, error)
        if check.outcome is not Outcome.FAILED:
            not_failed.add(step.name)
        yield check


def _refused(step: _Step, error: BrainpackError) -> Check:
    right = f". The right is {step.right}" if step.right and isinstance(error, AccessDenied) else ""
    if step.without and isinstance(error, StoreError):
        return Check(step.name, Outcome.NOTE, f"{error}{right}. {step.without}")
    return Check(step.name, Outcome.FAILED, f"{error}{right}")


def _identity(examination: _Examination) -> _Found:
    who = examination.access.who()
    if examination.access.identity is None:
        return Outcome.NOTE, f"{who}; the user is unknown: this server has no STS, or it does not tell"
    return Outcome.OK, who


def _endpoint(examination: _Examination) -> _Found:
    try:
        answer: Any = examination.client.head_bucket(Bucket=examination.bucket)
    except ClientError as error:
        if status_of(error) >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        answer = error.response
    examination.status = answer["ResponseMetadata"]["HTTPStatusCode"]
    examination.headers = answer["ResponseMetadata"]["HTTPHeaders"]
    answers = f"{_without_password(examination.client.meta.endpoint_url)} answers"
    ours, theirs = examination.client.meta.region_name, examination.headers.get("x-amz-bucket-region")
    if theirs is None:
        return Outcome.OK, f"{answers}, and names no region"
    if theirs == ours:
        return Outcome.OK, f"{answers}, and the bucket is in the region {theirs}"
    return Outcome.NOTE, f"{answers}, and the bucket is in the region {theirs}, not in {ours}: {_set_region(theirs)}"


def _set_region(region: str) -> str:
    return f"set AWS_DEFAULT_REGION={region}, or region in the profile, to spare each request a detour"


def _without_password(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _clock(examination: _Examination) -> _Found:
    return compared_clock(examination.headers.get("date", ""), datetime.now(UTC))


def compared_clock(date: str, here: datetime) -> _Found:
    """Compare our clock with the `Date` of an answer."""
    try:
        ahead = here - parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return Outcome.NOTE, "the server does not tell its time"
    seconds = abs(round(ahead.total_seconds()))
    if abs(ahead) <= _LARGEST_SKEW:
        return Outcome.OK, f"{seconds} s between the server and this machine"
    wrong = f"{seconds // 60} minutes {'ahead of' if ahead > timedelta() else 'behind'} the server's"
    return Outcome.FAILED, f"the clock of this machine is {wrong}: set it, or requests are refused"


def _bucket(examination: _Examination) -> _Found:
    if examination.status == HTTPStatus.OK:
        return Outcome.OK, f"{examination.bucket} exists"
    try:  # HEAD has no body that could say why
        examination.client.get_object(**examination.access.name(examination.name))["Body"].close()
    except ClientError as error:
        if code_of(error) not in {"NoSuchKey", "AccessDenied"}:
            raise
    return Outcome.NOTE, f"{examination.bucket} cannot be looked at; the next steps show whether that matters"


def _look(examination: _Examination) -> _Found:
    try:
        reading.head(examination.access, examination.name)
    except ClientError as error:
        if code_of(error) not in {"404", "NoSuchKey"}:
            raise
    return Outcome.OK, "what is there, and what is not, can be seen before something is sent"


def _write(examination: _Examination) -> _Found:
    examination.probes.put(examination.name, IfNoneMatch="*")
    return Outcome.OK, f"{examination.access.where.url(examination.name)} was written"


def _checksum(examination: _Examination) -> _Found:
    wrong = base64.b64encode(bytes(32)).decode()
    try:
        with _refusal_is_final(examination.client):
            examination.probes.put(new_name(), ChecksumSHA256=wrong)
    except ClientError as error:
        if code_of(error) not in _WRONG_BYTES:
            raise
        return Outcome.OK, "the server refuses bytes that are not those of their SHA-256"
    return Outcome.OK, "SHA-256 is ignored; uploads are verified by MD5, or by reading them back"


@contextmanager
def _refusal_is_final(client: S3Client) -> Iterator[None]:
    """Keep the policy from sending again what is wrong on purpose, as if it had broken on the line."""

    def give_up(response: tuple[Any, dict[str, Any]] | None, operation: Any, **_: object) -> None:
        if response is not None and response[1].get("Error", {}).get("Code") in _WRONG_BYTES:
            raise ClientError(response[1], operation.name)  # type: ignore[arg-type]  # it is what botocore parsed

    client.meta.events.register("needs-retry.s3.PutObject", give_up)
    try:
        yield
    finally:
        client.meta.events.unregister("needs-retry.s3.PutObject", give_up)


def _condition(examination: _Examination) -> _Found:
    try:
        answer = examination.probes.put(examination.name, IfNoneMatch="*")
    except ClientError as error:
        if code_of(error) != "PreconditionFailed":
            raise
        return Outcome.OK, "of several who publish under one name at the same time, the server lets one succeed"
    if answer.get("VersionId") not in {None, "null"}:
        return Outcome.OK, "ignored in this bucket; the order of its versions decides who was first"
    return Outcome.NOTE, "ignored: of two who publish one name at the same time, the later wins; agree on who does"


def _tag(examination: _Examination) -> _Found:
    identity = examination.access.identity
    if identity is None:
        return Outcome.NOTE, f"objects will have no tag {TAG!r}, as the user is unknown"
    examination.client.put_object_tagging(**examination.access.name(examination.name), Tagging=identity.tags)
    return Outcome.OK, f"objects will have the tag {TAG!r}: {identity.tag}"


def _versioning(examination: _Examination) -> _Found:
    status: str = examination.client.get_bucket_versioning(Bucket=examination.bucket).get("Status", "off")
    if status == "Enabled":
        return Outcome.OK, "enabled: what is replaced can still be read by its version id"
    consequence = f"{status.lower()}: replacing loses the earlier bytes, and breaks whatever refers to them"
    command = f"aws s3api put-bucket-versioning --bucket {examination.bucket} --versioning-configuration Status=Enabled"
    return Outcome.NOTE, f"{consequence}. The owner of the bucket can turn it on: {command}"


def _read_back(examination: _Examination) -> _Found:
    with examination.client.get_object(**examination.access.name(examination.name))["Body"] as body:
        is_same = body.read() == CONTENT
    if is_same:
        return Outcome.OK, "the bytes came back as they were written"
    return Outcome.FAILED, "other bytes came back than were written: tell the administrator of the store"


def _public(examination: _Examination) -> _Found:
    client = examination.client
    anonymous = boto3.session.Session().client(
        "s3",
        endpoint_url=client.meta.endpoint_url,
        region_name=client.meta.region_name,
        config=client.meta.config.merge(Config(signature_version=UNSIGNED)),
    )
    try:
        anonymous.get_object(**examination.access.name(examination.name))["Body"].close()
    except ClientError as error:
        if status_of(error) >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        return Outcome.OK, "no: readers need credentials"
    return Outcome.OK, "yes: readable by everybody, without credentials"


def _list(examination: _Examination) -> _Found:
    prefix = examination.access.where.key("")
    examination.client.list_objects_v2(Bucket=examination.bucket, Prefix=prefix, MaxKeys=1)
    return Outcome.OK, "what is below the folder can be listed"


def _uploads(examination: _Examination) -> _Found:
    prefix = examination.access.where.key("")
    examination.client.list_multipart_uploads(Bucket=examination.bucket, Prefix=prefix, MaxUploads=1)
    return Outcome.OK, "unfinished uploads can be listed: brainpack uploads"


_STEPS: Final = (
    _Step("identity", "ask who publishes to", _identity),
    _Step("endpoint", "reach", _endpoint),
    _Step("clock", "compare the clock with that of", _clock, ("endpoint",)),
    _Step("bucket", "find", _bucket, ("clock",)),
    _Step(
        "look up",
        "look up what is in",
        _look,
        ("bucket",),
        "s3:ListBucket, beside s3:GetObject",
        "What is there already cannot be seen",
    ),
    _Step("write", "write below", _write, ("bucket",), "s3:PutObject"),
    _Step("checksum", "send a wrong checksum to", _checksum, ("write",)),
    _Step("conditional write", "write on a condition below", _condition, ("write",)),
    _Step("tag", "tag an object in", _tag, ("write",), "s3:PutObjectTagging", "Objects will have no tag 'uploadedBy'"),
    _Step(
        "versioning",
        "ask for the versioning of",
        _versioning,
        ("bucket",),
        "s3:GetBucketVersioning",
        "Whether replaced bytes are kept stays unknown",
    ),
    _Step("read back", "read from", _read_back, ("write",), "s3:GetObject", "What is published cannot be compared"),
    _Step("public read", "read without credentials from", _public, ("write",), "", "Who may read stays unknown"),
    _Step("list", "list", _list, ("bucket",), "s3:ListBucket", "Publishing does not list"),
    _Step(
        "unfinished uploads",
        "list unfinished uploads below",
        _uploads,
        ("bucket",),
        "s3:ListBucketMultipartUploads",
        "What killed uploads have left takes space, and is not found by brainpack uploads",
    ),
)
