"""The command line: arguments and printing only."""

from __future__ import annotations

import argparse
import io
import sys
import traceback
import warnings
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from brainpack import __version__
from brainpack.errors import BrainpackError, SettingsError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import timedelta

    from brainpack.record.records import Record
    from brainpack.store.location import BucketFolder

    Command = Callable[[argparse.Namespace], int]

DONE: Final = 0
REFUSED: Final = 1
WRONG_USAGE: Final = 2  # argparse ends with it, too
STORE_FAILED: Final = 3
INTERRUPTED: Final = 130  # as shells count

_DESCRIPTION: Final = """\
Package neuroscience recordings and stimulus sets: validated, byte-reproducible, checksummed, in the BrainIO format
of Brain-Score."""
_EXIT_CODES: Final = (
    "Exit codes: 0 done, 1 invalid data or refused, 2 wrong usage or settings, 3 a store, folder or file cannot be "
    "reached, read or written."
)
_STILL_RUNNING: Final = "an upload that is still running would have to begin anew"
_TARGET: Final = "s3://bucket/folder"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the name of the program; by default those of this process.

    Returns
    -------
    int
        Exit code: 0 done, 1 invalid data or refused, 2 settings make no sense, 3 something cannot be reached, read or
        written.

    Raises
    ------
    SystemExit
        With 2, after a message, if the arguments make no sense; with 0 after `--help` and `--version`.
    """
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal or a pipe may lack the letters of a path
        sys.stdout.reconfigure(errors="backslashreplace")
    command: Command = options.command
    try:
        with _warnings_in_one_line():
            return command(options)
    except BrainpackError as error:
        if options.debug:
            traceback.print_exc()
        _complain(str(error), *getattr(error, "__notes__", ()))
        return _exit_code(error)
    except KeyboardInterrupt:
        _complain("interrupted; the same command again does what is left")
        return INTERRUPTED


def _exit_code(error: BrainpackError) -> int:
    if isinstance(error, StoreError):
        return STORE_FAILED
    return WRONG_USAGE if isinstance(error, SettingsError) else REFUSED


def _complain(message: str, *notes: str) -> None:
    print("\n".join((f"brainpack: {message}", *notes)), file=sys.stderr)


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
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

            tqdm.write(f"brainpack: warning: {' '.join(str(message).split())}", file=sys.stderr)  # above the bars

        warnings.showwarning = show
        yield


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("brainpack", description=_DESCRIPTION, epilog=_EXIT_CODES)
    parser.add_argument("--version", action="version", version=f"brainpack {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for add in (_add_demo, _add_publish, _add_uploads, _add_doctor):
        command = add(commands)
        command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _add_demo(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    demo = commands.add_parser(
        "demo",
        help="package a small simulated experiment, load it back and verify it",
        description="Simulate a small experiment in V1, package its stimuli, spike counts and spike times, "
        "load them back and verify every byte and value.",
        epilog="Example: brainpack demo my-demo",
    )
    demo.add_argument(
        "folder",
        metavar="DIR",
        nargs="?",
        type=Path,
        default=Path("brainpack-demo"),
        help="where the packages go; files of an earlier run are replaced (default: ./%(default)s)",
    )
    demo.set_defaults(command=_demo)
    return demo


def _add_publish(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    publish = commands.add_parser(
        "publish",
        help="put packages into a bucket of S3, or into a folder, where others find them",
        description="Publish packages: first their files, then the record. What others refer to is never overwritten "
        "by accident, and a run that broke off continues where it was.",
        epilog=f"Example: brainpack publish brainpack-demo --to {_TARGET} --dry-run",
    )
    publish.add_argument(
        "packages", metavar="RECORD_OR_DIR", nargs="+", help="a record (*.brainpack.json), or a folder that holds some"
    )
    publish.add_argument("--to", metavar="STORE", required=True, help=f"{_TARGET}, or a folder of this computer")
    publish.add_argument("--dry-run", action="store_true", help="say what would be done, and touch nothing")
    publish.add_argument("--replace", action="store_true", help="put new bytes under names that have others already")
    publish.add_argument("--quiet", action="store_true", help="print nothing but warnings and errors")
    publish.set_defaults(command=_publish)
    return publish


def _add_uploads(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    uploads = commands.add_parser(
        "uploads",
        help="list unfinished uploads, which take space in a bucket, and abort them",
        description="List the uploads below a folder of a bucket that were begun in parts and not completed.",
        epilog=f"Example: brainpack uploads {_TARGET} --abort",
    )
    uploads.add_argument("bucket", metavar="BUCKET", help=_TARGET)
    uploads.add_argument("--abort", action="store_true", help=f"free the space that they take; {_STILL_RUNNING}")
    uploads.set_defaults(command=_uploads)
    return uploads


def _add_doctor(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    doctor = commands.add_parser(
        "doctor",
        help="find out whether publishing to a bucket would work, and if not, why",
        description="Try step by step what publishing does, with small objects below the folder that are removed "
        "again. Ends with 0 if publishing would work, and with 3 if not.",
        epilog=f"Example: brainpack doctor {_TARGET}",
    )
    doctor.add_argument("bucket", metavar="BUCKET", help=_TARGET)
    doctor.set_defaults(command=_doctor)
    return doctor


def _demo(options: argparse.Namespace) -> int:
    from brainpack.demo.run import run
    from brainpack.demo.summary import summarise

    print(summarise(run(options.folder)))
    return DONE


def _publish(options: argparse.Namespace) -> int:
    from brainpack.publishing import plan, publish

    if options.dry_run:
        planned = plan(options.packages, options.to, replace=options.replace)
        if not options.quiet:
            print(planned)
        return REFUSED if planned.refused else DONE
    published = publish(options.packages, options.to, replace=options.replace, progress=not options.quiet)
    if not options.quiet:
        for record in published:
            print("\n".join(_lines(record, options.to)))
    return DONE


def _lines(record: Record, target: str) -> Iterator[str]:
    """What is in the store now: the files, and the record itself."""
    from brainpack.settings import Settings
    from brainpack.store.location import open_store

    for file in record.files:
        yield _line(f"{record.location}/{file.name}", file.sha1, file.version_id)
    try:
        there = open_store(target, Settings.from_environment()).head(record.name)
    except StoreError:  # it is there, but we may not look at it
        yield f"{record.location}/{record.name}"
        return
    sha1 = "unknown" if there.digest is None else there.digest.sha1
    yield _line(f"{record.location}/{record.name}", sha1, there.version_id)


def _line(url: str, sha1: str, version_id: str | None) -> str:
    version = "" if version_id in {None, "null"} else f"  version {version_id}"
    return f"{url}  SHA-1 {sha1}{version}"


def _uploads(options: argparse.Namespace) -> int:
    from brainpack.settings import Settings
    from brainpack.store.s3.bucket import S3Store

    store = S3Store.open(_bucket_folder(options.bucket), Settings.from_environment())
    found = list(store.unfinished())
    for upload in found:
        if options.abort:
            store.abort(upload)
        aborted = "aborted: " if options.abort else ""
        print(f"{aborted}{upload.key}  begun {_ago(datetime.now(UTC) - upload.begun)}  upload id {upload.upload_id}")
    if not found:
        print("no unfinished uploads")
    elif not options.abort:
        print(f"--abort frees the space that they take; {_STILL_RUNNING}")
    return DONE


def _ago(age: timedelta) -> str:
    """Age in the largest unit of which it has more than one.

    Examples
    --------
    >>> from datetime import timedelta
    >>> _ago(timedelta(hours=30)), _ago(timedelta(days=3)), _ago(timedelta(seconds=4))
    ('30 hours ago', '3 days ago', 'just now')
    """
    minutes = int(age.total_seconds()) // 60
    for unit, length in (("days", 24 * 60), ("hours", 60), ("minutes", 1)):
        if minutes >= 2 * length:
            return f"{minutes // length} {unit} ago"
    return "just now"


def _doctor(options: argparse.Namespace) -> int:
    from brainpack.store.s3.access import Access
    from brainpack.store.s3.doctor import Outcome, doctor

    failed = 0
    for check in doctor(Access.to(_bucket_folder(options.bucket))):
        print(check, flush=True)
        failed += check.outcome is Outcome.FAILED
    print("publishing would not work: see what failed" if failed else "publishing would work")
    return STORE_FAILED if failed else DONE


def _bucket_folder(text: str) -> BucketFolder:
    from brainpack.store.location import S3_SCHEME, BucketFolder

    if not text.startswith(S3_SCHEME):
        raise SettingsError(f"{text!r} would be a folder of this computer; this command is about buckets: {_TARGET}")
    return BucketFolder.parse(text)
