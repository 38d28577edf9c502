"""An experiment in one piece, so that a mutation can spoil one thing of it, and every rule can look at the rest."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from hypothesis import strategies as st

from brainpack.errors import InvalidData
from brainpack.layout import STIMULUS_ID
from brainpack.media.inspector import inspectors, look_at_files
from brainpack.objects.indexes import plain_coords
from brainpack.packaging import package_data_assembly_locally, package_stimulus_set_locally
from brainpack.sources import Stamp
from brainpack.testing.strategies import pairs
from brainpack.validation.registry import run
from brainpack.validation.rules.assemblies import assembly_subjects
from brainpack.validation.rules.expectations import Expectations, Waivers
from brainpack.validation.rules.media import MediaFiles
from brainpack.validation.rules.names import Claim, Name
from brainpack.validation.rules.pairs import pair_subjects
from brainpack.validation.rules.releases import Release
from brainpack.validation.rules.stimuli import StimulusFiles, stimulus_subjects
from brainpack.validation.rules.values import Values
from brainpack.validation.statistics import Statistics
from brainpack.validation.terms import Profile, Terms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brainpack import StimulusSet
    from brainpack.testing.strategies import StimuliInMemory
    from brainpack.validation.report import Report

_PRESENTATIONS: Final = 12
CITATION: Final = "@article{Author2026, title = {A title}, author = {Author, A.}, year = {2026}}"


@dataclass(frozen=True)
class Experiment:
    """A stimulus set, an assembly of it, and what goes out with them.

    Attributes
    ----------
    stimuli : StimulusSet
        Its files are in a folder of their own.
    assembly : DataArray
        Not gathered, so that its coordinates are easily changed.
    class_name, identifier : str
    extras : mapping of str to DataArray
    about : mapping of str to str
        Licence, citation and contact.
    declared : mapping of str to int or list
        Expectations.
    waivers : mapping of str to str
    found : mapping of str to int
        What packaging found, by rule id.
    holder : str or None
        Who has the file names.
    """

    stimuli: StimulusSet
    assembly: Any
    class_name: Any = "NeuroidAssembly"
    identifier: Any = "lab.Author2026"
    extras: Mapping[Any, Any] = field(default_factory=dict)
    about: Mapping[str, str] = field(
        default_factory=lambda: {"licence": "CC-BY-4.0", "citation": CITATION, "contact": "ada@lab.org"}
    )
    declared: Mapping[str, Any] = field(default_factory=dict)
    waivers: Mapping[str, str] = field(default_factory=dict)
    found: Mapping[str, int] = field(default_factory=dict)
    holder: str | None = None

    @property
    def first(self) -> Any:
        """Id of the first stimulus."""
        return self.stimuli[STIMULUS_ID].iloc[0]

    @property
    def paths(self) -> list[Path]:
        """The files of the stimuli, in the order of the rows."""
        return [Path(self.stimuli.stimulus_paths[each]) for each in self.stimuli[STIMULUS_ID]]

    def with_path(self, path: Path, row: int = 0) -> Experiment:
        """The same, where the file of a stimulus is another one."""
        paths = {**self.stimuli.stimulus_paths, self.stimuli[STIMULUS_ID].iloc[row]: path}
        stimuli = self.stimuli.copy()
        stimuli.stimulus_paths = paths
        return replace(self, stimuli=stimuli)

    def with_ids(self, ids: list[Any]) -> Experiment:
        """The same, where stimuli have other ids, row by row, and presentations too."""
        new = dict(zip(self.stimuli[STIMULUS_ID], ids, strict=True))
        stimuli = self.stimuli.assign(**{STIMULUS_ID: np.array(ids, dtype=object) if _are_mixed(ids) else ids})
        stimuli.stimulus_paths = {new[old]: path for old, path in self.stimuli.stimulus_paths.items()}
        shown = [new[old] for old in self.assembly[STIMULUS_ID].values]
        return replace(self, stimuli=stimuli, assembly=self.assembly.assign_coords(stimulus_id=("presentation", shown)))

    def with_first_id(self, stimulus_id: Any) -> Experiment:
        """The same, where the first stimulus has this id, and all the others are words."""
        return self.with_ids([stimulus_id, *(f"word_{row}" for row in range(1, len(self.stimuli)))])

    def with_values(self, *places: tuple[Any, float]) -> Experiment:
        """The same, where some values are others."""
        values = self.assembly.values.copy()
        for place, value in places:
            values[place] = value
        return replace(self, assembly=self.assembly.copy(data=values))


def _are_mixed(ids: list[Any]) -> bool:
    return len({type(each) for each in ids}) > 1


@st.composite
def experiments(draw: st.DrawFn) -> tuple[StimuliInMemory, xr.DataArray]:
    """Sets of at least two images, each with a NeuroidAssembly with time bins whose dimensions are at least two long.

    There are as many presentations, and values that look as much like recordings, as rules about values need.
    """
    stimuli, assembly = draw(
        pairs("NeuroidAssembly", suffixes=(".png", ".jpg"), min_size=2).filter(lambda pair: "time_bin" in pair[1].dims)
    )
    array = xr.DataArray(assembly.values, plain_coords(assembly), assembly.dims, attrs=assembly.attrs)
    array = array.isel(presentation=np.arange(_PRESENTATIONS) % array.sizes["presentation"])
    shown = pd.Series(array[STIMULUS_ID].values)
    array = array.assign_coords(repetition=("presentation", shown.groupby(shown).cumcount()))
    values = np.random.default_rng(draw(st.integers(0, 99))).normal(10, 3, array.shape).astype("f4")
    return stimuli, array.copy(data=values)


def on_disk(drawn: tuple[StimuliInMemory, xr.DataArray], folder: Path) -> Experiment:
    """What was drawn, with its files in a folder."""
    stimuli, assembly = drawn
    return Experiment(stimuli.on_disk(folder / "sources"), assembly)


def judged(experiment: Experiment, profile: Profile = Profile.DRAFT) -> Report:
    """What all rules say of everything that is in memory, and of the files of the stimuli."""
    subjects = [*_of_stimuli(experiment), *_of_assembly(experiment), Name("identifier", experiment.identifier)]
    if isinstance(experiment.identifier, str):
        subjects.append(Release(experiment.identifier, experiment.about, experiment.found))
        subjects.append(Claim("assembly", experiment.identifier, experiment.holder))
    report = run("experiment", *subjects, terms=Terms(profile, experiment.waivers))
    return report + run("waivers", Waivers(experiment.waivers, report))


def _of_stimuli(experiment: Experiment) -> list[object]:
    with inspectors() as crew:
        subjects = stimulus_subjects(experiment.stimuli, crew)
        named = {
            entry.name: entry
            for files in subjects
            if isinstance(files, StimulusFiles)
            for entry, found in zip(files.entries, files.found, strict=True)
            if entry.name and isinstance(found, Stamp)
        }
        facts = look_at_files([(name, entry.source) for name, entry in named.items() if entry.source], crew)
    return [*subjects, MediaFiles([*named], [entry.stimulus_id for entry in named.values()], facts)]


def _of_assembly(experiment: Experiment) -> list[object]:
    assembly = experiment.assembly
    subjects = assembly_subjects(assembly, experiment.class_name, experiment.extras)
    if isinstance(assembly, xr.DataArray):
        subjects += [*pair_subjects(assembly, experiment.stimuli), Expectations(experiment.declared, assembly)]
        with suppress(InvalidData):  # values that no file can hold are what another rule is about
            subjects.append(Values(Statistics.of(assembly), plain_coords(assembly)))
    return subjects


def package(experiment: Experiment, folder: Path) -> None:
    """Package the stimuli and the assembly into a folder."""
    package_stimulus_set_locally(experiment.stimuli, experiment.identifier, folder)
    package_data_assembly_locally(
        experiment.assembly,
        experiment.identifier,
        experiment.identifier,
        experiment.class_name,
        folder,
        extras=experiment.extras,
    )
