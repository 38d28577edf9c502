from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, IncompleteRead
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from tests.servers.faults import (
    NOTHING,
    Answer,
    Cut,
    Delay,
    Flip,
    Limit,
    Message,
    Proxy,
    Random,
    Stall,
    Truncate,
    always,
    once,
)

if TYPE_CHECKING:
    from collections.abc import Generator
    from http.client import HTTPResponse

    from mypy_boto3_s3 import S3Client

    from tests.servers.base import Server
    from tests.servers.ceph import Ceph

BODY = bytes(range(256)) * 2000


@pytest.fixture
def proxy(ceph: Ceph) -> Generator[Proxy]:
    with Proxy(ceph.port) as line:
        yield line


@pytest.fixture
def client(ceph: Ceph, proxy: Proxy) -> S3Client:
    """A client on the other side of the line."""
    return ceph.client(proxy.endpoint)


@pytest.fixture
def bucket(ceph: Ceph) -> str:
    return ceph.new_bucket(versioned=False)


def keys(server: Server, bucket: str) -> list[str]:
    return [entry["Key"] for entry in server.client().list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_a_line_without_faults_changes_nothing(server: Server) -> None:
    bucket = server.new_bucket(versioned=True)
    with Proxy(server.port) as proxy:
        client = server.client(proxy.endpoint)
        for body in (b"", b"x", BODY):
            version = client.put_object(Bucket=bucket, Key="a key", Body=body)["VersionId"]
            assert client.head_object(Bucket=bucket, Key="a key")["ContentLength"] == len(body)
            assert client.get_object(Bucket=bucket, Key="a key", VersionId=version)["Body"].read() == body
        assert len(client.list_object_versions(Bucket=bucket)["Versions"]) == 3
        with pytest.raises(ClientError, match="404"):
            client.head_object(Bucket=bucket, Key="nothing")
        client.delete_object(Bucket=bucket, Key="a key")
        assert [request.method for request in proxy.requests].count("PUT") == 3
        assert not proxy.injected


def test_large_objects_pass_in_pieces(ceph: Ceph, client: S3Client, bucket: str) -> None:
    client.put_object(Bucket=bucket, Key="key", Body=BODY * 40)
    assert client.get_object(Bucket=bucket, Key="key")["Body"].read() == BODY * 40


def test_many_connections_pass_at_once(client: S3Client, bucket: str) -> None:
    def there_and_back(number: int) -> bool:
        body = BODY + bytes([number])
        client.put_object(Bucket=bucket, Key=str(number), Body=body)
        return client.get_object(Bucket=bucket, Key=str(number))["Body"].read() == body

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(there_and_back, range(32)))


@pytest.mark.parametrize("at", [NOTHING, 0, 1000, 0.5, len(BODY) - 1])
def test_an_upload_is_cut(ceph: Ceph, proxy: Proxy, client: S3Client, bucket: str, at: float) -> None:
    proxy.plan = always(Cut("up", at))
    with pytest.raises(BotoCoreError):
        client.put_object(Bucket=bucket, Key="key", Body=BODY)
    assert keys(ceph, bucket) == []
    assert proxy.injected == {"cut up": 1}


def test_the_answer_is_lost_but_not_the_object(ceph: Ceph, proxy: Proxy, client: S3Client, bucket: str) -> None:
    proxy.plan = always(Cut("down", NOTHING))
    with pytest.raises(BotoCoreError):
        client.put_object(Bucket=bucket, Key="key", Body=BODY)
    assert keys(ceph, bucket) == ["key"]
    assert proxy.injected == {"cut down": 1}


def test_a_download_is_cut(ceph: Ceph, proxy: Proxy, bucket: str) -> None:
    ceph.client().put_object(Bucket=bucket, Key="key", Body=BODY)
    url = _presigned(ceph, proxy, bucket)
    proxy.plan = once(Cut("down", 1000))
    response = _request(proxy, "GET", url)
    with pytest.raises(ConnectionResetError):
        response.read()
    assert _request(proxy, "GET", url).read() == BODY


@pytest.mark.parametrize("at", [1000, 0.3])
def test_a_download_is_truncated(ceph: Ceph, proxy: Proxy, bucket: str, at: float) -> None:
    ceph.client().put_object(Bucket=bucket, Key="key", Body=BODY)
    url = _presigned(ceph, proxy, bucket)
    proxy.plan = once(Truncate(at))
    with pytest.raises(IncompleteRead) as error:
        _request(proxy, "GET", url).read()
    length = at if isinstance(at, int) else int(at * len(BODY))
    assert error.value.partial == BODY[:length]


def test_a_byte_changes_on_the_way_down(ceph: Ceph, proxy: Proxy, client: S3Client, bucket: str) -> None:
    ceph.client().put_object(Bucket=bucket, Key="key", Body=BODY)
    for at in (0, 70_000, len(BODY) - 1):
        proxy.plan = once(Flip("down", at))
        got = client.get_object(Bucket=bucket, Key="key")["Body"].read()
        assert [place for place, pair in enumerate(zip(BODY, got, strict=True)) if pair[0] != pair[1]] == [at]
    assert proxy.injected == {"flip down": 3}


def test_a_byte_changes_on_the_way_up(ceph: Ceph, proxy: Proxy, client: S3Client, bucket: str) -> None:
    proxy.plan = always(Flip("up", 0.5))
    with pytest.raises(ClientError) as refusal:
        client.put_object(Bucket=bucket, Key="key", Body=BODY)
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert keys(ceph, bucket) == []
    assert proxy.injected == {"flip up": 1}


@pytest.mark.parametrize("fault", [Stall("up", 1000), Stall("up", NOTHING), Stall("down", NOTHING)])
def test_a_stalled_request_is_not_answered(ceph: Ceph, proxy: Proxy, bucket: str, fault: Stall) -> None:
    proxy.plan = once(fault)
    with pytest.raises(TimeoutError):
        _request(proxy, "PUT", _presigned(ceph, proxy, bucket, "put_object"), BODY, timeout=0.2)
    assert keys(ceph, bucket) == (["key"] if fault.direction == "down" else [])
    assert proxy.injected == {f"stall {fault.direction}": 1}


def test_a_stalled_download_has_begun(ceph: Ceph, proxy: Proxy, bucket: str) -> None:
    ceph.client().put_object(Bucket=bucket, Key="key", Body=BODY)
    url = _presigned(ceph, proxy, bucket)
    proxy.plan = once(Stall("down", 1000))
    response = _request(proxy, "GET", url, timeout=0.2)
    assert response.read(1000) == BODY[:1000]
    with pytest.raises(TimeoutError):
        response.read(1)


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (403, "AccessDenied")])
def test_another_answers_in_place_of_the_server(
    ceph: Ceph, proxy: Proxy, client: S3Client, bucket: str, status: int, code: str
) -> None:
    proxy.plan = once(Answer(status, code), Answer(status, code), Answer(status, code))
    with pytest.raises(ClientError, match=code):
        client.put_object(Bucket=bucket, Key="key", Body=BODY)
    with pytest.raises(ClientError, match=code):
        client.list_buckets()
    with pytest.raises(ClientError, match=str(status)):
        client.head_bucket(Bucket=bucket)
    assert keys(ceph, bucket) == []
    client.put_object(Bucket=bucket, Key="key", Body=BODY)
    assert proxy.injected == {"answer": 3}


def test_a_client_that_tries_again_succeeds(ceph: Ceph, proxy: Proxy, bucket: str) -> None:
    proxy.plan = once(Answer(), Cut("up", 1000), Cut("down", NOTHING))
    ceph.client(proxy.endpoint, attempts=4).put_object(Bucket=bucket, Key="key", Body=BODY)
    assert [request.method for request in proxy.requests] == ["PUT"] * 4
    assert ceph.client().get_object(Bucket=bucket, Key="key")["Body"].read() == BODY


def test_a_test_can_choose_the_request(proxy: Proxy, client: S3Client, bucket: str) -> None:
    proxy.plan = once(Answer(), when=lambda request: request.method == "PUT" and request.target.endswith("/second"))
    client.put_object(Bucket=bucket, Key="first", Body=b"")
    with pytest.raises(ClientError, match="SlowDown"):
        client.put_object(Bucket=bucket, Key="second", Body=b"")
    client.put_object(Bucket=bucket, Key="second", Body=b"")


def test_slow_lines_deliver(ceph: Ceph, proxy: Proxy, client: S3Client, bucket: str) -> None:
    proxy.plan = once(Delay(0.01), Limit(5e6))
    client.put_object(Bucket=bucket, Key="key", Body=BODY)
    assert client.get_object(Bucket=bucket, Key="key")["Body"].read() == BODY
    assert proxy.injected == {"delay": 1, "limit up": 1, "limit down": 1}


@pytest.mark.parametrize("fault", [Delay(1000), Limit(1)])
def test_slow_lines_are_slow(ceph: Ceph, proxy: Proxy, bucket: str, fault: Delay | Limit) -> None:
    ceph.client().put_object(Bucket=bucket, Key="key", Body=BODY)
    proxy.plan = once(fault)
    with pytest.raises(TimeoutError):
        _request(proxy, "GET", _presigned(ceph, proxy, bucket), timeout=0.2).read()


def test_nobody_can_connect_until_the_line_accepts_again(proxy: Proxy, client: S3Client) -> None:
    idle = HTTPConnection("127.0.0.1", proxy.port)
    idle.connect()
    client.list_buckets()
    port = proxy.port
    proxy.refuse()
    with pytest.raises(EndpointConnectionError):
        client.list_buckets()
    with pytest.raises(ConnectionResetError):
        idle.sock.recv(1)
    idle.close()
    proxy.accept()
    assert proxy.port == port
    client.list_buckets()


def test_a_client_hears_that_the_server_is_not_there() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, so that no other has the port, and not listening
        with Proxy(nobody.getsockname()[1]) as proxy, pytest.raises(ConnectionResetError):
            _request(proxy, "GET", "/")


def test_the_thread_ends_with_the_line() -> None:
    before = threading.active_count()
    with Proxy(1):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_luck_depends_on_the_seed_alone() -> None:
    put = Message(b"", ("PUT", "/bucket/key", "HTTP/1.1"), {"content-length": "10"})
    get = Message(b"", ("GET", "/bucket/key?versionId=1", "HTTP/1.1"), {})
    plans = [Random(seed, share=0.3) for seed in (1, 1, 2)]
    faults = [[plan(request) for request in (put, get) * 500] for plan in plans]
    assert faults[0] == faults[1] != faults[2]
    assert 200 < sum(fault is not None for fault in faults[0]) < 400
    kinds = {(type(fault), getattr(fault, "direction", None)) for fault in faults[0] if fault}
    assert kinds == {
        (Answer, None),
        (Cut, "up"),
        (Cut, "down"),
        (Truncate, "down"),
        (Flip, "up"),
        (Flip, "down"),
    }


def test_only_the_chosen_kinds_happen_and_no_list_is_changed() -> None:
    lists = Message(b"", ("GET", "/bucket?list-type=2", "HTTP/1.1"), {})
    objects = Message(b"", ("GET", "/bucket/key", "HTTP/1.1"), {})
    plan = Random(1, share=1, kinds=["flip down", "flip up"])
    assert plan(lists) is None
    assert isinstance(plan(objects), Flip)


def test_whatever_happens_at_random_an_object_is_there_whole_or_not_at_all(
    ceph: Ceph, proxy: Proxy, client: S3Client, bucket: str
) -> None:
    ceph.client().put_object(Bucket=bucket, Key="there", Body=BODY)
    proxy.plan = Random(seed=7, share=0.4)
    changed = 0
    for number in range(60):
        try:
            client.put_object(Bucket=bucket, Key=str(number), Body=BODY)
        except (BotoCoreError, ClientError):
            pass
        else:
            assert str(number) in keys(ceph, bucket)
        with suppress(BotoCoreError, ClientError):
            changed += client.get_object(Bucket=bucket, Key="there")["Body"].read() != BODY
    assert changed == proxy.injected["flip down"] > 0
    assert set(proxy.injected) == {"answer", "cut up", "cut down", "truncate down", "flip up", "flip down"}
    for key in keys(ceph, bucket):
        assert ceph.client().get_object(Bucket=bucket, Key=key)["Body"].read() == BODY


def _presigned(ceph: Ceph, proxy: Proxy, bucket: str, action: str = "get_object") -> str:
    """Path and query by which anybody may do this with an object, on this line."""
    client = ceph.client(proxy.endpoint)
    return client.generate_presigned_url(action, {"Bucket": bucket, "Key": "key"}).removeprefix(proxy.endpoint)


def _request(proxy: Proxy, method: str, target: str, body: bytes | None = None, *, timeout: float = 20) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", proxy.port, timeout=timeout)
    try:
        connection.request(method, target, body, headers={"Connection": "close"})
        return connection.getresponse()
    finally:
        connection.close()  # the response keeps it open until its end
