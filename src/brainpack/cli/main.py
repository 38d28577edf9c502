"""The command line: arguments and printing only."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from brainpack import __version__
from brainpack.cli import (
    caching,
    comparing,
    demo,
    packaging,
    plugins,
    publishing,
    reporting,
    running,
    showing,
    validating,
    verifying,
)
from brainpack.cli.command import Output, answer_with_error, command, command_of_group, forget_standard_output
from brainpack.cli.exits import PIPE_CLOSED

if TYPE_CHECKING:
    from collections.abc import Sequence

_PACKAGE: Final = "Package"
_CHECK: Final = "Look at packages"
_SHARE: Final = "Publish and keep"
_WITHOUT_ITS_OPTIONS: Final = {"allow_interspersed_args": False, "ignore_unknown_options": True}
_EXIT_CODES: Final = (
    "Exit codes: 0 done; 1 invalid data, refused, different or not there; 2 wrong usage or settings; 3 a store, folder "
    "or file cannot be reached, read or written."
)


def _group(**settings: Any) -> typer.Typer:
    return typer.Typer(pretty_exceptions_enable=False, rich_markup_mode="rich", **settings)


app = _group(no_args_is_help=True, epilog=_EXIT_CODES)
package = _group()
cache = _group(
    no_args_is_help=True,
    help="Look after what was fetched from stores: the folder $BRAINIO_HOME, by default ~/.brainio.",
    epilog="Example: brainpack cache list",
)


def _print_version(*, asked: bool) -> None:
    if asked:
        print(f"brainpack {__version__}")
        raise typer.Exit


@app.callback()
def _brainpack(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Package neuroscience recordings and stimulus sets.

    Validated, byte-reproducible, checksummed, in the BrainIO format of Brain-Score.
    """


app.add_typer(package, name="package", rich_help_panel=_PACKAGE)
command_of_group(package, example="package --project my-data")(packaging.package)
command(
    package, "stimuli", example="package stimuli brainpack-demo/images --identifier lab.Author2026"
)(packaging.stimuli)  # fmt: skip
command(
    package, "assembly", example="package assembly rates.csv --identifier lab.Author2026.rates --stimuli lab.Author2026"
)(packaging.assembly)  # fmt: skip
command(app, "demo", example="demo brainpack-demo", rich_help_panel=_PACKAGE)(demo.demo)
command(
    app, "run", example="run package_data.py --bucket-name my-bucket/lab", context_settings=_WITHOUT_ITS_OPTIONS,
    rich_help_panel=_PACKAGE,
)(running.run)  # fmt: skip
for _name in ("load", "show"):
    command(
        app, _name, example=f"{_name} brainpack-demo/assy_demo_Gratings_counts.brainpack.json", rich_help_panel=_CHECK,
        hidden=_name == "show",
    )(showing.load)  # fmt: skip
command(
    app, "validate", example="validate brainpack-demo --ignore BP-S015", rich_help_panel=_CHECK
)(validating.validate)  # fmt: skip
command(
    app, "verify", example="verify brainpack-demo", rich_help_panel=_CHECK
)(verifying.verify)  # fmt: skip
command(
    app, "report", example="report brainpack-demo/assy_demo_Gratings_counts.brainpack.json", rich_help_panel=_CHECK
)(reporting.report)  # fmt: skip
command(app, "diff", example="diff brainpack-demo brainpack-demo --rtol 1e-6", rich_help_panel=_CHECK)(comparing.diff)
command(
    app, "publish", example="publish brainpack-demo --to published --dry-run", rich_help_panel=_SHARE
)(publishing.publish)  # fmt: skip
command(
    app, "plugin", example="plugin s3://bucket/folder --to brainscore_vision/data/lab2026", rich_help_panel=_SHARE
)(plugins.plugin)  # fmt: skip
command(app, "uploads", example="uploads s3://bucket/folder --abort", rich_help_panel=_SHARE)(publishing.uploads)
command(app, "doctor", example="doctor s3://bucket/folder", rich_help_panel=_SHARE)(publishing.doctor)

app.add_typer(cache, name="cache", rich_help_panel=_SHARE)
command(cache, "list", example="cache list")(caching.list_files)
command(cache, "verify", example="cache verify")(caching.verify)
command(cache, "prune", example="cache prune --unused-for 90 --dry-run")(caching.prune)
command(cache, "export", example="cache export for-the-cluster.tar")(caching.export_bundle)
command(cache, "import", example="cache import for-the-cluster.tar")(caching.import_bundle)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the name of the program; by default those of this process.

    Returns
    -------
    int
        Exit code: 0 done, 1 invalid data, refused, different or not there, 2 arguments or settings make no sense, 3
        something cannot be reached, read or written.

    Raises
    ------
    SystemExit
        As a script that `run` runs raises it.
    """
    if sys.stdout is None:  # closed by the shell
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the program ends
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal or a pipe may lack the letters of a path
        sys.stdout.reconfigure(errors="backslashreplace")
    given = sys.argv[1:] if arguments is None else [*arguments]
    try:
        app(given, prog_name="brainpack")
    except SystemExit as left:
        if isinstance(left.__context__, BrokenPipeError):  # who reads has seen enough, as `head` does
            forget_standard_output()
            return PIPE_CLOSED
        cause = left.__context__
        if cause is not None and hasattr(cause, "format_message"):  # of typer, which has said what is wrong to people
            answer_with_error(cause, Output(json="--json" in given))
        if type(left.code) is not int:
            raise
        return left.code
    return 0
