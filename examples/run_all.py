"""Run all examples: download the published data, package them, load them back and compare.

Run: python -m examples.run_all [FOLDER]

Without a folder, the packages are deleted afterwards. The exit status is 1 if anything differs.
"""

from __future__ import annotations

import sys
import tempfile

from examples import (
    behaviour_from_published,
    fmri_from_nibabel,
    model_features_from_published,
    published,
    stimuli_from_images,
)

EXAMPLES = (stimuli_from_images, behaviour_from_published, model_features_from_published, fmri_from_nibabel)


def main(folder: str | None = None) -> bool:
    """Run the examples one after the other; return whether all data came back as they were."""
    print(f"published data: {published.brainscore_vision()}")
    with tempfile.TemporaryDirectory(prefix="brainpack-examples-") as temporary:
        identical = [example.main(folder or temporary) for example in EXAMPLES]
    kept = f"packages in {folder}" if folder else "packages deleted; name a folder to keep them"
    print(f"{sum(identical)} of {len(identical)} data sets are identical after loading; {kept}")
    return all(identical)


if __name__ == "__main__":
    sys.exit(not main(*sys.argv[1:2]))
