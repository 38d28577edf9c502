"""Brain-Score finds the plugins that brainpack writes, and loads by them."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
import xarray as xr

from brainpack import packaging
from brainpack.cli.main import main
from tests.helpers import recording, stimulus_set

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers.ministack import MiniStack

pytestmark = pytest.mark.interop

# What brainscore_vision offers to plugins; importing it would take torch.
DOMAIN = dedent("""
    from brainscore_core.plugin_management.import_plugin import import_plugin

    data_registry, stimulus_set_registry = {}, {}

    def load_dataset(identifier):
        import_plugin("brainscore_vision", "data", identifier)
        return data_registry[identifier]()

    def load_stimulus_set(identifier):
        import_plugin("brainscore_vision", "data", identifier, registry_prefix="stimulus_set")
        return stimulus_set_registry[identifier]()
""")
LOAD = """
    import json, os, sys
    given = json.load(sys.stdin)
    sys.path.insert(0, given["root"])
    os.environ["BS_INSTALL_DEPENDENCIES"] = "no"
    import brainscore_vision
    assembly = brainscore_vision.load_dataset("lab.Set2026.rates")
    from brainscore_vision.data.lab2026 import test
    tests = [name for name in vars(test) if name.startswith("test_")]
    for name in tests:
        getattr(test, name)()
    print(json.dumps({
        "tests": sorted(tests),
        "class": type(assembly).__name__,
        "values": assembly.transpose("presentation", "neuroid", "time_bin").values.tolist(),
        "stimuli": assembly.stimulus_set["stimulus_id"].tolist(),
        "orientation": assembly["orientation"].values.tolist(),
        "spikes": brainscore_vision.load_dataset("lab.Set2026.spikes").values.tolist(),
        "citation": brainscore_vision.data.lab2026.BIBTEX,
    }))
"""


@pytest.mark.parametrize("versioned", [True, False])
def test_brain_score_loads_by_the_plugin(
    versioned: bool, ministack: MiniStack, run_reference: Callable[..., Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name, value in {**ministack.environment(), "BRAINIO_HOME": str(tmp_path / "ours")}.items():
        monkeypatch.setenv(name, value)
    packages, root = tmp_path / "packages", tmp_path / "root"
    rates = recording()
    labels = {"neuroid_id": ("event", ["a", "b", "a"]), "trial": ("event", [0, 0, 1])}
    spikes = xr.DataArray([0.5, 0.75, 1.5], labels, ["event"])
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.Set2026", packages)
    packaging.package_data_assembly_locally(rates, "lab.Set2026.rates", "lab.Set2026", downloads_path=packages)
    packaging.package_data_assembly_locally(
        spikes, "lab.Set2026.spikes", "lab.Set2026", "SpikeTimesAssembly", downloads_path=packages
    )
    target = f"s3://{ministack.new_bucket(versioned=versioned)}/lab"
    assert main(["publish", str(packages), "--to", target, "--quiet"]) == 0
    (root / "brainscore_vision" / "data").mkdir(parents=True)
    (root / "brainscore_vision" / "__init__.py").write_text(DOMAIN, "utf-8")
    (root / "brainscore_vision" / "data" / "__init__.py").touch()
    assert main(["plugin", target, "--to", str(root / "brainscore_vision" / "data" / "lab2026")]) == 0

    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "theirs"))
    loaded = run_reference(LOAD, root=str(root))
    assert loaded["tests"] == [
        "test_data_lab_set2026_rates",
        "test_data_lab_set2026_spikes",
        "test_stimulus_set_lab_set2026",
    ]
    assert (loaded["class"], loaded["values"]) == ("NeuroidAssembly", rates.values.tolist())
    assert loaded["stimuli"] == stimulus_set(tmp_path / "in")["stimulus_id"].tolist()
    assert loaded["spikes"] == spikes.values.tolist()
    assert loaded["citation"] == "@misc{lab, title = {Tests}}"
