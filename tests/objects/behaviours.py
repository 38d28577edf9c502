"""Snippets that are run on brainpack and on the reference client, and what they give as JSON.

Each snippet assigns ``result``. This file is also a script: in the environment of the reference client it
prints what the snippets give there, so it must not import brainpack or pytest.
"""

# ruff: noqa: E501, ISC004 - snippets are one line where they can be

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

SETUP = """
grid = NeuroidAssembly(
    np.arange(12.0).reshape(4, 3),
    coords={
        "object": ("presentation", ["dog", "dog", "car", "car"]),
        "repetition": ("presentation", [1, 2, 1, 2]),
        "neuroid_id": ("neuroid", ["x", "y", "z"]),
        "depth": ("neuroid", [3.0, 1.0, 2.0]),
    },
    dims=["presentation", "neuroid"],
)
line = DataAssembly(
    [1, 2, 3, 4, 5, 6],
    coords={"a": ("d", list("xxyyyy")), "b": ("d", [1, 1, 1, 1, 2, 2]), "c": ("d", list("uvwxyz"))},
    dims=["d"],
)
plain = DataAssembly([[1, 2, 3], [4, 5, 6]], coords={"a": ["p", "q"], "b": [7, 8, 9]}, dims=["a", "b"])
beside = DataAssembly([1, 2], coords={"p": ("p", ["x", "y"]), "q": ("p", [3, 4])}, dims=["p"])
single = NeuroidAssembly(
    np.arange(6.0).reshape(3, 2),
    coords={"stimulus_id": ("presentation", ["s2", "s0", "s1"]), "neuroid_id": ("neuroid", [5, 6])},
    dims=["presentation", "neuroid"],
)
stacked = NeuroidAssembly(
    np.arange(10.0).reshape(5, 2), coords={"stimulus_id": range(5), "neuroid_id": range(2)},
    dims=["stimulus_id", "neuroid_id"],
).stack(presentation=("stimulus_id",), neuroid=("neuroid_id",))
square = NeuroidAssembly(
    np.arange(25.0).reshape(5, 5),
    coords={"stimulus_id": ("presentation", list(range(5))), "half": ("presentation", [0, 0, 1, 1, 1]),
            "adjacent": 12},
    dims=["presentation", "presentation"],
)
three = NeuroidAssembly(np.zeros(3), coords={"stimulus_id": [0, 2, 3]}, dims=["stimulus_id"]).stack(
    presentation=("stimulus_id",)
)
stimuli = StimulusSet([{"stimulus_id": f"s{i}", "size": i, "label": "ab"[i % 2]} for i in range(4)])
stimuli.identifier = "lab.Set"
stimuli.stimulus_paths = {f"s{i}": f"/stimuli/s{i}.png" for i in range(4)}
"""

SAME = {
    "levels of two coordinates": "result = grid",
    "level names": "result = list(grid.indexes['presentation'].names)",
    "get_levels": "result = get_levels(grid)",
    "get_levels without a MultiIndex": "result = get_levels(plain)",
    "a dimension coordinate alone": "result = plain",
    "a dimension coordinate beside another": "result = [beside, list(beside.indexes['p'].names)]",
    "gathering a DataArray": "result = gather_indexes(xr.DataArray(grid).reset_index(['object', 'repetition']))",
    "gathering twice": "result = gather_indexes(gather_indexes(grid))",
    "another coordinate joins the levels": (
        "grid['size'] = ('presentation', [8, 8, 4, 4]); g = NeuroidAssembly(grid)\n"
        "result = [g, list(g.indexes['presentation'].names)]"
    ),
    "scalar coordinates stay": "result = DataAssembly([1, 2], coords={'a': ['x', 'y'], 's': 'one'}, dims=['a'])",
    "walk_coords": "result = sorted((n, list(d), v.tolist()) for n, d, v in walk_coords(grid))",
    "metadata of plain dimensions": (
        "result = [sorted(get_metadata(plain, None, True, bool(a), bool(b), bool(c), bool(d)))\n"
        "  for a in (0, 1) for b in (0, 1) for c in (0, 1) for d in (0, 1)]"
    ),
    "metadata of MultiIndexes": (
        "result = [sorted(get_metadata(grid, None, True, bool(a), bool(b), bool(c), bool(d)))\n"
        "  for a in (0, 1) for b in (0, 1) for c in (0, 1) for d in (0, 1)]"
    ),
    "metadata of one dimension": "result = list(get_metadata(grid, ('neuroid',), True))",
    "coords_for_dim of a DataArray": (
        "d = xr.DataArray([1, 2], {'up': ('a', ['x', 'y']), 'down': ('a', [3, 4])}, ['a'])\n"
        "result = {k: v.tolist() for k, v in coords_for_dim(d, 'a').items()}"
    ),
    "coords_for_dim of an assembly": "result = list(coords_for_dim(grid, 'presentation'))",
    "mean over a dimension": "result = grid.mean('presentation')",
    "sorting and slicing": "result = grid.sortby('depth')[1:, :2]",
    "transpose": "result = grid.T",
    "stack": "result = stacked",
    "sel by all levels": "result = grid.sel(object='car', repetition=2).values.tolist()",
    "sel of an absent value": "result = raised(lambda: grid.sel(object='cat'), KeyError)",
    "class after indexing": "result = type(grid[0, 0]).__name__",
    "groupby one level": "result = grid.groupby('object').mean(...)",
    "multi_groupby one level": "result = grid.multi_groupby(['object']).mean(...)",
    "multi_groupby a dimension": "result = plain.multi_groupby(['a']).mean(...)",
    "multi_groupby": "result = line.multi_groupby(['a', 'b']).mean()",
    "multi_groupby in another order": "result = line.multi_groupby(['b', 'a']).sum()",
    "multi_groupby median": "result = line.multi_groupby(['a', 'b']).median()",
    "multi_groupby keeps the other dimension": "result = grid.multi_groupby(['object', 'repetition']).mean()",
    "multi_groupby over a named dimension": (
        "result = grid.multi_groupby(['object', 'repetition']).mean(dim='presentation')"
    ),
    "multi_groupby the second dimension": "result = grid.multi_groupby(['neuroid_id', 'depth']).max()",
    "multi_groupby over everything": "result = grid.multi_groupby(['object', 'repetition']).mean(...)",
    "multi_groupby map to a mean": (
        "result = grid.multi_groupby(['object', 'repetition']).map(lambda g: g.mean('presentation'))"
    ),
    "multi_groupby apply to a scalar": "result = line.multi_groupby(['a', 'b']).apply(lambda g: g.max())",
    "multi_groupby across dimensions": (
        "result = raised(lambda: grid.multi_groupby(['object', 'depth']), GroupbyError)"
    ),
    "multi_dim_apply cell by cell": "result = plain.multi_dim_apply(['a', 'b'], lambda x, **_: x)",
    "multi_dim_apply swapped": "result = plain.multi_dim_apply(['b', 'a'], lambda x, **_: x)",
    "multi_dim_apply by a level": (
        "result = grid.multi_dim_apply(['object', 'neuroid_id'], lambda x, **_: x - x.mean())"
    ),
    "multi_dim_apply by MultiIndexes": (
        "result = grid.multi_dim_apply(['presentation', 'neuroid'], lambda x, **_: x * 2)"
    ),
    "multi_dim_apply is called with": (
        "calls = []\n"
        "def note(cells, **coords):\n"
        "    calls.append([type(cells).__name__, np.ravel(cells).tolist(),\n"
        "                  {k: np.ravel(v).tolist() for k, v in sorted(coords.items())}])\n"
        "    return cells\n"
        "grid.multi_dim_apply(['object', 'neuroid_id'], note)\n"
        "result = calls"
    ),
    "multisel of two dimensions": (
        "result = grid.multisel(object='car', neuroid_id='x').transpose('presentation', 'neuroid')"
    ),
    "multisel": "result = grid.multisel(object='car').transpose('presentation', 'neuroid')",
    "multisel of an absent value": "result = raised(lambda: grid.multisel(object='cat'), KeyError)",
    "merge_data_arrays": "result = merge_data_arrays([grid[2:], grid[:2]])",
    "merge_data_arrays with gaps": "result = merge_data_arrays([grid[2:, :2], grid[:2, 1:]])",
    "subset": "result = subset(stacked, stacked[[3, 1]], subset_dims=('presentation',))",
    "subset by a coordinate": ("result = subset(grid, grid[2:], subset_dims=('object',), dims_must_match=False)"),
    "subset of all levels": "result = subset(grid, grid[2:, 1:])",
    "subset compares level by level": "result = raised(lambda: subset(grid, grid[1:3, 1:]), AssertionError)",
    "subset too large": "result = raised(lambda: subset(stacked[:2], stacked, ('presentation',)), AssertionError)",
    "subset without the dimension": "result = raised(lambda: subset(stacked, plain), AssertionError)",
    "subset repeating": "result = subset(stacked, stacked[[1, 1, 4]], ('presentation',), repeat=True)",
    "subset of a repeated dimension": "result = subset(square, three, ('presentation',), repeat=True).values.tolist()",
    "subset of a repeated dimension, coords": (
        "s = subset(square, three, ('presentation',))\n"
        "result = [list(s.dims), s['stimulus_id'].values.tolist(), s['half'].values.tolist(), s['adjacent'].item()]"
    ),
    "index_efficient": "result = index_efficient(np.array([1, 2, 3, 4, 5]), np.array([1, 1, 3, 4, 4, 4, 5]))",
    "index_efficient, both repeating": (
        # by their values: which of equal ones the reference finds depends on how its numpy sorts on this processor
        "rng = np.random.RandomState(0)\n"
        "pairs = [(rng.randint(0, 5, n), rng.randint(0, 5, m)) for n in range(9) for m in range(9)]\n"
        "result = [source[np.array(index_efficient(source, target), int)].tolist() for source, target in pairs]"
    ),
    "index_efficient of text": "result = index_efficient(np.array(list('cabca')), np.array(list('acca')))",
    "index_efficient with missing values": (
        "result = index_efficient(np.array([1.0, np.nan, 2.0]), np.array([2.0, np.nan]))"
    ),
    "validate": (
        "result = [raised(lambda c=c: c(np.zeros((1,) * len(d)), dims=d).validate(), AssertionError)\n"
        "  for c in (NeuroidAssembly, NeuronRecordingAssembly, ModelFeaturesAssembly, SpikeTimesAssembly,\n"
        "            PropertyAssembly, DataAssembly)\n"
        "  for d in (['presentation', 'neuroid'], ['neuroid', 'presentation'], ['event'], ['neuroid'],\n"
        "            ['presentation', 'neuroid', 'time_bin'])]"
    ),
    "validate repeated dimensions": (
        "d = ['presentation', 'presentation', 'neuroid']\n"
        "result = raised(lambda: NeuroidAssembly(np.zeros((2, 2, 1)), dims=d).validate(), AssertionError)"
    ),
    "is_fastpath": (
        "result = [bool(is_fastpath(*[0, None, None, None, None, None, f][:n], **k)) for f in (0, 1) for n in (1, 6, 7)\n"
        "  for k in ({}, {'fastpath': True}, {'fastpath': False})]"
    ),
    "merging stimuli": "result = merged(single, stimuli)",
    "merging stimuli keeps what is there": (
        "a = DataAssembly([1, 2], coords={'stimulus_id': ('presentation', ['s2', 's0']),\n"
        "  'size': ('presentation', [7, 7])}, dims=['presentation'])\n"
        "result = merged(a, stimuli)"
    ),
    "types of coordinates": (
        "d = DataAssembly([1, 2], coords={'x': ('d', np.array([1, 2], 'f4')), 'y': ('d', np.array([1, 2], 'i2')),\n"
        "  'z': ('d', [True, False]), 't': ('d', np.array(['2020-01-01', '2021-01-01'], 'M8[ns]')),\n"
        "  'u': ('d', ['a', 'b'])}, dims=['d'])\n"
        "result = {k: str(d[k].dtype) for k in 'xyztu'}"
    ),
    "missing text": (
        "d = DataAssembly([1, 2], coords={'x': ('d', np.array(['a', np.nan], object)), 'y': ('d', [1, 2])}, dims=['d'])\n"
        "result = d"
    ),
    "a selected stimulus set": (
        "s = stimuli[stimuli['size'] > 1]; result = [s['stimulus_id'].tolist(), s.get_stimulus('s2'), s.identifier]"
    ),
}

# id: (snippet, what brainpack gives, what the reference client gives, why)
DIFFERENT: dict[str, tuple[str, Any, Any, str]] = {
    "a single coordinate keeps its name": (
        "result = list(single.indexes['neuroid'].names)",
        ["neuroid_id"],
        ["neuroid"],
        "older xarray named the index like the dimension, and the name of the coordinate was lost",
    ),
    "sel by a single coordinate": (
        "result = raised(lambda: single.sel(neuroid_id=5), (KeyError, ValueError))",
        "passed",
        "raised",
        "follows from the lost name",
    ),
    "kind of a single coordinate": (
        "result = list(get_metadata(single, names_only=True))",
        ["stimulus_id", "neuroid_id"],
        ["presentation", "neuroid"],
        "follows from the lost name",
    ),
    "order of dimensions after multisel": (
        "result = list(grid.multisel(object='car').dims)",
        ["presentation", "neuroid"],
        ["neuroid", "presentation"],
        "the selected dimension came last because it was stacked anew",
    ),
    "multisel of all levels": (
        "result = raised(lambda: grid.multisel(object='car', repetition=2), ValueError)",
        "passed",
        "raised",
        "list.remove failed",
    ),
    "multisel of a list": (
        "result = raised(lambda: grid.multisel(object=['car']), ValueError)",
        "passed",
        "raised",
        "older xarray cannot select a level by a list",
    ),
    "multisel of the nearest": (
        "result = raised(lambda: grid.multisel(depth=1.2, method='nearest'), ValueError)",
        "passed",
        "raised",
        "older xarray cannot select a level by a method",
    ),
    "multisel of a plain dimension": (
        "result = list(plain.multisel(a='p').dims)",
        ["a", "b"],
        ["b"],
        "the dimension was dropped although the method exists to keep it",
    ),
    "multi_groupby that keeps the shape": (
        "result = raised(lambda: line.multi_groupby(['a', 'b']).map(lambda g: g - g.mean()), ValueError)",
        "passed",
        "raised",
        "the group coordinates clashed with themselves",
    ),
    "multi_dim_apply of blocks": (
        "d = DataAssembly([[1, 2], [3, 4]], coords={'a': ('r', ['x', 'x']), 'i': ('r', [0, 1]),\n"
        "  'b': ('c', ['y', 'y']), 'j': ('c', [0, 1])}, dims=['r', 'c'])\n"
        "result = d.multi_dim_apply(['a', 'b'], lambda x, **_: x).values.tolist()",
        [[1.0, 2.0], [3.0, 4.0]],
        [[1.0, 0.0], [0.0, 4.0]],
        "only the diagonal was computed; the rest stayed zero",
    ),
    "a behavioural assembly without presentations": (
        "result = raised(lambda: BehavioralAssembly([1], dims=['event']).validate(), AssertionError)",
        "raised",
        "passed",
        "the contract asks for presentations",
    ),
    "concatenated stimulus sets": (
        "s = pd.concat([stimuli[:1], stimuli[1:]])\nresult = getattr(s, 'identifier', None)",
        "lab.Set",
        None,
        "the metadata were lost",
    ),
    "merging unknown stimuli": (
        "result = raised(lambda: merged(single, stimuli[:2]), ValueError)",
        "raised",
        "passed",
        "unknown stimuli became missing values without a word",
    ),
    "a column named like a neuroid coordinate": (
        "stimuli['neuroid_depth'] = 1\n"
        "n = NeuroidAssembly(single.values, coords={'stimulus_id': ('presentation', ['s2', 's0', 's1']),\n"
        "  'k': ('presentation', [1, 2, 3]), 'neuroid_depth': ('neuroid', [5, 6]), 'm': ('neuroid', [5, 6])},\n"
        "  dims=['presentation', 'neuroid'])\n"
        "with warnings.catch_warnings():\n"
        "    warnings.simplefilter('ignore')\n"
        "    result = list(merged(n, stimuli)['neuroid_depth'].dims)",
        ["neuroid"],
        ["presentation"],
        "the coordinate of the neuroids was overwritten",
    ),
}


def plain_value(value: Any) -> Any:
    """Give a value as JSON; an assembly as its class, dimensions, values and plain coordinates."""
    if isinstance(value, xr.DataArray):
        dims, values = list(value.dims), plain_value(value.values)
        return {
            "class": type(value).__name__,
            "dims": dims,
            "values": values,
            "coords": plain_coordinates(value),
        }
    if isinstance(value, np.ndarray | np.generic):
        return plain_value(value.tolist())
    if isinstance(value, dict):
        return {str(k): plain_value(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(v) for v in value]
    return None if isinstance(value, float) and np.isnan(value) else value


def plain_coordinates(array: xr.DataArray) -> dict[str, Any]:
    """Give each coordinate and level with its dimension, alike for levels that old and new xarray hold differently."""
    coords = {}
    for name, variable in array.coords.variables.items():
        names = getattr(variable.to_index(), "names", []) if variable.dims == (name,) else []
        tuples = variable.dtype == object and any(isinstance(v, tuple) for v in variable.values.ravel())
        if len(names) > 1 or tuples:
            coords.update({str(level): [str(name), plain_value(array[level].values)] for level in names})
        else:
            coords[str(name)] = ["".join(map(str, variable.dims)), plain_value(variable.values)]
    # the only coordinate of a dimension has different names, which DIFFERENT shows: here its values are compared
    for dim in array.dims:
        of_dim = [name for name, (dims, _) in coords.items() if dims == dim]
        if len(of_dim) == 1:
            coords[str(dim)] = coords.pop(of_dim[0])
    return coords


def raised(call: Any, kind: Any) -> str:
    """Tell whether a call raises an error of a kind."""
    try:
        call()
    except kind:
        return "raised"
    return "passed"


def run_all(names: dict[str, Any]) -> dict[str, Any]:
    """Run every snippet with these names; an unexpected error is the result of its snippet."""
    results: dict[str, Any] = {}
    for name, snippet in {**SAME, **{name: entry[0] for name, entry in DIFFERENT.items()}}.items():
        scope = {"np": np, "pd": pd, "xr": xr, "warnings": warnings, "raised": raised, **names}
        try:
            exec(SETUP + snippet, scope)  # noqa: S102 - snippets of this file
            results[name] = plain_value(scope["result"])
        except Exception as error:  # noqa: BLE001 - what a snippet raises is compared like any other result
            results[name] = f"{type(error).__name__}: {error}"
    return results


def main() -> None:
    """Print what the reference client gives."""
    from brainscore_core.supported_data_standards.brainio import (  # type: ignore[import-not-found]  # there only
        assemblies,
        stimuli,
        transform,
    )

    def merged(assembly: Any, stimulus_set: Any) -> Any:
        loader = assemblies.StimulusMergeAssemblyLoader(type(assembly), file_path=None)
        if not hasattr(assembly, "stimulus_id"):  # its reader starts from plain coordinates
            assembly = xr.DataArray(
                assembly.values,
                dims=assembly.dims,
                coords={
                    "stimulus_id": ("presentation", assembly["presentation"].values),
                    "neuroid_id": ("neuroid", assembly["neuroid"].values),
                },
            )
        return loader.merge_stimulus_set_meta(assembly, stimulus_set)

    warnings.simplefilter("ignore")
    names = {**vars(transform), **vars(stimuli), **vars(assemblies), "merged": merged}
    print(json.dumps(run_all(names)))  # noqa: T201 - the caller reads it


if __name__ == "__main__":
    main()
