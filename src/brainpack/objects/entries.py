"""Rows of a stimulus set -> their ids, their files, and the names that the files get in the ZIP."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from brainpack.layout import PATH_WITHIN_STORE, id_column, zip_entry_name
from brainpack.sources import file_name, source_of

if TYPE_CHECKING:
    from brainpack.sources import Source


class Entry(NamedTuple):
    """One stimulus on its way into the ZIP.

    Attributes
    ----------
    stimulus_id : Any
        As the stimulus set holds it.
    path : str, path or None
        The stimulus's file, as the stimulus set names it, perhaps by a URL; None where it names none.
    name : str or None
        The file's name inside the ZIP; None without a path.
    """

    stimulus_id: Any
    path: str | os.PathLike[str] | None
    name: str | None

    @property
    def source(self) -> Source | None:
        """The file behind the path or URL."""
        return None if self.path is None else source_of(self.path)


def stimulus_paths(stimuli: pd.DataFrame) -> Mapping[Any, str | os.PathLike[str]]:
    """File of each stimulus id; empty where the set has none. Old sets call them `image_paths`."""
    for attribute in ("stimulus_paths", "image_paths"):
        paths = getattr(stimuli, attribute, None)
        if isinstance(paths, Mapping):
            return paths
    return {}


def zip_entries(stimuli: pd.DataFrame) -> list[Entry]:
    """The stimuli in row order.

    Parameters
    ----------
    stimuli : DataFrame
        With a `stimulus_id` (or old `image_id`) column and `stimulus_paths`; a column
        `stimulus_path_within_store`, where there is one, names the ZIP's entries instead of the id.

    Returns
    -------
    list of Entry
        Empty where the table has no column of ids, or several; without a path where none can be found.
    """
    column = id_column(stimuli.columns)
    ids = None if column is None else stimuli[column]
    if not isinstance(ids, pd.Series):
        return []
    stems = stimuli[PATH_WITHIN_STORE] if PATH_WITHIN_STORE in stimuli.columns else ids
    if not isinstance(stems, pd.Series):
        stems = ids
    paths = _looked_up(ids.tolist(), stimulus_paths(stimuli))
    names = [
        None if path is None else zip_entry_name(stem, file_name(path))
        for stem, path in zip(stems.tolist(), paths, strict=True)
    ]
    return [*map(Entry, ids.tolist(), paths, names)]


def _looked_up(ids: list[Any], paths: Mapping[Any, Any]) -> list[str | os.PathLike[str] | None]:
    try:
        found = [*map(paths.get, ids)]
    except TypeError:  # a list or the like, which no dictionary can have as a key
        found = [_looked_up([stimulus_id], paths)[0] for stimulus_id in ids] if len(ids) > 1 else [None]
    return [path if isinstance(path, (str, os.PathLike)) else None for path in found]
