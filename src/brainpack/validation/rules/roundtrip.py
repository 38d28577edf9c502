"""What a CSV file makes of a table: written as this project writes it, read with the defaults of `pandas.read_csv`."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, overload

import numpy as np
import pandas as pd

from brainpack.validation.findings import Change, Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

_CELLS_READ_TOGETHER: Final = 2**20
_KINDS: Final[tuple[tuple[type, ...], ...]] = ((bool, np.bool_), (int, np.integer), (float, np.floating), (str,))
# Text that a reader takes for nothing else, whatever is above and below it: it starts with a letter and is no word for
# a number, for true or false or for a missing value, or it has a letter that no such word has.
_PLAIN_TEXT: Final = re.compile(
    r"""(?=[^\x00-\x1f\ud800-\udfff]*+\Z)
        (?: (?!(?:inf(?:inity)?|nan?|n/a|null|none|true|false)\ *\Z) [a-z] | [^bcghjkmpvwz]*+ [bcghjkmpvwz] ) .*""",
    re.ASCII | re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
_QUOTED: Final = (",", '"', "\r")
_COMPARABLE: Final = frozenset(("boolean", "integer", "floating", "string"))


class Changes(Sequence[Change]):
    """Values with what they become; made one by one, as only a few are looked at.

    Parameters
    ----------
    before, after : ndarray of object
        Of equal length.

    Examples
    --------
    >>> Changes(np.array(["01", "NA"], dtype=object), np.array([1, np.nan], dtype=object))[1]
    'NA' -> nan
    """

    def __init__(self, before: npt.NDArray[Any], after: npt.NDArray[Any]) -> None:
        self._before, self._after = before, after

    def __len__(self) -> int:
        return len(self._before)

    @overload
    def __getitem__(self, place: int) -> Change: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Change]: ...
    def __getitem__(self, place: int | slice) -> Change | Sequence[Change]:
        if isinstance(place, slice):
            return [*map(Change, self._before[place], self._after[place])]
        return Change(self._before[place], self._after[place])

    @property
    def are_integers_in_text(self) -> bool:
        """Whether each is the text of an integer, which it becomes."""
        kinds = [pd.api.types.infer_dtype(values, skipna=False) for values in (self._before, self._after)]
        return kinds == ["string", "integer"] and [*map(str, self._after)] == self._before.tolist()


class Outcome(NamedTuple):
    """What happens to the values of a column.

    Attributes
    ----------
    broken : sequence of Change
        Values that cannot be written, or that readers take for the end of a row; then nothing is known of the others.
    changed : sequence of Change
        Values that come back as something else.
    """

    broken: Sequence[Change] = ()
    changed: Sequence[Change] = ()


def rows_typed_together(columns: int) -> int:
    """Length of the stretches of rows on which the reader decides types.

    A long table is read in stretches, and a stretch of text that looks like numbers becomes numbers even where
    the whole column would not.

    Examples
    --------
    >>> rows_typed_together(2), rows_typed_together(256)
    (262144, 2048)
    """
    return 1 << max((_CELLS_READ_TOGETHER // columns - 1).bit_length() - 1, 0)


def column_through_csv(column: pd.Series[Any], columns: int) -> Outcome:
    """Compare the values of a column with what a CSV reader gets; missing ones do not count.

    Parameters
    ----------
    column : Series
        Of any type.
    columns : int
        How many the CSV has.

    Returns
    -------
    Outcome
    """
    if _is_plain_text(column):
        return Outcome()
    try:
        text = _written(column)
    except UnicodeEncodeError:
        return Outcome([Change(value, Words("not UTF-8")) for value in column if not encodes(value)])
    before = column.to_numpy(dtype=object)
    present = np.asarray(~column.isna(), dtype=bool)
    changed = np.zeros(len(before), dtype=bool)
    outcome = before.copy()
    for after in _readings(text, len(before), rows_typed_together(columns)):
        if len(after) != len(before):
            return Outcome([Change(value, Words("several rows")) for value in column if "\r" in str(value)])
        differs = np.zeros(len(before), dtype=bool)
        differs[present] = _differ(before[present], after[present])
        outcome[differs] = after[differs]
        changed |= differs
    return Outcome(changed=Changes(before[changed], outcome[changed]))


def names_through_csv(names: Sequence[str]) -> list[Change]:
    """Compare column names with what a CSV reader gets.

    Examples
    --------
    >>> names_through_csv(["stimulus_id", "a", "a"])
    ['a' -> 'a.1']
    """
    if unencodable := [name for name in names if not encodes(name)]:
        return [Change(name, Words("not UTF-8")) for name in unencodable]
    text = pd.DataFrame(columns=[*names]).to_csv(index=False, lineterminator="\n")
    after = pd.read_csv(io.BytesIO(text.encode())).columns.tolist() if names else []
    if len(after) != len(names):
        return [Change(name, Words("several rows")) for name in names if "\r" in name]
    return [Change(name, found) for name, found in zip(names, after, strict=True) if name != found]


def encodes(value: object) -> bool:
    """Whether UTF-8 can hold the text of a value."""
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return False
    return True


def _written(column: pd.Series[Any]) -> bytes:
    """The column beside another one, as `DataFrame.to_csv` writes it; text that needs no quotes is only joined."""
    values = column.to_numpy(dtype=object)
    if pd.api.types.infer_dtype(values, skipna=True) == "string":
        together = "\n".join(np.where(column.isna(), "", values).tolist())
        if together.count("\n") == len(values) - 1 and not any(mark in together for mark in _QUOTED):
            return "\n".join(["value,next", together.replace("\n", ",0\n") + ",0", ""]).encode()
    return column.to_frame("value").assign(next=0).to_csv(index=False, lineterminator="\n").encode()


def _is_plain_text(column: pd.Series[Any]) -> bool:
    values = column.to_numpy(dtype=object)
    return pd.api.types.infer_dtype(values, skipna=True) == "string" and all(
        map(_PLAIN_TEXT.fullmatch, pd.unique(values[~pd.isna(values)]))
    )


def _readings(text: bytes, rows: int, together: int) -> Iterator[npt.NDArray[Any]]:
    """The column as a reader gets it that takes it as a whole, and as one that reads in stretches."""
    yield pd.read_csv(io.BytesIO(text), low_memory=False)["value"].to_numpy(dtype=object)
    if rows > together:
        with pd.read_csv(io.BytesIO(text), chunksize=together) as stretches:
            yield pd.concat([stretch["value"] for stretch in stretches]).to_numpy(dtype=object)


def _differ(before: npt.NDArray[Any], after: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where the values, or their types, are not the same."""
    kinds = {pd.api.types.infer_dtype(values, skipna=False) for values in (before, after)}
    if kinds <= _COMPARABLE:
        return np.asarray(before != after) if len(kinds) == 1 else np.ones(len(before), dtype=bool)
    return np.fromiter((not _is_same(*pair) for pair in zip(before, after, strict=True)), dtype=bool, count=len(before))


def _is_same(before: object, after: object) -> bool:
    kind = _kind(after)
    return kind is not None and kind == _kind(before) and bool(before == after)


def _kind(value: object) -> int | None:
    """Position among the kinds that a CSV reader makes; None for all else."""
    for position, kinds in enumerate(_KINDS):
        if isinstance(value, kinds):
            return position
    return None
