"""A small experiment, the same on every machine: no random numbers, no encoder whose output may change."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from brainpack import StimulusSet
from brainpack.media.inspector import inspectors
from brainpack.sources import LocalFile
from brainpack.validation.rules.stimuli import stimulus_subjects
from brainpack.write.stimuli import write_zip
from brainpack.write.stimulus_files import StimulusFile

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from brainpack.write.stimuli import Packed


def png(grey: int, side: int = 4) -> bytes:
    """A square greyscale PNG; its pixels are stored, not deflated, so that no zlib can change the bytes."""

    def block(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))

    header = struct.pack(">LLBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = (b"\0" + bytes([grey]) * side) * side
    return b"\x89PNG\r\n\x1a\n" + block(b"IHDR", header) + block(b"IDAT", zlib.compress(rows, 0)) + block(b"IEND", b"")


def stimulus_set(folder: Path, ids: Iterable[object] = ("left", "right", "日本"), suffix: str = ".png") -> StimulusSet:
    """Stimuli with a file each, and metadata of several types."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = list(ids)
    paths: dict[Any, str | Path] = {}
    for number, stimulus_id in enumerate(ids):
        source = folder / f"source {number}{suffix}"
        source.write_bytes(png(grey=number % 256))
        paths[stimulus_id] = source
    stimuli = StimulusSet(
        {
            "stimulus_id": ids,
            "orientation": [22.5 * number for number in range(len(ids))],
            "trained": [number % 2 == 0 for number in range(len(ids))],
            "category": [f"category, {number}" for number in range(len(ids))],
        }
    )
    stimuli.stimulus_paths = paths
    return stimuli


def subjects_with_files(stimuli: object) -> list[object]:
    """All there is to check of a stimulus set and its files."""
    with inspectors() as crew:
        return stimulus_subjects(stimuli, crew)


def stimulus_file(name: str, path: Path) -> StimulusFile:
    """A file on its way into a ZIP."""
    return StimulusFile(name, str(path), *LocalFile(str(path)).stamp())


def packed(files: Iterable[tuple[str, Path]], path: Path, *, executor: Any = None, look: bool = False) -> Packed:
    """Files in a new ZIP."""
    with inspectors(executor) as crew:
        return write_zip([stimulus_file(*file) for file in files], path, crew, look=look)


def bytes_read() -> int:
    """What this process has asked the system to read so far."""
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    return int(next(line for line in lines if line.startswith("rchar")).split()[1])


def recording(ids: Iterable[object] = ("left", "right", "日本", "left")) -> xr.DataArray:
    """A presentation x neuroid x time_bin array whose coordinates have all types that netCDF holds."""
    ids = list(ids)
    count = len(ids)
    times = np.datetime64("2020-02-29T12:00:00.123456789", "ns") + np.arange(count) * np.timedelta64(1, "D")
    notes = np.array(["001", "NA", "", "日本", None] * count, dtype=object)[:count]
    return xr.DataArray(
        np.arange(count * 3 * 2, dtype=np.float32).reshape(count, 3, 2) / 7,
        coords={
            "stimulus_id": ("presentation", ids),
            "repetition": ("presentation", np.arange(count, dtype=np.int16) // 3),
            "correct": ("presentation", np.arange(count) % 2 == 0),
            "shown_at": ("presentation", times),
            "note": ("presentation", notes),
            "neuroid_id": ("neuroid", [1, 2, 3]),
            "region": ("neuroid", ["V4", "IT", "IT"]),
            "depth": ("neuroid", np.array([0.1, 0.2, np.nan], dtype=np.float32)),
            "time_bin_start": ("time_bin", [0, 10]),
            "time_bin_end": ("time_bin", [10, 20]),
            "session": "morning",
        },
        dims=("presentation", "neuroid", "time_bin"),
        attrs={"species": "macaque", "implants": 2, "sorted": True},
    )


def any_text() -> AbstractContextManager[None]:
    """Let pandas hold text that is no UTF-8, also where pyarrow is installed, whose arrays refuse it."""
    context: AbstractContextManager[None] = pd.option_context("mode.string_storage", "python")
    return context
