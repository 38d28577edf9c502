"""Rows of a stimulus set -> their ids, their files, and the names that the files get in the ZIP."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from brainpack.layout import PATH_WITHIN_STORE, id_column, zip_entry_name


class Entry(NamedTuple):
    """One stimulus on its way into the ZIP.

    Attributes
    ----------
    stimulus_id : Any
        As the stimulus set holds it.
    source : Path or None
        The stimulus's file; None where the set names none.
    name : str or None
        Its name inside the ZIP; None without a source.
    """

    stimulus_id: Any
    source: Path | None
    name: str | None


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
        None where the table has no column of ids, or several; without a source where no path can be found.
    """
    column = id_column(stimuli.columns)
    ids = None if column is None else stimuli[column]
    if not isinstance(ids, pd.Series):
        return []
    paths = stimulus_paths(stimuli)
    stems = stimuli[PATH_WITHIN_STORE] if PATH_WITHIN_STORE in stimuli.columns else ids
    if not isinstance(stems, pd.Series):
        stems = ids
    return [_entry(stimulus_id, stem, paths) for stimulus_id, stem in zip(ids.tolist(), stems.tolist(), strict=True)]


def _entry(stimulus_id: object, stem: object, paths: Mapping[Any, object]) -> Entry:
    try:
        path = paths.get(stimulus_id)
    except TypeError:  # a list or the like, which no dictionary can have as a key
        path = None
    if not isinstance(path, str | os.PathLike):
        return Entry(stimulus_id, None, None)
    return Entry(stimulus_id, Path(path), zip_entry_name(stem, os.fspath(path)))
