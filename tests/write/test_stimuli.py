from __future__ import annotations

import os
import resource
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from brainpack import IntegrityError, StoreError, packaging
from brainpack.digest import digest_file
from brainpack.media.inspector import inspectors
from brainpack.media.looking import look_into
from brainpack.write import stimulus_files
from brainpack.write.stimuli import write_zip
from brainpack.write.stimulus_files import StimulusFile
from tests.helpers import bytes_read, packed, png, stimulus_file, stimulus_set

MEGABYTE = 1 << 20


@pytest.fixture(autouse=True)
def no_thread_is_left() -> object:
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("brainpack")] == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts what a process reads")
def test_stimuli_are_read_once_and_the_zip_never(tmp_path: Path) -> None:
    stimuli = stimulus_set(tmp_path / "in", ids=range(20))
    for number, path in enumerate(stimuli.stimulus_paths.values()):
        Path(path).write_bytes(png(number, side=1000))  # a megabyte
    look_into("a.png", png(0))  # loads what decodes images
    before = bytes_read()
    result = packaging.package_stimulus_set_locally(stimuli, "lab.Once", tmp_path)
    assert bytes_read() - before < 20 * MEGABYTE + MEGABYTE
    assert digest_file(Path(result["zip_path"])).sha1 == result["zip_sha1"]
    assert digest_file(Path(result["csv_path"])).sha1 == result["csv_sha1"]


@pytest.mark.parametrize("held", [stimulus_files.HELD_IN_MEMORY, 1000])
@pytest.mark.parametrize("enough", [1, 500, MEGABYTE])
def test_files_are_packed_and_looked_into_in_order(
    held: int, enough: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stimulus_files, "HELD_IN_MEMORY", held)
    monkeypatch.setattr(stimulus_files, "_ENOUGH", enough)
    monkeypatch.setattr(stimulus_files, "_PIECE", 700)
    contents = {f"{side}.png": png(side, side) for side in range(1, 60)} | {"empty.txt": b""}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    made = packed([(name, tmp_path / name) for name in contents], tmp_path / "set.zip", look=True)
    with zipfile.ZipFile(tmp_path / "set.zip") as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == contents
        assert archive.namelist() == [*contents]
    assert made.digest == digest_file(tmp_path / "set.zip")
    assert made.facts == [look_into(name, content) for name, content in contents.items()]


def test_looking_changes_no_byte(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(1))
    files = [("a.png", tmp_path / "a.png")]
    assert packed(files, tmp_path / "a.zip", look=True).digest == packed(files, tmp_path / "b.zip").digest


class Changing(LocalFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Files that are others whenever they were read."""

    protocol = "changing"

    def cat_file(self, path: str, **_: Any) -> bytes:
        content = Path(path).read_bytes()
        Path(path).write_bytes(bytes(byte ^ 1 for byte in content))
        return content

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return super()._strip_protocol(str(path).removeprefix(f"{cls.protocol}://"))


def test_what_is_looked_into_are_the_bytes_that_were_packed(tmp_path: Path) -> None:
    fsspec.register_implementation("changing", Changing, clobber=True)
    path = tmp_path / "a.png"
    path.write_bytes(png(1))
    with inspectors() as crew:
        file = StimulusFile("a.png", f"changing://{path}", len(png(1)), 0)
        made = write_zip([file], tmp_path / "set.zip", crew, look=True)
    assert made.facts == [look_into("a.png", png(1))]
    assert path.read_bytes() != png(1)


@pytest.mark.parametrize("held", [stimulus_files.HELD_IN_MEMORY, 10])
@pytest.mark.parametrize("size", [99, 101])
def test_a_stimulus_that_changes_its_length_is_refused(
    held: int, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stimulus_files, "HELD_IN_MEMORY", held)
    path = tmp_path / "growing.mp4"
    path.write_bytes(b"x" * 100)
    file = stimulus_file("growing.mp4", path)
    path.write_bytes(b"x" * size)
    with pytest.raises(IntegrityError, match=r"growing\.mp4 changed while") as caught, inspectors() as crew:
        write_zip([file], tmp_path / "set.zip", crew)
    assert (caught.value.expected, caught.value.got) == ("100 bytes", str(size))


def test_a_large_stimulus_that_is_written_while_it_is_packed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stimulus_files, "HELD_IN_MEMORY", 10)
    path = tmp_path / "a.mp4"
    path.write_bytes(b"x" * 100)
    file = stimulus_file("a.mp4", path)
    path.write_bytes(b"y" * 100)
    os.utime(path, ns=(0, file.modified + 1))
    with pytest.raises(IntegrityError, match="was written while it was packed"), inspectors() as crew:
        write_zip([file], tmp_path / "set.zip", crew)


class Busy(Changing):
    """Files that are handed out in pieces, and never opened."""

    protocol = "busy"

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: Any) -> bytes:
        return Path(path).read_bytes()[start:end]

    def open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        raise OSError(f"503 Slow Down: {path} {mode}")


def test_a_large_stimulus_that_was_packed_but_not_looked_into_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stimulus_files, "HELD_IN_MEMORY", 10)
    fsspec.register_implementation("busy", Busy, clobber=True)
    (tmp_path / "a.png").write_bytes(png(1))
    file = StimulusFile("a.png", f"busy://{tmp_path}/a.png", len(png(1)), 0)
    with inspectors() as crew, pytest.raises(StoreError, match=r"not looked into.*503 Slow Down"):
        write_zip([file], tmp_path / "set.zip", crew, look=True)


@pytest.mark.parametrize("held", [stimulus_files.HELD_IN_MEMORY, 1])
def test_a_stimulus_that_cannot_be_read_is_named(held: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stimulus_files, "HELD_IN_MEMORY", held)
    (tmp_path / "a.png").write_bytes(png(1))
    files = [stimulus_file("a.png", tmp_path / "a.png")] * 100
    gone = StimulusFile("b.png", str(tmp_path / "nowhere.png"), 10, 0)
    with pytest.raises(StoreError, match="nowhere"), inspectors() as crew:
        write_zip([*files, gone], tmp_path / "set.zip", crew, look=True)


def test_a_full_disk_ends_the_packing(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(os.urandom(MEGABYTE))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8 * MEGABYTE, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            packed([(f"{number}.png", tmp_path / "a.png") for number in range(50)], tmp_path / "set.zip", look=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_vast_stimulus_is_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stimulus_files, "HELD_IN_MEMORY", 10)
    monkeypatch.setattr(stimulus_files, "_PIECE", MEGABYTE)
    with (tmp_path / "vast.mp4").open("wb") as file:
        file.truncate(64 * MEGABYTE)  # of nothing, which takes no room
    with inspectors() as crew:
        pieces = stimulus_files.read_in_pieces(stimulus_file("vast.mp4", tmp_path / "vast.mp4"), crew)
        assert [len(piece) for piece in pieces] == [MEGABYTE] * 64


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "set.zip")
    with pytest.raises(StoreError, match="a folder or a device"):
        packaging.create_stimulus_zip(stimulus_set(tmp_path / "in"), tmp_path / "set.zip")
    assert (tmp_path / "set.zip").is_fifo()
