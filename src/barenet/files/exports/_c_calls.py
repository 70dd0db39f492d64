"""Calls of a C export: the functions that it calls, on which vectors, with which constants.

Two vectors on the stack are enough, whatever the number of layers: a step reads one and writes the
other. Steps that work entry by entry change a vector in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import options_of
from barenet.errors import ArgumentError
from barenet.files.exports._inference_program import Program
from barenet.files.exports._quantization import RoundedAffine
from barenet.files.exports._source_text import hexadecimal, identifier, rest_of
from barenet.files.exports._steps import (
    Affine,
    Apply,
    BinaryToTwoClass,
    Normalize,
    NormalizeRow,
    Scale,
    Step,
    Unscale,
)
from barenet.files.exports._table_encode_step import TableEncodeStep

__all__ = ["CallPlan", "Function", "check_single"]

#: Constants that must not be rounded to 0.
NEVER_ZERO = ("factor", "deviation", "epsilon", "scale")


class Function(NamedTuple):
    """A function of C for a step, and its constants."""

    name: str
    arrays: Mapping[str, NDArray[Any]] = {}
    numbers: Mapping[str, Any] = {}
    #: Pattern of the arrays' names, with the name and the number of the layer.
    pattern: str = "{name}_{number}"
    #: The width of the other vector, if it writes to one.
    n_out: int | None = None
    #: The width of the input, if the function needs both.
    n_in: int | None = None


class CallPlan:
    """The calls of a program, their constants and the vectors on the stack."""

    def __init__(self, program: Program) -> None:
        self.calls: list[str] = []
        #: Constants by their names; a matrix has a row for each output.
        self.arrays: dict[str, NDArray[Any]] = {}
        #: The length of each vector on the stack.
        self.buffers: dict[str, int] = {}
        functions = list(map(_function, program.steps))
        if not functions or functions[0].n_out is None:  # the caller's x must not change
            functions.insert(0, Function("copy", n_out=program.n_inputs))
        #: The names of all functions that are called.
        self.functions = dict.fromkeys(function.name for function in functions)
        last = max(at for at, each in enumerate(functions) if each.n_out is not None)
        vector, width, number = "x", program.n_inputs, 0
        for at, function in enumerate(functions):
            number += "{number}" in function.pattern and bool(function.arrays)
            given = [*self._name(function, number), *map(_numeral, function.numbers.values())]
            if function.n_in is not None:
                given.insert(0, str(function.n_in))
            if function.n_out is None:
                given = [vector, str(width), *given]
            else:
                source, width = vector, function.n_out
                vector = "y" if at == last else self._other(vector, width)
                given = [
                    source,
                    *given,
                    vector,
                    *([str(width)] if function.name != "encode" else []),
                ]
            self.calls.append(f"{function.name}({', '.join(given)})")

    def declaration(self) -> str:
        """Declare the vectors."""
        vectors = ", ".join(f"{name}[{size}]" for name, size in self.buffers.items())
        return f"    float {vectors};\n\n" if vectors else ""

    @property
    def n_bytes(self) -> int:
        """Bytes of the constants."""
        return sum(a.size if a.dtype == np.int8 else 4 * a.size for a in self.arrays.values())

    @property
    def n_stack(self) -> int:
        """Bytes of the vectors on the stack."""
        return 4 * sum(self.buffers.values())

    def _other(self, vector: str, width: int) -> str:
        """Choose the vector that a step writes to, and make room for it."""
        other = "b" if vector == "a" else "a"
        self.buffers[other] = max(width, self.buffers.get(other, 0))
        return other

    def _name(self, function: Function, number: int) -> list[str]:
        """Name the arrays of a function, and check them."""
        for name, value in {**function.arrays, **function.numbers}.items():
            check_single(name, np.asarray(value))
        named = {
            function.pattern.format(name=name, number=number): values
            for name, values in function.arrays.items()
        }
        self.arrays |= named
        return list(named)


def _function(step: Step) -> Function:
    """Function of a step, with its constants in the form that loses the fewest digits in floats.

    An offset is the sum of two floats. The mean of a float64 batch norm is rounded to a float, and
    its bias is corrected for the rest.
    """
    match step:
        case TableEncodeStep():
            return Function("encode", n_out=step.encoding.n_outputs)
        case Scale(offset=offset, factor=factor) if np.ptp(offset) == np.ptp(factor) == 0:
            numbers = {"offset": offset[0], "rest": rest_of(offset[0]), "factor": factor[0]}
            return Function("scale_evenly", numbers=numbers, n_out=offset.size)
        case Scale(offset=offset, factor=factor):
            arrays = {"offset": offset, "rest": rest_of(offset), "factor": factor}
            return Function("scale", arrays, pattern="input_{name}", n_out=offset.size)
        case Affine(weights=weights, bias=bias):
            arrays = {"weights": weights.T, "bias": bias}
            return Function("dense", arrays, n_in=len(weights), n_out=bias.size)
        case RoundedAffine(codes=codes, step=size, bias=bias):
            arrays = {"weights": codes.T, "step": size, "bias": bias}
            return Function("dense_int8", arrays, n_in=len(codes), n_out=bias.size)
        case Normalize(gain=gain, deviation=deviation):
            bias = step.bias - gain * rest_of(step.mean) / deviation
            arrays = {"mean": step.mean, "deviation": deviation, "gain": gain, "bias": bias}
            return Function("normalize", arrays)
        case NormalizeRow(epsilon=epsilon):
            arrays = {"gain": step.gain, "bias": step.bias}
            return Function("normalize_row", arrays, {"epsilon": epsilon})
        case Unscale(offset=offset, factor=factor):
            arrays = {"offset": offset, "rest": rest_of(offset), "factor": factor}
            return Function("unscale", arrays, pattern="target_{name}")
        case Apply(activation=activation):
            options = {each.name: getattr(activation, each.name) for each in options_of(activation)}
            return Function(f"apply_{identifier(activation.name)}", numbers=options)
    assert isinstance(step, BinaryToTwoClass)
    return Function("both")


def _numeral(value: float) -> str:
    return hexadecimal(np.float64(value))


def check_single(name: str, values: NDArray[Any], owner: str = "") -> None:
    """Refuse numbers beyond the range of a C float, and those that must not become 0."""
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    lost = (single == 0) & (values != 0) & (name in NEVER_ZERO)
    wrong = values[~np.isfinite(single) | lost]
    if wrong.size:
        raise ArgumentError(
            f"{owner}{name} {wrong.flat[0]:g} is beyond the range of a C float",
            argument="model",
        )
