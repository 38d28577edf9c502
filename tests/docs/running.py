"""Whatever a page shows is done, in its order, in one folder: commands, Python, files, and what comes out."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import warnings
from contextlib import contextmanager, redirect_stdout
from doctest import ELLIPSIS, OutputChecker
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from brainpack.cli.main import main
from tests.docs.pages import blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from tests.docs.pages import Block

MADE_BY: Final = ("csv", "python", "toml")  # data, without what is done with them
_ENDS_WITH: Final = re.compile(r"#.*\bends with (\d+)")
_SHELL: Final = shutil.which("bash") or "sh"
_REPLACED: Final = re.compile(r"[*?$|&;<>~()`\\]")  # what a shell does something about
_HOLDS: Final = re.compile(r"`([^`]+)`[^`]* holds:?$")


def run_page(page: Path, languages: Container[str] | None = None) -> None:
    """Do what a page shows, in the working folder.

    Parameters
    ----------
    page : Path
    languages : container of str, optional
        Of the blocks that count; by default all.

    Raises
    ------
    AssertionError
        Something does not happen as it is shown; the message says in which line of the page.
    """
    reader = Reader(page)
    for block in blocks(page):
        if block.excuse is None and (languages is None or block.language in languages):
            reader.follow(block)


class Reader:
    """Someone who does word by word what a page says.

    Parameters
    ----------
    page : Path
    """

    def __init__(self, page: Path) -> None:
        self._page = page
        self._namespace: dict[str, Any] = {"__name__": "__main__"}
        self._printed: str | None = None  # by the block before
        self._follow: dict[str, Callable[[Block], str | None]] = {
            "csv": self._data,
            "json": self._data,
            "page": lambda block: run_page(page.parent / block.text, MADE_BY),
            "python": self._python,
            "sh": self._commands,
            "text": self._text,
            "toml": self._data,
            "yaml": self._yaml,
        }

    def follow(self, block: Block) -> None:
        """Do what a block says."""
        follow = self._follow.get(block.language)
        assert follow is not None, f"{self._where(block)}: nobody knows how to run {block.language!r}"
        self._printed = follow(block)

    def _where(self, block: Block) -> str:
        return f"{self._page.name}:{block.line}"

    def _python(self, block: Block) -> str | None:
        if block.file is not None:
            _write(block)
            return None
        code = compile("\n" * (block.line - 1) + block.text, str(self._page), "exec")  # the lines of the page
        with redirect_stdout(io.StringIO()) as printed:
            exec(code, self._namespace)  # noqa: S102 - the pages are our own
        return printed.getvalue()

    def _commands(self, block: Block) -> str:
        return "".join(self._command(line, block) for line in _lines(block.text))

    def _command(self, line: str, block: Block) -> str:
        code, printed, complained = _run(line)
        found = _ENDS_WITH.search(line)
        expected = int(found[1]) if found else 0
        where = f"{self._where(block)}: {line!r}"
        assert code == expected, f"{where} ended with {code}\n{printed}{complained}"
        for file in re.findall(r"--output (\S+)", line):
            assert Path(file).is_file(), f"{where} has not written {file}"
        return printed + (complained if expected else "")

    def _data(self, block: Block) -> None:
        _PARSERS[block.language](block.text)
        if block.file is not None:
            _write(block)

    def _yaml(self, block: Block) -> None:
        """Commands of this program in a workflow are run."""
        import yaml

        for text in _texts(yaml.safe_load(block.text)):
            for line in _lines(text):
                if line.startswith("brainpack "):
                    self._command(line, block)

    def _text(self, block: Block) -> str | None:
        if listed := _HOLDS.search(block.above):
            shown = sorted(line.split("  ")[0].strip() for line in block.text.splitlines())
            found = sorted(path.name + "/" * path.is_dir() for path in Path(listed[1]).glob("[!.]*"))
            assert shown == found, self._where(block)
            return None
        assert block.follows, f"{self._where(block)}: this text is neither an output nor a folder"
        assert self._printed is not None, f"{self._where(block)}: there is no output to compare with"
        checker = OutputChecker()
        wanted, got = _stripped(block.text), _stripped(self._printed)
        assert checker.check_output(wanted, got, ELLIPSIS), f"{self._where(block)}: expected\n{wanted}\nfound\n{got}"
        return None


def _run(line: str) -> tuple[int, str, str]:
    """Exit code, output and complaints of a command.

    One of ours in which a shell would replace nothing is run by this process, which has loaded everything already.
    """
    words = shlex.split(line, comments=True)
    if words[:1] == ["brainpack"] and words[1] != "run" and not _REPLACED.search(line.partition("#")[0]):
        with _captured("stdout") as printed, _captured("stderr") as complained, warnings.catch_warnings():
            warnings.simplefilter("default")
            return main(words[1:]), _text_of(printed), _text_of(complained)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [_SHELL, "-c", line], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@contextmanager
def _captured(name: Literal["stdout", "stderr"]) -> Iterator[io.TextIOWrapper]:
    stream = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    before = getattr(sys, name)
    setattr(sys, name, stream)
    try:
        yield stream
    finally:
        setattr(sys, name, before)


def _text_of(stream: io.TextIOWrapper) -> str:
    content: bytes = stream.buffer.getvalue()  # type: ignore[attr-defined]  # it is the one from above
    return content.decode()


def _write(block: Block) -> None:
    assert block.file is not None
    path = Path(block.file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, "utf-8")


def _lines(text: str) -> list[str]:
    """Commands, of which one may go over several lines."""
    lines = text.replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def _stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines()) + "\n"


def _texts(document: Any) -> Iterator[str]:
    """Every text in a document of YAML."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict | list):
        for value in document.values() if isinstance(document, dict) else document:
            yield from _texts(value)


def _parse_csv(text: str) -> None:
    header, *rows = csv.reader(io.StringIO(text))
    assert {len(row) for row in rows} <= {len(header)}, f"rows of other lengths than {header}"


_PARSERS: Final[dict[str, Callable[[str], object]]] = {"csv": _parse_csv, "json": json.loads, "toml": tomllib.loads}
