"""What is known of an object in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from brainpack.media.inspector import inspectors, look_at_files
from brainpack.objects.assemblies import CLASSES
from brainpack.read.in_place import class_by_dimensions
from brainpack.validating.known import Known, text_or_none
from brainpack.validation.rules.media import MediaFiles
from brainpack.validation.rules.names import Name
from brainpack.validation.rules.stimuli import StimulusFiles, stimulus_subjects

if TYPE_CHECKING:
    import xarray as xr


def of_object(thing: pd.DataFrame | xr.DataArray, wanted: frozenset[type]) -> Known:
    """Gather what is known of a stimulus set or an assembly."""
    known = Known("stimulus set" if isinstance(thing, pd.DataFrame) else "assembly", wanted)
    if isinstance(thing, pd.DataFrame):
        _add_stimuli(known, thing)
    else:
        known.add_assembly(thing, class_name(thing), {})
    if known.identifier is not None:
        known.name = f"{known.name} {known.identifier!r}"
        known.subjects.append(Name("identifier", known.identifier))
    return known


def _add_stimuli(known: Known, stimuli: pd.DataFrame) -> None:
    known.stimuli, known.identifier = stimuli, text_or_none(getattr(stimuli, "identifier", None))
    with inspectors(use_cluster=True) as crew:
        known.subjects += stimulus_subjects(stimuli, crew)
        if not known.wants_media:
            return
        entries = [entry for files in known.subjects if isinstance(files, StimulusFiles) for entry in files.entries]
        named = [(entry.name, entry.source, entry.stimulus_id) for entry in entries if entry.name and entry.source]
        facts = look_at_files([(name, source) for name, source, _ in named], crew)
    known.add_media(MediaFiles.of([(name, stimulus_id) for name, _, stimulus_id in named], facts))


def class_name(array: xr.DataArray) -> str:
    """Name of the class of the format that an array is of, or else would be read as.

    Examples
    --------
    >>> import xarray as xr
    >>> class_name(xr.DataArray([[1]], dims=("presentation", "neuroid")))
    'NeuroidAssembly'
    """
    names = (cls.__name__ for cls in type(array).__mro__ if CLASSES.get(cls.__name__) is cls)
    return next(names, class_by_dimensions(array.dims).__name__)
