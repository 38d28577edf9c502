from __future__ import annotations

import copy
import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainpack.objects.stimuli import StimulusPaths, StimulusSet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


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


@dataclass(frozen=True)
class Folder:
    folder: str

    def path(self, name: str) -> Path:
        return Path(self.folder, name)


class Untouchable:
    """Files that may not be asked for."""

    def path(self, name: str) -> Path:
        raise AssertionError(name)


@pytest.fixture
def paths() -> StimulusPaths:
    return StimulusPaths(["b", "a", 3], ["b.png", "a.png", "3.png"], Folder("/set"))


AS_DICT = {"b": Path("/set/b.png"), "a": Path("/set/a.png"), 3: Path("/set/3.png")}


def test_paths_of_a_loaded_set_are_like_a_dictionary(paths: StimulusPaths) -> None:
    assert paths["a"] == Path("/set/a.png")
    assert list(paths) == ["b", "a", 3]
    assert len(paths) == 3
    assert "a" in paths
    assert "c" not in paths
    assert paths.get("c") is None
    assert list(paths.values()) == list(AS_DICT.values())
    assert list(paths.items()) == list(AS_DICT.items())
    assert dict(paths) == {**paths} == AS_DICT
    assert paths == AS_DICT
    assert dict(AS_DICT) == paths
    assert paths != AS_DICT | {3: Path("/set/4.png")}
    assert paths != {}
    assert paths != 3
    assert json.loads(json.dumps({str(key): str(path) for key, path in paths.items()}))["3"] == "/set/3.png"
    with pytest.raises(KeyError):
        paths["c"]
    with pytest.raises(TypeError, match="unhashable"):
        paths[[]]
    with pytest.raises(TypeError, match="unhashable"):
        hash(paths)


COPIES: dict[str, Callable[[StimulusPaths], StimulusPaths]] = {
    "copy()": lambda paths: paths.copy(),
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "pickle": lambda paths: pickle.loads(pickle.dumps(paths)),  # noqa: S301 - our own bytes
}


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_a_copy_of_paths_is_independent_both_ways(
    paths: StimulusPaths, copied: Callable[[StimulusPaths], StimulusPaths]
) -> None:
    other = copied(paths)
    assert other == paths == AS_DICT
    other["a"] = "mine.png"
    del other["b"]
    assert dict(other) == {"a": "mine.png", 3: Path("/set/3.png")}
    assert paths == AS_DICT
    paths.clear()
    assert len(other) == 2


def test_paths_are_joined(paths: StimulusPaths) -> None:
    both = paths | {"a": "mine.png"}
    assert list(both.items()) == [("b", Path("/set/b.png")), ("a", "mine.png"), (3, Path("/set/3.png"))]
    assert {"a": "mine.png", "z": "z.png"} | paths == {"z": "z.png", **AS_DICT}
    elsewhere = StimulusPaths(["a", "c"], ["a.png", "c.png"], Folder("/other"))
    assert paths | elsewhere == {**AS_DICT, "a": Path("/other/a.png"), "c": Path("/other/c.png")}
    assert paths == AS_DICT
    paths |= elsewhere
    assert paths["c"] == Path("/other/c.png")


def test_paths_need_no_file_before_they_are_asked_for() -> None:
    stimuli = StimulusSet({"stimulus_id": ["a", "b"], "size": [1, 2]})
    stimuli.stimulus_paths = StimulusPaths(["a", "b"], ["a.png", "b.png"], Untouchable())
    other = StimulusSet({"stimulus_id": ["c"]})
    other.stimulus_paths = {"c": "c.png"}
    both = pd.concat([stimuli[stimuli["size"] > 1], other, stimuli.copy()])
    assert list(both.stimulus_paths) == ["a", "b", "c"]
    assert both.get_stimulus("c") == "c.png"
    assert stimuli.stimulus_paths == stimuli.copy().stimulus_paths
    stimuli.stimulus_paths.clear()
    assert len(stimuli.stimulus_paths) == 0
    with pytest.raises(AssertionError, match=r"b\.png"):
        both.get_stimulus("b")


@pytest.mark.parametrize("select", SELECTIONS.values(), ids=SELECTIONS)
def test_paths_survive(stimuli: StimulusSet, select: Callable[[Any], Any]) -> None:
    stimuli.stimulus_paths = StimulusPaths(range(10), [f"{i}.png" for i in range(10)], Folder("/set"))
    selected = select(stimuli)
    assert isinstance(selected.stimulus_paths, StimulusPaths)
    assert selected.get_stimulus(2) == Path("/set/2.png")
    assert list(selected.stimulus_paths) == list(range(10))


def test_a_copy_of_a_loaded_set_may_get_other_paths(stimuli: StimulusSet) -> None:
    stimuli.stimulus_paths = StimulusPaths(range(10), [f"{i}.png" for i in range(10)], Folder("/set"))
    changed = stimuli.copy()
    changed.stimulus_paths[0] = "elsewhere.png"
    assert stimuli.get_stimulus(0) == Path("/set/0.png")
    assert changed.get_stimulus(0) == "elsewhere.png"


KEYS, NAMES = st.sampled_from("abc"), st.sampled_from(["1", "2"])
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("set"), KEYS, NAMES),
        st.tuples(st.just("pop"), KEYS, NAMES),
        st.tuples(st.just("update"), st.dictionaries(KEYS, NAMES), st.none()),
        st.tuples(st.just("copy"), st.none(), st.none()),
    )
)


@given(names=st.dictionaries(KEYS, NAMES), changes=CHANGES)
def test_paths_change_as_a_dictionary_does(names: dict[str, str], changes: list[tuple[str, Any, Any]]) -> None:
    model: dict[Any, Any] = {key: Path("/set", name) for key, name in names.items()}
    paths = StimulusPaths(names, names.values(), Folder("/set"))
    left: list[tuple[Mapping[Any, Any], Mapping[Any, Any]]] = []
    for what, key, value in changes:
        if what == "set":
            paths[key] = model[key] = value
        elif what == "pop":
            assert paths.pop(key, value) == model.pop(key, value)
        elif what == "update":
            paths.update(key)
            model.update(key)
        else:
            left.append((paths, dict(model)))
            paths = paths.copy()
    assert list(paths.items()) == list(model.items())
    assert all(earlier == then for earlier, then in left)
