"""What only a folder can do."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from brainpack.digest import Digester, digest_file
from brainpack.errors import AlreadyPublished, IntegrityError, InvalidData, NotFound, StoreError
from brainpack.store.base import PutMode
from brainpack.store.fetching import fetch
from brainpack.store.local import LocalStore
from brainpack.testing.material import contents, write
from brainpack.testing.stores import StoreTests, fetched, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from brainpack.digest import Digest

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(root: Path) -> LocalStore:
    return LocalStore(root)


def refuse_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no links on this disk")

    monkeypatch.setattr(os, "link", refuse)


def wait_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    later = time.time_ns() + 10**10
    monkeypatch.setattr("time.time_ns", lambda: later)


class TestLocalStore(StoreTests):
    @pytest.fixture
    def store(self, root: Path) -> LocalStore:
        return LocalStore(root)


class TestLocalStoreOnADiskWithoutLinks(StoreTests):
    @pytest.fixture
    def store(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> LocalStore:
        refuse_links(monkeypatch)
        return LocalStore(root)


def visible(root: Path) -> dict[str, bytes]:
    """Key and bytes of every file that a user sees in the folder."""
    files = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    return {key: path.read_bytes() for key, path in files.items() if not key.startswith(".brainpack/")}


def digest_of(data: bytes) -> Digest:
    digester = Digester()
    digester.update(data)
    return digester.digest()


# -------------------------------------------------------------------------------------------- plain files


def test_current_objects_are_plain_files(store: LocalStore, root: Path, tmp_path: Path) -> None:
    put(store, "lab/rates.nc", tmp_path, b"first")
    put(store, "lab/rates.nc", tmp_path, b"second", PutMode.REPLACE)
    put(store, "notes.txt", tmp_path, b"")
    assert visible(root) == {"lab/rates.nc": b"second", "notes.txt": b""}
    assert store.url == str(root)


def test_files_that_others_put_there_are_objects(store: LocalStore, root: Path, tmp_path: Path) -> None:
    write(root / "lab", b"by hand", "a.csv")
    assert store.head("lab/a.csv").digest == digest_of(b"by hand")
    assert [(found.key, found.digest) for found in store.list()] == [("lab/a.csv", None)]
    with pytest.raises(AlreadyPublished):
        put(store, "lab/a.csv", tmp_path, b"by brainpack")
    put(store, "lab/a.csv", tmp_path, b"by brainpack", PutMode.REPLACE)
    assert [version.size for version in store.versions("lab/a.csv")] == [12, 7]


def test_looking_at_a_folder_leaves_nothing_in_it(
    store: LocalStore, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, b"by hand", "a.csv")
    wait_ten_seconds(monkeypatch)
    fetched(store, "a.csv", tmp_path)
    assert [len(list(store.list())), len(store.versions("a.csv"))] == [1, 1]
    assert [path.name for path in root.iterdir()] == ["a.csv"]


def test_a_store_that_is_not_there_yet_is_empty(store: LocalStore, root: Path) -> None:
    assert list(store.list()) == []
    with pytest.raises(NotFound):
        store.head("a")
    assert not root.exists()


def test_a_folder_is_no_source(store: LocalStore, root: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no file"):
        store.put("a", tmp_path, digest_of(b"spikes"))
    assert not root.exists()


def test_a_store_stays_where_it_is_when_the_process_goes_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write(tmp_path, b"").parent)
    store = LocalStore(Path("store"))
    monkeypatch.chdir(tmp_path.parent)
    put(store, "a", tmp_path, b"spikes")
    assert (tmp_path / "store" / "a").read_bytes() == b"spikes"


@needs_posix
def test_a_list_has_what_can_be_fetched_and_nothing_else(store: LocalStore, root: Path, tmp_path: Path) -> None:
    put(store, "a", tmp_path, b"spikes")
    write(root / "sub" / ".brainpack" / "versions", b"of a store below")
    write(root, b"of a killed process", ".a.0123abcd.partial")
    write(root, b"", "back\\slash")
    write(root, b"", "aux.txt")
    write(root, b"", os.fsdecode(b"\xff.csv"))
    write(root / "empty", b"").unlink()
    os.mkfifo(root / "pipe")
    (root / "dangling").symlink_to(root / "nowhere")
    (root / "itself").symlink_to("itself")
    (root / "linked").symlink_to(write(tmp_path / "outside", b"linked file"))
    (root / "folder").symlink_to(tmp_path / "outside")
    (root / "up").symlink_to(root)
    (root / "empty" / "round").symlink_to(root / "empty")
    listed = [found.key for found in store.list()]
    assert listed == ["a", "folder/source", "linked"]
    assert {key: fetched(store, key, tmp_path) for key in listed} == {
        "a": b"spikes",
        "folder/source": b"linked file",
        "linked": b"linked file",
    }
    for key in ("pipe", "dangling", "itself", "itself/a", "empty"):
        with pytest.raises(NotFound):
            store.head(key)


def test_a_list_leaves_out_what_is_removed_meanwhile(store: LocalStore, root: Path, tmp_path: Path) -> None:
    for key in ("a", "b", "c/d", "e"):
        put(store, key, tmp_path, b"spikes")
    listed = store.list()
    assert next(listed).key == "a"
    (root / "b").unlink()
    shutil.rmtree(root / "c")
    assert [found.key for found in listed] == ["e"]


# -------------------------------------------------------------------------------------------- digests and versions


def edit(file: Path, data: bytes) -> None:
    file.write_bytes(data)


def edit_and_set_the_time_back(file: Path, data: bytes) -> None:
    status = file.stat()
    file.write_bytes(data)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def exchange(file: Path, data: bytes) -> None:
    status = file.stat()
    other = write(file.parent.parent, data, "other")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(file)


@pytest.mark.parametrize("change", [edit, edit_and_set_the_time_back, exchange])
def test_an_edited_file_is_reported_with_its_true_digest(
    change: Callable[[Path, bytes], None], store: LocalStore, root: Path, tmp_path: Path
) -> None:
    stored = put(store, "a", tmp_path, b"spikes 0")
    for turn in range(1, 5):
        change(root / "a", b"spikes %d" % turn)
        head = store.head("a")
        assert head.digest == digest_of(b"spikes %d" % turn)
        assert head.version_id == head.digest.sha256[:32] != stored.version_id
        assert fetched(store, "a", tmp_path) == b"spikes %d" % turn
    with pytest.raises(AlreadyPublished):
        put(store, "a", tmp_path, b"spikes 0")
    put(store, "a", tmp_path, b"spikes 0", PutMode.REPLACE)
    assert fetched(store, "a", tmp_path, head.version_id) == b"spikes 4"


def test_a_digest_is_kept_and_not_counted_anew(store: LocalStore, root: Path, tmp_path: Path) -> None:
    put(store, "a", tmp_path, b"put")
    os.utime(write(root, b"by hand", "b"), (0, 0))
    assert store.head("b").digest == digest_of(b"by hand")  # dated long ago, but changed at this moment: not kept
    assert [found.digest for found in store.list()] == [digest_of(b"put"), None]
    kept = root / ".brainpack" / "digests" / "a.json"
    assert json.loads(kept.read_bytes())["digest"]["sha1"] == digest_of(b"put").sha1
    kept.write_text(kept.read_text().replace(digest_of(b"put").sha1, "0" * 40))
    digest = store.head("a").digest
    assert digest is not None
    assert digest.sha1 == "0" * 40
    with pytest.raises(IntegrityError, match=f"expected SHA-1 {'0' * 40}.*got SHA-1 {digest_of(b'put').sha1}"):
        fetch(store, "a", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_digest_of_an_old_file_is_kept(
    store: LocalStore, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "a", tmp_path, b"so that it is a store")
    write(root, b"by hand", "b")
    wait_ten_seconds(monkeypatch)
    store.head("b")
    assert [found.digest for found in store.list("b")] == [digest_of(b"by hand")]


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"null", b"\xff", b'{"mark": [], "digest": {}}', b'{"digest": 1}']
)
def test_what_is_kept_of_digests_may_be_damaged_or_gone(
    damage: bytes, store: LocalStore, root: Path, tmp_path: Path
) -> None:
    stored = put(store, "a", tmp_path, b"spikes")
    (root / ".brainpack" / "digests" / "a.json").write_bytes(damage)
    assert store.head("a") == stored
    (root / ".brainpack" / "digests" / "a.json").unlink()
    assert store.head("a") == stored


def test_digests_of_files_and_of_folders_do_not_meet(store: LocalStore, tmp_path: Path) -> None:
    for key in ("a", "a.json/a", "b.json/b", "b"):
        put(store, key, tmp_path, key.encode())
    for key in ("a", "a.json/a", "b.json/b", "b"):
        assert store.head(key).digest == digest_of(key.encode())


def test_a_damaged_version_is_not_given_away(store: LocalStore, root: Path, tmp_path: Path) -> None:
    first = put(store, "a", tmp_path, b"first")
    put(store, "a", tmp_path, b"second", PutMode.REPLACE)
    (root / ".brainpack" / "versions" / "a" / str(first.version_id)).write_bytes(b"FIRST")
    for ask in (store.head, lambda key, version_id: fetch(store, key, tmp_path / "out", version_id)):
        with pytest.raises(IntegrityError, match=f"{first.version_id}"):
            ask("a", first.version_id)
    assert not (tmp_path / "out").exists()
    assert fetched(store, "a", tmp_path) == b"second"


def test_bytes_that_come_back_are_a_version_once(store: LocalStore, tmp_path: Path) -> None:
    for data in (b"1", b"22", b"1", b"333"):
        put(store, "a", tmp_path, data, PutMode.REPLACE)
    assert [version.size for version in store.versions("a")] == [3, 1, 2]
    put(store, "a", tmp_path, b"22", PutMode.REPLACE)
    assert [version.size for version in store.versions("a")] == [2, 3, 1]
    assert store.head("a", store.head("a").version_id) == store.head("a")


@pytest.mark.parametrize("has_links", [True, False])
def test_a_version_keeps_the_time_at_which_it_came(
    has_links: bool, store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_links:
        refuse_links(monkeypatch)
    put_in_turn = []
    for nanoseconds in (1_800_000_000_123_456_000, 1_800_000_000_123_457_000):
        monkeypatch.setattr("time.time_ns", lambda now=nanoseconds: now)
        put_in_turn.append(put(store, "a", tmp_path, b"%d" % nanoseconds, PutMode.REPLACE).modified)
    assert [version.modified for version in store.versions("a")] == put_in_turn[::-1]
    assert [str(modified) for modified in put_in_turn] == [
        "2027-01-15 08:00:00.123456+00:00",
        "2027-01-15 08:00:00.123457+00:00",
    ]


def test_versions_outlive_a_file_that_was_removed(store: LocalStore, root: Path, tmp_path: Path) -> None:
    first = put(store, "a", tmp_path, b"first")
    put(store, "a", tmp_path, b"second", PutMode.REPLACE)
    (root / "a").unlink()
    with pytest.raises(NotFound):
        store.head("a")
    assert [version.version_id for version in store.versions("a")] == [first.version_id]
    assert fetched(store, "a", tmp_path, first.version_id) == b"first"
    put(store, "a", tmp_path, b"third")
    assert [version.size for version in store.versions("a")] == [5, 5]


@pytest.mark.parametrize("version_id", ["null", "", "../a", "0" * 32, "0" * 31 + "/"])
def test_a_version_that_cannot_be_is_not_found(version_id: str, store: LocalStore, tmp_path: Path) -> None:
    put(store, "a", tmp_path, b"spikes")
    with pytest.raises(NotFound, match="in the version"):
        store.head("a", version_id)


# -------------------------------------------------------------------------------------------- names and links


@pytest.mark.parametrize(
    "key",
    [
        "", "/", "/etc/passwd", "a/", "a//b", ".", "..", "../a", "a/../../b", "a/./b", "a/...", "a/ /b", "a\\b",
        "..\\a", "C:", "C:\\a", "c:/a", "a/C:b", "con", "a/NUL.txt", "lpt1.csv", "a\0b", "\udcff", ".brainpack",
        ".brainpack/versions/a", "a/.brainpack/b", ".BrainPack/a", ".brainpack./a", ".a.csv.0123abcd.partial",
    ],
)  # fmt: skip
def test_a_key_that_could_lead_elsewhere_is_refused(key: str, store: LocalStore, tmp_path: Path) -> None:
    source = write(tmp_path / "in", b"spikes")
    calls: list[Callable[[], object]] = [
        lambda: store.put(key, source, digest_file(source)),
        lambda: store.put(key, source, digest_file(source), PutMode.REPLACE),
        lambda: fetch(store, key, tmp_path / "out"),
        lambda: store.read(key, 0, 1),
        lambda: store.head(key),
        lambda: store.versions(key),
    ]
    for call in calls:
        with pytest.raises(InvalidData, match="cannot be a key"):
            call()
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_link_that_leads_out_of_the_store_is_not_written_through(
    store: LocalStore, root: Path, tmp_path: Path
) -> None:
    outside = write(tmp_path / "outside", b"precious", "file").parent
    put(store, "a", tmp_path, b"so that it is a store")
    (root / "folder").symlink_to(outside)
    (root / "nowhere").symlink_to(tmp_path / "nowhere")
    (root / "link").symlink_to(outside / "file")
    for key in ("folder/new", "folder/sub/new", "nowhere/new"):
        for mode in PutMode:
            with pytest.raises(StoreError, match="because of a link; nothing was written"):
                put(store, key, tmp_path, b"spikes", mode)
    (root / "itself").symlink_to("itself")
    for key in ("nowhere", "itself"):
        with pytest.raises(StoreError, match="link to nowhere"):
            put(store, key, tmp_path, b"spikes")
    with pytest.raises(StoreError, match="something is where a folder"):
        put(store, "itself/a", tmp_path, b"spikes")
    put(store, "link", tmp_path, b"in its place", PutMode.REPLACE)
    assert contents(outside) == {"file": b"precious"}
    assert not (tmp_path / "nowhere").exists()
    assert [fetched(store, "link", tmp_path, version.version_id) for version in store.versions("link")] == [
        b"in its place",
        b"precious",
    ]
    (outside / "file").write_bytes(b"edited there")
    assert fetched(store, "link", tmp_path, store.versions("link")[1].version_id) == b"precious"


def test_a_link_within_the_store_is_followed(store: LocalStore, root: Path, tmp_path: Path) -> None:
    put(store, "real/a", tmp_path, b"spikes")
    (root / "link").symlink_to("real")
    put(store, "link/b", tmp_path, b"rates")
    assert visible(root / "real") == {"a": b"spikes", "b": b"rates"}


def test_the_store_itself_may_be_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    put(LocalStore(tmp_path / "link"), "a/b", tmp_path, b"spikes")
    assert visible(tmp_path / "real") == {"a/b": b"spikes"}


def test_a_file_and_a_folder_of_one_name_get_in_each_others_way(store: LocalStore, tmp_path: Path) -> None:
    put(store, "a/b", tmp_path, b"spikes")
    for mode in PutMode:
        with pytest.raises(StoreError, match="taken by a folder"):
            put(store, "a", tmp_path, b"rates", mode)
        with pytest.raises(StoreError, match="something is where a folder"):
            put(store, "a/b/c", tmp_path, b"rates", mode)
    assert [found.key for found in store.list()] == ["a/b"]


@needs_posix
def test_a_name_may_be_as_long_as_the_system_allows(store: LocalStore, tmp_path: Path) -> None:
    put(store, "a" * 255, tmp_path, b"spikes")
    put(store, "a" * 255, tmp_path, b"rates", PutMode.REPLACE)
    assert [version.size for version in store.versions("a" * 255)] == [5, 6]
    with pytest.raises(StoreError, match="choose shorter names"):
        put(store, "a" * 256, tmp_path, b"spikes")
    with pytest.raises(NotFound):
        store.head("a" * 256)
