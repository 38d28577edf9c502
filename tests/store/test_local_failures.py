"""What becomes of a folder when somebody comes between, dies, or has no room."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from brainpack.digest import digest_file
from brainpack.errors import AccessDenied, AlreadyPublished, IntegrityError, StoreError
from brainpack.store.base import PutMode
from brainpack.store.fetching import fetch
from brainpack.store.local import LocalStore
from brainpack.testing.material import at_once, contents, noise, write
from brainpack.testing.stores import fetched, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from brainpack.progress import Progress

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LARGE = 3 << 20

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGALRM and no limit on file sizes")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(root: Path) -> LocalStore:
    return LocalStore(root)


def visible(root: Path) -> dict[str, bytes]:
    """Key and bytes of every file that a user sees in the folder."""
    files = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    return {key: path.read_bytes() for key, path in files.items() if not key.startswith(".brainpack/")}


class InTheMiddle:
    """A listener that does something once, while half of the bytes are through."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self._is_done = False

    def __call__(self, event: Progress) -> None:
        if 2 * event.done >= event.total and not self._is_done:
            self._is_done = True
            self._act()


def test_who_is_overtaken_on_the_way_does_not_win(store: LocalStore, tmp_path: Path) -> None:
    overtake = InTheMiddle(lambda: put(store, "a", tmp_path / "other", b"faster"))
    with pytest.raises(AlreadyPublished, match=hashlib.sha1(b"faster", usedforsecurity=False).hexdigest()):
        put(store, "a", tmp_path, noise(LARGE), listener=overtake)
    assert fetched(store, "a", tmp_path) == b"faster"


@pytest.mark.parametrize("mode", PutMode)
def test_who_is_overtaken_by_the_same_bytes_succeeds(mode: PutMode, store: LocalStore, tmp_path: Path) -> None:
    overtake = InTheMiddle(lambda: put(store, "a", tmp_path / "other", noise(LARGE)))
    stored = put(store, "a", tmp_path, noise(LARGE), mode, overtake)
    assert stored == store.head("a")
    assert len(store.versions("a")) == 1


def test_who_replaces_keeps_what_came_in_between(store: LocalStore, tmp_path: Path) -> None:
    put(store, "a", tmp_path, b"first")
    overtake = InTheMiddle(lambda: put(store, "a", tmp_path / "other", b"second", PutMode.REPLACE))
    put(store, "a", tmp_path, noise(LARGE), PutMode.REPLACE, overtake)
    assert [version.size for version in store.versions("a")] == [LARGE, 6, 5]


def test_on_a_disk_without_links_nobody_comes_between_look_and_rename(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links on this disk")

    def attempt(number: int) -> bool:
        try:
            put(store, "a", tmp_path / str(number), b"%d" % number)
        except AlreadyPublished:
            return False
        return True

    def rename_slowly(path: Path, target: Path) -> None:
        time.sleep(0.05)
        os.rename(path, target)  # noqa: PTH104 - the method of Path is this function

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(Path, "rename", rename_slowly)
    assert at_once(attempt, 4).count(True) == 1


@pytest.mark.parametrize("mode", PutMode)
def test_a_source_that_changes_while_it_is_copied_is_refused(
    mode: PutMode, store: LocalStore, root: Path, tmp_path: Path
) -> None:
    put(store, "a", tmp_path, b"first") if mode is PutMode.REPLACE else None
    before = visible(root) if root.exists() else {}
    source = tmp_path / "in" / "source"
    with pytest.raises(IntegrityError, match="was not published"):
        put(store, "a", tmp_path, noise(LARGE), mode, InTheMiddle(lambda: source.write_bytes(noise(LARGE, seed=1))))
    assert visible(root) == before


def test_a_file_that_changes_while_it_is_fetched_arrives_whole(store: LocalStore, root: Path, tmp_path: Path) -> None:
    put(store, "a", tmp_path, noise(LARGE))
    edit = InTheMiddle(lambda: (root / "a").write_bytes(noise(LARGE, seed=1)))
    fetch(store, "a", tmp_path / "out", listener=edit)
    assert (tmp_path / "out").read_bytes() in {noise(LARGE), noise(LARGE, seed=1)}


def test_an_object_that_is_replaced_while_it_is_fetched_arrives_as_it_was(store: LocalStore, tmp_path: Path) -> None:
    stored = put(store, "a", tmp_path, noise(LARGE))
    replace = InTheMiddle(lambda: put(store, "a", tmp_path / "other", b"second", PutMode.REPLACE))
    got = fetch(store, "a", tmp_path / "out", listener=replace)
    assert got.digest == stored.digest == digest_file(tmp_path / "out")
    assert store.head("a").size == 6


def test_who_edits_at_once_what_was_put_is_not_believed_to_have_left_it(
    store: LocalStore, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brainpack.store.local.folder.flush_folder", lambda folder: (root / "a").write_bytes(b"edited"))
    put(store, "a", tmp_path, b"spikes")
    assert store.head("a").digest == digest_file(root / "a")


@pytest.mark.parametrize("error", [OSError("mine"), StopIteration("mine"), KeyboardInterrupt("mine")])
def test_what_a_listener_raises_comes_through_as_it_is(
    error: BaseException, store: LocalStore, root: Path, tmp_path: Path
) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        put(store, "a", tmp_path, noise(LARGE), listener=InTheMiddle(fail))
    assert caught.value is error
    assert visible(root) == {}
    put(store, "a", tmp_path, noise(LARGE))
    with pytest.raises(type(error)) as caught:
        fetch(store, "a", tmp_path / "out" / "target", listener=InTheMiddle(fail))
    assert caught.value is error
    assert not (tmp_path / "out" / "target").exists()


# -------------------------------------------------------------------------------------------- killed

# The default action of SIGALRM ends the process on the spot, as SIGKILL does, and needs nobody to wait for the moment.
# What a key has tells which turn put it there, and whether all of it is there.
KILLED = """
    import itertools, os, signal, sys
    from pathlib import Path
    from brainpack.store.base import PutMode
    from brainpack.store.local import LocalStore
    from brainpack.testing.stores import put
    folder, seconds, links = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3] == "links"
    if not links:
        def link(*paths):
            raise OSError("no links")
        os.link = link
    store = LocalStore(folder / "store")
    for turn in itertools.count():
        put(store, f"new/{turn}", folder, b"%05d" % turn * 100_000)
        put(store, "replaced", folder, b"%05d" % turn * 100_000, PutMode.REPLACE)
        if turn == 0:
            signal.setitimer(signal.ITIMER_REAL, seconds)
"""


@needs_posix
@pytest.mark.parametrize("links", ["links", "no links"])
@pytest.mark.parametrize("seconds", [0.003, 0.013, 0.029, 0.047, 0.061, 0.083])
def test_a_killed_process_leaves_whole_objects_and_loses_none(
    seconds: float, links: str, store: LocalStore, root: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", dedent(KILLED), str(tmp_path), str(seconds), links]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=120).returncode == -signal.SIGALRM
    listed = {found.key: fetched(store, found.key, tmp_path) for found in store.list()}
    turns = len(listed) - 1
    assert set(listed) == {"replaced", *(f"new/{turn}" for turn in range(turns))}
    assert all(listed[f"new/{turn}"] == b"%05d" % turn * 100_000 for turn in range(turns))
    kept = [fetched(store, "replaced", tmp_path, version.version_id) for version in store.versions("replaced")]
    last = len(kept) - 1
    assert last in {turns - 1, turns - 2}
    assert kept == [b"%05d" % turn * 100_000 for turn in reversed(range(last + 1))]
    assert listed["replaced"] == kept[0]
    put(store, "replaced", tmp_path, b"later", PutMode.REPLACE)
    put(store, f"new/{turns}", tmp_path, b"later")
    assert len(store.versions("replaced")) == len(kept) + 1


# -------------------------------------------------------------------------------------------- several processes

CREATORS = """
    import os, sys
    from pathlib import Path
    from brainpack.errors import AlreadyPublished
    from brainpack.store.base import PutMode
    from brainpack.store.local import LocalStore
    from brainpack.testing.stores import put
    folder, name, links = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "links"
    if not links:
        def link(*paths):
            raise OSError("no links")
        os.link = link
    store = LocalStore(folder / "store")
    print("ready", flush=True)
    sys.stdin.readline()
    for turn in range(30):
        put(store, "replaced", folder / name, f"{name} {turn}".encode(), PutMode.REPLACE)
        try:
            put(store, f"new/{turn}", folder / name, name.encode() * 1000)
        except AlreadyPublished:
            continue
        print(turn)
"""


@pytest.mark.parametrize("links", ["links", "no links"])
def test_of_creators_in_several_processes_one_wins(links: str, store: LocalStore, tmp_path: Path) -> None:
    processes = {
        name: subprocess.Popen(
            [sys.executable, "-c", dedent(CREATORS), tmp_path, name, links],
            cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for name in ("one", "two", "three")
    }  # fmt: skip
    for process in processes.values():
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes.values():
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    won = {name: process.communicate(timeout=120)[0].split() for name, process in processes.items()}
    assert {process.returncode for process in processes.values()} == {0}
    assert sorted(int(turn) for turns in won.values() for turn in turns) == list(range(30))
    for name, turns in won.items():
        assert {fetched(store, f"new/{turn}", tmp_path) for turn in turns} <= {name.encode() * 1000}
    kept = {fetched(store, "replaced", tmp_path, version.version_id) for version in store.versions("replaced")}
    assert kept == {f"{name} {turn}".encode() for name in processes for turn in range(30)}


# -------------------------------------------------------------------------------------------- no room, no right

# A limit on the size of files makes write() fail as a full disk does, on any machine and for any user.
SMALL_DISK = """
    import json, os, resource, signal, sys
    from pathlib import Path
    from brainpack import StoreError
    from brainpack.digest import digest_file
    from brainpack.store.base import PutMode
    from brainpack.store.fetching import fetch
    from brainpack.store.local import LocalStore
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    folder = Path(sys.argv[1])
    source = folder / "in" / "source"
    store, digest = LocalStore(folder / "store"), digest_file(source)
    def link(*paths):
        raise OSError("no links")
    def keep():
        os.link = link
        store.put("large", folder / "small", digest_file(folder / "small"), PutMode.REPLACE)
    calls = {
        "create": lambda: store.put("new", source, digest),
        "replace": lambda: store.put("small", source, digest, PutMode.REPLACE),
        "keep": keep,
        "get": lambda: fetch(store, "large", folder / "out" / "target"),
    }
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))  # what measures coverage needs half of it
    try:
        calls[sys.argv[2]]()
    except StoreError as error:
        print(json.dumps([str(error), error.errno]))
    else:
        sys.exit("nothing was raised")
"""


@needs_posix
@pytest.mark.parametrize("call", ["create", "replace", "keep", "get"])
def test_a_full_disk_changes_nothing(call: str, store: LocalStore, root: Path, tmp_path: Path) -> None:
    put(store, "large", tmp_path, noise(LARGE))
    put(store, "small", tmp_path, b"small")
    write(tmp_path, b"small, too", "small")
    write(tmp_path / "in", noise(750_000, seed=1))  # its first write is cut short, without an error
    write(tmp_path / "out", b"before", "target")
    before = visible(root)
    printed = subprocess.run(
        [sys.executable, "-c", dedent(SMALL_DISK), tmp_path, call],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=120,
    )  # fmt: skip
    assert printed.returncode == 0, printed.stderr
    message, number = json.loads(printed.stdout)
    assert "could not be written" in message
    assert "free some space" in message.lower()
    assert number == errno.EFBIG
    assert visible(root) == before
    assert contents(tmp_path / "out") == {"target": b"before"}
    assert [len(store.versions(key)) for key in ("large", "small", "new")] == [1, 1, 0]
    assert [path.name for path in (root / ".brainpack").rglob("*.partial")] == []


def test_a_file_in_place_of_the_store_is_an_error(tmp_path: Path) -> None:
    store = LocalStore(write(tmp_path, b"not a folder", "file"))
    source = write(tmp_path / "in", b"spikes")
    calls: list[Callable[[], object]] = [
        lambda: store.put("a", source, digest_file(source)),
        lambda: store.put("a", source, digest_file(source), PutMode.REPLACE),
        lambda: fetch(store, "a", tmp_path / "out"),
        lambda: store.read("a/b", 0, 1),
        lambda: store.head("a/b"),
        lambda: store.versions("a"),
        lambda: list(store.list()),
    ]
    for call in calls:
        with pytest.raises(StoreError, match=r"file.*(is no folder|could not be listed)"):
            call()
    assert contents(tmp_path) == {"file": b"not a folder"}


def test_a_store_in_a_file_is_an_error(tmp_path: Path) -> None:
    store = LocalStore(write(tmp_path, b"not a folder", "file") / "store")
    with pytest.raises(StoreError, match="could not be published"):
        put(store, "a", tmp_path, b"spikes")


def test_a_target_that_cannot_be_written_is_an_error(store: LocalStore, tmp_path: Path) -> None:
    put(store, "a", tmp_path, b"spikes")
    (tmp_path / "folder").mkdir()
    for target in (tmp_path / "in" / "source" / "target", tmp_path / "folder"):
        with pytest.raises(StoreError, match="could not be written"):
            fetch(store, "a", target)
    assert contents(tmp_path / "folder") == {}


@pytest.mark.parametrize(
    ("number", "kind", "advice"),
    [
        (errno.EACCES, AccessDenied, "ask its owner"),
        (errno.EROFS, AccessDenied, "ask its owner"),
        (errno.ENOSPC, StoreError, "free some space"),
        (errno.EIO, StoreError, "check that the disk"),
    ],
)
def test_what_the_system_refuses_is_explained(
    number: int, kind: type[StoreError], advice: str, store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    put(store, "a", tmp_path, b"spikes")
    monkeypatch.setattr(Path, "open", refuse)
    calls: list[Callable[[], object]] = [lambda: store.head("a"), lambda: fetch(store, "a", tmp_path / "out")]
    for call in calls:
        with pytest.raises(StoreError, match=f"could not be read: {os.strerror(number)}; {advice}") as caught:
            call()
        assert type(caught.value) is kind
        assert caught.value.errno == number
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(kind, match=f"could not be listed: {os.strerror(number)}; {advice}"):
        store.versions("b")


def test_what_cannot_be_remembered_is_read_again(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    put(store, "a", tmp_path, b"first")
    put(store, "a", tmp_path, b"second", PutMode.REPLACE)
    old = store.versions("a")[1]
    later = time.time_ns() + 10**10
    monkeypatch.setattr("time.time_ns", lambda: later)
    monkeypatch.setattr(Path, "write_text", refuse)
    for _ in range(2):
        assert old.digest is None
        assert store.head("a", old.version_id).size == 5
        old = store.versions("a")[1]
