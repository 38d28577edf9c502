"""Contenders in turns: what each run of a call costs, and the medians of several runs."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.environments import REFERENCE, environment_of, python_with

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parents[1]
OURS = "brainpack"


class Cost(NamedTuple):
    """Of a call, or of a whole process."""

    seconds: float
    cpu_seconds: float
    peak: int = 0  # bytes of memory of its process
    found: Any = None  # what a call returned


class Contender(NamedTuple):
    """Who does the same as others, so many times."""

    run: Callable[[], Cost]
    runs: int


def in_turns(contenders: Mapping[str, Contender]) -> dict[str, Cost]:
    """Run all once, then all once more; who has had its runs is passed over."""
    costs: dict[str, list[Cost]] = {name: [] for name in contenders}
    for turn in range(max(contender.runs for contender in contenders.values())):
        for name, contender in contenders.items():
            if turn < contender.runs:
                costs[name].append(contender.run())
    return {name: median(found) for name, found in costs.items()}


def median(costs: list[Cost]) -> Cost:
    """The median of each figure; what the calls returned is taken from the last."""
    seconds, cpu_seconds, peaks, found = zip(*costs, strict=True)
    return Cost(statistics.median(seconds), statistics.median(cpu_seconds), int(statistics.median(peaks)), found[-1])


def clocked(call: Callable[[], object]) -> Cost:
    """Call in this process."""
    cpu, start = time.process_time(), time.perf_counter()
    call()
    return Cost(time.perf_counter() - start, time.process_time() - cpu)


def called(python: str, module: str, *arguments: object, settings: dict[str, str] | None = None) -> Cost:
    """Let a module of `benchmarks.sides` make a call in a new process, and tell what it cost."""
    command = [python, "-m", f"benchmarks.sides.{module}", *map(str, arguments)]
    environment = environment_of(python) | (settings or {})
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return Cost(*json.loads(done.stdout.splitlines()[-1]))


def whole_process(command: list[str], environment: Mapping[str, str]) -> Cost:
    """Run a command; fail if it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10)


def rows(costs: Mapping[str, Cost], unit: str = OURS) -> list[dict[str, str]]:
    """The rows of a table; times are also told in those of one contender."""
    one = costs[unit]
    table = []
    for name, cost in costs.items():
        row = {
            "": name,
            "s": f"{cost.seconds:.4f}",
            f"x {unit}": f"{cost.seconds / one.seconds:.2f}",
            "CPU s": f"{cost.cpu_seconds:.4f}",
            f"CPU x {unit}": f"{cost.cpu_seconds / max(one.cpu_seconds, 1e-9):.2f}",
        }
        if cost.peak:
            row["peak MB"] = f"{cost.peak / 1e6:.0f}"
        table.append(row)
    return table


def parser(description: str | None, runs: int, *, has_reference: bool = False) -> argparse.ArgumentParser:
    """The options that benchmarks have in common."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--runs", type=int, default=runs, help=f"of each contender; {runs} by default")
    if has_reference:
        made.add_argument(
            "--reference",
            metavar="PYTHON",
            help="that has brainscore_core; without it, an environment is made on first use, and kept",
        )
    return made


def reference_of(options: argparse.Namespace) -> str:
    """The Python that has the reference client."""
    return options.reference or python_with(*REFERENCE)
