from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given

from brainpack.objects.indexes import gather_indexes, repeated_dimensions
from brainpack.testing.strategies import assemblies
from brainpack.validation.registry import run
from brainpack.validation.terms import Profile, Terms
from tests.validation.cases_values import responses, values

if TYPE_CHECKING:
    from brainpack.validation.findings import Finding

CHANCE = np.random.default_rng(0)
DIMS = ("presentation", "neuroid", "time_bin")


def found(array: xr.DataArray) -> dict[str, Finding]:
    findings = run("assembly", values(array)).findings
    assert len({(finding.rule, finding.expected) for finding in findings}) == len(findings)
    return {finding.rule: finding for finding in findings}


def array(numbers: Any, dims: tuple[str, ...] = DIMS) -> xr.DataArray:
    numbers = np.asarray(numbers)
    return xr.DataArray(numbers, dims=dims[: numbers.ndim])


QUIET = {
    "rates": array(CHANCE.random((50, 10, 3), dtype=np.float32) * 100),
    "heavy tails": array(CHANCE.lognormal(0, 2, (500, 10)).astype("f4")),
    "spike counts": array(CHANCE.poisson(2, (50, 10))),
    "small spike counts": array(CHANCE.poisson(2, (50, 10)).astype("u1")),
    "raw voltages that reach the limits of their type": array(CHANCE.integers(-32768, 32768, (500, 10)).astype("i2")),
    "voltages": array(CHANCE.normal(0, 1e-6, (50, 10)).astype("f4")),
    "choices": array(CHANCE.integers(0, 2, 50)),
    "choices in words": array(CHANCE.choice(["left", "right"], 50)),
    "right or wrong": array(CHANCE.random(50) > 0.5),
    "always the same choice": array(np.ones(50, int)),
    "confident probabilities": array(np.append(CHANCE.random(999) * 1e-20, 1).repeat(50).astype("f4")),
    "zeros and a few events": array(np.eye(50, 20, dtype="f4") * 37.5 + np.float32(0.1) * np.eye(50, 20, 5, "f4")),
    "a single presentation": array(np.array([[0.1, 0.2, 0.3]], dtype="f4")),
    "a single presentation in time": array(np.zeros((1, 5, 100), "f4")),
    "few presentations": array(np.zeros((9, 5), "f4")),
    "neuroids alone": array(np.zeros(30, "f4"), ("neuroid",)),
    "a few numbers": array(np.array([0.1, 1, 1e9], dtype="f4")),
    "one number": array(np.array(-999.0)),
    "times of spikes": array(np.sort(CHANCE.random(100)), ("event",)),
    "no presentations": array(np.zeros((0, 5))),
    "no neuroids": array(np.zeros((20, 0))),
    "times": array(np.arange(20).astype("M8[ns]")),
}


@pytest.mark.parametrize("name", QUIET)
def test_what_is_usual_is_left_in_peace(name: str) -> None:
    assert found(QUIET[name]) == {}


@pytest.mark.parametrize("dtype", ["f4", "f8", "i2", "u1", "?"])
def test_silent_neuroids_are_found_in_any_type(dtype: str) -> None:
    counts = np.ones((20, 4), int)
    counts[::2] = 0
    counts[:, 2] = 0
    finding = found(array(counts.astype(dtype)))["BP-A033"]
    assert finding.examples == ("neuroid 2: 0",)
    assert "1 of 4" in finding.found


def test_a_neuroid_with_few_values_may_be_constant() -> None:
    numbers = responses().values
    numbers[:, 1] = 0.5
    numbers[:3, 1] = np.nan
    assert "BP-A033" not in found(array(numbers))


def test_a_neuroid_with_an_infinite_value_is_not_constant() -> None:
    assert "BP-A033" not in found(responses((slice(None), 0.5), (3, np.inf)))


def test_the_worst_come_first_and_have_names() -> None:
    numbers = np.full((20, 30), 0.1, "f4") * np.arange(1, 21, dtype="f4")[:, None]
    numbers[5:, 7] = np.nan
    numbers[3:, 9] = np.nan
    numbers[19] = np.nan
    labelled = gather_indexes(
        array(numbers).assign_coords(neuroid_id=("neuroid", [f"m3_{number}" for number in range(30)]))
    )
    finding = found(labelled)["BP-A030"]
    assert finding.found == (
        "10% missing (60 of 600), more than elsewhere in neuroid 9 (neuroid_id 'm3_9'): 85%, "
        "neuroid 7 (neuroid_id 'm3_7'): 75%, presentation 19: 100%"
    )
    assert finding.count == 60
    assert found(labelled)["BP-A031"].examples == ("presentation 19",)


def test_none_is_named_where_values_are_missing_at_random() -> None:
    numbers = CHANCE.random((200, 50), dtype=np.float32)
    numbers[CHANCE.random(numbers.shape) < 0.02] = np.nan
    finding = found(array(numbers))["BP-A030"]
    assert finding.found == f"{np.isnan(numbers).mean():.3%} missing ({finding.count} of 10000)".replace("0%", "%")


def test_a_single_missing_value_is_located() -> None:
    assert found(responses(((4, 1), np.nan)))["BP-A030"].found.endswith(
        "in neuroid 1 (neuroid_id 'n2'): 8.33%, presentation 4 (stimulus_id 's4'): 33.3%"
    )


def test_old_data_name_their_images() -> None:
    old = responses((4, np.nan)).rename(stimulus_id="image_id")
    assert found(old)["BP-A031"].examples == ("presentation 4 (image_id 's4')",)


def test_presentations_on_two_axes() -> None:
    upper = np.where(np.triu(np.ones((12, 12), bool), 1), 0.1 * np.arange(12), np.nan)
    holed = upper.copy()
    holed[3] = holed[:, 3] = np.nan
    with repeated_dimensions():
        assert "BP-A031" not in found(array(upper, ("presentation", "presentation")))
        assert found(array(holed, ("presentation", "presentation")))["BP-A031"].examples == ("presentation 3",)


@pytest.mark.parametrize("code", [-999, -9999, 99999, -32768, -(2.0**31), -(2.0**63), 1e20, 9.969209968386869e36])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i2", "i4", "i8"])
def test_codes_for_missing_values(code: float, dtype: str) -> None:
    if dtype[0] == "i" and not np.iinfo(dtype).min <= code <= np.iinfo(dtype).max:
        code = np.iinfo(dtype).min
    numbers = CHANCE.poisson(3, (50, 10)).astype(dtype)
    numbers[:, 4:7] = code
    finding = found(array(numbers))["BP-A034"]
    value, times = finding.found.removeprefix("what looks like codes for missing values: ").split(" ", 1)
    assert float(value) == pytest.approx(code, rel=1e-5)
    assert times == "(150 times)"
    assert finding.count == 150


@pytest.mark.parametrize("code", [-999, -9999])
@pytest.mark.parametrize("largest", [1000, 100_000])
@pytest.mark.parametrize("dtype", ["f4", "i4"])
def test_a_negative_code_where_no_other_number_is_negative(code: int, largest: int, dtype: str) -> None:
    numbers = (CHANCE.random((100, 5)) * largest).astype(dtype)
    numbers[::50] = code
    assert found(array(numbers))["BP-A034"].found.endswith(f": {code} (10 times)")


def test_a_code_among_numbers_of_either_sign_that_are_as_large_is_none() -> None:
    numbers = CHANCE.normal(0, 500, (100, 5)).astype("f4")
    numbers[::50] = -999
    assert "BP-A034" not in found(array(numbers))


def test_several_codes_beside_an_outlier() -> None:
    numbers = CHANCE.random((50, 10)) + 1
    numbers[:, 4], numbers[:, 5], numbers[7, 7] = -999, -9999, 1e300
    outlier, codes = [finding for finding in run("", values(array(numbers))).findings if finding.rule == "BP-A034"]
    assert outlier.found == "1e+300, in neuroid 7"
    assert codes.found == "what looks like codes for missing values: -9999 (50 times), -999 (50 times)"
    assert (outlier.count, codes.count) == (1, 100)


def test_outliers_are_found_up_to_one_in_ten_thousand() -> None:
    numbers = CHANCE.random(1_600_000, dtype=np.float32)
    numbers[:150] = 1e7
    finding = found(array(CHANCE.permutation(numbers), ("event",)))["BP-A034"]
    assert finding.found == "150 between 10000000 and 10000000"
    assert finding.count == 150


def test_only_codes_are_no_codes() -> None:
    assert "BP-A034" not in found(array(np.full((20, 2), -999.0)))
    assert "BP-A034" not in found(array([[-999.0, np.nan]] * 20))


@pytest.mark.parametrize(
    ("numbers", "advice"),
    [
        (np.array([0.0, 47.0]), "int16"),
        (np.array([-1e5, 0.0]), "int32"),
        (np.array([0.0, 7.0], "f4"), "int16"),
        (np.array([0.0, 1e5], "f4"), None),
        (np.array([0.0, 1e12]), None),
        (np.array([0.0, np.nan, 1.0]), None),
        (np.array([0.0, np.inf, 1.0]), None),
        (np.array([0, 1]), None),
        (np.array([3.0, 3.0]), None),
    ],
    ids=str,
)
def test_integers_in_floats(numbers: Any, advice: str | None) -> None:
    finding = found(array(numbers)).get("BP-A035")
    assert (finding is None) if advice is None else (finding is not None and advice in finding.advice)


@pytest.mark.parametrize(
    ("numbers", "is_told"),
    [
        (np.array([0.5, np.nan, 1.0]), True),
        (np.array([0.5, np.inf, 1.0]), True),
        (np.array([0.5, 1e300]), False),
        (np.array([0.1, 1.0]), False),
        (np.array([0.5, 1.0], ">f8"), True),
        (np.array([0.5, 1.0], "f4"), False),
        (np.array([0.5, 0.5]), False),
        (np.array([0.0, 47.0]), False),
    ],
    ids=str,
)
def test_float32_in_float64(numbers: Any, is_told: bool) -> None:
    assert ("BP-A036" in found(array(numbers))) is is_told


def test_what_is_a_warning_in_a_draft_stops_publishing_if_a_score_would_be_nan() -> None:
    subject = values(responses(((slice(None), 2), 0.5), (4, np.nan), ((5, 1), np.inf)))
    published = run("assembly", subject, terms=Terms(Profile.PUBLISH))
    assert [finding.rule for finding in published.errors] == ["BP-A031", "BP-A032"]
    assert [finding.rule for finding in run("assembly", subject).warnings] == ["BP-A031", "BP-A032", "BP-A033"]


@given(assemblies())
def test_no_rule_crashes(assembly: xr.DataArray) -> None:
    assert "BP-R004" not in {finding.rule for finding in run("assembly", values(assembly)).findings}
