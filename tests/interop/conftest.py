"""Batches that several modules of the matrix look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.interop.exchange import BrainpackWrites

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def written(run_reference: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> BrainpackWrites:
    batch = BrainpackWrites(tmp_path_factory.mktemp("brainpack_writes"))
    batch.write_all()
    batch.run(run_reference)
    return batch
