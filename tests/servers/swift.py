"""OpenStack Swift on one folder, with its S3 face."""

from __future__ import annotations

import getpass
import socket
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, ClassVar

from tests.servers.base import Server, free_ports, run, virtual_environment

if TYPE_CHECKING:
    from tests.servers.base import Processes

REQUIREMENT = "swift==2.38.3"

# Where the only copy of everything lies, for each kind: account, container, object.
RINGS = """
import sys
from swift.common.ring import RingBuilder
folder, *ports = sys.argv[1:]
for kind, port in zip(("account", "container", "object"), ports, strict=True):
    ring = RingBuilder(part_power=2, replicas=1, min_part_hours=1)
    ring.add_dev(dict(id=0, region=1, zone=1, ip="127.0.0.1", port=int(port), device="disk", weight=1))
    ring.rebalance()
    ring.get_ring().save(f"{folder}/{kind}.ring.gz")
"""

# Object names are hashed with these; they only must not change.
COMMON = """
    [swift-hash]
    swift_hash_path_prefix = brainpack
    swift_hash_path_suffix = brainpack
    [storage-policy:0]
    name = gold
    default = yes
"""

DEFAULT = """
    [DEFAULT]
    swift_dir = {folder}
    bind_ip = 127.0.0.1
    bind_port = {port}
    # No processes of its own, and no change of the user.
    workers = 0
    user = {user}
"""

STORAGE = """
    devices = {folder}
    # The disk is a folder.
    mount_check = false
    fallocate_reserve = 0
    disable_fallocate = true
    recon_cache_path = {folder}

    [pipeline:main]
    pipeline = {kind}-server

    [app:{kind}-server]
    use = egg:swift#{kind}
"""

FILTERS = {
    "catch_errors": "",
    "gatekeeper": "",
    "listing_formats": "",
    "bulk": "",
    "s3api": "location = us-east-1\ns3_acl = true\ncheck_bucket_owner = false",
    "tempauth": "user_{account}_main = {secret_key} .admin",
    "copy": "",
    "slo": "",  # multipart uploads
    "dlo": "",
    "versioned_writes": "allow_object_versioning = true",
    "symlink": "",  # versions are links to objects
}
PROXY = """
[pipeline:main]
pipeline = {pipeline} proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
# The machine may be busy; by default the proxy waits half a second for a connection.
conn_timeout = 10
node_timeout = 60
allow_open_expired = false
"""


class Swift(Server):
    """The second production object store: no tags, no trustworthy conditions, but it checks digests."""

    name: ClassVar[str] = "swift"

    def __init__(self) -> None:
        super().__init__()
        self._account = self.access_key
        self.access_key = f"{self._account}:main"
        self._programs = Path()
        self._ports = dict(zip(("account", "container", "object"), free_ports(3), strict=True))

    def prepare(self) -> None:
        self._programs = virtual_environment("swift", REQUIREMENT)
        (self.folder / "disk").mkdir()
        self._write("swift.conf", COMMON)
        for kind, port in self._ports.items():
            self._write(f"{kind}-server.conf", DEFAULT + STORAGE, kind=kind, port=port)
        sections = (f"\n[filter:{name}]\nuse = egg:swift#{name}\n{options}\n" for name, options in FILTERS.items())
        self._write(
            "proxy-server.conf",
            dedent(DEFAULT) + PROXY + "".join(sections),
            port=self.port,
            pipeline=" ".join(FILTERS),
            account=self._account,
            secret_key=self.secret_key,
        )
        run(self._programs / "python", "-I", "-c", RINGS, self.folder, *map(str, self._ports.values()))

    def launch(self, processes: Processes) -> None:
        for kind in ("account", "container", "object", "proxy"):
            configuration = self.folder / f"{kind}-server.conf"
            program = self._programs / f"swift-{kind}-server"
            processes.start(kind, program, configuration, "--verbose", SWIFT_CONF_DIR=str(self.folder))

    def probe(self) -> None:
        # The proxy would answer before the others can, and not ask one for a minute that has refused ten times.
        for port in self._ports.values():
            socket.create_connection(("127.0.0.1", port)).close()
        super().probe()

    def _write(self, name: str, template: str, **values: str | int) -> None:
        text = dedent(template).format(folder=self.folder, user=getpass.getuser(), **values)
        (self.folder / name).write_text(text, encoding="utf-8")
