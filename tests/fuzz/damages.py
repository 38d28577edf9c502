"""Damage that a file may have, the same for the same seed on every machine; some of it knows the format."""

from __future__ import annotations

import random
import struct
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal

from tests.fuzz.hdf5 import header_with_checksum, headers
from tests.fuzz.samples import samples
from tests.read.damage import damaged

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.fuzz.samples import Kind

    Order = Literal["little", "big"]
    Damage = Callable[[Random, bytes], bytes]

_HUGE: Final = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**64 - 1)
_ORDERS: Final[tuple[Order, ...]] = ("little", "big")
_CELLS: Final = (
    b"", b'"', b'"a""', b"\0", b"\r", b"\xff\xfe", b"NA", b"1e400", b"9" * 400, b"-0", b"../../etc/passwd",
    b"/etc/passwd", b"left.png", b"con", b"a" * 5000, b"," * 300, b"\n" * 50, b"=1+1", b"\xed\xa0\x80", b"1_0", b"0x1F",
    b"\xef\xbb\xbf", b"inf", b"2020-02-30", b"stimulus_id", b"filename", b"True", b"%s%n", b"\xe2\x80\xae", b"."
)  # fmt: skip


def damaged_file(kind: Kind, seed: int) -> bytes:
    """A file of a kind after one or two kinds of damage."""
    chance = random.Random(f"{kind} {seed}")  # noqa: S311 - damage is no secret
    content = original = chance.choice(samples(kind))
    for _ in range(chance.choice((1, 1, 2))):
        content = chance.choice(chance.choice((_ANYWHERE, _BY_FORMAT[kind])))(chance, content)
    return content if content != original else damaged(original, seed)


def _with_number(content: bytes, place: int, number: int, width: int, order: Order = "little") -> bytes:
    """The lowest bytes of a number, in place of what was there."""
    number &= (1 << 8 * width) - 1
    return content[:place] + number.to_bytes(width, order) + content[place + width :]


def _somewhere(chance: Random, content: bytes) -> int:
    return chance.randrange(len(content)) if content else 0


def _bytes(chance: Random, content: bytes) -> bytes:
    return damaged(content or b"\0", chance.randrange(2**32))


def _truncate(chance: Random, content: bytes) -> bytes:
    return content[: _somewhere(chance, content)]


def _insert(chance: Random, content: bytes) -> bytes:
    place = _somewhere(chance, content)
    return content[:place] + chance.randbytes(chance.choice((1, 3, 100, 5000))) + content[place:]


def _move(chance: Random, content: bytes) -> bytes:
    start, width, target = _somewhere(chance, content), chance.choice((7, 100, 4096)), _somewhere(chance, content)
    taken = content[start : start + width]
    rest = content[:start] + content[start + width :]
    return rest[:target] + taken * chance.choice((1, 2, 20)) + rest[target:]


def _huge_number(chance: Random, content: bytes) -> bytes:
    width = chance.choice((1, 2, 4, 8))
    order = chance.choice(_ORDERS)
    place = chance.choice((_somewhere(chance, content), min(_somewhere(chance, content), 200)))
    return _with_number(content, place, chance.choice(_HUGE), width, order)


def _clear(chance: Random, content: bytes) -> bytes:
    start, width = _somewhere(chance, content), chance.choice((16, 512, 4096))
    return content[:start] + bytes(len(content[start : start + width])) + content[start + width :]


def _around(chance: Random, content: bytes) -> bytes:
    return chance.choice((content + content, chance.randbytes(9) + content, content + chance.randbytes(999)))


def _splice(kind: Kind) -> Damage:
    def splice(chance: Random, content: bytes) -> bytes:
        other = chance.choice(samples(kind))
        share = chance.random()
        return content[: int(len(content) * share)] + other[int(len(other) * share) :]

    return splice


# ---- PNG: chunks of length, kind, content and CRC


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    found, place = [], 8
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">L", content, place)
        found.append((content[place + 4 : place + 8], content[place + 8 : place + 8 + length]))
        place += 12 + length
    return found


def _png(chunks: list[tuple[bytes, bytes]]) -> bytes:
    parts = (struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
             for kind, data in chunks)  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _png_header(chance: Random, content: bytes) -> bytes:
    """Other sizes, depths and colours under a CRC that is right."""
    sizes = (0, 1, 23, 100, 9_000, 13_000, 2**16, 2**31 - 1, 2**32 - 1)
    chunks = _chunks(content)
    for place, (kind, data) in enumerate(chunks):
        if kind == b"IHDR" and len(data) == 13:
            header = [*struct.unpack(">LLBBBBB", data)]
            for field in chance.sample(range(7), chance.choice((1, 2, 3))):
                header[field] = chance.choice(sizes if field < 2 else (0, 1, 2, 3, 4, 6, 8, 16, 255))
            chunks[place] = (kind, struct.pack(">LLBBBBB", *header))
    return _png(chunks)


def _png_chunks(chance: Random, content: bytes) -> bytes:
    """Chunks that are missing, there twice, or in another order."""
    chunks = _chunks(content) or [(b"IEND", b"")]
    place = chance.randrange(len(chunks))
    taken = chunks.pop(place)
    for _ in range(chance.choice((0, 1, 2, 500))):
        chunks.insert(chance.randrange(len(chunks) + 1), taken)
    return _png(chunks)


def _png_content(chance: Random, content: bytes) -> bytes:
    """The content of a chunk is damaged, and its CRC is right."""
    chunks = _chunks(content) or [(b"IEND", b"")]
    place = chance.randrange(len(chunks))
    kind, data = chunks[place]
    chunks[place] = (kind, damaged(data or b"\0", chance.randrange(2**32)))
    return _png(chunks)


def _png_extra(chance: Random, content: bytes) -> bytes:
    """A chunk that claims much, or says nonsense."""
    bomb = zlib.compress(bytes(chance.choice((10, 1 << 24))), 1)
    extra = chance.choice((
        (b"zTXt", b"note\0\0" + bomb), (b"iTXt", b"note\0\1\0\0\0" + bomb), (b"iCCP", b"icc\0\0" + bomb),
        (b"eXIf", b"II*\0\x08\0\0\0\xff\xff" + chance.randbytes(40)), (b"eXIf", b""), (b"PLTE", chance.randbytes(7)),
        (b"tRNS", chance.randbytes(300)), (b"acTL", struct.pack(">LL", 2**31 - 1, 0)), (b"acTL", b"\0"),
        (b"fcTL", struct.pack(">LLLLLHHBB", 0, 2**31, 2**31, 0, 0, 1, 0, 0, 0)), (b"pHYs", b"\0"), (b"gAMA", bytes(4)),
        (b"IDAT", zlib.compress(bytes(1 << 22))), (b"cHRM", b"\1"), (b"\xff\0\0\0", b""), (b"IHDR", bytes(13)),
    ))  # fmt: skip
    chunks = _chunks(content)
    chunks.insert(chance.randrange(len(chunks) + 1), extra)
    return _png(chunks)


# ---- JPEG: segments of a marker, a length and content, then the scan


def _segments(content: bytes) -> list[bytes]:
    """What begins with a marker, up to the next one."""
    starts = [
        place for place in range(len(content) - 1) if content[place] == 0xFF and content[place + 1] not in (0, 0xFF)
    ]
    return [content[start:stop] for start, stop in pairwise([*starts, len(content)])]


def _jpeg_segments(chance: Random, content: bytes) -> bytes:
    """Segments that are missing, there several times, or elsewhere."""
    segments = _segments(content) or [b"\xff\xd8"]
    taken = segments.pop(chance.randrange(len(segments)))
    for _ in range(chance.choice((0, 1, 2, 300))):
        segments.insert(chance.randrange(len(segments) + 1), taken)
    return b"".join(segments)


def _jpeg_marker(chance: Random, content: bytes) -> bytes:
    """A segment of another kind, or of another length."""
    segments = _segments(content) or [b"\xff\xd8"]
    place = chance.randrange(len(segments))
    segment = segments[place]
    segments[place] = chance.choice((
        b"\xff" + bytes([chance.randrange(0xC0, 0x100)]) + segment[2:],
        segment[:2] + struct.pack(">H", chance.choice((0, 1, 2, 3, 0x100, 0xFFFF))) + segment[4:],
    ))  # fmt: skip
    return b"".join(segments)


def _jpeg_frame(chance: Random, content: bytes) -> bytes:
    """Other sizes, depths, components and samplings."""
    segments = _segments(content)
    for place, segment in enumerate(segments):
        if segment[1] in {0xC0, 0xC1, 0xC2} and len(segment) > 10:
            field, width = chance.choice(((4, 1), (5, 2), (7, 2), (9, 1), (11, 1), (5, 4)))
            value = chance.choice((0, 1, 3, 12, 0x11, 0x44, 0xFF, 9_000, 65_500, 2**32 - 1))
            segments[place] = _with_number(segment, field, value, width, "big")
    return b"".join(segments)


def _jpeg_extra(chance: Random, content: bytes) -> bytes:
    """A segment of metadata that claims much, or says nonsense."""
    loop = b"II*\0\x08\0\0\0" + struct.pack("<HHHLLL", 1, 0x8825, 4, 1, 8, 8)
    far = b"MM\0*\0\0\0\x08" + struct.pack(">HHHLLL", 1, 0x010E, 2, 2**32 - 1, 2**31, 2**31)
    data = chance.choice((
        b"Exif\0\0" + loop, b"Exif\0\0" + far, b"Exif\0\0", b"Exif\0\0" + chance.randbytes(60),
        b"ICC_PROFILE\0\xff\x01" + bytes(50), b"MPF\0" + loop, b"MPF\0" + chance.randbytes(40),
        b"http://ns.adobe.com/xap/1.0/\0<x" + b"<a>" * 2000, b"Photoshop 3.0\0" + chance.randbytes(60), b"JFIF",
        b"Adobe\0\x64\0\0\0\0\x02", b"JFIF\0\x01\x02\x02\0\0\0\0\xff\xff",
    ))  # fmt: skip
    marker = bytes([0xFF, chance.choice((0xE0, 0xE1, 0xE1, 0xE2, 0xED, 0xEE, 0xFE))])
    return content[:2] + marker + struct.pack(">H", len(data) + 2) + data + content[2:]


# ---- CSV: rows of cells


def _csv_cell(chance: Random, content: bytes) -> bytes:
    rows = [row.split(b",") for row in content.split(b"\n")]
    row = chance.choice(rows)
    row[chance.randrange(len(row))] = chance.choice(_CELLS)
    return b"\n".join(map(b",".join, rows))


def _csv_rows(chance: Random, content: bytes) -> bytes:
    rows = content.split(b"\n")
    taken = rows.pop(chance.randrange(len(rows)))
    for _ in range(chance.choice((0, 1, 2, 400))):
        rows.insert(chance.randrange(len(rows) + 1), taken)
    return b"\n".join(rows)


def _csv_text(chance: Random, content: bytes) -> bytes:
    place = _somewhere(chance, content)
    return content[:place] + chance.choice(_CELLS) + content[place:]


def _csv_encoding(chance: Random, content: bytes) -> bytes:
    text = content.decode(errors="replace")
    return text.encode(chance.choice(("utf-16", "utf-32", "utf-7", "gb18030", "cp500")), errors="replace")


# ---- ZIP: local headers, the directory, its end


_ZIP_PARTS: Final = {b"PK\3\4": 30, b"PK\1\2": 46, b"PK\5\6": 22, b"PK\6\6": 56, b"PK\6\7": 20, b"PK\7\x08": 24}


def _zip_places(content: bytes) -> list[tuple[int, int]]:
    """Where each header is, and how long it is."""
    places = []
    for signature, length in _ZIP_PARTS.items():
        place = content.find(signature)
        while place >= 0:
            places.append((place, length))
            place = content.find(signature, place + 4)
    return places or [(0, len(content))]


def _zip_field(chance: Random, content: bytes) -> bytes:
    place, length = chance.choice(_zip_places(content))
    width = chance.choice((2, 2, 4, 8))
    field = place + 4 + 2 * chance.randrange(max(length // 2 - 2, 1))
    value = chance.choice((*_HUGE, 8, 9, 12, 14, 93, 99, chance.randrange(2**16)))
    return _with_number(content, field, value, width)


def _zip_name(chance: Random, content: bytes) -> bytes:
    """A name of another meaning, of the same length."""
    name = chance.choice((b"../", b"/a/", b"C:\\", b"a\0b", b"\xff\xfe\xfd", b"lef", b"rig", b"CON", b"a//", b"./a"))
    places = [place + length for place, length in _zip_places(content) if length in {30, 46}]
    chosen = chance.sample(places, chance.randrange(len(places) + 1))
    for place in chosen:
        content = content[:place] + name + content[place + len(name) :]
    return content


def _zip_parts(chance: Random, content: bytes) -> bytes:
    """A header, and what follows it, that is missing or there several times."""
    starts = sorted(place for place, _ in _zip_places(content))
    parts = [content[start:stop] for start, stop in pairwise([*starts, len(content)])]
    taken = parts.pop(chance.randrange(len(parts)))
    for _ in range(chance.choice((0, 1, 2, 300))):
        parts.insert(chance.randrange(len(parts) + 1), taken)
    return b"".join(parts)


# ---- netCDF: HDF5 structures, by their signatures


_HDF5_PARTS: Final = (b"\x89HDF", b"OHDR", b"OCHK", b"TREE", b"SNOD", b"HEAP", b"GCOL", b"FRHP", b"FHDB", b"BTHD",
                      b"BTLF", b"FADB", b"FAHD", b"EAHD")  # fmt: skip


def _hdf5_field(chance: Random, content: bytes) -> bytes:
    """A number near the start of a structure: a length, a count or an address."""
    found = [place for signature in _HDF5_PARTS if (place := content.find(signature)) >= 0]
    signature = content[(place := chance.choice(found)) :][:4] if found else b""
    places = [place] if found else [0]
    while signature and (place := content.find(signature, place + 4)) >= 0:
        places.append(place)
    field = chance.choice(places) + chance.randrange(4, 100)
    width = chance.choice((1, 2, 4, 8))
    addresses = (chance.choice(places), len(content), len(content) - 8, 0)
    value = chance.choice((*_HUGE, *addresses, *addresses))
    return _with_number(content, field, value, width)


def _hdf5_header(chance: Random, content: bytes) -> bytes:
    """The messages of an object's header are damaged, under a checksum that is right."""
    found = headers(content)
    if not found:
        return _hdf5_field(chance, content)
    for start, stop in chance.sample(found, min(len(found), chance.choice((1, 1, 2)))):
        place = chance.randrange(start + 6, stop)
        width = chance.choice((1, 1, 2, 4, 8))
        value = chance.choice((*_HUGE, chance.randrange(256), start, len(content)))
        changed = _with_number(content, place, value, width)
        content = header_with_checksum(changed[: len(content)], start, stop)
    return content


_ANYWHERE: Final[tuple[Damage, ...]] = (_bytes, _bytes, _truncate, _insert, _move, _huge_number, _clear, _around)
_BY_FORMAT: Final[dict[Kind, tuple[Damage, ...]]] = {
    "png": (_png_header, _png_chunks, _png_content, _png_extra, _splice("png")),
    "jpeg": (_jpeg_segments, _jpeg_marker, _jpeg_frame, _jpeg_extra, _splice("jpeg")),
    "csv": (_csv_cell, _csv_rows, _csv_text, _csv_encoding, _splice("csv")),
    "zip": (_zip_field, _zip_field, _zip_name, _zip_parts, _splice("zip")),
    "netcdf": (_hdf5_field, _hdf5_header, _hdf5_header, _splice("netcdf")),
}
