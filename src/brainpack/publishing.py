"""From packages to a store: files first, the record last."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace as with_changes
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from brainpack.digest import digest_file
from brainpack.errors import AlreadyPublished, BrainpackError, NotFound
from brainpack.locating import check
from brainpack.planning import Action, found_packages, planned, record_in
from brainpack.progress import Bars
from brainpack.settings import Settings
from brainpack.store.base import PutMode
from brainpack.store.location import S3_SCHEME, BucketFolder, open_store
from brainpack.validating.gate import admitted
from brainpack.validation.terms import Profile

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from brainpack.digest import Digest
    from brainpack.planning import Package, Plan
    from brainpack.progress import Listener
    from brainpack.record.records import Record
    from brainpack.store.base import Store, StoredObject

    AnyPath = str | os.PathLike[str]


def plan(
    packages: AnyPath | Iterable[AnyPath], to: AnyPath, *, replace: bool = False, profile: str = Profile.PUBLISH
) -> Plan:
    """Find out what publishing would do; nothing is written anywhere.

    Parameters
    ----------
    packages, to, replace, profile
        As for `publish`.

    Returns
    -------
    Plan
        Prints as one line for each object: put, skip (identical), replace or refuse (different), with sizes.

    Raises
    ------
    AlreadyPublished
        Another identifier has the file names of a package there.
    NotFound, InvalidData, IntegrityError, StoreError, SettingsError
        As `publish`.
    """
    store = open_store(to, Settings.from_environment())
    return planned(admitted(found_packages(packages), profile), store, may_replace=replace)


def publish(
    packages: AnyPath | Iterable[AnyPath],
    to: AnyPath,
    *,
    replace: bool = False,
    profile: str = Profile.PUBLISH,
    progress: bool | Listener = True,
) -> tuple[Record, ...]:
    """Publish packages from a disk, create-only: what others refer to is never overwritten by accident.

    First the files, each proven by the store, then the record that names them. When something fails, no record points
    to what has arrived; publishing again sends what is missing, and continues an upload that was killed.

    Parameters
    ----------
    packages : path, or iterable of paths
        Records (`*.brainpack.json`), or folders that hold some.
    to : path
        `s3://bucket/folder`, or a folder.
    replace : bool
        Put new bytes under names that have others already.
    profile : {"publish", "draft"}
        What the data have to pass. "publish" asks for a licence, and for the absence of what makes scores wrong; what
        is missing is said in `brainpack.toml`, see docs/validation.md. "draft" is for data that nobody refers to.
    progress : bool or callable
        Whether to draw bars, on a terminal or in a notebook; or what to call with each `Progress`.

    Returns
    -------
    tuple of Record
        As they are in the store: with its location, and version ids where it keeps versions.

    Raises
    ------
    AlreadyPublished
        Names are taken by other bytes: all of them are in the message, and nothing was sent.
    NotFound
        A record, a file or the bucket is missing, or no package was named.
    InvalidData
        The data do not pass, and `.report` says why; a record cannot be understood; or two packages have the same
        names.
    IntegrityError
        A file is not the one that was packaged, or did not arrive as it is.
    AccessDenied, Unavailable, StoreError, SettingsError
        The store refuses, does not answer, or AWS is not set up.

    Examples
    --------
    >>> import tempfile, xarray as xr
    >>> from brainpack.packaging import package_data_assembly_locally
    >>> rates = xr.DataArray([1.5, 2.5], {"neuroid_id": ("neuroid", [1, 2])}, ("neuroid",))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = package_data_assembly_locally(rates, "lab.Rates2026", "none", "PropertyAssembly", f"{folder}/made")
    ...     _ = Path(folder, "brainpack.toml").write_text("release.licence = 'CC0-1.0'")
    ...     (record,) = publish(f"{folder}/made", to=f"{folder}/published")
    ...     print(record.identifier, record.file(".nc").sha1 == made["sha1"])
    lab.Rates2026 True
    """
    store = open_store(to, Settings.from_environment())
    decided = planned(admitted(found_packages(packages), profile), store, may_replace=replace)
    if decided.refused:
        raise AlreadyPublished(
            f"nothing was sent, because other bytes are published under these names; choose another identifier, or "
            f"decide to replace them: replace=True\n{decided}"
        )
    replaced = {step.key for step in decided.steps if step.action is Action.REPLACE}
    if replaced:  # once the first file is replaced, the earlier data set is no longer whole
        for package in decided.packages:
            for file in package.record.files:
                check(package.folder / file.name, file, package.record.identifier)
    with _listening(progress) as listener:
        return tuple(_publish(package, store, replaced, listener) for package in decided.packages)


def publish_record(record: Record, store: Store, version_ids: Mapping[str, str | None], mode: PutMode) -> Record:
    """Put the record of a data set whose files are in the store: from now on it is published.

    Parameters
    ----------
    record : Record
        Of the package.
    store : Store
    version_ids : mapping of str to str or None
        By file name.
    mode : PutMode

    Returns
    -------
    Record
        The one in the store, which may be that of an earlier run.
    """
    files = tuple(with_changes(file, version_id=version_ids[file.name]) for file in record.files)
    published = with_changes(record, files=files, location=store.url)
    there = record_in(store, record.name)
    if there is not None and there.has_data_of(record):
        if (there.files, there.location) == (files, store.url):
            return there
        mode = PutMode.REPLACE  # it was copied here, or names versions that are gone
    with TemporaryDirectory() as folder:
        path = Path(folder, record.name)
        path.write_text(published.to_json(), encoding="utf-8", newline="\n")
        try:
            store.put(record.name, path, digest_file(path), mode)
        except AlreadyPublished:  # another process was faster; it may have published the same
            there = record_in(store, record.name)
            if there is None or not there.has_data_of(record):
                raise
            return there
    return published


def upload(source: Path, folder: BucketFolder, key: str, digest: Digest | None = None) -> dict[str, Any]:
    """Put one file into a bucket, with a bar; what is known of the object then, as JSON can hold it.

    The file has to be the one of the digest; without a digest it is read once more, to compute one.
    """
    if not source.is_file():
        raise NotFound(f"there is no file {source} to upload as {folder.url(key)}")
    store = open_store(folder.url(), Settings.from_environment())
    with Bars() as bars:
        stored = store.put(key, source, digest or digest_file(source), listener=bars)
    return properties(stored, folder)


def properties(stored: StoredObject, folder: BucketFolder) -> dict[str, Any]:
    """An object as the API of S3 describes it."""
    known = {
        "Bucket": folder.bucket,
        "Key": folder.key(stored.key),
        "ContentLength": stored.size,
        "ETag": stored.etag,
        "LastModified": None if stored.modified is None else stored.modified.isoformat(),
        "Metadata": {} if stored.digest is None else {"sha1": stored.digest.sha1, "sha256": stored.digest.sha256},
    }
    return known if stored.version_id is None else {**known, "VersionId": stored.version_id}


def publish_record_beside(record: Record, uploaded: Mapping[str, Mapping[str, Any]]) -> None:
    """Put the record of a data set to where its files went, if they are in one folder and have their names there.

    Parameters
    ----------
    record : Record
    uploaded : mapping of str to mapping
        By file name, what uploading it has answered: `Bucket`, `Key`, perhaps `VersionId`.
    """
    folders = {_folder_of(name, answer) for name, answer in uploaded.items()}
    if len(folders) != 1 or None in folders:
        return  # a script that sends files elsewhere, or nowhere, looks after them itself
    version_ids = {name: answer.get("VersionId") for name, answer in uploaded.items()}
    (folder,) = folders
    store = open_store(f"{S3_SCHEME}{folder}", Settings.from_environment())
    publish_record(record, store, version_ids, PutMode.CREATE)


def _folder_of(name: str, answer: Mapping[str, Any]) -> str | None:
    """Bucket and folder that a file went to under its own name; None where it did not."""
    bucket, key = answer.get("Bucket"), str(answer.get("Key"))
    folder = key.removesuffix(name)
    if not bucket or BucketFolder.parse(f"{bucket}/{folder}").key(name) != key:
        return None
    return f"{bucket}/{folder}"


def _publish(package: Package, store: Store, replaced: Collection[str], listener: Listener | None) -> Record:
    def mode(name: str) -> PutMode:
        return PutMode.REPLACE if name in replaced else PutMode.CREATE

    version_ids: dict[str, str | None] = {}
    with noting_what_is_there(store.url, version_ids):
        for file in package.record.files:
            stored = store.put(file.name, package.folder / file.name, file.digest, mode(file.name), listener)
            version_ids[file.name] = stored.version_id
        return publish_record(package.record, store, version_ids, mode(package.record.name))


@contextmanager
def noting_what_is_there(url: str, names: Collection[str]) -> Iterator[None]:
    """Add to an error which objects of an unfinished data set are in the store."""
    try:
        yield
    except BrainpackError as error:
        if names and not isinstance(error, AlreadyPublished):
            error.add_note(
                f"{', '.join(names)} arrived in {url}, and no record points to them; publish again to finish, "
                "nothing will be sent twice"
            )
        raise


@contextmanager
def _listening(progress: bool | Listener) -> Iterator[Listener | None]:  # noqa: FBT001 - as the user gave it
    if callable(progress):
        yield progress
    elif progress:
        with Bars() as bars:
            yield bars
    else:
        yield None
