"""ZIPs from anywhere, and what may be there already."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest

from brainpack import IntegrityError, InvalidData, NotFound, StoreError, load_stimulus_set_from_files
from brainpack.read.unpack import unpack
from tests.read.zips import CENTRAL, LOCAL, files_below, link, make_zip, names_in, patched

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.read.zips import Content


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return make_zip(tmp_path / "set.zip", [("a.png", b"A" * 100), ("sub/b.png", b"B" * 100), ("empty/", b"")])


WHOLE = {"a.png": b"A" * 100, "sub/b.png": b"B" * 100}


def test_a_zip_becomes_a_folder_beside_it(good: Path) -> None:
    folder = unpack(good)
    assert folder == good.with_name("set")
    assert files_below(folder) == WHOLE
    assert names_in(good.parent) == ["set", "set.zip"]


def test_a_whole_folder_is_kept(good: Path) -> None:
    folder = unpack(good)
    before = (folder / "a.png").stat()
    (folder / "mine.txt").write_text("notes")
    assert unpack(good) == folder
    assert (folder / "a.png").stat().st_ino == before.st_ino
    assert (folder / "mine.txt").read_text() == "notes"


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_compression_of_the_standard_library(tmp_path: Path, compression: int) -> None:
    path = make_zip(tmp_path / "set.zip", [("a.png", b"A" * 3_000_000)], compression)
    assert files_below(unpack(path)) == {"a.png": b"A" * 3_000_000}


def test_an_empty_zip(tmp_path: Path) -> None:
    assert files_below(unpack(make_zip(tmp_path / "set.zip", []))) == {}


def test_names_that_other_tools_write(tmp_path: Path) -> None:
    entries = [("./a.png", b"a"), ("x//b.png", b"b"), ("__MACOSX/._a.png", b"resource fork"), ("日本.png", b"c")]
    folder = unpack(make_zip(tmp_path / "set.zip", entries))
    assert files_below(folder) == {
        "a.png": b"a",
        "x/b.png": b"b",
        "__MACOSX/._a.png": b"resource fork",
        "日本.png": b"c",
    }


def test_a_set_with_folders_and_extra_files(tmp_path: Path) -> None:
    entries = [("images/a.png", b"a"), ("images/b.png", b"b"), ("__MACOSX/images/._a.png", b""), ("README", b"")]
    path = make_zip(tmp_path / "set.zip", entries)
    (tmp_path / "set.csv").write_text("stimulus_id,filename\n1,a.png\n2,b.png\n")
    stimuli = load_stimulus_set_from_files(tmp_path / "set.csv", path)
    assert stimuli.stimulus_paths == {1: tmp_path / "set/images/a.png", 2: tmp_path / "set/images/b.png"}


HOSTILE: dict[str, tuple[list[tuple[str | zipfile.ZipInfo, Content]], str]] = {
    "absolute": ([("/etc/x", b"")], "an absolute path"),
    "drive": ([("C:x", b"")], "a drive or stream of Windows"),
    "out": ([("../x", b"")], "a way out"),
    "out further down": ([("a/../../x", b"")], "a way out"),
    "out on Windows": ([("a/.. /x", b"")], "a way out"),
    "backslash": ([("..\\x", b"")], "a backslash"),
    "link": ([link("x", "/etc")], "a link"),
    "device": ([("nul", b"")], "the name of a device"),
    "device with suffix": ([("a/COM1.png", b"")], "the name of a device"),
    "device with space": ([("con .png", b"")], "the name of a device"),
    "no name": ([(".", b"")], "no file name"),
    "twice": ([("x", b"1"), ("x", b"2")], "'x' .a name that others have"),
    "twice in other words": ([("a/x", b"1"), ("a/./x", b"2")], "'a/x' .a name that others have"),
    "case": ([("x.png", b"1"), ("X.png", b"2")], "'X.png' .a name that others have"),
    "file and folder": ([("x", b"1"), ("x/y", b"2")], "'x' .a name that others have"),
    "accent": ([("caf\u00e9.png", b"1"), ("cafe\u0301.png", b"2")], "a name that others have"),
    "accent and case": ([("caf\u00e9.png", b"1"), ("CAFE\u0301.png", b"2")], "a name that others have"),
    "line break": ([("a\nb.png", b"")], "a control character"),
    "escape": ([("a\x1b[2J.png", b"")], "a control character"),
    "deep": ([("d/" * 1500 + "x", b"")], "a path that is too long"),
    "65 parts": ([("d/" * 64 + "x", b"")], "a path that is too long"),
    "long": ([("/".join(["d" * 200] * 6), b"")], "a path that is too long"),
    "long part": ([("日" * 86, b"")], "a path that is too long"),
    "many": ([(f"../{n}", b"") for n in range(9)], "and 4 more"),
}


@pytest.mark.parametrize(("entries", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_zip_is_refused_as_a_whole(
    tmp_path: Path, entries: list[tuple[str | zipfile.ZipInfo, Content]], reason: str
) -> None:
    path = tmp_path / "inner" / "set.zip"
    path.parent.mkdir()
    make_zip(path, [("good.png", b"good"), *entries])
    with pytest.raises(InvalidData, match=reason) as caught:
        unpack(path)
    assert str(path) in str(caught.value)
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")] == ["inner", "inner/set.zip"]


def test_a_nul_in_a_name_is_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "set.zip", [("aXb.png", b"a")])
    path.write_bytes(path.read_bytes().replace(b"aXb.png", b"a\0b.png"))
    with pytest.raises(InvalidData, match="no file name"):
        unpack(path)


def test_an_encrypted_zip_is_refused(good: Path) -> None:
    with pytest.raises(InvalidData, match=r"encrypted.*unpack it by hand"):
        unpack(patched(patched(good, LOCAL, 6, b"\1\0"), CENTRAL, 8, b"\1\0"))
    assert not good.with_name("set").exists()


def test_an_unknown_compression_is_refused(good: Path) -> None:
    with pytest.raises(InvalidData, match="a compression that Python does not know"):
        unpack(patched(patched(good, LOCAL, 8, b"\x09\0"), CENTRAL, 10, b"\x09\0"))


def test_entries_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "set.zip", [(f"{n}.png", b"A" * 100) for n in range(9)])
    with pytest.raises(InvalidData, match="share their bytes"):
        unpack(patched(path, CENTRAL, 20, struct.pack("<LL", 2000, 2000)))


@pytest.mark.parametrize("declared", [10, 5_000_000], ids=["less", "more"])
def test_a_zip_that_lies_about_a_size(tmp_path: Path, declared: int) -> None:
    path = make_zip(tmp_path / "set.zip", [("a.png", bytes(1_000_000))], zipfile.ZIP_DEFLATED)
    size = struct.pack("<L", declared)
    patched(patched(path, LOCAL, 22, size), CENTRAL, 24, size)
    with pytest.raises(IntegrityError, match=f"a.png.*expected {declared} bytes"):
        unpack(path)
    assert names_in(tmp_path) == ["set.zip"]


def test_a_stored_entry_that_is_shorter_than_it_declares(tmp_path: Path) -> None:
    path = patched(make_zip(tmp_path / "set.zip", [("a.png", b"A" * 100)]), CENTRAL, 24, struct.pack("<L", 200))
    with pytest.raises(IntegrityError, match=r"expected 200 bytes.*got 100 bytes"):
        unpack(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_flipped_byte_is_found(tmp_path: Path, compression: int) -> None:
    path = make_zip(tmp_path / "set.zip", [("a.png", os.urandom(1000)), ("b.png", os.urandom(1000))], compression)
    content = bytearray(path.read_bytes())
    content[1500] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError) as caught:
        unpack(path)
    assert "b.png" in str(caught.value)
    assert "CRC-32" in caught.value.expected
    assert "1000 bytes" in caught.value.expected
    assert caught.value.got
    assert names_in(tmp_path) == ["set.zip"]


def test_a_truncated_zip_is_refused(good: Path) -> None:
    good.write_bytes(good.read_bytes()[:-30])
    with pytest.raises(InvalidData, match="is not a ZIP"):
        unpack(good)


@pytest.mark.parametrize("content", [b"", b"stimulus_id,filename\n", b"PK\x05\x06"], ids=["empty", "CSV", "start"])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "set.zip"
    path.write_bytes(content)
    with pytest.raises(InvalidData, match="is not a ZIP"):
        unpack(path)


def test_a_name_that_is_not_the_utf8_it_claims(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "set.zip", [("日.png", b"a")])
    path.write_bytes(path.read_bytes().replace("日".encode(), b"\xff\xff\xff"))
    with pytest.raises(InvalidData, match=r"is not a ZIP.*utf-8"):
        unpack(path)


def test_no_zip_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"set\.zip"):
        unpack(tmp_path / "set.zip")


def test_a_zip_without_suffix_says_what_to_do(good: Path) -> None:
    with pytest.raises(InvalidData, match=r"rename it to set\.zip"):
        unpack(good.rename(good.with_name("set")))


def test_names_as_long_as_they_may_be(tmp_path: Path) -> None:
    entries = [("d/" * 63 + "x", b"deep"), ("日" * 85, b"long")]
    assert files_below(unpack(make_zip(tmp_path / "set.zip", entries))) == dict(entries)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: None,
    "cut": lambda path: path.write_bytes(b"B"),
    "other bytes": lambda path: path.write_bytes(b"B" * 99 + b"C"),
    "broken link": lambda path: path.symlink_to("nowhere"),
    "link in a circle": lambda path: path.symlink_to(path.name),
    "pipe": os.mkfifo,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_folder_is_repaired_with_a_warning(good: Path, damage: Callable[[Path], object]) -> None:
    folder = unpack(good)
    (folder / "sub/b.png").unlink()
    damage(folder / "sub/b.png")
    with pytest.warns(UserWarning, match=r"differed from the ZIP in 1 file.*sub/b\.png"):
        unpack(good)
    assert files_below(folder) == WHOLE
    unpack(good)  # without a warning


def test_a_half_unpacked_folder_is_completed(good: Path) -> None:
    good.with_name("set").mkdir()
    with pytest.warns(UserWarning, match="differed from the ZIP in 2 file"):
        folder = unpack(good)
    assert files_below(folder) == WHOLE


def test_links_to_whole_files_are_fine(good: Path, tmp_path: Path) -> None:
    folder = unpack(good)
    elsewhere = (folder / "sub").rename(tmp_path / "scratch")
    (folder / "sub").symlink_to(elsewhere)
    unpack(good)
    assert (folder / "sub").is_symlink()


def test_nothing_is_written_through_a_link(good: Path, tmp_path: Path) -> None:
    folder, outside = good.with_name("set"), tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (folder / "sub").symlink_to(outside)
    with pytest.raises(StoreError, match=r"sub leads to .*outside; delete that link"):
        unpack(good)
    assert list(outside.iterdir()) == []
    assert files_below(folder) == {}


def test_a_linked_file_is_replaced_and_not_written_through(good: Path, tmp_path: Path) -> None:
    folder, outside = unpack(good), tmp_path / "outside.png"
    outside.write_bytes(b"precious")
    (folder / "a.png").unlink()
    (folder / "a.png").symlink_to(outside)
    with pytest.warns(UserWarning, match=r"a\.png"):
        unpack(good)
    assert outside.read_bytes() == b"precious"
    assert files_below(folder) == WHOLE


def test_a_failure_while_repairing_leaves_no_partial_file(good: Path) -> None:
    folder = unpack(good)
    (folder / "a.png").write_bytes(b"damaged")
    content = bytearray(good.read_bytes())
    content[content.index(b"A" * 100)] = 0
    good.write_bytes(content)
    with pytest.raises(IntegrityError):
        unpack(good)
    assert files_below(folder) == WHOLE | {"a.png": b"damaged"}


def test_a_kill_while_repairing_leaves_nothing_among_the_files(good: Path) -> None:
    folder = unpack(good)
    for name in WHOLE:
        (folder / name).write_bytes(b"damaged")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(good)], check=False)
    assert killed.returncode == 3
    assert files_below(folder).keys() == WHOLE.keys()
    assert len(list(good.parent.glob(".set.*.partial"))) >= 1
    with pytest.warns(UserWarning, match="in 2 file"):
        unpack(good)
    assert files_below(folder) == WHOLE
    assert names_in(good.parent) == ["set", "set.zip"]


KILLED = """
import os, sys, pathlib
from brainpack.read.archives import Archive
from brainpack.read.unpack import unpack
Archive.content = lambda self, member: os._exit(3)
unpack(pathlib.Path(sys.argv[1]))
"""


def test_a_folder_that_is_a_link_is_repaired_where_it_is(good: Path, tmp_path: Path) -> None:
    (tmp_path / "scratch" / "real").mkdir(parents=True)
    good.with_name("set").symlink_to(tmp_path / "scratch" / "real")
    with pytest.warns(UserWarning, match="in 2 file"):
        unpack(good)
    assert files_below(tmp_path / "scratch" / "real") == WHOLE
    assert names_in(tmp_path / "scratch") == ["real"]


@pytest.mark.parametrize("obstacle", ["set", "set/sub", "set/a.png/folder"])
def test_what_stands_in_the_way_is_an_error_with_a_way_out(good: Path, obstacle: str) -> None:
    path = good.parent / obstacle
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    with pytest.raises(StoreError, match=r"unpack it elsewhere and pass that folder.* set BRAINIO_HOME"):
        unpack(good)
    assert path.read_text() == "mine"
    assert [p.name for p in good.parent.rglob("*.partial")] == []


def without_locks(folder: Path) -> None:
    (folder / ".set.lock").mkdir()


def test_two_processes_may_unpack_at_once_where_there_are_no_locks(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one is done just before this one moves its folder into place."""
    without_locks(good.parent)
    rename = type(good).rename

    def late(self: Path, target: Path) -> Path:
        monkeypatch.undo()
        unpack(good)
        return rename(self, target)

    monkeypatch.setattr(type(good), "rename", late)
    folder = unpack(good)
    assert files_below(folder) == WHOLE
    assert names_in(good.parent) == ["set", "set.zip"]


def test_many_processes_may_unpack_at_once(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "set.zip", [(f"{n}.png", bytes([n]) * 1000) for n in range(200)])
    command = [sys.executable, "-W", "error", "-c", UNPACK, str(path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    folders = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 4
    assert len(folders) == 1
    assert files_below(tmp_path / "set") == {f"{n}.png": bytes([n]) * 1000 for n in range(200)}
    assert names_in(tmp_path) == ["set", "set.zip"]


UNPACK = """
import sys, pathlib
from brainpack.read.unpack import unpack
print(unpack(pathlib.Path(sys.argv[1])))
"""


def test_what_a_killed_process_left_is_removed(good: Path) -> None:
    left, other = good.with_name(".set.0a1b.partial"), good.with_name(".set.two.zip.0a1b.partial.mine")
    for folder in (left, other):
        folder.mkdir()
        (folder / "a.png").write_bytes(b"half")
    unpack(good)
    assert names_in(good.parent) == [other.name, "set", "set.zip"]


def test_what_another_process_is_unpacking_is_left_alone_where_there_are_no_locks(good: Path) -> None:
    without_locks(good.parent)
    (good.parent / ".set.0a1b.partial").mkdir()
    unpack(good)
    assert (good.parent / ".set.0a1b.partial").is_dir()


def test_another_folder(good: Path, tmp_path: Path) -> None:
    folder = tmp_path / "scratch" / "of mine"
    assert unpack(good, folder) == folder
    assert files_below(folder) == WHOLE
    assert not good.with_name("set").exists()


def test_an_entry_that_holds_more_than_it_declares_even_with_the_right_checksum(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "set.zip", [("a.png", bytes(1_000_000))], zipfile.ZIP_DEFLATED)
    lie = struct.pack("<L", zlib.crc32(bytes(10)))
    patched(patched(path, LOCAL, 14, lie), CENTRAL, 16, lie)
    size = struct.pack("<L", 10)
    with pytest.raises(IntegrityError, match=r"a.png.*expected 10 bytes"):
        unpack(patched(patched(path, LOCAL, 22, size), CENTRAL, 24, size))
    assert names_in(tmp_path) == ["set.zip"]


def test_two_entries_with_the_same_bytes_are_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "set.zip", [("a.png", b"A" * 100), ("b.png", b"A" * 100), ("c.png", b"C" * 900)])
    with pytest.raises(InvalidData, match="share their bytes"):
        unpack(patched(path, CENTRAL, 42, struct.pack("<L", 0)))
    assert names_in(tmp_path) == ["set.zip"]
