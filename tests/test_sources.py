from __future__ import annotations

import os
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
import hypothesis.strategies as st
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import given

from brainpack import InvalidData, StimulusSet, packaging
from brainpack.media.finding import find
from brainpack.objects.entries import zip_entries
from brainpack.sources import LocalFile, Stamp, UrlFile, source_of
from brainpack.workers import workers
from tests.helpers import png

if TYPE_CHECKING:
    from brainpack.sources import Source


@pytest.fixture
def memory() -> Any:
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


@given(content=st.binary(max_size=50), ends=st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted))
def test_a_piece_is_that_of_the_file(content: bytes, ends: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("sources") / "file"
    path.write_bytes(content)
    fsspec.filesystem("memory").pipe("/file", content)
    for source in (LocalFile(str(path)), UrlFile("memory://file"), UrlFile(f"file://{path}")):
        assert source.read() == content
        assert source.read(*ends) == content[slice(*ends)]
        assert source.stamp().size == len(content)
        with source.open("rb") as file:
            assert file.read() == content


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("s3://bucket/a.png", UrlFile),
        ("simplecache::https://lab.org/a.png", UrlFile),
        ("C://a.png", LocalFile),
        ("images/http:/a.png", LocalFile),
        (Path("s3://bucket/a.png"), LocalFile),  # what a Path makes of a URL is none any more
        ("file:///data/a.png", LocalFile),
        ("", LocalFile),
    ],
)
def test_urls_are_told_from_paths(path: str | Path, kind: type) -> None:
    assert type(source_of(path)) is kind
    assert str(source_of(path)) == str(path).removeprefix("file://")


def test_what_cannot_be_found_says_why(memory: Any, tmp_path: Path) -> None:
    memory.pipe("/there", b"12345")
    memory.makedirs("/folder")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "here").write_bytes(b"123")
    sources: list[Source] = [
        UrlFile("memory://there"),
        LocalFile(str(tmp_path / "here")),
        UrlFile("memory://gone"),
        UrlFile("nobody-knows://it"),
        UrlFile("memory://folder"),
        LocalFile(str(tmp_path / "pipe")),
        LocalFile("null\0"),
    ]
    with workers(use_cluster=False) as crew:
        there, here, *reasons = find(sources, crew)
    assert there == Stamp(5)
    assert isinstance(here, Stamp)
    assert here.size == 3
    assert reasons[:4] == [
        "FileNotFoundError: /gone: memory://gone",
        "ValueError: Protocol not known: nobody-knows: nobody-knows://it",
        "it is not a file: memory://folder",
        f"it is not a file: {tmp_path / 'pipe'}",
    ]
    assert "null" in str(reasons[4])


class Meeting(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A file is read or found when another one is, too."""

    protocol = "meeting"
    both = threading.Barrier(2, timeout=30)

    @classmethod
    def _strip_protocol(cls, path: str) -> Any:
        return super()._strip_protocol(path.replace("meeting://", "memory://"))

    def cat_file(self, path: str, **options: Any) -> Any:
        self.both.wait()
        return super().cat_file(path, **options)

    def info(self, path: str, **options: Any) -> Any:
        self.both.wait()
        return super().info(path, **options)


def test_files_behind_urls_are_waited_for_together(memory: Any, tmp_path: Path) -> None:
    fsspec.register_implementation("meeting", Meeting, clobber=True)
    stimuli = urls("left.png", "right.png")
    for number, name in enumerate(("left", "right")):
        memory.pipe(f"/{name}.png", png(number))
        stimuli.stimulus_paths[name] = f"meeting://{name}.png"
    with ThreadPoolExecutor(1) as one:
        packaging.package_stimulus_set_locally(stimuli, "lab.S", tmp_path, executor=one)


@pytest.mark.parametrize(
    ("url", "is_everywhere"),
    [
        ("s3://bucket/a.png", True),
        ("zip://a.png::s3://bucket/all.zip", True),
        ("zip://a.png::/data/all.zip", False),
        ("zip://a.png::file:///data/all.zip", False),
        ("memory://a.png", False),
    ],
)
def test_what_is_the_same_on_every_machine(url: str, is_everywhere: bool) -> None:
    assert source_of(url).is_everywhere is is_everywhere


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("https://lab.org/a.png?X-Amz-Signature=x.y/z", "7.png"),
        ("zip://left.png::/data/all.zip", "7.png"),
        ("simplecache::https://lab.org/a.jpg#top", "7.jpg"),
        ("s3://bucket/what?.gif", "7.gif"),
        ("images/what?.gif", "7.gif"),
        (Path("a.b/c"), "7"),
    ],
)
def test_the_suffix_of_a_name_is_that_of_the_file(path: str | Path, name: str) -> None:
    stimuli = StimulusSet({"stimulus_id": [7]})
    stimuli.stimulus_paths = {7: path}
    assert [entry.name for entry in zip_entries(stimuli)] == [name]


def test_passwords_and_signatures_are_not_shown(tmp_path: Path) -> None:
    stimuli = StimulusSet({"stimulus_id": ["a", "b"]})
    stimuli.stimulus_paths = {
        "a": "nobody-knows://ada:secret@lab.org/a.png",
        "b": "zip://a.png::nobody-knows://lab.org/a?signature=secret",
    }
    with pytest.raises(InvalidData, match=r"…@lab\.org/a\.png") as caught:
        packaging.package_stimulus_set_locally(stimuli, "lab.S", tmp_path)
    assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_a_server_that_knows_no_pieces(memory: Any) -> None:
    class Whole(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
        protocol = "whole"

        def cat_file(self, path: str, **_: Any) -> Any:
            return super().cat_file(path.replace("whole://", "/"))

    fsspec.register_implementation("whole", Whole, clobber=True)
    memory.pipe("/a.txt", b"The cat sat")
    assert UrlFile("whole://a.txt").read(4, 7) == b"cat"


def urls(*names: str) -> StimulusSet:
    stimuli = StimulusSet({"stimulus_id": [name.partition(".")[0] for name in names]})
    stimuli.stimulus_paths = {name.partition(".")[0]: f"memory://{name}" for name in names}
    return stimuli


def test_stimuli_behind_urls_are_packaged_as_files_are(memory: Any, tmp_path: Path) -> None:
    for number, name in enumerate(("left.png", "right.png")):
        memory.pipe(f"/{name}", png(number))
        (tmp_path / name).write_bytes(png(number))
    remote = packaging.package_stimulus_set_locally(urls("left.png", "right.png"), "lab.S", tmp_path / "remote")
    local = urls("left.png", "right.png")
    local.stimulus_paths = {name: tmp_path / f"{name}.png" for name in ("left", "right")}
    assert packaging.package_stimulus_set_locally(local, "lab.S", tmp_path / "local")["zip_sha1"] == remote["zip_sha1"]


def test_all_stimuli_that_are_not_behind_their_urls_are_told_at_once(memory: Any, tmp_path: Path) -> None:
    memory.pipe("/left.png", png(1))
    with pytest.raises(InvalidData, match="BP-S005") as caught:
        packaging.package_stimulus_set_locally(urls("left.png", "right.png", "up.png"), "lab.S", tmp_path)
    assert caught.value.report is not None
    (finding,) = [finding for finding in caught.value.report.errors if finding.rule == "BP-S005"]
    assert finding.count == 2
    assert not [*tmp_path.iterdir()]


def test_what_reads_urls_may_not_be_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(InvalidData, match=r"pip install 'brainpack\[remote\]'"):
        packaging.package_stimulus_set_locally(urls("left.png"), "lab.S", tmp_path)
