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

__all__ = ["render"]

#: Rounding error of inputs as floats, in units of their spread, above which there is a warning.
MOST_ERROR = 2e-5

#: Inputs that are listed one by one.
MOST_LISTED = 100

_SOURCE = """\
{about}
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
/* {stem}: {what}
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
/* x: MODEL_INPUTS numbers, before any scaling{inputs}.
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
    strings = _strings(program, prefix)
    source = _named(_SOURCE, prefix).format(
        stem=stem,
        about=_about(program, plan, stem, rounding),
        strings="".join(f"\n{name} = {{\n{names}\n}};\n" for name, names in strings.items()),
        arrays="\n".join(starmap(_array, plan.arrays.items())),
        functions="\n".join(_functions(program, plan)),
        buffers=plan.declaration(),
        calls="\n".join(f"    {call};" for call in plan.calls),
    )
    source += _named(_ending(program), prefix)
    _warn_of_coarse(program)
    return {
        ".c": source.encode("ascii"),
        ".h": _header(program, stem, prefix, strings).encode("ascii"),
    }


@functools.cache
def _runtime() -> dict[str, str]:
    """The functions of c_runtime.c by their names."""
    text = resources.files(__package__).joinpath("c_runtime.c").read_text()
    pattern = r"(?:/\*(?:(?!\*/).)*\*/\n)?[a-z][\w *]*?(\w+)\([^;{]*\)\n\{.*?^\}\n"
    return {found[1]: found[0] for found in re.finditer(pattern, text, re.DOTALL | re.MULTILINE)}


def _named(text: str, prefix: str) -> str:
    """Put the name of the export in the place of "model"."""
    return re.sub(r"\bmodel_", f"{prefix}_", re.sub(r"\bMODEL_", f"{prefix.upper()}_", text))


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


def _about(program: Program, plan: CallPlan, stem: str, rounding: Rounding | None) -> str:
    """The comment at the top: contents, requirements, and a command to try it."""
    origin = f", from a network trained on {words(program.dataset)}" if program.dataset else ""
    rounded = any(isinstance(step, RoundedAffine) for step in program.steps)
    prefix = identifier(stem)
    lines = [
        f"{stem}: {_what(program)}",
        "",
        f"Written by barenet {__version__}{origin}.",
        "C99, and math.h alone. It allocates nothing and keeps nothing between two calls.",
        "",
        f"  {program.sketch()}",
        "",
        f"  constants  {plan.n_bytes:,} bytes{', with weights rounded to 8 bits' * rounded}",
        f"  stack      {plan.n_stack:,} bytes for the values between the layers",
        *_rounding(rounding),
        *_inputs(program, prefix),
        "",
        "Try it, with numbers typed in or piped:",
        "",
        f'  cc -std=c99 -O2 -D{prefix.upper()}_MAIN "{stem}.c" -lm -o try && ./try',
    ]
    return "\n".join([f"/* {lines[0]}", *(f" * {line}".rstrip() for line in lines[1:]), " */"])


def _what(program: Program) -> str:
    """A summary in a few words."""
    noun = words(program.target_name)
    if program.answer == "numbers":
        target = f": {noun}" if noun else ""
        return f"{program.n_inputs} numbers in, {program.n_outputs} out{target}"
    kind = "classes" if program.answer == "class" else "labels"
    of = f" of {noun}" if noun else ""
    return (
        f"{program.n_inputs} numbers in, the probabilities of {len(program.classes)} {kind}{of} out"
    )


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
    runtime = _runtime()
    main = runtime["main"]
    if program.table is not None:
        main = main.replace("!isfinite", "isinf")
        main = main.replace("finite numbers", "numbers, or nan for missing values")
    classify = f"\n{runtime['model_classify']}"
    if program.answer != "class":
        main, classify = re.sub(r".*model_classify.*\n", "", main), ""
    return f"{classify}\n#ifdef MODEL_MAIN\n\n#include <stdio.h>\n\n{main}\n#endif\n"


def _header(program: Program, stem: str, prefix: str, strings: dict[str, str]) -> str:
    declared = "".join(f"extern {name};\n" for name in strings)
    names = f"\n/* Names, in the order of their indices. */\n{declared}" if declared else ""
    return _named(_HEADER, prefix).format(
        stem=stem,
        what=_what(program),
        version=__version__,
        n_inputs=program.n_inputs,
        n_outputs=program.n_outputs,
        names=names,
        inputs=", in the order that the source lists" if _inputs(program, "") else "",
        outputs=_named(_OUTPUTS[program.answer], prefix),
        classify=_named(_CLASSIFY, prefix) if program.answer == "class" else "",
    )
