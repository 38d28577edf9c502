"""Stimuli at a glance: a small image, frames of a video, the waveform of a sound, the start of a text."""

from __future__ import annotations

import hashlib
import io
import warnings
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from markupsafe import Markup
from PIL import Image

from brainpack.media.formats import promised, recognised
from brainpack.media.images import MOST_PIXELS, ROOM
from brainpack.picturing.charts import waveform
from brainpack.picturing.matrices import data_uri
from brainpack.picturing.streams import frames_of, levels_of
from brainpack.picturing.svg import element
from brainpack.picturing.texts import plain

if TYPE_CHECKING:
    from brainpack.media.formats import Format
    from brainpack.picturing.material import Read

SIDE: Final = 144  # pixels
_TINY: Final = 48  # pixels, up to which nothing of an image is given away
_QUALITY: Final = 82
_EXCERPT: Final = 160  # characters
_HEAD: Final = 4096
_TOO_LARGE: Final = f"more than {MOST_PIXELS:,} pixels, not decoded"


class Glance(NamedTuple):
    """What a stimulus looks like.

    Attributes
    ----------
    picture : Markup
    kind : str
        "image", "video", "audio", "text" or "other"; "problem" where it cannot be shown.
    content : bytes
        SHA-256 of what an image shows, whatever its format; empty for others.
    """

    picture: Markup
    kind: str
    content: bytes = b""


def glance(read: Read, name: str) -> Glance:
    """Make a small picture of a stimulus. Whatever is wrong with it, there is one: it says what is wrong.

    Parameters
    ----------
    read : Read
    name : str
        What to call it for those who do not see it.
    """
    if read.problem:
        return _problem(read.problem)
    head = read.content[:_HEAD]
    found = recognised(read.name, head) or promised(read.name, head)
    try:
        if found is None:
            return Glance(_words("no preview"), "other")
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _SHOWN[found.kind](read, found, name)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return _problem(_TOO_LARGE)
    except ImportError:
        return Glance(_words(f"{found.kind if found else 'file'}; a preview needs brainpack[media]"), "other")
    except Exception:  # noqa: BLE001 - of hostile bytes, decoders raise anything
        return _problem("damaged")


def _problem(text: str) -> Glance:
    return Glance(_words(text, "excerpt problem"), "problem")


def _words(text: str, class_: str = "excerpt") -> Markup:
    return element("span", text, class_=class_)


def _image(read: Read, found: Format, name: str) -> Glance:
    with Image.open(io.BytesIO(read.content), formats=[found.name]) as image:
        if image.width * image.height > MOST_PIXELS:
            return _problem(_TOO_LARGE)
        with ROOM.of(image.width * image.height):
            image.load()
            shown = image.convert("RGBA") if image.mode == "P" or "transparency" in image.info else image
            content = hashlib.sha256(f"{shown.mode} {shown.size} ".encode() + shown.tobytes()).digest()
            return Glance(picture_of(image, name), "image", content)


def picture_of(image: Image.Image, name: str) -> Markup:
    """Write an image as an element of a page, small; what is transparent becomes grey."""
    if image.mode == "P" or "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode.startswith(("I", "F")):
        image = _stretched(image)
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"}:
        rgba = image.convert("RGBA")
        below = Image.new("RGBA", rgba.size, (128, 128, 128, 255))
        image = Image.alpha_composite(below, rgba)
    image = image.convert("L" if image.mode in {"L", "1"} else "RGB")
    width, height = image.size
    if max(width, height) <= _TINY:
        return _element(image, data_uri(image, "PNG", optimize=True), name, "tiny")
    image = _contained(image) if max(width, height) > SIDE else image
    return _element(image, data_uri(image, "JPEG", quality=_QUALITY, optimize=True), name, "thumb")


def _contained(image: Image.Image) -> Image.Image:
    """An image whose longer side has the length of a thumbnail, and whose shorter one has a pixel at least."""
    longest = max(image.size)
    width, height = (max(round(length * SIDE / longest), 1) for length in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _element(image: Image.Image, uri: str, name: str, class_: str) -> Markup:
    written = element("img", src=uri, alt=f"Stimulus {name}", width=image.width, height=image.height, class_=class_)
    return Markup(written.removesuffix("</img>"))  # noqa: S704 - element has escaped it


def _stretched(image: Image.Image) -> Image.Image:
    """Grey values of more than 8 bits or of floats, between black and white."""
    values = np.nan_to_num(np.asarray(image, np.float64))
    low, high = float(values.min()), float(values.max())
    return Image.fromarray(np.rint((values - low) / ((high - low) or 1.0) * 255).astype(np.uint8))


def _text(read: Read, _: Format, __: str) -> Glance:
    excerpt = plain(read.content[: 8 * _EXCERPT].decode("utf-8", "ignore"), _EXCERPT)
    return Glance(_words(excerpt or "an empty text"), "text")


def _video(read: Read, found: Format, name: str) -> Glance:
    frames = [Image.fromarray(frame) for frame in frames_of(read.content, found)]
    if not frames:
        return _problem("no frame in it")
    small = [_contained(frame) for frame in frames]
    strip = Image.new("RGB", (sum(frame.width for frame in small) + 2 * (len(small) - 1), small[0].height))
    at = 0
    for frame in small:
        strip.paste(frame, (at, 0))
        at += frame.width + 2
    return Glance(_element(strip, data_uri(strip, "JPEG", quality=_QUALITY, optimize=True), name, "thumb"), "video")


def _sound(read: Read, found: Format, name: str) -> Glance:
    levels = levels_of(read.content, found)
    picture = _words("a sound without a preview") if levels is None else waveform(levels, f"Stimulus {name}")
    return Glance(picture, "audio")


_SHOWN: Final = {"image": _image, "video": _video, "audio": _sound, "text": _text}
