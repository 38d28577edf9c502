"""Long tables of any kind, compared with loops over their rows that say the same in the plainest way."""

from __future__ import annotations

import warnings
from collections import Counter, defaultdict
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainpack.errors import InvalidData
from tests.intake.test_tables_laws import taken_in

if TYPE_CHECKING:
    from brainpack.objects.assemblies import DataAssembly

    Row = dict[str, Any]

COUNTED = ("trial", "run")
OWN = ("session", "subject")
KEYS = ("stimulus_id", "repetition", *COUNTED, *OWN)
NAMES: dict[str, list[Any]] = {
    "trial": ["1", "2"],
    "run": ["1", "01"],
    "session": ["1.10", "1.1"],
    "subject": ["True", "true"],
}


def table(seed: int) -> list[Row]:
    """Rows that contradict each other in no column but that of the values."""
    random = Random(seed)  # noqa: S311 - no secret
    columns = random.sample(["repetition", *OWN], random.randint(0, 2)) + random.choice([[], [], ["run"], [*COUNTED]])
    is_own, with_bins, missing = random.random() < 0.6, random.random() < 0.4, random.choice([0.0, 0.1])
    rows: list[Row] = []
    for presentation in range(random.randint(1, 5)):
        shown: Row = {name: random.choice(values) for name, values in NAMES.items() if name in columns}
        shown |= {"stimulus_id": random.choice("ab")} | (
            {"repetition": presentation} if "repetition" in columns else {}
        )
        for neuron, time_bin in product(range(2), range(1 + with_bins)):
            if not rows or random.random() >= missing:
                own = {name: NAMES[name][neuron] for name in OWN if name in shown and is_own}
                of_bin = {"time_bin_id": time_bin} if with_bins else {}
                rows.append({**shown, **own, **of_bin, "neuroid_id": f"n{neuron}", "rate": random.random()})
    return random.sample(rows, len(rows)) if random.random() < 0.3 else rows


def keys_of(rows: list[Row]) -> list[str]:
    """What tells presentations apart."""
    there = [name for name in KEYS if name in rows[0]]
    values = {name: {row[name] for row in rows} for name in there}
    of_neuron = {name: {(row["neuroid_id"], row[name]) for row in rows} for name in there}
    neurons = {row["neuroid_id"] for row in rows}
    is_counted = any(name in there for name in COUNTED)
    return [
        name
        for name in there
        if name not in OWN or len(of_neuron[name]) > len(neurons) or (is_counted and len(values[name]) > 1)
    ]


def by_loops(rows: list[Row]) -> dict[tuple[Any, ...], float] | None:
    """Each value by its stimulus, repetition, neuron and bin; None where rows are missing, or are there twice."""
    keys = keys_of(rows)
    counts: Counter[tuple[Any, ...]] = Counter()
    together: defaultdict[tuple[Any, ...], set[tuple[Any, ...]]] = defaultdict(set)
    presentations: dict[tuple[Any, ...], Row] = {}
    places = []
    for row in rows:
        told = tuple(row[name] for name in keys)
        cell = (row["neuroid_id"], row.get("time_bin_id"))
        together[told, tuple(row[name] for name in OWN if name in row)].add((told, cell))
        presentation = (told, counts[told, cell])
        counts[told, cell] += 1
        presentations.setdefault(presentation, row)
        places.append((presentation, cell))
    uneven = any(len({counts[cell] for cell in cells}) > 1 for cells in together.values())
    if max(counts.values()) > 1 and (uneven or "repetition" in keys):
        return None
    seen: Counter[str] = Counter()
    repetitions = {}
    for presentation, row in presentations.items():
        repetitions[presentation] = row.get("repetition", seen[row["stimulus_id"]])
        seen[row["stimulus_id"]] += 1
    return {
        (row["stimulus_id"], repetitions[presentation], *(row[name] for name in COUNTED if name in row), *cell): row[
            "rate"
        ]
        for (presentation, cell), row in zip(places, rows, strict=True)
    }


def cells_of(assembly: DataAssembly) -> dict[tuple[Any, ...], float]:
    counted = [name for name in COUNTED if name in assembly.coords]
    found = {}
    for place in np.argwhere(~np.isnan(assembly.values)):
        cell = assembly[dict(zip(assembly.dims, place, strict=True))]
        time_bin = cell["time_bin_id"].item() if "time_bin_id" in assembly.coords else None
        told = (cell["stimulus_id"].item(), cell["repetition"].item(), *(str(cell[name].item()) for name in counted))
        found[(*told, cell["neuroid_id"].item(), time_bin)] = cell.item()
    return found


@given(st.integers(0, 2**32))
def test_every_value_is_where_plain_loops_put_it(seed: int) -> None:
    rows = table(seed)
    expected = by_loops(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if expected is None:
            with pytest.raises(InvalidData, match=r"repetitions cannot be numbered|below the header have the same"):
                taken_in(pd.DataFrame(rows))
        else:
            assert cells_of(taken_in(pd.DataFrame(rows))) == expected
