"""One batch of work for both sides: what brainpack writes, and one process of the reference client."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import pytest
import xarray as xr

from brainpack import StimulusSet, packaging
from tests.interop import cases, checking
from tests.interop.reference_side import Facts, Parcel
from tests.interop.stimuli import STIMULI

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.interop.cases import Case
    from tests.interop.stimuli import StimulusCase

ADDED_TO: Final = ("neuroid-3d", "spike-times", "coordinate-text", "write-netcdf-uncompressed")
"""Cases to whose files the reference client and the netCDF library add something."""

ADDED: Final = xr.DataArray([1.5, 2.5], {"layer": ("event", ["deep", "日本"]), "rank": ("event", [1, 2])}, "event")

SCRIPT: Final = Path(__file__).with_name("reference_side.py")


def matrix(way: str, chosen: Sequence[Case | StimulusCase]) -> pytest.MarkDecorator:
    """Parametrise a test with cases; its ids are `writer->reader:case`."""
    return pytest.mark.parametrize("case", chosen, ids=[f"{way}:{case.name}" for case in chosen])


class Exchange:
    """Jobs for the reference client, and their results.

    What fails while the batch is made, here or there, is left to the test that asks for its result.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._outgoing = Parcel()
        self._plan: dict[str, tuple[str, dict[str, Any]]] = {}
        self._errors: dict[str, Exception] = {}

    def attempt(self, identifier: str, write: Callable[[Any], None], case: Any) -> None:
        try:
            write(case)
        except Exception as error:  # noqa: BLE001 - `result` raises it
            self._errors[identifier] = error

    def ask(self, name: str, identifier: str, job: str, /, **arguments: Any) -> None:
        self._plan[f"{name} {identifier}"] = (job, arguments)

    def pack(self, array: xr.DataArray, attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        """An array as argument of a job."""
        return checking.in_file(array, attrs).packed(self._outgoing)

    def pack_values(self, values: object) -> dict[str, Any]:
        return self._outgoing.pack(values)

    def run(self, run_reference: Callable[..., Any]) -> None:
        self._outgoing.write(self.folder / "plan", self._plan)
        run_reference(SCRIPT, self.folder)
        self._incoming, self._results = Parcel.read(self.folder / "result")

    def result(self, name: str, identifier: str) -> Any:
        if identifier in self._errors:
            raise self._errors[identifier]
        result = self._results[f"{name} {identifier}"]
        assert "error" not in result, result["error"]
        return result

    def facts(self, name: str, identifier: str) -> Facts:
        return Facts.unpacked(self.result(name, identifier), self._incoming)

    def unpack(self, packed: dict[str, Any]) -> Any:
        return self._incoming.unpack(packed)

    def unpack_attributes(self, packed: dict[str, Any]) -> dict[str, Any]:
        return {name: self._incoming.unpack_attribute(value) for name, value in packed.items()}

    def path(self, identifier: str) -> Path:
        return self.folder / f"assy_{identifier.replace('.', '_')}.nc"

    def stimuli(self, identifier: str) -> tuple[str, str, str]:
        """CSV, ZIP and identifier of a stimulus set."""
        stem = self.folder / f"stimulus_{identifier.replace('.', '_')}"
        return f"{stem}.csv", f"{stem}.zip", identifier

    def sources(self, case: StimulusCase) -> list[str]:
        """Make the files of a stimulus set."""
        folder = self.folder / "sources" / case.name
        folder.mkdir(parents=True)
        files = case.files(PurePosixPath(folder.as_posix()))
        for number, file in enumerate(files):
            Path(file).write_bytes(case.content(number))
        return files


class BrainpackWrites(Exchange):
    """Everything that brainpack wrote, and what the reference client and the netCDF library make of it."""

    def write_all(self) -> None:
        rules = ("BP-S021", "BP-S023", "BP-S026")
        waivers = "".join(f'waivers.{rule} = "any bytes are exchanged"\n' for rule in rules)
        (self.folder / "brainpack.toml").write_text(waivers, "utf-8")
        for stimuli in STIMULI:
            self.attempt(stimuli.identifier, self._write_stimuli, stimuli)
        for case in cases.CASES:
            self.attempt(case.identifier, self._write, case)

    def _write_stimuli(self, case: StimulusCase) -> None:
        stimuli = StimulusSet({name: [*values] for name, values in case.columns.items()})
        stimuli.stimulus_paths = dict(zip(case.ids, self.sources(case), strict=True))
        packaging.package_stimulus_set_locally(stimuli, case.identifier, self.folder)
        csv, archive, _ = self.stimuli(case.identifier)
        self.ask("load", case.identifier, "load_stimuli", csv=csv, archive=archive, identifier=case.identifier)

    def _write(self, case: Case) -> None:
        path = self.path(case.identifier)
        if case.how is None:
            stimuli = checking.stimuli_identifier(case)
            packaging.package_data_assembly_locally(
                case.array, case.identifier, stimuli, case.cls, self.folder, case.extras
            )
        else:
            if case.how.get("append"):
                packaging.write_netcdf(cases.grid(), path)
            packaging.write_netcdf(case.array, path, **case.how)
        self._ask(case, {"path": str(path), "cls": case.cls})

    def _ask(self, case: Case, loading: dict[str, str]) -> None:
        group = (case.how or {}).get("group")
        self.ask("plain", case.identifier, "load_assembly", **loading, loader="AssemblyLoader", group=group)
        if case.stimuli and case.how is None:
            stimuli = self.stimuli(checking.stimuli_identifier(case))
            self.ask("by class", case.identifier, "load_by_class", **loading, stimuli=stimuli)
        self.ask("netCDF4", case.identifier, "open_with_netcdf4", path=loading["path"])
        if case.name in ADDED_TO:
            for what in ("group", "variable"):  # two copies: that client leaves open what it has loaded
                shutil.copy(loading["path"], self.added_to(case, what))
            self._ask_to_add(case)

    def added_to(self, case: Case, what: str) -> Path:
        """A copy of the file of a case, to which others add."""
        return self.folder / f"{what} added to {case.name}.nc"

    def _ask_to_add(self, case: Case) -> None:
        group, variable = str(self.added_to(case, "group")), str(self.added_to(case, "variable"))
        self.ask(
            "add group", case.identifier, "write_assembly", path=group, array=self.pack(ADDED), cls="DataAssembly",
            extras={}, append=True, group="added",
        )  # fmt: skip
        self.ask("load with group", case.identifier, "load_assembly", path=group, cls=case.cls,
                 loader="GroupAppendAssemblyLoader")  # fmt: skip
        self.ask("add variable", case.identifier, "edit_with_netcdf4", path=variable)
