"""What docs/validation.md shows is what happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from brainpack.cli.main import main
from brainpack.validation.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[1] / "docs" / "validation.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def commands() -> Iterator[list[str]]:
    for line in "\n".join((*blocks("sh"), *blocks("yaml"))).splitlines():
        _, found, arguments = line.partition("brainpack validate ")
        if found:
            yield ["validate", *shlex.split(arguments)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BRAINIO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "brainpack.toml").write_text("", "utf-8")
    return tmp_path


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:assembly 'lab:UserWarning")
def test_everything_on_the_page_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, object] = {"__name__": "page"}
    for block in blocks("python"):
        exec(compile(block, "docs/validation.md", "exec"), namespace)  # noqa: S102 - the page is our own
    assert [capsys.readouterr().out] == blocks("text")
    toml = folder / "packages" / "brainpack.toml"
    toml.write_text(blocks("toml")[0], "utf-8")
    assert Project.read(toml).release["licence"] == "CC-BY-4.0"
    assert [main(arguments) for arguments in commands()] == [0] * 9
    written = {path.name for path in folder.glob("**/*") if path.suffix in {".xml", ".sarif", ".txt"}}
    assert written == {"junit.xml", "brainpack.sarif", "table.txt"}
