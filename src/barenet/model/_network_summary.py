"""The layers of a network in a table."""

import math
from collections.abc import Sequence

from barenet._display import widths_of, write_display, write_table
from barenet.model._arrays import FloatArray
from barenet.model.layers import Layer


def tabulate(
    layers: Sequence[Layer], width: int | None, parameters: FloatArray
) -> tuple[list[tuple[str, ...]], str]:
    """List the headings, the layers with their widths and parameter counts, and the totals."""
    rows: list[tuple[str, ...]] = [("layer", "activation", "in → out", "parameters")]
    n_frozen = 0
    for layer in layers:
        activation = layer.activation.name if layer.activation is not None else ""
        out = layer.n_out or width
        widths = f"{width or 'any'} → {out or 'any'}"
        count = sum(math.prod(shape) for shape in layer.parameter_shapes.values())
        name = layer.name
        if count and not layer.trainable:
            name += ", frozen"
            n_frozen += count
        rows.append((name, activation, widths, f"{count:,}"))
        width = out
    kib = parameters.nbytes / 1024
    size = f"{kib / 1024:,.1f} MiB" if kib >= 1024 else f"{kib:,.1f} KiB"
    totals = f"{parameters.size:,} parameters of {parameters.dtype}, {size}"
    if n_frozen:
        totals += f", {parameters.size - n_frozen:,} trainable, {n_frozen:,} frozen"
    return rows, totals


def summarize(layers: Sequence[Layer], width: int | None, parameters: FloatArray) -> str:
    """Write the table as text."""
    rows, totals = tabulate(layers, width, parameters)
    *text_widths, count_width = widths_of(rows)
    lines = []
    for *texts, count in rows:
        cells = [text.ljust(size) for text, size in zip(texts, text_widths, strict=True)]
        cells.append(count.rjust(count_width))
        lines.append("  ".join(cells))
    return "\n".join([*lines, totals])


def display(title: str, layers: Sequence[Layer], width: int | None, parameters: FloatArray) -> str:
    """Write the table for a notebook."""
    (head, *rows), totals = tabulate(layers, width, parameters)
    return write_display(f"{title} {totals}", write_table(head, rows))
