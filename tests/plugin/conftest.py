"""What tests of plugins have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brainpack import packaging
from tests.helpers import recording, stimulus_set
from tests.plugin.published import publish

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def records(tmp_path: Path) -> list[Path]:
    """Records on this computer of data sets as if they had been published."""
    folder = tmp_path / "packages"
    packaging.package_stimulus_set_locally(stimulus_set(tmp_path / "in"), "lab.Set2026", folder)
    packaging.package_data_assembly_locally(recording(), "lab.Set2026.rates", "lab.Set2026", downloads_path=folder)
    paths = sorted(folder.glob("*.json"), reverse=True)
    for path in paths:
        publish(path)
    return paths
