"""Python source that is changed in some places, and stays byte for byte what it is in all others."""

from __future__ import annotations

import ast
import codecs
import io
import tokenize
from typing import TYPE_CHECKING, Final

from brainpack.errors import InvalidData

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


_BLOCKS: Final = (ast.FunctionDef, ast.ClassDef)


class Source:
    """The text of a Python file.

    Parameters
    ----------
    content : bytes
        Of the file; empty for a new one.
    name : str
        How messages call it.

    Raises
    ------
    InvalidData
        It is not Python.
    """

    def __init__(self, content: bytes, name: str) -> None:
        self._name = name
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
            self._mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
            self._encoding = encoding.removesuffix("-sig")
            self._text = content.removeprefix(self._mark).decode(self._encoding)
            self._tree = ast.parse(self._text)
        except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError) as error:
            raise InvalidData(
                f"{name} is not Python that can be changed: {error}; repair it, or move it away"
            ) from error
        self._line_end = "\r\n" if "\r\n" in self._text else "\n"

    def encoded(self) -> bytes:
        """Content of the file."""
        try:
            return self._mark + self._text.encode(self._encoding)
        except UnicodeEncodeError as error:
            raise InvalidData(
                f"{self._name} is in {self._encoding}, which lacks a letter: {error}; save it as UTF-8"
            ) from error

    def put(self, code: str, is_it: Callable[[ast.stmt], bool], what: str, *, in_one_line: str = "") -> bool | None:
        """Let a statement be in the module: in the place of the one that it succeeds, or at the end.

        Parameters
        ----------
        code : str
        is_it : callable
            Whether a statement is the one.
        what : str
            How a message calls it.
        in_one_line : str
            What has to be read in it, with single quotes, by those who only look at its text.

        Returns
        -------
        bool or None
            None if it means the same already, and stays as it is written; otherwise whether it is new.

        Raises
        ------
        InvalidData
            It is there several times, or inside another statement.
        """
        inside = [node for node in ast.walk(self._tree) if isinstance(node, ast.stmt) and is_it(node)]
        if len(inside) > 1 or any(node not in self._tree.body for node in inside):
            lines = ", ".join(str(node.lineno) for node in inside)
            raise InvalidData(
                f"{self._name} has {what} inside another statement or twice, see line {lines}; leave one of its own"
            )
        if not inside:
            self._append(code)
            return True
        start, end = self._range(inside[0])
        is_readable = in_one_line in self._text[start:end].replace('"', "'")
        if is_readable and _meaning(inside[0]) == _meaning(ast.parse(code).body[0]):
            return None
        self._replace(inside[0], code)
        return False

    def _append(self, code: str) -> None:
        before = self._text if not self._text or self._text.endswith(("\n", "\r")) else self._text + self._line_end
        gap = self._line_end * (0 if not before else self._gap_before(code))
        self._change(before + gap + self._in_its_lines(code) + self._line_end)

    def _gap_before(self, code: str) -> int:
        last = self._tree.body[-1] if self._tree.body else None
        return 2 if code.startswith("def ") or isinstance(last, _BLOCKS) else 1

    def _replace(self, statement: ast.stmt, code: str) -> None:
        start, end = self._range(statement)
        self._change(self._text[:start] + self._in_its_lines(code) + self._text[end:])

    def _range(self, statement: ast.stmt) -> tuple[int, int]:
        """Where a statement is in the text, without its decorators. Python counts bytes of UTF-8 in a line."""
        start = self._offset(statement.lineno, statement.col_offset)
        return start, self._offset(statement.end_lineno or 0, statement.end_col_offset or 0)

    def _offset(self, line: int, column: int) -> int:
        lines = io.StringIO(self._text, newline="").readlines()
        return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())

    def import_names(self, names: Mapping[str, str]) -> None:
        """Import names from their modules, those that the module does not have yet, behind the imports that it has."""
        there = self._names()
        missing: dict[str, list[str]] = {}
        for name, module in sorted(names.items()):
            if name not in there:
                missing.setdefault(module, []).append(name)
        if missing:
            self._insert([f"from {module} import {', '.join(found)}" for module, found in sorted(missing.items())])

    def has_name(self, name: str) -> bool:
        return name in self._names()

    def _names(self) -> set[str]:
        """What the statements of the module give names to."""
        found: set[str] = set()
        for node in self._tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.add(node.name)
            else:
                found |= {
                    target.id
                    for target in ast.walk(node)
                    if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store)
                }
        return found

    def _insert(self, lines: list[str]) -> None:
        """Put lines behind the docstring and the imports that the module begins with."""
        leading = self._leading()
        if leading:
            at = self._behind(leading[-1].end_lineno or 0)
        else:
            first = next((_first_line(node) for node in self._tree.body), None)
            at = len(self._text) if first is None else self._offset(first, 0)
        before, after = self._text[:at], self._text[at:]
        if before and not before.endswith(("\n", "\r")):
            before += self._line_end
        if leading and not isinstance(leading[-1], ast.Import | ast.ImportFrom):  # a docstring
            before += self._line_end
        added = "".join(line + self._line_end for line in lines)
        if after and not after.startswith(("\n", "\r")):
            follows = self._tree.body[len(leading) :]
            added += self._line_end * (2 if follows and isinstance(follows[0], _BLOCKS) else 1)
        self._change(before + added + after)

    def _behind(self, line: int) -> int:
        """Where the first line begins that is not in one statement with a line, or with one that shares it."""
        lines = io.StringIO(self._text, newline="").readlines()
        while line < len(lines):
            further = [node.end_lineno or 0 for node in self._tree.body if node.lineno <= line]
            reached = max([line, *further])
            if lines[reached - 1].rstrip("\r\n").endswith("\\"):
                reached += 1
            if reached == line:
                break
            line = reached
        return sum(map(len, lines[:line]))

    def _leading(self) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for node in self._tree.body:
            is_docstring = not found and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if not is_docstring and not isinstance(node, ast.Import | ast.ImportFrom):
                break
            found.append(node)
        return found

    def _in_its_lines(self, code: str) -> str:
        return code.replace("\n", self._line_end)

    def _change(self, text: str) -> None:
        self._text, self._tree = text, ast.parse(text)


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _meaning(statement: ast.stmt) -> str:
    """What a statement says, however it is written, and whatever decorates it."""
    if isinstance(statement, ast.FunctionDef):
        return statement.name + "".join(map(ast.dump, statement.body))
    return ast.dump(statement)
