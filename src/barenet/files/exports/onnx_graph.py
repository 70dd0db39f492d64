"""Steps of a program as ONNX operators, for any collector of operators.

A model file collects them in a graph of its own, a converter for skl2onnx in that of a pipeline.
Only operators that ONNX Runtime has for float32 and float64 are used.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.files.exports.activation_code import Graph, add_activation
from barenet.files.exports.program import Program
from barenet.files.exports.steps import (
    Affine,
    Apply,
    BinaryToTwoClass,
    Normalize,
    NormalizeRow,
    Scale,
    Step,
    Unscale,
)

__all__ = ["Graph", "OutputNames", "write_outputs"]

#: Codes of types in ONNX, by NumPy's names.
TYPES = {"float32": 1, "int64": 7, "string": 8, "float64": 11}


class OutputNames(NamedTuple):
    """Names of the results of a graph."""

    outputs: str
    #: The class of each row, or a 0 or 1 for each label; None for numbers.
    labels: str | None


def write_outputs(
    program: Program, graph: Graph, X: str, outputs: str | None = None, labels: str | None = None
) -> OutputNames:
    """Add all steps of a program, and the labels that follow from the last one."""
    values = X
    for step in program.steps[1:] if program.table else program.steps:
        values = _add(graph, step, values, program.dtype)
    values = graph.add("Identity", values, output=outputs)
    if program.answer == "class":
        best = graph.add("ArgMax", values, axis=1, keepdims=0)
        names = graph.constant(_class_names(program))
        return OutputNames(values, graph.add("Gather", names, best, output=labels, axis=0))
    if program.answer == "labels":
        half = graph.constant(np.array(0.5, program.dtype))
        likely = graph.add("Greater", values, half)
        return OutputNames(values, graph.add("Cast", likely, output=labels, to=TYPES["int64"]))
    return OutputNames(values, None)


def _class_names(program: Program) -> NDArray[Any]:
    """The classes as integers, or as text that is valid UTF-8."""
    if all(isinstance(name, int) for name in program.classes):
        return np.array(program.classes, np.int64)
    encoded = (str(name).encode("utf-8", "replace").decode() for name in program.classes)
    return np.array(list(encoded), object)


def _add(graph: Graph, step: Step, X: str, dtype: np.dtype[Any]) -> str:
    """Add a step."""

    def chain(X: str, *operations: tuple[str, Any]) -> str:
        for operator, constant in operations:
            X = graph.add(operator, X, graph.constant(constant))
        return X

    def cast(X: str, dtype: Any) -> str:
        return graph.add("Cast", X, to=TYPES[str(dtype)])

    match step:
        case Apply(activation=activation):
            return add_activation(graph, activation, X, dtype)
        case Scale(offset=offset, factor=factor):
            return cast(chain(cast(X, "float64"), ("Sub", offset), ("Mul", factor)), dtype)
        case Unscale(offset=offset, factor=factor):
            return cast(chain(cast(X, "float64"), ("Div", factor), ("Add", offset)), dtype)
        case Affine(weights=weights, bias=bias):
            return graph.add("Gemm", X, graph.constant(weights), graph.constant(bias))
        case Normalize(mean, deviation, gain, bias):
            parts = {"Sub": mean, "Div": deviation, "Mul": gain, "Add": bias}
            return chain(X, *parts.items())
        case NormalizeRow(gain=gain, bias=bias, epsilon=epsilon):
            # ONNX Runtime fuses these; its operator for the whole has an ε of float32.
            centered = graph.add("Sub", X, graph.add("ReduceMean", X, axes=[-1], keepdims=1))
            squares = graph.add("Mul", centered, centered)
            variance = graph.add("ReduceMean", squares, axes=[-1], keepdims=1)
            root = graph.add("Sqrt", chain(variance, ("Add", np.array(epsilon, dtype))))
            normalized = graph.add("Div", centered, root)
            return chain(normalized, ("Mul", gain), ("Add", bias))
    assert isinstance(step, BinaryToTwoClass)
    one = graph.constant(np.array(1, dtype))
    return graph.add("Concat", graph.add("Sub", one, X), X, axis=1)
