from __future__ import annotations

import io
import warnings
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

import hypothesis.strategies as st
import pytest
from hypothesis import given
from PIL import Image, ImageFile, PngImagePlugin, TiffImagePlugin

from brainpack.media import images
from brainpack.media.formats import is_misnamed
from brainpack.media.looking import look_into
from tests.media.samples import HEIGHT, WIDTH, animation, huge_png, image

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIX = {"PNG": ".png", "JPEG": ".jpg", "GIF": ".gif", "TIFF": ".tif", "BMP": ".bmp", "WEBP": ".webp", "PPM": ".ppm"}
GPS, EXIF = 0x8825, 0x8769
AVAILABLE = Image.registered_extensions().values()


@pytest.fixture(autouse=True)
def pillow_as_it_was() -> Iterator[None]:
    """Looking into files leaves the switches of Pillow alone."""
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, PngImagePlugin.MAX_TEXT_CHUNK)
    yield
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, PngImagePlugin.MAX_TEXT_CHUNK)


@pytest.mark.parametrize("file_format", SUFFIX)
def test_images_are_described(file_format: str) -> None:
    facts = look_into(f"a{SUFFIX[file_format]}", image(file_format))
    assert (facts.kind, facts.format, facts.damage, facts.private) == ("image", file_format, None, ())
    assert (facts.width, facts.height) == (WIDTH, HEIGHT)
    assert facts.mode == ("P" if file_format == "GIF" else "RGB")
    assert (facts.duration, facts.frame_rate) == (None, None)


@pytest.mark.parametrize("file_format", SUFFIX)
def test_the_bytes_say_what_it_is_not_the_name(file_format: str) -> None:
    facts = look_into("a.mp4", image(file_format))
    assert (facts.kind, facts.format, facts.damage) == ("image", file_format, None)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1", "I;16"])
def test_modes_are_those_of_pillow(mode: str) -> None:
    assert look_into("a.png", image(mode=mode)).mode == mode


@pytest.mark.parametrize("file_format", SUFFIX)
def test_wherever_an_image_is_cut_off_it_is_damaged(file_format: str) -> None:
    content = image(file_format)
    last = {"PNG": 4, "GIF": 3}.get(file_format, 1)  # the checksum of nothing; the marks of the end
    for length in [*range(1, len(content), 53), len(content) - last - 1]:
        facts = look_into(f"a{SUFFIX[file_format]}", content[:length])
        assert facts.kind == "image"
        assert facts.damage, length
        assert "0x" not in facts.damage  # the address of an object would make each report another one


@given(position=st.integers(33, len(image()) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_of_a_png_is_found(position: int, bit: int) -> None:
    content = bytearray(image())
    content[position] ^= 1 << bit
    facts = look_into("a.png", bytes(content))
    is_end = position >= len(content) - 12  # the mark of the end, which holds nothing
    assert facts.damage or is_end


@given(content=st.binary(max_size=200), start=st.sampled_from([b"", *(image(each)[:60] for each in SUFFIX)]))
def test_whatever_the_bytes_are_there_are_facts(content: bytes, start: bytes) -> None:
    facts = look_into("a.png", start + content)
    assert facts.size == len(start + content)
    assert facts.kind in {"image", "video", "audio"}  # bytes say more than a name
    assert (facts.damage is None) == (facts.size == 0)


def test_an_image_that_would_fill_the_memory_is_not_decoded() -> None:
    facts = look_into("a.png", huge_png(8_000))
    assert (facts.width, facts.height) == (8_000, 8_000)
    assert facts.damage == "more than 50,000,000 pixels, which is not decoded"


def test_a_decompression_bomb_is_damaged() -> None:
    assert "decompression bomb" in (look_into("a.png", huge_png(20_000)).damage or "")
    content = io.BytesIO()
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "x" * (2 << 20), zip=True)
    Image.new("L", (1, 1)).save(content, "PNG", pnginfo=text)
    assert "too large" in (look_into("a.png", content.getvalue()).damage or "").lower()


def test_images_wait_until_there_is_room_for_their_pixels() -> None:
    with ThreadPoolExecutor(1) as pool:
        with images.ROOM.of(images.MOST_PIXELS - WIDTH * HEIGHT + 1):
            waiting = pool.submit(look_into, "a.png", image())
            assert look_into("a.png", image_of_one_pixel()).damage is None
            assert wait([waiting], timeout=0.2).not_done
        assert waiting.result().damage is None


def image_of_one_pixel() -> bytes:
    content = io.BytesIO()
    Image.new("L", (1, 1)).save(content, "PNG")
    return content.getvalue()


def test_a_damaged_image_leaves_its_room_to_others() -> None:
    assert look_into("a.jpg", image("JPEG")[:-400]).damage
    with images.ROOM.of(images.MOST_PIXELS):
        pass


PLAIN_PPM = {
    "a.pbm": (b"P1\n# bits\n2 1\n1 0\n", "1"),
    "a.pgm": (b"P2\n2 1\n255\n0 255\n", "L"),
    "a.ppm": (b"P3\n2 1\n255\n0 0 0 255 255 255\n", "RGB"),
}


@pytest.mark.parametrize("name", [*PLAIN_PPM, "a.png"])
def test_images_that_are_written_in_numbers_are_images(name: str) -> None:
    content, mode = PLAIN_PPM.get(name, PLAIN_PPM["a.ppm"])
    facts = look_into(name, content)
    assert (facts.kind, facts.format, facts.mode, facts.width, facts.damage) == ("image", "PPM", mode, 2, None)


def test_a_text_that_starts_like_numbers_of_an_image_is_a_text() -> None:
    assert look_into("a.txt", b"P3 12 14 were the neurons").kind == "text"


@pytest.mark.parametrize(
    ("file_format", "suffix"),
    [("JPEG2000", ".jp2"), ("ICO", ".ico"), *([("AVIF", ".avif")] if "AVIF" in AVAILABLE else [])],
)
def test_what_pillow_opens_is_an_image_under_any_suffix_of_images(file_format: str, suffix: str) -> None:
    content = image(file_format)
    for name in (f"a{suffix}", "a.jpg"):
        facts = look_into(name, content)
        assert (facts.kind, facts.format, facts.damage) == ("image", file_format, None)
        assert facts.width
        assert look_into(name, content[: len(content) // 2]).damage
    assert is_misnamed(file_format, ".jpg")
    assert not is_misnamed(file_format, suffix)


def test_an_image_of_a_format_that_is_rare_is_no_damage() -> None:
    facts = look_into("a.jpg", image("TGA"))
    assert (facts.format, facts.mode, facts.damage) == ("TGA", "RGB", None)
    assert is_misnamed("TGA", ".jpg")


def test_no_program_is_started_for_an_image() -> None:
    facts = look_into("a.png", image("EPS"))
    assert (facts.format, facts.damage) == (None, "it does not start like an image")


def test_an_image_that_this_pillow_does_not_read_was_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(Image.OPEN, "JPEG2000", raising=False)
    facts = look_into("a.jp2", image("JPEG2000"))
    assert (facts.format, facts.damage, facts.is_looked_into) == ("JPEG2000", None, False)


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP"])
def test_an_animation_has_a_duration_and_a_frame_rate(file_format: str) -> None:
    facts = look_into("a", animation(file_format))
    assert (facts.format, facts.damage, facts.duration, facts.frame_rate) == (file_format, None, 0.4, 10)


def test_pages_are_no_animation() -> None:
    facts = look_into("a.tif", animation("TIFF"))
    assert (facts.damage, facts.duration, facts.frame_rate) == (None, None, None)


def test_every_frame_of_an_animation_is_decoded() -> None:
    content = animation("GIF")
    assert look_into("a.gif", content[: len(content) - 200]).damage


@pytest.mark.parametrize("limit", ["MOST_FRAMES", "MOST_PIXELS"])
def test_frames_without_end_are_not_decoded(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, limit, {"MOST_FRAMES": 3, "MOST_PIXELS": 3 * WIDTH * HEIGHT}[limit])
    facts = look_into("a.gif", animation("GIF"))
    assert (facts.damage, facts.width, facts.duration) == (None, WIDTH, None)


def telling_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x013B] = "Jane Doe"
    exif[0x013C] = "jane-laptop"
    exif[0x010E] = "from /home/jane/stimuli/a.tif"
    exif[0x9C9D] = "Müller".encode("utf-16-le")
    exif[EXIF] = {0xA430: "Owner"}
    exif[GPS] = {1: "N", 2: (52.0, 31.0, 12.0)}
    return exif


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_what_exif_tells_of_people_and_places(file_format: str) -> None:
    facts = look_into("a", image(file_format, exif=telling_exif()))
    assert facts.damage is None
    assert facts.private == (
        "GPS position",
        "artist 'Jane Doe'",
        "host computer 'jane-laptop'",
        "camera owner 'Owner'",
        "author 'Müller'",
        "path '/home/jane/stimuli/a.tif'",
    )


def test_what_the_tags_of_a_tiff_tell() -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[0x013B] = "Jane Doe"
    tags[GPS] = {1: "N", 2: (52.0, 31.0, 12.0)}
    assert look_into("a.tif", image("TIFF", tiffinfo=tags)).private == ("GPS position", "artist 'Jane Doe'")


def test_what_is_no_secret_is_not_reported() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera Company"
    exif[0x8298] = "Copyright 2020 the lab"
    exif[0x010E] = "see https://lab.org/home/stimuli, sizes a/b/c, ratio 3:4"
    exif[GPS] = {0: b"\2\3\0\0"}  # the version of the tags, which some cameras write without a position
    assert look_into("a.jpg", image("JPEG", exif=exif)).private == ()


def test_what_the_texts_of_a_png_tell() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "Jane Doe")
    text.add_text("Title", "A grating")
    text.add_text("Source", r"made from C:\Users\jane\x.blend")
    text.add_itxt(
        "XML:com.adobe.xmp",
        "<x><dc:creator><rdf:Seq><rdf:li>John</rdf:li></rdf:Seq></dc:creator><exif:GPSLatitude>52</exif:GPSLatitude></x>",
    )
    assert look_into("a.png", image(pnginfo=text)).private == (
        "author 'Jane Doe'", "GPS position", "creator 'John'", r"path 'C:\\Users\\jane\\x.blend'"
    )  # fmt: skip


@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_damaged_metadata_are_no_damage_of_the_image(file_format: str) -> None:
    exif = telling_exif().tobytes()
    for length in range(8, len(exif), 11):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as an Inspector does
            facts = look_into("a", image(file_format, exif=exif[:length]))
        assert facts.damage is None
