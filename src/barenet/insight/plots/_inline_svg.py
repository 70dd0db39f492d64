"""Figures inside a page: SVG with text in the page's font, and colours that its style can replace.

A colour ``#262626`` is written as ``var(--262626, #262626)``, so that a dark page can redefine it.
"""

import re
from html import escape
from io import StringIO
from typing import Any

from barenet.insight.plots._style import Figure

_COLOR = re.compile("(?<=: )#([0-9a-f]{6})(?=[;\"'])")
#: Identifiers that nothing refers to, which would not be unique in a page.
_IDENTIFIER = re.compile(r' id="[\w.]+_\d+"')
_PLAIN = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def inline_svg(figure: Figure, label: str, **options: Any) -> str:
    """Write a figure, of which a label describes the contents."""
    import matplotlib

    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": label}
    buffer = StringIO()
    with matplotlib.rc_context(settings):
        figure.savefig(buffer, format="svg", metadata=_PLAIN, **options)
    svg = _COLOR.sub(r"var(--\1, #\1)", _IDENTIFIER.sub("", buffer.getvalue()))
    return f'<svg role="img" aria-label="{escape(label)}"{svg[svg.index("<svg") + 4 :]}'


def inline_panels(figure: Figure, label: str) -> str:
    """Write the legend and each panel of a figure by itself, for a page to put into lines."""
    figure.canvas.draw()  # the panels get their places
    figure.set_layout_engine("none")
    parts, panels = [*figure.legends, *figure.axes], ""
    for number, shown in enumerate(parts):
        for part in parts:
            part.set_visible(part is shown)
        box: Any = shown.get_tightbbox()
        box = box.transformed(figure.dpi_scale_trans.inverted()).padded(0.06)
        svg = inline_svg(figure, f"{label}, {number + 1} of {len(parts)}", bbox_inches=box)
        panels += f'<div class="legend">{svg}</div>' if number < len(figure.legends) else svg
    return panels
