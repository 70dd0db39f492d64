"""The layers of a network in a table, and functions in place of methods of other libraries."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from barenet._display import write_display, write_table
from barenet.model._arrays import FloatArray
from barenet.model.layers import Layer

#: Methods that networks have in Keras, PyTorch or scikit-learn, and what there is instead.
OTHERS = {
    "fit": "train it by train(network, X, y)",
    "partial_fit": "train it by train(network, X, y, epochs=1)",
    "compile": "pass the loss, the optimizer and the metrics to train",
    "predict_proba": "the predict of a softmax or sigmoid output returns the probabilities",
    "score": "use MLPClassifier or MLPRegressor, or train with test_data and metrics",
    "evaluate": "train with test_data and metrics, or use cross_validate",
    "save": "use barenet.save(network, path)",
    "state_dict": "its parameters are one array, network.parameters",
}


class NetworkMethods:
    """Names the functions that do the work of methods in other libraries."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            remedy = f"; {OTHERS[name]}" if name in OTHERS else ""
            problem = f"{type(self).__name__!r} object has no attribute {name!r}{remedy}"
            raise AttributeError(problem, name=name, obj=self)


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
