"""Real servers as processes of this machine: their ports, their ends, and what a client has to know of them."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from abc import ABC, abstractmethod
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, ClassVar, Self

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from filelock import FileLock

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Below the ports that systems give to outgoing connections: such a connection could take the port of a server that is
# down between kill and restart, and one that polls for the server could even connect to itself.
PORTS = range(20_000, 32_000)

# Ends the processes of which it was told, and removes the folder, when the tests' end of its pipe closes: that happens
# also when pytest is killed. It has a group of its own, so that Ctrl-C in a terminal does not end it before.
LIFELINE = """
import contextlib, os, shutil, signal, sys, time
folder = sys.argv[1]
for pid in sys.stdin.read().split():
    with contextlib.suppress(ProcessLookupError):
        os.killpg(int(pid), signal.SIGKILL)
for _ in range(100):  # whoever is still dying may still write
    shutil.rmtree(folder, ignore_errors=True)
    if not os.path.exists(folder):
        break
    time.sleep(0.05)
"""

_SESSION = Lock()


@cache
def _session() -> boto3.Session:
    """One for all: reading what AWS is takes 0.1 s, and only clients may be made and used by several threads."""
    return boto3.Session()


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 on which nobody listens; random ones, since other test processes look for some, too."""
    found: dict[int, socket.socket] = {}
    try:
        while len(found) < count:
            listener = socket.socket()
            try:
                listener.bind(("127.0.0.1", secrets.choice(PORTS)))
            except OSError:
                listener.close()
            else:
                found[listener.getsockname()[1]] = listener
        return list(found)
    finally:
        for listener in found.values():
            listener.close()


class Processes:
    """Processes that end together, and with the process that started them, however that ends.

    Each of them leads a process group: Swift would leave any other.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._members: dict[str, subprocess.Popen[bytes]] = {}
        self._lifeline = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", LIFELINE, str(folder)], stdin=subprocess.PIPE, process_group=0
        )

    def start(self, name: str, *command: str | Path, **environment: str) -> None:
        """Start a command whose output goes to `<name>.log` in the folder."""
        with (self._folder / f"{name}.log").open("ab") as log:
            member = subprocess.Popen(
                command,
                cwd=self._folder,
                env=plain_environment() | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )
        self._members[name] = member
        pipe = self._lifeline.stdin
        assert pipe is not None
        pipe.write(b"%d\n" % member.pid)
        pipe.flush()

    def pause(self, name: str) -> None:
        """Stop a process; when this returns, all its threads have stopped."""
        self._members[name].send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._members[name].pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self, name: str) -> None:
        self._members[name].send_signal(signal.SIGCONT)

    def have_ended(self) -> bool:
        """Whether one of them is no more."""
        return any(process.poll() is not None for process in self._members.values())

    def last_words(self, size: int = 2000) -> str:
        """What they have written."""
        logs = ((name, self._folder / f"{name}.log") for name in self._members)
        return "\n".join(f"--- {name}\n{log.read_bytes()[-size:].decode(errors='replace')}" for name, log in logs)

    def kill(self) -> None:
        """SIGKILL, which gives nobody the time to write anything."""
        self._lifeline.kill()  # first: it must not find others under these numbers
        for member in self._members.values():
            with suppress(ProcessLookupError):
                os.killpg(member.pid, signal.SIGKILL)
        for process in (self._lifeline, *self._members.values()):
            process.communicate()


class Server(ABC):
    """An S3 server on 127.0.0.1 with a folder of its own; a context manager that ends it and removes the folder."""

    name: ClassVar[str]
    region: ClassVar[str] = "us-east-1"
    seconds_to_start: ClassVar[float] = 60

    def __init__(self) -> None:
        # Short, because the path of a Unix socket has at most 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
        self.access_key = f"{self.name}root"
        self.secret_key = secrets.token_hex(20)
        (self.port,) = free_ports(1)
        self._processes: Processes | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def processes(self) -> Processes:
        """Of the running server."""
        if self._processes is None:
            pytest.fail(f"{self.name} does not run")
        return self._processes

    def __enter__(self) -> Self:
        try:
            self.prepare()
            self.restart()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill_hard()
        shutil.rmtree(self.folder)

    @abstractmethod
    def prepare(self) -> None:
        """Make what has to be there before the first start, or skip the test."""

    @abstractmethod
    def launch(self, processes: Processes) -> None:
        """Start the server's processes on what is in its folder."""

    def probe(self) -> None:
        """Raise an error as long as the server cannot do all of its work."""
        self.client().list_buckets()

    def restart(self) -> None:
        """Start on the same data, at the same ports; back when signed requests are answered."""
        self.kill_hard()
        self._processes = Processes(self.folder)
        self.launch(self._processes)
        self._wait()

    def kill_hard(self) -> None:
        """SIGKILL all processes, as a power cut would."""
        if self._processes is not None:
            self._processes.kill()
            self._processes = None

    def environment(
        self, endpoint: str | None = None, access_key: str | None = None, secret_key: str | None = None
    ) -> dict[str, str]:
        """Let a client process find this server and nothing of the user's own configuration."""
        return {
            "AWS_ENDPOINT_URL": endpoint or self.endpoint,
            "AWS_ACCESS_KEY_ID": access_key or self.access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key or self.secret_key,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def client(
        self,
        endpoint: str | None = None,
        access_key: str | None = None,
        secret_key: str | None = None,
        *,
        attempts: int = 1,
        timeout: float = 20,
        verify: str | None = None,
    ) -> S3Client:
        """Look at what really is there; a failure is seen at once, because nothing is tried twice."""
        with _SESSION:
            return _session().client(
                "s3",
                endpoint_url=endpoint or self.endpoint,
                aws_access_key_id=access_key or self.access_key,
                aws_secret_access_key=secret_key or self.secret_key,
                region_name=self.region,
                verify=verify,
                config=Config(
                    connect_timeout=timeout,
                    read_timeout=timeout,
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                    retries={"total_max_attempts": attempts},
                    s3={"addressing_style": "path"},
                ),
            )

    def new_bucket(self, *, versioned: bool) -> str:
        """Give an empty bucket whose name nobody else has."""
        bucket = f"{self.name}-{uuid.uuid4().hex}"
        client = self.client()
        client.create_bucket(Bucket=bucket)
        if versioned:
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        return bucket

    def _wait(self) -> None:
        deadline = time.monotonic() + self.seconds_to_start
        while True:
            try:
                self.probe()
            except (BotoCoreError, ClientError, OSError) as error:
                if self.processes.have_ended() or time.monotonic() > deadline:
                    pytest.fail(f"{self.name} does not start: {error}\n{self.processes.last_words()}")
                time.sleep(0.02)
            else:
                return


def plain_environment() -> dict[str, str]:
    """What other programs inherit: settings for this Python and for other servers are not meant for them."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AWS_", "CEPH_"))}


def run(*command: str | Path) -> str:
    """Output of a command that has to succeed."""
    done = subprocess.run(command, env=plain_environment(), capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def virtual_environment(name: str, *requirements: str) -> Path:
    """Folder of the programs of a virtual environment that holds the requirements; made on first use, and kept."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    wanted = hashlib.sha256("\n".join(requirements).encode()).hexdigest()[:8]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "brainpack"
    folder = cache / f"{name}-py{version}-{wanted}"
    programs = folder / "bin"
    complete = folder / ".complete"
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):  # several test processes may ask at once
        if not (complete.exists() and (programs / "python").exists()):
            shutil.rmtree(folder, ignore_errors=True)
            run(sys.executable, "-m", "venv", folder)
            try:
                run(programs / "python", "-m", "pip", "install", "--quiet", *requirements)
            except RuntimeError as error:
                pytest.skip(f"{name} cannot be installed (no network?): {error}")
            complete.touch()
    return programs
