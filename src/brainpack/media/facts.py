"""What is known of a stimulus file after it was looked into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["image", "video", "audio", "text", "other"]

ACCEPTED_CHANNELS: Final[Mapping[str, int]] = {"RGBA": 4, "RGB": 3, "LA": 2, "L": 1}
"""The modes that Brain-Score's `check_image_format` accepts, and how many numbers a pixel has in each."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a stimulus file.

    Attributes
    ----------
    kind : {"image", "video", "audio", "text", "other"}
        By its bytes, or else by its suffix.
    format : str or None
        By its bytes, for instance "PNG", "MP4" or "UTF-8"; None where they are of no known format.
    size : int or None
        Bytes; None where the file cannot be read.
    sha256 : bytes
        Of the file; empty where it cannot be read.
    width, height : int or None
        Pixels, of images and videos.
    mode : str or None
        Of images, as Pillow calls it, for instance "RGB".
    duration : float or None
        Seconds, of videos, sounds and animations.
    frame_rate : float or None
        Frames per second on average, of videos and animations.
    damage : str or None
        Why it cannot be read or decoded; None where it can.
    private : tuple of str
        What its metadata tell of places, people and computers.
    is_looked_into : bool
        False for videos and sounds, but WAV, if PyAV is not installed, and for images that this Pillow does not read;
        then no more than kind and format is known.
    """

    kind: Kind
    format: str | None
    size: int | None
    sha256: bytes
    width: int | None = None
    height: int | None = None
    mode: str | None = None
    duration: float | None = None
    frame_rate: float | None = None
    damage: str | None = None
    private: tuple[str, ...] = ()
    is_looked_into: bool = True
