"""Arrays that `benchmarks.data.save` made, as a client holds them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.sides.clients import find


def load(client: str, folder: str) -> Any:
    """Load an assembly."""
    place = Path(folder)
    layout = json.loads((place / "layout.json").read_text())
    coords = {name: (dim, np.load(place / f"{name}.coordinate.npy")) for name, dim in layout["coords"].items()}
    return find(client, layout["cls"])(np.load(place / "values.npy"), coords, layout["dims"])
