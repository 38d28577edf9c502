"""What all commands have in common: options, errors, exit codes, and how they answer people and machines."""

from __future__ import annotations

import functools
import inspect
import json
import os
import sys
import traceback
import warnings
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final, TextIO

import typer

from brainpack.cli.exits import INTERRUPTED, REFUSED, STORE_FAILED, WRONG_USAGE
from brainpack.errors import BrainpackError, SettingsError, StoreError
from brainpack.validation.formats.legible import legible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@dataclass(frozen=True)
class Output:
    """Where a command answers.

    Attributes
    ----------
    quiet : bool
        Whether it says nothing but warnings and errors.
    json : bool
        Whether it answers in JSON, for machines.
    debug : bool
        Whether an error shows where it came from.
    """

    quiet: bool = False
    json: bool = False
    debug: bool = False

    @property
    def is_for_people(self) -> bool:
        return not (self.quiet or self.json)

    def say(self, text: object) -> None:
        """Print a text for people, at once."""
        if self.is_for_people:
            print(_legible(str(text)), flush=True)

    def answer(self, document: object) -> None:
        """Print the answer for machines: one document."""
        if self.json:
            print(json.dumps(document, indent=2, default=_plain))


def _plain(value: Any) -> object:
    """What JSON has no word for."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _option(name: str, text: str) -> inspect.Parameter:
    kind = Annotated[bool, typer.Option(f"--{name}", help=text)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=kind)


_OF_ALL: Final = (
    _option("quiet", "Say nothing but warnings and errors."),
    _option("json", "Answer in JSON, for machines."),
    _option("debug", "Show where an error came from."),
)

_CONTEXT: Final = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)


def command(app: typer.Typer, name: str, *, example: str, **settings: Any) -> Callable[[Callable[..., int]], None]:
    """Make a function a command.

    The function gets an `Output` by the keyword `output`, for which the command has the options `--quiet`, `--json` and
    `--debug`; it returns the exit code. Its docstring is the help.

    Parameters
    ----------
    app : Typer
        What the command belongs to.
    name : str
    example : str
        Arguments that work, for the help.
    **settings
        Further ones of typer.
    """

    def add(function: Callable[..., int]) -> None:
        app.command(name, help=_help(function), epilog=f"Example: brainpack {example}", **settings)(_run(function))

    return add


def command_of_group(group: typer.Typer, *, example: str) -> Callable[[Callable[..., int]], None]:
    """Make a function what a group of commands does where none of them is named; as `command`."""

    def add(function: Callable[..., int]) -> None:
        run = _run(function)

        def run_alone(**values: Any) -> None:
            context: typer.Context = values.pop(_CONTEXT.name)
            if context.invoked_subcommand is None:
                run(**values)

        _take(run_alone, (_CONTEXT, *inspect.signature(run).parameters.values()))
        epilog = f"Example: brainpack {example}"
        group.callback(invoke_without_command=True, help=_help(function), epilog=epilog)(run_alone)

    return add


def _run(function: Callable[..., int]) -> Callable[..., None]:
    """Give what typer calls: with the options of all commands, and the exit code as typer wants it."""
    parameters = inspect.signature(function, eval_str=True).parameters.values()

    @functools.wraps(function)
    def run(**values: Any) -> None:
        output = Output(**{option.name: values.pop(option.name) for option in _OF_ALL})
        raise typer.Exit(_code_of(functools.partial(function, **values, output=output), output))

    _take(run, (*(parameter for parameter in parameters if parameter.name != "output"), *_OF_ALL))
    return run


def _take(function: Callable[..., None], parameters: Iterable[inspect.Parameter]) -> None:
    """Let a function have parameters, all by keyword, for those who look."""
    by_keyword = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    function.__signature__ = inspect.Signature(by_keyword)  # type: ignore[attr-defined]  # what inspect looks for first
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in by_keyword}


def _help(function: Callable[..., int]) -> str:
    """The docstring, without line breaks inside its paragraphs, which typer would keep."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in (inspect.getdoc(function) or "").split("\n\n"))


def _code_of(call: Callable[[], int], output: Output) -> int:
    """Do what a command does; say what went wrong; what the program ends with."""
    from brainpack.progress import hidden

    try:
        with warnings_in_one_line(), nullcontext() if output.is_for_people else hidden():
            code = call()
            sys.stdout.flush()  # here, or else Python tells of a closed pipe while it ends
            return code
    except BrainpackError as error:
        _tell(error, str(error), output)
        return _exit_code(error)
    except BrokenPipeError:
        raise  # who reads has seen enough, which `main` looks after
    except OSError as error:  # that nobody explained: a name that is too long, standard output on a full disk
        _tell(
            error, f"{error.filename or 'the answer'} could not be read or written: {error.strerror or error}", output
        )
        return STORE_FAILED
    except KeyboardInterrupt:
        complain("interrupted; the same command again does what is left")
        return INTERRUPTED


def _exit_code(error: BrainpackError) -> int:
    if isinstance(error, StoreError):
        return STORE_FAILED
    return WRONG_USAGE if isinstance(error, SettingsError) else REFUSED


def _tell(error: Exception, message: str, output: Output) -> None:
    """Say to people and to machines what went wrong."""
    if output.debug:
        print(_legible(traceback.format_exc().rstrip()), file=sys.stderr)
    complain(message, *getattr(error, "__notes__", ()))
    answer_with_error(error, output)


def answer_with_error(error: BaseException, output: Output) -> None:
    """Print an error for machines, in one line."""
    if not output.json:
        return
    write = getattr(error, "format_message", error.__str__)  # of typer, which also names the option
    try:
        print(json.dumps({"error": {"type": type(error).__name__, "message": write()}}), flush=True)
    except OSError:  # it is said on standard error
        forget_standard_output()


def forget_standard_output() -> None:
    """Let nothing more be written there, also not when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(message: str, *notes: str) -> None:
    """Say what went wrong."""
    print(_legible("\n".join((f"brainpack: {message}", *notes))), file=sys.stderr)


def _legible(text: str) -> str:
    """Lines that cannot change a terminal, whatever names and cells of data are in them."""
    return "\n".join(map(legible, text.split("\n")))


@contextmanager
def warnings_in_one_line() -> Iterator[None]:
    """Say what users are warned of without naming a line of code, which they did not write."""
    with warnings.catch_warnings():
        show_with_line = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if not issubclass(category, UserWarning):
                show_with_line(message, category, filename, lineno, file, line)
                return
            from tqdm import tqdm

            tqdm.write(
                f"brainpack: warning: {legible(' '.join(str(message).split()))}", file=sys.stderr
            )  # above the bars

        warnings.showwarning = show
        yield
