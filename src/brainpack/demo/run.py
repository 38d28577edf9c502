"""The experiment on its way to files and back."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

from PIL import Image

from brainpack.demo.experiment import simulate
from brainpack.demo.verification import verify_assembly, verify_class, verify_stimuli
from brainpack.errors import BrainpackError, StoreError
from brainpack.layout import record_name
from brainpack.loading import load
from brainpack.objects.assemblies import NeuroidAssembly, SpikeTimesAssembly
from brainpack.objects.stimuli import StimulusSet
from brainpack.packaging import package_data_assembly_locally, package_stimulus_set_locally
from brainpack.record.records import read_record
from brainpack.settings import with_home
from brainpack.validation.project import Project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from brainpack.demo.experiment import Experiment
    from brainpack.layout import Kind
    from brainpack.record.records import Record

STIMULI: Final = "demo.Gratings"
COUNTS: Final = "demo.Gratings.counts"
SPIKES: Final = "demo.Gratings.spikes"
IMAGES: Final = "images"  # folder of the drawn stimuli, the files that a lab would start from

_DATA_SETS: Final[tuple[tuple[Kind, str], ...]] = (
    ("stimulus_set", STIMULI),
    ("assembly", COUNTS),
    ("assembly", SPIKES),
)


@dataclass(frozen=True)
class Outcome:
    """What a run made and verified.

    Attributes
    ----------
    folder : Path
    experiment : Experiment
        What was packaged.
    records : tuple of Record
        Of the stimulus set, the counts and the spike times.
    unchanged : bool
        Whether the folder held exactly these data files before.
    """

    folder: Path
    experiment: Experiment
    records: tuple[Record, ...]
    unchanged: bool


def run(folder: Path) -> Outcome:
    """Simulate an experiment, package it, load it back and verify all of it.

    Parameters
    ----------
    folder : Path
        Made if needed. The files of an earlier run are replaced.

    Returns
    -------
    Outcome

    Raises
    ------
    IntegrityError
        Something came back other than it was packaged.
    InvalidData
        Files of another data set have the names that are needed.
    StoreError
        The folder cannot be written.
    """
    folder = with_home(folder)
    Project.find(folder)  # which may refuse, and then nothing is written
    experiment = simulate()
    before = _digests_in(folder)
    _save(experiment.images, folder / IMAGES)
    _package(experiment, folder)
    _verify(experiment, folder)
    records = _read_records(folder)
    return Outcome(folder, experiment, records, unchanged=before == _digests(records))


def _save(images: Mapping[str, NDArray[np.uint8]], folder: Path) -> None:
    is_ours = (folder.parent / record_name("stimulus_set", STIMULI)).exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, pixels in images.items():
            path, file = folder / f"{name}.png", BytesIO()
            Image.fromarray(pixels).save(file, "PNG")
            if not is_ours and path.exists() and path.read_bytes() != file.getvalue():
                raise StoreError(f"{path} is of something else, and stays as it is; choose another folder")
            path.write_bytes(file.getvalue())
    except OSError as error:
        raise StoreError(
            f"the images could not be written to {folder}: {error.strerror or error}. "
            "Free some space or choose a folder that you may write to, then run it again"
        ) from error


def _package(experiment: Experiment, folder: Path) -> None:
    stimuli = experiment.stimuli.copy()
    stimuli.stimulus_paths = {name: folder / IMAGES / f"{name}.png" for name in experiment.images}
    package_stimulus_set_locally(stimuli, STIMULI, folder)
    package_data_assembly_locally(experiment.counts, COUNTS, STIMULI, "NeuroidAssembly", folder)
    package_data_assembly_locally(
        experiment.spikes, SPIKES, STIMULI, "SpikeTimesAssembly", folder, extras={"trials": experiment.trials}
    )


def _verify(experiment: Experiment, folder: Path) -> None:
    """Load everything, which compares the digests of all files, and compare what is in it."""
    loaded = {identifier: load(folder / record_name(kind, identifier)) for kind, identifier in _DATA_SETS}
    stimuli = verify_class(STIMULI, StimulusSet, loaded[STIMULI])
    counts = verify_class(COUNTS, NeuroidAssembly, loaded[COUNTS])
    spikes = verify_class(SPIKES, SpikeTimesAssembly, loaded[SPIKES])
    archive = folder / read_record(folder / record_name("stimulus_set", STIMULI)).file(".zip").name
    verify_stimuli(STIMULI, experiment.stimuli, stimuli, archive=archive, sources=folder / IMAGES)
    verify_assembly(COUNTS, experiment.counts, counts, stimuli=stimuli)
    verify_assembly(SPIKES, experiment.spikes, spikes)
    verify_assembly(f"{SPIKES}, trials", experiment.trials, spikes.attrs["trials"])


def _read_records(folder: Path) -> tuple[Record, ...]:
    return tuple(read_record(folder / record_name(*data_set)) for data_set in _DATA_SETS)


def _digests_in(folder: Path) -> dict[str, str]:
    """SHA-1s that an earlier run left; nothing, where its records are missing or broken."""
    try:
        return _digests(_read_records(folder))
    except BrainpackError:
        return {}


def _digests(records: tuple[Record, ...]) -> dict[str, str]:
    return {file.name: file.sha1 for record in records for file in record.files}
