"""What a store has to keep, as tests that any store can be put to."""
# ruff: noqa: S101 - pytest asserts, and tests are what this module is for

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

import pytest

from brainpack.digest import digest_file
from brainpack.errors import AlreadyPublished, IntegrityError, NotFound
from brainpack.store.base import PutMode
from brainpack.store.fetching import fetch
from brainpack.testing.material import Interrupted, at_once, contents, interrupt_in_the_middle, noise, write

if TYPE_CHECKING:
    from pathlib import Path

    from brainpack.digest import Digest
    from brainpack.progress import Listener, Progress
    from brainpack.store.base import Store, StoredObject

KEY: Final = "lab/Author2026/rates.nc"
ODD_KEYS: Final = (
    "a b.csv",
    "a+b.csv",
    "a%20b.csv",
    "a%2Fb.csv",
    "a/b.csv",
    "100%.csv",
    "R&D/x=1;y=2,z@3.csv",
    "'single' (1)!.csv",
    "#5 ~ $x [y] {z}^`.csv",
    "größe/µV, 日本語 🧠.csv",
    ".hidden/..dots...csv",
)
WRONG: Final = {"sha1": "0" * 40, "sha256": "0" * 64, "size": 7}


class StoreTests:
    """The laws of `brainpack.store.base.Store`, for pytest.

    A subclass defines a fixture `store`, which is empty at the beginning of each test. For messages that show both
    sides of a failed comparison, let `conftest.py` call
    `pytest.register_assert_rewrite("brainpack.testing.stores")`.

    Attributes
    ----------
    keeps_versions : bool
        Whether what was replaced can still be read by its version id.
    creates_atomically : bool
        Whether of several creators of one key, at the same time, exactly one succeeds.
    large : int
        Bytes of an object that arrives in several pieces.

    Examples
    --------
    >>> from pathlib import Path
    >>> import pytest
    >>> from brainpack.store.local import LocalStore
    >>> class TestLocalStore(StoreTests):
    ...     large = 1 << 22
    ...
    ...     @pytest.fixture
    ...     def store(self, tmp_path: Path) -> LocalStore:
    ...         return LocalStore(tmp_path / "store")
    """

    keeps_versions: ClassVar[bool] = True
    creates_atomically: ClassVar[bool] = True
    large: ClassVar[int] = (3 << 20) + 1

    def test_what_was_put_is_there_with_its_digest(self, store: Store, tmp_path: Path) -> None:
        source = write(tmp_path / "in", b"spikes")
        stored = store.put(KEY, source, digest_file(source))
        found = store.head(KEY)
        assert (stored.key, stored.size, stored.digest) == (KEY, 6, digest_file(source))
        assert (found.key, found.size, found.digest) == (KEY, 6, digest_file(source))
        assert found.version_id == stored.version_id
        assert not self.keeps_versions or found.version_id is not None

    def test_an_object_says_when_it_came_with_a_time_zone(self, store: Store, tmp_path: Path) -> None:
        put(store, KEY, tmp_path, b"spikes")
        modified = store.head(KEY).modified
        assert modified is not None
        assert modified.utcoffset() is not None

    def test_the_source_is_left_alone(self, store: Store, tmp_path: Path) -> None:
        source = write(tmp_path / "in", b"spikes")
        store.put(KEY, source, digest_file(source))
        assert contents(tmp_path / "in") == {source.name: b"spikes"}

    @pytest.mark.parametrize("mode", PutMode)
    def test_the_same_bytes_again_are_success_and_not_sent(self, mode: PutMode, store: Store, tmp_path: Path) -> None:
        put(store, KEY, tmp_path, b"spikes")
        before = store.head(KEY)
        events: list[Progress] = []
        again = put(store, KEY, tmp_path, b"spikes", mode, events.append)
        assert [event for event in events if event.done > 0] == []
        assert (again.version_id, again.digest, again.modified) == (before.version_id, before.digest, before.modified)
        assert store.head(KEY) == before
        assert len(store.versions(KEY)) == 1

    def test_other_bytes_are_refused_and_the_first_ones_stay(self, store: Store, tmp_path: Path) -> None:
        first = put(store, KEY, tmp_path, b"first")
        second = write(tmp_path / "in", b"2nd")
        with pytest.raises(AlreadyPublished) as caught:
            store.put(KEY, second, digest_file(second))
        for part in (KEY, sha1(first), digest_file(second).sha1, "5 bytes", "3 bytes", "replace=True"):
            assert part in str(caught.value)
        assert fetched(store, KEY, tmp_path) == b"first"
        assert len(store.versions(KEY)) == 1

    def test_a_source_that_does_not_exist_is_not_found(self, store: Store, tmp_path: Path) -> None:
        source = write(tmp_path / "in", b"spikes")
        digest = digest_file(source)
        source.unlink()
        with pytest.raises(NotFound, match=source.name):
            store.put(KEY, source, digest)
        assert_nothing_is_stored(store)

    @pytest.mark.parametrize("field", WRONG)
    def test_a_file_that_is_not_what_its_digest_says_is_refused(self, field: str, store: Store, tmp_path: Path) -> None:
        source = write(tmp_path / "in", b"spikes")
        with pytest.raises(IntegrityError):
            store.put(KEY, source, with_wrong(field, digest_file(source)))
        assert_nothing_is_stored(store)

    def test_a_large_file_that_is_not_what_its_digest_says_is_refused(self, store: Store, tmp_path: Path) -> None:
        source = write(tmp_path / "in", noise(self.large))
        with pytest.raises(IntegrityError):
            store.put(KEY, source, with_wrong("sha1", digest_file(source)))
        assert_nothing_is_stored(store)

    def test_a_key_that_is_free_can_be_replaced(self, store: Store, tmp_path: Path) -> None:
        put(store, KEY, tmp_path, b"spikes", PutMode.REPLACE)
        assert fetched(store, KEY, tmp_path) == b"spikes"
        assert len(store.versions(KEY)) == 1

    def test_what_was_replaced_is_a_version_that_stays_readable(self, store: Store, tmp_path: Path) -> None:
        first = put(store, KEY, tmp_path, b"first")
        second = put(store, KEY, tmp_path, b"the second", PutMode.REPLACE)
        assert store.head(KEY).digest == second.digest
        assert fetched(store, KEY, tmp_path) == b"the second"
        if self.keeps_versions:
            assert first.version_id != second.version_id
            old = store.head(KEY, first.version_id)
            assert (old.key, old.size, old.digest, old.version_id) == (KEY, 5, first.digest, first.version_id)
            assert fetched(store, KEY, tmp_path, first.version_id) == b"first"
            assert store.read(KEY, 1, 3, first.version_id) == b"ir"
            assert fetched(store, KEY, tmp_path, second.version_id) == b"the second"

    def test_versions_come_newest_first(self, store: Store, tmp_path: Path) -> None:
        put_in_turn = [put(store, KEY, tmp_path, data, PutMode.REPLACE) for data in (b"1", b"12", b"123")]
        kept = put_in_turn if self.keeps_versions else put_in_turn[-1:]
        found = store.versions(KEY)
        assert [version.size for version in found] == [stored.size for stored in reversed(kept)]
        assert {version.key for version in found} == {KEY}
        if self.keeps_versions:
            assert [version.version_id for version in found] == [stored.version_id for stored in reversed(kept)]

    def test_versions_are_of_one_key_only(self, store: Store, tmp_path: Path) -> None:
        for key in ("a", "a.csv", "ab/a"):
            put(store, key, tmp_path, key.encode())
        assert [version.key for version in store.versions("a")] == ["a"]
        assert list(store.versions("a.")) == []

    def test_bytes_of_another_key_are_no_version_of_this_one(self, store: Store, tmp_path: Path) -> None:
        put(store, "here", tmp_path, b"here")
        there = put(store, "there", tmp_path, b"there")
        if self.keeps_versions:
            with pytest.raises(NotFound):
                store.head("here", there.version_id)
            with pytest.raises(NotFound):
                fetch(store, "here", tmp_path / "out", there.version_id)

    def test_replacing_by_a_file_that_is_not_what_its_digest_says_is_refused(
        self, store: Store, tmp_path: Path
    ) -> None:
        put(store, KEY, tmp_path, b"first")
        source = write(tmp_path / "in", b"second")
        with pytest.raises(IntegrityError):
            store.put(KEY, source, with_wrong("sha1", digest_file(source)), PutMode.REPLACE)
        assert fetched(store, KEY, tmp_path) == b"first"
        assert len(store.versions(KEY)) == 1

    def test_of_several_creators_one_wins(self, store: Store, tmp_path: Path) -> None:
        outcomes = at_once(lambda n: attempt(store, tmp_path / str(n), b"creator %d" % n), 8)
        winners = [stored for stored in outcomes if stored is not None]
        found = store.head(KEY)
        assert found.digest in [stored.digest for stored in winners]
        data = fetched(store, KEY, tmp_path)
        assert data in [b"creator %d" % n for n in range(8)]
        if self.creates_atomically:
            assert [stored.version_id for stored in winners] == [found.version_id]
            assert len(store.versions(KEY)) == 1

    def test_all_creators_with_the_same_bytes_succeed(self, store: Store, tmp_path: Path) -> None:
        outcomes = at_once(lambda n: attempt(store, tmp_path / str(n), b"the same"), 8)
        winners = [stored for stored in outcomes if stored is not None]
        assert len(winners) == len(outcomes)
        assert fetched(store, KEY, tmp_path) == b"the same"
        if self.creates_atomically:
            assert {stored.version_id for stored in winners} == {store.head(KEY).version_id}
            assert len(store.versions(KEY)) == 1

    def test_of_several_replacers_none_loses_what_another_put(self, store: Store, tmp_path: Path) -> None:
        outcomes = at_once(lambda n: put(store, KEY, tmp_path / str(n), b"%d" % n, PutMode.REPLACE), 4)
        assert store.head(KEY).digest in [stored.digest for stored in outcomes]
        if self.keeps_versions:
            assert {stored.version_id for stored in outcomes} == {version.version_id for version in store.versions(KEY)}

    def test_an_interrupted_put_leaves_nothing_and_can_be_repeated(self, store: Store, tmp_path: Path) -> None:
        data = noise(self.large)
        with pytest.raises(Interrupted):
            put(store, KEY, tmp_path, data, listener=interrupt_in_the_middle)
        assert_nothing_is_stored(store)
        put(store, KEY, tmp_path, data)
        assert fetched(store, KEY, tmp_path) == data

    def test_after_an_interrupted_put_other_bytes_can_be_put(self, store: Store, tmp_path: Path) -> None:
        with pytest.raises(Interrupted):
            put(store, KEY, tmp_path, noise(self.large), listener=interrupt_in_the_middle)
        other = noise(self.large, seed=1)
        put(store, KEY, tmp_path, other)
        assert fetched(store, KEY, tmp_path) == other

    def test_an_interrupted_replacement_leaves_what_was_there(self, store: Store, tmp_path: Path) -> None:
        first = put(store, KEY, tmp_path, b"first")
        with pytest.raises(Interrupted):
            put(store, KEY, tmp_path, noise(self.large), PutMode.REPLACE, interrupt_in_the_middle)
        assert fetched(store, KEY, tmp_path) == b"first"
        assert store.head(KEY).version_id == first.version_id
        assert len(store.versions(KEY)) == 1

    def test_an_interrupted_fetch_leaves_its_target_alone_and_goes_on_where_it_was(
        self, store: Store, tmp_path: Path
    ) -> None:
        data = noise(self.large)
        put(store, KEY, tmp_path, data)
        target = write(tmp_path / "out", b"before", "target")
        with pytest.raises(Interrupted):
            fetch(store, KEY, target, listener=interrupt_in_the_middle)
        assert target.read_bytes() == b"before"
        events: list[Progress] = []
        fetch(store, KEY, target, listener=events.append)
        assert events[0].done > self.large // 2
        assert contents(tmp_path / "out") == {"target": data}

    def test_an_empty_object_is_an_object(self, store: Store, tmp_path: Path) -> None:
        put(store, KEY, tmp_path, b"")
        assert store.head(KEY).size == 0
        assert fetched(store, KEY, tmp_path) == b""
        assert store.read(KEY, 0, 10) == b""
        assert [(found.key, found.size) for found in store.list()] == [(KEY, 0)]
        with pytest.raises(AlreadyPublished):
            put(store, KEY, tmp_path, b"spikes")

    def test_a_large_object_arrives_as_it_is_and_tells_how_far_it_is(self, store: Store, tmp_path: Path) -> None:
        data = noise(self.large)
        sent: list[Progress] = []
        stored = put(store, KEY, tmp_path, data, listener=sent.append)
        received: list[Progress] = []
        fetch(store, KEY, tmp_path / "out", listener=received.append)
        assert (tmp_path / "out").read_bytes() == data
        assert store.head(KEY).digest == stored.digest
        for events in (sent, received):
            assert {(event.what, event.total) for event in events} == {(KEY, self.large)}
            assert events[-1].done == self.large
            assert len(events) > 1

    def test_a_large_object_is_created_once_only(self, store: Store, tmp_path: Path) -> None:
        first = put(store, KEY, tmp_path, noise(self.large))
        with pytest.raises(AlreadyPublished, match=sha1(first)):
            put(store, KEY, tmp_path, noise(self.large, seed=1))
        events: list[Progress] = []
        again = put(store, KEY, tmp_path, noise(self.large), listener=events.append)
        assert again.version_id == first.version_id
        assert [event for event in events if event.done > 0] == []

    def test_fetching_makes_folders_and_tells_what_it_fetched(self, store: Store, tmp_path: Path) -> None:
        stored = put(store, KEY, tmp_path, b"spikes")
        got = fetch(store, KEY, tmp_path / "new" / "folder" / "file")
        assert contents(tmp_path / "new" / "folder") == {"file": b"spikes"}
        assert (got.key, got.size, got.digest, got.version_id) == (KEY, 6, stored.digest, stored.version_id)

    def test_fetching_replaces_its_target(self, store: Store, tmp_path: Path) -> None:
        put(store, KEY, tmp_path, b"spikes")
        target = write(tmp_path / "out", b"something longer")
        fetch(store, KEY, target)
        assert contents(tmp_path / "out") == {target.name: b"spikes"}

    @pytest.mark.parametrize(
        ("start", "stop", "expected"),
        [
            (0, 3, b"012"),
            (3, 7, b"3456"),
            (9, 10, b"9"),
            (0, 10, b"0123456789"),
            (8, 12, b"89"),
            (0, 1 << 40, b"0123456789"),
            (10, 12, b""),
            (15, 20, b""),
            (4, 4, b""),
            (7, 3, b""),
        ],
    )
    def test_a_range_has_the_bytes_of_a_slice(
        self, start: int, stop: int, expected: bytes, store: Store, tmp_path: Path
    ) -> None:
        put(store, KEY, tmp_path, b"0123456789")
        assert store.read(KEY, start, stop) == expected

    def test_an_empty_store_lists_nothing(self, store: Store) -> None:
        assert_nothing_is_stored(store)

    def test_a_list_is_sorted_and_a_prefix_is_text(self, store: Store, tmp_path: Path) -> None:
        keys = ["a-b", "a.csv", "a/x.csv", "a/y/z.csv", "a0", "ab/c.csv", "ab/é", "b"]
        for key in reversed(keys):
            put(store, key, tmp_path, key.encode())
        assert [(found.key, found.size) for found in store.list()] == [(key, len(key.encode())) for key in keys]
        prefixes = ("a", "a/", "a/y", "a/y/", "a/x.csv", "ab", "c", "a/x.csv/")
        listed = {prefix: [found.key for found in store.list(prefix)] for prefix in prefixes}
        assert listed == {prefix: [key for key in keys if key.startswith(prefix)] for prefix in prefixes}

    def test_a_list_has_what_is_current(self, store: Store, tmp_path: Path) -> None:
        put(store, KEY, tmp_path, b"first")
        put(store, KEY, tmp_path, b"the second", PutMode.REPLACE)
        assert [(found.key, found.size) for found in store.list()] == [(KEY, 10)]

    def test_odd_keys_are_objects_of_their_own(self, store: Store, tmp_path: Path) -> None:
        for key in ODD_KEYS:
            put(store, key, tmp_path, key.encode())
        assert [found.key for found in store.list()] == sorted(ODD_KEYS)
        assert {key: fetched(store, key, tmp_path) for key in ODD_KEYS} == {key: key.encode() for key in ODD_KEYS}
        assert [store.versions(key)[0].key for key in ODD_KEYS] == list(ODD_KEYS)

    def test_a_missing_key_is_not_found(self, store: Store, tmp_path: Path) -> None:
        put(store, "a/b/c", tmp_path, b"so that there are folders")
        write(tmp_path / "out", b"before", "target")
        for key in ("missing", "a", "a/b", "a/b/missing", "a/b/c/d"):
            with pytest.raises(NotFound, match=key):
                store.head(key)
            with pytest.raises(NotFound, match=key):
                fetch(store, key, tmp_path / "out" / "target")
            with pytest.raises(NotFound, match=key):
                store.read(key, 0, 3)
            assert list(store.versions(key)) == []
        with pytest.raises(NotFound):
            store.read("missing", 3, 3)
        assert contents(tmp_path / "out") == {"target": b"before"}


def put(
    store: Store,
    key: str,
    folder: Path,
    data: bytes,
    mode: PutMode = PutMode.CREATE,
    listener: Listener | None = None,
) -> StoredObject:
    """Put bytes by way of a file in a subfolder."""
    source = write(folder / "in", data)
    return store.put(key, source, digest_file(source), mode, listener)


def attempt(store: Store, folder: Path, data: bytes) -> StoredObject | None:
    """Create an object; None where the key is taken."""
    try:
        return put(store, KEY, folder, data)
    except AlreadyPublished:
        return None


def fetched(store: Store, key: str, folder: Path, version_id: str | None = None) -> bytes:
    """Bytes of an object, by way of a file."""
    target = folder / "fetched"
    got = fetch(store, key, target, version_id)
    assert got.digest == digest_file(target)
    return target.read_bytes()


def sha1(stored: StoredObject) -> str:
    """SHA-1 of an object whose digest is known."""
    assert stored.digest is not None
    return stored.digest.sha1


def with_wrong(field: str, digest: Digest) -> Digest:
    """A digest that is wrong in one field."""
    return replace(digest, **{field: WRONG[field]})  # type: ignore[arg-type]  # one field of text, one of numbers


def assert_nothing_is_stored(store: Store) -> None:
    """Nothing is visible in the store, nor under the key of these tests."""
    assert list(store.list()) == []
    assert list(store.versions(KEY)) == []
    with pytest.raises(NotFound):
        store.head(KEY)
