"""Calls of a program in C: a function for each step, constants, and vectors on the stack."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._messages import some
from barenet.errors import ArgumentError
from barenet.files.exports import _source_text as source
from barenet.files.exports._activation_code import numeric_options
from barenet.files.exports._inference_program import (
    Program,
    Step,
    steps_of_column,
    unsupported_column,
)
from barenet.tables.encoding._column import Column
from barenet.tables.encoding._column_kinds import DateColumn
from barenet.tables.frames._plain_values import class_name


class NumberType(NamedTuple):
    """A type of numbers in C, and the function that writes one."""

    name: str
    write: Callable[[Any], str]


#: The types of the integer arrays, by NumPy's names.
TYPES = {"int8": NumberType("signed char", str), "int32": NumberType("int32_t", str)}

#: The type of all other arrays.
FLOAT = NumberType("float", source.hex_float)

#: The call of each step: from vector a of n numbers to vector b of m numbers, or in place.
CALLS = {
    "copy": "copy({a}, {b}, {m})",
    "encode": "encode({a}, {b})",
    "multiply": "multiply({a}, {n}, {first}, {second}, {b}, {m})",
    "scale": "scale({a}, {offset}, {rest}, {factor}, {b}, {m})",
    "affine": "dense({a}, {n}, {weights}, {bias}, {b}, {m})",
    "quantize": "quantize({a}, {offset}, {factor}, {stride}, {b}, {m})",
    "integer": "dense_codes({a}, {n}, {weights}, {bias}, {multiplier}, {shift}, {zero}, {b}, {m})",
    "look_up": "look_up({a}, {n}, {codes})",
    "sums": "dense_sums({a}, {n}, {weights}, {bias}, {step}, {b}, {m})",
    "normalize": "normalize({a}, {n}, {mean}, {deviation}, {gain}, {bias})",
    "normalize_row": "normalize_row({a}, {n}, {gain}, {bias}, {epsilon})",
    "prelu": "prelu({a}, {n}, {slopes})",
    "unscale": "unscale({a}, {n}, {offset}, {rest}, {factor})",
    "both": "both({a}, {n})",
    "keep": "clear(y, {outputs})",
    "add": "add({a}, {n}, {weight}, y)",
}

#: The vectors on the stack, of floats and of 8-bit codes, which steps write alternately.
VECTORS = ("a", "b", "c")
CODES = ("p", "q")

#: Names of the arrays of a step; the other names end with the number of the layer.
NAMES = {
    "scale": "input_{}",
    "multiply": "{}_inputs",
    "quantize": "input_{}",
    "unscale": "target_{}",
}


class Vector(NamedTuple):
    """A vector of the program in C, and the number of its values."""

    name: str
    length: int


class Call(NamedTuple):
    """The call of a step: its code, from a to b, and the constants in it."""

    number: int
    step: Step
    code: str
    constants: dict[str, Any]
    #: The number of outputs; None if it is that of the inputs.
    n_outputs: int | None

    @property
    def writes(self) -> bool:
        """Whether it writes to another vector than it reads from."""
        return "{b}" in self.code


class CallPlan:
    """The calls of a program, with their constants and the vectors on the stack."""

    def __init__(self, program: Program) -> None:
        self.calls: list[str] = []
        #: Constants by their names; a matrix has one row per output.
        self.arrays: dict[str, NDArray[Any]] = dict(_edges(program))
        #: The length of each vector on the stack.
        self.buffers: dict[str, int] = {}
        steps = tuple(_with_copies(program.steps))
        if not steps:
            steps = (Step("copy"),)
        calls = _planned_calls(replace(program, steps=steps))
        # The last call that writes to another vector writes to y, unless y is a mean of networks.
        writing = [at for at, call in enumerate(calls) if call.writes]
        is_mean = any(call.step.name == "total" for call in calls)
        self._n_outputs = program.n_outputs
        #: The vector that all networks of a mean read, and the one with their sum.
        self._kept = Vector("", 0)
        self._total = Vector("y", 0)
        current = Vector("x", program.n_inputs)
        for at, call in enumerate(calls):
            origin = current
            if not call.writes:
                name = origin.name
            elif at == writing[-1] and not is_mean:
                name = "y"
            else:
                name = self._free_name(call.step, origin)
            length = origin.length
            if call.n_outputs is not None:
                length = call.n_outputs
            elif call.step.name == "multiply":
                length += call.step.parts["first"].size
            target = Vector(name, length)
            self._reserve(target)
            self._write_call(call, origin, target)
            current = self._next_vector(call.step, target)

    def _free_name(self, step: Step, origin: Vector) -> str:
        """Name a vector on the stack that a step may overwrite."""
        names: tuple[str, ...] = VECTORS
        if step.name in ("quantize", "integer"):
            names = CODES
        in_use = (origin.name, self._kept.name)
        free = [name for name in names if name not in in_use]
        return free[0]

    def _reserve(self, vector: Vector) -> None:
        """Make a vector on the stack long enough."""
        if vector.name in (*VECTORS, *CODES):
            longest = self.buffers.get(vector.name, 0)
            self.buffers[vector.name] = max(vector.length, longest)

    def _write_call(self, call: Call, origin: Vector, target: Vector) -> None:
        """Declare the constants of a call, and write it; some steps have no code."""
        constants = {}
        for name, value in call.constants.items():
            constants[name] = self._declare(name, value, call.step, call.number)
        if not call.code:
            return
        text = call.code.format(
            a=origin.name,
            b=target.name,
            n=origin.length,
            m=target.length,
            outputs=self._n_outputs,
            **constants,
        )
        self.calls.append(text)

    def _next_vector(self, step: Step, target: Vector) -> Vector:
        """Return the vector that the next step reads, after a step has written to the target."""
        match step.name:
            case "keep":
                self._kept = target
            case "add":
                self._total = Vector("y", target.length)
                return self._kept
            case "total":
                return self._total
        return target

    def _declare(self, name: str, value: Any, step: Step, number: int) -> str:
        """Check a constant, and write it as a number, or add it as a named array."""
        if name in ("stride", "shift", "zero"):
            return str(value)
        source.check_single(name, np.asarray(value))
        if not isinstance(value, np.ndarray):
            return source.hex_float(np.float64(value))
        variable = NAMES.get(step.name, f"{{}}_{number}").format(name)
        self.arrays[variable] = value
        return variable


def _planned_calls(program: Program) -> list[Call]:
    """List the calls of the steps, in their order."""
    calls = []
    for number, step in program.numbered():
        code, constants = _call(step)
        n_outputs = constants.pop("m", None)
        call = Call(number=number, step=step, code=code, constants=constants, n_outputs=n_outputs)
        calls.append(call)
    return calls


def _with_copies(steps: Iterable[Step]) -> Iterator[Step]:
    """Insert a copy before each step that would overwrite the inputs of the model or a network."""
    is_input = True
    for step in steps:
        is_mean = step.name in ("keep", "add", "total")
        if is_input and not is_mean and "{b}" not in CALLS.get(step.name, ""):
            yield Step("copy")
        is_input = step.name in ("keep", "add")
        yield step


def _is_same_for_all(*vectors: NDArray[Any]) -> bool:
    """Return whether each vector has a single value."""
    return all(np.ptp(vector) == 0 for vector in vectors)


def _call(step: Step) -> tuple[str, dict[str, Any]]:
    """Return the call of a step, and its constants, in the form that loses the fewest digits.

    An offset is the sum of two floats. The mean of a float64 batch norm is rounded to a float, and
    its bias is corrected for the difference. The constant m is the number of outputs, if it may
    change.
    """
    code = CALLS.get(step.name, "")
    parts = dict(step.parts)
    match step.name:
        case "encode":
            encoding = parts["encoding"]
            parts = {"m": encoding.n_inputs - encoding.n_pairs}
        case "affine" | "integer" | "sums":
            parts["weights"] = parts["weights"].T
            parts["m"] = parts["bias"].size
        case "normalize":
            rest_of_mean = source.rest_of(parts["mean"])
            shift = parts["gain"] * rest_of_mean / parts["deviation"]
            parts["bias"] = parts["bias"] - shift
        case "quantize":
            offset = parts["offset"]
            factor = parts["factor"]
            if _is_same_for_all(offset, factor):
                parts = {"offset": offset[:1], "factor": factor[:1], "stride": 0}
            else:
                parts = {"offset": offset, "factor": factor, "stride": 1}
        case "scale" | "unscale":
            offset = parts["offset"]
            rest = source.rest_of(offset)
            factor = parts["factor"]
            if step.name == "scale" and _is_same_for_all(offset, factor):
                code = code.replace("scale", "scale_evenly")
                parts = {"offset": offset[0], "rest": rest[0], "factor": factor[0]}
            else:
                parts = {"offset": offset, "rest": rest, "factor": factor}
        case "apply":
            activation = parts["activation"]
            parts = {}
            arguments = ""
            for name, value in numeric_options(activation).items():
                # The space keeps the name apart from those of vectors and sizes.
                parts[f"option {name}"] = value
                arguments += f", {{option {name}}}"
            function = source.identifier(f"apply {activation.name}")
            code = f"{function}({{a}}, {{n}}{arguments})"
    return code, parts


def columns_of(program: Program) -> Iterable[tuple[int, Column]]:
    """Enumerate the columns of a table, from 0."""
    return () if program.table is None else enumerate(program.table.used)


def _codes(column: Column, numbers: Sequence[float]) -> NDArray[np.float32]:
    """Return the codes of a column as floats, as the numbers that are compared with them are."""
    floats = np.array(numbers, np.float32)
    different, counts = np.unique(floats, return_counts=True)
    if len(different) < len(floats):
        shared = different[counts > 1][0]
        equal = [class_name(number) for number in numbers if np.float32(number) == shared]
        problem = f"column {column.name!r} has codes that are one float of C: {some(equal)}"
        remedy = "use {to} or {to_}"
        raise ArgumentError(problem, argument="model", remedy=remedy, to="python", to_="json")
    return floats


def _edges(program: Program) -> Iterator[tuple[str, NDArray[Any]]]:
    """Return the arrays of bin edges, each as the sum of two floats, and those of codes."""
    for at, column in columns_of(program):
        if isinstance(column, DateColumn):
            raise unsupported_column(column, "whose seconds a float of C cannot hold")
        for step in steps_of_column(column):
            if step.name == "positions":
                edges = np.array(step.parts["edges"])
                owner = f"column {column.name!r}: "
                source.check_single("edges", edges, owner)
                source.check_single("scale", np.diff(edges), owner)
                yield f"edges_x{at}", edges
                yield f"rests_x{at}", source.rest_of(edges)
            elif step.name == "equals":
                yield f"codes_x{at}", _codes(column, step.parts["numbers"])
