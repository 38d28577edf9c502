"""What the environment decides; the only module that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Settings of one call.

    Attributes
    ----------
    packages : Path
        Folder that local packaging writes to where the caller names none.
    """

    packages: Path

    @classmethod
    def from_environment(cls) -> Settings:
        """Read the environment now, so that a change after the import counts."""
        return cls(packages=Path.home() / "Downloads" / "brainscore_packages")
