"""Saving a figure atomically: after a full disk or an interruption, an older file is unchanged."""

import os
import re
from io import BytesIO
from pathlib import Path
from typing import Any

from barenet.errors import ArgumentError
from barenet.files._atomic import write_atomically
from barenet.insight.plots._style import Figure

#: The mark of barenet in the metadata of a file, and the field for it in each format.
MARK = "barenet, with Matplotlib"
PLOT_MARK = re.compile(MARK.encode())
FORMATS = {"pdf": "Creator", "png": "Software", "svg": "Creator"}


def save_figure(figure: Figure, path: str | os.PathLike[str], *, dpi: float = 150) -> None:
    """Save a figure in the format of the file's suffix.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    path : str or path-like
        The file, ending in .pdf, .png or .svg. An older file is replaced; of a
        symbolic link, the file that it leads to.
    dpi : float, default=150
        Pixels per inch, for the formats that have pixels.

    Raises
    ------
    ValueError
        If the suffix is not one of these, or the path is not a file.
    OSError
        If the file cannot be written; an older one is then unchanged.

    Examples
    --------
    >>> from barenet import History
    >>> from barenet.plots import plot_history
    >>> figure = plot_history(History({"loss": [0.9, 0.4, 0.2]}))
    >>> save_figure(figure, "loss.bmp")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    barenet.errors.ArgumentError: path: unknown format '.bmp' of loss.bmp (choose from .pdf, ...
    """
    target = Path(path)
    kind, problem = target.suffix.lower().removeprefix("."), ""
    if kind not in FORMATS:
        known = ", ".join(f".{name}" for name in FORMATS)
        problem = f"unknown format {target.suffix!r} of {target.name} (choose from {known})"
    elif target.exists() and not target.is_file():
        problem = f"{target} is not a file"
    if problem:
        raise ArgumentError(problem, argument="path", value=path)
    buffer = BytesIO()
    look: dict[str, Any] = {"dpi": dpi, "facecolor": figure.get_facecolor()}
    figure.savefig(buffer, format=kind, metadata={FORMATS[kind]: MARK}, **look)
    write_atomically(target, buffer.getvalue())
