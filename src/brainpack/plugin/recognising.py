"""What a plugin already has of a data set: its entry, and its test."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from brainpack.errors import InvalidData
from brainpack.plugin.source import bound_names

if TYPE_CHECKING:
    from brainpack.plugin.entries import Entry
    from brainpack.plugin.source import Source


def entry_in(module: Source, entry: Entry) -> ast.stmt | None:
    """The statement that registers a data set, and nothing else.

    Raises
    ------
    InvalidData
        It is registered twice, inside another statement, with others, or in a way that is no assignment to its key.
    """
    everywhere = module.all_statements()
    found = [node for node in everywhere if any(_is_constant(key, entry.identifier) for key in _keys(node, entry))]
    if len(found) > 1 or any(node not in module.statements or len(_targets(node)) > 1 for node in found):
        lines = ", ".join(str(node.lineno) for node in found)
        raise InvalidData(
            f"{module.name} registers {entry.identifier!r} twice, inside another statement or together with others, "
            f"see line {lines}; write {entry.key} = … as one statement of its own, and try again"
        )
    if not found and (node := next((node for node in everywhere if _may_register(node, entry, module)), None)):
        raise InvalidData(
            f"{module.name}, line {node.lineno}, may register {entry.identifier!r} by a call or with a key that is not "
            f"written out; write {entry.key} = … as a statement of its own, and try again"
        )
    return found[0] if found else None


def test_in(tests: Source, entry: Entry) -> ast.FunctionDef | None:
    """The test of a data set, with whatever was added to it.

    Raises
    ------
    InvalidData
        Something else has its name, such as a function that begins otherwise, which somebody else wrote.
    """
    found = [node for node in tests.all_statements() if entry.test_name in bound_names([node])]
    if not found:
        return None
    (ours,) = ast.parse(entry.test).body
    test = found[0]
    if (
        len(found) > 1
        or not isinstance(test, ast.FunctionDef)
        or not isinstance(ours, ast.FunctionDef)
        or test not in tests.statements
        or ast.dump(test.body[0]) != ast.dump(ours.body[0])
    ):
        lines = ", ".join(str(node.lineno) for node in found)
        raise InvalidData(
            f"{tests.name} has {entry.test_name} of somebody else, or twice, see line {lines}; rename it, and try again"
        )
    return test


def _targets(node: ast.stmt) -> list[ast.expr]:
    several = node.targets if isinstance(node, ast.Assign) else []
    several = [node.target] if isinstance(node, ast.AnnAssign | ast.AugAssign) else several
    return [part for target in several for part in (target.elts if isinstance(target, ast.Tuple) else [target])]


def _keys(node: ast.stmt, entry: Entry) -> list[ast.expr]:
    """Keys of the registry that a statement assigns to."""
    items = [target for target in _targets(node) if isinstance(target, ast.Subscript)]
    return [item.slice for item in items if _is_registry(item.value, entry)]


def _is_registry(node: ast.expr, entry: Entry) -> bool:
    """Whether it is the registry, also as part of its module: ``brainscore_vision.data_registry``."""
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None
    return name == entry.registry


def _is_constant(node: ast.AST, value: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


def _names_it(node: ast.AST, entry: Entry) -> bool:
    return any(_is_constant(part, entry.identifier) for part in ast.walk(node))


def _may_register(node: ast.stmt, entry: Entry, module: Source) -> bool:
    """Whether a statement changes the registry in another way, and this data set may be meant."""
    for key in _keys(node, entry):
        if isinstance(key, ast.JoinedStr):
            return _may_be(key, entry.identifier)
        if not isinstance(key, ast.Constant):
            return any(_names_it(other, entry) for other in module.statements)
    call = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    is_changed = isinstance(call, ast.Attribute) and _is_registry(call.value, entry)
    return (is_changed or any(_is_registry(target, entry) for target in _targets(node))) and _names_it(node, entry)


def _may_be(text: ast.JoinedStr, value: str) -> bool:
    parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".*" for part in text.values]
    return re.fullmatch("".join(parts), value, re.DOTALL) is not None
