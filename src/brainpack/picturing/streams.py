"""Frames of videos and levels of sounds, as far as PyAV is installed; WAV needs nothing of it."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from brainpack.media.images import MOST_PIXELS
from brainpack.media.wav import chunks_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from brainpack.media.formats import Format

_SHARES: Final = (0.0, 0.45, 0.9)  # of a video, where a frame is taken
_LEVELS: Final = 64
_SAMPLES: Final = 2_000_000  # of a sound, that are looked at
_EXTENSIBLE: Final = 0xFFFE  # says further on what samples are
_TYPES: Final[dict[tuple[int, int], np.dtype[Any]]] = {
    (1, 8): np.dtype("u1"),
    (1, 16): np.dtype("<i2"),
    (1, 24): np.dtype("V3"),
    (1, 32): np.dtype("<i4"),
    (3, 32): np.dtype("<f4"),
    (3, 64): np.dtype("<f8"),
}  # by tag and bits: of WAVE_FORMAT_PCM and WAVE_FORMAT_IEEE_FLOAT


def frames_of(content: bytes, found: Format) -> list[NDArray[np.uint8]]:
    """Frames at the start, the middle and the end of a video.

    Parameters
    ----------
    content : bytes
    found : Format
        FFmpeg opens it as nothing else: a playlist could name other files.

    Returns
    -------
    list of array of uint8, shape (height, width, 3)
        Empty where there is none, or it has too many pixels to be decoded.

    Raises
    ------
    ImportError
        PyAV is not installed.
    Exception
        Whatever PyAV stumbles over.
    """
    import av

    frames: list[NDArray[np.uint8]] = []
    with av.open(io.BytesIO(content), "r", format=found.demuxer) as container:
        stream = container.streams.video[0]
        if stream.width * stream.height > MOST_PIXELS:
            return []
        stream.codec_context.thread_count = 1  # the same frames in the same order, whatever the machine
        for share in _SHARES:
            if share and not container.duration:
                break
            if share:
                container.seek(int((container.duration or 0) * share))
            frame = next(iter(container.decode(stream)), None)
            if frame is not None:
                frames.append(frame.to_ndarray(format="rgb24").astype(np.uint8))
    return frames


def levels_of(content: bytes, found: Format) -> list[float] | None:
    """Loudest magnitude in each of 64 parts of a sound, or of its start, relative to the loudest of all.

    Parameters
    ----------
    content : bytes
    found : Format

    Returns
    -------
    list of 64 floats from 0 to 1
        None of a WAV whose samples are neither integers nor floats.

    Raises
    ------
    ImportError
        PyAV is not installed, and the sound is no WAV.
    Exception
        Whatever a decoder stumbles over.

    Examples
    --------
    >>> import brainpack.media.formats as formats
    >>> file = io.BytesIO()
    >>> import wave
    >>> with wave.open(file, "wb") as sound:
    ...     sound.setparams((1, 2, 8000, 0, "NONE", ""))
    ...     sound.writeframes(np.repeat([100, -200], 32).astype("<i2").tobytes())
    >>> levels = levels_of(file.getvalue(), formats.recognised("a.wav", file.getvalue()))
    >>> levels[0], levels[-1]
    (0.5, 1.0)
    """
    samples = _wav(content) if found.name == "WAV" else _decoded(content, found)
    if samples is None:
        return None
    samples = np.abs(samples)
    loudest = max(float(samples.max(initial=0)), 1e-9)
    return [float(part.max(initial=0)) / loudest for part in np.array_split(samples, _LEVELS)]


def _wav(content: bytes) -> NDArray[np.float64] | None:
    """Samples of all channels; FFmpeg would reserve as much memory as a damaged header asks for."""
    file, dtype = io.BytesIO(content), None
    for name, start, size in chunks_of(file, len(content)):
        if name == b"fmt ":
            tag, bits = struct.unpack_from("<H12xH", content, start)
            (kind,) = struct.unpack_from("<24xH", content, start) if tag == _EXTENSIBLE else (tag,)
            dtype = _TYPES.get((kind, bits))
        elif name == b"data" and dtype is not None:
            data = content[start : start + min(size, _SAMPLES * dtype.itemsize)]
            break
    else:
        return None
    if dtype.itemsize == 3:  # noqa: PLR2004 - numpy has no such type: the upper bytes of four
        data = np.insert(np.frombuffer(data[: len(data) // 3 * 3], "u1").reshape(-1, 3), 0, 0, axis=1).tobytes()
        dtype = np.dtype("<i4")
    samples = np.frombuffer(data[: len(data) // dtype.itemsize * dtype.itemsize], dtype).astype(np.float64)
    return np.nan_to_num(samples) - (128 if dtype.kind == "u" else 0)


def _decoded(content: bytes, found: Format) -> NDArray[Any]:
    import av

    pieces: list[NDArray[Any]] = []
    count = 0
    with av.open(io.BytesIO(content), "r", format=found.demuxer) as container:
        to_floats = av.AudioResampler(format="flt", layout="mono")
        for frame in container.decode(container.streams.audio[0]):
            for mono in to_floats.resample(frame):
                pieces.append(mono.to_ndarray().ravel())
                count += len(pieces[-1])
            if count > _SAMPLES:
                break
    return np.concatenate(pieces) if pieces else np.zeros(1)
