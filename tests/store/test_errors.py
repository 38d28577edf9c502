"""Whatever AWS reports becomes an error of this project that says what to do."""

from __future__ import annotations

import inspect
import string
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import botocore.exceptions as aws
import pytest
from botocore.parsers import ResponseParserError

import brainpack
from brainpack.errors import (
    AccessDenied,
    AlreadyPublished,
    BrainpackError,
    IntegrityError,
    NotFound,
    SettingsError,
    StoreError,
    Unavailable,
)
from brainpack.store.s3.errors import _ANSWERS, _SAME_MEANING, AWS_ERRORS, code_of, explained, explaining

URL = "s3://bucket/lab/spikes.nc"
WHO = "user ada of account 123456789012"

# What of botocore never leaves it: complaints about its own description of a service, and warnings.
NOT_REPORTED = {"UndefinedModelAttributeError", "MissingServiceIdError"}
EXCEPTIONS = [
    found
    for name, found in vars(aws).items()
    if inspect.isclass(found)
    and issubclass(found, Exception)
    and found.__module__ == aws.__name__
    and not issubclass(found, Warning)
    and name not in NOT_REPORTED
]


def made(cls: type[Exception]) -> Exception:
    """An exception of botocore with everything that its message names."""
    if issubclass(cls, aws.ClientError):
        return cls({"Error": {"Code": "SlowDown", "Message": "Reduce your request rate."}}, "PutObject")
    names = {name for _, name, _, _ in string.Formatter().parse(getattr(cls, "fmt", "")) if name}
    if cls is aws.WaiterError:
        names.add("last_response")
    return cls(**dict.fromkeys(names, "unmistakable"))


def refusal(
    code: str = "", status: int = 400, message: str = "said by S3", headers: dict[str, str] | None = None, **more: str
) -> aws.ClientError:
    """An answer of S3 that is no success, as botocore reports it."""
    error = {"Code": code, "Message": message, **more} if code else {}
    response: dict[str, Any] = {
        "Error": error,
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers or {}},
    }
    return aws.ClientError(response, "PutObject")  # type: ignore[arg-type]  # a mapping of this shape


def in_our_words(error: Exception) -> BrainpackError:
    return explained(error, f"could not store {URL}", lambda: WHO)


@pytest.mark.parametrize("cls", EXCEPTIONS, ids=lambda cls: cls.__name__)
def test_no_exception_of_botocore_gets_through(cls: type[Exception]) -> None:
    error = made(cls)
    with pytest.raises(BrainpackError) as caught, explaining("store", URL, lambda: WHO):
        raise error
    assert caught.value.__cause__ is error
    message = str(caught.value)
    assert message.startswith(f"could not store {URL}")
    assert isinstance(error, aws.ClientError) or str(error) in message
    assert (f" as {WHO}: " in message) is isinstance(caught.value, AccessDenied)


def test_the_exceptions_of_botocore_are_really_there() -> None:
    """Otherwise the test above would test nothing."""
    assert len(EXCEPTIONS) > 50
    assert {aws.BotoCoreError, aws.ClientError, aws.NoCredentialsError, aws.SSOError} <= set(EXCEPTIONS)
    assert all(issubclass(cls, AWS_ERRORS) for cls in EXCEPTIONS)


def test_errors_that_are_not_of_aws_pass_unchanged() -> None:
    with pytest.raises(ZeroDivisionError), explaining("store", URL, lambda: WHO):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("error", "kind", "step"),
    [
        (aws.NoCredentialsError(), SettingsError, "aws configure"),
        (
            aws.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
            SettingsError,
            "AWS_SECRET_ACCESS_KEY",
        ),
        (aws.ProfileNotFound(profile="lab"), SettingsError, "check profile.*lab"),
        (aws.ParamValidationError(report="bad bucket"), SettingsError, "cannot be the name of a bucket.*bad bucket"),
        (aws.UnauthorizedSSOTokenError(), AccessDenied, "aws sso login"),
        (aws.SSOTokenLoadError(error_msg="none"), AccessDenied, "aws sso login"),
        (aws.TokenRetrievalError(provider="sso", error_msg="expired"), AccessDenied, "aws sso login"),
        (aws.LoginRefreshRequired(), AccessDenied, "run `aws login`"),
        (aws.EndpointConnectionError(endpoint_url="http://nowhere"), Unavailable, "network.*nowhere"),
        (aws.ConnectTimeoutError(endpoint_url="http://nowhere"), Unavailable, "network.*nowhere"),
        (aws.ProxyConnectionError(proxy_url="http://nowhere"), Unavailable, "network.*nowhere"),
        (
            aws.SSLError(endpoint_url="https://nowhere", error=OSError("self-signed")),
            Unavailable,
            "AWS_CA_BUNDLE.*self-signed",
        ),
        (aws.ReadTimeoutError(endpoint_url="http://slow"), Unavailable, "try again"),
        (aws.ConnectionClosedError(endpoint_url="http://slow"), Unavailable, "try again"),
        (aws.ResponseStreamingError(error="reset"), Unavailable, "try again"),
        (aws.IncompleteReadError(actual_bytes=1, expected_bytes=2), Unavailable, "try again"),
        (aws.FlexibleChecksumError(error_msg="crc32"), IntegrityError, "bytes that arrived"),
        (ResponseParserError("no XML"), Unavailable, "is the endpoint one of S3.*no XML"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_is_no_answer_of_a_store_says_what_to_do(error: Exception, kind: type[BrainpackError], step: str) -> None:
    with pytest.raises(kind, match=rf"(?s)could not store {URL}.*{step}"):
        raise in_our_words(error)


@pytest.mark.parametrize("code", [*_ANSWERS, *_SAME_MEANING])
def test_every_code_is_answered_with_what_it_is_and_what_to_do(code: str) -> None:
    kind, advice = _ANSWERS[_SAME_MEANING.get(code, code)]
    error = in_our_words(refusal(code, message="said by S3"))
    assert type(error) is kind
    assert f"could not store {URL}" in str(error)
    assert advice.partition("{")[0] in str(error)
    assert f"({_SAME_MEANING.get(code, code)}: said by S3)" in str(error)
    assert (WHO in str(error)) is (kind is AccessDenied)
    assert "{" not in str(error)


# Codes from the lists of errors of S3 and STS, with what a caller can catch.
KINDS = {
    AccessDenied: (
        "AccessDenied Forbidden 403 AllAccessDisabled InvalidAccessKeyId SignatureDoesNotMatch ExpiredToken "
        "ExpiredTokenException InvalidToken TokenRefreshRequired RequestTimeTooSkewed InvalidClientTokenId"
    ),
    NotFound: "NoSuchBucket NoSuchKey NoSuchVersion NoSuchUpload 404",
    SettingsError: (
        "PermanentRedirect AuthorizationHeaderMalformed IllegalLocationConstraintException InvalidBucketName"
    ),
    AlreadyPublished: "PreconditionFailed",
    IntegrityError: "BadDigest XAmzContentSHA256Mismatch IncompleteBody",
    StoreError: "QuotaExceeded EntityTooLarge NotImplemented MethodNotAllowed",
}


@pytest.mark.parametrize(("kind", "codes"), KINDS.items(), ids=[kind.__name__ for kind in KINDS])
def test_codes_that_users_meet_are_of_the_kind_they_would_catch(kind: type[BrainpackError], codes: str) -> None:
    assert {code: type(in_our_words(refusal(code))) for code in codes.split()} == dict.fromkeys(codes.split(), kind)


@pytest.mark.parametrize("code", ["", "SomethingNew"])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, StoreError),
        (401, AccessDenied),
        (403, AccessDenied),
        (404, NotFound),
        (409, StoreError),
        (418, StoreError),
        (429, Unavailable),
        (500, Unavailable),
        (502, Unavailable),
        (503, Unavailable),
        (504, Unavailable),
        (599, Unavailable),
    ],
)
def test_a_code_that_is_unknown_or_missing_is_judged_by_its_status(
    code: str, status: int, kind: type[BrainpackError]
) -> None:
    error = in_our_words(refusal(code, status))
    assert type(error) is kind
    assert f"({code or {403: 'AccessDenied'}.get(status, status)}: " in str(error)


def test_an_answer_with_nothing_in_it_is_an_error_all_the_same() -> None:
    error = in_our_words(aws.ClientError({}, "PutObject"))
    assert type(error) is StoreError
    assert "PutObject" in str(error)


@pytest.mark.parametrize(("status", "code"), [(404, "404"), (403, "AccessDenied"), (412, "412"), (503, "503")])
def test_an_answer_without_a_body_has_its_status_as_code(status: int, code: str) -> None:
    assert code_of(refusal(status=status)) == code


def test_a_refusal_says_who_asked_and_that_the_object_may_be_missing() -> None:
    message = str(in_our_words(refusal("AccessDenied", 403)))
    assert f"as {WHO}" in message
    assert "or the object is missing and it may not list the bucket" in message
    assert "AWS_PROFILE" in message


def test_nobody_is_asked_who_we_are_unless_we_were_refused() -> None:
    def fail() -> str:
        pytest.fail("asked")

    explained(refusal("NoSuchBucket", 404), "could not store it", fail)
    explained(aws.EndpointConnectionError(endpoint_url="http://nowhere"), "could not store it", fail)


@pytest.mark.parametrize("code", ["PermanentRedirect", "AuthorizationHeaderMalformed", "301", ""])
@pytest.mark.parametrize("where", ["body", "header", "nowhere"])
def test_a_wrong_region_names_the_right_one(code: str, where: str) -> None:
    more = {"Region": "eu-west-3"} if where == "body" else {}
    headers = {"x-amz-bucket-region": "eu-west-3"} if where == "header" else {}
    error = in_our_words(refusal(code, 301, headers=headers, **(more if code else {})))
    assert type(error) is SettingsError
    named = "another region" if where == "nowhere" or (where == "body" and not code) else "the region eu-west-3"
    assert f"the bucket is in {named}: set AWS_DEFAULT_REGION" in str(error)


def test_the_variable_that_is_advised_for_the_region_is_the_one_that_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    from brainpack.store.s3.client import connect

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    advised = str(in_our_words(refusal("PermanentRedirect", 301, Region="eu-west-3"))).partition("set ")[2].split()[0]
    monkeypatch.setenv(advised, "eu-west-3")
    assert [client.meta.region_name for client in connect() or ()] == ["eu-west-3", "eu-west-3"]


@pytest.mark.parametrize("code", ["RequestTimeTooSkewed", "RequestExpired"])
@pytest.mark.parametrize(
    ("there", "said"), [(timedelta(minutes=-20), "20 minutes ahead"), (timedelta(minutes=95), "95 minutes behind")]
)
def test_a_wrong_clock_is_told_how_wrong_it_is(code: str, there: timedelta, said: str) -> None:
    date = format_datetime(datetime.now(UTC) + there, usegmt=True)
    message = str(in_our_words(refusal(code, 403, headers={"date": date})))
    assert f"the clock of this machine is wrong, {said}: set it" in message


@pytest.mark.parametrize(
    "headers",
    [{}, {"date": "yesterday"}, {"date": ""}, {"date": "Mon, 01 Jan 2024 00:00:00 -0000"}],
    ids=["none", "no date", "empty", "no zone"],
)
def test_a_wrong_clock_without_a_date_to_compare_is_still_a_wrong_clock(headers: dict[str, str]) -> None:
    message = str(in_our_words(refusal("RequestTimeTooSkewed", 403, headers=headers)))
    assert "the clock of this machine is wrong: set it" in message


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"])
def test_an_expired_session_says_to_log_in_again(code: str) -> None:
    assert "log in again, for instance with `aws sso login`" in str(in_our_words(refusal(code)))


def test_words_of_aws_may_hold_braces() -> None:
    assert "{region} {0}" in str(in_our_words(refusal("AccessDenied", 403, message="{region} {0}")))


def test_the_rest_of_an_answer_is_not_shown() -> None:
    """S3 repeats the token, and what it wanted to see signed."""
    error = refusal("InvalidToken", Token="the-token", StringToSign="the-text", HostId="the-host")  # noqa: S106 - not a secret
    assert not {"the-token", "the-text", "the-host"} & set(str(in_our_words(error)).split())
    assert "the-" not in str(in_our_words(error))


def test_each_error_is_also_the_builtin_that_a_caller_would_catch() -> None:
    assert issubclass(type(in_our_words(refusal("AccessDenied", 403))), PermissionError)
    assert issubclass(type(in_our_words(refusal("NoSuchKey", 404))), LookupError)
    assert issubclass(type(in_our_words(refusal("SlowDown", 503))), ConnectionError)
    assert brainpack.AccessDenied is AccessDenied
