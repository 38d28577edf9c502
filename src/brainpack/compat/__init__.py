"""Import paths of brainscore_core, and of the packages before it, for scripts that were written for them.

::

    brainscore_core.supported_data_standards.brainio ┐
    brainio, brainio_base, brainio_collection        ┴──▶ brainpack.compat.brainio, and brainpack.packaging in it
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Final

from brainpack.errors import SettingsError

__all__ = ["install"]

_HOME: Final = "brainpack.compat.brainio"
_CORE: Final = "brainscore_core"
_VISION: Final = "brainscore_vision"
_BRAINIO: Final = f"{_CORE}.supported_data_standards.brainio"
_OLDER: Final = ("brainio", "brainio_base", "brainio_collection")
_SUBMODULES: Final = (
    "assemblies", "fetch", "knownfile", "packaging", "s3", "stimuli", "transform", "upload_validator",
)  # fmt: skip


class _Absent(MetaPathFinder):
    """Says of modules that are not offered why they are not, instead of that they do not exist."""

    def find_spec(self, fullname: str, *_: object) -> None:
        root = fullname.partition(".")[0]
        package = sys.modules.get(root)
        is_ours = package is sys.modules.get(_HOME) or (isinstance(package, _StandIn) and not package.__path__)
        if is_ours:  # under its own name, `from … import …` would put an error without reason in its place
            raise ModuleNotFoundError(_not_offered(fullname), name=root)


class _StandIn(ModuleType):
    """A package in which there is nothing but what brainpack offers."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(_not_offered(f"{self.__name__}.{name}"), name=name, obj=self)


def install(*, force: bool = False) -> None:
    """Let the import paths of brainscore_core and of its predecessors lead to brainpack, in this process.

    These are `brainscore_core.supported_data_standards.brainio` and its modules `packaging`, `assemblies`, `stimuli`,
    `s3`, `fetch`, `transform` and `upload_validator`, and the same under `brainio`, `brainio_base` and
    `brainio_collection`. `packaging` is `brainpack.packaging` itself, so that a script that replaces its
    `upload_to_s3` replaces the one that packaging calls. Other parts of brainscore_core, such as metrics, are not
    offered, and importing them says so. `import brainscore_vision`, which some scripts have without need, works; using
    it does not, as it needs those other parts. Calling this twice changes nothing.

    Parameters
    ----------
    force : bool
        Also where one of these packages is installed, which then cannot be reached in this process.

    Raises
    ------
    SettingsError
        One of these packages is installed, and `force` is not set.

    Examples
    --------
    At the top of a script or notebook::

        import brainpack.compat

        brainpack.compat.install()

        from brainscore_core.supported_data_standards.brainio.packaging import package_stimulus_set
    """
    installed = [name for name in (_CORE, *_OLDER) if _is_installed(name)]
    if installed and not force:
        raise SettingsError(
            f"{' and '.join(installed)} is installed here, and brainpack does not take its place unasked; run the "
            "script with it, or ask for brainpack: `brainpack run --force`, or brainpack.compat.install(force=True)"
        )
    brainio = import_module(_HOME)
    for name in installed:
        _forget(name)
    core, standards = _stand_in(_CORE), _stand_in(_BRAINIO.rpartition(".")[0])
    vars(core)["supported_data_standards"], vars(standards)["brainio"] = standards, brainio
    for name in (_BRAINIO, *_OLDER):
        sys.modules[name] = brainio
        for submodule in _SUBMODULES:
            sys.modules[f"{name}.{submodule}"] = getattr(brainio, submodule)
    if _VISION not in sys.modules:  # of one that is installed, what needs no brainscore_core can be imported
        vision = find_spec(_VISION)
        _stand_in(_VISION, vision.submodule_search_locations if vision else None)
    if not any(isinstance(finder, _Absent) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Absent())


def _is_installed(name: str) -> bool:
    """Whether a package is there that is not ours; a folder that only has its name is none."""
    loaded = sys.modules.get(name)
    if loaded is not None:
        return not isinstance(loaded, _StandIn) and loaded is not sys.modules.get(_HOME)
    spec = find_spec(name)
    return spec is not None and spec.origin is not None


def _forget(package: str) -> None:
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]


def _stand_in(name: str, path: list[str] | None = None) -> ModuleType:
    if isinstance(there := sys.modules.get(name), _StandIn):
        return there
    module = _StandIn(name, f"Stands for {name}, of which brainpack offers the BrainIO data standard.")
    module.__spec__ = ModuleSpec(name, None, is_package=True)
    module.__path__ = path or []
    sys.modules[name] = module
    return module


def _not_offered(name: str) -> str:
    return (
        f"{name} is not offered: brainpack stands in for the BrainIO data standard of brainscore_core only; run what "
        "needs more in an environment that has brainscore_core and brainscore_vision"
    )
