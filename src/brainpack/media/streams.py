"""Videos and sounds, opened by FFmpeg as far as PyAV is installed."""

from __future__ import annotations

from dataclasses import replace
from typing import IO, TYPE_CHECKING, Final

from brainpack.media.boxes import missing_content
from brainpack.media.formats import FORMATS
from brainpack.media.images import MOST_PIXELS, ROOM
from brainpack.media.wav import look_into_wav

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

    from brainpack.media.facts import Facts

_PER_SECOND: Final = 1_000_000  # FFmpeg counts the duration of a file in microseconds
_DEMUXERS: Final = {each.name: each.demuxer for each in FORMATS}
# What files of other first bytes may be; no demuxer that opens files which the content names.
_PROBED: Final = "aac,ac3,asf,au,avi,caf,dv,flv,h264,hevc,ivf,m4v,matroska,mov,mp3,mpeg,mpegts,mpegvideo,mxf,ogg"


def look_into_stream(facts: Facts, file: IO[bytes]) -> Facts:
    """Open a video or a sound and decode its first frame.

    Raises
    ------
    Exception
        Whatever PyAV stumbles over.
    """
    if facts.format == "WAV":
        return look_into_wav(facts, file)
    if facts.format in {"MP4", "MOV"} and (damage := missing_content(file)):
        return replace(facts, damage=damage)
    try:
        import av
    except ImportError:
        return replace(facts, is_looked_into=False)
    if facts.format is not None:
        with av.open(file, "r", format=_DEMUXERS[facts.format]) as container:  # else a playlist could name other files
            return _looked_into(facts, container)
    try:
        # As `options` they would reach the streams, too, where older PyAVs crash on streams that come late.
        probed = av.open(file, "r", container_options={"format_whitelist": _PROBED})
    except av.FFmpegError:
        return replace(facts, damage=f"it does not start like {'a video' if facts.kind == 'video' else 'a sound'}")
    with probed as container:
        return _looked_into(replace(facts, format=_format_of(container)), container)


def _format_of(container: InputContainer) -> str:
    names = container.format.name.split(",")
    return next((each.name for each in FORMATS if each.demuxer in names), names[0].upper())


def _looked_into(facts: Facts, container: InputContainer) -> Facts:
    seconds = None if container.duration is None else container.duration / _PER_SECOND
    facts = replace(facts, duration=seconds)
    videos, sounds = container.streams.video, container.streams.audio
    if sounds and (facts.kind == "audio" or not videos):  # pictures beside a sound are its cover
        return _first_frame(replace(facts, kind="audio"), container, sounds[0])
    if not videos:
        return replace(facts, damage="there is neither a picture nor a sound in it")
    return _first_frame(_with_size(facts, videos[0]), container, videos[0])


def _with_size(facts: Facts, video: VideoStream) -> Facts:
    facts = replace(facts, kind="video", frame_rate=float(video.average_rate) if video.average_rate else None)
    if video.codec_context is None:
        return facts
    facts = replace(facts, width=video.width, height=video.height)
    too_large = f"more than {MOST_PIXELS:,} pixels, which is not decoded"
    return replace(facts, damage=too_large) if video.width * video.height > MOST_PIXELS else facts


def _first_frame(facts: Facts, container: InputContainer, stream: VideoStream | AudioStream) -> Facts:
    if facts.damage is not None:
        return facts
    if stream.codec_context is None:
        return replace(facts, damage="it is encoded in a way that FFmpeg does not know")
    stream.codec_context.thread_count = 1  # other files are decoded at the same time
    with ROOM.of((facts.width or 0) * (facts.height or 0)):
        frame = next(iter(container.decode(stream)), None)
    return facts if frame is not None else replace(facts, damage="there is no frame in it")
