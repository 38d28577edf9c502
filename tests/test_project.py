"""The rules that the project has for itself."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

import brainpack

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PYTHON_FILES = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "examples").rglob("*.py"))]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = ["brainpack", *(m.name for m in pkgutil.walk_packages(brainpack.__path__, "brainpack."))]

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_version_has_one_source() -> None:
    assert brainpack.__version__ == importlib.metadata.version("brainpack")
    literals = [relative(path) for path in SOURCES if f'"{brainpack.__version__}"' in path.read_text("utf-8")]
    assert literals == ["src/brainpack/__init__.py"]


@pytest.mark.parametrize("module", MODULES)
def test_what_a_module_offers_exists(module: str) -> None:
    loaded = importlib.import_module(module)
    assert [name for name in getattr(loaded, "__all__", ()) if not hasattr(loaded, name)] == []


def test_the_public_names_are_listed() -> None:
    assert sorted(brainpack.__all__) == sorted(set(brainpack.__all__))
    assert set(brainpack.__all__) <= set(dir(brainpack))


def test_importing_is_cheap() -> None:
    code = """
        import json, sys, brainpack
        for name in brainpack.__all__:
            getattr(brainpack, name)
        print(json.dumps(sorted({"boto3", "dask", "matplotlib", "netCDF4"} & set(sys.modules))))
    """
    done = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, check=True, text=True)
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_files_and_functions_are_short(path: Path) -> None:
    source = path.read_text("utf-8")
    assert len(source.splitlines()) <= MAX_FILE_LINES
    too_long = [f"{name}: {lines} lines" for name, lines in functions(source) if lines > MAX_FUNCTION_LINES]
    assert too_long == []


def functions(source: str) -> Iterator[tuple[str, int]]:
    """Name and length of every function, its docstring apart."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False)
            documented = docstring.count("\n") + 1 if docstring is not None else 0
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1 - documented


IGNORED_BY_LINE = re.compile(r"#\s*(?:noqa: \w+(?:, ?\w+)*|type: ignore\[[\w, -]+\]|pragma: no \w+)(?P<reason>.*)")
IGNORED_BY_CONFIGURATION = re.compile(r'^\s*"(?:[A-Z]+[0-9]*|ignore:.*)",?(?P<reason>.*)', re.MULTILINE)


@pytest.mark.parametrize("path", [ROOT / "pyproject.toml", *PYTHON_FILES], ids=relative)
def test_whatever_a_check_ignores_has_a_reason(path: Path) -> None:
    pattern = IGNORED_BY_CONFIGURATION if path.suffix == ".toml" else IGNORED_BY_LINE
    ignored = list(pattern.finditer(path.read_text("utf-8")))
    assert [found[0] for found in ignored if not re.search(r"\w+ \w+", found["reason"])] == []


def test_every_make_command_in_the_documentation_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"(?:^|`)make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE))
        assert named <= targets, relative(page)


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_in_the_documentation_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
