"""C export: a C99 file and its header, for a microcontroller or anything else.

The weights are constants, so they stay in flash; the values between the layers are on the stack.
The code allocates nothing, keeps no state and needs math.h alone.
"""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterator
from importlib import resources
from itertools import starmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._version import __version__
from barenet.errors import ArgumentError
from barenet.files.exports._activation_code import c_activation
from barenet.files.exports._c_calls import CallPlan
from barenet.files.exports._c_tables import category_arrays, encode_function, listed_columns
from barenet.files.exports._inference_program import Program
from barenet.files.exports._quantization import RoundedAffine, Rounding
from barenet.files.exports._source_text import c_string, flow, hexadecimal, identifier, words
from barenet.files.exports._steps import Apply

#: Rounding error of inputs as floats, in units of their spread, above which there is a warning.
MOST_ERROR = 2e-5

#: Inputs that are listed one by one.
MOST_LISTED = 100

_SOURCE = """\
/* {stem}: {summary}
 *
 * Written by barenet {version}{origin}.
 * C99, and math.h alone. It allocates nothing and keeps nothing between two calls.
 *
 *   {sketch}
 *
 *   constants  {n_bytes:,} bytes{rounded}
 *   stack      {n_stack:,} bytes for the values between the layers
{notes} *
 * Try it, with numbers typed in or piped:
 *
 *   cc -std=c99 -O2 -DMODEL_MAIN "{stem}.c" -lm -o try && ./try
 */
#include "{stem}.h"

#include <math.h>
{strings}
{arrays}
{functions}
void model_predict(const float *x, float *y)
{{
{buffers}{calls}
}}
"""

_HEADER = """\
/* {stem}: {summary}
 *
 * Written by barenet {version}; {stem}.c has the details. */
#ifndef MODEL_H
#define MODEL_H

#define MODEL_INPUTS {n_inputs}
#define MODEL_OUTPUTS {n_outputs}

#ifdef __cplusplus
extern "C" {{
#endif
{names}
/* x: MODEL_INPUTS numbers, before any scaling{listed}.
 * y: becomes {outputs}.
 * The two must not overlap. */
void model_predict(const float *x, float *y);
{classify}
#ifdef __cplusplus
}}
#endif

#endif
"""

_OUTPUTS = {
    "numbers": "MODEL_OUTPUTS numbers",
    "class": "the probability of each class",
    "labels": "the probability of each label; above 0.5 the row has the label",
}

_CLASSIFY = """
/* Index of the most probable class in model_classes. */
int model_classify(const float *x);
"""


def render(program: Program, stem: str, rounding: Rounding | None = None) -> dict[str, bytes]:
    """Write a program as C99."""
    if not re.fullmatch(r"[A-Za-z0-9_. +-]+", stem):
        raise ArgumentError.of("path", stem, "a file name of plain letters and digits")
    prefix, plan = identifier(stem), CallPlan(program)
    strings, inputs = _strings(program, prefix), _inputs(program, prefix)
    rounded = any(isinstance(step, RoundedAffine) for step in program.steps)
    about = {"stem": stem, "summary": _summary(program), "version": __version__}
    source = _named(_SOURCE, prefix).format(
        **about,
        origin=f", from a network trained on {words(program.dataset)}" * bool(program.dataset),
        sketch=program.sketch(),
        n_bytes=plan.n_bytes,
        rounded=", with weights rounded to 8 bits" * rounded,
        n_stack=plan.n_stack,
        notes="".join(f" * {line}".rstrip() + "\n" for line in [*_rounding(rounding), *inputs]),
        strings="".join(f"\n{name} = {{\n{names}\n}};\n" for name, names in strings.items()),
        arrays="\n".join(starmap(_array, plan.arrays.items())),
        functions="\n".join(_functions(program, plan)),
        buffers=plan.declaration(),
        calls="\n".join(f"    {call};" for call in plan.calls),
    )
    declared = "".join(f"extern {name};\n" for name in strings)
    is_class = program.answer == "class"
    header = _named(_HEADER, prefix).format(
        **about,
        n_inputs=program.n_inputs,
        n_outputs=program.n_outputs,
        names=f"\n/* Names, in the order of their indices. */\n{declared}" if declared else "",
        listed=", in the order that the source lists" * bool(inputs),
        outputs=_named(_OUTPUTS[program.answer], prefix),
        classify=_named(_CLASSIFY, prefix) * is_class,
    )
    _warn_of_coarse(program)
    source += _named(_ending(program), prefix)
    return {".c": source.encode("ascii"), ".h": header.encode("ascii")}


@functools.cache
def _runtime() -> dict[str, str]:
    """The functions of c_runtime.c by their names."""
    text = resources.files(__package__).joinpath("c_runtime.c").read_text()
    pattern = r"(?:/\*(?:(?!\*/).)*\*/\n)?[a-z][\w *]*?(\w+)\([^;{]*\)\n\{.*?^\}\n"
    return {found[1]: found[0] for found in re.finditer(pattern, text, re.DOTALL | re.MULTILINE)}


def _named(text: str, prefix: str) -> str:
    """Put the name of the export in the place of "model"."""
    text = re.sub(r"(\b|-D)MODEL_", rf"\1{prefix.upper()}_", text)
    return re.sub(r"\bmodel_", f"{prefix}_", text)


def _warn_of_coarse(program: Program) -> None:
    """Warn about an input that needs more digits than a float has."""
    errors = program.single_errors
    if not (errors > MOST_ERROR).any():
        return
    at = int(errors.argmax())
    name = f" ({program.feature_names[at]})" if program.feature_names else ""
    warnings.warn(
        f"input {at}{name}: a C float rounds its numbers by up to {errors[at]:.1g} of their "
        "spread; use to='python' or to='json', which take float64, or subtract a constant from "
        "them before training",
        UserWarning,
        stacklevel=4,
    )


def _summary(program: Program) -> str:
    noun, number = words(program.target_name), len(program.classes)
    if program.answer == "numbers":
        outputs, of = f"{program.n_outputs} out", f": {noun}"
    else:
        kind = "classes" if program.answer == "class" else "labels"
        outputs, of = f"the probabilities of {number} {kind}", f" of {noun}"
    end = " out" * (program.answer != "numbers")
    return f"{program.n_inputs} numbers in, {outputs}{of * bool(noun)}{end}"


def _rounding(rounding: Rounding | None) -> list[str]:
    """The measured effect of the rounding."""
    if rounding is None:
        return []
    lines = ["", f"Measured on {rounding.rows:,} rows, the rounding of the weights changes"]
    lines += [f"  an output by {rounding.largest_change:.3g} at most"]
    if rounding.answers_kept is not None:
        lines += [f"  the answer of {rounding.rows - rounding.answers_kept:,} rows"]
    return lines


def _inputs(program: Program, prefix: str) -> list[str]:
    """List the entries of x, where there are not too many."""
    names = program.feature_names
    if program.table is not None:
        listed = listed_columns(program.table, prefix)
        return ["", *listed, "  NAN is a missing value; -ffast-math would not recognize it."]
    if program.image_shape:
        height, width = program.image_shape
        return ["", f"x is an image of {height} x {width} pixels, row by row."]
    if not 0 < len(names) <= MOST_LISTED:
        return []
    return ["", *(f"  x[{number}]  {words(name)}" for number, name in enumerate(names))]


def _strings(program: Program, prefix: str) -> dict[str, str]:
    """The arrays of names: their declarations, and their contents."""
    arrays = {}
    if program.classes:
        names = flow(c_string(str(name)) for name in program.classes)
        arrays[f"const char *const {prefix}_classes[{prefix.upper()}_OUTPUTS]"] = names
    return arrays | (category_arrays(program.table, prefix) if program.table else {})


def _array(name: str, values: NDArray[Any]) -> str:
    """Declare a constant; a matrix begins a line with each output."""
    kind, write = ("signed char", str) if values.dtype == np.int8 else ("float", hexadecimal)
    rows = "\n".join(flow(map(write, row)) for row in np.atleast_2d(values))
    return f"static const {kind} {name}[{values.size}] = {{\n{rows}\n}};\n"


def _functions(program: Program, plan: CallPlan) -> Iterator[str]:
    """The functions that are called, each once."""
    activations = [step.activation for step in program.steps if isinstance(step, Apply)]
    runtime = _runtime()
    if program.table is not None:
        encode = encode_function(program.table)
        yield from (runtime[name] for name in ("number", "category") if f" {name}(b" in encode)
        yield encode
    yield from (runtime[name] for name in plan.functions if name in runtime)
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
