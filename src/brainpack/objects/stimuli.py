"""StimulusSet: a table of stimuli that knows the file of each."""

from __future__ import annotations

from collections.abc import MutableMapping
from functools import reduce
from operator import ior
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, Self

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["Files", "StimulusPaths", "StimulusSet"]


class Files(Protocol):
    """Where files are, or how they get there; picklable, and asked by several threads at once."""

    def path(self, name: str) -> Path:
        """Return the local path of a file, once the file is there."""
        ...


class _Elsewhere(NamedTuple):
    """A name, or a path if there are no files that know it."""

    name: Any
    files: Files | None


class StimulusPaths(MutableMapping[Any, "str | Path"]):
    """The local file of each stimulus, made out when it is asked for.

    A loaded set has one in place of the dictionary from `stimulus_id` to path, and it is used like one, in the order
    of the rows. Asking for a path lets the file be fetched or checked, where the set was loaded so; the ids, `in`,
    `len`, copying and joining with `|` leave the files alone. A copy shares the names with the original until one of
    the two is written to.

    Parameters
    ----------
    ids : iterable
        Distinct ids.
    names : iterable of str
        Of the file of each, as `files` knows it.
    files : Files, optional
        Without it, the names are the paths.

    Examples
    --------
    >>> class Folder:
    ...     def path(self, name):
    ...         return f"images/{name}"
    >>> paths = StimulusPaths(["a", "b"], ["a.png", "b.png"], Folder())
    >>> paths
    StimulusPaths of 2 stimuli
    >>> paths["a"]
    'images/a.png'
    """

    __slots__ = ("_files", "_is_shared", "_sources")

    def __init__(self, ids: Iterable[Any] = (), names: Iterable[str | Path] = (), files: Files | None = None) -> None:
        self._files = files
        # a name that `files` knows, or with what it belongs to: those that were set later, or are of another set
        self._sources: dict[Any, Any] = dict(zip(ids, names, strict=True))
        self._is_shared = False

    def __getitem__(self, stimulus_id: Any) -> str | Path:
        source = self._sources[stimulus_id]
        name, files = source if isinstance(source, _Elsewhere) else (source, self._files)
        path: str | Path = name if files is None else files.path(name)
        return path

    def __contains__(self, stimulus_id: object) -> bool:
        return stimulus_id in self._sources

    def __iter__(self) -> Iterator[Any]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)

    def __setitem__(self, stimulus_id: Any, path: str | Path) -> None:
        self._own()[stimulus_id] = _Elsewhere(path, None)

    def __delitem__(self, stimulus_id: Any) -> None:
        del self._own()[stimulus_id]

    def clear(self) -> None:
        self._own().clear()

    def _own(self) -> dict[Any, Any]:
        """Stop sharing with copies, because something is about to be written."""
        if self._is_shared:
            self._sources, self._is_shared = self._sources.copy(), False
        return self._sources

    def _anywhere(self) -> dict[Any, _Elsewhere]:
        """What others can make use of, whose files are not these."""
        return {
            stimulus_id: source if isinstance(source, _Elsewhere) else _Elsewhere(source, self._files)
            for stimulus_id, source in self._sources.items()
        }

    def copy(self) -> StimulusPaths:
        """Return one that may be changed without changing this one."""
        copied = StimulusPaths(files=self._files)
        copied._sources = self._sources
        copied._is_shared = self._is_shared = True
        return copied

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> StimulusPaths:
        return self.copy()  # paths and names do not change

    def __ior__(self, other: Mapping[Any, str | Path]) -> Self:
        if isinstance(other, StimulusPaths):
            self._own().update(other._anywhere())
        else:
            self.update(other)
        return self

    def __or__(self, other: Mapping[Any, str | Path]) -> StimulusPaths:
        joined = self.copy()
        joined |= other
        return joined

    def __ror__(self, other: Mapping[Any, str | Path]) -> StimulusPaths:
        return StimulusPaths() | other | self

    def __eq__(self, other: object) -> bool:
        if isinstance(other, StimulusPaths) and self._files == other._files and self._sources == other._sources:
            return True
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]  # like a dictionary

    def __repr__(self) -> str:
        return f"StimulusPaths of {len(self)} stimuli"


def _independent(parts: list[MutableMapping[Any, str | Path]]) -> MutableMapping[Any, str | Path]:
    """Join the paths of several sets; what becomes of the result does not change them."""
    if len(parts) == 1 and isinstance(only := parts[0], StimulusPaths):
        return only.copy()
    if any(isinstance(part, StimulusPaths) for part in parts):
        return reduce(ior, parts, StimulusPaths())
    return {stimulus_id: path for part in parts for stimulus_id, path in part.items()}


class StimulusSet(pd.DataFrame):
    """A DataFrame with one row per stimulus and the file of every stimulus.

    Identifier and paths survive selection, copying, sorting, merging, pickling and `pandas.concat`, which joins the
    `stimulus_paths` of its parts and keeps an `identifier` that they share.

    Attributes
    ----------
    identifier : str or None
        Name of the set.
    stimulus_paths : dict or StimulusPaths
        ``stimulus_id`` to the local path of its file.

    Examples
    --------
    >>> stimuli = StimulusSet({"stimulus_id": ["a", "b"], "size": [1, 2]})
    >>> stimuli.stimulus_paths = {"a": "images/a.png", "b": "images/b.png"}
    >>> stimuli[stimuli["size"] > 1].get_stimulus("b")
    'images/b.png'
    """

    _metadata: ClassVar[list[str]] = ["identifier", "stimulus_paths"]

    identifier: str | None
    stimulus_paths: MutableMapping[Any, str | Path]

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)  # type: ignore[call-arg]  # the stubs have __new__ only
        self._describe([data] if isinstance(data, StimulusSet) else [])

    def _describe(self, parts: Iterable[StimulusSet]) -> None:
        """Take over the metadata of the sets that this one was made from."""
        parts = list(parts)
        identifiers = {part.identifier for part in parts}
        object.__setattr__(self, "identifier", identifiers.pop() if len(identifiers) == 1 else None)
        object.__setattr__(self, "stimulus_paths", _independent([part.stimulus_paths for part in parts]))

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
    def image_paths(self) -> MutableMapping[Any, str | Path]:
        """`stimulus_paths` under its older name."""
        return self.stimulus_paths

    @image_paths.setter
    def image_paths(self, paths: MutableMapping[Any, str | Path]) -> None:
        self.stimulus_paths = paths

    def get_stimulus(self, stimulus_id: Any) -> str | Path:
        """Return the local path of a stimulus.

        Where the set was loaded from a ZIP, the file is fetched if it is still in there, or repaired if it has changed
        since it was unpacked.

        Raises
        ------
        KeyError
            If the set knows no file for this id.
        brainpack.errors.NotFound, brainpack.errors.IntegrityError, brainpack.errors.StoreError
            If the file cannot be got out of the ZIP: it is not in there, it is damaged, or a disk or store fails.
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
