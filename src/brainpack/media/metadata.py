"""What the metadata of an image tell of places, people and computers."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final

from PIL.ExifTags import IFD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from PIL.Image import Exif, Image

_POSITION: Final = (2, 4)  # tags of latitude and longitude
_NAMES: Final = {0x013B: "artist", 0x013C: "host computer", 0xA430: "camera owner"}
_AUTHOR_IN_UTF16: Final = 0x9C9D
_KEYWORDS: Final = ("artist", "author", "creator")
_NO_TEXTS: Final = ("exif", "icc_profile")
_XMP_POSITION: Final = re.compile(r"exif:GPSL(?:at|ong)itude")
_XMP_CREATOR: Final = re.compile(r"<dc:creator>.{0,200}?<rdf:li[^>]{0,50}>([^<]{1,200})<", re.DOTALL)
_LOCAL_PATH: Final = re.compile(
    r"(?<![\w.:/-])/(?:home|Users|mnt|media|Volumes|scratch|root|private)/[^\s\"'<>\0]+"
    r"|\b[A-Za-z]:\\{1,2}[^\s\"'<>\0]+\\[^\s\"'<>\0]+"
)
_MOST_PATHS: Final = 3
_LONGEST: Final = 80  # characters that are shown
_LONGEST_TEXT: Final = 1 << 20  # characters that are searched


def private_details(image: Image) -> tuple[str, ...]:
    """List what the metadata of a decoded image tell of places, people and computers.

    Damage of the metadata is no damage of the image, and ends the search.

    Examples
    --------
    >>> from PIL import Image
    >>> image = Image.new("L", (1, 1))
    >>> image.info["Author"] = "Jane Doe"
    >>> private_details(image)
    ("author 'Jane Doe'",)
    """
    info = {str(key): _text(value) for key, value in image.info.items() if key not in _NO_TEXTS}
    found = [*_in_texts(info)]
    if "exif" in image.info or "Raw profile type exif" in image.info or image.format == "TIFF":
        try:
            found += _in_exif(image.getexif())
        except Exception:  # noqa: BLE001 - of damaged metadata, Pillow raises anything
            return tuple(dict.fromkeys(found))
    return tuple(dict.fromkeys(found))


def _in_texts(texts: Mapping[str, str]) -> Iterator[str]:
    for key, text in texts.items():
        if text and key.lower() in _KEYWORDS:
            yield _shown(key.lower(), text)
        if _XMP_POSITION.search(text):
            yield "GPS position"
        if creator := _XMP_CREATOR.search(text):
            yield _shown("creator", creator[1])
    yield from _paths(texts.values())


def _in_exif(exif: Exif) -> Iterator[str]:
    position = exif.get_ifd(IFD.GPSInfo)
    if any(tag in position for tag in _POSITION):
        yield "GPS position"
    tags = {**exif, **exif.get_ifd(IFD.Exif)}
    for tag, name in _NAMES.items():
        if text := _text(tags.get(tag)):
            yield _shown(name, text)
    if author := _text(tags.get(_AUTHOR_IN_UTF16), "utf-16-le"):
        yield _shown("author", author)
    yield from _paths(value for value in tags.values() if isinstance(value, str))


def _paths(texts: Iterable[str]) -> Iterator[str]:
    found = (path[0] for text in texts for path in _LOCAL_PATH.finditer(text))
    return (_shown("path", path) for path in islice(found, _MOST_PATHS))


def _text(value: object, encoding: str = "utf-8") -> str:
    """A value as text, as far as it is some: empty for numbers and the like."""
    if isinstance(value, bytes):
        value = value[:_LONGEST_TEXT].decode(encoding, "replace")
    return value[:_LONGEST_TEXT].strip(" \0") if isinstance(value, str) else ""


def _shown(what: str, text: str) -> str:
    return f"{what} {text[:_LONGEST]!r}"
