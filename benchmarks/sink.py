"""An endpoint over TLS that answers as S3 does and throws the bytes away, so that only the client is measured.

`python -m benchmarks.sink FOLDER` writes certificate authority and port to files in the folder, and serves until it
is ended. It decodes what it has to in order to find the end of a request, and confirms each checksum as S3 does.
"""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from pathlib import Path
from typing import Any

import trustme

BUFFER = 1 << 20
XML = "<?xml version='1.0'?>"
OBJECT = f"{XML}<CompleteMultipartUploadResult><ETag>&quot;0&quot;</ETag></CompleteMultipartUploadResult>"
UPLOAD = f"{XML}<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
NOTHING_LISTED = f"{XML}<ListVersionsResult></ListVersionsResult>"


def serve(folder: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        (folder / "port").write_text(str(server.getsockname()[1]))
        while True:
            connection, _ = server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=answer_all, args=(connection, context), daemon=True).start()


def answer_all(connection: socket.socket, context: ssl.SSLContext) -> None:
    try:
        with context.wrap_socket(connection, server_side=True) as secure, secure.makefile("rb", BUFFER) as source:
            while answer_one(secure, source):
                pass
    except OSError:  # the client is gone
        return


def answer_one(secure: ssl.SSLSocket, source: Any) -> bool:
    first = source.readline().split()
    if not first:
        return False
    headers = {}
    while (line := source.readline()) != b"\r\n":
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    if headers.get("expect") == "100-continue":
        secure.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    skip(source, headers)
    method, target = first[0].decode(), first[1].decode()
    body = answer(method, target).encode()
    status = "404 Not Found" if method == "HEAD" else "200 OK"
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", 'ETag: "0"']
    lines += [f"{name}: {headers[name]}" for name in ("x-amz-checksum-sha256",) if name in headers]
    secure.sendall("\r\n".join([*lines, "", ""]).encode() + body)
    return True


def answer(method: str, target: str) -> str:
    if method == "POST":
        return OBJECT if "uploadId" in target else UPLOAD
    return NOTHING_LISTED if method == "GET" else ""


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
