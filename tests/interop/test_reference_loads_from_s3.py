"""What brainpack publishes, the reference client loads from S3 by what the results say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from brainpack import packaging
from tests.helpers import recording, stimulus_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.ministack import MiniStack

pytestmark = pytest.mark.interop

LOAD = """
    import json, sys
    from brainscore_core.supported_data_standards.brainio.assemblies import NeuroidAssembly
    from brainscore_core.supported_data_standards.brainio.s3 import load_assembly_from_s3, load_stimulus_set_from_s3

    given = json.load(sys.stdin)
    stimuli = load_stimulus_set_from_s3(**given["stimuli"])
    assembly = load_assembly_from_s3(**given["assembly"], cls=NeuroidAssembly, stimulus_set_loader=lambda: stimuli)
    print(json.dumps({
        "ids": stimuli["stimulus_id"].tolist(),
        "files": [open(stimuli.get_stimulus(name), "rb").read().hex() for name in stimuli["stimulus_id"]],
        "values": assembly.transpose("presentation", "neuroid", "time_bin").values.tolist(),
        "region": assembly["region"].values.tolist(),
        "orientation": assembly["orientation"].values.tolist(),
    }))
"""


@pytest.mark.parametrize("versioned", [True, False])
def test_the_reference_client_loads_what_was_published(
    versioned: bool, ministack: MiniStack, run_reference: Callable[..., Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name, value in ministack.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "ours"))
    target = f"{ministack.new_bucket(versioned=versioned)}/lab"
    stimuli = stimulus_set(tmp_path / "in")
    published = packaging.package_stimulus_set(None, stimuli, "lab.S", target)
    result = packaging.package_data_assembly(None, recording(), "lab.A", "lab.S", bucket_name=target)
    del result["cls"]
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "theirs"))
    loaded = run_reference(LOAD, stimuli=published, assembly=result)
    orientations = dict(zip(stimuli["stimulus_id"], stimuli["orientation"], strict=True))
    assert loaded["ids"] == stimuli["stimulus_id"].tolist()
    assert loaded["files"] == [Path(stimuli.stimulus_paths[name]).read_bytes().hex() for name in loaded["ids"]]
    assert loaded["values"] == recording().values.tolist()
    assert loaded["region"] == recording()["region"].values.tolist()
    assert loaded["orientation"] == [orientations[name] for name in recording()["stimulus_id"].values]
