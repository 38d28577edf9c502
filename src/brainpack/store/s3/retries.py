"""When a request is sent again, and after how long: the one policy for all of them."""

from __future__ import annotations

import random
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from botocore.exceptions import (
    BotoCoreError,
    ChecksumError,
    ClientError,
    ConnectionError,  # noqa: A004 - its name in botocore
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from brainpack.store.s3.body import Stopped
from brainpack.store.s3.errors import code_of, status_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

Result = TypeVar("Result")

ATTEMPTS: Final = 8
_FIRST_WAIT: Final = 0.2  # seconds; doubled each time
_LONGEST_WAIT: Final = 20.0
_TRIED: Final = "brainpack_tried"  # note in an error after the last attempt, so that nobody begins them all anew

PASSING_ERRORS: Final = (
    ChecksumError,
    ConnectionError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    ResponseParserError,
)
_PASSING_STATUSES: Final = frozenset(
    (
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    )
)
# Refusals with a 4xx that mean "not now", or "not what you wanted to send": bytes that broke on the line.
_PASSING_CODES: Final = frozenset(
    (
        "BadDigest",
        "ConditionalRequestConflict",
        "IncompleteBody",
        "OperationAborted",
        "RequestLimitExceeded",
        "RequestTimeout",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "XAmzContentSHA256Mismatch",
    )
)


def wait(attempts: int) -> float:
    """Seconds to wait after so many attempts: a random share of a time that doubles, so that clients spread out."""
    return random.uniform(0, min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempts))  # noqa: S311 - no secret depends on it


def is_passing(error: BaseException) -> bool:
    """Whether an error may be gone the next time."""
    if isinstance(error, ClientError):
        return _may_pass(status_of(error), code_of(error))
    is_certificate = isinstance(error, SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error)
    is_our_will = isinstance(error, HTTPClientError) and isinstance(error.kwargs.get("error"), Stopped)
    was_tried = isinstance(error, BotoCoreError) and _TRIED in error.kwargs
    return isinstance(error, PASSING_ERRORS) and not is_certificate and not is_our_will and not was_tried


def persistently(action: Callable[[], Result]) -> Result:
    """Outcome of an action that reads what a request has opened, where errors come after botocore's own loop."""
    for attempt in range(1, ATTEMPTS):
        try:
            return action()
        except PASSING_ERRORS as error:
            if not is_passing(error):
                raise
            time.sleep(wait(attempt))
    return action()


def follow_policy(client: S3Client) -> None:
    """Make a client, created with one attempt per request, ask this policy after each of them."""
    client.meta.events.register("needs-retry.s3", cast("Any", _wait_before_next))  # its stub knows no answer


def _wait_before_next(
    attempts: int, response: tuple[Any, dict[str, Any]] | None, caught_exception: Exception | None, **_: object
) -> float | None:
    """Answer of an event handler of botocore: seconds until the next attempt, None for no more."""
    if attempts >= ATTEMPTS:
        if isinstance(caught_exception, BotoCoreError):
            cast("dict[str, Any]", caught_exception.kwargs)[_TRIED] = attempts
        return None
    if caught_exception is not None:
        return wait(attempts) if is_passing(caught_exception) else None
    if response is None:
        return None
    http, parsed = response
    return wait(attempts) if _may_pass(http.status_code, parsed.get("Error", {}).get("Code")) else None


def _may_pass(status: int, code: str | None) -> bool:
    return status in _PASSING_STATUSES or code in _PASSING_CODES
