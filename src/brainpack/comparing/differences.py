"""What comparing two packages finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SHOWN: Final = 5


@dataclass(frozen=True)
class Tolerance:
    """How far numbers may be apart and still count as equal: ``abs(a - b) <= atol + rtol * abs(b)``, as in numpy.

    Attributes
    ----------
    rtol, atol : float
        0 for numbers that have to be the same.
    """

    rtol: float = 0.0
    atol: float = 0.0

    @property
    def is_exact(self) -> bool:
        return self.rtol == self.atol == 0


@dataclass(frozen=True)
class OnlyIn:
    """Parts that one side lacks.

    Attributes
    ----------
    what : str
        For instance "coordinates".
    side : {"A", "B"}
        The one that has them.
    names : tuple of str
    """

    what: str
    side: Literal["A", "B"]
    names: tuple[str, ...]

    def __str__(self) -> str:
        more = f" and {len(self.names) - _SHOWN} more" if len(self.names) > _SHOWN else ""
        return f"{self.what} only in {self.side}: {', '.join(map(repr, self.names[:_SHOWN]))}{more}"


@dataclass(frozen=True)
class Differs:
    """A property that both sides have, but not the same.

    Attributes
    ----------
    what : str
        For instance "coordinate 'depth', type".
    a, b : object
    """

    what: str
    a: object
    b: object

    def __str__(self) -> str:
        return f"{self.what}: {_both(self.a, self.b)}"


@dataclass(frozen=True)
class Sizes:
    """How long the dimensions of an array are.

    Attributes
    ----------
    dims : tuple of str
    shape : tuple of int
    """

    dims: tuple[str, ...]
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"({', '.join(f'{dim} {size}' for dim, size in zip(self.dims, self.shape, strict=True))})"


@dataclass(frozen=True)
class FileFacts:
    """What is known of a file.

    Attributes
    ----------
    size : int
        Bytes.
    sha256 : str or None
        None where the sizes differ already.
    """

    size: int
    sha256: str | None = None

    def __str__(self) -> str:
        return f"{self.size:,} bytes" + (f" with SHA-256 {self.sha256[:8]}…" if self.sha256 else "")


@dataclass(frozen=True)
class Place:
    """Two values at the same place.

    Attributes
    ----------
    index : tuple of int
        Position in the array; the row of A in a table.
    labels : mapping of str to object
        What is there, for instance the `stimulus_id`.
    a, b : object
    """

    index: tuple[int, ...]
    labels: Mapping[str, object]
    a: object
    b: object

    def __str__(self) -> str:
        labels = ", ".join(f"{name} {_text(value)}" for name, value in self.labels.items())
        where = f"{[*self.index]} ({labels})" if labels else str([*self.index])
        return f"{where}: {_both(self.a, self.b)}"


@dataclass(frozen=True)
class ValuesDiffer:
    """Values that differ in an array, in a column of a table, or among files.

    Attributes
    ----------
    what : str
        For instance "coordinate 'depth'".
    count, total : int
        How many differ, of how many.
    places : tuple of Place
        The first five, in the order of A.
    gap : float or None
        The largest absolute difference of two numbers.
    widest : Place or None
        Where it is.
    """

    what: str
    count: int
    total: int
    places: tuple[Place, ...]
    gap: float | None = None
    widest: Place | None = None

    def __str__(self) -> str:
        widest = "" if self.widest is None else f", by up to {self.gap:.6g} at {self.widest}"
        lines = [f"{self.what}: {self.count:,} of {self.total:,} differ{widest}", *map(str, self.places)]
        return "\n  ".join(lines)


Difference: TypeAlias = OnlyIn | Differs | ValuesDiffer


@dataclass(frozen=True)
class Comparison:
    """What differs between two packages, or between two folders of packages.

    Attributes
    ----------
    a, b : str
        What was compared.
    differences : dict of str to tuple of Difference
        By package; empty where all are equal.
    """

    a: str
    b: str
    differences: Mapping[str, tuple[Difference, ...]] = field(default_factory=dict)

    @property
    def is_equal(self) -> bool:
        return not self.differences

    def __str__(self) -> str:
        return "\n".join([f"A: {self.a}", f"B: {self.b}", *(self._lines() if self.differences else ["equal"])])

    def _lines(self) -> Iterator[str]:
        for package, found in self.differences.items():
            yield package
            yield from ("  " + str(difference).replace("\n", "\n  ") for difference in found)


def _text(value: object) -> str:
    return repr(str(value)) if isinstance(value, str) else str(value)  # texts of numpy are str as well


def _both(a: object, b: object) -> str:
    texts = (_text(a), _text(b))
    if texts[0] == texts[1]:  # 0.1 as float32, and 0.1 as float64
        texts = (repr(a), repr(b))
    return f"{texts[0]} in A, {texts[1]} in B"
