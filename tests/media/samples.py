"""Tiny images, videos and sounds."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from PIL import Image

WIDTH, HEIGHT = 32, 16
RATE = 8000  # samples per second


def picture(mode: str = "RGB", number: int = 0) -> Image.Image:
    values = np.arange(WIDTH * HEIGHT * 3, dtype=np.uint32) * (number + 7) % 251
    return Image.fromarray(values.astype(np.uint8).reshape(HEIGHT, WIDTH, 3)).convert(mode)


def image(file_format: str = "PNG", mode: str = "RGB", number: int = 0, **options: Any) -> bytes:
    file = io.BytesIO()
    picture(mode, number).save(file, file_format, **options)
    return file.getvalue()


def animation(file_format: str, frames: int = 4) -> bytes:
    others = [picture(number=number) for number in range(1, frames)]
    return image(file_format, save_all=True, append_images=others, duration=100)


def huge_png(side: int = 20_000) -> bytes:
    """A PNG of few bytes that says it has many pixels."""

    def block(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))

    header = struct.pack(">LLBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + block(b"IHDR", header) + block(b"IDAT", zlib.compress(b"")) + block(b"IEND", b"")


def video(container: str = "mp4", codec: str = "mpeg4", frames: int = 10) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(frames):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(picture(number=number)), format="rgb24")))
        output.mux(stream.encode(None))
    return file.getvalue()


def moved(content: bytes, distance: int) -> bytes:
    """An MP4 or MOV of one chunk whose index finds the frames so many bytes later."""
    place = content.index(b"stco") + 12
    (offset,) = struct.unpack_from(">L", content, place)
    return content[:place] + struct.pack(">L", offset + distance) + content[place + 4 :]


def sound(container: str = "wav", codec: str = "pcm_s16le", samples: int = 1600) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=RATE)
        assert isinstance(stream, AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, samples), np.int16), format="s16", layout="mono")
        frame.sample_rate = RATE
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()
