"""Which failures are tried again, how long is waited, and that the policy is in force."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import botocore.exceptions as aws
import pytest
from botocore.parsers import ResponseParserError
from hypothesis import given
from hypothesis import strategies as st

from brainpack.store.s3 import retries
from brainpack.store.s3.body import Body, Meter, Stopped
from brainpack.store.s3.client import connect
from brainpack.store.s3.retries import ATTEMPTS, is_passing, persistently, wait

if TYPE_CHECKING:
    import ssl
    from collections.abc import Generator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from brainpack.progress import Progress

Answer = tuple[int, str]  # status and code
OK: Answer = (200, "")
BUSY: Answer = (503, "SlowDown")


def refusal(status: int, code: str = "") -> aws.ClientError:
    response: Any = {"Error": {"Code": code} if code else {}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return aws.ClientError(response, "PutObject")


PASSING: list[Exception] = [
    *(refusal(status) for status in (429, 500, 502, 503, 504)),
    refusal(503, "SlowDown"),
    refusal(500, "InternalError"),
    refusal(400, "RequestTimeout"),
    refusal(400, "BadDigest"),
    refusal(400, "XAmzContentSHA256Mismatch"),
    refusal(400, "IncompleteBody"),
    refusal(409, "OperationAborted"),
    refusal(409, "ConditionalRequestConflict"),
    refusal(400, "Throttling"),
    aws.EndpointConnectionError(endpoint_url="u"),
    aws.ConnectTimeoutError(endpoint_url="u"),
    aws.ConnectionClosedError(endpoint_url="u"),
    aws.ReadTimeoutError(endpoint_url="u"),
    aws.ResponseStreamingError(error="reset"),
    aws.HTTPClientError(error=OSError("reset")),
    aws.IncompleteReadError(actual_bytes=1, expected_bytes=2),
    aws.SSLError(endpoint_url="u", error=OSError("EOF occurred in violation of protocol")),
    aws.FlexibleChecksumError(error_msg="crc32"),
    aws.ChecksumError(checksum_type="md5", expected_checksum="a", actual_checksum="b"),
    ResponseParserError("half of the XML"),
]
FINAL: list[BaseException] = [
    refusal(301, "PermanentRedirect"),
    refusal(400, "InvalidRequest"),
    refusal(400, "ExpiredToken"),
    refusal(400),
    refusal(401),
    refusal(403),
    refusal(403, "AccessDenied"),
    refusal(403, "RequestTimeTooSkewed"),
    refusal(404),
    refusal(404, "NoSuchBucket"),
    refusal(405, "MethodNotAllowed"),
    refusal(409, "BucketAlreadyExists"),
    refusal(412),
    refusal(412, "PreconditionFailed"),
    refusal(501, "NotImplemented"),
    aws.SSLError(endpoint_url="u", error=OSError("[SSL: CERTIFICATE_VERIFY_FAILED] expired")),
    aws.HTTPClientError(error=Stopped()),
    aws.NoCredentialsError(),
    aws.ParamValidationError(report="bad"),
    Stopped(),
    OSError("disk"),
    ValueError("ours"),
    KeyboardInterrupt(),
]


def name_of(error: object) -> str:
    return "-".join(str(error).split()[:9]) or type(error).__name__


@pytest.mark.parametrize("error", PASSING, ids=name_of)
def test_what_may_be_gone_the_next_time_is_tried_again(error: Exception) -> None:
    assert is_passing(error)


@pytest.mark.parametrize("error", FINAL, ids=name_of)
def test_what_would_be_the_same_the_next_time_is_not(error: BaseException) -> None:
    assert not is_passing(error)


@given(st.integers(1, 64), st.integers(0, 200))
def test_waits_are_random_and_have_a_limit(attempts: int, seed: int) -> None:
    random.seed(seed)
    waits = [wait(attempts) for _ in range(20)]
    longest = min(20.0, 0.2 * 2**attempts)
    assert all(0 <= seconds <= longest for seconds in waits)
    assert len(set(waits)) > 1
    assert max(waits) - min(waits) > longest / 10  # spread over the whole time


def test_all_waits_together_are_bearable() -> None:
    assert sum(min(20.0, 0.2 * 2**attempts) for attempts in range(1, ATTEMPTS)) < 120


# ------------------------------------------------------------------------------------------------- in force


class Server(ThreadingHTTPServer):
    """A store that gives the answers it is told, one after the other, the last one for ever."""

    daemon_threads = True

    def __init__(self, answers: list[Answer], context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.asked: list[str] = []
        self.connections = 0
        self.context = context

    def get_request(self) -> tuple[Any, Any]:
        found, address = super().get_request()
        self.connections += 1
        if self.context is not None:
            found = self.context.wrap_socket(found, server_side=True)
        return found, address

    def handle_error(self, *_: object) -> None:
        """A client that goes away is none of our concern."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def _answer(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        left = self.server.answers
        status, code = left.pop(0) if len(left) > 1 else left[0]
        body = f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode() if code else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"etag"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = do_POST = _answer  # noqa: N815 - the names of the base class

    def log_message(self, *_: object) -> None:
        pass


Asking = Callable[["S3Client"], object]
GET: Asking = lambda client: client.get_object(Bucket="b", Key="k")  # noqa: E731 - one of several alike
HEAD: Asking = lambda client: client.head_object(Bucket="b", Key="k")  # noqa: E731 - one of several alike
PUT: Asking = lambda client: client.put_object(Bucket="b", Key="k", Body=b"bytes")  # noqa: E731 - one of several alike
COMPLETE: Asking = lambda client: client.complete_multipart_upload(Bucket="b", Key="k", UploadId="u")  # noqa: E731 - one of several alike


@contextmanager
def listening(server: Server) -> Generator[Server]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that botocore would have waited."""
    found: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=found.append))
    return found


@pytest.fixture
def connected(waits: list[float], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], S3Client]:
    for name, value in {"ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret", "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)

    def to(endpoint: str) -> S3Client:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
        clients = connect()
        assert clients is not None
        return clients[0]

    return to


def endpoint(server: Server, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize("ask", [GET, HEAD, PUT, COMPLETE], ids=["get", "head", "put", "complete"])
@pytest.mark.parametrize("failures", [0, 1, 3, ATTEMPTS - 1])
def test_a_busy_store_is_asked_until_it_answers(
    connected: Callable[[str], S3Client], waits: list[float], ask: Asking, failures: int
) -> None:
    with listening(Server([BUSY] * failures + [OK])) as server:
        ask(connected(endpoint(server)))
    assert len(server.asked) == failures + 1
    assert len(waits) == failures
    assert all(0 <= seconds <= 0.2 * 2 ** (number + 1) for number, seconds in enumerate(waits))


@pytest.mark.parametrize("answer", [BUSY, (500, "InternalError"), (400, "BadDigest"), (200, "InternalError")])
def test_it_is_given_up_after_some_attempts(connected: Callable[[str], S3Client], answer: Answer) -> None:
    with listening(Server([answer])) as server, pytest.raises(aws.ClientError):
        COMPLETE(connected(endpoint(server)))
    assert len(server.asked) == ATTEMPTS


@pytest.mark.parametrize(
    "answer", [(403, "AccessDenied"), (404, "NoSuchKey"), (412, "PreconditionFailed"), (400, "InvalidRequest")]
)
@pytest.mark.parametrize("ask", [GET, PUT], ids=["get", "put"])
def test_a_refusal_is_asked_for_once(
    connected: Callable[[str], S3Client], waits: list[float], ask: Asking, answer: Answer
) -> None:
    with listening(Server([answer])) as server, pytest.raises(aws.ClientError):
        ask(connected(endpoint(server)))
    assert len(server.asked) == 1
    assert waits == []


def test_a_refusal_after_a_busy_answer_ends_it(connected: Callable[[str], S3Client]) -> None:
    with listening(Server([BUSY, BUSY, (403, "AccessDenied"), OK])) as server, pytest.raises(aws.ClientError):
        PUT(connected(endpoint(server)))
    assert len(server.asked) == 3


def test_nobody_at_the_endpoint_is_tried_again(connected: Callable[[str], S3Client], waits: list[float]) -> None:
    with listening(Server([OK])) as server:
        gone = endpoint(server)
    with pytest.raises(aws.EndpointConnectionError):
        GET(connected(gone))
    assert len(waits) == ATTEMPTS - 1


def test_reading_does_not_begin_anew_what_was_tried_to_the_end(
    connected: Callable[[str], S3Client], waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    again: list[float] = []
    monkeypatch.setattr(retries, "time", SimpleNamespace(sleep=again.append))
    with listening(Server([OK])) as server:
        gone = endpoint(server)
    client = connected(gone)
    with pytest.raises(aws.EndpointConnectionError):
        persistently(lambda: GET(client))
    assert (len(waits), again) == (ATTEMPTS - 1, [])


def test_a_certificate_that_we_do_not_trust_is_looked_at_once(
    connected: Callable[[str], S3Client], waits: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ssl

    import trustme

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with listening(Server([BUSY, OK], context)) as server:
        with pytest.raises(aws.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
            GET(connected(endpoint(server, "https")))
        assert (server.connections, server.asked, waits) == (1, [], [])
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        GET(connected(endpoint(server, "https")))
    assert len(server.asked) == 2


def test_what_we_stopped_ourselves_is_not_sent_again(connected: Callable[[str], S3Client], waits: list[float]) -> None:
    events: list[Progress] = []

    def enough(event: Progress) -> None:
        was_signed = any(earlier.done for earlier in events)  # for which the bytes are read, too
        events.append(event)
        if was_signed and event.done and not events[-2].done:
            raise KeyboardInterrupt

    meter = Meter("k", 5, enough)
    with listening(Server([OK])) as server:
        client: Any = connected(endpoint(server))
        with pytest.raises(aws.HTTPClientError) as caught:
            client.put_object(Bucket="b", Key="k", Body=Body(memoryview(b"bytes"), meter))
        assert not is_passing(caught.value)
    assert events[-1].done == 5
    assert waits == []
    with pytest.raises(KeyboardInterrupt):
        meter.raise_reason()


def test_reading_is_repeated_while_the_connection_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(retries, "time", SimpleNamespace(sleep=waits.append))
    left = [aws.ResponseStreamingError(error="reset")] * 3

    def read() -> str:
        if left:
            raise left.pop()
        return "read"

    assert persistently(read) == "read"
    assert len(waits) == 3


@pytest.mark.parametrize(
    ("error", "times"), [(aws.ResponseStreamingError(error="reset"), ATTEMPTS), (refusal(404), 1), (ValueError(), 1)]
)
def test_reading_is_not_repeated_for_ever_nor_in_vain(
    error: Exception, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "time", SimpleNamespace(sleep=lambda _: None))
    calls: list[None] = []

    def read() -> None:
        calls.append(None)
        raise error

    with pytest.raises(type(error)):
        persistently(read)
    assert len(calls) == times
