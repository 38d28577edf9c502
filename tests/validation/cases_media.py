"""Cases of the rules about what is in the files of stimuli."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from brainpack.media.facts import Facts
from brainpack.validation.findings import Severity
from brainpack.validation.rules.media import MediaFiles
from tests.validation.case import Case

_WHERE: Final = "stimulus files"
_WARNING: Final = Severity.WARNING
_NOTE: Final = Severity.NOTE


def facts(name: str, **changes: Any) -> Facts:
    """The facts about a sound file of its suffix; each name has other bytes."""
    sound_files: dict[str, tuple[str, str | None, dict[str, Any]]] = {
        "png": ("image", "PNG", {"width": 256, "height": 256, "mode": "RGB"}),
        "jpg": ("image", "JPEG", {"width": 200, "height": 100, "mode": "RGB"}),
        "mp4": ("video", "MP4", {"width": 64, "height": 48, "duration": 2.5, "frame_rate": 25.0}),
        "wav": ("audio", "WAV", {"duration": 1.0}),
        "txt": ("text", "UTF-8", {}),
        "npy": ("other", None, {}),
    }
    kind, file_format, looks = sound_files[name.rpartition(".")[2]]
    sha256 = hashlib.sha256(name.encode()).digest()
    return Facts(**{"kind": kind, "format": file_format, "size": 9, "sha256": sha256, **looks, **changes})


def media(**files: dict[str, Any]) -> MediaFiles:
    """Files by names with "_" for ".", and how the facts about each differ from those about a sound file."""
    names = [name.replace("_", ".") for name in files]
    found = [facts(name, **changes) for name, changes in zip(names, files.values(), strict=True)]
    return MediaFiles(names, [name.partition(".")[0] for name in names], found)


CASES: dict[str, Case] = {
    "BP-S020": Case(
        media(a_png={}, b_jpg={}), media(a_png={}, b_mp4={}, c_png={}), _WHERE, ("'b.mp4'",), 1, _WARNING
    ),
    "BP-S020 unknown": Case(
        media(a_npy={}, b_npy={}), media(a_npy={}, b_png={}, c_jpg={}), _WHERE, ("'a.npy'",), 1, _WARNING
    ),
    "BP-S021": Case(
        media(a_png={}, b_png={"size": None}), media(a_png={}, b_png={"size": 0}, c_txt={"size": 0}), _WHERE,
        ("'b.png'", "'c.txt'"), 2,
    ),
    "BP-S022": Case(
        media(a_png={}, b_mp4={"format": "MOV"}, c_txt={"format": None}, d_npy={}),
        media(a_png={}, b_png={"format": "JPEG"}, c_txt={"format": "PNG", "kind": "image"}), _WHERE,
        ("'b.png' is JPEG", "'c.txt' is PNG"), 2, _WARNING,
    ),
    "BP-S023": Case(
        media(a_png={}, b_png={"size": 0}, c_mp4={"damage": "cut off"}), media(a_png={}, b_png={"damage": "cut off"}),
        _WHERE, ("'b.png' -> cut off",),
    ),
    "BP-S024": Case(
        media(a_png={}, b_jpg={}, c_mp4={}, d_png={"damage": "cut off", "mode": None}),
        media(a_png={}, b_jpg={}, c_png={"mode": "L"}, d_png={"mode": "P"}), _WHERE, ("'c.png' is L", "'d.png' is P"),
        2, _WARNING,
    ),
    "BP-S025": Case(MediaFiles([], [], []), media(a_png={}, b_jpg={}), _WHERE, (), 2, _NOTE),
    "BP-S026": Case(
        media(a_mp4={}, b_png={"damage": "cut off"}),
        media(a_mp4={"damage": "no frame"}, b_wav={"damage": "cut off"}, c_mp4={}), _WHERE,
        ("'a.mp4' -> no frame", "'b.wav' -> cut off"), 2,
    ),
    "BP-S027": Case(
        media(a_mp4={}), media(a_mp4={}, b_mp4={"is_looked_into": False}), _WHERE, ("'b.mp4'",), 1, _NOTE
    ),
    "BP-S028": Case(
        media(a_txt={}, b_png={"damage": "cut off"}), media(a_txt={"damage": "byte 1 is not UTF-8", "format": None}),
        _WHERE, ("'a.txt' -> byte 1 is not UTF-8",), 1, _WARNING,
    ),
    "BP-S029": Case(
        media(a_png={}, b_png={}, c_png={"size": 0, "sha256": b"0"}, d_png={"size": 0, "sha256": b"0"},
              e_png={"size": None, "sha256": b""}, f_png={"size": None, "sha256": b""}),
        media(a_png={"sha256": b"1"}, b_png={"sha256": b"2"}, c_png={"sha256": b"1"}, d_jpg={"sha256": b"2"}, e_png={},
              f_png={"sha256": b"1"}),
        _WHERE, ("'a' = 'c' = 'f'", "'b' = 'd'"), 2, _WARNING,
    ),
    "BP-S030": Case(
        media(a_jpg={}), media(a_jpg={}, b_jpg={"private": ("GPS position", "artist 'Jane'")}), _WHERE,
        ("'b.jpg' has GPS position, artist 'Jane'",), 1, _WARNING,
    ),
    "BP-S031": Case(
        media(a_png={}, b_png={"mode": "L"}, c_png={"mode": "LA"}, d_png={"mode": "RGBA"}, e_mp4={}),
        media(a_png={}, b_png={"mode": "I;16"}), _WHERE, ("'b.png' is I;16",), 1, _NOTE,
    ),
}  # fmt: skip
