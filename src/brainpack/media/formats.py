"""Formats of stimulus files, by their first bytes and by their suffixes."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from brainpack.media.facts import Kind

HEAD: Final = 64  # bytes that tell a format

_NOTHING: Final = rb"(?!)"
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


class Format(NamedTuple):
    """One format.

    Attributes
    ----------
    name : str
        For images, as Pillow calls it.
    kind : str
    suffixes : tuple of str
        Of the names of such files, in lower case; files of text may have none.
    signature : bytes
        Regular expression that the first bytes match.
    demuxer : str
        FFmpeg's name of what reads it; empty for images and text.
    without_header : bytes
        Regular expression that the first bytes match, too, where the suffix fits; elsewhere it would find too much.
    """

    name: str
    kind: Kind
    suffixes: tuple[str, ...]
    signature: bytes
    demuxer: str = ""
    without_header: bytes = _NOTHING


_ISO_IMAGES: Final = rb"(?!avi[fs]|hei[cfsx]|hev[cx]|mi[af]1|msf1|crx )"  # brands of pictures in the same container
_JPEG_2000_SUFFIXES: Final = (".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx")
_PPM_SIZE: Final = rb"\s+(?:#[^\n]*\s+)*\d+\s+\d+\s"
_FIRST_BOXES: Final = rb"\x00.{3}(?:ftypqt  |moov|wide|free|skip|pnot|styp|uuid)|.{4}mdat"
_MP4_SUFFIXES: Final = (".mp4", ".m4v", ".m4a", ".mov", ".qt", ".3gp")

TEXT: Final = Format("UTF-8", "text", ("", ".txt", ".csv", ".tsv", ".json", ".jsonl", ".md", ".xml"), _NOTHING)
FORMATS: Final = (
    Format("PNG", "image", (".png", ".apng"), rb"\x89PNG\r\n\x1a\n"),
    Format("JPEG", "image", (".jpg", ".jpeg", ".jpe", ".jfif"), rb"\xff\xd8\xff"),
    Format("GIF", "image", (".gif",), rb"GIF8[79]a"),
    Format("TIFF", "image", (".tif", ".tiff"), rb"II[*+]\x00|MM\x00[*+]"),
    Format("BMP", "image", (".bmp",), rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\x00\x00\x00"),
    Format("WEBP", "image", (".webp",), rb"RIFF.{4}WEBP"),
    Format("AVIF", "image", (".avif", ".avifs"), rb"\x00{2}.{2}ftypavi[fs]"),
    Format("JPEG2000", "image", _JPEG_2000_SUFFIXES, rb"\x00{3}\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51\x00"),
    Format("ICO", "image", (".ico",), _NOTHING, without_header=rb"\x00\x00\x01\x00"),
    Format(
        "PPM", "image", (".ppm", ".pgm", ".pbm", ".pnm"), rb"P[456]" + _PPM_SIZE, without_header=rb"P[123]" + _PPM_SIZE
    ),
    Format("MP4", "video", _MP4_SUFFIXES, rb"\x00{2}.{2}ftyp(?!qt  )" + _ISO_IMAGES, "mp4"),
    Format("MOV", "video", _MP4_SUFFIXES, _FIRST_BOXES, "mov"),
    Format("WEBM", "video", (".webm",), rb"\x1aE\xdf\xa3.*webm", "webm"),
    Format("Matroska", "video", (".mkv", ".mka"), rb"\x1aE\xdf\xa3", "matroska"),
    Format("AVI", "video", (".avi",), rb"RIFF.{4}AVI ", "avi"),
    Format("MPEG", "video", (".mpg", ".mpeg"), rb"\x00\x00\x01\xba", "mpeg"),
    Format("MPEG video", "video", (".m1v", ".m2v", ".mpg", ".mpeg"), rb"\x00\x00\x01\xb3", "mpegvideo"),
    Format("MPEG-TS", "video", (".mts", ".m2ts", ".mpg", ".mpeg"), _NOTHING, "mpegts"),
    Format("WMV", "video", (".wmv", ".wma", ".asf"), rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    Format("WAV", "audio", (".wav",), rb"(?:RIFF|RF64).{4}WAVE", "wav"),
    Format("FLAC", "audio", (".flac",), rb"fLaC\x00", "flac"),
    Format("OGG", "audio", (".ogg", ".oga", ".ogv", ".opus"), rb"OggS\x00", "ogg"),
    Format("MP3", "audio", (".mp3",), rb"ID3[\x02-\x04]\x00", "mp3", rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]"),
    Format("AIFF", "audio", (".aif", ".aiff", ".aifc"), rb"FORM.{4}AIF[FC]", "aiff"),
    TEXT,
)

_BY_NAME: Final = {each.name: each for each in FORMATS}
_BY_SUFFIX: Final = {suffix: each for each in reversed(FORMATS) for suffix in each.suffixes if suffix}
_SIGNATURES: Final = [(re.compile(each.signature, re.DOTALL), each) for each in FORMATS]


def suffix_of(name: str) -> str:
    """Suffix of a file name in lower case, with its dot.

    Examples
    --------
    >>> suffix_of("left.PNG")
    '.png'
    """
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 - Path.suffix of "a." differs between Pythons


def recognised(name: str, head: bytes) -> Format | None:
    """Return the format of a file that starts with these bytes.

    Examples
    --------
    >>> recognised("left.png", b"GIF89a...").name
    'GIF'
    """
    named = _BY_SUFFIX.get(suffix_of(name))
    if named is not None and re.match(named.without_header, head):
        return named
    return next((each for signature, each in _SIGNATURES if signature.match(head)), None)


def promised(name: str, head: bytes) -> Format | None:
    """Return the format that the name of a file promises; without a suffix, text where nothing speaks against it.

    Examples
    --------
    >>> promised("clip.mov", b"").name, promised("sentence", b"The cat").name, promised("weights.npy", b"")
    ('MP4', 'UTF-8', None)
    """
    suffix = suffix_of(name)
    if not suffix and head and not _CONTROL.search(head):
        return TEXT
    return _BY_SUFFIX.get(suffix)


def is_misnamed(format_name: str, suffix: str) -> bool:
    """Whether a suffix is one of other formats; the format may be any that Pillow or FFmpeg knows.

    Examples
    --------
    >>> is_misnamed("JPEG", ".png"), is_misnamed("JPEG", ".jpeg"), is_misnamed("JPEG", ".stimulus")
    (True, False, False)
    """
    own = _BY_NAME[format_name].suffixes if format_name in _BY_NAME else ()
    return suffix in _BY_SUFFIX and suffix not in own
