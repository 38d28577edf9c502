from __future__ import annotations

import struct
import sys
from typing import TYPE_CHECKING

import pytest

from brainpack.media import boxes, streams
from brainpack.media.formats import is_misnamed
from brainpack.media.looking import look_into
from tests.media.samples import HEIGHT, WIDTH, moved, sound, video

if TYPE_CHECKING:
    from pathlib import Path

VIDEOS = {
    "mp4": ("mpeg4", "MP4"), "mov": ("mpeg4", "MOV"), "avi": ("mpeg4", "AVI"), "webm": ("libvpx", "WEBM"),
    "matroska": ("mpeg4", "Matroska"), "asf": ("msmpeg4v3", "WMV"),
}  # fmt: skip
SOUNDS = {"flac": ("flac", "FLAC"), "aiff": ("pcm_s16be", "AIFF"), "wav": ("pcm_f32le", "WAV"), "mp3": ("mp3", "MP3")}

WAVS = {codec: sound("wav", codec) for codec in ("pcm_s16le", "pcm_u8", "pcm_f32le", "pcm_alaw")}


@pytest.fixture
def without_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)


@pytest.mark.parametrize("container", VIDEOS)
def test_videos_are_described(container: str) -> None:
    codec, name = VIDEOS[container]
    facts = look_into("a", video(container, codec))
    assert (facts.kind, facts.format, facts.damage) == ("video", name, None)
    assert (facts.width, facts.height, facts.frame_rate) == (WIDTH, HEIGHT, 25)
    assert facts.duration == pytest.approx(0.4, abs=0.1)


def test_an_mpeg_is_a_video() -> None:
    facts = look_into("a.mpg", video("mpeg", "mpeg1video"))
    assert (facts.kind, facts.format, facts.width, facts.damage) == ("video", "MPEG", WIDTH, None)


@pytest.mark.parametrize("box", [b"free", b"skip", b"wide", b"pnot", b"styp", b"uuid"])
@pytest.mark.parametrize("container", ["mp4", "mov"])
def test_a_video_may_start_with_any_box(container: str, box: bytes) -> None:
    facts = look_into("a.mp4", b"\0\0\0\x18" + box + bytes(16) + moved(video(container), 24))
    assert (facts.kind, facts.format, facts.width, facts.damage) == ("video", "MOV", WIDTH, None)


@pytest.mark.parametrize("header", [struct.pack(">L4s", 20_000_008, b"mdat"), struct.pack(">L4sQ", 1, b"mdat", 40)])
def test_a_video_that_starts_with_its_frames_is_a_video(header: bytes) -> None:
    size = struct.unpack(">L", header[:4])[0]
    start = header + bytes(size - 8 if size > 1 else 24)
    facts = look_into("a", start + moved(video(), len(start)))
    assert (facts.format, facts.width, facts.damage) == ("MOV", WIDTH, None)


@pytest.mark.parametrize(
    ("container", "name", "is_expected"),
    [
        ("mpegts", "a.mpg", True), ("mpegts", "a.mts", True), ("mpegts", "a.mp4", False),
        ("mpeg1video", "a.mpg", True), ("mpeg2video", "a.m2v", True), ("mpeg2video", "a.avi", False),
        ("flv", "a.mp4", False),
    ],
)  # fmt: skip
def test_what_ffmpeg_makes_out_is_a_video(container: str, name: str, is_expected: bool) -> None:
    codec = {"mpegts": "mpeg2video", "flv": "flv"}.get(container, container)
    facts = look_into(name, video(container, codec, frames=40))
    assert (facts.kind, facts.width, facts.damage) == ("video", WIDTH, None)
    assert is_misnamed(facts.format or "", name[1:]) is not is_expected


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{}'\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
}


@pytest.mark.parametrize("name", ["a.mp4", "a.mp3"])
@pytest.mark.parametrize("playlist", PLAYLISTS)
def test_no_other_file_is_opened_for_a_list_of_them(
    playlist: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.ts").write_bytes(video("mpegts", "mpeg2video", frames=40))
    facts = look_into(name, PLAYLISTS[playlist].format("other.ts").encode())
    assert (facts.format, facts.width) == (None, None)
    assert (facts.damage or "").startswith("it does not start like")


def with_its_index_first(content: bytes) -> bytes:
    place = content.index(b"moov") - 4
    frames = content.index(b"mdat") - 4
    content = moved(content, len(content) - place)
    return content[:frames] + content[place:] + content[frames:place]


def test_a_video_that_was_cut_off_behind_its_index_is_damaged(without_pyav: None) -> None:
    content = with_its_index_first(video())
    size = len(content) - (content.index(b"mdat") - 4)
    assert look_into("a.mp4", content).damage is None
    assert look_into("a.mp4", content[:-1]).damage == (
        f"only {size - 1} of the {size} bytes of its pictures and sounds are there"
    )


def test_a_video_whose_frames_reach_to_the_end_is_whole() -> None:
    content = with_its_index_first(video())
    place = content.index(b"mdat") - 4
    assert look_into("a.mp4", content[:place] + bytes(4) + content[place + 4 :]).damage is None
    assert look_into("a.mp4", content + b"\0\0").damage is None


def test_a_video_of_nothing_but_boxes_ends(monkeypatch: pytest.MonkeyPatch, without_pyav: None) -> None:
    monkeypatch.setattr(boxes, "_MOST_BOXES", 3)
    content = b"\0\0\0\x08free" * 9 + b"\0\0\0\x99mdat"
    assert look_into("a.mp4", content).damage is None
    monkeypatch.undo()
    assert look_into("a.mp4", content).damage


@pytest.mark.parametrize("container", SOUNDS)
def test_sounds_are_described(container: str) -> None:
    codec, name = SOUNDS[container]
    facts = look_into("a", sound(container, codec))
    assert (facts.kind, facts.format, facts.damage, facts.width) == ("audio", name, None, None)
    assert facts.duration == pytest.approx(0.2, abs=0.2 if name == "MP3" else 1e-6)  # which older FFmpegs estimate


def test_a_sound_in_a_container_of_videos_is_a_sound() -> None:
    facts = look_into("a.m4a", sound("mp4", "aac", samples=1024))
    assert (facts.kind, facts.format, facts.damage) == ("audio", "MP4", None)
    assert facts.duration


def test_an_mp3_without_a_header_is_known_by_its_suffix() -> None:
    content = sound("mp3", "mp3")
    content = content[content.index(b"\xff\xe3") :]
    facts = look_into("a.MP3", content)
    assert (facts.kind, facts.format, facts.damage) == ("audio", "MP3", None)
    assert look_into("a.dat", content).kind == "other"


@pytest.mark.parametrize("container", [*VIDEOS, "flac", "aiff"])
def test_a_stream_that_ends_before_its_first_frame_is_damaged(container: str) -> None:
    codec, name = (VIDEOS | SOUNDS)[container]
    content = video(container, codec) if container in VIDEOS else sound(container, codec)
    facts = look_into("a", content[:44])
    assert (facts.format, bool(facts.damage)) == (name, True)


def test_a_video_whose_index_is_lost_is_damaged() -> None:
    content = video()
    facts = look_into("a.mp4", content[: content.index(b"trak")])
    assert facts.damage == "there is neither a picture nor a sound in it"


def test_a_codec_that_nobody_knows_is_damage() -> None:
    content = video("avi").replace(b"FMP4", b"zzzz")
    assert look_into("a.avi", content).damage == "it is encoded in a way that FFmpeg does not know"


@pytest.mark.parametrize(("name", "what"), [("a.mp4", "a video"), ("a.wav", "a sound")])
def test_other_bytes_are_no_stream(name: str, what: str) -> None:
    assert look_into(name, b"\0other bytes").damage == f"it does not start like {what}"


def test_a_video_without_frames_is_damaged() -> None:
    content = video("webm", "libvpx")
    facts = look_into("a.webm", content[: content.index(b"\x1f\x43\xb6\x75") + 30])  # in the first frame
    assert facts.damage == "there is no frame in it"


def test_a_video_that_would_fill_the_memory_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST_PIXELS", WIDTH * HEIGHT - 1)
    facts = look_into("a.mp4", video())
    assert facts.width == WIDTH
    assert "not decoded" in (facts.damage or "")


def test_without_pyav_it_is_known_that_nobody_looked(without_pyav: None) -> None:
    facts = look_into("a.mp4", video())
    assert (facts.kind, facts.format, facts.is_looked_into) == ("video", "MP4", False)
    assert (facts.damage, facts.width) == (None, None)


@pytest.mark.parametrize("codec", WAVS)
def test_a_wav_needs_no_pyav(codec: str, without_pyav: None) -> None:
    facts = look_into("a.wav", WAVS[codec])
    assert (facts.kind, facts.format, facts.is_looked_into, facts.damage) == ("audio", "WAV", True, None)
    assert facts.duration == 0.2


@pytest.mark.parametrize("length", range(12, len(sound()), 97))
def test_wherever_a_wav_is_cut_off_it_is_damaged(length: int) -> None:
    assert look_into("a.wav", sound()[:length]).damage


def test_the_samples_that_are_missing_are_counted() -> None:
    facts = look_into("a.wav", sound()[:-800])
    assert facts.damage == "only 5600 of its 6400 bytes of samples are there"


@pytest.mark.parametrize("declared", [0x7FFFF000, 0xFFFFFFFF])
def test_a_wav_from_a_pipe_is_as_long_as_it_is(declared: int) -> None:
    header, data = sound().split(b"data")
    facts = look_into("a.wav", header + b"data" + struct.pack("<L", declared) + data[4:])
    assert (facts.damage, facts.duration) == (None, 0.2)


def test_a_wav_of_nothing_but_chunks_is_damaged() -> None:
    assert look_into("a.wav", sound()[:12] + bytes(80_000)).damage


def test_a_wav_without_a_rate_is_damaged() -> None:
    content = sound()
    place = content.index(b"fmt ") + 16
    assert look_into("a.wav", content[:place] + bytes(4) + content[place + 4 :]).damage
