"""The experiment itself, simulated: gratings, neurons of primary visual cortex and their spikes; no file is touched.

Two animals saw one sequence of trials. In each of ten repetitions every grating was shown once, in random order.
A neuron fires as an inhomogeneous Poisson process whose rate is constant within a time bin, so that the counts
are exactly the histogram of the spike times.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from brainpack.objects.assemblies import MetadataAssembly, NeuroidAssembly, SpikeTimesAssembly
from brainpack.objects.stimuli import StimulusSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ORIENTATIONS: Final = np.arange(16) * 11.25  # degrees
SPATIAL_FREQUENCIES: Final = (1.0, 2.0)  # cycles per degree of visual angle
PHASES: Final = (0.0, 90.0)  # degrees
REPETITIONS: Final = 10
ANIMALS: Final = ("M1", "M2")
NEURONS_PER_ANIMAL: Final = 24
BIN_WIDTH: Final = 25  # ms
BIN_STARTS: Final = np.arange(-50, 250, BIN_WIDTH)  # ms after the stimulus appeared
TRIAL_DURATION: Final = 0.5  # s, from one stimulus to the next

_IMAGE_SIZE: Final = 128  # pixels
_IMAGE_WIDTH: Final = 4.0  # degrees of visual angle
_ENVELOPE: Final = 0.8  # degrees of visual angle, standard deviation
_LATENCY: Final = 50.0  # ms
_TRANSIENT_DECAY: Final = 30.0  # ms
_SUSTAINED: Final = 0.4  # of the peak
_OCTAVES: Final = 1.0  # standard deviation of spatial frequency tuning


@dataclass(frozen=True)
class Neurons:
    """Tuning of the simulated neurons; all arrays have one entry per neuron.

    Attributes
    ----------
    preferred_orientation : array of float
        Degrees, 0 ≤ orientation < 180.
    half_width : array of float
        Half-width of orientation tuning at half of its height, in degrees.
    preferred_frequency : array of float
        Cycles per degree of visual angle.
    baseline, amplitude : array of float
        Firing rate without a stimulus, and what the best one adds at the peak of the response; spikes per second.
    """

    preferred_orientation: Floats
    half_width: Floats
    preferred_frequency: Floats
    baseline: Floats
    amplitude: Floats


@dataclass(frozen=True)
class Experiment:
    """What a lab holds after an experiment.

    Attributes
    ----------
    stimuli : StimulusSet
        One row per grating: `stimulus_id`, `orientation`, `spatial_frequency`, `phase`; its files do not exist yet.
    images : dict of str to array of uint8, shape (128, 128)
        Grey values by `stimulus_id`.
    counts : NeuroidAssembly, int16, (presentation 640, neuroid 48, time_bin 12)
        Spikes per bin.
    spikes : SpikeTimesAssembly, float64, (event)
        Times in seconds after the session began; neuron by neuron, for each in order of time.
    trials : MetadataAssembly, float64, (event 640)
        When each stimulus appeared, in seconds after the session began.
    """

    stimuli: StimulusSet
    images: dict[str, NDArray[np.uint8]]
    counts: NeuroidAssembly
    spikes: SpikeTimesAssembly
    trials: MetadataAssembly


def simulate(seed: int = 0) -> Experiment:
    """Run the experiment.

    Parameters
    ----------
    seed : int
        The same seed gives the same experiment.

    Returns
    -------
    Experiment

    Examples
    --------
    >>> dict(simulate().counts.sizes)
    {'presentation': 640, 'neuroid': 48, 'time_bin': 12}
    """
    random = np.random.default_rng(seed)
    stimuli = make_stimuli()
    neurons = draw_neurons(random)
    shown = np.concatenate([random.permutation(len(stimuli)) for _ in range(REPETITIONS)])
    rates = firing_rates(stimuli, neurons)[shown]
    counts = random.poisson(rates * BIN_WIDTH / 1000).astype(np.int16)
    onsets = 1 + TRIAL_DURATION * np.arange(len(shown), dtype=np.float64)

    presentations = {
        "stimulus_id": stimuli["stimulus_id"].to_numpy(dtype=object)[shown],
        "repetition": np.repeat(np.arange(REPETITIONS, dtype=np.int16), len(stimuli)),
        "trial": np.arange(len(shown), dtype=np.int16),
    }
    neuroids = describe(neurons)
    return Experiment(
        stimuli,
        images={name: draw_grating(*grating) for name, *grating in stimuli.itertuples(index=False, name=None)},
        counts=_assemble_counts(counts, presentations, neuroids),
        spikes=_draw_spikes(random, counts, onsets, neuroids["neuroid_id"]),
        trials=MetadataAssembly(
            onsets,
            coords={name: ("event", values) for name, values in presentations.items()},
            dims=["event"],
            attrs={"description": "appearance of the stimulus, s after the session began"},
        ),
    )


def make_stimuli() -> StimulusSet:
    """Every combination of orientation, spatial frequency and phase: 64 rows."""
    rows = [*product(ORIENTATIONS.tolist(), SPATIAL_FREQUENCIES, PHASES)]
    stimuli = StimulusSet(rows, columns=["orientation", "spatial_frequency", "phase"])
    stimuli.insert(0, "stimulus_id", [f"grating_{number}" for number in range(1, len(rows) + 1)])
    return stimuli


def draw_grating(orientation: float, spatial_frequency: float, phase: float) -> NDArray[np.uint8]:
    """Draw one frame of a drifting grating, seen through a Gaussian window.

    Parameters
    ----------
    orientation : float
        Of the bars, in degrees counter-clockwise from horizontal.
    spatial_frequency : float
        Cycles per degree of visual angle; the image is 4 degrees wide.
    phase : float
        Of the sinusoid at the centre, in degrees.

    Returns
    -------
    array of uint8, shape (128, 128)
        Grey values around 128.
    """
    pixels = np.arange(_IMAGE_SIZE) - (_IMAGE_SIZE - 1) / 2
    degrees = pixels * _IMAGE_WIDTH / _IMAGE_SIZE
    x, y = degrees[np.newaxis, :], -degrees[:, np.newaxis]
    across = y * np.cos(np.radians(orientation)) - x * np.sin(np.radians(orientation))
    carrier = np.cos(2 * np.pi * spatial_frequency * across + np.radians(phase))
    envelope = np.exp(-(x**2 + y**2) / (2 * _ENVELOPE**2))
    image: NDArray[np.uint8] = np.rint(128 + 127 * carrier * envelope).astype(np.uint8)
    return image


def draw_neurons(random: np.random.Generator) -> Neurons:
    """Draw the tuning of all neurons, animal by animal."""
    count = len(ANIMALS) * NEURONS_PER_ANIMAL
    return Neurons(
        preferred_orientation=random.uniform(0, 180, count).round(1) % 180,
        half_width=random.uniform(15, 35, count),
        preferred_frequency=random.choice(SPATIAL_FREQUENCIES, count),
        baseline=random.uniform(1, 6, count),
        amplitude=random.uniform(30, 80, count),
    )


def firing_rates(stimuli: StimulusSet, neurons: Neurons) -> Floats:
    """Firing rate of every neuron to every stimulus in every bin.

    Returns
    -------
    array of shape (stimulus, neuron, time_bin)
        Spikes per second. Phase makes no difference: these are complex cells.
    """
    orientation, frequency = (
        stimuli[column].to_numpy()[:, np.newaxis] for column in ("orientation", "spatial_frequency")
    )
    tuning = orientation_tuning(orientation, neurons.preferred_orientation, neurons.half_width)
    octaves = np.log2(frequency / neurons.preferred_frequency)
    drive = neurons.amplitude * tuning * np.exp(-(octaves**2) / (2 * _OCTAVES**2))
    rates: Floats = neurons.baseline[:, np.newaxis] + drive[..., np.newaxis] * response_course()
    return rates


def orientation_tuning(orientation: Any, preferred: Any, half_width: Any) -> Any:
    """Response to an orientation, relative to that to the preferred one.

    It is the von Mises function of Swindale (1998), "Orientation tuning curves: empirical description and
    estimation of parameters", Biological Cybernetics 78:45-56, without its baseline and skewness:
    ``exp(k (cos 2(orientation - preferred) - 1))``, with k so that it falls to one half at `half_width`.

    Parameters
    ----------
    orientation, preferred, half_width : float or array
        Degrees; arrays broadcast.

    Returns
    -------
    float or array
        Between 0 and 1, of period 180 degrees.

    Examples
    --------
    >>> orientation_tuning(np.array([90, 110, 290]), preferred=90, half_width=20).round(3).tolist()
    [1.0, 0.5, 0.5]
    """
    concentration = np.log(2) / (1 - np.cos(2 * np.radians(half_width)))
    return np.exp(concentration * (np.cos(2 * np.radians(orientation - preferred)) - 1))


def response_course() -> Floats:
    """Time course of the response to a stimulus: nothing before the latency, a transient, then a plateau.

    Returns
    -------
    array of shape (time_bin,)
        From 0 to 1, at the centre of each bin.
    """
    since_latency = BIN_STARTS + BIN_WIDTH / 2 - _LATENCY
    decaying = _SUSTAINED + (1 - _SUSTAINED) * np.exp(-since_latency / _TRANSIENT_DECAY)
    return np.where(since_latency < 0, 0.0, decaying)


def describe(neurons: Neurons) -> dict[str, NDArray[Any]]:
    """Make the coordinates of the dimension `neuroid`."""
    ids = [f"{animal}_{number:02d}" for animal in ANIMALS for number in range(1, NEURONS_PER_ANIMAL + 1)]
    return {
        "neuroid_id": np.array(ids, dtype=object),
        "region": np.full(len(ids), "V1", dtype=object),
        "animal": np.repeat(np.array(ANIMALS, dtype=object), NEURONS_PER_ANIMAL),
        "preferred_orientation": neurons.preferred_orientation,
    }


def _assemble_counts(
    counts: NDArray[np.int16], presentations: dict[str, NDArray[Any]], neuroids: dict[str, NDArray[Any]]
) -> NeuroidAssembly:
    bins = {"time_bin_start": BIN_STARTS, "time_bin_end": BIN_STARTS + BIN_WIDTH}
    along = {"presentation": presentations, "neuroid": neuroids, "time_bin": bins}
    return NeuroidAssembly(
        counts,
        coords={name: (dim, values) for dim, coords in along.items() for name, values in coords.items()},
        dims=[*along],
        attrs={"description": "spikes per time bin; bins in ms after the stimulus appeared"},
    )


def _draw_spikes(
    random: np.random.Generator, counts: NDArray[np.int16], onsets: Floats, neuroid_ids: NDArray[Any]
) -> SpikeTimesAssembly:
    """Scatter the spikes of every bin evenly over it."""
    by_neuron = counts.transpose(1, 0, 2)
    neuron, trial, time_bin = (np.repeat(where.ravel(), by_neuron.ravel()) for where in np.indices(by_neuron.shape))
    times = onsets[trial] + (BIN_STARTS[time_bin] + BIN_WIDTH * random.random(len(trial))) / 1000
    in_order = np.lexsort((times, neuron))
    return SpikeTimesAssembly(
        times[in_order],
        coords={
            "neuroid_id": ("event", neuroid_ids[neuron[in_order]]),
            "trial": ("event", trial[in_order].astype(np.int16)),
        },
        dims=["event"],
        attrs={"description": "spike times, s after the session began"},
    )
