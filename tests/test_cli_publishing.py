"""The commands that talk to a store, as processes of their own, with real servers."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from brainpack.packaging import package_data_assembly_locally, package_stimulus_set_locally
from tests.helpers import recording, stimulus_set
from tests.servers.base import free_ports

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.base import Server
    from tests.servers.ceph import Ceph
    from tests.servers.ministack import MiniStack

LINE = re.compile(r"^(\S+)/([^/\s]+)  SHA-1 ([0-9a-f]{40})(?:  version (\S+))?$", re.MULTILINE)
PUBLISHED = (
    "assy_lab_Set2026_rates.brainpack.json",
    "assy_lab_Set2026_rates.nc",
    "stimulus_lab_Set2026.brainpack.json",
    "stimulus_lab_Set2026.csv",
    "stimulus_lab_Set2026.zip",
)


@pytest.fixture(scope="module")
def _packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packaged")
    package_stimulus_set_locally(stimulus_set(folder / "sources"), "lab.Set2026", folder / "made")
    package_data_assembly_locally(recording(), "lab.Set2026.rates", "lab.Set2026", downloads_path=folder / "made")
    return folder / "made"


@pytest.fixture
def packages(_packaged: Path, tmp_path: Path) -> Path:
    """A stimulus set and the responses to it."""
    return shutil.copytree(_packaged, tmp_path / "made")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


class Run:
    """The command, for somebody who has set up nothing but what the test says."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.environment: dict[str, str] = {}
        self.secrets: set[str] = set()

    def connect(self, server: Server, **environment: str) -> None:
        self.environment = server.environment(**environment)
        self.secrets |= {server.secret_key, self.environment["AWS_SECRET_ACCESS_KEY"]}

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return subprocess.Popen(
            [sys.executable, "-m", "brainpack", *arguments],
            env={**inherited, "HOME": str(self.home), "BRAINIO_HOME": str(self.home), **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __call__(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments) as process:
            output, errors = process.communicate()
        assert not [secret for secret in self.secrets if secret in output + errors]
        assert "Traceback" not in errors
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def keys(server: Server, bucket: str) -> dict[str, int]:
    """How many versions every key has."""
    answer: Any = server.client().list_object_versions(Bucket=bucket)
    found = [version["Key"] for version in answer.get("Versions", [])]
    return {key: found.count(key) for key in found}


def repackaged(packages: Path) -> None:
    package_data_assembly_locally(
        recording() + 1, "lab.Set2026.rates", "lab.Set2026", downloads_path=packages, extras=None
    )


# ------------------------------------------------------------------------------------------- publish


def test_to_a_folder(run: Run, packages: Path, tmp_path: Path) -> None:
    done = run("publish", packages, "--to", tmp_path / "published")
    assert (done.returncode, done.stderr) == (0, "")
    printed = {name: sha1 for _, name, sha1, _ in LINE.findall(done.stdout)}
    assert printed == {
        name: hashlib.sha1((tmp_path / "published" / name).read_bytes(), usedforsecurity=False).hexdigest()
        for name in PUBLISHED
    }
    again = run("publish", packages, "--to", tmp_path / "published")
    assert (again.returncode, again.stdout) == (0, done.stdout)


@pytest.mark.parametrize("versioned", [True, False])
def test_to_a_bucket(run: Run, packages: Path, ministack: MiniStack, *, versioned: bool) -> None:
    bucket = ministack.new_bucket(versioned=versioned)
    run.connect(ministack)
    done = run("publish", packages, "--to", f"s3://{bucket}/lab")
    assert (done.returncode, done.stderr) == (0, "")
    lines = LINE.findall(done.stdout)
    assert len(lines) == done.stdout.count("\n") == 5
    assert {url for url, *_ in lines} == {f"s3://{bucket}/lab"}
    assert sorted(name for _, name, *_ in lines) == [*PUBLISHED]
    for _, name, sha1, version_id in lines:
        named: Any = {"VersionId": version_id} if version_id else {}
        body = ministack.client().get_object(Bucket=bucket, Key=f"lab/{name}", **named)["Body"]
        with body:
            assert hashlib.sha1(body.read(), usedforsecurity=False).hexdigest() == sha1
        assert bool(version_id) is versioned

    again = run("publish", packages, "--to", f"s3://{bucket}/lab")
    assert (again.returncode, again.stdout, again.stderr) == (0, done.stdout, "")
    assert set(keys(ministack, bucket).values()) == {1}


def test_one_record_and_a_warning_in_one_line(run: Run, packages: Path, ceph: Ceph) -> None:
    bucket = ceph.new_bucket(versioned=True)
    run.connect(ceph)
    done = run("publish", packages / PUBLISHED[0], "--to", f"s3://{bucket}")
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert done.stderr.startswith(f"brainpack: warning: objects in s3://{bucket} get no tag 'uploadedBy': ")
    assert sorted(keys(ceph, bucket)) == [*PUBLISHED[:2]]
    assert [name for _, name, *_ in LINE.findall(done.stdout)] == [PUBLISHED[1], PUBLISHED[0]]


def test_quiet(run: Run, packages: Path, ministack: MiniStack) -> None:
    bucket = ministack.new_bucket(versioned=True)
    run.connect(ministack)
    for more in (["--dry-run"], []):
        done = run("publish", packages, "--to", f"s3://{bucket}/lab", "--quiet", *more)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(keys(ministack, bucket)) == 5


def test_dry_run_touches_nothing(run: Run, packages: Path, ministack: MiniStack) -> None:
    bucket = ministack.new_bucket(versioned=True)
    run.connect(ministack)
    done = run("publish", packages, "--to", f"s3://{bucket}/lab", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"s3://{bucket}/lab: ")
    assert done.stdout.count("\n  put ") == 5
    assert keys(ministack, bucket) == {}
    assert not run.home.exists()


def test_other_bytes_are_refused_and_replaced_on_demand(run: Run, packages: Path, ministack: MiniStack) -> None:
    bucket = ministack.new_bucket(versioned=True)
    run.connect(ministack)
    target = f"s3://{bucket}/lab"
    assert run("publish", packages, "--to", target, "--quiet").returncode == 0
    before = keys(ministack, bucket)
    repackaged(packages)

    dry = run("publish", packages, "--to", target, "--dry-run")
    assert (dry.returncode, dry.stderr) == (1, "")
    assert dry.stdout.count("\n  refuse ") == 2

    refused = run("publish", packages, "--to", target)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("brainpack: nothing was sent, because other bytes are published")
    assert dry.stdout in refused.stderr
    assert keys(ministack, bucket) == before

    dry = run("publish", packages, "--to", target, "--dry-run", "--replace")
    assert (dry.returncode, dry.stdout.count("\n  replace ")) == (0, 2)
    assert keys(ministack, bucket) == before

    replaced = run("publish", packages, "--to", target, "--replace")
    assert (replaced.returncode, replaced.stderr) == (0, "")
    assert keys(ministack, bucket) == before | {f"lab/{name}": 2 for name in PUBLISHED[:2]}


def test_replacing_where_no_versions_are_kept_warns(run: Run, packages: Path, ministack: MiniStack) -> None:
    bucket = ministack.new_bucket(versioned=False)
    run.connect(ministack)
    run("publish", packages, "--to", f"s3://{bucket}", "--quiet")
    repackaged(packages)
    done = run("publish", packages, "--to", f"s3://{bucket}", "--replace", "--quiet")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr
    assert all(line.startswith("brainpack: warning: s3://") for line in done.stderr.splitlines())


def test_a_file_that_is_not_the_one_that_was_packaged(run: Run, packages: Path, ministack: MiniStack) -> None:
    bucket = ministack.new_bucket(versioned=True)
    run.connect(ministack)
    (packages / PUBLISHED[1]).write_bytes(bytes((packages / PUBLISHED[1]).stat().st_size))
    done = run("publish", packages / PUBLISHED[2], packages / PUBLISHED[0], "--to", f"s3://{bucket}/lab")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is not the file that its digest says" in done.stderr
    assert f"lab/{PUBLISHED[0]}" not in keys(ministack, bucket)


def test_what_arrived_before_a_failure_is_told(run: Run, packages: Path, ministack: MiniStack) -> None:
    bucket = ministack.new_bucket(versioned=True)
    run.connect(ministack)
    (packages / PUBLISHED[4]).write_bytes(bytes((packages / PUBLISHED[4]).stat().st_size))
    done = run("publish", packages, "--to", f"s3://{bucket}/lab")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"{PUBLISHED[3]} arrived in s3://{bucket}/lab, and no record points")
    assert list(keys(ministack, bucket)) == [f"lab/{PUBLISHED[3]}"]


def test_interrupted(run: Run, tmp_path: Path) -> None:
    record = tmp_path / "slow.brainpack.json"
    os.mkfifo(record)
    command = run.start("publish", record, "--to", tmp_path / "published", "--dry-run")
    with record.open("w", encoding="utf-8"):  # returns when the command has opened the other end, to read for ever
        command.send_signal(signal.SIGINT)
        output, errors = command.communicate()
    assert (command.returncode, output) == (130, "")
    assert errors == "brainpack: interrupted; the same command again does what is left\n"


def test_no_packages(run: Run, tmp_path: Path) -> None:
    done = run("publish", tmp_path, "--to", tmp_path / "published")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("brainpack: there is no record")


# ------------------------------------------------------------------------------------------- uploads


def test_unfinished_uploads(run: Run, ministack: MiniStack) -> None:
    bucket = ministack.new_bucket(versioned=True)
    run.connect(ministack)
    begun = {
        key: ministack.client().create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        for key in ("lab/one.nc", "lab/two.nc", "labour/three.nc")
    }
    listed = run("uploads", f"s3://{bucket}/lab")
    assert (listed.returncode, listed.stderr) == (0, "")
    first, second, advice = listed.stdout.splitlines()
    assert first == f"one.nc  begun just now  upload id {begun['lab/one.nc']}"
    assert second == f"two.nc  begun just now  upload id {begun['lab/two.nc']}"
    assert "still running would have to begin anew" in advice

    aborted = run("uploads", f"s3://{bucket}/lab", "--abort")
    assert aborted.returncode == 0
    assert aborted.stdout.splitlines() == [f"aborted: {first}", f"aborted: {second}"]
    left: Any = ministack.client().list_multipart_uploads(Bucket=bucket)
    assert [upload["Key"] for upload in left["Uploads"]] == ["labour/three.nc"]

    nothing = run("uploads", f"s3://{bucket}/lab")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "no unfinished uploads\n", "")


@pytest.mark.parametrize("command", ["uploads", "doctor"])
def test_a_folder_is_no_bucket(run: Run, command: str, tmp_path: Path) -> None:
    done = run(command, tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"brainpack: {str(tmp_path)!r} would be a folder of this computer")
    assert "s3://bucket/folder" in done.stderr


# ------------------------------------------------------------------------------------------- doctor


def test_doctor_of_a_bucket_that_works(run: Run, ministack: MiniStack) -> None:
    bucket = ministack.new_bucket(versioned=True)
    run.connect(ministack)
    done = run("doctor", f"s3://{bucket}/lab")
    assert (done.returncode, done.stderr) == (0, "")
    *checks, last = done.stdout.splitlines()
    assert last == "publishing would work"
    assert all(check.startswith("ok      ") for check in checks)
    assert keys(ministack, bucket) == {}


def test_doctor_of_a_bucket_that_is_not_there(run: Run, ministack: MiniStack) -> None:
    run.connect(ministack)
    done = run("doctor", "s3://there-is-no-such-bucket/lab")
    assert (done.returncode, done.stderr) == (3, "")
    *_, failed, last = done.stdout.splitlines()
    assert failed.startswith("failed  bucket: ")
    assert last.startswith("publishing would not work")


@pytest.mark.parametrize("right", ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject", ""])
def test_the_doctor_is_right(run: Run, packages: Path, ministack: MiniStack, right: str) -> None:
    bucket = ministack.new_bucket(versioned=True)
    forbidden = {"Effect": "Deny", "Action": right or "s3:PutObjectTagging", "Resource": "*"}
    policy = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, forbidden]}
    access_key, secret_key = ministack.user({"Version": "2012-10-17", **policy})
    run.connect(ministack, access_key=access_key, secret_key=secret_key)
    examined = run("doctor", f"s3://{bucket}/lab")
    published = run("publish", packages, "--to", f"s3://{bucket}/lab")
    assert examined.returncode == published.returncode


# ------------------------------------------------------------------------------------------- what does not work


@pytest.mark.parametrize("command", ["publish", "uploads"])
def test_unknown_bucket(run: Run, packages: Path, ministack: MiniStack, command: str) -> None:
    run.connect(ministack)
    target = "s3://there-is-no-such-bucket/lab"
    done = run(command, *([packages, "--to", target] if command == "publish" else [target]))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("brainpack: ")
    assert "no such bucket" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [({"secret_key": "not-the-secret-key"}, "AWS_SECRET_ACCESS_KEY"), ({"access_key": "nobody"}, "AWS_ACCESS_KEY_ID")],
)
def test_wrong_credentials(run: Run, packages: Path, ceph: Ceph, wrong: dict[str, str], advice: str) -> None:
    bucket = ceph.new_bucket(versioned=True)
    run.connect(ceph, **wrong)
    done = run("publish", packages, "--to", f"s3://{bucket}/lab")
    assert (done.returncode, done.stdout) == (3, "")
    assert f"check {advice}" in done.stderr
    assert keys(ceph, bucket) == {}


def test_missing_credentials(run: Run, packages: Path, ministack: MiniStack) -> None:
    run.connect(ministack)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del run.environment[name]
    for arguments in (
        ["publish", packages, "--to", "s3://bucket"],
        ["uploads", "s3://bucket"],
        ["doctor", "s3://bucket"],
    ):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("brainpack: no AWS credentials were found: set AWS_PROFILE")


def test_a_port_that_refuses(run: Run, packages: Path, ministack: MiniStack) -> None:
    run.connect(ministack, endpoint=f"http://127.0.0.1:{free_ports(1)[0]}")
    done = run("publish", packages, "--to", "s3://bucket/lab")
    assert (done.returncode, done.stdout) == (3, "")
    assert "the store cannot be reached: check the network and the endpoint" in done.stderr


def test_a_certificate_that_nobody_vouches_for(run: Run, ceph: Ceph) -> None:
    run.connect(ceph, endpoint=ceph.ssl_endpoint)
    done = run("uploads", f"s3://{ceph.new_bucket(versioned=True)}")
    assert (done.returncode, done.stdout) == (3, "")
    assert "AWS_CA_BUNDLE" in done.stderr


def test_a_record_names_where_it_was_published(run: Run, packages: Path, ministack: MiniStack) -> None:
    bucket = ministack.new_bucket(versioned=True)
    run.connect(ministack)
    lines = LINE.findall(run("publish", packages, "--to", f"s3://{bucket}/lab").stdout)
    with ministack.client().get_object(Bucket=bucket, Key=f"lab/{PUBLISHED[0]}")["Body"] as body:
        record = json.loads(body.read())
    assert record["location"] == f"s3://{bucket}/lab"
    assert {file["name"]: file["version_id"] for file in record["files"]} == {
        name: version_id for _, name, _, version_id in lines if name == PUBLISHED[1]
    }
