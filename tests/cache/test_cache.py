"""The cache, filled from a folder store: what comes in is proven, and what changed is repaired."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from brainpack import IntegrityError, NotFound, StoreError, Unavailable
from brainpack.cache.entries import Cache, Wanted
from brainpack.digest import Promise, digest_file
from brainpack.settings import Settings
from brainpack.store.fetching import fetch
from brainpack.store.local import LocalStore
from brainpack.testing.material import contents, noise, write

if TYPE_CHECKING:
    from pathlib import Path

    from brainpack.progress import Progress
    from brainpack.store.base import StoredObject

NAME = "assy_lab_A.nc"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(packages=tmp_path, home=tmp_path / "home", part_size=5 << 20)


@pytest.fixture
def cache(settings: Settings) -> Cache:
    return Cache(settings)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def wanted(store: Path) -> Wanted:
    write(store, b"spikes", NAME)
    return Wanted(NAME, digest_file(store / NAME).promise, str(store))


def test_a_file_is_fetched_to_where_the_reference_client_would_have_it(cache: Cache, wanted: Wanted) -> None:
    (path,) = cache.files([wanted])
    assert path == cache.home / wanted.promise.sha1 / NAME
    assert contents(path.parent) == {NAME: b"spikes"}


def test_a_file_that_is_there_is_not_fetched(cache: Cache, wanted: Wanted, store: Path) -> None:
    (path,) = cache.files([wanted])
    shutil.rmtree(store)
    assert cache.files([wanted]) == [path]


def test_a_file_of_the_reference_client_is_taken_as_it_is(cache: Cache, wanted: Wanted, store: Path) -> None:
    path = write(cache.home / wanted.promise.sha1, b"spikes", NAME)
    shutil.rmtree(store)
    assert cache.files([wanted]) == [path]


def test_a_sha1_alone_is_a_promise(cache: Cache, wanted: Wanted) -> None:
    only = Wanted(NAME, Promise(wanted.promise.sha1), wanted.place)
    assert cache.files([only])[0].read_bytes() == b"spikes"


@pytest.mark.parametrize("damage", [b"", b"spike", b"spikeS", b"spikes and more"])
def test_a_damaged_file_is_fetched_again_with_a_warning(damage: bytes, cache: Cache, wanted: Wanted) -> None:
    (path,) = cache.files([wanted])
    path.write_bytes(damage)
    with pytest.warns(UserWarning, match=f"{NAME} in the cache is damaged and is fetched again"):
        assert cache.files([wanted])[0].read_bytes() == b"spikes"
    assert cache.files([wanted])[0].read_bytes() == b"spikes"


def test_a_file_is_hashed_once_and_again_on_demand(cache: Cache, wanted: Wanted) -> None:
    (path,) = cache.files([wanted])
    digest = digest_file(path)
    path.write_bytes(b"SPIKES")
    cache.remember(path, digest)  # as after a disk that changed a byte by itself
    assert cache.files([wanted]) == [path]
    assert path.read_bytes() == b"SPIKES"
    with pytest.warns(UserWarning, match="is damaged"):
        cache.files([wanted], verify=True)
    assert path.read_bytes() == b"spikes"


def test_another_object_is_refused_and_does_not_come_in(cache: Cache, wanted: Wanted) -> None:
    other = Wanted(NAME, Promise("0" * 40), wanted.place)
    with pytest.raises(IntegrityError, match=f"is not the object that was asked for.*expected SHA-1 {'0' * 40}"):
        cache.files([other])
    assert not cache.path(other).exists()


def test_another_object_whose_digest_nobody_knows_is_refused(cache: Cache, store: Path) -> None:
    class Foreign(LocalStore):
        def head(self, key: str, version_id: str | None = None) -> StoredObject:
            return replace(super().head(key, version_id), digest=None)

    write(store, b"others", NAME)
    heard: list[Progress] = []
    with pytest.raises(IntegrityError, match="is another object than the one that was asked for"):
        fetch(Foreign(store), NAME, cache.home / NAME, listener=heard.append, promise=Promise("0" * 40))
    assert len(heard) == 2  # a third time would bring the same


def test_what_is_missing_in_the_store_is_not_found(cache: Cache, wanted: Wanted, store: Path) -> None:
    (store / NAME).unlink()
    with pytest.raises(NotFound, match=NAME):
        cache.files([wanted])


def test_a_file_that_broke_off_goes_on(cache: Cache, store: Path, tmp_path: Path) -> None:
    data = noise(3 << 20)
    write(store, data, NAME)
    wanted = Wanted(NAME, digest_file(store / NAME).promise, str(store))
    first = subprocess.run(
        [sys.executable, "-c", KILLED_IN_THE_MIDDLE, str(cache.home), str(store), NAME, wanted.promise.sha1],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert first.returncode == -9, first.stderr
    (left,) = cache.path(wanted).parent.glob(".*.partial")
    assert 0 < left.stat().st_size < len(data)
    assert cache.files([wanted])[0].read_bytes() == data
    assert contents(cache.path(wanted).parent) == {NAME: data}


KILLED_IN_THE_MIDDLE = """
import os, signal, sys
from pathlib import Path
from brainpack.settings import Settings
from brainpack.store.fetching import fetch
from brainpack.store.location import open_source

home, store, name, sha1 = sys.argv[1:]
def kill(event):
    if event.done > event.total // 2:
        os.kill(os.getpid(), signal.SIGKILL)
fetch(open_source(store, Settings.from_environment()), name, Path(home, sha1, name), listener=kill)
"""


def test_a_damaged_beginning_is_noticed_and_fetched_anew(cache: Cache, store: Path) -> None:
    data = noise(3 << 20)
    write(store, data, NAME)
    wanted = Wanted(NAME, digest_file(store / NAME).promise, str(store))
    subprocess.run(
        [sys.executable, "-c", KILLED_IN_THE_MIDDLE, str(cache.home), str(store), NAME, wanted.promise.sha1],
        capture_output=True, check=False,
    )  # fmt: skip
    (left,) = cache.path(wanted).parent.glob(".*.partial")
    left.write_bytes(b"?" + left.read_bytes()[1:])
    assert cache.files([wanted])[0].read_bytes() == data


def test_offline_the_missing_files_are_named(settings: Settings) -> None:
    offline = Cache(Settings(settings.packages, settings.home, settings.part_size, is_offline=True))
    wanted = [Wanted(name, Promise(letter * 40), "s3://lab/data") for name, letter in (("a.csv", "a"), ("b.zip", "b"))]
    write(offline.home / ("a" * 40), b"not that file", "a.csv")
    with pytest.warns(UserWarning, match="is damaged"), pytest.raises(Unavailable) as caught:
        offline.files(wanted)
    assert "BRAINPACK_OFFLINE is set" in str(caught.value)
    assert "s3://lab/data/a.csv (SHA-1 aaaa" in str(caught.value)
    assert "s3://lab/data/b.zip (SHA-1 bbbb" in str(caught.value)
    assert "brainpack cache import" in str(caught.value)


def test_a_cache_that_cannot_be_written_gives_what_it_has(cache: Cache, wanted: Wanted, store: Path) -> None:
    (path,) = cache.files([wanted])
    shutil.rmtree(cache.home / ".brainpack")
    (cache.home / ".brainpack").write_text("so that no folder can be here")
    assert cache.files([wanted]) == [path]
    path.unlink()
    with pytest.raises(StoreError, match=f"the cache {cache.home} cannot be written.*set BRAINIO_HOME"):
        cache.files([wanted])


def test_without_locks_a_file_comes_in_whole(cache: Cache, wanted: Wanted, monkeypatch: pytest.MonkeyPatch) -> None:
    def has_none(*_: object, **__: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr("brainpack.cache.entries.FileLock.acquire", has_none)
    assert contents(cache.files([wanted])[0].parent) == {NAME: b"spikes"}
