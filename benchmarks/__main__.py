"""Run benchmarks one after the other, and write down what they find.

    python -m benchmarks [NAME ...] [--quick] [--to FILE] [--reference PYTHON]

Without a name, all that are usual run. What other benchmarks have found before stays in the file.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import machine
from benchmarks.catalogue import BENCHMARKS
from benchmarks.contest import OURS, ROOT, reference_of
from benchmarks.environments import environment_of, versions
from benchmarks.results import file, sections

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.catalogue import Benchmark

RESULTS = Path(__file__).with_name("RESULTS.md")
LAZY = ("dask", "distributed")
REFERENCES = ("brainscore_core", "xarray", "pandas", "numpy", "netCDF4", "h5py")


def printed(command: list[str]) -> str:
    """What a command prints, shown while it comes; fail if it fails."""
    lines = []
    with subprocess.Popen(
        command, cwd=ROOT, env=environment_of(command[0]), stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return "".join(lines).strip()


def section(benchmark: Benchmark, options: Iterable[str], reference: str | None) -> str:
    """Run a benchmark; what it compares, how, where, and what it found."""
    command = ["-m", f"benchmarks.{benchmark.module}", *options]
    notes = [f"`python {shlex.join(command)}`", f"{now()} on {machine.name()}"]
    if reference is not None:
        notes.append(f"the reference: {listed(versions(reference, *REFERENCES))}")
        command += ["--reference", reference]
    return f"{benchmark.about}\n\n{'; '.join(notes)}.\n\n{printed([sys.executable, *command])}"


def now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")


def listed(found: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in found.items())


def facts() -> dict[str, str]:
    """Date, machine and versions."""
    lines = importlib.metadata.requires(OURS) or ()
    required = (re.split(r"[^\w.-]", line)[0] for line in lines if "extra" not in line)
    return (
        {"date": now()} | machine.described() | {"versions": listed(versions(sys.executable, OURS, *required, *LAZY))}
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="tiny sizes, whose figures mean nothing: only printed")
    parser.add_argument("--to", type=Path, metavar="FILE", help=f"instead of {RESULTS.name}; also for --quick")
    parser.add_argument("--reference", metavar="PYTHON", help="that has brainscore_core; made on first use, and kept")
    options = parser.parse_args()
    if unknown := {*options.names} - {*BENCHMARKS}:
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; expected some of {', '.join(BENCHMARKS)}")
    target = options.to or (None if options.quick else RESULTS)
    for name in options.names or [name for name, benchmark in BENCHMARKS.items() if benchmark.is_usual]:
        benchmark = BENCHMARKS[name]
        reference = reference_of(options) if benchmark.has_reference else None
        found = section(benchmark, benchmark.quick if options.quick else benchmark.options, reference)
        if target is not None:
            kept = sections(target.read_text("utf-8")) if target.exists() else {}
            target.write_text(file(facts(), kept | {name: found}, BENCHMARKS), "utf-8")


if __name__ == "__main__":
    main()
