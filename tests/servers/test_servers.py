from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, SSLError

from tests.servers.base import Processes, free_ports, virtual_environment
from tests.servers.ceph import Ceph

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.base import Server
    from tests.servers.ministack import MiniStack
    from tests.servers.swift import Swift

ROOT = Path(__file__).parents[2]
WRONG = "0" * 40


def test_what_is_put_can_be_got(server: Server) -> None:
    bucket = server.new_bucket(versioned=False)
    client = server.client()
    client.put_object(Bucket=bucket, Key="a/b", Body=b"\0\xff" * 100_000, Metadata={"lab": "one"})
    got = client.get_object(Bucket=bucket, Key="a/b")
    assert got["Body"].read() == b"\0\xff" * 100_000
    assert got["Metadata"] == {"lab": "one"}


def test_a_versioned_bucket_keeps_what_is_replaced(server: Server) -> None:
    bucket = server.new_bucket(versioned=True)
    client = server.client()
    first, second = (client.put_object(Bucket=bucket, Key="key", Body=body)["VersionId"] for body in (b"one", b"two"))
    assert first != second
    assert client.get_object(Bucket=bucket, Key="key", VersionId=first)["Body"].read() == b"one"
    assert client.get_object(Bucket=bucket, Key="key")["Body"].read() == b"two"


def test_an_unversioned_bucket_does_not(server: Server) -> None:
    bucket = server.new_bucket(versioned=False)
    client = server.client()
    for body in (b"one", b"two"):
        client.put_object(Bucket=bucket, Key="key", Body=body)
    versions = client.list_object_versions(Bucket=bucket)["Versions"]
    assert [version["VersionId"] for version in versions] == ["null"]


def test_a_multipart_upload_is_put_together(server: Server) -> None:
    bucket = server.new_bucket(versioned=True)
    client = server.client()
    upload = client.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]
    bodies = {1: b"1" * (5 << 20), 2: b"2"}
    tags = {
        number: client.upload_part(Bucket=bucket, Key="key", UploadId=upload, PartNumber=number, Body=body)["ETag"]
        for number, body in bodies.items()
    }
    client.complete_multipart_upload(
        Bucket=bucket,
        Key="key",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": number, "ETag": tag} for number, tag in tags.items()]},
    )
    assert client.get_object(Bucket=bucket, Key="key")["Body"].read() == bodies[1] + bodies[2]


def test_a_client_process_needs_only_the_environment(server: Server) -> None:
    bucket = server.new_bucket(versioned=False)
    code = "import boto3; print([bucket['Name'] for bucket in boto3.client('s3').list_buckets()['Buckets']])"
    done = subprocess.run([sys.executable, "-c", code], env=server.environment(), capture_output=True, check=True)
    assert bucket in done.stdout.decode()


def test_another_endpoint_and_other_keys_have_their_place_in_the_environment(server: Server) -> None:
    own = server.environment()
    other = server.environment("http://127.0.0.1:1", "key", "secret")
    assert {name for name in own if own[name] != other[name]} == {
        "AWS_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    }


def test_only_this_machine_can_connect(server: Server) -> None:
    listening = {
        fields[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if (fields := line.split())[3] == "0A"
    }
    assert f"0100007F:{server.port:04X}" in listening
    assert f"00000000:{server.port:04X}" not in listening


def test_objects_survive_the_death_of_the_server(server: Server) -> None:
    bucket = server.new_bucket(versioned=True)
    client = server.client()
    version = client.put_object(Bucket=bucket, Key="key", Body=b"x" * 1_000_000)["VersionId"]
    server.kill_hard()
    try:
        with pytest.raises(EndpointConnectionError):
            client.list_buckets()
    finally:
        server.restart()
    assert client.get_object(Bucket=bucket, Key="key", VersionId=version)["Body"].read() == b"x" * 1_000_000
    client.put_object(Bucket=bucket, Key="key", Body=b"after")


def test_ceph_refuses_who_cannot_sign(ceph: Ceph) -> None:
    _refuses(ceph.client(secret_key=WRONG).list_buckets)
    _refuses(ceph.client(access_key="nobody").list_buckets)


def test_swift_refuses_who_cannot_sign(swift: Swift) -> None:
    _refuses(swift.client(secret_key=WRONG).list_buckets)
    _refuses(swift.client(access_key="nobody:main").list_buckets)


def test_ministack_refuses_users_who_cannot_sign_or_may_not(ministack: MiniStack) -> None:
    bucket = ministack.new_bucket(versioned=False)
    statement = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    access_key, secret_key = ministack.user({"Version": "2012-10-17", "Statement": [statement]})
    client = ministack.client(access_key=access_key, secret_key=secret_key)
    client.put_object(Bucket=bucket, Key="key", Body=b"")
    _refuses(lambda: client.get_object(Bucket=bucket, Key="key"))
    impostor = ministack.client(access_key=access_key, secret_key=WRONG)
    _refuses(lambda: impostor.put_object(Bucket=bucket, Key="key", Body=b""))


def test_ceph_keeps_users_apart_until_it_refuses_one(ceph: Ceph) -> None:
    bucket = ceph.new_bucket(versioned=False)
    access_key, secret_key = ceph.second_user()
    client = ceph.client(access_key=access_key, secret_key=secret_key)
    assert client.list_buckets()["Buckets"] == []
    _refuses(lambda: client.put_object(Bucket=bucket, Key="key", Body=b""))
    ceph.admin("user", "suspend", "--uid", access_key)
    _refuses(client.list_buckets)


def test_ceph_talks_tls_to_clients_who_know_its_certificate(ceph: Ceph) -> None:
    bucket = ceph.new_bucket(versioned=False)
    ceph.client(ceph.ssl_endpoint, verify=str(ceph.ca_file)).put_object(Bucket=bucket, Key="key", Body=b"secret")
    assert ceph.client().get_object(Bucket=bucket, Key="key")["Body"].read() == b"secret"
    with pytest.raises(SSLError):
        ceph.client(ceph.ssl_endpoint).list_buckets()


def test_ceph_answers_when_it_is_resumed(ceph: Ceph) -> None:
    connection = HTTPConnection("127.0.0.1", ceph.port, timeout=0.2)
    ceph.pause()
    try:
        connection.request("GET", "/")
        with pytest.raises(TimeoutError):
            connection.getresponse()
    finally:
        ceph.resume()
        connection.close()
    ceph.client().list_buckets()


def test_ceph_is_skipped_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    server = Ceph()
    with pytest.raises(pytest.skip.Exception, match="apt-get install -y --no-install-recommends radosgw"), server:
        pass
    assert not server.folder.exists()


@pytest.mark.slow
def test_a_server_is_skipped_that_cannot_be_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match="cannot be installed"):
        virtual_environment("server", str(tmp_path / "nowhere.whl"))


def test_nobody_listens_at_free_ports() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    for port in ports:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", port))


def test_killed_processes_have_ended(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    processes.start("one", sys.executable, "-c", "print('word', flush=True); input()")
    _until(lambda: "EOFError" in processes.last_words())
    assert "word" in processes.last_words()
    _until(processes.have_ended)
    processes.start("two", "sleep", "1000")
    processes.kill()
    processes.kill()  # nothing to do


def test_servers_end_when_pytest_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    code = f"""
from pathlib import Path
from tests.servers.base import Processes
processes = Processes(Path({str(folder)!r}))
processes.start("one", "bash", "-c", "echo $$ > pid.part; mv pid.part pid; sleep 1000")
Path({str(tmp_path / "started")!r}).touch()
input()
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE) as parent:
        _until(lambda: (folder / "pid").exists() and (tmp_path / "started").exists())
        pid = int((folder / "pid").read_text())
        os.kill(parent.pid, signal.SIGKILL)
        _until(lambda: not _runs(pid) and not folder.exists())


def _refuses(action: Callable[[], object]) -> None:
    with pytest.raises(ClientError) as refusal:
        action()
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def _runs(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
