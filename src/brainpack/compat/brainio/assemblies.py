"""`assemblies` of brainscore_core: the assembly classes, their coordinates, and a loader that data plugins use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brainpack.loading import load_assembly_from_file
from brainpack.objects.assemblies import (
    BehavioralAssembly,
    DataAssembly,
    MetadataAssembly,
    ModelFeaturesAssembly,
    NeuroidAssembly,
    NeuronRecordingAssembly,
    PropertyAssembly,
    SpikeTimesAssembly,
    is_fastpath,
)
from brainpack.objects.grouping import GroupbyBridge, GroupbyError
from brainpack.objects.indexes import coords_for_dim, gather_indexes, get_levels, get_metadata, walk_coords
from brainpack.objects.transform import merge_data_arrays, merge_stimulus_metadata

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import pandas as pd

__all__ = [
    "BehavioralAssembly",
    "DataAssembly",
    "GroupbyBridge",
    "GroupbyError",
    "MetadataAssembly",
    "ModelFeaturesAssembly",
    "NeuroidAssembly",
    "NeuronRecordingAssembly",
    "PropertyAssembly",
    "SpikeTimesAssembly",
    "StimulusMergeAssemblyLoader",
    "array_is_element",
    "coords_for_dim",
    "gather_indexes",
    "get_levels",
    "get_metadata",
    "is_fastpath",
    "merge_data_arrays",
    "walk_coords",
]


def array_is_element(arr: Sequence[object], element: object) -> bool:
    """Whether a sequence, such as the dimensions of a coordinate, holds this and nothing else.

    >>> array_is_element(("neuroid",), "neuroid"), array_is_element(("neuroid", "time_bin"), "neuroid")
    (True, False)
    """
    return len(arr) == 1 and arr[0] == element


class StimulusMergeAssemblyLoader:
    """Loads an assembly and merges the columns of its stimulus set onto `presentation`.

    Parameters
    ----------
    cls : type
        Class of the result.
    file_path : path
    stimulus_set_identifier : str, optional
    stimulus_set : StimulusSet, optional
    """

    def __init__(
        self,
        cls: type[DataAssembly],
        file_path: str | os.PathLike[str],
        stimulus_set_identifier: str | None = None,
        stimulus_set: pd.DataFrame | None = None,
    ) -> None:
        self.assembly_class = cls
        self.file_path = file_path
        self.stimulus_set_identifier = stimulus_set_identifier
        self.stimulus_set = stimulus_set

    def load(self) -> DataAssembly:
        assembly = load_assembly_from_file(self.file_path, cls=self.assembly_class)
        if self.stimulus_set is not None:
            assembly = merge_stimulus_metadata(assembly, self.stimulus_set)
        return assembly.assign_attrs(
            stimulus_set_identifier=self.stimulus_set_identifier, stimulus_set=self.stimulus_set
        )
