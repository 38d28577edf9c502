"""Laws of tables that become assemblies: what a row says is in its cell of the assembly, and nowhere else."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import brainpack
from brainpack.errors import InvalidData, SettingsError
from brainpack.intake.assemblies import assembly_from
from brainpack.objects.assemblies import BehavioralAssembly, NeuroidAssembly, PropertyAssembly, SpikeTimesAssembly

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import DrawFn, SearchStrategy

    from brainpack.errors import BrainpackError
    from brainpack.objects.assemblies import DataAssembly

_IDS: SearchStrategy[str] = st.text(st.characters(codec="utf-8", categories=["L", "N"]), max_size=4).map("id_{}".format)
_KEYS = ("stimulus_id", "repetition", "neuroid_id", "time_bin_start")


class Recording(NamedTuple):
    """An assembly, and the order in which its rows are shuffled."""

    assembly: NeuroidAssembly
    order: np.random.Generator

    @property
    def long(self) -> pd.DataFrame:
        return long_table(self.assembly)

    @property
    def shuffled(self) -> pd.DataFrame:
        table = self.long
        return table.iloc[self.order.permutation(len(table))]


@st.composite
def recordings(draw: DrawFn, *, bins: bool | None = None) -> Recording:
    """Presentations in any order, which are numbered; coordinates of each dimension; values of several types."""
    stimuli = draw(st.lists(_IDS, min_size=1, max_size=3, unique=True))
    neuroids = draw(st.lists(_IDS, min_size=1, max_size=3, unique=True))
    shown = draw(st.permutations([*range(len(stimuli)), *draw(st.lists(st.integers(0, len(stimuli) - 1), min_size=1))]))
    coords: dict[str, tuple[str, Any]] = {
        "stimulus_id": ("presentation", [stimuli[stimulus] for stimulus in shown]),
        "repetition": ("presentation", [shown[:row].count(stimulus) for row, stimulus in enumerate(shown)]),
        "onset": ("presentation", 0.1 * np.arange(len(shown))),
        "neuroid_id": ("neuroid", neuroids),
        "region": ("neuroid", draw(st.lists(st.sampled_from(["V1", "V4"]), min_size=(n := len(neuroids)), max_size=n))),
    }
    dims, shape = ["presentation", "neuroid"], [len(shown), len(neuroids)]
    if draw(st.booleans()) if bins is None else bins:
        starts = 10 * np.arange(draw(st.integers(2, 3)))
        coords |= {
            "time_bin_start": ("time_bin", starts),
            "time_bin_end": ("time_bin", starts + 10),
            "phase": ("time_bin", [f"phase {start}" for start in starts]),
        }
        dims, shape = [*dims, "time_bin"], [*shape, len(starts)]
    order = np.random.default_rng(draw(st.integers(0, 2**16)))
    dtype = draw(st.sampled_from(["f8", "i8", "?"]))
    values = order.normal(size=shape) if dtype == "f8" else order.integers(-(2**62), 2**62, shape)
    return Recording(NeuroidAssembly(values > 0 if dtype == "?" else values, coords=coords, dims=dims), order)


def long_table(assembly: DataAssembly) -> pd.DataFrame:
    """A row for each cell, in the order of the values."""
    indexes = np.unravel_index(np.arange(assembly.size), assembly.shape)
    rows = dict(zip(assembly.dims, indexes, strict=True))
    coords = {str(name): coord.values[rows[coord.dims[0]]] for name, coord in columns_of(assembly).items()}
    return pd.DataFrame({**coords, "rate": assembly.values.ravel()})


def wide_table(assembly: DataAssembly) -> pd.DataFrame:
    """A row for each presentation and time bin, a column for each neuroid."""
    rows = assembly.transpose("neuroid", ...)
    first = long_table(type(assembly)(rows.isel(neuroid=[0]))).drop(columns=["rate", "neuroid_id", "region"])
    cells = rows.values.reshape(rows.sizes["neuroid"], -1)
    return first.assign(**dict(zip(rows["neuroid_id"].values.tolist(), cells, strict=True)))


def columns_of(assembly: DataAssembly) -> dict[str, Any]:
    return {str(name): coord for name, coord in assembly.coords.items() if name not in assembly.dims}


def taken_in(
    table: pd.DataFrame, metadata: Mapping[str, pd.DataFrame] | None = None, suffix: str = ".csv", **options: Any
) -> DataAssembly:
    """What is made of a file with this table."""
    with tempfile.TemporaryDirectory() as folder:

        def written(rows: pd.DataFrame, name: str) -> Path:
            path = Path(folder, name + suffix)
            if suffix == ".parquet":
                rows.to_parquet(path)
            else:
                rows.to_csv(path, index=False)
            return path

        files = {dim: written(rows, dim) for dim, rows in (metadata or {}).items()}
        return assembly_from(written(table, "rates"), metadata=files, **options)


def assert_same(found: DataAssembly, expected: DataAssembly) -> None:
    """Same class, type, values and coordinates, each along the same dimension."""
    assert (type(found), found.dtype, found.dims) == (type(expected), expected.dtype, expected.dims)
    np.testing.assert_array_equal(found.values, expected.values)
    assert {name: coord.dims for name, coord in columns_of(found).items()} == {
        name: coord.dims for name, coord in columns_of(expected).items()
    }
    for name, coord in columns_of(expected).items():
        np.testing.assert_array_equal(found[name].values, coord.values)


def cells(assembly: DataAssembly) -> dict[tuple[Any, ...], Any]:
    """The row of each cell by its identifiers, whatever the order."""
    table = long_table(assembly)
    keys = [name for name in _KEYS if name in table.columns]
    others = sorted({*table.columns} - {*keys})
    return dict(zip(zip(*(table[key] for key in keys), strict=True), table[others].to_dict("records"), strict=True))


# ------------------------------------------------------------------------------------------------ long tables


@given(recordings())
def test_a_long_table_of_an_assembly_becomes_that_assembly(recording: Recording) -> None:
    assert_same(taken_in(recording.long), recording.assembly)


@given(recordings())
def test_shuffled_rows_with_identifiers_give_the_same_cells(recording: Recording) -> None:
    assert cells(taken_in(recording.shuffled)) == cells(recording.assembly)


@given(recordings())
def test_the_kth_row_of_a_cell_is_repetition_k(recording: Recording) -> None:
    unnumbered = recording.long.drop(columns=["repetition", "onset"])
    repeated = (recording.assembly["repetition"].values > 0).any()
    expected = recording.assembly.reset_index("presentation").drop_vars(
        ["onset"] if repeated else ["onset", "repetition"]
    )
    assert cells(taken_in(unnumbered)) == cells(NeuroidAssembly(expected))


@given(recordings(), st.data())
def test_cells_without_a_row_are_nan_and_no_others(recording: Recording, data: st.DataObject) -> None:
    table = recording.long
    # every presentation, neuroid and time bin keeps the row of the first of the others
    numbers = np.unravel_index(np.arange(recording.assembly.size), recording.assembly.shape)
    is_needed = np.sum([number > 0 for number in numbers], axis=0) <= 1
    gone = data.draw(st.sets(st.sampled_from(np.flatnonzero(~is_needed).tolist() or [-1]))) - {-1}
    if not gone:
        return
    with pytest.warns(UserWarning, match=rf"{len(gone)} of {len(table)} cells"):
        found = taken_in(table.drop(index=[*gone]))
    assert found.dtype.kind == "f"
    expected = recording.assembly.astype(np.float64).values.ravel()
    expected[[*gone]] = np.nan
    np.testing.assert_allclose(found.values.ravel(), expected, rtol=1e-6)


@given(recordings())
def test_metadata_are_found_by_id_in_whatever_order(recording: Recording) -> None:
    table, assembly = recording.long, recording.assembly
    tables = {
        dim: pd.DataFrame({name: assembly[name].values for name in names})
        for dim, names in {
            "presentation": ("stimulus_id", "repetition", "onset"),
            "neuroid": ("neuroid_id", "region"),
            "time_bin": ("time_bin_start", "time_bin_end", "phase"),
        }.items()
        if dim in assembly.dims
    }
    shuffled = {dim: rows.iloc[recording.order.permutation(len(rows))] for dim, rows in tables.items()}
    bare = table.drop(columns=[name for name in ("onset", "region", "phase") if name in table.columns])
    assert_same(taken_in(bare, shuffled), assembly)


# ------------------------------------------------------------------------------------------------ wide tables


@given(recordings())
def test_a_wide_table_says_the_same_as_a_long_one(recording: Recording) -> None:
    assembly = recording.assembly
    neurons = pd.DataFrame({name: assembly[name].values for name in ("neuroid_id", "region")})
    found = taken_in(wide_table(assembly), {"neuroid": neurons.iloc[::-1]})
    assert_same(found, assembly)
    assert found.values.flags.c_contiguous


@given(recordings(bins=False))
def test_the_kth_row_of_a_stimulus_in_a_wide_table_is_repetition_k(recording: Recording) -> None:
    table = wide_table(recording.assembly).drop(columns=["repetition", "onset"])
    found = taken_in(table, {"neuroid": pd.DataFrame({"neuroid_id": recording.assembly["neuroid_id"].values})})
    np.testing.assert_array_equal(found.values, recording.assembly.values)
    np.testing.assert_array_equal(found["repetition"].values, recording.assembly["repetition"].values)


def test_columns_that_differ_in_their_numbers_alone_are_neuroids() -> None:
    table = pd.DataFrame({"stimulus_id": ["a", "b"], "unit_1": [1, 2], "unit_2": [3, 4]})
    assert taken_in(table).sel(neuroid_id="unit_2").values.ravel().tolist() == [3, 4]


def test_a_pattern_tells_which_columns_are_neuroids() -> None:
    table = pd.DataFrame({"stimulus_id": ["a", "b"], "depth": [0.5, 0.7], "unit_1": [1, 2], "unit_2": [3, 4]})
    found = taken_in(table, values="unit_*")
    assert found.shape == (2, 2)
    assert found["depth"].dims == ("presentation",)


# ------------------------------------------------------------------------------------------------ other classes


@pytest.mark.parametrize("values", ["choice", "correct", "rt"])
def test_the_only_column_of_answers_makes_behaviour(values: str) -> None:
    trials = pd.DataFrame({"stimulus_id": ["a", "b", "a"], "subject": ["s1", "s1", "s2"], values: [1, 0, 1]})
    found = taken_in(trials)
    assert type(found) is BehavioralAssembly
    assert found.values.tolist() == [1, 0, 1]
    assert found["repetition"].values.tolist() == [0, 0, 1]


def test_other_columns_of_trials_are_coordinates() -> None:
    trials = pd.DataFrame({"stimulus_id": ["a", "b"], "choice": ["face", "place"], "rt": [412.5, 530.0]})
    found = taken_in(trials, values="choice")
    assert found.values.tolist() == ["face", "place"]
    assert found["rt"].values.tolist() == [412.5, 530.0]


def test_neuroids_and_times_without_stimuli_are_spikes() -> None:
    spikes = pd.DataFrame({"neuroid_id": ["n2", "n1", "n2"], "trial": [0, 0, 1], "spike_time": [0.1, 0.25, 1.5]})
    found = taken_in(spikes)
    assert type(found) is SpikeTimesAssembly
    assert (found.dims, found.values.tolist()) == (("event",), [0.1, 0.25, 1.5])
    assert found["neuroid_id"].values.tolist() == ["n2", "n1", "n2"]


def test_a_row_for_each_neuroid_is_a_property() -> None:
    tuning = pd.DataFrame({"neuroid_id": ["n1", "n2"], "region": ["V1", "V4"], "width": [20.0, 35.5]})
    found = taken_in(tuning, values="width", class_name="PropertyAssembly")
    assert type(found) is PropertyAssembly
    assert found.sel(region="V4").values.tolist() == [35.5]


# ------------------------------------------------------------------------------------------------ types and names


@pytest.mark.parametrize("values", [["001", "NA", "1e5"], ["日本", "ñandú", "a b"], ["x", "y", "None"]])
def test_ids_stay_the_text_that_they_are(values: list[str]) -> None:
    table = pd.DataFrame({"stimulus_id": values, "neuroid_id": values, "rate": [1.0, 2.0, 3.0]})
    with pytest.warns(UserWarning, match="6 of 9 cells"):
        found = taken_in(table)
    assert found["stimulus_id"].values.tolist() == found["neuroid_id"].values.tolist() == values


def test_image_id_is_stimulus_id() -> None:
    found = taken_in(pd.DataFrame({"image_id": ["b", "a"], "neuroid_id": ["n", "n"], "rate": [1.0, 2.0]}))
    assert found["stimulus_id"].values.tolist() == ["b", "a"]


@pytest.mark.parquet
@pytest.mark.parametrize("dtype", ["float32", "int16", "uint8", "bool", "datetime64[us]"])
def test_types_are_kept(dtype: str) -> None:
    table = pd.DataFrame({"stimulus_id": ["a", "b"], "neuroid_id": "n", "rate": np.array([0, 1]).astype(dtype)})
    found = taken_in(table, suffix=".parquet")
    assert found.dtype == dtype
    np.testing.assert_array_equal(found.values.ravel(), table["rate"])


def test_missing_cells_are_a_finding() -> None:
    table = pd.DataFrame({"stimulus_id": ["a", "a", "b"], "neuroid_id": ["m", "n", "m"], "rate": [0.1, 0.2, 0.3]})
    with pytest.warns(UserWarning, match="1 of 4 cells"):
        found = taken_in(table)
    assert "BP-A030" in {finding.rule for finding in brainpack.validate(found)[0].findings}


# ------------------------------------------------------------------------------------------------ what is refused

LONG = pd.DataFrame({
    "stimulus_id": ["b", "b", "a", "a"],
    "neuroid_id": ["n2", "n1", "n2", "n1"],
    "rate": [1.0, 2.0, 3.0, 4.0],
})  # fmt: skip
TRIALS = pd.DataFrame({"stimulus_id": ["a", "b"], "choice": ["x", "y"], "rt": [1, 2]})


class Refused(NamedTuple):
    """A table that cannot be taken in, and what the message has to say."""

    table: pd.DataFrame
    says: list[str]
    error: type[BrainpackError] = SettingsError
    metadata: dict[str, pd.DataFrame] | None = None
    options: dict[str, Any] = {}  # noqa: RUF012 - never changed


REFUSED = {
    "two rows of one cell": Refused(
        LONG.assign(repetition=0).iloc[[0, 1, 2, 3, 1]], ["rows 2 and 5", "neuroid_id", "repetition"], InvalidData
    ),
    "a column of no dimension": Refused(LONG.assign(noise=[1, 2, 2, 1]), ["'noise'", "presentation"], InvalidData),
    "an id without metadata": Refused(
        LONG, ["'n2'", "neuroid.csv", "add it"], InvalidData, {"neuroid": pd.DataFrame({"neuroid_id": ["n1"]})}
    ),
    "an id with several metadata": Refused(
        LONG,
        ["several rows", "'n1'", "neuroid.csv"],
        InvalidData,
        {"neuroid": pd.DataFrame({"neuroid_id": ["n1", "n1", "n2"]})},
    ),
    "a column in both tables": Refused(
        LONG.assign(region="V1"),
        ["both have region"],
        InvalidData,
        {"neuroid": pd.DataFrame({"neuroid_id": ["n1", "n2"], "region": ["V1", "V4"]})},
    ),
    "metadata without ids": Refused(
        LONG, ["neuroid.csv", "expected neuroid_id"], InvalidData, {"neuroid": pd.DataFrame({"unit": ["n1", "n2"]})}
    ),
    "metadata of a dimension that is not there": Refused(
        LONG, ["time_bin", "presentation, neuroid"], metadata={"time_bin": pd.DataFrame({"time_bin_start": [0]})}
    ),
    "a neuroid without a column": Refused(
        pd.DataFrame({"stimulus_id": ["a"], "u1": [1.0]}),
        ["no column for the neuroids", "u2"],
        InvalidData,
        {"neuroid": pd.DataFrame({"neuroid_id": ["u1", "u2"]})},
    ),
    "columns that may or may not be neuroids": Refused(
        pd.DataFrame({"stimulus_id": ["a"], "depth": [1.0], "u1": [1.0]}), ["depth, u1", "metadata", "values"]
    ),
    "text among the neuroids": Refused(
        pd.DataFrame({"stimulus_id": ["a"], "u1": [1.0], "u2": ["x"]}),
        ["'u2'", "numbers"],
        InvalidData,
        options={"values": "u*"},
    ),
    "a pattern of no column": Refused(
        pd.DataFrame({"stimulus_id": ["a"], "u1": [1.0]}), ["'unit_*'"], options={"values": "unit_*"}
    ),
    "no column of values": Refused(LONG.rename(columns={"rate": "foo"}), ["foo", "option values"]),
    "several columns of values": Refused(LONG.assign(count=1), ["rate, count", "option values"]),
    "several columns of answers": Refused(TRIALS, ["choice, rt", "option values"]),
    "values that are no column": Refused(LONG, ["'nope'", "rate"], options={"values": "nope"}),
    "no ids": Refused(pd.DataFrame({"foo": [1.0]}), ["stimulus_id", "foo", "rename"]),
    "stimuli of another name": Refused(
        LONG.rename(columns={"stimulus_id": "stimulus"}), ["stimulus_id", "stimulus,", "rename"]
    ),
    "a dimension without a column": Refused(
        LONG, ["site_id", "correct dims"], options={"dims": ["presentation", "site"]}
    ),
    "a dimension twice": Refused(LONG, ["different names"], options={"dims": ["neuroid", "neuroid"]}),
    "no such class": Refused(LONG, ["'Foo'", "BehavioralAssembly"], options={"class_name": "Foo"}),
    "a class of other dimensions": Refused(
        LONG, ["NeuroidAssembly", "dims or class"], options={"class_name": "NeuroidAssembly", "dims": ["presentation"]}
    ),
    "variable of a table": Refused(LONG, ["variable", "MATLAB"], options={"variable": "rate"}),
    "no rows": Refused(LONG.iloc[:0], ["no rows"], InvalidData),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_taken_in_is_refused_with_the_next_step(case: Refused) -> None:
    with pytest.raises(case.error) as refused:
        taken_in(case.table, case.metadata, **case.options)
    assert [words for words in case.says if words not in str(refused.value)] == []
    assert "\n" not in str(refused.value)


def test_ids_of_far_too_many_cells_are_refused() -> None:
    count = 1200
    table = pd.DataFrame({"stimulus_id": range(count), "neuroid_id": range(count), "rate": 1.0})
    with pytest.raises(InvalidData, match="1200 rows for 1440000 cells: 1200 presentations, 1200 neuroids"):
        taken_in(table)
