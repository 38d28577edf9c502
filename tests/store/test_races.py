"""Several publish under one name at the same time, with no lock between them: as from several machines."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from threading import Barrier
from typing import TYPE_CHECKING, ClassVar

import pytest

from brainpack.digest import digest_file
from brainpack.errors import AlreadyPublished
from brainpack.packaging import package_data_assembly_locally
from brainpack.settings import Settings
from brainpack.store.location import BucketFolder
from brainpack.store.s3.bucket import S3Store
from tests.helpers import recording

if TYPE_CHECKING:
    from brainpack.store.base import StoredObject
    from tests.servers.base import Server

RACERS = 4
ROUNDS = 5
PART = 5 << 20
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.filterwarnings("ignore:.*get no tag 'uploadedBy':UserWarning")


@pytest.fixture
def stores(server: Server, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[S3Store]:
    """One store for each racer, each with journals of its own."""
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    homes = (tmp_path / f"home-{number}" for number in range(RACERS))
    return [S3Store.open(BucketFolder(bucket, ""), Settings(home, home, PART)) for home in homes]


class Races:
    """What holds on each server; a subclass defines the fixtures `server` and `bucket`.

    Attributes
    ----------
    settles_parts : bool
        Whether one creator alone is told that its parts were completed, too.
    """

    settles_parts: ClassVar[bool] = True

    @pytest.mark.parametrize("size", [10, PART + 1], ids=["whole", "parts"])
    def test_one_creator_wins_and_its_bytes_stay(
        self, size: int, server: Server, bucket: str, stores: list[S3Store], tmp_path: Path
    ) -> None:
        files = [tmp_path / f"{number}.nc" for number in range(RACERS)]
        for number, file in enumerate(files):
            file.write_bytes(bytes([number]) * size)
        for turn in range(ROUNDS if size < PART else 1):
            start = Barrier(RACERS)

            def put(number: int, key: str = f"{turn}.nc", start: Barrier = start) -> StoredObject | None:
                digest = digest_file(files[number])
                start.wait()
                try:
                    return stores[number].put(key, files[number], digest)
                except AlreadyPublished:
                    return None

            with ThreadPoolExecutor(RACERS) as pool:
                outcomes = [*pool.map(put, range(RACERS))]
            winners = [number for number, stored in enumerate(outcomes) if stored is not None]
            assert len(winners) == 1 or (size > PART and not self.settles_parts)
            client = server.client()
            body = client.get_object(Bucket=bucket, Key=f"{turn}.nc")["Body"].read()
            assert body in [files[winner].read_bytes() for winner in winners]
            versions = client.list_object_versions(Bucket=bucket, Prefix=f"{turn}.nc")["Versions"]
            assert len(versions) == 1
        assert "Uploads" not in server.client().list_multipart_uploads(Bucket=bucket)

    def test_one_publication_wins_and_its_record_names_its_files(
        self, server: Server, bucket: str, tmp_path: Path
    ) -> None:
        publish = """
            import sys, brainpack
            print("ready", flush=True)
            sys.stdin.readline()
            try:
                brainpack.publish(sys.argv[1], sys.argv[2], progress=False)
            except brainpack.AlreadyPublished:
                sys.exit(7)
        """
        racers = []
        for number in range(3):
            folder = tmp_path / str(number)
            package_data_assembly_locally(recording() + number, "lab.A", "lab.S", downloads_path=folder)
            environment = {**server.environment(), "BRAINIO_HOME": str(folder / "home")}
            command = [sys.executable, "-W", "ignore", "-c", dedent(publish), str(folder), f"s3://{bucket}/lab"]
            racers.append(
                subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            )
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == b"ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write(b"go\n")
            racer.stdin.flush()
        for racer in racers:
            racer.communicate(timeout=120)
        assert sorted(racer.returncode for racer in racers) == [0, 7, 7]
        winner = [racer.returncode for racer in racers].index(0)
        client = server.client()
        record = json.loads(client.get_object(Bucket=bucket, Key="lab/assy_lab_A.brainpack.json")["Body"].read())
        (file,) = record["files"]
        version = {} if file["version_id"] is None else {"VersionId": file["version_id"]}
        body = client.get_object(Bucket=bucket, Key="lab/assy_lab_A.nc", **version)["Body"].read()
        assert body == (tmp_path / str(winner) / "assy_lab_A.nc").read_bytes()


class TestCephWithVersions(Races):
    """It ignores the condition of a put there: the order of the versions decides."""

    @pytest.fixture
    def server(self, ceph: Server) -> Server:
        return ceph

    @pytest.fixture
    def bucket(self, server: Server) -> str:
        return server.new_bucket(versioned=True)


class TestCephWithoutVersions(Races):
    """It knows the condition of a put, and ignores that of a completion: who looked before may overwrite."""

    settles_parts: ClassVar[bool] = False

    @pytest.fixture
    def server(self, ceph: Server) -> Server:
        return ceph

    @pytest.fixture
    def bucket(self, server: Server) -> str:
        return server.new_bucket(versioned=False)


class TestMiniStack(Races):
    """It knows both conditions, as AWS does."""

    @pytest.fixture
    def server(self, ministack: Server) -> Server:
        return ministack

    @pytest.fixture
    def bucket(self, server: Server) -> str:
        return server.new_bucket(versioned=True)
