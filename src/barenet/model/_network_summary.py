"""The layers of a network in a table."""

import math
from collections.abc import Sequence

from barenet._display import write_display, write_table
from barenet.model._arrays import FloatArray
from barenet.model.layers import Layer


def tabulate(
    layers: Sequence[Layer], width: int | None, parameters: FloatArray
) -> tuple[list[tuple[str, ...]], str]:
    """The layers with their widths and parameter counts, below the headings, and the totals."""
    rows: list[tuple[str, ...]] = [("layer", "activation", "in → out", "parameters")]
    for layer in layers:
        activation = "" if layer.activation is None else layer.activation.name
        out = layer.n_out or width
        count = sum(map(math.prod, layer.parameter_shapes.values()))
        rows.append((layer.name, activation, f"{width or 'any'} → {out or 'any'}", f"{count:,}"))
        width = out
    kib = parameters.nbytes / 1024
    size = f"{kib:,.1f} KiB" if kib < 1024 else f"{kib / 1024:,.1f} MiB"
    return rows, f"{parameters.size:,} parameters of {parameters.dtype}, {size}"


def summarize(layers: Sequence[Layer], width: int | None, parameters: FloatArray) -> str:
    """Write the table as text."""
    rows, totals = tabulate(layers, width, parameters)
    a, b, c, d = (max(map(len, column)) for column in zip(*rows, strict=True))
    lines = [f"{name:{a}}  {f:{b}}  {arrow:{c}}  {n:>{d}}" for name, f, arrow, n in rows]
    return "\n".join([*lines, totals])


def display(title: str, layers: Sequence[Layer], width: int | None, parameters: FloatArray) -> str:
    """Write the table for a notebook."""
    (head, *rows), totals = tabulate(layers, width, parameters)
    return write_display(f"{title} {totals}", write_table(head, rows))
