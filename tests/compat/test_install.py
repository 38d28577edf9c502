"""Import paths of brainscore_core and of its predecessors lead to brainpack."""

from __future__ import annotations

import importlib
import pickle
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

import brainpack
from brainpack import SettingsError, compat, packaging

if TYPE_CHECKING:
    from pathlib import Path

CORE = "brainscore_core.supported_data_standards.brainio"
MODULES = {
    CORE: ("packaging", "assemblies", "stimuli", "s3", "fetch", "transform", "upload_validator"),
    "brainio": ("packaging", "assemblies", "stimuli", "fetch", "transform"),
    "brainio_base": ("assemblies", "stimuli"),
    "brainio_collection": ("packaging", "fetch", "knownfile", "transform"),
}


@pytest.mark.parametrize("path", [f"{package}.{name}" for package, names in MODULES.items() for name in names])
def test_every_path_leads_to_one_module(installed: None, path: str) -> None:
    name = path.rpartition(".")[2]
    home = "brainpack.packaging" if name == "packaging" else f"brainpack.compat.brainio.{name}"
    assert importlib.import_module(path) is importlib.import_module(home)


def test_each_way_to_import(installed: None) -> None:
    namespace: dict[str, object] = {}
    exec(  # noqa: S102 - imports of every kind, written here
        f"import {CORE}.packaging as a\n"
        f"from {CORE} import packaging as b, get_assembly, get_stimulus_set, fetch, subset, walk_coords, sha1_hash\n"
        "import brainscore_core\n"
        f"c = {CORE}.packaging\n"
        "from brainscore_core.supported_data_standards import brainio\n"
        "d = brainio.packaging\n"
        "import brainio as e\n"
        "import brainio_collection.packaging\n"
        f"from {CORE}.assemblies import *\n",
        namespace,
    )
    assert all(namespace[name] is packaging for name in "abcd")
    assert namespace["e"] is namespace["brainio"]
    assert namespace["NeuroidAssembly"] is brainpack.NeuroidAssembly


def test_replacing_the_upload_replaces_the_one_that_packaging_calls(
    installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.import_module(f"{CORE}.packaging"), "upload_to_s3", print)
    assert vars(packaging)["upload_to_s3"] is print


def test_pickles_of_old_classes_load(installed: None) -> None:
    by_reference = b"cbrainio_base.assemblies\nNeuronRecordingAssembly\n."
    assert pickle.loads(by_reference) is brainpack.NeuronRecordingAssembly  # noqa: S301 - it is written here


def test_what_is_not_offered_says_so(installed: None) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"brainscore_core\.metrics is not offered: brainpack stands in"):
        importlib.import_module("brainscore_core.metrics")
    core = importlib.import_module("brainscore_core")
    with pytest.raises(AttributeError, match=r"brainscore_core\.Score is not offered"):
        _ = core.Score
    assert not hasattr(core, "__wrapped__")
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_module_at_all'"):
        importlib.import_module("no_such_module_at_all")


def test_brainscore_vision_can_be_imported_and_not_used(installed: None) -> None:
    vision = importlib.import_module("brainscore_vision")
    with pytest.raises(AttributeError, match=r"load_dataset is not offered.*environment that has brainscore_core"):
        vision.load_dataset("MajajHong2015")
    with pytest.raises(ModuleNotFoundError, match=r"brainscore_vision\.utils is not offered"):
        importlib.import_module("brainscore_vision.utils")
    with pytest.raises(ModuleNotFoundError, match=r"brainscore_vision\.load_benchmark is not offered"):
        exec("from brainscore_vision import load_benchmark")  # noqa: S102 - as a script has it


def test_installing_twice_changes_nothing(installed: None) -> None:
    before, finders = dict(sys.modules), [*sys.meta_path]
    compat.install()
    assert dict(sys.modules) == before
    assert sys.meta_path == finders


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for packages of these names that are installed."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def package(folder: Path, name: str) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text("real = True")


@pytest.mark.parametrize("name", ["brainscore_core", "brainio", "brainio_base", "brainio_collection"])
@pytest.mark.parametrize("loaded", [False, True], ids=["unloaded", "loaded"])
def test_what_is_installed_is_not_replaced_unasked(no_aliases: None, real: Path, name: str, loaded: bool) -> None:
    package(real, name)
    (real / name / "part.py").touch()
    if loaded:
        importlib.import_module(f"{name}.part")
    with pytest.raises(SettingsError, match=rf"^{name} is installed here.*force=True"):
        compat.install()
    assert "brainpack.compat" not in repr(sys.modules.get(name))
    compat.install(force=True)
    assert importlib.import_module(f"{CORE}.packaging") is packaging
    assert not hasattr(importlib.import_module(name), "real")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"{name}.part" if name == "brainscore_core" else f"{name}.nothing")


def test_of_an_installed_brainscore_vision_the_parts_that_need_no_core_can_be_imported(
    no_aliases: None, real: Path
) -> None:
    package(real, "brainscore_vision")
    (real / "brainscore_vision/__init__.py").write_text("import brainscore_core.metrics")
    (real / "brainscore_vision/part.py").write_text("real = True")
    compat.install()
    with pytest.raises(AttributeError, match=r"brainscore_vision\.load_dataset is not offered"):
        importlib.import_module("brainscore_vision").load_dataset("MajajHong2015")
    assert importlib.import_module("brainscore_vision.part").real
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'brainscore_vision\.nothing'"):
        importlib.import_module("brainscore_vision.nothing")


def test_a_brainscore_vision_that_is_loaded_stays(no_aliases: None, real: Path) -> None:
    package(real, "brainscore_vision")
    before = importlib.import_module("brainscore_vision")
    compat.install()
    assert importlib.import_module("brainscore_vision") is before


def test_a_folder_of_data_is_no_package(no_aliases: None, real: Path) -> None:
    (real / "brainio").mkdir()
    assert find_spec("brainio") is not None
    compat.install()
    assert importlib.import_module("brainio").packaging is packaging
