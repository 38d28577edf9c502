"""Which rows are about the same presentation: told by columns, or by the order of rows, and never by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from brainpack.errors import InvalidData
from tests.intake.test_tables_laws import LONG, taken_in

if TYPE_CHECKING:
    from brainpack.objects.assemblies import DataAssembly

NEURONS = pd.DataFrame({"stimulus_id": "a", "neuroid_id": ["n1", "n2", "n1", "n1", "n2"], "rate": [1, 2, 3, 4, 5]})


def labels(assembly: DataAssembly, *names: str) -> list[Any]:
    return [*zip(*(assembly[name].values.tolist() for name in names), strict=True)]


# -------------------------------------------------------------------------------------- rows without a number


def test_no_repetition_is_made_of_rows_of_several_presentations() -> None:
    message = (
        "repetitions cannot be numbered, for rows are missing: 2 have the stimulus_id, {} of row {} .* and 3 those"
    )
    with pytest.raises(InvalidData, match=message.format("neuroid_id", 2)):
        taken_in(NEURONS)
    bins = pd.DataFrame({
        "stimulus_id": "a", "neuroid_id": "n1", "time_bin_start": [0, 50, 50, 0, 50], "rate": [1, 2, 3, 4, 5]
    })  # fmt: skip
    with pytest.raises(InvalidData, match=message.format("neuroid_id, time_bin_start", 1)):
        taken_in(bins)
    with pytest.raises(InvalidData, match=message.format("time_bin_start", 1)):
        taken_in(bins.drop(columns=["neuroid_id", "rate"]).assign(u1=[1, 2, 3, 4, 5]))


def test_neurons_of_different_sessions_may_have_different_numbers_of_repetitions() -> None:
    with pytest.warns(UserWarning, match="1 of 6 cells have no row"):
        found = taken_in(NEURONS.assign(session=[1, 2, 1, 1, 2]))
    np.testing.assert_array_equal(found.values, [[1, 2], [3, 5], [4, np.nan]])
    assert found.sel(session=2)["neuroid_id"].values.tolist() == ["n2"]
    within = NEURONS.assign(neuroid_id=["n1", "m", "n1", "n1", "n2"], session=[1, 2, 1, 1, 1])
    with pytest.raises(InvalidData, match=r"1 have the stimulus_id, neuroid_id of row 5 .* and 3 those of row 1"):
        taken_in(within)


def test_a_stimulus_that_a_neuron_never_saw_is_no_row_that_is_missing() -> None:
    with pytest.warns(UserWarning, match="2 of 6 cells have no row"):
        found = taken_in(LONG.iloc[[0, 0, 2, 3]])
    assert labels(found, "stimulus_id", "repetition") == [("b", 0), ("b", 1), ("a", 0)]


def test_repetitions_of_a_stimulus_have_a_number_each() -> None:
    trials = pd.DataFrame({"stimulus_id": "a", "trial": [1, 1, 2, 2], "neuroid_id": "n1", "rate": [1, 2, 3, 4]})
    assert labels(taken_in(trials), "trial", "repetition") == [(1, 0), (1, 1), (2, 2), (2, 3)]
    assert labels(taken_in(trials.assign(trial=[1, 2, 3, 4])), "repetition") == [(0,), (1,), (2,), (3,)]
    sets = trials.rename(columns={"trial": "presentation_id"}).assign(
        presentation_id=[7, 8, 9, 10], stimulus_id=[*"abab"]
    )
    assert labels(taken_in(sets), "stimulus_id", "repetition") == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]


# -------------------------------------------------------------------------------------- columns that tell


def test_trials_are_presentations_even_where_each_neuron_has_its_own() -> None:
    for name in ("trial", "block", "run"):
        table = pd.DataFrame({"stimulus_id": "a", name: [1, 2], "neuroid_id": ["n1", "n2"], "rate": [1.0, 2.0]})
        with pytest.warns(UserWarning, match="2 of 4 cells have no row"):
            found = taken_in(table)
        assert labels(found, name, "repetition") == [(1, 0), (2, 1)]
        with pytest.warns(UserWarning, match="2 of 4 cells have no row"):
            assert taken_in(table.assign(presentation_id=[5, 6]))[name].dims == ("presentation",)


@pytest.mark.parametrize("trials", [[1, 2, 1, 2], [1, 2, 2, 1]])
def test_trials_of_different_sessions_never_meet(trials: list[int]) -> None:
    table = pd.DataFrame({
        "stimulus_id": ["a", "b", "a", "b"], "session": [1, 1, 2, 2], "trial": trials,
        "neuroid_id": ["n1", "n1", "n2", "n2"], "rate": [1.0, 2.0, 3.0, 4.0],
    })  # fmt: skip
    with (
        pytest.warns(UserWarning, match="4 of 8 cells have no row"),
        pytest.warns(UserWarning, match="neurons of one session have no values in .* leave it out to have"),
    ):
        found = taken_in(table)
    assert labels(found, "session", "trial") == [*zip([1, 1, 2, 2], trials, strict=True)]
    assert np.isnan(found.values[:2, 1]).all()


def test_the_only_session_belongs_to_the_neurons_and_may_be_in_both_tables() -> None:
    table = LONG.assign(session=1, trial=[1, 1, 2, 2])
    assert taken_in(table)["session"].dims == ("neuroid",)
    shown = pd.DataFrame({"stimulus_id": ["a", "b"], "session": 1, "category": ["x", "y"]})
    assert taken_in(table, {"presentation": shown})["category"].values.tolist() == ["y", "x"]
    with pytest.raises(InvalidData, match="both have session"):
        taken_in(table, {"presentation": shown.assign(session=2)})


@pytest.mark.parametrize("ids", [["1.10", "1.1"], ["1e5", "100000"], ["True", "true"], ["01", "1"], ["NA", "None"]])
@pytest.mark.parametrize("name", ["session", "subject", "trial", "block", "run"])
def test_names_are_compared_as_they_are_written(name: str, ids: list[str]) -> None:
    table = pd.DataFrame({"stimulus_id": "a", name: [*ids, "x"], "neuroid_id": "n", "rate": [1, 2, 3]})
    assert labels(taken_in(table), name, "repetition") == [(ids[0], 0), (ids[1], 1), ("x", 2)]
    if ids[0] != "NA":
        assert taken_in(table.iloc[:2])[name].values.tolist() == ids


def test_names_that_are_numbers_stay_numbers_and_may_be_missing_where_they_tell_nothing_apart() -> None:
    spikes = pd.DataFrame({"neuroid_id": "n", "trial": ["1", "", "NA"], "session": ["x", "", "NA"], "spike_time": 0.5})
    found = taken_in(spikes)
    np.testing.assert_array_equal(found["trial"].values, [1, np.nan, np.nan])
    assert [*map(str, found["session"].values)] == ["x", "nan", "NA"]
    assert taken_in(LONG.assign(trial=[3, 3, 4, 4]))["trial"].dtype == np.int64


@pytest.mark.parametrize("name", ["repetition", "trial", "session"])
def test_an_empty_cell_tells_nothing_apart(name: str) -> None:
    cells = pd.Series([0, 1, np.nan, np.nan], dtype="Int64")
    with pytest.raises(InvalidData, match=f"column '{name}' is empty in 2 of 4 rows, first in row 3"):
        taken_in(LONG.assign(neuroid_id="n", **{name: cells}))
    if name == "repetition":
        with pytest.raises(InvalidData, match="column 'repetition' is empty"):
            taken_in(pd.DataFrame({"stimulus_id": "a", "repetition": cells, "choice": "x"}))


def test_wide_rows_of_one_repetition_are_refused() -> None:
    table = pd.DataFrame({"stimulus_id": "a", "repetition": 0, "u1": [1, 2]})
    with pytest.raises(InvalidData, match="rows 1 and 2 below the header have the same stimulus_id, repetition"):
        taken_in(table)
    assert taken_in(table.assign(session=["x", "y"])).shape == (2, 1)
