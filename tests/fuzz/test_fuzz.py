"""Damaged files of each kind give findings or errors of this project: no other exception, crash, hang or growth.

BRAINPACK_TEST_FUZZ=10000 says how many files, BRAINPACK_TEST_FUZZ_SEED=1 which ones.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import pytest

from tests.fuzz.samples import KINDS
from tests.fuzz.watching import validated

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fuzz.samples import Kind

COUNT: Final = int(os.environ.get("BRAINPACK_TEST_FUZZ", "250")) // len(KINDS)
FIRST: Final = int(os.environ.get("BRAINPACK_TEST_FUZZ_SEED", "0")) * 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files(kind: Kind, tmp_path: Path) -> None:
    outcomes = validated(kind, range(FIRST, FIRST + COUNT), tmp_path)
    print(f"{kind}, seeds {FIRST} to {FIRST + COUNT - 1}: {outcomes}")  # noqa: T201 - pytest shows it where it fails
    if outcomes.failures:
        pytest.fail(f"the files are below {tmp_path}\n{outcomes.explained}", pytrace=False)
    assert outcomes.samples == {"no error"}
    assert len(outcomes.counts) > 1
