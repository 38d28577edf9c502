"""Repackage a published behavioural assembly, as it is.

Data: how probable each of 24 objects is to a linear readout of AlexNet, for each of the 240 images of the
stimulus set objectome.private; `alexnet-probabilities.nc` of the benchmark Rajalingham2018 in
brainscore_vision 2.4.2. Licence: MIT, as all of brainscore_vision. Images and benchmark: Rajalingham, Issa,
Bashivan, Kar, Schmidt, DiCarlo (2018), Large-scale, high-resolution comparison of the core visual object
recognition behavior of humans, monkeys, and state-of-the-art deep artificial neural networks. J. Neurosci.
38(33), 7255-7269.

The file is from an old client: its data have no name, the choices are called `choice_`, and stimuli have an
`image_id`. brainpack reads that: the ids become the coordinate `stimulus_id` too, and `image_id` stays for
old scripts. All else stays as well, even `stimulus_path`, the place of each image on a computer of long ago.

Run: python -m examples.behaviour_from_published [FOLDER]
"""

from __future__ import annotations

import sys

import brainpack
from brainpack.packaging import package_data_assembly_locally
from examples.comparing import assembly_differences, record_of, report
from examples.published import brainscore_vision

PROBABILITIES = "brainscore_vision/benchmarks/rajalingham2018/test_resources/alexnet-probabilities.nc"


def main(folder: str | None = None) -> bool:
    """Package the probabilities into a folder; return whether they came back as they were."""
    probabilities = brainpack.load_assembly_from_file(brainscore_vision() / PROBABILITIES)

    result = package_data_assembly_locally(
        probabilities,
        assembly_identifier="dicarlo.Rajalingham2018.alexnet-probabilities",
        stimulus_set_identifier="objectome.private",
        assembly_class_name="BehavioralAssembly",
        downloads_path=folder,
    )

    loaded = brainpack.load(record_of(result))
    sizes = probabilities.sizes
    what = f"choice probabilities of {sizes['presentation']} presentations x {sizes['choice']} choices"
    return report(what, result, assembly_differences(probabilities, loaded, "BehavioralAssembly"))


if __name__ == "__main__":
    sys.exit(not main(*sys.argv[1:2]))
