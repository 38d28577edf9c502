"""Package a folder of images as a stimulus set, with metadata measured on the images.

Data: the 20 images that Brain-Score shows to a submitted model to check it, in brainscore_vision 2.4.2 under
`model_helpers/check_submission/images`. They are greyscale (256 x 256) and colour (400 x 400), and many are
copies of each other; that is fine, a stimulus is told from others by its id. Licence: MIT, as all of
brainscore_vision.

Run: python -m examples.stimuli_from_images [FOLDER]
"""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

import brainpack
from brainpack.packaging import check_experiment_stimulus_set, package_stimulus_set_locally
from examples.comparing import record_of, report, stimuli_differences
from examples.published import brainscore_vision

if TYPE_CHECKING:
    from pathlib import Path

IMAGES = "brainscore_vision/model_helpers/check_submission/images"


def measure(path: Path) -> dict[str, Any]:
    """One row of the table: what one can know about an image from its file."""
    with Image.open(path) as image:
        return {
            "stimulus_id": int(path.stem),
            "width": image.width,
            "height": image.height,
            "mode": image.mode,
            "mean_luminance": np.asarray(image.convert("L")).mean(),  # from 0, black, to 255, white
            "sha1": hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest(),  # copies share it
        }


def main(folder: str | None = None) -> bool:
    """Package the images into a folder; return whether they came back as they were."""
    files = sorted((brainscore_vision() / IMAGES).glob("*.png"), key=lambda path: int(path.stem))

    # A stimulus set is a table with a stimulus_id, and a dictionary from each id to its file.
    stimuli = brainpack.StimulusSet([measure(path) for path in files])
    stimuli.stimulus_paths = {int(path.stem): path for path in files}

    check_experiment_stimulus_set(stimuli)  # strict rules for stimuli that will be shown in an experiment
    result = package_stimulus_set_locally(stimuli, "brainscore.CheckSubmission", folder)

    loaded = brainpack.load(record_of(result))
    copies = len(stimuli) - stimuli["sha1"].nunique()
    what = f"{len(stimuli)} image stimuli ({copies} of them copies of others)"
    return report(what, result, stimuli_differences(stimuli, loaded))


if __name__ == "__main__":
    sys.exit(not main(*sys.argv[1:2]))
