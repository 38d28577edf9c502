from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.data import PRESETS, block, blocks, lazy, region
from benchmarks.model import (
    CORES,
    DISK,
    HASHES,
    REREAD,
    WORKERS,
    WRITER,
    Crew,
    Line,
    Place,
    Shares,
    forecast,
)

GB = 1e9
seconds_per_byte = st.floats(1e-11, 1e-6)
seconds = st.floats(0, 10)
crews = st.builds(Crew, seconds, seconds_per_byte, seconds_per_byte)
places = st.builds(Place, seconds_per_byte, seconds_per_byte, seconds_per_byte)
NO_DISK = Place(hashing=1e-12, disk_writing=1e-12, disk_reading=1e-12)


@given(seconds, seconds, seconds_per_byte, seconds_per_byte, st.sets(st.integers(1, 1000), min_size=2, max_size=5))
def test_costs_are_found_again(start: Any, more: Any, worker: Any, writer: Any, sizes: Any) -> None:
    made = [Shares(size * GB, start + worker * size * GB, more + writer * size * GB) for size in sizes]
    found = Crew.fitted(made)
    assert found == pytest.approx((start + more, worker, writer), rel=1e-6, abs=1e-6)
    assert found[1:] == pytest.approx((worker, writer), rel=1e-6, abs=0)


def test_a_line_goes_between_measurements() -> None:
    line = Line.through([(1, 10), (1, 12), (100, 1000), (100, 1200)])
    assert 10 < line.at(1) < 12
    assert 1000 < line.at(100) < 1200


@given(crews, places, st.floats(1e6, 1e13), st.floats(0.01, 1))
def test_more_cores_never_take_longer_and_what_saturates_is_what_takes_longest(
    crew: Any, place: Any, nbytes: Any, ratio: Any
) -> None:
    found = [forecast(crew, place, nbytes, ratio, workers=count, cores=None) for count in (1, 8, 64, 512)]
    assert sorted((one.seconds for one in found), reverse=True) == [one.seconds for one in found]
    for one in found:
        parts = one.writing | one.proving
        assert parts[one.saturated] == max(parts.values())
        assert one.seconds >= one.start + parts[one.saturated]
    assert found[0].writing[WORKERS] == pytest.approx(512 * found[3].writing[WORKERS])


@pytest.mark.parametrize(
    ("crew", "place", "workers", "cores", "expected"),
    [
        (Crew(0, 1e-8, 1e-10), NO_DISK, 8, None, WORKERS),
        (Crew(0, 1e-8, 1e-10), NO_DISK, 512, None, WRITER),
        (Crew(0, 1e-8, 1e-10), NO_DISK, 4, 2, CORES),
        (Crew(0, 1e-8, 1e-10), NO_DISK._replace(disk_writing=1e-8), 512, None, DISK),
        (Crew(0, 1e-8, 1e-10), NO_DISK._replace(hashing=1e-8), 512, None, HASHES),
        (Crew(0, 1e-8, 1e-10), NO_DISK._replace(disk_reading=1e-8), 512, None, REREAD),
    ],
)
def test_what_saturates_is_named(crew: Any, place: Any, workers: Any, cores: Any, expected: str) -> None:
    assert forecast(crew, place, GB, 0.5, workers=workers, cores=cores).saturated == expected


def test_times_add_up() -> None:
    crew, place = Crew(1, 8e-8, 1e-9), Place(hashing=2e-9, disk_writing=1e-9, disk_reading=4e-9)
    assert forecast(crew, place, GB, 0.5, workers=8, cores=None).seconds == pytest.approx(1 + 10 + 2)
    assert forecast(crew, place, GB, 0.5, workers=8, cores=None, is_cached=True).seconds == pytest.approx(1 + 10 + 1)
    assert forecast(crew, place, GB, 0.5, workers=8, cores=2, is_cached=True).seconds == pytest.approx(1 + 40.5 + 1)


@pytest.mark.slow
def test_any_part_of_lazy_data_can_be_made_again() -> None:
    preset = PRESETS["eeg"].of_size(70e6)
    assert len(blocks(preset)) == 2
    values = lazy(preset).values
    end = blocks(preset)[0].stop
    for part in (slice(3, 5), slice(end - 2, end + 2), slice(end, end + 1)):
        assert region(preset, part).tobytes() == values[part].tobytes()
    assert not np.array_equal(block(preset, 0)[:40], block(preset, 1)[:40])
