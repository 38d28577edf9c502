"""Ceph as a cluster of its own: a monitor, a disk in a sparse file, and the object gateway, which speaks S3."""

from __future__ import annotations

import secrets
import shutil
import struct
import time
import uuid
from base64 import b64encode
from textwrap import dedent
from typing import TYPE_CHECKING, ClassVar

import pytest

from tests.servers.base import Server, free_ports, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.base import Processes

PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw")
DISK_SIZE = 8 << 30

CONFIGURATION = """
    [global]
    fsid = {fsid}
    mon host = {monitor}
    public addr = 127.0.0.1
    cluster addr = 127.0.0.1

    # The gateway refuses to run without keys. The other setting keeps old clients out, and a warning with them.
    keyring = {folder}/keyring
    auth allow insecure global id reclaim = false

    # One disk holds the only copy of everything, so placing must not ask for a second one, nor for a second host.
    osd pool default size = 1
    osd pool default min size = 1
    osd crush chooseleaf type = 0
    # Every placement group is set up while the gateway waits for its pool.
    osd pool default pg num = 1
    osd pool default pgp num = 1

    # A change of the cluster's map is agreed on by one monitor: there is no reason to wait for more changes.
    paxos propose interval = 0.02
    paxos min wait = 0.01
    # The machine may be almost full. That is not for the monitor to judge.
    mon data avail warn = 1
    mon data avail crit = 1

    # A request that found the disk not yet up is repeated after this time instead of after 5 s.
    objecter tick interval = 0.1
    objecter timeout = 1

    # Everything is in the folder; what a program has to say goes to its output.
    run dir = {folder}
    pid file =
    admin socket =
    crash dir = {folder}
    log file =
    log to stderr = true
    mon cluster log file = /dev/null
    debug rocksdb = 0

    [mon]
    mon data = {folder}/mon

    [osd]
    osd data = {folder}/osd
    osd objectstore = bluestore
    bluestore block path = {folder}/osd/block.file
    bluestore block size = {disk_size}
    # Looking for damage after mkfs takes longer than mkfs.
    bluestore fsck on mkfs = false
    # Closing the disk waits for a poll to end, 250 ms long by default, and a start closes it seven times.
    bdev aio poll ms = 10
    # A modest cache, which does not grow with the memory of the machine.
    bluestore cache autotune = false
    osd memory target = 1073741824
    # A gateway that was killed is forgotten soon: others wait for its answer before they change a bucket.
    osd client watch timeout = 3
    osd default notify timeout = 2

    [client.rgw.a]
    rgw data = {folder}/rgw
    rgw frontends = beast endpoint=127.0.0.1:{port} ssl_endpoint=127.0.0.1:{ssl_port}
        ssl_certificate={folder}/server.pem ssl_private_key={folder}/server.key tcp_nodelay=1
    rgw enable apis = s3, admin
    # Work in the background that nobody here would see.
    rgw dynamic resharding = false
    rgw enable usage log = false
    rgw enable ops log = false
"""


class Ceph(Server):
    """The server of truth: a production object store."""

    name: ClassVar[str] = "ceph"

    def __init__(self) -> None:
        super().__init__()
        self.ssl_port, *monitor = free_ports(3)
        self._monitor = f"[v2:127.0.0.1:{monitor[0]},v1:127.0.0.1:{monitor[1]}]"
        self._configuration = ("-c", self.folder / "ceph.conf")
        self._has_user = False

    @property
    def ssl_endpoint(self) -> str:
        return f"https://127.0.0.1:{self.ssl_port}"

    @property
    def ca_file(self) -> Path:
        """What a client has to trust to use `ssl_endpoint`, for AWS_CA_BUNDLE."""
        return self.folder / "ca.pem"

    def prepare(self) -> None:
        missing = [program for program in PROGRAMS if shutil.which(program) is None]
        if missing:
            pytest.skip(
                f"{', '.join(missing)} not found; on Debian: "
                "apt-get install -y --no-install-recommends radosgw ceph-mon ceph-osd"
            )
        self._make_certificate()
        fsid = str(uuid.uuid4())
        configuration = dedent(CONFIGURATION).format(
            fsid=fsid,
            monitor=self._monitor,
            folder=self.folder,
            disk_size=DISK_SIZE,
            port=self.port,
            ssl_port=self.ssl_port,
        )
        (self.folder / "ceph.conf").write_text(configuration.replace("\n    ", " "), encoding="utf-8")
        for name in ("mon", "osd", "rgw"):
            (self.folder / name).mkdir()
        self._make_keys()
        # The first maps are made here, so that monitor and disk can start at the same time.
        monitors, disks = self.folder / "monmap", self.folder / "osdmap"
        run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", self._monitor, monitors)
        run("osdmaptool", *self._configuration, "--createsimple", "1", disks)
        keys = ("--keyring", self.folder / "keyring")
        run("ceph-mon", *self._configuration, "-i", "a", "--mkfs", "--monmap", monitors, "--osdmap", disks, *keys)
        with (self.folder / "osd" / "block.file").open("wb") as disk:
            disk.truncate(DISK_SIZE)  # sparse: takes what tests write
        run("ceph-osd", *self._configuration, "-i", "0", "--mkfs", "--osd-uuid", str(uuid.uuid4()), "--no-mon-config")

    def launch(self, processes: Processes) -> None:
        processes.start("monitor", "ceph-mon", *self._configuration, "-i", "a", "-f")
        processes.start("disk", "ceph-osd", *self._configuration, "-i", "0", "-f")
        if not self._has_user:
            self._add_user(self.access_key, self.secret_key)
            self._has_user = True
        processes.start("gateway", "radosgw", *self._configuration, "-n", "client.rgw.a", "-f")

    def pause(self) -> None:
        """Let the gateway answer nothing, while its connections stay open."""
        self.processes.pause("gateway")

    def resume(self) -> None:
        self.processes.resume("gateway")

    def second_user(self) -> tuple[str, str]:
        """Give access key and secret key of somebody who owns nothing. The access key is also the user's `--uid`."""
        access_key, secret_key = secrets.token_hex(10), secrets.token_hex(20)
        self._add_user(access_key, secret_key)
        return access_key, secret_key

    def admin(self, *arguments: str) -> str:
        """Act as the operator: `admin("user", "suspend", "--uid=…")`, also `key rm` and `quota set`."""
        return run("radosgw-admin", *self._configuration, *arguments)

    def _add_user(self, access_key: str, secret_key: str) -> None:
        keys = ("--access-key", access_key, "--secret-key", secret_key)
        self.admin("user", "create", "--uid", access_key, "--display-name", access_key, *keys)

    def _make_keys(self) -> None:
        everything = 'caps mon = "allow *"\ncaps osd = "allow *"\n'
        header = struct.pack("<HIIH", 1, int(time.time()), 0, 16)  # AES, time of creation, length
        (self.folder / "keyring").write_text(
            "\n".join(
                f"[{name}]\nkey = {b64encode(header + secrets.token_bytes(16)).decode()}\n{everything}"
                for name in ("mon.", "osd.0", "client.admin", "client.rgw.a")
            ),
            encoding="utf-8",
        )

    def _make_certificate(self) -> None:
        import trustme

        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1", "localhost")
        authority.cert_pem.write_to_path(self.ca_file)
        certificate.private_key_pem.write_to_path(self.folder / "server.key")
        for part in certificate.cert_chain_pems:
            part.write_to_path(self.folder / "server.pem", append=True)
