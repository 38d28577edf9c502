"""How one thing of an experiment, or of its package, is spoilt; `mutations` says which rule finds it."""

from __future__ import annotations

import json
import wave
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from brainpack import load_stimulus_set_from_files
from brainpack.layout import STIMULUS_ID
from brainpack.packaging import package_stimulus_set_locally
from tests.helpers import any_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import xarray as xr

    from tests.validation.experiments import Experiment

    Change = Callable[[Experiment], Experiment]


def unchanged(experiment: Experiment) -> Experiment:
    return experiment


# ---- in memory, and in the files of the stimuli


def table(change: Callable[[Any], Any]) -> Change:
    """Another table of stimuli; its files stay."""

    def spoil(experiment: Experiment) -> Experiment:
        stimuli = change(experiment.stimuli.copy())
        stimuli.stimulus_paths = experiment.stimuli.stimulus_paths
        return replace(experiment, stimuli=stimuli)

    return spoil


def column(name: str, make: Callable[[int], Any]) -> Change:
    """A column more, with a value for each row."""

    def with_column(stimuli: Any) -> Any:
        with any_text():
            return stimuli.assign(**{name: [make(row) for row in range(len(stimuli))]})

    return table(with_column)


def contents(make: Callable[[bytes], bytes]) -> Change:
    """Other bytes in the file of the first stimulus."""

    def spoil(experiment: Experiment) -> Experiment:
        path = experiment.paths[0]
        path.write_bytes(make(path.read_bytes()))
        return experiment

    return spoil


def array(change: Callable[[xr.DataArray], xr.DataArray]) -> Change:
    return lambda experiment: replace(experiment, assembly=change(experiment.assembly))


def coordinate(name: str, make: Callable[[Any], Any]) -> Change:
    """Other values of a coordinate."""
    return array(lambda found: found.assign_coords({name: (found[name].dims, make(found[name].values))}))


def attribute(name: Any, value: Any) -> Change:
    return array(lambda found: found.assign_attrs({name: value}))


def values(change: Callable[[Any], Any]) -> Change:
    return array(lambda found: found.copy(data=change(found.values.copy())))


def filled(place: Any, value: float) -> Change:
    return lambda experiment: experiment.with_values((place, value))


def numbered(experiment: Experiment) -> Experiment:
    """Stimuli with the ids 1, 2, ..., whose files are named after them."""
    for number, path in enumerate(experiment.paths, 1):
        experiment = experiment.with_path(path.rename(path.with_name(f"{number}{path.suffix}")), number - 1)
    return experiment.with_ids([*range(1, len(experiment.stimuli) + 1)])


def shown_in_order(experiment: Experiment) -> Experiment:
    """Every stimulus is presented once, in the order of the set."""
    ids = experiment.stimuli[STIMULUS_ID].tolist()
    rows = np.arange(len(ids)) % experiment.assembly.sizes["presentation"]
    assembly = experiment.assembly.isel(presentation=rows).assign_coords(
        stimulus_id=("presentation", ids), repetition=("presentation", np.zeros(len(ids), dtype=int))
    )
    return replace(experiment, assembly=assembly.drop_vars(_shared(experiment)))


def _shared(experiment: Experiment) -> list[str]:
    return [str(name) for name in experiment.stimuli if name != STIMULUS_ID and name in experiment.assembly.coords]


def with_another_suffix(experiment: Experiment) -> Experiment:
    path = experiment.paths[0]
    other = {".png": ".jpg", ".jpg": ".png"}[path.suffix]
    return experiment.with_path(path.rename(path.with_suffix(other)))


def with_a_text(content: bytes) -> Change:
    def spoil(experiment: Experiment) -> Experiment:
        path = experiment.paths[0].with_suffix(".txt")
        path.write_bytes(content)
        return experiment.with_path(path)

    return spoil


def with_texts(experiment: Experiment) -> Experiment:
    for row, path in enumerate(experiment.paths):
        path.with_suffix(".txt").write_text(f"text {row}", encoding="utf-8")
        experiment = experiment.with_path(path.with_suffix(".txt"), row)
    return experiment


def without_a_file(experiment: Experiment) -> Experiment:
    experiment.paths[0].unlink()
    return experiment


def with_the_same_bytes(experiment: Experiment) -> Experiment:
    experiment.paths[0].write_bytes(experiment.paths[1].read_bytes())
    return experiment


def with_a_row_twice(experiment: Experiment) -> Experiment:
    return table(lambda stimuli: stimuli.iloc[[*range(len(stimuli)), 0]])(experiment)


def with_another_mode(experiment: Experiment) -> Experiment:
    path = experiment.paths[0]
    Image.new("P" if path.suffix == ".png" else "CMYK", (4, 4)).save(path)
    return experiment


def with_sounds(experiment: Experiment) -> Experiment:
    for row, path in enumerate(experiment.paths):
        with wave.open(str(path.with_suffix(".wav")), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(bytes([row, 0]) * 100)
        experiment = experiment.with_path(path.with_suffix(".wav"), row)
    return experiment


def with_position(experiment: Experiment) -> Experiment:
    path = experiment.paths[0]
    with Image.open(path) as opened:
        opened.load()
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (48.0, 8.0, 0.0), 3: "E", 4: (11.0, 34.0, 0.0)}
    opened.save(path, exif=exif)
    return experiment


def with_its_own_id(experiment: Experiment) -> Experiment:
    """The first presentation is of a stimulus that the set does not have."""
    ids = experiment.assembly[STIMULUS_ID].values.astype(object)
    other = max(experiment.stimuli[STIMULUS_ID]) * 2 + 1 if not isinstance(ids[0], str) else "unheard"
    return coordinate(STIMULUS_ID, lambda ids: np.array([other, *ids.tolist()[1:]]))(experiment)


def with_a_presentation_twice(found: xr.DataArray) -> xr.DataArray:
    return found.isel(presentation=[0, *range(found.sizes["presentation"])])


def with_shared_column(make: Callable[[Any], Any]) -> Change:
    """A column of the stimuli that is in the assembly as well."""

    def spoil(experiment: Experiment) -> Experiment:
        sizes = [float(row) for row in range(len(experiment.stimuli))]
        of = dict(zip(experiment.stimuli[STIMULUS_ID], sizes, strict=True))
        shown = make(np.array([of[each] for each in experiment.assembly[STIMULUS_ID].values]))
        experiment = table(lambda stimuli: stimuli.assign(degrees=sizes))(experiment)
        return array(lambda found: found.assign_coords(degrees=("presentation", shown)))(experiment)

    return spoil


def about(**given: str | None) -> Change:
    def spoil(experiment: Experiment) -> Experiment:
        known = {**experiment.about, **given}
        return replace(experiment, about={name: value for name, value in known.items() if value is not None})

    return spoil


# ---- in the folder of a package


def entries(change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> Callable[[Path], object]:
    """Another ZIP, made of other entries."""

    def spoil(folder: Path) -> None:
        (path,) = folder.glob("*.zip")
        with zipfile.ZipFile(path) as archive:
            found = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in change(found).items():
                archive.writestr(name, content)

    return spoil


def cut(suffix: str) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        (path,) = folder.glob(f"*{suffix}")
        path.write_bytes(path.read_bytes()[:-40])

    return spoil


def missing(suffix: str) -> Callable[[Path], object]:
    return lambda folder: next(folder.glob(f"*{suffix}")).unlink()


def without_a_file_in_the_record(folder: Path) -> None:
    (path,) = folder.glob("stimulus_*.json")
    record = json.loads(path.read_bytes())
    path.write_text(json.dumps(record | {"files": record["files"][:1]}), encoding="utf-8")


def with_the_same_stimuli_again(folder: Path) -> None:
    """Another set, for instance one to test on, of the same images."""
    stimuli = load_stimulus_set_from_files(next(folder.glob("*.csv")), next(folder.glob("*.zip")))
    package_stimulus_set_locally(stimuli, "lab.Other2026", folder)
