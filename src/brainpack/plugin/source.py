"""Python source that is changed in some places, and stays byte for byte what it is in all others."""

from __future__ import annotations

import ast
import codecs
import io
import tokenize
import warnings
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from brainpack.errors import InvalidData

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


_BLOCKS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Source:
    """The text of a Python file.

    Parameters
    ----------
    content : bytes
        Of the file; empty for a new one.
    name : str
        How messages call it.

    Attributes
    ----------
    name : str
    tree : Module
        What it says.

    Raises
    ------
    InvalidData
        It is not Python.
    """

    def __init__(self, content: bytes, name: str) -> None:
        self.name = name
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
            self._mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
            self._encoding = encoding.removesuffix("-sig")
            self._text = content.removeprefix(self._mark).decode(self._encoding)
            self.tree = _parsed(self._text)
        except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError) as error:
            raise InvalidData(
                f"{name} is not Python that can be changed: {error}; repair it, or move it away"
            ) from error
        if self.encoded() != content:
            raise InvalidData(f"{name} cannot be changed without changing its letters; save it as UTF-8")
        self._line_end = "\r\n" if "\r\n" in self._text else "\n"

    def encoded(self) -> bytes:
        """Content of the file."""
        try:
            return self._mark + self._text.encode(self._encoding)
        except UnicodeEncodeError as error:
            raise InvalidData(
                f"{self.name} is in {self._encoding}, which lacks a letter: {error}; save it as UTF-8"
            ) from error

    @property
    def statements(self) -> list[ast.stmt]:
        """Of the module itself, in their order."""
        return self.tree.body

    def all_statements(self) -> list[ast.stmt]:
        """Of the module, and inside of other statements."""
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.stmt)]

    def put(self, code: str, place: ast.stmt | None = None, *, in_one_line: str = "") -> bool:
        """Let a statement be in the module: in the place of one that it succeeds, or at the end.

        Parameters
        ----------
        code : str
        place : statement of the module, optional
        in_one_line : str
            What has to be read in it, with single quotes, by those who only look at its text.

        Returns
        -------
        bool
            Whether anything had to be changed; what means the same already stays as it is written.
        """
        if place is None:
            self._append(code)
            return True
        start, end = self._range(place)
        is_readable = in_one_line in self._text[start:end].replace('"', "'")
        if is_readable and ast.dump(place) == ast.dump(ast.parse(code).body[0]):
            return False
        self._edit([(start, end, code)])
        return True

    def put_into(self, place: ast.FunctionDef, code: str, about: Callable[[ast.AST], str | None]) -> bool:
        """Let a function say what another one says, and what others added to it stay: arguments, statements, comments.

        Parameters
        ----------
        place : function of the module
        code : str
            The other function, which begins with the same statement.
        about : callable
            What a statement is about, by which it is found again; None for those of others.

        Returns
        -------
        bool
            Whether anything had to be changed.

        Raises
        ------
        InvalidData
            Its body begins on its first line, or it is not clear which of its statements is to be changed.
        """
        there: dict[str, list[ast.stmt]] = {}
        for node in place.body:
            if (key := about(node)) is not None:
                there.setdefault(key, []).append(node)
        last = place.body[0]
        indent = self._text[self._offset(last.lineno, 0) : self._range(last)[0]]
        if indent.strip():
            raise InvalidData(f"{self.name}: begin the body of {place.name} on a line of its own, and try again")
        edits: list[tuple[int, int, str]] = []
        for wanted in ast.walk(ast.parse(code)):
            if (key := about(wanted)) is None:
                continue
            text, found = ast.get_source_segment(code, wanted) or "", there.pop(key, [])
            same = [node for node in found if ast.dump(node) == ast.dump(wanted)]
            if not found:
                edits.append(self._line_behind(last, place.body, indent + text))
            elif not same:
                edits.append((*self._range(self._the_only(found, key)), text))
            last = (same or found or [last])[0]
        edits += [(*self._range(self._the_only(found, key)), "pass") for key, found in there.items()]
        self._edit(edits)
        return bool(edits)

    def _the_only(self, found: list[ast.stmt], about: str) -> ast.stmt:
        if len(found) > 1:
            lines = ", ".join(str(node.lineno) for node in found)
            raise InvalidData(f"{self.name} asserts {about} twice, see line {lines}; delete one, or write it otherwise")
        return found[0]

    def _append(self, code: str) -> None:
        before = self._text if not self._text or self._text.endswith(("\n", "\r")) else self._text + self._line_end
        gap = self._line_end * (0 if not before else self._gap_before(code))
        self._change(before + gap + self._in_its_lines(code) + self._line_end)

    def _gap_before(self, code: str) -> int:
        last = self.tree.body[-1] if self.tree.body else None
        return 2 if code.startswith("def ") or isinstance(last, _BLOCKS) else 1

    def _edit(self, edits: Iterable[tuple[int, int, str]]) -> None:
        """Put texts in the places of others, which do not overlap."""
        text = self._text
        for start, end, code in sorted(edits, key=itemgetter(0))[::-1]:
            text = text[:start] + self._in_its_lines(code) + text[end:]
        self._change(text)

    def _range(self, statement: ast.stmt) -> tuple[int, int]:
        """Where a statement is in the text, without its decorators. Python counts bytes of UTF-8 in a line."""
        start = self._offset(statement.lineno, statement.col_offset)
        return start, self._offset(statement.end_lineno or 0, statement.end_col_offset or 0)

    def _line_behind(self, statement: ast.stmt, block: Iterable[ast.stmt], code: str) -> tuple[int, int, str]:
        """The edit that puts a line behind a statement of a block, and behind those that share its last line."""
        end = statement.end_lineno or 0
        for node in block:
            if statement.lineno <= node.lineno <= end:
                end = max(end, node.end_lineno or 0)
        lines = self._lines()[:end]
        at = sum(map(len, lines))
        return at, at, f"{code}\n" if lines[-1].endswith(("\n", "\r")) else f"\n{code}"

    def _lines(self) -> list[str]:
        """Lines as Python counts them, which not every line separator of Unicode ends."""
        return io.StringIO(self._text, newline="").readlines()

    def _offset(self, line: int, column: int) -> int:
        lines = self._lines()
        return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())

    def import_names(self, names: Mapping[str, str]) -> None:
        """Import names from their modules, those that the module does not have yet, behind the imports that it has."""
        missing: dict[str, list[str]] = {}
        for name, module in sorted(names.items()):
            if not self._is_bound_in_time(name):
                missing.setdefault(module, []).append(name)
        if missing:
            self._insert([f"from {module} import {', '.join(found)}" for module, found in sorted(missing.items())])

    def _is_bound_in_time(self, name: str) -> bool:
        """Whether a statement of the module gives a name its meaning before others need it, and none takes it away."""
        is_bound = False
        for node in self.statements:
            if isinstance(node, _BLOCKS):
                is_bound |= node.name == name
            elif name in bound_names([node]):
                is_bound = True
            elif any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node)) and (
                not is_bound or isinstance(node, ast.Delete)
            ):
                return False
        return is_bound

    def may_have(self, name: str) -> bool:
        """Whether anything in the module may give a meaning to a name."""
        return any(
            name in {getattr(node, "name", None), getattr(node, "rest", None)}  # of functions, classes and patterns
            or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name)
            or (isinstance(node, ast.alias) and {node.asname or node.name, node.name} & {name, "*"})
            for node in ast.walk(self.tree)
        )

    def _insert(self, lines: list[str]) -> None:
        """Put lines behind the docstring and the imports that the module begins with."""
        leading = self._leading()
        if leading:
            at = self._behind(leading[-1].end_lineno or 0)
        else:
            first = next((_first_line(node) for node in self.tree.body), None)
            at = len(self._text) if first is None else self._offset(first, 0)
        before, after = self._text[:at], self._text[at:]
        if before and not before.endswith(("\n", "\r")):
            before += self._line_end
        if leading and not isinstance(leading[-1], ast.Import | ast.ImportFrom):  # a docstring
            before += self._line_end
        added = "".join(line + self._line_end for line in lines)
        if after and not after.startswith(("\n", "\r")):
            follows = self.tree.body[len(leading) :]
            added += self._line_end * (2 if follows and isinstance(follows[0], _BLOCKS) else 1)
        self._change(before + added + after)

    def _behind(self, line: int) -> int:
        """Where the first line begins that is not in one statement with a line, or with one that shares it."""
        lines = self._lines()
        while line < len(lines):
            further = [node.end_lineno or 0 for node in self.tree.body if node.lineno <= line]
            reached = max([line, *further])
            if lines[reached - 1].rstrip("\r\n").endswith("\\"):
                reached += 1
            if reached == line:
                break
            line = reached
        return sum(map(len, lines[:line]))

    def _leading(self) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for node in self.tree.body:
            is_docstring = not found and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if not is_docstring and not isinstance(node, ast.Import | ast.ImportFrom):
                break
            found.append(node)
        return found

    def _in_its_lines(self, code: str) -> str:
        return code.replace("\n", self._line_end)

    def _change(self, text: str) -> None:
        self._text, self.tree = text, _parsed(text)


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what others wrote is not judged
        compile(text, "<plugin>", "exec", dont_inherit=True)  # is stricter: a __future__ has to come first
        return ast.parse(text)


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def bound_names(statements: Iterable[ast.stmt]) -> set[str]:
    r"""Names to which statements give a meaning, without those inside them, which depend on a condition.

    Examples
    --------
    >>> sorted(bound_names(ast.parse("import a.b\nc, d = 1, [e for e in a]\nif a:\n    f = 1").body))
    ['a', 'c', 'd']
    """
    found: set[str] = set()
    for node in statements:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, _BLOCKS):
            found.add(node.name)
        elif isinstance(node, ast.Assign) or (isinstance(node, ast.AnnAssign | ast.AugAssign) and node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            stored = (part for target in targets for part in ast.walk(target))
            found |= {part.id for part in stored if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    return found
