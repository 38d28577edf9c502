"""How Brain-Score names data sets, and names and numbers the files of stimuli."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_DATA_SET: Final = re.compile(r"[a-z]+\.[A-Z][A-Za-z0-9]+([._-][A-Za-z0-9._-]*)?")
_STIMULUS_FILE: Final = re.compile(r"([A-Za-z0-9]+_)?[1-9][0-9]*\.(jpg|jpeg|png|mp4)")
_NUMBERED: Final = re.compile(r"(?:.*[^0-9])?([0-9]{1,255})\.[^.]*", re.DOTALL)  # no name of a file is longer
_SHOWN: Final = 5


def names_data_set(name: str) -> bool:
    """Whether a data set is named `lab.AuthorYear…`: a lower-case lab, a dot, a capitalised rest.

    Examples
    --------
    >>> names_data_set("dicarlo.MajajHong2015.public"), names_data_set("MajajHong2015")
    (True, False)
    """
    return _DATA_SET.fullmatch(name) is not None


def names_stimulus_file(name: str) -> bool:
    """Whether a file is named `<word>_<n>.<ext>` or `<n>.<ext>`: no leading zero; jpg, jpeg, png or mp4.

    Examples
    --------
    >>> names_stimulus_file("Nat300_17.png"), names_stimulus_file("017.png")
    (True, False)
    """
    return _STIMULUS_FILE.fullmatch(name) is not None


def number_in(name: str) -> int | None:
    """Return the number that a file has before its suffix.

    Examples
    --------
    >>> number_in("Nat300_17.png"), number_in("left.png")
    (17, None)
    """
    found = _NUMBERED.fullmatch(name)
    return None if found is None else int(found[1])


class Gaps(NamedTuple):
    """Where a numbering is not one after the other.

    Attributes
    ----------
    missing, repeated : int
        How many numbers there should be between the first and the last, and how many are there several times.
    first_missing, first_repeated : list of int
        The first five of each.
    """

    missing: int
    repeated: int
    first_missing: list[int]
    first_repeated: list[int]


def gaps_in(numbers: Iterable[int]) -> Gaps:
    """Look for gaps and repetitions among numbers, in any order.

    Examples
    --------
    >>> gaps_in([7, 3, 4, 4])
    Gaps(missing=2, repeated=1, first_missing=[5, 6], first_repeated=[4])
    """
    ordered = sorted(numbers)
    repeated = sorted({number for number, after in itertools.pairwise(ordered) if number == after})
    count = ordered[-1] - ordered[0] + 1 - len({*ordered}) if ordered else 0
    missing = (number for before, after in itertools.pairwise(ordered) for number in range(before + 1, after))
    # no more are made than are asked for: between two dates there are millions
    return Gaps(count, len(repeated), [*itertools.islice(missing, min(count, _SHOWN))], repeated[:_SHOWN])
