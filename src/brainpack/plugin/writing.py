"""Records -> the data plugin that Brain-Score loads them by."""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from brainpack.atomic import whole_file
from brainpack.cache.entries import Cache
from brainpack.errors import InvalidData, SettingsError, StoreError
from brainpack.locating import locate, records_at
from brainpack.plugin.entries import entry_of
from brainpack.plugin.literals import block_literal, literal
from brainpack.plugin.source import Source
from brainpack.record.records import Record
from brainpack.settings import Settings
from brainpack.summarising import summary_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
        By identifier "added", "updated" or "unchanged".
    files : dict of Path to bytes
        What `__init__.py` and `test.py` hold now, or would.
    """

    folder: Path
    entries: dict[str, str]
    files: dict[Path, bytes] = field(repr=False)

    def __str__(self) -> str:
        lines = [f"  {state:10}{identifier}" for identifier, state in self.entries.items()]
        return "\n".join([str(self.folder), *lines])


def write_plugin(
    records: Record | AnyPath | Iterable[Record | AnyPath], folder: AnyPath, *, dry_run: bool = False
) -> Plugin:
    """Write the data plugin of Brain-Score that loads published packages, or bring one up to date.

    `__init__.py` registers each data set in a line that the discovery of plugins finds, with its bucket, SHA-1s and
    version ids; `test.py` has a test for each: that it loads, with its size and labels. What is in the files besides
    stays as it is, byte for byte: code, comments, line ends and other data sets. BIBTEX, LICENCE and CONTACT of the
    records are added where the module has no such names.

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
    place = Path(folder).expanduser()
    if not place.absolute().name.isidentifier():
        raise SettingsError(f"{place.name!r} cannot be the name of a module; name a folder such as data/lab2026")
    domain = next((part for part in reversed(place.absolute().parts) if part in _DOMAINS), _DOMAINS[0])
    described = [*_described(records, domain)]
    names: dict[str, str] = {}
    for _, entry in described:
        if names.setdefault(entry.test_name, entry.identifier) != entry.identifier:
            raise InvalidData(
                f"tests of {names[entry.test_name]!r} and {entry.identifier!r} would have one name; write two plugins"
            )
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


def _written(described: list[tuple[Record, Entry]], folder: Path) -> Plugin:
    path, test_path = folder / "__init__.py", folder / "test.py"
    module, tests = Source(_content(path), str(path)), Source(_content(test_path), str(test_path))
    states: dict[str, str] = {}
    for _, entry in described:
        what = f"{entry.registry}[{entry.identifier!r}]"
        is_new = module.put(entry.code, partial(_registers, entry), what)
        is_new_test = tests.put(entry.test, partial(_is_function, entry.test_name), entry.test_name)
        states[entry.identifier] = "added" if is_new else "unchanged" if is_new is is_new_test is None else "updated"
    _add_about([record for record, _ in described], module)
    module.import_names({name: source for _, entry in described for name, source in entry.imports.items()})
    tests.import_names({name: source for _, entry in described for name, source in entry.test_imports.items()})
    return Plugin(folder, states, {path: module.encoded(), test_path: tests.encoded()})


def _registers(entry: Entry, node: ast.stmt) -> bool:
    if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.targets[0], ast.Subscript):
        return False
    target = node.targets[0]
    return (
        isinstance(target.value, ast.Name)
        and target.value.id == entry.registry
        and isinstance(target.slice, ast.Constant)
        and target.slice.value == entry.identifier
    )


def _is_function(name: str, node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == name


def _add_about(records: list[Record], module: Source) -> None:
    """Citation, licence and contact, where the module has none of its own."""
    for name, key in _ABOUT.items():
        texts = [*dict.fromkeys(record.release[key].strip() for record in records if key in record.release)]
        if texts and not module.has_name(name):
            text = "\n\n".join(texts)
            module.put(f"{name} = {block_literal(text) if key == 'citation' else literal(text)}", _is_nothing, name)


def _is_nothing(_: ast.stmt) -> bool:
    return False


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise StoreError(f"{path} could not be read: {error.strerror or error}; name another folder") from error


def _write(plugin: Plugin) -> None:
    """Write both files, or none."""
    (init, code), (test, tests) = plugin.files.items()
    with whole_file(init) as init_partial, whole_file(test) as test_partial:
        init_partial.write_bytes(code)
        test_partial.write_bytes(tests)
