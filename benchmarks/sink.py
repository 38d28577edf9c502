"""An endpoint over TLS that answers as S3 does and throws the bytes away, so that only the client is measured.

`python -m benchmarks.sink FOLDER` writes certificate authority and port to files in the folder, and serves until it
is ended. It decodes what it has to in order to find the end of a request, confirms each checksum as S3 does, knows
afterwards of each object how long it is and what its metadata are, and answers the question of STS who is there.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import trustme

if TYPE_CHECKING:
    from collections.abc import Iterator

BUFFER = 1 << 20
XML = "<?xml version='1.0'?>"
OBJECT = f"{XML}<CompleteMultipartUploadResult><ETag>&quot;0&quot;</ETag></CompleteMultipartUploadResult>"
UPLOAD = f"{XML}<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
NOTHING_LISTED = f"{XML}<ListVersionsResult></ListVersionsResult>"
IDENTITY = (
    f"{XML}<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/benchmark</Arn>"
    "<UserId>1</UserId><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)
ROOT = Path(__file__).parents[1]


@contextmanager
def sink() -> Iterator[dict[str, str]]:
    """Run one in a process of its own; yield the settings that lead to it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process = subprocess.Popen([sys.executable, "-m", "benchmarks.sink", name], cwd=ROOT)
        try:
            while not (folder / "port").exists() or not (folder / "port").read_text():
                if process.poll() is not None:
                    raise RuntimeError("the sink ended at once")
                time.sleep(0.05)
            yield {
                "AWS_ENDPOINT_URL": f"https://127.0.0.1:{(folder / 'port').read_text()}",
                "AWS_CA_BUNDLE": str(folder / "ca.pem"),
                "AWS_ACCESS_KEY_ID": "benchmark",
                "AWS_SECRET_ACCESS_KEY": "benchmark",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_EC2_METADATA_DISABLED": "true",
            }
        finally:
            process.terminate()
            process.wait()


class Request(NamedTuple):
    """What is asked, and how long its body was."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    size: int


class Objects:
    """What has been stored, without its bytes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sizes: Counter[str] = Counter()
        self._metadata: dict[str, dict[str, str]] = {}
        self._complete: set[str] = set()

    def answer(self, request: Request) -> tuple[str, dict[str, str], str]:
        """Status, headers and body."""
        if request.method == "POST":
            return "200 OK", {}, self._post(request)
        if request.method == "PUT" and "tagging" not in request.query:
            self._put(request)
        if request.method == "HEAD":
            return self._head(request.path)
        return "200 OK", {}, NOTHING_LISTED if request.method == "GET" else ""

    def _post(self, request: Request) -> str:
        if request.path == "/":
            return IDENTITY
        if "uploadId" in request.query:
            self._complete.add(request.path)
            return OBJECT
        self._metadata[request.path] = _metadata(request.headers)
        return UPLOAD

    def _put(self, request: Request) -> None:
        with self._lock:
            self._sizes[request.path] += request.size
        if "uploadId" not in request.query:
            self._metadata[request.path] = _metadata(request.headers)
            self._complete.add(request.path)

    def _head(self, path: str) -> tuple[str, dict[str, str], str]:
        if path not in self._complete:
            return "404 Not Found", {}, ""
        return "200 OK", {"Content-Length": str(self._sizes[path])} | self._metadata[path], ""


def _metadata(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith("x-amz-meta-")}


def serve(folder: Path) -> None:
    authority, objects = trustme.CA(), Objects()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        (folder / "port").write_text(str(server.getsockname()[1]))
        while True:
            connection, _ = server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=answer_all, args=(connection, context, objects), daemon=True).start()


def answer_all(connection: socket.socket, context: ssl.SSLContext, objects: Objects) -> None:
    try:
        with context.wrap_socket(connection, server_side=True) as secure, secure.makefile("rb", BUFFER) as source:
            while (request := received(secure, source)) is not None:
                status, headers, body = objects.answer(request)
                headers = {"Content-Length": str(len(body)), "ETag": '"0"'} | headers
                headers |= {
                    name: request.headers[name] for name in ("x-amz-checksum-sha256",) if name in request.headers
                }
                lines = (f"{name}: {value}" for name, value in headers.items())
                secure.sendall("\r\n".join([f"HTTP/1.1 {status}", *lines, "", body]).encode())
    except OSError:  # the client is gone
        return


def received(secure: ssl.SSLSocket, source: Any) -> Request | None:
    first = source.readline().split()
    if not first:
        return None
    headers = {}
    while (line := source.readline()) != b"\r\n":
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    if headers.get("expect") == "100-continue":
        secure.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    skip(source, headers)
    target = urlsplit(first[1].decode())
    size = int(headers.get("x-amz-decoded-content-length") or headers.get("content-length") or 0)
    return Request(first[0].decode(), target.path, parse_qs(target.query, keep_blank_values=True), headers, size)


def skip(source: Any, headers: dict[str, str]) -> None:
    """Read the body to its end."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while size := int(source.readline().split(b";")[0], 16):
            skip_bytes(source, size + 2)
        while source.readline() != b"\r\n":
            pass
        return
    skip_bytes(source, int(headers.get("content-length", 0)))


def skip_bytes(source: Any, count: int) -> None:
    buffer = memoryview(bytearray(BUFFER))
    while count > 0:
        received = source.readinto(buffer[: min(count, BUFFER)])
        if not received:
            raise ConnectionResetError
        count -= received


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
