"""The commands `publish`, `uploads` and `doctor`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from typer import Argument, Option

from brainpack.cli.command import Output
from brainpack.cli.exits import DONE, REFUSED, STORE_FAILED
from brainpack.cli.words import ago
from brainpack.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brainpack.planning import Plan
    from brainpack.record.records import Record
    from brainpack.store.location import BucketFolder

_STILL_RUNNING: Final = "an upload that is still running would have to begin anew"
_TARGET: Final = "s3://bucket/folder"
_Bucket = Annotated[str, Argument(metavar="BUCKET", help=f"{_TARGET}.")]


def publish(
    packages: Annotated[
        list[str],
        Argument(metavar="RECORD_OR_DIR", help="A record (*.brainpack.json), or a folder that holds some."),
    ],
    to: Annotated[
        str | None,
        Option(
            metavar="STORE",
            help=f"{_TARGET}, or a folder of this computer. By default what the nearest brainpack.toml says.",
            show_default=False,
        ),
    ] = None,
    *,
    dry_run: Annotated[bool, Option("--dry-run", help="Say what would be done, and touch nothing.")] = False,
    replace: Annotated[bool, Option("--replace", help="Put new bytes under names that have others already.")] = False,
    profile: Annotated[
        Literal["publish", "draft"],
        Option(help="What the data have to pass: 'publish' asks for a licence, too."),
    ] = "publish",
    output: Output,
) -> int:
    """Put packages into a bucket of S3, or into a folder, where others find them.

    First their files, then the record. What others refer to is never overwritten by accident, and a run that broke off
    continues where it was.
    """
    from brainpack.publishing import plan, publish

    target = _target_of(packages) if to is None else to
    if dry_run:
        planned = plan(packages, target, replace=replace, profile=profile)
        output.say(planned)
        output.answer(_as_document(planned))
        return REFUSED if planned.refused else DONE
    published = publish(packages, target, replace=replace, profile=profile, progress=output.is_for_people)
    if output.is_for_people:  # asks the store once more
        for record in published:
            output.say("\n".join(_lines(record, target)))
    output.answer(published)
    return DONE


def _target_of(packages: list[str]) -> str:
    """Where the project of the packages wants to be published."""
    from brainpack.validation.project import Project

    target = Project.find(Path(packages[0]), Path.cwd()).publish_to
    if target is None:
        raise SettingsError(
            f'no store is named; name one with --to {_TARGET}, or in brainpack.toml: [publish] to = "{_TARGET}"'
        )
    return target


def _as_document(planned: Plan) -> object:
    return {
        "store": planned.url,
        "bytes_to_send": planned.bytes_to_send,
        "steps": [{"action": step.action, "key": step.key, "size": step.size} for step in planned.steps],
    }


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


def uploads(
    bucket: _Bucket,
    *,
    abort: Annotated[bool, Option("--abort", help=f"Free the space that they take; {_STILL_RUNNING}.")] = False,
    output: Output,
) -> int:
    """List unfinished uploads, which take space in a bucket, and abort them.

    They are uploads below a folder of a bucket that were begun in parts and not completed.
    """
    from brainpack.settings import Settings
    from brainpack.store.s3.bucket import S3Store

    store = S3Store.open(_bucket_folder(bucket), Settings.from_environment())
    found = list(store.unfinished())
    for upload in found:
        if abort:
            store.abort(upload)
        aborted = "aborted: " if abort else ""
        begun = ago(datetime.now(UTC) - upload.begun)
        output.say(f"{aborted}{upload.key}  begun {begun}  upload id {upload.upload_id}")
    if not found:
        output.say("no unfinished uploads")
    elif not abort:
        output.say(f"--abort frees the space that they take; {_STILL_RUNNING}")
    output.answer({"uploads": [upload._asdict() for upload in found], "aborted": abort})
    return DONE


def doctor(bucket: _Bucket, *, output: Output) -> int:
    """Find out whether publishing to a bucket would work, and if not, why.

    Tries step by step what publishing does, with small objects below the folder that are removed again. Ends with 0 if
    publishing would work, and with 3 if not.
    """
    from brainpack.store.s3.access import Access
    from brainpack.store.s3.doctor import Outcome, doctor

    checks = []
    for check in doctor(Access.to(_bucket_folder(bucket))):
        output.say(check)
        checks.append(check)
    works = all(check.outcome is not Outcome.FAILED for check in checks)
    output.say("publishing would work" if works else "publishing would not work: see what failed")
    output.answer({"works": works, "checks": checks})
    return DONE if works else STORE_FAILED


def _bucket_folder(text: str) -> BucketFolder:
    from brainpack.store.location import S3_SCHEME, BucketFolder

    if not text.startswith(S3_SCHEME):
        raise SettingsError(f"{text!r} would be a folder of this computer; this command is about buckets: {_TARGET}")
    return BucketFolder.parse(text)
