"""The stimulus sets of the matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePosixPath


@dataclass(frozen=True)
class StimulusCase:
    """A stimulus set: its columns, and the suffix of its files."""

    name: str
    columns: Mapping[str, list[Any]]
    suffix: str = ".png"

    @property
    def ids(self) -> list[Any]:
        return self.columns["stimulus_id" if "stimulus_id" in self.columns else "image_id"]

    @property
    def identifier(self) -> str:
        return f"lab.Stimuli2026.{self.name}"

    def files(self, folder: PurePosixPath) -> list[str]:
        """Where the file of each stimulus is to be put; names say nothing."""
        return [str(folder / f"source_{number}{self.suffix}") for number in range(len(self.ids))]

    def content(self, number: int) -> bytes:
        """Bytes of one file; the last two files of a set are equal, the first is empty."""
        return bytes(range(min(number, len(self.ids) - 2))) * 100


_GRATINGS: Final[dict[str, list[Any]]] = {
    "stimulus_id": ["s0", "s1", "s2", "s3"],
    "orientation": [0.0, 22.5, float("nan"), 1 / 3],
    "size": [4, 8, 15, 16],
    "trained": [True, False, False, True],
    "category": ["dog", "日本", 'with "quotes", and a comma', "line\nbreak"],
    "remark": ["x", None, None, "y"],
}

STIMULI: Final = [
    StimulusCase("gratings", _GRATINGS),
    StimulusCase("integer-ids", {"size": [1, 2, 3, 4], "stimulus_id": [0, 7, 12, 3]}, suffix=".jpeg"),
    StimulusCase("legacy-image-id", {"image_id": ["s0", "s1", "s2", "s3"], "size": [4, 8, 15, 16]}),
    StimulusCase(
        "path-within-store",
        {
            "stimulus_id": ["s0", "s1", "s2"],
            "stimulus_path_within_store": ["b", "a", "日本"],
            "stimulus_current_local_file_path": ["/x/0", "/x/1", "/x/2"],
        },
    ),
    StimulusCase("no-suffix", {"stimulus_id": ["s0", "s1", "s2"]}, suffix=""),
    StimulusCase("video", {"stimulus_id": ["clip_1", "clip_2"], "seconds": [0.1, 2.0]}, suffix=".mp4"),
    StimulusCase("unusual-ids", {"stimulus_id": ["日本", "a b", "c,d", "x.y", "é'"], "rank": [1, 2, 3, 4, 5]}),
    StimulusCase("one-stimulus", {"stimulus_id": ["only"]}),
]
