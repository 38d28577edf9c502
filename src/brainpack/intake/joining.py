"""A table and another one that says more about its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from brainpack.errors import InvalidData
from brainpack.notices import warn

if TYPE_CHECKING:
    from collections.abc import Sequence

_LISTED: Final = 5


def joined(
    table: pd.DataFrame, facts: pd.DataFrame, keys: Sequence[str], table_name: str, facts_name: str
) -> pd.DataFrame:
    """Put the columns of one table beside those of another.

    Parameters
    ----------
    table, facts : DataFrame
        Rows of `table` keep their order; several may have the same key.
    keys : sequence of str
        Columns of both by which rows are found.
    table_name, facts_name : str
        For messages.

    Raises
    ------
    InvalidData
        A key is in `table` only, or several times in `facts`, or both have another column.

    Examples
    --------
    >>> table, facts = pd.DataFrame({"id": ["b", "a"]}), pd.DataFrame({"id": ["a", "b"], "size": [1, 2]})
    >>> joined(table, facts, ["id"], "one", "the other")["size"].tolist()
    [2, 1]
    """
    if both := [str(name) for name in facts.columns if name in table.columns and name not in keys]:
        raise InvalidData(
            f"{table_name} and {facts_name} both have {', '.join(both)}; delete these columns in one of them"
        )
    wanted, known = _index(table, facts, keys), _index(facts, table, keys)
    name = ", ".join(keys)
    if not known.is_unique:
        again = known[known.duplicated()].unique().tolist()
        raise InvalidData(f"{facts_name} has several rows for {name} {_listed(again)}; expected one for each")
    rows = known.get_indexer(wanted)
    if (rows < 0).any():
        missing = wanted[rows < 0].unique().tolist()
        raise InvalidData(f"{facts_name} has no row for {name} {_listed(missing)} of {table_name}; add it")
    if len(surplus := known.difference(wanted, sort=False)):
        warn(f"{facts_name} has rows for {name} {_listed(surplus.tolist())}, of which {table_name} has nothing")
    added = facts.drop(columns=[*keys]).take(rows).set_axis(table.index)
    return pd.concat([table, added], axis=1)


def missing_rows(table: pd.DataFrame, facts: pd.DataFrame, keys: Sequence[str]) -> list[Any]:
    """Keys of `facts` that no row of `table` has."""
    known = _index(table, facts, keys)
    missing: list[Any] = _index(facts, table, keys).difference(known, sort=False).tolist()
    return missing


def _index(rows: pd.DataFrame, other: pd.DataFrame, keys: Sequence[str]) -> pd.Index[Any]:
    """Keys that can be compared with those of the other table: no integer is the float it would be rounded to."""
    parts = [_comparable(rows[name], other[name]) for name in keys]
    if len(parts) > 1:  # an index of several levels would round
        return pd.Index([*zip(*parts, strict=True)], dtype=object, tupleize_cols=False)
    index: pd.Index[Any] = pd.Index(parts[0])
    return index


def _comparable(column: pd.Series[Any], other: pd.Series[Any]) -> pd.Series[Any]:
    """Ids as numbers where both tables have numbers; otherwise as they are written."""
    are_numbers = [pd.api.types.is_numeric_dtype(each.dtype) for each in (column, other)]
    if not all(are_numbers):
        return column.map(str).astype(object) if any(are_numbers) else column.astype(object)
    return column if column.dtype == other.dtype else column.astype(object)


def _listed(values: Sequence[object]) -> str:
    return ", ".join(map(repr, values[:_LISTED])) + (
        f" and {len(values) - _LISTED} more" if len(values) > _LISTED else ""
    )
