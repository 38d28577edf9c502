"""What is in the data is on the page, in its place: no neuron falls silent, no stimulus is called damaged."""

from __future__ import annotations

import base64
import io
import re
import struct
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image

from brainpack import write_report
from brainpack.media.formats import recognised
from brainpack.picturing.streams import levels_of
from tests.helpers import png
from tests.picturing.packages import assembly_package, rates, stimuli_package
from tests.picturing.pages import words

if TYPE_CHECKING:
    from pathlib import Path


def test_no_neuron_is_silent_because_there_are_many_spikes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brainpack.picturing.spikes._EVENTS", 1000)
    ids = np.repeat([f"n{place:02}" for place in range(40)], 100)  # in the order of neurons
    spikes = xr.DataArray(np.tile(np.linspace(0.0, 9.9, 100), 40), {"neuroid_id": ("event", ids)}, ("event",))
    text = words(write_report(assembly_package(tmp_path, spikes, "SpikeTimesAssembly")))
    assert "1,000 spikes of 10 of 40 neuroids" in text
    assert len(re.findall(r"n\d\d 100\b", text)) == 10
    one = xr.DataArray(np.linspace(0.0, 9.9, 4000), {"neuroid_id": ("event", ["n"] * 4000)}, ("event",))
    assert "Looked at were 1,000 of 4,000 spikes." in words(
        write_report(assembly_package(tmp_path, one, "SpikeTimesAssembly"))
    )


def image(mode: str, size: tuple[int, int], palette: list[int] | None = None) -> bytes:
    picture = Image.new(mode, size)
    if palette is not None:
        picture.putpalette(palette)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def test_images_of_any_shape_and_palette_are_seen(tmp_path: Path) -> None:
    contents = {
        "wide.png": image("RGB", (3000, 2)),
        "tall.png": image("L", (1, 900)),
        "red.png": image("P", (20, 20), [255, 0, 0]),
        "blue.png": image("P", (20, 20), [0, 0, 255]),
    }
    table = pd.DataFrame({"stimulus_id": [*contents], "filename": [*contents]})
    text = words(write_report(stimuli_package(tmp_path, table, contents)))
    assert "All 4 stimuli (4 images)." in text
    assert "None. Compared were the 4 images shown above." in text


def wav(tag: int, bits: int, samples: bytes, subformat: int | None = None) -> bytes:
    more = b"" if subformat is None else struct.pack("<HHLH14x", 22, bits, 1, subformat)
    about = struct.pack("<HHLLHH", tag, 1, 8000, 1000 * bits, bits // 8, bits) + more
    chunks = b"".join(
        name + struct.pack("<L", len(part)) + part for name, part in ((b"fmt ", about), (b"data", samples))
    )
    return b"RIFF" + struct.pack("<L", 4 + len(chunks)) + b"WAVE" + chunks


LOUDER = np.repeat([0.25, -0.5, 0.0, 1 - 2**-7], 16)
WAVS = {
    "8 bit": wav(1, 8, (LOUDER * 128 + 128).astype("u1").tobytes()),
    "16 bit": wav(1, 16, (LOUDER * 2**15).astype("<i2").tobytes()),
    "24 bit": wav(1, 24, (LOUDER * 2**31).astype("<i4").view("u1").reshape(-1, 4)[:, 1:].tobytes()),
    "32 bit": wav(1, 32, (LOUDER * 2**31).astype("<i4").tobytes()),
    "floats": wav(3, 32, LOUDER.astype("<f4").tobytes()),
    "doubles": wav(3, 64, LOUDER.astype("<f8").tobytes()),
    "extensible": wav(0xFFFE, 16, (LOUDER * 2**15).astype("<i2").tobytes(), subformat=1),
}


@pytest.mark.parametrize("name", WAVS)
def test_sounds_of_any_precision_are_seen(name: str) -> None:
    found = recognised("a.wav", WAVS[name])
    assert found is not None
    levels = levels_of(WAVS[name], found)
    assert levels == pytest.approx(np.abs(LOUDER) / np.abs(LOUDER).max(), abs=0.02)


def test_a_sound_that_is_not_decoded_is_not_called_damaged(tmp_path: Path) -> None:
    table = pd.DataFrame({"stimulus_id": ["a"], "filename": ["a.wav"]})
    text = words(write_report(stimuli_package(tmp_path, table, {"a.wav": wav(7, 8, bytes(800))})))
    assert "a sound without a preview" in text
    assert "damaged" not in text


def test_right_choices_are_on_the_diagonal(tmp_path: Path) -> None:
    names = [f"kind {place}" for place in range(30)]
    truth = np.array(names * 2)
    choice = np.where(np.arange(60) == 0, "something else", np.roll(truth, 7))
    coords = {"truth": ("presentation", np.roll(truth, 7))}
    text = words(
        write_report(assembly_package(tmp_path, xr.DataArray(choice, coords, ("presentation",)), "BehavioralAssembly"))
    )
    assert "10 more rows and 11 more columns are not shown." in text
    shown = " ".join(names[:20])
    assert f"truth {shown} kind 0 1 0 0" in text  # the header, and the first row
    assert "kind 1 0 1 0" in text


def behaviour(folder: Path, values: list[object], **coords: list[object]) -> str:
    array = xr.DataArray(
        np.array(values), {name: ("presentation", one) for name, one in coords.items()}, ("presentation",)
    )
    return words(write_report(assembly_package(folder, array, "BehavioralAssembly")))


def test_what_was_right_is_no_choice(tmp_path: Path) -> None:
    text = behaviour(tmp_path / "right", [True, True, True, False], truth=[*"abab"])
    assert "75.0 % true in all 4 presentations." in text
    assert "Choices" not in text
    text = behaviour(tmp_path / "yes", [True, True, True, False], truth=[True, False, True, False])
    assert "The choice is the truth in 75.0 % of presentations." in text
    assert "Choices" in behaviour(tmp_path / "coded", [0, 1, 2, 1])
    assert "Choices" not in behaviour(tmp_path / "times", [412, 530, 388, 412])


@pytest.mark.parametrize("small", [250_000, 0])
def test_no_region_is_lost_because_there_are_many_neuroids(
    small: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brainpack.picturing.looks._SMALL", small)
    array = rates(stimuli=3, repetitions=2, neuroids=1501, bins=1).isel(time_bin=0, drop=True)
    array["region"] = ("neuroid", ["rare" if place in {1, 700, 1400} else "V1" for place in range(1501)])
    array[:, 700] = np.nan
    text = words(write_report(assembly_package(tmp_path, array)))
    assert "Best stimuli: rare" in text
    sample = "all 1,501 neuroids" if small else "503 of 1,501 neuroids, spread over all regions"
    assert sample in text
    assert f"(6 of {9006 if small else 6 * 503:,})" in text


def test_what_has_no_name_is_seen(tmp_path: Path) -> None:
    assert "(empty) 1" in behaviour(tmp_path / "choices", ["left", "", "left"])
    array = rates().assign_coords(region=("neuroid", ["", "", "V4", "V4", "V4"]))
    text = words(write_report(assembly_package(tmp_path, array)))
    assert "(empty) 2" in text
    assert "Best stimuli: (empty)" in text


def test_spikes_without_a_time_are_not_counted(tmp_path: Path) -> None:
    ids = {"neuroid_id": ("event", [*"aab"])}
    spikes = xr.DataArray(np.array([1.5, np.nan, np.inf]), ids, ("event",))
    text = words(write_report(assembly_package(tmp_path, spikes, "SpikeTimesAssembly")))
    assert "1 spike of 2 neuroids; median 0.5, 0 to 1. 2 events without a time." in text


def test_what_is_no_share_is_no_accuracy(tmp_path: Path) -> None:
    coords = {"correct": ("presentation", np.array([0, 100] * 4)), "choice": ("presentation", list("abcdabcd"))}
    array = xr.DataArray(np.arange(8.0), coords, ("presentation",))
    assert "% correct" not in words(write_report(assembly_package(tmp_path, array, "BehavioralAssembly")))


def test_time_goes_on_whatever_the_order_of_bins(tmp_path: Path) -> None:
    array = rates()
    text = words(write_report(assembly_package(tmp_path, array)))
    mixed = array.isel(time_bin=np.random.default_rng(0).permutation(array.sizes["time_bin"]))
    (tmp_path / "mixed").mkdir()
    again = words(write_report(assembly_package(tmp_path / "mixed", mixed)))
    over_time = re.compile("Response over time .*? Split-half", re.DOTALL)
    assert over_time.findall(text) == over_time.findall(again) != []


@pytest.mark.parametrize(
    ("odd", "words_of_it"), [(np.inf, "grey is missing or infinite."), (np.nan, "grey is missing.")]
)
def test_what_is_no_number_has_no_colour_of_one(odd: float, words_of_it: str, tmp_path: Path) -> None:
    array = rates(bins=1).isel(time_bin=0, drop=True)
    array[3, 2] = array[5, 0] = odd
    page = write_report(assembly_package(tmp_path, array))
    assert words_of_it in words(page)
    encoded = re.findall(r'href="data:image/png;base64,([^"]+)"[^>]*class="matrix"', page.read_text("utf-8"))[0]
    pixels = np.array(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB"))
    assert (pixels == 150).all(axis=-1).sum() == 2


def test_a_stimulus_set_whose_files_are_elsewhere_is_not_needed(tmp_path: Path) -> None:
    table = pd.DataFrame({"stimulus_id": ["a"], "filename": ["a.png"]})
    record = stimuli_package(tmp_path, table, {"a.png": png(1)})
    next(record.parent.glob("*.zip")).unlink()
    page = write_report(assembly_package(tmp_path, rates(), stimulus_set_identifier="lab.Set"))
    assert "The stimulus set is not beside the record, so its files are not shown." in words(page)
