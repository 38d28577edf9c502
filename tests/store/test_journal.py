"""What a killed upload leaves behind is enough to continue, and two do not send to one key at a time."""

from __future__ import annotations

import select
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainpack.digest import Digest
from brainpack.errors import StoreError
from brainpack.store.journal import Part, Unfinished, open_journal

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

URL = "https://s3.example.org s3://bucket/lab/spikes.nc"
DIGEST = Digest("a" * 40, "b" * 64, 6 << 20)
PARTS = [Part(number, f"{number:064x}", f'"etag {number}"') for number in range(1, 5)]


def journal_file(folder: Path) -> Path:
    (found,) = folder.glob("*.jsonl")
    return found


def remembered(folder: Path) -> Unfinished | None:
    with open_journal(folder, URL) as journal:
        return journal.unfinished()


def write(folder: Path, *parts: Part, upload_id: str | None = "upload") -> None:
    with open_journal(folder, URL) as journal:
        journal.begin(DIGEST, 5 << 20, upload_id)
        for part in parts:
            journal.add(part)


@pytest.mark.parametrize("upload_id", ["upload", None])
def test_a_journal_gives_back_what_was_noted(tmp_path: Path, upload_id: str | None) -> None:
    write(tmp_path, *reversed(PARTS), upload_id=upload_id)
    assert remembered(tmp_path) == Unfinished(DIGEST, 5 << 20, upload_id, {part.number: part for part in PARTS})


def test_nothing_is_remembered_of_what_was_never_begun(tmp_path: Path) -> None:
    assert remembered(tmp_path / "new" / "folders") is None


def test_to_begin_is_to_forget(tmp_path: Path) -> None:
    write(tmp_path, *PARTS)
    write(tmp_path, upload_id="another")
    assert remembered(tmp_path) == Unfinished(DIGEST, 5 << 20, "another", {})


def test_what_has_ended_leaves_no_file(tmp_path: Path) -> None:
    write(tmp_path, *PARTS)
    with open_journal(tmp_path, URL) as journal:
        journal.end()
        journal.end()
        assert journal.unfinished() is None
    assert list(tmp_path.glob("*.jsonl")) == []


def test_each_place_has_its_own_journal(tmp_path: Path) -> None:
    write(tmp_path, *PARTS)
    for url in (URL + "x", URL.upper(), URL.replace("example", "example2")):
        with open_journal(tmp_path, url) as journal:  # no waiting for each other, either
            assert journal.unfinished() is None
    assert remembered(tmp_path) is not None


def test_parts_of_several_threads_are_all_noted(tmp_path: Path) -> None:
    parts = [Part(number, f"{number:064x}", "etag") for number in range(200)]
    with open_journal(tmp_path, URL) as journal:

        def add_all(some: list[Part]) -> None:
            for part in some:
                journal.add(part)

        journal.begin(DIGEST, 5 << 20, "upload")
        threads = [Thread(target=add_all, args=(parts[first::4],)) for first in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = journal.unfinished()
    assert found is not None
    assert found.parts == {part.number: part for part in parts}


@given(st.lists(st.sampled_from(PARTS), unique=True), st.data())
def test_wherever_a_killed_process_stopped_writing_the_parts_before_are_known(
    parts: list[Part], data: st.DataObject
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, *parts)
        path = journal_file(folder)
        content = path.read_bytes()
        length = data.draw(st.integers(0, len(content)))
        path.write_bytes(content[:length])
        found = remembered(folder)
        if found is None:
            assert length <= content.find(b"}\n") + 1  # the first line was not complete
        else:
            kept = list(found.parts.values())
            assert kept == parts[: len(kept)]
            assert len(kept) >= content[:length].count(b'"number"') - 1


@given(st.lists(st.sampled_from(PARTS), unique=True), st.lists(st.sampled_from(PARTS), unique=True), st.integers(1, 90))
def test_who_continues_behind_half_a_line_is_remembered_as_well(first: list[Part], then: list[Part], cut: int) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, PARTS[0], *first)
        path = journal_file(folder)
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size - cut)
        before = remembered(folder)
        assert before is not None
        with open_journal(folder, URL) as journal:
            for part in then:
                journal.add(part)
        after = remembered(folder)
        assert after is not None
        assert after.parts == before.parts | {part.number: part for part in then}


HEAD = b'{"format": 1, "digest": {"sha1": "a", "sha256": "b", "size": 1}, "part_size": 5, "upload_id": "u"'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"\0" * 300,
        b"\xff\xfe\n",
        b"a list of groceries\n",
        b"[]\n",
        b"null\n",
        b'"format"\n',
        b"{}\n",
        HEAD.replace(b"1", b"2", 1) + b"}\n",
        HEAD.replace(b'"sha1"', b'"md5"') + b"}\n",
        HEAD.replace(b'"part_size": 5, ', b"") + b"}\n",
        HEAD + b', "more": 1}\n',
        HEAD + b'}\n{"no": 1}\n',
        HEAD + b"}\n[1, 2, 3]\n",
        HEAD + b"}\n5\n",
        HEAD,
        b'{"number": 1, "sha256": "b", "etag": "e"}\n',
    ],
)
def test_what_is_no_journal_of_ours_counts_as_nothing(tmp_path: Path, content: bytes) -> None:
    write(tmp_path)
    journal_file(tmp_path).write_bytes(content)
    assert remembered(tmp_path) is None
    write(tmp_path, *PARTS)
    assert remembered(tmp_path) == Unfinished(DIGEST, 5 << 20, "upload", {part.number: part for part in PARTS})


# ------------------------------------------------------------------------------------------- two processes

HOLDER = """
import sys
from pathlib import Path
from brainpack.store.journal import open_journal
print("asking", flush=True)
with open_journal(Path(sys.argv[1]), sys.argv[2]) as journal:
    print("has it", flush=True)
    sys.stdin.readline()
"""


class Holder:
    """A process that holds the journal until it is told to let go, or killed."""

    def __init__(self, folder: Path, url: str = URL) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(folder), url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        self.expect("asking")

    def expect(self, line: str) -> None:
        assert cast("IO[bytes]", self.process.stdout).readline().decode().strip() == line

    def has_said_more(self) -> bool:
        return bool(select.select([cast("IO[bytes]", self.process.stdout)], [], [], 0)[0])

    def let_go(self) -> None:
        self.process.communicate(b"\n")

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.mark.parametrize("end", [Holder.let_go, Holder.kill], ids=["done", "killed"])
def test_the_second_waits_until_the_first_is_done_or_dead(tmp_path: Path, end: Callable[[Holder], None]) -> None:
    first = Holder(tmp_path)
    first.expect("has it")
    second = Holder(tmp_path)
    elsewhere = Holder(tmp_path, "s3://another")  # has its turn in the meantime, though it came last
    elsewhere.expect("has it")
    elsewhere.let_go()
    assert not second.has_said_more()
    end(first)
    second.expect("has it")
    second.let_go()
    assert (first.process.returncode == 0) is (end is Holder.let_go)
    assert second.process.returncode == 0


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), open_journal(tmp_path, URL):
        raise ZeroDivisionError
    holder = Holder(tmp_path)
    holder.expect("has it")
    holder.let_go()


# ---------------------------------------------------------------------------------------------- the disk


def test_a_folder_that_cannot_be_written_is_named_with_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StoreError, match=r"file.journals.*set BRAINIO_HOME"),
        open_journal(tmp_path / "file" / "journals", URL),
    ):
        pytest.fail("opened")


def test_a_file_in_the_place_of_the_folder_is_named_as_well(tmp_path: Path) -> None:
    (tmp_path / "journals").touch()
    with pytest.raises(StoreError, match=r"journals.*set BRAINIO_HOME"), open_journal(tmp_path / "journals", URL):
        pytest.fail("opened")


def test_a_journal_that_cannot_be_read_or_written_is_an_error_of_the_store(tmp_path: Path) -> None:
    write(tmp_path)
    path = journal_file(tmp_path)
    path.unlink()
    path.mkdir()
    with open_journal(tmp_path, URL) as journal:
        for use in (journal.unfinished, journal.end, lambda: journal.add(PARTS[0])):
            with pytest.raises(StoreError, match="set BRAINIO_HOME"):
                use()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_an_error_of_the_store(tmp_path: Path) -> None:
    write(tmp_path)
    path = journal_file(tmp_path)
    path.unlink()
    path.symlink_to("/dev/full")
    with open_journal(tmp_path, URL) as journal, pytest.raises(StoreError, match="No space left on device"):
        journal.add(PARTS[0])
