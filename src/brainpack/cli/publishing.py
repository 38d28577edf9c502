"""The commands `publish`, `uploads` and `doctor`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from brainpack.cli.exits import DONE, REFUSED, STORE_FAILED
from brainpack.cli.words import ago
from brainpack.errors import SettingsError, StoreError
from brainpack.validation.terms import Profile

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from brainpack.record.records import Record
    from brainpack.store.location import BucketFolder

_STILL_RUNNING: Final = "an upload that is still running would have to begin anew"
_TARGET: Final = "s3://bucket/folder"


def add_publish(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command `publish`."""
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
    publish.add_argument(
        "--profile", default=Profile.PUBLISH, choices=[Profile.PUBLISH, Profile.DRAFT],
        help="what the data have to pass: 'publish' (the default) asks for a licence, among others",
    )  # fmt: skip
    publish.add_argument("--quiet", action="store_true", help="print nothing but warnings and errors")
    publish.set_defaults(command=_publish)
    return publish


def add_uploads(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command `uploads`."""
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


def add_doctor(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command `doctor`."""
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


def _publish(options: argparse.Namespace) -> int:
    from brainpack.publishing import plan, publish

    if options.dry_run:
        planned = plan(options.packages, options.to, replace=options.replace, profile=options.profile)
        if not options.quiet:
            print(planned)
        return REFUSED if planned.refused else DONE
    published = publish(
        options.packages, options.to,
        replace=options.replace, profile=options.profile, progress=not options.quiet,
    )  # fmt: skip
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
        print(f"{aborted}{upload.key}  begun {ago(datetime.now(UTC) - upload.begun)}  upload id {upload.upload_id}")
    if not found:
        print("no unfinished uploads")
    elif not options.abort:
        print(f"--abort frees the space that they take; {_STILL_RUNNING}")
    return DONE


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
