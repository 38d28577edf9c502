from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from brainpack.media import looking
from brainpack.media.facts import ACCEPTED_CHANNELS, Facts
from brainpack.media.inspector import inspectors, look_at_files
from brainpack.media.looking import look_at, look_into
from brainpack.sources import LocalFile
from tests.media.samples import image, picture, sound, video

if TYPE_CHECKING:
    from pathlib import Path


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), name=st.sampled_from(["a.txt", "a"]))
def test_texts_are_utf8(text: str, name: str) -> None:
    facts = look_into(name, f"the text {text}".encode())
    assert (facts.kind, facts.format, facts.damage) == ("text", "UTF-8", None)


@given(text=st.text(max_size=40), block=st.integers(1, 9), place=st.integers(0, 40))
def test_the_first_byte_that_is_not_utf8_is_named(text: str, block: int, place: int) -> None:
    content = text[:place].encode("utf-8", "replace") + b"\xff" + text[place:].encode("utf-8", "replace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(looking, "BLOCK", block)
        facts = look_into("a.csv", content)
    assert facts.damage == f"byte {content.index(0xFF)} is not UTF-8: 0xff"
    assert (facts.kind, facts.format) == ("text", None)


def test_a_text_that_was_cut_off_inside_a_character_is_damaged() -> None:
    assert look_into("a.txt", "naïve".encode()[:3]).damage == "byte 2 is not UTF-8: 0xc3"


@pytest.mark.parametrize("content", ["naïve".encode("latin-1"), b"\0\1\2", b"BM", b"P5 neurons", b"MM", b"ID3 genes"])
def test_a_file_without_a_suffix_is_a_text_if_it_reads_like_one(content: bytes) -> None:
    facts = look_into("README", content)
    assert facts.kind == ("other" if not content.isascii() or content[0] == 0 else "text")
    assert facts.damage is None


@pytest.mark.parametrize("name", ["a.npy", "a.mat", "a.unheard", "a.svg", "a.png.exe"])
def test_what_is_no_media_passes(name: str) -> None:
    facts = look_into(name, np.arange(9).tobytes())
    assert (facts.kind, facts.format, facts.damage, facts.is_looked_into) == ("other", None, None, True)


@pytest.mark.parametrize(("name", "kind"), [("a.PNG", "image"), ("a.mp4", "video"), ("a.wav", "audio"), ("a", "other")])
def test_an_empty_file_is_not_called_damaged(name: str, kind: str) -> None:
    facts = look_into(name, b"")
    assert (facts.kind, facts.format, facts.size, facts.damage) == (kind, None, 0, None)


def test_pictures_in_a_container_of_videos_are_no_videos() -> None:
    assert look_into("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").kind == "other"


@given(content=st.binary(max_size=99))
def test_the_hash_is_that_of_the_file(content: bytes) -> None:
    assert look_into("a", content).sha256 == hashlib.sha256(content).digest()


@pytest.mark.parametrize("name", ["a.png", "b.mp4", "c.wav", "d.txt"])
@pytest.mark.parametrize("held", [0, looking.HELD_IN_MEMORY])
def test_a_file_on_the_disk_has_the_facts_of_its_bytes(
    name: str, held: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = {"a.png": image(), "b.mp4": video(), "c.wav": sound(), "d.txt": b"text"}[name]
    (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(looking, "HELD_IN_MEMORY", held)
    expected = look_into(name, content)
    file = LocalFile(str(tmp_path / name))
    assert look_at(name, file) == look_at(name, file, expected.sha256) == expected
    assert expected.damage is None


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    places = {"pipe.png": "it is not a file", "none.txt": "No such file", "a\0b": "null", "": "it is not a file"}
    with inspectors() as crew:
        facts = look_at_files([(name, LocalFile(f"{tmp_path}/{name}")) for name in places], crew)
    assert [(each.size, each.sha256) for each in facts] == [(None, b"")] * 4
    for found, reason in zip(facts, places.values(), strict=True):
        assert (found.damage or "").startswith("it cannot be read: ")
        assert reason in (found.damage or "")
    assert [each.kind for each in facts] == ["image", "text", "other", "other"]


def test_facts_are_small() -> None:
    facts = Facts("image", "PNG", 1, bytes(32))
    assert not hasattr(facts, "__dict__")
    assert facts.__sizeof__() < 200


@pytest.mark.parametrize("mode", ACCEPTED_CHANNELS)
def test_accepted_modes_have_as_many_channels_as_pillow_says(mode: str) -> None:
    assert len(picture(mode).getbands()) == ACCEPTED_CHANNELS[mode]
