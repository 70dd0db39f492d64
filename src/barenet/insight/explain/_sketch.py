"""A sketch of a network: its input and the output of each layer, as columns of units."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from barenet.insight.explain._document import Name
from barenet.model._network import Network
from barenet.model.layers import Dense

#: Maximum number of units of a layer that are drawn.
MAX_UNITS = 6

#: The distance of two columns in a drawing.
COLUMN = 130
#: The distance of two units of a column.
ROW = 30
#: The radius of a unit.
RADIUS = 9
#: The height of the labels.
LABELS = 44


class Column(NamedTuple):
    """The input or the output of a layer."""

    letter: str
    size: int
    #: The name of the activation, or of the layer of another kind, that computes it.
    kind: str
    is_dense: bool = True

    @property
    def heights(self) -> list[float]:
        """The heights of the units that are drawn, from the middle."""
        n_shown = min(self.size, MAX_UNITS)
        middle = (n_shown - 1) / 2
        return [ROW * (unit - middle) for unit in range(n_shown)]


def columns_of(network: Network, n_inputs: int) -> tuple[Column, ...]:
    """The input and the output of each layer."""
    word = "inputs" if n_inputs > 1 else "input"
    columns = [Column(Name("A", "0").text, n_inputs, word)]
    for number, layer in enumerate(network.layers, 1):
        letter = Name("A", str(number)).text
        size = layer.n_out or columns[-1].size
        word = layer.activation.name if layer.activation is not None else layer.name
        columns.append(Column(letter, size, word, isinstance(layer, Dense)))
    return tuple(columns)


def in_a_line(columns: Sequence[Column]) -> str:
    """Write the sketch as text.

    Examples
    --------
    >>> in_a_line([Column("A₀", 2, "inputs"), Column("A₁", 8, "tanh"), Column("A₂", 1, "sigmoid")])
    'A₀ 2 inputs → A₁ 8 tanh → A₂ 1 sigmoid → L'
    """
    words = [f"{column.letter} {column.size:,} {column.kind}" for column in columns]
    words.append("L")
    return " → ".join(words)


def draw(columns: Sequence[Column]) -> str:
    """Draw the sketch as SVG, in the colour of the surrounding text."""
    width = COLUMN * len(columns)
    n_rows = max(len(column.heights) for column in columns)
    height = ROW * n_rows + LABELS
    label = escape(in_a_line(columns))
    svg = f'<svg class="sketch" role="img" aria-label="{label}" '
    svg += f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    svg += "".join(_links(columns, height))
    svg += "".join(_units(columns, height))
    return f"{svg}</svg>\n"


def _links(columns: Sequence[Column], height: int) -> Iterator[str]:
    """Draw the weights with their letter, or the connections of another kind of layer."""
    middle = (height - LABELS) / 2
    for place, (before, after) in enumerate(pairwise(columns)):
        left = COLUMN * (place + 0.5) + RADIUS
        right = COLUMN * (place + 1.5) - RADIUS
        for top in before.heights:
            bottoms = after.heights if after.is_dense else [top]
            for bottom in bottoms:
                ends = f'y1="{middle + top}" x2="{right}" y2="{middle + bottom}"'
                yield f'<line x1="{left}" {ends}/>'
        if after.is_dense:
            weights = Name("W", str(place + 1)).text
            x = COLUMN * (place + 1)
            yield f'<text x="{x}" y="{height - 24}">{weights}</text>'


def _units(columns: Sequence[Column], height: int) -> Iterator[str]:
    """Draw the units, with the letter, their number and the activation or layer below."""
    middle = (height - LABELS) / 2
    for place, column in enumerate(columns):
        x = COLUMN * (place + 0.5)
        for unit in column.heights:
            yield f'<circle cx="{x}" cy="{middle + unit}" r="{RADIUS}"/>'
        below = f"{column.size:,} {column.kind}"
        if column.size > MAX_UNITS:
            below = f"⋮ {below}"
        yield f'<text x="{x}" y="{height - 24}">{column.letter}</text>'
        yield f'<text x="{x}" y="{height - 7}" class="kind">{escape(below)}</text>'
