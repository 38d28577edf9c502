"""What the environment decides; the only module that reads it, but for what boto3 reads itself."""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from brainpack.errors import SettingsError

_MIB: Final = 1 << 20
_SMALLEST_PART: Final = 5  # MiB; S3 refuses smaller ones
_LARGEST_PART: Final = 5120
_SWITCHES: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@dataclass(frozen=True)
class Settings:
    """Settings of one call.

    Attributes
    ----------
    packages : Path
        Folder that local packaging writes to where the caller names none.
    home : Path
        `BRAINIO_HOME`, by default `~/.brainio`: what was fetched from S3, packages on their way there, and the
        journals of uploads.
    part_size : int
        `BRAINPACK_PART_SIZE` in MiB, by default 32; here in bytes. A larger file is uploaded in parts of that size.
    is_offline : bool
        `BRAINPACK_OFFLINE`: whether only what is in the cache or on a disk is loaded.
    chunks : object
        `BRAINIO_CHUNKS`, as Python writes it: how assemblies are opened lazily; None for in memory.
    """

    packages: Path
    home: Path
    part_size: int
    is_offline: bool = False
    chunks: Any = None

    @classmethod
    def from_environment(cls) -> Settings:
        """Read the environment now, so that a change after the import counts.

        Raises
        ------
        SettingsError
            A variable holds what cannot be.
        """
        return cls(
            packages=with_home("~/Downloads/brainscore_packages"),
            home=with_home(os.environ.get("BRAINIO_HOME") or "~/.brainio"),
            part_size=_mebibytes("BRAINPACK_PART_SIZE", default=32),
            is_offline=_switch("BRAINPACK_OFFLINE"),
            chunks=_literal("BRAINIO_CHUNKS"),
        )

    @property
    def journals(self) -> Path:
        """Folder of what is known of unfinished uploads."""
        return self.home / "journals"


def with_home(path: str | os.PathLike[str]) -> Path:
    """Write out the home folder of a path that begins with ``~``.

    Raises
    ------
    SettingsError
        There is no such user, or nobody knows where home is.

    Examples
    --------
    >>> with_home("data/~x").as_posix()
    'data/~x'
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise SettingsError(
            f"{os.fspath(path)} is nowhere: {error} Write it out, or set HOME or BRAINIO_HOME"
        ) from error


def _mebibytes(variable: str, default: int) -> int:
    text = os.environ.get(variable) or str(default)
    if not text.isdecimal() or len(text) > len(str(_LARGEST_PART)) or not _SMALLEST_PART <= int(text) <= _LARGEST_PART:
        raise SettingsError(f"{variable} is {text!r}; expected whole MiB from {_SMALLEST_PART} to {_LARGEST_PART}")
    return int(text) * _MIB


def _switch(variable: str) -> bool:
    text = os.environ.get(variable) or "0"
    if text.lower() not in _SWITCHES:
        raise SettingsError(f"{variable} is {text!r}; expected 1 or 0")
    return _SWITCHES[text.lower()]


def _literal(variable: str) -> Any:
    text = os.environ.get(variable) or "None"
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise SettingsError(
            f"{variable} is {text!r}; expected for instance {{'presentation': 1000}} or {{}}"
        ) from error
