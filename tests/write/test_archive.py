from __future__ import annotations

import hashlib
import io
import os
import zipfile
from typing import TYPE_CHECKING

import hypothesis.strategies as st
import pytest
from hypothesis import given

from brainpack import IntegrityError, StoreError
from brainpack.digest import Digester, digest_file
from brainpack.write import archive as module
from brainpack.write.archive import Archive

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1, max_size=30)


def written(folder: Path, contents: dict[str, bytes]) -> Path:
    path = folder / "archive.zip"
    with path.open("wb") as file:
        archive = Archive(file)
        for number, (name, content) in enumerate(contents.items()):
            source = folder / f"source {number}"
            source.write_bytes(content)
            archive.add(name, source)
        digest = archive.finish()
    assert digest == digest_file(path)
    return path


@given(contents=st.dictionaries(NAMES, st.binary(max_size=300), max_size=5))
def test_the_standard_library_reads_what_was_written(
    contents: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = written(tmp_path_factory.mktemp("zip"), contents)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == list(contents)
        assert {name: archive.read(name) for name in contents} == contents


def test_large_stimuli_are_streamed_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELD_IN_MEMORY", 1000)
    contents = {"small.png": b"s" * 1000, "large.mp4": os.urandom(3 << 20), "日本.mp4": b"l" * 1001}
    path = written(tmp_path, contents)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in contents} == contents
        assert [bool(entry.flag_bits & 8) for entry in archive.infolist()] == [False, True, True]


class Seen:
    """An onlooker that remembers what it was shown."""

    def __init__(self) -> None:
        self.files: list[tuple[str, bytes | Path, bytes]] = []

    def look(self, name: str, content: bytes, sha256: bytes) -> None:
        self.files.append((name, content, sha256))

    def look_at(self, name: str, source: Path, sha256: bytes) -> None:
        self.files.append((name, source, sha256))


def test_an_onlooker_gets_every_file_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELD_IN_MEMORY", 5)
    contents = {"b.png": b"small", "a.mp4": b"larger", "c.png": b""}
    seen = Seen()
    archive = Archive(io.BytesIO(), seen)
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        assert archive.add(name, tmp_path / name) == seen.files[-1][2] == hashlib.sha256(content).digest()
    assert [name for name, _, _ in seen.files] == [*contents]
    assert [file for _, file, _ in seen.files] == [b"small", tmp_path / "a.mp4", b""]


def test_an_onlooker_changes_no_byte(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"content")
    watched, alone = io.BytesIO(), io.BytesIO()
    for file, onlooker in ((watched, Seen()), (alone, None)):
        archive = Archive(file, onlooker)
        archive.add("a.png", tmp_path / "a.png")
        archive.finish()
    assert watched.getvalue() == alone.getvalue()


@pytest.mark.slow
def test_more_entries_than_a_plain_zip_can_count(tmp_path: Path) -> None:
    source = tmp_path / "empty"
    source.touch()
    path = tmp_path / "many.zip"
    with path.open("wb") as file:
        archive = Archive(file)
        for number in range(70_000):
            archive.add(f"{number}.png", source)
        archive.finish()
    with zipfile.ZipFile(path) as readable:
        assert len(readable.namelist()) == 70_000
        assert readable.read("69999.png") == b""


class SparseFile(io.FileIO):
    """A file on disk in which runs of zeros take no room."""

    def write(self, data: bytes | memoryview) -> int:  # type: ignore[override]  # Buffer has a name from 3.12 on
        if bytes(data).strip(b"\0"):
            return super().write(data)
        self.seek(len(data), io.SEEK_CUR)
        return len(data)


@pytest.mark.slow
def test_files_and_offsets_beyond_four_gigabytes(tmp_path: Path) -> None:
    huge, small = tmp_path / "huge", tmp_path / "small"
    with huge.open("wb") as file:
        file.truncate((4 << 30) + 5)
    small.write_bytes(b"behind four gigabytes")
    with SparseFile(tmp_path / "large.zip", "w") as sparse:
        archive = Archive(sparse)
        archive.add("huge.mp4", huge)
        archive.add("small.png", small)
        archive.finish()
    with zipfile.ZipFile(tmp_path / "large.zip") as readable:
        assert [entry.file_size for entry in readable.infolist()] == [(4 << 30) + 5, 21]
        assert readable.read("small.png") == b"behind four gigabytes"


def test_a_stimulus_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    archive = Archive(io.BytesIO())
    with pytest.raises(StoreError, match="nowhere"):
        archive.add("a.png", tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="folder"):
        archive.add("b.png", tmp_path / "folder")


def test_a_stimulus_that_grows_while_it_is_streamed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELD_IN_MEMORY", 10)
    source = tmp_path / "growing.mp4"
    source.write_bytes(b"x" * 100)

    class Growing(io.BytesIO):
        def write(self, data: bytes | memoryview) -> int:  # type: ignore[override]  # see above
            with source.open("ab") as file:
                file.write(b"more")
            return super().write(data)

    with pytest.raises(IntegrityError, match="changed while it was read") as caught:
        Archive(Growing()).add("growing.mp4", source)
    assert caught.value.expected == "100 bytes"


@given(parts=st.lists(st.binary(max_size=100), max_size=10))
def test_a_digest_does_not_depend_on_the_blocks(parts: list[bytes]) -> None:
    blockwise, whole = Digester(), Digester()
    for part in parts:
        blockwise.update(part)
    whole.update(b"".join(parts))
    assert blockwise.digest() == whole.digest()
