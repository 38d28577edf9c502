"""The simulated experiment behaves like one, and its packages hold it."""

from __future__ import annotations

import hashlib
import re
import shutil
import zipfile
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import brainpack
from brainpack.demo import experiment as design
from brainpack.demo import run as demo
from brainpack.demo.experiment import simulate
from brainpack.demo.summary import summarise
from brainpack.demo.verification import verify_assembly, verify_class, verify_stimuli
from brainpack.errors import IntegrityError, InvalidData, StoreError
from brainpack.packaging import package_data_assembly_locally

if TYPE_CHECKING:
    from collections.abc import Callable

    from brainpack import NeuroidAssembly, StimulusSet
    from brainpack.demo.experiment import Experiment
    from brainpack.demo.run import Outcome


ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    return simulate()


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A run whose folder must not be changed."""
    return demo.run(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def folder(outcome: Outcome, tmp_path: Path) -> Path:
    """A copy of a run, to be damaged."""
    return shutil.copytree(outcome.folder, tmp_path / "copy")


def load(folder: Path, name: str) -> Any:
    return brainpack.load(folder / f"{name}.brainpack.json")


def orientation_distance(one: Any, other: Any) -> Any:
    """Degrees between orientations: at most 90."""
    return np.abs((one - other + 90) % 180 - 90)


def shown_orientation(experiment: Experiment) -> Any:
    by_id = dict(zip(experiment.stimuli["stimulus_id"], experiment.stimuli["orientation"], strict=True))
    return np.array([by_id[stimulus_id] for stimulus_id in experiment.counts["stimulus_id"].values])


# ---------------------------------------------------------------------------------------- the experiment


def test_stimuli_are_all_combinations(experiment: Experiment) -> None:
    stimuli = experiment.stimuli
    assert [*stimuli.columns] == ["stimulus_id", "orientation", "spatial_frequency", "phase"]
    assert len(stimuli) == len(stimuli.drop(columns="stimulus_id").drop_duplicates()) == 64
    assert {column: stimuli[column].nunique() for column in stimuli.columns[1:]} == {
        "orientation": 16,
        "spatial_frequency": 2,
        "phase": 2,
    }
    assert [*experiment.images] == stimuli["stimulus_id"].tolist()
    assert {(image.shape, image.dtype.name) for image in experiment.images.values()} == {((128, 128), "uint8")}
    assert len({image.tobytes() for image in experiment.images.values()}) == 64


def test_assemblies_are_as_designed(experiment: Experiment) -> None:
    counts, spikes, trials = experiment.counts, experiment.spikes, experiment.trials
    assert dict(counts.sizes) == {"presentation": 640, "neuroid": 48, "time_bin": 12}
    assert counts.dtype == np.int16
    assert {*counts.coords} >= {
        *("stimulus_id", "repetition", "neuroid_id", "region", "animal", "preferred_orientation"),
        *("time_bin_start", "time_bin_end"),
    }
    assert spikes.dims == trials.dims == ("event",)
    assert {*spikes.coords} >= {"neuroid_id", "trial"}
    assert np.array_equal(trials["stimulus_id"].values, counts["stimulus_id"].values)
    assert len(set(counts["neuroid_id"].values)) == 48
    assert np.array_equal(counts["time_bin_end"].values[:-1], counts["time_bin_start"].values[1:])


def test_every_stimulus_is_shown_once_in_each_repetition(experiment: Experiment) -> None:
    repetition = experiment.counts["repetition"].values
    for number in range(10):
        shown = experiment.counts["stimulus_id"].values[repetition == number]
        assert sorted(shown) == sorted(experiment.images)
        assert shown.tolist() != [*experiment.images]


def test_a_seed_gives_one_experiment(experiment: Experiment) -> None:
    again, other = simulate(), simulate(seed=1)
    assert again.spikes.identical(experiment.spikes)
    assert again.counts.identical(experiment.counts)
    assert not np.array_equal(other.counts.values, experiment.counts.values)


def test_gratings_have_the_orientation_and_frequency_of_their_row(experiment: Experiment) -> None:
    axis = np.fft.fftfreq(128, d=4 / 128)  # cycles per degree
    for name, orientation, frequency, _ in experiment.stimuli.itertuples(index=False, name=None):
        spectrum = np.abs(np.fft.fft2(experiment.images[name] - 128.0))
        row, column = np.unravel_index(spectrum.argmax(), spectrum.shape)
        x, y = axis[column], -axis[row]  # rows of an image count downwards
        across = np.degrees(np.arctan2(y, x)) % 180
        assert np.hypot(x, y) == pytest.approx(frequency, abs=0.2), name
        assert orientation_distance(across, orientation + 90) < 8, name


def test_phase_shifts_the_grating() -> None:
    bright, grey = (design.draw_grating(0, 1, phase)[63:65, 63:65].mean() for phase in (0, 90))
    assert bright > 250
    assert grey == pytest.approx(128, abs=1)


def test_responses_peak_at_the_preferred_orientation(experiment: Experiment) -> None:
    responses = experiment.counts.values[:, :, 4:].sum(axis=2)
    orientation = shown_orientation(experiment)
    tuning = np.stack([responses[orientation == each].mean(axis=0) for each in design.ORIENTATIONS])
    preferred = experiment.counts["preferred_orientation"].values
    peak = design.ORIENTATIONS[tuning.argmax(axis=0)]
    assert orientation_distance(peak, preferred).max() <= 1.5 * 11.25
    vectors = np.exp(2j * np.radians(design.ORIENTATIONS)) @ tuning
    assert orientation_distance(np.degrees(np.angle(vectors)) / 2, preferred).max() < 5


def test_responses_are_a_transient_and_a_plateau(experiment: Experiment) -> None:
    rates = experiment.counts.values.mean(axis=(0, 1)) / (design.BIN_WIDTH / 1000)  # spikes per second
    before, peak, plateau = rates[:4], rates[4], rates[8:]
    assert before == pytest.approx(before.mean(), rel=0.1)
    assert rates.argmax() == 4
    assert peak > 1.3 * plateau.max()
    assert plateau.min() > 2 * before.max()


def test_variance_of_counts_is_their_mean(experiment: Experiment) -> None:
    ids = experiment.counts["stimulus_id"].values
    repeated = np.stack([experiment.counts.values[ids == each] for each in experiment.images])
    assert repeated.shape == (64, 10, 48, 12)
    assert repeated.var(axis=1, ddof=1).mean() == pytest.approx(repeated.mean(), rel=0.03)


def test_counts_are_the_histogram_of_spike_times(experiment: Experiment) -> None:
    counts, spikes, trials = experiment.counts, experiment.spikes, experiment.trials
    trial = spikes["trial"].values
    since_onset = 1000 * (spikes.values - trials.values[trial])  # ms
    row = {neuroid_id: row for row, neuroid_id in enumerate(counts["neuroid_id"].values)}
    neuron = np.array([row[neuroid_id] for neuroid_id in spikes["neuroid_id"].values])
    edges = [*counts["time_bin_start"].values, counts["time_bin_end"].values[-1]]
    histogram, _ = np.histogramdd(
        (trial, neuron, since_onset), bins=(np.arange(641) - 0.5, np.arange(49) - 0.5, np.array(edges))
    )
    assert np.array_equal(histogram, counts.values)
    assert (np.diff(spikes.values)[np.diff(neuron) == 0] > 0).all()


# ------------------------------------------------------------------------------------------ the packages


def test_records_name_the_files_on_disk(outcome: Outcome) -> None:
    assert [(record.identifier, record.cls) for record in outcome.records] == [
        ("demo.Gratings", "StimulusSet"),
        ("demo.Gratings.counts", "NeuroidAssembly"),
        ("demo.Gratings.spikes", "SpikeTimesAssembly"),
    ]
    files = {file.name: file for record in outcome.records for file in record.files}
    assert sorted(files) == sorted(
        path.name for path in outcome.folder.iterdir() if path.suffix in {".csv", ".zip", ".nc"}
    )
    for name, file in files.items():
        content = (outcome.folder / name).read_bytes()
        assert (len(content), hashlib.sha1(content, usedforsecurity=False).hexdigest()) == (file.size, file.sha1)


def test_the_zip_holds_the_images(outcome: Outcome) -> None:
    with zipfile.ZipFile(outcome.folder / "stimulus_demo_Gratings.zip") as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            path.name: path.read_bytes() for path in (outcome.folder / "images").iterdir()
        }


def test_what_is_loaded_is_the_experiment(outcome: Outcome, experiment: Experiment) -> None:
    counts = load(outcome.folder, "assy_demo_Gratings_counts")
    assert type(counts) is brainpack.NeuroidAssembly
    assert np.array_equal(counts.values, experiment.counts.values)
    assert np.array_equal(counts["orientation"].values, shown_orientation(experiment))
    spikes = load(outcome.folder, "assy_demo_Gratings_spikes")
    assert type(spikes) is brainpack.SpikeTimesAssembly
    assert np.array_equal(spikes.values, experiment.spikes.values)
    assert np.array_equal(spikes.attrs["trials"].values, experiment.trials.values)


def test_a_second_run_gives_the_same_bytes(folder: Path, outcome: Outcome) -> None:
    assert not outcome.unchanged
    again = demo.run(folder)
    assert again.unchanged
    assert [record.files for record in again.records] == [record.files for record in outcome.records]


def test_a_second_run_repairs_what_was_changed(folder: Path) -> None:
    (folder / "assy_demo_Gratings_counts.brainpack.json").write_text("{}", "utf-8")
    (folder / "stimulus_demo_Gratings" / "grating_1.png").write_bytes(b"other")
    with pytest.warns(UserWarning, match=r"unpacked again: grating_1\.png"):
        assert not demo.run(folder).unchanged
    assert load(folder, "assy_demo_Gratings_counts").shape == (640, 48, 12)


@pytest.mark.parametrize(
    ("file", "record"),
    [
        ("stimulus_demo_Gratings.csv", "stimulus_demo_Gratings"),
        ("stimulus_demo_Gratings.zip", "stimulus_demo_Gratings"),
        ("assy_demo_Gratings_counts.nc", "assy_demo_Gratings_counts"),
        ("assy_demo_Gratings_spikes.nc", "assy_demo_Gratings_spikes"),
    ],
)
def test_one_changed_byte_is_found(folder: Path, file: str, record: str) -> None:
    content = bytearray((folder / file).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / file).write_bytes(content)
    with pytest.raises(IntegrityError, match=re.escape(file)):
        load(folder, record)


def test_files_of_another_data_set_are_not_replaced(tmp_path: Path, experiment: Experiment) -> None:
    taken = package_data_assembly_locally(
        experiment.counts, "demo_Gratings.counts", "demo.Gratings", downloads_path=tmp_path
    )
    with pytest.raises(InvalidData, match="demo_Gratings"):
        demo.run(tmp_path)
    assert load(tmp_path, "assy_demo_Gratings_counts").attrs["identifier"] == taken["identifier"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file"):
        demo.run(tmp_path / "file" / "demo")


def test_what_the_summary_proposes_works(outcome: Outcome) -> None:
    text = summarise(outcome)
    for record in outcome.records:
        assert record.identifier in text
        assert all(f"{file.size:,} bytes  SHA-1 {file.sha1}" in text for file in record.files)
    code = dedent("\n".join(line for line in text.splitlines() if line.startswith("    ")))
    printed: list[Any] = []
    exec(compile(code, "summary", "exec"), {"print": printed.append})  # noqa: S102 - the example is our own
    (tuning,) = printed
    preferred = outcome.experiment.counts["preferred_orientation"].values[0]
    assert orientation_distance(tuning.idxmax(), preferred) <= 11.25


# -------------------------------------------------------------------------------------- the verification


def with_value(counts: NeuroidAssembly) -> NeuroidAssembly:
    changed = counts.copy(deep=True)
    changed.values[3, 2, 1] += 1
    return changed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda counts: counts.transpose("neuroid", ...), "dimensions"),
        (with_value, r"values at \(3, 2, 1\)"),
        (lambda counts: counts.astype(np.int32), "values, type"),
        (lambda counts: counts.isel(presentation=slice(9)), "values, shape"),
        (lambda counts: counts.rename(region="area"), "coordinates"),
        (lambda counts: counts.assign_attrs(description="other"), "attribute 'description'"),
        (lambda counts: retyped(counts, "trial"), "coordinate 'trial', type"),
        (lambda counts: counts.isel(neuroid=slice(None, None, -1)).copy(data=counts), "coordinate"),
    ],
)
def test_verification_finds_a_changed_assembly(
    experiment: Experiment, change: Callable[[NeuroidAssembly], NeuroidAssembly], message: str
) -> None:
    verify_assembly("counts", experiment.counts, experiment.counts.copy(deep=True))
    with pytest.raises(IntegrityError, match=message):
        verify_assembly("counts", experiment.counts, change(experiment.counts))


def retyped(counts: NeuroidAssembly, name: str) -> NeuroidAssembly:
    (dim,) = counts[name].dims
    plain = counts.reset_index(dim)
    return type(counts)(plain.assign_coords({name: (dim, counts[name].values.astype(np.int64))}))


def test_verification_finds_a_wrong_stimulus_column(outcome: Outcome) -> None:
    given, loaded = outcome.experiment.counts, load(outcome.folder, "assy_demo_Gratings_counts")
    stimuli = load(outcome.folder, "stimulus_demo_Gratings")
    verify_assembly("counts", given, loaded, stimuli=stimuli)
    with pytest.raises(IntegrityError, match="coordinate 'phase'"):
        verify_assembly("counts", given, loaded, stimuli=stimuli.assign(phase=stimuli["phase"] + 1))


def test_verification_finds_another_class(experiment: Experiment) -> None:
    assert verify_class("counts", brainpack.NeuroidAssembly, experiment.counts) is experiment.counts
    with pytest.raises(IntegrityError, match="expected DataAssembly, got NeuroidAssembly"):
        verify_class("counts", brainpack.DataAssembly, experiment.counts)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda loaded: loaded.drop(columns="phase"), "columns"),
        (lambda loaded: loaded.assign(phase=loaded["phase"].astype(int)), "column 'phase', type"),
        (lambda loaded: loaded.iloc[::-1], "column 'stimulus_id'"),
        (lambda loaded: loaded.assign(filename="grating_1.png"), "entries of"),
    ],
)
def test_verification_finds_a_changed_table(
    outcome: Outcome, change: Callable[[StimulusSet], StimulusSet], message: str
) -> None:
    loaded = change(load(outcome.folder, "stimulus_demo_Gratings"))
    with pytest.raises(IntegrityError, match=message):
        verify_demo_stimuli(outcome, loaded, outcome.folder)


def test_verification_finds_a_changed_image(outcome: Outcome, folder: Path) -> None:
    loaded = load(folder, "stimulus_demo_Gratings")
    verify_demo_stimuli(outcome, loaded, folder)
    (folder / "images" / "grating_7.png").write_bytes(b"other")
    with pytest.raises(IntegrityError, match=r"grating_7\.png in the ZIP"):
        verify_demo_stimuli(outcome, loaded, folder)


def test_an_unpacked_image_that_changes_is_repaired(outcome: Outcome, folder: Path) -> None:
    loaded = load(folder, "stimulus_demo_Gratings")
    (folder / "stimulus_demo_Gratings" / "grating_7.png").write_bytes(b"other")
    with pytest.warns(UserWarning, match=r"grating_7\.png differed from the ZIP, and was unpacked again"):
        verify_demo_stimuli(outcome, loaded, folder)


def verify_demo_stimuli(outcome: Outcome, loaded: StimulusSet, folder: Path) -> None:
    verify_stimuli(
        "stimuli",
        outcome.experiment.stimuli,
        loaded,
        archive=folder / "stimulus_demo_Gratings.zip",
        sources=folder / "images",
    )


# ----------------------------------------------------------------------------------- the reference client


@pytest.mark.interop
def test_the_reference_client_loads_the_packages(outcome: Outcome, run_reference: Callable[..., Any]) -> None:
    load(outcome.folder, "stimulus_demo_Gratings")  # unpacks the ZIP
    found = run_reference(
        """
        import json, os, sys
        from brainscore_core.supported_data_standards.brainio.assemblies import NeuroidAssembly, SpikeTimesAssembly
        from brainscore_core.supported_data_standards.brainio.stimuli import StimulusSet

        os.chdir(sys.argv[1])
        names = {"stimulus_set_identifier": "demo.Gratings"}
        stimuli = StimulusSet.from_files("stimulus_demo_Gratings.csv", "stimulus_demo_Gratings")
        counts = NeuroidAssembly.from_files("assy_demo_Gratings_counts.nc", stimulus_set=stimuli, **names)
        spikes = SpikeTimesAssembly.from_files("assy_demo_Gratings_spikes.nc", stimulus_set=stimuli, **names)
        print(json.dumps({
            "stimuli": len(stimuli),
            "counts": [str(counts.dtype), counts.dims, counts.values.sum(axis=(0, 2)).tolist()],
            "orientation": counts["orientation"].values.tolist(),
            "spikes": [str(spikes.dtype), spikes.values.tolist()[::1000]],
            "trials": spikes.attrs["trials"].values.tolist(),
        }))
        """,
        outcome.folder,
    )
    experiment = outcome.experiment
    assert found == {
        "stimuli": 64,
        "counts": ["int16", [*experiment.counts.dims], experiment.counts.values.sum(axis=(0, 2)).tolist()],
        "orientation": shown_orientation(experiment).tolist(),
        "spikes": ["float64", experiment.spikes.values.tolist()[::1000]],
        "trials": experiment.trials.values.tolist(),
    }
