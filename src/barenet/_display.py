"""Displays for notebooks and reports: tables, bars and curves as HTML and SVG, without scripts.

All colours except those of bars and curves derive from the colour of the text, be it light or dark.
"""

import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple, Self

from barenet._messages import printable

#: A cell of a table: a text, possibly with a fraction from 0 to 1 that is drawn as a bar.
Cell = str | tuple[str, float]

#: Width and height of a plot of curves, in pixels.
WIDTH = 420
HEIGHT = 160

#: Maximum number of points that are drawn for a curve.
MAX_POINTS = 400

#: The ratio of a curve's values above which its axis is logarithmic.
LINEAR = 20

NUMBER = re.compile(r"[-−+]?\d[\d.,]*(e[-+]\d+)?( ± \S+)?( %)?|nan")


def in_notebook() -> bool:
    """Return whether the code runs in a notebook, which can show plots and HTML."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


class CellOutput:
    """The output of a notebook cell, which can be replaced."""

    def __init__(self) -> None:
        self.handle: Any = None

    def show(self, text: str, html: str) -> None:
        """Show text with its spaces preserved, or HTML where it is supported."""
        from IPython.display import display

        formats = {"text/plain": text, "text/html": f'<div style="white-space:pre">{html}</div>'}
        if self.handle is None:
            self.handle = display(formats, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self.handle.update(formats, raw=True)


def write_display(title: str, *parts: str) -> str:
    """Write a display with a title, and with a style that only applies to the display."""
    style = Path(__file__).with_name("display.css").read_text("utf-8")
    body = f'<p class="title">{escape(title)}</p>{"".join(parts)}'
    return f'<div class="barenet-display"><style>{style}</style>{body}</div>'


def write_text(text: str) -> str:
    """Write a paragraph."""
    return f"<p>{escape(text)}</p>\n"


def write_table(headings: Iterable[str], rows: Iterable[Sequence[Cell]], kind: str = "") -> str:
    """Write a table, with a kind that the style uses."""
    rows = list(rows)
    headings = list(headings)
    n_columns = len(headings)
    if rows:
        n_columns = len(rows[0])
    classes = []
    for place in range(n_columns):
        is_numeric = all(_is_number(row[place]) for row in rows)
        classes.append(' class="number"' if is_numeric else "")
    head = ""
    for heading, css_class in zip(headings, classes, strict=False):  # there may be no headings
        head += f"<th{css_class}>{_plain(heading)}</th>"
    body = ""
    for row in rows:
        cells = [_cell(cell, css_class) for cell, css_class in zip(row, classes, strict=True)]
        body += f"<tr>{''.join(cells)}</tr>\n"
    table = f'<table class="{kind}"><thead><tr>{head}</tr></thead>\n{body}</table>'
    return f'<div class="scroll">{table}</div>\n'


def widths_of(lines: Sequence[Sequence[str]]) -> list[int]:
    """Return the length of the longest cell of each column."""
    widths = []
    for column in zip(*lines, strict=True):
        lengths = [len(cell) for cell in column]
        widths.append(max(lengths))
    return widths


def align(lines: Sequence[Sequence[str]]) -> str:
    """Write cells as a plain-text table, with each column as wide as its longest cell."""
    widths = widths_of(lines)
    aligned = []
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        aligned.append("  ".join(cells).rstrip())
    return "\n".join(aligned)


def write_facts(facts: Mapping[str, object]) -> str:
    """Write facts with their names as a table, omitting empty facts."""
    rows = [[name, str(fact)] for name, fact in facts.items() if fact]
    return write_table([], rows, "facts") if rows else ""


def write_curves(title: str, curves: Mapping[str, Sequence[float]], best: int | None = None) -> str:
    """Draw labelled curves over the epochs, and mark an epoch, counted from 1."""
    points = {label: _points(curve) for label, curve in curves.items()}
    values: list[float] = []
    for drawn in points.values():
        values += [value for _, value in drawn]
    if not values:
        return ""
    n_epochs = max(len(curve) for curve in curves.values())
    axes = _Axes.of(min(values), max(values), n_epochs)
    grid = ""
    for tick in axes.ticks:
        y = axes.y(tick)
        grid += f'<path class="grid" d="M0 {y}H{WIDTH}"/>'
        grid += f'<text class="tick" x="-6" y="{y}" dy=".35em">{tick:.4g}</text>'
    below = HEIGHT + 18
    grid += f'<text y="{below}">1</text>'
    grid += f'<text class="end" x="{WIDTH}" y="{below}">epoch {n_epochs:,}</text>'
    if best is not None:
        grid += f'<path class="best" d="M{axes.x(best)} 0V{HEIGHT}"/>'
    lines = ""
    legend = ""
    for number, (label, drawn) in enumerate(points.items()):
        last = ""
        if drawn:
            css_class = f"curve curve-{number}"
            if len(drawn) == 1:
                css_class += " dot"
            vertices = [f"{axes.x(epoch)} {axes.y(value)}" for epoch, value in drawn]
            # Move to the first vertex and draw lines to the others. A line of length 0, which has
            # round ends, shows a single vertex as a dot.
            path = "M" + "L".join(vertices) + "h0"
            lines += f'<path class="{css_class}" d="{path}"/>'
            _, last_value = drawn[-1]
            last = f"{last_value:.4g}"
        legend += f'<span class="curve-{number}">{escape(label)} {last}</span>'
    if best is not None:
        legend += f"<span>┆ best epoch {best:,}</span>"
    # The plot, with room for the ticks on the left, and for the epochs below.
    full_width = WIDTH + 60
    full_height = HEIGHT + 32
    box = f'viewBox="-52 -8 {full_width} {full_height}" width="{full_width}"'
    description = f'role="img" aria-label="{escape(title)} by epoch"'
    caption = f"<figcaption><b>{escape(title)}</b>{legend}</figcaption>"
    return f"<figure>{caption}<svg {box} {description}>{grid}{lines}</svg></figure>\n"


class _Axes(NamedTuple):
    """The axes of a plot: epochs to the right, and values or their logarithms upwards."""

    ticks: list[float]
    is_log: bool
    n_epochs: int

    @classmethod
    def of(cls, lowest: float, highest: float, n_epochs: int) -> Self:
        """Choose ticks for values, and a logarithmic axis if they differ by a large factor."""
        is_log = lowest > 0 and highest > LINEAR * lowest
        return cls(_ticks(lowest, highest, is_log), is_log, n_epochs)

    def x(self, epoch: int) -> str:
        """Return the horizontal position of an epoch, in pixels."""
        n_intervals = max(1, self.n_epochs - 1)
        position = WIDTH * (epoch - 1) / n_intervals
        return f"{position:.1f}"

    def y(self, value: float) -> str:
        """Return the vertical position of a value, in pixels."""
        low = self._scaled(self.ticks[0])
        high = self._scaled(self.ticks[-1])
        position = HEIGHT * (high - self._scaled(value)) / (high - low)
        return f"{position:.1f}"

    def _scaled(self, value: float) -> float:
        return math.log(value) if self.is_log else value


def _points(curve: Sequence[float]) -> list[tuple[int, float]]:
    """Return the finite values with their epochs, evenly thinned out if there are many."""
    finite = [(epoch, value) for epoch, value in enumerate(curve, 1) if math.isfinite(value)]
    step = max(1, math.ceil(len(finite) / MAX_POINTS))
    drawn = finite[:-1:step]
    drawn += finite[-1:]  # the last value is always drawn
    return drawn


def _ticks(low: float, high: float, is_log: bool) -> list[float]:
    """Return at least two round numbers, from below the lowest value to above the highest."""
    if is_log:
        bottom = max(math.floor(math.log10(low)), -307)
        top = math.ceil(math.log10(high))
        decades = math.ceil((top - bottom) / 5)
        exponents = range(bottom, top + decades, decades)
        return [10.0 ** min(exponent, 308) for exponent in exponents]
    span = min(high - low, 1e308)
    if span <= 1e-9 * max(abs(low), abs(high)):  # constant values
        span = abs(high) if high != 0 else 1.0
    step = _round_step(span)
    first = math.floor(low / step)
    last = max(math.ceil(high / step), first + 1)
    return [step * multiple for multiple in range(first, last + 1)]


def _round_step(span: float) -> float:
    """Return 1, 2 or 5 times a power of ten that divides a span into about five steps."""
    power = 10.0 ** math.floor(math.log10(span))
    for step in (power / 5, power / 2, power):
        if span / step <= 5:
            return step
    return 2 * power


def _is_number(cell: Cell) -> bool:
    return cell == "" or NUMBER.fullmatch(cell) is not None if isinstance(cell, str) else False


def _cell(cell: Cell, css_class: str) -> str:
    if isinstance(cell, str):
        return f"<td{css_class}>{_plain(cell)}</td>"
    text, share = cell
    style = f' style="--share: {max(0.0, share):.3f}"'
    return f"<td{css_class}{style}>{_plain(text)}</td>"


def _plain(text: str) -> str:
    """Escape a text, including control characters."""
    return escape(printable(text)) if text else ""
