"""All benchmarks, in the order of their results."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final, NamedTuple

_ONE_KIND: Final = ("--only", "behaviour, 8 texts")


class Benchmark(NamedTuple):
    """How a module of this package is run.

    Attributes
    ----------
    module : str
    quick : tuple of str
        Options that make it tiny.
    options : tuple of str
        Those of a full run, beside what is usual.
    has_reference : bool
        Whether the reference client takes part.
    is_usual : bool
        False for what runs only when it is named.
    """

    module: str
    quick: tuple[str, ...]
    options: tuple[str, ...] = ()
    has_reference: bool = False
    is_usual: bool = True

    @property
    def about(self) -> str:
        """What is compared: the first paragraph of the module's docstring."""
        source = Path(__file__).with_name(f"{self.module}.py").read_text("utf-8")
        return (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0]


def _benchmark(module: str, quick: str, *more: str, has_reference: bool = False) -> Benchmark:
    return Benchmark(module, (*quick.split(), *more), has_reference=has_reference)


_LAZILY: Final = _benchmark("lazily", "--gigabytes 0.002 --regions 2 --predict 200")

BENCHMARKS: Final = {
    "writing": _benchmark("writing", "--factor 0.001 --runs 1", *_ONE_KIND, has_reference=True),
    "reading": _benchmark("reading", "--factor 0.001 --theirs 0.001 --runs 1", *_ONE_KIND, has_reference=True),
    "packing": _benchmark("packing", "--files 4 --kilobytes 1 --pictures 2 --runs 1", has_reference=True),
    "publishing": _benchmark("publishing", "--files 4 --kilobytes 1 --runs 1", has_reference=True),
    "scale": _benchmark("scale", "--counts 20 --runs 1"),
    "lazily": _LAZILY,
    "lazily_60": _LAZILY._replace(options=("--gigabytes", "2", "10", "60", "--predict", "200"), is_usual=False),
    "scaling": _benchmark("scaling", "--megabytes 1 --disk-megabytes 8 --runs 1 --only processes")._replace(
        options=("--runs", "1")
    ),
    "upload": _benchmark("upload", "--mib 40 --without-aws-cli --runs 1"),
    "loading": _benchmark("loading", "--rows 50 --runs 1", has_reference=True),
    "merging": _benchmark("merging", "--presentations 500 --stimuli 50 --columns 4 --runs 1", has_reference=True),
    "opening": _benchmark("opening", "--presentations 50 --neuroids 100 --runs 1"),
    "validating_values": _benchmark("validating_values", "--gigabytes 0.02 --chunk-mib 0.5 --runs 1"),
    "validating_tables": _benchmark("validating_tables", "--rows 1000 --runs 1"),
}
