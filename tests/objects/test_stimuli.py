from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from brainpack.objects.stimuli import StimulusSet

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def stimuli() -> StimulusSet:
    stimuli = StimulusSet([{"stimulus_id": i, "size": 10 - i} for i in range(10)])
    stimuli.identifier = "lab.Set"
    stimuli.stimulus_paths = {i: f"/stimuli/{i}.png" for i in range(10)}
    return stimuli


SELECTIONS: dict[str, Callable[[Any], Any]] = {
    "mask": lambda s: s[s["size"] > 3],
    "columns": lambda s: s[["stimulus_id"]],
    "loc": lambda s: s.loc[1:5],
    "iloc": lambda s: s.iloc[[3, 1]],
    "copy": lambda s: s.copy(),
    "reset_index": lambda s: s.iloc[::-1].reset_index(drop=True),
    "sort_values": lambda s: s.sort_values("size"),
    "drop": lambda s: s.drop(columns="size"),
    "assign": lambda s: s.assign(label="x"),
    "rename": lambda s: s.rename(columns={"size": "width"}),
    "merge": lambda s: s.merge(pd.DataFrame({"stimulus_id": [1, 2], "label": ["a", "b"]})),
    "pickle": lambda s: pickle.loads(pickle.dumps(s)),  # noqa: S301 - our own bytes
    "deepcopy": copy.deepcopy,
    "constructor": StimulusSet,
    "concat": lambda s: pd.concat([s[:3], s[3:]]),
    "query": lambda s: s.query("size > 3"),
}


@pytest.mark.parametrize("select", SELECTIONS.values(), ids=SELECTIONS)
def test_metadata_survive(stimuli: StimulusSet, select: Callable[[Any], Any]) -> None:
    selected = select(stimuli)
    assert type(selected) is StimulusSet
    assert selected.identifier == "lab.Set"
    assert selected.get_stimulus(2) == "/stimuli/2.png"


def test_concat_joins_the_paths_of_different_sets() -> None:
    a, b = StimulusSet({"stimulus_id": ["a"]}), StimulusSet({"stimulus_id": ["b"]})
    a.identifier, b.identifier = "lab.A", "lab.B"
    a.stimulus_paths, b.stimulus_paths = {"a": "a.png"}, {"b": "b.png"}
    both = pd.concat([a, b])
    assert isinstance(both, StimulusSet)
    assert both.stimulus_paths == {"a": "a.png", "b": "b.png"}
    assert both.identifier is None


def test_a_copy_may_get_other_paths(stimuli: StimulusSet) -> None:
    changed = stimuli.copy()
    changed.stimulus_paths[0] = "elsewhere.png"
    changed.loc[0, "size"] = -1
    assert stimuli.get_stimulus(0) == "/stimuli/0.png"
    assert stimuli.loc[0, "size"] == 10


def test_older_names(stimuli: StimulusSet) -> None:
    assert stimuli.image_paths == stimuli.stimulus_paths
    assert stimuli.get_image(3) == "/stimuli/3.png"
    stimuli.image_paths = {3: "other.png"}
    assert stimuli.get_stimulus(3) == "other.png"


def test_an_unknown_stimulus_is_named(stimuli: StimulusSet) -> None:
    with pytest.raises(KeyError, match=r"lab\.Set.*'cat'"):
        stimuli.get_stimulus("cat")
    with pytest.raises(KeyError, match=r"this stimulus set.*1"):
        StimulusSet({"stimulus_id": [1]}).get_stimulus(1)
