"""Damaged files are validated in processes that are watched, and replaced where a file brought one down."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from tests.fuzz import child

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.samples import Kind

_PATIENCE: Final = 120  # s without a line: it waits for what never comes; a busy machine is slow
_SHOWN: Final = 12
_ROOT: Final = Path(__file__).parents[2]


@dataclass
class Outcomes:
    """What came of the damaged files of a kind.

    Attributes
    ----------
    counts : dict of str to int
        By how files were judged.
    failures : dict of int to str
        By seed, what should not have happened; the folder of the file is still there.
    samples : set of str
        How the files were judged before any damage.
    slowest, largest : tuple of (float, int)
        Seconds of the processor and bytes of growth, each with its seed.
    """

    counts: dict[str, int] = field(default_factory=dict)
    failures: dict[int, str] = field(default_factory=dict)
    samples: set[str] = field(default_factory=set)
    slowest: tuple[float, int] = (0, -1)
    largest: tuple[int, int] = (0, -1)

    def take(self, line: dict[str, Any]) -> None:
        seed = line.get("seed", -1)
        if "failure" in line:
            self.failures[seed] = line["failure"]
        elif "sample" in line:
            self.samples.add(line["outcome"])
            return
        else:
            self.counts[line["outcome"]] = self.counts.get(line["outcome"], 0) + 1
        self.slowest = max(self.slowest, (line["seconds"], seed))
        self.largest = max(self.largest, (line["growth"], seed))

    @property
    def explained(self) -> str:
        """The failures, each kind of them once."""
        seeds: dict[str, list[int]] = {}
        for seed, reason in self.failures.items():
            seeds.setdefault(reason.strip().rpartition("\n")[2], []).append(seed)
        return "\n".join(
            f"{len(alike)} times, as with the seed {alike[0]}: {self.failures[alike[0]]}" for alike in seeds.values()
        )

    def __str__(self) -> str:
        most = sorted(self.counts.items(), key=lambda pair: -pair[1])
        return (
            f"{sum(self.counts.values())} judged, {len(self.failures)} not; slowest {self.slowest[0]:.2f} s "
            f"(seed {self.slowest[1]}), largest growth {self.largest[0] / 2**20:.0f} MiB (seed {self.largest[1]}); "
            + ", ".join(f"{outcome}: {count}" for outcome, count in most[:_SHOWN])
        )


def validated(kind: Kind, seeds: range, folder: Path) -> Outcomes:
    """Validate the damaged files of these seeds below a folder that is there, each whatever becomes of the others."""
    outcomes, start = Outcomes(), seeds.start
    while start < seeds.stop:
        last, end = start - 1, ""
        scratch = folder / f"{kind} from {start}"
        scratch.mkdir()
        for line in _lines(kind, range(start, seeds.stop), scratch):
            last = line.get("seed", last)
            if "end" in line:
                end = line["end"]
            elif "outcome" in line or "failure" in line:
                outcomes.take(line)
                start = last + 1
        if start < seeds.stop:
            outcomes.failures[start] = end
            start += 1
    return outcomes


def _lines(kind: Kind, seeds: range, folder: Path) -> Iterator[dict[str, Any]]:
    """What a process says, and how it ended."""
    command = [sys.executable, "-m", child.__name__, kind, str(seeds.start), str(seeds.stop), str(folder)]
    lines: queue.Queue[str | None] = queue.Queue()
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        errors: list[str] = []
        threads = [threading.Thread(target=_forward, args=(process.stdout, lines)),
                   threading.Thread(target=errors.extend, args=(process.stderr,))]  # fmt: skip
        for thread in threads:
            thread.start()
        try:
            while (line := lines.get(timeout=_PATIENCE)) is not None:
                yield json.loads(line)
            status = process.wait(_PATIENCE)
            end = f"ended by {signal.Signals(-status).name}" if status < 0 else f"ended with {status}"
        except queue.Empty:
            end = f"said nothing for {_PATIENCE} s"
        finally:
            process.kill()
            for thread in threads:
                thread.join()
    yield {"end": f"{''.join(errors[-_SHOWN:])}the process {end}"}


def _forward(stream: IO[str], lines: queue.Queue[str | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)
