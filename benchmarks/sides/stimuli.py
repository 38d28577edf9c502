"""Pack or publish the files of a folder: CLIENT TASK FOLDER TARGET.

Tasks are `zip` (files only), `package` (with the looks into files that a client has), and `publish` to a bucket.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.sides.clients import find
from benchmarks.sides.clock import tell

IDENTIFIER = "lab.Benchmark2026"


def stimulus_set(client: str, folder: str) -> Any:
    files = sorted(Path(folder).iterdir())
    ids = [file.stem for file in files]
    stimuli = find(client, "StimulusSet")({"stimulus_id": ids, "category": ["a", "b"] * (len(ids) // 2)})
    stimuli.stimulus_paths = dict(zip(ids, map(str, files), strict=True))
    return stimuli


def package(client: str, stimuli: Any, target: str) -> None:
    """Package; brainpack looks into all images on the way, the reference client has a check of its own for that."""
    if client != "brainpack":
        check = find(client, "check_image_format")
        for path in stimuli.stimulus_paths.values():
            with Image.open(path) as image:
                check(image, path)
    find(client, "package_stimulus_set_locally")(stimuli, IDENTIFIER, target)


def main(client: str, task: str, folder: str, target: str) -> None:
    stimuli = stimulus_set(client, folder)
    calls = {
        "zip": lambda: find(client, "create_stimulus_zip")(stimuli, f"{target}/stimuli.zip"),
        "package": lambda: package(client, stimuli, target),
        "publish": lambda: find(client, "package_stimulus_set")(None, stimuli, IDENTIFIER, target),
    }
    tell(calls[task], lambda _: len(stimuli))


if __name__ == "__main__":
    main(*sys.argv[1:])
