"""Make a model features assembly of features that were published in another shape.

Data: what the 4096 units of layer classifier.5 of AlexNet say to 2400 images of objects, the stimulus sets
objectome.public and objectome.private together; `identifier=alexnet,stimuli_identifier=objectome-240.nc`
(there are 2400 all the same) of the benchmark Rajalingham2018 in brainscore_vision 2.4.2. Licence: MIT, as
all of brainscore_vision. Images and benchmark: Rajalingham, Issa, Bashivan, Kar, Schmidt, DiCarlo (2018),
Large-scale, high-resolution comparison of the core visual object recognition behavior of humans, monkeys, and
state-of-the-art deep artificial neural networks. J. Neurosci. 38(33), 7255-7269.

Its dimensions are `stimulus_path` and `neuroid`. The first becomes `presentation`. The paths are places on
the computer that made the features, all in one folder: only the names of the files say something, so these
are kept, and they hold the stimulus ids. Two coordinates on a dimension are better than one for another
reason too: brainscore_core forgets the name of a coordinate that is alone.

Run: python -m examples.model_features_from_published [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import PurePosixPath

import brainpack
from brainpack.packaging import package_data_assembly_locally
from examples.comparing import assembly_differences, record_of, report
from examples.published import brainscore_vision

RESOURCES = "brainscore_vision/benchmarks/rajalingham2018/test_resources"
FEATURES = f"{RESOURCES}/identifier=alexnet,stimuli_identifier=objectome-240.nc"


def main(folder: str | None = None) -> bool:
    """Package the features into a folder; return whether they came back as they were."""
    published = brainpack.load_assembly_from_file(brainscore_vision() / FEATURES)

    files = [PurePosixPath(path) for path in published["stimulus_path"].values]

    # An assembly is an array with names for its dimensions, and metadata of each of them as coordinates.
    features = brainpack.ModelFeaturesAssembly(
        published.transpose("stimulus_path", "neuroid").values,
        coords={
            "stimulus_id": ("presentation", [file.stem for file in files]),
            "image_file_name": ("presentation", [file.name for file in files]),
            "neuroid_id": ("neuroid", published["neuroid_id"].values),
            "layer": ("neuroid", published["layer"].values),
        },
        dims=("presentation", "neuroid"),
        attrs={"model": "alexnet"},
    )

    result = package_data_assembly_locally(
        features,
        assembly_identifier="dicarlo.Rajalingham2018.alexnet-features",
        stimulus_set_identifier="objectome",
        assembly_class_name="ModelFeaturesAssembly",
        downloads_path=folder,
    )

    loaded = brainpack.load(record_of(result))
    what = f"model features of {features.sizes['presentation']} stimuli x {features.sizes['neuroid']} units"
    return report(what, result, assembly_differences(features, loaded, "ModelFeaturesAssembly"))


if __name__ == "__main__":
    sys.exit(not main(*sys.argv[1:2]))
