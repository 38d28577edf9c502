"""`upload_validator` of brainscore_core: whether data can be packaged, by the rules of brainpack.

Each function returns True, and raises InvalidData, here called ValidationError, with everything that is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import xarray as xr

from brainpack.errors import InvalidData
from brainpack.layout import PRESENTATION, STIMULUS_ID
from brainpack.objects.assemblies import DataAssembly
from brainpack.objects.indexes import get_metadata, plain_values
from brainpack.objects.transform import merge_stimulus_metadata
from brainpack.pipeline import accept
from brainpack.validation.registry import run
from brainpack.validation.rules.assemblies import assembly_subjects
from brainpack.validation.rules.stimuli import stimulus_subjects

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

ValidationError = InvalidData
_KINDS: Final = {"i": "integers", "u": "integers", "f": "floats", "b": "bool", "M": "times", "m": "durations"}


def validate_stimulus_set(stimulus_set: pd.DataFrame, identifier: str = "stimulus_set") -> bool:
    """Check a stimulus set, its files included, as packaging does."""
    accept(run(identifier, *stimulus_subjects(stimulus_set)))
    return True


def validate_assembly(assembly: xr.DataArray, identifier: str = "assembly") -> bool:
    """Check an assembly as packaging does; a DataArray that is none of ours counts as a DataAssembly."""
    cls = type(assembly) if isinstance(assembly, DataAssembly) else DataAssembly
    accept(run(identifier, *assembly_subjects(assembly, cls.__name__, None)))
    return True


def get_common_columns(stimulus_set: pd.DataFrame, assembly: xr.DataArray) -> set[str]:
    """Name the columns that are coordinates of the assembly, too."""
    return {*stimulus_set.columns} & {*get_metadata(assembly, names_only=True)}


def validate_data_type_compatibility(
    stimulus_set: pd.DataFrame, assembly: xr.DataArray, common_columns: Iterable[str]
) -> bool:
    """Check that these columns hold the same kind of values as the coordinates of their names."""
    for column in common_columns:
        in_set, in_assembly = _kind(stimulus_set[column]), _kind(assembly[column].values)
        if in_set != in_assembly:
            raise InvalidData(
                f"{column!r} holds {in_set} in the stimulus set and {in_assembly} in the assembly; convert one of them"
            )
    return True


def _kind(values: pd.Series | np.ndarray) -> str:
    return _KINDS.get(plain_values(values).dtype.kind, "text")


def validate_stimulus_set_assembly_compatibility(stimulus_set: pd.DataFrame, assembly: xr.DataArray) -> bool:
    """Check that what both know is of one kind, and that the set has every stimulus of the assembly."""
    validate_data_type_compatibility(stimulus_set, assembly, get_common_columns(stimulus_set, assembly))
    ids = assembly[STIMULUS_ID].values
    presentations = xr.DataArray(np.zeros(len(ids)), {STIMULUS_ID: (PRESENTATION, ids)}, PRESENTATION)
    merge_stimulus_metadata(presentations, stimulus_set[[STIMULUS_ID]])
    return True


def validate_packaging_data(
    stimulus_set: pd.DataFrame,
    assembly: xr.DataArray,
    stimulus_set_identifier: str = "stimulus_set",
    assembly_identifier: str = "assembly",
) -> bool:
    """Check a stimulus set, an assembly, and that they belong together."""
    return (
        validate_stimulus_set(stimulus_set, stimulus_set_identifier)
        and validate_assembly(assembly, assembly_identifier)
        and validate_stimulus_set_assembly_compatibility(stimulus_set, assembly)
    )


def validate_stimulus_set_only(stimulus_set: pd.DataFrame, identifier: str = "stimulus_set") -> bool:
    """`validate_stimulus_set` where there is no assembly."""
    return validate_stimulus_set(stimulus_set, identifier)


def validate_assembly_only(assembly: xr.DataArray, identifier: str = "assembly") -> bool:
    """`validate_assembly` where there is no stimulus set."""
    return validate_assembly(assembly, identifier)
