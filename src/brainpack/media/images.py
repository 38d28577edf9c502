"""Images, decoded whole by Pillow."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Final

from PIL import Image, UnidentifiedImageError

from brainpack.media.metadata import private_details

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.ImageFile import ImageFile

    from brainpack.media.facts import Facts

# Decoders need up to 16 bytes per pixel (WebP), so that all that are decoded at a time take less than 1 GiB.
MOST_PIXELS: Final = 50_000_000
MOST_FRAMES: Final = 1_000
_OF_FRAMES: Final = ("GIF", "PNG", "TIFF", "WEBP")
_NOT_DECODED: Final = ("BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF")  # Pillow has no decoder, or starts a program


class _Room:
    """Pixels that may be decoded at the same time; who finds no room waits until others are done."""

    def __init__(self, pixels: int) -> None:
        self._free = pixels
        self._changed = threading.Condition()

    @contextmanager
    def of(self, pixels: int) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: self._free >= pixels)
            self._free -= pixels
        try:
            yield
        finally:
            with self._changed:
                self._free += pixels
                self._changed.notify_all()


ROOM: Final = _Room(MOST_PIXELS)  # one for all threads, as the memory is


def look_into_image(facts: Facts, file: IO[bytes]) -> Facts:
    """Decode an image, and the other frames of an animation up to MOST_PIXELS and MOST_FRAMES of them.

    Raises
    ------
    Exception
        Whatever Pillow stumbles over.
    """
    formats = _readable(facts.format)
    if not formats:
        return replace(facts, is_looked_into=False)
    try:
        with Image.open(file, formats=formats) as image:
            width, height = image.size
            facts = replace(facts, width=width, height=height, mode=image.mode)
            if width * height > MOST_PIXELS:
                return replace(facts, damage=f"more than {MOST_PIXELS:,} pixels, which is not decoded")
            with ROOM.of(width * height):
                facts = replace(_decoded(facts, image), format=facts.format or image.format)
        if facts.format == "PNG":
            _check_blocks(file)
    except UnidentifiedImageError:
        only_start = f"only its start is that of a {facts.format}"
        return replace(facts, damage=only_start if facts.format else "it does not start like an image")
    return facts


def _readable(format_name: str | None) -> list[str]:
    """The format if this Pillow reads it; all that it reads where none is known."""
    if format_name not in Image.OPEN:
        Image.init()
    if format_name is None:
        return [each for each in Image.ID if each not in _NOT_DECODED]
    return [format_name] if format_name in Image.OPEN else []


def _decoded(facts: Facts, image: ImageFile) -> Facts:
    image.load()
    facts = replace(facts, private=private_details(image))
    if facts.format not in _OF_FRAMES:
        return facts
    duration, pixels = 0.0, 0
    for frames in range(MOST_FRAMES):
        try:
            image.seek(frames)
        except EOFError:
            return replace(facts, duration=duration, frame_rate=frames / duration) if frames > 1 and duration else facts
        pixels += image.width * image.height
        if pixels > MOST_PIXELS:
            break
        image.load()
        duration += image.info.get("duration", 0) / 1000
    return facts


def _check_blocks(file: IO[bytes]) -> None:
    """Compare the checksums of a PNG, and see that its end is there: decoding stops at the last pixel."""
    file.seek(0)
    with Image.open(file, formats=["PNG"]) as image:
        image.verify()
