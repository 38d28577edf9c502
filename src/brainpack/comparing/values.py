"""Two arrays, compared region by region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from brainpack.comparing.differences import Differs, Place, ValuesDiffer
from brainpack.content.values import TEXT
from brainpack.layout import STIMULUS_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from brainpack.comparing.arrays import FileArray
    from brainpack.comparing.differences import Difference, Tolerance
    from brainpack.content.blocks import Region

    Values = npt.NDArray[Any]

EXAMPLES: Final = 5
_LABELS: Final = (STIMULUS_ID, "neuroid_id")
_NO_NUMBERS: Final = frozenset((TEXT, "datetime64[ns]", "timedelta64[ns]"))


def compare_arrays(
    what: str, a: FileArray, b: FileArray, coords: Mapping[str, FileArray], tolerance: Tolerance
) -> Iterator[Difference]:
    """Compare dimensions, type and, where they can be compared, the values of two arrays.

    Parameters
    ----------
    what : str
        How a difference calls them.
    a, b : FileArray
    coords : mapping of str to FileArray
        Of A; they say what is where.
    tolerance : Tolerance
        For numbers; NaN is equal to NaN.

    Yields
    ------
    Difference
    """
    if a.dims != b.dims:
        yield Differs(f"{what}, dimensions", a.dims, b.dims)
    if a.type != b.type:
        yield Differs(f"{what}, type", a.type, b.type)
    are_alike = a.type == b.type or not {a.type, b.type} & _NO_NUMBERS
    if a.dims == b.dims and a.shape == b.shape and are_alike:
        tally = _Tally(a, coords)
        for region in a.slabs():
            tally.add(region, a[region], b[region], tolerance)
        yield from tally.result(what)


class _Tally:
    """What was found so far."""

    def __init__(self, a: FileArray, coords: Mapping[str, FileArray]) -> None:
        self._a = a
        self._labels = {name: coord for name in _LABELS if (coord := coords.get(name)) and len(coord.dims) == 1}
        self._count = 0
        self._places: list[Place] = []
        self._gap: float | None = None
        self._widest: Place | None = None

    def add(self, region: Region, a: Values, b: Values, tolerance: Tolerance) -> None:
        """Compare the next region."""
        left, right = _plain(a), _plain(b)
        differing = np.flatnonzero(_differ(left, right, tolerance))
        self._count += differing.size

        def place(position: np.intp) -> Place:
            offset = np.unravel_index(position, a.shape)
            index = tuple(axis.start + int(along) for axis, along in zip(region, offset, strict=True))
            return Place(index, self._what_is_at(index), left[position], right[position])

        self._places += map(place, differing[: EXAMPLES - len(self._places)])
        if differing.size and left.dtype.kind in "biuf":
            gaps = _gaps(left[differing], right[differing])
            widest = gaps.argmax()
            if gaps[widest] > (self._gap or 0):
                self._gap, self._widest = float(gaps[widest]), place(differing[widest])

    def result(self, what: str) -> Iterator[ValuesDiffer]:
        if self._count:
            total = int(np.prod(self._a.shape))
            yield ValuesDiffer(what, self._count, total, tuple(self._places), self._gap, self._widest)

    def _what_is_at(self, index: tuple[int, ...]) -> dict[str, object]:
        found: dict[str, object] = {}
        for name, coord in self._labels.items():
            if coord.dims[0] in self._a.dims:
                position = index[self._a.dims.index(coord.dims[0])]
                found[name] = coord[slice(position, position + 1),].tolist()[0]
        return found


def _plain(values: Values) -> Values:
    """Values in one dimension; bytes are the text that they stand for."""
    if values.dtype.kind == "S":
        return np.array([text.decode("utf-8", "surrogateescape") for text in values.ravel().tolist()], dtype=object)
    return values.ravel()


def _differ(a: Values, b: Values, tolerance: Tolerance) -> npt.NDArray[np.bool_]:
    differs = np.asarray(a != b, dtype=bool)
    if differs.any():
        differs &= ~(np.asarray(pd.isna(a)) & np.asarray(pd.isna(b)))
    if differs.any() and a.dtype.kind in "biuf" and not tolerance.is_exact:
        close = np.isclose(a[differs].astype(float), b[differs].astype(float), tolerance.rtol, tolerance.atol)
        differs[differs] = ~close
    return differs


def _gaps(a: Values, b: Values) -> npt.NDArray[np.float64]:
    """Absolute differences; 0 where one is no number."""
    with np.errstate(invalid="ignore", over="ignore"):
        gaps: npt.NDArray[np.float64] = np.abs(a.astype(float) - b.astype(float))
    gaps[np.isnan(gaps)] = 0
    return gaps
