"""Simulated data of the sizes and kinds that are published this year: always the same values, from a seed.

`PRESETS` has data sets as they are; `scaled` cuts or repeats one along its first dimension, and `lazy` gives it block
by block, each from its own place in the numbers of a counter, so that any part can be made again and compared.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy.typing as npt
    import xarray as xr

    Values = npt.NDArray[Any]
    Make = Callable[[np.random.Generator, tuple[int, ...]], Values]

REPETITIONS: Final = 25
STIMULI: Final = 1_000_000  # in one set
_BLOCK: Final = 64 << 20  # bytes that are made at a time
_RATES: Final = 16  # different mean counts
_STEP: Final = np.float32(0.5)  # microvolts


def noise(chance: np.random.Generator, shape: tuple[int, ...], dtype: str = "float32") -> Values:
    """Betas of fMRI: hardly anything to compress."""
    return chance.standard_normal(shape, np.dtype(dtype).type)


def voltages(chance: np.random.Generator, shape: tuple[int, ...]) -> Values:
    """EEG in microvolts, in the steps of an amplifier: a third of its size when compressed."""
    return np.frombuffer(chance.bytes(math.prod(shape)), np.int8).reshape(shape) * _STEP


def single_as_double(chance: np.random.Generator, shape: tuple[int, ...]) -> Values:
    """float64 values that were float32 once, as after a mean or a unit conversion."""
    return noise(chance, shape).astype(np.float64)


def counts(chance: np.random.Generator, shape: tuple[int, ...]) -> Values:
    """Spike counts of time bins: Poisson, with a mean for each neuroid, drawn from tables because that is fast."""
    offsets = (np.arange(shape[1]) % _RATES * 256).astype(np.int16).reshape(-1, *(1,) * (len(shape) - 2))
    drawn = np.frombuffer(chance.bytes(math.prod(shape)), np.uint8).reshape(shape)
    return np.take(_quantiles(), drawn + offsets)


def mean_counts(chance: np.random.Generator, shape: tuple[int, ...]) -> Values:
    """A PSTH: spike counts of time bins, averaged over repetitions."""
    rates = chance.gamma(2, 0.5, shape[1]).reshape(-1, *(1,) * (len(shape) - 2))
    return chance.poisson(rates * REPETITIONS, shape) / REPETITIONS


def times(chance: np.random.Generator, shape: tuple[int, ...]) -> Values:
    """Of spikes, in seconds from the beginning of a session."""
    return np.sort(chance.random(shape) * 3600)


def _quantiles() -> Values:
    """For each mean, 256 equally probable counts, one after the other."""
    drawn = np.sort(np.random.default_rng(0).poisson(np.geomspace(0.1, 5, _RATES), (256, _RATES)), axis=0)
    return drawn.T.ravel().astype(np.float32)


@dataclass(frozen=True)
class Preset:
    """A data set that has not been made yet.

    Attributes
    ----------
    cls : str
        Of the assembly.
    sizes : dict of str to int
        By dimension.
    dtype : str
    make : callable
        Values from a random generator and a shape.
    coordinates : int
        How many columns of text the first dimension has, beside an id.
    """

    cls: str
    sizes: dict[str, int]
    dtype: str
    make: Make
    coordinates: int = 1

    @property
    def nbytes(self) -> int:
        return math.prod(self.sizes.values()) * np.dtype(self.dtype).itemsize

    def scaled(self, factor: float) -> Preset:
        first, *others = self.sizes
        return replace(
            self,
            sizes={first: max(round(self.sizes[first] * factor), 1)} | {name: self.sizes[name] for name in others},
        )

    def of_size(self, nbytes: float) -> Preset:
        return self.scaled(nbytes / self.nbytes)


_noise64 = partial(noise, dtype="float64")
_NEURAL: Final = ("presentation", "neuroid", "time_bin")


def _neural(dtype: str, make: Make, *sizes: int) -> Preset:
    return Preset("NeuroidAssembly", dict(zip(_NEURAL, sizes, strict=False)), dtype, make)


PRESETS: Final = {
    "eeg": _neural("float32", voltages, 66_160, 170, 100),
    "neuropixels": _neural("float32", counts, 1_000, 47_503, 30),
    "fmri surface": _neural("float32", noise, 800, 221_168),
    "behaviour": Preset("BehavioralAssembly", {"presentation": 927_296}, "float64", _noise64, 8),
}
# The same kinds in the sizes at which the reference client takes about a minute.
FILES: Final = {
    "fMRI betas, float64": _neural("float64", _noise64, 200, 100_000),
    "the same from float32": _neural("float64", single_as_double, 200, 100_000),
    "PSTH, float64": _neural("float64", mean_counts, 250, 2_000, 30),
    "spike counts, float32": _neural("float32", counts, 350, 2_000, 30),
    "spike times, 10 texts": Preset("SpikeTimesAssembly", {"event": 1_000_000}, "float64", times, 10),
    "behaviour, 8 texts": PRESETS["behaviour"],
}


def coordinates(preset: Preset) -> dict[str, tuple[str, Values]]:
    """Dimension and values of each coordinate."""
    first, length = next(iter(preset.sizes.items()))
    chance, numbers = np.random.default_rng(1), np.arange(length)
    found: dict[str, tuple[str, Values]] = {}
    if first == "presentation":
        found["stimulus_id"] = first, _texts("stimulus", numbers % 5_000)
        found["repetition"] = first, numbers // 5_000
    for number in range(preset.coordinates):
        found[f"label_{number}"] = first, _texts(f"label {number}", chance.integers(0, 10 ** (1 + number % 4), length))
    if "neuroid" in preset.sizes:
        numbers = np.arange(preset.sizes["neuroid"])
        found["neuroid_id"] = "neuroid", _texts("n", numbers)
        found["region"] = "neuroid", np.array(["V1", "V2", "V4", "IT"])[numbers % 4]
    if "time_bin" in preset.sizes:
        starts = np.arange(preset.sizes["time_bin"]) * 10
        found["time_bin_start"], found["time_bin_end"] = ("time_bin", starts), ("time_bin", starts + 10)
    return found


def _texts(name: str, numbers: Values) -> Values:
    """A text for each number; made once for each that occurs."""
    different, places = np.unique(numbers, return_inverse=True)
    return np.array([f"{name}_{number:05d}" for number in different])[places]


def save(preset: Preset, folder: Path) -> None:
    """Make a data set, for `benchmarks.sides.arrays` to load with any version of the libraries."""
    folder.mkdir(parents=True)
    shape = tuple(preset.sizes.values())
    np.save(folder / "values.npy", preset.make(np.random.default_rng(0), shape))
    dims = {}
    for name, (dim, values) in coordinates(preset).items():
        np.save(folder / f"{name}.coordinate.npy", values)
        dims[name] = dim
    (folder / "layout.json").write_text(json.dumps({"cls": preset.cls, "dims": list(preset.sizes), "coords": dims}))


def lazy(preset: Preset) -> xr.DataArray:
    """A data set whose blocks are made when they are asked for."""
    import dask.array
    import xarray as xr

    lengths = tuple(stop.stop - stop.start for stop in blocks(preset))
    whole = tuple((length,) for length in tuple(preset.sizes.values())[1:])
    make = partial(_block, preset)
    values = dask.array.map_blocks(make, chunks=(lengths, *whole), dtype=preset.dtype, meta=np.empty(0, preset.dtype))
    return xr.DataArray(values, coordinates(preset), tuple(preset.sizes))


def blocks(preset: Preset) -> list[slice]:
    """Where blocks are, along the first dimension."""
    length = next(iter(preset.sizes.values()))
    step = max(_BLOCK * length // preset.nbytes, 1)
    return [slice(start, min(start + step, length)) for start in range(0, length, step)]


def block(preset: Preset, number: int) -> Values:
    """Values of one block."""
    part = blocks(preset)[number]
    shape = (part.stop - part.start, *tuple(preset.sizes.values())[1:])
    return preset.make(np.random.Generator(np.random.Philox(key=0, counter=number << 64)), shape)


def region(preset: Preset, part: slice) -> Values:
    """Values of a part of the first dimension."""
    places = blocks(preset)
    touched = [number for number, place in enumerate(places) if place.start < part.stop and part.start < place.stop]
    made = np.concatenate([block(preset, number) for number in touched])
    start = places[touched[0]].start
    return made[part.start - start : part.stop - start]


def _block(preset: Preset, block_info: Mapping[Any, Any]) -> Values:
    return block(preset, block_info[None]["chunk-location"][0])
