"""Tables as labs write them: bins in any order, columns named like dimensions, rows without ids."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brainpack.errors import InvalidData
from tests.intake.test_tables_laws import LONG, taken_in

BINS = pd.DataFrame(
    {
        "stimulus_id": "a",
        "neuroid_id": ["n"] * 3,
        "time_bin_start": [20, 0, 10],
        "time_bin_end": [30, 10, 20],
        "rate": [3, 1, 2],
    }
)


def test_bins_are_in_the_order_of_time() -> None:
    found = taken_in(BINS)
    assert found.values.ravel().tolist() == [1, 2, 3]
    assert found["time_bin_start"].values.tolist() == [0, 10, 20]
    wide = BINS.drop(columns=["neuroid_id", "rate"]).assign(u1=[3, 1, 2], u2=[6, 4, 5])
    assert taken_in(wide).values.tolist() == [[[1, 2, 3], [4, 5, 6]]]


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
