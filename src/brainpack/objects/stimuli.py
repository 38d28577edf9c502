"""StimulusSet: a table of stimuli that knows the file of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = ["StimulusSet"]


class StimulusSet(pd.DataFrame):
    """A DataFrame with one row per stimulus and the file of every stimulus.

    Attributes
    ----------
    identifier : str or None
        Name of the set.
    stimulus_paths : dict
        ``stimulus_id`` to the local path of its file.

    Both survive selection, copying, sorting, merging, pickling and `pandas.concat`, which joins the
    `stimulus_paths` of its parts and keeps an `identifier` that they share.

    >>> stimuli = StimulusSet({"stimulus_id": ["a", "b"], "size": [1, 2]})
    >>> stimuli.stimulus_paths = {"a": "images/a.png", "b": "images/b.png"}
    >>> stimuli[stimuli["size"] > 1].get_stimulus("b")
    'images/b.png'
    """

    _metadata: ClassVar[list[str]] = ["identifier", "stimulus_paths"]

    identifier: str | None
    stimulus_paths: dict[Any, str | Path]

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)  # type: ignore[call-arg]  # the stubs have __new__ only
        self._describe([data] if isinstance(data, StimulusSet) else [])

    def _describe(self, parts: Iterable[StimulusSet]) -> None:
        """Take over the metadata of the sets that this one was made from."""
        parts = list(parts)
        identifiers = {part.identifier for part in parts}
        paths = {stimulus_id: path for part in parts for stimulus_id, path in part.stimulus_paths.items()}
        object.__setattr__(self, "identifier", identifiers.pop() if len(identifiers) == 1 else None)
        object.__setattr__(self, "stimulus_paths", paths)

    @property
    def _constructor(self) -> Callable[..., StimulusSet]:
        return StimulusSet

    def __finalize__(self, other: Any, method: str | None = None, **kwargs: Any) -> Self:
        """Let pandas carry the metadata over to what it makes of this set."""
        result: Self = super().__finalize__(other, method=method, **kwargs)  # type: ignore[misc]  # not in the stubs
        if isinstance(other, StimulusSet):
            if method == "copy":  # a copy may be given other paths
                self._describe([other])
            return result
        # what pandas.concat and merge were given; where it is kept differs between versions of pandas
        parts = getattr(other, "objs", None) or [getattr(other, "left", None), getattr(other, "right", None)]
        self._describe(part for part in parts if isinstance(part, StimulusSet))
        return result

    @property
    def image_paths(self) -> dict[Any, str | Path]:
        """`stimulus_paths` under its older name."""
        return self.stimulus_paths

    @image_paths.setter
    def image_paths(self, paths: dict[Any, str | Path]) -> None:
        self.stimulus_paths = paths

    def get_stimulus(self, stimulus_id: Any) -> str | Path:
        """Return the local path of a stimulus.

        Raises
        ------
        KeyError
            If the set knows no file for this id.
        """
        try:
            return self.stimulus_paths[stimulus_id]
        except KeyError:
            name = f"stimulus set {self.identifier!r}" if self.identifier else "this stimulus set"
            msg = (
                f"{name} has no file for stimulus_id {stimulus_id!r} among its {len(self.stimulus_paths)} "
                f"stimulus_paths; set stimulus_paths[{stimulus_id!r}]"
            )
            raise KeyError(msg) from None

    def get_image(self, image_id: Any) -> str | Path:
        """`get_stimulus` under its older name."""
        return self.get_stimulus(image_id)

    @classmethod
    def from_files(cls, csv_path: str | Path, dir_path: str | Path) -> StimulusSet:
        """Read a set from its CSV file and the folder with its stimuli.

        Raises
        ------
        brainpack.errors.InvalidData
            If the CSV file names stimuli that are not in the folder.
        """
        # reading is a layer above this one; only this constructor reaches up to it
        from brainpack.read.stimuli import read_stimulus_set

        return read_stimulus_set(csv_path, dir_path)
