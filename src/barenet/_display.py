"""Displays for notebooks and reports: tables, bars and curves as HTML and SVG, without scripts.

All colours but those of bars and curves derive from the text's own, which may be light or dark.
"""

import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from barenet.errors import printable

#: A cell of a table: a text, perhaps with a share from 0 to 1, which is drawn as a bar.
Cell = str | tuple[str, float]

#: Width and height of the curves, in pixels, and the points of a curve at most.
WIDTH, HEIGHT, MAX_POINTS = 420, 160, 400

#: Curves whose values differ by a larger factor have a logarithmic axis.
LINEAR = 20

NUMBER = re.compile(r"[-−+]?\d[\d.,]*(e[-+]\d+)?( ± \S+)?( %)?|nan")


def in_notebook() -> bool:
    """Whether the code runs in a notebook, which can show plots and HTML."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


class CellOutput:
    """An output of a notebook's cell, which is replaced in its place."""

    def __init__(self) -> None:
        self.handle: Any = None

    def show(self, text: str, html: str) -> None:
        """Show text, which keeps its spaces, or HTML where that can be shown."""
        from IPython.display import display

        formats = {"text/plain": text, "text/html": f'<div style="white-space:pre">{html}</div>'}
        if self.handle is None:
            self.handle = display(formats, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self.handle.update(formats, raw=True)


def write_display(title: str, *parts: str) -> str:
    """Write a display with a title, and a style that affects nothing else."""
    style = Path(__file__).with_name("display.css").read_text("utf-8")
    body = f'<p class="title">{escape(title)}</p>{"".join(parts)}'
    return f'<div class="barenet-display"><style>{style}</style>{body}</div>'


def write_text(text: str) -> str:
    """Write a paragraph."""
    return f"<p>{escape(text)}</p>\n"


def write_table(headings: Iterable[str], rows: Iterable[Sequence[Cell]], kind: str = "") -> str:
    """Write a table, whose kind is for the style."""
    rows, headings = list(rows), list(headings)
    columns = list(zip(*rows, strict=True)) or [()] * len(headings)
    kinds = [' class="number"' * all(map(_is_number, column)) for column in columns]
    head = "".join(f"<th{k}>{_plain(each)}</th>" for each, k in zip(headings, kinds, strict=False))
    body = "".join(f"<tr>{''.join(map(_cell, row, kinds))}</tr>\n" for row in rows)
    table = f'<table class="{kind}"><thead><tr>{head}</tr></thead>\n{body}</table>'
    return f'<div class="scroll">{table}</div>\n'


def align(lines: Sequence[Sequence[str]]) -> str:
    """Write cells as a table of plain text, each column as wide as its longest cell."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def write_facts(facts: Mapping[str, object]) -> str:
    """Write facts by their names as a table, without those that are empty."""
    rows = [[name, str(fact)] for name, fact in facts.items() if fact]
    return write_table([], rows, "facts") if rows else ""


def write_curves(title: str, curves: Mapping[str, Sequence[float]], best: int | None = None) -> str:
    """Draw curves over the epochs by their labels, and mark an epoch, counted from 1."""
    points = {label: _points(curve) for label, curve in curves.items()}
    values = [value for each in points.values() for _, value in each]
    if not values:
        return ""
    is_log = min(values) > 0 and max(values) > LINEAR * min(values)
    ticks, n_epochs = _ticks(min(values), max(values), is_log), max(map(len, curves.values()))
    low, high = (math.log(each) if is_log else each for each in (ticks[0], ticks[-1]))

    def x(epoch: int) -> str:
        return f"{WIDTH * (epoch - 1) / max(1, n_epochs - 1):.1f}"

    def y(value: float) -> str:
        value = math.log(value) if is_log else value
        return f"{HEIGHT * (high - value) / (high - low):.1f}"

    grid = "".join(
        f'<path class="grid" d="M0 {y(tick)}H{WIDTH}"/>'
        f'<text class="tick" x="-6" y="{y(tick)}" dy=".35em">{tick:.4g}</text>'
        for tick in ticks
    )
    grid += f'<text y="{HEIGHT + 18}">1</text><text class="end" x="{WIDTH}" y="{HEIGHT + 18}">'
    grid += f"epoch {n_epochs:,}</text>"
    grid += "" if best is None else f'<path class="best" d="M{x(best)} 0V{HEIGHT}"/>'
    lines, legend = "", ""
    for number, (label, each) in enumerate(points.items()):
        path = "L".join(f"{x(epoch)} {y(value)}" for epoch, value in each)
        kind = f"curve curve-{number}" + " dot" * (len(each) == 1)
        lines += f'<path class="{kind}" d="M{path}h0"/>' if each else ""
        last = f"{curves[label][-1]:.4g}" if each else ""
        legend += f'<span class="curve-{number}">{escape(label)} {last}</span>'
    box = f'viewBox="-52 -8 {WIDTH + 60} {HEIGHT + 32}" width="{WIDTH + 60}"'
    label = f'role="img" aria-label="{escape(title)} by epoch"'
    caption = f"<figcaption><b>{escape(title)}</b>{legend}</figcaption>"
    return f"<figure>{caption}<svg {box} {label}>{grid}{lines}</svg></figure>\n"


def _points(curve: Sequence[float]) -> list[tuple[int, float]]:
    """The finite values by their epochs, or some of many that are evenly spaced."""
    finite = [(epoch, value) for epoch, value in enumerate(curve, 1) if math.isfinite(value)]
    step = -(-len(finite) // MAX_POINTS)
    return [*finite[: -1 : step or 1], *finite[-1:]]


def _ticks(low: float, high: float, is_log: bool) -> list[float]:
    """Round numbers, two or more, from below the lowest value to above the highest."""
    if is_log:
        bottom, top = max(math.floor(math.log10(low)), -307), math.ceil(math.log10(high))
        decades = -(-(top - bottom) // 5)
        return [10.0 ** min(each, 308) for each in range(bottom, top + decades, decades)]
    span = min(high - low, 1e308)
    if span <= 1e-9 * max(abs(low), abs(high)):  # a constant
        span = abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span))
    step = next(each for each in (power / 5, power / 2, power, 2 * power) if span / each <= 5)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [step * each for each in range(first, max(last, first + 1) + 1)]


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, str) and (not cell or NUMBER.fullmatch(cell) is not None)


def _cell(cell: Cell, kind: str) -> str:
    text, share = (cell, None) if isinstance(cell, str) else cell
    style = "" if share is None else f' style="--share: {max(0.0, share):.3f}"'
    return f"<td{kind}{style}>{_plain(text)}</td>"


def _plain(text: str) -> str:
    """Escape a text, control characters included."""
    return escape(printable(text)) if text else ""
