"""Everything that `brainpack.toml` describes -> packages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from brainpack.atomic import whole_file
from brainpack.errors import BrainpackError, SettingsError
from brainpack.intake.assemblies import assembly_from, refuse_unknown
from brainpack.intake.reading import TABLES
from brainpack.intake.stimuli import stimuli_from
from brainpack.layout import STIMULUS_ID, record_name, store_name
from brainpack.notices import warn
from brainpack.pipeline import package_assembly, package_stimuli
from brainpack.read.tables import natural_ids, read_table
from brainpack.recipes import AssemblyRecipe, StimuliRecipe
from brainpack.record.records import read_record
from brainpack.validation.project import NAME, Project

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from brainpack.layout import Kind
    from brainpack.objects.assemblies import DataAssembly
    from brainpack.recipes import Recipe
    from brainpack.record.records import Record


def build(project_folder: str | os.PathLike[str] = ".") -> list[Record]:
    r"""Make all packages that a project describes.

    Parameters
    ----------
    project_folder : path
        Where `brainpack.toml` is.

    Returns
    -------
    list of Record
        Stimulus sets first, then assemblies, both by identifier. Files are the same on every run.

    Raises
    ------
    SettingsError
        Something in `brainpack.toml` cannot be followed; all that is known before work starts is told at once, and
        nothing was written.
    InvalidData, NotFound, StoreError, IntegrityError
        One of the packages cannot be made. Those before it are complete.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "sentences").mkdir()
    >>> _ = (folder / "sentences" / "one.txt").write_text("a sentence", "utf-8")
    >>> _ = (folder / "brainpack.toml").write_text('[stimuli."lab.Author2026"]\nfrom = "sentences"', "utf-8")
    >>> [record.identifier for record in build(folder)]
    ['lab.Author2026']
    """
    path = Path(project_folder).absolute() / NAME
    project = Project.read(path)
    if not project.recipes or project.into is None:
        raise SettingsError(
            f'{path} describes no package; write what it is made of: [stimuli."lab.Author2026"] with from = "images"'
        )
    if problems := [*_problems(project, project.into)]:
        raise SettingsError(f"nothing was packaged. In {path}:\n" + "\n".join(problems))
    return [package_one(recipe, project.into, project) for recipe in project.recipes]


def package_one(recipe: Recipe, into: str | os.PathLike[str], project: Project | None = None) -> Record:
    """Make one package.

    Parameters
    ----------
    recipe : StimuliRecipe or AssemblyRecipe
    into : path
        Folder of the package; the stimulus set of an assembly is looked for there, too. Where it holds the same data
        already, the record stays as it is.
    project : Project, optional
        By default that of the nearest `brainpack.toml`, as in `brainpack.pipeline.package_stimuli`.

    Raises
    ------
    BrainpackError
        As `brainpack.stimuli_from`, `brainpack.assembly_from` and what packages them.
    """
    folder = Path(into)
    kind: Kind = "stimulus_set" if isinstance(recipe, StimuliRecipe) else "assembly"
    before = _record(folder / record_name(kind, recipe.identifier))
    return _as_before(_packaged(recipe, folder, project), before, folder)


def _packaged(recipe: Recipe, folder: Path, project: Project | None) -> Record:
    if isinstance(recipe, StimuliRecipe):
        stimuli = stimuli_from(
            recipe.source, metadata=recipe.metadata, id_column=recipe.id_column, file_column=recipe.file_column
        )
        return package_stimuli(stimuli, recipe.identifier, folder, project=project)
    assembly = assembly_from(
        recipe.source,
        dims=recipe.dims,
        values=recipe.values,
        variable=recipe.variable,
        metadata=recipe.metadata,
        class_name=recipe.class_name,
    )
    if not _is_packaged(recipe.stimuli, folder):
        warn(
            f"{recipe.identifier!r} names the stimulus set {recipe.stimuli!r}, of which {folder} has no record, so ids "
            "are not compared; package the set there first, or correct the identifier"
        )
    assembly = _with_ids_as_in(folder / f"{store_name('stimulus_set', recipe.stimuli)}.csv", assembly)
    class_name = type(assembly).__name__
    return package_assembly(assembly, recipe.identifier, recipe.stimuli, class_name, folder, project=project)


def _with_ids_as_in(path: Path, assembly: DataAssembly) -> DataAssembly:
    """Ids as text where the stimulus set has text, and as its numbers: a file alone does not tell which they are."""
    if STIMULUS_ID not in assembly.coords or not _is_there(path):
        return assembly
    ids, known = pd.Series(assembly[STIMULUS_ID].values), read_table(path).get(STIMULUS_ID)
    if known is None or pd.api.types.is_numeric_dtype(ids) == pd.api.types.is_numeric_dtype(known):
        return assembly
    (dim,) = assembly[STIMULUS_ID].dims
    same = ids.map(str).astype(object) if pd.api.types.is_numeric_dtype(ids) else natural_ids(ids.astype(object))
    bare = assembly.reset_index(dim) if dim in assembly.indexes else assembly
    return type(assembly)(bare.assign_coords({STIMULUS_ID: (dim, same.to_numpy())}))


def _record(path: Path) -> Record | None:
    try:
        return read_record(path)
    except BrainpackError:
        return None


def _as_before(record: Record, before: Record | None, folder: Path) -> Record:
    """The earlier record, if nothing but the time has changed, so that the same files give the same folder."""
    if before is None or replace(record, created=before.created) != before:
        return record
    with whole_file(folder / before.name) as partial:
        partial.write_text(before.to_json(), encoding="utf-8", newline="\n")
    return before


def _problems(project: Project, into: Path) -> Iterator[str]:
    """What is known to be wrong before a file is read."""
    sets = {recipe.identifier for recipe in project.recipes if isinstance(recipe, StimuliRecipe)}
    for recipe in project.recipes:
        kind = "stimuli" if isinstance(recipe, StimuliRecipe) else "assembly"
        where = f'[{kind}."{recipe.identifier}"]'
        if not _is_there(recipe.source):
            yield f"from in {where} is {recipe.source}, where nothing is; correct the name"
        for path in filter(_is_missing_table, _tables(recipe)):
            yield f"metadata in {where} are {path}, where nothing is; correct the name"
        if isinstance(recipe, AssemblyRecipe):
            yield from _problems_of_assembly(recipe, where, sets, into)


def _problems_of_assembly(recipe: AssemblyRecipe, where: str, sets: set[str], into: Path) -> Iterator[str]:
    try:
        refuse_unknown(recipe.class_name, recipe.dims)
    except SettingsError as error:
        yield f"in {where} {error}"
    if not (recipe.stimuli in sets or _is_packaged(recipe.stimuli, into)):
        yield (
            f"stimuli in {where} is {recipe.stimuli!r}, which neither is in {NAME} nor packaged in {into}; "
            f'add [stimuli."{recipe.stimuli}"], or correct the identifier'
        )


def _is_packaged(identifier: str, into: Path) -> bool:
    return _is_there(into / record_name("stimulus_set", identifier))


def _tables(recipe: Recipe) -> list[Path]:
    if isinstance(recipe, AssemblyRecipe):
        return [*recipe.metadata.values()]
    return [] if recipe.metadata is None else [recipe.metadata]


def _is_missing_table(path: Path) -> bool:
    """Whether it is named like a table, and not one in a MATLAB file, and not there."""
    return path.suffix.lower() in TABLES and not _is_there(path)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
