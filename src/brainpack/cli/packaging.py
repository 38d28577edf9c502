"""The commands `package`, `package stimuli` and `package assembly`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from typer import Argument, Option

from brainpack.cli.command import Output
from brainpack.cli.exits import DONE
from brainpack.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brainpack.record.records import Record

_PACKAGES: Final = Path("packages")
_Identifier = Annotated[
    str,
    Option("--identifier", metavar="ID", help="Name of the data set: lab.Author2026.", show_default=False),
]
_Into = Annotated[Path, Option("--into", metavar="DIR", help="Folder of the packages, made if needed.")]


def package(
    project: Annotated[
        Path, Option("--project", metavar="DIR", help="Folder of the data, with their brainpack.toml.")
    ] = Path(),
    *,
    output: Output,
) -> int:
    """Make packages of files: of all that brainpack.toml describes, or of a single data set.

    Without a command, makes what the tables stimuli."ID" and assembly."ID" of brainpack.toml describe; their keys are
    the options of the commands. The same files give the same bytes.
    """
    from brainpack.building import build
    from brainpack.validation.project import NAME, Project

    into = Project.read(project / NAME).into or project
    return _packaged(build(project), into, output)


def stimuli(
    source: Annotated[
        Path,
        Argument(
            metavar="SOURCE",
            help="A folder of files; or a table (.csv, .tsv, .parquet) that names them.",
        ),
    ],
    identifier: _Identifier,
    metadata: Annotated[
        Path | None,
        Option(metavar="TABLE", help="More columns, joined by stimulus_id or filename.", show_default=False),
    ] = None,
    id_column: Annotated[
        str | None, Option("--id", metavar="COLUMN", help="Ids, if not in stimulus_id.", show_default=False)
    ] = None,
    file_column: Annotated[
        str | None, Option("--file", metavar="COLUMN", help="Names of files, if not in filename.", show_default=False)
    ] = None,
    into: _Into = _PACKAGES,
    *,
    output: Output,
) -> int:
    """Make a package of stimuli.

    Every image, video, sound or text of a folder is a stimulus, whose id is the name of its file without the suffix.
    Columns of tables become metadata.
    """
    from brainpack.building import package_one
    from brainpack.recipes import StimuliRecipe

    recipe = StimuliRecipe(identifier, source, metadata, id_column, file_column)
    return _packaged((package_one(each, into) for each in (recipe,)), into, output)


def assembly(
    source: Annotated[
        Path, Argument(metavar="SOURCE", help="netCDF, a table (.csv, .tsv, .parquet), .npy, or MATLAB (.mat).")
    ],
    identifier: _Identifier,
    stimuli: Annotated[
        str,
        Option(
            "--stimuli",
            metavar="ID",
            help="Identifier of the stimulus set, packaged before.",
            show_default=False,
        ),
    ],
    class_name: Annotated[
        str | None,
        Option(
            "--class",
            metavar="NAME",
            help="For instance BehavioralAssembly; by default what fits the dimensions.",
            show_default=False,
        ),
    ] = None,
    dims: Annotated[
        str | None,
        Option(metavar="DIMS", help="Of an array, in order of axes: presentation,neuroid."),
    ] = None,
    values: Annotated[
        str | None, Option(metavar="COLUMN", help="Of a table, what was measured.", show_default=False)
    ] = None,
    variable: Annotated[str | None, Option(metavar="NAME", help="Array in a MATLAB file.", show_default=False)] = None,
    metadata: Annotated[
        list[str] | None,
        Option(
            metavar="DIM=TABLE",
            help="What is known along a dimension: neuroid=neurons.csv.",
            show_default=False,
        ),
    ] = None,
    into: _Into = _PACKAGES,
    *,
    output: Output,
) -> int:
    """Make a package of measurements.

    A long table has a row for each value; a wide one a row for each presentation and a column for each neuroid.
    Repetitions are numbered, and cells that are missing become NaN, of which you are warned.
    """
    from brainpack.building import package_one
    from brainpack.recipes import AssemblyRecipe

    recipe = AssemblyRecipe(
        identifier,
        source,
        stimuli,
        class_name,
        None if dims is None else tuple(dim.strip() for dim in dims.split(",")),
        values,
        variable,
        _tables(metadata or ()),
    )
    return _packaged((package_one(each, into) for each in (recipe,)), into, output)


def _tables(options: Iterable[str]) -> dict[str, Path]:
    tables: dict[str, Path] = {}
    for dim, table in map(_dimension_and_table, options):
        if dim in tables:
            raise SettingsError(f"--metadata names two tables of {dim}: {tables[dim]} and {table}; join them into one")
        tables[dim] = table
    return tables


def _dimension_and_table(option: str) -> tuple[str, Path]:
    dim, sign, table = option.partition("=")
    if not (dim and sign and table):
        raise SettingsError(f"--metadata {option} does not say of what; expected for instance neuroid=neurons.csv")
    return dim.strip(), Path(table)


def _packaged(records: Iterable[Record], into: Path, output: Output) -> int:
    """Tell of each package as soon as it is there."""
    documents = []
    for record in records:
        output.say(into / record.name)
        for file in record.files:
            output.say(f"  {file.name}  {file.size:,} bytes  SHA-1 {file.sha1}")
        documents.append({"path": into / record.name, "record": record})
    output.answer(documents)
    return DONE
