"""Figures in files, which are written atomically, and as SVG within a page.

The SVG has text in the page's font. A colour ``#262626`` is written as ``var(--262626, #262626)``,
so that the style of a dark page can redefine it.
"""

import os
import re
from html import escape
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from barenet.errors import ArgumentError
from barenet.insight.plots._style import Figure
from barenet.storage._atomic_write import write_atomically

#: The mark of barenet in the metadata of a file, and the field for it in each format.
MARK = "barenet, with Matplotlib"
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
    >>> from barenet.typing import History
    >>> from barenet.plots import plot_history
    >>> figure = plot_history(History({"loss": [0.9, 0.4, 0.2]}))
    >>> save_figure(figure, "loss.bmp")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    barenet.errors.ArgumentError: path: unknown format '.bmp' of loss.bmp (choose from .pdf, ...
    """
    target = Path(path)
    file_format = target.suffix.lower().removeprefix(".")
    if file_format not in FORMATS:
        suffixes = ", ".join(f".{name}" for name in FORMATS)
        problem = f"unknown format {target.suffix!r} of {target.name} (choose from {suffixes})"
        raise ArgumentError(problem, argument="path", value=path)
    if target.exists() and not target.is_file():
        raise ArgumentError(f"{target} is not a file", argument="path", value=path)
    buffer = BytesIO()
    figure.savefig(
        buffer,
        format=file_format,
        metadata={FORMATS[file_format]: MARK},
        dpi=dpi,
        facecolor=figure.get_facecolor(),
    )
    write_atomically(target, buffer.getvalue())


_COLOR = re.compile("(?<=: )#([0-9a-f]{6})(?=[;\"'])")
#: Identifiers that nothing refers to, which would not be unique in a page.
_IDENTIFIER = re.compile(r' id="[\w.]+_\d+"')
#: Metadata that are left out, so that equal figures are equal files.
_PLAIN = {"Creator": None, "Date": None, "Format": None, "Type": None}


def inline_svg(figure: Figure, label: str, **options: Any) -> str:
    """Write a figure, with a label that describes its contents."""
    import matplotlib

    buffer = StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": label}):
        figure.savefig(buffer, format="svg", metadata=_PLAIN, **options)
    svg = _IDENTIFIER.sub("", buffer.getvalue())
    svg = _COLOR.sub(r"var(--\1, #\1)", svg)
    _, _, after_tag_name = svg.partition("<svg")  # without the head of an XML file
    return f'<svg role="img" aria-label="{escape(label)}"{after_tag_name}'


def inline_panels(figure: Figure, label: str) -> str:
    """Write the legend and each panel of a figure by itself, for a page to put into lines."""
    figure.canvas.draw()  # the panels get their places
    figure.set_layout_engine("none")
    parts = [*figure.legends, *figure.axes]
    panels = ""
    for number, shown in enumerate(parts):
        for part in parts:
            part.set_visible(part is shown)
        box: Any = shown.get_tightbbox()
        box = box.transformed(figure.dpi_scale_trans.inverted())
        place = f"{label}, {number + 1} of {len(parts)}"
        svg = inline_svg(figure, place, bbox_inches=box.padded(0.06))
        if number < len(figure.legends):
            panels += f'<div class="legend">{svg}</div>'
        else:
            panels += svg
    return panels
