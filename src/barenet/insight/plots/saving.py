"""Writing a picture to a file, whole or not at all.

The picture is rendered in memory, written beside its place and moved there last: a full disk or
an interrupted run leaves an older picture as it was.
"""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barenet.files.atomic import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "is_picture", "save_figure"]

FORMATS = ("jpg", "pdf", "png", "svg", "webp")

#: What a picture says of the program that has made it, where each format has room for that.
MARK = "barenet, with Matplotlib"
FIELDS = {"pdf": "Creator", "png": "Software", "svg": "Creator"}
SOFTWARE = 0x131  # the field of EXIF, for the others

#: Bytes at either end of a file that are searched for it.
EDGE = 2**16


def save_figure(figure: Figure, path: str | os.PathLike[str], *, dpi: float = 150) -> None:
    """Write a picture to a file in the format of its suffix.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The picture.
    path : str or path-like
        The file, ending in .jpg, .pdf, .png, .svg or .webp. An older file is replaced; where it
        is a symbolic link, the file that it leads to.
    dpi : float, default=150
        Pixels an inch, for the formats that have pixels.

    Raises
    ------
    ValueError
        If the suffix is not one of these, or the path is there and no file.
    OSError
        If the file cannot be written; an older one is then as it was.

    Examples
    --------
    >>> from barenet.insight.plots import plot_history
    >>> save_figure(plot_history({"loss": [0.9, 0.4, 0.2]}), "loss.bmp")
    Traceback (most recent call last):
    ValueError: path: unknown format '.bmp' of loss.bmp (choose from .jpg, .pdf, .png, .svg, .webp)
    """
    target = Path(path)
    kind = target.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise ValueError(
            f"path: unknown format {target.suffix!r} of {target.name} (choose from {known})"
        )
    if target.exists() and not target.is_file():
        raise ValueError(f"path: expected a file, but {target} is there and is none")
    buffer = BytesIO()
    figure.savefig(buffer, format=kind, dpi=dpi, facecolor=figure.get_facecolor(), **_mark(kind))
    write_atomically(target, buffer.getvalue())


def is_picture(path: Path) -> bool:
    """Tell a picture that `save_figure` has written from another file."""
    with path.open("rb") as stream:
        head = stream.read(EDGE)
        stream.seek(max(stream.seek(0, os.SEEK_END) - EDGE, 0))
        return MARK.encode() in head + stream.read()


def _mark(kind: str) -> dict[str, Any]:
    """Options of matplotlib that put the mark into a file."""
    if kind in FIELDS:
        return {"metadata": {FIELDS[kind]: MARK}}
    from PIL import Image

    exif = Image.Exif()
    exif[SOFTWARE] = MARK
    return {"pil_kwargs": {"exif": exif}}
