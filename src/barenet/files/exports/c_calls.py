"""Plan of a C export: which function is called on which vector, and what each call is given.

Two vectors on the stack are enough, whatever the number of layers: what a step reads lies in one,
what it writes goes into the other. Steps that work entry by entry stay where they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.constraints import options_of
from barenet.files.exports.c_parts import EvenScale, function_of
from barenet.files.exports.encode import Encode
from barenet.files.exports.numerals import hexadecimal, rest_of
from barenet.files.exports.program import Program
from barenet.files.exports.quantization import RoundedAffine
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

__all__ = ["Plan"]

#: Steps that read one vector and write another.
MOVING = (Encode, Scale, EvenScale, Affine, RoundedAffine)

#: What something is divided by, or lost with.
NEVER_ZERO = ("factor", "deviation", "epsilon")

#: Steps whose arrays are numbered.
NUMBERED = (Affine, RoundedAffine, Normalize, NormalizeRow)


@dataclass(eq=False)
class Plan:
    """The calls of a program in C.

    Attributes
    ----------
    steps : list of Step
        What is called, as C has it.
    calls : list of str
        In order, without semicolons.
    arrays : dict of str to ndarray
        What they name. A matrix has a row for each output.
    buffers : dict of str to int
        The vectors on the stack: their names, and how many floats they hold.
    copies : bool
        Whether the row must be copied, as the first step would change it.
    """

    steps: list[Step] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    buffers: dict[str, int] = field(default_factory=dict)
    copies: bool = False

    @classmethod
    def of(cls, program: Program) -> Plan:
        """Plan the calls."""
        plan, place, width, number = cls(), "x", program.n_inputs, 0
        moves = [isinstance(step, MOVING) for step in program.steps]
        for index, step in enumerate(map(_for_c, program.steps)):
            number += isinstance(step, NUMBERED)
            if place == "x" and not moves[index]:
                place = plan._copy(width, last=not any(moves[index:]))
            source = place
            if moves[index]:
                width = _width_after(step, width)
                place = plan._other(place, width, last=not any(moves[index + 1 :]))
            plan._call(step, source, place, width, number)
        if place == "x":
            plan._copy(width, last=True)
        return plan

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

    def _copy(self, width: int, *, last: bool) -> str:
        """Copy the row to where it may be changed."""
        place = self._other("x", width, last=last)
        self.calls.append(f"copy(x, {place}, {width})")
        self.copies = True
        return place

    def _other(self, place: str, width: int, *, last: bool) -> str:
        """Choose where a step writes to, and make room for it there."""
        if last:
            return "y"
        other = "b" if place == "a" else "a"
        self.buffers[other] = max(width, self.buffers.get(other, 0))
        return other

    def _call(self, step: Step, source: str, place: str, width: int, number: int) -> None:
        """Add a call, and the arrays that it is given."""
        self.steps.append(step)
        names = self._name_arrays(step, number)
        if isinstance(step, Scale | EvenScale):
            numbers = names or _numbers(_parts(step))
            self.calls.append(f"scale({source}, {', '.join(numbers)}, {place}, {width})")
        elif isinstance(step, Affine | RoundedAffine):
            n_in = (step.weights if isinstance(step, Affine) else step.codes).shape[0]
            self.calls.append(f"dense({source}, {n_in}, {', '.join(names)}, {place}, {width})")
        elif isinstance(step, Encode):
            self.calls.append(f"encode({source}, {place})")
        elif isinstance(step, Both):
            self.calls.append(f"both({place})")
        else:
            given = [place, str(width), *names, *_numbers(_options(step))]
            self.calls.append(f"{function_of(step)}({', '.join(given)})")

    def _name_arrays(self, step: Step, number: int) -> list[str]:
        """Name a step's arrays; matrices are turned, so that an output's weights lie together."""
        names = []
        for part, value in _parts(step).items():
            if isinstance(value, np.ndarray):
                _check_single(part, value)
                part = "weights" if part == "codes" else part
                name = NAMES.get(type(step), "{part}_{number}").format(part=part, number=number)
                self.arrays[name] = value.T
                names.append(name)
        return names


def _for_c(step: Step) -> Step:
    """Rewrite a step in the form that loses the fewest digits in floats.

    Numbers that are the same for every input, as for the pixels of an image, become one. The mean
    of a float64 batch norm is rounded to a float, and its bias is corrected for the rest.
    """
    if isinstance(step, Scale) and np.ptp(step.offset) == np.ptp(step.factor) == 0:
        return EvenScale(step.offset[0], step.factor[0])
    if isinstance(step, Normalize):
        return replace(step, bias=step.bias - step.gain * rest_of(step.mean) / step.deviation)
    return step


def _parts(step: Step) -> dict[str, Any]:
    """Return the numbers of a step; an offset is two floats, as one has too few digits."""
    parts: dict[str, Any] = {}
    for name, value in vars(step).items():
        parts[name] = value
        if name == "offset":
            parts["rest"] = rest_of(value)
    return parts


#: What arrays are called, where they have no number.
NAMES: dict[type[Step], str] = {Scale: "input_{part}", Unscale: "target_{part}"}


def _width_after(step: Step, width: int) -> int:
    if isinstance(step, Encode):
        return step.encoding.n_outputs
    if isinstance(step, Affine):
        return step.weights.shape[1]
    return step.codes.shape[1] if isinstance(step, RoundedAffine) else width


def _options(step: Step) -> dict[str, float]:
    """The single numbers that a step has."""
    if isinstance(step, Apply):
        names = (option.name for option in options_of(step.activation))
        return {name: getattr(step.activation, name) for name in names}
    return {"epsilon": step.epsilon} if isinstance(step, NormalizeRow) else {}


def _numbers(options: Mapping[str, float]) -> list[str]:
    for name, value in options.items():
        _check_single(name, np.array(value))
    return [hexadecimal(np.float64(value)) for value in options.values()]


def _check_single(name: str, values: NDArray[Any]) -> None:
    """Refuse numbers that a float of C can't hold, or would make 0 where that must not be."""
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    lost = (single == 0) & (values != 0) & (name in NEVER_ZERO)
    wrong = values[~np.isfinite(single) | lost]
    if wrong.size:
        raise ValueError(
            f"model: one of its numbers, {name} {wrong.flat[0]:g}, is beyond what a float of "
            "C can hold"
        )
