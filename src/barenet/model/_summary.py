"""Summary of a network: a table of its layers, their widths and parameter counts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from barenet.model._arrays import FloatArray
from barenet.model.layers._layer import Layer


def summarize(layers: Sequence[Layer], n_inputs: int | None, parameters: FloatArray) -> str:
    """Write the table."""
    rows = [("layer", "activation", "in → out", "parameters")]
    width = n_inputs
    for layer in layers:
        activation = "" if layer.activation is None else layer.activation.name
        out = layer.n_out or width
        count = sum(math.prod(shape) for shape in layer.parameter_shapes.values())
        rows.append((layer.name, activation, f"{width or 'any'} → {out or 'any'}", f"{count:,}"))
        width = out
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"{layer:{widths[0]}}  {activation:{widths[1]}}  {arrow:{widths[2]}}  {count:>{widths[3]}}"
        for layer, activation, arrow, count in rows
    ]
    n_bytes = parameters.nbytes
    size = f"{n_bytes / 1024:,.1f} KiB" if n_bytes < 2**20 else f"{n_bytes / 2**20:,.1f} MiB"
    return "\n".join([*lines, f"{parameters.size:,} parameters of {parameters.dtype}, {size}"])
