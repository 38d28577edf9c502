"""`transform` of brainscore_core: aligning assemblies with each other."""

from __future__ import annotations

from brainpack.objects.indexes import walk_coords
from brainpack.objects.transform import index_efficient, subset

__all__ = ["index_efficient", "subset", "walk_coords"]
