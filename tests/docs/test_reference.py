"""Pages that one looks things up on have all there is: errors, exit codes, variables, public names."""

from __future__ import annotations

import inspect
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

import brainpack
from brainpack import errors, recipes
from brainpack.cli import exits
from brainpack.cli.command import _exit_code
from brainpack.layout import RELEASE
from brainpack.record.records import Record, parse_record
from brainpack.validation.project import Project

DOCS = Path(__file__).parents[2] / "docs"
PROGRAM = Path(brainpack.__file__).parent
ERRORS = [getattr(errors, name) for name in errors.__all__ if name != "BrainpackError"]


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_has_its_builtin_and_its_exit_code(error: type[errors.BrainpackError]) -> None:
    (builtin,) = (base.__name__ for base in error.__bases__ if base.__module__ == "builtins")
    raised = error("", expected="", got="") if error is errors.IntegrityError else error("")
    row = rf"^\| `{error.__name__}` \| [^|]+ \| {_exit_code(raised)} \| [^|]+ \|$"
    assert re.search(row, page("errors.md"), re.MULTILINE)
    assert re.search(rf" {error.__name__} +\({builtin}\)$", page("errors.md"), re.MULTILINE)


def test_the_tree_of_errors_is_that_of_the_code() -> None:
    tree = re.findall(r"^[│ ]*[├└]── (\w+)", page("errors.md"), re.MULTILINE)
    assert tree == re.findall(r"^ *[│ ]*[├└]── (\w+)", inspect.getdoc(errors) or "", re.MULTILINE)
    assert {*tree} == {error.__name__ for error in ERRORS}


def test_every_exit_code_is_explained() -> None:
    codes = {str(value) for value in vars(exits).values() if isinstance(value, int)}
    assert {*re.findall(r"^\| (\d+) \|", page("commands.md"), re.MULTILINE)} == codes


def test_every_variable_is_explained() -> None:
    sources = "\n".join(path.read_text("utf-8") for path in PROGRAM.rglob("*.py"))
    read = {*re.findall(r"\b(?:BRAINPACK|BRAINIO|BRAINSCORE)_[A-Z_]+\b", sources)} - {"BRAINIO_"}
    told = {*re.findall(r"`((?:BRAINPACK|BRAINIO|BRAINSCORE)_[A-Z_]+)`", page("settings.md"))}
    assert told == read
    of_aws = {*re.findall(r"\bAWS_[A-Z][A-Z0-9_]+\b", sources)} - {"AWS_ERRORS"}  # a name of ours
    assert of_aws <= {*re.findall(r"`(AWS_\w+)`", page("settings.md"))}


def test_every_public_name_is_in_the_reference() -> None:
    told = "\n".join(path.read_text("utf-8") for path in (*(DOCS / "api").glob("*.md"), DOCS / "errors.md"))
    names = {*re.findall(r"auto(?:function|class|exception):: brainpack\.(\w+)$", told, re.MULTILINE)}
    assert names == {*brainpack.__all__} - {"__version__"}


def test_the_record_of_the_specification_is_one() -> None:
    (example,) = re.findall(r"^```json\n(.*?)^```", page("format.md"), re.MULTILINE | re.DOTALL)
    assert parse_record(example.encode(), "format.md").identifier == "lab.Author2026.rates"
    (table,) = re.findall(r"^\| field \| what it is \|\n\|.*?\n(.*?)\n\n", page("format.md"), re.MULTILINE | re.DOTALL)
    named = {*re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.splitlines()))}
    assert named == {field.name for field in fields(Record)} | {"format"}


def test_every_key_of_a_project_is_explained() -> None:
    text = page("project.md")
    explained = {
        title: {*re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)}
        for title, section in re.findall(r"^## \[(.*?)\]\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    }
    assert explained['stimuli."identifier"'] == {*recipes._STIMULI}
    assert explained['assembly."identifier"'] == {*recipes._ASSEMBLY}
    assert explained["release"] == {*RELEASE}
    assert {title.partition(".")[0] for title in explained} == {
        *tomllib.loads(re.findall(r"```toml\n(.*?)```", text, re.DOTALL)[0])
    }


def test_the_project_of_the_page_can_be_read(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```toml\n(.*?)^```", page("project.md"), re.MULTILINE | re.DOTALL)
    (tmp_path / "brainpack.toml").write_text(example, "utf-8")
    project = Project.read(tmp_path / "brainpack.toml")
    assert all(getattr(project, field.name) for field in fields(Project))
