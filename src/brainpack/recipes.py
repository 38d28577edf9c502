"""What a package is made of: the tables [stimuli."id"] and [assembly."id"] of brainpack.toml, and their options."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class StimuliRecipe:
    """How a stimulus set is made of files.

    Attributes
    ----------
    identifier : str
    source : Path
        A folder with stimulus files, or a table; `from` in brainpack.toml.
    metadata : Path, optional
        A table with what is known of each stimulus.
    id_column, file_column : str, optional
        Columns of the table with ids and files; `id` and `file` in brainpack.toml.
    """

    identifier: str
    source: Path
    metadata: Path | None = None
    id_column: str | None = None
    file_column: str | None = None


@dataclass(frozen=True)
class AssemblyRecipe:
    """How an assembly is made of files.

    Attributes
    ----------
    identifier : str
    source : Path
        netCDF, a table, `.npy` or `.mat`; `from` in brainpack.toml.
    stimuli : str
        Identifier of the stimulus set.
    class_name : str, optional
        `class` in brainpack.toml.
    dims : tuple of str, optional
    values, variable : str, optional
    metadata : mapping of str to Path
        A table for each dimension.
    """

    identifier: str
    source: Path
    stimuli: str
    class_name: str | None = None
    dims: tuple[str, ...] | None = None
    values: str | None = None
    variable: str | None = None
    metadata: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))


Recipe = StimuliRecipe | AssemblyRecipe


_STIMULI: Final = {"from": "source", "metadata": "metadata", "id": "id_column", "file": "file_column"}
_ASSEMBLY: Final = {
    "from": "source",
    "stimuli": "stimuli",
    "class": "class_name",
    "dims": "dims",
    "values": "values",
    "variable": "variable",
    "metadata": "metadata",
}
_EXAMPLES: Final[Mapping[str, str]] = {
    "dims": 'a list of dimensions: dims = ["presentation", "neuroid"]',
    "metadata": 'a table for each dimension: metadata = { neuroid = "neurons.csv" }',
}


def stimuli_recipe(identifier: str, table: Mapping[str, Any], folder: Path) -> StimuliRecipe:
    """Recipe of a table of `brainpack.toml` in a folder.

    Raises
    ------
    ValueError
        A key is unknown or missing, or a value is not what it should be; the message ends what begins with a name.

    Examples
    --------
    >>> from pathlib import Path
    >>> stimuli_recipe("lab.Set", {"from": "images", "id": "name"}, Path("data")).source.as_posix()
    'data/images'
    """
    found = _fields(table, _STIMULI, ("from",))
    return StimuliRecipe(identifier, **_with_paths(found, folder))


def assembly_recipe(identifier: str, table: Mapping[str, Any], folder: Path) -> AssemblyRecipe:
    """Recipe of a table of `brainpack.toml` in a folder; errors as in `stimuli_recipe`."""
    found = _fields(table, _ASSEMBLY, ("from", "stimuli"))
    return AssemblyRecipe(identifier, **_with_paths(found, folder))


def _fields(table: Mapping[str, Any], names: Mapping[str, str], needed: tuple[str, ...]) -> dict[str, Any]:
    for key, value in table.items():
        if key not in names:
            raise ValueError(f"has {key!r}; expected {', '.join(names)}")
        if not _is_good(key, value, is_assembly=names is _ASSEMBLY):
            expected = _EXAMPLES.get(key, "") if names is _ASSEMBLY else ""
            raise ValueError(f"has {key} = {value!r}; expected " + (expected or f'text: {key} = "…"'))
    for key in needed:
        if key not in table:
            raise ValueError(f'lacks {key}; write {key} = "…"')
    return {names[key]: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


def _is_good(key: str, value: object, *, is_assembly: bool) -> bool:
    if key == "dims":
        return isinstance(value, list) and bool(value) and all(map(_is_text, value))
    if key == "metadata" and is_assembly:
        return isinstance(value, dict) and all(_is_text(part) for pair in value.items() for part in pair)
    return _is_text(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _with_paths(found: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Paths are relative to the folder of the file that names them."""
    metadata = found.get("metadata")
    if isinstance(metadata, dict):
        found["metadata"] = {dim: folder / path for dim, path in metadata.items()}
    elif metadata is not None:
        found["metadata"] = folder / metadata
    return {**found, "source": folder / found["source"]}
