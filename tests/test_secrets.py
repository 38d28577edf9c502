"""Keys are for signing alone: nothing that is shown, logged, written or sent holds them."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
import pytest
import xarray as xr

from brainpack.packaging import package_data_assembly_locally
from tests.helpers import recording
from tests.servers.base import free_ports
from tests.servers.faults import Answer, Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.ministack import MiniStack

SECRET = "wJalr/XUtn+FEMI/K7MDENG/bPxRfiCYdistinctive"  # noqa: S105 - made up for this test
TOKEN = "FwoGZXIvYXdzEBYaD/distinctive+session/token=="  # noqa: S105 - made up for this test
FORMS = [
    form.encode()
    for text in (SECRET, TOKEN)
    for form in (text, quote(text, safe=""), base64.b64encode(text.encode()).decode(), text[:16], text[-16:])
]

# Everything that a user may see of an error: the text of the exception, its traceback, what a log makes of it.
SCRIPT = """
import logging, sys, traceback, types
import botocore.endpoint
import brainpack
logging.basicConfig(level=logging.WARNING)
logging.getLogger("brainpack").setLevel(logging.DEBUG)
botocore.endpoint.time = types.SimpleNamespace(sleep=lambda seconds: None)
try:
    print(brainpack.plan(sys.argv[1], sys.argv[2]))
    for record in brainpack.publish(sys.argv[1], sys.argv[2]):
        print(record, record.to_json())
except brainpack.BrainpackError as error:
    print(type(error).__name__, error, repr(error), vars(error), getattr(error, "__notes__", ""))
    traceback.print_exc()
    logging.getLogger("brainpack").exception("failed")
"""


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    package_data_assembly_locally(recording(), "lab.A", "lab.S", downloads_path=tmp_path / "packages")
    return tmp_path / "packages"


def published(server: MiniStack, endpoint: str, packages: Path, bucket: str, *command: str) -> bytes:
    """What a process says that publishes, or does something else, with these keys in its environment."""
    home = packages.parent / "home"
    environment = os.environ | server.environment(endpoint=endpoint, secret_key=SECRET)
    environment |= {"AWS_SESSION_TOKEN": TOKEN, "BRAINIO_HOME": str(home), "BRAINPACK_PART_SIZE": "5"}
    arguments = command or ("-c", SCRIPT, str(packages), f"s3://{bucket}/lab")
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, check=False)
    return done.stdout + done.stderr


def written(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        yield str(path).encode()
        if path.is_file():
            yield path.read_bytes()


def stored(server: MiniStack, bucket: str) -> Iterator[bytes]:
    client = server.client()
    for listed in client.list_objects_v2(Bucket=bucket).get("Contents", []):
        found = client.get_object(Bucket=bucket, Key=listed["Key"])
        tags = client.get_object_tagging(Bucket=bucket, Key=listed["Key"])["TagSet"]
        yield repr((listed["Key"], found["Metadata"], found["ResponseMetadata"], tags)).encode()
        yield found["Body"].read()


def expect_no_secret(server: MiniStack, said: bytes, packages: Path, bucket: str) -> None:
    for text in (said, *written(packages.parent), *stored(server, bucket)):
        found = [form for form in FORMS if form in text]
        assert not found, text


def test_success_shows_no_secret(ministack: MiniStack, packages: Path) -> None:
    bucket = ministack.new_bucket(versioned=True)
    said = published(ministack, ministack.endpoint, packages, bucket)
    assert b"assy_lab_A.nc" in said
    assert b"Error" not in said
    assert len(list(stored(ministack, bucket))) == 4
    expect_no_secret(ministack, said, packages, bucket)


def test_an_endpoint_where_nobody_is_shows_no_secret(ministack: MiniStack, packages: Path) -> None:
    bucket = ministack.new_bucket(versioned=True)
    (port,) = free_ports(1)
    said = published(ministack, f"http://127.0.0.1:{port}", packages, bucket)
    assert b"Unavailable" in said
    assert b"Traceback" in said
    expect_no_secret(ministack, said, packages, bucket)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(403, "AccessDenied"),
        Answer(403, "SignatureDoesNotMatch"),
        Answer(400, "InvalidToken"),
        Answer(400, "ExpiredToken"),
        Answer(503, "SlowDown"),
    ],
    ids=lambda answer: answer.code,
)
def test_a_refusal_shows_no_secret(ministack: MiniStack, packages: Path, answer: Answer) -> None:
    bucket = ministack.new_bucket(versioned=True)
    with Proxy(ministack.port) as proxy:
        # Refuses what is sent, and to say who we are: the message has to name us by something else.
        proxy.plan = lambda request: answer if request.method == "PUT" or request.target == "/" else None
        said = published(ministack, proxy.endpoint, packages, bucket)
        assert proxy.injected["answer"] > 0
    assert b"Traceback" in said
    assert answer.code.encode() in said
    expect_no_secret(ministack, said, packages, bucket)


def test_a_name_that_is_taken_shows_no_secret(ministack: MiniStack, packages: Path) -> None:
    bucket = ministack.new_bucket(versioned=True)
    published(ministack, ministack.endpoint, packages, bucket)
    package_data_assembly_locally(recording() + 1, "lab.A", "lab.S", downloads_path=packages)
    said = published(ministack, ministack.endpoint, packages, bucket)
    assert b"AlreadyPublished" in said
    assert b"Traceback" in said
    expect_no_secret(ministack, said, packages, bucket)


def test_an_unfinished_upload_leaves_no_secret(ministack: MiniStack, packages: Path) -> None:
    bucket = ministack.new_bucket(versioned=True)
    noise = np.random.default_rng(0).random((800, 1000))  # which does not get smaller
    large = xr.DataArray(noise, {"neuroid_id": ("neuroid", np.arange(800))}, ("neuroid", "sample"))
    package_data_assembly_locally(large, "lab.A", "lab.S", "PropertyAssembly", packages)
    assert (packages / "assy_lab_A.nc").stat().st_size > 5 << 20
    with Proxy(ministack.port) as proxy:
        proxy.plan = lambda request: Answer() if "partNumber=2" in request.target else None
        said = published(ministack, proxy.endpoint, packages, bucket)
    assert b"Traceback" in said
    journals = list((packages.parent / "home").rglob("*.jsonl"))
    assert journals
    expect_no_secret(ministack, said, packages, bucket)


@pytest.mark.parametrize("command", ["doctor", "publish", "uploads"])
def test_commands_show_no_secret(ministack: MiniStack, packages: Path, command: str) -> None:
    bucket = ministack.new_bucket(versioned=True)
    place = f"s3://{bucket}/lab"
    arguments = ["publish", str(packages), "--to", place] if command == "publish" else [command, place]
    said = published(ministack, ministack.endpoint, packages, bucket, "-m", "brainpack", *arguments)
    assert said
    assert b"usage:" not in said
    expect_no_secret(ministack, said, packages, bucket)
