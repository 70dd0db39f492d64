"""C export: a C99 file and its header, for a microcontroller or anything else.

The weights are constants, so they stay in flash memory, even on an AVR, whose flash has a separate
address space. The values between the layers are on the stack. Two vectors are enough for any number
of layers: a step reads one and writes the other, or works in place. The mean of several networks
needs a third vector, for the inputs of each network. The code allocates no memory, keeps no state
and needs only math.h.
"""

import functools
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from string import Template
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._version import __version__
from barenet.errors import ArgumentError, caller_stacklevel
from barenet.files.exports import _source_text as source
from barenet.files.exports._activation_code import c_activation, numeric_options
from barenet.files.exports._inference_program import (
    Program,
    Step,
    refuse_words,
    steps_of_column,
    unsupported_column,
)
from barenet.tables.encoding._column import Column
from barenet.tables.encoding._column_kinds import BooleanColumn, CategoryColumn, DateColumn
from barenet.tables.frames._plain_values import class_name

#: Rounding error of float inputs, in units of their spread, above which a warning is issued.
MAX_ERROR = 2e-5

#: Bytes of the constants of several networks above which a warning is issued: the flash memory of
#: many microcontrollers.
MAX_CONSTANTS = 2**18

#: Maximum number of inputs that are listed one by one.
MAX_LISTED = 100


def render(program: Program, stem: str) -> dict[str, bytes]:
    """Write a program as C99."""
    refuse_words(program, "C")
    if not re.fullmatch(r"(?!(?i:math|stdio)$)[A-Za-z0-9_. +-]+", stem):
        expected = "a file name of plain letters and digits, other than math and stdio of C"
        raise ArgumentError.of("path", stem, expected)
    prefix = source.identifier(stem)
    plan = CallPlan(program)
    values = {"stem": stem, "version": __version__, **_values(program, plan, prefix)}
    templates = {
        ".c": source.template("c_source.template") + _ending(program),
        ".h": source.template("c_header.template"),
    }
    _warn_of_coarse(program)
    _warn_of_size(program, _bytes_of_constants(plan.arrays))
    files = {}
    for suffix, text in templates.items():
        template = Template(_renamed(text, prefix, program))
        files[suffix] = template.substitute(values).encode()
    return files


def _renamed(template: str, prefix: str, program: Program) -> str:
    """Replace "model" by the name of the export; a program for numbers has no classes."""
    if not program.classes:
        template = re.sub(r"\n+.*model_class.*", "", template)

    def renamed(match: re.Match[str]) -> str:
        return f"{prefix}_" if match[1] == "model" else f"{prefix.upper()}_"

    return re.sub(r"(?:\b|(?<=-D))(model|MODEL)_", renamed, template)


def _values(program: Program, plan: "CallPlan", prefix: str) -> dict[str, str]:
    """Write the parts of the source, except its ending, and the parts of the header."""
    strings = _strings(program, prefix)
    definitions = ""
    for name, texts in strings.items():
        definitions += f"\n{name} = {{\n{texts}\n}};\n"
    declarations = "\n/* Names, in the order of their indices. */\n" if strings else ""
    for name in strings:
        declarations += f"extern {name};\n"
    notes = ""
    order = ""
    for line in _inputs(program, prefix):
        notes += f" * {line}".rstrip() + "\n"
        order = ", in the order that the source lists"
    functions = "\n".join(_functions(program, plan.calls))
    headers = ""
    if "int32_t" in functions:
        headers = "\n#include <stdint.h>"
    arrays = [_array(name, array) for name, array in plan.arrays.items()]
    calls = [f"    {call};" for call in plan.calls]
    outputs = ", the probability of each class" if program.classes else ""
    return {
        "summary": _summary(program),
        "origin": _origin(program),
        "sketch": program.sketch(),
        "constants": _size_of_constants(plan.arrays),
        "stack": f"{_stack_bytes(plan.buffers):,}",
        "notes": notes,
        "names": definitions,
        "arrays": "\n".join(arrays),
        "functions": functions,
        "headers": headers,
        "vectors": _vectors(plan.buffers),
        "calls": "\n".join(calls),
        "n_inputs": str(program.n_inputs),
        "n_outputs": str(program.n_outputs),
        "declared": declarations,
        "order": order,
        "outputs": outputs,
    }


def _origin(program: Program) -> str:
    dataset = source.words(program.dataset)
    return f", from a network trained on {dataset}" if dataset else ""


def _bytes_of_constants(arrays: dict[str, NDArray[Any]]) -> int:
    """Compute the memory of the constants: a byte for an 8-bit weight, and four otherwise."""
    n_bytes = 0
    for array in arrays.values():
        if array.dtype == np.int8:
            n_bytes += array.size
        else:
            n_bytes += 4 * array.size
    return n_bytes


def _size_of_constants(arrays: dict[str, NDArray[Any]]) -> str:
    """Describe the memory of the constants."""
    text = f"{_bytes_of_constants(arrays):,} bytes"
    if any(array.dtype == np.int8 for array in arrays.values()):
        return f"{text}, with weights rounded to 8 bits"
    return text


def _stack_bytes(lengths: dict[str, int]) -> int:
    """Compute the memory of the vectors on the stack: a byte for a code, and four for a float."""
    n_bytes = 0
    for name, length in lengths.items():
        if name in CODES:
            n_bytes += length
        else:
            n_bytes += 4 * length
    return n_bytes


def _vectors(lengths: dict[str, int]) -> str:
    """Declare the vectors on the stack."""
    lines = ""
    for type_name, names in {"float": VECTORS, "signed char": CODES}.items():
        vectors = [f"{name}[{lengths[name]}]" for name in names if name in lengths]
        if vectors:
            lines += f"    {type_name} {', '.join(vectors)};\n"
    if lines:
        lines += "\n"
    return lines


@functools.cache
def _runtime() -> dict[str, str]:
    """Return the functions of c_runtime.c by their names."""
    pattern = r"(?:/\*(?:(?!\*/).)*\*/\n)?[a-z][\w *]*?(\w+)\([^;{]*\)\n\{.*?^\}\n"
    matches = re.finditer(pattern, source.template("c_runtime.c"), re.DOTALL | re.MULTILINE)
    return {match[1]: match[0] for match in matches}


def _warn_of_coarse(program: Program) -> None:
    """Warn about an input or a marker of missing values with more digits than a float has."""
    others = "use to='python' or to='json', which take float64"
    marks = {*program.number_markers}
    for _, column in _columns(program):
        marks.update(program.markers_of(column))
    for mark in sorted(marks):
        single = source.to_single(mark)
        if mark.is_integer() and single != mark:
            problem = f"a C float rounds the mark {mark:.17g} of a missing value to {single:.9g}"
            warnings.warn(f"{problem}, which is missing, too; {others}", UserWarning, stacklevel=4)
    errors = program.single_errors
    if not (errors > MAX_ERROR).any():
        return
    at = int(errors.argmax())
    name = f" ({program.feature_names[at]})" if program.feature_names else ""
    problem = f"a C float rounds its numbers by up to {errors[at]:.1g} of their spread"
    remedy = f"{others}, or subtract a constant from them before training"
    warnings.warn(f"input {at}{name}: {problem}; {remedy}", UserWarning, stacklevel=4)


def _warn_of_size(program: Program, n_bytes: int) -> None:
    """Warn about several networks that many microcontrollers have no memory for."""
    n_networks = sum(step.name == "add" for step in program.steps)
    if n_networks == 0 or n_bytes <= MAX_CONSTANTS:
        return
    problem = f"the constants of {n_networks} networks take {n_bytes / 1000:,.0f} kB"
    remedy = "one network that is trained on their predictions is nearly as accurate"
    calls = "Task.train(teacher=predictor), or `barenet train --teacher`"
    text = f"{problem}; {remedy}: {calls}"
    warnings.warn(text, UserWarning, stacklevel=caller_stacklevel())


def _summary(program: Program) -> str:
    target = source.words(program.target_name)
    inputs = f"{program.n_inputs} numbers in"
    if program.classes:
        outputs = f"the probabilities of {len(program.classes)} classes"
        if target:
            outputs += f" of {target}"
        return f"{inputs}, {outputs} out"
    outputs = f"{program.n_outputs} out"
    if target:
        outputs += f": {target}"
    return f"{inputs}, {outputs}"


def _inputs(program: Program, prefix: str) -> list[str]:
    """List the entries of x, unless there are too many."""
    lines = [""]
    if program.table:
        meanings = [_meaning(column, f"{prefix}_x{at}") for at, column in _columns(program)]
        for at, name in enumerate(program.feature_names):
            lines.append(f"  x[{at}]  {source.words(name)}: {meanings[at]}")
        lines.append("  NAN is a missing value; -ffast-math would not recognize it.")
        return lines
    if program.image_shape:
        height, width = program.image_shape
        return ["", f"x is an image of {height} x {width} pixels, row by row."]
    if not 0 < len(program.feature_names) <= MAX_LISTED:
        return []
    for at, name in enumerate(program.feature_names):
        lines.append(f"  x[{at}]  {source.words(name)}")
    return lines


def _strings(program: Program, prefix: str) -> dict[str, str]:
    """Write the declarations and the contents of the arrays of names."""
    arrays: dict[str, Iterable[str]] = {}
    if program.classes:
        size = f"{prefix.upper()}_OUTPUTS"
        arrays[f"classes[{size}]"] = [str(name) for name in program.classes]
    for at, column in _columns(program):
        if isinstance(column, CategoryColumn) and column.categories:
            arrays[f"x{at}[{len(column.categories)}]"] = column.categories
    contents = {}
    for array, texts in arrays.items():
        quoted = [source.c_string(text) for text in texts]
        contents[f"const char *const {prefix}_{array}"] = source.flow(quoted)
    return contents


def _array(name: str, values: NDArray[Any]) -> str:
    """Declare a constant; a matrix has one line per output."""
    number_type = TYPES.get(values.dtype.name, FLOAT)
    lines = []
    for row in np.atleast_2d(values):
        numbers = [number_type.write(value) for value in row]
        lines.append(source.flow(numbers))
    rows = "\n".join(lines)
    return f"static CONSTANT {number_type.name} {name}[{values.size}] = {{\n{rows}\n}};\n"


def _functions(program: Program, calls: list[str]) -> Iterator[str]:
    """Return the functions that are called, each once."""
    runtime = _runtime()
    if program.table:
        yield from _encoder(program)
    written = set()
    for call in calls:
        name, _, _ = call.partition("(")
        if name in runtime and name not in written:
            written.add(name)
            yield runtime[name]
    activations: dict[type, str] = {}
    for step in program.steps:
        if step.name == "apply":
            activation = step.parts["activation"]
            activations[type(activation)] = c_activation(activation)
    yield from activations.values()


#: The function that returns a class of two, given the threshold of the second one.
_CLASSIFY_SECOND = """\
/* The index of the class of x: 1 from this probability of the second class on; -1 for nan */
int model_classify(const float *x)
{
    float y[MODEL_OUTPUTS];

    model_predict(x, y);
    if (!(y[1] >= 0.0f))
        return -1;
    return y[1] >= THRESHOLD;
}
"""


def _ending(program: Program) -> str:
    """Write the function that returns a class, and the program for trying out the model."""
    main = _runtime()["main"]
    classify = f"\n{_runtime()['model_classify']}" if program.classes else ""
    if program.threshold is not None:
        threshold = source.hex_float(np.float64(program.threshold))
        classify = f"\n{_CLASSIFY_SECOND}".replace("THRESHOLD", threshold)
    if program.table is not None:
        main = main.replace("!isfinite", "isinf")
        main = main.replace("finite numbers", "numbers, or nan for missing values")
    return f"{classify}\n#ifdef MODEL_MAIN\n\n#include <stdio.h>\n\n{main}\n#endif\n"


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


def _encoder(program: Program) -> Iterator[str]:
    """Write the function that encodes a row, after the functions that it calls."""
    calls: list[str] = []
    for at, column in _columns(program):
        calls += _column_calls(column, at, _missing_in_c(program, column, at))
    body = ""
    for call in calls[:-1]:
        body += f"    b = {call};\n"
    body += f"    {calls[-1]};"  # the result of the last call is not used
    markers = ""
    for marker in program.number_markers:
        markers += f" || x == {source.hex_float(np.float64(marker))}"
    for name, code in _runtime().items():
        if f"{name}(" in body:
            yield code.replace("isnan(x);", f"isnan(x){markers};")
    yield f"""\
/* b = inputs of the network from a row a of the table */
static void encode(const float *a, float *b)
{{
{body}
}}
"""


def _columns(program: Program) -> Iterable[tuple[int, Column]]:
    """Enumerate the columns of a table, from 0."""
    return () if program.table is None else enumerate(program.table.used)


def _meaning(column: Column, array: str) -> str:
    """Describe the number that stands for a value of a column."""
    if isinstance(column, CategoryColumn):
        count = len(column.categories)
        return f"its index in {array}, {count} for any other" if count else "0 for any other"
    if isinstance(column, BooleanColumn):
        return "1 for true, 0 for false"
    return "a number"


def _missing_in_c(program: Program, column: Column, at: int) -> str:
    """Write the condition that a number is missing, with the markers of its column."""
    if isinstance(column, BooleanColumn):
        return f"isnan(a[{at}])"
    conditions = [f"is_missing(a[{at}])"]  # compares with the markers of all numbers
    conditions.extend(
        f"a[{at}] == {source.hex_float(np.float64(marker))}"
        for marker in program.markers_of(column)
        if marker not in program.number_markers
    )
    return conditions[0] if len(conditions) == 1 else f"({' || '.join(conditions)})"


def _column_calls(column: Column, at: int, is_missing: str) -> Iterator[str]:
    """Write the calls that encode a column; each call returns the end of its outputs."""
    x = f"a[{at}]"
    owner = f"column {column.name!r}: "
    fill = 0.0
    for step in steps_of_column(column):
        parts = step.parts
        match step.name:
            case "fill":
                fill = parts["value"]
            case "scale":
                center = parts["center"]
                scale = parts["scale"]
                scaled_fill = (fill - center) / scale
                for name, value in {"center": center, "scale": scale, "fill": scaled_fill}.items():
                    source.check_single(name, np.asarray(value), owner)
                numbers = _floats(scaled_fill, center, source.rest_of(center), scale)
                yield f"number(b, {x}, {is_missing}, {numbers})"
                limits = (parts["low"], parts["high"])
                if np.isfinite(limits).all():
                    source.check_single("edges", np.array(limits), owner)
                    yield f"clip_last(b, {_floats(*limits)})"
            case "positions":
                n_bins = len(parts["edges"]) - 1
                numbers = _floats(fill, source.rest_of(fill))
                yield f"bins(b, {x}, {is_missing}, {numbers}, {n_bins}, edges_x{at}, rests_x{at})"
            case "equals":
                codes = parts["numbers"]
                index = codes.index(fill) if fill in codes else len(codes)
                yield f"code(b, {x}, {is_missing}, {index}, {len(codes)}, codes_x{at})"
            case "missing":
                yield f"flag(b, {is_missing})"
            case "one_hot":
                options = "{others}, {missing}, {n_inputs}".format(**parts)
                yield f"category(b, {x}, {len(parts['categories'])}, {options})"


def _floats(*numbers: float) -> str:
    return ", ".join(source.hex_float(np.float64(number)) for number in numbers)


def _codes(column: Column, numbers: Sequence[float]) -> NDArray[np.float32]:
    """Return the codes of a column as floats, which must be equal to them."""
    codes = np.array(numbers)
    floats = codes.astype(np.float32)
    is_different = codes != floats
    if is_different.any():
        code = class_name(codes[is_different][0])
        problem = f"column {column.name!r} has codes such as {code}, which no float of C equals"
        remedy = "use {to} or {to_}"
        raise ArgumentError(problem, argument="model", remedy=remedy, to="python", to_="json")
    return floats


def _edges(program: Program) -> Iterator[tuple[str, NDArray[Any]]]:
    """Return the arrays of bin edges, each as the sum of two floats, and those of codes."""
    for at, column in _columns(program):
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
