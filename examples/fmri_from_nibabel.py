"""Package a run of functional magnetic resonance imaging: voxels are neuroids, volumes presentations.

Data: `functional.nii`, a small run (17 x 21 x 3 voxels, 20 volumes) that nibabel brings along for its own
tests. Licence: MIT, as all of nibabel (https://nipy.org/nibabel).

Nobody wrote down what was shown during this run. The format wants a `stimulus_id` for each presentation all
the same: here it names the volume, no stimulus set is made up, and the name `nibabel.NoStimuli` says so. With
a log of the stimuli, it would be the id of the stimulus on the screen. The file stores int16 with a scale
factor; the signal is what nibabel makes of that, float64, and stays float64.

Run: python -m examples.fmri_from_nibabel [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

import brainpack
from brainpack.packaging import package_data_assembly_locally
from examples.comparing import assembly_differences, record_of, report

RUN = Path(nib.__file__).parent / "tests" / "data" / "functional.nii"


def main(folder: str | None = None) -> bool:
    """Package the run into a folder; return whether it came back as it was."""
    image = nib.Nifti1Image.from_filename(RUN)
    signal = np.asarray(image.dataobj)  # x, y, z, time
    *grid, n_volumes = signal.shape
    voxels = np.indices(grid).reshape(3, -1)  # position of each voxel in the array
    x, y, z = image.affine[:3, :3] @ voxels + image.affine[:3, 3:]  # and in space
    header: Any = image.header
    unit_of_space, unit_of_time = header.get_xyzt_units()
    repetition_time = float(header.get_zooms()[3])

    run = brainpack.NeuroidAssembly(
        signal.reshape(-1, n_volumes).T,
        coords={
            "stimulus_id": ("presentation", [f"volume_{volume:03d}" for volume in range(n_volumes)]),
            "acquisition_time": ("presentation", np.arange(n_volumes) * repetition_time),
            "neuroid_id": ("neuroid", np.arange(voxels.shape[1])),
            "voxel_x": ("neuroid", voxels[0]),
            "voxel_y": ("neuroid", voxels[1]),
            "voxel_z": ("neuroid", voxels[2]),
            "x": ("neuroid", x),
            "y": ("neuroid", y),
            "z": ("neuroid", z),
        },
        dims=("presentation", "neuroid"),
        attrs={
            "repetition_time": repetition_time,
            "unit_of_space": unit_of_space,
            "unit_of_time": unit_of_time,
        },
    )

    result = package_data_assembly_locally(
        run,
        assembly_identifier="nibabel.Functional",
        stimulus_set_identifier="nibabel.NoStimuli",
        assembly_class_name="NeuroidAssembly",
        downloads_path=folder,
    )

    loaded = brainpack.load(record_of(result))
    what = f"fMRI run of {n_volumes} volumes x {run.sizes['neuroid']} voxels"
    return report(what, result, assembly_differences(run, loaded, "NeuroidAssembly"))


if __name__ == "__main__":
    sys.exit(not main(*sys.argv[1:2]))
