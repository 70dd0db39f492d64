"""The steps of a program as operators of ONNX, for whatever collects them.

A model file collects them in a graph of its own, a converter of skl2onnx in that of a pipeline.
Only operators that ONNX Runtime has for float32 and float64 are used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from barenet.files.exports.program import Program
from barenet.files.exports.steps import (
    Affine,
    Apply,
    Both,
    Normalize,
    NormalizeRow,
    Scale,
    Step,
    Unscale,
)
from barenet.model.activations import (
    ELU,
    GELU,
    Activation,
    Exponential,
    LeakyReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)

__all__ = ["ACTIVATIONS", "STEPS", "Answers", "Graph", "write_answers"]

#: Codes of types in ONNX, by NumPy's names.
TYPES = {"float32": 1, "int64": 7, "string": 8, "float64": 11}


class Graph(Protocol):
    """What operators are added to."""

    def add(self, operator: str, *inputs: str, output: str | None = None, **options: Any) -> str:
        """Add an operator of the standard set."""

    def constant(self, values: NDArray[Any]) -> str:
        """Add numbers or strings."""


class Answers(NamedTuple):
    """Names of what a graph computes.

    Attributes
    ----------
    outputs : str
        What comes out of the last step.
    labels : str or None
        The class of each row, or a 0 or 1 for each label.
    """

    outputs: str
    labels: str | None


def write_answers(
    program: Program, graph: Graph, X: str, outputs: str | None = None, labels: str | None = None
) -> Answers:
    """Add all steps of a program, and what follows from the last."""
    values = X
    for step in program.steps[1:] if program.table else program.steps:
        values = STEPS[type(step)](graph, step, values, program)
    values = graph.add("Identity", values, output=outputs)
    if program.answer == "class":
        best = graph.add("ArgMax", values, axis=1, keepdims=0)
        names = graph.constant(_names(program))
        return Answers(values, graph.add("Gather", names, best, output=labels, axis=0))
    if program.answer == "labels":
        half = _number(graph, 0.5, program.dtype)
        there = graph.add("Greater", values, half)
        return Answers(values, graph.add("Cast", there, output=labels, to=TYPES["int64"]))
    return Answers(values, None)


def _names(program: Program) -> NDArray[Any]:
    """The classes as integers, or as text without what UTF-8 does not have."""
    if all(isinstance(name, int) for name in program.classes):
        return np.array(program.classes, np.int64)
    encoded = (str(name).encode("utf-8", "replace").decode() for name in program.classes)
    return np.array(list(encoded), object)


def _scale(graph: Graph, step: Any, X: str, program: Program) -> str:
    wide = graph.add("Cast", X, to=TYPES["float64"])
    shifted = graph.add("Sub", wide, graph.constant(step.offset))
    scaled = graph.add("Mul", shifted, graph.constant(step.factor))
    return graph.add("Cast", scaled, to=TYPES[str(program.dtype)])


def _affine(graph: Graph, step: Any, X: str, program: Program) -> str:
    return graph.add("Gemm", X, graph.constant(step.weights), graph.constant(step.bias))


def _normalize(graph: Graph, step: Any, X: str, program: Program) -> str:
    centred = graph.add("Sub", X, graph.constant(step.mean))
    normalized = graph.add("Div", centred, graph.constant(step.deviation))
    scaled = graph.add("Mul", normalized, graph.constant(step.gain))
    return graph.add("Add", scaled, graph.constant(step.bias))


def _normalize_row(graph: Graph, step: Any, X: str, program: Program) -> str:
    """In parts, as the operator for the whole has an ε of float32; ONNX Runtime joins them."""
    centred = graph.add("Sub", X, graph.add("ReduceMean", X, axes=[-1], keepdims=1))
    squares = graph.add("Mul", centred, centred)
    variance = graph.add("ReduceMean", squares, axes=[-1], keepdims=1)
    epsilon = _number(graph, step.epsilon, program.dtype)
    deviation = graph.add("Sqrt", graph.add("Add", variance, epsilon))
    normalized = graph.add("Div", centred, deviation)
    scaled = graph.add("Mul", normalized, graph.constant(step.gain))
    return graph.add("Add", scaled, graph.constant(step.bias))


def _both(graph: Graph, step: Any, X: str, program: Program) -> str:
    one = _number(graph, 1, program.dtype)
    return graph.add("Concat", graph.add("Sub", one, X), X, axis=1)


def _unscale(graph: Graph, step: Any, X: str, program: Program) -> str:
    wide = graph.add("Cast", X, to=TYPES["float64"])
    stretched = graph.add("Div", wide, graph.constant(step.factor))
    shifted = graph.add("Add", stretched, graph.constant(step.offset))
    return graph.add("Cast", shifted, to=TYPES[str(program.dtype)])


def _apply(graph: Graph, step: Any, X: str, program: Program) -> str:
    return ACTIVATIONS[type(step.activation)](graph, step.activation, X, program.dtype)


def _leaky_relu(graph: Graph, leaky: Any, X: str, dtype: np.dtype[Any]) -> str:
    """The operator of that name has a slope of float32."""
    bent = graph.add("Mul", X, _number(graph, leaky.slope, dtype))
    return graph.add("Where", graph.add("Greater", X, _number(graph, 0, dtype)), X, bent)


def _elu(graph: Graph, elu: Any, X: str, dtype: np.dtype[Any]) -> str:
    """ONNX Runtime has no Elu of float64; and its operator is exp(z) − 1, as here."""
    zero, one = _number(graph, 0, dtype), _number(graph, 1, dtype)
    negative = graph.add("Exp", graph.add("Min", X, zero))
    bent = graph.add("Mul", graph.add("Sub", negative, one), _number(graph, elu.alpha, dtype))
    return graph.add("Where", graph.add("Greater", X, zero), X, bent)


def _gelu(graph: Graph, gelu: Any, X: str, dtype: np.dtype[Any]) -> str:
    """½ z (1 + erf(z/√2)); ONNX Runtime has an Erf of float32 alone."""
    narrow = graph.add("Mul", X, _number(graph, np.sqrt(0.5), dtype))
    if dtype == np.float32:
        erf = graph.add("Erf", narrow)
    else:
        erf = graph.add("Erf", graph.add("Cast", narrow, to=TYPES["float32"]))
        erf = graph.add("Cast", erf, to=TYPES["float64"])
    share = graph.add("Add", erf, _number(graph, 1, dtype))
    return graph.add("Mul", graph.add("Mul", X, share), _number(graph, 0.5, dtype))


def _silu(graph: Graph, silu: Any, X: str, dtype: np.dtype[Any]) -> str:
    return graph.add("Mul", X, graph.add("Sigmoid", X))


def _softplus(graph: Graph, softplus: Any, X: str, dtype: np.dtype[Any]) -> str:
    """max(0, z) + ln(1 + exp(−|z|)), which does not overflow; and there is no float64 Softplus."""
    small = graph.add("Exp", graph.add("Neg", graph.add("Abs", X)))
    logarithm = graph.add("Log", graph.add("Add", small, _number(graph, 1, dtype)))
    return graph.add("Add", graph.add("Relu", X), logarithm)


def _number(graph: Graph, value: float, dtype: np.dtype[Any]) -> str:
    return graph.constant(np.array(value, dtype))


def _operator(name: str, **options: Any) -> Callable[[Graph, Any, str, np.dtype[Any]], str]:
    """An activation that is an operator of ONNX itself."""

    def _add(graph: Graph, activation: Any, X: str, dtype: np.dtype[Any]) -> str:
        return graph.add(name, X, **options)

    return _add


#: What adds each step.
STEPS: dict[type[Step], Callable[[Graph, Any, str, Program], str]] = {
    Scale: _scale,
    Affine: _affine,
    Apply: _apply,
    Normalize: _normalize,
    NormalizeRow: _normalize_row,
    Both: _both,
    Unscale: _unscale,
}

#: What adds each activation.
ACTIVATIONS: dict[type[Activation], Callable[[Graph, Any, str, np.dtype[Any]], str]] = {
    ReLU: _operator("Relu"),
    LeakyReLU: _leaky_relu,
    ELU: _elu,
    GELU: _gelu,
    SiLU: _silu,
    Tanh: _operator("Tanh"),
    Sigmoid: _operator("Sigmoid"),
    Softplus: _softplus,
    Exponential: _operator("Exp"),
    Softmax: _operator("Softmax", axis=-1),
}
