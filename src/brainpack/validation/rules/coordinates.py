"""Rules about the coordinates of an assembly: who, where, which stimulus, and how often."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from brainpack.errors import InvalidData
from brainpack.layout import FILENAME, LOCAL_COLUMNS, PRESENTATION, id_column
from brainpack.objects.assemblies import BehavioralAssembly, ModelFeaturesAssembly, NeuroidAssembly
from brainpack.objects.attributes import encode_attributes
from brainpack.validation.factors import Factors, factorised, rows_of
from brainpack.validation.findings import EXAMPLES, Problem, Severity, Words, shown
from brainpack.validation.private import is_private, private_texts, texts_in
from brainpack.validation.registry import rule
from brainpack.validation.rules.assemblies import ClaimedClass, StoredArray, words_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    _Columns = dict[str, npt.NDArray[Any]]

_NEUROID: Final = "neuroid"
_NEUROID_ID: Final = "neuroid_id"
_OF_WHOM: Final = r"(animal|subject|monkey|participant|human|patient|worker|observer|mouse|individual)"
_OF_STIMULI: Final = r"(?!(has|is|are|contains|with|no|n|num|object|image|stimulus|scene|category)_)"
_WHO: Final = re.compile(rf"(?i){_OF_STIMULI}(.*_)?{_OF_WHOM}(_?(id|name|nr|no|num|number|idx|index|code|unique_id))?")
_WHERE: Final = re.compile(r"(?i)(.*_)?(region|area|roi)s?(_?(id|name|label|code))?|area_?label")
_REPETITION: Final = re.compile(r"(?i)(repetition|repeat|replicate|rep)(_?(id|nr|no|num|number|idx|index))?")
_WHEN: Final = re.compile(
    rf"(?i){_OF_STIMULI}(.*_)?(session|run|day|date|block|scan)(_?(id|name|nr|no|num|number|idx|index))?"
)
_ABOUT_FILES: Final = frozenset(
    (FILENAME, *LOCAL_COLUMNS, "file_name", "file_path", "filepath", "image_current_local_file_path",
     "image_file_name", "image_file_path", "image_path", "image_path_within_store", "image_store_path",
     "stimulus_file_name", "stimulus_file_path", "stimulus_path")
)  # fmt: skip


@rule("BP-A013", ClaimedClass, Severity.WARNING)
def neuroids_have_ids(claim: ClaimedClass) -> Iterator[Problem]:
    """Every neuroid has an id."""
    if not _has_neuroids(claim):
        return
    ids = claim.coords.get(_NEUROID_ID)
    where = f"coordinate {_NEUROID_ID!r}"
    if ids is None or ids[0] != (_NEUROID,):
        yield Problem(
            where,
            f"one on dimension {_NEUROID!r}",
            words_for(ids),
            "Add it, for instance from the numbers of animal, array and electrode",
        )
    elif (missing := np.flatnonzero(pd.isna(ids[1]))).size:
        yield Problem(
            where,
            "an id for every neuroid",
            "neuroids without one",
            "Name the neuroids at these positions, or leave them out",
            missing.tolist(),
        )


@rule("BP-A016", ClaimedClass, Severity.WARNING, when_published=Severity.ERROR)
def neuroid_ids_are_unique(claim: ClaimedClass) -> Iterator[Problem]:
    """Every neuroid has an id of its own."""
    columns = _of(claim, _NEUROID)
    if not _has_neuroids(claim) or _NEUROID_ID not in columns:
        return
    ids = factorised(columns[_NEUROID_ID])
    repeated = ids.distinct[ids.counts > 1]
    if repeated.size:
        apart = _tells_apart(ids, columns)
        yield Problem(
            f"coordinate {_NEUROID_ID!r}",
            "an id of its own for each neuroid",
            "ids that several neuroids have",
            f"Put {apart!r} in front of the ids, which tells these neuroids apart"
            if apart
            else "Number the neuroids anew, or leave out those that are there twice",
            repeated[:EXAMPLES].tolist(),
            repeated.size,
        )


@rule("BP-A017", ClaimedClass, Severity.WARNING, when_published=Severity.ERROR)
def presentations_are_told_apart(claim: ClaimedClass) -> Iterator[Problem]:
    """A repetition of a stimulus, for one subject on one occasion, is there once."""
    columns = _of(claim, PRESENTATION)
    if not (key := _identification(columns)):
        return
    rows = rows_of(_with_gaps(columns[name]) if _WHO.fullmatch(name) else factorised(columns[name]) for name in key)
    occasions = [_with_gaps(values) for name, values in columns.items() if _WHEN.fullmatch(name)]
    if (rows_of([rows, *occasions]).counts <= 1).all():
        return
    several = np.flatnonzero(rows.counts > 1)
    if several.size:
        firsts = [int(np.argmax(rows.codes == code)) for code in several[:EXAMPLES]]
        apart = _tells_apart(rows, columns)
        yield Problem(
            f"coordinates {', '.join(map(repr, key))}",
            "values that only one presentation has",
            "values that several have",
            f"Number the repetitions on over {apart!r}, which tells these presentations apart"
            if apart
            else "Number the repetitions of each stimulus, and leave out presentations that are there twice",
            [Words(" and ".join(_at(name, columns[name], first) for name in key)) for first in firsts],
            several.size,
        )


@rule("BP-A018", ClaimedClass, Severity.NOTE)
def repetitions_are_balanced(claim: ClaimedClass) -> Iterator[Problem]:
    """Every stimulus is presented equally often."""
    columns = _of(claim, PRESENTATION)
    if (name := id_column(columns)) is None:
        return
    stimuli = factorised(columns[name])
    distinct, counts = stimuli.distinct, stimuli.counts
    usual = np.bincount(counts).argmax() if counts.size else 0
    others = np.flatnonzero(counts != usual)
    if others.size:
        rarest = others[np.argsort(counts[others], kind="stable")][:EXAMPLES].tolist()
        yield Problem(
            f"coordinate {name!r}",
            "each stimulus equally often",
            f"between {counts.min()} and {counts.max()} presentations, most often {usual}",
            "Leave it so if that was the experiment; scores that average over repetitions are noisier for some stimuli",
            [Words(f"{shown(distinct[place])}: {counts[place]}") for place in rarest],
            others.size,
        )


@rule("BP-A019", ClaimedClass, Severity.NOTE, when_published=Severity.WARNING)
def it_is_said_who_and_where(claim: ClaimedClass) -> Iterator[Problem]:
    """Coordinates say in which region of whose brain, or whose behaviour it is."""
    if claim.cls is None or issubclass(claim.cls, ModelFeaturesAssembly):
        return
    said = {name: dims for name, (dims, values) in claim.coords.items() if not pd.isna(values).all()}
    lacking = {}
    if _has_neuroids(claim) and not any(
        _WHERE.fullmatch(name) and dims in ((), (_NEUROID,)) for name, dims in said.items()
    ):
        lacking["region"] = "the region of each neuroid"
    if (_has_neuroids(claim) or issubclass(claim.cls, BehavioralAssembly)) and not any(map(_WHO.fullmatch, said)):
        lacking["subject"] = "the animal or subject"
    if lacking:
        more = f", and {len(said) - EXAMPLES} more" if len(said) > EXAMPLES else ""
        yield Problem(
            "coordinates",
            " and ".join(lacking.values()),
            f"{', '.join(map(repr, [*said][:EXAMPLES]))}{more}" if said else "none",
            f"Add {' and '.join(map(repr, lacking))}, also if it is the same for all: benchmarks select by it",
            count=len(lacking),
        )


@rule("BP-A020", ClaimedClass, Severity.WARNING)
def stimulus_files_are_left_to_the_stimulus_set(claim: ClaimedClass) -> Iterator[Problem]:
    """No coordinate is about the files of stimuli, which the stimulus set brings along."""
    about_files = [name for name in claim.coords if name.lower() in _ABOUT_FILES]
    if about_files:
        yield Problem(
            "coordinates",
            "nothing about the files of stimuli",
            "coordinates with their names or paths",
            "Drop them: they are found by stimulus_id in the stimulus set, and on another computer they are elsewhere",
            about_files,
        )


@rule("BP-A021", StoredArray, Severity.WARNING)
def assembly_names_no_private_places(stored: StoredArray) -> Iterator[Problem]:
    """No value, no coordinate and no attribute names a folder of somebody's computer, or a user."""
    places = {
        f"coordinate {name!r}": private_texts(values)
        for name, (_, values) in stored.coords.items()
        if values.dtype.kind in "OSU"
    }
    places |= {
        f"attribute {name!r}": [text for text in map(str, texts_in(value)) if is_private(text)]
        for name, value in stored.array.attrs.items()
        if _is_encodable(value)
    }
    if isinstance(held := stored.array.variable.data, np.ndarray) and held.dtype.kind in "OSU":
        places["values"] = private_texts(held)
    for place, found in places.items():
        if found:
            yield Problem(
                stored.at(place),
                "nothing about somebody's computer",
                "paths of one, perhaps with the name of a user",
                "Keep the last part of the paths, or drop it: everybody can read it once it is published",
                found,
            )


def _has_neuroids(claim: ClaimedClass) -> bool:
    return claim.cls is not None and issubclass(claim.cls, NeuroidAssembly) and _NEUROID in claim.array.dims


def _of(claim: ClaimedClass, dim: str) -> _Columns:
    return {name: values for name, (dims, values) in claim.coords.items() if dims == (dim,)}


def _identification(columns: _Columns) -> list[str]:
    """Names of the stimulus, the repetition and the subject with values; empty without one of the first two."""
    stimulus = id_column(columns)
    said = [name for name, values in columns.items() if not pd.isna(values).all()]
    repetition = [name for name in said if _REPETITION.fullmatch(name)]
    if stimulus is None or not repetition:
        return []
    return [stimulus, *repetition, *(name for name in said if _WHO.fullmatch(name))]


def _tells_apart(rows: Factors, columns: _Columns) -> str | None:
    """Name a column by which equal rows differ, if there is one; people and places first, measures never."""
    known = [_WHO, _WHERE]
    rank = {name: [not pattern.fullmatch(name) for pattern in known] for name in columns}
    for name in sorted(columns, key=rank.__getitem__):
        if columns[name].dtype.kind != "f":
            both = rows_of([rows, factorised(columns[name])])
            if (both.counts == 1).all() and len(both.distinct) == len(rows.codes):
                return name
    return None


def _with_gaps(values: npt.NDArray[Any]) -> Factors:
    """Factorise values; a gap is a value like others."""
    codes, distinct = factorised(values)
    return Factors(np.where(codes < 0, len(distinct), codes), np.array([*distinct, None], dtype=object))


def _at(name: str, values: npt.NDArray[Any], place: int) -> str:
    return f"{name}={shown(values[place])}"


def _is_encodable(value: object) -> bool:
    try:
        encode_attributes({"": value})
    except InvalidData:
        return False
    return True
