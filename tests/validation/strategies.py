"""Valid inputs: no rule may find an error in what these make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from hypothesis import strategies as st

from brainpack import NeuroidAssembly

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

_LETTERS = st.characters(codec="utf-8", categories=["L"])
_NAMES = st.text("abcdefgh_0123456789", min_size=1, max_size=8).map("c_{}".format)
_CELLS: dict[str, SearchStrategy[Any]] = {
    "text": st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=5),
    "integer": st.integers(-(2**40), 2**40),
    "floating": st.floats(width=32),
    "boolean": st.booleans(),
}


@st.composite
def stimulus_tables(draw: DrawFn) -> pd.DataFrame:
    """A table of stimuli, with ids that are integers or words."""
    words = st.text(_LETTERS, min_size=1, max_size=8).map("stim_{}".format)
    ids: list[Any] = draw(
        st.one_of(
            st.lists(st.integers(0, 10**12), min_size=1, max_size=8, unique=True),
            st.lists(words, min_size=1, max_size=8, unique_by=str.casefold),
        )
    )
    columns = draw(st.dictionaries(_NAMES, st.sampled_from([*_CELLS]), max_size=4))
    count = len(ids)
    return pd.DataFrame({"stimulus_id": ids} | {name: _column(draw, kind, count) for name, kind in columns.items()})


@st.composite
def assemblies(draw: DrawFn) -> xr.DataArray:
    """A NeuroidAssembly, gathered or not, with coordinates of all kinds."""
    dims = draw(st.sampled_from([("presentation", "neuroid"), ("presentation", "neuroid", "time_bin")]))
    sizes = {dim: draw(st.integers(1, 4)) for dim in dims}
    dtype = draw(st.sampled_from(["f4", "f8", "i2", "u8", "?", ">i4", "M8[ns]", "U3"]))
    names = draw(st.dictionaries(_NAMES, st.tuples(st.sampled_from(dims), st.sampled_from([*_CELLS])), max_size=5))
    coords: dict[str, Any] = {name: (dim, _column(draw, kind, sizes[dim])) for name, (dim, kind) in names.items()}
    coords["stimulus_id"] = ("presentation", _column(draw, "integer", sizes["presentation"]))
    attributes: dict[str, Any] = draw(st.dictionaries(_NAMES, st.one_of(*_CELLS.values(), st.none()), max_size=3))
    array = xr.DataArray(np.zeros([*sizes.values()], dtype=dtype), coords, dims, attrs=attributes)
    return NeuroidAssembly(array) if draw(st.booleans()) else array


def _column(draw: DrawFn, kind: str, count: int) -> Any:
    values = draw(st.lists(_CELLS[kind], min_size=count, max_size=count))
    return np.array(values, dtype=object if kind == "text" else None)
