"""The bucket as a store: the laws of every store, on three servers, with versions and without."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from brainpack.settings import Settings
from brainpack.store.location import BucketFolder
from brainpack.store.s3.bucket import S3Store
from brainpack.testing.stores import StoreTests

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.base import Server
    from tests.servers.ceph import Ceph
    from tests.servers.ministack import MiniStack
    from tests.servers.swift import Swift

PART = 5 << 20  # the smallest that S3 takes
NO_TAGS = "ignore:.*get no tag 'uploadedBy':UserWarning"
NO_VERSIONS = "ignore:.*keeps no versions:UserWarning"


def connected(server: Server, bucket: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return S3Store.open(BucketFolder(bucket, "lab folder"), Settings(home, home, PART))


@pytest.mark.filterwarnings(NO_TAGS, NO_VERSIONS)
class BucketTests(StoreTests):
    """What is the same on each server."""

    large: ClassVar[int] = 2 * PART + 1


class TestCephWithVersions(BucketTests):
    @pytest.fixture
    def store(self, ceph: Ceph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> S3Store:
        return connected(ceph, ceph.new_bucket(versioned=True), tmp_path / "home", monkeypatch)


class TestCephWithoutVersions(BucketTests):
    keeps_versions: ClassVar[bool] = False

    @pytest.fixture
    def store(self, ceph: Ceph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> S3Store:
        return connected(ceph, ceph.new_bucket(versioned=False), tmp_path / "home", monkeypatch)


class TestSwift(BucketTests):
    keeps_versions: ClassVar[bool] = False

    @pytest.fixture
    def store(self, swift: Swift, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> S3Store:
        return connected(swift, swift.new_bucket(versioned=False), tmp_path / "home", monkeypatch)


class TestMiniStack(BucketTests):
    @pytest.fixture
    def store(self, ministack: MiniStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> S3Store:
        return connected(ministack, ministack.new_bucket(versioned=True), tmp_path / "home", monkeypatch)
