"""Small valid files of every kind that is fuzzed, and the folder that each of them is a part of."""

from __future__ import annotations

import io
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
import xarray as xr
from PIL import Image, PngImagePlugin

from brainpack.packaging import write_netcdf
from tests.helpers import png, recording

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["png", "jpeg", "csv", "zip", "netcdf"]

IDS: Final = ("left", "right", "damaged")
SIDE: Final = 24  # pixels
_NAME: Final[dict[Kind, str]] = {
    "png": "set/damaged.png", "jpeg": "set/damaged.jpg", "csv": "set.csv", "zip": "set.zip", "netcdf": "assy.nc"
}  # fmt: skip


def lay_out(kind: Kind, content: bytes, folder: Path) -> Path:
    """Write a file of a kind, and what belongs to it, into an empty folder; what is to be validated comes back."""
    path = folder / _NAME[kind]
    path.parent.mkdir(exist_ok=True)
    suffix = path.suffix if kind in {"png", "jpeg"} else ".png"
    others = {f"{stimulus_id}{suffix}": image("PNG" if suffix == ".png" else "JPEG", "L", number)
              for number, stimulus_id in enumerate(IDS)}  # fmt: skip
    if kind in {"png", "jpeg"}:
        for name, data in others.items():
            (path.parent / name).write_bytes(data)
    elif kind == "csv":
        (folder / "set.zip").write_bytes(archive(others))
    if kind not in {"csv", "netcdf"}:
        (folder / "set.csv").write_bytes(table(suffix))
    path.write_bytes(content)
    return path if kind == "netcdf" else folder / "set.csv"


def image(file_format: str, mode: str, number: int = 0, **options: Any) -> bytes:
    """An image file of a mode; each number has other pixels."""
    values = (np.arange(SIDE * SIDE * 4, dtype=np.uint32) * (number + 3) % 251).astype(np.uint8)
    pixels = Image.fromarray(values.reshape(SIDE, SIDE, 4))
    file = io.BytesIO()
    pixels.convert(mode).save(file, file_format, **options)
    return file.getvalue()


def table(suffix: str = ".png") -> bytes:
    rows = {
        "stimulus_id": IDS,
        "orientation": [0.0, 22.5, 1e-3],
        "category": ["a, b", 'the "cat"', "日本"],
        "trained": [True, False, True],
        "filename": [f"{stimulus_id}{suffix}" for stimulus_id in IDS],
    }
    return pd.DataFrame(rows).to_csv(index=False, lineterminator="\n").encode()


def archive(files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as opened:
        for name, data in files.items():
            opened.writestr(zipfile.ZipInfo(name), data, compression)
    return file.getvalue()


@cache
def samples(kind: Kind) -> tuple[bytes, ...]:
    """Valid files of a kind, which differ in how they are made."""
    return _MAKERS[kind]()


def _pngs() -> tuple[bytes, ...]:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Software", "a camera" * 40, zip=True)
    notes.add_itxt("Author", "日本", "ja", "作者", zip=True)
    exif = Image.Exif()
    exif[0x010E] = "a description"
    frames = [Image.new("L", (SIDE, SIDE), grey) for grey in (10, 200)]
    animated = io.BytesIO()
    frames[0].save(animated, "PNG", save_all=True, append_images=frames[1:])
    modes = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
    plain = (Image.new("I;16", (SIDE, SIDE), 4000) if mode == "I;16" else None for mode in modes)
    files = [image("PNG", mode) if given is None else _saved(given) for mode, given in zip(modes, plain, strict=True)]
    return (*files, png(90), image("PNG", "RGB", pnginfo=notes, exif=exif), animated.getvalue())


def _saved(pixels: Image.Image) -> bytes:
    file = io.BytesIO()
    pixels.save(file, "PNG")
    return file.getvalue()


def _jpegs() -> tuple[bytes, ...]:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "maker", 6
    exif[0x8825] = {1: "N", 2: (48.0, 8.0, 0.0)}
    return (
        image("JPEG", "L"),
        image("JPEG", "RGB"),
        image("JPEG", "RGB", progressive=True),
        image("JPEG", "CMYK"),
        image("JPEG", "RGB", exif=exif, comment="a comment", dpi=(72, 72)),
        image("JPEG", "RGB", restart_marker_blocks=1),
    )


def _tables() -> tuple[bytes, ...]:
    return table(), b"\xef\xbb\xbf" + table(), table().replace(b"\n", b"\r\n")


def _archives() -> tuple[bytes, ...]:
    files = {f"{stimulus_id}.png": image("PNG", "L", number) for number, stimulus_id in enumerate(IDS)}
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    streamed = io.BytesIO()
    with zipfile.ZipFile(streamed, "w") as opened:
        for name, data in files.items():
            with opened.open(name, "w", force_zip64=True) as member:
                member.write(data)
    return (*(archive(files, method) for method in methods), streamed.getvalue())


def _netcdf_files() -> tuple[bytes, ...]:
    array = recording()
    plain = array.drop_vars(["correct", "shown_at", "note"]).assign_attrs(sorted=1)
    noted = plain.assign_coords(note=("presentation", np.array(["x", "日本", "", "z" * 50], dtype=object)))
    spikes = xr.DataArray(np.linspace(0, 1, 30), {"neuroid_id": ("event", np.arange(30) % 3)}, ("event",), name="data")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_netcdf(array, folder / "0.nc")
        write_netcdf(xr.DataArray([5, 7], {"onset": ("event", [0.5, 1])}, ("event",)), folder / "0.nc", append=True,
                     group="trials")  # fmt: skip
        write_netcdf(spikes, folder / "1.nc", compress=False)
        noted.to_netcdf(folder / "2.nc", engine="h5netcdf")
        noted.rename("data").to_netcdf(
            folder / "3.nc", engine="h5netcdf", encoding={"data": {"zlib": True, "chunksizes": (2, 2, 1)}}
        )
        spikes.to_netcdf(folder / "4.nc", engine="h5netcdf", unlimited_dims=["event"])
        return tuple(path.read_bytes() for path in sorted(folder.iterdir()))


_MAKERS: Final[dict[Kind, Callable[[], tuple[bytes, ...]]]] = {
    "png": _pngs, "jpeg": _jpegs, "csv": _tables, "zip": _archives, "netcdf": _netcdf_files
}  # fmt: skip
KINDS: Final[tuple[Kind, ...]] = tuple(_MAKERS)
