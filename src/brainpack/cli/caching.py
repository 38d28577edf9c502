"""The commands `cache …`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, BadParameter, Option

from brainpack.cli.command import Output
from brainpack.cli.exits import DONE, REFUSED
from brainpack.cli.words import ago

if TYPE_CHECKING:
    from brainpack.cache.entries import Cache

_Bundle = Annotated[Path, Argument(metavar="FILE.tar", help="A bundle of files of a cache.")]


def list_files(*, output: Output) -> int:
    """List files, their sizes, and when they were loaded last."""
    from brainpack.cache.upkeep import entries

    cache = _open_cache()
    found = list(entries(cache))
    now = datetime.now(UTC)
    for entry in found:
        output.say(f"{entry.sha1}  {entry.size:>14,} bytes  used {ago(now - entry.used):15}  {entry.path.name}")
    output.say(f"{len(found)} files, {sum(entry.size for entry in found):,} bytes in {cache.home}")
    output.answer({"home": cache.home, "files": found})
    return DONE


def verify(*, output: Output) -> int:
    """Compare every file with its SHA-1. What is damaged is repaired when it is loaded."""
    from brainpack.cache.upkeep import entries, is_whole
    from brainpack.progress import progress

    cache = _open_cache()
    found = list(entries(cache))
    looked_at = progress(found, len(found), " files", "verifying")
    damaged = [entry for entry in looked_at if not is_whole(cache, entry)]
    for entry in damaged:
        output.say(f"damaged: {entry.path}; loading repairs it, unless nothing of that name was published")
    output.say(f"{len(found) - len(damaged)} of {len(found)} files are whole")
    output.answer({"files": len(found), "damaged": [entry.path for entry in damaged]})
    return REFUSED if damaged else DONE


def _days(text: str) -> timedelta:
    try:
        days = timedelta(days=float(text))
    except (OverflowError, ValueError) as error:
        raise BadParameter(f"{text!r} is no number of days") from error
    if days < timedelta(0):
        raise BadParameter(f"{text!r} is no number of days")
    return days


def prune(
    unused_for: Annotated[
        timedelta | None, Option(metavar="DAYS", parser=_days, help="Also files not loaded for so many days.")
    ] = None,
    *,
    dry_run: Annotated[bool, Option("--dry-run", help="Say what would be removed, and touch nothing.")] = False,
    output: Output,
) -> int:
    """Remove what broken downloads have left, and what was not used for long."""
    from brainpack.cache.upkeep import prune

    removals = []
    for removal in prune(_open_cache(), unused_for, only_say=dry_run):
        output.say(f"{'would remove' if dry_run else 'removed'} {removal.path}: {removal.reason}")
        removals.append(removal)
    freed = sum(removal.size for removal in removals)
    output.say(f"{freed:,} bytes {'would be freed' if dry_run else 'freed'}")
    output.answer({"removed": not dry_run, "bytes": freed, "removals": removals})
    return DONE


def export_bundle(
    bundle: _Bundle,
    names: Annotated[
        list[str] | None, Argument(metavar="NAME", help="Of files, '*' for any text; by default all.")
    ] = None,
    *,
    output: Output,
) -> int:
    """Write files into a bundle, for a machine without a network."""
    from brainpack.cache.bundles import export_bundle

    exported = export_bundle(_open_cache(), bundle, names or [])
    output.say("\n".join([*exported, f"{len(exported)} files in {bundle}"]))
    output.answer({"bundle": bundle, "files": exported})
    return DONE


def import_bundle(bundle: _Bundle, *, output: Output) -> int:
    """Take the files of a bundle in."""
    from brainpack.cache.bundles import import_bundle

    cache = _open_cache()
    names = import_bundle(cache, bundle)
    output.say("\n".join([*names, f"{len(names)} files are in {cache.home}"]))
    output.answer({"home": cache.home, "files": names})
    return DONE


def _open_cache() -> Cache:
    from brainpack.cache.entries import Cache
    from brainpack.settings import Settings

    return Cache(Settings.from_environment())
