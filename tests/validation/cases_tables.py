"""What the rules about tables, coordinates and pairs accept and refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from brainpack.objects.entries import Entry
from brainpack.validation.findings import Severity
from brainpack.validation.rules.assemblies import ClaimedClass, StoredArray
from brainpack.validation.rules.pairs import Pair, StimulusSets
from brainpack.validation.rules.stimuli import StimulusFiles, StimulusTable
from tests.validation.case import Case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

NOTE, WARNING = Severity.NOTE, Severity.WARNING
PRESENTATION, NEUROID, TIME_BIN = "presentation", "neuroid", "time_bin"


def table(**columns: Any) -> StimulusTable:
    return StimulusTable(pd.DataFrame(columns))


def named(*names: str) -> StimulusFiles:
    return StimulusFiles(pd.DataFrame(), [Entry(name, name, name) for name in names])


def assembly(coords: dict[str, tuple[str, ArrayLike]], dims: Sequence[str]) -> xr.DataArray:
    arrays = {name: (dim, np.asarray(values)) for name, (dim, values) in coords.items()}
    sizes = {dim: len(values) for dim, values in arrays.values()}
    return xr.DataArray(np.zeros([sizes.get(dim, 2) for dim in dims]), arrays, dims)


def claim(name: str, coords: dict[str, tuple[str, ArrayLike]]) -> ClaimedClass:
    has_bins = TIME_BIN in {dim for dim, _ in coords.values()}
    return ClaimedClass(assembly(coords, (PRESENTATION, NEUROID, *([TIME_BIN] if has_bins else []))), name)


def neural(cls: str = "NeuroidAssembly", /, **coords: tuple[str, ArrayLike]) -> ClaimedClass:
    return claim(cls, coords)


def bins(start: ArrayLike, end: ArrayLike, end_name: str = "time_bin_end") -> ClaimedClass:
    return claim("NeuroidAssembly", {"time_bin_start": (TIME_BIN, start), end_name: (TIME_BIN, end)})


def shown(ids: ArrayLike = ("a", "b", "a"), **coords: ArrayLike) -> ClaimedClass:
    columns = {"stimulus_id": ids, **coords}
    return claim("NeuroidAssembly", {name: (PRESENTATION, values) for name, values in columns.items()})


def pair(
    ids: ArrayLike, listed: ArrayLike, coords: dict[str, tuple[str, ArrayLike]] | None = None,
    **columns: Any,
) -> Pair:  # fmt: skip
    array = assembly({"stimulus_id": (PRESENTATION, ids), **(coords or {})}, (PRESENTATION, NEUROID))
    return Pair(array, pd.DataFrame({"stimulus_id": listed, **columns}))


def sets(**contents: dict[str, str]) -> StimulusSets:
    return StimulusSets({name: pd.Series(of) for name, of in contents.items()})


CASES: dict[str, Case] = {
    "BP-S013": Case(
        table(stimulus_id=[1, 1], filename=["a.png"] * 2, kind=["a", None]),
        table(stimulus_id=[1, 2], kind=["a", "a"], size=[3, 3]), "columns",
        ("kind: 'a'", "size: 3"), 2, NOTE,
    ),
    "BP-S013 missing": Case(
        table(stimulus_id=[1], kind=["a"]), table(stimulus_id=[1], kind=[None], size=[np.nan]), "columns",
        ("'kind'", "'size'"), 2, NOTE,
    ),
    "BP-S014": Case(
        table(stimulus_id=["a", "b"], source=["https://lab.org/~ada/a", "images/b.png"]),
        table(stimulus_id=["a", "b"], source=["/home/ada/a.png", "b.png"]), "column 'source'", ("'/home/ada/a.png'",),
        severity=WARNING,
    ),
    "BP-S015": Case(named("image_1.png", "2.jpg"), named("image_01.png", "2.jpg", "left.png"), "file names in the ZIP",
                    ("'image_01.png'", "'left.png'"), 2, NOTE),
    "BP-S016": Case(named("i_3.png", "i_2.png"), named("i_2.png", "i_9.png"), "file names in the ZIP",
                    ("3", "4", "5", "6", "7"), 6, NOTE),
    "BP-S016 repeated": Case(named(), named("a_1.png", "a_2.png", "b_1.png"), "file names in the ZIP", ("1",), 1, NOTE),
    "BP-S016 no number": Case(named("1.png"), named("1.png", "left.png"), "file names in the ZIP", ("'left.png'",),
                              severity=NOTE),
    "BP-A013": Case(neural(neuroid_id=(NEUROID, [1, 2])), neural(), "coordinate 'neuroid_id'", severity=WARNING),
    "BP-A013 elsewhere": Case(
        neural("BehavioralAssembly"), neural("NeuronRecordingAssembly", neuroid_id=(PRESENTATION, [1, 2])),
        "coordinate 'neuroid_id'", severity=WARNING,
    ),
    "BP-A013 missing": Case(
        neural(neuroid_id=(NEUROID, ["a", "b"])), neural(neuroid_id=(NEUROID, [1.0, np.nan])),
        "coordinate 'neuroid_id'", ("1",), severity=WARNING,
    ),
    "BP-A014": Case(
        bins([70, 90], [90, 110], "time_bin_stop"), neural(time_bin_start=(TIME_BIN, [70, 90])),
        "coordinate 'time_bin_end'", severity=WARNING,
    ),
    "BP-A014 text": Case(
        bins(np.array([0, 1], "m8[ns]"), np.array([1, 2], "m8[ns]")), bins(["70", "90"], [90, 110]),
        "coordinate 'time_bin_start'", severity=WARNING,
    ),
    "BP-A014 missing": Case(neural(), bins([70, 90], [90, np.nan]), "coordinate 'time_bin_end'", ("1",),
                            severity=WARNING),
    "BP-A015": Case(
        bins(np.arange(0, 1, 0.1), np.arange(0, 1, 0.1) + 0.1), bins([70, 80, 90], [90, 100, 110]),
        "dimension 'time_bin'", ("80 to 100", "90 to 110"), 2, WARNING,
    ),
    "BP-A015 order": Case(bins([-10, 0], [0, 10]), bins([90, 70, 70], [110, 90, 95]), "dimension 'time_bin'",
                          ("70 to 90", "70 to 95"), 2, WARNING),
    "BP-A015 empty": Case(bins([0, 10], [0, 10]), bins([0, 10], [10, 10]), "dimension 'time_bin'", ("10 to 10",),
                          severity=WARNING),
    "BP-A016": Case(
        neural(neuroid_id=(NEUROID, [1, 2])), neural(neuroid_id=(NEUROID, [1, 2, 1, 2]), animal=(NEUROID, [*"aabb"])),
        "coordinate 'neuroid_id'", ("1", "2"), 2, WARNING,
    ),
    "BP-A017": Case(
        shown(repetition=[1, 1, 2]), shown(repetition=[1, 1, 1]), "coordinates 'stimulus_id', 'repetition'",
        ("stimulus_id='a' and repetition=1",), severity=WARNING,
    ),
    "BP-A017 subject": Case(
        shown(repetition=[1, 1, 1], subject_id=["x", "x", "y"]), shown(repeat=[1, 1, 1], subject=["x", "y", "x"]),
        "coordinates 'stimulus_id', 'repeat', 'subject'", ("stimulus_id='a' and repeat=1 and subject='x'",),
        severity=WARNING,
    ),
    "BP-A018": Case(
        shown(["a", "b", "b", "a"]), shown(["a", "b", "a", "b", "c", "d"]), "coordinate 'stimulus_id'",
        ("'a': 2", "'b': 2"), 2, NOTE,
    ),
    "BP-A019": Case(
        neural(visual_area=(NEUROID, ["V4", "IT"]), monkey_id=(NEUROID, [1, 2])),
        neural(region=(NEUROID, [np.nan, np.nan]), subject_answer=(PRESENTATION, [0, 1])), "coordinates",
        (), 2, NOTE,
    ),
    "BP-A019 behaviour": Case(
        neural("BehavioralAssembly", subject=(PRESENTATION, [1, 2])), neural("BehavioralAssembly"), "coordinates",
        severity=NOTE,
    ),
    "BP-A019 model": Case(
        neural("ModelFeaturesAssembly"), neural("NeuronRecordingAssembly", animal=(NEUROID, [1, 1])), "coordinates",
        severity=NOTE,
    ),
    "BP-A020": Case(
        shown(object_name=[*"abc"]), shown(filename=[*"abc"], image_current_local_file_path=[*"abc"]), "coordinates",
        ("'filename'", "'image_current_local_file_path'"), 2, WARNING,
    ),
    "BP-A021": Case(
        StoredArray("", xr.DataArray([1], {"path": ("x", ["images/a.png"])}, "x", attrs={"url": "https://lab.org/a"})),
        StoredArray("", xr.DataArray([1], {"path": ("x", ["C:\\Users\\ada\\a.png"])}, "x")), "coordinate 'path'",
        (r"'C:\\Users\\ada\\a.png'",), severity=WARNING,
    ),
    "BP-A021 values": Case(
        StoredArray("", xr.DataArray(["left", "/animal/dog"], dims="x")),
        StoredArray("trials", xr.DataArray(["/home/ada/x", "/home/ada/x", "y"], dims="x")), "extra 'trials', values",
        ("'/home/ada/x'",), severity=WARNING,
    ),
    "BP-A021 bytes": Case(
        StoredArray("", xr.DataArray([1], {"path": ("x", np.array([b"a.png"]))}, "x")),
        StoredArray("", xr.DataArray([1], {"path": ("x", np.array([b"/home/ada/x"]))}, "x")), "coordinate 'path'",
        ("'/home/ada/x'",), severity=WARNING,
    ),
    "BP-A021 key": Case(
        StoredArray("", xr.DataArray([1], attrs={"made": {"run.py": 1}})),
        StoredArray("", xr.DataArray([1], attrs={"made": {"/home/ada/run.py": 1}})), "attribute 'made'",
        ("'/home/ada/run.py'",), severity=WARNING,
    ),
    "BP-A021 attribute": Case(
        StoredArray("", xr.DataArray([1], attrs={"n": 1})),
        StoredArray("trials", xr.DataArray([1], attrs={"made": {"by": ["run.py", "/Users/ada/run.py"]}})),
        "extra 'trials', attribute 'made'", ("'/Users/ada/run.py'",), severity=WARNING,
    ),
    "BP-P001": Case(pair(["a", "b"], ["b", "a"]), pair(["a", "c", "c"], ["a", "b"]), "coordinate 'stimulus_id'",
                    ("'c'",), severity=WARNING),
    "BP-P001 types": Case(pair(["1", "2"], [1.0, 2.0]), pair([1, 2], ["01", "2"]), "coordinate 'stimulus_id'", ("1",),
                          severity=WARNING),
    "BP-P002": Case(pair(["a", "b", "a"], ["a", "b"]), pair(["a", "a"], ["a", "b", "c"]), "stimulus set",
                    ("'b'", "'c'"), 2, NOTE),
    "BP-P003": Case(
        pair([*"aba"], [*"ab"], {"size": (PRESENTATION, np.array([0.1, 2, 0.1], "f4"))}, size=[0.1, 2]),
        pair([*"abab"], [*"ab"], {"size": (PRESENTATION, [1, 2, 1, 3])}, size=[1, 2]), "coordinate 'size'",
        ("'b': 3, in the set 2",), severity=WARNING,
    ),
    "BP-P003 types": Case(
        pair([*"ab"], [*"ab"], {"code": (PRESENTATION, ["1", "2"])}, code=["1", "2"]),
        pair([*"ab"], [*"ab"], {"code": (PRESENTATION, ["1", "2"])}, code=[1, 2]), "coordinate 'code'",
        severity=WARNING,
    ),
    "BP-P003 missing": Case(
        pair([*"ab"], [*"ab"], {"word": (PRESENTATION, np.array(["x", None], object))}, word=["x", np.nan]),
        pair([*"ab"], [*"ab"], {"word": (PRESENTATION, np.array(["x", None], object))}, word=["x", "y"]),
        "coordinate 'word'", ("'b': nan, in the set 'y'",), severity=WARNING,
    ),
    "BP-P004": Case(
        pair([*"ab"], [*"ab"], {"region": (NEUROID, ["V4", "IT"])}, area=[1, 2], presentation=[1, 2]),
        pair([*"ab"], [*"ab"], {"region": (NEUROID, ["V4", "IT"])}, region=[1, 2], neuroid=[1, 2]),
        "columns of the stimulus set", ("'region'", "'neuroid'"), 2, WARNING,
    ),
    "BP-P005": Case(pair([*"abc"], [*"abc"]), pair([*"acb"], [*"abc"]), "presentations", ("1", "2"), 2, NOTE),
    "BP-P005 unequal": Case(pair([*"bb"], [*"ab"]), pair([*"ba"], [*"ab"]), "presentations", ("0", "1"), 2, NOTE),
    "BP-P007": Case(pair([1, 2], [1.0, 2.0]), pair([1, 2], ["1", "2"]), "coordinate 'stimulus_id'", severity=WARNING),
    "BP-P007 text": Case(pair(["1", "a"], ["1", "a"]), pair(["1", "2"], [1, 2]), "coordinate 'stimulus_id'",
                         severity=WARNING),
    "BP-P006": Case(
        sets(train={"a": "00", "b": "11"}, test={"a": "22"}), sets(train={"a": "00", "b": "11"}, test={"x": "11"}),
        "train and test", ("'b' is 'x'",), severity=WARNING,
    ),
}  # fmt: skip
