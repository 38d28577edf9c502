"""The command `cache`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from brainpack.cli.exits import DONE, REFUSED
from brainpack.cli.words import ago

if TYPE_CHECKING:
    import argparse

    from brainpack.cache.entries import Cache


def add_cache(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command `cache`."""
    cache = commands.add_parser(
        "cache",
        help="list, check, clean up, export or import what was fetched from stores",
        description="The cache is the folder $BRAINIO_HOME, by default ~/.brainio. What is damaged in it is repaired "
        "when it is loaded.",
        epilog="Example: brainpack cache list",
    )
    actions = cache.add_subparsers(metavar="ACTION", required=True)
    actions.add_parser("list", help="files, sizes, and when they were loaded last").set_defaults(command=_cache_list)
    actions.add_parser("verify", help="compare every file with its SHA-1").set_defaults(command=_cache_verify)
    _add_prune(actions)
    _add_bundles(actions)
    return cache


def _add_prune(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    prune = actions.add_parser("prune", help="remove what broken downloads have left, and what was not used for long")
    prune.add_argument("--unused-for", metavar="DAYS", type=_days, help="also files not loaded for so many days")
    prune.add_argument("--dry-run", action="store_true", help="say what would be removed, and touch nothing")
    prune.set_defaults(command=_cache_prune)


def _days(text: str) -> timedelta:
    try:
        days = timedelta(days=float(text))
    except OverflowError as error:
        raise ValueError(text) from error
    if days < timedelta(0):
        raise ValueError(text)
    return days


_days.__name__ = "number of days"  # as argparse calls it in its message


def _add_bundles(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    export = actions.add_parser("export", help="write files into a bundle, for a machine without a network")
    export.add_argument("bundle", metavar="FILE.tar", type=Path)
    export.add_argument("names", metavar="NAME", nargs="*", help="of files, '*' for any text (default: all)")
    export.set_defaults(command=_cache_export)
    take_in = actions.add_parser("import", help="take the files of a bundle in")
    take_in.add_argument("bundle", metavar="FILE.tar", type=Path)
    take_in.set_defaults(command=_cache_import)


def _open_cache() -> Cache:
    from brainpack.cache.entries import Cache
    from brainpack.settings import Settings

    return Cache(Settings.from_environment())


def _cache_list(_: argparse.Namespace) -> int:
    from brainpack.cache.upkeep import entries

    cache = _open_cache()
    found = list(entries(cache))
    now = datetime.now(UTC)
    for entry in found:
        print(f"{entry.sha1}  {entry.size:>14,} bytes  used {ago(now - entry.used):15}  {entry.path.name}")
    print(f"{len(found)} files, {sum(entry.size for entry in found):,} bytes in {cache.home}")
    return DONE


def _cache_verify(_: argparse.Namespace) -> int:
    from brainpack.cache.upkeep import entries, is_whole

    cache = _open_cache()
    found = list(entries(cache))
    damaged = [entry for entry in found if not is_whole(cache, entry)]
    for entry in damaged:
        print(f"damaged: {entry.path}; it is repaired when it is loaded, unless nothing of that name was published")
    print(f"{len(found) - len(damaged)} of {len(found)} files are whole")
    return REFUSED if damaged else DONE


def _cache_prune(options: argparse.Namespace) -> int:
    from brainpack.cache.upkeep import prune

    freed = 0
    for removal in prune(_open_cache(), options.unused_for, only_say=options.dry_run):
        print(f"{'would remove' if options.dry_run else 'removed'} {removal.path}: {removal.reason}")
        freed += removal.size
    print(f"{freed:,} bytes {'would be freed' if options.dry_run else 'freed'}")
    return DONE


def _cache_export(options: argparse.Namespace) -> int:
    from brainpack.cache.bundles import export_bundle

    names = export_bundle(_open_cache(), options.bundle, options.names)
    print("\n".join([*names, f"{len(names)} files in {options.bundle}"]))
    return DONE


def _cache_import(options: argparse.Namespace) -> int:
    from brainpack.cache.bundles import import_bundle

    cache = _open_cache()
    names = import_bundle(cache, options.bundle)
    print("\n".join([*names, f"{len(names)} files are in {cache.home}"]))
    return DONE
