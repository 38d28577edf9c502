from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from brainpack.media.facts import Facts
from brainpack.validation.findings import Severity
from brainpack.validation.registry import CRASHED, RULES, run
from brainpack.validation.rules.media import MediaFiles
from brainpack.validation.terms import Profile, Terms
from tests.validation.cases_media import facts, media

ABOUT_MEDIA = [rule.id for rule in RULES.values() if rule.subject is MediaFiles]
TEXTS = st.none() | st.text(max_size=3)
NUMBERS = st.none() | st.integers(0, 3)
ANY_FACTS = st.builds(
    Facts,
    kind=st.sampled_from(["image", "video", "audio", "text", "other"]),
    format=st.sampled_from([None, "PNG", "JPEG", "MP4", "UTF-8"]),
    size=NUMBERS,
    sha256=st.sampled_from([b"", b"1", b"2"]),
    width=NUMBERS,
    height=NUMBERS,
    mode=TEXTS,
    duration=st.none() | st.floats(0, allow_nan=False),
    frame_rate=st.none() | st.floats(0, 1000),
    damage=TEXTS,
    private=st.lists(st.text(max_size=3), max_size=2).map(tuple),
    is_looked_into=st.booleans(),
)
ANY_ID = st.none() | st.text(max_size=2) | st.integers() | st.floats() | st.lists(st.integers(), max_size=2)


def found(files: MediaFiles, rule: str) -> list[str]:
    return [finding.found for finding in run("set", files, terms=Terms(select=(rule,))).findings]


def test_all_rules_about_media_are_there() -> None:
    assert [f"BP-S{number:03}" for number in range(20, 32)] == ABOUT_MEDIA


@settings(max_examples=30)
@given(rows=st.lists(st.tuples(st.text(max_size=5), ANY_ID, ANY_FACTS), max_size=6))
def test_rules_take_whatever_was_found(rows: list[tuple[str, object, Facts]]) -> None:
    names, ids, looks = ([row[place] for row in rows] for place in range(3))
    report = run("set", MediaFiles(names, ids, looks))  # type: ignore[arg-type]  # the three are lists of their own types
    assert CRASHED not in {finding.rule for finding in report.findings}
    assert str(report)


@pytest.mark.parametrize(
    ("files", "summaries"),
    [
        (media(a_png={}), ["1 image: PNG, RGB, 256 x 256"]),
        (media(a_png={}, b_png={}), ["2 images: PNG, RGB, 256 x 256"]),
        (media(a_png={}, b_jpg={"mode": "L"}), ["2 images: JPEG and PNG, L and RGB, 200 to 256 x 100 to 256"]),
        (
            media(a_mp4={}, b_mp4={"duration": 10 / 3}),
            ["2 videos: MP4, 64 x 48, 2.5 to 3.33 s, 25 frames per second"],
        ),
        (media(a_wav={}, b_txt={}, c_txt={}), ["2 texts: UTF-8", "1 sound: WAV, 1 s"]),
        (media(a_npy={}, b_npy={"size": 0}), ["2 other files"]),
        (media(a_png={"width": 65535, "height": 12345}), ["1 image: PNG, RGB, 65535 x 12345"]),
        (
            media(**{f"{mode}_png": {"mode": mode} for mode in ("L", "LA", "P", "RGB", "RGBA")}),
            ["5 images: PNG, L and LA and P and RGB and others, 256 x 256"],
        ),
    ],
)
def test_what_the_media_are_is_reported(files: MediaFiles, summaries: list[str]) -> None:
    assert found(files, "BP-S025") == summaries


def test_large_numbers_can_be_read() -> None:
    names = [f"{number}.png" for number in range(3200)]
    files = MediaFiles(names, names, [facts("a.png")] * 3200)
    assert found(files, "BP-S025") == ["3 200 images: PNG, RGB, 256 x 256"]
    assert found(files, "BP-S029") == ["3 200 stimuli that have their bytes in common with others"]


def test_the_minority_is_what_is_odd() -> None:
    files = media(a_png={"mode": "L"}, b_png={}, c_png={}, d_mp4={})
    assert found(files, "BP-S020") == ["3 images and 1 video"]
    assert found(files, "BP-S024") == ["2 of mode RGB and 1 of mode L"]


def test_one_file_under_one_id_on_two_rows_is_no_matter_of_its_bytes() -> None:
    files: Any = MediaFiles(["a.png", "a.png"], [[1], [1]], [facts("a.png")] * 2)
    assert found(files, "BP-S029") == []


def test_damage_can_be_waived() -> None:
    files = media(a_png={"damage": "cut off"}, b_png={"size": 0})
    terms = Terms(waivers={"BP-S023": "shown like this", "BP-S021": "a blank"})
    assert run("set", files).exit_code == 1
    assert run("set", files, terms=terms).exit_code == 0


def test_the_advice_about_damage_names_the_waiver() -> None:
    files = media(a_png={"damage": "cut off"}, b_png={"size": 0}, c_mp4={"damage": "cut off"})
    errors = [finding for finding in run("set", files).findings if finding.severity is Severity.ERROR]
    assert [finding.rule for finding in errors] == ["BP-S021", "BP-S023", "BP-S026"]
    assert all("a project may waive the rule if they were shown like this" in finding.advice for finding in errors)


def test_texts_of_another_encoding_are_no_error_until_they_are_published() -> None:
    files = media(a_txt={"damage": "byte 1 is not UTF-8", "format": None})
    assert run("set", files).exit_code == 0
    assert run("set", files, terms=Terms(profile=Profile.PUBLISH)).exit_code == 1


def test_a_suffix_of_another_format_is_a_warning_whatever_the_format_is() -> None:
    files = media(a_png={"format": "TGA"}, b_jpg={"format": "AVIF"}, c_mp4={"format": "MPEG-TS"})
    report = run("set", files, terms=Terms(select=("BP-S022",)))
    assert [(finding.severity, finding.count) for finding in report.findings] == [(Severity.WARNING, 3)]
