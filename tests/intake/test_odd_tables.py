"""Tables as labs write them: bins in any order, columns named like dimensions, rows without ids."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from brainpack.errors import InvalidData, SettingsError
from brainpack.intake.assemblies import assembly_from
from brainpack.objects.assemblies import DataAssembly
from tests.intake.test_tables_laws import LONG, taken_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BINS = pd.DataFrame(
    {
        "stimulus_id": "a",
        "neuroid_id": ["n"] * 3,
        "time_bin_start": [20, 0, 10],
        "time_bin_end": [30, 10, 20],
        "rate": [3, 1, 2],
    }
)

EDGES = ("time_bin_start", "time_bin_end")


def test_bins_are_in_the_order_of_time() -> None:
    found = taken_in(BINS)
    assert found.values.ravel().tolist() == [1, 2, 3]
    assert found["time_bin_start"].values.tolist() == [0, 10, 20]
    wide = BINS.drop(columns=["neuroid_id", "rate"]).assign(u1=[3, 1, 2], u2=[6, 4, 5])
    assert taken_in(wide).values.tolist() == [[[1, 2, 3], [4, 5, 6]]]


@pytest.mark.parametrize(
    ("name", "ids"),
    [(name, ids) for name in ("time_bin", "time_bin_id") for ids in ([2, 0, 1], ["late", "early", "mid"])]
    + [("time_bin_start", [2, 0, 1])],
)
def test_bins_that_have_ids_alone(name: str, ids: list[Any]) -> None:
    table = BINS.drop(columns=[*EDGES]).assign(**{name: ids})
    expected = dict(zip(ids, [3, 1, 2], strict=True))
    for found in (taken_in(table), taken_in(table.drop(columns=["neuroid_id", "rate"]).assign(u1=[3, 1, 2]))):
        assert found.dims == ("presentation", "neuroid", "time_bin")
        assert found["repetition"].values.tolist() == [0]
        bins = found["time_bin_id" if name == "time_bin" else name].values.tolist()
        assert bins == (["late", "early", "mid"] if isinstance(ids[0], str) else [0, 1, 2])
        assert found.values.ravel().tolist() == [expected[each] for each in bins]


def test_bins_are_never_repetitions() -> None:
    centers = BINS.drop(columns=[*EDGES]).assign(time_bin_center=[25, 5, 15])
    wide = centers.drop(columns=["neuroid_id", "rate"]).assign(u1=[3, 1, 2])
    for table, dims in ((centers, None), (wide, None), (BINS, ("presentation", "neuroid"))):
        with pytest.raises(
            SettingsError, match=r"has bins in the column time_bin_\w+, and the dimensions presentation"
        ):
            taken_in(table, dims=dims)
    one = taken_in(centers.assign(time_bin_center=5, rate=[1, 2, 3]))
    assert (one.dims, one["repetition"].values.tolist()) == (("presentation", "neuroid"), [0, 1, 2])


def test_columns_that_may_be_a_dimension_are_told() -> None:
    table = BINS.drop(columns=[*EDGES]).assign(latency=[20, 0, 10])
    with pytest.warns(UserWarning, match="repetitions are numbered in the order of rows, and differ in latency; if"):
        assert taken_in(table)["repetition"].values.tolist() == [0, 1, 2]
    assert taken_in(table, dims=("presentation", "neuroid", "latency")).sel(latency=0).values.tolist() == [[1]]


@pytest.mark.parametrize("odd", ["1,000", "5 Hz", "x"])
def test_responses_are_numbers(odd: str) -> None:
    message = f"column '.*' has '{odd}' in row 3 below the header; expected numbers"
    for table in (LONG, LONG[["stimulus_id"]].assign(repetition=[0, 1, 0, 1], u1=[1, 2, 3, 4])):
        name = table.columns[-1]
        cells = [*map(str, table[name])]
        cells[2] = odd
        with pytest.raises(InvalidData, match=message):
            taken_in(table.assign(**{name: cells}), values=name if name == "rate" else "u*")
    spikes = pd.DataFrame({"neuroid_id": "n", "spike_time": ["0.1", "0.2", odd]})
    with pytest.raises(InvalidData, match=message):
        taken_in(spikes)


@pytest.mark.parquet
def test_responses_of_parquet_are_numbers() -> None:
    for cells in (["1.5"] * 4, [Decimal("1.5")] * 4):
        with pytest.raises(InvalidData, match=r"column 'rate' has .*1\.5.* in row 1 below the header"):
            taken_in(LONG.assign(rate=pd.Series(cells, dtype=object)), suffix=".parquet")


@pytest.mark.parquet
@pytest.mark.parametrize("cells", [[{"x": 1}] * 4, [[1, 2]] * 4])
def test_lists_and_structs_are_no_columns(cells: Any) -> None:
    with pytest.raises(InvalidData, match=r"rates\.parquet has lists or structs in position; write"):
        taken_in(LONG.assign(position=cells), suffix=".parquet")


def test_choices_may_be_text() -> None:
    trials = pd.DataFrame({"stimulus_id": ["a", "b"], "choice": ["left", "1,000"]})
    assert taken_in(trials).values.tolist() == ["left", "1,000"]


def test_digits_that_are_lost_are_told() -> None:
    large = 2**53 + 1
    gap = LONG.assign(rate=[large, 1, 2, 3]).drop(index=3)
    with pytest.warns(UserWarning, match="int64 became float64, in which some numbers lost digits"):
        taken_in(gap)
    mixed = LONG[["stimulus_id"]].assign(repetition=[0, 1, 0, 1], u1=[large] * 4, u2=0.5)
    with pytest.warns(UserWarning, match="whole numbers in u1 lost digits, for other columns have float64"):
        taken_in(mixed, values="u*")
    onsets = LONG.assign(onset=[f"{large}", f"{large}", "", ""])
    with pytest.warns(UserWarning, match=r"whole numbers beyond 2\*\*53 in onset lost digits"):
        taken_in(onsets)
    taken_in(LONG.assign(rate=[large, 1, 2, 3]))
    taken_in(LONG.assign(onset=[f"{2**53 - 1}", f"{2**53 - 1}", "", ""]))
    taken_in(LONG.assign(onset=""))


def test_ids_are_not_rounded_to_find_their_row() -> None:
    table = pd.DataFrame({"stimulus_id": ["a", "a"], "neuroid_id": [2**53, 2**53 + 1], "rate": [1.0, 2.0]})
    sites = pd.DataFrame({"neuroid_id": [2.0**53, 0.5], "region": ["V1", "V4"]})
    with pytest.raises(InvalidData, match=f"no row for neuroid_id {2**53 + 1} of"):
        taken_in(table, {"neuroid": sites})
    both = pd.DataFrame({"stimulus_id": ["a", "a"], "trial": [2**53, 2**53 + 1], "neuroid_id": "n", "rate": [1.0, 2.0]})
    trials = pd.DataFrame({"stimulus_id": ["a", "a"], "trial": [2.0**53, 0.5], "onset": [1, 2]})
    with pytest.raises(InvalidData, match="no row for stimulus_id, trial"):
        taken_in(both, {"presentation": trials})


def test_a_column_that_is_named_like_a_dimension_has_its_ids() -> None:
    table = LONG.rename(columns={"neuroid_id": "neuroid"}).assign(region=["V1", "V2"] * 2)
    assert taken_in(table).sel(neuroid_id="n1", region="V2").values.ravel().tolist() == [2, 4]
    trials = {"presentation": [1, 2, 1, 2], "stimulus_id": "a", "neuroid_id": [*"mnnm"], "rate": [1, 2, 3, 4]}
    for name in ("presentation", "presentation_id"):
        found = taken_in(pd.DataFrame(trials).rename(columns={"presentation": name}))
        assert found.values.tolist() == [[1, 3], [4, 2]]
        assert found["presentation_id"].values.tolist() == [1, 2]


def test_a_row_without_an_id_is_no_neuroid_of_its_own() -> None:
    ids = pd.Series(["n1", np.nan, "n2", "n3"], dtype=object)
    with pytest.raises(InvalidData, match="'neuroid_id' is empty in 1 of 4 rows, first in row 2"):
        taken_in(LONG.assign(neuroid_id=ids))


def test_metadata_may_know_more() -> None:
    sites = pd.DataFrame({"neuroid_id": ["n3", "n1", "n2"], "region": ["x", "y", "z"]})
    with pytest.warns(UserWarning, match="neuroid_id 'n3'"):
        found = taken_in(LONG, {"neuroid": sites})
    assert found["region"].values.tolist() == ["z", "y"]


def test_spikes_may_know_their_stimulus() -> None:
    spikes = {"stimulus_id": ["a", "a", "b"], "neuroid_id": ["n"] * 3, "spike_time": [0.1, 0.2, 0.3]}
    assert taken_in(pd.DataFrame(spikes)).dims == ("event",)


def test_empty_cells_are_told() -> None:
    with pytest.warns(UserWarning, match="1 of 4 cells are empty, and are missing values now"):
        found = taken_in(LONG.assign(rate=[1.0, np.nan, 3.0, 4.0]))
    assert np.isnan(found.values).sum() == 1


def test_a_single_presentation_of_each_stimulus_is_repetition_0() -> None:
    assert taken_in(LONG)["repetition"].values.tolist() == [0, 0]


def test_true_false_and_missing_are_numbers() -> None:
    with pytest.warns(UserWarning, match="1 of 4 cells are empty"):
        found = taken_in(LONG.assign(rate=pd.array([True, None, False, True], dtype="boolean")))
    assert np.array_equal(found.values.ravel(), np.array([1, np.nan, 0, 1]), equal_nan=True)


def test_reading_can_be_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> Iterator[str]:
        raise KeyboardInterrupt
        yield "never"

    monkeypatch.setattr("brainpack.intake.reading.progress", interrupted)
    with pytest.raises(KeyboardInterrupt):
        taken_in(LONG)


def test_a_wide_column_with_one_odd_cell_is_still_a_neuroid() -> None:
    table = pd.DataFrame({"stimulus_id": ["a", "b"], "unit_1": [1, 4], "unit_2": ["2", "5 Hz"], "unit_3": [3, 6]})
    with pytest.raises(InvalidData, match="column 'unit_2' has '5 Hz' in row 2 below the header"):
        taken_in(table)
    with pytest.warns(UserWarning, match="1 of 4 cells are empty"):
        found = taken_in(pd.DataFrame({"stimulus_id": ["a", "b"], "unit_1": [True, None], "unit_2": [True, False]}))
    assert found["neuroid_id"].values.tolist() == ["unit_1", "unit_2"]


def test_words_that_look_missing_are_words() -> None:
    table = pd.DataFrame({"stimulus_id": "a", "subject": ["NA", "s", "None"], "neuroid_id": "n", "rate": [1, 2, 3]})
    found = taken_in(table)
    assert found["subject"].values.tolist() == ["NA", "s", "None"]
    assert taken_in(pd.DataFrame({"stimulus_id": [*"abc"], "choice": ["None", "face", "NA"]})).values.tolist() == [
        "None", "face", "NA"]  # fmt: skip
    with pytest.warns(UserWarning, match="1 of 4 cells are empty"):  # R writes NA for a missing number
        assert np.isnan(taken_in(LONG.assign(rate=["1", "NA", "3", "4"])).values).sum() == 1


def test_an_empty_line_before_the_header(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("\nstimulus_id,neuroid_id,rate\n1.10,n,1\n1.1,n,2\n", "utf-8")
    assert assembly_from(tmp_path / "t.csv")["stimulus_id"].values.tolist() == ["1.10", "1.1"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("a,n,1,5\nb,n,2,5\n", "line 2 has 4 cells, and the header 3; write decimals with a point"),
        ('a,n,1\n"b\n",n,"2,5"\nc,n,1,5\n', "line 5 has 4 cells, and the header 3"),
        ('a,n,1\nb,"n,2\n', "EOF inside string starting at row 2; expected UTF-8"),
    ],
)
def test_rows_that_are_longer_than_the_header(rows: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"stimulus_id,neuroid_id,rate\n{rows}", "utf-8")
    with pytest.raises(InvalidData, match=rf"t\.csv is not a table that can be read: .*{words}"):
        assembly_from(tmp_path / "t.csv")


def test_reaction_times_are_numbers() -> None:
    with pytest.raises(InvalidData, match="column 'rt' has '400 ms' in row 1"):
        taken_in(pd.DataFrame({"stimulus_id": ["a", "b"], "rt": ["400 ms", "3"]}))


def test_numbers_that_are_text_for_one_of_them_are_told() -> None:
    for cells, odd in ((["1", "1,000"], "1,000"), (["3 Hz", "4"], "3 Hz"), (["0400", "3"], "0400")):
        with pytest.warns(UserWarning, match=f"column 'width' is text, for '{odd}' in row"):
            found = taken_in(
                pd.DataFrame({"neuroid_id": ["n1", "n2"], "width": cells}),
                values="width",
                class_name="PropertyAssembly",
            )
        assert found.values.tolist() == cells
    assert taken_in(pd.DataFrame({"stimulus_id": ["a", "b"], "choice": ["001", "002"]})).values[0] == "001"


def test_the_row_that_is_named_is_the_odd_one() -> None:
    for cells, row in ((["1.5", "2", "01.5", "3"], 3), (["1", "NA", "", "5 Hz"], 4), (["05", "1", "2", "3"], 1)):
        with pytest.raises(InvalidData, match=f"column 'rate' has '{cells[row - 1]}' in row {row} below"):
            taken_in(LONG.assign(rate=cells))


@pytest.mark.parametrize("edge", ["050", "50 ms", "late"])
def test_edges_of_bins_are_numbers(edge: str) -> None:
    for name in EDGES:
        with pytest.raises(InvalidData, match=f"column '{name}' has '{edge}' in row 2 below the header"):
            taken_in(BINS.assign(**{name: ["20", edge, "10"]}))


@pytest.mark.parquet
@pytest.mark.parametrize("make", [pd.to_timedelta, pd.to_datetime])
def test_bins_of_durations_and_dates_are_in_the_order_of_time(make: Any) -> None:
    table = BINS.assign(**{name: make(BINS[name], unit="ms") for name in EDGES})
    assert taken_in(table, suffix=".parquet").values.ravel().tolist() == [1, 2, 3]


def test_an_empty_line_is_an_empty_cell_of_the_only_column(tmp_path: Path) -> None:
    np.save(tmp_path / "rates.npy", np.zeros((4, 1)))
    (tmp_path / "shown.csv").write_text('\ncategory\nx\n\n"y\n\nz"\n007\n\n', "utf-8")
    found = assembly_from(
        tmp_path / "rates.npy", dims=("presentation", "neuroid"), metadata={"presentation": tmp_path / "shown.csv"}
    )
    assert [*map(str, found["category"].values)] == ["x", "nan", "y\n\nz", "007"]


def test_zeros_behind_a_space_stay() -> None:
    assert taken_in(LONG.assign(code=[" 007", "8", " 007", "8"]))["code"].values.tolist() == [" 007", "8"]


def test_ids_are_compared_as_they_are_written_whatever_else_is_in_the_tables() -> None:
    table = LONG.replace({"n1": "1", "n2": "2"})
    sites = pd.DataFrame({"neuroid_id": ["1", "2", "x"], "region": ["V1", "V4", "IT"]})
    with pytest.warns(UserWarning, match="has rows for neuroid_id 'x'"):
        found = taken_in(table, {"neuroid": sites})
    assert (found["neuroid_id"].values.tolist(), found["region"].values.tolist()) == ([2, 1], ["V4", "V1"])
    with pytest.raises(InvalidData, match="no row for neuroid_id '2', '1' of"):
        taken_in(table, {"neuroid": sites.assign(neuroid_id=["01", "02", "x"])})


def test_a_label_is_not_called_like_its_dimension() -> None:
    dims = ("presentation", "neuroid", "freq")
    table = LONG.assign(freq=8)
    assert taken_in(table, dims=dims).sel(freq=8).shape == (2, 2)
    found = taken_in(table, {"freq": pd.DataFrame({"freq": [8], "unit": "Hz"})}, dims=dims)
    assert found.sel(freq_id=8, unit="Hz").shape == (2, 2)
    assert type(found) is DataAssembly
    for odd in (table.assign(freq_id=1), LONG.assign(neuroid=LONG["neuroid_id"])):
        with pytest.raises(InvalidData, match=r"has labels (freq|neuroid) and .*_id; rename one of them"):
            taken_in(odd, dims=dims if "freq" in odd else None)
    spikes = pd.DataFrame({"neuroid_id": "n", "event": [1, 2], "spike_time": [0.1, 0.2]})
    assert taken_in(spikes).sel(event_id=2).values.tolist() == [0.2]


def test_a_pattern_means_no_ids_and_no_column_of_a_long_table() -> None:
    wide = pd.DataFrame({"stimulus_id": [1, 2], "session": [1, 2], "u1": [1.5, 2.5], "u2": [3, 4]})
    assert taken_in(wide, values="*")["neuroid_id"].values.tolist() == ["u1", "u2"]
    for pattern in ("rate*", "[r]ate"):
        with pytest.raises(SettingsError, match="has a row for each value; expected the name of one column, not"):
            taken_in(LONG, values=pattern)


def test_spikes_and_properties_have_neurons_and_values() -> None:
    spikes = pd.DataFrame({"neuroid_id": ["n", "n"], "spike_time": [0.5, np.nan]})
    with pytest.warns(UserWarning, match="1 of 2 cells are empty"):
        assert taken_in(spikes).size == 2
    with pytest.raises(InvalidData, match="'neuroid_id' is empty in 1 of 2 rows, first in row 2"):
        taken_in(spikes.assign(neuroid_id=["n", ""]))
    with pytest.raises(InvalidData, match="rows 1 and 2 below the header have the same neuroid_id"):
        taken_in(spikes.rename(columns={"spike_time": "width"}), values="width", class_name="PropertyAssembly")


@pytest.mark.parquet
def test_columns_of_parquet(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="4 of 4 cells are empty"):
        found = taken_in(LONG.assign(rate=None, note=None), suffix=".parquet")
    assert {found.dtype, found["note"].dtype} == {np.dtype("f8")}
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.Table.from_pandas(LONG.assign(x=1, y=2)).rename_columns([*LONG, "x", "x"])
    pytest.importorskip("pyarrow.parquet").write_table(table, tmp_path / "twice.parquet")
    with pytest.raises(InvalidData, match=r"twice\.parquet is not a Parquet file .* it has several columns 'x'"):
        assembly_from(tmp_path / "twice.parquet")


def test_netcdf_without_labels_needs_ids_for_more_of_them(tmp_path: Path) -> None:
    coords = {"stimulus_id": ("presentation", ["a", "b"]), "repetition": ("presentation", [0, 0])}
    array = xr.DataArray(np.zeros((2, 2)), coords, ("presentation", "neuroid"), name="data")
    array.to_dataset().to_netcdf(tmp_path / "rates.nc", engine="h5netcdf")
    (tmp_path / "sites.csv").write_text("neuroid_id,region\nn1,V1\n", "utf-8")
    with pytest.raises(InvalidData, match="no column in common by which a neuroid is found; expected neuroid_id"):
        assembly_from(tmp_path / "rates.nc", metadata={"neuroid": tmp_path / "sites.csv"})
