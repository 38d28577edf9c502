"""`upload_validator` of brainscore_core: whether data can be packaged, by the rules of brainpack.

Its functions return True, and raise InvalidData, here called ValidationError, with everything that is wrong. With the
five `check_…` functions of the packaging API they are the 15 checks and validators of brainscore_core.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import xarray as xr

from brainpack.errors import InvalidData
from brainpack.objects.assemblies import DataAssembly
from brainpack.objects.indexes import get_metadata, plain_coords
from brainpack.objects.levels import plain_values
from brainpack.pipeline import accept
from brainpack.validating.objects import class_name
from brainpack.validation.registry import run
from brainpack.validation.rules.assemblies import assembly_subjects
from brainpack.validation.rules.pairs import Both, pair_subjects
from brainpack.validation.rules.stimuli import stimulus_subjects
from brainpack.validation.terms import Profile, Terms
from brainpack.workers import workers

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from brainpack.validation.report import Report

ValidationError = InvalidData
_NUMBERS: Final = "iuf"


def validate_stimulus_set(stimulus_set: pd.DataFrame, identifier: str = "stimulus_set") -> bool:
    """Check a stimulus set and that its files are there, as packaging does."""
    accept(run(identifier, *_subjects(stimulus_set)))
    return True


def validate_assembly(assembly: xr.DataArray, identifier: str = "assembly") -> bool:
    """Check an assembly as packaging does, as one of the class that it is of, or that its dimensions fit."""
    accept(run(identifier, *assembly_subjects(assembly, _class_name(assembly))))
    return True


def get_common_columns(stimulus_set: pd.DataFrame, assembly: xr.DataArray) -> set[str]:
    """Name the columns that are coordinates of the assembly, too."""
    return {*stimulus_set.columns} & {*get_metadata(assembly, names_only=True)}


def validate_data_type_compatibility(
    stimulus_set: pd.DataFrame, assembly: xr.DataArray, common_columns: Iterable[str]
) -> bool:
    """Check that these columns hold the same kind of values as the coordinates of their names, as BP-P003 has it."""
    coords = plain_coords(assembly)
    kinds = {name: Both(coords[name][1], plain_values(stimulus_set[name])).kinds for name in sorted(common_columns)}
    if clashing := [
        f"{name!r} holds {in_set} in the stimulus set and {in_assembly} in the assembly"
        for name, (in_assembly, in_set) in kinds.items()
        if in_assembly != in_set and "empty" not in {in_assembly, in_set}
    ]:
        raise InvalidData(f"{'; '.join(clashing)}; convert one of the two")
    return True


def _are_dtypes_compatible(dtype1: Any, dtype2: Any) -> bool:
    """Tell whether two dtypes are of one kind: numbers of any size are, and so are all that are text or objects."""
    kinds = {"number" if dtype.kind in _NUMBERS else "text" if dtype.kind in "OUT" else dtype.kind
             for dtype in (dtype1, dtype2)}  # fmt: skip
    return len(kinds) == 1


def validate_stimulus_set_assembly_compatibility(stimulus_set: pd.DataFrame, assembly: xr.DataArray) -> bool:
    """Check that what both know is of one kind, and that the set has every stimulus of the assembly."""
    accept(_fit(stimulus_set, assembly))
    return validate_data_type_compatibility(stimulus_set, assembly, get_common_columns(stimulus_set, assembly))


def validate_packaging_data(
    stimulus_set: pd.DataFrame,
    assembly: xr.DataArray,
    stimulus_set_identifier: str = "stimulus_set",
    assembly_identifier: str = "assembly",
) -> bool:
    """Check a stimulus set, an assembly, and that they belong together; all problems of the three are in one error."""
    accept(
        run(
            f"{stimulus_set_identifier} and {assembly_identifier}",
            *_subjects(stimulus_set),
            *assembly_subjects(assembly, _class_name(assembly)),
        )
        + _fit(stimulus_set, assembly)
    )
    return validate_data_type_compatibility(stimulus_set, assembly, get_common_columns(stimulus_set, assembly))


def validate_stimulus_set_only(stimulus_set: pd.DataFrame, identifier: str = "stimulus_set") -> bool:
    """`validate_stimulus_set` where there is no assembly."""
    return validate_stimulus_set(stimulus_set, identifier)


def validate_assembly_only(assembly: xr.DataArray, identifier: str = "assembly") -> bool:
    """`validate_assembly` where there is no stimulus set."""
    return validate_assembly(assembly, identifier)


def _subjects(stimulus_set: object) -> list[object]:
    with workers() as crew:
        return stimulus_subjects(stimulus_set, crew)


def _fit(stimulus_set: object, assembly: object) -> Report:
    """Whether both belong together: the set is there, so what it lacks is missing."""
    terms = Terms(Profile.PUBLISH)
    return run("stimulus set and assembly", *pair_subjects(assembly, stimulus_set), terms=terms)


def _class_name(assembly: object) -> str:
    return class_name(assembly) if isinstance(assembly, xr.DataArray) else DataAssembly.__name__
