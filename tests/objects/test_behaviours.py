"""The same snippets on brainpack and on the reference client."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from brainpack.objects import assemblies, grouping, indexes, stimuli, transform

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT = Path(__file__).with_name("behaviours.py")


def _script() -> Any:
    spec = importlib.util.spec_from_file_location("behaviours", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


behaviours = _script()


@pytest.fixture(scope="module")
def here() -> Any:
    names: dict[str, Any] = {}
    for module in (indexes, grouping, stimuli, transform, assemblies):
        names.update(vars(module))
    names["merged"] = transform.merge_stimulus_metadata
    return json.loads(json.dumps(behaviours.run_all(names)))


@pytest.fixture(scope="module")
def there(run_reference: Callable[..., Any]) -> Any:
    return run_reference(SCRIPT)


@pytest.mark.parametrize("name", behaviours.DIFFERENT)
def test_what_was_a_defect_is_done_right(here: Any, name: str) -> None:
    assert here[name] == behaviours.DIFFERENT[name][1]


@pytest.mark.interop
@pytest.mark.parametrize("name", behaviours.SAME)
def test_same_as_the_reference(here: Any, there: Any, name: str) -> None:
    assert here[name] == there[name]
    # an error on both sides would be a broken snippet: expected errors are told as "raised"
    assert not (isinstance(here[name], str) and ": " in here[name])


@pytest.mark.interop
@pytest.mark.parametrize("name", behaviours.DIFFERENT)
def test_known_difference_from_the_reference(there: Any, name: str) -> None:
    assert there[name] == behaviours.DIFFERENT[name][2]
