"""What is known of one data set, whether it is in memory or in files."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from brainpack.errors import AccessDenied, IntegrityError, InvalidData, NotFound, StoreError, Unavailable
from brainpack.objects.indexes import plain_coords
from brainpack.validation.rules.assemblies import assembly_subjects
from brainpack.validation.rules.files import Unread
from brainpack.validation.rules.media import MediaFiles
from brainpack.validation.rules.pairs import StimulusSets
from brainpack.validation.rules.values import Values
from brainpack.validation.statistics import Statistics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import xarray as xr

    from brainpack.opening import Found
    from brainpack.record.records import Record


@dataclass
class Known:
    """What is known of one data set, and what of it the rules look at.

    Attributes
    ----------
    name : str
        How its report calls it.
    wanted : frozenset of type
        Which subjects there are rules for: what no rule looks at is not read.
    found : Found or None
        Where its files are; None for an object in memory.
    identifier, stimulus_set_identifier : str or None
        The latter of an assembly, of the set that it refers to.
    stimuli : DataFrame or None
        The table of a stimulus set.
    contents : Series or None
        SHA-256 of the files of a stimulus set, by stimulus id.
    assembly : DataArray or None
        Its coordinates are in memory; its numbers may be in a file that is closed by now.
    subjects : list of object
    """

    name: str
    wanted: frozenset[type]
    found: Found | None = None
    identifier: str | None = None
    stimulus_set_identifier: str | None = None
    stimuli: pd.DataFrame | None = None
    contents: pd.Series[Any] | None = None
    assembly: xr.DataArray | None = None
    subjects: list[object] = field(default_factory=list)

    @property
    def record(self) -> Record | None:
        return None if self.found is None else self.found.record

    @property
    def wants_media(self) -> bool:
        """Whether a rule looks at what is in the files of stimuli."""
        return bool({MediaFiles, StimulusSets} & self.wanted)

    @contextmanager
    def noting(self, where: str) -> Iterator[None]:
        """Let what cannot be read or understood be a finding, and go on behind the block."""
        try:
            yield
        except (AccessDenied, Unavailable):  # of a store, not of the data
            raise
        except (InvalidData, IntegrityError, NotFound, StoreError) as error:
            self.subjects.append(Unread(where, str(error)))

    def add_assembly(self, array: xr.DataArray, class_name: str, extras: Mapping[str, xr.DataArray]) -> None:
        """Take an assembly; its values are read once."""
        if any(map(math.isnan, array.shape)):
            self.subjects.append(Unread("values", "a dask array of unknown size; call compute_chunk_sizes() on it"))
            return
        self.assembly = array
        if self.record is None:
            self.identifier = text_or_none(array.attrs.get("identifier"))
            self.stimulus_set_identifier = text_or_none(array.attrs.get("stimulus_set_identifier"))
        self.subjects += assembly_subjects(array, class_name, extras)
        if Values in self.wanted:
            with self.noting("values"):
                self.subjects.append(Values(Statistics.of(array), plain_coords(array)))

    def add_media(self, media: MediaFiles) -> None:
        """Take what was seen in the files of a stimulus set, in row order."""
        self.subjects.append(media)
        looked_at = zip(media.stimulus_ids, media.facts, strict=True)
        seen = {stimulus: fact.sha256 for stimulus, fact in looked_at if fact.size}
        self.contents = pd.Series(seen, dtype=object)


def text_or_none(value: object) -> str | None:
    """Return an identifier that is one."""
    return value if isinstance(value, str) and value else None
