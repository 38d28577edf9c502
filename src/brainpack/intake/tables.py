"""A long or a wide table -> labelled array."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import xarray as xr

from brainpack.errors import InvalidData, SettingsError
from brainpack.intake.columns import (
    BIN_EDGES,
    CHOICES,
    EVENT,
    IDENTIFYING,
    NEUROID,
    PRESENTATION_ID,
    RESPONSES,
    SPIKES,
    TIME_BIN,
    coded,
    key_columns,
    plain,
    refuse_text,
    refuse_without_id,
    tell_empty,
    tell_text,
    the_only,
    with_todays_names,
)
from brainpack.intake.joining import joined
from brainpack.intake.pivoting import pivoted, refuse_again
from brainpack.intake.reading import read_any_table
from brainpack.layout import PRESENTATION, STIMULUS_ID
from brainpack.objects.assemblies import assembly_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_PATTERN: Final = re.compile(r"[*?\[]")
_DIMS_OF: Final = {
    "BehavioralAssembly": (PRESENTATION,),
    "SpikeTimesAssembly": (EVENT,),
    "MetadataAssembly": (EVENT,),
    "PropertyAssembly": (NEUROID,),
}


def table_to_array(
    path: Path,
    dims: Sequence[str] | None,
    values: str | None,
    metadata: Mapping[str, Path],
    class_name: str | None,
) -> tuple[xr.DataArray, str]:
    """Make an array of a table; also say of which class it is.

    Raises
    ------
    InvalidData
        Rows are about the same cell, or ids have no counterpart.
    SettingsError
        What is what is not clear; the message says which option decides.
    """
    table = with_todays_names(read_any_table(path, _DIMS_OF.get(class_name or "", ())))
    facts = {dim: with_todays_names(read_any_table(other)) for dim, other in metadata.items()}
    _refuse_unknown(table, values, path)
    dims = tuple(dims) if dims else _dims(table, values, facts, class_name, path)
    _refuse_bins_as_repetitions(table, dims, path)
    if strangers := [dim for dim in facts if dim not in dims]:
        raise SettingsError(f"metadata of {strangers[0]} are given, but {path} has the dimensions {', '.join(dims)}")
    if len(dims) == 1:
        array = _rows(table, dims[0], _values(table, dims, values, path), path)
    elif NEUROID in dims and not key_columns(NEUROID, table.columns):
        array = _wide(table, dims, values, facts.get(NEUROID), path)
    else:
        for dim in dims:
            if dim != PRESENTATION and not key_columns(dim, table.columns):
                raise SettingsError(f"{path} has no column {dim}_id or {dim} for the dimension {dim}; correct dims")
        array = pivoted(table, dims, _values(table, dims, values, path), path)
    for dim, each in facts.items():
        array = with_facts(array, dim, each, str(path), str(metadata[dim]))
    return array, class_name or _class(dims)


def with_facts(array: xr.DataArray, dim: str, facts: pd.DataFrame, array_name: str, facts_name: str) -> xr.DataArray:
    """Give a dimension the coordinates of a table, whose rows are found by their ids."""
    along = {str(name): coord.values for name, coord in array.coords.items() if coord.dims == (dim,)}
    table = pd.DataFrame(along)
    said = [name for name in facts.columns if name in {*array.coords} - {*along} and _are_one(array[name], facts[name])]
    facts = facts.drop(columns=said)
    keys = _keys(dim, table, facts)
    if not keys:
        raise InvalidData(
            f"{facts_name} and {array_name} have no column in common by which a {dim} is found; "
            f"expected {STIMULUS_ID if dim == PRESENTATION else dim + '_id'}"
        )
    both = joined(table, facts, keys, array_name, facts_name)
    added = {str(name): (dim, plain(both[name])) for name in both.columns if name not in along}
    if taken := [name for name in added if name in array.coords]:
        raise InvalidData(f"{array_name} and {facts_name} both have {', '.join(taken)}; delete it in one of them")
    return array.assign_coords(added)


def _are_one(coord: xr.DataArray, column: pd.Series[Any]) -> bool:
    """Whether both say one and the same of everything, like the only session: then it tells nothing apart."""
    return len({*map(str, coord.values.tolist()), *map(str, column.tolist())}) == 1


def _keys(dim: str, table: pd.DataFrame, facts: pd.DataFrame) -> tuple[str, ...]:
    shared = [name for name in table.columns if name in facts.columns]
    if dim != PRESENTATION:
        return key_columns(dim, shared)
    return (PRESENTATION_ID,) if PRESENTATION_ID in shared else tuple(name for name in IDENTIFYING if name in shared)


def _refuse_unknown(table: pd.DataFrame, values: str | None, path: Path) -> None:
    if values is not None and values not in table.columns and not _PATTERN.search(values):
        raise SettingsError(f"{path} has no column {values!r} for the values; its columns are {_listed(table.columns)}")


def _refuse_bins_as_repetitions(table: pd.DataFrame, dims: Sequence[str], path: Path) -> None:
    if len(dims) == 1 or TIME_BIN in dims:
        return
    for name in map(str, table.columns):
        if name.startswith(TIME_BIN) and len(table[name].drop_duplicates()) > 1:
            raise SettingsError(
                f"{path} has bins in the column {name}, and the dimensions {', '.join(dims)}; add time_bin to dims and "
                f"call the column {TIME_BIN}_id, or give {' and '.join(BIN_EDGES)}; or leave the column out"
            )


def _dims(
    table: pd.DataFrame, values: str | None, facts: Mapping[str, pd.DataFrame], class_name: str | None, path: Path
) -> tuple[str, ...]:
    """Dimensions, as far as columns, tables and the class leave no choice."""
    if class_name is not None and class_name in _DIMS_OF:
        return _DIMS_OF[class_name]
    names = {*table.columns}
    bins = (TIME_BIN,) if key_columns(TIME_BIN, names) else ()
    has_neuroids = bool(key_columns(NEUROID, names))
    if has_neuroids and SPIKES[0] in names and values in {None, SPIKES[0]} and class_name is None:
        return (EVENT,)
    if not names & {STIMULUS_ID, PRESENTATION_ID}:
        if has_neuroids and (names & {*SPIKES} or values) and class_name is None:
            return (EVENT,)
        raise SettingsError(
            f"{path} has neither stimulus_id nor presentation, nor neuroid_id and time for spikes; its columns are "
            f"{_listed(table.columns)}; rename them, or give dims and class"
        )
    is_behaviour = values in CHOICES or (values is None and names & {*CHOICES})
    if not has_neuroids and not bins and class_name is None and NEUROID not in facts and is_behaviour:
        return (PRESENTATION,)
    is_one_column = values is not None and not _PATTERN.search(values)
    if not has_neuroids and NEUROID not in facts and (is_one_column or names & {*RESPONSES}):
        raise SettingsError(
            f"{path} has no neuroid_id: it may be behaviour, or a column for each neuroid; "
            "say class BehavioralAssembly, or dims and a table of neuroids"
        )
    return (PRESENTATION, NEUROID, *bins)


def _class(dims: Sequence[str]) -> str:
    by_dims = ("NeuroidAssembly", "SpikeTimesAssembly", *([] if NEUROID in dims else ["BehavioralAssembly"]))
    return next((name for name in by_dims if assembly_class(name).accepts(dims)), "DataAssembly")


def _values(table: pd.DataFrame, dims: Sequence[str], values: str | None, path: Path) -> str:
    if values is not None:
        if values not in table.columns:
            raise SettingsError(f"{path} has a row for each value; expected the name of one column, not {values!r}")
        return values
    known = SPIKES if EVENT in dims else RESPONSES if NEUROID in dims else (*CHOICES, *RESPONSES)
    if (name := the_only(known, table, path)) is None:
        raise SettingsError(
            f"{path} has no column of the usual names of values ({', '.join(known)}); its columns are "
            f"{_listed(table.columns)}; name it by the option values"
        )
    return name


def _rows(table: pd.DataFrame, dim: str, values: str, path: Path) -> xr.DataArray:
    """A row for each entry of the only dimension."""
    if dim == PRESENTATION:
        return pivoted(table, (dim,), values, path)
    ids = key_columns(NEUROID, table.columns)
    refuse_without_id(table, ids, path)
    if dim == NEUROID and ids:
        refuse_again(coded(table, ids)[0], ids, path)
    (refuse_text if values in SPIKES else tell_text)(table[values], path)
    data = plain(table[values])
    tell_empty(data, path)
    coords = {str(name): (dim, plain(table[name])) for name in table.columns if name != values}
    return xr.DataArray(data, coords=coords, dims=(dim,))


def _wide(
    table: pd.DataFrame, dims: Sequence[str], values: str | None, facts: pd.DataFrame | None, path: Path
) -> xr.DataArray:
    """A column for each neuroid."""
    columns = _neuroid_columns(table, values, facts, path)
    others = [dim for dim in dims if dim != NEUROID]
    if others[0] != PRESENTATION:
        raise SettingsError(f"{path} has a column for each neuroid; expected dims that begin with presentation")
    array = pivoted(table, others, columns, path)
    if facts is not None:  # the type of the ids is that of the table, whatever the header makes of them
        ids = dict(zip(map(str, facts[_id_name(facts, path)]), facts[_id_name(facts, path)].tolist(), strict=True))
        named = pd.Series([ids[name] for name in columns])
        array = array.assign_coords(neuroid_id=(NEUROID, plain(named)))
    return array.transpose(*dims)


def _id_name(facts: pd.DataFrame, path: Path) -> str:
    keys = key_columns(NEUROID, facts.columns)
    if not keys:
        raise InvalidData(f"the table of neuroids for {path} has no column neuroid_id; add it")
    return keys[0]


def _neuroid_columns(table: pd.DataFrame, values: str | None, facts: pd.DataFrame | None, path: Path) -> list[str]:
    """Columns that the table of neuroids names, or a pattern, or that are called alike but for their numbers."""
    columns = [str(name) for name in table.columns]
    if facts is not None:
        named = [str(each) for each in facts[_id_name(facts, path)]]
        if missing := [each for each in named if each not in columns]:
            raise InvalidData(f"{path} has no column for the neuroids {_listed(missing)}; add it, or delete their rows")
        return [name for name in columns if name in {*named}]
    if values is not None:
        found = [name for name in _of_neuroids(columns) if fnmatch.fnmatchcase(name, values)]
        if not found:
            raise SettingsError(f"{path} has no columns like {values!r}; its columns are {_listed(columns)}")
        return found
    numbers = [name for name in _of_neuroids(columns) if plain(table[name]).dtype.kind in "biuf"]
    if not numbers:
        raise SettingsError(f"{path} has no neuroid_id, and no columns of numbers; its columns are {_listed(columns)}")
    if len({re.sub(r"[0-9]+", "", name) for name in numbers}) > 1 or (
        len(numbers) == 1 and not re.search(r"[0-9]", numbers[0])
    ):
        raise SettingsError(
            f"{path} has no neuroid_id, and which of {_listed(numbers)} are neuroids is not clear; give a table of "
            "neuroids as metadata, or a pattern such as 'unit_*' as values"
        )
    for name in columns:  # one that is no number because of a single cell
        if re.sub(r"[0-9]+", "", name) == re.sub(r"[0-9]+", "", numbers[0]):
            refuse_text(table[name], path)
    return numbers


def _of_neuroids(columns: Sequence[str]) -> list[str]:
    """Columns that may be neuroids, for their names say nothing else."""
    return [name for name in columns if name not in IDENTIFYING and not name.startswith(TIME_BIN)]


def _listed(names: Sequence[object] | pd.Index[Any], most: int = 8) -> str:
    shown = ", ".join(map(str, [*names][:most]))
    return f"{shown}, …" if len(names) > most else shown
