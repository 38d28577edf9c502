from __future__ import annotations

import hashlib
import io
import os
import zipfile
import zlib
from typing import TYPE_CHECKING

import hypothesis.strategies as st
import pytest
from hypothesis import given

from brainpack.digest import BLOCK, Digester, DigestingWriter, ThreadedDigester, digest_file
from brainpack.write.archive import Archive

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1, max_size=30)


@given(contents=st.dictionaries(NAMES, st.tuples(st.binary(max_size=300), st.booleans()), max_size=5))
def test_the_standard_library_reads_what_was_written(contents: dict[str, tuple[bytes, bool]]) -> None:
    file = io.BytesIO()
    archive = Archive(DigestingWriter(file))
    for name, (content, is_streamed) in contents.items():
        if is_streamed:
            pieces = [content[:100], content[100:]]
            assert archive.stream(name, len(content), pieces) == hashlib.sha256(content).digest()
        else:
            archive.add(name, content, zlib.crc32(content))
    digest = archive.finish()
    assert (digest.size, digest.sha256) == (len(file.getvalue()), hashlib.sha256(file.getvalue()).hexdigest())
    with zipfile.ZipFile(file) as written:
        assert written.testzip() is None
        assert written.namelist() == list(contents)
        assert {name: written.read(name) for name in contents} == {name: what for name, (what, _) in contents.items()}
        assert [bool(entry.flag_bits & 8) for entry in written.infolist()] == [how for _, how in contents.values()]


@pytest.mark.slow
def test_more_entries_than_a_plain_zip_can_count() -> None:
    file = io.BytesIO()
    archive = Archive(DigestingWriter(file))
    for number in range(70_000):
        archive.add(f"{number}.png", b"", 0)
    archive.finish()
    with zipfile.ZipFile(file) as readable:
        assert len(readable.namelist()) == 70_000
        assert readable.read("69999.png") == b""


class SparseFile(io.FileIO):
    """A file on disk in which runs of zeros take no room."""

    def write(self, data: bytes | memoryview) -> int:  # type: ignore[override]  # Buffer has a name from 3.12 on
        if data != bytes(len(data)):
            return super().write(data)
        self.seek(len(data), io.SEEK_CUR)
        return len(data)


class Counter(Digester):
    """Counts, but does not hash, of which there would be much."""

    def update(self, data: bytes | memoryview) -> None:
        self.size += len(data)


@pytest.mark.slow
def test_files_and_offsets_beyond_four_gigabytes(tmp_path: Path) -> None:
    size, piece = (4 << 30) + (1 << 24), bytes(1 << 24)
    small = b"behind four gigabytes"
    with SparseFile(tmp_path / "large.zip", "w") as sparse:
        archive = Archive(DigestingWriter(sparse, Counter()))
        archive.stream("huge.mp4", size, [piece] * (size // len(piece)))
        archive.add("small.png", small, zlib.crc32(small))
        archive.finish()
    with zipfile.ZipFile(tmp_path / "large.zip") as readable:
        assert [entry.file_size for entry in readable.infolist()] == [size, 21]
        assert readable.read("small.png") == small


@given(parts=st.lists(st.binary(max_size=100), max_size=10))
def test_a_digest_does_not_depend_on_the_blocks_or_threads(parts: list[bytes]) -> None:
    blockwise, whole = Digester(), Digester()
    with ThreadedDigester() as threaded:
        for part in parts:
            blockwise.update(part)
            threaded.update(part)
        whole.update(b"".join(parts))
        assert blockwise.digest() == threaded.digest() == whole.digest()


def test_much_is_hashed_in_threads(tmp_path: Path) -> None:
    content = os.urandom(BLOCK) * 40
    path = tmp_path / "large"
    path.write_bytes(content)
    found = digest_file(path)
    whole = Digester()
    whole.update(content)
    assert found == whole.digest()
