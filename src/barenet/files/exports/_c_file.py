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
from collections.abc import Iterable, Iterator
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._version import __version__
from barenet.errors import ArgumentError, caller_stacklevel
from barenet.files.exports import _source_text as source
from barenet.files.exports._activation_code import c_activation
from barenet.files.exports._c_calls import CODES, FLOAT, TYPES, VECTORS, CallPlan, columns_of
from barenet.files.exports._inference_program import (
    Program,
    refuse_words,
    steps_of_column,
)
from barenet.tables.encoding._column import Column
from barenet.tables.encoding._column_kinds import BooleanColumn, CategoryColumn

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
    for _, column in columns_of(program):
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
    remedy = f"one network that is trained on their predictions takes a {n_networks}th of that"
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
        meanings = [_meaning(column, f"{prefix}_x{at}") for at, column in columns_of(program)]
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
    for at, column in columns_of(program):
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


def _encoder(program: Program) -> Iterator[str]:
    """Write the function that encodes a row, after the functions that it calls."""
    calls: list[str] = []
    for at, column in columns_of(program):
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
