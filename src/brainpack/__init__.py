"""Recordings and their stimuli to validated, byte-reproducible packages in the BrainIO format, and back.

::

    object ──validate──▶ Report ──write──▶ files and digests ──record──▶ Record ──store──▶ published Record
    object ◀──read── verified files ◀──cache── store, or the folder of the record

Names load when they are first used: importing brainpack is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brainpack.comparing.packages import content_hash as content_hash
    from brainpack.comparing.packages import diff as diff
    from brainpack.errors import AccessDenied as AccessDenied
    from brainpack.errors import AlreadyPublished as AlreadyPublished
    from brainpack.errors import BrainpackError as BrainpackError
    from brainpack.errors import CheckFailed as CheckFailed
    from brainpack.errors import IntegrityError as IntegrityError
    from brainpack.errors import InvalidData as InvalidData
    from brainpack.errors import NotFound as NotFound
    from brainpack.errors import SettingsError as SettingsError
    from brainpack.errors import StoreError as StoreError
    from brainpack.errors import Unavailable as Unavailable
    from brainpack.intake.assemblies import assembly_from as assembly_from
    from brainpack.intake.stimuli import stimuli_from as stimuli_from
    from brainpack.loading import load as load
    from brainpack.loading import load_assembly_from_file as load_assembly_from_file
    from brainpack.loading import load_assembly_from_s3 as load_assembly_from_s3
    from brainpack.loading import load_stimulus_set_from_files as load_stimulus_set_from_files
    from brainpack.loading import load_stimulus_set_from_s3 as load_stimulus_set_from_s3
    from brainpack.objects.assemblies import BehavioralAssembly as BehavioralAssembly
    from brainpack.objects.assemblies import DataAssembly as DataAssembly
    from brainpack.objects.assemblies import MetadataAssembly as MetadataAssembly
    from brainpack.objects.assemblies import ModelFeaturesAssembly as ModelFeaturesAssembly
    from brainpack.objects.assemblies import NeuroidAssembly as NeuroidAssembly
    from brainpack.objects.assemblies import NeuronRecordingAssembly as NeuronRecordingAssembly
    from brainpack.objects.assemblies import PropertyAssembly as PropertyAssembly
    from brainpack.objects.assemblies import SpikeTimesAssembly as SpikeTimesAssembly
    from brainpack.objects.indexes import gather_indexes as gather_indexes
    from brainpack.objects.indexes import get_levels as get_levels
    from brainpack.objects.indexes import get_metadata as get_metadata
    from brainpack.objects.indexes import walk_coords as walk_coords
    from brainpack.objects.stimuli import StimulusSet as StimulusSet
    from brainpack.objects.transform import index_efficient as index_efficient
    from brainpack.objects.transform import merge_data_arrays as merge_data_arrays
    from brainpack.objects.transform import subset as subset
    from brainpack.picturing.report import write_report as write_report
    from brainpack.planning import Plan as Plan
    from brainpack.plugin.writing import write_plugin as write_plugin
    from brainpack.progress import Progress as Progress
    from brainpack.publishing import plan as plan
    from brainpack.publishing import publish as publish
    from brainpack.record.records import Record as Record
    from brainpack.validating.reports import validate as validate
    from brainpack.validation.report import Report as Report
    from brainpack.verifying import verify as verify

__version__ = "0.1.0"

_HOMES = {
    "comparing.packages": "content_hash diff",
    "errors": "AccessDenied AlreadyPublished BrainpackError CheckFailed IntegrityError InvalidData NotFound "
    "SettingsError StoreError Unavailable",
    "intake.assemblies": "assembly_from",
    "intake.stimuli": "stimuli_from",
    "loading": "load load_assembly_from_file load_assembly_from_s3 load_stimulus_set_from_files "
    "load_stimulus_set_from_s3",
    "objects.assemblies": "BehavioralAssembly DataAssembly MetadataAssembly ModelFeaturesAssembly NeuroidAssembly "
    "NeuronRecordingAssembly PropertyAssembly SpikeTimesAssembly",
    "objects.indexes": "gather_indexes get_levels get_metadata walk_coords",
    "objects.stimuli": "StimulusSet",
    "objects.transform": "index_efficient merge_data_arrays subset",
    "picturing.report": "write_report",
    "planning": "Plan",
    "plugin.writing": "write_plugin",
    "progress": "Progress",
    "publishing": "plan publish",
    "record.records": "Record",
    "validating.reports": "validate",
    "validation.report": "Report",
    "verifying": "verify",
}
_HOME_OF = {name: f"brainpack.{module}" for module, names in _HOMES.items() for name in names.split()}

__all__ = ["__version__", *sorted(_HOME_OF)]  # noqa: PLE0604 the names are text


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"brainpack has no {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
