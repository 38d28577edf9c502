"""What a plugin already has of a data set: its entry, and its test."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final, cast

from brainpack.errors import InvalidData
from brainpack.plugin.source import bound_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brainpack.plugin.entries import Entry
    from brainpack.plugin.source import Source


_LOADERS: Final = {"load_stimulus_set_from_s3", "load_assembly_from_s3", "load_stimulus_set"}


def entry_in(module: Source, entry: Entry) -> ast.stmt | None:
    """The statement that registers a data set, and nothing else.

    Raises
    ------
    InvalidData
        It is registered twice, inside another statement, with others, or in a way that is no assignment to its key.
    """
    uses = [*_uses(module, entry.registry)]
    items = [use for use, key in uses if isinstance(key, ast.Constant) and key.value == entry.identifier]
    alone = [node for node in module.statements if any(_assigned_alone(node) is item for item in items)]
    if len(items) > 1 or len(alone) < len(items):
        raise InvalidData(
            f"{module.name} registers {entry.identifier!r} twice, inside another statement or together with others, "
            f"see line {', '.join(str(item.lineno) for item in items)}; write {entry.key} = … as one statement of its "
            "own, and try again"
        )
    if not items and (use := next((use for use, key in uses if not _is_another(key, entry.identifier)), None)):
        raise InvalidData(
            f"{module.name}, line {use.lineno}, may register {entry.identifier!r}, for it uses {entry.registry} in "
            f"another way than with a key that is written out; write {entry.key} = … there, or anything at the end if "
            "it is another one, and try again"
        )
    if alone and not _only_loads(alone[0]):
        raise InvalidData(
            f"{module.name}, line {alone[0].lineno}, does more than load {entry.identifier!r}, which would be lost; "
            f"change its arguments by hand, or write {entry.key} = None there"
        )
    return alone[0] if alone else None


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


def _uses(module: Source, registry: str) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """Where a registry may be changed: an item of it with its key, or otherwise the registry itself.

    It may have another name, or that of its module in front: ``brainscore_vision.data_registry``.
    """
    nodes = [*ast.walk(module.tree)]
    imported = [alias for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names]
    names = {registry, *(alias.asname or registry for alias in imported if alias.name == registry)}
    for outer, node in ((each, child) for each in nodes for child in ast.iter_child_nodes(each)):
        is_it = (
            node.id in names if isinstance(node, ast.Name) else isinstance(node, ast.Attribute) and node.attr in names
        )
        if not is_it or isinstance(outer, ast.Compare | ast.Starred | ast.comprehension):  # which only look at it
            continue
        if not isinstance(outer, ast.Subscript):
            yield cast("ast.expr", node), None
        elif not isinstance(outer.ctx, ast.Load):
            yield outer, outer.slice


def _assigned_alone(node: ast.stmt) -> ast.expr | None:
    """The only thing that a statement assigns to."""
    if isinstance(node, ast.AnnAssign):
        return node.target
    return node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None


def _only_loads(statement: ast.stmt) -> bool:
    """Whether what is assigned is a lambda that calls nothing but what loads, or a constant in its place."""
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    if not isinstance(value, ast.Lambda):
        return isinstance(value, ast.Constant)
    called = [node.func for node in ast.walk(value) if isinstance(node, ast.Call)]
    return {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in called} <= _LOADERS


def _is_another(key: ast.expr | None, identifier: str) -> bool:
    """Whether a key is certainly not an identifier, as far as one sees."""
    if not isinstance(key, ast.JoinedStr):
        return isinstance(key, ast.Constant)
    parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".*" for part in key.values]
    return re.fullmatch("".join(parts), identifier, re.DOTALL) is None
