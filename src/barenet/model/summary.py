"""A network as a table: its layers, what goes in and out of each, and how much it learns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from barenet.model.layers.layer import Layer

if TYPE_CHECKING:
    from barenet.model.network import Network

__all__ = ["summarize"]


def summarize(network: Network) -> str:
    """Write the table."""
    rows = [("layer", "activation", "in → out", "parameters")]
    width = network.n_inputs
    for layer in network.layers:
        out = layer.n_out or width
        rows.append((layer.name, _activation(layer), _arrow(width, out), f"{_count(layer):,}"))
        width = out
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [_align(row, widths) for row in rows]
    total = f"{network.n_parameters:,} parameters of {network.dtype}, "
    return "\n".join([*lines, total + _memory(network.parameters.nbytes)])


def _activation(layer: Layer) -> str:
    return "" if layer.activation is None else layer.activation.name


def _arrow(n_in: int | None, n_out: int | None) -> str:
    return f"{n_in or 'any'} → {n_out or 'any'}"


def _count(layer: Layer) -> int:
    return sum(math.prod(shape) for shape in layer.parameter_shapes.values())


def _align(row: tuple[str, ...], widths: list[int]) -> str:
    """Text to the left, the count to the right."""
    texts = [cell.ljust(width) for cell, width in zip(row[:3], widths[:3], strict=True)]
    return "  ".join([*texts, row[3].rjust(widths[3])])


def _memory(n_bytes: int) -> str:
    return f"{n_bytes / 1024:,.1f} KiB" if n_bytes < 2**20 else f"{n_bytes / 2**20:,.1f} MiB"
