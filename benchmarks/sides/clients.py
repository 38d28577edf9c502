"""The same names, from brainpack or from the reference client."""

from __future__ import annotations

import importlib
from typing import Any

_REFERENCE = "brainscore_core.supported_data_standards.brainio"
_MODULES = {
    "brainpack": ("brainpack.packaging", "brainpack.objects.transform", "brainpack"),
    "reference": tuple(f"{_REFERENCE}.{name}" for name in ("packaging", "assemblies", "stimuli", "s3")),
}


def find(client: str, name: str) -> Any:
    """Import what a client calls so."""
    for module in map(importlib.import_module, _MODULES[client]):
        if hasattr(module, name):
            return getattr(module, name)
    raise LookupError(f"{client} has no {name}")
