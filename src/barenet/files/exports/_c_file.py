"""C export: a C99 file and its header, for a microcontroller or anything else.

The weights are constants, so they stay in flash; the values between the layers are on the stack.
Two vectors are enough, whatever the number of layers: a step reads one and writes the other, or
works in place. The code allocates nothing, keeps no state and needs math.h alone.
"""

import functools
import re
import warnings
from collections.abc import Iterable, Iterator
from importlib import resources
from itertools import starmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import option_values
from barenet._version import __version__
from barenet.data._category_column import BooleanColumn, CategoryColumn
from barenet.data._column import Column
from barenet.data._number_column import NumberColumn, PiecewiseColumn
from barenet.errors import ArgumentError
from barenet.files.exports._activation_code import c_activation
from barenet.files.exports._inference_program import Program, Rounding, Step, unsupported_column
from barenet.files.exports._source_text import c_string, flow, hex_float, identifier, rest_of, words

#: Rounding error of inputs as floats, in units of their spread, above which there is a warning.
MAX_ERROR = 2e-5

#: Inputs that are listed one by one.
MAX_LISTED = 100

#: The functions that encode columns.
HELPERS = ("number", "pieces", "category", "is_missing")

#: The outputs, as the header describes them.
OUTPUTS = {
    "numbers": "{P}_OUTPUTS numbers",
    "class": "the probability of each class",
    "labels": "the probability of each label; above 0.5 the row has the label",
}


def render(program: Program, stem: str) -> dict[str, bytes]:
    """Write a program as C99."""
    if not re.fullmatch(r"[A-Za-z0-9_. +-]+", stem):
        raise ArgumentError.of("path", stem, "a file name of plain letters and digits")
    prefix = identifier(stem)
    strings, inputs = _strings(program, prefix), _inputs(program, prefix)
    source = _source(program, stem, strings, [*_rounding(program.rounding), *inputs])
    ending = re.sub(r"\bMODEL_", f"{prefix.upper()}_", _ending(program))
    source += re.sub(r"\bmodel_", f"{prefix}_", ending)
    header = _header(program, stem, strings, is_listed=bool(inputs))
    _warn_of_coarse(program)
    return {".c": source.encode("ascii"), ".h": header.encode("ascii")}


def _source(program: Program, stem: str, strings: dict[str, str], notes: list[str]) -> str:
    """The file but its ending."""
    prefix, plan = identifier(stem), CallPlan(program)
    origin = f", from a network trained on {words(program.dataset)}" if program.dataset else ""
    rounded = any(step.name == "rounded" for step in program.steps)
    names = "".join(f"\n{name} = {{\n{texts}\n}};\n" for name, texts in strings.items())
    arrays = "\n".join(starmap(_array, plan.arrays.items()))
    functions, newline = "\n".join(_functions(program, plan.calls)), "\n"
    n_bytes = sum(a.size * (1 if a.dtype == np.int8 else 4) for a in plan.arrays.values())
    vectors = ", ".join(f"{name}[{size}]" for name, size in plan.buffers.items())
    vectors = f"    float {vectors};\n\n" if vectors else ""
    return f"""\
/* {stem}: {_summary(program)}
 *
 * Written by barenet {__version__}{origin}.
 * C99, and math.h alone. It allocates nothing and keeps nothing between two calls.
 *
 *   {program.sketch()}
 *
 *   constants  {n_bytes:,} bytes{", with weights rounded to 8 bits" * rounded}
 *   stack      {4 * sum(plan.buffers.values()):,} bytes for the values between the layers
{"".join(f" * {line}".rstrip() + newline for line in notes)} *
 * Try it, with numbers typed in or piped:
 *
 *   cc -std=c99 -O2 -D{prefix.upper()}_MAIN "{stem}.c" -lm -o try && ./try
 */
#include "{stem}.h"

#include <math.h>
{names}
{arrays}
{functions}
void {prefix}_predict(const float *x, float *y)
{{
{vectors}{newline.join(f"    {call};" for call in plan.calls)}
}}
"""


def _header(program: Program, stem: str, strings: dict[str, str], *, is_listed: bool) -> str:
    prefix = identifier(stem)
    P = prefix.upper()
    declared = "".join(f"extern {name};\n" for name in strings)
    names = f"\n/* Names, in the order of their indices. */\n{declared}" if declared else ""
    classify = f"""
/* Index of the most probable class in {prefix}_classes. */
int {prefix}_classify(const float *x);
"""
    return f"""\
/* {stem}: {_summary(program)}
 *
 * Written by barenet {__version__}; {stem}.c has the details. */
#ifndef {P}_H
#define {P}_H

#define {P}_INPUTS {program.n_inputs}
#define {P}_OUTPUTS {program.n_outputs}

#ifdef __cplusplus
extern "C" {{
#endif
{names}
/* x: {P}_INPUTS numbers, before any scaling{", in the order that the source lists" * is_listed}.
 * y: becomes {OUTPUTS[program.answer].format(P=P)}.
 * The two must not overlap. */
void {prefix}_predict(const float *x, float *y);
{classify * (program.answer == "class")}
#ifdef __cplusplus
}}
#endif

#endif
"""


@functools.cache
def _runtime() -> dict[str, str]:
    """The functions of c_runtime.c by their names."""
    text = resources.files(__package__).joinpath("c_runtime.c").read_text()
    pattern = r"(?:/\*(?:(?!\*/).)*\*/\n)?[a-z][\w *]*?(\w+)\([^;{]*\)\n\{.*?^\}\n"
    return {found[1]: found[0] for found in re.finditer(pattern, text, re.DOTALL | re.MULTILINE)}


def _warn_of_coarse(program: Program) -> None:
    """Warn about an input that needs more digits than a float has."""
    errors = program.single_errors
    if not (errors > MAX_ERROR).any():
        return
    at = int(errors.argmax())
    name = f" ({program.feature_names[at]})" if program.feature_names else ""
    problem = f"a C float rounds its numbers by up to {errors[at]:.1g} of their spread"
    others = "use to='python' or to='json', which take float64"
    remedy = f"{others}, or subtract a constant from them before training"
    warnings.warn(f"input {at}{name}: {problem}; {remedy}", UserWarning, stacklevel=4)


def _summary(program: Program) -> str:
    noun, inputs = words(program.target_name), f"{program.n_inputs} numbers in"
    if program.answer == "numbers":
        return f"{inputs}, {program.n_outputs} out{f': {noun}' if noun else ''}"
    kind = "classes" if program.answer == "class" else "labels"
    of_target = f" of {noun}" if noun else ""
    return f"{inputs}, the probabilities of {len(program.classes)} {kind}{of_target} out"


def _rounding(rounding: Rounding | None) -> Iterator[str]:
    """The measured effect of the rounding."""
    if rounding is not None:
        yield from ("", f"Measured on {rounding.rows:,} rows, the rounding of the weights changes")
        yield f"  an output by {rounding.largest_change:.3g} at most"
        if rounding.answers_kept is not None:
            yield f"  the answer of {rounding.rows - rounding.answers_kept:,} rows"


def _inputs(program: Program, prefix: str) -> list[str]:
    """List the entries of x, where there are not too many."""
    names = map(words, program.feature_names)
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


def _meaning(column: Column, array: str) -> str:
    """The meaning of the number for a column."""
    if isinstance(column, CategoryColumn):
        count = len(column.categories)
        return f"its index in {array}, {count} for any other" if count else "0 for any other"
    return "1 for true, 0 for false" if isinstance(column, BooleanColumn) else "a number"


def _strings(program: Program, prefix: str) -> dict[str, str]:
    """The arrays of names: their declarations, and their contents."""
    arrays: dict[str, Iterable[str]] = {}
    if program.classes:
        arrays[f"classes[{prefix.upper()}_OUTPUTS]"] = map(str, program.classes)
    for at, column in _columns(program):
        if isinstance(column, CategoryColumn) and column.categories:
            arrays[f"x{at}[{len(column.categories)}]"] = column.categories
    return {
        f"const char *const {prefix}_{array}": flow(map(c_string, texts))
        for array, texts in arrays.items()
    }


def _columns(program: Program) -> Iterable[tuple[int, Column]]:
    """The columns of a table, counted from 0."""
    return enumerate(program.table.used if program.table else ())


def _array(name: str, values: NDArray[Any]) -> str:
    """Declare a constant; a matrix begins a line with each output."""
    kind, write = ("signed char", str) if values.dtype == np.int8 else ("float", hex_float)
    rows = "\n".join(flow(map(write, row)) for row in np.atleast_2d(values))
    return f"static const {kind} {name}[{values.size}] = {{\n{rows}\n}};\n"


def _functions(program: Program, calls: list[str]) -> Iterator[str]:
    """The functions that are called, each once."""
    activations = [s.parts["activation"] for s in program.steps if s.name == "apply"]
    runtime = _runtime()
    if program.table:
        *others, last = (c for at, column in _columns(program) for c in _column_calls(column, at))
        body = "".join(f"    b = {call};\n" for call in others) + f"    {last};"
        helpers = (runtime[name] for name in HELPERS if name in body)
        markers = (f" || x == {hex_float(np.float64(n))}" for n in program.number_markers)
        is_missing = f"isnan(x){''.join(markers)};"
        yield from (helper.replace("isnan(x);", is_missing) for helper in helpers)
        yield f"""\
/* b = inputs of the network from a row a of the table */
static void encode(const float *a, float *b)
{{
{body}
}}
"""
    called = dict.fromkeys(call.partition("(")[0] for call in calls)
    yield from (runtime[name] for name in called if name in runtime)
    yield from {type(each): c_activation(each) for each in activations}.values()


def _ending(program: Program) -> str:
    """The function that returns a class, and the program for trying the model."""
    main, classify = _runtime()["main"], f"\n{_runtime()['model_classify']}"
    if program.table is not None:
        main = main.replace("!isfinite", "isinf")
        main = main.replace("finite numbers", "numbers, or nan for missing values")
    if program.answer != "class":
        main, classify = re.sub(r".*model_classify.*\n", "", main), ""
    return f"{classify}\n#ifdef MODEL_MAIN\n\n#include <stdio.h>\n\n{main}\n#endif\n"


def _column_calls(column: Column, at: int) -> Iterator[str]:
    """The calls that encode a column, each of which returns the end of its outputs."""
    if isinstance(column, PiecewiseColumn):
        yield _number_call(column, at, indicator=False)
        fill, n_pieces = _floats(column.fill, rest_of(column.fill)), len(column.edges) - 1
        given = f"{fill}, {n_pieces}, edges_x{at}, rests_x{at}"
        yield f"pieces(b, a[{at}], is_missing(a[{at}]), {given})"
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
        check_single(name, np.asarray(value), f"column {column.name!r}: ")
    numbers = _floats(fill, column.center, rest_of(column.center), column.scale)
    return f"number(b, a[{at}], is_missing(a[{at}]), {numbers}, {int(indicator)})"


def _floats(*numbers: float) -> str:
    return ", ".join(hex_float(np.float64(number)) for number in numbers)


def _edges(program: Program) -> Iterator[tuple[str, NDArray[Any]]]:
    """The arrays of the edges of pieces, each the sum of two floats."""
    for at, column in _columns(program):
        if isinstance(column, PiecewiseColumn):
            edges, owner = np.array(column.edges), f"column {column.name!r}: "
            check_single("edges", edges, owner)
            check_single("scale", np.diff(edges), owner)
            yield from {f"edges_x{at}": edges, f"rests_x{at}": rest_of(edges)}.items()


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
        self.arrays: dict[str, NDArray[Any]] = dict(_edges(program))
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
            constants = {
                name: self._constant(name, part, prefix, number) for name, part in parts.items()
            }
            if "{b}" in code:
                b = "y" if at == last else "b" if a == "a" else "a"
            if b in ("a", "b"):
                self.buffers[b] = max(m, self.buffers.get(b, 0))
            self.calls.append(code.format(a=a, b=b, n=n, m=m, **constants))
            a, n = b, m

    def _constant(self, name: str, value: Any, prefix: str, number: int) -> str:
        """Check a constant; write a number, or add an array under its name."""
        check_single(name, np.asarray(value))
        if not isinstance(value, np.ndarray):
            return hex_float(np.float64(value))
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
