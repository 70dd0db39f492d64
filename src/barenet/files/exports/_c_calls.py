"""Calls of a C export: the functions that it calls, on which vectors, with which constants.

Two vectors on the stack are enough, whatever the number of layers: a step reads one and writes the
other. Steps that work entry by entry change a vector in place.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import option_values
from barenet.errors import ArgumentError
from barenet.files.exports import _steps as kinds
from barenet.files.exports._inference_program import Program
from barenet.files.exports._quantization import RoundedAffine
from barenet.files.exports._source_text import hexadecimal, identifier, rest_of

#: Constants that must not be rounded to 0.
NEVER_ZERO = ("factor", "deviation", "epsilon", "scale")


class Call(NamedTuple):
    """A call for a step: from vector a of n numbers to vector b of m, or in place without b."""

    code: str
    #: The arrays and numbers that it takes, by their names in the code.
    constants: Mapping[str, Any]
    m: int = 0
    #: Prefix of the arrays' names; by default, they end with the number of the layer.
    prefix: str = ""


class CallPlan:
    """The calls of a program, their constants and the vectors on the stack."""

    def __init__(self, program: Program) -> None:
        self.calls: list[str] = []
        #: Constants by their names; a matrix has a row for each output.
        self.arrays: dict[str, NDArray[Any]] = {}
        #: The length of each vector on the stack.
        self.buffers: dict[str, int] = {}
        calls = [(number, _call(step)) for number, step in program.numbered()]
        if not calls or "{b}" not in calls[0][1].code:  # the caller's x must not change
            calls.insert(0, (0, Call("copy({a}, {b}, {m})", {}, program.n_inputs)))
        last = max(at for at, (_, call) in enumerate(calls) if "{b}" in call.code)
        a, n = "x", program.n_inputs
        for at, (number, call) in enumerate(calls):
            b, constants = a, self._constants(call, number)
            if "{b}" in call.code:
                b = "y" if at == last else self._other(a, call.m)
            self.calls.append(call.code.format(a=a, b=b, n=n, m=call.m, **constants))
            a, n = b, call.m or n

    @property
    def functions(self) -> list[str]:
        """The names of all functions that are called."""
        return list(dict.fromkeys(call.partition("(")[0] for call in self.calls))

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

    def _constants(self, call: Call, number: int) -> dict[str, str]:
        """Check the constants; name the arrays and write the numbers."""
        words = {}
        for name, value in call.constants.items():
            check_single(name, np.asarray(value))
            if isinstance(value, np.ndarray):
                words[name] = call.prefix + name if call.prefix else f"{name}_{number}"
                self.arrays[words[name]] = value
            else:
                words[name] = hexadecimal(np.float64(value))
        return words


def _call(step: kinds.Step) -> Call:
    """Call for a step, with its constants in the form that loses the fewest digits in floats.

    An offset is the sum of two floats. The mean of a float64 batch norm is rounded to a float, and
    its bias is corrected for the rest.
    """
    match step:
        case kinds.TableEncodeStep():
            return Call("encode({a}, {b})", {}, step.encoding.n_outputs)
        case kinds.Scale(offset=offset, factor=factor):
            name, parts = "scale", {"offset": offset, "rest": rest_of(offset), "factor": factor}
            if np.ptp(offset) == np.ptp(factor) == 0:
                name, parts = "scale_evenly", {key: part[0] for key, part in parts.items()}
            code = f"{name}({{a}}, {{offset}}, {{rest}}, {{factor}}, {{b}}, {{m}})"
            return Call(code, parts, offset.size, "input_")
        case kinds.Affine(weights=weights, bias=bias):
            parts = {"weights": weights.T, "bias": bias}
            return Call("dense({a}, {n}, {weights}, {bias}, {b}, {m})", parts, bias.size)
        case RoundedAffine(codes=codes, step=size, bias=bias):
            parts = {"weights": codes.T, "step": size, "bias": bias}
            code = "dense_int8({a}, {n}, {weights}, {step}, {bias}, {b}, {m})"
            return Call(code, parts, bias.size)
        case kinds.Normalize(deviation=deviation, gain=gain):
            bias = step.bias - gain * rest_of(step.mean) / deviation
            return Call(
                "normalize({a}, {n}, {mean}, {deviation}, {gain}, {bias})",
                {"mean": step.mean, "deviation": deviation, "gain": gain, "bias": bias},
            )
        case kinds.NormalizeRow():
            return Call("normalize_row({a}, {n}, {gain}, {bias}, {epsilon})", vars(step))
        case kinds.Unscale(offset=offset, factor=factor):
            parts = {"offset": offset, "rest": rest_of(offset), "factor": factor}
            return Call("unscale({a}, {n}, {offset}, {rest}, {factor})", parts, prefix="target_")
        case kinds.Apply(activation=activation):
            options = option_values(activation)
            given = "".join(f", {{{name}}}" for name in options)
            return Call(f"apply_{identifier(activation.name)}({{a}}, {{n}}{given})", options)
    return Call("both({a}, {n})", {})


def check_single(name: str, values: NDArray[Any], owner: str = "") -> None:
    """Refuse numbers beyond the range of a C float, and those that must not become 0."""
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    lost = (single == 0) & (values != 0) & (name in NEVER_ZERO)
    wrong = values[~np.isfinite(single) | lost]
    if wrong.size:
        problem = f"{owner}{name} {wrong.flat[0]:g} is beyond the range of a C float"
        raise ArgumentError(problem, argument="model")
