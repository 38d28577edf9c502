"""Records -> the data plugin that Brain-Score loads them by."""

from __future__ import annotations

import keyword
import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from brainpack.atomic import flush_to_disk, whole_file
from brainpack.cache.entries import Cache
from brainpack.errors import InvalidData, SettingsError, StoreError
from brainpack.locating import locate, records_at
from brainpack.plugin.entries import entry_of
from brainpack.plugin.literals import block_literal, literal
from brainpack.plugin.recognising import entry_in, test_in
from brainpack.plugin.source import Source
from brainpack.record.records import Record
from brainpack.settings import Settings, with_home
from brainpack.summarising import summary_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from brainpack.plugin.entries import Entry

    AnyPath = str | os.PathLike[str]

_DOMAINS: Final = ("brainscore_vision", "brainscore_language")
_ABOUT: Final = {"BIBTEX": "citation", "LICENCE": "licence", "CONTACT": "contact"}


@dataclass(frozen=True)
class Plugin:
    """What was written.

    Attributes
    ----------
    folder : Path
    entries : dict of str to str
        For each, for instance "data_registry['lab.Author2026']", "added", "updated" or "unchanged".
    files : dict of Path to bytes
        What `__init__.py` and `test.py` hold now, or would.
    """

    folder: Path
    entries: dict[str, str]
    files: dict[Path, bytes] = field(repr=False)

    def __str__(self) -> str:
        lines = [f"  {state:10}{entry}" for entry, state in self.entries.items()]
        return "\n".join([str(self.folder), *lines])


def write_plugin(
    records: Record | AnyPath | Iterable[Record | AnyPath], folder: AnyPath, *, dry_run: bool = False
) -> Plugin:
    """Write the data plugin of Brain-Score that loads published packages, or bring one up to date.

    `__init__.py` registers each data set in a line that the discovery of plugins finds, with its bucket, SHA-1s and
    version ids; `test.py` has a test for each: that it loads, with its size and labels. What is in the files besides
    stays as it is, byte for byte: code, comments, line ends, other data sets, and what was added to a test. BIBTEX,
    LICENCE and CONTACT of the records are added where the module has no such names.

    Parameters
    ----------
    records : Record, path, or several
        Records that were published to S3, folders with such, or `s3://bucket/folder`. Their packages are looked into,
        so what is not on this computer is fetched.
    folder : path
        Of the plugin, for instance "brainscore_vision/data/lab2026". Made if needed; its name can be that of a module.
        If `brainscore_language` is in the path, it is a plugin of that, and otherwise of `brainscore_vision`.
    dry_run : bool
        Say what would be done, and touch nothing.

    Returns
    -------
    Plugin

    Raises
    ------
    NotFound
        A record or a file of a package is missing.
    InvalidData
        A data set is not published in S3; a file of the plugin is not Python; or it has an entry that cannot be changed
        on its own. Nothing was written.
    SettingsError
        The name of the folder cannot be that of a module.
    IntegrityError, StoreError
        A package is not what was recorded; something cannot be read or written.

    Examples
    --------
    After a publication::

        write_plugin("s3://my-bucket/lab/Author2026", "brainscore_vision/data/lab2026")
    """
    place = with_home(folder)
    name = place.absolute().name
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):  # discovery leaves the latter out
        raise SettingsError(f"{name!r} cannot be the name of a plugin; name a folder such as data/lab2026")
    domain = next((part for part in reversed(place.absolute().parts) if part in _DOMAINS), _DOMAINS[0])
    described = _distinct(_described(records, domain))
    plugin = _written(described, place)
    if not dry_run:
        _write(plugin)
    return plugin


def _described(records: Record | AnyPath | Iterable[Record | AnyPath], domain: str) -> Iterator[tuple[Record, Entry]]:
    several = [records] if isinstance(records, Record | str | os.PathLike) else records
    cache = Cache(Settings.from_environment())
    for each in several:
        for source in [each] if isinstance(each, Record) else records_at(os.fspath(each)):
            found = locate(source, cache)
            yield found.record, entry_of(found.record, summary_of(found, cache), domain)


def _distinct(described: Iterable[tuple[Record, Entry]]) -> list[tuple[Record, Entry]]:
    """Each data set once.

    Raises
    ------
    InvalidData
        Two records say different things about one, or two data sets would have tests of one name.
    """
    found: dict[str, tuple[Record, Entry]] = {}
    for record, entry in described:
        _, other = found.setdefault(entry.test_name, (record, entry))
        if other != entry:
            raise InvalidData(
                f"there are different records for {entry.identifier!r}"
                if other.key == entry.key
                else f"tests of {other.identifier!r} and {entry.identifier!r} would have one name; write two plugins"
            )
    return [*found.values()]


def _written(described: list[tuple[Record, Entry]], folder: Path) -> Plugin:
    path, test_path = folder / "__init__.py", folder / "test.py"
    module, tests = Source(_content(path), str(path)), Source(_content(test_path), str(test_path))
    states: dict[str, str] = {}
    for _, entry in described:
        old, old_test = entry_in(module, entry), test_in(tests, entry)
        is_changed = module.put(entry.code, old, in_one_line=entry.key)
        is_changed |= (
            tests.put(entry.test) if old_test is None else tests.put_into(old_test, entry.test, entry.fact_about)
        )
        states[entry.key] = "added" if old is None else "updated" if is_changed else "unchanged"
    _add_about([record for record, _ in described], module)
    module.import_names({name: source for _, entry in described for name, source in entry.imports.items()})
    tests.import_names({name: source for _, entry in described for name, source in entry.test_imports.items()})
    return Plugin(folder, states, {path: module.encoded(), test_path: tests.encoded()})


def _add_about(records: list[Record], module: Source) -> None:
    """Citation, licence and contact, where the module has none of its own."""
    for name, key in _ABOUT.items():
        texts = [*dict.fromkeys(record.release[key].strip() for record in records if key in record.release)]
        if texts and not module.may_have(name):
            text = "\n\n".join(texts)
            module.put(f"{name} = {block_literal(text) if key == 'citation' else literal(text)}")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise StoreError(f"{path} could not be read: {error.strerror or error}; name another folder") from error


def _write(plugin: Plugin) -> None:
    """Write both files, or none; what is as it should be stays untouched."""
    before = {path: _content(path) for path in plugin.files}
    changed = {path: content for path, content in plugin.files.items() if content != before[path]}
    new = [path for path in changed if not path.exists()]
    try:
        with ExitStack() as files:
            partials = [files.enter_context(whole_file(path.resolve())) for path in changed]
            for partial, (path, content) in zip(partials, changed.items(), strict=True):
                partial.write_bytes(content)
                if path not in new:
                    shutil.copymode(path, partial)
                flush_to_disk(partial)  # all of them before the first gets its name
    except StoreError:
        for path in changed:
            if path in new:
                path.unlink(missing_ok=True)
            elif _content(path) != before[path]:
                path.write_bytes(before[path])
        raise
