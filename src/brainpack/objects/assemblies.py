"""Assemblies: recordings with the metadata of presentations and neuroids, as labelled arrays.

::

    DataAssembly
    ├── BehavioralAssembly           presentation, anything else beside it
    ├── NeuroidAssembly              presentation, neuroid[, time_bin]
    │   ├── NeuronRecordingAssembly
    │   │   └── SpikeTimesAssembly   event
    │   └── ModelFeaturesAssembly
    ├── MetadataAssembly             event
    └── PropertyAssembly             anything
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import xarray as xr

from brainpack.errors import CheckFailed
from brainpack.objects import grouping
from brainpack.objects.indexes import gather_indexes, repeated_dimensions
from brainpack.objects.values import plain_data

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import ArrayLike

    from brainpack.read.chunks import Chunks

__all__ = [
    "BehavioralAssembly",
    "DataAssembly",
    "MetadataAssembly",
    "ModelFeaturesAssembly",
    "NeuroidAssembly",
    "NeuronRecordingAssembly",
    "PropertyAssembly",
    "SpikeTimesAssembly",
    "assembly_class",
    "is_fastpath",
]

_FASTPATH_POSITION = 6  # of ``fastpath`` among the arguments of DataArray


def is_fastpath(*args: Any, **kwargs: Any) -> bool:
    """Tell whether xarray itself calls ``DataArray(...)`` with parts that need no further work.

    Examples
    --------
    >>> is_fastpath(0, fastpath=True), is_fastpath(0)
    (True, False)
    """
    by_position = len(args) > _FASTPATH_POSITION and args[_FASTPATH_POSITION]
    return bool(by_position or kwargs.get("fastpath"))


class DataAssembly(xr.DataArray):
    """A DataArray whose coordinates are the levels of one MultiIndex per dimension.

    It takes the arguments of `xarray.DataArray`. Every coordinate of a dimension, also a single one, can be
    used in ``sel``. Dimensions may be repeated.

    Attributes
    ----------
    dimension_sets : tuple of frozenset of str
        Sets of dimensions that `validate` accepts; empty where any do.
    required_dims : frozenset of str
        Dimensions that `validate` asks for beside any others.
    needs_stimulus_id : bool
        Whether packaging asks for a ``stimulus_id`` coordinate.
    merges_stimuli : bool
        Whether loading merges the columns of the stimulus set onto ``presentation``.

    Examples
    --------
    >>> assembly = DataAssembly([1, 2], coords={"region": ("neuroid", ["V4", "IT"])}, dims=["neuroid"])
    >>> assembly.sel(region="IT").item()
    2
    """

    __slots__ = ()

    dimension_sets: ClassVar[tuple[frozenset[str], ...]] = ()
    required_dims: ClassVar[frozenset[str]] = frozenset()
    needs_stimulus_id: ClassVar[bool] = True
    merges_stimuli: ClassVar[bool] = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if is_fastpath(*args, **kwargs):
            super().__init__(*args, **kwargs)
            return
        with repeated_dimensions():
            is_array = len(args) == 1 and not kwargs and isinstance(args[0], xr.DataArray)
            given = args[0] if is_array else xr.DataArray(*args, **kwargs)
            array = gather_indexes(plain_data(given)).copy(deep=False)
            # otherwise xarray would copy every coordinate
            coords, indexes = dict(array.coords.variables), dict(array.xindexes)
            super().__init__(array.variable, coords, name=array.name, indexes=indexes, fastpath=True)

    @classmethod
    def from_files(
        cls,
        file_path: str | Path,
        *,
        stimulus_set_identifier: str | None = None,
        stimulus_set: pd.DataFrame | None = None,
        merges: bool = True,
        chunks: Chunks = None,
        is_verified: bool = False,
    ) -> Self:
        """Read an assembly from a netCDF file; a subclass that is read in another way overrides this.

        Parameters
        ----------
        file_path : path
            The netCDF file.
        stimulus_set_identifier : str, optional
            Goes into ``attrs``.
        stimulus_set : StimulusSet, optional
            Goes into ``attrs``; its columns are merged onto ``presentation`` where `merges_stimuli` says so.
        merges : bool
            False to have the stimulus set in ``attrs`` only.
        chunks : int, "auto", mapping of dimension to these, or None
            None for values in memory; otherwise they are a dask array, see `brainpack.read.netcdf.read_assembly`.
        is_verified : bool
            Whether the file is known to be as it was written, and need not be searched for damage.
        """
        # reading is a layer above this one; only this constructor reaches up to it
        from brainpack.read.netcdf import read_assembly

        return read_assembly(
            file_path,
            cls,
            stimulus_set_identifier=stimulus_set_identifier,
            stimulus_set=stimulus_set,
            is_verified=is_verified,
            merges=merges,
            chunks=chunks,
        )

    @classmethod
    def accepts(cls, dims: Iterable[Hashable]) -> bool:
        """Whether an assembly of this class may have these dimensions; repeated ones count once.

        Examples
        --------
        >>> NeuroidAssembly.accepts(("presentation", "presentation", "neuroid"))
        True
        """
        found = {str(dim) for dim in dims}
        return found in cls.dimension_sets if cls.dimension_sets else found >= cls.required_dims

    @classmethod
    def expected_dimensions(cls) -> str:
        """Name the dimensions of the class, in words.

        Examples
        --------
        >>> SpikeTimesAssembly.expected_dimensions()
        'event'
        """
        return " or ".join(", ".join(sorted(dims)) for dims in cls.dimension_sets or (cls.required_dims,))

    def validate(self) -> None:
        """Check the dimensions against those that this class stands for.

        Raises
        ------
        brainpack.errors.CheckFailed
            If they differ. It also is an AssertionError.
        """
        if not self.accepts(self.dims):
            raise CheckFailed(
                f"a {type(self).__name__} has the dimensions {self.expected_dimensions()}; "
                f"found {', '.join(map(str, self.dims)) or 'none'}; rename or select them"
            )

    def multi_groupby(self, group_coord_names: Sequence[Hashable], *args: Any, **kwargs: Any) -> Any:
        """Group by one or more coordinates of a dimension; see `brainpack.objects.grouping.multi_groupby`."""
        return grouping.multi_groupby(self, group_coord_names, *args, **kwargs)

    def multi_dim_apply(self, groups: Sequence[Hashable], apply: Callable[..., ArrayLike]) -> Self:
        """Apply a function to every cell of groups; see `brainpack.objects.grouping.multi_dim_apply`."""
        return grouping.multi_dim_apply(self, groups, apply)

    def multisel(
        self,
        method: str | None = None,
        tolerance: float | None = None,
        drop: bool = False,  # noqa: ARG002, FBT001, FBT002 - callers pass it; here no scalar arises to be dropped
        **indexers: Any,
    ) -> Self:
        """Select and keep dimensions and levels; see `brainpack.objects.grouping.multisel`."""
        return grouping.multisel(self, method, tolerance, **indexers)


class BehavioralAssembly(DataAssembly):
    """Responses of subjects to presentations of stimuli."""

    __slots__ = ()
    required_dims = frozenset({"presentation"})


class NeuroidAssembly(DataAssembly):
    """Responses of neurons, or of what stands for them, to presentations of stimuli."""

    __slots__ = ()
    dimension_sets: ClassVar[tuple[frozenset[str], ...]] = (
        frozenset({"presentation", "neuroid"}),
        frozenset({"presentation", "neuroid", "time_bin"}),
    )


class NeuronRecordingAssembly(NeuroidAssembly):
    """Responses recorded from neurons."""

    __slots__ = ()


class ModelFeaturesAssembly(NeuroidAssembly):
    """Responses of the units of a model."""

    __slots__ = ()


class SpikeTimesAssembly(NeuronRecordingAssembly):
    """Times of the spikes of neurons, one after the other."""

    __slots__ = ()
    dimension_sets = (frozenset({"event"}),)
    needs_stimulus_id = False
    merges_stimuli = False


class MetadataAssembly(DataAssembly):
    """Facts about another assembly that has other dimensions."""

    __slots__ = ()
    dimension_sets = (frozenset({"event"}),)
    needs_stimulus_id = False
    merges_stimuli = False


class PropertyAssembly(DataAssembly):
    """Properties of single neurons, such as tuning or receptive field size."""

    __slots__ = ()
    needs_stimulus_id = False
    merges_stimuli = False


CLASSES: Final[dict[str, type[DataAssembly]]] = {
    cls.__name__: cls
    for cls in (
        DataAssembly,
        NeuroidAssembly,
        NeuronRecordingAssembly,
        ModelFeaturesAssembly,
        BehavioralAssembly,
        PropertyAssembly,
        MetadataAssembly,
        SpikeTimesAssembly,
    )
}


def assembly_class(name: str) -> type[DataAssembly]:
    """Return the assembly class of this name.

    Raises
    ------
    ValueError
        If there is none; the message names all.

    Examples
    --------
    >>> assembly_class("NeuroidAssembly").__name__
    'NeuroidAssembly'
    """
    if name not in CLASSES:
        msg = f"there is no assembly class {name!r}; use one of {', '.join(CLASSES)}"
        raise ValueError(msg)
    return CLASSES[name]
