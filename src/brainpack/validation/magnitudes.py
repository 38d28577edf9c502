"""The largest numbers of an array, and the codes among them that stand for missing ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Block = npt.NDArray[Any]

_LARGEST: Final = 100
_ONE_IN: Final = 10_000  # values is kept besides,
_MOST: Final = 10_000  # but not more than these

# What programs write where there is no value: codes, the fill values of netCDF, and what a cast makes of NaN.
_FILL_VALUES: Final = np.array(
    [-99999.0, -9999.0, -999.0, 999.0, 9999.0, 99999.0, -1e20, 1e20, -1e30, 1e30, -1e36, 1e36, 9.969209968386869e36,
     -32768.0, -32767.0, -(2.0**31), 1 - 2.0**31, -(2.0**63),
     *(sign * float(np.finfo(dtype).max) for sign in (-1, 1) for dtype in ("f4", "f8"))]
)  # fmt: skip
with np.errstate(over="ignore"):
    # as float64 holds them after a way through float32; the infinite ones come first and last
    _KNOWN: Final = np.unique([*_FILL_VALUES, *_FILL_VALUES.astype(np.float32), -np.inf, np.inf])


class LargestMagnitudes:
    """The largest magnitudes among numbers, apart from well-known fill values.

    Once enough are known, blocks of smaller values need not be looked at.

    Parameters
    ----------
    size : int
        How many numbers there will be. A hundred magnitudes are kept, and one more for each 10 000 numbers, 10 000
        at most.
    threshold : float
        What is not above it need not be looked at: enough larger ones are known elsewhere.

    Attributes
    ----------
    magnitudes : ndarray of float64
        Sorted, without zeros.
    threshold : float

    Examples
    --------
    >>> largest = LargestMagnitudes(size=5)
    >>> for block in ([1.0, 0.0, -999.0], [-5.0, -999.0]):
    ...     largest.add(np.array(block), largest=999.0)
    >>> largest.magnitudes.tolist(), largest.fill_values
    ([1.0, 5.0], {-999.0: 2})
    """

    def __init__(self, size: int, threshold: float = 0.0) -> None:
        self._kept = _LARGEST + min(size // _ONE_IN, _MOST)
        self._found: npt.NDArray[np.float64] = np.empty(0)
        self.threshold = threshold
        self._counts = np.zeros(len(_KNOWN), np.int64)

    @property
    def magnitudes(self) -> npt.NDArray[np.float64]:
        return np.sort(self._found)[-self._kept :]

    @property
    def fill_values(self) -> dict[float, int]:
        """How often each fill value occurs; only those larger than `magnitudes`, since others may have been skipped."""
        smallest = self.magnitudes[0] if len(self._found) >= self._kept else 0.0
        return {value: count for value, count in _counted(self._counts).items() if abs(value) > smallest}

    def add(self, values: Block, largest: float) -> None:
        """Take values, of which NaN does not count, and the largest magnitude among them."""
        if largest > self.threshold:
            for part in np.split(values.reshape(-1), [10 * self._kept]):  # the first few spare work with the others
                self._take(part)

    def _take(self, values: Block) -> None:
        limit = self.threshold if values.dtype.kind == "f" else int(self.threshold)  # compares in the type of values
        counts, others = _known_and_others(values[(values > limit) | (values < -limit)].astype(np.float64))
        self._counts += counts
        self._keep(np.abs(others))

    def merge(self, part: LargestMagnitudes) -> None:
        """Take what was found elsewhere among numbers that did not come here."""
        self._counts += part._counts
        self._keep(part._found)

    def _keep(self, magnitudes: npt.NDArray[np.float64]) -> None:
        self._found = np.append(self._found, magnitudes)
        if len(self._found) >= 2 * self._kept:
            self._found = np.partition(self._found, -self._kept)[-self._kept :]
            self.threshold = float(self._found[0])


class NegativeCodes:
    """Well-known fill values among numbers that are never negative otherwise.

    Parameters
    ----------
    are_alone : bool
        False if another negative number is known already, so that nothing need be looked at.

    Examples
    --------
    >>> negative = NegativeCodes()
    >>> negative.add(np.array([3000.0, -999.0, 0.0, -999.0]))
    >>> negative.fill_values
    {-999.0: 2}
    >>> negative.add(np.array([-1.0, -999.0]))
    >>> negative.fill_values
    {}
    """

    def __init__(self, *, are_alone: bool = True) -> None:
        self.are_alone = are_alone
        self._counts = np.zeros(len(_KNOWN), np.int64)

    @property
    def fill_values(self) -> dict[float, int]:
        """How often each occurs; empty where other numbers are negative, too."""
        return _counted(self._counts) if self.are_alone else {}

    def add(self, values: Block) -> None:
        """Take values, of which NaN does not count."""
        if self.are_alone:
            counts, others = _known_and_others(values[values < 0].astype(np.float64))
            self.are_alone = not others.size
            self._counts += counts

    def merge(self, part: NegativeCodes) -> None:
        """Take what was found elsewhere among numbers that did not come here."""
        self.are_alone &= part.are_alone
        self._counts += part._counts


def _known_and_others(values: npt.NDArray[np.float64]) -> tuple[Block, npt.NDArray[np.float64]]:
    """How often each of the known fill values is there, and the other values."""
    places = np.searchsorted(_KNOWN, values)
    are_known = _KNOWN[places] == values
    return np.bincount(places[are_known], minlength=len(_KNOWN)), values[~are_known]


def _counted(counts: Block) -> dict[float, int]:
    found = np.flatnonzero(counts)
    return dict(zip(_KNOWN[found].tolist(), counts[found].tolist(), strict=True))
