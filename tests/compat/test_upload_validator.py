"""The 15 checks and validators of brainscore_core, as views on the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from brainpack import CheckFailed, InvalidData, StimulusSet, packaging
from brainpack.compat.brainio import upload_validator
from brainpack.compat.brainio.upload_validator import ValidationError
from brainpack.objects.assemblies import NeuroidAssembly
from tests.helpers import recording, stimulus_set

if TYPE_CHECKING:
    from pathlib import Path

VALIDATORS = (
    "ValidationError", "validate_stimulus_set", "validate_assembly", "get_common_columns",
    "validate_data_type_compatibility", "_are_dtypes_compatible", "validate_stimulus_set_assembly_compatibility",
    "validate_packaging_data", "validate_stimulus_set_only", "validate_assembly_only",
)  # fmt: skip
CHECKS = (
    "check_naming_convention", "check_stimulus_naming_convention", "check_image_format", "check_stimulus_numbers",
    "check_experiment_stimulus_set",
)  # fmt: skip


def test_all_15_are_there() -> None:
    assert len(VALIDATORS) + len(CHECKS) == 15
    assert all(hasattr(upload_validator, name) for name in VALIDATORS)
    assert all(hasattr(packaging, name) for name in CHECKS)


def test_only_the_checks_raise_assertion_errors() -> None:
    assert not issubclass(ValidationError, AssertionError)
    assert issubclass(ValidationError, InvalidData)
    with pytest.raises(CheckFailed) as failed:
        packaging.check_naming_convention("MajajHong2015")
    assert isinstance(failed.value, AssertionError)


def test_valid_data_pass_each_validation(tmp_path: Path) -> None:
    stimuli, assembly = stimulus_set(tmp_path), NeuroidAssembly(recording())
    assert upload_validator.validate_packaging_data(stimuli, assembly)
    assert upload_validator.validate_stimulus_set_only(stimuli)
    assert upload_validator.validate_assembly_only(recording())
    assert upload_validator.validate_stimulus_set_assembly_compatibility(stimuli, assembly)
    assert upload_validator.get_common_columns(stimuli, assembly) == {"stimulus_id"}


def without(column: str) -> StimulusSet:
    return StimulusSet({"stimulus_id": ["a"], "size": [1]}).drop(columns=column)


SETS: dict[str, tuple[Any, str]] = {
    "no columns": ("a text", "BP-R003"),
    "no paths": (pd.DataFrame({"stimulus_id": ["a"], "size": [1]}), "BP-S005"),
    "no ids": (without("stimulus_id"), "BP-S001"),
    "empty": (StimulusSet({"stimulus_id": [], "size": []}), "BP-S007"),
    "no file for an id": (StimulusSet({"stimulus_id": ["a"], "size": [1]}), "BP-S005"),
}


@pytest.mark.parametrize(("stimuli", "rule"), SETS.values(), ids=SETS)
def test_what_the_reference_refuses_of_a_stimulus_set(stimuli: Any, rule: str) -> None:
    with pytest.raises(ValidationError, match=rf"(?s)my set.*{rule}"):
        upload_validator.validate_stimulus_set(stimuli, "my set")


ASSEMBLIES: dict[str, tuple[Any, str]] = {
    "no coordinates": ("a text", "BP-R003"),
    "no stimulus_id": (xr.DataArray([1], {"size": ("presentation", [1])}, ("presentation",)), "BP-A003"),
    "empty": (recording().isel(presentation=[]), "BP-A004"),
    "other dimensions": (NeuroidAssembly(xr.DataArray([1], dims="presentation")), "BP-A002"),
}


@pytest.mark.parametrize(("assembly", "rule"), ASSEMBLIES.values(), ids=ASSEMBLIES)
def test_what_the_reference_refuses_of_an_assembly(assembly: Any, rule: str) -> None:
    with pytest.raises(ValidationError, match=rf"(?s)mine.*{rule}"):
        upload_validator.validate_assembly(assembly, "mine")


def test_unknown_stimuli_and_clashing_types_are_refused(tmp_path: Path) -> None:
    stimuli, assembly = stimulus_set(tmp_path), recording()
    with pytest.raises(ValidationError, match=r"(?s)BP-P001.*'unknown'"):
        upload_validator.validate_stimulus_set_assembly_compatibility(stimuli, recording(["left", "unknown"]))
    clashing = assembly.assign_coords(
        orientation=("presentation", ["up"] * 4), category=("presentation", [1, 2, 3, 4])
    )  # fmt: skip
    with pytest.raises(ValidationError, match=r"(?s)BP-P003 error: coordinate 'orientation'.*coordinate 'category'"):
        upload_validator.validate_packaging_data(stimuli, clashing)
    message = "'category' holds text in the stimulus set and numbers in the assembly; 'orientation' holds numbers"
    with pytest.raises(ValidationError, match=message):
        upload_validator.validate_data_type_compatibility(stimuli, clashing, {"category", "orientation"})


def test_all_problems_of_a_set_an_assembly_and_a_pair_are_in_one_error(tmp_path: Path) -> None:
    stimuli = stimulus_set(tmp_path, ids=["left", "left"])
    with pytest.raises(ValidationError, match=r"(?s)set and assy.*BP-A004.*BP-S002") as failed:
        upload_validator.validate_packaging_data(stimuli, recording().isel(neuroid=[]), "set", "assy")
    assert failed.value.report is not None
    assert {finding.rule for finding in failed.value.report.errors} >= {"BP-A004", "BP-S002", "BP-P001"}


def test_kinds_of_values_and_not_their_sizes_have_to_agree() -> None:
    stimuli = StimulusSet({"a": np.array([1], dtype=np.int8), "b": pd.Series(["x"], dtype="category")})
    assembly = xr.DataArray([0], {"a": ("presentation", [1]), "b": ("presentation", ["x"])}, "presentation")
    common = upload_validator.get_common_columns(stimuli, assembly)
    assert common == {"a", "b"}
    assert upload_validator.validate_data_type_compatibility(stimuli, assembly, common)


@pytest.mark.parametrize(
    ("one", "other", "fit"),
    [
        ("int64", "int8", True),
        ("float64", "float32", True),
        ("bool", "boolean", True),
        ("object", "string", True),
        ("<U5", "object", True),
        ("int64", "float32", True),
        ("int64", "object", False),
        ("bool", "int64", False),
        ("datetime64[ns]", "object", False),
    ],
)
def test_dtypes_are_of_one_kind_or_not(one: str, other: str, fit: bool) -> None:
    dtypes = [np.dtype(one) if one != "boolean" else pd.BooleanDtype(), pd.api.types.pandas_dtype(other)]
    assert upload_validator._are_dtypes_compatible(*dtypes) is fit
