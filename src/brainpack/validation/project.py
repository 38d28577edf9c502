"""`brainpack.toml`: what data are made of, what goes out with them, what may be wrong and why, how they should be."""

from __future__ import annotations

import os
import reprlib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from brainpack.errors import SettingsError
from brainpack.layout import IDENTIFIER, LONGEST_CITATION, RELEASE
from brainpack.recipes import assembly_recipe, stimuli_recipe
from brainpack.validation.terms import Profile, Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from brainpack.recipes import AssemblyRecipe, StimuliRecipe
    from brainpack.validation.registry import Rule

    Recipe = TypeVar("Recipe", AssemblyRecipe, StimuliRecipe)

NAME: Final = "brainpack.toml"
GENERAL: Final = ""
_LONGEST_FILE: Final = 1 << 18  # bytes
_PACKAGES: Final = "packages"

Table = dict[str, Any]


@dataclass(frozen=True)
class Project:
    """What a project declares about its data.

    Attributes
    ----------
    release : mapping of str to str
        `licence`, `citation` (BibTeX) and `contact`, as far as they are given.
    waivers : mapping of str to mapping of str to str
        By identifier, or "" for all, the reasons why findings do not count, by rule id.
    expected : mapping of str to mapping of str to int or list
        By identifier, or "" for all, what is declared about the data.
    stimuli : tuple of StimuliRecipe
    assemblies : tuple of AssemblyRecipe
        What the project packages, and of which files.
    into : Path or None
        Folder of the packages; None without a file.
    publish_to : str or None
        Where packages go that are published, if the project says so: the URL of a bucket, or the path of a folder.

    Examples
    --------
    >>> project = Project(waivers={"": {"BP-A016": "merged units"}, "lab.Author2026": {"BP-S014": "no names"}})
    >>> sorted(project.terms("lab.Author2026").waivers)
    ['BP-A016', 'BP-S014']
    """

    release: Mapping[str, str] = field(default_factory=dict)
    waivers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    expected: Mapping[str, Mapping[str, int | list[object]]] = field(default_factory=dict)
    stimuli: tuple[StimuliRecipe, ...] = ()
    assemblies: tuple[AssemblyRecipe, ...] = ()
    into: Path | None = None
    publish_to: str | None = None

    @classmethod
    def find(cls, *folders: Path) -> Project:
        """Project of the nearest `brainpack.toml`, in a folder or those above it; an empty one where there is none.

        Parameters
        ----------
        *folders : Path
            One after the other, until there is a file. They need not exist.

        Raises
        ------
        SettingsError
            As `read`.
        """
        # "a/../b" is not below "a"; a Path would also look for links, and refuse some names
        places = (Path(os.path.abspath(folder)) for folder in folders)  # noqa: PTH100 - see above
        paths = (above / NAME for place in places for above in (place, *place.parents))
        path = next((path for path in paths if _is_file(path)), None)
        return cls() if path is None else cls.read(path)

    @classmethod
    def read(cls, path: Path) -> Project:
        """Project as a file declares it.

        Raises
        ------
        SettingsError
            The file cannot be read, or something in it cannot be; the message says where, and what would be right.
        """
        tables = _toml(path)
        try:
            _only(tables, ("release", "package", "publish", "stimuli", "assembly", "waivers", "expect"), "table")
            return cls(
                _release(_table(tables, "release"), path.parent),
                _by_identifier(tables, "waivers", _waivers),
                _by_identifier(tables, "expect", _expected),
                _recipes(tables, "stimuli", stimuli_recipe, path.parent),
                _recipes(tables, "assembly", assembly_recipe, path.parent),
                path.parent / (_text(tables, "package", "into") or _PACKAGES),
                _target(_text(tables, "publish", "to"), path.parent),
            )
        except _WrongError as error:
            raise SettingsError(f"{path}: {error}") from error

    @property
    def recipes(self) -> tuple[StimuliRecipe | AssemblyRecipe, ...]:
        """All that the project packages, stimulus sets first, by identifier."""
        return tuple(recipe for kind in (self.stimuli, self.assemblies) for recipe in sorted(kind, key=_identifier))

    def terms(
        self,
        identifier: str,
        profile: Profile = Profile.DRAFT,
        select: Iterable[str] = (),
        ignore: Iterable[str] = (),
    ) -> Terms:
        """On which terms the data of an identifier are judged.

        Parameters
        ----------
        identifier : str
        profile : Profile
        select, ignore : iterable of str
            Beginnings of rule ids.

        Raises
        ------
        SettingsError
            No rule id begins like this.
        """
        select, ignore = tuple(select), tuple(ignore)
        for start in (*select, *ignore):
            if not start or not any(rule.startswith(start) for rule in _rules()):
                raise SettingsError(f"no rule begins with {start!r}; expected for instance 'BP-S' or 'BP-A013'")
        return Terms(profile, {**self.waivers.get(GENERAL, {}), **self.waivers.get(identifier, {})}, select, ignore)

    def expectations(self, identifier: str) -> dict[str, int | list[object]]:
        """What is declared about the data of an identifier."""
        return {**self.expected.get(GENERAL, {}), **self.expected.get(identifier, {})}


class _WrongError(Exception):
    """What is wrong in a project file, and what would be right."""


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder above that may not be looked into
        return False


def _read(path: Path, longest: int) -> str:
    if not _is_file(path):
        raise SettingsError(f"there is no file {path}; correct the name, or write it")
    try:
        with path.open("rb") as file:
            content = file.read(longest + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{path} could not be read: {error.strerror or error}; allow reading it") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8: {error}; save it as UTF-8") from error
    if len(content) > longest:
        raise SettingsError(f"{path} is too long; expected at most {longest} bytes")
    return text


def _toml(path: Path) -> Table:
    text = _read(path, _LONGEST_FILE)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}; correct it, see https://toml.io") from error
    except (ValueError, RecursionError) as error:  # numbers of too many digits, tables of too many tables
        raise SettingsError(f"{path} is not TOML that can be read: {error}; correct it") from error


def _only(table: Table, known: Iterable[str], what: str) -> None:
    if unknown := sorted(table.keys() - {*known}):
        raise _WrongError(f"{unknown[0]!r} is no {what}; expected {', '.join(known)}")


def _table(tables: Table, name: str) -> Table:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise _WrongError(f"{name} is {reprlib.repr(table)}; expected a table, which [{name}] begins")
    return table


def _by_identifier(tables: Table, name: str, checked: Callable[[Table, str], Table]) -> dict[str, Table]:
    """A table for all data, and those below it for one identifier each."""
    table = _table(tables, name)
    below = {key: value for key, value in table.items() if isinstance(value, dict)}
    found = {GENERAL: checked({key: value for key, value in table.items() if key not in below}, f"[{name}]")}
    for identifier, values in below.items():
        if any(isinstance(value, dict) for value in values.values()):
            raise _WrongError(
                f'[{name}.{identifier}] has tables in it; expected an identifier in quotes: [{name}."lab.Author2026"]'
            )
        found[identifier] = checked(values, f'[{name}."{identifier}"]')
    return found


def _recipes(
    tables: Table, name: str, recipe: Callable[[str, Table, Path], Recipe], folder: Path
) -> tuple[Recipe, ...]:
    """What [name."lab.Author2026"] and the like say."""
    found = []
    for identifier, table in _table(tables, name).items():
        if not isinstance(table, dict) or not IDENTIFIER.fullmatch(identifier) or not any(_is_no_table(table)):
            raise _WrongError(
                f'[{name}] has {identifier!r}; expected an identifier in quotes: [{name}."lab.Author2026"]'
            )
        try:
            found.append(recipe(identifier, table, folder))
        except ValueError as error:
            raise _WrongError(f'[{name}."{identifier}"] {error}') from error
    return tuple(found)


def _identifier(recipe: StimuliRecipe | AssemblyRecipe) -> str:
    return recipe.identifier


def _is_no_table(table: Table) -> Iterable[bool]:
    return (not isinstance(value, dict) for value in table.values())


def _text(tables: Table, name: str, key: str) -> str | None:
    """The only key of a table."""
    table = _table(tables, name)
    _only(table, (key,), f"key of [{name}]")
    if key in table and not _says_something(table[key]):
        raise _WrongError(f'{key} in [{name}] is {reprlib.repr(table[key])}; expected text: {key} = "…"')
    return table.get(key)


def _target(text: str | None, folder: Path) -> str | None:
    """A store; a folder is beside the file that names it."""
    return text if text is None or "://" in text else str(folder / text)


def _release(table: Table, folder: Path) -> dict[str, str]:
    _only(table, RELEASE, "key of [release]")
    for key, value in table.items():
        if not _says_something(value):
            raise _WrongError(f'{key} in [release] is {reprlib.repr(value)}; expected text: {key} = "…"')
    if "citation" in table and table["citation"].endswith(".bib"):
        return {**table, "citation": _citation(table["citation"], folder)}
    return table


def _citation(name: str, folder: Path) -> str:
    if name != (folder / name).name:
        raise _WrongError(f"citation in [release] is {name!r}; expected the name of a file beside brainpack.toml")
    return _read(folder / name, LONGEST_CITATION)


def _waivers(table: Table, where: str) -> dict[str, str]:
    rules = _rules() if table else {}
    for rule, reason in table.items():
        if rule not in rules:
            raise _WrongError(f"{rule!r} in {where} is no rule; expected an id of docs/rules.md, such as 'BP-A016'")
        if not rules[rule].is_waivable:
            raise _WrongError(f"{rule} in {where} cannot be waived; delete the line, and repair what the rule finds")
        if not _says_something(reason):
            raise _WrongError(f'{rule} in {where} is {reprlib.repr(reason)}; expected a reason: {rule} = "…"')
    return table


def _expected(table: Table, where: str) -> Table:
    for name, value in table.items():
        if not (_is_count(value) or (isinstance(value, list) and value and all(map(_is_value, value)))):
            raise _WrongError(
                f"{name} in {where} is {reprlib.repr(value)}; expected how many there are, or a list of values "
                'such as ["V4", "IT"]'
            )
    return table


def _says_something(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_count(value: object) -> bool:
    return type(value) is int and value > 0  # True is an int, too


def _is_value(value: object) -> bool:
    return isinstance(value, str | int | float)


def _rules() -> Mapping[str, Rule]:
    import brainpack.validation.rules  # noqa: F401 - registers them
    from brainpack.validation.registry import RULES

    return RULES
