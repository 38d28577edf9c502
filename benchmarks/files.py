"""Files of stimuli: random bytes, pictures, and very small pictures."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

_PICTURES: Final[tuple[tuple[str, int, dict[str, Any]], ...]] = (
    ("png", 256, {"compress_level": 1}),
    ("jpg", 400, {"quality": 88}),
)  # of about 100 KB
_SMALL = 8  # pixels


def write_random_files(folder: Path, count: int, size: int) -> None:
    """Files of bytes that nobody looks into."""
    folder.mkdir()
    for number in range(1, count + 1):
        (folder / f"file_{number}.bin").write_bytes(os.urandom(size))


def write_pictures(folder: Path, count: int) -> None:
    """PNG and JPEG in turns: gradients with noise."""
    folder.mkdir()
    chance = np.random.default_rng(0)
    for number in range(1, count + 1):
        suffix, width, how = _PICTURES[number % 2]
        gradient = np.add.outer(np.arange(width), np.arange(width))[..., np.newaxis] * [1, 2, 3] // 16
        pixels = gradient + number % 50 + chance.integers(0, 14, (width, width, 3))
        Image.fromarray(pixels.astype(np.uint8), "RGB").save(folder / f"picture_{number}.{suffix}", **how)


def write_small_pictures(folder: Path, count: int) -> None:
    """Grey pictures of 8 x 8 pixels, no two alike."""
    folder.mkdir()
    for number in range(1, count + 1):
        pixels = number.to_bytes(_SMALL * _SMALL, "little")
        (folder / f"small_{number}.pgm").write_bytes(b"P5 %d %d 255\n" % (_SMALL, _SMALL) + pixels)
