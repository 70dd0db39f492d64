"""Calls of a C export: the functions that it calls, on which vectors, with which constants.

Two vectors on the stack are enough, whatever the number of layers: a step reads one and writes the
other. Steps that work entry by entry change a vector in place.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import option_values
from barenet.errors import ArgumentError
from barenet.files.exports._inference_program import Program, Step
from barenet.files.exports._source_text import hexadecimal, identifier, rest_of

#: The call for each step: from vector a of n numbers to vector b of m, or in place without b.
CALLS = {
    "encode": "encode({a}, {b})",
    "scale": "scale({a}, {offset}, {rest}, {factor}, {b}, {m})",
    "affine": "dense({a}, {n}, {weights}, {bias}, {b}, {m})",
    "rounded": "dense_int8({a}, {n}, {weights}, {step}, {bias}, {b}, {m})",
    "normalize": "normalize({a}, {n}, {mean}, {deviation}, {gain}, {bias})",
    "normalize_row": "normalize_row({a}, {n}, {gain}, {bias}, {epsilon})",
    "unscale": "unscale({a}, {n}, {offset}, {rest}, {factor})",
    "both": "both({a}, {n})",
}

#: Prefixes of the arrays of a function; the names of others end with the number of the layer.
PREFIXES = {"scale": "input_", "unscale": "target_"}

#: Constants that must not be rounded to 0.
NEVER_ZERO = ("factor", "deviation", "epsilon", "scale")


class CallPlan:
    """The calls of a program, their constants and the vectors on the stack."""

    def __init__(self, program: Program) -> None:
        self.calls: list[str] = []
        #: Constants by their names; a matrix has a row for each output.
        self.arrays: dict[str, NDArray[Any]] = {}
        #: The length of each vector on the stack.
        self.buffers: dict[str, int] = {}
        calls = [(number, *_call(step)) for number, step in program.numbered()]
        if not calls or "{b}" not in calls[0][1]:  # the caller's x must not change
            calls.insert(0, (0, "copy({a}, {b}, {m})", {"m": program.n_inputs}))
        last = max(at for at, (_, code, _) in enumerate(calls) if "{b}" in code)
        a, n = "x", program.n_inputs
        for at, (number, code, parts) in enumerate(calls):
            b, m = a, parts.pop("m", n)
            prefix = PREFIXES.get(code.partition("(")[0], "")
            words = {
                name: self._constant(name, part, prefix, number) for name, part in parts.items()
            }
            if "{b}" in code:
                b = "y" if at == last else self._other(a, m)
            self.calls.append(code.format(a=a, b=b, n=n, m=m, **words))
            a, n = b, m

    def _other(self, vector: str, width: int) -> str:
        """Choose the vector that a step writes to, and make room for it."""
        other = "b" if vector == "a" else "a"
        self.buffers[other] = max(width, self.buffers.get(other, 0))
        return other

    def _constant(self, name: str, value: Any, prefix: str, number: int) -> str:
        """Check a constant; write a number, or add an array under its name."""
        check_single(name, np.asarray(value))
        if not isinstance(value, np.ndarray):
            return hexadecimal(np.float64(value))
        variable = prefix + name if prefix else f"{name}_{number}"
        self.arrays[variable] = value
        return variable


def _call(step: Step) -> tuple[str, dict[str, Any]]:
    """The call for a step, and its constants in the form that loses the fewest digits in floats.

    An offset is the sum of two floats. The mean of a float64 batch norm is rounded to a float, and
    its bias is corrected for the rest. The constant m is the number of outputs, if it may change.
    """
    code, parts = CALLS.get(step.name, ""), dict(step.parts)
    match step.name:
        case "encode":
            parts = {"m": parts["encoding"].n_outputs}
        case "affine" | "rounded":
            parts |= {"weights": parts["weights"].T, "m": parts["bias"].size}
        case "normalize":
            parts["bias"] = (
                parts["bias"] - parts["gain"] * rest_of(parts["mean"]) / parts["deviation"]
            )
        case "scale" | "unscale":
            offset, factor = parts["offset"], parts["factor"]
            parts = {"offset": offset, "rest": rest_of(offset), "factor": factor}
            if step.name == "scale" and np.ptp(offset) == np.ptp(factor) == 0:
                code = code.replace("scale", "scale_evenly")
                parts = {name: part[0] for name, part in parts.items()}
            parts["m"] = offset.size
        case "apply":
            activation = parts["activation"]
            parts = option_values(activation)
            given = "".join(f", {{{name}}}" for name in parts)
            code = f"apply_{identifier(activation.name)}({{a}}, {{n}}{given})"
    return code, parts


def check_single(name: str, values: NDArray[Any], owner: str = "") -> None:
    """Refuse numbers beyond the range of a C float, and those that must not become 0."""
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    lost = (single == 0) & (values != 0) & (name in NEVER_ZERO)
    wrong = values[~np.isfinite(single) | lost]
    if wrong.size:
        problem = f"{owner}{name} {wrong.flat[0]:g} is beyond the range of a C float"
        raise ArgumentError(problem, argument="model")
