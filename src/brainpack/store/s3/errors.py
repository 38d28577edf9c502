"""What AWS and its library report, as errors of this project, in words."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import botocore.exceptions as aws
from botocore.parsers import ResponseParserError

from brainpack.errors import (
    AccessDenied,
    AlreadyPublished,
    IntegrityError,
    NotFound,
    SettingsError,
    StoreError,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from brainpack.errors import (
        BrainpackError,
    )

AWS_ERRORS: Final = (aws.BotoCoreError, aws.ClientError, ResponseParserError)

# Error codes of S3 and STS, with what to do; `{region}` and `{clock}` are filled in from the answer.
_ANSWERS: Final[dict[str, tuple[type[BrainpackError], str]]] = {
    "NoSuchBucket": (NotFound, "there is no such bucket: check its name, and the endpoint"),
    "NoSuchKey": (NotFound, "there is no such object"),
    "NoSuchVersion": (NotFound, "there is no such version of the object"),
    "NoSuchUpload": (NotFound, "the unfinished upload is gone: it was completed or aborted"),
    "404": (NotFound, "there is no such object, no such version of it, or no such bucket"),
    "AccessDenied": (
        AccessDenied,
        (
            "this identity lacks the right, or the object is missing and it may not list the bucket; ask the owner of "
            "the bucket for the right, or use another AWS_PROFILE"
        ),
    ),
    "AllAccessDisabled": (AccessDenied, "the bucket refuses everybody: ask its owner"),
    "InvalidAccessKeyId": (AccessDenied, "the access key is unknown there: check AWS_ACCESS_KEY_ID or AWS_PROFILE"),
    "InvalidClientTokenId": (AccessDenied, "the access key is unknown there: check AWS_ACCESS_KEY_ID or AWS_PROFILE"),
    "UserSuspended": (AccessDenied, "the user is suspended: ask the administrator of the store"),
    "SignatureDoesNotMatch": (
        AccessDenied,
        "the secret key does not belong to the access key: check AWS_SECRET_ACCESS_KEY, or run `aws configure` again",
    ),
    "ExpiredToken": (AccessDenied, "the session has expired: log in again, for instance with `aws sso login`"),
    "ExpiredTokenException": (AccessDenied, "the session has expired: log in again, for instance with `aws sso login`"),
    "TokenRefreshRequired": (AccessDenied, "the session has expired: log in again, for instance with `aws sso login`"),
    "InvalidToken": (AccessDenied, "the session token is not valid: log in again, or unset AWS_SESSION_TOKEN"),
    "RequestTimeTooSkewed": (AccessDenied, "the clock of this machine is wrong{clock}: set it, then try again"),
    "RequestExpired": (AccessDenied, "the clock of this machine is wrong{clock}: set it, then try again"),
    "PermanentRedirect": (SettingsError, "the bucket is in {region}: set AWS_DEFAULT_REGION to it"),
    "AuthorizationHeaderMalformed": (SettingsError, "the bucket is in {region}: set AWS_DEFAULT_REGION to it"),
    "IllegalLocationConstraintException": (SettingsError, "the bucket is in {region}: set AWS_DEFAULT_REGION to it"),
    "InvalidBucketName": (SettingsError, "this cannot be the name of a bucket"),
    "PreconditionFailed": (AlreadyPublished, "the key is taken"),
    "BadDigest": (IntegrityError, "the bytes that arrived are not the ones that were sent"),
    "XAmzContentSHA256Mismatch": (IntegrityError, "the bytes that arrived are not the ones that were sent"),
    "IncompleteBody": (IntegrityError, "fewer bytes arrived than were sent"),
    "QuotaExceeded": (StoreError, "the store is full: free some space there, or ask for more"),
    "EntityTooLarge": (StoreError, "the object is larger than the store takes"),
    "NotImplemented": (StoreError, "this store cannot do that"),
    "MethodNotAllowed": (StoreError, "this store cannot do that"),
}
_SAME_MEANING: Final = {"403": "AccessDenied", "Forbidden": "AccessDenied", "301": "PermanentRedirect"}

# Exceptions of botocore, the special before the general.
_EXCEPTIONS: Final[tuple[tuple[type[Exception], type[BrainpackError], str], ...]] = (
    (
        aws.NoCredentialsError,
        SettingsError,
        "no AWS credentials were found: set AWS_PROFILE, or run `aws configure` or `aws sso login`",
    ),
    (aws.SSOError, AccessDenied, "the AWS session is missing or has expired: run `aws sso login`"),
    # botocore has it since 1.41
    (
        getattr(aws, "LoginError", aws.SSOError),
        AccessDenied,
        "the AWS session is missing or has expired: run `aws login`",
    ),
    (aws.TokenRetrievalError, AccessDenied, "the AWS session is missing or has expired: run `aws sso login`"),
    (aws.SSLError, Unavailable, "the secure connection failed; for a certificate of your own set AWS_CA_BUNDLE"),
    (aws.ConnectionError, Unavailable, "the store cannot be reached: check the network and the endpoint"),
    (aws.HTTPClientError, Unavailable, "the connection broke: try again, what has arrived is not sent again"),
    (aws.IncompleteReadError, Unavailable, "the connection broke: try again"),
    (ResponseParserError, Unavailable, "the answer cannot be understood: is the endpoint one of S3?"),
    (aws.CapacityNotAvailableError, Unavailable, "too many requests failed: try again later"),
    (aws.MetadataRetrievalError, Unavailable, "the machine's AWS role cannot be asked for"),
    (aws.ChecksumError, IntegrityError, "the bytes that arrived are not the ones that were sent"),
    (aws.FlexibleChecksumError, IntegrityError, "the bytes that arrived are not the ones that were sent"),
    (aws.ParamValidationError, SettingsError, "this cannot be the name of a bucket, or of an object in it"),
    (aws.BotoCoreError, SettingsError, "AWS is not set up for this: check profile, region, endpoint and bucket"),
)


@contextmanager
def explaining(asked: str, url: str, who: Callable[[], str]) -> Iterator[None]:
    """Turn what AWS reports inside the block into an error of this project.

    Parameters
    ----------
    asked : str
        What was asked for, as in "store" or "list the versions of".
    url : str
        Of the object or folder.
    who : callable
        Names the identity that asked; called only if it was refused.
    """
    try:
        yield
    except AWS_ERRORS as error:
        raise explained(error, f"could not {asked} {url}", who) from error


def explained(error: Exception, what: str, who: Callable[[], str]) -> BrainpackError:
    """The error to raise in place of one from AWS; `what` failed."""
    kind, advice = _of_answer(error) if isinstance(error, aws.ClientError) else _of_exception(error)
    asker = f" as {who()}" if issubclass(kind, AccessDenied) else ""
    message = f"{what}{asker}: {advice} ({_said(error)})"
    if issubclass(kind, IntegrityError):
        return kind(message, expected="the bytes of the file", got="others, several times")
    return kind(message)


def code_of(error: aws.ClientError) -> str:
    """Code such as "NoSuchKey"; where the answer had no body, the HTTP status as text."""
    code = str(error.response.get("Error", {}).get("Code") or status_of(error))
    return _SAME_MEANING.get(code, code)


def status_of(error: aws.ClientError) -> int:
    """HTTP status of an answer."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _of_answer(error: aws.ClientError) -> tuple[type[BrainpackError], str]:
    kind, advice = _ANSWERS.get(code_of(error)) or _of_status(status_of(error))
    return kind, advice.format(region=_region(error), clock=_clock(error))


def _of_status(status: int) -> tuple[type[BrainpackError], str]:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return _ANSWERS["AccessDenied"]
    if status == HTTPStatus.NOT_FOUND:
        return _ANSWERS["404"]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return Unavailable, "the store is busy or out of order: try again later"
    return StoreError, "the store refused"


def _of_exception(error: Exception) -> tuple[type[BrainpackError], str]:
    return next((kind, advice) for cls, kind, advice in _EXCEPTIONS if isinstance(error, cls))


def _said(error: Exception) -> str:
    """The words of AWS, without what else an answer may hold."""
    if not isinstance(error, aws.ClientError):
        return str(error)
    return f"{code_of(error)}: {error.response.get('Error', {}).get('Message') or error.operation_name}"


def _region(error: aws.ClientError) -> str:
    named = error.response.get("Error", {}).get("Region") or _headers(error).get("x-amz-bucket-region")
    return f"the region {named}" if named else "another region"


def _clock(error: aws.ClientError) -> str:
    """How wrong our clock is, by the time in the store's answer."""
    try:
        ahead = datetime.now(UTC) - parsedate_to_datetime(_headers(error)["date"])
    except (KeyError, ValueError, TypeError):  # the last of them where the date has no zone
        return ""
    minutes = round(ahead.total_seconds() / 60)
    return f", {abs(minutes)} minutes {'ahead' if minutes > 0 else 'behind'}"


def _headers(error: aws.ClientError) -> dict[str, Any]:
    return error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
