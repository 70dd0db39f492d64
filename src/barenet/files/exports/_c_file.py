"""C export: a C99 file and its header, for a microcontroller or anything else.

The weights are constants, so they stay in flash, that of an AVR, too, whose flash has an address
space of its own; the values between the layers are on the stack.
Two vectors are enough, whatever the number of layers: a step reads one and writes the other, or
works in place. The mean of several networks needs a third one, for the inputs of each. The code
allocates nothing, keeps no state and needs math.h alone.
"""

import functools
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import replace
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._version import __version__
from barenet.data._column import Column
from barenet.data._column_kinds import BooleanColumn, CategoryColumn, NumberColumn, PiecewiseColumn
from barenet.errors import ArgumentError
from barenet.files.exports import _source_text as source
from barenet.files.exports._activation_code import c_activation, numeric_options
from barenet.files.exports._inference_program import Program, Step, unsupported_column

#: Rounding error of inputs as floats, in units of their spread, above which there is a warning.
MAX_ERROR = 2e-5

#: Inputs that are listed one by one.
MAX_LISTED = 100


def render(program: Program, stem: str) -> dict[str, bytes]:
    """Write a program as C99."""
    if not re.fullmatch(r"(?!(?i:math|stdio)$)[A-Za-z0-9_. +-]+", stem):
        expected = "a file name of plain letters and digits, other than math and stdio of C"
        raise ArgumentError.of("path", stem, expected)
    prefix = source.identifier(stem)
    values = {"stem": stem, "version": __version__, **_values(program, prefix)}
    templates = {
        ".c": source.template("c_source.template") + _ending(program),
        ".h": source.template("c_header.template"),
    }
    _warn_of_coarse(program)
    return {
        suffix: Template(_renamed(text, prefix, program)).substitute(values).encode()
        for suffix, text in templates.items()
    }


def _renamed(template: str, prefix: str, program: Program) -> str:
    """Put the name of the export in the place of "model"; numbers have no classes."""
    if not program.classes:
        template = re.sub(r"\n+.*model_class.*", "", template)
    return re.sub(
        r"(?:\b|(?<=-D))(model|MODEL)_",
        lambda found: f"{prefix if found[1] == 'model' else prefix.upper()}_",
        template,
    )


def _values(program: Program, prefix: str) -> dict[str, str]:
    """The parts of the source but its ending, and those of the header."""
    plan, data = CallPlan(program), source.words(program.dataset)
    strings, notes = _strings(program, prefix), _inputs(program, prefix)
    functions = [*_functions(program, plan.calls)]
    is_rounded = any(each.dtype == np.int8 for each in plan.arrays.values())
    declared = "".join(f"extern {name};\n" for name in strings)
    n_bytes = sum(a.size * (1 if a.dtype == np.int8 else 4) for a in plan.arrays.values())
    return {
        "summary": _summary(program),
        "origin": f", from a network trained on {data}" if data else "",
        "sketch": program.sketch(),
        "constants": f"{n_bytes:,} bytes{', with weights rounded to 8 bits' * is_rounded}",
        "stack": f"{sum(n * (1 if name in CODES else 4) for name, n in plan.buffers.items()):,}",
        "notes": "".join(f" * {line}".rstrip() + "\n" for line in notes),
        "names": "".join(f"\n{name} = {{\n{texts}\n}};\n" for name, texts in strings.items()),
        "arrays": "\n".join(_array(*each) for each in plan.arrays.items()),
        "functions": "\n".join(functions),
        "headers": "\n#include <stdint.h>" if any("int32_t" in each for each in functions) else "",
        "vectors": _vectors(plan.buffers),
        "calls": "\n".join(f"    {call};" for call in plan.calls),
        "n_inputs": str(program.n_inputs),
        "n_outputs": str(program.n_outputs),
        "declared": declared and f"\n/* Names, in the order of their indices. */\n{declared}",
        "order": ", in the order that the source lists" if notes else "",
        "outputs": ", the probability of each class" if program.classes else "",
    }


def _vectors(lengths: dict[str, int]) -> str:
    """Declare the vectors on the stack."""
    lines = ""
    for kind, names in {"float": VECTORS, "signed char": CODES}.items():
        declared = ", ".join(f"{name}[{lengths[name]}]" for name in names if name in lengths)
        lines += declared and f"    {kind} {declared};\n"
    return lines and f"{lines}\n"


@functools.cache
def _runtime() -> dict[str, str]:
    """The functions of c_runtime.c by their names."""
    pattern = r"(?:/\*(?:(?!\*/).)*\*/\n)?[a-z][\w *]*?(\w+)\([^;{]*\)\n\{.*?^\}\n"
    functions = re.finditer(pattern, source.template("c_runtime.c"), re.DOTALL | re.MULTILINE)
    return {found[1]: found[0] for found in functions}


def _warn_of_coarse(program: Program) -> None:
    """Warn about an input or a mark of a missing value that needs more digits than a float has."""
    others = "use to='python' or to='json', which take float64"
    for mark in program.number_markers:
        if mark.is_integer() and (single := source.to_single(mark)) != mark:
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


def _summary(program: Program) -> str:
    noun, inputs = source.words(program.target_name), f"{program.n_inputs} numbers in"
    if not program.classes:
        return f"{inputs}, {program.n_outputs} out{f': {noun}' if noun else ''}"
    of_target = f" of {noun}" if noun else ""
    return f"{inputs}, the probabilities of {len(program.classes)} classes{of_target} out"


def _inputs(program: Program, prefix: str) -> list[str]:
    """List the entries of x, where there are not too many."""
    names = map(source.words, program.feature_names)
    if program.table:
        meanings = [_meaning(column, f"{prefix}_x{at}") for at, column in _columns(program)]
        listed = [f"  x[{at}]  {name}: {meanings[at]}" for at, name in enumerate(names)]
        return ["", *listed, "  NAN is a missing value; -ffast-math would not recognize it."]
    if program.image_shape:
        height, width = program.image_shape
        return ["", f"x is an image of {height} x {width} pixels, row by row."]
    if not 0 < len(program.feature_names) <= MAX_LISTED:
        return []
    return ["", *(f"  x[{number}]  {name}" for number, name in enumerate(names))]


def _strings(program: Program, prefix: str) -> dict[str, str]:
    """The arrays of names: their declarations, and their contents."""
    arrays: dict[str, Iterable[str]] = {}
    if program.classes:
        arrays[f"classes[{prefix.upper()}_OUTPUTS]"] = map(str, program.classes)
    for at, column in _columns(program):
        if isinstance(column, CategoryColumn) and column.categories:
            arrays[f"x{at}[{len(column.categories)}]"] = column.categories
    return {
        f"const char *const {prefix}_{array}": source.flow(map(source.c_string, texts))
        for array, texts in arrays.items()
    }


def _array(name: str, values: NDArray[Any]) -> str:
    """Declare a constant; a matrix begins a line with each output."""
    kind, write = TYPES.get(values.dtype.name, ("float", source.hex_float))
    rows = "\n".join(source.flow(map(write, row)) for row in np.atleast_2d(values))
    return f"static CONSTANT {kind} {name}[{values.size}] = {{\n{rows}\n}};\n"


def _functions(program: Program, calls: list[str]) -> Iterator[str]:
    """The functions that are called, each once."""
    activations = [s.parts["activation"] for s in program.steps if s.name == "apply"]
    runtime = _runtime()
    if program.table:
        yield from _encoder(program)
    called = dict.fromkeys(call.partition("(")[0] for call in calls)
    yield from (runtime[name] for name in called if name in runtime)
    yield from {type(each): c_activation(each) for each in activations}.values()


def _ending(program: Program) -> str:
    """The function that returns a class, and the program for trying the model."""
    main = _runtime()["main"]
    classify = f"\n{_runtime()['model_classify']}" if program.classes else ""
    if program.table is not None:
        main = main.replace("!isfinite", "isinf")
        main = main.replace("finite numbers", "numbers, or nan for missing values")
    return f"{classify}\n#ifdef MODEL_MAIN\n\n#include <stdio.h>\n\n{main}\n#endif\n"


#: Types of the arrays of integers, and how a number is written.
TYPES = {"int8": ("signed char", str), "int32": ("int32_t", str)}

#: The call for each step: from vector a of n numbers to vector b of m, or in place without b.
CALLS = {
    "copy": "copy({a}, {b}, {m})",
    "encode": "encode({a}, {b})",
    "scale": "scale({a}, {offset}, {rest}, {factor}, {b}, {m})",
    "affine": "dense({a}, {n}, {weights}, {bias}, {b}, {m})",
    "rounded": "dense_int8({a}, {n}, {weights}, {step}, {bias}, {b}, {m})",
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

#: The vectors on the stack, of floats and of codes of 8 bits, which two steps write.
VECTORS, CODES = ("a", "b", "c"), ("p", "q")

#: Names of the arrays of a step; those of others end with the number of the layer.
NAMES = {"scale": "input_{}", "quantize": "input_{}", "unscale": "target_{}"}


class CallPlan:
    """The calls of a program, their constants and the vectors on the stack."""

    def __init__(self, program: Program) -> None:
        self.calls: list[str] = []
        #: Constants by their names; a matrix has a row for each output.
        self.arrays: dict[str, NDArray[Any]] = dict(_edges(program))
        #: The length of each vector on the stack.
        self.buffers: dict[str, int] = {}
        copied = replace(program, steps=tuple(_with_copies(program.steps)) or (Step("copy"),))
        steps = [(number, step, *_call(step)) for number, step in copied.numbered()]
        writing = [at for at, (_, _, code, _) in enumerate(steps) if "{b}" in code]
        is_mean = any(step.name == "total" for step in program.steps)  # of several networks, in y
        a, n, inputs, total = "x", program.n_inputs, ("", 0), 0
        for at, (number, step, code, parts) in enumerate(steps):
            b, m = a, parts.pop("m", n)
            constants = {key: self._declare(key, part, step, number) for key, part in parts.items()}
            if "{b}" in code:
                names = CODES if step.name in ("quantize", "integer") else VECTORS
                b = next(name for name in names if name not in (a, inputs[0]))
                b = "y" if at == writing[-1] and not is_mean else b
            if b in (*VECTORS, *CODES):
                self.buffers[b] = max(m, self.buffers.get(b, 0))
            options = {"a": a, "b": b, "n": n, "m": m, "outputs": program.n_outputs}
            self.calls += [code.format(**options, **constants)] if code else []
            a, n = b, m
            match step.name:
                case "keep":
                    inputs = a, n
                case "add":
                    (a, n), total = inputs, n
                case "total":
                    a, n = "y", total

    def _declare(self, name: str, value: Any, step: Step, number: int) -> str:
        """Check a constant; write a number, or add an array under its name."""
        if name in ("stride", "shift", "zero"):
            return str(value)
        source.check_single(name, np.asarray(value))
        if not isinstance(value, np.ndarray):
            return source.hex_float(np.float64(value))
        variable = NAMES.get(step.name, f"{{}}_{number}").format(name)
        self.arrays[variable] = value
        return variable


def _with_copies(steps: Iterable[Step]) -> Iterator[Step]:
    """Insert a copy before a step that would change the inputs, or those of networks, in place."""
    is_input = True
    for step in steps:
        is_mean = step.name in ("keep", "add", "total")
        if is_input and not is_mean and "{b}" not in CALLS.get(step.name, ""):
            yield Step("copy")
        is_input = step.name in ("keep", "add")
        yield step


def _call(step: Step) -> tuple[str, dict[str, Any]]:
    """The call for a step, and its constants in the form that loses the fewest digits in floats.

    An offset is the sum of two floats. The mean of a float64 batch norm is rounded to a float, and
    its bias is corrected for the rest. The constant m is the number of outputs, if it may change.
    """
    code, parts = CALLS.get(step.name, ""), dict(step.parts)
    match step.name:
        case "encode":
            parts = {"m": parts["encoding"].n_outputs}
        case "affine" | "rounded" | "integer" | "sums":
            parts |= {"weights": parts["weights"].T, "m": parts["bias"].size}
        case "normalize":
            shift = parts["gain"] * source.rest_of(parts["mean"]) / parts["deviation"]
            parts["bias"] = parts["bias"] - shift
        case "quantize":
            is_even = np.ptp(parts["offset"]) == np.ptp(parts["factor"]) == 0
            parts = {name: part[:1] if is_even else part for name, part in parts.items()}
            parts["stride"] = 0 if is_even else 1
        case "scale" | "unscale":
            offset, factor = parts["offset"], parts["factor"]
            parts = {"offset": offset, "rest": source.rest_of(offset), "factor": factor}
            if step.name == "scale" and np.ptp(offset) == np.ptp(factor) == 0:
                code = code.replace("scale", "scale_evenly")
                parts = {name: part[0] for name, part in parts.items()}
        case "apply":
            activation = parts["activation"]
            # Constants with a space in their names, unlike those of vectors and numbers of entries.
            parts = {f"option {name}": value for name, value in numeric_options(activation).items()}
            given = "".join(f", {{{name}}}" for name in parts)
            code = f"{source.identifier(f'apply {activation.name}')}({{a}}, {{n}}{given})"
    return code, parts


def _encoder(program: Program) -> Iterator[str]:
    """The function that encodes a row, after the functions that it calls."""
    *others, last = (c for at, column in _columns(program) for c in _column_calls(column, at))
    body = "".join(f"    b = {call};\n" for call in others) + f"    {last};"
    helpers = (code for name, code in _runtime().items() if f"{name}(" in body)
    markers = "".join(f" || x == {source.hex_float(np.float64(n))}" for n in program.number_markers)
    yield from (helper.replace("isnan(x);", f"isnan(x){markers};") for helper in helpers)
    yield f"""\
/* b = inputs of the network from a row a of the table */
static void encode(const float *a, float *b)
{{
{body}
}}
"""


def _columns(program: Program) -> Iterable[tuple[int, Column]]:
    """The columns of a table, counted from 0."""
    return enumerate(program.table.used if program.table else ())


def _meaning(column: Column, array: str) -> str:
    """The meaning of the number for a column."""
    if isinstance(column, CategoryColumn):
        count = len(column.categories)
        return f"its index in {array}, {count} for any other" if count else "0 for any other"
    return "1 for true, 0 for false" if isinstance(column, BooleanColumn) else "a number"


def _column_calls(column: Column, at: int) -> Iterator[str]:
    """The calls that encode a column, each of which returns the end of its outputs."""
    if isinstance(column, PiecewiseColumn):
        yield _number_call(column, at, indicator=False)
        if column.clip:
            source.check_single("edges", np.array(column.limits), f"column {column.name!r}: ")
            yield f"clip_last(b, {_floats(*column.limits)})"
        fill, n_bins = _floats(column.fill, source.rest_of(column.fill)), len(column.edges) - 1
        given = f"{fill}, {n_bins}, edges_x{at}, rests_x{at}"
        yield f"bins(b, a[{at}], is_missing(a[{at}]), {given})"
        if column.indicator:
            yield f"number(b, 0.0f, is_missing(a[{at}]), {_floats(1, 0, 0, 1)}, 0)"
    elif isinstance(column, NumberColumn):
        yield _number_call(column, at, indicator=column.indicator)
    elif isinstance(column, BooleanColumn):
        numbers = _floats(column.fill, 0, 0, 1)
        yield f"number(b, a[{at}], isnan(a[{at}]), {numbers}, {int(column.indicator)})"
    elif isinstance(column, CategoryColumn):
        options = f"{len(column.categories)}, {int(column.rare)}, {int(column.missing)}"
        yield f"category(b, a[{at}], {options})"
    else:
        raise unsupported_column(column, "whose seconds a float of C cannot hold")


def _number_call(column: NumberColumn, at: int, *, indicator: bool) -> str:
    fill = (column.fill - column.center) / column.scale
    for name, value in {"center": column.center, "scale": column.scale, "fill": fill}.items():
        source.check_single(name, np.asarray(value), f"column {column.name!r}: ")
    numbers = _floats(fill, column.center, source.rest_of(column.center), column.scale)
    return f"number(b, a[{at}], is_missing(a[{at}]), {numbers}, {int(indicator)})"


def _floats(*numbers: float) -> str:
    return ", ".join(source.hex_float(np.float64(number)) for number in numbers)


def _edges(program: Program) -> Iterator[tuple[str, NDArray[Any]]]:
    """The arrays of the edges of bins, each the sum of two floats."""
    for at, column in _columns(program):
        if isinstance(column, PiecewiseColumn):
            edges, owner = np.array(column.edges), f"column {column.name!r}: "
            source.check_single("edges", edges, owner)
            source.check_single("scale", np.diff(edges), owner)
            yield from {f"edges_x{at}": edges, f"rests_x{at}": source.rest_of(edges)}.items()
