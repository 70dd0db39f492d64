"""The columns of a table in ONNX: an input for each, by its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from barenet.data.column_types import BooleanColumn, CategoryColumn, Column, NumberColumn
from barenet.data.parsing import normalize_label
from barenet.errors import ArgumentError
from barenet.files.exports.encode import TableEncodeStep
from barenet.files.exports.onnx_graph import TYPES, Graph

__all__ = ["ML_OPSET", "column_inputs", "write_columns"]

#: Version of the operators for machine learning, of which one finds the place of a text.
ML_OPSET = 3

#: Names that the graph needs for itself.
RESERVED = ("", "labels", "probabilities", "predictions")


def column_inputs(step: TableEncodeStep, is_coarse: Iterable[bool]) -> Iterator[tuple[str, int]]:
    """Say what each input is called, and of which type it is."""
    for column, coarse in zip(step.columns, is_coarse, strict=True):
        if not isinstance(column, NumberColumn | BooleanColumn | CategoryColumn):
            raise ArgumentError(
                f"column {column.name!r} holds a {column.kind}, for which ONNX has no type",
                argument="model",
                remedy="use {to} or {to_}",
                to="python",
                to_="json",
            )
        if column.name in RESERVED or column.name.startswith("barenet/"):
            raise ArgumentError(
                f"column {column.name!r} has a name that the graph of ONNX uses itself",
                argument="model",
                remedy="rename the column",
            )
        text = isinstance(column, CategoryColumn)
        number = "float64" if coarse else str(step.dtype)
        yield column.name, TYPES["string" if text else number]


def write_columns(step: TableEncodeStep, graph: Graph) -> str:
    """Add what turns the inputs into the numbers that the network takes."""
    parts = [part for column in step.columns for part in _encode(column, step, graph)]
    joined = graph.add("Concat", *parts, axis=1)
    return graph.add("Cast", joined, to=TYPES[str(step.dtype)])


def _encode(column: Column, step: TableEncodeStep, graph: Graph) -> list[str]:
    """TableEncodeStep a column, in float64 as barenet does."""
    if isinstance(column, CategoryColumn):
        return [_category(column, step, graph)]
    assert isinstance(column, NumberColumn | BooleanColumn)
    missing = graph.add("IsNaN", column.name)
    x = graph.add("Cast", column.name, to=TYPES["float64"])
    for marker in step.number_markers if isinstance(column, NumberColumn) else ():
        singles = {marker, float(np.float32(marker))}  # an input may have either type
        for number in singles:
            is_marker = graph.add("Equal", x, _number(graph, number))
            missing = graph.add("Or", missing, is_marker)
    encoded = graph.add("Where", missing, _number(graph, float(column.fill)), x)
    if isinstance(column, NumberColumn):
        shifted = graph.add("Sub", encoded, _number(graph, column.center))
        encoded = graph.add("Div", shifted, _number(graph, column.scale))
    told = [graph.add("Cast", missing, to=TYPES["float64"])] if column.indicator else []
    return [encoded, *told]


def _category(column: CategoryColumn, step: TableEncodeStep, graph: Graph) -> str:
    """Find the place of each text, and put a 1 there."""
    count, n_outputs = len(column.categories), len(column.outputs)
    other = count if column.rare else -1
    places: dict[bytes, int] = {_utf8(name): at for at, name in enumerate(column.categories)}
    hole = n_outputs - 1 if column.missing else other
    for marker in ("", *step.encoding.missing):
        places |= {_utf8(marker): hole, _utf8(normalize_label(marker)): hole}
    place = graph.add(
        "LabelEncoder",
        column.name,
        domain="ai.onnx.ml",
        keys_strings=list(places),
        values_int64s=list(places.values()),
        default_int64=other,
    )
    own = graph.add("Equal", place, graph.constant(np.arange(n_outputs).reshape(1, -1)))
    return graph.add("Cast", own, to=TYPES["float64"])


def _utf8(text: str) -> bytes:
    """TableEncodeStep a text for ONNX."""
    return text.encode("utf-8", "replace")


def _number(graph: Graph, value: float) -> str:
    return graph.constant(np.array(value, np.float64))
