"""Rules about the values of an assembly: what is missing, what cannot be a response, and how they are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from brainpack.layout import LEGACY_STIMULUS_ID, PRESENTATION, STIMULUS_ID
from brainpack.validation.findings import EXAMPLES, Problem, Severity, Words, shown
from brainpack.validation.registry import rule
from brainpack.validation.statistics import NEUROID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from brainpack.validation.statistics import Entries, Numbers, Statistics

    Array = npt.NDArray[Any]

_NAMES_OF: Final = {NEUROID: ("neuroid_id",), PRESENTATION: (STIMULUS_ID, LEGACY_STIMULUS_ID)}
_ENOUGH_TO_VARY: Final = 10  # presentations; fewer may agree by chance
_APART: Final = 4  # how many times larger than all real values a fill value is
_FAR: Final = 1000  # how many times larger than all other values one is that looks wrong
_FEW: Final = 1 / 10_000  # of the values may be that large
_OTHERS: Final = 10  # values are needed to say what is usual
_LISTED: Final = {NEUROID: 3, PRESENTATION: 2}  # of those that miss more than the others
_MORE: Final = 2  # times what the others miss,
_BY_CHANCE: Final = 6  # and standard deviations, if values are lost at random
_INTEGERS: Final = (np.dtype(np.int16), np.dtype(np.int32))  # differences of smaller ones do not fit into their type
_ALL_DIGITS: Final = 1e15


@dataclass(frozen=True)
class Values:
    """The values of an assembly.

    Attributes
    ----------
    statistics : Statistics
        Of all of them.
    coords : mapping of str to (dims, values)
        The coordinates as the file holds them; they name neuroids and presentations.
    """

    statistics: Statistics
    coords: Mapping[str, tuple[tuple[str, ...], Array]]

    @property
    def numbers(self) -> Numbers | None:
        return self.statistics.numbers

    @property
    def by_dimension(self) -> dict[str, Entries]:
        """Neuroids and presentations, as far as there are any."""
        both = {NEUROID: self.statistics.neuroids, PRESENTATION: self.statistics.presentations}
        return {dim: entries for dim, entries in both.items() if entries is not None and entries.values_each}

    def name(self, dim: str, position: int) -> Words:
        """A neuroid or a presentation, such as "neuroid 12 (neuroid_id 'm3_12')"."""
        for coordinate in _NAMES_OF[dim]:
            dims, labels = self.coords.get(coordinate, ((), None))
            if dims == (dim,) and labels is not None:
                return Words(f"{dim} {position} ({coordinate} {shown(labels[position])})")
        return Words(f"{dim} {position}")

    def names(self, dim: str, are_meant: Array) -> list[Words]:
        """The first few of the neuroids or presentations that are meant."""
        return [self.name(dim, position) for position in np.flatnonzero(are_meant)[:EXAMPLES].tolist()]

    def neuroids_with(self, smallest: float, largest: float) -> Array:
        """Whether the extremes of each neuroid have a magnitude between two; empty without neuroids."""
        if self.numbers is None or self.statistics.neuroids is None:
            return np.zeros(0, bool)
        extremes = np.abs(np.stack([self.numbers.lowest, self.numbers.highest]).astype(np.float64))
        return np.asarray(((extremes >= smallest) & (extremes <= largest)).any(axis=0))

    @property
    def spread(self) -> tuple[Any, Any] | None:
        """The lowest and the highest number; None where there is none, or all are the same."""
        extremes = self.numbers and self.numbers.range
        return extremes if extremes and extremes[0] < extremes[1] else None


@rule("BP-A030", Values, Severity.NOTE)
def values_are_there(values: Values) -> Iterator[Problem]:
    """No value is missing."""
    statistics = values.statistics
    if not statistics.missing:
        return
    worst = [
        f"{values.name(dim, position)}: {_share(int(entries.missing[position]), entries.values_each)}"
        for dim, entries in values.by_dimension.items()
        for position in _missing_more(entries)[: _LISTED[dim]]
    ]
    yield Problem(
        "values",
        "values everywhere, or as many missing as you know of",
        f"{_share(statistics.missing, statistics.size)} missing ({statistics.missing} of {statistics.size})"
        + (f", more than elsewhere in {', '.join(worst)}" if worst else ""),
        "Make sure that they were not lost on the way, and say where the data are described why they are missing",
        count=statistics.missing,
    )


@rule("BP-A031", Values, Severity.WARNING, when_published=Severity.ERROR)
def none_is_without_values(values: Values) -> Iterator[Problem]:
    """Every neuroid and every presentation has a value."""
    for dim, entries in values.by_dimension.items():
        are_empty = entries.missing == entries.values_each
        if entries.values_each > 1 and are_empty.any():
            yield Problem(
                "values",
                f"at least one for every {dim}",
                f"{np.count_nonzero(are_empty)} of {len(entries)} {dim}s without any",
                f"Leave them out, for instance with assembly.dropna({dim!r}, how='all')",
                values.names(dim, are_empty),
                int(np.count_nonzero(are_empty)),
            )


@rule("BP-A032", Values, Severity.WARNING, when_published=Severity.ERROR)
def values_are_finite(values: Values) -> Iterator[Problem]:
    """No value is infinite."""
    statistics = values.statistics
    if statistics.infinite:
        places = next(((dim, entries.infinite > 0) for dim, entries in values.by_dimension.items()), None)
        yield Problem(
            "values",
            "finite numbers",
            f"{statistics.infinite} infinite of {statistics.size}",
            "Look for a division by zero or the logarithm of zero; NaN stands for a response that there is not",
            values.names(*places) if places else (),
            int(np.count_nonzero(places[1])) if places else statistics.infinite,
        )


@rule("BP-A033", Values, Severity.WARNING)
def neuroids_vary(values: Values) -> Iterator[Problem]:
    """No neuroid has one and the same value at all presentations."""
    numbers, neuroids, presentations = values.numbers, values.statistics.neuroids, values.statistics.presentations
    if numbers is None or neuroids is None or not presentations:
        return
    enough = _ENOUGH_TO_VARY * max(neuroids.values_each // len(presentations), 1)
    are_constant = (
        (numbers.lowest == numbers.highest)
        & (neuroids.infinite == 0)
        & (neuroids.values_each - neuroids.missing >= enough)
    )
    if are_constant.any():
        yield Problem(
            "values",
            "neuroids that respond differently to different stimuli",
            f"{np.count_nonzero(are_constant)} of {len(neuroids)} with one and the same value everywhere",
            "Leave them out if they were silent or disconnected: they correlate with nothing",
            [
                Words(f"{values.name(NEUROID, position)}: {_text(numbers.lowest[position].item())}")
                for position in np.flatnonzero(are_constant)[:EXAMPLES].tolist()
            ],
            int(np.count_nonzero(are_constant)),
        )


@rule("BP-A034", Values, Severity.WARNING)
def magnitudes_are_plausible(values: Values) -> Iterator[Problem]:
    """No value stands for a missing one, and none is far from all others."""
    if values.numbers is None:
        return
    magnitudes, fill_values = values.numbers.largest.magnitudes, values.numbers.largest.fill_values
    usual, far = _parted(magnitudes, values.statistics.size)
    if far:
        where = ", ".join(values.names(NEUROID, values.neuroids_with(far[0], far[-1])))
        yield Problem(
            "values",
            f"magnitudes like those of all others, which end at {_text(usual)}",
            (_text(far[0]) if len(far) == 1 else f"{len(far)} between {_text(far[0])} and {_text(far[-1])}")
            + (f", in {where}" if where else ""),
            "Look for artefacts, other units or a division by almost zero; NaN stands for a response that there is not",
            count=len(far),
        )
    codes = {value: count for value, count in fill_values.items() if abs(value) >= _APART * usual}
    codes |= values.numbers.negative.fill_values
    count = sum(codes.values())
    if codes and count < values.statistics.size - values.statistics.missing:
        times = ", ".join(f"{_text(value)} ({codes[value]} times)" for value in sorted(codes))
        yield Problem(
            "values",
            f"NaN where a value is missing, and the magnitudes of all others, which end at {_text(usual)}",
            f"what looks like codes for missing values: {times}",
            "Replace them, for instance with assembly.where(assembly != code)",
            count=count,
        )


@rule("BP-A035", Values, Severity.NOTE)
def whole_numbers_are_integers(values: Values) -> Iterator[Problem]:
    """Whole numbers are stored as integers."""
    if (integer := _integer_for(values)) and values.spread:
        low, high = values.spread
        yield Problem(
            "values",
            "an integer type for whole numbers",
            f"{values.statistics.dtype.name} for those from {_text(low)} to {_text(high)}",
            f"Use assembly.astype({integer.name!r}): it needs less memory, and says that these are counts or choices",
        )


@rule("BP-A036", Values, Severity.NOTE)
def double_precision_is_needed(values: Values) -> Iterator[Problem]:
    """Values are stored as float64 only if float32 cannot hold them."""
    if values.numbers and values.numbers.fit_float32 and values.spread and not _integer_for(values):
        yield Problem(
            "values",
            "float32 for values that it holds exactly",
            "float64",
            "Use assembly.astype('float32'): the values stay the same and need half the memory",
        )


def _integer_for(values: Values) -> np.dtype[Any] | None:
    """A smaller integer type that holds the floats; None where there is none, or nothing to tell it from."""
    if values.spread is None or values.numbers is None or not values.numbers.are_whole:
        return None
    low, high = values.spread
    for integer in _INTEGERS:
        if np.iinfo(integer).min <= low and high <= np.iinfo(integer).max:
            return integer if integer.itemsize < values.statistics.dtype.itemsize else None
    return None


def _parted(magnitudes: Array, size: int) -> tuple[float, list[float]]:
    """The largest of the usual magnitudes, and the few that are far beyond.

    >>> _parted(np.array([1.0] * 20 + [3.0, 5e6]), size=1000)
    (3.0, [5000000.0])
    """
    fewest = max(_OTHERS, len(magnitudes) - max(int(size * _FEW), 1))
    are_far = magnitudes[fewest:] / _FAR >= magnitudes[fewest - 1 : -1]
    usual = fewest + int(np.argmax(are_far)) if are_far.any() else len(magnitudes)
    return float(magnitudes[usual - 1]) if usual else 0.0, magnitudes[usual:].tolist()


def _missing_more(entries: Entries) -> list[int]:
    """Positions of those that miss clearly more than the others, the worst first."""
    missing = entries.missing
    others = (missing.sum() - missing) / max(len(entries) - 1, 1)
    are_worse = missing > np.maximum(_MORE * others, others + _BY_CHANCE * np.sqrt(others))
    worst: list[int] = np.argsort(-missing, kind="stable")[: np.count_nonzero(are_worse)].tolist()
    return worst


def _share(part: int, whole: int) -> str:
    """A part in percent.

    >>> _share(1, 8), _share(1, 30_000)
    ('12.5%', '0.00333%')
    """
    return f"{100 * part / whole:.3g}%"


def _text(value: float) -> str:
    """A number, whole ones with all digits.

    >>> _text(-2147483648.0), _text(0.1 + 0.2), _text(1e20)
    ('-2147483648', '0.3', '1e+20')
    """
    return f"{value:.15g}" if abs(value) < _ALL_DIGITS and value == int(value) else f"{value:.6g}"
