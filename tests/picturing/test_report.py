"""What a page says of a package, and that it says something of any."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image

import brainpack
from brainpack import IntegrityError, InvalidData, NotFound, StoreError, write_report
from brainpack.picturing import report
from brainpack.picturing.looks import look_at
from brainpack.record.records import read_record
from tests.helpers import png
from tests.media import samples
from tests.picturing.packages import ATTACK, assembly_package, rates, stimuli_package
from tests.picturing.pages import read, words

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = "assy_demo_Gratings_counts"
SPIKES = "assy_demo_Gratings_spikes"
STIMULI = "stimulus_demo_Gratings"


@pytest.fixture(scope="module")
def demo_pages(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    return {
        name: write_report(demo / f"{name}.brainpack.json", folder / f"{name}.html")
        for name in (COUNTS, SPIKES, STIMULI)
    }


def test_the_page_is_beside_the_record_by_default(tmp_path: Path) -> None:
    record = assembly_package(tmp_path, rates())
    assert write_report(record) == tmp_path / "assy_lab_Rates.html"
    assert write_report(tmp_path) == tmp_path / "assy_lab_Rates.html"
    assert write_report(str(record), tmp_path / "new" / "page.html") == tmp_path / "new" / "page.html"
    assert not [*tmp_path.glob(".*.partial")]


def test_a_page_takes_the_place_of_no_data(tmp_path: Path) -> None:
    record = assembly_package(tmp_path, rates())
    before = record.read_bytes()
    with pytest.raises(StoreError, match=r"would take the place of data; name a file with the suffix \.html"):
        write_report(record, record)
    assert record.read_bytes() == before
    for name, content in (
        ("brainpack.toml", b"[release]"),
        ("session.npy", b"\x93NUMPY"),
        ("analysis.py", b"import os"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(StoreError, match="would take the place of data"):
            write_report(record, tmp_path / name)
        assert (tmp_path / name).read_bytes() == content
    (tmp_path / "page").touch()
    assert write_report(record, write_report(record, tmp_path / "page")) == tmp_path / "page"


def test_the_head_says_what_the_package_is(demo: Path, demo_pages: dict[str, Path]) -> None:
    record = read_record(demo / f"{COUNTS}.brainpack.json")
    text = words(demo_pages[COUNTS])
    assert "640 presentations × 48 neuroids × 12 time bins, int16" in text  # noqa: RUF001 the sign of multiplication
    assert "Stimulus set demo.Gratings" in text
    assert "Licence CC0-1.0" in text
    assert "not published" in text
    html = demo_pages[COUNTS].read_text("utf-8")
    for value in (record.content, record.files[0].sha1, record.files[0].sha256):
        assert f'data-copy="{value}"' in html


def test_the_code_that_loads_a_package_runs(demo: Path, demo_pages: dict[str, Path]) -> None:
    for name in (COUNTS, STIMULI):
        html = demo_pages[name].read_text("utf-8")
        found = re.search(r"<pre[^>]*><code>(.*?)</code>", html, re.DOTALL)
        assert found is not None
        code = found[1].replace("&#39;", "'").replace("&#34;", '"')
        subprocess.run([sys.executable, "-c", code], cwd=demo, check=True)


def test_a_published_record_is_loaded_from_where_it_is(tmp_path: Path) -> None:
    about: dict[str, Any] = {
        "location": "s3://bucket/lab",
        "release": {"licence": "CC-BY-4.0", "citation": "@a{b,\n title={<i>}}"},
    }
    record = assembly_package(tmp_path, rates(), **about)
    html = write_report(record).read_text("utf-8")
    assert "brainpack.load(&#39;s3://bucket/lab/assy_lab_Rates.brainpack.json&#39;)" in html
    assert "@a{b,\n title={&lt;i&gt;}}" in html
    assert "CC-BY-4.0" in html


def test_headings_of_counts(demo_pages: dict[str, Path]) -> None:
    assert read(demo_pages[COUNTS]).headings == [
        "demo.Gratings.counts", "Package", "Load it", "Cite it", "Hashes", "What is where", "Values", "Responses",
        "Distribution of values", "Missing values", "Neuroids and presentations", "Neuroids by region",
        "Repetitions per stimulus", "Response over time", "Split-half reliability", "Best stimuli",
        "Best stimuli: V1", "Findings",
    ]  # fmt: skip


def test_what_is_said_of_counts_is_true(demo: Path, demo_pages: dict[str, Path]) -> None:
    text = words(demo_pages[COUNTS])
    counts = brainpack.load(demo / f"{COUNTS}.brainpack.json")
    assert "64 stimuli in 640 presentations, each shown 10 times" in text
    assert "48 neuroids in 1 region" in text
    assert isinstance(counts, xr.DataArray)
    mean = counts.mean(("presentation", "neuroid")).values
    peak = int(mean.argmax())
    assert f"V1 peaks at {counts['time_bin_start'].values[peak] + 12.5:g}" in text
    assert f"{mean[peak]:.4g}" in text
    assert "500 splits (seed 0), corrected to full length by r' = 2r/(1+|r|) (Spearman 1910; Brown 1910)" in text
    assert "all 640 presentations, all 48 neuroids, all 12 time bins" in text


def test_headings_of_spikes(demo_pages: dict[str, Path]) -> None:
    assert read(demo_pages[SPIKES]).headings == [
        "demo.Gratings.spikes", "Package", "Load it", "Cite it", "Hashes", "What is where", "Spike times", "Raster",
        "Spikes per neuroid", "Values", "Distribution of values", "Findings",
    ]  # fmt: skip
    text = words(demo_pages[SPIKES])
    assert "40 of 48 neuroids, evenly spread" in text
    assert "Vertical lines are the 40 onsets of stimuli" in text
    assert "Further array: trials" in text


def test_headings_of_stimuli(demo_pages: dict[str, Path]) -> None:
    found = read(demo_pages[STIMULI])
    assert found.headings == [
        "demo.Gratings", "Package", "Load it", "Cite it", "Hashes", "Stimuli", "Contact sheet", "Table", "Columns",
        "orientation", "spatial_frequency", "phase", "Duplicates", "Files with the same bytes",
        "Images with the same pixels", "Findings",
    ]  # fmt: skip
    assert found.tags.count("img") == 64
    assert "All 64 stimuli (64 images)" in words(demo_pages[STIMULI])


def test_nothing_on_a_page_is_fetched(demo_pages: dict[str, Path]) -> None:
    for page in demo_pages.values():
        assert all(address.startswith(("data:", "#")) for address in read(page).addresses)
        html = page.read_text("utf-8")
        assert "http://" not in html
        assert "https://" not in html
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
        assert policy is not None
        for tag in ("style", "script"):
            inside = re.search(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
            assert inside is not None
            digest = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
            assert f"{tag}-src &#39;sha256-{digest.replace('+', '+')}&#39;" in policy[0]
        assert not re.search(r'\sstyle="|\son[a-z]+="', html)


@pytest.mark.slow
def test_the_same_package_gives_the_same_bytes(demo: Path, demo_pages: dict[str, Path], tmp_path: Path) -> None:
    for name, page in ((COUNTS, demo_pages[COUNTS]), (STIMULI, demo_pages[STIMULI])):
        code = f"import brainpack; brainpack.write_report({str(demo / f'{name}.brainpack.json')!r}, 'page.html')"
        environment = {**os.environ, "PYTHONHASHSEED": "7"}
        subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=tmp_path, check=True, env=environment)
        assert (tmp_path / "page.html").read_bytes() == page.read_bytes()


def test_a_page_is_about_the_recorded_bytes(tmp_path: Path) -> None:
    record = assembly_package(tmp_path, rates())
    with (tmp_path / "assy_lab_Rates.nc").open("ab") as file:
        file.write(b"!")
    with pytest.raises(IntegrityError):
        write_report(record)
    table = pd.DataFrame({"stimulus_id": ["a"], "filename": ["a.png"]})
    record = stimuli_package(tmp_path / "set", table, {"a.png": png(9)})
    (tmp_path / "set" / "stimulus_lab_Set.csv").write_text("stimulus_id,filename\nb,a.png\n", "utf-8")
    with pytest.raises(IntegrityError):
        write_report(record)
    assert not [*tmp_path.rglob("*.html")]


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        write_report(tmp_path / "none.brainpack.json")
    record = assembly_package(tmp_path, rates())
    (tmp_path / "assy_lab_Rates.nc").unlink()
    with pytest.raises(NotFound):
        write_report(record)
    record.write_text("{}", "utf-8")
    with pytest.raises(InvalidData):
        write_report(record)


# ---------------------------------------------------------------------------------------------------- stimuli


def test_stimuli_of_every_kind_are_seen_at_a_glance(tmp_path: Path) -> None:
    colours = Image.new("RGBA", (300, 200), (200, 30, 30, 128))
    file = io.BytesIO()
    colours.save(file, "PNG")
    deep = io.BytesIO()
    Image.fromarray(np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)).save(deep, "PNG")
    contents = {
        "alpha.png": file.getvalue(),
        "deep.png": deep.getvalue(),
        "tiny.png": png(7),
        "again.png": samples.image("PNG"),
        "again.bmp": samples.image("BMP"),
        "clip.mp4": samples.video(),
        "tone.wav": samples.sound("wav"),
        "tone.flac": samples.sound("flac", "flac"),
        "said.txt": b"A sentence with <b>marks</b>.",
        "half.png": png(3, side=200)[:60],
        "none.npy": b"\x93NUMPY",
        "empty.png": b"",
        "huge.png": samples.huge_png(),
    }
    table = pd.DataFrame({"stimulus_id": [*contents, "lost"], "filename": [*contents, "lost.png"]})
    page = write_report(stimuli_package(tmp_path, table, contents))
    text, html = words(page), page.read_text("utf-8")
    assert "All 14 stimuli" in text
    assert "5 images" in text
    assert "1 video" in text
    assert "2 sounds" in text
    assert "4 stimuli cannot be shown" in text
    assert "A sentence with <b>marks</b>." in text
    assert "not in the ZIP" in text
    assert html.count('problem">damaged') == 2
    assert "more than 50,000,000 pixels" in text
    assert html.count("A sound as a waveform") == 2
    assert "Images with the same pixels" in text
    assert "again.png, again.bmp" in text


def test_files_with_the_same_bytes_are_named(tmp_path: Path) -> None:
    table = pd.DataFrame({"stimulus_id": ["a", "b", "c", "d"], "filename": ["a.png", "b.png", "c.png", "c.png"]})
    contents = {"a.png": png(1), "b.png": png(1), "c.png": png(2)}
    text = words(write_report(stimuli_package(tmp_path, table, contents)))
    assert "Files with the same bytes group stimuli ids 1 2 a, b 2 2 c, d" in text
    assert "Stimuli that share a file group stimuli ids 1 2 c, d" in text


def test_columns_are_shown_by_their_type(tmp_path: Path) -> None:
    count = 30
    table = pd.DataFrame(
        {
            "stimulus_id": [f"s{number}" for number in range(count)],
            "filename": [f"s{number}.png" for number in range(count)],
            "number": np.linspace(-1, 1, count),
            "few": np.arange(count) % 3,
            "nothing": np.nan,
            "extreme": [np.inf, -np.inf, *(1e308 * np.linspace(-1, 1, count - 2))],
            "name": ["cat", "dog"] * 15,
            "flag": [True, False] * 15,
        }
    )
    page = write_report(stimuli_package(tmp_path, table, {f"s{number}.png": png(number) for number in range(count)}))
    text = words(page)
    assert "30 different numbers, median 0, -1 to 1." in text
    assert "3 different numbers." in text
    assert "No numbers; 30 missing." in text
    assert "2 infinite" in text
    assert "2 different values." in text


def test_a_set_without_rows_or_columns(tmp_path: Path) -> None:
    table = pd.DataFrame({"stimulus_id": ["a"], "filename": ["a.png"]})
    assert "no columns but ids and file names" in words(
        write_report(stimuli_package(tmp_path / "1", table, {"a.png": png(1)}))
    )
    page = write_report(stimuli_package(tmp_path / "2", table.iloc[:0], {}))
    assert "there are no stimuli" in words(page)


@pytest.mark.slow
def test_the_page_is_small_whatever_the_data_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    contents = {}
    for number in range(80):
        file = io.BytesIO()
        Image.fromarray(random.integers(0, 255, (160, 160, 3), dtype=np.uint8)).save(file, "PNG", compress_level=1)
        contents[f"{number}.png"] = file.getvalue()
    names = [*contents, *[f"{number}.png" for number in range(80)] * 11]
    table = pd.DataFrame({"stimulus_id": [f"s{number}" for number in range(len(names))], "filename": names})
    for column in range(60):
        table[f"{ATTACK} {column}"] = [f"{number} {'&' * 400}" for number in range(len(names))]
    record = stimuli_package(tmp_path, table, contents)
    page = write_report(record)
    assert 1_000_000 < page.stat().st_size < 5_000_000
    text = words(page)
    assert "36 of 960 stimuli, evenly spread" in text
    assert "more columns are not shown" in text
    monkeypatch.setattr(report, "LARGEST", 700_000)
    assert write_report(record).stat().st_size < 700_000


# ---------------------------------------------------------------------------------------------------- assemblies


def with_coords(array: xr.DataArray, **coords: Any) -> xr.DataArray:
    return array.assign_coords(coords)


ODD: dict[str, tuple[xr.DataArray, str, str]] = {
    "missing everywhere": (rates() * np.nan, "NeuroidAssembly", "None of the values is a number"),
    "some missing": (rates().where(lambda found: found > 4), "NeuroidAssembly", "of the values are missing"),
    "no presentation": (rates()[:0], "NeuroidAssembly", "There are no values"),
    "one neuroid": (rates(neuroids=1), "NeuroidAssembly", "over 1 neuroid"),
    "one value": (rates(1, 1, 1, 1), "NeuroidAssembly", "at least three stimuli have to be shown more than once"),
    "no repetition": (rates(repetitions=1).drop_vars("repetition"), "NeuroidAssembly", "each shown once"),
    "no labels": (rates().drop_vars([*rates().coords]), "NeuroidAssembly", "nothing is known of repetitions"),
    "no region": (rates().drop_vars("region"), "NeuroidAssembly", "shown as one group"),
    "no time": (rates().mean("time_bin"), "NeuroidAssembly", "Split-half reliability"),
    "text": (rates().astype(str), "NeuroidAssembly", "different values"),
    "bool": (rates() > 4, "NeuroidAssembly", "Median"),
    "dates": (
        xr.DataArray(np.array(["2026-01-01", "NaT", "2026-03-01"], "M8[ns]"), dims="neuroid"),
        "PropertyAssembly",
        "all between 0 and 1,416 (hours after 2026-01-01).",
    ),
    "durations": (
        xr.DataArray(np.array([1, 5], "m8[s]"), dims="neuroid"),
        "PropertyAssembly",
        "all between 1 and 5 (seconds).",
    ),
    "infinite": (rates() * np.inf, "NeuroidAssembly", "infinite"),
    "large": (rates() * 1e307, "NeuroidAssembly", "Median"),
    "constant": (rates() * 0 + 3, "NeuroidAssembly", "responses have to vary"),
    "a scalar": (xr.DataArray(3.5), "PropertyAssembly", "One value"),
    "four dimensions": (rates().expand_dims(session=2), "DataAssembly", "averaged over session and time_bin"),
    "a dimension of its own": (
        xr.DataArray(np.arange(6.0).reshape(2, 3), {"choice": ["a", "b", "c"]}, ("neuroid", "choice")),
        "PropertyAssembly",
        "entries of choice",
    ),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.filterwarnings("ignore::RuntimeWarning:xarray")
def test_any_assembly_has_a_page(name: str, tmp_path: Path) -> None:
    array, cls, expected = ODD[name]
    text = words(write_report(assembly_package(tmp_path, array, cls)))
    assert expected in text


def test_repeated_dimensions_have_a_page(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="[Dd]uplicate dimension"):
        array = xr.DataArray(
            np.eye(3), {"stimulus_id": ("presentation", list("abc"))}, ("presentation", "presentation")
        )
    assert "3 presentations" in words(write_report(assembly_package(tmp_path, array, "BehavioralAssembly")))


def test_best_stimuli_are_pictures_of_the_set_beside_the_record(tmp_path: Path) -> None:
    names = [f"s{number}" for number in range(6)]
    table = pd.DataFrame({"stimulus_id": names, "filename": [f"{name}.png" for name in names]})
    stimuli_package(tmp_path, table, {f"{name}.png": png(number) for number, name in enumerate(names)})
    array = rates(noise=0.01)
    record = assembly_package(tmp_path, array, stimulus_set_identifier="lab.Set")
    page = write_report(record)
    means = array.mean("time_bin").groupby("stimulus_id").mean()
    means = means[:, (array["region"] == "IT").values]
    scores = ((means - means.mean("stimulus_id")) / means.std("stimulus_id")).mean("neuroid")
    best = str(scores["stimulus_id"].values[scores.values.argmax()])
    text = words(page)
    assert "Best stimuli: IT Mean over 3 neuroids" in text
    assert f"standard deviation over 6 stimuli. {best} {float(scores.max()):+.2f} SD" in text
    assert read(page).tags.count("img") == 12


def test_behaviour_is_shown_by_category(tmp_path: Path) -> None:
    truth = np.array(["cat", "dog", "cat", "dog", "owl", "owl"] * 5)
    choice = np.where(np.arange(30) % 6 == 1, "cat", truth)
    array = xr.DataArray(
        choice, {"stimulus_id": ("presentation", truth), "truth": ("presentation", truth)}, ("presentation",)
    )
    page = write_report(assembly_package(tmp_path, array, "BehavioralAssembly"))
    text = words(page)
    assert page.read_text("utf-8").count('class="tick">owl</text>') == 2  # beside its row, and below its column
    assert "3 choices in all 30 presentations" in text
    assert "The choice is the truth in 83.3 % of presentations." in text
    assert "dog 0.5 0.5 0" in text


def test_behaviour_with_correctness_and_rates(tmp_path: Path) -> None:
    coords = {
        "stimulus_id": ("presentation", list("abcd")),
        "truth": ("presentation", ["x", "x", "y", "y"]),
        "correct": ("presentation", [True, False, True, True]),
        "option": ("choice", ["x", "y"]),
    }
    values = [[0.9, 0.1], [0.5, 0.5], [0.2, 0.8], [0.0, 1.0]]
    array = xr.DataArray(values, coords, ("presentation", "choice"))
    text = words(write_report(assembly_package(tmp_path, array, "BehavioralAssembly")))
    assert "75.0 % correct (coordinate 'correct')" in text
    assert "x 0.7 0.3 y 0.1 0.9" in text
    bare = array.drop_vars(["truth", "correct"])
    assert "Mean by category" in words(write_report(assembly_package(tmp_path, bare, "BehavioralAssembly")))
    table = pd.DataFrame({"stimulus_id": [*"abcd"], "label": [*"uuvv"], "filename": [f"{one}.png" for one in "abcd"]})
    stimuli_package(tmp_path, table, {f"{one}.png": png(1) for one in "abcd"})
    record = assembly_package(tmp_path, bare, "BehavioralAssembly", stimulus_set_identifier="lab.Set")
    assert "u 0.7 0.3 v 0.1 0.9" in words(write_report(record))
    empty = xr.DataArray([1.0, 2.0], {"stimulus_id": ("presentation", ["a", "b"])}, ("presentation",))
    assert "There are no response rates" in words(write_report(assembly_package(tmp_path, empty, "BehavioralAssembly")))


SPIKE_TIMES = xr.DataArray([0.5, 1.5, np.nan], {"neuroid_id": ("event", ["a", "b", "a"])}, ("event",))


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (SPIKE_TIMES, "2 spikes of all 2 neuroids, from 0.5 to 1.5"),
        (SPIKE_TIMES * np.nan, "None of the spike times is a number"),
        (SPIKE_TIMES[:0], "There are no spikes"),
        (SPIKE_TIMES[:1], "1 spike of all 1 neuroids"),
        (SPIKE_TIMES.drop_vars("neuroid_id"), "no coordinate 'neuroid_id' on events"),
        (SPIKE_TIMES.astype(str), "There is no raster: values of type"),
    ],
)
def test_spikes_of_any_kind_have_a_page(array: xr.DataArray, expected: str, tmp_path: Path) -> None:
    assert expected in words(write_report(assembly_package(tmp_path, array, "SpikeTimesAssembly")))


def test_findings_are_those_of_a_validation(tmp_path: Path) -> None:
    array = rates()
    array.loc[{"neuroid": 2}] = 0.0
    page = write_report(assembly_package(tmp_path, array))
    html = page.read_text("utf-8")
    found = brainpack.validate(tmp_path, profile="publish")[0].findings
    assert found
    for finding in found:
        assert f'href="#rule-{finding.rule}"' in html
        assert f'id="rule-{finding.rule}"' in html
    assert "Validated for this page with" in words(page)


def test_findings_of_large_packages_are_those_of_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brainpack.picturing.findings._LARGEST", 0)
    record = assembly_package(tmp_path, rates(), findings={"BP-A019": 3}, waivers={"BP-A013": "simulated"})
    text = words(write_report(record))
    assert "As the record has it, from the validation when the data were packaged: 1 rule found something" in text
    assert "BP-A019 3" in text
    assert "simulated" in text
    text = words(write_report(assembly_package(tmp_path, rates(), findings=None)))
    assert "the package was made without a validation" in text


def test_the_time_of_packaging_is_no_part_of_the_page(tmp_path: Path) -> None:
    record = assembly_package(tmp_path, rates())
    before = write_report(record).read_bytes()
    fields = json.loads(record.read_text("utf-8"))
    fields["created"] = datetime(2027, 1, 1).isoformat()  # noqa: DTZ001 the record has text
    record.write_text(json.dumps(fields), "utf-8")
    assert write_report(record).read_bytes() == before


# ---------------------------------------------------------------------------------------------------- large data


def test_of_large_assemblies_a_part_is_read_with_all_repetitions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brainpack.picturing.looks._VALUES", 600)
    array = rates(stimuli=20, repetitions=4, neuroids=5, bins=3)
    text = words(write_report(assembly_package(tmp_path, array)))
    assert "40 of 80 presentations, evenly spread, all 5 neuroids, all 3 time bins" in text
    assert "over 5 neuroids" in text  # reliability needs repetitions


def test_no_more_blocks_are_read_than_there_is_time_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brainpack.picturing.looks._BLOCKS", 6)
    values = np.arange(100 * 40).reshape(100, 40)
    stored = Blocks(values, ((10,) * 10, (10,) * 4))
    array = xr.DataArray(xr.Variable(("presentation", "neuroid"), stored))
    look = look_at(array)
    assert len(stored.read) <= 6
    assert look.values is not None
    assert (look.values == values[np.ix_(*(sample.positions for sample in look.samples))]).all()
    assert "evenly spread" in look.about


class Blocks:
    """Values in a file, which are read by blocks."""

    def __init__(self, values: Any, chunks: tuple[tuple[int, ...], ...]) -> None:
        self.values, self.chunks, self.read = values, chunks, set[str]()
        self.shape, self.dtype, self.ndim, self.size = values.shape, values.dtype, values.ndim, values.size

    def __getitem__(self, region: Any) -> Any:
        self.read.add(str(region))
        return self.values[region]

    def __array_function__(self, *_: Any) -> Any:
        return NotImplemented

    def __array_ufunc__(self, *_: Any, **__: Any) -> Any:
        return NotImplemented


def test_a_large_zip_stays_in_its_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("brainpack.picturing.material._LARGEST_FETCHED", 0)
    monkeypatch.setattr("brainpack.picturing.findings._LARGEST", 0)
    monkeypatch.chdir(tmp_path)
    store = tmp_path / "store"
    table = pd.DataFrame({"stimulus_id": ["a", "b"], "filename": ["a.png", "b.png"]})
    record = read_record(stimuli_package(store, table, {"a.png": png(1), "b.png": png(2)}, location=str(store)))
    page = write_report(record)
    assert page.resolve() == tmp_path / "stimulus_lab_Set.html"
    assert "The ZIP stayed in its store; each file shown was compared with its CRC-32." in words(page)
    assert read(page).tags.count("img") == 2
    assert not [*(tmp_path / "cache").rglob("*.zip")]
