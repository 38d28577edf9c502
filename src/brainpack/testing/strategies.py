"""Valid stimulus sets and assemblies of all kinds, as strategies for hypothesis.

What they make has no error under any rule of `brainpack.validation`. Code that takes stimulus sets or assemblies can be
tested with them: a packaging script, another reader of the format, a rule of one's own. They need
`hypothesis <https://hypothesis.readthedocs.io>`_, which brainpack itself does not; nothing else imports this module.

Examples
--------
A packaging script has to write a row for every stimulus, whatever the ids, columns and files are. That data are valid
does not mean that there is nothing to warn of:

>>> import tempfile, warnings
>>> from hypothesis import given, settings
>>> import pandas as pd
>>> from brainpack.packaging import package_stimulus_set_locally
>>> from brainpack.testing.strategies import StimuliInMemory, stimulus_sets
>>> @settings(max_examples=3, deadline=None)
... @given(stimulus_sets())
... def test_every_stimulus_has_a_row(stimuli: StimuliInMemory) -> None:
...     with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
...         warnings.simplefilter("ignore")
...         packaged = package_stimulus_set_locally(stimuli.on_disk(folder), "lab.Author2026", folder)
...         assert len(pd.read_csv(packaged["csv_path"])) == len(stimuli.table)
>>> test_every_stimulus_has_a_row()
"""

from __future__ import annotations

import io
import unicodedata
import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from PIL import Image

from brainpack.layout import PRESENTATION, STIMULUS_ID
from brainpack.objects.assemblies import CLASSES, assembly_class
from brainpack.objects.stimuli import StimulusSet

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from hypothesis.strategies import DrawFn, SearchStrategy

    from brainpack.objects.assemblies import DataAssembly

__all__ = ["SUFFIXES", "FileInMemory", "StimuliInMemory", "assemblies", "pairs", "stimulus_sets", "stimulus_tables"]

SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".txt", ".wav")

_MOST_STIMULI: Final = 6
_LONGEST_SIDE: Final = 4  # of an array or an image
_TIME_BIN: Final = 10  # ms
_WORDS: Final = st.text(st.characters(codec="utf-8", categories=["L"]), min_size=1, max_size=8).map("stim_{}".format)
_NAMES: Final = st.text("abcdefgh_0123456789", min_size=1, max_size=8)
_CELLS: Final[dict[str, SearchStrategy[Any]]] = {
    "text": st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=5),
    "integer": st.integers(-(2**40), 2**40),
    "floating": st.floats(width=32),
    "boolean": st.booleans(),
}
_COLUMNS: Final = st.dictionaries(_NAMES.map("s_{}".format), st.sampled_from([*_CELLS]), max_size=4)
_COORDINATES: Final = st.dictionaries(
    _NAMES.map("a_{}".format), st.tuples(st.integers(0, 2), st.sampled_from([*_CELLS])), max_size=4
)
_ATTRIBUTES: Final = st.dictionaries(_NAMES.map("a_{}".format), st.one_of(*_CELLS.values(), st.none()), max_size=3)
_NEUROIDS: Final = ("presentation", "neuroid")
_DIMENSIONS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "DataAssembly": (("presentation",), _NEUROIDS, ("presentation", "site", "frequency")),
    "BehavioralAssembly": (("presentation",), ("presentation", "choice")),
    "PropertyAssembly": (("neuroid",), ("neuroid", "property"), ("roi",)),
    "MetadataAssembly": (("event",),),
    "SpikeTimesAssembly": (("event",),),
}
_DIMENSIONS_OF_NEUROIDS: Final = (_NEUROIDS, (*_NEUROIDS, "time_bin"))
_CLASS_NAMES: Final = st.sampled_from([*CLASSES])
_DTYPES: Final = st.sampled_from(("f4", "f8", "i2", "u8", "?", ">i4", "M8[ns]", "U3"))
_SEEDS: Final = st.integers(0, 2**16)


class FileInMemory(NamedTuple):
    """A file that is to be written.

    Attributes
    ----------
    suffix : str
        With its dot: ".png".
    content : bytes
    """

    suffix: str
    content: bytes


@dataclass(frozen=True)
class StimuliInMemory:
    """A stimulus set whose files are not on a disk yet, so that it can be drawn, shown and shrunk.

    Attributes
    ----------
    table : DataFrame
        One row per stimulus, with a column `stimulus_id`.
    files : mapping of stimulus id to FileInMemory
    """

    table: pd.DataFrame
    files: Mapping[Any, FileInMemory]

    def on_disk(self, folder: str | os.PathLike[str]) -> StimulusSet:
        """Write the files into a folder, and return the set that names them.

        Parameters
        ----------
        folder : path
            Made if needed. hypothesis runs a test many times in the same `tmp_path`; files of the example before are
            overwritten.

        Returns
        -------
        StimulusSet
            With a table of its own, which may be changed.

        Examples
        --------
        >>> import tempfile
        >>> stimuli = StimuliInMemory(pd.DataFrame({"stimulus_id": ["word"]}), {"word": FileInMemory(".txt", b"cat")})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     stimuli.on_disk(folder).get_stimulus("word").read_text()
        'cat'
        """
        home = Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        stimuli = StimulusSet(self.table.copy())
        stimuli.stimulus_paths = {
            stimulus_id: home / f"source_{number}{file.suffix}"
            for number, (stimulus_id, file) in enumerate(self.files.items())
        }
        for stimulus_id, file in self.files.items():
            Path(stimuli.stimulus_paths[stimulus_id]).write_bytes(file.content)
        return stimuli


@st.composite
def stimulus_tables(draw: DrawFn, *, min_size: int = 1) -> pd.DataFrame:
    """Tables of stimuli without files.

    Parameters
    ----------
    min_size : int
        Up to 6.

    Returns
    -------
    SearchStrategy of DataFrame
        `min_size` to 6 rows, with ids that are integers or words, and up to 4 columns of text, numbers and true or
        false.
    """
    ids = draw(_ids(min_size))
    columns = {name: _column(draw, kind, len(ids)) for name, kind in draw(_COLUMNS).items()}
    return pd.DataFrame({STIMULUS_ID: ids} | columns)


@st.composite
def stimulus_sets(draw: DrawFn, *, suffixes: Sequence[str] = SUFFIXES, min_size: int = 1) -> StimuliInMemory:
    """Stimulus sets with images, sounds or texts.

    Parameters
    ----------
    suffixes : sequence of str
        Some of SUFFIXES.
    min_size : int
        How many stimuli there are at least, up to 6.

    Returns
    -------
    SearchStrategy of StimuliInMemory
        The files of a set are real, of one format, and differ in content. `on_disk` writes them.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=3, deadline=None)
    ... @given(stimulus_sets(suffixes=[".png", ".jpg"], min_size=2))
    ... def test_all_files_are_images_of_one_format(stimuli: StimuliInMemory) -> None:
    ...     assert {suffix for suffix, _ in stimuli.files.values()} in ({".png"}, {".jpg"})
    >>> test_all_files_are_images_of_one_format()
    """
    table = draw(stimulus_tables(min_size=min_size))
    suffix, make = draw(st.sampled_from([pair for pair in _FORMATS if pair[0] in suffixes]))
    side = draw(_sizes(1))
    files = {stimulus_id: FileInMemory(suffix, make(side, number))
             for number, stimulus_id in enumerate(table[STIMULUS_ID])}  # fmt: skip
    return StimuliInMemory(table, files)


@st.composite
def assemblies(
    draw: DrawFn,
    class_name: str | None = None,
    *,
    stimulus_ids: Sequence[Any] = tuple(range(_MOST_STIMULI)),
    min_size: int = 1,
) -> DataAssembly:
    """Assemblies, with coordinates and attributes of all kinds.

    Parameters
    ----------
    class_name : str, optional
        Such as "NeuroidAssembly"; by default each class may come.
    stimulus_ids : sequence
        What presentations may be of.
    min_size : int
        How long each dimension is at least, up to 4.

    Returns
    -------
    SearchStrategy of DataAssembly
        Instances of the class, with `min_size` to 4 entries along each dimension. Presentations have `stimulus_id` and
        `repetition`, neuroids `neuroid_id`, `region` and `animal`, time bins their start and end in ms.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=3, deadline=None)
    ... @given(assemblies("NeuroidAssembly"))
    ... def test_every_neuroid_has_a_region(assembly: DataAssembly) -> None:
    ...     assert assembly["region"].dims == ("neuroid",)
    >>> test_every_neuroid_has_a_region()
    """
    return _assembly(draw, class_name, pd.DataFrame(index=pd.Index(stimulus_ids)), min_size)


@st.composite
def pairs(
    draw: DrawFn, class_name: str | None = None, *, suffixes: Sequence[str] = SUFFIXES, min_size: int = 1
) -> tuple[StimuliInMemory, DataAssembly]:
    """Stimulus sets, each with an assembly whose presentations are of its stimuli.

    Parameters
    ----------
    class_name, suffixes, min_size
        As for `assemblies` and `stimulus_sets`.

    Returns
    -------
    SearchStrategy of tuple
        (StimuliInMemory, DataAssembly). Some pairs share a column, which agrees.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=3, deadline=None)
    ... @given(pairs("BehavioralAssembly"))
    ... def test_every_presentation_is_of_a_stimulus(pair: tuple[StimuliInMemory, DataAssembly]) -> None:
    ...     stimuli, assembly = pair
    ...     assert set(assembly["stimulus_id"].values) <= set(stimuli.files)
    >>> test_every_presentation_is_of_a_stimulus()
    """
    stimuli = draw(stimulus_sets(suffixes=suffixes, min_size=min_size))
    shared = [*stimuli.table.columns[1:2]] if draw(st.booleans()) else []
    return stimuli, _assembly(draw, class_name, stimuli.table.set_index(STIMULUS_ID)[shared], min_size)


def _assembly(draw: DrawFn, class_name: str | None, shown: pd.DataFrame, min_size: int) -> DataAssembly:
    """An assembly whose presentations are of stimuli by their ids, with columns that go onto them."""
    name = draw(_CLASS_NAMES) if class_name is None else class_name
    dims = draw(st.sampled_from(_DIMENSIONS.get(name, _DIMENSIONS_OF_NEUROIDS)))
    sizes = [draw(_sizes(min_size)) for _ in dims]
    coords: dict[str, Any] = {}
    for other, (number, kind) in draw(_COORDINATES).items():
        place = number % len(dims)
        coords[other] = (dims[place], _column(draw, kind, sizes[place]))
    for dim, size in zip(dims, sizes, strict=True):
        coords |= _presentations(draw, size, shown) if dim == PRESENTATION else _coordinates(draw, dim, size)
    return assembly_class(name)(_values(draw, sizes), coords, dims, attrs=draw(_ATTRIBUTES))


@cache
def _ids(min_size: int) -> SearchStrategy[list[Any]]:
    """Integers, or words that no file system takes for one another."""
    return st.one_of(
        st.lists(st.integers(0, 10**12), min_size=min_size, max_size=_MOST_STIMULI, unique=True),
        st.lists(
            _WORDS,
            min_size=min_size,
            max_size=_MOST_STIMULI,
            unique_by=lambda word: unicodedata.normalize("NFC", word).casefold(),
        ),
    )


@cache
def _sizes(min_size: int) -> SearchStrategy[int]:
    return st.integers(min_size, _LONGEST_SIDE)


def _column(draw: DrawFn, kind: str, count: int) -> Any:
    return np.array(draw(_cells(kind, count)), dtype=object if kind == "text" else None)


@cache
def _cells(kind: str, count: int) -> SearchStrategy[list[Any]]:
    return st.lists(_CELLS[kind], min_size=count, max_size=count)


def _presentations(draw: DrawFn, size: int, shown: pd.DataFrame) -> dict[str, Any]:
    rows = [draw(st.integers(0, len(shown) - 1)) for _ in range(size)]
    columns = {str(name): (PRESENTATION, column.to_numpy()[rows]) for name, column in shown.items()}
    return {
        STIMULUS_ID: (PRESENTATION, shown.index.to_numpy()[rows]),
        "repetition": (PRESENTATION, [rows[:place].count(row) for place, row in enumerate(rows)]),
        **columns,
    }


def _coordinates(draw: DrawFn, dim: str, size: int) -> dict[str, Any]:
    """What rules ask for along a dimension."""
    match dim:
        case "neuroid":
            ids: Any = np.arange(size) if draw(st.booleans()) else [f"site {number}" for number in range(size)]
            return {"neuroid_id": (dim, ids), "region": (dim, ["V4"] * size), "animal": (dim, ["M1"] * size)}
        case "time_bin":
            starts = np.arange(size) * _TIME_BIN
            return {"time_bin_start": (dim, starts), "time_bin_end": (dim, starts + _TIME_BIN)}
        case "event":
            return {"neuroid_id": (dim, np.arange(size) // 2), "onset": (dim, np.linspace(0, 1, size))}
    return {dim: (dim, [f"{dim} {number}" for number in range(size)])}


def _values(draw: DrawFn, shape: Sequence[int]) -> Any:
    """Values that differ, of one dtype; in some arrays of floats one is missing."""
    dtype = np.dtype(draw(_DTYPES))
    chance = np.random.default_rng(draw(_SEEDS))
    if dtype.kind == "f":
        values = chance.normal(10, 3, shape).astype(dtype)
        if min(shape) > 1 and draw(st.booleans()):
            values.flat[0] = np.nan
        return values
    return chance.integers(0, 100, shape).astype("i8" if dtype.kind == "M" else "i2").astype(dtype)


@cache
def _image(file_format: str, mode: str, side: int, number: int) -> bytes:
    channels = len(Image.new(mode, (1, 1)).getbands())
    values = np.full((side, side, channels), 255 - 16 * number, dtype=np.uint8)
    values[..., 0] = 16 * number  # so far from those of another number that no compression makes them equal
    file = io.BytesIO()
    Image.frombytes(mode, (side, side), values.tobytes()).save(file, file_format)
    return file.getvalue()


def _image_maker(file_format: str, mode: str) -> Callable[[int, int], bytes]:
    return lambda side, number: _image(file_format, mode, side, number)


def _text(side: int, number: int) -> bytes:
    return f"{'größer ' * side}{number}\n".encode()


def _sound(side: int, number: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(np.full(8 * side, 1000 + number, dtype="<i2").tobytes())
    return file.getvalue()


_FORMATS: Final[tuple[tuple[str, Callable[[int, int], bytes]], ...]] = (
    *((".png", _image_maker("PNG", mode)) for mode in ("L", "LA", "RGB", "RGBA")),
    *((suffix, _image_maker("JPEG", mode)) for suffix, mode in ((".jpg", "L"), (".jpeg", "RGB"))),
    (".txt", _text),
    (".wav", _sound),
)
