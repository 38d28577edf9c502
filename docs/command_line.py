"""The directive `commands`: every command with its arguments and options, as the program itself knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import typer
from sphinx.util.docutils import SphinxDirective

from brainpack.cli.main import app as program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docutils import nodes
    from sphinx.application import Sphinx

_OF_ALL = ("--quiet", "--json", "--debug", "--help")


class Commands(SphinxDirective):
    """Describe all commands."""

    def run(self) -> list[nodes.Node]:
        """Write Markdown, and let the parser of the page read it."""
        commands = _commands(typer.main.get_command(program))
        text = "\n".join(line for name, command in commands for line in _describe(name, command))
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def _commands(command: Any, name: str = "brainpack") -> Iterator[tuple[str, Any]]:
    """Name and command of all that are not hidden, as --help sorts them; some groups are commands, too."""
    panels = [below.rich_help_panel for below in command.commands.values()]
    for key, below in sorted(command.commands.items(), key=lambda item: panels.index(item[1].rich_help_panel)):
        is_group = hasattr(below, "commands")
        if not below.hidden and (not is_group or below.invoke_without_command):
            yield f"{name} {key}", below
        if is_group:
            yield from _commands(below, f"{name} {key}")


def _describe(name: str, command: Any) -> Iterator[str]:
    shown = [parameter for parameter in command.params if not {*parameter.opts} & {*_OF_ALL}]
    arguments = " ".join(_usage(parameter) for parameter in shown if parameter.param_type_name == "argument")
    yield from (f"## {name}", "", "```text", f"{name} [OPTIONS] {arguments}".rstrip(), "```", "")
    yield from (command.help or "").splitlines()
    yield ""
    for parameter in shown:
        yield f"`{_spelled(parameter)}`"
        yield f": {parameter.help or ''}{_default(parameter)}"
        yield ""
    example = (command.epilog or "").removeprefix("Example: ")
    yield from ("```sh", example, "```", "")


def _usage(argument: Any) -> str:
    text = f"{argument.metavar or argument.name.upper()}{'...' if argument.nargs == -1 else ''}"
    return text if argument.required else f"[{text}]"


def _spelled(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return _usage(parameter)
    value = "" if parameter.is_flag else f" {parameter.metavar or _choices(parameter)}"
    return f"{', '.join(parameter.opts)}{value}"


def _choices(parameter: Any) -> str:
    return "|".join(get_args(parameter.type_descriptor.annotation)) or parameter.name.upper()


def _default(parameter: Any) -> str:
    is_shown = parameter.default not in {None, False} and parameter.show_default
    return f" Default: `{parameter.default}`." if is_shown else ""


def setup(app: Sphinx) -> dict[str, bool]:
    """Let Sphinx know the directive."""
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
