"""`stimuli` of brainscore_core: the stimulus set and its loader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brainpack.objects.stimuli import StimulusSet

if TYPE_CHECKING:
    import os

__all__ = ["StimulusSet", "StimulusSetLoader"]


class StimulusSetLoader:
    """Loads a stimulus set from its CSV and the folder, or the ZIP, of its stimuli.

    Parameters
    ----------
    cls : type
        Class of the result.
    csv_path, stimuli_directory : path
    """

    def __init__(
        self, cls: type[StimulusSet], csv_path: str | os.PathLike[str], stimuli_directory: str | os.PathLike[str]
    ) -> None:
        self.stimulus_set_class = cls
        self.csv_path = csv_path
        self.stimuli_directory = stimuli_directory

    def load(self) -> StimulusSet:
        from brainpack.loading import load_stimulus_set_from_files

        return self.stimulus_set_class(load_stimulus_set_from_files(self.csv_path, self.stimuli_directory))
