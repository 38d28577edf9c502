"""Images, decoded whole by Pillow."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Final

from PIL import Image, UnidentifiedImageError

from brainpack.media.metadata import private_details

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from PIL.ImageFile import ImageFile

    from brainpack.media.facts import Facts

# Decoders need up to 16 bytes per pixel (WebP), so that one image takes less than 1 GiB.
MOST_PIXELS: Final = 50_000_000
MOST_FRAMES: Final = 1_000
_LARGE: Final = 10_000_000  # pixels
_ONE_LARGE_IMAGE: Final = threading.Lock()  # one for all, as the memory is
_OF_FRAMES: Final = ("GIF", "PNG", "TIFF", "WEBP")


def look_into_image(facts: Facts, file: IO[bytes]) -> Facts:
    """Decode an image, and the other frames of an animation up to MOST_PIXELS and MOST_FRAMES of them.

    Raises
    ------
    Exception
        Whatever Pillow stumbles over.
    """
    if facts.format is None:
        return replace(facts, damage="it does not start like an image")
    try:
        with Image.open(file, formats=[facts.format]) as image:
            width, height = image.size
            facts = replace(facts, width=width, height=height, mode=image.mode)
            if width * height > MOST_PIXELS:
                return replace(facts, damage=f"more than {MOST_PIXELS:,} pixels, which is not decoded")
            with _room_for(width * height):
                facts = _decoded(facts, image)
        if facts.format == "PNG":
            _check_blocks(file)
    except UnidentifiedImageError:
        return replace(facts, damage=f"only its start is that of a {facts.format}")
    return facts


def _room_for(pixels: int) -> AbstractContextManager[object]:
    return _ONE_LARGE_IMAGE if pixels > _LARGE else nullcontext()


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
