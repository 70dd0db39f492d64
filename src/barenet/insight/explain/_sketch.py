"""A sketch of a network: its input and the output of each layer, as columns of units."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from barenet.insight.explain._document import Name
from barenet.model._network import Network
from barenet.model.layers import Dense

#: Units of a layer that are drawn.
MAX_UNITS = 6

#: Distances of columns and units in a drawing, the radius of a unit, and the height of the labels.
COLUMN, ROW, RADIUS, LABELS = 130, 30, 9, 44


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
        shown = min(self.size, MAX_UNITS)
        return [ROW * (unit - (shown - 1) / 2) for unit in range(shown)]


def columns_of(network: Network, n_inputs: int) -> tuple[Column, ...]:
    """The input and the output of each layer."""
    columns = [Column(Name("A", "0").text, n_inputs, f"input{'s' * (n_inputs > 1)}")]
    for number, layer in enumerate(network.layers, 1):
        size = layer.n_out or columns[-1].size
        kind = layer.name if layer.activation is None else layer.activation.name
        columns.append(Column(Name("A", str(number)).text, size, kind, isinstance(layer, Dense)))
    return tuple(columns)


def in_a_line(columns: Sequence[Column]) -> str:
    """Write the sketch as text.

    Examples
    --------
    >>> in_a_line([Column("A₀", 2, "inputs"), Column("A₁", 8, "tanh"), Column("A₂", 1, "sigmoid")])
    'A₀ 2 inputs → A₁ 8 tanh → A₂ 1 sigmoid → L'
    """
    return " → ".join([*(f"{each.letter} {each.size:,} {each.kind}" for each in columns), "L"])


def draw(columns: Sequence[Column]) -> str:
    """Draw the sketch as SVG, in the colour of the text around it."""
    width = COLUMN * len(columns)
    height = ROW * max(len(each.heights) for each in columns) + LABELS
    return (
        f'<svg class="sketch" role="img" aria-label="{escape(in_a_line(columns))}" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"{''.join([*_links(columns, height), *_units(columns, height)])}</svg>\n"
    )


def _links(columns: Sequence[Column], height: int) -> Iterator[str]:
    """Draw the weights with their letter, or the connections of a layer of another kind."""
    middle = (height - LABELS) / 2
    for place, (before, after) in enumerate(pairwise(columns)):
        left, right = COLUMN * (place + 0.5) + RADIUS, COLUMN * (place + 1.5) - RADIUS
        for top in before.heights:
            for bottom in after.heights if after.is_dense else [top]:
                ends = f'y1="{middle + top}" x2="{right}" y2="{middle + bottom}"'
                yield f'<line x1="{left}" {ends}/>'
        if after.is_dense:
            weights = Name("W", str(place + 1)).text
            yield f'<text x="{COLUMN * (place + 1)}" y="{height - 24}">{weights}</text>'


def _units(columns: Sequence[Column], height: int) -> Iterator[str]:
    """Draw the units, with the letter, their number and the activation or layer below."""
    for place, column in enumerate(columns):
        x, middle = COLUMN * (place + 0.5), (height - LABELS) / 2
        for unit in column.heights:
            yield f'<circle cx="{x}" cy="{middle + unit}" r="{RADIUS}"/>'
        below = f"{'⋮ ' * (column.size > MAX_UNITS)}{column.size:,} {column.kind}"
        yield f'<text x="{x}" y="{height - 24}">{column.letter}</text>'
        yield f'<text x="{x}" y="{height - 7}" class="kind">{escape(below)}</text>'
