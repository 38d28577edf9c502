"""Rules about what is in the files of stimuli."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from brainpack.media.facts import ACCEPTED_CHANNELS
from brainpack.media.formats import is_misnamed, suffix_of
from brainpack.validation.findings import EXAMPLES, Problem, Severity, Words, shown
from brainpack.validation.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from brainpack.media.facts import Facts

_WHERE: Final = "stimulus files"
_PLURALS: Final = {"image": "images", "video": "videos", "audio": "sounds", "text": "texts", "other": "other files"}
_SINGULARS: Final = {"image": "image", "video": "video", "audio": "sound", "text": "text", "other": "other file"}
_MOST_NAMED: Final = 4  # formats or modes
_WAIVER: Final = "a project may waive the rule if they were shown like this"


@dataclass(frozen=True)
class MediaFiles:
    """What the files of a stimulus set hold.

    Attributes
    ----------
    names : sequence of str
        Their names in the ZIP or in the folder, in row order.
    stimulus_ids : sequence
    facts : sequence of Facts
    """

    names: Sequence[str]
    stimulus_ids: Sequence[object]
    facts: Sequence[Facts]

    @classmethod
    def of(cls, stimuli: Iterable[tuple[str, object]], facts: Iterable[Facts]) -> MediaFiles:
        """Files by name and stimulus id, as far as they could be read: of the others there is another rule."""
        read = [(*stimulus, fact) for stimulus, fact in zip(stimuli, facts, strict=True) if fact.size is not None]
        return cls(*zip(*read, strict=True)) if read else cls((), (), ())

    @cached_property
    def table(self) -> pd.DataFrame:
        """The facts as columns, in row order, with `name` and `suffix`."""
        names = pd.Series(self.names, dtype=object)
        columns = {
            "name": names,
            "suffix": names.map(suffix_of).astype("category"),
            "kind": self._column("kind").astype("category"),
            "format": self._column("format").astype("category"),
            "mode": self._column("mode").astype("category"),
            "size": self._numbers("size"),
            "width": self._numbers("width"),
            "height": self._numbers("height"),
            "duration": self._numbers("duration"),
            "frame_rate": self._numbers("frame_rate"),
            "damage": self._column("damage"),
            "private": self._column("private"),
            "is_looked_into": self._column("is_looked_into").astype(bool),
            "sha256": self._column("sha256"),
        }
        return pd.DataFrame(columns)

    def of_kind(self, *kinds: str) -> pd.DataFrame:
        """The rows of files of these kinds."""
        return self.table[self.table["kind"].isin(kinds)]

    def _column(self, name: str) -> pd.Series[Any]:
        return pd.Series([*map(attrgetter(name), self.facts)], dtype=object)

    def _numbers(self, name: str) -> pd.Series[Any]:
        return self._column(name).astype("float64")


@rule("BP-S020", MediaFiles, Severity.WARNING, in_experiments=Severity.ERROR)
def files_are_of_one_kind(media: MediaFiles) -> Iterator[Problem]:
    """The files of a stimulus set are of one kind: images, videos, sounds or texts."""
    kinds = media.table["kind"]
    counts = _counted(kinds)
    if len(counts) > 1:
        others = media.table["name"][kinds != counts.index[0]]
        yield Problem(
            _WHERE,
            "files of one kind",
            " and ".join(f"{_amount(count)} {_noun(kind, count)}" for kind, count in counts.items()),
            "Make a stimulus set of each kind, or leave out what is no stimulus",
            others.head(EXAMPLES).tolist(),
            len(others),
        )


@rule("BP-S021", MediaFiles, is_waivable=True)
def files_are_not_empty(media: MediaFiles) -> Iterator[Problem]:
    """Every file has at least one byte."""
    empty = media.table["name"][media.table["size"] == 0]
    if len(empty):
        names = empty.head(EXAMPLES).tolist()
        yield Problem(
            _WHERE, "files with content", "empty files", f"Get these files again; {_WAIVER}", names, len(empty)
        )


@rule("BP-S022", MediaFiles, Severity.WARNING)
def suffixes_agree_with_contents(media: MediaFiles) -> Iterator[Problem]:
    """A file is of the format that the suffix of its name says."""
    known = media.table[media.table["format"].notna()]
    pairs = known[["suffix", "format"]].drop_duplicates()
    wrong = np.array([is_misnamed(*pair) for pair in zip(pairs["format"], pairs["suffix"], strict=True)], dtype=bool)
    misnamed = known.merge(pairs[wrong], on=["suffix", "format"])
    if len(misnamed):
        yield Problem(
            _WHERE,
            "suffixes that agree with what is in the files",
            "other formats",
            "Rename the files, or convert them",
            _examples(misnamed["name"], "is", misnamed["format"]),
            len(misnamed),
        )


@rule("BP-S023", MediaFiles, is_waivable=True)
def images_decode_whole(media: MediaFiles) -> Iterator[Problem]:
    """Every image can be decoded to its last pixel."""
    advice = f"Get these images again, or convert them; {_WAIVER}"
    yield from _damaged(media, ("image",), "images that can be decoded", advice)


@rule("BP-S024", MediaFiles, Severity.WARNING)
def images_have_one_mode(media: MediaFiles) -> Iterator[Problem]:
    """All images have the same mode, and so as many channels."""
    images = media.of_kind("image")
    modes = _counted(images["mode"])
    if len(modes) > 1:
        others = images[images["mode"].notna() & (images["mode"] != modes.index[0])]
        yield Problem(
            _WHERE,
            "images of one mode",
            " and ".join(f"{_amount(count)} of mode {mode}" for mode, count in modes.items()),
            "Convert them to one mode if the difference was not shown on purpose",
            _examples(others["name"], "is", others["mode"]),
            len(others),
        )


@rule("BP-S025", MediaFiles, Severity.NOTE)
def media_are_as_shown(media: MediaFiles) -> Iterator[Problem]:
    """The media are what was shown: their number, formats, sizes, durations and frame rates are reported."""
    for kind, count in _counted(media.table["kind"]).items():
        yield Problem(
            _WHERE,
            "what was shown in the experiment",
            _summary(str(kind), count, media.of_kind(str(kind))),
            "Compare it with the experiment",
            count=count,
        )


@rule("BP-S026", MediaFiles, is_waivable=True)
def streams_open(media: MediaFiles) -> Iterator[Problem]:
    """Every video and every sound can be opened, and its first frame decoded."""
    advice = f"Get these files again, or convert them; {_WAIVER}"
    yield from _damaged(media, ("video", "audio"), "videos and sounds that can be opened", advice)


@rule("BP-S027", MediaFiles, Severity.NOTE)
def streams_were_looked_into(media: MediaFiles) -> Iterator[Problem]:
    """Images, videos and sounds were looked into."""
    unseen = media.table["name"][~media.table["is_looked_into"]]
    if len(unseen):
        yield Problem(
            _WHERE,
            "images, videos and sounds that were looked into",
            "nothing installed that opens them",
            "Install PyAV for videos and sounds: pip install 'brainpack[media]'; and for images a newer Pillow",
            unseen.head(EXAMPLES).tolist(),
            len(unseen),
        )


@rule("BP-S028", MediaFiles, Severity.WARNING, when_published=Severity.ERROR)
def texts_are_utf8(media: MediaFiles) -> Iterator[Problem]:
    """Texts are UTF-8."""
    yield from _damaged(media, ("text",), "texts in UTF-8", "Save the texts as UTF-8")


@rule("BP-S029", MediaFiles, Severity.WARNING)
def files_differ(media: MediaFiles) -> Iterator[Problem]:
    """No two stimuli have the same bytes."""
    content = media.table["sha256"][media.table["size"] > 0]
    equal = content[content.duplicated(keep=False)]
    ids = pd.Series([*media.stimulus_ids], dtype=object)[equal.index].map(shown)
    pairs = pd.DataFrame({"content": equal, "id": ids}).drop_duplicates()
    pairs = pairs[pairs["content"].duplicated(keep=False)]
    if len(pairs):
        groups = pairs.groupby("content", sort=False)["id"]
        yield Problem(
            _WHERE,
            "different files for different stimuli",
            f"{_amount(len(pairs))} stimuli that have their bytes in common with others",
            "Use one id for one stimulus, or look whether a file was copied to a wrong name",
            [Words(" = ".join(same.head(EXAMPLES))) for _, same in islice(groups, EXAMPLES)],
            groups.ngroups,
        )


@rule("BP-S030", MediaFiles, Severity.WARNING)
def metadata_of_images_are_public(media: MediaFiles) -> Iterator[Problem]:
    """The metadata of images hold no GPS position, no names of people or computers and no local paths."""
    telling = media.table[media.table["private"].astype(bool)]
    if len(telling):
        yield Problem(
            _WHERE,
            "images whose metadata may be read by everybody",
            "positions, names or local paths in them",
            "Save the images without these metadata before they are published",
            _examples(telling["name"], "has", telling["private"].head(EXAMPLES).map(", ".join)),
            len(telling),
        )


@rule("BP-S031", MediaFiles, Severity.NOTE, in_experiments=Severity.ERROR)
def modes_are_accepted(media: MediaFiles) -> Iterator[Problem]:
    """The modes of images are those that Brain-Score accepts in experiments."""
    modes = media.table["mode"]
    others = media.table[modes.notna() & ~modes.isin([*ACCEPTED_CHANNELS])]
    if len(others):
        yield Problem(
            _WHERE,
            f"images of the modes {', '.join(ACCEPTED_CHANNELS)}",
            "other modes",
            "Convert them, for instance with Pillow's image.convert('RGB'), if people are to see them in an experiment",
            _examples(others["name"], "is", others["mode"]),
            len(others),
        )


def _damaged(media: MediaFiles, kinds: tuple[str, ...], expected: str, advice: str) -> Iterator[Problem]:
    files = media.of_kind(*kinds)
    damaged = files[files["damage"].notna()]
    if len(damaged):
        examples = _examples(damaged["name"], "->", damaged["damage"])
        yield Problem(_WHERE, expected, "damaged files", advice, examples, len(damaged))


def _examples(names: pd.Series[Any], verb: str, what: pd.Series[Any]) -> list[Words]:
    return [Words(f"{shown(name)} {verb} {found}") for name, found in zip(names.head(EXAMPLES), what, strict=False)]


def _counted(values: pd.Series[Any]) -> pd.Series[int]:
    """How often each value occurs, the commonest first."""
    counts = values.value_counts(sort=False).sort_index()
    return counts[counts > 0].sort_values(ascending=False, kind="stable")


def _summary(kind: str, count: int, files: pd.DataFrame) -> str:
    described = [
        _names(files["format"]),
        _names(files["mode"]),
        " x ".join(filter(None, (_range(files["width"]), _range(files["height"])))),
        _range(files["duration"], " s"),
        _range(files["frame_rate"], " frames per second"),
    ]
    return f"{_amount(count)} {_noun(kind, count)}: {', '.join(filter(None, described))}".removesuffix(": ")


def _names(values: pd.Series[Any]) -> str:
    names = _counted(values).index.tolist()
    return " and ".join(names[:_MOST_NAMED]) + (" and others" if len(names) > _MOST_NAMED else "")


def _range(values: pd.Series[Any], unit: str = "") -> str:
    if values.isna().all():
        return ""
    low, high = (f"{round(float(value), 2):g}" for value in (values.min(), values.max()))
    return f"{low}{unit}" if low == high else f"{low} to {high}{unit}"


def _amount(count: int) -> str:
    return f"{count:,}".replace(",", " ")


def _noun(kind: object, count: int) -> str:
    return (_SINGULARS if count == 1 else _PLURALS)[str(kind)]
